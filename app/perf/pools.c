/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the mempools of a scenario, one a size, as a program makes them that has no fastmem.
 * Must not: allocate objects.
 * Called by: the ways that are mempools.
 */

#include <stdio.h>
#include <stdlib.h>

#include <rte_lcore.h>
#include <rte_mempool.h>

#include "pools.h"

/* Objects that may sit in the caches of two lcores besides those in use: caches fill to 1.5. */
#define IN_CACHES (2 * RTE_MEMPOOL_CACHE_MAX_SIZE * 3 / 2)

static struct rte_mempool *
create(const struct way *way, size_t size, unsigned int in_use)
{
	static unsigned int serial;
	char name[RTE_MEMPOOL_NAMESIZE];
	int node_id = rte_lcore_to_socket_id(rte_get_main_lcore());

	RTE_SET_USED(way);
	snprintf(name, sizeof(name), "perf%u", serial++);
	/* 2^n - 1 makes best use of the ring below. */
	return rte_mempool_create(name, rte_align32pow2(in_use + IN_CACHES) - 1, size,
				  RTE_MEMPOOL_CACHE_MAX_SIZE, 0, NULL, NULL, NULL, NULL, node_id,
				  0);
}

void *
pools_open(const struct way *way, const struct way_needs *needs, const char **why)
{
	struct pools *pools = calloc(1, sizeof(*pools));
	unsigned int i;

	*why = "its pools do not fit into EAL's memory";
	if (pools == NULL)
		return NULL;
	for (i = 0; i < ITEM_FIXED; i++) {
		if (needs->fixed[i] == 0)
			continue;
		pools->fixed[i] = create(way, item_fixed_size(i), needs->fixed[i]);
		if (pools->fixed[i] == NULL)
			goto fail;
	}
	for (i = 0; i < ITEM_KINDS && needs->kinds > 0; i++) {
		pools->kinds[i] = create(way, item_kinds[i].size, needs->kinds);
		if (pools->kinds[i] == NULL)
			goto fail;
	}
	return pools;

fail:
	pools_close(pools);
	return NULL;
}

void
pools_close(void *state)
{
	struct pools *pools = state;
	unsigned int i;

	for (i = 0; i < ITEM_FIXED; i++)
		rte_mempool_free(pools->fixed[i]);
	for (i = 0; i < ITEM_KINDS; i++)
		rte_mempool_free(pools->kinds[i]);
	free(pools);
}
