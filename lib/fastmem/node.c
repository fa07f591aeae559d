/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the way of blocks between the caches and a node's magazines, runs and free pages.
 * Must not know threads; must not wait for one.
 * Called by cache.c, and for page runs by large.c and warm.c.
 *
 * A run's life: pages are claimed (slab.c), their entries set, and the word published with the
 * blocks that the claimer does not keep: all of them if it is for later (warm.c). Blocks go and come (page.c). Who returns the last one
 * holds the run, sets the entries to 0 and releases the pages.
 *
 * Hints say where to look: a slab's `partial` bit for a run, a chunk's `class_hint` and
 * `free_hint` bits for a slab. They are set after what they announce, and cleared before one looks
 * again and sets them if need be, so a hint is missing for a moment at most.
 */

#include "fastmem_trace.h"

#include "fastmem_sample_priv.h"
#include "race_window.h"

#include <limits.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

static void
hint(_Atomic uint64_t *word, unsigned int bit)
{
	uint64_t mask = UINT64_C(1) << bit;

	/*
	 * Sequentially consistent, both: the look at the hint must not come before what it
	 * announces, the return of a block or page; unhint() and the look after it pair with that.
	 */
	if ((atomic_load_explicit(word, memory_order_seq_cst) & mask) == 0)
		atomic_fetch_or_explicit(word, mask, memory_order_seq_cst);
}

static void
unhint(_Atomic uint64_t *word, unsigned int bit)
{
	RACE_WINDOW();
	/* Both ways: what comes next, another look, must not come before. */
	atomic_fetch_and_explicit(word, ~(UINT64_C(1) << bit), memory_order_seq_cst);
	RACE_WINDOW();
}

static _Atomic uint64_t *
class_hints(const struct fm_chunk *c, unsigned int cls)
{
	return &c->class_hint[(size_t)cls * c->hint_words];
}

static void
hint_run(struct fm_slab *s, unsigned int page, unsigned int cls)
{
	RACE_WINDOW();
	hint(&s->partial[page / 64], page % 64);
	hint(&class_hints(s->chunk, cls)[s->index / 64], s->index % 64);
}

/* ---- returning */

/* Pages of the slab are free again: what searches found there may be past. */
static void
forget_search(struct fm_slab *s)
{
	_Atomic uint16_t *no_run = &s->chunk->no_run[s->index];

	if (atomic_load_explicit(no_run, memory_order_relaxed) != FM_ANY_RUN)
		atomic_store_explicit(no_run, FM_ANY_RUN, memory_order_relaxed);
}

void
fm_node_put_pages(struct fm_slab *s, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		/* Relaxed: published to the next claimer by the release of the pages. */
		atomic_store_explicit(fm_window_entry(s->base + i * FM_PAGE_SIZE), 0,
				      memory_order_relaxed);
	RACE_WINDOW();
	fm_slab_release(s, first, n);
	forget_search(s);
	RACE_WINDOW();
	hint(&s->chunk->free_hint[s->index / 64], s->index % 64);
}

void
fm_node_unclaim_pages(struct fm_slab *s, unsigned int first, unsigned int n)
{
	if (n != 0)
		fm_slab_release(s, first, n);
	forget_search(s);
	RACE_WINDOW();
	hint(&s->chunk->free_hint[s->index / 64], s->index % 64);
	fm_shortage_end(&fm_state()->node[s->chunk->node]);
}

static void
release_run(struct fm_node *node, struct fm_slab *s, unsigned int page, unsigned int cls)
{
	uint64_t mask = UINT64_C(1) << page % 64;

	if ((atomic_load_explicit(&s->partial[page / 64], memory_order_relaxed) & mask) != 0)
		unhint(&s->partial[page / 64], page % 64);
	fm_node_put_pages(s, page, fm_class[cls].pages);
	fm_trace_slab_return(node->node_id, fm_class[cls].size,
			     (const void *)(s->base + page * FM_PAGE_SIZE), fm_class[cls].pages);
	fm_count(&node->counters[cls].releases, 1, true);
}

/* Give bits that the caller holds to their run; false: one was free already. */
static bool
put_bits(struct fm_state *st, struct fm_slab *s, unsigned int page, uint64_t bits)
{
	_Atomic uint16_t *entry_of = fm_window_entry(s->base + page * FM_PAGE_SIZE);
	unsigned int cls;
	uint16_t entry;

	for (;;) {
		/* Relaxed: by I3 of page.c it cannot change while we hold the bits. */
		entry = atomic_load_explicit(entry_of, memory_order_relaxed);
		cls = fm_entry_class(entry);
		switch (fm_page_put(&s->word[page], bits, fm_class_full(&fm_class[cls]))) {
		case FM_PUT_TWICE:
			return false;
		case FM_PUT_FIRST:
			hint_run(s, page, cls);
			return true;
		case FM_PUT_EMPTY:
			if (atomic_load_explicit(entry_of, memory_order_relaxed) == entry) {
				release_run(&st->node[fm_entry_node(entry)], s, page, cls);
				return true;
			}
			bits = fm_class_full(&fm_class[cls]); /* another class's by now */
			break;
		case FM_PUT_OK:
			return true;
		}
	}
}

/* A run of blocks, and which of them the caller holds. */
struct run {
	struct fm_slab *slab;
	unsigned int page;
	const struct fm_class *cls;
	uintptr_t base;
	uint64_t bits;
};

/* A block's bit in its run's word; 0: it is no block's start. */
static uint64_t
run_bit(const struct run *r, uintptr_t block)
{
	uint64_t offset = block - r->base, i = offset * r->cls->reciprocal >> 32;

	return i * r->cls->size == offset && i < r->cls->blocks ? UINT64_C(1) << i : 0;
}

/* The run of a block, that one held; false: it is no block's start. */
static bool
run_of(struct run *r, struct fm_slab *s, const void *block)
{
	uintptr_t addr = (uintptr_t)block;
	/* Relaxed, both: written before the block was handed out. */
	uint16_t entry = atomic_load_explicit(fm_window_entry(addr), memory_order_relaxed);

	if (entry == 0 || fm_entry_class(entry) >= FM_CLASSES)
		return false;
	r->slab = s;
	r->cls = &fm_class[fm_entry_class(entry)];
	r->page = fm_slab_page(s, addr);
	r->page -= atomic_load_explicit(&s->back[r->page], memory_order_relaxed);
	r->base = s->base + r->page * FM_PAGE_SIZE;
	r->bits = run_bit(r, addr);
	return r->bits != 0;
}

bool
fm_node_put_block(struct fm_state *st, struct fm_slab *s, const void *block)
{
	struct run r;

	return run_of(&r, s, block) && put_bits(st, s, r.page, r.bits);
}

enum fm_block_state
fm_node_block_state(const void *block)
{
	uintptr_t addr = (uintptr_t)block;
	struct fm_slab *s = fm_window_slab(addr);
	/* Relaxed: it may change at any time. */
	uint16_t entry =
		s == NULL ? 0 : atomic_load_explicit(fm_window_entry(addr), memory_order_relaxed);
	struct run r;

	if (entry == 0)
		return FM_BLOCK_FREE;
	if (fm_entry_class(entry) >= FM_CLASSES)
		return FM_BLOCK_LARGE;
	/* The page may be another class's by now. */
	if (!run_of(&r, s, block))
		return FM_BLOCK_FREE;
	return (atomic_load_explicit(&s->word[r.page], memory_order_relaxed) & r.bits) != 0 ?
		       FM_BLOCK_FREE :
		       FM_BLOCK_OUT;
}

void
fm_node_put_blocks(struct fm_state *st, void *const *blocks, unsigned int n)
{
	struct run r = { .bits = 0 };
	unsigned int i;
	uint64_t bit;

	/*
	 * Neighbours are often freed one after the other: those of a run go back in one piece. While
	 * we hold a block of it, it is the same run, and needs not be looked up again.
	 */
	for (i = 0; i < n; i++) {
		if (r.bits != 0 && (uintptr_t)blocks[i] - r.base < r.cls->pages * FM_PAGE_SIZE) {
			bit = run_bit(&r, (uintptr_t)blocks[i]);
			if ((r.bits & bit) == 0) {
				r.bits |= bit;
				continue;
			}
		}
		if (r.bits != 0)
			put_bits(st, r.slab, r.page, r.bits);
		if (!run_of(&r, fm_window_slab((uintptr_t)blocks[i]), blocks[i]))
			r.bits = 0;
	}
	if (r.bits != 0)
		put_bits(st, r.slab, r.page, r.bits);
}

void
fm_node_put(struct fm_state *st, struct fm_node *node, unsigned int cls, struct fm_aim *aim,
	    void *const *blocks, unsigned int n)
{
	if (fm_shortage_hungry(node) || !fm_depot_push(&node->depot, cls, aim, blocks, n))
		fm_node_put_blocks(st, blocks, n);
	else
		fm_trace_magazine_push(node->node_id, fm_class[cls].size, n);
	fm_shortage_end(node);
}

void
fm_node_drain(struct fm_state *st, struct fm_node *node)
{
	void *block[FM_CHAIN_BLOCKS];
	unsigned int n, cursor = 0;
	bool any = false;

	while ((n = fm_depot_pop_any(&node->depot, &cursor, block)) != 0) {
		fm_node_put_blocks(st, block, n);
		any = true;
	}
	if (any)
		fm_shortage_end(node);
}

/* ---- getting */

/* Where to put blocks, and how many. */
struct want {
	uint16_t entry;
	unsigned int cls;
	unsigned int n;
	unsigned int got;
	unsigned int places; /* to look at; when these are used up any block is enough */
	void **block;
	bool anywhere; /* new runs need not lie at a multiple of their length */
};

/*
 * For a cache: each place costs misses in the CPU's caches. Where blocks lie scattered, several
 * short calls are better than a long one.
 */
#define PLACES_A_REFILL 8

static bool
enough(const struct want *w)
{
	return w->got == w->n || (w->places == 0 && w->got != 0);
}

static void
count_place(struct want *w)
{
	if (w->places != 0)
		w->places--;
}

static void
hand_out(struct want *w, uintptr_t run, uint64_t bits)
{
	uint32_t size = fm_class[w->cls].size;

	for (; bits != 0; bits &= bits - 1)
		w->block[w->got++] = (void *)(run + (uintptr_t)__builtin_ctzll(bits) * size);
}

/* The first `n` blocks of a run that is the caller's. */
static void
hand_out_first(struct want *w, uintptr_t run, unsigned int n)
{
	uint32_t size = fm_class[w->cls].size;
	unsigned int i;

	for (i = 0; i < n; i++, run += size)
		w->block[w->got + i] = (void *)run;
	w->got += n;
}

/* Take from one run, whose partial bit is set; false: it had nothing, and has nothing now. */
static bool
take_from_run(struct fm_state *st, struct fm_slab *s, unsigned int page, struct want *w)
{
	uintptr_t run = s->base + page * FM_PAGE_SIZE;
	bool left, foreign;
	uint64_t bits;

	count_place(w);
	bits = fm_page_take(&s->word[page], fm_window_entry(run), w->entry, w->n - w->got, &left,
			    &foreign);
	if (foreign) {
		put_bits(st, s, page, bits);
		return false;
	}
	hand_out(w, run, bits);
	if (left)
		return true;
	unhint(&s->partial[page / 64], page % 64);
	/* A block returned in between found the bit set, and it is gone now. */
	if (atomic_load_explicit(&s->word[page], memory_order_seq_cst) == 0)
		return bits != 0;
	hint(&s->partial[page / 64], page % 64);
	return true;
}

/* Take from the runs of a slab that may be partial; false: none of the class has a block now. */
static bool
take_from_slab(struct fm_state *st, struct fm_slab *s, struct want *w)
{
	unsigned int i, page;
	bool found = false;
	uint64_t bits;

	for (i = 0; i < FM_SLAB_WORDS; i++) {
		/* Sequentially consistent: pairs with hint(), after the unhint() of the caller. */
		bits = atomic_load_explicit(&s->partial[i], memory_order_seq_cst);
		for (; bits != 0 && !enough(w); bits &= bits - 1) {
			page = i * 64 + (unsigned int)__builtin_ctzll(bits);
			/* Relaxed: only saves the attempt; the take looks again. */
			if (atomic_load_explicit(fm_window_entry(s->base + page * FM_PAGE_SIZE),
						 memory_order_relaxed) == w->entry)
				found |= take_from_run(st, s, page, w);
		}
	}
	return found || enough(w);
}

static void
take_from_chunk(struct fm_state *st, struct fm_chunk *c, struct want *w)
{
	_Atomic uint64_t *hints = class_hints(c, w->cls);
	unsigned int i, bit;
	struct fm_slab *s;
	uint64_t bits;

	for (i = 0; i < c->hint_words; i++) {
		bits = atomic_load_explicit(&hints[i], memory_order_acquire);
		for (; bits != 0 && !enough(w); bits &= bits - 1) {
			bit = (unsigned int)__builtin_ctzll(bits);
			s = &c->slab[i * 64 + bit];
			if (fm_window_attach(st, s->base, 1) != 0 || take_from_slab(st, s, w))
				continue;
			unhint(&hints[i], bit);
			if (take_from_slab(st, s, w))
				hint(&hints[i], bit);
		}
	}
}

/* A slab that was searched in vain: if no page is free at all, nobody need look again. */
static void
search_was_vain(struct fm_chunk *c, struct fm_slab *s)
{
	unsigned int w, again;

	for (again = 0; again < 2; again++) {
		for (w = 0; w < FM_SLAB_WORDS; w++)
			if (atomic_load_explicit(&s->free[w], memory_order_seq_cst) != 0)
				break;
		if (w < FM_SLAB_WORDS) {
			/* In the first round too: see claim_in_chunk(). */
			hint(&c->free_hint[s->index / 64], s->index % 64);
			return;
		}
		if (!again)
			unhint(&c->free_hint[s->index / 64], s->index % 64);
	}
}

/* A run that is looked for. */
struct place {
	unsigned int pages, align;
	bool from_top;
	bool everywhere; /* also where somebody found none before */
	bool passed_by;	 /* some such slabs were */
	unsigned int first;
};

/*
 * Slabs without a long run may be many, and each is a miss in the CPU's caches. What was found is
 * written down where 32 slabs share a line. It may be wrong: pages may have become free since, and
 * a longer run may lie where a shorter one, at a multiple of its length, does not.
 */
static bool
try_slab(struct fm_chunk *c, struct place *p, struct fm_slab *s)
{
	uint16_t none = atomic_load_explicit(&c->no_run[s->index], memory_order_relaxed);
	int page;

	if (!p->everywhere && p->pages >= none) {
		p->passed_by = true;
		return false;
	}
	page = fm_slab_claim(s, p->pages, p->align);
	if (page >= 0) {
		p->first = (unsigned int)page;
		return true;
	}
	if (p->pages < none)
		atomic_store_explicit(&c->no_run[s->index], (uint16_t)p->pages,
				      memory_order_relaxed);
	search_was_vain(c, s);
	return false;
}

static struct fm_slab *
claim_in_chunk(struct fm_chunk *c, struct place *p)
{
	unsigned int i, n, bit;
	struct fm_slab *s;
	uint64_t bits;

	for (n = 0; n < c->hint_words; n++) {
		i = p->from_top ? c->hint_words - 1 - n : n;
		bits = atomic_load_explicit(&c->free_hint[i], memory_order_acquire);
		for (; bits != 0; bits &= ~(UINT64_C(1) << bit)) {
			bit = (unsigned int)(p->from_top ? 63 - __builtin_clzll(bits) :
							   __builtin_ctzll(bits));
			s = &c->slab[i * 64 + bit];
			if (try_slab(c, p, s)) {
				/* Who looked while we had more pages may have cleared it. */
				hint(&c->free_hint[i], bit);
				return s;
			}
		}
	}
	return NULL;
}

static struct fm_slab *
claim_in_node(struct fm_node *node, unsigned int pages, unsigned int align, bool from_top,
	      unsigned int *first)
{
	struct place p = { .pages = pages, .align = align, .from_top = from_top };
	/* Acquire: pairs with the release that published the chunk. */
	uint32_t i, nb = atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
	struct fm_slab *s = NULL;

	for (i = 0; i < nb && s == NULL; i++)
		s = claim_in_chunk(node->chunk[i], &p);
	p.everywhere = p.passed_by;
	for (i = 0; i < nb && s == NULL && p.everywhere; i++)
		s = claim_in_chunk(node->chunk[i], &p);
	if (s != NULL)
		*first = p.first;
	return s;
}

/* Claim up to `max` runs that follow a claimed one in its slab; how many there are with that one. */
static unsigned int
claim_more(struct fm_slab *s, unsigned int first, unsigned int pages, unsigned int max)
{
	unsigned int n = 1, next = first + pages, row;

	if (max == 0 || next + pages > FM_SLAB_PAGES)
		return n;
	row = fm_slab_row(s, next, RTE_MIN(max * pages, FM_SLAB_PAGES - next), true) / pages;
	if (row != 0 && fm_slab_claim_at(s, next, row * pages))
		n += row;
	else if (row != 0)
		/* Its part that was claimed is free again: nobody must have concluded from that. */
		fm_node_unclaim_pages(s, 0, 0);
	return n;
}

struct fm_slab *
fm_node_get_runs(struct fm_node *node, unsigned int cls, unsigned int align, bool anywhere,
		 unsigned int *first, unsigned int *nb)
{
	unsigned int pages = fm_class[cls].pages;
	uint16_t entry = fm_entry(node->index, cls);
	_Atomic uint16_t *entry_of;
	struct fm_slab *s = NULL;
	unsigned int p;
	/* Long runs from the top, so that short ones do not cut up what long ones need. */
	bool from_top = cls >= FM_FAST_CLASSES;

	/*
	 * At a multiple of its own length if there is room: then a page that is in the way spoils
	 * one such place, and that one only until it is free again.
	 */
	if (pages % align == 0) {
		s = claim_in_node(node, pages, pages, from_top, first);
		/* There is room again: no more packing. */
		if (s != NULL && atomic_load_explicit(&node->packing[cls], memory_order_relaxed))
			atomic_store_explicit(&node->packing[cls], 0, memory_order_relaxed);
	}
	if (s == NULL && anywhere && pages > 1)
		s = claim_in_node(node, pages, align, from_top, first);
	if (s == NULL)
		return NULL;
	if (fm_window_attach(fm_state(), s->base, FM_SLAB_SIZE) != 0) {
		fm_node_unclaim_pages(s, *first, pages);
		return NULL;
	}
	*nb = claim_more(s, *first, pages, *nb - 1);
	entry_of = fm_window_entry(s->base + *first * FM_PAGE_SIZE);
	for (p = 0; p < *nb * pages; p++) {
		/* Relaxed, both: whoever gets a block of the run gets them with it. */
		atomic_store_explicit(&s->back[*first + p], (uint8_t)RTE_MIN(p % pages, 255u),
				      memory_order_relaxed);
		atomic_store_explicit(&entry_of[p], entry, memory_order_relaxed);
	}
	fm_count(&node->counters[cls].acquires, *nb, true);
	fm_trace_slab_take(node->node_id, fm_class[cls].size,
			   (const void *)(s->base + *first * FM_PAGE_SIZE), *nb * pages);
	return s;
}

void
fm_node_put_run(struct fm_slab *s, unsigned int page, unsigned int cls, unsigned int n)
{
	uint64_t full = fm_class_full(&fm_class[cls]);

	RACE_WINDOW();
	/* Release: who takes a block finds the entries; pairs with A1 of page.c. */
	atomic_store_explicit(&s->word[page], full << n & full, memory_order_release);
	hint_run(s, page, cls);
}

/* Make new runs of the class until there are blocks enough. */
static void
take_new_runs(struct fm_node *node, struct want *w)
{
	const struct fm_class *c = &fm_class[w->cls];
	unsigned int page, nb, n;
	struct fm_slab *s;

	while (!enough(w)) {
		count_place(w);
		nb = (w->n - w->got + c->blocks - 1) / c->blocks;
		s = fm_node_get_runs(node, w->cls, 1, w->anywhere, &page, &nb);
		if (s == NULL)
			return;
		for (; nb > 0; nb--, page += c->pages) {
			n = RTE_MIN(w->n - w->got, (unsigned int)c->blocks);
			hand_out_first(w, s->base + page * FM_PAGE_SIZE, n);
			if (n != c->blocks) /* else the word is 0 and stays so */
				fm_node_put_run(s, page, w->cls, n);
		}
	}
}

static unsigned int
get(struct fm_state *st, struct fm_node *node, unsigned int cls, void **blocks, unsigned int n,
    struct fm_aim *aim, bool anywhere)
{
	struct want w = {
		.entry = fm_entry(node->index, cls),
		.cls = cls,
		.n = n,
		.places = aim != NULL ? PLACES_A_REFILL : UINT_MAX,
		.block = blocks,
		.anywhere = anywhere,
	};
	uint32_t i, nb;

	if (aim != NULL) {
		w.got = fm_depot_pop(&node->depot, cls, aim, blocks);
		if (w.got != 0) {
			fm_trace_magazine_pop(node->node_id, fm_class[cls].size, w.got);
			return w.got;
		}
	}
	/* Acquire: pairs with the release that published the chunk. */
	nb = atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
	for (i = 0; i < nb && !enough(&w); i++)
		take_from_chunk(st, node->chunk[i], &w);
	take_new_runs(node, &w);
	return w.got;
}

/*
 * Runs lie at multiples of their length while there is room for that, or relief makes some. Where
 * there is not, the next PACK_ON runs of the class do without, so that not each asks for relief.
 */
#define PACK_ON 64

static bool
may_pack(struct fm_node *node, unsigned int cls)
{
	/* Relaxed: a lost race is as good, it only says about how many. */
	uint32_t left = atomic_load_explicit(&node->packing[cls], memory_order_relaxed);

	if (left == 0)
		return false;
	atomic_store_explicit(&node->packing[cls], left - 1, memory_order_relaxed);
	return true;
}

unsigned int
fm_node_get(struct fm_state *st, struct fm_node *node, unsigned int cls, void **blocks,
	    unsigned int n, struct fm_aim *aim)
{
	size_t run = fm_class[cls].pages * FM_PAGE_SIZE;
	bool anywhere = may_pack(node, cls);
	unsigned int got, relief;

	if (unlikely(fm_shortage_known(node, cls)))
		return 0;
	got = get(st, node, cls, blocks, n, aim, anywhere);
	for (relief = 0; got == 0 && relief < FM_RELIEFS; relief++) {
		anywhere |= relief == FM_RELIEF_PACK;
		/* Others may be quicker to take what growth brings: again, while it brings some. */
		while (got == 0 && fm_shortage_relieve(st, node, relief, run)) {
			got = get(st, node, cls, blocks, n, aim, anywhere);
			if (relief != FM_RELIEF_GROW)
				break;
		}
		if (got != 0 && relief == FM_RELIEF_PACK)
			atomic_store_explicit(&node->packing[cls], PACK_ON, memory_order_relaxed);
	}
	if (got == 0) {
		fm_shortage_begin(st, node, cls);
		got = get(st, node, cls, blocks, n, aim, true);
	}
	return got;
}
