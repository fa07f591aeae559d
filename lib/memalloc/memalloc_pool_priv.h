/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMALLOC_POOL_PRIV_H
#define MEMALLOC_POOL_PRIV_H

#include "memalloc_priv.h"
#include "rte_memalloc_pool.h"

/*
 * A pool.
 *
 * I1. A block is out, or in one cache, or in the depot; is_out tells the first from the others.
 * I2. No chain of the depot is longer than batch.
 * I3. caches, of all threads, and nb_retired are read and written under ma_pool_lock() alone.
 */
struct ma_pool {
	struct rte_memalloc_pool open;
	struct rte_memregion *region;
	size_t align;
	unsigned int cache_size; /* 0: threads have no caches. */
	unsigned int batch;
	struct rte_memalloc_pool_cache *caches;
	uint64_t nb_retired;	      /* Allocations of threads that have ended. */
	_Atomic uint64_t nb_uncached; /* Allocations of threads without a cache. */
	_Atomic uint64_t nb_failed;
	_Atomic uint64_t peak; /* In blocks. */
	struct ma_depot depot;
};

/* Blocks in a cache, and taken from it ever; of some moment, where it is another thread's. */
static inline uint32_t
ma_pool_nb_in(const struct rte_memalloc_pool_cache *cache)
{
	/* Relaxed: see rte_memalloc_pool_take(). */
	return __atomic_load_n(&cache->word, __ATOMIC_RELAXED) & RTE_MEMALLOC_POOL_N;
}

static inline uint64_t
ma_pool_nb_taken(const struct rte_memalloc_pool_cache *cache)
{
	return __atomic_load_n(&cache->word, __ATOMIC_RELAXED) / (RTE_MEMALLOC_POOL_N + 1);
}

/*
 * memalloc_pool.c
 */

/* Give the n oldest blocks of a cache to the depot. */
void
ma_pool_flush(struct ma_pool *pool, struct rte_memalloc_pool_cache *cache, unsigned int n);

/*
 * memalloc_pool_thread.c: which pools there are, and which thread has which cache.
 */

void
ma_pool_lock(void);

void
ma_pool_unlock(void);

/* Give a pool its number; where there is none left it has no caches. */
void
ma_pool_register(struct ma_pool *pool);

/* Take its number away, and all threads' caches of it, whatever they hold. */
void
ma_pool_unregister(struct ma_pool *pool);

/* The calling thread's cache, made if need be; NULL: it cannot have one. */
struct rte_memalloc_pool_cache *
ma_pool_own_cache(struct ma_pool *pool);

#endif /* MEMALLOC_POOL_PRIV_H */
