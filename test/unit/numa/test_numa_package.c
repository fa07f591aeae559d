/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_package.c: which nodes are of which package.
 * Must not: depend on the machine that it runs on.
 * Called by: meson test.
 */

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "rte_numa.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

static void
cpu_file(char *file, size_t size, int cpu)
{
	snprintf(file, size, "devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
}

static void
write_package(const char *root, int cpu, const char *text)
{
	char file[128];

	cpu_file(file, sizeof(file), cpu);
	tree_write(root, file, text, strlen(text));
}

static void
check_nodes(const struct rte_numa_topology *topo, int package, const char *expected)
{
	struct rte_numa_mask nodes;
	char text[64];

	assert_int_equal(rte_numa_nodes_of_package(topo, package, &nodes), 0);
	rte_numa_mask_text(&nodes, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void
check_packages(const struct rte_numa_topology *topo, const int *expected, int n)
{
	int packages[8];

	assert_int_equal(rte_numa_packages(topo, NULL, 0), n);
	for (int size = 0; size <= n + 1; size++) {
		memset(packages, -1, sizeof(packages));
		assert_int_equal(rte_numa_packages(topo, packages, size), n);
		for (int i = 0; i < 8; i++)
			assert_int_equal(packages[i], i < size && i < n ? expected[i] : -1);
	}
}

static void
a_package_of_two_nodes(void **state)
{
	static const int packages[] = { 0, 1 };
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	check_packages(topo, packages, 2);
	for (int id = 0; id < 4; id++)
		assert_int_equal(rte_numa_package_of_node(topo, id), id / 2);
	check_nodes(topo, 0, "0-1");
	check_nodes(topo, 1, "2-3");
	rte_numa_topology_free(topo);
}

static void
memory_alone_is_of_no_package(void **state)
{
	static const int packages[] = { 0, 1 };
	struct rte_numa_topology *topo = tree_load("memory-only");

	(void)state;
	check_packages(topo, packages, 2);
	assert_int_equal(rte_numa_package_of_node(topo, 0), 0);
	assert_int_equal(rte_numa_package_of_node(topo, 1), 1);
	assert_int_equal(rte_numa_package_of_node(topo, 2), -ENODEV);
	check_nodes(topo, 0, "0");
	check_nodes(topo, 1, "1");
	rte_numa_topology_free(topo);
}

static void
a_node_of_several_packages(void **state)
{
	static const int packages[] = { 0, 1 };
	struct rte_numa_topology *topo = tree_load("vm-one-node");

	(void)state;
	check_packages(topo, packages, 2);
	assert_int_equal(rte_numa_package_of_node(topo, 0), -ENOTUNIQ);
	check_nodes(topo, 0, "0");
	check_nodes(topo, 1, "0");
	rte_numa_topology_free(topo);
}

static void
a_kernel_without_numa_has_packages_too(void **state)
{
	static const int packages[] = { 0 };
	struct rte_numa_topology *topo = tree_load("no-numa");

	(void)state;
	check_packages(topo, packages, 1);
	assert_int_equal(rte_numa_package_of_node(topo, 0), 0);
	check_nodes(topo, 0, "0");
	rte_numa_topology_free(topo);
}

static void
no_package_is_made_up(void **state)
{
	struct rte_numa_topology *topo = tree_load("gpu-memory-0-8");
	struct rte_numa_mask nodes = { { 7 } };

	(void)state;
	check_packages(topo, NULL, 0);
	assert_int_equal(rte_numa_package_of_node(topo, 0), -ENODATA);
	assert_int_equal(rte_numa_package_of_node(topo, 8), -ENODATA);
	assert_int_equal(rte_numa_package_of_node(topo, 252), -ENODEV);
	assert_int_equal(rte_numa_nodes_of_package(topo, 0, &nodes), -EINVAL);
	assert_true(nodes.words[0] == 7);
	rte_numa_topology_free(topo);
}

/* As other architectures number them; -1 is the kernel's own word for none. */
static void
ids_are_the_kernels(void **state)
{
	static const int packages[] = { 5, 36, INT_MAX };
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo;

	(void)state;
	for (int cpu = 0; cpu < 4; cpu++)
		write_package(root, cpu, cpu == 1 ? "-1\n" : "36\n");
	for (int cpu = 4; cpu < 8; cpu++)
		write_package(root, cpu, cpu == 6 ? "5\n" : "2147483647\n");
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	check_packages(topo, packages, 3);
	assert_int_equal(rte_numa_package_of_node(topo, 0), 36);
	assert_int_equal(rte_numa_package_of_node(topo, 2), -ENOTUNIQ);
	check_nodes(topo, 36, "0");
	check_nodes(topo, 5, "2");
	check_nodes(topo, INT_MAX, "2");
	for (int cpu = 0; cpu < 4; cpu++)
		write_package(root, cpu, "-1\n");
	assert_int_equal(rte_numa_package_of_node(topo, 0), -ENODATA);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

/* Its folder has no topology then. */
static void
a_cpu_that_went_offline_counts_no_more(void **state)
{
	static const int packages[] = { 0, 1 };
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	tree_delete(root, "devices/system/cpu/cpu0/topology");
	check_packages(topo, packages, 2);
	assert_int_equal(rte_numa_package_of_node(topo, 0), 0);
	for (int cpu = 1; cpu < 4; cpu++) {
		char file[128];

		cpu_file(file, sizeof(file), cpu);
		tree_delete(root, file);
	}
	check_packages(topo, &packages[1], 1);
	assert_int_equal(rte_numa_package_of_node(topo, 0), -ENODATA);
	check_nodes(topo, 1, "2");
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
what_is_no_node_or_package_is_refused(void **state)
{
	static const int ids[] = { RTE_NUMA_NODE_ANY, INT_MIN, 1, 3, RTE_NUMA_MAX_NODES, INT_MAX };
	struct rte_numa_topology *topo = tree_load("gap-0-2");
	struct rte_numa_mask nodes = { { 7 } };

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(ids); i++)
		assert_int_equal(rte_numa_package_of_node(topo, ids[i]), -EINVAL);
	assert_int_equal(rte_numa_nodes_of_package(topo, -1, &nodes), -EINVAL);
	assert_int_equal(rte_numa_nodes_of_package(topo, INT_MIN, &nodes), -EINVAL);
	assert_int_equal(rte_numa_nodes_of_package(topo, 2, &nodes), -EINVAL);
	assert_int_equal(rte_numa_nodes_of_package(topo, INT_MAX, &nodes), -EINVAL);
	assert_true(nodes.words[0] == 7);
	rte_numa_topology_free(topo);
}

static void
broken_files_change_nothing(void **state)
{
	static const char *const broken[] = { "",     "\n",    "-\n",	"-2\n",	 "--1\n",
					      "+1\n", "1 2\n", "0x1\n", "one\n", "2147483648\n" };

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(broken); i++) {
		char *root = tree_copy("gap-0-2");
		struct rte_numa_mask nodes = { { 7 } };
		struct rte_numa_topology *topo;
		int packages[2] = { 7, 7 };

		print_message("\"%s\"\n", broken[i]);
		assert_int_equal(rte_numa_topology_load(root, &topo), 0);
		write_package(root, 7, broken[i]);
		assert_int_equal(rte_numa_package_of_node(topo, 2), -EINVAL);
		assert_int_equal(rte_numa_package_of_node(topo, 0), 0);
		assert_int_equal(rte_numa_packages(topo, packages, 2), -EINVAL);
		assert_true(packages[0] == 7 && packages[1] == 7);
		assert_int_equal(rte_numa_nodes_of_package(topo, 0, &nodes), -EINVAL);
		assert_true(nodes.words[0] == 7);
		rte_numa_topology_free(topo);
		tree_remove(root);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_package_of_two_nodes),
		cmocka_unit_test(memory_alone_is_of_no_package),
		cmocka_unit_test(a_node_of_several_packages),
		cmocka_unit_test(a_kernel_without_numa_has_packages_too),
		cmocka_unit_test(no_package_is_made_up),
		cmocka_unit_test(ids_are_the_kernels),
		cmocka_unit_test(a_cpu_that_went_offline_counts_no_more),
		cmocka_unit_test(what_is_no_node_or_package_is_refused),
		cmocka_unit_test(broken_files_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
