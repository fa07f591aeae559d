/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which allocators of this library are checked for what all have in common, and how each is
 *   made for that.
 * Must not: check what only one kind does.
 * Called by: meson test.
 */

#include <rte_memalloc_arena.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>

#include "conform.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

#define ALL (RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES | RTE_MEMALLOC_F_CHECKS)

static int
arena(struct rte_memalloc **alloc)
{
	struct rte_memalloc_arena_opts opts = { .size = 4 * MIB };
	struct rte_memalloc_arena *made;
	int ret = rte_memalloc_arena_create(&opts, &made);

	if (ret == 0)
		*alloc = rte_memalloc_arena_base(made);
	return ret;
}

/* Of blocks that are full after a few allocations. */
static int
arena_overflowing(struct rte_memalloc **alloc)
{
	struct rte_memregion_opts region = { .pages = RTE_MEMREGION_PAGES_SMALL };
	struct rte_memalloc_arena_opts opts = { .size = 4096,
						.flags = RTE_MEMALLOC_ARENA_F_OVERFLOW,
						.region = &region };
	struct rte_memalloc_arena *made;
	int ret = rte_memalloc_arena_create(&opts, &made);

	if (ret == 0)
		*alloc = rte_memalloc_arena_base(made);
	return ret;
}

static int
pool_of(const struct rte_memalloc_pool_opts *opts, struct rte_memalloc **alloc)
{
	struct rte_memalloc_pool *made;
	int ret = rte_memalloc_pool_create(opts, &made);

	if (ret == 0)
		*alloc = rte_memalloc_pool_base(made);
	return ret;
}

static int
pool(struct rte_memalloc **alloc)
{
	/* Caches so small that blocks go to and fro. */
	struct rte_memalloc_pool_opts opts = {
		.block_size = 1000, .align = 64, .capacity = 128, .cache_size = 8
	};

	return pool_of(&opts, alloc);
}

static int
pool_without_caches(struct rte_memalloc **alloc)
{
	struct rte_memalloc_pool_opts opts = { .block_size = 1000,
					       .align = 64,
					       .capacity = 64,
					       .flags = RTE_MEMALLOC_POOL_F_NO_CACHE };

	return pool_of(&opts, alloc);
}

static int
region(struct rte_memalloc **alloc)
{
	struct rte_memregion_opts opts = { .pages = RTE_MEMREGION_PAGES_SMALL };

	return rte_memalloc_region_create(&opts, alloc);
}

static const struct conform kinds[] = {
	{
		.kind = "system",
		.create = rte_memalloc_system_create,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
		.max_size = 8 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
	{
		.kind = "arena",
		.create = arena,
		.max_size = 16 * KIB,
		.max_align = 32 * KIB,
		.nb = 64,
	},
	{
		.kind = "arena that overflows",
		.create = arena_overflowing,
		.max_size = 16 * KIB,
		.max_align = 32 * KIB,
		.nb = 64,
	},
	{
		.kind = "pool",
		.create = pool,
		.flags = ALL,
		.max_size = 1024,
		.max_align = 64,
		.nb = 64,
		.times = 20000,
	},
	{
		.kind = "pool without caches",
		.create = pool_without_caches,
		.flags = ALL,
		.max_size = 1024,
		.max_align = 64,
		.nb = 64,
		.times = 20000,
	},
	{
		.kind = "region",
		.create = region,
		.flags = ALL,
		.max_size = 100 * KIB,
		.max_align = 64 * KIB,
		.nb = 32,
		.times = 200,
	},
};

int
main(void)
{
	return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
