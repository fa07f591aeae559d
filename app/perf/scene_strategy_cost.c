/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what allocating and freeing costs with each kind of allocator, through the common interface
 *   and, where a kind has calls of its own, by those; and what the automatic choice costs.
 * Must not: measure what the memory is like to use: that is scene_strategies.c's.
 * Called by: scene_strategies.c.
 */

#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_fastmem.h>
#include <rte_lcore.h>
#include <rte_memalloc_arena.h>
#include <rte_memalloc_choose.h>
#include <rte_memalloc_pool.h>
#include <rte_mempool.h>

#include "kinds.h"
#include "rounds.h"
#include "scene_strategies.h"

#define NB_IN_POOL 4096
#define ARENA_SIZE ((size_t)1 << 20)

/* What a part works with: one of these, whichever it needs. */
struct cost {
	struct rte_memalloc *alloc;
	struct rte_memalloc_arena *arena;
	struct rte_memalloc_pool *pool;
	struct rte_mempool *mempool;
	size_t size;
	uint64_t (*pairs)(const struct cost *cost, uint64_t n);
	uint64_t (*batches)(const struct cost *cost, uint64_t n);
};

static inline void
use(const void *ptr)
{
	__asm__ volatile("" : : "r"(ptr) : "memory");
}

/*
 * So many are had, then all are given back, over and over: n in all; returns how many it did. All
 * but n are constants where it is called, so that get and put are inlined.
 */
static inline __attribute__((always_inline)) uint64_t
go(const struct cost *cost, uint64_t n, unsigned int batch, void *(*get)(const struct cost *cost),
   void (*put)(const struct cost *cost, void *mem))
{
	/* In registers, as in a user's loop. */
	const struct cost own = *cost;
	void *mem[WAY_BATCH];

	for (uint64_t i = 0; i < n; i += batch) {
		for (unsigned int k = 0; k < batch; k++) {
			mem[k] = get(&own);
			if (unlikely(mem[k] == NULL))
				return i + k;
			use(mem[k]);
		}
		for (unsigned int k = 0; k < batch; k++)
			put(&own, mem[k]);
	}
	return n;
}

static inline void *
get_by_interface(const struct cost *cost)
{
	void *mem;

	return rte_memalloc_alloc(cost->alloc, cost->size, 0, &mem) == 0 ? mem : NULL;
}

static inline void
put_by_interface(const struct cost *cost, void *mem)
{
	rte_memalloc_free(cost->alloc, mem);
}

static inline void *
get_of_pool(const struct cost *cost)
{
	return rte_memalloc_pool_get(cost->pool);
}

static inline void
put_to_pool(const struct cost *cost, void *mem)
{
	rte_memalloc_pool_put(cost->pool, mem);
}

static inline void *
get_of_fastmem(const struct cost *cost)
{
	return rte_fastmem_alloc(cost->size, 0, 0);
}

static inline void
put_to_fastmem(const struct cost *cost, void *mem)
{
	RTE_SET_USED(cost);
	rte_fastmem_free(mem);
}

static inline void *
get_of_mempool(const struct cost *cost)
{
	void *mem;

	return rte_mempool_get(cost->mempool, &mem) == 0 ? mem : NULL;
}

static inline void
put_to_mempool(const struct cost *cost, void *mem)
{
	rte_mempool_put(cost->mempool, mem);
}

#define LOOPS(name, get, put) \
	static uint64_t pairs_##name(const struct cost *cost, uint64_t n) \
	{ \
		return go(cost, n, 1, get, put); \
	} \
	static uint64_t batches_##name(const struct cost *cost, uint64_t n) \
	{ \
		return go(cost, n, WAY_BATCH, get, put); \
	}

LOOPS(by_interface, get_by_interface, put_by_interface)
LOOPS(of_pool, get_of_pool, put_to_pool)
LOOPS(of_fastmem, get_of_fastmem, put_to_fastmem)
LOOPS(of_mempool, get_of_mempool, put_to_mempool)

/* Of an arena as many as there is room for, then all are freed at once. */
static inline __attribute__((always_inline)) uint64_t
fill_arena(const struct cost *cost, uint64_t n, bool by_interface)
{
	struct rte_memalloc_arena *arena = cost->arena;
	uint64_t room = ARENA_SIZE / 2 / cost->size, i = 0;
	size_t size = cost->size;
	void *mem;

	while (i < n) {
		rte_memalloc_arena_reset(arena);
		for (uint64_t end = RTE_MIN(i + room, n); i < end; i++) {
			if (!by_interface)
				mem = rte_memalloc_arena_alloc(arena, size, 0);
			else if (rte_memalloc_alloc(rte_memalloc_arena_base(arena), size, 0,
						    &mem) != 0)
				return i;
			if (unlikely(mem == NULL))
				return i;
			use(mem);
		}
	}
	return n;
}

static uint64_t
arena_by_interface(const struct cost *cost, uint64_t n)
{
	return fill_arena(cost, n, true);
}

static uint64_t
arena_inlined(const struct cost *cost, uint64_t n)
{
	return fill_arena(cost, n, false);
}

/* A trial_fn. */
static double
time_pairs(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	   double *values)
{
	const struct cost *cost = part->state;
	uint64_t start = rte_rdtsc_precise();
	uint64_t done = trial->step == 1 ? cost->pairs(cost, n) : cost->batches(cost, n);

	RTE_SET_USED(bench);
	values[0] = rounds_ns(rte_rdtsc_precise() - start) / (double)n;
	return done == n ? values[0] : -1;
}

static const struct way way_arena_inlined = {
	.name = "arena-inlined",
	.title = "arena, its own calls",
	.family = WAY_FLOOR,
};

static const struct way way_pool_inlined = {
	.name = "pool-inlined",
	.title = "pool, its own calls",
	.family = WAY_FLOOR,
};

static const struct way way_fastmem_inlined = {
	.name = "fastmem-inlined",
	.title = "fastmem, its own calls",
	.family = WAY_FASTMEM,
};

/* Room for a further part; how it came out is said by add(). */
static struct cost *
next_cost(struct bench *bench, size_t size)
{
	static struct cost costs[BENCH_WAYS_MAX];
	struct cost *cost = &costs[bench->nb_parts];

	*cost = (struct cost){ .size = size };
	return cost;
}

static void
add(struct bench *bench, const struct way *way, struct cost *cost, int ret)
{
	if (ret == 0) {
		bench->parts[bench->nb_parts++] = (struct part){ .way = way, .state = cost };
		/* The kernel's part in the first use is none of the cost of a later one. */
		if (cost->arena != NULL)
			cost->pairs(cost, ARENA_SIZE / cost->size);
	} else {
		board_note(bench->board, bench->scenario, way, "skipped: %s", rte_memalloc_error());
	}
}

static void
add_kind(struct bench *bench, const struct kind *kind, size_t size)
{
	struct cost *cost = next_cost(bench, size);
	int ret = kind->create(size, &cost->alloc);
	void *mem = NULL;

	cost->pairs = pairs_by_interface;
	cost->batches = batches_by_interface;
	if (ret == 0 && strcmp(kind->way.name, "arena") == 0) {
		rte_memalloc_destroy(cost->alloc);
		cost->alloc = NULL;
		ret = rte_memalloc_arena_create(
			&(struct rte_memalloc_arena_opts){ .size = ARENA_SIZE }, &cost->arena);
		cost->pairs = cost->batches = arena_by_interface;
	}
	/* It may be there, and have no memory of its kind. */
	if (ret == 0 && cost->arena == NULL) {
		ret = rte_memalloc_alloc(cost->alloc, size, 0, &mem);
		rte_memalloc_free(cost->alloc, mem);
	}
	add(bench, &kind->way, cost, ret);
}

/* The kinds' own calls, and what they stand beside. */
static void
add_others(struct bench *bench, size_t size)
{
	struct rte_memalloc_arena_opts arena = { .size = ARENA_SIZE };
	struct rte_memalloc_pool_opts pool = { .block_size = size, .capacity = NB_IN_POOL };
	struct cost *cost = next_cost(bench, size);

	cost->pairs = cost->batches = arena_inlined;
	add(bench, &way_arena_inlined, cost, rte_memalloc_arena_create(&arena, &cost->arena));

	cost = next_cost(bench, size);
	cost->pairs = pairs_of_pool;
	cost->batches = batches_of_pool;
	add(bench, &way_pool_inlined, cost, rte_memalloc_pool_create(&pool, &cost->pool));

	cost = next_cost(bench, size);
	cost->pairs = pairs_of_fastmem;
	cost->batches = batches_of_fastmem;
	add(bench, &way_fastmem_inlined, cost, 0);

	cost = next_cost(bench, size);
	cost->pairs = pairs_of_mempool;
	cost->batches = batches_of_mempool;
	cost->mempool = rte_mempool_create("cost", NB_IN_POOL - 1, (unsigned int)size, 512, 0, NULL,
					   NULL, NULL, NULL, (int)rte_socket_id(), 0);
	add(bench, &way_mempool, cost,
	    cost->mempool != NULL ? 0 : rte_memalloc_fail(-rte_errno, "no mempool"));
}

static void
drop_all(struct bench *bench)
{
	struct cost *cost;

	while (bench->nb_parts > 0) {
		cost = bench->parts[--bench->nb_parts].state;
		rte_memalloc_destroy(cost->alloc);
		if (cost->arena != NULL)
			rte_memalloc_destroy(rte_memalloc_arena_base(cost->arena));
		if (cost->pool != NULL)
			rte_memalloc_destroy(rte_memalloc_pool_base(cost->pool));
		rte_mempool_free(cost->mempool);
	}
}

static const struct way way_choice = {
	.name = "choice",
	.title = "rte_memalloc_choose()",
	.family = WAY_FLOOR,
};

/* A trial_fn: sizes and hints of all sorts in turn. */
static double
time_choice(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	    double *values)
{
	static const struct rte_memalloc_hints hints[] = {
		{ .flags = 0 },
		{ .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY },
		{ .scope = RTE_MEMALLOC_SCOPE_REMOTE },
		{ .flags = RTE_MEMALLOC_HINT_F_GPU },
	};
	const struct rte_memalloc_facts facts = {
		.nb_nodes = 2,
		.huge = { { .page_size = (uint64_t)2 << 20, .free = 512 } },
	};
	struct rte_memalloc_choice choice;
	struct rte_memalloc_rules rules;
	uint64_t random = 1, bits, start;

	RTE_SET_USED(trial);
	RTE_SET_USED(part);
	RTE_SET_USED(bench);
	rte_memalloc_rules_init(&rules);
	start = rte_rdtsc_precise();
	for (uint64_t i = 0; i < n; i++) {
		bits = item_random(&random);
		if (rte_memalloc_choose_by(&rules, &facts, 1 + (bits >> (40 + bits % 20)),
					   &hints[bits >> 32 & 3], &choice) != 0)
			return -1;
		use(&choice);
	}
	values[0] = rounds_ns(rte_rdtsc_precise() - start) / (double)n;
	return values[0];
}

bool
scene_strategy_cost(struct bench *bench)
{
	static const struct {
		size_t size;
		unsigned int batch;
		struct metric metric;
	} works[] = {
		{ 64, 1, { "64 B allocated and freed", "time", "ns a pair" } },
		{ 64, WAY_BATCH, { "64 B, 32 allocated, then all freed", "time", "ns a pair" } },
		{ 4096, 1, { "4 KiB allocated and freed", "time", "ns a pair" } },
	};
	static const struct metric choice = { "a kind chosen", "time", "ns" };
	struct trial trial = { .nb_metrics = 1, .time = time_pairs };

	for (unsigned int i = 0; i < RTE_DIM(works); i++) {
		for (unsigned int k = 0; k < nb_kinds; k++)
			add_kind(bench, &kinds[k], works[i].size);
		add_others(bench, works[i].size);
		trial.metrics = &works[i].metric;
		trial.step = works[i].batch;
		rounds_run(bench, &trial);
		drop_all(bench);
	}
	trial.metrics = &choice;
	trial.step = 1;
	trial.time = time_choice;
	bench->parts[bench->nb_parts++] = (struct part){ .way = &way_choice };
	rounds_run(bench, &trial);
	bench->nb_parts = 0;
	return true;
}
