/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns what an audit proves of caches and magazines: each block in them is one, and once.
 * Must not write anything that is shared; see audit.c for what a proof is.
 * Called by audit.c.
 *
 * A block in a stack stays where it is until it is popped or flushed, which are both counted, so a
 * place whose counts have not changed held it all the while. That alone proves that it was cached
 * while its page said that it is free, or while another place had it: no instant of rest is needed.
 */

#include "fastmem_walk_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

/* ---- what a block is by its page */

enum block_state { BLOCK_TAKEN, BLOCK_FREE, BLOCK_NONE };

struct place {
	struct fm_slab *slab;
	unsigned int page; /* of its run's first */
	uint64_t word;
	uint16_t entry;
};

static enum block_state
block_state(const struct fm_held *h, struct place *p)
{
	const struct fm_class *c = &fm_class[h->cls];
	uint64_t offset, i;

	*p = (struct place){ .slab = fm_window_slab(h->block) };
	if (p->slab == NULL)
		return BLOCK_NONE;
	p->page = fm_slab_page(p->slab, h->block);
	/* Acquire, all: between two looks at the place that has the block. */
	p->entry = atomic_load_explicit(fm_window_entry(h->block), memory_order_acquire);
	if (p->entry != fm_entry(h->node, h->cls))
		return BLOCK_NONE;
	p->page -= RTE_MIN(p->page, (unsigned int)atomic_load_explicit(&p->slab->back[p->page],
								       memory_order_acquire));
	p->word = atomic_load_explicit(&p->slab->word[p->page], memory_order_acquire);
	offset = h->block - (p->slab->base + p->page * FM_PAGE_SIZE);
	i = offset / c->size;
	if (i * c->size != offset || i >= c->blocks)
		return BLOCK_NONE;
	return (p->word >> i & 1) != 0 ? BLOCK_FREE : BLOCK_TAKEN;
}

/* ---- proofs */

enum verdict { FINE, FAULT, MOVED };

/* What is held against a block that lies at `h`. */
struct charge {
	const struct fm_held *h;
	const struct fm_held *other; /* NULL: nothing of that kind */
	struct place place;
	enum block_state state;
};

static bool
still_there(const struct fm_audit *a, const struct fm_held *h, uint64_t *version)
{
	return fm_held_look(a->st, h, version) == h->block;
}

static bool
is_true(const struct fm_audit *a, struct charge *c)
{
	uint64_t before, after;

	if (c->other == NULL) {
		c->state = block_state(c->h, &c->place);
		return c->state != BLOCK_TAKEN;
	}
	return still_there(a, c->other, &before) && still_there(a, c->other, &after) &&
	       before == after;
}

static enum verdict
judge(const struct fm_audit *a, struct charge *c)
{
	uint64_t moves, before, after;
	unsigned int try;

	for (try = 0; try < FM_AUDIT_TRIES; try++) {
		fm_audit_pause(try);
		moves = fm_audit_moves(a, c->h->cls);
		if (!still_there(a, c->h, &before) || !is_true(a, c))
			return FINE;
		if (still_there(a, c->h, &after) && before == after &&
		    moves == fm_audit_moves(a, c->h->cls))
			return FAULT;
	}
	return MOVED;
}

/* Where a block lies, in words. */
static const char *
describe(const struct fm_audit *a, const struct fm_held *h, char *text, size_t size)
{
	uint32_t tag;

	if (h->unit == FM_HELD_DEPOT) {
		snprintf(text, size, "magazine at place %u of the shelf for %" PRIu32 " bytes",
			 h->at / FM_CHAIN_BLOCKS, fm_class[h->cls].size);
		return text;
	}
	tag = atomic_load_explicit(&a->st->unit[h->unit]->tag, memory_order_relaxed);
	if (tag == FM_TAG_SHARED)
		snprintf(text, size, "cache %" PRIu32 " of a thread for %" PRIu32 " bytes", h->unit,
			 fm_class[h->cls].size);
	else
		snprintf(text, size, "cache %" PRIu32 " of lcore %" PRIu32 " for %" PRIu32 " bytes",
			 h->unit, tag, fm_class[h->cls].size);
	return text;
}

static struct rte_fastmem_fault
fault_of(const struct fm_held *h, enum rte_fastmem_fault_kind kind, const struct place *p)
{
	struct rte_fastmem_fault fault = {
		.kind = kind,
		.class_size = fm_class[h->cls].size,
		.block = (const void *)h->block,
	};

	if (p->slab != NULL) {
		fault.slab = (const void *)p->slab->base;
		fault.page = p->page;
		fault.pages = fm_class[h->cls].pages;
		fault.found = p->word;
	}
	return fault;
}

static void
tell_not_taken(struct fm_audit *a, const struct charge *c)
{
	struct rte_fastmem_fault fault;
	char where[100];

	describe(a, c->h, where, sizeof(where));
	if (c->state == BLOCK_FREE) {
		fault = fault_of(c->h, RTE_FASTMEM_FAULT_CACHED_FREE, &c->place);
		fm_audit_tell(a, &fault,
			      "block 0x%" PRIxPTR " is in the %s, and free by the word 0x%" PRIx64
			      " of page %u of slab 0x%" PRIxPTR,
			      c->h->block, where, c->place.word, c->place.page,
			      c->place.slab->base);
		return;
	}
	fault = fault_of(c->h, RTE_FASTMEM_FAULT_NO_BLOCK, &c->place);
	fault.found = c->place.entry;
	fault.expected = fm_entry(c->h->node, c->h->cls);
	fm_audit_tell(a, &fault,
		      "in the %s lies 0x%" PRIxPTR
		      ", which is no such block: its page has entry %u, "
		      "not %" PRIu64 ", or the block begins elsewhere",
		      where, c->h->block, c->place.entry, fault.expected);
}

static void
tell_twice(struct fm_audit *a, const struct fm_held *h, const struct fm_held *other)
{
	struct rte_fastmem_fault fault;
	char where[100], also[100];
	struct place p;

	block_state(h, &p);
	fault = fault_of(h, RTE_FASTMEM_FAULT_CACHED_TWICE, &p);
	fm_audit_tell(a, &fault,
		      "block 0x%" PRIxPTR " (slab 0x%" PRIxPTR
		      ", page %u) is in the %s and in the %s",
		      h->block, p.slab == NULL ? 0 : p.slab->base, p.page,
		      describe(a, h, where, sizeof(where)), describe(a, other, also, sizeof(also)));
}

static void
check_held(struct fm_audit *a, const struct fm_held *h, const struct fm_held *next)
{
	struct charge own = { .h = h }, twice = { .h = h, .other = next };
	enum verdict verdict = FINE;

	if (block_state(h, &own.place) != BLOCK_TAKEN)
		verdict = judge(a, &own);
	if (verdict == FAULT)
		tell_not_taken(a, &own);
	a->sum.moved += verdict == MOVED;
	if (next == NULL || next->block != h->block)
		return;
	verdict = judge(a, &twice);
	if (verdict == FAULT)
		tell_twice(a, h, next);
	a->sum.moved += verdict == MOVED;
}

/* ---- stacks */

static bool
stack_is_sound(const struct fm_audit *a, const struct fm_unit *u, unsigned int cls)
{
	unsigned int n, slot = fm_slot_index(a->node->index, cls);
	uintptr_t base;

	return fm_slot_look(a->st, u, slot, cls, &base, &n);
}

static void
check_stack(struct fm_audit *a, const struct fm_unit *u, unsigned int cls)
{
	const struct rte_fastmem_slot *slot = &u->slots[fm_slot_index(a->node->index, cls)];
	struct rte_fastmem_fault fault = {
		.kind = RTE_FASTMEM_FAULT_STACK,
		.class_size = fm_class[cls].size,
	};
	unsigned int try;

	/* A thread that leaves clears its stacks one store after the other: once is no proof. */
	for (try = 0; try < FM_AUDIT_TRIES; try++) {
		if (stack_is_sound(a, u, cls))
			return;
		fm_audit_pause(try);
	}
	fault.found = __atomic_load_n(&slot->top, __ATOMIC_RELAXED);
	fault.expected = __atomic_load_n(&slot->base, __ATOMIC_RELAXED);
	fm_audit_tell(a, &fault,
		      "cache %" PRIu32 ": its stack for %" PRIu32
		      " bytes, which holds %u, begins at "
		      "0x%" PRIx64 " and ends at 0x%" PRIx64,
		      u->index, fm_class[cls].size, fm_class[cls].entries, fault.expected,
		      fault.found);
}

void
fm_audit_held(struct fm_audit *a)
{
	uint32_t u, nb = atomic_load_explicit(&a->st->nb_units, memory_order_acquire);
	struct fm_held_list held;
	unsigned int cls;
	size_t i;
	int rc;

	for (u = 0; u < nb; u++)
		for (cls = 0; cls < FM_CLASSES && a->rc == 0; cls++)
			check_stack(a, a->st->unit[u], cls);
	rc = fm_held_read(a->st, a->node, &held);
	if (a->rc == 0)
		a->rc = rc;
	for (i = 0; i < held.n && a->rc == 0; i++)
		check_held(a, &held.at[i], i + 1 < held.n ? &held.at[i + 1] : NULL);
	fm_held_free(&held);
}

/* ---- magazines */

#define NB_MAGS (FM_MAX_GROUPS * FM_GROUP_MAGS)

/* How often each magazine is somewhere. */
struct census {
	unsigned int nb;
	uint32_t word[FM_CLASSES][FM_SHELF];
	uint8_t seen[NB_MAGS];
};

static void
take_census(const struct fm_depot *d, struct census *s)
{
	unsigned int cls, at, i, g;
	struct fm_chain c;
	uint64_t bits;

	memset(s, 0, sizeof(*s));
	/* Acquire: pairs with the release of fm_depot_add(). */
	s->nb = FM_GROUP_MAGS * atomic_load_explicit(&d->nb_groups, memory_order_acquire);
	for (g = 0; g < s->nb / FM_GROUP_MAGS; g++) {
		bits = atomic_load_explicit(&d->free[g], memory_order_relaxed);
		for (; bits != 0; bits &= bits - 1)
			s->seen[g * FM_GROUP_MAGS + (unsigned int)__builtin_ctzll(bits)]++;
	}
	for (cls = 0; cls < FM_CLASSES; cls++)
		for (at = 0; at < FM_SHELF; at++) {
			c = fm_depot_peek(d, cls, at);
			s->word[cls][at] = c.word;
			for (i = 0; c.possible && i < c.nb_mag && c.index + i < s->nb; i++)
				s->seen[c.index + i]++;
		}
}

static uint64_t
all_moves(const struct fm_audit *a)
{
	unsigned int cls;
	uint64_t sum = 0;

	for (cls = 0; cls < FM_CLASSES; cls++)
		sum += fm_audit_moves(a, cls);
	return sum;
}

/* The words are each by itself the truth: one look proves it. */
static void
check_words(struct fm_audit *a)
{
	struct rte_fastmem_fault fault = { .kind = RTE_FASTMEM_FAULT_CHAIN };
	unsigned int cls, at;
	struct fm_chain c;

	for (cls = 0; cls < FM_CLASSES; cls++)
		for (at = 0; at < FM_SHELF && a->rc == 0; at++) {
			c = fm_depot_peek(&a->node->depot, cls, at);
			if (c.word == 0 || c.taken || c.possible)
				continue;
			fault.class_size = fm_class[cls].size;
			fault.found = c.word;
			fm_audit_tell(a, &fault,
				      "place %u of the shelf for %" PRIu32 " bytes says 0x%" PRIx32
				      ", which is no chain of magazines",
				      at, fm_class[cls].size, c.word);
		}
}

static bool
all_once(const struct census *s)
{
	unsigned int i;

	for (i = 0; i < s->nb; i++)
		if (s->seen[i] != 1)
			return false;
	return true;
}

static void
tell_census(struct fm_audit *a, const struct census *s)
{
	struct rte_fastmem_fault lost = {
		.kind = RTE_FASTMEM_FAULT_LOST_MAGAZINE,
		.expected = s->nb,
	};
	struct rte_fastmem_fault twice = { .kind = RTE_FASTMEM_FAULT_CHAIN, .expected = 1 };
	unsigned int i;

	for (i = 0; i < s->nb; i++) {
		lost.found += s->seen[i] == 0;
		if (s->seen[i] < 2)
			continue;
		twice.found = s->seen[i];
		fm_audit_tell(a, &twice, "magazine %u is in %u places: on shelves, or free as well",
			      i, s->seen[i]);
	}
	if (lost.found != 0)
		fm_audit_tell(a, &lost,
			      "%" PRIu64
			      " of %u magazines are neither free nor on a shelf, with what "
			      "was in them",
			      lost.found, s->nb);
}

void
fm_audit_magazines(struct fm_audit *a)
{
	struct census *s = malloc(2 * sizeof(*s));
	bool done = false;
	unsigned int try;
	uint64_t moves;

	if (s == NULL) {
		a->rc = -ENOMEM;
		return;
	}
	check_words(a);
	for (try = 0; try < FM_AUDIT_TRIES && a->rc == 0 && !done; try++) {
		fm_audit_pause(try);
		moves = all_moves(a);
		take_census(&a->node->depot, &s[0]);
		done = all_once(&s[0]);
		if (done || !fm_audit_rest(a))
			continue;
		take_census(&a->node->depot, &s[1]);
		done = memcmp(&s[0], &s[1], sizeof(*s)) == 0 && moves == all_moves(a);
		if (done)
			tell_census(a, &s[0]);
	}
	a->sum.moved += !done && a->rc == 0;
	free(s);
}
