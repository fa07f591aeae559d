/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the strategies: their answers against given facts, and against what the kernel
 *   says of this machine.
 * Must not: repeat what test_memalloc_choose.c checks of the rules.
 * Called by: meson test.
 */

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_pool.h>
#include <rte_memalloc_strategy.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

/* A machine of three levels; the last is shared by two CPUs. */
static const struct rte_memalloc_cache_facts caches = {
	.nb_levels = 3,
	.level = { { .size = 32 * KIB, .line = 64, .ways = 8, .sets = 64, .nb_cpus = 1 },
		   { .size = 256 * KIB, .line = 64, .ways = 4, .sets = 1024, .nb_cpus = 1 },
		   { .size = 8 * MIB, .line = 128, .ways = 16, .sets = 4096, .nb_cpus = 2 } },
};

static void
intelligent_goes_by_its_thresholds(void **state)
{
	struct rte_memalloc_strategy s;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_intelligent(0, &s), 0);
	assert_string_equal(s.ops->name, "intelligent");
	s.facts.pressure = RTE_MEMALLOC_PRESSURE_LOW;
	assert_true(rte_memalloc_strategy_should_use_pool(&s, 1024));
	assert_false(rte_memalloc_strategy_should_use_pool(&s, 128 * KIB));
	assert_false(rte_memalloc_strategy_should_use_arena(&s, 128 * KIB));
	assert_true(rte_memalloc_strategy_should_use_arena(&s, 10 * MIB));
	assert_false(rte_memalloc_strategy_should_use_pool(&s, 10 * MIB));
	assert_false(rte_memalloc_strategy_should_use_arena(&s, 0));
	s.rules.arena_above = 100 * KIB;
	s.rules.pool_below = 100;
	assert_true(rte_memalloc_strategy_should_use_arena(&s, 128 * KIB));
	assert_false(rte_memalloc_strategy_should_use_pool(&s, 1024));
	s.facts.pressure = RTE_MEMALLOC_PRESSURE_HIGH;
	assert_int_equal(rte_memalloc_strategy_pressure(&s), RTE_MEMALLOC_PRESSURE_HIGH);
	assert_false(rte_memalloc_strategy_should_use_arena(&s, 128 * KIB));
	/* A page, and whole elements. */
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 8), 4096);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 24), 4080);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 5000), 5000);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 0), 0);
}

static void
intelligent_heeds_caches_and_nodes_if_told(void **state)
{
	struct rte_memalloc_strategy s;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_intelligent(0, &s), 0);
	assert_int_equal(s.facts.nb_nodes, 1);
	assert_int_equal(rte_memalloc_strategy_intelligent(
				 RTE_MEMALLOC_STRATEGY_F_CACHE | RTE_MEMALLOC_STRATEGY_F_NUMA, &s),
			 0);
	s.cache = caches;
	s.facts.nb_nodes = 2;
	s.facts.pressure = RTE_MEMALLOC_PRESSURE_LOW;
	assert_false(rte_memalloc_strategy_should_use_arena(&s, 10 * MIB));
	assert_true(rte_memalloc_strategy_should_use_pool(&s, 1024));
	assert_int_equal(rte_memalloc_strategy_alignment(&s, RTE_MEMALLOC_TYPE_FLOAT64), 128);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 8), 8 * KIB);
	s.cache.nb_levels = 0;
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 8), 4096);
	assert_int_equal(rte_memalloc_strategy_alignment(&s, RTE_MEMALLOC_TYPE_INT8), s.vector);
}

static void
cache_aware_goes_by_the_caches(void **state)
{
	struct rte_memalloc_cache_facts none = { 0 };
	struct rte_memalloc_strategy s;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_cache(&caches, &s), 0);
	assert_string_equal(s.ops->name, "cache-aware");
	s.facts.pressure = RTE_MEMALLOC_PRESSURE_LOW;
	assert_true(rte_memalloc_strategy_should_use_pool(&s, 8 * KIB - 1));
	assert_false(rte_memalloc_strategy_should_use_pool(&s, 8 * KIB));
	assert_false(rte_memalloc_strategy_should_use_arena(&s, 4 * MIB));
	assert_true(rte_memalloc_strategy_should_use_arena(&s, 4 * MIB + 1));
	assert_int_equal(rte_memalloc_strategy_alignment(&s, RTE_MEMALLOC_TYPE_FLOAT32), 128);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 8), 8 * KIB);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 3), 2048 * 3);
	assert_int_equal(rte_memalloc_strategy_cache(&none, &s), -EINVAL);
	/* Of this machine, whatever it tells. */
	assert_int_equal(rte_memalloc_strategy_cache(NULL, &s), 0);
	assert_true(rte_memalloc_strategy_block_size(&s, 8) >= 8);
}

/* Whether /proc/cpuinfo has a flag. */
static bool
cpu_has(const char *flag)
{
	static char line[16 * 1024];
	bool has = false;
	char word[64];
	FILE *file = fopen("/proc/cpuinfo", "r");

	assert_non_null(file);
	snprintf(word, sizeof(word), " %s ", flag);
	while (!has && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = ' ';
		has = strncmp(line, "flags", 5) == 0 && strstr(line, word) != NULL;
	}
	fclose(file);
	return has;
}

static void
elements_are_aligned_to_vectors(void **state)
{
	static const size_t sizes[] = { 1, 2, 4, 8, 4, 8, 8, 16 };
	struct rte_memalloc_strategy s;
	size_t vector = cpu_has("avx512f") ? 64 : cpu_has("avx2") ? 32 : 16;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_intelligent(0, &s), 0);
	assert_int_equal(s.vector, vector);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(rte_memalloc_type_size((enum rte_memalloc_type)i), sizes[i]);
		assert_int_equal(rte_memalloc_strategy_alignment(&s, (enum rte_memalloc_type)i),
				 vector);
	}
	assert_int_equal(rte_memalloc_type_size((enum rte_memalloc_type)8), 0);
	assert_int_equal(rte_memalloc_strategy_alignment(&s, (enum rte_memalloc_type)8), 0);
}

static void
what_would_be_critical_cannot_be_allocated(void **state)
{
	struct rte_memalloc_strategy s;
	unsigned long long total = 0;
	char line[256];
	FILE *file;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_intelligent(0, &s), 0);
	/* This machine: not more than it has. */
	file = fopen("/proc/meminfo", "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemTotal: %llu", &total) == 1)
			break;
	}
	fclose(file);
	assert_false(rte_memalloc_strategy_can_allocate(&s, total * 1024));
	s.facts.total = 100 * GIB;
	s.facts.available = 50 * GIB;
	assert_true(rte_memalloc_strategy_can_allocate(&s, 45 * GIB));
	assert_false(rte_memalloc_strategy_can_allocate(&s, 45 * GIB + 1));
	assert_false(rte_memalloc_strategy_can_allocate(&s, SIZE_MAX));
	s.facts.total = 0;
	assert_true(rte_memalloc_strategy_can_allocate(&s, SIZE_MAX));
	/* Read again, it is this machine's. */
	assert_int_equal(rte_memalloc_strategy_refresh(&s), 0);
	assert_false(rte_memalloc_strategy_can_allocate(&s, total * 1024));
	assert_int_equal(rte_memalloc_strategy_refresh(NULL), -EINVAL);
}

static void
fragmentation_is_of_what_is_watched(void **state)
{
	struct rte_memalloc_pool_opts opts = { .block_size = 4096,
					       .align = 4096,
					       .capacity = 1024,
					       .flags = RTE_MEMALLOC_POOL_F_NO_CACHE };
	struct rte_memalloc_pool *pool;
	struct rte_memalloc_strategy s;
	static void *blocks[1024];
	double fragmentation;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_intelligent(0, &s), 0);
	assert_true(rte_memalloc_strategy_fragmentation(&s) == 0);
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), 0);
	s.watched = rte_memalloc_pool_base(pool);
	assert_true(rte_memalloc_strategy_fragmentation(&s) == 1);
	for (int i = 0; i < 1024; i++)
		blocks[i] = rte_memalloc_pool_get(pool);
	/* All blocks: what is left is the pool's own. */
	fragmentation = rte_memalloc_strategy_fragmentation(&s);
	assert_true(fragmentation >= 0 && fragmentation < 0.02);
	for (int i = 0; i < 1024; i += 2)
		assert_int_equal(rte_memalloc_pool_put(pool, blocks[i]), 0);
	fragmentation = rte_memalloc_strategy_fragmentation(&s);
	assert_true(fragmentation >= 0.5 && fragmentation < 0.52);
	for (int i = 1; i < 1024; i += 2)
		assert_int_equal(rte_memalloc_pool_put(pool, blocks[i]), 0);
	assert_int_equal(rte_memalloc_destroy(s.watched), 0);
}

static void
numa_aware_allocators_are_on_their_nodes(void **state)
{
	int nodes[64], nb_nodes = witness_nodes(nodes, 64);
	struct rte_memalloc_strategy s, spread;
	struct witness_pages pages;
	struct rte_memalloc *alloc;
	unsigned int here;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_numa(RTE_MEMALLOC_STRATEGY_F_LOCAL, &s), 0);
	assert_string_equal(s.ops->name, "NUMA-aware");
	assert_int_equal(s.facts.nb_nodes, nb_nodes);
	for (int i = 0; i < nb_nodes; i++) {
		assert_int_equal(rte_memalloc_strategy_allocator(&s, nodes[i], &alloc), 0);
		assert_int_equal(rte_memalloc_alloc(alloc, 3 * MIB, 0, &mem), 0);
		witness_pages(mem, 3 * MIB, &pages);
		assert_int_equal(pages.on_node[nodes[i]], 3 * MIB);
		assert_int_equal(rte_memalloc_free(alloc, mem), 0);
		assert_int_equal(rte_memalloc_destroy(alloc), 0);
	}
	/* The caller's own, which may change with the CPU where there are several. */
	assert_int_equal(getcpu(NULL, &here), 0);
	assert_int_equal(rte_memalloc_strategy_allocator(&s, RTE_NUMA_NODE_ANY, &alloc), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, MIB, 0, &mem), 0);
	witness_pages(mem, MIB, &pages);
	if (nb_nodes == 1)
		assert_int_equal(pages.on_node[here], MIB);
	assert_int_equal(pages.absent, 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	/* Spread: as many pages on each. */
	assert_int_equal(rte_memalloc_strategy_numa(RTE_MEMALLOC_STRATEGY_F_INTERLEAVE, &spread),
			 0);
	assert_int_equal(rte_memalloc_strategy_allocator(&spread, nodes[0], &alloc), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, MIB * (size_t)nb_nodes, 0, &mem), 0);
	witness_pages(mem, MIB * (size_t)nb_nodes, &pages);
	for (int i = 0; i < nb_nodes; i++)
		assert_in_range(pages.on_node[nodes[i]], MIB - 4096, MIB + 4096);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_strategy_allocator(&s, 900, &alloc), -ENODEV);
	assert_int_equal(rte_memalloc_strategy_allocator(NULL, 0, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_strategy_allocator(&s, 0, NULL), -EINVAL);
}

static void
numa_aware_blocks_are_pages(void **state)
{
	struct rte_memalloc_strategy s;

	(void)state;
	assert_int_equal(rte_memalloc_strategy_numa(0, &s), 0);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 8), 2 * MIB);
	s.facts.nb_nodes = 2;
	s.facts.pressure = RTE_MEMALLOC_PRESSURE_LOW;
	assert_false(rte_memalloc_strategy_should_use_arena(&s, 10 * MIB));
	assert_true(rte_memalloc_strategy_should_use_pool(&s, 100));
	assert_int_equal(rte_memalloc_strategy_numa(RTE_MEMALLOC_STRATEGY_F_INTERLEAVE, &s), 0);
	assert_int_equal(rte_memalloc_strategy_block_size(&s, 8), 4096);
	assert_int_equal(rte_memalloc_strategy_numa(RTE_MEMALLOC_STRATEGY_F_INTERLEAVE |
							    RTE_MEMALLOC_STRATEGY_F_LOCAL,
						    &s),
			 -EINVAL);
	assert_int_equal(rte_memalloc_strategy_numa(RTE_MEMALLOC_STRATEGY_F_CACHE, &s), -EINVAL);
	assert_int_equal(rte_memalloc_strategy_intelligent(64, &s), -EINVAL);
	assert_int_equal(rte_memalloc_strategy_intelligent(0, NULL), -EINVAL);
	assert_non_null(strstr(rte_memalloc_error(), "nowhere to put it"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intelligent_goes_by_its_thresholds),
		cmocka_unit_test(intelligent_heeds_caches_and_nodes_if_told),
		cmocka_unit_test(cache_aware_goes_by_the_caches),
		cmocka_unit_test(elements_are_aligned_to_vectors),
		cmocka_unit_test(what_would_be_critical_cannot_be_allocated),
		cmocka_unit_test(fragmentation_is_of_what_is_watched),
		cmocka_unit_test(numa_aware_allocators_are_on_their_nodes),
		cmocka_unit_test(numa_aware_blocks_are_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
