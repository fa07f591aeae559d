/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with bare arrays of pointers, by a user who knows what size he frees.
 * Must not: do more than any allocator must.
 * Called by: scenarios, through way_floor.
 */

#include <string.h>

#include <rte_common.h>

#include "floor.h"

struct local {
	struct floor_stack *stack;
};

static inline struct local
local_of(const void *thread)
{
	const struct floor *floor = thread;

	return (struct local){ .stack = (struct floor_stack *)(uintptr_t)floor->stack };
}

static inline void *
pop(struct floor_stack *stack)
{
	return *--stack->top;
}

static inline void
push(struct floor_stack *stack, void *ptr)
{
	*stack->top++ = ptr;
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	return pop(&l->stack[fixed]);
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	push(&l->stack[fixed], ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	return pop(&l->stack[ITEM_FIXED + item.kind]);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	push(&l->stack[ITEM_FIXED + item.kind], ptr);
}

static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	struct floor_stack *stack = &l->stack[ITEM_64];

	stack->top -= n;
	memcpy(ptrs, stack->top, n * sizeof(*ptrs));
	return true;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	struct floor_stack *stack = &l->stack[ITEM_64];

	memcpy(stack->top, ptrs, n * sizeof(*ptrs));
	stack->top += n;
}

#include "loops.h"

const struct way way_floor = {
	.name = "floor",
	.title = "floor: arrays of pointers",
	.family = WAY_FLOOR,
	.flags = WAY_ONE_THREAD,
	.open = floor_open,
	.close = floor_close,
	.loops = &loops,
};
