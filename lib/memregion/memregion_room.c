/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much memory can be taken before the kernel would kill for it.
 * Must not: read a file.
 * Called by: memregion_facts.c.
 */

#include "memregion_priv.h"

uint64_t
mr_room_of_node(const struct rte_numa_memory *memory, uint64_t min_free)
{
	/*
	 * What can be reclaimed is files: some are in use, and dirty ones take time. Half is what
	 * the kernel counts at least, too, for MemAvailable.
	 */
	uint64_t usable = memory->free + memory->reclaimable / 2;
	/*
	 * The kernel keeps its minimum for all nodes together, each by its size; how much on which
	 * is not published. On a small node it is a twentieth at most.
	 */
	uint64_t keep = min_free + min_free / 4;

	if (keep > memory->total / 16)
		keep = memory->total / 16;
	return usable > keep ? usable - keep : 0;
}
