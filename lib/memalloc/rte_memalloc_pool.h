/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_POOL_H
#define RTE_MEMALLOC_POOL_H

/**
 * @file
 *
 * A pool: a fixed number of blocks of one size, in one region (rte_memregion.h), shared by threads.
 *
 * Each thread keeps a few blocks at hand, and exchanges them with the others' in batches through a
 * lock-free stack: no call waits for another thread, but a thread's first of a pool, which makes its
 * cache, and its last, when it ends and its blocks go back.
 *
 * What threads keep at hand others cannot have: of a pool with N threads the last (N - 1) *
 * cache_size blocks may be out of reach. A pool that has to give each of its blocks to whoever asks
 * goes without caches: RTE_MEMALLOC_POOL_F_NO_CACHE.
 *
 * Pointers that are no block of the pool, and blocks that are back already, are refused. If several
 * threads free the same block at the very same moment, more than one may be believed, in a pool with
 * caches; the surplus is dropped once it comes up.
 *
 * Thread-safe; not for signal handlers; a child of fork(2) must not use its parent's. No EAL.
 */

#include <stdbool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_memalloc.h>
#include <rte_memregion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most blocks that a pool can have. */
#define RTE_MEMALLOC_POOL_CAPACITY_MAX ((uint32_t)1 << 31)

/** Most blocks that a thread can keep at hand. */
#define RTE_MEMALLOC_POOL_CACHE_MAX 1024

/** Pools of which threads keep blocks at hand, at once; further ones are as if made without. */
#define RTE_MEMALLOC_POOL_IDS 256

/** Threads keep no blocks at hand. */
#define RTE_MEMALLOC_POOL_F_NO_CACHE (1u << 0)

/** What a pool is to be like. */
struct rte_memalloc_pool_opts {
	/** Bytes of a block, > 0; rounded up to the alignment. */
	size_t block_size;
	/** Alignment of blocks: a power of two up to RTE_MEMALLOC_ALIGN_MAX, 0: RTE_MEMALLOC_ALIGN. */
	size_t align;
	/** Blocks, 1 to RTE_MEMALLOC_POOL_CAPACITY_MAX. */
	uint32_t capacity;
	/**
	 * Blocks that each thread may keep at hand, up to RTE_MEMALLOC_POOL_CACHE_MAX; 0: 64, but no more
	 * than a 32nd of the capacity, and none where that is below 8.
	 */
	uint32_t cache_size;
	/** RTE_MEMALLOC_POOL_F_*, or'ed. */
	uint32_t flags;
	/** What its region is to be like, or NULL for a region without options. */
	const struct rte_memregion_opts *region;
};

/** A block that a thread has at hand; neither is cheap to tell from the other. @internal */
struct rte_memalloc_pool_block {
	void *mem;	/**< Where it is. */
	uint64_t index; /**< Its number. */
};

/** The blocks that a thread has at hand. @internal */
struct rte_memalloc_pool_cache {
	/** Blocks in it, and above RTE_MEMALLOC_POOL_N those taken ever. Only its thread writes it. */
	uint64_t word;
	uint32_t low;  /**< Fewest it had since it was last filled or emptied. Likewise. */
	uint32_t size; /**< Room for so many; 0: no cache at all. */
	struct rte_memalloc_pool_cache *sibling; /**< Another thread's, of the same pool. */
	struct rte_memalloc_pool_block blocks[]; /**< What is in it, and room. */
};

/** The part of a cache's word that says how many blocks are in it. @internal */
#define RTE_MEMALLOC_POOL_N ((uint64_t)UINT16_MAX)

/** What is added to a cache's word when a block is taken: one in it less, one taken more. @internal */
#define RTE_MEMALLOC_POOL_TAKEN RTE_MEMALLOC_POOL_N

/** A pool. Its fields are for the functions here alone, and never change. */
struct rte_memalloc_pool {
	struct rte_memalloc base; /**< The pool as an allocator. */
	uintptr_t start;	  /**< The first block. @internal */
	size_t stride;		  /**< Distance of blocks, and their size. @internal */
	uint64_t inverse;	  /**< Of the odd part of the distance of blocks. @internal */
	uint8_t *is_out;	  /**< Of each block. @internal */
	uint32_t shift;		  /**< The even part is 2 to the power of this. @internal */
	uint32_t capacity;	  /**< Blocks. @internal */
	uint32_t id;		  /**< Which of the process's pools. @internal */
};

/**
 * The calling thread's caches, one for each RTE_MEMALLOC_POOL_IDS; never NULL, and neither are those:
 * one of size 0 is in the place of those that it does not have. @internal
 */
extern __thread struct rte_memalloc_pool_cache **rte_memalloc_pool_self
	__attribute__((tls_model("initial-exec")));

/**
 * Create a pool.
 *
 * Context: MT-safe; sleeps; needs no EAL.
 *
 * @param opts
 *   What it is to be like.
 * @param[out] pool
 *   Set on success only. Release with rte_memalloc_destroy() of rte_memalloc_pool_base().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL, a block size, alignment, capacity or cache size out of its
 *     bounds, or an unknown flag
 *   - -ENOMEM: out of memory, or the size of all blocks is none
 *   - what rte_memregion_create() said
 */
int
rte_memalloc_pool_create(const struct rte_memalloc_pool_opts *opts,
			 struct rte_memalloc_pool **pool);

/**
 * A pool as an allocator.
 *
 * rte_memalloc_alloc() gives a block for any size and alignment that one has, and else fails with
 * -EINVAL; with -ENOMEM if no block is left.
 *
 * The peak is exact as long as one thread uses the pool; among several it is right to what their
 * caches hold.
 *
 * @param pool
 *   The pool, not NULL.
 *
 * @return
 *   The allocator, of kind "pool": thread-safe, reusing and checking; never NULL.
 */
static inline struct rte_memalloc *
rte_memalloc_pool_base(struct rte_memalloc_pool *pool)
{
	return &pool->base;
}

/** What rte_memalloc_pool_get() does when the thread has no block at hand. @internal */
void *
rte_memalloc_pool_get_slow(struct rte_memalloc_pool *pool);

/** What rte_memalloc_pool_put() does when it cannot keep the block at hand. @internal */
int
rte_memalloc_pool_put_slow(struct rte_memalloc_pool *pool, void *mem);

/**
 * Which block of a pool begins at an address; at or above the capacity: none. @internal
 *
 * Multiplying by the inverse divides exactly what can be divided, and turns all else into a number
 * larger than any quotient; so does the rotation with what is not divided by the power of two.
 */
static inline uint64_t
rte_memalloc_pool_index(const struct rte_memalloc_pool *pool, const void *mem)
{
	uint64_t times = ((uintptr_t)mem - pool->start) * pool->inverse;

	return times >> pool->shift | times << (-pool->shift & 63);
}

/**
 * Take the block on top of a cache that is not empty. @internal
 *
 * All accesses are relaxed: the cache is the calling thread's, others look at it for statistics; and
 * whoever had a block before gave it away in an order of its own.
 *
 * @return
 *   False: it was a block that is handed out already; it is not in the cache any more.
 */
static inline bool
rte_memalloc_pool_take(struct rte_memalloc_pool *pool, struct rte_memalloc_pool_cache *cache,
		       uint64_t word, void **mem)
{
	uint64_t n = (word & RTE_MEMALLOC_POOL_N) - 1;
	const struct rte_memalloc_pool_block *block = &cache->blocks[n];
	uint8_t *is_out = &pool->is_out[block->index];

	__atomic_store_n(&cache->word, word + RTE_MEMALLOC_POOL_TAKEN, __ATOMIC_RELAXED);
	if (n < __atomic_load_n(&cache->low, __ATOMIC_RELAXED))
		__atomic_store_n(&cache->low, (uint32_t)n, __ATOMIC_RELAXED);
	*mem = block->mem;
	if (__builtin_expect(__atomic_load_n(is_out, __ATOMIC_RELAXED) != 0, 0))
		return false;
	__atomic_store_n(is_out, 1, __ATOMIC_RELAXED);
	return true;
}

/**
 * Take a block of a pool: as rte_memalloc_alloc(), but inlined, and by far the cheapest way.
 *
 * @param pool
 *   The pool, not NULL.
 *
 * @return
 *   The block, or NULL with errno ENOMEM.
 */
static inline void *
rte_memalloc_pool_get(struct rte_memalloc_pool *pool)
{
	struct rte_memalloc_pool_cache *cache = rte_memalloc_pool_self[pool->id];
	uint64_t word = cache->word;
	void *mem;

	if (__builtin_expect((word & RTE_MEMALLOC_POOL_N) != 0 &&
				     rte_memalloc_pool_take(pool, cache, word, &mem),
			     1))
		return mem;
	return rte_memalloc_pool_get_slow(pool);
}

/**
 * Give a block back: as rte_memalloc_free(), but inlined, and by far the cheapest way.
 *
 * @param pool
 *   The pool, not NULL.
 * @param mem
 *   The block, or NULL, which does nothing.
 *
 * @return
 *   0 on success, -EINVAL if it is no block of the pool, or is back already.
 */
static inline int
rte_memalloc_pool_put(struct rte_memalloc_pool *pool, void *mem)
{
	struct rte_memalloc_pool_cache *cache = rte_memalloc_pool_self[pool->id];
	uint64_t index = rte_memalloc_pool_index(pool, mem);
	uint64_t word = cache->word, n = word & RTE_MEMALLOC_POOL_N;

	/* Relaxed: as in rte_memalloc_pool_take(). */
	if (__builtin_expect(index < pool->capacity && n < cache->size &&
				     __atomic_load_n(&pool->is_out[index], __ATOMIC_RELAXED) != 0,
			     1)) {
		__atomic_store_n(&pool->is_out[index], 0, __ATOMIC_RELAXED);
		cache->blocks[n] = (struct rte_memalloc_pool_block){ mem, index };
		__atomic_store_n(&cache->word, word + 1, __ATOMIC_RELAXED);
		return 0;
	}
	return rte_memalloc_pool_put_slow(pool, mem);
}

/**
 * How scattered a pool's free blocks are: 1 - largest run of them / all of them.
 *
 * It harms no allocation, of which one block is as good as another, but costs cache and TLB.
 *
 * Context: as other functions; looks at each block's state.
 *
 * @param pool
 *   The pool, not NULL.
 *
 * @return
 *   0: one run, or no block is free, to just under 1.
 */
double
rte_memalloc_pool_fragmentation(const struct rte_memalloc_pool *pool);

/**
 * The region that a pool's blocks lie in, to ask it for its placement.
 *
 * @param pool
 *   The pool, not NULL.
 *
 * @return
 *   The region, for as long as the pool is there; never NULL.
 */
struct rte_memregion *
rte_memalloc_pool_region(const struct rte_memalloc_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_POOL_H */
