/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the kind "fastmem" of lib/memalloc's interface, and what each such allocator counts.
 * Must not know how blocks are served: but for a block's size it calls what applications call.
 * Called by lib/memalloc's functions through the interface, and by applications to create one.
 *
 * Each lcore counts in a line of its own, so that none waits for another's. What it has allocated
 * goes to the common sum when that is much; until then it also keeps the most that it was.
 */

#include "fastmem_checker_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_lcore.h>

#include "rte_memalloc_fastmem.h"

#define SHARE (64 << 10) /* bytes that a line keeps to itself, either way */

/* Written by one lcore, but for that of threads that are none. All relaxed: figures order nothing. */
struct tally {
	_Alignas(FM_LINE) _Atomic int64_t live; /* bytes, less those in the sum */
	_Atomic int64_t high;			/* the most that it was since `epoch` began */
	_Atomic uint64_t epoch;
	_Atomic uint64_t total;
	_Atomic uint64_t nb_allocs;
	_Atomic uint64_t nb_frees;
	_Atomic uint64_t nb_failed;
};

struct adapter {
	struct rte_memalloc base;
	int node_id;
	_Atomic uint64_t epoch; /* how often the peak was reset */
	_Alignas(FM_LINE) _Atomic int64_t peak;
	struct tally sum; /* threads that are no lcores count here at once */
	struct tally lcore[RTE_MAX_LCORE];
};

static struct adapter *
adapter_of(struct rte_memalloc *alloc)
{
	return (struct adapter *)(void *)alloc;
}

#define GET(number)	   atomic_load_explicit(&(number), memory_order_relaxed)
#define SET(number, value) atomic_store_explicit(&(number), value, memory_order_relaxed)

static void
raise_peak(struct adapter *self, int64_t now)
{
	int64_t peak = GET(self->peak);

	while (now > peak &&
	       !atomic_compare_exchange_weak_explicit(&self->peak, &peak, now, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

static int64_t
add_to_sum(struct adapter *self, int64_t size)
{
	return atomic_fetch_add_explicit(&self->sum.live, size, memory_order_relaxed);
}

/* An lcore's line: `size` bytes more are live, or fewer. */
static void
tally_live(struct adapter *self, struct tally *tally, int64_t size)
{
	int64_t live = GET(tally->live) + size, high = GET(tally->high);
	uint64_t epoch = GET(self->epoch);

	if (GET(tally->epoch) != epoch) {
		high = live - RTE_MIN(size, 0);
		SET(tally->epoch, epoch);
	}
	high = RTE_MAX(high, live);
	if (live > SHARE || live < -SHARE) {
		raise_peak(self, add_to_sum(self, live) + high);
		live = high = 0;
	}
	SET(tally->high, high);
	SET(tally->live, live);
}

static struct tally *
tally_self(struct adapter *self)
{
	unsigned int lcore_id = rte_lcore_id();

	return lcore_id < RTE_MAX_LCORE ? &self->lcore[lcore_id] : &self->sum;
}

/* Bytes that came, and that went; of an allocation whose size has changed both. */
static void
count(struct adapter *self, uint64_t got, uint64_t given, bool is_alloc, bool is_free)
{
	int64_t size = (int64_t)got - (int64_t)given;
	struct tally *tally = tally_self(self);
	bool shared = tally == &self->sum;

	if (shared)
		raise_peak(self, add_to_sum(self, size) + size);
	else
		tally_live(self, tally, size);
	if (size > 0)
		fm_count(&tally->total, (uint64_t)size, shared);
	if (is_alloc)
		fm_count(&tally->nb_allocs, 1, shared);
	if (is_free)
		fm_count(&tally->nb_frees, 1, shared);
}

/* Why fastmem gave nothing. */
static int
refused(struct adapter *self, size_t size, size_t align)
{
	struct tally *tally = tally_self(self);

	if (rte_errno == ENODEV)
		return rte_memalloc_fail(
			-ENODEV, "fastmem is not initialised: rte_fastmem_init() first, and "
				 "destroy its allocators before rte_fastmem_deinit()");
	if (align > RTE_FASTMEM_MAX_SIZE)
		return rte_memalloc_fail(
			-EINVAL, "%zu bytes at alignment %zu: fastmem aligns to %zu at most", size,
			align, RTE_FASTMEM_MAX_SIZE);
	fm_count(&tally->nb_failed, 1, tally == &self->sum);
	return rte_memalloc_fail(
		-ENOMEM,
		"fastmem has no %zu bytes at alignment %zu on node %d: reserve more "
		"with rte_fastmem_reserve()",
		size, align, self->node_id);
}

static int
fastmem_get(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct adapter *self = adapter_of(alloc);
	void *got = NULL;

	/* On the thread's own node it is inlined here. */
	if (self->node_id == RTE_NUMA_NODE_ANY)
		got = rte_fastmem_alloc(size, align, 0);
	if (got == NULL)
		got = rte_fastmem_alloc_node(size, align, 0, self->node_id);
	if (got == NULL)
		return refused(self, size, align);
	count(self, fm_block_size(got), 0, true, false);
	*mem = got;
	return 0;
}

static int
no_block(const void *mem)
{
	return rte_memalloc_fail(-EINVAL, "%p is no block of fastmem", mem);
}

static int
fastmem_free(struct rte_memalloc *alloc, void *mem)
{
	size_t size = fm_block_size(mem);

	if (size == 0)
		return no_block(mem);
	count(adapter_of(alloc), 0, size, false, true);
	rte_fastmem_free(mem);
	return 0;
}

static int
fastmem_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	size_t old_size = fm_block_size(mem);
	struct adapter *self = adapter_of(alloc);
	uintptr_t old = (uintptr_t)mem;
	void *got;

	if (old_size == 0)
		return no_block(mem);
	got = rte_fastmem_realloc(mem, size, align);
	if (got == NULL)
		return refused(self, size, align);
	if ((uintptr_t)got == old) {
		count(self, fm_block_size(got), old_size, false, false);
	} else {
		count(self, 0, old_size, false, true);
		count(self, fm_block_size(got), 0, true, false);
	}
	*moved = got;
	return 0;
}

static size_t
fastmem_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	(void)alloc;
	return rte_fastmem_usable_size(mem);
}

static void
read_tally(const struct adapter *self, const struct tally *tally, struct rte_memalloc_stats *stats,
	   int64_t *live, int64_t *high)
{
	int64_t now = GET(tally->live), most = GET(tally->high);

	*live += now;
	*high += GET(tally->epoch) == GET(self->epoch) ? RTE_MAX(most, now) : now;
	stats->total += GET(tally->total);
	/* Frees first: so there never seem to be more of them than allocations. */
	stats->nb_frees += GET(tally->nb_frees);
	stats->nb_allocs += GET(tally->nb_allocs);
	stats->nb_failed += GET(tally->nb_failed);
}

static void
fastmem_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct adapter *self = adapter_of(alloc);
	int64_t live = 0, high = 0, none = 0;

	*stats = (struct rte_memalloc_stats){ 0 };
	for (unsigned int i = 0; i < RTE_MAX_LCORE; i++)
		read_tally(self, &self->lcore[i], stats, &live, &high);
	read_tally(self, &self->sum, stats, &live, &none);
	raise_peak(self, GET(self->sum.live) + high);
	stats->allocated = (uint64_t)RTE_MAX(live, 0);
	stats->peak = (uint64_t)GET(self->peak);
	stats->held = stats->allocated;
}

static void
fastmem_reset_peak(struct rte_memalloc *alloc)
{
	struct adapter *self = adapter_of(alloc);
	struct rte_memalloc_stats stats;

	fastmem_stats(alloc, &stats);
	SET(self->peak, (int64_t)stats.allocated);
	/* From here on no line's most of before counts. */
	atomic_fetch_add_explicit(&self->epoch, 1, memory_order_relaxed);
}

static int
fastmem_destroy(struct rte_memalloc *alloc)
{
	struct rte_memalloc_stats stats;

	fastmem_stats(alloc, &stats);
	if (stats.nb_allocs != stats.nb_frees)
		return rte_memalloc_fail(-EBUSY,
					 "destroying an allocator (fastmem) of which %" PRIu64
					 " allocations, %" PRIu64
					 " bytes, are in use: free them first",
					 stats.nb_allocs - stats.nb_frees, stats.allocated);
	free(adapter_of(alloc));
	return 0;
}

static const struct rte_memalloc_ops fastmem_ops = {
	.kind = "fastmem",
	.alloc = fastmem_get,
	.free = fastmem_free,
	.realloc = fastmem_realloc,
	.usable_size = fastmem_usable_size,
	.stats = fastmem_stats,
	.reset_peak = fastmem_reset_peak,
	.destroy = fastmem_destroy,
};

int
rte_memalloc_fastmem_create(int node_id, struct rte_memalloc **alloc)
{
	struct fm_state *st = fm_state_get();
	struct adapter *self;

	if (alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "creating an allocator: nowhere to put it");
	if (st == NULL)
		return rte_memalloc_fail(-ENODEV,
					 "creating an allocator over fastmem, which is not "
					 "initialised: rte_fastmem_init() first");
	if (node_id != RTE_NUMA_NODE_ANY && fm_node_by_id(st, node_id) == NULL)
		return rte_memalloc_fail(
			-EINVAL,
			"creating an allocator over fastmem: node %d has no memory, "
			"or is none",
			node_id);
	self = aligned_alloc(FM_LINE, sizeof(*self));
	if (self == NULL)
		return rte_memalloc_fail(-ENOMEM, "creating an allocator: out of memory");
	*self = (struct adapter){
		.base = {
			.ops = &fastmem_ops,
			.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
		},
		.node_id = node_id,
	};
	*alloc = &self->base;
	return 0;
}
