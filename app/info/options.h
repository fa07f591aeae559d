/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_OPTIONS_H
#define INFO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* What every verb understands, wherever on the command line it stands. */
struct options {
	const char *sysfs; /* the folder that stands for /sys */
	bool help;
};

/*
 * Take the shared options out of the arguments; what is left keeps its order, from argv[1] on, and
 * a "--" ends the search. Returns 0, or -EINVAL with a text in error.
 */
int
options_take(int *argc, char **argv, struct options *opts, char *error, size_t size);

#endif /* INFO_OPTIONS_H */
