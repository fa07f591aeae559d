/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Most nodes that --reserve can name. */
#define OPTIONS_RESERVES_MAX 32

/** In a reservation: the main lcore's node. */
#define OPTIONS_MAIN_NODE (-1)

/** One SIZE or NODE=SIZE of --reserve. */
struct option_reserve {
	int node_id;
	size_t size;
};

/** The program's own command line, what follows "--". */
struct options {
	const char *capture; /**< NULL: live ports. */
	const char *json;    /**< NULL: none. */
	struct option_reserve reserve[OPTIONS_RESERVES_MAX];
	unsigned int nb_reserves;
	bool reserve_given;	 /**< Not the default. */
	bool plan_given;	 /**< An option of lib/reserve's is there, for it to read. */
	unsigned int interval_s; /**< 0: report at the end only. */
	unsigned int top;
	unsigned int max_flows;
	unsigned int flow_timeout_s;
	uint32_t window;
};

/**
 * Parse the program's own command line.
 *
 * @param argc
 *   Arguments, the program's name being the first.
 * @param[out] opts
 *   Defaults and what was given; on failure undefined.
 * @param[out] error
 *   On failure, what is wrong.
 *
 * @return
 *   0; 1 if help was asked for; -EINVAL
 */
int
options_parse(int argc, char **argv, struct options *opts, char *error, size_t error_size);

/** The program's own options, for people. */
extern const char options_usage[];

#endif /* OPTIONS_H */
