/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works without an allocator, one object standing for all: what a loop costs by itself.
 * Must not: be held against anything but the floors.
 * Called by: scenarios, through way_none.
 */

#include <string.h>

#include <rte_common.h>

#include "way.h"

struct local {
	void *ptr;
};

static inline struct local
local_of(const void *thread)
{
	return (struct local){ .ptr = (void *)(uintptr_t)thread };
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	RTE_SET_USED(fixed);
	return l->ptr;
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	RTE_SET_USED(l);
	RTE_SET_USED(ptr);
	RTE_SET_USED(fixed);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	RTE_SET_USED(item);
	return l->ptr;
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	RTE_SET_USED(l);
	RTE_SET_USED(ptr);
	RTE_SET_USED(item);
}

#include "singly.h"

#include "loops.h"

static void *
open_none(const struct way *way, const struct way_needs *needs, const char **why)
{
	static char object[4096] __attribute__((aligned(64)));

	RTE_SET_USED(way);
	RTE_SET_USED(needs);
	RTE_SET_USED(why);
	return object;
}

const struct way way_none = {
	.name = "none",
	.title = "the loop alone",
	.family = WAY_FLOOR,
	.flags = WAY_NO_MEMORY,
	.open = open_none,
	.loops = &loops,
};
