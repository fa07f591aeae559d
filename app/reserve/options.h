/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_OPTIONS_H
#define RESERVE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* An option, on the command line as "--name VALUE" or "--name=VALUE". */
struct option_def {
	const char *name;  /* With its dashes; NULL ends a table. */
	const char *value; /* What it takes, as the help calls it; NULL: nothing. */
	const char *help;  /* A line, or several. */
};

#define OPTIONS_MAX 12

/* What the command line says. */
struct options {
	bool help;
	const char *plan; /* NULL: none was given. */
	/* By position in the verb's table; NULL: not given; of an option without value its name. */
	const char *value[OPTIONS_MAX];
	char **rest; /* What follows "--", up to a NULL; NULL: there was no "--". */
};

struct verb;

/*
 * Read a command line: a verb out of a table of n, its plan and its options. *verb stays NULL without
 * a verb. Returns 0, or -EINVAL with what is wrong in error, and what to write instead.
 */
int
options_parse(char **argv, const struct verb *const *verbs, size_t n, const struct verb **verb,
	      struct options *opts, char *error, size_t size);

#endif /* RESERVE_OPTIONS_H */
