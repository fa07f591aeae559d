/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_VERB_H
#define INFO_VERB_H

#include "options.h"

/*
 * What the program can do; the table of them is in main.c, a file a verb holds the rest.
 *
 * run() gets the arguments that are not shared options; argv[0] is the verb's own name. It
 * writes its answer to stdout, says on stderr what went wrong, and returns 0 or -errno.
 */
struct verb {
	const char *name;
	const char *summary; /* one line */
	int (*run)(const struct options *opts, int argc, char **argv);
};

/* topology.c */
int
topology_run(const struct options *opts, int argc, char **argv);

/* doctor.c; an error too if it finds a problem. */
int
doctor_run(const struct options *opts, int argc, char **argv);

#endif /* INFO_VERB_H */
