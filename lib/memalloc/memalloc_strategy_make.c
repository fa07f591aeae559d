/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: making strategies: what they hold of rules, and of this machine.
 * Must not: answer: memalloc_strategy.c does.
 * Called by: applications.
 */

#include <errno.h>
#include <string.h>

#include <rte_numa.h>

#include "memalloc_priv.h"
#include "rte_memalloc_region.h"
#include "rte_memalloc_strategy.h"

static size_t
vector_size(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		return 64;
	if (__builtin_cpu_supports("avx2"))
		return 32;
#endif
	return 16;
}

/* The memory of the node that the caller runs on, in place of all nodes'. */
static int
read_local(struct rte_memalloc_facts *facts)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int node_id = rte_numa_node_of_self(), ret;
	struct rte_numa_memory memory;

	/* Who cannot tell the node, or has a node of CPUs alone, is told of all. */
	if (topo == NULL || !rte_numa_node_has_memory(topo, node_id))
		return 0;
	ret = rte_numa_memory(topo, node_id, &memory);
	if (ret != 0)
		return rte_memalloc_fail(ret, "memory of node %d: %s", node_id, strerror(-ret));
	facts->total = memory.total;
	facts->available = memory.free + memory.reclaimable;
	facts->pressure = rte_memalloc_pressure_of(facts->available, facts->total);
	return 0;
}

int
rte_memalloc_strategy_refresh(struct rte_memalloc_strategy *strategy)
{
	struct rte_memalloc_facts facts;
	int ret;

	if (strategy == NULL)
		return rte_memalloc_fail(-EINVAL, "reading facts again: of no strategy");
	ret = rte_memalloc_facts_read(&facts);
	if (ret == 0 && (strategy->flags & RTE_MEMALLOC_STRATEGY_F_LOCAL) != 0)
		ret = read_local(&facts);
	if (ret != 0)
		return ret;
	if (strategy->ops == &ma_strategy_cache ||
	    (strategy->ops == &ma_strategy_intelligent &&
	     (strategy->flags & RTE_MEMALLOC_STRATEGY_F_NUMA) == 0))
		facts.nb_nodes = 1;
	strategy->facts = facts;
	return 0;
}

static int
make(const struct rte_memalloc_strategy_ops *ops, uint32_t flags, uint32_t known,
     const struct rte_memalloc_cache_facts *cache, struct rte_memalloc_strategy *strategy)
{
	struct rte_memalloc_strategy made = { .ops = ops, .flags = flags, .vector = vector_size() };
	int ret;

	if (strategy == NULL || (flags & ~known) != 0)
		return rte_memalloc_fail(-EINVAL,
					 "making a strategy (%s): nowhere to put it, or unknown "
					 "flags %#x",
					 ops->name, flags & ~known);
	if (cache != NULL && ma_cache_check(cache) != 0)
		return -EINVAL;
	if (cache != NULL)
		made.cache = *cache;
	else if (rte_memalloc_cache_read(NULL, -1, &made.cache) != 0)
		made.cache.nb_levels = 0;
	rte_memalloc_rules_init(&made.rules);
	ret = rte_memalloc_strategy_refresh(&made);
	if (ret == 0)
		*strategy = made;
	return ret;
}

int
rte_memalloc_strategy_intelligent(uint32_t flags, struct rte_memalloc_strategy *strategy)
{
	return make(&ma_strategy_intelligent, flags,
		    RTE_MEMALLOC_STRATEGY_F_CACHE | RTE_MEMALLOC_STRATEGY_F_NUMA, NULL, strategy);
}

int
rte_memalloc_strategy_cache(const struct rte_memalloc_cache_facts *facts,
			    struct rte_memalloc_strategy *strategy)
{
	const struct rte_memalloc_cache_level *last;
	int ret = make(&ma_strategy_cache, 0, 0, facts, strategy);

	if (ret != 0 || strategy->cache.nb_levels == 0)
		return ret;
	last = &strategy->cache.level[strategy->cache.nb_levels - 1];
	strategy->rules.pool_below = rte_memalloc_cache_block(&strategy->cache, 1, 1);
	strategy->rules.arena_above = last->size / (last->nb_cpus == 0 ? 1 : last->nb_cpus);
	return 0;
}

int
rte_memalloc_strategy_numa(uint32_t flags, struct rte_memalloc_strategy *strategy)
{
	const uint32_t either = RTE_MEMALLOC_STRATEGY_F_LOCAL | RTE_MEMALLOC_STRATEGY_F_INTERLEAVE;

	if ((flags & either) == either)
		return rte_memalloc_fail(
			-EINVAL, "making a strategy (NUMA-aware): memory is local or spread "
				 "over the nodes: ask for one of these");
	return make(&ma_strategy_numa, flags, either, NULL, strategy);
}

int
rte_memalloc_strategy_allocator(const struct rte_memalloc_strategy *strategy, int node_id,
				struct rte_memalloc **alloc)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_memregion_opts opts = { .policy = RTE_MEMBIND_BIND,
					   .pages = RTE_MEMREGION_PAGES_SMALL,
					   .flags = RTE_MEMREGION_F_STRICT };
	int on;

	if (strategy == NULL || alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "an allocator for a node: by no strategy, or "
						  "nowhere to put it");
	if (topo == NULL)
		return rte_memalloc_fail(-errno, "an allocator for a node: nodes: %s",
					 strerror(errno));
	if ((strategy->flags & RTE_MEMALLOC_STRATEGY_F_INTERLEAVE) != 0) {
		opts.policy = RTE_MEMBIND_INTERLEAVE;
		rte_numa_nodes(topo, RTE_NUMA_WITH_MEMORY, &opts.nodes);
		return rte_memalloc_region_create(&opts, alloc);
	}
	on = ma_node_for(node_id);
	if (on < 0)
		return rte_memalloc_fail(
			-ENODEV, "an allocator for node %d: it has no memory, or is none", node_id);
	rte_numa_mask_only(&opts.nodes, on);
	return rte_memalloc_region_create(&opts, alloc);
}
