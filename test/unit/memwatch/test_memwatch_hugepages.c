/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the test that a pool of hugepages which runs out is seen: promised, used, and given back.
 * Must not: change a pool, or run beside what needs hugepages.
 * Called by: meson test.
 */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "rte_memwatch.h"

#define MACHINE RTE_NUMA_NODE_ANY
#define PAGE	((size_t)2 << 20)
#define POOL	"/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define SHIFT	(21 << 26) /* MAP_HUGE_SHIFT: 2 MiB */

static size_t
pages(const char *file)
{
	size_t n = 0;
	FILE *f = fopen(file, "r");

	if (f == NULL)
		return 0;
	assert_int_equal(fscanf(f, "%zu", &n), 1);
	fclose(f);
	return n;
}

static struct rte_memwatch_figure
figure(int node_id)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];

	assert_int_equal(rte_memwatch_figures(node_id, figures), 0);
	return figures[RTE_MEMWATCH_SOURCE_HUGEPAGES];
}

static size_t
free_on_nodes(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	size_t sum = 0;
	int node_id;

	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		sum += figure(node_id).free;
	return sum;
}

static void
a_pool_that_runs_out_is_seen(void **state)
{
	size_t total = pages(POOL "nr_hugepages"), left = pages(POOL "free_hugepages"), size, huge;
	char *mem;

	(void)state;
	left -= pages(POOL "resv_hugepages");
	size = left * PAGE;
	/* Pages of other sizes are counted too, and nobody takes them here. */
	huge = pages("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
	if (left < 8 || huge > 0) {
		print_message(
			"there are %zu free hugepages of 2 MiB, and %zu of 1 GiB: some and none "
			"are needed\n",
			left, huge);
		skip();
	}
	assert_int_equal(figure(MACHINE).known, 1);
	assert_int_equal(figure(MACHINE).total, total * PAGE);
	assert_int_equal(figure(MACHINE).free, size);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | SHIFT, -1, 0);
	assert_true(mem != MAP_FAILED);
	/* Promised: a further mapping cannot have them, though they are free. */
	assert_int_equal(figure(MACHINE).free, 0);
	assert_int_equal(figure(MACHINE).level, RTE_MEMWATCH_CRITICAL);
	assert_int_equal(rte_memwatch_current(MACHINE), RTE_MEMWATCH_CRITICAL);
	/* Of a promise no node knows, of use its own does. */
	assert_int_equal(free_on_nodes(), size);
	for (size_t at = 0; at < 8 * PAGE; at += PAGE)
		mem[at] = 1;
	assert_int_equal(free_on_nodes(), size - 8 * PAGE);
	assert_int_equal(figure(MACHINE).free, 0);
	assert_int_equal(figure(MACHINE).shortage, 1000);
	munmap(mem, size);
	assert_int_equal(figure(MACHINE).free, size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_pool_that_runs_out_is_seen) };

	return cmocka_run_group_tests_name("memwatch/hugepages", tests, NULL, NULL);
}
