/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The program: starts EAL, runs the tests named in DPDK_TEST and behind EAL's arguments or, where
 * none is, what is typed at the prompt. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_string_fns.h>

#include "commands.h"

#ifdef __SANITIZE_ADDRESS__
/* What cannot be had is an error here, as without sanitizers. */
const char *
__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

/* Put further words, from DPDK_TEST_PARAMS, between the program's name and its arguments. */
static char **
with_params(int *argc, char **argv)
{
	/* Static: the arguments are there until the end. */
	static char **merged, *text;
	const char *params = getenv("DPDK_TEST_PARAMS");
	char *word, *rest;
	int n = 0;

	if (params == NULL)
		return argv;
	text = strdup(params);
	/* At most every second character begins a word. */
	merged = calloc((size_t)*argc + strlen(params) / 2 + 2, sizeof(*merged));
	if (text == NULL || merged == NULL)
		return NULL;
	merged[n++] = argv[0];
	for (word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		merged[n++] = word;
	memcpy(&merged[n], &argv[1], (size_t)*argc * sizeof(*argv));
	*argc += n - 1;
	return merged;
}

int
main(int argc, char **argv)
{
	char *test = getenv("DPDK_TEST");
	int result, nb_eal;

	argv = with_params(&argc, argv);
	if (argv == NULL)
		return -1;
	nb_eal = rte_eal_init(argc, argv);
	if (nb_eal < 0)
		return -1;
	/* What stands there is not needed any more: the test of the environment goes before others. */
	argv += nb_eal;
	argc -= nb_eal;
	if (test != NULL && test[0] != '\0') {
		argv[0] = test;
	} else {
		argv++;
		argc--;
	}

	if (!commands_init())
		result = -1;
	else
		result = argc > 0 ? commands_run(argv, argc) : commands_interact();
	rte_eal_cleanup();
	return result;
}
