/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: asking fastmem, and EAL on its behalf, what they have on a node, and to give it back.
 * Must not: need either to be initialised, but for saying that there is nothing.
 * Called by: memwatch_read.c, memwatch_relief.c, memwatch_ask.c.
 */

#include <errno.h>
#include <stdatomic.h>

#include <rte_fastmem.h>
#include <rte_malloc.h>

#include "memwatch_priv.h"

void
mw_fastmem_read(int node_id, struct mw_fastmem *fastmem)
{
	struct rte_malloc_socket_stats heap; /* EAL */
	struct rte_fastmem_node_stats stats;

	*fastmem = (struct mw_fastmem){ .limit = UINT64_MAX };
	if (rte_fastmem_stats_node(node_id, &stats) < 0 || stats.bytes_backing == 0)
		return;
	fastmem->known = true;
	fastmem->growth = rte_fastmem_get_growth(node_id) == 1;
	fastmem->backing = stats.bytes_backing;
	fastmem->in_use = stats.bytes_in_use;
	fastmem->limit = stats.bytes_limit;
	/* It waits for the heap's lock, which concerns only who would grow. */
	if (fastmem->growth && rte_malloc_get_socket_stats(node_id, &heap) == 0)
		fastmem->heap = heap.heap_freesz_bytes;
}

/* How often caches were asked to be flushed, and how often this thread did so. */
static _Atomic uint32_t asked;
static __thread uint32_t followed;

static uint64_t
cached(int node_id)
{
	struct rte_fastmem_node_stats stats;

	return rte_fastmem_stats_node(node_id, &stats) == 0 ? stats.bytes_cached : 0;
}

int64_t
mw_fastmem_flush(const struct rte_memwatch_ask *ask, void *arg)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	uint64_t before = 0, after = 0;
	int node_id;

	(void)ask;
	(void)arg;
	if (topo == NULL)
		return -errno;
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		before += cached(node_id);
	rte_fastmem_cache_flush();
	/* Relaxed: a thread that sees it later flushes later. */
	followed = atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed) + 1;
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		after += cached(node_id);
	return before > after ? (int64_t)(before - after) : 0;
}

void
mw_fastmem_follow(void)
{
	uint32_t now = atomic_load_explicit(&asked, memory_order_relaxed);

	if (now == followed)
		return;
	followed = now;
	rte_fastmem_cache_flush();
}

int64_t
mw_fastmem_trim(const struct rte_memwatch_ask *ask, void *arg)
{
	int64_t freed = rte_fastmem_trim(ask->node_id);

	(void)arg;
	/* Where there is nothing, nothing is given back. */
	return freed == -ENODEV ? 0 : freed;
}
