/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the lock-free stack through which threads exchange blocks in chains.
 * Must not: touch a block: it knows numbers alone.
 * Called by: memalloc_pool.c.
 *
 * I1. A block is in one chain of the stack, or its number is in one caller's hands.
 * I2. head is a tag above, and below it 1 + the first block of the chain on top; 0: none.
 * I3. Each pop makes another tag. So if head is what it was, the chain on top has been there all the
 *     while, and what lies below it is what was read.
 * I4. next[] of a chain's blocks is read and written by who has the chain alone; down[] of its first
 *     may be read by anyone, who believes it only when I3 says so.
 *
 * The tag has what the number leaves of 64 bits: of a million blocks 44 bits, which a thread that
 * was stopped between two steps finds unchanged again after 2^44 pops.
 */

#include <errno.h>
#include <stdlib.h>

#include "race_window.h"
#include "memalloc_priv.h"

int
ma_depot_init(struct ma_depot *d, uint32_t capacity)
{
	d->bits = 64 - (unsigned int)__builtin_clzll(capacity);
	d->next = calloc(capacity, sizeof(*d->next));
	d->down = calloc(capacity, sizeof(*d->down));
	if (d->next == NULL || d->down == NULL) {
		ma_depot_fini(d);
		return -ENOMEM;
	}
	atomic_init(&d->head, 0);
	atomic_init(&d->nb, 0);
	return 0;
}

void
ma_depot_fini(struct ma_depot *d)
{
	free(d->next);
	free(d->down);
}

void
ma_depot_push(struct ma_depot *d, const uint32_t *blocks, unsigned int n)
{
	uint64_t mask = (UINT64_C(1) << d->bits) - 1, head;
	unsigned int i;

	for (i = 0; i + 1 < n; i++)
		d->next[blocks[i]] = 1 + blocks[i + 1];
	d->next[blocks[i]] = 0;
	/* Relaxed: only compared, and what is below is not looked at. */
	head = atomic_load_explicit(&d->head, memory_order_relaxed);
	do {
		/* Relaxed: R1 publishes it. */
		atomic_store_explicit(&d->down[blocks[0]], (uint32_t)(head & mask),
				      memory_order_relaxed);
		RACE_WINDOW();
		/* R1: pairs with A1 and A2: the chain and what is below it are written, and we are
		 * done with the blocks. Later pops go on with its release sequence. */
	} while (!atomic_compare_exchange_weak_explicit(
		&d->head, &head, (head & ~mask) | (1 + (uint64_t)blocks[0]), memory_order_release,
		memory_order_relaxed));
	/* Relaxed: for statistics. */
	atomic_fetch_add_explicit(&d->nb, n, memory_order_relaxed);
}

unsigned int
ma_depot_pop(struct ma_depot *d, uint32_t *blocks)
{
	uint64_t mask = (UINT64_C(1) << d->bits) - 1, head;
	uint32_t first, below;
	unsigned int n = 0;

	/* A1: pairs with R1, for down[] of this chain. */
	head = atomic_load_explicit(&d->head, memory_order_acquire);
	do {
		first = (uint32_t)(head & mask);
		if (first == 0)
			return 0;
		/* Relaxed: A1 or A2 has it as it was published; if it is a later one's, I3. */
		below = atomic_load_explicit(&d->down[first - 1], memory_order_relaxed);
		RACE_WINDOW();
		/* A2: pairs with R1, as A1 does, when it fails; when it does not, A1 or the last A2
		 * saw the same head, and C11 wants no stronger order for failure. */
	} while (!atomic_compare_exchange_weak_explicit(
		&d->head, &head, ((head >> d->bits) + 1) << d->bits | below, memory_order_acquire,
		memory_order_acquire));
	for (; first != 0; first = d->next[first - 1])
		blocks[n++] = first - 1;
	/* Relaxed: for statistics. */
	atomic_fetch_sub_explicit(&d->nb, n, memory_order_relaxed);
	return n;
}
