/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns sampling: who samples, what comes by the slow path for it, and calling the sampler.
 * Must not slow down what is not sampled, nor make a thread that allocates wait.
 * Called by the application's control path, and by the slow paths while somebody samples.
 *
 * Which blocks of caches are sampled sample_trap.c knows. After a sample the class's slots are closed
 * for some frees, so that those come by here as well, and the ends of blocks that live shortly are
 * seen; of others sample_look.c finds them. Blocks that are no cache's count down the bytes until
 * the next sample in each thread.
 */

#include "fastmem_checker_priv.h"
#include "fastmem_sample_priv.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_random.h>

#include "rte_fastmem_walk.h"

#define WATCHED_FREES 64 /* of a class, after a sample of it */
#define LOOK_EVERY_MS 100
#define LOOK_SHARE    50 /* looking takes at most one part in so many of the time */

_Atomic uint32_t fm_sampling;

static void (*_Atomic at_init)(void);

static struct {
	pthread_mutex_t lock; /* who starts, polls or stops */
	struct rte_fastmem_sampler sampler;
	struct fm_places places;
	_Atomic int32_t watched[FM_MAX_NODES][FM_CLASSES]; /* frees that shall come by here */
	_Atomic uint64_t samples, lost, freed;
	_Atomic uint64_t interval; /* the sampler's */
	uint64_t next_look;	   /* TSC */
} now = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Threads of a unit, and those without, that are in the sampler's hands; each on a line of its own. */
static struct {
	_Alignas(FM_LINE) _Atomic uint32_t n;
} inside[FM_MAX_UNITS + 1];

/* What the thread is about to take is to be sampled. */
static __thread struct {
	uint64_t blocks; /* that the sample stands for; 0: it is not */
	uint32_t index;	 /* which of those that it takes at once */
	uint64_t passed; /* bytes past caches since the last */
	uint64_t after;	 /* that are enough for the next; 0: the thread begins */
} due;

/* ---- who is inside */

static _Atomic uint32_t *
inside_self(void)
{
	struct fm_state *st = fm_state();
	struct fm_unit *u = st == NULL ? NULL : fm_unit_self(st);

	return &inside[u == NULL ? FM_MAX_UNITS : u->index].n;
}

/* What is sampled, until leave(); FM_SAMPLING_OFF: nothing, and the caller is not inside. */
static uint32_t
enter(_Atomic uint32_t **mark)
{
	uint32_t mode;

	*mark = inside_self();
	/* Sequentially consistent, both: who stops clears the mode, then looks at the marks. */
	atomic_fetch_add_explicit(*mark, 1, memory_order_seq_cst);
	mode = atomic_load_explicit(&fm_sampling, memory_order_seq_cst);
	if (mode == FM_SAMPLING_OFF)
		atomic_fetch_sub_explicit(*mark, 1, memory_order_release);
	return mode;
}

static void
leave(_Atomic uint32_t *mark)
{
	/* Release: who sees nobody inside sees all that was done there. */
	atomic_fetch_sub_explicit(mark, 1, memory_order_release);
}

static void
wait_for_all(void)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(inside); i++)
		while (atomic_load_explicit(&inside[i].n, memory_order_seq_cst) != 0)
			sched_yield();
}

/* ---- samples */

void
fm_sample_over(uint32_t place, enum rte_fastmem_sample_end end)
{
	atomic_fetch_add_explicit(&now.freed, 1, memory_order_relaxed);
	now.sampler.freed(&now.places.sample[place], end, rte_rdtsc(), now.sampler.arg);
	fm_places_release(&now.places, place);
}

static void
take(struct fm_state *st, const struct fm_node *node, const struct fm_request *r, const void *block,
     uint64_t blocks)
{
	struct rte_fastmem_sample lost, *s;
	uint32_t place;

	atomic_fetch_add_explicit(&now.samples, 1, memory_order_relaxed);
	/* It was sampled before, and freed without our seeing it. */
	if (fm_places_take(&now.places, block, &place))
		fm_sample_over(place, RTE_FASTMEM_SAMPLE_FOUND);
	if (!fm_places_claim(&now.places, block, &place)) {
		atomic_fetch_add_explicit(&now.lost, 1, memory_order_relaxed);
		place = RTE_FASTMEM_SAMPLE_NO_PLACE;
	}
	s = place == RTE_FASTMEM_SAMPLE_NO_PLACE ? &lost : &now.places.sample[place];
	*s = (struct rte_fastmem_sample){
		.ptr = block,
		.asked = r->by_handle ? 0 : r->size,
		.given = fm_block_size(block),
		.blocks = blocks,
		.tsc = rte_rdtsc(),
		.node_id = node->node_id,
		.home_id = fm_node_self(st)->node_id,
		.place = place,
	};
	now.sampler.allocated(s, now.sampler.arg);
	if (s != &lost)
		fm_places_keep(&now.places, block, place);
}

/* Have the next frees of a class come by here. */
static void
watch_frees(struct fm_state *st, const struct fm_node *node, unsigned int cls)
{
	uint32_t i, state, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);

	if (cls >= FM_CLASSES)
		return;
	/* Before: an owner that opens its slot looks at this after. */
	atomic_store_explicit(&now.watched[node->index][cls], WATCHED_FREES, memory_order_seq_cst);
	for (i = 0; i < nb; i++) {
		state = atomic_load_explicit(&st->unit[i]->state, memory_order_relaxed);
		if (state == fm_unit_state(FM_UNIT_CACHE, fm_process.holder))
			/* Relaxed: a hint, as in shortage.c. */
			__atomic_store_n(&st->unit[i]->slots[fm_slot_index(node->index, cls)].end,
					 0, __ATOMIC_RELAXED);
	}
}

void
fm_sample_given(struct fm_state *st, const struct fm_node *node, const struct fm_request *r,
		void *const *blocks, unsigned int n)
{
	_Atomic uint32_t *mark;
	uint32_t i, mode = enter(&mark);

	if (mode == FM_SAMPLING_ALL)
		for (i = 0; i < n; i++)
			take(st, node, r, blocks[i], 1);
	else if (mode == FM_SAMPLING_SOME && due.blocks != 0 && due.index < n) {
		take(st, node, r, blocks[due.index], due.blocks);
		watch_frees(st, node, r->cls);
	}
	due.blocks = 0;
	if (mode != FM_SAMPLING_OFF)
		leave(mark);
}

void
fm_sample_freed(const void *block)
{
	_Atomic uint32_t *mark;
	uint32_t place;

	if (enter(&mark) == FM_SAMPLING_OFF)
		return;
	if (fm_places_take(&now.places, block, &place))
		fm_sample_over(place, RTE_FASTMEM_SAMPLE_FREED);
	leave(mark);
}

bool
fm_sample_keeps_closed(const struct fm_node *node, unsigned int cls)
{
	_Atomic int32_t *watched = &now.watched[node->index][cls];
	/* Sequentially consistent: after the owner's `end`, see watch_frees() and fm_sample_trap_all(). */
	uint32_t mode = atomic_load_explicit(&fm_sampling, memory_order_seq_cst);

	return mode == FM_SAMPLING_ALL ||
	       (mode == FM_SAMPLING_SOME &&
		atomic_load_explicit(watched, memory_order_seq_cst) > 0 &&
		atomic_fetch_sub_explicit(watched, 1, memory_order_relaxed) > 0);
}

void
fm_sample_due(uint64_t blocks, uint32_t index)
{
	due.blocks = blocks;
	due.index = index;
}

void
fm_sample_passed(size_t size)
{
	uint64_t interval = atomic_load_explicit(&now.interval, memory_order_relaxed);

	/* A thread begins somewhere in an interval, so that what is too little for a sample gets its share. */
	if (due.after == 0) {
		due.passed = rte_rand_max(interval);
		due.after = interval;
	}
	due.passed += size;
	if (due.passed < due.after)
		return;
	fm_sample_due(RTE_MAX(due.passed / RTE_MAX(size, (size_t)1), UINT64_C(1)), 0);
	due.passed = 0;
	/* About an interval: what comes in a fixed order must not meet it at the same place each time. */
	due.after = 1 + rte_rand_max(2 * interval);
}

/* ---- the control path */

static bool
is_right(const struct rte_fastmem_sampler *s)
{
	return s != NULL && s->interval != 0 && s->interval <= INT64_MAX / 2 &&
	       s->max_places != 0 && (s->max_places & (s->max_places - 1)) == 0 &&
	       s->max_places <= RTE_FASTMEM_SAMPLE_MAX_PLACES && s->allocated != NULL &&
	       s->freed != NULL;
}

static int
start(struct fm_state *st, const struct rte_fastmem_sampler *sampler)
{
	bool all = sampler->interval == RTE_FASTMEM_SAMPLE_ALL;
	unsigned int node, cls;

	if (atomic_load_explicit(&fm_sampling, memory_order_relaxed) != FM_SAMPLING_OFF)
		return -EBUSY;
	if (!fm_places_make(&now.places, sampler->max_places))
		return -ENOMEM;
	now.sampler = *sampler;
	now.next_look = 0;
	atomic_store_explicit(&now.interval, sampler->interval, memory_order_relaxed);
	atomic_store_explicit(&now.samples, 0, memory_order_relaxed);
	atomic_store_explicit(&now.lost, 0, memory_order_relaxed);
	atomic_store_explicit(&now.freed, 0, memory_order_relaxed);
	for (node = 0; node < FM_MAX_NODES; node++)
		for (cls = 0; cls < FM_CLASSES; cls++)
			atomic_store_explicit(&now.watched[node][cls], 0, memory_order_relaxed);
	fm_sample_traps_reset(st, sampler->interval);
	atomic_store_explicit(&fm_sampling, all ? FM_SAMPLING_ALL : FM_SAMPLING_SOME,
			      memory_order_seq_cst);
	if (all)
		fm_sample_trap_all(st);
	return 0;
}

int
rte_fastmem_sample_start(const struct rte_fastmem_sampler *sampler)
{
	int rc;

	if (!is_right(sampler))
		return -EINVAL;
	if (rte_fastmem_watch_begin() != 0)
		return -ENODEV;
	pthread_mutex_lock(&now.lock);
	rc = start(fm_state(), sampler);
	pthread_mutex_unlock(&now.lock);
	rte_fastmem_watch_end();
	return rc;
}

static void
poll(struct fm_state *st)
{
	uint64_t begun = rte_rdtsc(), took;

	fm_sample_set_traps(st, now.sampler.interval);
	if (begun < now.next_look)
		return;
	fm_sample_look(st, &now.places);
	took = rte_rdtsc() - begun;
	now.next_look = begun + RTE_MAX(rte_get_tsc_hz() / 1000 * LOOK_EVERY_MS, took * LOOK_SHARE);
}

int
rte_fastmem_sample_poll(void)
{
	uint32_t mode;

	if (rte_fastmem_watch_begin() != 0)
		return -EAGAIN;
	if (pthread_mutex_trylock(&now.lock) != 0) {
		rte_fastmem_watch_end();
		return 0;
	}
	mode = atomic_load_explicit(&fm_sampling, memory_order_relaxed);
	if (mode == FM_SAMPLING_SOME)
		poll(fm_state());
	pthread_mutex_unlock(&now.lock);
	rte_fastmem_watch_end();
	return mode == FM_SAMPLING_OFF ? -EAGAIN : 0;
}

void
rte_fastmem_sample_stats(struct rte_fastmem_sample_stats *stats)
{
	stats->samples = atomic_load_explicit(&now.samples, memory_order_relaxed);
	stats->lost = atomic_load_explicit(&now.lost, memory_order_relaxed);
	stats->freed = atomic_load_explicit(&now.freed, memory_order_relaxed);
	stats->followed = stats->samples - stats->lost - stats->freed;
}

int
rte_fastmem_sample_stop(void)
{
	int rc = -EAGAIN;

	pthread_mutex_lock(&now.lock);
	/* What was freed since the last look is not to be taken for live. */
	if (atomic_load_explicit(&fm_sampling, memory_order_relaxed) == FM_SAMPLING_SOME)
		fm_sample_look(fm_state(), &now.places);
	if (atomic_exchange_explicit(&fm_sampling, FM_SAMPLING_OFF, memory_order_seq_cst) !=
	    FM_SAMPLING_OFF) {
		/* Traps and closed slots stay until their owners come by. */
		wait_for_all();
		fm_places_free(&now.places);
		rc = 0;
	}
	pthread_mutex_unlock(&now.lock);
	return rc;
}

void
rte_fastmem_sample_at_init(void (*fn)(void))
{
	atomic_store_explicit(&at_init, fn, memory_order_relaxed);
}

void
fm_sample_begin(void)
{
	void (*fn)(void) = atomic_load_explicit(&at_init, memory_order_relaxed);

	if (fn != NULL)
		fn();
}

void
fm_sample_end(void)
{
	if (!fm_is_sampling())
		return;
	if (now.sampler.ending != NULL)
		now.sampler.ending(now.sampler.arg);
	(void)rte_fastmem_sample_stop();
}
