/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns what a node does when it runs out: relief, remembering a failure, keeping caches empty.
 * Must not make a thread wait for another, but for growth, and then only who needs it.
 * Called by node.c, large.c and cache.c, off the fast path.
 *
 * A failure is remembered by class, so that the next costs nanoseconds, until a block comes back
 * or memory is added. Who fails sets the bit and then looks once more; who returns a block does so
 * and then looks at the bit: whichever comes second sees the other (both fences are sequentially
 * consistent).
 *
 * A block that another thread frees would disappear in that thread's cache. So while a node is
 * hungry every cache's slots on it say that they are full: `end`, a hint, is set to 0 in all of
 * them, and each free takes the slow path, which gives the slot's blocks to their runs. After
 * FED_ENOUGH returns without a failure the caches may keep blocks again.
 */

#include "fastmem_trace.h"

#include "race_window.h"

#define FED_ENOUGH 256

static void
close_slots(struct fm_state *st, const struct fm_node *node)
{
	uint32_t i, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	struct fm_unit *u;
	unsigned int cls;

	for (i = 0; i < nb; i++) {
		u = st->unit[i];
		if (fm_unit_kind(atomic_load_explicit(&u->state, memory_order_relaxed)) !=
		    FM_UNIT_CACHE)
			continue;
		for (cls = 0; cls < FM_CLASSES; cls++)
			/* Relaxed: a hint; the owner looks at `hungry` when it sets end again. */
			__atomic_store_n(&u->slots[fm_slot_index(node->index, cls)].end, 0,
					 __ATOMIC_RELAXED);
	}
}

bool
fm_shortage_known(const struct fm_node *node, unsigned int cls)
{
	uint64_t word = atomic_load_explicit(&node->failed[cls / 64], memory_order_relaxed);

	return (word & UINT64_C(1) << cls % 64) != 0 && !fm_may_grow(node);
}

void
fm_shortage_begin(struct fm_state *st, struct fm_node *node, unsigned int cls)
{
	atomic_fetch_or_explicit(&node->failed[cls / 64], UINT64_C(1) << cls % 64,
				 memory_order_relaxed);
	if (atomic_exchange_explicit(&node->hungry, FED_ENOUGH, memory_order_relaxed) == 0)
		close_slots(st, node);
	RACE_WINDOW();
	atomic_thread_fence(memory_order_seq_cst); /* F1: pairs with F2 */
}

void
fm_shortage_end(struct fm_node *node)
{
	unsigned int i;

	RACE_WINDOW();
	atomic_thread_fence(memory_order_seq_cst); /* F2: pairs with F1 */
	for (i = 0; i < sizeof(node->failed) / sizeof(node->failed[0]); i++)
		if (atomic_load_explicit(&node->failed[i], memory_order_relaxed) != 0)
			atomic_store_explicit(&node->failed[i], 0, memory_order_relaxed);
}

bool
fm_shortage_hungry(const struct fm_node *node)
{
	return atomic_load_explicit(&node->hungry, memory_order_relaxed) != 0;
}

void
fm_shortage_fed(struct fm_node *node)
{
	uint32_t left = atomic_load_explicit(&node->hungry, memory_order_relaxed);

	/* Relaxed, and a lost race is as good: it only says about how long. */
	if (left != 0)
		atomic_compare_exchange_strong_explicit(&node->hungry, &left, left - 1,
							memory_order_relaxed, memory_order_relaxed);
	fm_shortage_end(node);
}

static bool
relieve(struct fm_state *st, struct fm_node *node, unsigned int relief, uint64_t size)
{
	switch (relief) {
	case FM_RELIEF_DRAIN:
		fm_node_drain(st, node);
		return true;
	case FM_RELIEF_FLUSH:
		return fm_cache_flush(st, node) != 0;
	case FM_RELIEF_PACK:
		return true;
	default:
		return fm_grow(st, node, size);
	}
}

bool
fm_shortage_relieve(struct fm_state *st, struct fm_node *node, unsigned int relief, uint64_t size)
{
	bool helped = relieve(st, node, relief, size);

	fm_trace_reclaim(node->node_id, relief, size, helped);
	return helped;
}
