/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: this library's options among a program's arguments.
 * Must not: change the arguments before all has succeeded.
 * Called by: applications.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reserve_priv.h"

enum option { OPTION_PLAN, OPTION_FILE, NB_OPTIONS };

static const char *const names[NB_OPTIONS] = {
	[OPTION_PLAN] = "--fastmem-reserve",
	[OPTION_FILE] = "--fastmem-config",
};

/* How many arguments from `arg` on are an option of ours: 0, 1 ("--name=value") or 2. */
static int
match(char *const *arg, enum option *option, const char **value)
{
	size_t len;

	for (int i = 0; i < NB_OPTIONS; i++) {
		len = strlen(names[i]);
		if (strncmp(arg[0], names[i], len) != 0 ||
		    (arg[0][len] != '=' && arg[0][len] != '\0'))
			continue;
		*option = (enum option)i;
		*value = arg[0][len] == '=' ? arg[0] + len + 1 : arg[1];
		return arg[0][len] == '=' ? 1 : 2;
	}
	return 0;
}

/* Find the values, and note which arguments are not ours. */
static int
look(int argc, char *const *argv, const char **values, char **others, int *nb_others)
{
	enum option option;
	const char *value;
	int i, n;

	*nb_others = 0;
	for (i = 0; i<argc; i += n> 0 ? n : 1) {
		/* The first is the program's name; what follows "--" is no option. */
		n = i == 0 ? 0 : match(&argv[i], &option, &value);
		if (n == 0) {
			others[(*nb_others)++] = argv[i];
			if (i == 0 || strcmp(argv[i], "--") != 0)
				continue;
			while (++i < argc)
				others[(*nb_others)++] = argv[i];
			return 0;
		}
		if (value == NULL)
			return rsv_fail(-EINVAL, "command line: %s needs a value: %s",
					names[option],
					option == OPTION_PLAN ? "a plan, such as 0=2G@1G" :
								"the file of a plan");
		if (values[option] != NULL)
			return rsv_fail(-EINVAL, "command line: %s is given twice", names[option]);
		values[option] = value;
	}
	return 0;
}

int
rte_reserve_from_args(int *argc, char **argv)
{
	const char *values[NB_OPTIONS] = { NULL };
	struct rte_reserve_plan *plan;
	int ret, nb_others;
	char **others;

	if (argc == NULL || argv == NULL || *argc < 0)
		return rsv_fail(-EINVAL, "no arguments were given");
	others = calloc((size_t)*argc + 1, sizeof(*others));
	if (others == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	ret = look(*argc, argv, values, others, &nb_others);
	if (ret == 0)
		ret = rte_reserve_parse(values[OPTION_FILE], values[OPTION_PLAN], &plan);
	if (ret == 0) {
		ret = rte_reserve_apply(plan);
		rte_reserve_plan_free(plan);
	}
	if (ret == 0 && nb_others < *argc) {
		memcpy(argv, others, (size_t)nb_others * sizeof(*argv));
		argv[nb_others] = NULL;
		*argc = nb_others;
	}
	free(others);
	return ret;
}
