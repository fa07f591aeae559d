/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with rte_mempool by threads that EAL does not know and that made themselves caches.
 * Must not: be used where EAL knows the thread: way_mempool.c is what one would write there.
 * Called by: scenarios, through way_mempool_own.
 */

#include <stdlib.h>

#include <rte_mempool.h>

#include "pools.h"

/* A pool and the thread's cache of it. */
struct cached {
	struct rte_mempool *pool;
	struct rte_mempool_cache *cache;
};

struct caches {
	struct cached fixed[ITEM_FIXED];
	struct cached kinds[ITEM_KINDS];
};

struct local {
	struct cached small;
	struct cached page;
	const struct cached *kinds;
};

static inline struct local
local_of(const void *thread)
{
	const struct caches *caches = thread;

	return (struct local){
		.small = caches->fixed[ITEM_64],
		.page = caches->fixed[ITEM_4K],
		.kinds = caches->kinds,
	};
}

static inline void *
get(struct cached from)
{
	void *ptr;

	return rte_mempool_generic_get(from.pool, &ptr, 1, from.cache) == 0 ? ptr : NULL;
}

static inline void
put(struct cached to, void *ptr)
{
	rte_mempool_generic_put(to.pool, &ptr, 1, to.cache);
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	return get(fixed == ITEM_64 ? l->small : l->page);
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	put(fixed == ITEM_64 ? l->small : l->page, ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	return get(l->kinds[item.kind]);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	put(l->kinds[item.kind], ptr);
}

static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	return rte_mempool_generic_get(l->small.pool, ptrs, n, l->small.cache) == 0;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	rte_mempool_generic_put(l->small.pool, ptrs, n, l->small.cache);
}

#include "loops.h"

/* Nothing where the scenario has no such pool; false: no memory. */
static bool
make_cache(struct cached *cached, struct rte_mempool *pool)
{
	if (pool == NULL)
		return true;
	cached->pool = pool;
	cached->cache = rte_mempool_cache_create(RTE_MEMPOOL_CACHE_MAX_SIZE, pool->socket_id);
	return cached->cache != NULL;
}

static void
free_cache(struct cached *cached)
{
	if (cached->cache == NULL)
		return;
	rte_mempool_cache_flush(cached->cache, cached->pool);
	rte_mempool_cache_free(cached->cache);
}

static void
detach(void *thread)
{
	struct caches *caches = thread;
	unsigned int i;

	for (i = 0; i < ITEM_FIXED; i++)
		free_cache(&caches->fixed[i]);
	for (i = 0; i < ITEM_KINDS; i++)
		free_cache(&caches->kinds[i]);
	free(caches);
}

static void *
attach(void *state)
{
	const struct pools *pools = state;
	struct caches *caches = calloc(1, sizeof(*caches));
	bool made = caches != NULL;
	unsigned int i;

	for (i = 0; i < ITEM_FIXED && made; i++)
		made = make_cache(&caches->fixed[i], pools->fixed[i]);
	for (i = 0; i < ITEM_KINDS && made; i++)
		made = make_cache(&caches->kinds[i], pools->kinds[i]);
	if (made)
		return caches;
	if (caches != NULL)
		detach(caches);
	return NULL;
}

const struct way way_mempool_own = {
	.name = "mempool-own",
	.title = "rte_mempool, own cache",
	.family = WAY_MEMPOOL,
	.flags = WAY_NO_LCORE,
	.open = pools_open,
	.close = pools_close,
	.attach = attach,
	.detach = detach,
	.loops = &loops,
};
