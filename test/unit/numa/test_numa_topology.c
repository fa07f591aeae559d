/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_topology.c: what each machine of test/data/sysfs is loaded as, and
 *       which trees are refused.
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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "numa_priv.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

struct expected_node {
	int id;
	unsigned int with;
	int nearest[8];
	int distance[8]; /* In the order of ids. */
};

/* I1 to I4 of struct rte_numa_topology. */
static void
check_invariants(const struct rte_numa_topology *topo)
{
	unsigned int n = topo->nb_nodes, nb_indexed = 0;

	for (int id = 0; id < RTE_NUMA_MAX_NODES; id++)
		nb_indexed += topo->index_of[id] >= 0;
	assert_int_equal(nb_indexed, n);
	for (unsigned int i = 0; i < n; i++) {
		const int *nearest = &topo->nearest[i * n];

		assert_int_equal(topo->index_of[topo->ids[i]], i);
		assert_true(i == 0 || topo->ids[i] > topo->ids[i - 1]);
		assert_int_equal(nearest[0], topo->ids[i]);
		for (unsigned int a = 0; a < n; a++) {
			unsigned int times = 0;

			for (unsigned int b = 0; b < n; b++)
				times += nearest[b] == topo->ids[a];
			assert_int_equal(times, 1);
		}
	}
	for (unsigned int cpu = 0; cpu < topo->nb_cpus; cpu++) {
		int id = topo->node_of_cpu[cpu];

		assert_true(id == -1 || rte_numa_node_has_cpus(topo, id));
	}
}

static void
check_nodes(const struct rte_numa_topology *topo, const struct expected_node *nodes, unsigned int n)
{
	unsigned int nb_ids = 0;
	int id;

	check_invariants(topo);
	RTE_NUMA_FOREACH_NODE(id, topo, 0) {
		assert_true(nb_ids < n);
		assert_int_equal(id, nodes[nb_ids++].id);
	}
	assert_int_equal(nb_ids, n);
	assert_int_equal(rte_numa_max_node_id(topo), nodes[n - 1].id);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int nb_nearest = 0;
		const int *nearest = rte_numa_nearest(topo, nodes[i].id, &nb_nearest);

		assert_true(rte_numa_node_exists(topo, nodes[i].id));
		assert_int_equal(rte_numa_node_has_memory(topo, nodes[i].id),
				 !!(nodes[i].with & RTE_NUMA_WITH_MEMORY));
		assert_int_equal(rte_numa_node_has_cpus(topo, nodes[i].id),
				 !!(nodes[i].with & RTE_NUMA_WITH_CPUS));
		assert_non_null(nearest);
		assert_int_equal(nb_nearest, n);
		assert_memory_equal(nearest, nodes[i].nearest, n * sizeof(*nearest));
		for (unsigned int j = 0; j < n; j++)
			assert_int_equal(rte_numa_distance(topo, nodes[i].id, nodes[j].id),
					 nodes[i].distance[j]);
	}
}

#define MEMORY RTE_NUMA_WITH_MEMORY
#define CPUS   RTE_NUMA_WITH_CPUS
#define BOTH   (RTE_NUMA_WITH_MEMORY | RTE_NUMA_WITH_CPUS)

static void
two_packages_of_two_nodes(void **state)
{
	static const struct expected_node nodes[] = {
		{ 0, BOTH, { 0, 1, 2, 3 }, { 10, 12, 21, 21 } },
		{ 1, BOTH, { 1, 0, 2, 3 }, { 12, 10, 21, 21 } },
		{ 2, BOTH, { 2, 3, 0, 1 }, { 21, 21, 10, 12 } },
		{ 3, BOTH, { 3, 2, 0, 1 }, { 21, 21, 12, 10 } },
	};
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	for (int cpu = 0; cpu < 64; cpu++)
		assert_int_equal(rte_numa_node_of_cpu(topo, cpu), cpu % 32 / 8);
	assert_int_equal(rte_numa_node_of_cpu(topo, 64), -EINVAL);
	rte_numa_topology_free(topo);
}

static void
a_node_of_memory_alone(void **state)
{
	static const struct expected_node nodes[] = {
		{ 0, BOTH, { 0, 2, 1 }, { 10, 21, 14 } },
		{ 1, BOTH, { 1, 0, 2 }, { 21, 10, 24 } },
		{ 2, MEMORY, { 2, 0, 1 }, { 17, 24, 10 } },
	};
	struct rte_numa_topology *topo = tree_load("memory-only");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_next(topo, 1, CPUS), -1);
	assert_int_equal(rte_numa_node_next(topo, 1, MEMORY), 2);
	rte_numa_topology_free(topo);
}

static void
nodes_with_a_gap(void **state)
{
	static const struct expected_node nodes[] = {
		{ 0, BOTH, { 0, 2 }, { 10, 32 } },
		{ 2, BOTH, { 2, 0 }, { 31, 10 } },
	};
	struct rte_numa_topology *topo = tree_load("gap-0-2");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_false(rte_numa_node_exists(topo, 1));
	assert_false(rte_numa_node_has_memory(topo, 1));
	assert_int_equal(rte_numa_distance(topo, 0, 1), -EINVAL);
	assert_int_equal(rte_numa_node_of_cpu(topo, 3), 0);
	assert_int_equal(rte_numa_node_of_cpu(topo, 4), 2);
	rte_numa_topology_free(topo);
}

static void
ties_go_by_id(void **state)
{
	static const struct expected_node nodes[] = {
		{ 0, BOTH, { 0, 8, 252, 253, 254, 255 }, { 10, 40, 80, 80, 80, 80 } },
		{ 8, BOTH, { 8, 0, 252, 253, 254, 255 }, { 40, 10, 80, 80, 80, 80 } },
		{ 252, MEMORY, { 252, 0, 8, 253, 254, 255 }, { 80, 80, 10, 80, 80, 80 } },
		{ 253, MEMORY, { 253, 0, 8, 252, 254, 255 }, { 80, 80, 80, 10, 80, 80 } },
		{ 254, MEMORY, { 254, 0, 8, 252, 253, 255 }, { 80, 80, 80, 80, 10, 80 } },
		{ 255, MEMORY, { 255, 0, 8, 252, 253, 254 }, { 80, 80, 80, 80, 80, 10 } },
	};
	struct rte_numa_topology *topo = tree_load("gpu-memory-0-8");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_of_cpu(topo, 159), 8);
	rte_numa_topology_free(topo);
}

static void
one_node(void **state)
{
	static const struct expected_node nodes[] = { { 0, BOTH, { 0 }, { 10 } } };
	struct rte_numa_topology *topo = tree_load("vm-one-node");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_of_cpu(topo, 1), 0);
	rte_numa_topology_free(topo);
}

static void
a_node_of_cpus_alone(void **state)
{
	static const struct expected_node nodes[] = {
		{ 0, BOTH, { 0, 1 }, { 10, 20 } },
		{ 1, CPUS, { 1, 0 }, { 20, 10 } },
	};
	struct rte_numa_topology *topo = tree_load("cpu-only");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_of_cpu(topo, 6), 1);
	assert_int_equal(rte_numa_node_next(topo, 0, MEMORY), -1);
	rte_numa_topology_free(topo);
}

static void
a_kernel_without_numa_is_node_0(void **state)
{
	static const struct expected_node nodes[] = { { 0, BOTH, { 0 }, { 10 } } };
	struct rte_numa_topology *topo = tree_load("no-numa");

	(void)state;
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_of_cpu(topo, 3), 0);
	assert_int_equal(rte_numa_node_of_cpu(topo, 4), -EINVAL);
	rte_numa_topology_free(topo);
}

static void
an_empty_tree_is_node_0_with_this_machines_cpus(void **state)
{
	static const struct expected_node nodes[] = { { 0, BOTH, { 0 }, { 10 } } };
	long nb_cpus = sysconf(_SC_NPROCESSORS_CONF);
	char *root = tree_copy(NULL);
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_of_cpu(topo, nb_cpus - 1), 0);
	assert_int_equal(rte_numa_node_of_cpu(topo, nb_cpus), -EINVAL);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
a_thousand_and_twenty_four_nodes(void **state)
{
	const int n = RTE_NUMA_MAX_NODES;
	char *root = tree_copy(NULL), *row = malloc(n * 5 + 1), file[64], cpu[16];
	struct rte_numa_topology *topo;
	const int *nearest;
	unsigned int nb;

	(void)state;
	assert_non_null(row);
	tree_write(root, NODE_DIR "/online", "0-1023\n", 7);
	tree_write(root, NODE_DIR "/has_memory", "0-1023\n", 7);
	for (int i = 0; i < n; i++) {
		size_t len = 0;

		for (int j = 0; j < n; j++)
			len += sprintf(row + len, j > 0 ? " %d" : "%d", 10 + abs(i - j));
		snprintf(file, sizeof(file), NODE_DIR "/node%d/distance", i);
		tree_write(root, file, row, len);
		snprintf(file, sizeof(file), NODE_DIR "/node%d/cpulist", i);
		tree_write(root, file, cpu, snprintf(cpu, sizeof(cpu), "%d\n", 64 * i));
	}
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	assert_int_equal(rte_numa_max_node_id(topo), n - 1);
	assert_int_equal(rte_numa_distance(topo, 0, n - 1), 10 + n - 1);
	assert_int_equal(rte_numa_node_of_cpu(topo, 64 * (n - 1)), n - 1);
	assert_int_equal(rte_numa_node_of_cpu(topo, 64 * (n - 1) - 1), -EINVAL);
	nearest = rte_numa_nearest(topo, 500, &nb);
	assert_int_equal(nb, n);
	for (int i = 0; i < 1001; i++) /* 500, 499, 501, 498, ..., 0, 1000, then upwards. */
		assert_int_equal(nearest[i], i % 2 ? 500 - (i + 1) / 2 : 500 + i / 2);
	for (int i = 1001; i < n; i++)
		assert_int_equal(nearest[i], i);
	rte_numa_topology_free(topo);
	tree_remove(root);
	free(row);
}

static void
bad_arguments(void **state)
{
	struct rte_numa_topology *topo = (void *)0x1;
	char *root = tree_copy(NULL), *file = tree_path(root, "file");
	char *deep = malloc(2 * PATH_MAX);

	(void)state;
	assert_non_null(deep);
	memset(deep, '/', 2 * PATH_MAX - 1);
	deep[2 * PATH_MAX - 1] = '\0';
	assert_int_equal(rte_numa_topology_load(NULL, &topo), -EINVAL);
	assert_int_equal(rte_numa_topology_load(root, NULL), -EINVAL);
	assert_int_equal(rte_numa_topology_load("", &topo),
			 0); /* "/." is a folder without nodes. */
	rte_numa_topology_free(topo);
	topo = (void *)0x1;
	assert_int_equal(rte_numa_topology_load(file, &topo), -ENOENT);
	tree_write(root, "file", "", 0);
	assert_int_equal(rte_numa_topology_load(file, &topo), -ENOTDIR);
	assert_int_equal(rte_numa_topology_load(deep, &topo), -ENAMETOOLONG);
	assert_ptr_equal(topo, (void *)0x1);
	rte_numa_topology_free(NULL);
	free(deep);
	free(file);
	tree_remove(root);
}

struct broken {
	const char *file;
	const char *text; /* NULL: the file is removed. */
	int ret;
};

/* Each is a copy of gap-0-2 with one file changed. */
static const struct broken broken[] = {
	{ "online", NULL, -EINVAL },
	{ "online", "", -EINVAL },
	{ "online", "\n", -EINVAL },
	{ "online", "0,2,\n", -EINVAL },
	{ "online", "2-0\n", -EINVAL },
	{ "online", "0,2 \n", -EINVAL },
	{ "online", "0,1024\n", -EINVAL },
	{ "online", "0-2\n", -EINVAL }, /* There is no node1. */
	{ "online", "\xff\xfe garbage \x01", -EINVAL },
	{ "has_memory", NULL, -EINVAL },
	{ "has_memory", "0,1\n", -EINVAL }, /* Not online. */
	{ "has_memory", "0,3\n", -EINVAL },
	{ "has_memory", "all\n", -EINVAL },
	{ "has_memory", "\n", 0 },
	{ "node2/distance", NULL, -EINVAL },
	{ "node2/distance", "", -EINVAL },
	{ "node2/distance", "31\n", -EINVAL },
	{ "node2/distance", "31 31 10\n", -EINVAL },
	{ "node2/distance", "31 x\n", -EINVAL },
	{ "node2/distance", "0 10\n", -EINVAL },
	{ "node2/distance", "31 -10\n", -EINVAL },
	{ "node2/distance", "31 70000\n", -EINVAL },
	{ "node2/distance", "\x80\x81\x82", -EINVAL },
	{ "node2/distance", "5 99\n",
	  0 }, /* Odd firmware: the node itself is first all the same. */
	{ "node2/cpulist", NULL, -EINVAL },
	{ "node2/cpulist", "4-\n", -EINVAL },
	{ "node2/cpulist", "4-65536\n", -EINVAL },
	{ "node2/cpulist", "0x4\n", -EINVAL },
	{ "node2/cpulist", "3-7\n", -EINVAL }, /* CPU 3 is node 0's. */
	{ "node2/cpulist", "0\n", -EINVAL },
	{ "node2/cpulist", "\n", 0 },
	{ "node2/cpulist", "", 0 },
	{ "node2/cpulist", "65535\n", 0 },
	{ "node2", NULL, -EINVAL },
};

static void
broken_trees_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NB_ELEMS(broken); i++) {
		char *root = tree_copy("gap-0-2"), *file = tree_path(NODE_DIR, broken[i].file);
		struct rte_numa_topology *topo = NULL;

		print_message("%s: %s\n", broken[i].file,
			      broken[i].text != NULL ? broken[i].text : "removed");
		if (broken[i].text != NULL)
			tree_write(root, file, broken[i].text, strlen(broken[i].text));
		else
			tree_delete(root, file);
		assert_int_equal(rte_numa_topology_load(root, &topo), broken[i].ret);
		if (broken[i].ret == 0)
			check_invariants(topo);
		else
			assert_null(topo);
		rte_numa_topology_free(topo);
		free(file);
		tree_remove(root);
	}
}

static void
a_tree_without_any_node_is_refused(void **state)
{
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo = NULL;

	(void)state;
	tree_write(root, NODE_DIR "/online", "\n", 1);
	tree_write(root, NODE_DIR "/has_memory", "\n", 1);
	assert_int_equal(rte_numa_topology_load(root, &topo), -EINVAL);
	assert_null(topo);
	tree_remove(root);
}

static void
broken_cpus_without_numa_are_refused(void **state)
{
	char *root = tree_copy("no-numa");
	struct rte_numa_topology *topo = NULL;

	(void)state;
	tree_write(root, "devices/system/cpu/online", "0-\n", 3);
	assert_int_equal(rte_numa_topology_load(root, &topo), -EINVAL);
	assert_null(topo);
	tree_remove(root);
}

static void
a_nul_byte_is_refused(void **state)
{
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo = NULL;

	(void)state;
	tree_write(root, NODE_DIR "/node2/cpulist", "4-7\0,8\n", 7);
	assert_int_equal(rte_numa_topology_load(root, &topo), -EINVAL);
	assert_null(topo);
	tree_remove(root);
}

static void
an_empty_cpulist_is_a_node_without_cpus(void **state)
{
	static const struct expected_node nodes[] = {
		{ 0, BOTH, { 0, 2 }, { 10, 32 } },
		{ 2, MEMORY, { 2, 0 }, { 31, 10 } },
	};
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo;

	(void)state;
	tree_write(root, NODE_DIR "/node2/cpulist", "\n", 1);
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	check_nodes(topo, nodes, NB_ELEMS(nodes));
	assert_int_equal(rte_numa_node_of_cpu(topo, 4), -EINVAL);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
what_is_loaded_is_a_snapshot(void **state)
{
	char *root = tree_copy("gap-0-2"), *given = strdup(root);
	struct rte_numa_topology *topo;
	struct rte_numa_memory mem;

	(void)state;
	assert_int_equal(rte_numa_topology_load(given, &topo), 0);
	memset(given, 'x', strlen(given)); /* The root was copied. */
	free(given);
	assert_int_equal(rte_numa_memory(topo, 2, &mem), 0);
	tree_delete(root, NODE_DIR "/node2");
	assert_true(rte_numa_node_exists(topo, 2));
	assert_int_equal(rte_numa_memory(topo, 2, &mem), -ENOENT);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_packages_of_two_nodes),
		cmocka_unit_test(a_node_of_memory_alone),
		cmocka_unit_test(nodes_with_a_gap),
		cmocka_unit_test(ties_go_by_id),
		cmocka_unit_test(one_node),
		cmocka_unit_test(a_node_of_cpus_alone),
		cmocka_unit_test(a_kernel_without_numa_is_node_0),
		cmocka_unit_test(an_empty_tree_is_node_0_with_this_machines_cpus),
		cmocka_unit_test(a_thousand_and_twenty_four_nodes),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(broken_trees_are_refused),
		cmocka_unit_test(a_tree_without_any_node_is_refused),
		cmocka_unit_test(broken_cpus_without_numa_are_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(an_empty_cpulist_is_a_node_without_cpus),
		cmocka_unit_test(what_is_loaded_is_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
