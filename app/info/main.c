/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verbs of fastmem-info; one file each.
 * Must not: know what they do.
 * Called by: people.
 */

#include <stdio.h>
#include <string.h>

#include "doctor.h"

static const struct {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "doctor", "what keeps memory from being placed on this machine", info_doctor },
};

static void
help(FILE *file)
{
	fprintf(file, "usage: fastmem-info VERB [OPTION...]; fastmem-info VERB --help\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(file, "%-10s %s\n", verbs[i].name, verbs[i].help);
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		help(stdout);
		return 0;
	}
	help(stderr);
	return 2;
}
