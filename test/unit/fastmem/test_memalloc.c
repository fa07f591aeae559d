/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The kind "fastmem" of lib/memalloc: what every allocator does, and what only this one does: its
 * memory is fastmem's, on the node asked for, and what it counts is its own. */

#include <rte_lcore.h>
#include <rte_memalloc_fastmem.h>
#include <rte_memalloc_wrap.h>

#include "conform.h"
#include "test_blocks.h"
#include "test_setup.h"
#include "test_syscalls.h"

static struct rte_memalloc *
create(int node_id)
{
	struct rte_memalloc *alloc;

	if (rte_memalloc_fastmem_create(node_id, &alloc) != 0)
		fail_msg("%s", rte_memalloc_error());
	return alloc;
}

static void *
get(struct rte_memalloc *alloc, size_t size, size_t align)
{
	void *mem;

	if (rte_memalloc_alloc(alloc, size, align, &mem) != 0)
		fail_msg("%s", rte_memalloc_error());
	return mem;
}

static struct rte_memalloc_stats
counted(struct rte_memalloc *alloc)
{
	struct rte_memalloc_stats stats;

	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	return stats;
}

static void
refused(int ret, int expected, const char *word)
{
	assert_int_equal(ret, expected);
	if (strstr(rte_memalloc_error(), word) == NULL)
		fail_msg("no \"%s\" in: %s", word, rte_memalloc_error());
}

static void
its_blocks_are_fastmems(void **state)
{
	struct rte_memalloc *alloc = create(test_node());
	size_t sizes[] = { 1, 100, 5000, MIB, 3 * MIB };
	struct rte_fastmem_stats before = stats_now();
	void *mem[RTE_DIM(sizes)];
	uint64_t usable = 0;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(sizes); i++) {
		mem[i] = get(alloc, sizes[i], 4096);
		assert_true(rte_fastmem_owns(mem[i]));
		assert_int_equal(rte_fastmem_node_of(mem[i]), test_node());
		assert_int_equal((uintptr_t)mem[i] % 4096, 0);
		assert_int_equal(rte_memalloc_usable_size(alloc, mem[i]),
				 rte_fastmem_usable_size(mem[i]));
		usable += rte_fastmem_usable_size(mem[i]);
	}
	assert_int_equal(stats_now().alloc_total, before.alloc_total + RTE_DIM(sizes));
	assert_int_equal(counted(alloc).allocated, usable);
	for (unsigned int i = 0; i < RTE_DIM(sizes); i++)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	assert_int_equal(stats_now().bytes_in_use, before.bytes_in_use);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
one_that_takes_any_node_falls_back(void **state)
{
	int other = reserve_on_other_node(8 * MIB);
	struct rte_memalloc *any = create(RTE_NUMA_NODE_ANY), *one = create(test_node());
	struct test_blocks blocks = { 0 };
	void *mem = NULL;

	(void)state;
	test_blocks_exhaust(&blocks, MIB, 0);
	refused(rte_memalloc_alloc(one, MIB, 0, &mem), -ENOMEM, "rte_fastmem_reserve()");
	assert_null(mem);
	mem = get(any, MIB, 0);
	assert_int_equal(rte_fastmem_node_of(mem), other);
	assert_int_equal(rte_memalloc_free(any, mem), 0);
	test_blocks_free(&blocks);
	assert_int_equal(rte_memalloc_destroy(any), 0);
	assert_int_equal(rte_memalloc_destroy(one), 0);
}

static void
each_counts_its_own(void **state)
{
	struct rte_memalloc *a = create(test_node()), *b = create(RTE_NUMA_NODE_ANY);
	void *mem = get(a, 1000, 0);

	(void)state;
	assert_int_equal(counted(a).nb_allocs, 1);
	assert_int_equal(counted(b).nb_allocs, 0);
	assert_int_equal(rte_memalloc_destroy(b), 0);
	refused(rte_memalloc_destroy(a), -EBUSY, "1 allocations");
	assert_int_equal(rte_memalloc_free(a, mem), 0);
	assert_int_equal(rte_memalloc_destroy(a), 0);
}

static void
the_peak_is_the_most_there_was(void **state)
{
	struct rte_memalloc *alloc = create(test_node());
	void *mem[40];
	uint64_t most;

	(void)state;
	/* Less than a line keeps, and more. */
	for (unsigned int n = 2; n <= 40; n += 19) {
		for (unsigned int i = 0; i < n; i++)
			mem[i] = get(alloc, 10000, 0);
		most = counted(alloc).allocated;
		assert_int_equal(counted(alloc).peak, most);
		for (unsigned int i = 0; i < n; i++)
			assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
		mem[0] = get(alloc, 100, 0);
		assert_int_equal(counted(alloc).peak, most);
		assert_int_equal(rte_memalloc_reset_peak(alloc), 0);
		assert_int_equal(counted(alloc).peak, counted(alloc).allocated);
		assert_int_equal(rte_memalloc_free(alloc, mem[0]), 0);
		assert_int_equal(rte_memalloc_reset_peak(alloc), 0);
	}
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void *
work(void *arg)
{
	void *mem[64] = { NULL };

	for (unsigned int i = 0; i < 20000; i++) {
		if (rte_memalloc_free(arg, mem[i % 64]) != 0 ||
		    rte_memalloc_alloc(arg, 1 + i % 3000, 0, &mem[i % 64]) != 0)
			return (void *)1;
	}
	for (unsigned int i = 0; i < 64; i++)
		rte_memalloc_free(arg, mem[i]);
	return NULL;
}

/* The main one is an lcore, the others count together. */
static void
threads_that_eal_does_not_know_count_too(void **state)
{
	struct rte_memalloc *alloc = create(test_node());
	pthread_t threads[3];
	void *wrong;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(threads); i++)
		test_thread_start(&threads[i], work, alloc);
	assert_null(work(alloc));
	for (unsigned int i = 0; i < RTE_DIM(threads); i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(counted(alloc).nb_allocs, 4 * 20000);
	assert_int_equal(counted(alloc).nb_frees, 4 * 20000);
	assert_int_equal(counted(alloc).allocated, 0);
	assert_true(counted(alloc).peak >= (uint64_t)64 * 3000 / 2);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

struct quiet {
	struct rte_memalloc *alloc;
	bool watched;
	unsigned int nb_calls;
};

static void *
be_quiet(void *arg)
{
	struct quiet *q = arg;
	void *mem = NULL;

	q->watched = test_syscalls_watch();
	if (!q->watched || rte_memalloc_alloc(q->alloc, 1000, 0, &mem) != 0)
		return NULL;
	test_syscalls_begin();
	for (unsigned int i = 0; i < 1000; i++) {
		rte_memalloc_free(q->alloc, mem);
		rte_memalloc_alloc(q->alloc, 1 + i * 7, 0, &mem);
	}
	q->nb_calls = test_syscalls_end();
	rte_memalloc_free(q->alloc, mem);
	return NULL;
}

static void
no_call_reaches_the_kernel(void **state)
{
	struct quiet q = { .alloc = create(test_node()) };
	pthread_t thread;

	(void)state;
#ifdef FASTMEM_RACE_WINDOW
	rte_memalloc_destroy(q.alloc);
	skip_because("race windows make system calls");
#endif
	test_thread_start(&thread, be_quiet, &q);
	pthread_join(thread, NULL);
	if (!q.watched)
		skip_because("system calls cannot be watched here");
	assert_int_equal(q.nb_calls, 0);
	assert_int_equal(counted(q.alloc).nb_allocs, 1001);
	assert_int_equal(rte_memalloc_destroy(q.alloc), 0);
}

static void
what_is_not_fastmems_is_refused(void **state)
{
	struct rte_memalloc *alloc = create(test_node());
	void *mem = get(alloc, 100, 0), *moved = NULL;
	char foreign[64];

	(void)state;
	refused(rte_memalloc_free(alloc, foreign), -EINVAL, "no block");
	refused(rte_memalloc_realloc(alloc, foreign, 10, 0, &moved), -EINVAL, "no block");
	assert_null(moved);
	refused(rte_memalloc_alloc(alloc, 100, 2 * RTE_FASTMEM_MAX_SIZE, &moved), -EINVAL,
		"at most");
	assert_int_equal(counted(alloc).nb_failed, 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
wrong_nodes_are_refused(void **state)
{
	struct rte_memalloc *alloc = NULL;

	(void)state;
	refused(rte_memalloc_fastmem_create(RTE_NUMA_MAX_NODES, &alloc), -EINVAL, "node");
	refused(rte_memalloc_fastmem_create(-2, &alloc), -EINVAL, "node");
	refused(rte_memalloc_fastmem_create(test_node(), NULL), -EINVAL, "nowhere");
	assert_null(alloc);
}

static void
without_fastmem_there_is_none(void **state)
{
	struct rte_memalloc *alloc = NULL;

	(void)state;
	rte_fastmem_deinit();
	refused(rte_memalloc_fastmem_create(test_node(), &alloc), -ENODEV, "rte_fastmem_init()");
	assert_null(alloc);
}

static int
on_the_node(struct rte_memalloc **alloc)
{
	return rte_memalloc_fastmem_create(test_node(), alloc);
}

static int
tracked(struct rte_memalloc **alloc)
{
	int ret = on_the_node(alloc);

	return ret != 0 ? ret : rte_memalloc_tracking_create(*alloc, alloc);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(its_blocks_are_fastmems),
		RESERVED(one_that_takes_any_node_falls_back),
		RESERVED(each_counts_its_own),
		RESERVED(the_peak_is_the_most_there_was),
		RESERVED(threads_that_eal_does_not_know_count_too),
		RESERVED(no_call_reaches_the_kernel),
		RESERVED(what_is_not_fastmems_is_refused),
		RESERVED(wrong_nodes_are_refused),
		RESERVED(without_fastmem_there_is_none),
	};
	const struct conform kinds[] = {
		{
			.kind = "fastmem",
			.create = on_the_node,
			.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
			.max_size = 16384,
			.max_align = 65536,
			.nb = 64,
		},
		{
			.kind = "fastmem, tracked",
			.create = tracked,
			.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES |
				 RTE_MEMALLOC_F_CHECKS,
			.max_size = 16384,
			.max_align = 65536,
			.nb = 64,
		},
	};
	int failed;

	test_eal_start(argc, argv);
	failed = cmocka_run_group_tests_name("fastmem/memalloc", tests, NULL, NULL);
	if (setup_reserved(NULL) != 0)
		return 1;
	failed += conform_run(kinds, RTE_DIM(kinds));
	teardown_deinit(NULL);
	return failed;
}
