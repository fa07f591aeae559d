/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the numbers of pools, each thread's table of caches, and what happens when a thread ends.
 * Must not: be called on the way of an ordinary allocation: it takes a lock.
 * Called by: memalloc_pool.c; the C library, when a thread ends.
 *
 * A thread finds its caches by the pool's number, without a lock: its table is read by itself alone,
 * and written by itself or, when a pool goes whose cache nobody may use any more, by another.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_pool_priv.h"

#define NO_ID (RTE_MEMALLOC_POOL_IDS - 1) /* of all pools of which no thread has a cache */

/* Takes the place of a cache that a thread does not have: empty and full. Never written. */
static struct rte_memalloc_pool_cache none;

/* The table of threads that have no cache at all. Never written. */
static struct rte_memalloc_pool_cache *nothing[RTE_MEMALLOC_POOL_IDS] = {
	[0 ... RTE_MEMALLOC_POOL_IDS - 1] = &none
};

__thread struct rte_memalloc_pool_cache **rte_memalloc_pool_self = nothing;

/* A thread that has, or had, a cache. */
struct member {
	struct member *next;
	struct rte_memalloc_pool_cache **caches; /* its own table */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* All below is read and written under the lock. */
static struct ma_pool *pools[RTE_MEMALLOC_POOL_IDS]; /* NULL: the number is free */
static struct member *members;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;

void
ma_pool_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
ma_pool_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static void
unlink_cache(struct ma_pool *pool, struct rte_memalloc_pool_cache *cache)
{
	struct rte_memalloc_pool_cache **link = &pool->caches;

	while (*link != cache)
		link = &(*link)->sibling;
	*link = cache->sibling;
}

/* A thread ends: its blocks go back to their pools. */
static void
leave(void *arg)
{
	struct member *member = arg, **link = &members;
	struct rte_memalloc_pool_cache *cache;

	pthread_mutex_lock(&lock);
	for (unsigned int id = 0; id < NO_ID; id++) {
		cache = member->caches[id];
		if (cache == &none)
			continue;
		ma_pool_flush(pools[id], cache, ma_pool_nb_in(cache));
		pools[id]->nb_retired += ma_pool_nb_taken(cache);
		unlink_cache(pools[id], cache);
		free(cache);
	}
	while (*link != member)
		link = &(*link)->next;
	*link = member->next;
	pthread_mutex_unlock(&lock);
	/* Another destructor may still allocate: as a thread that has just begun. */
	rte_memalloc_pool_self = nothing;
	free(member->caches);
	free(member);
}

static void
make_key(void)
{
	key_error = pthread_key_create(&key, leave);
}

/* The calling thread joins the members, with a table of its own, if it has not yet. Under the lock. */
static bool
join(void)
{
	struct member *member = pthread_getspecific(key);

	if (member != NULL)
		return true;
	member = malloc(sizeof(*member));
	if (member == NULL)
		return false;
	member->caches = malloc(sizeof(nothing));
	if (member->caches == NULL || pthread_setspecific(key, member) != 0) {
		free(member->caches);
		free(member);
		return false;
	}
	memcpy(member->caches, nothing, sizeof(nothing));
	member->next = members;
	members = member;
	rte_memalloc_pool_self = member->caches;
	return true;
}

static struct rte_memalloc_pool_cache *
new_cache(struct ma_pool *pool)
{
	struct rte_memalloc_pool_cache *cache;
	size_t size = sizeof(*cache) + pool->cache_size * sizeof(cache->blocks[0]);

	/* Whole cache lines, so that no two threads' caches share one. */
	cache = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (cache == NULL)
		return NULL;
	*cache = (struct rte_memalloc_pool_cache){ .size = pool->cache_size,
						   .sibling = pool->caches };
	return cache;
}

struct rte_memalloc_pool_cache *
ma_pool_own_cache(struct ma_pool *pool)
{
	struct rte_memalloc_pool_cache *cache;

	if (pool->cache_size == 0)
		return NULL;
	cache = rte_memalloc_pool_self[pool->open.id];
	if (cache != &none)
		return cache;
	pthread_once(&key_once, make_key);
	if (key_error != 0)
		return NULL;
	cache = NULL;
	pthread_mutex_lock(&lock);
	if (join())
		cache = new_cache(pool);
	if (cache != NULL) {
		pool->caches = cache;
		rte_memalloc_pool_self[pool->open.id] = cache;
	}
	pthread_mutex_unlock(&lock);
	return cache;
}

void
ma_pool_register(struct ma_pool *pool)
{
	uint32_t id = 0;

	pthread_mutex_lock(&lock);
	while (id < NO_ID && (pools[id] != NULL || pool->cache_size == 0))
		id++;
	if (id < NO_ID)
		pools[id] = pool;
	else
		pool->cache_size = 0;
	pthread_mutex_unlock(&lock);
	pool->open.id = id;
}

void
ma_pool_unregister(struct ma_pool *pool)
{
	struct rte_memalloc_pool_cache *cache;
	uint32_t id = pool->open.id;

	if (id == NO_ID)
		return;
	pthread_mutex_lock(&lock);
	for (struct member *member = members; member != NULL; member = member->next)
		member->caches[id] = &none;
	while ((cache = pool->caches) != NULL) {
		pool->caches = cache->sibling;
		free(cache);
	}
	pools[id] = NULL;
	pthread_mutex_unlock(&lock);
}
