/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the table of verbs, and finding the one that is asked for.
 * Must not: know what a verb does, or start EAL.
 * Called by: the user.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "verb.h"

/* A further verb is added here, and its run() in verb.h. */
static const struct verb verbs[] = {
	{ "topology", "the machine's nodes: CPUs, memory, hugepages, distances", topology_run },
	{ "doctor", "what keeps memory from being placed here, and what helps", doctor_run },
};

#define NB_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void
print_usage(FILE *out)
{
	fputs("usage: fastmem-info VERB [options]\n"
	      "\n"
	      "Tell about this machine's memory; changes nothing, and needs no hugepages.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < NB_VERBS; i++)
		fprintf(out, "  %-12s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n"
	      "  --sysfs DIR  read DIR, a recorded tree, instead of /sys\n"
	      "  --help       this text\n",
	      out);
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < NB_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct verb *verb;
	struct options opts;
	char error[256];

	if (options_take(&argc, argv, &opts, error, sizeof(error)) < 0) {
		fprintf(stderr, "fastmem-info: %s\n", error);
		return EXIT_FAILURE;
	}
	if (opts.help) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_FAILURE;
	}
	verb = find_verb(argv[1]);
	if (verb == NULL) {
		fprintf(stderr, "fastmem-info: there is no verb \"%s\"; there are:", argv[1]);
		for (size_t i = 0; i < NB_VERBS; i++)
			fprintf(stderr, " %s", verbs[i].name);
		fputs("\n", stderr);
		return EXIT_FAILURE;
	}
	if (verb->run(&opts, argc - 1, argv + 1) < 0)
		return EXIT_FAILURE;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("fastmem-info: the answer could not be written");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
