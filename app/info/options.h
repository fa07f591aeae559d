/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_OPTIONS_H
#define INFO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* An option, on the command line as "--name VALUE" or "--name=VALUE". */
struct option_def {
	const char *name;  /* With its dashes; NULL ends a table. */
	const char *value; /* What it takes, as the help calls it; NULL: nothing. */
	const char *help;  /* A line, or several. */
};

#define OPTIONS_MAX 8

/* What the command line says. */
struct options {
	const char *sysfs; /* The folder that stands for /sys. */
	bool help;
	/* By position in the verb's table; NULL: not given; of an option without value its name. */
	const char *value[OPTIONS_MAX];
};

struct verb;

/* The options that all verbs share. */
extern const struct option_def options_shared[];

/*
 * Read a command line: a verb out of a table of n, and its options and the shared ones in any order,
 * the shared ones before the verb too. *verb stays NULL without a verb. Returns 0, or -EINVAL with
 * what is wrong in error, and what to write instead.
 */
int
options_parse(int argc, char **argv, const struct verb *verbs, size_t n, const struct verb **verb,
	      struct options *opts, char *error, size_t size);

/*
 * nearest.c: the one among n names that somebody who wrote given is likely to have meant, or NULL if
 * none is like it. at() gives the name at a position.
 */
const char *
nearest(const char *given, const char *(*at)(const void *table, size_t i), const void *table,
	size_t n);

#endif /* INFO_OPTIONS_H */
