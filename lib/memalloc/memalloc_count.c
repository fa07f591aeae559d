/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: statistics that several threads add to.
 * Must not: order anything: each number stands for itself, so all accesses are relaxed.
 * Called by: the kinds of allocators that threads may share and that are not made for speed.
 */

#include <errno.h>
#include <inttypes.h>

#include "memalloc_priv.h"

static uint64_t
get(_Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static uint64_t
add(_Atomic uint64_t *number, uint64_t n)
{
	return atomic_fetch_add_explicit(number, n, memory_order_relaxed) + n;
}

static void
raise_peak(struct ma_count *count, uint64_t now)
{
	uint64_t peak = get(&count->peak);

	while (now > peak &&
	       !atomic_compare_exchange_weak_explicit(&count->peak, &peak, now,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void
ma_count_alloc(struct ma_count *count, uint64_t size)
{
	raise_peak(count, add(&count->allocated, size));
	add(&count->total, size);
	add(&count->nb_allocs, 1);
}

void
ma_count_free(struct ma_count *count, uint64_t size)
{
	add(&count->allocated, -size);
	add(&count->nb_frees, 1);
}

void
ma_count_resize(struct ma_count *count, uint64_t old_size, uint64_t size)
{
	raise_peak(count, add(&count->allocated, size - old_size));
	if (size > old_size)
		add(&count->total, size - old_size);
}

int
ma_count_failure(struct ma_count *count, int error)
{
	add(&count->nb_failed, 1);
	return error;
}

void
ma_count_read(struct ma_count *count, struct rte_memalloc_stats *stats)
{
	*stats = (struct rte_memalloc_stats){
		.allocated = get(&count->allocated),
		.peak = get(&count->peak),
		.held = get(&count->allocated),
		.total = get(&count->total),
		/* Frees first: so there never seem to be more of them than allocations. */
		.nb_frees = get(&count->nb_frees),
		.nb_allocs = get(&count->nb_allocs),
		.nb_failed = get(&count->nb_failed),
	};
}

void
ma_count_reset_peak(struct ma_count *count)
{
	atomic_store_explicit(&count->peak, 0, memory_order_relaxed);
	/* Whoever allocates meanwhile raises it too. */
	raise_peak(count, get(&count->allocated));
}

int
ma_count_idle(struct ma_count *count, const char *kind)
{
	uint64_t nb = get(&count->nb_allocs) - get(&count->nb_frees);

	if (nb == 0)
		return 0;
	return rte_memalloc_fail(-EBUSY,
				 "destroying an allocator (%s) of which %" PRIu64
				 " allocations, %" PRIu64 " bytes, are in use: free them first",
				 kind, nb, get(&count->allocated));
}
