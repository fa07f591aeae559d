/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the depot: magazines of blocks that travel between threads without the blocks being read.
 * Must not: know where blocks come from, wait for anyone, or touch a block.
 * Called by: node.c, and by the stress test and the model in test/.
 *
 * I1. A magazine's state word is its truth: FREE, OWNED or FULL. FREE -> OWNED and FULL -> OWNED
 *     are compare-and-swaps, so one thread owns it; only the owner writes anything else.
 * I2. Of a magazine only its state is read before it is owned, and the compare-and-swap proves
 *     all that was read. So a state that was left and came back does no harm: no generation.
 * I3. The bitmaps and summaries are hints and may lie both ways. A bit is set after the state, and
 *     taken before the state is looked at; a summary's after the bits below it, and cleared before
 *     they are looked at again (S1, S2). So a hint gets lost only with a thread that is stopped
 *     between two steps; what it hides is full until fm_depot_pop_any(), which asks no hint.
 * I4. Magazines are never unmapped while the allocator lives.
 *
 * Progress: lock-free. Model: test/model/magazine.pml.
 */

#include "fastmem_priv.h"
#include "race_window.h"

#include <string.h>

enum { MAG_FREE, MAG_OWNED, MAG_FULL };

static uint64_t
mag_state(unsigned int what, unsigned int cls, unsigned int n)
{
	return (uint64_t)n << 16 | cls << 8 | what;
}

static unsigned int
mag_what(uint64_t state)
{
	return state & 3;
}

static unsigned int
mag_class(uint64_t state)
{
	return (state >> 8) & 0xff;
}

static unsigned int
mag_blocks(uint64_t state)
{
	return (state >> 16) & 0xff;
}

static void
hint_set(_Atomic uint64_t *words, _Atomic uint64_t *summary, unsigned int group, unsigned int bit)
{
	/*
	 * R3: pairs with A3: who takes the hint finds the state, and the group's address.
	 * S1: set, then look at the summary, where S2 is clear, then look at the words. As both are
	 * sequentially consistent one of the two sees the other's, and the summary stays set.
	 */
	atomic_fetch_or_explicit(&words[group], UINT64_C(1) << bit, memory_order_seq_cst);
	FM_RACE_WINDOW();
	if ((atomic_load_explicit(summary, memory_order_seq_cst) & UINT64_C(1) << group) == 0)
		/* R4: pairs with S2: who clears this bit sees ours in the words then. */
		atomic_fetch_or_explicit(summary, UINT64_C(1) << group, memory_order_release);
}

/* Take one hint away and return what it names, group * 64 + bit; -1: there are none. */
static int
hint_take(_Atomic uint64_t *words, _Atomic uint64_t *summary)
{
	uint64_t groups, bits, bit;
	unsigned int g;

	/* Relaxed: leads to the words, where A3 orders; who finds none there asks S2. */
	while ((groups = atomic_load_explicit(summary, memory_order_relaxed)) != 0) {
		g = (unsigned int)__builtin_ctzll(groups);
		bits = atomic_load_explicit(&words[g], memory_order_relaxed);
		if (bits == 0) {
			/* S2: pairs with S1 and R4. */
			atomic_fetch_and_explicit(summary, ~(UINT64_C(1) << g),
						  memory_order_seq_cst);
			FM_RACE_WINDOW();
			if (atomic_load_explicit(&words[g], memory_order_seq_cst) != 0)
				/* R4: for whom we saw. */
				atomic_fetch_or_explicit(summary, UINT64_C(1) << g,
							 memory_order_release);
			continue;
		}
		bit = bits & -bits;
		FM_RACE_WINDOW();
		/* A3: pairs with R3. Who cleared the bit follows it. */
		bits = atomic_fetch_and_explicit(&words[g], ~bit, memory_order_acquire);
		if ((bits & bit) != 0)
			return (int)(g * 64 + (unsigned int)__builtin_ctzll(bit));
	}
	return -1;
}

static struct fm_mag *
mag_at(const struct fm_depot *d, unsigned int index)
{
	return &d->group[index / FM_GROUP_MAGS][index % FM_GROUP_MAGS];
}

/* Become the owner of a magazine that is `what`, of class `cls` if that is not -1. */
static bool
mag_own(struct fm_mag *m, unsigned int what, int cls, uint64_t *was)
{
	/* Relaxed: the compare-and-swap below orders. */
	uint64_t old = atomic_load_explicit(&m->state, memory_order_relaxed);

	if (mag_what(old) != what || (cls >= 0 && mag_class(old) != (unsigned int)cls))
		return false;
	FM_RACE_WINDOW();
	/* A1: pairs with R1, the blocks are there; and with R2, the last owner has read them. */
	if (!atomic_compare_exchange_strong_explicit(&m->state, &old, MAG_OWNED,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	*was = old;
	return true;
}

/* Copy an owned magazine's blocks out and make it free. */
static unsigned int
mag_empty(struct fm_depot *d, struct fm_mag *m, unsigned int index, uint64_t was, void **blocks)
{
	unsigned int n = mag_blocks(was), cls = mag_class(was);

	memcpy(blocks, m->block, n * sizeof(void *));
	atomic_fetch_sub_explicit(&d->nb_full[cls], 1, memory_order_relaxed); /* a figure */
	FM_RACE_WINDOW();
	/* R2: pairs with A1. */
	atomic_store_explicit(&m->state, MAG_FREE, memory_order_release);
	FM_RACE_WINDOW();
	hint_set(d->free, &d->free_summary, index / FM_GROUP_MAGS, index % FM_GROUP_MAGS);
	return n;
}

bool
fm_depot_push(struct fm_depot *d, unsigned int cls, void *const *blocks, unsigned int n)
{
	struct fm_mag *m;
	uint64_t was;
	int index;

	/* Relaxed: bounds what idles in magazines, give or take a few. */
	if (atomic_load_explicit(&d->nb_full[cls], memory_order_relaxed) >=
	    atomic_load_explicit(&d->max_full[cls], memory_order_relaxed))
		return false;
	do {
		index = hint_take(d->free, &d->free_summary);
		if (index < 0)
			return false;
		m = mag_at(d, (unsigned int)index);
	} while (!mag_own(m, MAG_FREE, -1, &was));
	memcpy(m->block, blocks, n * sizeof(void *));
	atomic_fetch_add_explicit(&d->nb_full[cls], 1, memory_order_relaxed); /* a figure */
	FM_RACE_WINDOW();
	/* R1: pairs with A1. */
	atomic_store_explicit(&m->state, mag_state(MAG_FULL, cls, n), memory_order_release);
	FM_RACE_WINDOW();
	hint_set(d->full[cls], &d->full_summary[cls], (unsigned int)index / FM_GROUP_MAGS,
		 (unsigned int)index % FM_GROUP_MAGS);
	return true;
}

unsigned int
fm_depot_pop(struct fm_depot *d, unsigned int cls, void **blocks)
{
	struct fm_mag *m;
	uint64_t was;
	int index;

	do {
		index = hint_take(d->full[cls], &d->full_summary[cls]);
		if (index < 0)
			return 0;
		m = mag_at(d, (unsigned int)index);
	} while (!mag_own(m, MAG_FULL, (int)cls, &was));
	return mag_empty(d, m, (unsigned int)index, was, blocks);
}

unsigned int
fm_depot_pop_any(struct fm_depot *d, unsigned int *cursor, void **blocks)
{
	/* Acquire: pairs with the release in fm_depot_add(). */
	unsigned int nb = atomic_load_explicit(&d->nb_groups, memory_order_acquire) * FM_GROUP_MAGS;
	struct fm_mag *m;
	uint64_t was;

	for (; *cursor < nb; ++*cursor) {
		m = mag_at(d, *cursor);
		if (mag_own(m, MAG_FULL, -1, &was))
			return mag_empty(d, m, *cursor, was, blocks);
	}
	return 0;
}

bool
fm_depot_add(struct fm_depot *d, struct fm_mag *group)
{
	unsigned int g = atomic_load_explicit(&d->nb_groups, memory_order_relaxed);

	if (g == FM_MAX_GROUPS)
		return false;
	d->group[g] = group;
	/* Release: who counts this group in, or follows a hint into it, finds its address. */
	atomic_store_explicit(&d->nb_groups, g + 1, memory_order_release);
	atomic_store_explicit(&d->free[g], UINT64_MAX, memory_order_release);
	atomic_fetch_or_explicit(&d->free_summary, UINT64_C(1) << g, memory_order_release);
	return true;
}

uint64_t
fm_depot_blocks(const struct fm_depot *d, unsigned int cls)
{
	unsigned int nb = atomic_load_explicit(&d->nb_groups, memory_order_acquire) * FM_GROUP_MAGS;
	uint64_t state, sum = 0;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		/* Relaxed: a figure. */
		state = atomic_load_explicit(&mag_at(d, i)->state, memory_order_relaxed);
		if (mag_what(state) == MAG_FULL && mag_class(state) == cls)
			sum += mag_blocks(state);
	}
	return sum;
}
