/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns what statistics say: sums over what threads, nodes and runs hold.
 * Must not write anything that a serving thread reads; a reset only remembers a baseline.
 * Called by the application.
 *
 * The fast path counts pops alone. With what a slot was refilled with, what left it and what is
 * in it, the pushes follow; hits are all calls less the misses, which the slow path counts.
 */

#include "fastmem_sample_priv.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>

/* All that is known of one slot, or of what is counted past the slots. */
struct tally {
	uint64_t alloc;
	uint64_t free;
	uint64_t cached;
	uint64_t figures[FM_FIGURES];
};

/* Whose slots to sum. */
#define TAG_ALL (UINT32_MAX - 1)

static uint64_t
load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed); /* a figure */
}

/* a - b, where reading while threads count may have made a the smaller. */
static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void
tally_figures(struct tally *t, const struct fm_slot_counters *k, uint64_t alloc, uint64_t free,
	      const struct fm_figures *base)
{
	uint64_t alloc_misses = load(&k->alloc_misses), free_misses = load(&k->free_misses);
	const uint64_t now[FM_FIGURES] = {
		[FM_ALLOC_HITS] = less(alloc, alloc_misses),
		[FM_ALLOC_MISSES] = alloc_misses,
		[FM_NOMEM] = load(&k->nomem),
		[FM_FREE_HITS] = less(free, free_misses),
		[FM_FREE_MISSES] = free_misses,
	};
	unsigned int f;

	t->alloc += alloc;
	t->free += free;
	for (f = 0; f < FM_FIGURES; f++)
		t->figures[f] += less(now[f], load(&base->of[f]));
}

static void
tally_slot(struct tally *t, const struct fm_unit *u, unsigned int i, const struct fm_figures *base)
{
	const struct rte_fastmem_slot *slot = &u->slots[i];
	const struct fm_slot_counters *k = &u->counters[i];
	uintptr_t lo = fm_slot_base(fm_state(), u, (i - 1) / RTE_FASTMEM_SLOTS,
				    (i - 1) % RTE_FASTMEM_SLOTS);
	uintptr_t top = __atomic_load_n(&slot->top, __ATOMIC_RELAXED);
	uint64_t popped = __atomic_load_n(&slot->nb_alloc, __ATOMIC_RELAXED);
	/* Signed: a pop that fails leaves top below base for a moment, and both may be 0. */
	uint64_t cached = (intptr_t)top > (intptr_t)lo ? (top - lo) / sizeof(uintptr_t) : 0;
	uint64_t pushed = less(cached + popped + load(&k->flushed), load(&k->refilled));

	t->cached += cached;
	tally_figures(t, k, popped + load(&k->alloc_direct), pushed + load(&k->free_direct), base);
}

/* Add what threads of a tag did in a class on a node. */
static void
tally_class(struct tally *t, struct fm_state *st, const struct fm_node *node, unsigned int cls,
	    uint32_t tag)
{
	uint32_t i, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	unsigned int slot = fm_slot_index(node->index, cls);
	const struct fm_slot_counters *k = &node->counters[cls].threads;
	const struct fm_unit *u;
	uint32_t its;

	for (i = 0; i < nb; i++) {
		u = st->unit[i];
		its = atomic_load_explicit(&u->tag, memory_order_relaxed);
		if (tag == TAG_ALL || its == tag)
			tally_slot(t, u, slot, &u->baseline[slot]);
	}
	if (tag == TAG_ALL || tag == FM_TAG_SHARED)
		tally_figures(t, k, load(&k->alloc_direct), load(&k->free_direct),
			      &node->baseline[cls]);
	if (tag == TAG_ALL)
		t->cached += load(&node->counters[cls].kept);
}

/* What the calling thread counts of a class: its slot's figures, or the node's shared ones. */
static struct fm_figures *
tally_self(struct tally *t, struct fm_node *node, unsigned int cls, const struct fm_unit *u)
{
	const struct fm_slot_counters *k = &node->counters[cls].threads;
	unsigned int slot = fm_slot_index(node->index, cls);

	memset(t, 0, sizeof(*t));
	if (u != NULL) {
		tally_slot(t, u, slot, &u->baseline[slot]);
		return &u->baseline[slot];
	}
	tally_figures(t, k, load(&k->alloc_direct), load(&k->free_direct), &node->baseline[cls]);
	return &node->baseline[cls];
}

void
fm_stats_mark(struct fm_state *st, struct fm_node *node, unsigned int cls, uint64_t *mark)
{
	struct tally t;

	tally_self(&t, node, cls, fm_unit_self(st));
	memcpy(mark, t.figures, sizeof(t.figures));
}

void
fm_stats_forget(struct fm_state *st, struct fm_node *node, unsigned int cls, const uint64_t *mark)
{
	struct fm_figures *base;
	struct tally t;
	unsigned int f;

	base = tally_self(&t, node, cls, fm_unit_self(st));
	for (f = 0; f < FM_FIGURES; f++)
		fm_count(&base->of[f], t.figures[f] - mark[f], true);
}

static void
tally_all_nodes(struct tally *t, struct fm_state *st, unsigned int cls, uint32_t tag)
{
	uint32_t i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < st->nb_nodes; i++)
		tally_class(t, st, &st->node[i], cls, tag);
}

uint64_t
fm_stats_live(struct fm_state *st)
{
	uint64_t sum = 0;
	unsigned int cls;
	struct tally t;

	for (cls = 0; cls <= FM_CLASSES; cls++) {
		tally_all_nodes(&t, st, cls, TAG_ALL);
		sum += less(t.alloc, t.free);
	}
	return sum;
}

int
rte_fastmem_stats(struct rte_fastmem_stats *stats)
{
	struct fm_state *st = fm_state_get();
	struct rte_fastmem_stats sum = { .n_classes = FM_CLASSES };
	struct tally t;
	unsigned int cls;
	uint32_t i;

	if (stats == NULL)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	for (cls = 0; cls <= FM_CLASSES; cls++) {
		tally_all_nodes(&t, st, cls, TAG_ALL);
		sum.alloc_total += t.figures[FM_ALLOC_HITS] + t.figures[FM_ALLOC_MISSES];
		sum.free_total += t.figures[FM_FREE_HITS] + t.figures[FM_FREE_MISSES];
		sum.alloc_nomem += t.figures[FM_NOMEM];
		if (cls < FM_CLASSES)
			sum.bytes_in_use += less(t.alloc, t.free) * fm_class[cls].size;
	}
	for (i = 0; i < st->nb_nodes; i++) {
		sum.bytes_backing += load(&st->node[i].backing);
		sum.bytes_in_use += load(&st->node[i].large_bytes);
	}
	*stats = sum;
	return 0;
}

/* Runs of a class in a slab, by whether a block of theirs is free. */
static void
count_runs(const struct fm_slab *s, uint16_t entry, unsigned int pages, uint64_t *partial,
	   uint64_t *full)
{
	unsigned int page = 0;

	while (page < FM_SLAB_PAGES) {
		if (atomic_load_explicit(fm_window_entry(s->base + page * FM_PAGE_SIZE),
					 memory_order_relaxed) != entry ||
		    atomic_load_explicit(&s->back[page], memory_order_relaxed) != 0) {
			page++;
			continue;
		}
		if (load(&s->word[page]) != 0)
			++*partial;
		else
			++*full;
		page += pages;
	}
}

static void
count_all_runs(struct fm_state *st, unsigned int cls, uint64_t *partial, uint64_t *full)
{
	const struct fm_chunk *c;
	const struct fm_node *node;
	uint32_t i, k, s, nb, nb_slabs;

	for (i = 0; i < st->nb_nodes; i++) {
		node = &st->node[i];
		nb = atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
		for (k = 0; k < nb; k++) {
			c = node->chunk[k];
			nb_slabs = atomic_load_explicit(&c->nb_slabs, memory_order_acquire);
			if (nb_slabs == 0 ||
			    fm_window_attach(st, c->base, nb_slabs * FM_SLAB_SIZE) != 0)
				continue;
			for (s = 0; s < nb_slabs; s++)
				count_runs(&c->slab[s], fm_entry(i, cls), fm_class[cls].pages,
					   partial, full);
		}
	}
}

int
rte_fastmem_stats_class(size_t class_size, struct rte_fastmem_class_stats *stats)
{
	struct rte_fastmem_class_stats sum = { .class_size = class_size };
	unsigned int cls = fm_class_exact(class_size);
	struct fm_state *st = fm_state_get();
	struct tally t;
	uint32_t i;

	if (stats == NULL || cls == FM_CLASSES)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	tally_all_nodes(&t, st, cls, TAG_ALL);
	sum.in_use = less(t.alloc, t.free);
	sum.alloc_cache_hits = t.figures[FM_ALLOC_HITS];
	sum.alloc_cache_misses = t.figures[FM_ALLOC_MISSES];
	sum.alloc_nomem = t.figures[FM_NOMEM];
	sum.free_cache_hits = t.figures[FM_FREE_HITS];
	sum.free_cache_misses = t.figures[FM_FREE_MISSES];
	for (i = 0; i < st->nb_nodes; i++) {
		sum.slab_acquires += load(&st->node[i].counters[cls].acquires);
		sum.slab_releases += load(&st->node[i].counters[cls].releases);
	}
	count_all_runs(st, cls, &sum.slabs_partial, &sum.slabs_full);
	*stats = sum;
	return 0;
}

static int
stats_of_tag(uint32_t tag, unsigned int from, unsigned int to,
	     struct rte_fastmem_lcore_stats *stats)
{
	struct rte_fastmem_lcore_stats sum = { 0 };
	struct fm_state *st = fm_state_get();
	struct tally t;
	unsigned int cls;

	if (stats == NULL)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	for (cls = from; cls <= to; cls++) {
		tally_all_nodes(&t, st, cls, tag);
		sum.alloc_cache_hits += t.figures[FM_ALLOC_HITS];
		sum.alloc_cache_misses += t.figures[FM_ALLOC_MISSES];
		sum.alloc_nomem += t.figures[FM_NOMEM];
		sum.free_cache_hits += t.figures[FM_FREE_HITS];
		sum.free_cache_misses += t.figures[FM_FREE_MISSES];
	}
	*stats = sum;
	return 0;
}

static int
class_stats_of_tag(uint32_t tag, size_t class_size, struct rte_fastmem_lcore_class_stats *stats)
{
	unsigned int cls = fm_class_exact(class_size);
	struct rte_fastmem_lcore_stats sum;
	int rc;

	if (stats == NULL || cls == FM_CLASSES)
		return -EINVAL;
	rc = stats_of_tag(tag, cls, cls, &sum);
	if (rc != 0)
		return rc;
	stats->class_size = class_size;
	stats->alloc_cache_hits = sum.alloc_cache_hits;
	stats->alloc_cache_misses = sum.alloc_cache_misses;
	stats->alloc_nomem = sum.alloc_nomem;
	stats->free_cache_hits = sum.free_cache_hits;
	stats->free_cache_misses = sum.free_cache_misses;
	return 0;
}

int
rte_fastmem_stats_lcore(unsigned int lcore_id, struct rte_fastmem_lcore_stats *stats)
{
	if (lcore_id >= RTE_MAX_LCORE)
		return -EINVAL;
	return stats_of_tag(lcore_id, 0, FM_CLASSES, stats);
}

int
rte_fastmem_stats_lcore_class(unsigned int lcore_id, size_t class_size,
			      struct rte_fastmem_lcore_class_stats *stats)
{
	if (lcore_id >= RTE_MAX_LCORE)
		return -EINVAL;
	return class_stats_of_tag(lcore_id, class_size, stats);
}

int
rte_fastmem_stats_shared(struct rte_fastmem_lcore_stats *stats)
{
	return stats_of_tag(FM_TAG_SHARED, 0, FM_CLASSES, stats);
}

int
rte_fastmem_stats_shared_class(size_t class_size, struct rte_fastmem_lcore_class_stats *stats)
{
	return class_stats_of_tag(FM_TAG_SHARED, class_size, stats);
}

static bool
slab_is_free(const struct fm_chunk *c, uint32_t slab)
{
	unsigned int w, first, free = 0;

	for (w = 0; w < FM_SLAB_WORDS; w++)
		free += (unsigned int)__builtin_popcountll(load(&c->slab[slab].free[w]));
	return free == fm_chunk_pages(c, slab, &first);
}

static void
count_chunks(const struct fm_node *node, struct rte_fastmem_node_stats *stats)
{
	uint32_t i, s, nb_slabs, most = 0;
	uint32_t nb = atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
	const struct fm_chunk *c;

	for (i = 0; i < nb; i++) {
		c = node->chunk[i];
		nb_slabs = atomic_load_explicit(&c->nb_slabs, memory_order_acquire);
		if (nb_slabs == 0)
			continue;
		stats->chunks++;
		for (s = 0; s < nb_slabs; s++)
			stats->free_slabs += slab_is_free(c, s);
		if (nb_slabs > most) {
			most = nb_slabs;
			stats->page_size = c->page_size;
		}
	}
}

int
rte_fastmem_stats_node(int node_id, struct rte_fastmem_node_stats *stats)
{
	struct fm_state *st = fm_state_get();
	struct rte_fastmem_node_stats sum = { 0 };
	struct fm_node *node;
	unsigned int cls;
	struct tally t;

	if (stats == NULL)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	node = fm_node_by_id(st, node_id);
	if (node == NULL)
		return -EINVAL;
	for (cls = 0; cls < FM_CLASSES; cls++) {
		memset(&t, 0, sizeof(t));
		tally_class(&t, st, node, cls, TAG_ALL);
		sum.bytes_in_use += less(t.alloc, t.free) * fm_class[cls].size;
		sum.bytes_cached +=
			(t.cached + fm_depot_blocks(&node->depot, cls)) * fm_class[cls].size;
	}
	sum.bytes_in_use += load(&node->large_bytes);
	sum.bytes_reserved = load(&node->reserved);
	sum.bytes_backing = load(&node->backing);
	sum.bytes_limit = load(&node->limit);
	sum.growths = load(&node->growths);
	sum.failed_growths = load(&node->failed_growths);
	count_chunks(node, &sum);
	*stats = sum;
	return 0;
}

int
rte_fastmem_stats_node_class(int node_id, size_t class_size,
			     struct rte_fastmem_node_class_stats *stats)
{
	unsigned int cls = fm_class_exact(class_size);
	struct fm_state *st = fm_state_get();
	struct tally t = { 0 };
	struct fm_node *node;

	if (stats == NULL || cls == FM_CLASSES)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	node = fm_node_by_id(st, node_id);
	if (node == NULL)
		return -EINVAL;
	tally_class(&t, st, node, cls, TAG_ALL);
	stats->class_size = class_size;
	stats->in_use = less(t.alloc, t.free);
	stats->cached = t.cached + fm_depot_blocks(&node->depot, cls);
	return 0;
}

/* Move a baseline up to now. */
static void
rebase(struct fm_figures *base, const struct tally *t)
{
	unsigned int f;

	for (f = 0; f < FM_FIGURES; f++)
		fm_count(&base->of[f], t->figures[f], true);
}

void
rte_fastmem_stats_reset(void)
{
	struct fm_state *st = fm_state_get();
	const struct fm_slot_counters *k;
	struct fm_node *node;
	uint32_t i, u, nb;
	unsigned int cls, slot;
	struct tally t;

	if (st == NULL)
		return;
	nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	for (i = 0; i < st->nb_nodes; i++) {
		node = &st->node[i];
		for (cls = 0; cls <= FM_CLASSES; cls++) {
			k = &node->counters[cls].threads;
			memset(&t, 0, sizeof(t));
			tally_figures(&t, k, load(&k->alloc_direct), load(&k->free_direct),
				      &node->baseline[cls]);
			rebase(&node->baseline[cls], &t);
			slot = fm_slot_index(i, cls);
			for (u = 0; u < nb; u++) {
				memset(&t, 0, sizeof(t));
				tally_slot(&t, st->unit[u], slot, &st->unit[u]->baseline[slot]);
				rebase(&st->unit[u]->baseline[slot], &t);
			}
		}
	}
}
