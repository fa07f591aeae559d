/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "pool": what of taking and giving a block is not inlined, statistics.
 * Must not: touch a block, or keep anything in it.
 * Called by: memalloc.c through the interface, applications, the functions inlined into them;
 *   memalloc_pool_thread.c, when a thread ends.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race_window.h"
#include "memalloc_pool_priv.h"

/* A default cache is no larger, and none is smaller. */
#define DEFAULT_CACHE 64
#define LEAST_CACHE   8
#define CACHE_SHARE   32 /* of the capacity */

_Static_assert(offsetof(struct rte_memalloc_pool, start) == 16, "inlined in applications");
_Static_assert(offsetof(struct rte_memalloc_pool, id) == 56, "inlined in applications");
_Static_assert(offsetof(struct rte_memalloc_pool_cache, blocks) == 24, "inlined in applications");

static struct ma_pool *
pool_of(struct rte_memalloc *alloc)
{
	return (struct ma_pool *)alloc;
}

static void *
block_at(const struct ma_pool *pool, uint32_t index)
{
	return (void *)(pool->open.start + index * pool->open.stride);
}

static struct rte_memalloc_pool_block
block_of(const struct ma_pool *pool, uint32_t index)
{
	return (struct rte_memalloc_pool_block){ block_at(pool, index), index };
}

static void
raise_peak(struct ma_pool *pool, uint64_t nb)
{
	/* Relaxed: a number for people. */
	uint64_t peak = atomic_load_explicit(&pool->peak, memory_order_relaxed);

	while (nb > peak &&
	       !atomic_compare_exchange_weak_explicit(&pool->peak, &peak, nb, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

/* Blocks that are not in the depot, less so many; never below 0. */
static uint64_t
nb_gone(struct ma_pool *pool, uint64_t less)
{
	/* Relaxed: as above. While a block moves it may be counted twice or not at all. */
	uint64_t in = atomic_load_explicit(&pool->depot.nb, memory_order_relaxed);

	return in + less > pool->open.capacity ? 0 : pool->open.capacity - in - less;
}

/* ---- between a cache and the depot */

/* Before blocks move, and after: what has been the most meanwhile. */
static void
note_peak(struct ma_pool *pool, struct rte_memalloc_pool_cache *cache)
{
	raise_peak(pool, nb_gone(pool, __atomic_load_n(&cache->low, __ATOMIC_RELAXED)));
	__atomic_store_n(&cache->low, ma_pool_nb_in(cache), __ATOMIC_RELAXED);
}

void
ma_pool_flush(struct ma_pool *pool, struct rte_memalloc_pool_cache *cache, unsigned int n)
{
	uint32_t blocks[RTE_MEMALLOC_POOL_CACHE_MAX];
	unsigned int i, count;

	note_peak(pool, cache);
	for (i = 0; i < n; i++)
		blocks[i] = (uint32_t)cache->blocks[i].index;
	memmove(cache->blocks, cache->blocks + n,
		(ma_pool_nb_in(cache) - n) * sizeof(cache->blocks[0]));
	__atomic_store_n(&cache->word, cache->word - n, __ATOMIC_RELAXED);
	RACE_WINDOW();
	for (i = 0; i < n; i += count) {
		count = n - i < pool->batch ? n - i : pool->batch;
		ma_depot_push(&pool->depot, blocks + i, count);
	}
	__atomic_store_n(&cache->low, ma_pool_nb_in(cache), __ATOMIC_RELAXED);
}

/* False: the depot has none. */
static bool
refill(struct ma_pool *pool, struct rte_memalloc_pool_cache *cache)
{
	uint32_t indexes[RTE_MEMALLOC_POOL_CACHE_MAX];
	unsigned int n = ma_depot_pop(&pool->depot, indexes), i;

	if (n == 0)
		return false;
	/* The first of a chain is the first to be taken. */
	for (i = 0; i < n; i++)
		cache->blocks[i] = block_of(pool, indexes[n - 1 - i]);
	raise_peak(pool, nb_gone(pool, n));
	RACE_WINDOW();
	__atomic_store_n(&cache->word, cache->word + n, __ATOMIC_RELAXED);
	__atomic_store_n(&cache->low, n, __ATOMIC_RELAXED);
	return true;
}

/* ---- taking and giving */

static void
say_empty(char *text, size_t size, const uint64_t *numbers)
{
	snprintf(text, size,
		 "a pool of %" PRIu64 " blocks of %" PRIu64
		 " bytes has none left, but for what other threads keep at hand (up to %" PRIu64
		 " each): free some, or make it larger",
		 numbers[0], numbers[1], numbers[2]);
}

static void *
fail_empty(struct ma_pool *pool)
{
	/* Relaxed: a number for people. */
	atomic_fetch_add_explicit(&pool->nb_failed, 1, memory_order_relaxed);
	errno = -ma_fail_later(-ENOMEM, say_empty, pool->open.capacity, pool->open.stride,
			       pool->cache_size);
	return NULL;
}

/* Without a cache: chains are of one block then, or as long as if there were one. */
static void *
get_uncached(struct ma_pool *pool)
{
	uint32_t indexes[RTE_MEMALLOC_POOL_CACHE_MAX];
	unsigned int n;

	do {
		n = ma_depot_pop(&pool->depot, indexes);
		if (n == 0)
			return fail_empty(pool);
		if (n > 1)
			ma_depot_push(&pool->depot, indexes + 1, n - 1);
		/* Relaxed: the depot orders. One that is out already is surplus. */
	} while (__atomic_exchange_n(&pool->open.is_out[indexes[0]], 1, __ATOMIC_RELAXED) != 0);
	atomic_fetch_add_explicit(&pool->nb_uncached, 1, memory_order_relaxed);
	raise_peak(pool, nb_gone(pool, 0));
	return block_at(pool, indexes[0]);
}

void *
rte_memalloc_pool_get_slow(struct rte_memalloc_pool *open)
{
	struct ma_pool *pool = (struct ma_pool *)open;
	struct rte_memalloc_pool_cache *cache = ma_pool_own_cache(pool);
	void *mem;

	if (cache == NULL)
		return get_uncached(pool);
	do {
		if (ma_pool_nb_in(cache) == 0) {
			note_peak(pool, cache);
			if (!refill(pool, cache))
				return fail_empty(pool);
		}
	} while (!rte_memalloc_pool_take(open, cache, cache->word, &mem));
	return mem;
}

static int
refuse(const struct ma_pool *pool, const void *mem)
{
	bool foreign = rte_memalloc_pool_index(&pool->open, mem) >= pool->open.capacity;

	return rte_memalloc_fail(-EINVAL,
				 "%p %s of the pool of %" PRIu32 " blocks of %zu bytes at %p%s",
				 mem, foreign ? "is no block" : "is a block", pool->open.capacity,
				 pool->open.stride, (void *)pool->open.start,
				 foreign ? "" : " that is not handed out: was it freed twice?");
}

int
rte_memalloc_pool_put_slow(struct rte_memalloc_pool *open, void *mem)
{
	struct ma_pool *pool = (struct ma_pool *)open;
	struct rte_memalloc_pool_cache *cache;
	uint64_t index = rte_memalloc_pool_index(open, mem);
	uint32_t number = (uint32_t)index;

	if (mem == NULL)
		return 0;
	/* Relaxed: the depot orders. */
	if (index >= open->capacity ||
	    __atomic_exchange_n(&open->is_out[index], 0, __ATOMIC_RELAXED) == 0)
		return refuse(pool, mem);
	cache = ma_pool_own_cache(pool);
	if (cache == NULL) {
		ma_depot_push(&pool->depot, &number, 1);
		return 0;
	}
	if (ma_pool_nb_in(cache) == cache->size)
		ma_pool_flush(pool, cache, pool->batch);
	cache->blocks[ma_pool_nb_in(cache)] = block_of(pool, number);
	__atomic_store_n(&cache->word, cache->word + 1, __ATOMIC_RELAXED);
	return 0;
}

/* ---- the interface */

static int
pool_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct ma_pool *pool = pool_of(alloc);
	void *got;

	if (size > pool->open.stride || align > pool->align)
		return rte_memalloc_fail(-EINVAL,
					 "%zu bytes at alignment %zu from a pool of blocks of %zu "
					 "bytes at alignment %zu",
					 size, align, pool->open.stride, pool->align);
	got = rte_memalloc_pool_get(&pool->open);
	if (got == NULL)
		return -ENOMEM;
	*mem = got;
	return 0;
}

static int
pool_free(struct rte_memalloc *alloc, void *mem)
{
	return rte_memalloc_pool_put(&pool_of(alloc)->open, mem);
}

static size_t
pool_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct ma_pool *pool = pool_of(alloc);
	uint64_t index = rte_memalloc_pool_index(&pool->open, mem);

	/* Relaxed: the caller has the block, or else the answer is of this moment. */
	if (index >= pool->open.capacity ||
	    __atomic_load_n(&pool->open.is_out[index], __ATOMIC_RELAXED) == 0)
		return 0;
	return pool->open.stride;
}

static int
pool_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct ma_pool *pool = pool_of(alloc);

	if (pool_usable_size(alloc, mem) == 0)
		return refuse(pool, mem);
	if (size > pool->open.stride || align > pool->align)
		return rte_memalloc_fail(
			-EINVAL,
			"a block of %zu bytes at alignment %zu cannot become one of "
			"%zu bytes at alignment %zu",
			pool->open.stride, pool->align, size, align);
	*moved = mem;
	return 0;
}

static void
pool_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct ma_pool *pool = pool_of(alloc);
	const struct rte_memalloc_pool_cache *cache;
	uint64_t nb_allocs, in_caches = 0, live, n, low;

	ma_pool_lock();
	/* Relaxed throughout: numbers of some moment. */
	nb_allocs =
		pool->nb_retired + atomic_load_explicit(&pool->nb_uncached, memory_order_relaxed);
	for (cache = pool->caches; cache != NULL; cache = cache->sibling) {
		nb_allocs += ma_pool_nb_taken(cache);
		in_caches += ma_pool_nb_in(cache);
	}
	live = nb_gone(pool, in_caches);
	raise_peak(pool, live);
	/* Each thread may have had fewer at hand since its blocks last moved. */
	for (cache = pool->caches; cache != NULL; cache = cache->sibling) {
		n = ma_pool_nb_in(cache);
		low = __atomic_load_n(&cache->low, __ATOMIC_RELAXED);
		if (low < n && n <= in_caches)
			raise_peak(pool, nb_gone(pool, in_caches - n + low));
	}
	ma_pool_unlock();
	*stats = (struct rte_memalloc_stats){
		.allocated = live * pool->open.stride,
		.peak = atomic_load_explicit(&pool->peak, memory_order_relaxed) * pool->open.stride,
		.held = rte_memregion_size(pool->region) +
			pool->open.capacity * (uint64_t)(1 + 2 * sizeof(uint32_t)),
		.total = nb_allocs * pool->open.stride,
		.nb_allocs = nb_allocs,
		.nb_frees = nb_allocs > live ? nb_allocs - live : 0,
		.nb_failed = atomic_load_explicit(&pool->nb_failed, memory_order_relaxed),
	};
}

static void
pool_reset_peak(struct rte_memalloc *alloc)
{
	struct ma_pool *pool = pool_of(alloc);
	struct rte_memalloc_pool_cache *cache;

	ma_pool_lock();
	/* Relaxed: a cache's thread may write what it had just found to be low: it was, just now. */
	for (cache = pool->caches; cache != NULL; cache = cache->sibling)
		__atomic_store_n(&cache->low, ma_pool_nb_in(cache), __ATOMIC_RELAXED);
	atomic_store_explicit(&pool->peak, 0, memory_order_relaxed);
	ma_pool_unlock();
}

static void
release(struct ma_pool *pool)
{
	ma_depot_fini(&pool->depot);
	free(pool->open.is_out);
	free(pool);
}

static int
pool_destroy(struct rte_memalloc *alloc)
{
	struct ma_pool *pool = pool_of(alloc);
	uint64_t nb = 0;
	int ret;

	for (uint32_t i = 0; i < pool->open.capacity; i++)
		nb += pool->open.is_out[i];
	if (nb != 0)
		return rte_memalloc_fail(-EBUSY,
					 "destroying a pool of %" PRIu32
					 " blocks of %zu bytes of which %" PRIu64
					 " are in use: free them first",
					 pool->open.capacity, pool->open.stride, nb);
	ret = rte_memregion_destroy(pool->region);
	if (ret != 0)
		return rte_memalloc_fail(ret, "destroying a pool: munmap: %s", strerror(-ret));
	ma_pool_unregister(pool);
	release(pool);
	return 0;
}

static const struct rte_memalloc_ops pool_ops = {
	.kind = "pool",
	.alloc = pool_alloc,
	.free = pool_free,
	.realloc = pool_realloc,
	.usable_size = pool_usable_size,
	.stats = pool_stats,
	.reset_peak = pool_reset_peak,
	.destroy = pool_destroy,
};

/* ---- what only a pool does */

double
rte_memalloc_pool_fragmentation(const struct rte_memalloc_pool *pool)
{
	uint32_t nb_free = 0, run = 0, largest = 0;

	for (uint32_t i = 0; i < pool->capacity; i++) {
		/* Relaxed: of this moment. */
		if (__atomic_load_n(&pool->is_out[i], __ATOMIC_RELAXED) != 0) {
			run = 0;
			continue;
		}
		nb_free++;
		run++;
		if (run > largest)
			largest = run;
	}
	return nb_free == 0 ? 0 : 1 - (double)largest / nb_free;
}

struct rte_memregion *
rte_memalloc_pool_region(const struct rte_memalloc_pool *pool)
{
	return ((const struct ma_pool *)pool)->region;
}

static int
check(const struct rte_memalloc_pool_opts *opts, struct rte_memalloc_pool *const *out)
{
	if (opts == NULL || out == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "creating a pool: no options, or nowhere to put it");
	if (opts->block_size == 0 || opts->block_size > PTRDIFF_MAX ||
	    (opts->align & (opts->align - 1)) != 0 || opts->align > RTE_MEMALLOC_ALIGN_MAX)
		return rte_memalloc_fail(-EINVAL,
					 "creating a pool: %zu is no size of a block, or %zu no "
					 "alignment: a power of two up to 1 GiB",
					 opts->block_size, opts->align);
	if (opts->capacity == 0 || opts->capacity > RTE_MEMALLOC_POOL_CAPACITY_MAX)
		return rte_memalloc_fail(-EINVAL,
					 "creating a pool of %" PRIu32 " blocks: 1 to %" PRIu32
					 " can be had",
					 opts->capacity, RTE_MEMALLOC_POOL_CAPACITY_MAX);
	if (opts->cache_size > RTE_MEMALLOC_POOL_CACHE_MAX)
		return rte_memalloc_fail(-EINVAL,
					 "creating a pool: caches of %" PRIu32
					 " blocks: they have %d at most",
					 opts->cache_size, RTE_MEMALLOC_POOL_CACHE_MAX);
	if ((opts->flags & ~RTE_MEMALLOC_POOL_F_NO_CACHE) != 0)
		return rte_memalloc_fail(-EINVAL, "creating a pool: unknown flags %#" PRIx32,
					 opts->flags & ~RTE_MEMALLOC_POOL_F_NO_CACHE);
	return 0;
}

static unsigned int
cache_size_of(const struct rte_memalloc_pool_opts *opts)
{
	uint32_t size = opts->capacity / CACHE_SHARE;

	if ((opts->flags & RTE_MEMALLOC_POOL_F_NO_CACHE) != 0)
		return 0;
	if (opts->cache_size != 0)
		return opts->cache_size;
	return size < LEAST_CACHE ? 0 : size > DEFAULT_CACHE ? DEFAULT_CACHE : size;
}

/* Multiplied by it, d times anything is that again: Newton's iteration doubles the right bits. */
static uint64_t
inverse_of(uint64_t d)
{
	uint64_t inverse = d;

	for (int i = 0; i < 5; i++)
		inverse *= 2 - d * inverse;
	return inverse;
}

/* The region, and where blocks begin in it. */
static int
place_blocks(struct ma_pool *pool, const struct rte_memregion_opts *opts)
{
	size_t size;
	void *start;
	int ret;

	if (__builtin_mul_overflow(pool->open.stride, (size_t)pool->open.capacity, &size) ||
	    __builtin_add_overflow(size, pool->align, &size) || size > PTRDIFF_MAX)
		return rte_memalloc_fail(-ENOMEM,
					 "creating a pool of %" PRIu32
					 " blocks of %zu bytes: no object is as large",
					 pool->open.capacity, pool->open.stride);
	ret = ma_region_create(size - pool->align, pool->align, opts, &pool->region, &start);
	if (ret != 0)
		return rte_memalloc_fail(ret, "creating a pool: %s", rte_memregion_error());
	pool->open.start = (uintptr_t)start;
	return 0;
}

/* All blocks into the depot, so that the lowest are taken first. */
static void
stock(struct ma_pool *pool)
{
	uint32_t indexes[RTE_MEMALLOC_POOL_CACHE_MAX], end = pool->open.capacity, n;

	for (; end > 0; end -= n) {
		n = end % pool->batch != 0 ? end % pool->batch : pool->batch;
		for (uint32_t i = 0; i < n; i++)
			indexes[i] = end - n + i;
		ma_depot_push(&pool->depot, indexes, n);
	}
}

int
rte_memalloc_pool_create(const struct rte_memalloc_pool_opts *opts, struct rte_memalloc_pool **pool)
{
	struct ma_pool *self;
	int ret = check(opts, pool);

	if (ret != 0)
		return ret;
	self = aligned_alloc(_Alignof(struct ma_pool), sizeof(*self));
	if (self == NULL)
		return rte_memalloc_fail(-ENOMEM, "creating a pool: out of memory");
	memset(self, 0, sizeof(*self));
	self->open.base.ops = &pool_ops;
	self->open.base.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES |
				RTE_MEMALLOC_F_CHECKS;
	self->open.capacity = opts->capacity;
	self->align = opts->align == 0 ? RTE_MEMALLOC_ALIGN : opts->align;
	self->open.stride = (opts->block_size + self->align - 1) & ~(self->align - 1);
	self->open.shift = (uint32_t)__builtin_ctzll(self->open.stride);
	self->open.inverse = inverse_of(self->open.stride >> self->open.shift);
	self->cache_size = cache_size_of(opts);
	self->open.is_out = calloc(opts->capacity, 1);
	if (self->open.is_out == NULL || ma_depot_init(&self->depot, opts->capacity) != 0) {
		free(self->open.is_out);
		free(self);
		return rte_memalloc_fail(-ENOMEM, "creating a pool: out of memory");
	}
	ma_pool_register(self);
	self->batch = self->cache_size < 2 ? 1 : self->cache_size / 2;
	stock(self);
	ret = place_blocks(self, opts->region);
	if (ret != 0) {
		ma_pool_unregister(self);
		release(self);
		return ret;
	}
	*pool = &self->open;
	return 0;
}
