/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the places of samples: which block's sample lies where, and whose place is whose.
 * Must not: know what a sample is for, wait for anyone, or touch a block.
 * Called by: sample.c and sample_look.c, and by the stress test and the model in test/.
 *
 * I1. A place is free (key 0), somebody's (BUSY) or kept (a block and a turn). It changes from
 *     free to BUSY and from kept to BUSY by compare-and-swap, so it is one thread's; that thread
 *     alone stores the next key.
 * I2. A sample is written and read only by whose place it is.
 * I3. Each time a place is kept it has another turn, so who read a key, looked at the block
 *     elsewhere and then takes the place by that key takes the sample that it saw. (After 65536
 *     samples of one block in one place during one look it might take another.)
 * I4. At most one sample of a block is kept: its block is out, and whoever frees it takes it first.
 *
 * A block's place is one of PROBES from where its address points to: a look-up reads two lines.
 *
 * Progress: wait-free. Model: test/model/sample_places.pml.
 */

#include "fastmem_sample_priv.h"
#include "race_window.h"

#include <stdlib.h>

#include <rte_common.h>

#define BUSY   UINT64_C(1)
#define PROBES 16

/* Blocks lie at multiples of 64, so these are the upper bits of a key. */
#define BLOCK_SHIFT 6
#define TURN_BITS   16

bool
fm_places_make(struct fm_places *p, uint32_t n)
{
	*p = (struct fm_places){
		.n = n,
		.key = calloc(n, sizeof(*p->key)),
		.sample = calloc(n, sizeof(*p->sample)),
		.turn = calloc(n, sizeof(*p->turn)),
	};
	if (p->key != NULL && p->sample != NULL && p->turn != NULL)
		return true;
	fm_places_free(p);
	return false;
}

void
fm_places_free(struct fm_places *p)
{
	free((void *)p->key);
	free(p->sample);
	free(p->turn);
	*p = (struct fm_places){ .n = 0 };
}

/* The i-th place where a block's sample may lie. */
static uint32_t
nth_place(const struct fm_places *p, const void *block, uint32_t i)
{
	/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4). */
	uint64_t hash = ((uintptr_t)block >> BLOCK_SHIFT) * UINT64_C(0x9e3779b97f4a7c15);

	return ((uint32_t)(hash >> 32) + i) & (p->n - 1);
}

static uint32_t
nb_probes(const struct fm_places *p)
{
	return RTE_MIN(p->n, (uint32_t)PROBES);
}

bool
fm_places_claim(struct fm_places *p, const void *block, uint32_t *place)
{
	uint64_t key;
	uint32_t i, at;

	for (i = 0; i < nb_probes(p); i++) {
		at = nth_place(p, block, i);
		key = atomic_load_explicit(&p->key[at], memory_order_relaxed);
		/* A1: pairs with R1, so that the sample before is done with. */
		if (key == 0 && atomic_compare_exchange_strong_explicit(&p->key[at], &key, BUSY,
									memory_order_acquire,
									memory_order_relaxed)) {
			*place = at;
			return true;
		}
	}
	return false;
}

void
fm_places_keep(struct fm_places *p, const void *block, uint32_t place)
{
	uint64_t turn = ++p->turn[place];

	RACE_WINDOW();
	/* R2: pairs with A2, for the sample. */
	atomic_store_explicit(&p->key[place],
			      (uint64_t)((uintptr_t)block >> BLOCK_SHIFT) << TURN_BITS | turn,
			      memory_order_release);
}

uintptr_t
fm_places_block(uint64_t key)
{
	return (uintptr_t)(key >> TURN_BITS) << BLOCK_SHIFT;
}

bool
fm_places_take_at(struct fm_places *p, uint32_t place, uint64_t key)
{
	RACE_WINDOW();
	/* A2: pairs with R2. (So do, by other ways, who frees the block, and who read the key.) */
	return atomic_compare_exchange_strong_explicit(&p->key[place], &key, BUSY,
						       memory_order_acquire, memory_order_relaxed);
}

bool
fm_places_take(struct fm_places *p, const void *block, uint32_t *place)
{
	uint64_t key;
	uint32_t i;

	for (i = 0; i < nb_probes(p); i++) {
		*place = nth_place(p, block, i);
		key = atomic_load_explicit(&p->key[*place], memory_order_relaxed);
		if (fm_places_block(key) == (uintptr_t)block && fm_places_take_at(p, *place, key))
			return true;
	}
	return false;
}

uint64_t
fm_places_key(const struct fm_places *p, uint32_t place)
{
	/* Acquire: what the thread that kept it did before, as taking the block, is seen. */
	uint64_t key = atomic_load_explicit(&p->key[place], memory_order_acquire);

	return key == BUSY ? 0 : key;
}

void
fm_places_release(struct fm_places *p, uint32_t place)
{
	RACE_WINDOW();
	/* R1: pairs with A1. */
	atomic_store_explicit(&p->key[place], 0, memory_order_release);
}
