/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_PLAN_H
#define RESERVE_PLAN_H

#include <rte_numa.h>
#include <rte_reserve.h>

/* A plan, and the machine that it is held against. */
struct plan {
	struct rte_reserve_plan *plan;
	char *text; /* In one line. */
	/* The machine, which lib/numa owns if it is the running one. */
	const struct rte_numa_topology *topo;
	struct rte_numa_topology *loaded;
};

/*
 * Read what a word of the command line says, or NULL for the environment's, and the machine of a tree
 * of /sys, or NULL for the running one. Returns 0, or a negative errno with its reason said on stderr.
 */
int
plan_read(struct plan *plan, const char *word, const char *sysfs);

void
plan_release(struct plan *plan);

#endif /* RESERVE_PLAN_H */
