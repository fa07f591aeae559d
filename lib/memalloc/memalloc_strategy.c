/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the answers of the three strategies. Pure.
 * Must not: ask the machine: memalloc_strategy_make.c does.
 * Called by: applications, through the strategies' functions.
 */

#include "memalloc_priv.h"
#include "rte_memalloc_strategy.h"

#define PAGE	 ((size_t)4096)
#define HUGEPAGE ((size_t)2 << 20)

size_t
rte_memalloc_type_size(enum rte_memalloc_type type)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8, 4, 8, 8, 16 };

	return (size_t)type < sizeof(sizes) ? sizes[type] : 0;
}

double
rte_memalloc_strategy_fragmentation(const struct rte_memalloc_strategy *strategy)
{
	struct rte_memalloc_stats stats;

	if (strategy->watched == NULL || rte_memalloc_stats(strategy->watched, &stats) != 0 ||
	    stats.held == 0 || stats.allocated >= stats.held)
		return 0;
	return 1 - (double)stats.allocated / (double)stats.held;
}

static bool
is_chosen(const struct rte_memalloc_strategy *strategy, size_t size,
	  enum rte_memalloc_choice_kind kind)
{
	struct rte_memalloc_choice choice;

	return rte_memalloc_choose_by(&strategy->rules, &strategy->facts, size, NULL, &choice) ==
		       0 &&
	       choice.kind == kind;
}

static bool
should_use_arena(const struct rte_memalloc_strategy *strategy, size_t size)
{
	return is_chosen(strategy, size, RTE_MEMALLOC_CHOICE_ARENA);
}

static bool
should_use_pool(const struct rte_memalloc_strategy *strategy, size_t size)
{
	return is_chosen(strategy, size, RTE_MEMALLOC_CHOICE_POOL);
}

static bool
can_allocate(const struct rte_memalloc_strategy *strategy, size_t size)
{
	const struct rte_memalloc_facts *facts = &strategy->facts;

	return facts->total == 0 ||
	       (size <= facts->available &&
		rte_memalloc_pressure_of(facts->available - size, facts->total) <
			RTE_MEMALLOC_PRESSURE_CRITICAL);
}

/* ---- alignment: vectors, and lines so that threads do not share one */

static size_t
vector_alignment(const struct rte_memalloc_strategy *strategy, enum rte_memalloc_type type)
{
	size_t size = rte_memalloc_type_size(type);

	return size == 0 || size > strategy->vector ? size : strategy->vector;
}

static size_t
line_alignment(const struct rte_memalloc_strategy *strategy, enum rte_memalloc_type type)
{
	size_t line = rte_memalloc_cache_line(&strategy->cache);
	size_t vector = vector_alignment(strategy, type);

	return vector == 0 || vector > line ? vector : line;
}

static size_t
intelligent_alignment(const struct rte_memalloc_strategy *strategy, enum rte_memalloc_type type)
{
	return (strategy->flags & RTE_MEMALLOC_STRATEGY_F_CACHE) != 0 ?
		       line_alignment(strategy, type) :
		       vector_alignment(strategy, type);
}

/* ---- blocks */

/* As many whole elements as are in so many bytes, one at least. */
static size_t
elements_in(size_t bytes, size_t element_size)
{
	if (element_size == 0)
		return 0;
	return element_size >= bytes ? element_size : bytes / element_size * element_size;
}

static size_t
cache_block_size(const struct rte_memalloc_strategy *strategy, size_t element_size)
{
	size_t block = rte_memalloc_cache_block(&strategy->cache, 1, element_size);

	return block != 0 ? block : elements_in(PAGE, element_size);
}

static size_t
intelligent_block_size(const struct rte_memalloc_strategy *strategy, size_t element_size)
{
	return (strategy->flags & RTE_MEMALLOC_STRATEGY_F_CACHE) != 0 ?
		       cache_block_size(strategy, element_size) :
		       elements_in(PAGE, element_size);
}

/* What is spread goes from node to node with each page; what is not is best in large ones. */
static size_t
numa_block_size(const struct rte_memalloc_strategy *strategy, size_t element_size)
{
	return elements_in((strategy->flags & RTE_MEMALLOC_STRATEGY_F_INTERLEAVE) != 0 ? PAGE :
											 HUGEPAGE,
			   element_size);
}

const struct rte_memalloc_strategy_ops ma_strategy_intelligent = {
	.name = "intelligent",
	.should_use_arena = should_use_arena,
	.should_use_pool = should_use_pool,
	.alignment = intelligent_alignment,
	.block_size = intelligent_block_size,
	.can_allocate = can_allocate,
};

const struct rte_memalloc_strategy_ops ma_strategy_cache = {
	.name = "cache-aware",
	.should_use_arena = should_use_arena,
	.should_use_pool = should_use_pool,
	.alignment = line_alignment,
	.block_size = cache_block_size,
	.can_allocate = can_allocate,
};

const struct rte_memalloc_strategy_ops ma_strategy_numa = {
	.name = "NUMA-aware",
	.should_use_arena = should_use_arena,
	.should_use_pool = should_use_pool,
	.alignment = line_alignment,
	.block_size = numa_block_size,
	.can_allocate = can_allocate,
};
