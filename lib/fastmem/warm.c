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

#include "fastmem_trace.h"

#include "fastmem_checker_priv.h"
#include "fastmem_inside.h"

#include <errno.h>
#include <inttypes.h>

#include <rte_common.h>

/* Runs side by side that were claimed; kept at their first page: by then it is ours. */
struct claim {
	struct claim *next;
	struct fm_node *node;
	struct fm_slab *slab;
	unsigned int cls, page, nb;
};

/* Claim `nb` runs of a class and put them before *claims; false: too few, and some may be there. */
static bool
claim_runs(struct fm_node *node, unsigned int cls, uint64_t nb, struct claim **claims)
{
	unsigned int page, got, pages = fm_class[cls].pages;
	struct claim *c;
	struct fm_slab *s;

	for (; nb > 0; nb -= got) {
		got = (unsigned int)RTE_MIN(nb, (uint64_t)FM_SLAB_PAGES / pages);
		s = fm_node_get_runs(node, cls, 1, true, &page, &got);
		if (s == NULL)
			return false;
		c = (struct claim *)(s->base + page * FM_PAGE_SIZE);
		*c = (struct claim){ *claims, node, s, cls, page, got };
		*claims = c;
	}
	return true;
}

static void
put_back(const struct claim *claims)
{
	struct claim c;

	while (claims != NULL) {
		c = *claims; /* the memory is anybody's after this */
		fm_node_put_pages(c.slab, c.page, c.nb * fm_class[c.cls].pages);
		fm_trace_slab_return(c.node->node_id, fm_class[c.cls].size,
				     (const void *)(c.slab->base + c.page * FM_PAGE_SIZE),
				     c.nb * fm_class[c.cls].pages);
		fm_count(&c.node->counters[c.cls].releases, c.nb, true);
		/* An allocation may have found nothing meanwhile. */
		fm_shortage_end(c.node);
		claims = c.next;
	}
}

static void
publish(const struct claim *claims)
{
	struct claim c;
	unsigned int i;

	while (claims != NULL) {
		c = *claims; /* as above */
		for (i = 0; i < c.nb; i++)
			fm_node_put_run(c.slab, c.page + i * fm_class[c.cls].pages, c.cls, 0);
		fm_shortage_end(c.node);
		claims = c.next;
	}
}

static int
claim(const struct rte_fastmem_warmth *w, struct claim **claims)
{
	struct fm_request r = { .size = w->size, .align = w->align, .node_id = w->node_id };
	const struct fm_class *c;
	struct fm_state *st;
	struct fm_node *node;
	uint64_t backing;
	int error = fm_request_check(&st, &r);

	if (error != 0)
		return -error;
	if (r.cls == FM_CLASS_LARGE || r.align > FM_PAGE_SIZE)
		return -E2BIG;
	if (w->n == 0)
		return 0;
	node = w->node_id == RTE_NUMA_NODE_ANY ? fm_node_self(st) : fm_node_by_id(st, w->node_id);
	c = &fm_class[r.cls];
	/* Relaxed: a figure; what there is to claim decides. */
	backing = atomic_load_explicit(&node->backing, memory_order_relaxed);
	/* A cache takes more than it hands out: as many must be left to refill it. */
	if (w->n <= backing / c->size &&
	    claim_runs(node, r.cls, (w->n + c->entries + c->blocks - 1) / c->blocks, claims))
		return 0;
	fm_log(FM_ERR,
	       "cannot warm %zu blocks of %" PRIu32 " bytes on node %d: of its %" PRIu64
	       " MiB too few are free; reserve more before",
	       w->n, c->size, node->node_id, backing >> 20);
	return -ENOMEM;
}

static int
warm_all(const struct rte_fastmem_warmth *what, unsigned int nb, unsigned int *failed)
{
	struct claim *claims = NULL;
	unsigned int i;
	int rc;

	fm_checker_drain();
	for (i = 0; i < nb; i++) {
		rc = claim(&what[i], &claims);
		if (rc == 0)
			continue;
		put_back(claims);
		if (failed != NULL)
			*failed = i;
		return rc;
	}
	publish(claims);
	return 0;
}

int
rte_fastmem_warm_all(const struct rte_fastmem_warmth *what, unsigned int nb, unsigned int *failed)
{
	struct fm_state *st = fm_state_get();
	int rc;

	if (st == NULL) /* the error for that comes after others' */
		return warm_all(what, nb, failed);
	fm_enter(st, NULL);
	rc = warm_all(what, nb, failed);
	fm_exit(st, NULL);
	return rc;
}

int
rte_fastmem_warm(size_t n, size_t size, size_t align, int node_id)
{
	const struct rte_fastmem_warmth w = { n, size, align, node_id };

	return rte_fastmem_warm_all(&w, 1, NULL);
}
