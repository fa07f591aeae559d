/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the options that all verbs share.
 * Must not: judge a verb or its own options, or touch the machine.
 * Called by: main.c, first of all.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

int
options_take(int *argc, char **argv, struct options *opts, char *error, size_t size)
{
	struct options found = { .sysfs = "/sys" };
	int nb_left = 1, i;

	for (i = 1; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			found.help = true;
		} else if (strcmp(argv[i], "--sysfs") == 0) {
			if (i + 1 == *argc) {
				snprintf(error, size,
					 "--sysfs wants a folder that stands for /sys");
				return -EINVAL;
			}
			found.sysfs = argv[++i];
		} else if (strncmp(argv[i], "--sysfs=", strlen("--sysfs=")) == 0) {
			found.sysfs = argv[i] + strlen("--sysfs=");
		} else {
			argv[nb_left++] = argv[i];
		}
	}
	for (; i < *argc; i++)
		argv[nb_left++] = argv[i];
	argv[nb_left] = NULL;
	*argc = nb_left;
	*opts = found;
	return 0;
}
