/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what EAL changes in what a machine has: the pages that it can use, and those it holds.
 * Must not: take anything.
 * Called by: reserve_apply.c.
 */

#include <errno.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "reserve_priv.h"

#define SLAB (UINT64_C(1) << 21)

struct list_walk {
	int node_id;
	uint64_t page_size;
	bool any, found;
};

/* Whether EAL has lists of pages of a node, and of that size. */
static int
look_at_list(const struct rte_memseg_list *msl, void *arg)
{
	struct list_walk *walk = arg;

	if (msl->external || msl->socket_id != walk->node_id)
		return 0;
	walk->any = true;
	walk->found |= msl->page_sz == walk->page_size;
	return 0;
}

static bool
eal_has(int node_id)
{
	for (unsigned int i = 0; i < rte_socket_count(); i++)
		if (rte_socket_id_by_idx(i) == node_id) /* EAL */
			return true;
	return false;
}

/* Of nodes that EAL does not list, those without CPUs, lib/fastmem takes pages itself. */
static bool
usable(int node_id, uint64_t page_size)
{
	struct list_walk walk = { node_id, page_size, false, false };

	rte_memseg_list_walk(look_at_list, &walk);
	if (walk.any)
		return walk.found;
	return !eal_has(node_id);
}

static void
no_event(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	(void)event;
	(void)addr;
	(void)len;
	(void)arg;
}

/* With --legacy-mem EAL has what it took when it started, and nothing ever happens to it. */
static bool
takes_pages(void)
{
	static const char name[] = "reserve";

	if (rte_mem_event_callback_register(name, no_event, NULL) != 0)
		return rte_errno != ENOTSUP;
	rte_mem_event_callback_unregister(name, NULL);
	return true;
}

/* Bytes that EAL has from the kernel already and nobody uses. */
static uint64_t
held_free(int node_id)
{
	struct rte_malloc_socket_stats heap = { 0 };

	if (rte_malloc_get_socket_stats(node_id, &heap) != 0) /* EAL */
		return 0;
	return heap.heap_freesz_bytes;
}

struct count_walk {
	int node_id;
	uint64_t page_size, bytes;
};

static int
count_pages(const struct rte_memseg_list *msl, void *arg)
{
	struct count_walk *walk = arg;

	if (!msl->external && msl->socket_id == walk->node_id && msl->page_sz == walk->page_size)
		walk->bytes += msl->memseg_arr.count * msl->page_sz;
	return 0;
}

/*
 * EAL does not tell in which pages that is which it holds free. Nearly always it has pages of one
 * size alone; else the large ones are taken to be free rather than the small ones.
 */
static void
share_held(struct rsv_machine_node *node, struct rsv_limit *limit)
{
	uint64_t part, held = held_free(node->node_id);
	struct count_walk walk;
	struct rsv_pool *pool;

	for (unsigned int i = node->nb_pools; i > 0; i--) {
		pool = &node->pool[i - 1];
		walk = (struct count_walk){ node->node_id, pool->page_size, 0 };
		rte_memseg_list_walk(count_pages, &walk);
		part = held < walk.bytes ? held : walk.bytes;
		held -= part;
		if (pool->page_size > SLAB) {
			pool->held = part / SLAB;
			continue;
		}
		pool->free += part / SLAB;
		/* They are counted as used already. */
		if (limit != NULL)
			limit->left += part / SLAB;
	}
}

void
rsv_eal_adjust(struct rsv_machine *m)
{
	bool fixed = rte_eal_has_hugepages() && !takes_pages();
	struct rsv_machine_node *node;
	uint64_t held;
	unsigned int n;

	/* Limits are of hugepages. */
	if (!rte_eal_has_hugepages())
		m->nb_limits = 0;
	for (unsigned int i = 0; i < m->nb_nodes; i++) {
		node = &m->node[i];
		if (!rte_eal_has_hugepages()) {
			/* One heap for all, of small pages; counted as if they were large. */
			held = held_free(0) / SLAB;
			node->nb_pools = 1;
			node->pool[0] = (struct rsv_pool){ SLAB, held, held };
			continue;
		}
		n = 0;
		for (unsigned int k = 0; k < node->nb_pools; k++)
			if (usable(node->node_id, node->pool[k].page_size)) {
				node->pool[n] = node->pool[k];
				if (fixed && eal_has(node->node_id))
					node->pool[n].free = 0;
				n++;
			}
		node->nb_pools = n;
		share_held(node, rsv_limit_of(m, SLAB));
	}
}
