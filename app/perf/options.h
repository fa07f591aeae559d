/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_SCENARIOS_MAX 64
#define OPTIONS_ROUNDS_MAX    60

#define EAL_ARGUMENTS_MAX 64

/** Arguments for EAL, the program's name first. */
struct eal_arguments {
	int argc;
	char *argv[EAL_ARGUMENTS_MAX];
};

/** The command line. */
struct options {
	struct eal_arguments eal;	  /**< None given: eal_choose() does. */
	struct eal_arguments eal_no_huge; /**< By eal_choose(), for what must have no hugepages. */
	const char *scenarios[OPTIONS_SCENARIOS_MAX]; /**< By name; none: all. */
	unsigned int nb_scenarios;
	unsigned int rounds;
	unsigned int renewals; /**< Rounds of works that need a new process for each. */
	double sample_ms;      /**< What a single measurement is to take. */
	bool is_quick;
	bool list;
	bool instructions; /**< Count them, instead of time. */
	bool counted;	   /**< Is what valgrind runs for that. */
	const char *json;  /**< Files, NULL: none. */
	const char *csv;
	const char *plot;
	size_t reserve;
	unsigned int caches; /**< Threads that hold caches while the scenarios run. */
	uint64_t churn;	     /**< Operations on every kind before the scenarios run. */
};

/**
 * Parse the command line: "[EAL options --] [options] [scenario...]".
 *
 * @param[out] error
 *   On failure, what is wrong.
 *
 * @return
 *   0; 1 if help was asked for; -EINVAL
 */
int
options_parse(int argc, char **argv, struct options *opts, char *error, size_t error_size);

/** Whether a scenario was asked for. */
bool
options_want(const struct options *opts, const char *scenario);

/** The options, for people. */
extern const char options_usage[];

#endif /* OPTIONS_H */
