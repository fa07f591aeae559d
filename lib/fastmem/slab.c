/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the bitmap of a slab's free pages: claiming runs of them and giving them back.
 * Must not: know what pages are used for, wait for anyone, or touch them.
 * Called by: node.c, large.c and chunk.c, and by the stress test and the model in test/.
 *
 * I1. A bit that is 1 is a page that nobody has. Who clears it has it. Once threads share the slab
 *     the words change by read-modify-write alone, so that each carries on the release sequences
 *     of those before it.
 * I2. Of a word a claim takes all its pages or none. A run that spans words is claimed word by word
 *     in ascending order; who finds a page taken gives back what it has of the run and looks again.
 *     The one furthest along always succeeds, so nobody keeps a page of a run that it did not get.
 * I3. Only while such a claim is under way may another miss a run that is free before and after.
 *
 * Progress: lock-free. Model: test/model/slab.pml.
 */

#include "fastmem_priv.h"
#include "race_window.h"

#include <rte_common.h>

/* Bits of word `w` that pages [first, first + n) have. */
static uint64_t
word_mask(unsigned int w, unsigned int first, unsigned int n)
{
	unsigned int from = w * 64 > first ? 0 : first - w * 64;
	unsigned int to = first + n - w * 64;
	uint64_t below = to >= 64 ? UINT64_MAX : (UINT64_C(1) << to) - 1;

	return below & (UINT64_MAX << from);
}

/* Claim pages of one word: all or none. */
static bool
word_claim(_Atomic uint64_t *word, uint64_t mask)
{
	/* Relaxed: the compare-and-swap below orders. */
	uint64_t old = atomic_load_explicit(word, memory_order_relaxed);

	do {
		if ((old & mask) != mask)
			return false;
		RACE_WINDOW();
		/* A1: pairs with R1; who had the pages is done with them. */
	} while (!atomic_compare_exchange_weak_explicit(
		word, &old, old & ~mask, memory_order_acquire, memory_order_relaxed));
	return true;
}

bool
fm_slab_claim_at(struct fm_slab *s, unsigned int first, unsigned int n)
{
	unsigned int w, last = (first + n - 1) / 64;

	for (w = first / 64; w <= last; w++) {
		RACE_WINDOW();
		if (word_claim(&s->free[w], word_mask(w, first, n)))
			continue;
		if (w > first / 64)
			fm_slab_release(s, first, w * 64 - first);
		return false;
	}
	return true;
}

void
fm_slab_release(struct fm_slab *s, unsigned int first, unsigned int n)
{
	unsigned int w, last = (first + n - 1) / 64;

	for (w = first / 64; w <= last; w++) {
		RACE_WINDOW();
		/* R1: pairs with A1. Sequentially consistent for callers' hints, as R1 of page.c. */
		atomic_fetch_or_explicit(&s->free[w], word_mask(w, first, n), memory_order_seq_cst);
	}
}

unsigned int
fm_slab_row(const struct fm_slab *s, unsigned int page, unsigned int max, bool free)
{
	unsigned int n = 0, run, end = RTE_MIN(page + max, (unsigned int)FM_SLAB_PAGES);
	uint64_t word;

	while (page + n < end) {
		/* Relaxed: only to find a place; the claim decides. */
		word = atomic_load_explicit(&s->free[(page + n) / 64], memory_order_relaxed);
		word = (free ? ~word : word) >> (page + n) % 64;
		run = word == 0 ? 64 : (unsigned int)__builtin_ctzll(word);
		if (run < 64 - (page + n) % 64)
			return RTE_MIN(n + run, max);
		n += 64 - (page + n) % 64;
	}
	return RTE_MIN(n, max);
}

/* First page of `n` in a row, at a multiple of `align`, in a copy of the bitmap; -1: none. */
static int
find_run(const uint64_t *free, unsigned int n, unsigned int align)
{
	unsigned int page = 0, start, end;
	uint64_t rest;

	while (page + n <= FM_SLAB_PAGES) {
		rest = free[page / 64] >> (page % 64);
		if (rest == 0) {
			page = (page / 64 + 1) * 64;
			continue;
		}
		page += (unsigned int)__builtin_ctzll(rest);
		start = (page + align - 1) / align * align;
		for (end = page; end < FM_SLAB_PAGES && end < start + n;) {
			rest = ~(free[end / 64] >> (end % 64));
			if (rest != 0 && (unsigned int)__builtin_ctzll(rest) < 64 - end % 64) {
				end += (unsigned int)__builtin_ctzll(rest);
				break;
			}
			end = (end / 64 + 1) * 64;
		}
		if (end >= start + n)
			return (int)start;
		page = end + 1;
	}
	return -1;
}

int
fm_slab_claim(struct fm_slab *s, unsigned int n, unsigned int align)
{
	uint64_t copy[FM_SLAB_WORDS];
	unsigned int w;
	int first;

	for (;;) {
		/* Relaxed: only to find a place; the claim decides. */
		for (w = 0; w < FM_SLAB_WORDS; w++)
			copy[w] = atomic_load_explicit(&s->free[w], memory_order_relaxed);
		first = find_run(copy, n, align);
		if (first < 0 || fm_slab_claim_at(s, (unsigned int)first, n))
			return first;
	}
}
