/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which allocators of this library are checked for what all have in common, and how each is
 *   made for that.
 * Must not: check what only one kind does.
 * Called by: meson test.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_memalloc_arena.h>
#include <rte_memalloc_auto.h>
#include <rte_memalloc_cache.h>
#include <rte_memalloc_mapped.h>
#include <rte_memalloc_pinned.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>
#include <rte_memalloc_wrap.h>

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

/* Over a file that has no name any more. */
static int
mapped(struct rte_memalloc **alloc)
{
	char path[] = "/tmp/fastmem-conform-XXXXXX";
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return 77;
	close(fd);
	unlink(path);
	ret = rte_memalloc_mapped_create(path, 2 * MIB, 0, alloc);
	unlink(path);
	return ret;
}

/* Wrap what one of the above made. */
static int
wrap(int ret, int (*create)(struct rte_memalloc *inner, struct rte_memalloc **alloc),
     struct rte_memalloc **alloc)
{
	return ret == 0 ? create(*alloc, alloc) : ret;
}

static int
limit_create(struct rte_memalloc *inner, struct rte_memalloc **alloc)
{
	return rte_memalloc_limit_create(inner, 64 * MIB, alloc);
}

static int
logging_create(struct rte_memalloc *inner, struct rte_memalloc **alloc)
{
	static FILE *null;

	if (null == NULL)
		null = fopen("/dev/null", "w");
	return rte_memalloc_logging_create(inner, null, alloc);
}

static int
locked(struct rte_memalloc **alloc)
{
	return wrap(arena_overflowing(alloc), rte_memalloc_locked_create, alloc);
}

static int
limit(struct rte_memalloc **alloc)
{
	return wrap(rte_memalloc_system_create(alloc), limit_create, alloc);
}

static int
tracking(struct rte_memalloc **alloc)
{
	return wrap(rte_memalloc_system_create(alloc), rte_memalloc_tracking_create, alloc);
}

static int
logging(struct rte_memalloc **alloc)
{
	return wrap(rte_memalloc_system_create(alloc), logging_create, alloc);
}

static int
cache_create(struct rte_memalloc *inner, struct rte_memalloc **alloc)
{
	static const struct rte_memalloc_cache_facts facts = {
		.nb_levels = 1,
		.level = { { .size = 32 * KIB, .line = 64, .ways = 8, .sets = 64, .nb_cpus = 1 } },
	};

	return rte_memalloc_cache_create(inner, &facts, alloc);
}

static int
pinned_create(struct rte_memalloc *inner, struct rte_memalloc **alloc)
{
	const struct rte_mempin_driver *driver;
	int ret = rte_mempin_find("loopback", &driver);

	return ret != 0 ? ret : rte_memalloc_pinned_create(inner, driver, 0, 0, alloc);
}

/* Whether this user may lock as much as is allocated at once. */
static int
may_lock(void)
{
	struct rlimit limit;

	return geteuid() == 0 ||
	       (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur >= 2 * MIB);
}

static int
pinned_system(struct rte_memalloc **alloc)
{
	return may_lock() ? wrap(rte_memalloc_system_create(alloc), pinned_create, alloc) : 77;
}

static int
pinned_region(struct rte_memalloc **alloc)
{
	return may_lock() ? wrap(region(alloc), pinned_create, alloc) : 77;
}

static int
cache_aware(struct rte_memalloc **alloc)
{
	return wrap(tracking(alloc), cache_create, alloc);
}

static int
nested(struct rte_memalloc **alloc)
{
	int ret = wrap(locked(alloc), limit_create, alloc);

	return wrap(wrap(ret, rte_memalloc_tracking_create, alloc), logging_create, alloc);
}

/* That takes each kind that there is without hugepages and pin driver, in turn. */
static int
automatic(struct rte_memalloc **alloc)
{
	static const struct rte_memalloc_rules rules = {
		.numa_above = 12 * KIB,
		.arena_above = 4 * KIB,
		.pool_below = 1 * KIB,
		.arena_pressure = RTE_MEMALLOC_PRESSURE_CRITICAL,
		.pool_pressure = RTE_MEMALLOC_PRESSURE_CRITICAL,
	};
	static const struct rte_memalloc_facts facts = { .nb_nodes = 2 };
	struct rte_memalloc_auto_opts opts = {
		.rules = &rules, .facts = &facts, .pool_blocks = 16, .arena_size = 64 * KIB
	};

	return rte_memalloc_auto_create(&opts, alloc);
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
	{
		.kind = "mapped",
		.create = mapped,
		.flags = ALL | RTE_MEMALLOC_F_KEEPS,
		.max_size = 8 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
	{
		.kind = "pinned, system",
		.create = pinned_system,
		.flags = ALL,
		.max_size = 16 * KIB,
		.max_align = 64 * KIB,
		.nb = 32,
		.times = 300,
	},
	{
		.kind = "pinned, region",
		.create = pinned_region,
		.flags = ALL,
		.max_size = 16 * KIB,
		.max_align = 64 * KIB,
		.nb = 32,
		.times = 200,
	},
	{
		.kind = "locked",
		.create = locked,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE,
		.max_size = 8 * KIB,
		.max_align = 8 * KIB,
		.nb = 64,
	},
	{
		.kind = "limit",
		.create = limit,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
		.max_size = 8 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
	{
		.kind = "tracking",
		.create = tracking,
		.flags = ALL,
		.max_size = 8 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
	{
		.kind = "logging",
		.create = logging,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
		.max_size = 8 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
	{
		.kind = "cache-aware",
		.create = cache_aware,
		.flags = ALL,
		.max_size = 16 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
	{
		.kind = "auto",
		.create = automatic,
		.flags = ALL,
		.max_size = 16 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
		.times = 300,
	},
	{
		.kind = "logging, tracking, limit, locked, arena",
		.create = nested,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_CHECKS,
		.max_size = 8 * KIB,
		.max_align = 8 * KIB,
		.nb = 64,
	},
};

int
main(void)
{
	return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
