/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with bare arrays of pointers, the array looked up by the address that is freed.
 * Must not: do more than any allocator must that is given nothing but a pointer.
 * Called by: scenarios, through way_floor_lookup.
 */

#include <rte_common.h>

#include "floor.h"

struct local {
	struct floor_stack *stack;
	const uint16_t *page;
};

static inline struct local
local_of(const void *thread)
{
	const struct floor *floor = thread;

	return (struct local){
		.stack = (struct floor_stack *)(uintptr_t)floor->stack,
		.page = floor->page,
	};
}

static inline void
put(const struct local *l, void *ptr)
{
	*l->stack[l->page[(uintptr_t)ptr >> 12]].top++ = ptr;
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	return *--l->stack[fixed].top;
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	RTE_SET_USED(fixed);
	put(l, ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	return *--l->stack[ITEM_FIXED + item.kind].top;
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	RTE_SET_USED(item);
	put(l, ptr);
}

#include "singly.h"

#include "loops.h"

const struct way way_floor_lookup = {
	.name = "floor-lookup",
	.title = "floor: class by address",
	.family = WAY_FLOOR,
	.flags = WAY_ONE_THREAD,
	.open = floor_open,
	.close = floor_close,
	.loops = &loops,
};
