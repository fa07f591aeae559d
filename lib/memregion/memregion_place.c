/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what becomes of a policy on this machine: what the kernel is told, where pages have to be.
 * Must not: ask the kernel; what there is comes as facts.
 * Called by: memregion_create.c, memregion_change.c.
 */

#include "memregion_priv.h"

/* Nodes that were asked for and cannot be had. */
static void
find_missing(const struct rte_numa_mask *asked, const struct mr_facts *facts,
	     struct mr_fault *fault)
{
	struct rte_numa_mask missing;
	struct mr_nodes_text text, there;

	rte_numa_mask_andnot(&missing, asked, &facts->memory);
	if (!rte_numa_mask_empty(&missing)) {
		mr_fault_set(fault, RTE_MEMREGION_REASON_OFFLINE,
			     "%s: not online, or without memory; there is memory on %s",
			     mr_nodes_text(&text, &missing), mr_nodes_text(&there, &facts->memory));
		return;
	}
	rte_numa_mask_andnot(&missing, asked, &facts->allowed);
	if (!rte_numa_mask_empty(&missing))
		mr_fault_set(fault, RTE_MEMREGION_REASON_EXCLUDED,
			     "%s: not allowed by this process's cpuset (Mems_allowed_list in "
			     "/proc/self/status), which allows %s",
			     mr_nodes_text(&text, &missing),
			     mr_nodes_text(&there, &facts->allowed));
}

static bool
takes_nodes(enum rte_membind_policy policy)
{
	return policy != RTE_MEMBIND_FIRST_TOUCH && policy != RTE_MEMBIND_NEXT_TOUCH;
}

/* Where pages may come from: a strict region fails unless they come from its targets. */
static void
set_sources(const struct mr_wished *wished, const struct mr_facts *facts, struct mr_place *place)
{
	place->sources = wished->strict || place->policy == RTE_MEMBIND_BIND ? place->targets :
									       facts->allowed;
}

void
mr_place_plan(const struct mr_wished *wished, const struct mr_facts *facts, struct mr_place *place,
	      struct mr_fault *fault)
{
	*place = (struct mr_place){ .policy = wished->policy };
	if (takes_nodes(wished->policy)) {
		find_missing(&wished->nodes, facts, fault);
		rte_numa_mask_and(&place->nodes, &wished->nodes, &facts->allowed);
		place->targets = place->nodes;
	}
	if (rte_numa_mask_empty(&place->nodes)) {
		/* Also for what is left of a policy whose nodes are all missing. */
		if (takes_nodes(wished->policy)) {
			place->policy = RTE_MEMBIND_FIRST_TOUCH;
			fault->total = true;
		}
		/* Whoever touches a page decides; that is us if we prefault. */
		if (wished->prefault)
			rte_numa_mask_only(&place->targets, facts->home);
		else
			place->targets = facts->allowed;
	}
	set_sources(wished, facts, place);
}
