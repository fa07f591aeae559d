/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with rte_fastmem_alloc() and rte_fastmem_free(): nothing but the pointer is kept.
 * Must not: reserve: bench.c does, once a process.
 * Called by: scenarios, through way_fastmem.
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
	RTE_SET_USED(fixed);
	rte_fastmem_free(ptr);
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
	RTE_SET_USED(item);
	rte_fastmem_free(ptr);
}

static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	RTE_SET_USED(l);
	return rte_fastmem_alloc_bulk(ptrs, n, item_fixed_size(ITEM_64), 0, 0) == 0;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	RTE_SET_USED(l);
	rte_fastmem_free_bulk(ptrs, n);
}

#include "loops.h"

static void *
get_any(void *thread, size_t size)
{
	RTE_SET_USED(thread);
	return rte_fastmem_alloc(size, 0, 0);
}

static void
put_any(void *thread, void *ptr)
{
	RTE_SET_USED(thread);
	rte_fastmem_free(ptr);
}

static void *
open_fastmem(const struct way *way, const struct way_needs *needs, const char **why)
{
	RTE_SET_USED(way);
	RTE_SET_USED(needs);
	RTE_SET_USED(why);
	/* There is nothing to keep; any address will do. */
	return (void *)(uintptr_t)&way_fastmem;
}

const struct way way_fastmem = {
	.name = "fastmem",
	.title = "fastmem alloc, free",
	.family = WAY_FASTMEM,
	.open = open_fastmem,
	.get_any = get_any,
	.put_any = put_any,
	.loops = &loops,
};
