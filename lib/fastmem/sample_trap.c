/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns traps: which slots' next pops come by the slow path, and which of those pops is the sample.
 * Must not call the sampler, nor touch what a slot holds.
 * Called by sample.c in the thread that polls, and by cache.c where a thread meets a trap.
 *
 * A poll looks how many bytes went through each slot since its last sample, and sets a trap (see
 * fastmem_sample_priv.h) where they are enough. As polls come at instants, a pop after a pause would
 * be met more often than one that follows another closely; so the trap stays for a random number of
 * pops. The sample stands for all blocks that were popped since the last.
 */

#include "fastmem_sample_priv.h"
#include "race_window.h"

#include <stdlib.h>

#include <rte_common.h>
#include <rte_random.h>

#define TRAPS_A_POLL 8	/* a sample takes some microseconds, mostly to unwind a stack */
#define SKIP_MAX     64 /* pops; a power of two */

/* Of a unit's slot: where its last sample was, and how many pops its trap has to stay. */
struct gauge {
	_Atomic uint64_t popped;
	_Atomic uint32_t skip;
};

static _Atomic(struct gauge *) gauges[FM_MAX_UNITS]; /* by slot; they stay when sampling ends */

/* What was counted since a slot's last sample; counting may have begun anew. */
static uint64_t
since(uint64_t popped, const struct gauge *g)
{
	int64_t n = (int64_t)(popped - atomic_load_explicit(&g->popped, memory_order_relaxed));

	return n >= 0 ? (uint64_t)n : popped;
}

void
fm_sample_trapped(const struct fm_state *st, struct fm_unit *u, unsigned int node, unsigned int cls,
		  unsigned int n)
{
	unsigned int i = fm_slot_index(node, cls);
	struct rte_fastmem_slot *slot = &u->slots[i];
	uint32_t skip, mode = atomic_load_explicit(&fm_sampling, memory_order_relaxed);
	/* Acquire: pairs with gauge_of(). */
	struct gauge *g = atomic_load_explicit(&gauges[u->index], memory_order_acquire);
	uint64_t popped = slot->nb_alloc + n;

	if (mode == FM_SAMPLING_ALL)
		return;
	if (mode == FM_SAMPLING_SOME && g != NULL) {
		g += i;
		skip = atomic_load_explicit(&g->skip, memory_order_relaxed);
		if (skip >= n) {
			atomic_store_explicit(&g->skip, skip - n, memory_order_relaxed);
			return;
		}
		fm_sample_due(RTE_MAX(since(popped, g), UINT64_C(1)), skip);
		atomic_store_explicit(&g->popped, popped, memory_order_relaxed);
	}
	RACE_WINDOW();
	__atomic_store_n(&slot->base, fm_slot_base(st, u, node, cls), __ATOMIC_RELAXED);
}

/* Set one; false: the slot has none of its own yet, or has a trap. */
static bool
set_trap(struct rte_fastmem_slot *slot)
{
	uintptr_t base = __atomic_load_n(&slot->base, __ATOMIC_RELAXED);

	RACE_WINDOW();
	/* Relaxed: the owner may meet it with an old `skip`, and takes another block then. */
	return base != 0 && base != FM_TRAP &&
	       __atomic_compare_exchange_n(&slot->base, &base, FM_TRAP, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

void
fm_sample_slot_new(struct rte_fastmem_slot *slot)
{
	RACE_WINDOW();
	/* The slot, then the mode; fm_sample_trap_all() is the other way round: one of us sees. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&fm_sampling, memory_order_relaxed) == FM_SAMPLING_ALL)
		set_trap(slot);
}

typedef void (*slot_fn)(struct fm_unit *u, unsigned int i, unsigned int cls, void *arg);

/* Call it on all slots of this process's threads. */
static void
for_slots(struct fm_state *st, slot_fn fn, void *arg)
{
	uint32_t i, node, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	unsigned int cls;

	for (i = 0; i < nb; i++) {
		if (atomic_load_explicit(&st->unit[i]->state, memory_order_relaxed) !=
		    fm_unit_state(FM_UNIT_CACHE, fm_process.holder))
			continue;
		for (node = 0; node < st->nb_nodes; node++)
			for (cls = 0; cls < FM_CLASSES; cls++)
				fn(st->unit[i], fm_slot_index(node, cls), cls, arg);
	}
}

static void
trap_one(struct fm_unit *u, unsigned int i, unsigned int cls, void *arg)
{
	(void)cls;
	(void)arg;
	set_trap(&u->slots[i]);
	__atomic_store_n(&u->slots[i].end, 0, __ATOMIC_RELAXED);
}

void
fm_sample_trap_all(struct fm_state *st)
{
	atomic_thread_fence(memory_order_seq_cst);
	for_slots(st, trap_one, NULL);
}

static uint64_t
nb_popped(const struct fm_unit *u, unsigned int i)
{
	return __atomic_load_n(&u->slots[i].nb_alloc, __ATOMIC_RELAXED);
}

/*
 * Count from now on, or somewhat before: so slots through which less goes than one sample is for get
 * their share of samples all the same.
 */
static void
begin_counting(const struct fm_unit *u, struct gauge *g, uint64_t interval)
{
	unsigned int i, node, cls;

	for (node = 0; node < fm_state()->nb_nodes; node++)
		for (cls = 0; cls < FM_CLASSES; cls++) {
			i = fm_slot_index(node, cls);
			atomic_store_explicit(
				&g[i].popped,
				nb_popped(u, i) - rte_rand_max(interval / fm_class[cls].size + 1),
				memory_order_relaxed);
		}
}

/* A unit's gauges, made now; NULL: there is no memory. */
static struct gauge *
gauge_of(const struct fm_unit *u, uint64_t interval)
{
	struct gauge *g = atomic_load_explicit(&gauges[u->index], memory_order_relaxed);

	if (g != NULL)
		return g;
	g = calloc(fm_state()->nb_slots, sizeof(*g));
	if (g != NULL)
		begin_counting(u, g, interval);
	/* Release: pairs with the acquire in fm_sample_trapped(). */
	atomic_store_explicit(&gauges[u->index], g, memory_order_release);
	return g;
}

/* The slots through which most bytes went, and how many. */
struct choice {
	uint64_t interval;
	unsigned int n;
	struct {
		struct rte_fastmem_slot *slot;
		struct gauge *gauge;
		uint64_t bytes;
	} of[TRAPS_A_POLL];
};

static void
consider(struct fm_unit *u, unsigned int i, unsigned int cls, void *arg)
{
	struct choice *c = arg;
	struct gauge *g = gauge_of(u, c->interval);
	unsigned int at;
	uint64_t bytes;

	if (g == NULL)
		return;
	bytes = since(nb_popped(u, i), &g[i]) * fm_class[cls].size;
	if (bytes < c->interval || (c->n == TRAPS_A_POLL && bytes <= c->of[c->n - 1].bytes))
		return;
	at = c->n < TRAPS_A_POLL ? c->n++ : c->n - 1;
	for (; at > 0 && c->of[at - 1].bytes < bytes; at--)
		c->of[at] = c->of[at - 1];
	c->of[at].slot = &u->slots[i];
	c->of[at].gauge = &g[i];
	c->of[at].bytes = bytes;
}

void
fm_sample_set_traps(struct fm_state *st, uint64_t interval)
{
	struct choice c = { .interval = interval };
	unsigned int i;

	for_slots(st, consider, &c);
	for (i = 0; i < c.n; i++) {
		/* While a trap is set this is its owner's. */
		if (__atomic_load_n(&c.of[i].slot->base, __ATOMIC_RELAXED) == FM_TRAP)
			continue;
		atomic_store_explicit(&c.of[i].gauge->skip, (uint32_t)rte_rand() % SKIP_MAX,
				      memory_order_relaxed);
		set_trap(c.of[i].slot);
	}
}

void
fm_sample_traps_reset(const struct fm_state *st, uint64_t interval)
{
	uint32_t i, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	struct gauge *g;

	/* Also of units whose threads are not ours now. */
	for (i = 0; i < nb; i++) {
		g = gauge_of(st->unit[i], interval);
		if (g != NULL)
			begin_counting(st->unit[i], g, interval);
	}
}
