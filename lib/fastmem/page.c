/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the protocol on the word of a page run: which of its blocks are free.
 * Must not: know what a slab is, wait for anyone, or touch a block.
 * Called by: node.c and large.c, and by the stress test and the model in test/.
 *
 * I1. A bit that is 1 is a block that nobody has; setting it gives the block away, clearing it by
 *     compare-and-swap takes it. Nobody needs to own the run.
 * I2. The word of a live run equals `full` only if no block is out. So only then can the
 *     compare-and-swap to 0 succeed that takes the whole run away from its class (in
 *     fm_page_put()), and a block returned late finds its run as it left it.
 * I3. While somebody holds a block of a run, the run's entry does not change (by I2). So a taker
 *     checks the entry *after* it took: if it is another class's, the word had the same value by
 *     chance, and the bits go back as they came.
 *     The same holds for who took a whole run away: between the return that filled the word and
 *     the compare-and-swap the run may have been given to another class.
 * I4. The word of a page that is free or a run's tail is 0: nothing can be taken there.
 *
 * Progress: lock-free; a failed compare-and-swap means that another's succeeded.
 * Model: test/model/page.pml.
 */

#include "fastmem_priv.h"
#include "race_window.h"

/* The lowest `n` bits that are set. */
static uint64_t
lowest_bits(uint64_t word, unsigned int n)
{
	uint64_t rest = word;

	while (rest != 0 && n-- > 0)
		rest &= rest - 1;
	return word & ~rest;
}

uint64_t
fm_page_take(_Atomic uint64_t *word, const _Atomic uint16_t *entry_of, uint16_t entry,
	     unsigned int n, bool *left, bool *foreign)
{
	/* Relaxed: the compare-and-swap below orders. */
	uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
	uint64_t taken;

	*left = false;
	*foreign = false;
	do {
		taken = lowest_bits(old, n);
		if (taken == 0)
			return 0;
		RACE_WINDOW();
		/*
		 * A1: pairs with R1, so that what the last holder wrote into the blocks is over;
		 * and with the release that published the run, so that I3's check is right.
		 */
	} while (!atomic_compare_exchange_weak_explicit(
		word, &old, old & ~taken, memory_order_acquire, memory_order_relaxed));
	*left = (old & ~taken) != 0;
	RACE_WINDOW();
	/* Relaxed: by I3 it cannot change while we hold the bits, and A1 made it visible. */
	*foreign = atomic_load_explicit(entry_of, memory_order_relaxed) != entry;
	return taken;
}

enum fm_page_put
fm_page_put(_Atomic uint64_t *word, uint64_t blocks, uint64_t full)
{
	/*
	 * R1: pairs with A1 and A2. Sequentially consistent for callers who keep a hint: set the word,
	 * then look at the hint, where another clears the hint, then looks at the word.
	 */
	uint64_t old = atomic_fetch_or_explicit(word, blocks, memory_order_seq_cst);
	uint64_t now = old | blocks;

	if ((old & blocks) != 0)
		return FM_PUT_TWICE;
	RACE_WINDOW();
	/*
	 * A2: pairs with the R1 of all who returned a block (each read-modify-write carries on the
	 * release sequences of those before it): who has the run now reuses everyone's blocks.
	 */
	if (now == full && atomic_compare_exchange_strong_explicit(
				   word, &now, 0, memory_order_acquire, memory_order_relaxed))
		return FM_PUT_EMPTY;
	return old == 0 ? FM_PUT_FIRST : FM_PUT_OK;
}
