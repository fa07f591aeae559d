/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with fastmem's handles, one for each size that the user has.
 * Must not: reserve: bench.c does, once a process.
 * Called by: scenarios, through way_fastmem_handle.
 */

#include <stdlib.h>

#include <rte_common.h>
#include <rte_fastmem.h>

#include "way.h"

struct handles {
	rte_fastmem_handle_t fixed[ITEM_FIXED];
	rte_fastmem_handle_t kinds[ITEM_KINDS];
};

struct local {
	rte_fastmem_handle_t small;
	rte_fastmem_handle_t page;
	const rte_fastmem_handle_t *kinds;
};

static inline struct local
local_of(const void *thread)
{
	const struct handles *handles = thread;

	return (struct local){
		.small = handles->fixed[ITEM_64],
		.page = handles->fixed[ITEM_4K],
		.kinds = handles->kinds,
	};
}

static inline rte_fastmem_handle_t
of_fixed(const struct local *l, enum item_fixed fixed)
{
	return fixed == ITEM_64 ? l->small : l->page;
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	return rte_fastmem_halloc(of_fixed(l, fixed), 0);
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	rte_fastmem_hfree(of_fixed(l, fixed), ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	return rte_fastmem_halloc(l->kinds[item.kind], 0);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	rte_fastmem_hfree(l->kinds[item.kind], ptr);
}

static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	return rte_fastmem_halloc_bulk(l->small, ptrs, n, 0) == 0;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	rte_fastmem_hfree_bulk(l->small, ptrs, n);
}

#include "loops.h"

static void *
open_handles(const struct way *way, const struct way_needs *needs, const char **why)
{
	struct handles *handles = calloc(1, sizeof(*handles));
	unsigned int i;
	int ret = 0;

	RTE_SET_USED(way);
	RTE_SET_USED(needs);
	*why = "a handle could not be looked up";
	if (handles == NULL)
		return NULL;
	for (i = 0; i < ITEM_FIXED; i++)
		ret |= rte_fastmem_hlookup(item_fixed_size(i), 0, RTE_NUMA_NODE_ANY,
					   &handles->fixed[i]);
	for (i = 0; i < ITEM_KINDS; i++)
		ret |= rte_fastmem_hlookup(item_kinds[i].size, 0, RTE_NUMA_NODE_ANY,
					   &handles->kinds[i]);
	if (ret == 0)
		return handles;
	free(handles);
	return NULL;
}

const struct way way_fastmem_handle = {
	.name = "fastmem-handle",
	.title = "fastmem halloc, hfree",
	.family = WAY_FASTMEM,
	.flags = WAY_VARIANT,
	.open = open_handles,
	.close = free,
	.loops = &loops,
};
