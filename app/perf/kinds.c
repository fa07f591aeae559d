/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which kinds of allocator are compared, and how each is made.
 * Must not: measure.
 * Called by: scene_strategies.c, scene_strategy_cost.c.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_memalloc_arena.h>
#include <rte_memalloc_cache.h>
#include <rte_memalloc_fastmem.h>
#include <rte_memalloc_mapped.h>
#include <rte_memalloc_pinned.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>

#include "kinds.h"

#define FILE_ROOM ((size_t)1 << 20) /* a file's own part, and a few allocations' */

static int
create_system(size_t size, struct rte_memalloc **alloc)
{
	RTE_SET_USED(size);
	return rte_memalloc_system_create(alloc);
}

static int
create_arena(size_t size, struct rte_memalloc **alloc)
{
	struct rte_memalloc_arena_opts opts = { .size = RTE_MAX(2 * size, (size_t)1 << 20) };
	struct rte_memalloc_arena *arena;
	int ret = rte_memalloc_arena_create(&opts, &arena);

	if (ret == 0)
		*alloc = rte_memalloc_arena_base(arena);
	return ret;
}

static int
create_pool(size_t size, struct rte_memalloc **alloc)
{
	/* Of small blocks so many that a thread keeps some. */
	struct rte_memalloc_pool_opts opts = { .block_size = size,
					       .align = 64,
					       .capacity = size <= 4096 ? 4096 : 1 };
	struct rte_memalloc_pool *pool;
	int ret = rte_memalloc_pool_create(&opts, &pool);

	if (ret == 0)
		*alloc = rte_memalloc_pool_base(pool);
	return ret;
}

static int
create_region(enum rte_memregion_pages pages, struct rte_memalloc **alloc)
{
	/* Where large pages are asked for, strict: none that only says that it has such. */
	struct rte_memregion_opts opts = {
		.pages = pages,
		.flags = pages == RTE_MEMREGION_PAGES_SMALL ? RTE_MEMREGION_F_PREFAULT :
							      RTE_MEMREGION_F_STRICT,
	};

	return rte_memalloc_region_create(&opts, alloc);
}

static int
create_small_pages(size_t size, struct rte_memalloc **alloc)
{
	RTE_SET_USED(size);
	return create_region(RTE_MEMREGION_PAGES_SMALL, alloc);
}

static int
create_transparent(size_t size, struct rte_memalloc **alloc)
{
	RTE_SET_USED(size);
	return create_region(RTE_MEMREGION_PAGES_TRANSPARENT, alloc);
}

static int
create_2m_pages(size_t size, struct rte_memalloc **alloc)
{
	RTE_SET_USED(size);
	return create_region(RTE_MEMREGION_PAGES_2M, alloc);
}

static int
create_fastmem(size_t size, struct rte_memalloc **alloc)
{
	RTE_SET_USED(size);
	return rte_memalloc_fastmem_create(RTE_NUMA_NODE_ANY, alloc);
}

/* A file without a name, where temporary ones belong. */
static int
create_mapped(size_t size, struct rte_memalloc **alloc)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/fastmem-perf-XXXXXX", folder == NULL ? "/tmp" : folder);
	fd = mkstemp(path);
	if (fd < 0)
		return rte_memalloc_fail(-errno, "no file in %s: %s", path, strerror(errno));
	close(fd);
	unlink(path);
	ret = rte_memalloc_mapped_create(path, size + FILE_ROOM, 0, alloc);
	unlink(path);
	return ret;
}

static int
create_pinned(size_t size, struct rte_memalloc **alloc)
{
	const struct rte_mempin_driver *driver;
	struct rte_memalloc *inner;
	int ret = rte_mempin_find("loopback", &driver);

	if (ret == 0)
		ret = create_small_pages(size, &inner);
	if (ret != 0)
		return ret;
	ret = rte_memalloc_pinned_create(inner, driver, 0, 0, alloc);
	if (ret != 0)
		rte_memalloc_destroy(inner);
	return ret;
}

static int
create_cache_aware(size_t size, struct rte_memalloc **alloc)
{
	struct rte_memalloc *inner;
	int ret = create_system(size, &inner);

	if (ret != 0)
		return ret;
	ret = rte_memalloc_cache_create(inner, NULL, alloc);
	if (ret != 0)
		rte_memalloc_destroy(inner);
	return ret;
}

enum { SMALL_PAGES = 3, TRANSPARENT, PAGES_2M };

/* clang-format off */
const struct kind kinds[] = {
	{ { .name = "system", .title = "system", .family = WAY_LIBRARY }, create_system },
	{ { .name = "arena", .title = "arena", .family = WAY_FLOOR }, create_arena },
	{ { .name = "pool", .title = "pool", .family = WAY_FLOOR }, create_pool },
	[SMALL_PAGES] =
	{ { .name = "region-4k", .title = "region, 4 KiB pages", .family = WAY_FLOOR },
	  create_small_pages },
	[TRANSPARENT] =
	{ { .name = "region-thp", .title = "region, transparent", .family = WAY_FLOOR },
	  create_transparent },
	[PAGES_2M] =
	{ { .name = "region-2m", .title = "region, 2 MiB pages", .family = WAY_FLOOR },
	  create_2m_pages },
	{ { .name = "fastmem", .title = "fastmem", .family = WAY_FASTMEM }, create_fastmem },
	{ { .name = "mapped", .title = "mapped", .family = WAY_FLOOR }, create_mapped },
	{ { .name = "pinned", .title = "pinned, loopback", .family = WAY_FLOOR }, create_pinned },
	{ { .name = "cache-aware", .title = "cache-aware, system", .family = WAY_FLOOR },
	  create_cache_aware },
};
/* clang-format on */

const unsigned int nb_kinds = RTE_DIM(kinds);

const struct kind *const kinds_by_page[] = { &kinds[SMALL_PAGES], &kinds[TRANSPARENT],
					     &kinds[PAGES_2M] };

const unsigned int nb_kinds_by_page = RTE_DIM(kinds_by_page);
