/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_query.c: any id is safe to ask about, and text and memory.
 * Must not: depend on the machine that it runs on, but for its memory where a tree has none.
 * Called by: meson test.
 */

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "rte_numa.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

static void
no_id_out_of_range_is_a_node(void **state)
{
	static const int ids[] = {
		RTE_NUMA_NODE_ANY,  -2,	   INT_MIN, 1, 3, 4, RTE_NUMA_MAX_NODES - 1,
		RTE_NUMA_MAX_NODES, 65536, INT_MAX
	};
	struct rte_numa_topology *topo = tree_load("gap-0-2");
	struct rte_numa_hugepages pool = { 7, 8, 9 };
	struct rte_numa_memory mem = { 7, 9 };
	unsigned int n = 7;

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(ids); i++) {
		assert_false(rte_numa_node_exists(topo, ids[i]));
		assert_false(rte_numa_node_has_memory(topo, ids[i]));
		assert_false(rte_numa_node_has_cpus(topo, ids[i]));
		assert_int_equal(rte_numa_distance(topo, ids[i], 0), -EINVAL);
		assert_int_equal(rte_numa_distance(topo, 0, ids[i]), -EINVAL);
		errno = 0;
		assert_null(rte_numa_nearest(topo, ids[i], &n));
		assert_int_equal(errno, EINVAL);
		assert_int_equal(rte_numa_memory(topo, ids[i], &mem), -EINVAL);
		assert_int_equal(rte_numa_hugepages(topo, ids[i], &pool, 1), -EINVAL);
	}
	assert_int_equal(n, 7);
	assert_true(mem.total == 7 && mem.free == 9);
	assert_true(pool.page_size == 7 && pool.total == 8 && pool.free == 9);
	assert_non_null(rte_numa_nearest(topo, 2, NULL));
	rte_numa_topology_free(topo);
}

static void
no_cpu_out_of_range_has_a_node(void **state)
{
	static const int cpus[] = { -1, INT_MIN, 8, 63, 64, 65535, 65536, INT_MAX };
	struct rte_numa_topology *topo = tree_load("gap-0-2");

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cpus); i++)
		assert_int_equal(rte_numa_node_of_cpu(topo, cpus[i]), -EINVAL);
	rte_numa_topology_free(topo);
}

static void
next_goes_on_from_any_number(void **state)
{
	struct rte_numa_topology *topo = tree_load("gpu-memory-0-8");

	(void)state;
	assert_int_equal(rte_numa_node_next(topo, INT_MIN, 0), 0);
	assert_int_equal(rte_numa_node_next(topo, -1, 0), 0);
	assert_int_equal(rte_numa_node_next(topo, 0, 0), 8);
	assert_int_equal(rte_numa_node_next(topo, 5, 0), 8);
	assert_int_equal(rte_numa_node_next(topo, 8, 0), 252);
	assert_int_equal(rte_numa_node_next(topo, 8, RTE_NUMA_WITH_CPUS), -1);
	assert_int_equal(rte_numa_node_next(topo, 255, 0), -1);
	assert_int_equal(rte_numa_node_next(topo, INT_MAX, 0), -1);
	rte_numa_topology_free(topo);
}

static void
check_text(const char *machine, unsigned int with, const char *expected)
{
	struct rte_numa_topology *topo = tree_load(machine);
	size_t len = strlen(expected);
	char buf[64], cut[64];

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(rte_numa_nodes_text(topo, with, buf, sizeof(buf)), len);
	assert_string_equal(buf, expected);
	assert_int_equal(rte_numa_nodes_text(topo, with, NULL, 0), len);
	for (size_t size = 1; size <= len + 1; size++) {
		memset(buf, 'x', sizeof(buf));
		memset(cut, 'x', sizeof(cut));
		memcpy(cut, expected, size - 1);
		cut[size - 1] = '\0';
		assert_int_equal(rte_numa_nodes_text(topo, with, buf, size), len);
		assert_memory_equal(buf, cut, sizeof(buf));
	}
	rte_numa_topology_free(topo);
}

static void
text_is_the_kernels_list(void **state)
{
	(void)state;
	check_text("sub-numa-2x2", 0, "0-3");
	check_text("memory-only", RTE_NUMA_WITH_CPUS, "0-1");
	check_text("memory-only", RTE_NUMA_WITH_MEMORY, "0-2");
	check_text("gap-0-2", RTE_NUMA_WITH_MEMORY, "0,2");
	check_text("gpu-memory-0-8", 0, "0,8,252-255");
	check_text("gpu-memory-0-8", RTE_NUMA_WITH_CPUS, "0,8");
	check_text("cpu-only", RTE_NUMA_WITH_MEMORY, "0");
	check_text("cpu-only", RTE_NUMA_WITH_CPUS | RTE_NUMA_WITH_MEMORY, "0");
	check_text("cpu-only", RTE_NUMA_WITH_CPUS, "0-1");
	check_text("vm-one-node", 0, "0");
	check_text("vm-one-node", 1u << 31, "");
}

static void
memory_is_in_bytes(void **state)
{
	struct rte_numa_topology *topo = tree_load("memory-only");
	struct rte_numa_memory mem;

	(void)state;
	assert_int_equal(rte_numa_memory(topo, 2, &mem), 0);
	assert_true(mem.total == UINT64_C(268435456) * 1024);
	assert_true(mem.free == UINT64_C(268301228) * 1024);
	assert_int_equal(rte_numa_memory(topo, 0, &mem), 0);
	assert_true(mem.total == UINT64_C(131841508) * 1024);
	rte_numa_topology_free(topo);

	topo = tree_load("cpu-only");
	assert_int_equal(rte_numa_memory(topo, 1, &mem), 0);
	assert_true(mem.total == 0 && mem.free == 0);
	rte_numa_topology_free(topo);
}

static void
without_numa_memory_is_the_machines(void **state)
{
	uint64_t total = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	struct rte_numa_topology *topo = tree_load("no-numa");
	struct rte_numa_memory mem;

	(void)state;
	assert_int_equal(rte_numa_memory(topo, 0, &mem), 0);
	assert_true(mem.total == total);
	assert_true(mem.free > 0 && mem.free < total);
	rte_numa_topology_free(topo);
}

static void
memory_is_read_afresh(void **state)
{
	static const char meminfo[] = "Node 2 MemTotal: 8 kB\nNode 2 MemFree: 4 kB\n";
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo;
	struct rte_numa_memory mem;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	tree_write(root, NODE_DIR "/node2/meminfo", meminfo, strlen(meminfo));
	assert_int_equal(rte_numa_memory(topo, 2, &mem), 0);
	assert_true(mem.total == 8192 && mem.free == 4096);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
broken_figures_change_nothing(void **state)
{
	static const struct {
		const char *text; /* NULL: removed. */
		int ret;
	} cases[] = {
		{ NULL, -ENOENT },
		{ "", -EINVAL },
		{ "Node 0 MemTotal: 8 kB\nNode 0 MemFree: 4 kB\n", -EINVAL },
		{ "\xff", -EINVAL },
	};
	static const char file[] = NODE_DIR "/node2/meminfo";

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct rte_numa_memory mem = { 7, 9 };
		char *root = tree_copy("gap-0-2");
		struct rte_numa_topology *topo;

		assert_int_equal(rte_numa_topology_load(root, &topo), 0);
		if (cases[i].text != NULL)
			tree_write(root, file, cases[i].text, strlen(cases[i].text));
		else
			tree_delete(root, file);
		assert_int_equal(rte_numa_memory(topo, 2, &mem), cases[i].ret);
		assert_true(mem.total == 7 && mem.free == 9);
		rte_numa_topology_free(topo);
		tree_remove(root);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_id_out_of_range_is_a_node),
		cmocka_unit_test(no_cpu_out_of_range_has_a_node),
		cmocka_unit_test(next_goes_on_from_any_number),
		cmocka_unit_test(text_is_the_kernels_list),
		cmocka_unit_test(memory_is_in_bytes),
		cmocka_unit_test(without_numa_memory_is_the_machines),
		cmocka_unit_test(memory_is_read_afresh),
		cmocka_unit_test(broken_figures_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
