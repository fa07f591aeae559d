/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: telling lib/memalloc's choice what is watched.
 * Must not: choose, or know more of allocators than that they can be told.
 * Called by: applications.
 */

#include <errno.h>

#include "memwatch_priv.h"
#include "rte_memalloc_auto.h"
#include "rte_memwatch_choose.h"

_Static_assert((int)RTE_MEMWATCH_LOW == (int)RTE_MEMALLOC_PRESSURE_LOW &&
		       (int)RTE_MEMWATCH_MEDIUM == (int)RTE_MEMALLOC_PRESSURE_MEDIUM &&
		       (int)RTE_MEMWATCH_HIGH == (int)RTE_MEMALLOC_PRESSURE_HIGH &&
		       (int)RTE_MEMWATCH_CRITICAL == (int)RTE_MEMALLOC_PRESSURE_CRITICAL,
	       "levels are the same");

int
rte_memwatch_facts(int node_id, struct rte_memalloc_facts *facts)
{
	struct rte_memalloc_facts found;
	int64_t available;
	int ret, level, machine;

	if (facts == NULL)
		return mw_fail(-EINVAL, "facts is NULL");
	level = rte_memwatch_current(node_id);
	machine = rte_memwatch_current(RTE_NUMA_NODE_ANY);
	available = rte_memwatch_available(node_id);
	if (level < 0 || machine < 0 || available < 0)
		return level < 0 ? level : machine < 0 ? machine : (int)available;
	ret = rte_memalloc_facts_read(&found);
	if (ret < 0)
		return mw_fail(ret, "%s", rte_memalloc_error());
	found.pressure = (enum rte_memalloc_pressure)(level > machine ? level : machine);
	if ((uint64_t)available < found.available)
		found.available = (uint64_t)available;
	*facts = found;
	return 0;
}

static int
inform(struct rte_memalloc *alloc)
{
	struct rte_memalloc_facts facts;
	int ret = rte_memwatch_facts(RTE_NUMA_NODE_ANY, &facts);

	if (ret < 0)
		return ret;
	ret = alloc != NULL ? rte_memalloc_auto_inform(alloc, &facts) :
			      rte_memalloc_choose_inform(&facts);
	return ret < 0 ? mw_fail(ret, "%s", rte_memalloc_error()) : 0;
}

/* What cannot be read now leaves the choice as it is. */
static void
changed(const struct rte_memwatch_change *change, void *arg)
{
	(void)change;
	inform(arg);
}

int
rte_memwatch_choose_follow(struct rte_memalloc *alloc)
{
	int ret = inform(alloc);

	return ret < 0 ? ret : rte_memwatch_register(RTE_NUMA_NODE_ANY, changed, alloc);
}
