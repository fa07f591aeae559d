/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding the plan that is meant, and the machine it is for.
 * Must not: change either.
 * Called by: the verbs that take a plan.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

static int
read_text(struct plan *plan)
{
	size_t len = rte_reserve_plan_text(plan->plan, NULL, 0);

	plan->text = malloc(len + 1);
	if (plan->text == NULL) {
		fprintf(stderr, "fastmem-reserve: out of memory\n");
		return -ENOMEM;
	}
	rte_reserve_plan_text(plan->plan, plan->text, len + 1);
	if (len > 0)
		return 0;
	fprintf(stderr,
		"fastmem-reserve: there is no plan: name a file or a line such as 0=2G, or set %s or "
		"%s\n",
		RTE_RESERVE_ENV_PLAN, RTE_RESERVE_ENV_CONFIG);
	return -EINVAL;
}

static int
read_machine(struct plan *plan, const char *sysfs)
{
	int ret = 0;

	if (sysfs == NULL) {
		plan->topo = rte_numa_topology_self();
		if (plan->topo == NULL)
			ret = -errno;
	} else {
		ret = rte_numa_topology_load(sysfs, &plan->loaded);
		plan->topo = plan->loaded;
	}
	if (ret < 0)
		fprintf(stderr, "fastmem-reserve: the nodes of %s cannot be read: %s\n",
			sysfs != NULL ? sysfs : "/sys", strerror(-ret));
	return ret;
}

int
plan_read(struct plan *plan, const char *word, const char *sysfs)
{
	/* Every plan in one line has a "=", and a file that has one too is there. */
	bool is_file = word != NULL && (strchr(word, '=') == NULL || access(word, F_OK) == 0);
	int ret;

	*plan = (struct plan){ 0 };
	ret = rte_reserve_parse(is_file ? word : NULL, is_file ? NULL : word, &plan->plan);
	if (ret < 0) {
		fprintf(stderr, "fastmem-reserve: %s\n", rte_reserve_error());
		return ret;
	}
	ret = read_text(plan);
	if (ret == 0)
		ret = read_machine(plan, sysfs);
	if (ret < 0)
		plan_release(plan);
	return ret;
}

void
plan_release(struct plan *plan)
{
	rte_reserve_plan_free(plan->plan);
	rte_numa_topology_free(plan->loaded);
	free(plan->text);
	*plan = (struct plan){ 0 };
}
