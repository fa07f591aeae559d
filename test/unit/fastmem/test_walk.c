/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The heap map tells where each block that the test holds really lies, to the byte; what is cached is
 * what the statistics say; the walks agree with each other and end when they are told to. */

#include <stdatomic.h>
#include <unistd.h>

#include <rte_fastmem_walk.h>
#include <rte_lcore.h>

#include "test_blocks.h"
#include "test_setup.h"

#define MAX_SLABS 64

struct slabs {
	unsigned int n;
	struct rte_fastmem_slab_map at[MAX_SLABS];
	size_t class_size[MAX_SLABS][RTE_FASTMEM_MAX_CLASSES];
	uint32_t live[MAX_SLABS][RTE_FASTMEM_MAX_CLASSES];
};

static int
note_slab(const struct rte_fastmem_slab_map *slab, void *arg)
{
	struct slabs *s = arg;
	unsigned int i;

	assert_true(s->n < MAX_SLABS);
	s->at[s->n] = *slab;
	for (i = 0; i < slab->nb_mix; i++) {
		s->class_size[s->n][i] = slab->mix[i].class_size;
		s->live[s->n][i] = slab->mix[i].live;
		assert_int_equal(slab->mix[i].blocks,
				 slab->mix[i].live + slab->mix[i].cached + slab->mix[i].free);
	}
	s->n++;
	return 0;
}

static struct slabs
slabs_now(void)
{
	struct slabs s = { 0 };

	assert_int_equal(rte_fastmem_walk_slabs(test_node(), note_slab, &s), 0);
	return s;
}

static void
hold_all_kinds(struct test_blocks *blocks)
{
	struct test_rand r = test_rand_start(1);
	int i;

	for (i = 0; i < 2000; i++)
		if (!test_blocks_alloc(blocks, test_rand_size(&r, 64 << 10), 0))
			break;
	/* Every other one again, so that much is cached and free. */
	test_blocks_shuffle(blocks, &r);
	for (i = 0; i < 900; i++)
		rte_fastmem_free(test_blocks_take(blocks, blocks->n - 1).ptr);
	assert_true(test_blocks_alloc(blocks, 3 * MIB, 0));
	assert_true(test_blocks_alloc(blocks, 5 * MIB + 1, 0));
	assert_true(test_blocks_alloc(blocks, 100, 64 << 10));
	assert_true(test_blocks_alloc(blocks, MIB, 0));
}

/* Bytes of a list's blocks up to the largest class that lie in a slab. */
static uint64_t
held_in(const struct test_blocks *blocks, const void *slab)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < blocks->n; i++)
		if ((uintptr_t)blocks->at[i].ptr - (uintptr_t)slab < SLAB &&
		    rte_fastmem_usable_size(blocks->at[i].ptr) <= RTE_FASTMEM_MAX_SIZE)
			sum += rte_fastmem_usable_size(blocks->at[i].ptr);
	return sum;
}

static uint64_t
held_in_class(const struct test_blocks *blocks, const void *slab, size_t class_size)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < blocks->n; i++)
		n += (uintptr_t)blocks->at[i].ptr - (uintptr_t)slab < SLAB &&
		     rte_fastmem_usable_size(blocks->at[i].ptr) == class_size;
	return n;
}

static void
each_slab_holds_what_lies_there(void **state)
{
	struct test_blocks blocks = { 0 };
	uint64_t bytes = 0, cached = 0, large = 0;
	unsigned int i, k;
	struct slabs s;

	(void)state;
	hold_all_kinds(&blocks);
	s = slabs_now();
	for (i = 0; i < s.n; i++) {
		assert_int_equal(s.at[i].bytes, s.at[i].bytes_live + s.at[i].bytes_large +
							s.at[i].bytes_cached + s.at[i].bytes_free +
							s.at[i].bytes_unused + s.at[i].bytes_rest);
		assert_int_equal(s.at[i].bytes_claimed, 0);
		assert_int_equal((uintptr_t)s.at[i].addr % SLAB, 0);
		assert_int_equal(s.at[i].page_size, test_eal_page_size());
		assert_int_equal(s.at[i].bytes_live, held_in(&blocks, s.at[i].addr));
		for (k = 0; k < s.at[i].nb_mix; k++)
			assert_int_equal(s.live[i][k],
					 held_in_class(&blocks, s.at[i].addr, s.class_size[i][k]));
		bytes += s.at[i].bytes;
		cached += s.at[i].bytes_cached;
		large += s.at[i].bytes_large;
	}
	assert_int_equal(bytes, node_stats_now().bytes_backing);
	assert_int_equal(cached, node_stats_now().bytes_cached);
	assert_int_equal(large, 3 * MIB + 5 * MIB + 4096);
	test_blocks_free(&blocks);
}

static int
add_class(const struct rte_fastmem_class_map *c, void *arg)
{
	struct rte_fastmem_node_class_stats stats;
	uint64_t *bytes = arg;

	assert_int_equal(rte_fastmem_stats_node_class(test_node(), c->class_size, &stats), 0);
	assert_int_equal(c->live, stats.in_use);
	assert_int_equal(c->in_caches + c->in_transit, stats.cached);
	assert_int_equal(c->blocks, c->live + c->in_caches + c->in_transit + c->free);
	assert_true(c->pages * 4096 >= c->blocks * c->class_size);
	*bytes += c->live * c->class_size;
	return 0;
}

static void
each_class_has_what_was_counted(void **state)
{
	struct test_blocks blocks = { 0 };
	uint64_t bytes = 0;

	(void)state;
	hold_all_kinds(&blocks);
	assert_int_equal(rte_fastmem_walk_classes(test_node(), add_class, &bytes), 0);
	assert_int_equal(bytes, test_blocks_bytes(&blocks) - (3 * MIB + 5 * MIB + 4096));
	test_blocks_free(&blocks);
}

struct rows {
	const char *next;
	const char *block;
	struct rte_fastmem_row of_block;
	uint64_t live_bytes;
};

static int
follow_rows(const struct rte_fastmem_row *row, void *arg)
{
	struct rows *rows = arg;

	assert_true(row->addr == rows->next);
	assert_true(row->pages > 0);
	rows->next += row->pages * (size_t)4096;
	if (rows->block >= (const char *)row->addr && rows->block < rows->next)
		rows->of_block = *row;
	rows->live_bytes += row->live * row->class_size;
	return 0;
}

static void
rows_fill_the_slab_and_tell_of_a_block(void **state)
{
	char *block = rte_fastmem_alloc(700, 0, 0), *large = rte_fastmem_alloc(3 * MIB, 0, 0);
	const char *slab = (const char *)((uintptr_t)block & -SLAB);
	struct rows rows = { .next = slab, .block = block };

	(void)state;
	assert_non_null(block);
	assert_non_null(large);
	assert_int_equal(rte_fastmem_walk_rows(block + 5, follow_rows, &rows), 0);
	assert_true(rows.next == slab + SLAB);
	assert_int_equal(rows.of_block.kind, RTE_FASTMEM_ROW_RUN);
	assert_int_equal(rows.of_block.class_size, 704);
	assert_int_equal(rows.of_block.live, 1);
	assert_int_equal(rows.live_bytes, 704);

	slab = (const char *)((uintptr_t)large & -SLAB);
	rows = (struct rows){ .next = slab, .block = large };
	assert_int_equal(rte_fastmem_walk_rows(large, follow_rows, &rows), 0);
	assert_int_equal(rows.of_block.kind, RTE_FASTMEM_ROW_LARGE);
	rte_fastmem_free(large);
	rows = (struct rows){ .next = slab, .block = large };
	assert_int_equal(rte_fastmem_walk_rows(large, follow_rows, &rows), 0);
	assert_int_equal(rows.of_block.kind, RTE_FASTMEM_ROW_UNUSED);
	rte_fastmem_free(block);
}

struct caches {
	int node_id; /* test_node() is for threads that EAL knows */
	unsigned int nb_lcore, nb_other;
	uint64_t blocks, bytes, of_1500;
};

static int
add_cache(const struct rte_fastmem_cache_map *cache, void *arg)
{
	struct caches *caches = arg;
	unsigned int i;

	caches->nb_lcore += cache->lcore_id == rte_get_main_lcore();
	caches->nb_other += cache->lcore_id == LCORE_ID_ANY;
	caches->blocks += cache->blocks;
	caches->bytes += cache->bytes;
	for (i = 0; i < cache->nb_mix; i++) {
		if (cache->mix[i].node_id != caches->node_id ||
		    cache->mix[i].blocks > cache->mix[i].capacity)
			return -1;
		if (cache->mix[i].class_size == 1536)
			caches->of_1500 += cache->mix[i].blocks;
	}
	return 0;
}

static void *
look_at_caches(void *arg)
{
	void *block = rte_fastmem_alloc(64, 0, 0);

	if (block == NULL || rte_fastmem_walk_caches(add_cache, arg) != 0)
		abort();
	rte_fastmem_free(block);
	return NULL;
}

static void
caches_are_told_apart_and_counted(void **state)
{
	struct caches now = { .node_id = test_node() }, with = now;
	void *blocks[10];
	pthread_t thread;

	(void)state;
	assert_int_equal(rte_fastmem_alloc_bulk(blocks, 10, 1500, 0, 0), 0);
	rte_fastmem_free_bulk(blocks, 10);
	assert_int_equal(rte_fastmem_walk_caches(add_cache, &now), 0);
	assert_int_equal(now.nb_lcore, 1);
	assert_int_equal(now.nb_other, 0);
	assert_int_equal(now.bytes, node_stats_now().bytes_cached);
#ifndef RTE_FASTMEM_DEBUG /* there are no caches to keep blocks */
	assert_true(now.of_1500 >= 10);
	assert_true(now.blocks >= 10);
#endif
	test_thread_start(&thread, look_at_caches, &with);
	pthread_join(thread, NULL);
	assert_int_equal(with.nb_lcore, 1);
	assert_int_equal(with.nb_other, 1);
	/* Its thread has ended. */
	now = (struct caches){ .node_id = test_node() };
	assert_int_equal(rte_fastmem_walk_caches(add_cache, &now), 0);
	assert_int_equal(now.nb_other, 0);
}

static int
stop_at_second(const struct rte_fastmem_slab_map *slab, void *arg)
{
	int *n = arg;

	(void)slab;
	return ++*n == 2 ? 42 : 0;
}

static void
what_the_function_returns_ends_the_walk(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(rte_fastmem_walk_slabs(test_node(), stop_at_second, &n), 42);
	assert_int_equal(n, 2);
}

static void
a_walk_may_begin_at_any_slab(void **state)
{
	struct slabs whole = slabs_now(), part;
	uint64_t first, n;
	int seen;

	(void)state;
	for (first = 0; first <= whole.n + 1; first++) {
		part = (struct slabs){ 0 };
		n = 0;
		assert_int_equal(
			rte_fastmem_walk_slabs_from(test_node(), first, note_slab, &part, &n), 0);
		assert_int_equal(n, whole.n);
		assert_int_equal(part.n, first < whole.n ? whole.n - first : 0);
		for (unsigned int i = 0; i < part.n; i++)
			assert_ptr_equal(part.at[i].addr, whole.at[first + i].addr);
	}
	/* Also who does not look at all of them is told how many there are. */
	n = seen = 0;
	assert_int_equal(rte_fastmem_walk_slabs_from(test_node(), 1, stop_at_second, &seen, &n),
			 42);
	assert_int_equal(n, whole.n);
	n = 7;
	assert_int_equal(rte_fastmem_walk_slabs_from(test_node(), UINT64_MAX, note_slab, &part, &n),
			 0);
	assert_int_equal(n, whole.n);
	assert_int_equal(rte_fastmem_walk_slabs_from(-2, 0, note_slab, &part, &n), -EINVAL);
	assert_int_equal(n, whole.n);
}

static void
wrong_arguments_are_refused(void **state)
{
	struct rows rows = { 0 };
	struct slabs *s = NULL;

	(void)state;
	assert_int_equal(rte_fastmem_walk_slabs(RTE_NUMA_NODE_ANY, note_slab, s), -EINVAL);
	assert_int_equal(rte_fastmem_walk_slabs(RTE_NUMA_MAX_NODES, note_slab, s), -EINVAL);
	assert_int_equal(rte_fastmem_walk_slabs(test_node(), NULL, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_walk_classes(-2, add_class, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_walk_classes(test_node(), NULL, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_walk_caches(NULL, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_walk_rows(&rows, follow_rows, &rows), -EINVAL);
	assert_int_equal(rte_fastmem_walk_rows(NULL, follow_rows, &rows), -EINVAL);
	assert_int_equal(rte_fastmem_walk_rows(&rows, NULL, NULL), -EINVAL);
}

static void *
leave(void *gone)
{
	rte_fastmem_deinit();
	*(atomic_bool *)gone = true;
	return NULL;
}

static void
who_leaves_waits_for_who_watches(void **state)
{
	atomic_bool gone = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(rte_fastmem_watch_begin(), 0);
	assert_int_equal(rte_fastmem_watch_begin(), 0);
	test_thread_start(&thread, leave, &gone);
	usleep(100000);
	assert_false(gone);
	assert_int_equal(slabs_now().n, TEST_RESERVED / SLAB);
	rte_fastmem_watch_end();
	usleep(50000);
	assert_false(gone);
	rte_fastmem_watch_end();
	pthread_join(thread, NULL);
	assert_int_equal(rte_fastmem_watch_begin(), -ENODEV);
	/* That left nothing behind that one would wait for. */
	rte_fastmem_deinit();
}

static void
without_init_there_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_walk_slabs(0, note_slab, NULL), -ENODEV);
	assert_int_equal(rte_fastmem_walk_classes(0, add_class, NULL), -ENODEV);
	assert_int_equal(rte_fastmem_walk_caches(add_cache, NULL), -ENODEV);
	assert_int_equal(rte_fastmem_walk_rows(&errno, follow_rows, NULL), -ENODEV);
	assert_int_equal(rte_fastmem_audit(0, NULL, NULL, NULL), -ENODEV);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_init_there_is_nothing),
		RESERVED(each_slab_holds_what_lies_there),
		RESERVED(each_class_has_what_was_counted),
		RESERVED(rows_fill_the_slab_and_tell_of_a_block),
		RESERVED(caches_are_told_apart_and_counted),
		RESERVED(what_the_function_returns_ends_the_walk),
		RESERVED(a_walk_may_begin_at_any_slab),
		RESERVED(wrong_arguments_are_refused),
		RESERVED(who_leaves_waits_for_who_watches),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/walk", tests, NULL, NULL);
}
