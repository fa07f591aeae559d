/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: asking fastmem, and EAL on its behalf, what they have on a node.
 * Must not: be called for anything where EAL is not initialised but to say that there is nothing.
 * Called by: memwatch_read.c.
 */

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
