/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns blocks that no cache holds: above RTE_FASTMEM_MAX_SIZE, and aligned beyond a page.
 * Must not wait for a thread.
 * Called by alloc.c and query.c.
 *
 * A large block is a run of pages that may span slabs of one chunk. Its first page's entry says
 * FM_CLASS_LARGE and the others' FM_CLASS_TAIL, so its length is known by counting. Its words stay
 * 0. Pages are claimed slab by slab in ascending order, and given back if one is taken meanwhile.
 */

#include "fastmem_trace.h"

#include "fastmem_checker_priv.h"
#include "fastmem_inside.h"

#include <rte_common.h>

/*
 * Growth is tried so often again: another thread may have taken of what it brought, or trim all.
 * Not without end, since growth may bring only pieces that are too short.
 */
#define GROW_AGAIN 2

/* Pages are numbered through the chunk from here on. */

static void
release(struct fm_chunk *c, uint64_t first, uint64_t n)
{
	uint64_t part;

	for (; n != 0; n -= part, first += part) {
		part = RTE_MIN(n, FM_SLAB_PAGES - first % FM_SLAB_PAGES);
		fm_node_unclaim_pages(&c->slab[first / FM_SLAB_PAGES],
				      (unsigned int)(first % FM_SLAB_PAGES), (unsigned int)part);
	}
}

static bool
claim(struct fm_chunk *c, uint64_t first, uint64_t n)
{
	uint64_t part, done;

	for (done = 0; done < n; done += part) {
		part = RTE_MIN(n - done, FM_SLAB_PAGES - (first + done) % FM_SLAB_PAGES);
		if (!fm_slab_claim_at(&c->slab[(first + done) / FM_SLAB_PAGES],
				      (unsigned int)((first + done) % FM_SLAB_PAGES),
				      (unsigned int)part)) {
			fm_node_unclaim_pages(&c->slab[(first + done) / FM_SLAB_PAGES], 0, 0);
			release(c, first, done);
			return false;
		}
	}
	return true;
}

static bool
iova_follows(const struct fm_chunk *c, uint64_t slab)
{
	return slab > 0 && c->slab[slab].iova == c->slab[slab - 1].iova + FM_SLAB_SIZE;
}

/* Claim the first `n` free pages in a row at a multiple of `align` pages; false: there are none. */
static bool
claim_row(struct fm_chunk *c, uint64_t n, uint64_t align, bool contiguous, uint64_t *first)
{
	uint64_t page = 0, start = 0, end = 0;
	uint64_t nb =
		(uint64_t)atomic_load_explicit(&c->nb_slabs, memory_order_acquire) * FM_SLAB_PAGES;
	const struct fm_slab *s;
	unsigned int row;

	/* [start, page) is free as far as we know; `end` is where it has to reach. */
	while (page < nb) {
		s = &c->slab[page / FM_SLAB_PAGES];
		if (contiguous && page % FM_SLAB_PAGES == 0 && page > start &&
		    !iova_follows(c, page / FM_SLAB_PAGES))
			start = RTE_ALIGN_CEIL(page, align);
		if (start > page) {
			page = start;
			continue;
		}
		end = start + n;
		row = fm_slab_row(s, page % FM_SLAB_PAGES, FM_SLAB_PAGES, true);
		page += row;
		if (page >= end) {
			*first = start;
			if (claim(c, start, n))
				return true;
			page = start; /* somebody took of it: look again */
			if (fm_slab_row(&c->slab[page / FM_SLAB_PAGES], page % FM_SLAB_PAGES, 1,
					true) == 0)
				page++;
			start = RTE_ALIGN_CEIL(page, align);
		} else if (page % FM_SLAB_PAGES != 0 || row == 0) {
			row = fm_slab_row(s, page % FM_SLAB_PAGES, FM_SLAB_PAGES, false);
			page += row;
			start = RTE_ALIGN_CEIL(page, align);
		}
	}
	return false;
}

static void
set_entries(const struct fm_node *node, uintptr_t base, uint64_t pages)
{
	uint64_t i;

	/*
	 * Release: who counts the tail of the block before this one never sees a tail here, and not
	 * the head. Whoever gets the block gets them with it.
	 */
	for (i = 0; i < pages; i++)
		atomic_store_explicit(fm_window_entry(base + i * FM_PAGE_SIZE),
				      fm_entry(node->index,
					       i == 0 ? FM_CLASS_LARGE : FM_CLASS_TAIL),
				      memory_order_release);
}

static void
clear_entries(uintptr_t base, uint64_t pages)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		/* Relaxed: the release of any of the pages orders them all. */
		atomic_store_explicit(fm_window_entry(base + i * FM_PAGE_SIZE), 0,
				      memory_order_relaxed);
}

static void *
get_row(struct fm_state *st, struct fm_node *node, uint64_t pages, uint64_t align, bool contiguous)
{
	uint32_t i, nb = atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
	struct fm_chunk *c;
	uint64_t first;
	uintptr_t base;

	for (i = 0; i < nb; i++) {
		c = node->chunk[i];
		if (!claim_row(c, pages, align, contiguous, &first))
			continue;
		base = c->base + first * FM_PAGE_SIZE;
		if (fm_window_attach(st, base, pages * FM_PAGE_SIZE) != 0) {
			release(c, first, pages);
			continue;
		}
		set_entries(node, base, pages);
		return (void *)base;
	}
	return NULL;
}

static void
count_alloc(struct fm_state *st, struct fm_node *node, unsigned int cls)
{
	bool shared;
	struct fm_slot_counters *k = fm_counters_self(st, node, cls, &shared);

	fm_count(&k->alloc_direct, 1, shared);
	fm_count(&k->alloc_misses, 1, shared);
}

static void *
alloc_large(struct fm_state *st, struct fm_node *node, size_t size, size_t align,
	    unsigned int flags)
{
	uint64_t pages = (size + FM_PAGE_SIZE - 1) >> FM_PAGE_SHIFT;
	uint64_t pages_align = RTE_MAX(align >> FM_PAGE_SHIFT, (size_t)1);
	bool contiguous = (flags & RTE_FASTMEM_F_IOVA_CONTIG) != 0;
	unsigned int relief,
		reliefs = (flags & FM_F_NO_GROWTH) != 0 ? FM_RELIEF_GROW : FM_RELIEFS + GROW_AGAIN;
	void *ptr;

	ptr = get_row(st, node, pages, pages_align, contiguous);
	for (relief = 0; ptr == NULL && relief < reliefs; relief++)
		if (fm_shortage_relieve(st, node, RTE_MIN(relief, (unsigned int)FM_RELIEF_GROW),
					pages << FM_PAGE_SHIFT))
			ptr = get_row(st, node, pages, pages_align, contiguous);
	if (ptr != NULL) {
		count_alloc(st, node, FM_CLASS_LARGE);
		fm_count(&node->large_bytes, pages << FM_PAGE_SHIFT, true);
		fm_count(&node->counters[FM_CLASS_LARGE].acquires, 1, true);
		fm_trace_slab_take(node->node_id, 0, ptr, pages);
	}
	return ptr;
}

void *
fm_large_alloc(struct fm_state *st, struct fm_node *node, size_t size, size_t align,
	       unsigned int flags)
{
	struct fm_unit *u = fm_unit_self(st);
	void *ptr;

	fm_enter(st, u);
	ptr = alloc_large(st, node, size, align, flags);
	fm_exit(st, u);
	return ptr;
}

static void *
alloc_aligned(struct fm_state *st, struct fm_node *node, unsigned int cls, size_t align)
{
	unsigned int pages_align = (unsigned int)(align >> FM_PAGE_SHIFT);
	unsigned int page, relief, nb = 1;
	struct fm_slab *s = fm_node_get_runs(node, cls, pages_align, true, &page, &nb);

	for (relief = 0; s == NULL && relief < FM_RELIEFS; relief++)
		if (fm_shortage_relieve(st, node, relief, align))
			s = fm_node_get_runs(node, cls, pages_align, true, &page, &nb);
	if (s == NULL) {
		/* Such blocks go to caches when they are freed: not while one is missing. */
		fm_shortage_begin(st, node, FM_CLASS_LARGE);
		s = fm_node_get_runs(node, cls, pages_align, true, &page, &nb);
	}
	if (s == NULL)
		return NULL;
	count_alloc(st, node, cls);
	/* A run of one block: the word stays 0, the block is out. */
	return (void *)(s->base + page * FM_PAGE_SIZE);
}

void *
fm_aligned_alloc(struct fm_state *st, struct fm_node *node, unsigned int cls, size_t align)
{
	struct fm_unit *u = fm_unit_self(st);
	void *ptr;

	fm_enter(st, u);
	ptr = alloc_aligned(st, node, cls, align);
	fm_exit(st, u);
	return ptr;
}

size_t
fm_large_size(const struct fm_slab *slab, const void *ptr)
{
	const struct fm_chunk *c = slab->chunk;
	uintptr_t addr = (uintptr_t)ptr, end;
	uint16_t head = fm_entry(c->node, FM_CLASS_LARGE), tail = fm_entry(c->node, FM_CLASS_TAIL);

	if (addr % FM_PAGE_SIZE != 0 ||
	    atomic_load_explicit(fm_window_entry(addr), memory_order_relaxed) != head)
		return 0;
	end = c->base + atomic_load_explicit(&c->nb_slabs, memory_order_relaxed) * FM_SLAB_SIZE;
	do
		addr += FM_PAGE_SIZE;
	while (addr < end &&
	       atomic_load_explicit(fm_window_entry(addr), memory_order_relaxed) == tail);
	return addr - (uintptr_t)ptr;
}

/* Counted as freed. */
static void
count_free(struct fm_state *st, struct fm_node *node, size_t size)
{
	bool shared;
	struct fm_slot_counters *k = fm_counters_self(st, node, FM_CLASS_LARGE, &shared);

	fm_count_free(k, shared);
	fm_count(&node->counters[FM_CLASS_LARGE].releases, 1, true);
	atomic_fetch_sub_explicit(&node->large_bytes, size, memory_order_relaxed);
}

void
fm_large_keep(struct fm_state *st, struct fm_node *node, size_t size)
{
	count_free(st, node, size);
	fm_count(&node->counters[FM_CLASS_LARGE].kept, size, true);
}

static bool
free_large(struct fm_state *st, struct fm_slab *slab, void *ptr, bool kept)
{
	struct fm_chunk *c = slab->chunk;
	struct fm_node *node = &st->node[c->node];
	uint16_t head = fm_entry(c->node, FM_CLASS_LARGE);
	size_t size = fm_large_size(slab, ptr);
	uint64_t first, n, part;

	/* Relaxed: the pages' release below orders; this only decides between two frees at once. */
	if (size == 0 ||
	    !atomic_compare_exchange_strong_explicit(fm_window_entry((uintptr_t)ptr), &head, 0,
						     memory_order_relaxed, memory_order_relaxed))
		return false;
	if (kept)
		fm_count(&node->counters[FM_CLASS_LARGE].kept, -size, true);
	else
		count_free(st, node, size);

	/*
	 * All of them before the first page is free: a block that comes to lie right before those that
	 * are left would count them as its own tail.
	 */
	clear_entries((uintptr_t)ptr, size >> FM_PAGE_SHIFT);
	first = ((uintptr_t)ptr - c->base) >> FM_PAGE_SHIFT;
	for (n = size >> FM_PAGE_SHIFT; n != 0; n -= part, first += part) {
		part = RTE_MIN(n, FM_SLAB_PAGES - first % FM_SLAB_PAGES);
		fm_node_put_pages(&c->slab[first / FM_SLAB_PAGES],
				  (unsigned int)(first % FM_SLAB_PAGES), (unsigned int)part);
	}
	fm_trace_slab_return(node->node_id, 0, ptr, size >> FM_PAGE_SHIFT);
	fm_shortage_fed(node);
	return true;
}

bool
fm_large_free(struct fm_state *st, struct fm_slab *slab, void *ptr, bool kept)
{
	struct fm_unit *u = fm_unit_self(st);
	bool entered = fm_enter_once(st, u), done = free_large(st, slab, ptr, kept);

	if (entered)
		fm_exit(st, u);
	return done;
}
