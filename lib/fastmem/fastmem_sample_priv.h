/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Sampling: sample*.c, and what the slow paths tell them.
 */

#ifndef FASTMEM_SAMPLE_PRIV_H
#define FASTMEM_SAMPLE_PRIV_H

#include "fastmem_priv.h"
#include "rte_fastmem_sample.h"

#include <rte_branch_prediction.h>

/*
 * A trap: as a slot's base it is above any top, taken as signed numbers, so the next pop of any
 * kind fails and comes by the slow path; pushes do not look at base. Samplers set it by
 * compare-and-swap, the owner alone takes it away. What base is without it can be told at any time.
 */
#define FM_TRAP ((uintptr_t)INTPTR_MAX)

/* Where a slot's entries begin, trap or not; 0: it has none yet. */
static inline uintptr_t
fm_slot_base(const struct fm_state *st, const struct fm_unit *u, unsigned int node,
	     unsigned int cls)
{
	/* Relaxed: set when a thread begins to use the slot; a trap changes nothing about it. */
	uintptr_t base =
		__atomic_load_n(&u->slots[fm_slot_index(node, cls)].base, __ATOMIC_RELAXED);
	uint32_t lender;

	if (likely(base != FM_TRAP))
		return base;
	lender = __atomic_load_n(&u->array_unit[node], __ATOMIC_RELAXED);
	/* Who reads it from outside may come when the thread has just left. */
	return lender == 0 ? 0 : (uintptr_t)(st->unit[lender - 1]->array + fm_class[cls].array);
}

/* ---------------------------------------------------------------- sample.c */

enum fm_sampling {
	FM_SAMPLING_OFF,
	FM_SAMPLING_SOME,
	FM_SAMPLING_ALL, /* every operation comes by the slow path: traps and closed slots stay */
};

/* What this process samples. */
extern _Atomic uint32_t fm_sampling;

/* For who would tell of something. */
static inline bool
fm_is_sampling(void)
{
	/* Relaxed: who is told looks again. */
	return unlikely(atomic_load_explicit(&fm_sampling, memory_order_relaxed) !=
			FM_SAMPLING_OFF);
}

/* A slot's pushes have to go on coming by the slow path. Counts the push that asks. */
bool
fm_sample_keeps_closed(const struct fm_node *node, unsigned int cls);

/* The calling thread got a block of so many bytes out of no cache. */
void
fm_sample_passed(size_t size);

/* Of the blocks that the calling thread is about to get this one is a sample, for so many. */
void
fm_sample_due(uint64_t blocks, uint32_t index);

/* It got `n` blocks (0: it got none) by that request. */
void
fm_sample_given(struct fm_state *st, const struct fm_node *node, const struct fm_request *r,
		void *const *blocks, unsigned int n);

/* A block is about to be freed. */
void
fm_sample_freed(const void *block);

/* This process has memory: whoever waited for it may begin to sample. */
void
fm_sample_begin(void);

/* All memory goes back to EAL, or this process leaves it. */
void
fm_sample_end(void);

/* A sample, whose place is the caller's alone, is over. */
void
fm_sample_over(uint32_t place, enum rte_fastmem_sample_end end);

/* ---------------------------------------------------------------- sample_trap.c */

/*
 * The calling thread is about to take `n` blocks of a slot of its unit which has them, and has seen
 * a trap there. Takes it away, or leaves it for later.
 */
void
fm_sample_trapped(const struct fm_state *st, struct fm_unit *u, unsigned int node, unsigned int cls,
		  unsigned int n);

/* The calling thread has a new slot: with FM_SAMPLING_ALL it is trapped at once. */
void
fm_sample_slot_new(struct rte_fastmem_slot *slot);

/* Count from now on for a sample each `interval` bytes. */
void
fm_sample_traps_reset(const struct fm_state *st, uint64_t interval);

/* Trap slots through which so many bytes went. */
void
fm_sample_set_traps(struct fm_state *st, uint64_t interval);

/* Trap and close all slots; fm_sampling says why already. */
void
fm_sample_trap_all(struct fm_state *st);

/* ---------------------------------------------------------------- sample_places.c */

/* Samples by their blocks' addresses, of those that are not over. Protocol: see there. */
struct fm_places {
	uint32_t n; /* a power of two */
	_Atomic uint64_t *key;
	struct rte_fastmem_sample *sample;
	uint16_t *turn;
};

/* false: there is no memory. */
bool
fm_places_make(struct fm_places *p, uint32_t n);

void
fm_places_free(struct fm_places *p);

/* A place for a block's sample, to be filled in; false: all near it are taken. */
bool
fm_places_claim(struct fm_places *p, const void *block, uint32_t *place);

/* It is filled in: others may find it. */
void
fm_places_keep(struct fm_places *p, const void *block, uint32_t place);

/* Take a block's sample away, if there is one: its place is the caller's. */
bool
fm_places_take(struct fm_places *p, const void *block, uint32_t *place);

/* The key of a place that somebody may find; 0: none may. */
uint64_t
fm_places_key(const struct fm_places *p, uint32_t place);

/* The block that a key stands for. */
uintptr_t
fm_places_block(uint64_t key);

/* Take a sample away that was there when its key was read, if it still is. */
bool
fm_places_take_at(struct fm_places *p, uint32_t place, uint64_t key);

/* Let others have a place. */
void
fm_places_release(struct fm_places *p, uint32_t place);

/* ---------------------------------------------------------------- sample_look.c */

/* End those samples whose blocks are free, or in a cache. */
void
fm_sample_look(struct fm_state *st, struct fm_places *places);

/* ---------------------------------------------------------------- node.c */

enum fm_block_state {
	FM_BLOCK_OUT,	/* somebody has it, or a cache */
	FM_BLOCK_FREE,	/* it, or all of its page, is free */
	FM_BLOCK_LARGE, /* it has a run of pages of its own */
};

/* What the node says of a block that was handed out once. */
enum fm_block_state
fm_node_block_state(const void *block);

#endif /* FASTMEM_SAMPLE_PRIV_H */
