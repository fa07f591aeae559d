/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how each kind that can be chosen is really allocated, and freed.
 * Must not: choose, or count.
 * Called by: memalloc_auto.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_auto_priv.h"

/* ---- pools */

static struct rte_memalloc_pool *
pool_get(struct auto_places *places, unsigned int i)
{
	struct rte_memalloc_pool_opts opts = { .block_size = (size_t)1 << (i + AUTO_POOL_SHIFT),
					       .align = (size_t)1 << (i + AUTO_POOL_SHIFT),
					       .capacity = places->pool_blocks };
	/* P2: acquire the pool; partner P1. */
	struct rte_memalloc_pool *pool =
		atomic_load_explicit(&places->pools[i], memory_order_acquire);

	if (pool != NULL)
		return pool;
	pthread_mutex_lock(&places->lock);
	/* Relaxed: it is written under the lock. */
	pool = atomic_load_explicit(&places->pools[i], memory_order_relaxed);
	if (pool == NULL && rte_memalloc_pool_create(&opts, &pool) == 0)
		/* P1: release the pool; partner P2, P3. */
		atomic_store_explicit(&places->pools[i], pool, memory_order_release);
	pthread_mutex_unlock(&places->lock);
	return pool;
}

struct rte_memalloc_pool *
auto_pool_of(struct auto_places *places, const void *mem)
{
	struct rte_memalloc_pool *pool;

	for (unsigned int i = 0; i < AUTO_NB_POOLS; i++) {
		/* P3: acquire the pool; partner P1. */
		pool = atomic_load_explicit(&places->pools[i], memory_order_acquire);
		if (pool != NULL && rte_memalloc_pool_index(pool, mem) < pool->capacity)
			return pool;
	}
	return NULL;
}

static int
place_in_pool(struct auto_places *places, size_t size, size_t align, struct auto_piece *piece)
{
	size_t least = size > align ? size : align;
	struct rte_memalloc_pool *pool;
	unsigned int i = 0;

	while (i < AUTO_NB_POOLS && ((size_t)1 << (i + AUTO_POOL_SHIFT)) < least)
		i++;
	if (i == AUTO_NB_POOLS)
		return rte_memalloc_fail(-EINVAL, "%zu bytes at alignment %zu: no pool has those",
					 size, align);
	pool = pool_get(places, i);
	if (pool == NULL)
		return -ENOMEM;
	piece->mem = rte_memalloc_pool_get(pool);
	piece->size = (size_t)1 << (i + AUTO_POOL_SHIFT);
	piece->owner = pool;
	return piece->mem == NULL ? -ENOMEM : 0;
}

/* ---- arenas */

static struct auto_work *
work_create(struct auto_places *places)
{
	struct rte_memalloc_arena_opts opts = { .size = places->arena_size,
						.flags = RTE_MEMALLOC_ARENA_F_OVERFLOW };
	struct auto_work *work = calloc(1, sizeof(*work));

	if (work == NULL) {
		rte_memalloc_fail(-ENOMEM, "creating an arena: out of memory");
		return NULL;
	}
	if (rte_memalloc_arena_create(&opts, &work->arena) != 0) {
		free(work);
		return NULL;
	}
	work->next = places->works;
	places->works = work;
	places->work = work;
	return work;
}

/* One that holds nothing, and will not any more. If it cannot be unmapped, it stays until the end. */
static int
work_destroy(struct auto_places *places, struct auto_work *work)
{
	struct auto_work **at = &places->works;
	int ret = rte_memalloc_destroy(rte_memalloc_arena_base(work->arena));

	if (ret != 0)
		return ret;
	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	free(work);
	return 0;
}

static int
place_in_arena(struct auto_places *places, size_t size, size_t align, struct auto_piece *piece)
{
	struct auto_work *work;
	int ret = -ENOMEM;

	pthread_mutex_lock(&places->lock);
	work = places->work != NULL ? places->work : work_create(places);
	if (work != NULL)
		ret = rte_memalloc_alloc(rte_memalloc_arena_base(work->arena), size, align,
					 &piece->mem);
	if (ret == 0) {
		piece->size =
			rte_memalloc_usable_size(rte_memalloc_arena_base(work->arena), piece->mem);
		piece->owner = work;
		work->nb++;
		work->used += size;
		if (work->used >= places->arena_size)
			places->work = NULL;
	}
	pthread_mutex_unlock(&places->lock);
	return ret;
}

static void
unplace_from_arena(struct auto_places *places, const struct auto_piece *piece)
{
	struct auto_work *work = piece->owner;

	pthread_mutex_lock(&places->lock);
	/* Of the newest one the room is used again. */
	rte_memalloc_free(rte_memalloc_arena_base(work->arena), piece->mem);
	if (--work->nb == 0 && work != places->work) {
		work_destroy(places, work);
	} else if (work->nb == 0) {
		rte_memalloc_arena_reset(work->arena);
		/* What cannot be given back is used again. */
		rte_memalloc_arena_trim(work->arena);
		work->used = 0;
	}
	pthread_mutex_unlock(&places->lock);
}

/* ---- regions */

static int
place_in_region(size_t size, size_t align, const struct rte_memregion_opts *opts,
		struct auto_piece *piece)
{
	struct rte_memregion *region;
	int ret = ma_region_create(size, align, opts, &region, &piece->mem);

	if (ret != 0)
		return rte_memalloc_fail(ret, "allocating a region: %s", rte_memregion_error());
	piece->size = (size_t)((char *)rte_memregion_addr(region) + rte_memregion_size(region) -
			       (char *)piece->mem);
	piece->owner = region;
	return 0;
}

static int
place_in_hugepages(uint64_t page_size, size_t size, size_t align, struct auto_piece *piece)
{
	struct rte_memregion_opts opts = {
		.pages = page_size == (uint64_t)2 << 20 ? RTE_MEMREGION_PAGES_2M :
			 page_size == (uint64_t)1 << 30 ? RTE_MEMREGION_PAGES_1G :
							  RTE_MEMREGION_PAGES_EXPLICIT,
		.flags = RTE_MEMREGION_F_STRICT,
	};
	int ret = place_in_region(size, align, &opts, piece);

	if (ret != -EXDEV || rte_membind_allowed_nodes(&opts.nodes) != 0)
		return ret;
	/* This thread's node has none left. Another's are as large, and the nearest one's come first. */
	opts.policy = RTE_MEMBIND_BIND;
	return place_in_region(size, align, &opts, piece);
}

static int
place_on_node(int wanted, size_t size, size_t align, struct auto_piece *piece)
{
	/* Large pages where there are some, which no strict region may leave to chance. */
	struct rte_memregion_opts opts = { .policy = RTE_MEMBIND_BIND,
					   .flags = RTE_MEMREGION_F_PREFAULT };
	int node_id = ma_node_for(wanted), ret;

	if (node_id < 0)
		return rte_memalloc_fail(-ENODEV, "node %d has no memory, or is none", wanted);
	rte_numa_mask_only(&opts.nodes, node_id);
	ret = place_in_region(size, align, &opts, piece);
	if (ret != 0)
		return ret;
	if (rte_membind_verify(piece->mem, piece->size, &opts.nodes) == 0)
		return 0;
	rte_memregion_destroy(piece->owner);
	return rte_memalloc_fail(-ENOMEM, "%zu bytes on node %d: it has too little memory left",
				 size, node_id);
}

/* ---- all */

static int
place_by(struct rte_memalloc *alloc, size_t size, size_t align, struct auto_piece *piece)
{
	int ret = rte_memalloc_alloc(alloc, size, align, &piece->mem);

	if (ret != 0)
		return ret;
	piece->size = rte_memalloc_usable_size(alloc, piece->mem);
	piece->owner = alloc;
	return 0;
}

int
auto_place(struct auto_places *places, const struct rte_memalloc_choice *choice, size_t size,
	   size_t align, struct auto_piece *piece)
{
	switch (choice->kind) {
	case RTE_MEMALLOC_CHOICE_POOL:
		return place_in_pool(places, size, align, piece);
	case RTE_MEMALLOC_CHOICE_ARENA:
		return place_in_arena(places, size, align, piece);
	case RTE_MEMALLOC_CHOICE_HUGE:
		return place_in_hugepages(choice->page_size, size, align, piece);
	case RTE_MEMALLOC_CHOICE_NUMA:
		return place_on_node(choice->node_id, size, align, piece);
	case RTE_MEMALLOC_CHOICE_PINNED:
		return place_by(places->pinned, size, align, piece);
	default:
		/* At a line's beginning, so that what is walked in vectors or by lines needs no more. */
		return place_by(places->system, size, align > AUTO_LINE ? align : AUTO_LINE, piece);
	}
}

int
auto_unplace(struct auto_places *places, enum rte_memalloc_choice_kind kind,
	     const struct auto_piece *piece)
{
	int ret;

	switch (kind) {
	case RTE_MEMALLOC_CHOICE_ARENA:
		unplace_from_arena(places, piece);
		return 0;
	case RTE_MEMALLOC_CHOICE_HUGE:
	case RTE_MEMALLOC_CHOICE_NUMA:
		ret = rte_memregion_destroy(piece->owner);
		return ret == 0 ? 0 :
				  rte_memalloc_fail(ret, "freeing a region: munmap: %s",
						    strerror(-ret));
	default:
		return rte_memalloc_free(piece->owner, piece->mem);
	}
}

uint64_t
auto_spare(struct auto_places *places)
{
	struct rte_memalloc_stats stats;
	struct rte_memalloc_pool *pool;
	uint64_t spare = 0;

	for (unsigned int i = 0; i < AUTO_NB_POOLS; i++) {
		/* P3: acquire the pool; partner P1. */
		pool = atomic_load_explicit(&places->pools[i], memory_order_acquire);
		if (pool == NULL)
			continue;
		rte_memalloc_stats(rte_memalloc_pool_base(pool), &stats);
		if (stats.held > stats.allocated)
			spare += stats.held - stats.allocated;
	}
	pthread_mutex_lock(&places->lock);
	for (struct auto_work *work = places->works; work != NULL; work = work->next) {
		rte_memalloc_stats(rte_memalloc_arena_base(work->arena), &stats);
		spare += stats.held - stats.allocated;
	}
	pthread_mutex_unlock(&places->lock);
	return spare;
}

int
auto_places_fini(struct auto_places *places)
{
	struct rte_memalloc_pool *pool;
	int ret = 0;

	places->work = NULL;
	while (ret == 0 && places->works != NULL)
		ret = work_destroy(places, places->works);
	for (unsigned int i = 0; ret == 0 && i < AUTO_NB_POOLS; i++) {
		/* Relaxed: nobody else uses it any more. */
		pool = atomic_load_explicit(&places->pools[i], memory_order_relaxed);
		if (pool != NULL)
			ret = rte_memalloc_destroy(rte_memalloc_pool_base(pool));
		if (ret == 0)
			atomic_store_explicit(&places->pools[i], NULL, memory_order_relaxed);
	}
	if (ret == 0)
		ret = rte_memalloc_destroy(places->system);
	if (ret == 0)
		pthread_mutex_destroy(&places->lock);
	return ret;
}
