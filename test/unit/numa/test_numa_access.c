/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_access.c: figures of access, initiators, memory tiers.
 * Must not: depend on the machine that it runs on.
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
#include <cmocka.h>

#include "rte_numa_access.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

#define TIER_DIR "devices/virtual/memory_tiering"
#define UNTOLD	 RTE_NUMA_UNTOLD

static const enum rte_numa_initiators whose[] = { RTE_NUMA_INITIATORS_ANY,
						  RTE_NUMA_INITIATORS_CPU };

static void
check_access(const struct rte_numa_topology *topo, int node_id, enum rte_numa_initiators by,
	     const char *initiators, const uint64_t figures[4])
{
	struct rte_numa_access access;
	char text[64];

	assert_int_equal(rte_numa_access(topo, node_id, by, &access), 0);
	rte_numa_mask_text(&access.initiators, text, sizeof(text));
	assert_string_equal(text, initiators);
	assert_true(access.read_bandwidth == figures[0]);
	assert_true(access.write_bandwidth == figures[1]);
	assert_true(access.read_latency == figures[2]);
	assert_true(access.write_latency == figures[3]);
}

static void
figures_are_the_kernels(void **state)
{
	/* The last one is 0 there: firmware did not tell it. */
	static const uint64_t near[] = { 256000, 243000, 98, 104 },
			      far[] = { 54000, 31000, 264, UNTOLD };
	struct rte_numa_topology *topo = tree_load("memory-only");

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(whose); i++) {
		check_access(topo, 0, whose[i], "0", near);
		check_access(topo, 1, whose[i], "1", near);
		check_access(topo, 2, whose[i], "0", far);
	}
	rte_numa_topology_free(topo);
}

/* A GPU that is nearer than any CPU: a class each. */
static void
classes_differ(void **state)
{
	static const uint64_t gpu[] = { 900000, UNTOLD, UNTOLD, UNTOLD },
			      cpu[] = { UNTOLD, UNTOLD, 540, UNTOLD };
	static const char dir[] = NODE_DIR "/node252";
	char *root = tree_copy("gpu-memory-0-8"), *file;
	struct rte_numa_topology *topo;

	(void)state;
	for (int i = 0; i < 2; i++) {
		file = tree_path(dir, i == 0 ? "access0/initiators/read_bandwidth" :
					       "access1/initiators/read_latency");
		tree_write(root, file, i == 0 ? "900000\n" : "540\n", i == 0 ? 7 : 4);
		free(file);
	}
	tree_write(root, NODE_DIR "/node252/access0/initiators/node252/of", "", 0);
	tree_write(root, NODE_DIR "/node252/access1/initiators/node8/of", "", 0);
	tree_write(root, NODE_DIR "/node252/access1/initiators/node0/of", "", 0);
	/* What names no node is none. */
	tree_write(root, NODE_DIR "/node252/access1/initiators/node/of", "", 0);
	tree_write(root, NODE_DIR "/node252/access1/initiators/node1x/of", "", 0);
	tree_write(root, NODE_DIR "/node252/access1/initiators/node1024/of", "", 0);
	tree_write(root, NODE_DIR "/node252/access1/initiators/node99999999999/of", "", 0);
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	check_access(topo, 252, RTE_NUMA_INITIATORS_ANY, "252", gpu);
	check_access(topo, 252, RTE_NUMA_INITIATORS_CPU, "0,8", cpu);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
what_is_not_published_is_said_so(void **state)
{
	static const uint64_t none[] = { UNTOLD, UNTOLD, UNTOLD, UNTOLD };
	struct rte_numa_access access = { .read_latency = 7 };
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	for (size_t i = 0; i < NB_ELEMS(whose); i++)
		assert_int_equal(rte_numa_access(topo, 2, whose[i], &access), -ENODATA);
	/* A folder without anything, and with figures that are all 0. */
	tree_write(root, NODE_DIR "/node2/access0/initiators/other", "", 0);
	assert_int_equal(rte_numa_access(topo, 2, RTE_NUMA_INITIATORS_ANY, &access), -ENODATA);
	tree_write(root, NODE_DIR "/node2/access0/initiators/read_latency", "0\n", 2);
	tree_write(root, NODE_DIR "/node2/access0/initiators/write_bandwidth", "0\n", 2);
	assert_int_equal(rte_numa_access(topo, 2, RTE_NUMA_INITIATORS_ANY, &access), -ENODATA);
	assert_true(access.read_latency == 7);
	/* A table of firmware's that only says who is near. */
	tree_write(root, NODE_DIR "/node2/access0/initiators/node2/of", "", 0);
	check_access(topo, 2, RTE_NUMA_INITIATORS_ANY, "2", none);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
tiers_are_the_kernels(void **state)
{
	struct rte_numa_topology *topo = tree_load("memory-only");

	(void)state;
	assert_int_equal(rte_numa_memory_tier(topo, 0), 4);
	assert_int_equal(rte_numa_memory_tier(topo, 1), 4);
	assert_int_equal(rte_numa_memory_tier(topo, 2), 22);
	rte_numa_topology_free(topo);
}

static void
without_a_tier_there_is_none(void **state)
{
	char *root = tree_copy("cpu-only");
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	assert_int_equal(rte_numa_memory_tier(topo, 0), -ENODATA);
	tree_write(root, TIER_DIR "/uevent", "", 0);
	tree_write(root, TIER_DIR "/memory_tier/nodelist", "0\n", 2);
	tree_write(root, TIER_DIR "/memory_tier4k/nodelist", "0\n", 2);
	tree_write(root, TIER_DIR "/memory_tier9/uevent", "", 0); /* Gone meanwhile. */
	assert_int_equal(rte_numa_memory_tier(topo, 0), -ENODATA);
	tree_write(root, TIER_DIR "/memory_tier4/nodelist", "0\n", 2);
	assert_int_equal(rte_numa_memory_tier(topo, 0), 4);
	assert_int_equal(rte_numa_memory_tier(topo, 1), -ENODATA); /* It has no memory. */
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
what_is_no_node_or_class_is_refused(void **state)
{
	static const int ids[] = { RTE_NUMA_NODE_ANY, INT_MIN, 3, RTE_NUMA_MAX_NODES, INT_MAX };
	struct rte_numa_topology *topo = tree_load("memory-only");
	struct rte_numa_access access = { .read_latency = 7 };

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(ids); i++) {
		assert_int_equal(rte_numa_access(topo, ids[i], RTE_NUMA_INITIATORS_CPU, &access),
				 -EINVAL);
		assert_int_equal(rte_numa_memory_tier(topo, ids[i]), -EINVAL);
	}
	assert_int_equal(rte_numa_access(topo, 0, (enum rte_numa_initiators)2, &access), -EINVAL);
	assert_int_equal(rte_numa_access(topo, 0, (enum rte_numa_initiators) - 1, &access),
			 -EINVAL);
	assert_true(access.read_latency == 7);
	rte_numa_topology_free(topo);
}

static void
broken_files_change_nothing(void **state)
{
	static const struct {
		const char *file, *text;
	} cases[] = {
		{ NODE_DIR "/node2/access1/initiators/read_bandwidth", "" },
		{ NODE_DIR "/node2/access1/initiators/write_bandwidth", "-1\n" },
		{ NODE_DIR "/node2/access1/initiators/read_latency", "98 ns\n" },
		{ NODE_DIR "/node2/access1/initiators/write_latency", "99999999999999999999\n" },
		{ TIER_DIR "/memory_tier22/nodelist", "2-\n" },
		{ TIER_DIR "/memory_tier22/nodelist", "1024\n" },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct rte_numa_access access = { .read_latency = 7 };
		char *root = tree_copy("memory-only");
		struct rte_numa_topology *topo;

		print_message("%s: \"%s\"\n", cases[i].file, cases[i].text);
		assert_int_equal(rte_numa_topology_load(root, &topo), 0);
		tree_write(root, cases[i].file, cases[i].text, strlen(cases[i].text));
		if (strstr(cases[i].file, "tier") != NULL) {
			assert_int_equal(rte_numa_memory_tier(topo, 2), -EINVAL);
		} else {
			assert_int_equal(rte_numa_access(topo, 2, RTE_NUMA_INITIATORS_CPU, &access),
					 -EINVAL);
			assert_true(access.read_latency == 7);
			assert_int_equal(rte_numa_access(topo, 2, RTE_NUMA_INITIATORS_ANY, &access),
					 0);
		}
		rte_numa_topology_free(topo);
		tree_remove(root);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_the_kernels),
		cmocka_unit_test(classes_differ),
		cmocka_unit_test(what_is_not_published_is_said_so),
		cmocka_unit_test(tiers_are_the_kernels),
		cmocka_unit_test(without_a_tier_there_is_none),
		cmocka_unit_test(what_is_no_node_or_class_is_refused),
		cmocka_unit_test(broken_files_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
