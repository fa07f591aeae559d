/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the units: memory for threads' caches, who has which, and what was counted in them.
 * Must not move blocks.
 * Called by cache.c for threads that come and go; chunk.c and state.c supply them.
 */

#include "fastmem_inside.h"

#include <rte_common.h>

struct unit_layout {
	size_t slots, counters, baseline, aim, array, size; /* offsets */
};

static struct unit_layout
unit_layout(unsigned int nb_slots)
{
	struct unit_layout l;

	l.slots = RTE_ALIGN_CEIL(sizeof(struct fm_unit), FM_LINE);
	l.counters = RTE_ALIGN_CEIL(l.slots + nb_slots * sizeof(struct rte_fastmem_slot), FM_LINE);
	l.baseline = l.counters + nb_slots * sizeof(struct fm_slot_counters);
	l.aim = l.baseline + nb_slots * sizeof(struct fm_figures);
	l.array = RTE_ALIGN_CEIL(l.aim + nb_slots * sizeof(struct fm_aim), FM_LINE);
	l.size = RTE_ALIGN_CEIL(l.array + fm_class_array_len() * sizeof(uintptr_t), FM_LINE);
	return l;
}

size_t
fm_unit_size(unsigned int nb_slots)
{
	return unit_layout(nb_slots).size;
}

void
fm_units_add(struct fm_state *st, unsigned int node, void *mem, unsigned int n)
{
	uint32_t index = atomic_load_explicit(&st->nb_units, memory_order_relaxed);
	struct unit_layout l = unit_layout(st->nb_slots);
	struct fm_unit *u;
	char *at = mem;

	for (; n > 0 && index < FM_MAX_UNITS; n--, index++, at += l.size) {
		u = (struct fm_unit *)(void *)at;
		u->index = index;
		u->node = node;
		u->slots = (struct rte_fastmem_slot *)(void *)(at + l.slots);
		u->counters = (struct fm_slot_counters *)(void *)(at + l.counters);
		u->baseline = (struct fm_figures *)(void *)(at + l.baseline);
		u->aim = (struct fm_aim *)(void *)(at + l.aim);
		u->array = (uintptr_t *)(void *)(at + l.array);
		atomic_store_explicit(&u->tag, FM_TAG_SHARED, memory_order_relaxed);
		atomic_store_explicit(&u->state, fm_unit_state(FM_UNIT_FREE, 0),
				      memory_order_relaxed);
		st->unit[index] = u;
	}
	/* Release: who counts a unit in finds it laid out. */
	atomic_store_explicit(&st->nb_units, index, memory_order_release);
}

/* How well a free unit suits; 0: it is not free. */
static unsigned int
suits(const struct fm_unit *u, unsigned int node, uint32_t tag)
{
	if (fm_unit_kind(atomic_load_explicit(&u->state, memory_order_relaxed)) != FM_UNIT_FREE)
		return 0;
	return 1 + 2 * (u->node == node) +
	       (atomic_load_explicit(&u->tag, memory_order_relaxed) == tag);
}

static void
move_counter(_Atomic uint64_t *to, _Atomic uint64_t *from)
{
	atomic_fetch_add_explicit(to, atomic_load_explicit(from, memory_order_relaxed),
				  memory_order_relaxed);
	atomic_store_explicit(from, 0, memory_order_relaxed);
}

/*
 * Threads of another kind counted here before: move what they counted to the node's counters. The
 * slots are empty, so what was pushed is what was popped, less what was put in, plus what left.
 */
static void
hand_counters_over(struct fm_state *st, struct fm_unit *u)
{
	struct rte_fastmem_slot *slot;
	struct fm_slot_counters *from, *to;
	unsigned int node, cls, i, f;

	for (node = 0; node < st->nb_nodes; node++)
		for (cls = 0; cls <= FM_CLASSES; cls++) {
			i = fm_slot_index(node, cls);
			slot = &u->slots[i];
			from = &u->counters[i];
			to = &st->node[node].counters[cls].threads;
			atomic_fetch_add_explicit(
				&to->free_direct,
				slot->nb_alloc +
					atomic_load_explicit(&from->flushed, memory_order_relaxed) -
					atomic_load_explicit(&from->refilled, memory_order_relaxed),
				memory_order_relaxed);
			atomic_fetch_add_explicit(&to->alloc_direct, slot->nb_alloc,
						  memory_order_relaxed);
			slot->nb_alloc = 0;
			atomic_store_explicit(&from->flushed, 0, memory_order_relaxed);
			atomic_store_explicit(&from->refilled, 0, memory_order_relaxed);
			move_counter(&to->alloc_direct, &from->alloc_direct);
			move_counter(&to->free_direct, &from->free_direct);
			move_counter(&to->alloc_misses, &from->alloc_misses);
			move_counter(&to->free_misses, &from->free_misses);
			move_counter(&to->nomem, &from->nomem);
			for (f = 0; f < FM_FIGURES; f++)
				move_counter(&st->node[node].baseline[cls].of[f],
					     &u->baseline[i].of[f]);
		}
}

static struct fm_unit *
best_unit(struct fm_state *st, unsigned int node, uint32_t tag)
{
	/* Acquire: pairs with fm_units_add(). */
	uint32_t i, fit, best_fit = 0;
	uint32_t nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	struct fm_unit *best = NULL;

	for (i = 0; i < nb; i++) {
		fit = suits(st->unit[i], node, tag);
		if (fit > best_fit) {
			best_fit = fit;
			best = st->unit[i];
		}
	}
	return best;
}

struct fm_unit *
fm_unit_claim(struct fm_state *st, unsigned int node, uint32_t tag, enum fm_unit_kind kind)
{
	uint32_t expected, mine = fm_unit_state(kind, fm_process.holder);
	struct fm_unit *best;

	for (;;) {
		best = best_unit(st, node, tag);
		if (best == NULL && fm_grow_units(st, &st->node[node]))
			best = best_unit(st, node, tag);
		if (best == NULL)
			return NULL;
		expected = fm_unit_state(FM_UNIT_FREE, 0);
		/* Acquire: pairs with fm_unit_release(). */
		if (atomic_compare_exchange_strong_explicit(&best->state, &expected, mine,
							    memory_order_acquire,
							    memory_order_relaxed))
			break;
	}
	if (kind == FM_UNIT_CACHE &&
	    atomic_load_explicit(&best->tag, memory_order_relaxed) != tag) {
		fm_unit_enter(best);
		hand_counters_over(st, best);
		atomic_store_explicit(&best->tag, tag, memory_order_relaxed);
		fm_unit_exit(best);
	}
	return best;
}

void
fm_unit_release(struct fm_state *st, struct fm_unit *unit)
{
	unsigned int node, cls;
	struct rte_fastmem_slot *slot;
	struct fm_unit *lender;

	for (node = 0; node < st->nb_nodes; node++) {
		for (cls = 0; cls < FM_CLASSES; cls++) {
			slot = &unit->slots[fm_slot_index(node, cls)];
			slot->top = slot->end = 0;
			/* Relaxed: a sampler may be about to set a trap, which then comes too late. */
			__atomic_store_n(&slot->base, 0, __ATOMIC_RELAXED);
		}
		if (unit->array_unit[node] == 0)
			continue;
		lender = st->unit[unit->array_unit[node] - 1];
		unit->array_unit[node] = 0;
		if (lender != unit)
			atomic_store_explicit(&lender->state, fm_unit_state(FM_UNIT_FREE, 0),
					      memory_order_release);
	}
	/* Release: pairs with fm_unit_claim(). */
	atomic_store_explicit(&unit->state, fm_unit_state(FM_UNIT_FREE, 0), memory_order_release);
}

/* Sum of all marks; *inside: somebody is inside of one. */
static uint64_t
sum_marks(const struct fm_state *st, bool *inside)
{
	uint32_t i, mark, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	uint64_t sum = nb;

	for (i = 0; i < nb; i++) {
		/* Acquire: pairs with R2 of fastmem_inside.h. */
		mark = atomic_load_explicit(&st->unit[i]->inside, memory_order_acquire);
		*inside |= mark % 2 != 0;
		sum += mark;
	}
	return sum;
}

bool
fm_quiet(const struct fm_state *st)
{
	uint64_t begun, ended, sum;
	bool inside = false;

	/* What was read before counts as read before. */
	atomic_thread_fence(memory_order_seq_cst);
	begun = atomic_load_explicit(&st->begun, memory_order_acquire);
	sum = sum_marks(st, &inside);
	ended = atomic_load_explicit(&st->ended, memory_order_acquire);
	atomic_thread_fence(memory_order_seq_cst);
	/* Marks only grow: with the same sum each is the same, so nobody went in between. */
	return !inside && begun == ended && sum_marks(st, &inside) == sum &&
	       atomic_load_explicit(&st->begun, memory_order_acquire) == begun;
}
