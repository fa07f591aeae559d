/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * fastmem's own memory as a source of pressure, and as what is given back: full reservations, limits,
 * growth, caches and trim. Whether memory went back is asked of EAL. */

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <rte_memwatch_relief.h>

#include "test_blocks.h"
#include "test_setup.h"

static struct rte_memwatch_figure
figure(void)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];

	assert_int_equal(rte_memwatch_figures(test_node(), figures), 0);
	return figures[RTE_MEMWATCH_SOURCE_FASTMEM];
}

static void
without_memory_it_is_no_source(void **state)
{
	(void)state;
	assert_int_equal(figure().known, 0);
}

/* 32 MiB, and growth is off. */
static void
a_full_reservation_is_critical(void **state)
{
	struct test_blocks blocks = { 0 };
	struct rte_memwatch_figure f;
	size_t n;

	(void)state;
	f = figure();
	assert_int_equal(f.known, 1);
	assert_int_equal(f.level, RTE_MEMWATCH_LOW);
	assert_int_equal(f.total, node_stats_now().bytes_backing);
	n = test_blocks_exhaust(&blocks, MIB, 0);
	f = figure();
	assert_int_equal(f.level, RTE_MEMWATCH_CRITICAL);
	assert_int_equal(f.free, f.total - n * MIB);
	assert_true(rte_memwatch_current(test_node()) == RTE_MEMWATCH_CRITICAL);
	test_blocks_free(&blocks);
	assert_int_equal(figure().level, RTE_MEMWATCH_LOW);
	/* Blocks in caches are free: they serve whoever comes. */
	assert_int_equal(figure().free, figure().total);
}

/* With growth on it is by how much there can be had: EAL's heap, here. */
static void
what_can_still_be_had_counts(void **state)
{
	struct test_blocks blocks = { 0 };
	uint64_t backing;

	(void)state;
	test_blocks_exhaust(&blocks, MIB, 0);
	backing = node_stats_now().bytes_backing;
	assert_int_equal(rte_fastmem_set_growth(test_node(), true), 0);
	assert_true(figure().total > backing);
	assert_true(figure().level < RTE_MEMWATCH_CRITICAL);
	assert_int_equal(rte_fastmem_set_limit(test_node(), backing), 0);
	assert_int_equal(figure().total, backing);
	assert_int_equal(figure().level, RTE_MEMWATCH_CRITICAL);
	/* So much more, so much left. */
	assert_int_equal(rte_fastmem_set_limit(test_node(), backing + 8 * MIB), 0);
	assert_int_equal(figure().total, backing + 8 * MIB);
	assert_int_equal(rte_fastmem_set_limit(test_node(), SIZE_MAX), 0);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	test_blocks_free(&blocks);
}

/* What a callback was told last, and how often it was something that does not follow from that. */
static _Atomic unsigned int last, changes, gaps;

static void
follow(const struct rte_memwatch_change *change, void *arg)
{
	if (change->from != atomic_load(&last) || change->from == change->to ||
	    change->node_id != *(int *)arg || change->why != RTE_MEMWATCH_SOURCE_FASTMEM)
		atomic_fetch_add(&gaps, 1);
	atomic_store(&last, change->to);
	atomic_fetch_add(&changes, 1);
}

static void
wait_told(enum rte_memwatch_level level)
{
	while (atomic_load(&last) != level)
		usleep(1000);
	assert_int_equal(rte_memwatch_current(test_node()), level);
}

static void
a_callback_is_told_when_it_fills_up(void **state)
{
	struct test_blocks blocks = { 0 };
	struct rte_memwatch_config config;
	int id, node_id = test_node();

	(void)state;
	rte_memwatch_config_init(&config);
	config.sources = RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_FASTMEM);
	config.period_ms = 10;
	config.hold_ms = 0;
	assert_int_equal(rte_memwatch_start(&config), 0);
	id = rte_memwatch_register(node_id, follow, &node_id);
	for (unsigned int round = 0; round < 3; round++) {
		test_blocks_exhaust(&blocks, MIB, 0);
		wait_told(RTE_MEMWATCH_CRITICAL);
		test_blocks_free(&blocks);
		wait_told(RTE_MEMWATCH_LOW);
	}
	rte_memwatch_stop();
	assert_int_equal(atomic_load(&gaps), 0);
	/* It may have seen levels on the way. */
	assert_in_range(atomic_load(&changes), 6, 18);
	assert_int_equal(rte_memwatch_unregister(id), 0);
}

/* What was grown beyond the reservation, and is free, goes back to EAL. */
static void
relief_gives_back_what_is_beyond_the_reservation(void **state)
{
	struct rte_memwatch_relief relief;
	size_t before = eal_heap_bytes(), grown;
	void *ptrs[24];

	(void)state;
	assert_int_equal(rte_fastmem_set_growth(test_node(), true), 0);
	for (unsigned int i = 0; i < RTE_DIM(ptrs); i++) {
		ptrs[i] = rte_fastmem_alloc_node(2 * MIB, 0, 0, test_node());
		assert_non_null(ptrs[i]);
	}
	grown = eal_heap_bytes();
	assert_true(grown > before);
	assert_true(rte_memwatch_trigger(test_node(), &relief) <= (int64_t)(2 * MIB));
	assert_true(grown - eal_heap_bytes() <= 2 * MIB);
	for (unsigned int i = 0; i < RTE_DIM(ptrs); i++)
		rte_fastmem_free(ptrs[i]);
	assert_true(rte_memwatch_trigger(test_node(), &relief) >= (int64_t)(8 * MIB));
	assert_int_equal(relief.nb_handlers, 2);
	assert_string_equal(relief.by[1].name, "fastmem-trim");
	/* As EAL counts it, but for its own headers. */
	assert_in_range(grown - eal_heap_bytes(), relief.by[1].freed,
			relief.by[1].freed + 256 * 1024);
	assert_int_equal(node_stats_now().bytes_reserved, TEST_RESERVED);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
}

static _Atomic int step;

/* A thread with blocks in its cache, which polls when it is told to. */
static void *
keep_cached(void *arg)
{
	void *ptrs[64];

	(void)arg;
	for (unsigned int i = 0; i < RTE_DIM(ptrs); i++)
		ptrs[i] = rte_fastmem_alloc_node(1024, 0, 0, test_node());
	rte_fastmem_free_bulk(ptrs, RTE_DIM(ptrs));
	atomic_store(&step, 1);
	while (atomic_load(&step) != 2)
		usleep(1000);
	rte_memwatch_poll();
	atomic_store(&step, 3);
	while (atomic_load(&step) != 4)
		usleep(1000);
	return NULL;
}

static void
wait_step(int next)
{
	while (atomic_load(&step) != next)
		usleep(1000);
}

static void
who_polls_flushes_its_cache_after_relief(void **state)
{
	pthread_t thread;
	uint64_t cached;

	(void)state;
#ifdef RTE_FASTMEM_DEBUG
	skip_because("a debug build caches nothing");
#endif
	test_thread_start(&thread, keep_cached, NULL);
	wait_step(1);
	cached = node_stats_now().bytes_cached;
	assert_true(cached >= 64 * 1024);
	/* Nobody can flush another's cache. */
	assert_true(rte_memwatch_trigger(test_node(), NULL) >= 0);
	assert_int_equal(node_stats_now().bytes_cached, cached);
	atomic_store(&step, 2);
	wait_step(3);
	/* From the thread's cache it went to where trim finds it. */
	assert_true(rte_memwatch_trigger(test_node(), NULL) >= 0);
	assert_int_equal(node_stats_now().bytes_cached, 0);
	atomic_store(&step, 4);
	pthread_join(thread, NULL);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_memory_it_is_no_source, setup_init,
						teardown_deinit),
		RESERVED(a_full_reservation_is_critical),
		RESERVED(what_can_still_be_had_counts),
		RESERVED(a_callback_is_told_when_it_fills_up),
		RESERVED(relief_gives_back_what_is_beyond_the_reservation),
		RESERVED(who_polls_flushes_its_cache_after_relief),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("memwatch/fastmem", tests, NULL, NULL);
}
