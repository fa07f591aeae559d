/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with rte_mempool, whose cache EAL's threads have: inlined, one pool a size.
 * Must not: differ from what a mempool's user writes.
 * Called by: scenarios, through way_mempool.
 */

#include <rte_mempool.h>

#include "pools.h"

struct local {
	struct rte_mempool *small;
	struct rte_mempool *page;
	struct rte_mempool *const *kinds;
};

static inline struct local
local_of(const void *thread)
{
	const struct pools *pools = thread;

	return (struct local){
		.small = pools->fixed[ITEM_64],
		.page = pools->fixed[ITEM_4K],
		.kinds = pools->kinds,
	};
}

static inline void *
get(struct rte_mempool *pool)
{
	void *ptr;

	return rte_mempool_get(pool, &ptr) == 0 ? ptr : NULL;
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	return get(fixed == ITEM_64 ? l->small : l->page);
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	rte_mempool_put(fixed == ITEM_64 ? l->small : l->page, ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	return get(l->kinds[item.kind]);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	rte_mempool_put(l->kinds[item.kind], ptr);
}

static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	return rte_mempool_get_bulk(l->small, ptrs, n) == 0;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	rte_mempool_put_bulk(l->small, ptrs, n);
}

#include "loops.h"

const struct way way_mempool = {
	.name = "mempool",
	.title = "rte_mempool, 512 cached",
	.family = WAY_MEMPOOL,
	.open = pools_open,
	.close = pools_close,
	.loops = &loops,
};
