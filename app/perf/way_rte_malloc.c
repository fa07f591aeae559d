/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with rte_malloc().
 * Must not: ask for a type's name or an alignment, which cost more.
 * Called by: scenarios, through way_rte_malloc.
 */

#include <rte_common.h>
#include <rte_malloc.h>

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
	return rte_malloc(NULL, item_fixed_size(fixed), 0);
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	RTE_SET_USED(l);
	RTE_SET_USED(fixed);
	rte_free(ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	RTE_SET_USED(l);
	return rte_malloc(NULL, item.size, 0);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	RTE_SET_USED(l);
	RTE_SET_USED(item);
	rte_free(ptr);
}

#include "singly.h"

#include "loops.h"

static void *
get_any(void *thread, size_t size)
{
	RTE_SET_USED(thread);
	return rte_malloc(NULL, size, 0);
}

static void
put_any(void *thread, void *ptr)
{
	RTE_SET_USED(thread);
	rte_free(ptr);
}

static void *
open_rte_malloc(const struct way *way, const struct way_needs *needs, const char **why)
{
	RTE_SET_USED(way);
	RTE_SET_USED(needs);
	RTE_SET_USED(why);
	/* There is nothing to keep; any address will do. */
	return (void *)(uintptr_t)&way_rte_malloc;
}

const struct way way_rte_malloc = {
	.name = "rte_malloc",
	.title = "rte_malloc",
	.family = WAY_RTE_MALLOC,
	.flags = WAY_NO_BULK,
	.open = open_rte_malloc,
	.get_any = get_any,
	.put_any = put_any,
	.loops = &loops,
};
