/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the depot: magazines of blocks that travel between threads without the blocks being read.
 * Must not: know where blocks come from, wait for anyone, or touch a block.
 * Called by: node.c, and by the stress test and the model in test/.
 *
 * A chain is 1, 2 or FM_CHAIN_MAGS magazines side by side. A class has a shelf of words. A word is
 * 0, taken, or names a chain, full or empty. Who empties a chain leaves it there for who fills it
 * next, so a thread that frees and one that allocates meet on the shelf's and the chain's lines, and
 * nowhere else.
 *
 * I1. A shelf's word and a bit of `free` are the truth, and there are no hints. Who makes the word
 *     TAKEN by a compare-and-swap, or clears the bit, owns the magazines that it named, and with the
 *     word also the word: a store gives it back. That waits for no cache line, as another
 *     compare-and-swap would for all that were written in the chain. An aim may say anything: it
 *     proposes what the first compare-and-swap tries, no more.
 * I2. Of a chain nothing is read before it is owned: the compare-and-swap proves all that was read,
 *     the word. So a word that went and came back does no harm: no generation. Who only watches
 *     owns nothing (fm_depot_peek()), and has to prove otherwise that what it saw was ever so.
 * I3. Magazines are never unmapped while the allocator lives.
 *
 * Progress: lock-free: a compare-and-swap fails only because another's succeeded, and nobody waits
 * for a word that is TAKEN. A thread that is stopped holds one word and its chain. Model:
 * test/model/magazine.pml.
 */

#include "fastmem_priv.h"
#include "race_window.h"

#include <string.h>

#include <rte_common.h>

/* A word: the first magazine, how many blocks are in the chain or fit in, and what it is. */
#define INDEX_BITS 12
#define COUNT_BITS 12
#define TAKEN	   (1u << 29)
#define IS_FULL	   (1u << 30)
#define IS_EMPTY   (1u << 31)

_Static_assert(FM_MAX_GROUPS *FM_GROUP_MAGS <= 1 << INDEX_BITS, "an index fits");
_Static_assert(FM_CHAIN_BLOCKS < 1 << COUNT_BITS, "a count fits");

#define MAX_EMPTY 4 /* chains a shelf keeps */

static uint32_t
word_of(uint32_t kind, unsigned int index, unsigned int count)
{
	return kind | count << INDEX_BITS | index;
}

static unsigned int
word_index(uint32_t word)
{
	return word & ((1u << INDEX_BITS) - 1);
}

static unsigned int
word_count(uint32_t word)
{
	return word >> INDEX_BITS & ((1u << COUNT_BITS) - 1);
}

/* How long a chain for `n` blocks is, in magazines. */
static unsigned int
mags_for(unsigned int n)
{
	return n <= FM_MAG_BLOCKS ? 1 : n <= 2 * FM_MAG_BLOCKS ? 2 : FM_CHAIN_MAGS;
}

static void **
blocks_at(const struct fm_depot *d, unsigned int index)
{
	return d->group[index / FM_GROUP_MAGS][index % FM_GROUP_MAGS].block;
}

/*
 * Fetch lines that another core wrote last, before they are needed. A hint about memory that need
 * not be ours: by then it may be somebody else's.
 */
static inline void
prefetch(const void *at, size_t size, bool to_write)
{
	const char *line = at, *end = line + size;

	for (; line < end; line += FM_LINE) {
		if (!to_write)
			__builtin_prefetch(line, 0);
		else
#ifdef __x86_64__
			/* The compiler knows it for newer processors alone; older ones ignore it. */
			__asm__ volatile("prefetchw %0" : : "m"(*line));
#else
			__builtin_prefetch(line, 1);
#endif
	}
}

/* ---- magazines that are in no chain */

/* Claim `nb` magazines side by side, at a multiple of `nb`; -1: there are none. */
static int
mags_claim(struct fm_depot *d, unsigned int nb)
{
	/* Acquire: pairs with the release in fm_depot_add(). */
	unsigned int g, nb_groups = atomic_load_explicit(&d->nb_groups, memory_order_acquire);
	uint64_t bits, at, mask = UINT64_MAX >> (64 - nb);

	for (g = 0; g < nb_groups; g++) {
		bits = atomic_load_explicit(&d->free[g], memory_order_relaxed);
		for (;;) {
			/* Bit i of `at`: bits i to i + nb - 1 are set. */
			at = bits;
			if (nb > 1)
				at &= at >> 1 & UINT64_C(0x5555555555555555);
			if (nb > 2)
				at &= at >> 2 & UINT64_C(0x1111111111111111);
			if (at == 0)
				break;
			at &= -at;
			RACE_WINDOW();
			/* A1: pairs with R1; who had them is done with them. */
			if (atomic_compare_exchange_weak_explicit(
				    &d->free[g], &bits, bits & ~(at * mask), memory_order_acquire,
				    memory_order_relaxed))
				return (int)(g * FM_GROUP_MAGS + (unsigned int)__builtin_ctzll(at));
		}
	}
	return -1;
}

static void
mags_free(struct fm_depot *d, unsigned int index, unsigned int nb)
{
	uint64_t mask = UINT64_MAX >> (64 - nb);

	RACE_WINDOW();
	/* R1: pairs with A1: we are done with them. */
	atomic_fetch_or_explicit(&d->free[index / FM_GROUP_MAGS], mask << index % FM_GROUP_MAGS,
				 memory_order_release);
}

/* ---- a shelf */

/* Take a word, and the chain that it names; false: another was quicker. */
static bool
shelf_take(_Atomic uint32_t *at, uint32_t word)
{
	RACE_WINDOW();
	/* A2: pairs with R2: what was written in the chain is there, what was read is read. */
	return atomic_compare_exchange_strong_explicit(at, &word, TAKEN, memory_order_acquire,
						       memory_order_relaxed);
}

/* Give a word back that the caller took. */
static void
shelf_put(_Atomic uint32_t *at, uint32_t word)
{
	RACE_WINDOW();
	/* R2: pairs with A2 and A3. */
	atomic_store_explicit(at, word, memory_order_release);
}

/* What a look at a shelf found, by the time it was there. */
struct look {
	unsigned int nb_full, nb_empty;
	int full, empty, vacant; /* the first such word; -1: none */
	uint32_t word_full, word_empty;
};

static struct look
shelf_look(const _Atomic uint32_t *shelf)
{
	struct look l = { .full = -1, .empty = -1, .vacant = -1 };
	uint32_t word;
	int i;

	for (i = FM_SHELF - 1; i >= 0; i--) {
		/*
		 * A3: pairs with R2, for the address of the chain's group, which shelf_aim() needs.
		 * Else only to choose by: the compare-and-swap proves it.
		 */
		word = atomic_load_explicit(&shelf[i], memory_order_acquire);
		if ((word & IS_FULL) != 0) {
			l.nb_full++;
			l.full = i;
			l.word_full = word;
		} else if ((word & IS_EMPTY) != 0) {
			l.nb_empty++;
			l.empty = i;
			l.word_empty = word;
		} else if (word == 0) {
			l.vacant = i;
		}
	}
	return l;
}

/* Remember of a look what is likely to be there next time, and fetch it. */
static void
shelf_aim(const struct fm_depot *d, unsigned int cls, struct fm_aim *aim, struct look l,
	  bool to_push)
{
	uint32_t word;

	/* Relaxed: bounds what idles in magazines, give or take a few. */
	if (l.nb_full >= atomic_load_explicit(&d->max_full[cls], memory_order_relaxed))
		l.word_empty = 0;
	*aim = (struct fm_aim){ .full = l.word_full,
				.empty = l.word_empty,
				.full_at = (uint8_t)l.full,
				.empty_at = (uint8_t)l.empty };
	word = to_push ? l.word_empty : l.word_full;
	if (word != 0)
		prefetch(blocks_at(d, word_index(word)), word_count(word) * sizeof(void *),
			 to_push);
}

/* Take a word and a chain for `nb` magazines: one that was emptied if there is such. -1: none. */
static int
take_empty(struct fm_depot *d, unsigned int cls, unsigned int nb, unsigned int *index)
{
	_Atomic uint32_t *shelf = d->shelf[cls];
	struct look l = shelf_look(shelf);
	int first;

	/* As in shelf_aim(). */
	if (l.nb_full >= atomic_load_explicit(&d->max_full[cls], memory_order_relaxed))
		return -1;
	if (word_count(l.word_empty) == nb * FM_MAG_BLOCKS &&
	    shelf_take(&shelf[l.empty], l.word_empty)) {
		*index = word_index(l.word_empty);
		return l.empty;
	}
	if (l.vacant < 0 || !shelf_take(&shelf[l.vacant], 0))
		return -1;
	first = mags_claim(d, nb);
	if (first < 0) {
		shelf_put(&shelf[l.vacant], 0);
		return -1;
	}
	*index = (unsigned int)first;
	return l.vacant;
}

bool
fm_depot_push(struct fm_depot *d, unsigned int cls, struct fm_aim *aim, void *const *blocks,
	      unsigned int n)
{
	_Atomic uint32_t *shelf = d->shelf[cls];
	unsigned int index = word_index(aim->empty), nb = mags_for(n);
	int at = aim->empty_at % FM_SHELF;

	/*
	 * Without a look first: that would fetch the line to read it, and the compare-and-swap once
	 * more to write.
	 */
	if (aim->empty != word_of(IS_EMPTY, index, nb * FM_MAG_BLOCKS) ||
	    !shelf_take(&shelf[at], aim->empty))
		at = take_empty(d, cls, nb, &index);
	if (at < 0)
		return false;
	memcpy(blocks_at(d, index), blocks, n * sizeof(*blocks));
	shelf_put(&shelf[at], word_of(IS_FULL, index, n));
	shelf_aim(d, cls, aim, shelf_look(shelf), true);
	return true;
}

/* Copy the blocks out of a chain that the caller took, and give it and the word back. */
static unsigned int
empty_chain(struct fm_depot *d, unsigned int cls, struct fm_aim *aim, int at, uint32_t word,
	    void **blocks)
{
	_Atomic uint32_t *shelf = d->shelf[cls];
	unsigned int n = word_count(word), index = word_index(word), nb = mags_for(n);
	struct look l;

	memcpy(blocks, blocks_at(d, index), n * sizeof(*blocks));
	l = shelf_look(shelf);
	if (l.nb_empty < MAX_EMPTY) {
		shelf_put(&shelf[at], word_of(IS_EMPTY, index, nb * FM_MAG_BLOCKS));
	} else {
		mags_free(d, index, nb);
		shelf_put(&shelf[at], 0);
	}
	shelf_aim(d, cls, aim, l, false);
	return n;
}

unsigned int
fm_depot_pop(struct fm_depot *d, unsigned int cls, struct fm_aim *aim, void **blocks)
{
	_Atomic uint32_t *shelf = d->shelf[cls];
	uint32_t word = aim->full;
	int at = aim->full_at % FM_SHELF;
	struct look l;

	/* Without a look first: as in fm_depot_push(). */
	while ((word & IS_FULL) == 0 || !shelf_take(&shelf[at], word)) {
		l = shelf_look(shelf);
		word = l.word_full;
		at = l.full;
		if (word == 0)
			return 0;
	}
	return empty_chain(d, cls, aim, at, word, blocks);
}

unsigned int
fm_depot_pop_any(struct fm_depot *d, unsigned int *cursor, void **blocks)
{
	struct fm_aim none;
	unsigned int cls;
	uint32_t word;
	int at;

	while (*cursor < FM_CLASSES * FM_SHELF) {
		cls = *cursor / FM_SHELF;
		at = (int)(*cursor % FM_SHELF);
		++*cursor;
		/* Relaxed: only to choose; the compare-and-swap proves it. */
		word = atomic_load_explicit(&d->shelf[cls][at], memory_order_relaxed);
		if ((word & IS_FULL) != 0 && shelf_take(&d->shelf[cls][at], word))
			return empty_chain(d, cls, &none, at, word, blocks);
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
	/* Relaxed: published with the group. */
	atomic_store_explicit(&d->free[g], UINT64_MAX, memory_order_relaxed);
	/* Release: who counts this group in finds its address and its free magazines. */
	atomic_store_explicit(&d->nb_groups, g + 1, memory_order_release);
	return true;
}

struct fm_chain
fm_depot_peek(const struct fm_depot *d, unsigned int cls, unsigned int at)
{
	/* A4: pairs with R2, for what is in the chain. */
	uint32_t word = atomic_load_explicit(&d->shelf[cls][at], memory_order_acquire);
	struct fm_chain c = { .word = word };
	unsigned int nb_groups;

	c.taken = word == TAKEN;
	c.full = (word & IS_FULL) != 0;
	if (word == 0 || c.taken)
		return c;
	c.n = c.full ? word_count(word) : 0;
	c.index = word_index(word);
	c.nb_mag = mags_for(word_count(word));
	/* Acquire: as in mags_claim(). */
	nb_groups = atomic_load_explicit(&d->nb_groups, memory_order_acquire);
	c.possible = c.full == ((word & IS_EMPTY) == 0) && word_count(word) != 0 &&
		     word_count(word) <= FM_CHAIN_BLOCKS && c.index % c.nb_mag == 0 &&
		     c.index + c.nb_mag <= nb_groups * FM_GROUP_MAGS;
	if (!c.possible)
		c.n = 0;
	return c;
}

uintptr_t
fm_depot_peek_block(const struct fm_depot *d, const struct fm_chain *c, unsigned int i)
{
	/* Relaxed: its owner may write it just now. */
	return __atomic_load_n((const uintptr_t *)(const void *)&blocks_at(d, c->index)[i],
			       __ATOMIC_RELAXED);
}

uint64_t
fm_depot_blocks(const struct fm_depot *d, unsigned int cls)
{
	uint64_t sum = 0;
	unsigned int i;
	uint32_t word;

	for (i = 0; i < FM_SHELF; i++) {
		/* Relaxed: a figure. */
		word = atomic_load_explicit(&d->shelf[cls][i], memory_order_relaxed);
		if ((word & IS_FULL) != 0)
			sum += word_count(word);
	}
	return sum;
}
