/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with rte_fastmem_free_sized(), by users who know what they free.
 * Must not: reserve: bench.c does, once a process.
 * Called by: scenarios, through way_fastmem_sized.
 */

#include <rte_common.h>
#include <rte_fastmem.h>

#include "way.h"

struct local {
	char none;
};

static inline struct local
local_of(const void *thread)
{
	RTE_SET_USED(thread);
	return (struct local){ 0 };
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	RTE_SET_USED(l);
	return rte_fastmem_alloc(item_fixed_size(fixed), 0, 0);
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	RTE_SET_USED(l);
	rte_fastmem_free_sized(ptr, item_fixed_size(fixed), 0);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	RTE_SET_USED(l);
	return rte_fastmem_alloc(item.size, 0, 0);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	RTE_SET_USED(l);
	rte_fastmem_free_sized(ptr, item.size, 0);
}

/* One size for all, as a user who has no call for many sized ones would write it. */
static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	RTE_SET_USED(l);
	return rte_fastmem_alloc_bulk(ptrs, n, item_fixed_size(ITEM_64), 0, 0) == 0;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put_fixed(l, ptrs[i], ITEM_64);
}

#include "loops.h"

static void *
open_fastmem(const struct way *way, const struct way_needs *needs, const char **why)
{
	RTE_SET_USED(way);
	RTE_SET_USED(needs);
	RTE_SET_USED(why);
	return (void *)(uintptr_t)&way_fastmem_sized;
}

const struct way way_fastmem_sized = {
	.name = "fastmem-sized",
	.title = "fastmem alloc, free_sized",
	.family = WAY_FASTMEM,
	.flags = WAY_VARIANT,
	.open = open_fastmem,
	.loops = &loops,
};
