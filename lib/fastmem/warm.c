/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns warming: page runs that are given to a size class before anybody allocates of it.
 * Must not take memory from EAL, nor hand out a block.
 * Called by the application's control path.
 *
 * A run is published whole, with no block of it out. Caches find it as any run with free blocks. Its
 * first block that comes back to a run whose blocks are all free then takes it from the class, as
 * ever; until a block goes out nobody does.
 */

#include "fastmem_priv.h"

#include <errno.h>
#include <inttypes.h>

#include <rte_common.h>

/* Runs side by side that were claimed; kept at their first page: by then it is ours. */
struct claim {
	struct claim *next;
	struct fm_slab *slab;
	unsigned int page, nb;
};

/* Claim `nb` runs of a class, or none; NULL then. */
static struct claim *
claim_runs(struct fm_node *node, unsigned int cls, uint64_t nb)
{
	unsigned int page, got, pages = fm_class[cls].pages;
	struct claim *first = NULL, *c;
	struct fm_slab *s;

	for (; nb > 0; nb -= got) {
		got = (unsigned int)RTE_MIN(nb, (uint64_t)FM_SLAB_PAGES / pages);
		s = fm_node_get_runs(node, cls, 1, true, &page, &got);
		if (s == NULL)
			break;
		c = (struct claim *)(s->base + page * FM_PAGE_SIZE);
		*c = (struct claim){ first, s, page, got };
		first = c;
	}
	if (nb == 0)
		return first;
	for (; first != NULL; first = c) {
		c = first->next;
		got = first->nb;
		fm_node_put_pages(first->slab, first->page, got * pages);
		fm_count(&node->counters[cls].releases, got, true);
	}
	/* An allocation may have found nothing meanwhile. */
	fm_shortage_end(node);
	return NULL;
}

static void
publish_runs(struct claim *first, unsigned int cls)
{
	struct claim c;
	unsigned int i;

	while (first != NULL) {
		c = *first; /* the memory is anybody's once the run is there */
		for (i = 0; i < c.nb; i++)
			fm_node_put_run(c.slab, c.page + i * fm_class[cls].pages, cls, 0);
		first = c.next;
	}
}

int
rte_fastmem_warm(size_t n, size_t size, size_t align, int node_id)
{
	struct fm_request r = { .size = size, .align = align, .node_id = node_id };
	const struct fm_class *c;
	struct claim *claims;
	struct fm_state *st;
	struct fm_node *node;
	uint64_t backing;
	int error = fm_request_check(&st, &r);

	if (error != 0)
		return -error;
	if (r.cls == FM_CLASS_LARGE || r.align > FM_PAGE_SIZE)
		return -E2BIG;
	if (n == 0)
		return 0;
	node = node_id == RTE_NUMA_NODE_ANY ? fm_node_self(st) : fm_node_by_id(st, node_id);
	c = &fm_class[r.cls];
	/* Relaxed: a figure; what there is to claim decides. */
	backing = atomic_load_explicit(&node->backing, memory_order_relaxed);
	/* A cache takes more than it hands out: as many must be left to refill it. */
	claims = n > backing / c->size ?
			 NULL :
			 claim_runs(node, r.cls, (n + c->entries + c->blocks - 1) / c->blocks);
	if (claims == NULL) {
		fm_log(FM_ERR,
		       "cannot warm %zu blocks of %" PRIu32 " bytes on node %d: of its %" PRIu64
		       " MiB too few are free; reserve more before",
		       n, c->size, node->node_id, backing >> 20);
		return -ENOMEM;
	}
	publish_runs(claims, r.cls);
	fm_shortage_end(node);
	return 0;
}
