/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_pools.c: the hugepage pools of nodes and of machines.
 * Must not: depend on the machine that it runs on.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rte_numa.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

#define SIZE_2M (UINT64_C(1) << 21)
#define SIZE_1G (UINT64_C(1) << 30)
#define MACHINE "kernel/mm/hugepages"

/* What is in a result before it is written to. */
static const struct rte_numa_hugepages untouched = { 7, 8, 9, 10, 11 };

static void
check_pool(const struct rte_numa_hugepages *pool, uint64_t page_size, uint64_t total,
	   uint64_t nfree, uint64_t surplus, uint64_t reserved)
{
	assert_true(pool->page_size == page_size);
	assert_true(pool->total == total);
	assert_true(pool->free == nfree);
	assert_true(pool->surplus == surplus);
	assert_true(pool->reserved == reserved);
}

static void
check_untouched(const struct rte_numa_hugepages *pool)
{
	assert_memory_equal(pool, &untouched, sizeof(*pool));
}

static void
pools_are_by_page_size(void **state)
{
	struct rte_numa_topology *topo = tree_load("memory-only");
	struct rte_numa_hugepages pools[3] = { untouched, untouched, untouched };

	(void)state;
	assert_int_equal(rte_numa_hugepages(topo, 2, NULL, 0), 2);
	assert_int_equal(rte_numa_hugepages(topo, 2, pools, 1), 2);
	check_pool(&pools[0], SIZE_2M, 4096, 4095, 16, RTE_NUMA_UNTOLD);
	check_untouched(&pools[1]);
	assert_int_equal(rte_numa_hugepages(topo, 2, pools, 3), 2);
	check_pool(&pools[0], SIZE_2M, 4096, 4095, 16, RTE_NUMA_UNTOLD);
	check_pool(&pools[1], SIZE_1G, 32, 31, 0, RTE_NUMA_UNTOLD);
	check_untouched(&pools[2]);
	assert_int_equal(rte_numa_hugepages(topo, 0, pools, 3), 2);
	check_pool(&pools[0], SIZE_2M, 256, 256, 0, RTE_NUMA_UNTOLD);
	check_pool(&pools[1], SIZE_1G, 0, 0, 0, RTE_NUMA_UNTOLD);
	rte_numa_topology_free(topo);

	topo = tree_load("gap-0-2");
	assert_int_equal(rte_numa_hugepages(topo, 2, pools, 3), 2);
	check_pool(&pools[0], SIZE_2M, 256, 200, 0, RTE_NUMA_UNTOLD);
	check_pool(&pools[1], SIZE_1G, 2, 1, 0, RTE_NUMA_UNTOLD);
	rte_numa_topology_free(topo);
}

static void
what_is_reserved_is_the_machines(void **state)
{
	struct rte_numa_topology *topo = tree_load("memory-only");
	struct rte_numa_hugepages pools[3] = { untouched, untouched, untouched };

	(void)state;
	assert_int_equal(rte_numa_machine_hugepages(topo, NULL, 0), 2);
	assert_int_equal(rte_numa_machine_hugepages(topo, pools, 1), 2);
	check_pool(&pools[0], SIZE_2M, 4608, 4479, 16, 12);
	check_untouched(&pools[1]);
	assert_int_equal(rte_numa_machine_hugepages(topo, pools, 3), 2);
	check_pool(&pools[1], SIZE_1G, 32, 31, 0, 1);
	check_untouched(&pools[2]);
	rte_numa_topology_free(topo);

	/* A kernel that was built without hugepages. */
	topo = tree_load("gpu-memory-0-8");
	assert_int_equal(rte_numa_machine_hugepages(topo, pools, 3), 0);
	rte_numa_topology_free(topo);
}

/* There the node is the machine. */
static void
without_numa_the_node_has_what_is_reserved(void **state)
{
	struct rte_numa_topology *topo = tree_load("no-numa");
	struct rte_numa_hugepages pools[2], machine[2];

	(void)state;
	assert_int_equal(rte_numa_hugepages(topo, 0, pools, 2), 2);
	check_pool(&pools[0], SIZE_2M, 64, 60, 0, 0);
	check_pool(&pools[1], SIZE_1G, 1, 1, 0, 0);
	assert_int_equal(rte_numa_machine_hugepages(topo, machine, 2), 2);
	assert_memory_equal(pools, machine, sizeof(pools));
	rte_numa_topology_free(topo);
}

static void
pools_are_read_afresh(void **state)
{
	static const char dir[] = NODE_DIR "/node2/hugepages";
	char *root = tree_copy("gap-0-2");
	struct rte_numa_hugepages pools[3];
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	tree_write(root, NODE_DIR "/node2/hugepages/hugepages-2048kB/free_hugepages", "3\n", 2);
	tree_write(root, NODE_DIR "/node2/hugepages/hugepages-64kB/nr_hugepages", "6\n", 2);
	tree_write(root, NODE_DIR "/node2/hugepages/hugepages-64kB/free_hugepages", "5\n", 2);
	tree_write(root, NODE_DIR "/node2/hugepages/hugepages-64kB/surplus_hugepages", "4\n", 2);
	tree_write(root, NODE_DIR "/node2/hugepages/other", "", 0);
	tree_write(root, MACHINE "/hugepages-2048kB/resv_hugepages", "2\n", 2);
	assert_int_equal(rte_numa_hugepages(topo, 2, pools, 3), 3);
	check_pool(&pools[0], 65536, 6, 5, 4, RTE_NUMA_UNTOLD);
	check_pool(&pools[1], SIZE_2M, 256, 3, 0, RTE_NUMA_UNTOLD);
	check_pool(&pools[2], SIZE_1G, 2, 1, 0, RTE_NUMA_UNTOLD);
	assert_int_equal(rte_numa_machine_hugepages(topo, pools, 3), 2);
	check_pool(&pools[0], SIZE_2M, 384, 300, 0, 2);
	tree_delete(root, dir);
	assert_int_equal(rte_numa_hugepages(topo, 2, pools, 3), 0);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
broken_pools_change_nothing(void **state)
{
	static const struct {
		const char *file;
		const char *text; /* NULL: removed. */
		int node, machine;
	} cases[] = {
		{ NODE_DIR "/node2/hugepages/hugepages-1048576kB/free_hugepages", NULL, -ENOENT,
		  2 },
		{ NODE_DIR "/node2/hugepages/hugepages-1048576kB/free_hugepages", "-1\n", -EINVAL,
		  2 },
		{ NODE_DIR "/node2/hugepages/hugepages-1048576kB/nr_hugepages", "", -EINVAL, 2 },
		{ NODE_DIR "/node2/hugepages/hugepages-2048kB/nr_hugepages", "lots\n", -EINVAL, 2 },
		{ NODE_DIR "/node2/hugepages/hugepages-2048kB/surplus_hugepages", NULL, -ENOENT,
		  2 },
		{ NODE_DIR "/node2/hugepages/hugepages-2048kB/surplus_hugepages", "1 2\n", -EINVAL,
		  2 },
		{ MACHINE "/hugepages-2048kB/resv_hugepages", NULL, 2, -ENOENT },
		{ MACHINE "/hugepages-2048kB/resv_hugepages", "\n", 2, -EINVAL },
		{ MACHINE "/hugepages-2048kB/resv_hugepages", "99999999999999999999\n", 2,
		  -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct rte_numa_hugepages pools[2] = { untouched, untouched };
		char *root = tree_copy("gap-0-2");
		struct rte_numa_topology *topo;

		print_message("%s: %s\n", cases[i].file,
			      cases[i].text != NULL ? cases[i].text : "removed");
		assert_int_equal(rte_numa_topology_load(root, &topo), 0);
		if (cases[i].text != NULL)
			tree_write(root, cases[i].file, cases[i].text, strlen(cases[i].text));
		else
			tree_delete(root, cases[i].file);
		if (cases[i].node < 0) {
			assert_int_equal(rte_numa_hugepages(topo, 2, pools, 2), cases[i].node);
		} else {
			assert_int_equal(rte_numa_hugepages(topo, 2, NULL, 0), cases[i].node);
			assert_int_equal(rte_numa_machine_hugepages(topo, pools, 2),
					 cases[i].machine);
		}
		check_untouched(&pools[0]);
		check_untouched(&pools[1]);
		rte_numa_topology_free(topo);
		tree_remove(root);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_are_by_page_size),
		cmocka_unit_test(what_is_reserved_is_the_machines),
		cmocka_unit_test(without_numa_the_node_has_what_is_reserved),
		cmocka_unit_test(pools_are_read_afresh),
		cmocka_unit_test(broken_pools_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
