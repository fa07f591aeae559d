/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * numa_autotest: what lib/numa says of the machine, against what the kernel and EAL say. */

#include <errno.h>
#include <sched.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_numa.h>
#include <rte_numa_where.h>

#include "test.h"
#include "test_pages.h"

#define NODES_FOLDER "/sys/devices/system/node"

static const struct rte_numa_topology *topo;

static int
suite_setup(void)
{
	topo = rte_numa_topology_self();
	TEST_ASSERT_NOT_NULL(topo, "no topology: errno %d", errno);
	return TEST_SUCCESS;
}

/* First line of a file; false if there is none. */
static bool
read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "r");
	bool got = file != NULL && fgets(line, size, file) != NULL;

	if (file != NULL)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

static int
check_nodes(const char *file, unsigned int with)
{
	char path[128], kernel[1024], ours[1024];

	snprintf(path, sizeof(path), NODES_FOLDER "/%s", file);
	if (!read_line(path, kernel, sizeof(kernel))) {
		printf("skipped: this kernel has no %s\n", path);
		return TEST_SKIPPED;
	}
	rte_numa_nodes_text(topo, with, ours, sizeof(ours));
	TEST_ASSERT(strcmp(kernel, ours) == 0, "%s: the kernel says %s, we %s", file, kernel, ours);
	return TEST_SUCCESS;
}

static int
test_nodes_online(void)
{
	return check_nodes("online", 0);
}

static int
test_nodes_with_memory(void)
{
	return check_nodes("has_memory", RTE_NUMA_WITH_MEMORY);
}

static int
test_nodes_with_cpus(void)
{
	return check_nodes("has_cpu", RTE_NUMA_WITH_CPUS);
}

/* The walk, the mask and the questions about one node agree. */
static int
test_nodes_agree(void)
{
	struct rte_numa_mask mask;
	int node, walked = -1, max = rte_numa_max_node_id(topo);
	unsigned int n = 0;

	rte_numa_nodes(topo, RTE_NUMA_WITH_MEMORY, &mask);
	RTE_NUMA_FOREACH_NODE(node, topo, RTE_NUMA_WITH_MEMORY) {
		TEST_ASSERT(node > walked && node <= max, "node %d behind %d", node, walked);
		TEST_ASSERT(rte_numa_mask_test(&mask, node), "node %d not in the mask", node);
		TEST_ASSERT(rte_numa_node_has_memory(topo, node), "node %d", node);
		TEST_ASSERT(rte_numa_node_exists(topo, node), "node %d", node);
		walked = node;
		n++;
	}
	TEST_ASSERT(n > 0, "no node has memory");
	TEST_ASSERT_EQUAL(rte_numa_mask_count(&mask), n, "mask");
	TEST_ASSERT(!rte_numa_node_exists(topo, max + 1), "node %d", max + 1);
	TEST_ASSERT(!rte_numa_node_exists(topo, RTE_NUMA_NODE_ANY), "any");
	return TEST_SUCCESS;
}

static int
test_distances(void)
{
	char path[128], line[8192], *at;
	int from, to, distance;

	RTE_NUMA_FOREACH_NODE(from, topo, 0) {
		snprintf(path, sizeof(path), NODES_FOLDER "/node%d/distance", from);
		if (!read_line(path, line, sizeof(line))) {
			printf("skipped: this kernel has no %s\n", path);
			return TEST_SKIPPED;
		}
		at = line;
		RTE_NUMA_FOREACH_NODE(to, topo, 0) {
			distance = (int)strtol(at, &at, 10);
			TEST_ASSERT_EQUAL(rte_numa_distance(topo, from, to), distance,
					  "%d to %d is %d, not %d", from, to, distance,
					  rte_numa_distance(topo, from, to));
		}
	}
	TEST_ASSERT_EQUAL(rte_numa_distance(topo, 0, -1), -EINVAL, "to no node");
	return TEST_SUCCESS;
}

static int
test_nearest(void)
{
	struct rte_numa_mask all, seen = { 0 };
	const int *order;
	unsigned int n;
	int from;

	rte_numa_nodes(topo, 0, &all);
	RTE_NUMA_FOREACH_NODE(from, topo, 0) {
		order = rte_numa_nearest(topo, from, &n);
		TEST_ASSERT_NOT_NULL(order, "from %d: errno %d", from, errno);
		TEST_ASSERT_EQUAL(order[0], from, "from %d first %d", from, order[0]);
		rte_numa_mask_zero(&seen);
		for (unsigned int i = 0; i < n; i++) {
			rte_numa_mask_set(&seen, order[i]);
			TEST_ASSERT(i < 2 || rte_numa_distance(topo, from, order[i - 1]) <=
						     rte_numa_distance(topo, from, order[i]),
				    "from %d: %d before %d", from, order[i - 1], order[i]);
		}
		TEST_ASSERT(rte_numa_mask_equal(&seen, &all), "from %d: not all nodes", from);
	}
	TEST_ASSERT_NULL(rte_numa_nearest(topo, -1, &n), "from no node");
	TEST_ASSERT_EQUAL(errno, EINVAL, "errno %d", errno);
	return TEST_SUCCESS;
}

/* EAL's word for it; where EAL knows no node it says 0. */
static int
test_lcores(void)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH(lcore) {
		rte_cpuset_t cpus = rte_lcore_cpuset(lcore);
		int node = rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus));

		/* An lcore that floats over several nodes is EAL's "any". */
		if (node == -ENOTUNIQ)
			continue;
		TEST_ASSERT_EQUAL(node, (int)rte_lcore_to_socket_id(lcore),
				  "lcore %u: we say %d, EAL %u", lcore, node,
				  rte_lcore_to_socket_id(lcore));
	}
	return TEST_SUCCESS;
}

static int
on_lcore(void *arg)
{
	unsigned int cpu, node;

	RTE_SET_USED(arg);
	/* The thread may be moved between the two questions: not for ever. */
	for (unsigned int i = 0; i < 100; i++)
		if (getcpu(&cpu, &node) == 0 && rte_numa_node_of_self() == (int)node &&
		    rte_numa_node_of_cpu(topo, (int)cpu) == (int)node &&
		    rte_numa_node_of_thread(topo, (int)syscall(SYS_gettid)) == (int)node)
			return 0;
	return -1;
}

static int
test_self(void)
{
	unsigned int lcore;

	TEST_ASSERT_SUCCESS(on_lcore(NULL),
			    "the main lcore is on another node than getcpu(2) says");
	RTE_LCORE_FOREACH_WORKER(lcore) {
		TEST_ASSERT_SUCCESS(rte_eal_remote_launch(on_lcore, NULL, lcore), "launch");
		TEST_ASSERT_SUCCESS(rte_eal_wait_lcore(lcore), "lcore %u is on another node",
				    lcore);
	}
	return TEST_SUCCESS;
}

static int
test_memory(void)
{
	struct rte_numa_memory mem;
	uint64_t total = 0;
	int node, ret;

	RTE_NUMA_FOREACH_NODE(node, topo, 0) {
		ret = rte_numa_memory(topo, node, &mem);
		TEST_ASSERT_SUCCESS(ret, "node %d: %d", node, ret);
		TEST_ASSERT(mem.free <= mem.total, "node %d: more free than there is", node);
		TEST_ASSERT_EQUAL((mem.total != 0), rte_numa_node_has_memory(topo, node), "node %d",
				  node);
		total += mem.total;
	}
	TEST_ASSERT(total >=
			    (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2,
		    "%ju bytes are less than half of the machine's", (uintmax_t)total);
	TEST_ASSERT_EQUAL(rte_numa_memory(topo, -1, &mem), -EINVAL, "no node");
	return TEST_SUCCESS;
}

static int
test_hugepages(void)
{
	struct rte_numa_hugepages pools[64], of_node[64];
	int n = rte_numa_machine_hugepages(topo, pools, RTE_DIM(pools)), node, ret;
	char path[128];

	TEST_ASSERT(n >= 0, "error %d", n);
	for (int i = 0; i < n; i++) {
		TEST_ASSERT(i == 0 || pools[i].page_size > pools[i - 1].page_size, "order");
		TEST_ASSERT(pools[i].free <= pools[i].total, "more free than there are");
		snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%jukB",
			 (uintmax_t)pools[i].page_size >> 10);
		TEST_ASSERT_SUCCESS(access(path, F_OK), "%s is not there", path);
	}
	RTE_NUMA_FOREACH_NODE(node, topo, RTE_NUMA_WITH_MEMORY) {
		ret = rte_numa_hugepages(topo, node, of_node, RTE_DIM(of_node));
		TEST_ASSERT_EQUAL(ret, n, "node %d: %d sizes, the machine %d", node, ret, n);
	}
	return TEST_SUCCESS;
}

/* Memory of EAL's, by what move_pages(2) says. */
static int
test_address(void)
{
	char *mem = rte_malloc(NULL, 65536, 4096);
	int ours, kernel;

	TEST_ASSERT_NOT_NULL(mem, "rte_malloc");
	memset(mem, 1, 65536);
	ours = rte_numa_node_of_address(mem);
	kernel = test_page_node(mem);
	rte_free(mem);
	TEST_ASSERT_EQUAL(ours, kernel, "we say %d, the kernel %d", ours, kernel);
	return TEST_SUCCESS;
}

static int
test_packages(void)
{
	int packages[RTE_NUMA_MAX_NODES], node, package;
	int n = rte_numa_packages(topo, packages, RTE_DIM(packages));
	struct rte_numa_mask nodes;

	TEST_ASSERT(n >= 0, "error %d", n);
	for (int i = 0; i < n; i++) {
		TEST_ASSERT_SUCCESS(rte_numa_nodes_of_package(topo, packages[i], &nodes),
				    "package %d", packages[i]);
		RTE_NUMA_MASK_FOREACH(node, &nodes) {
			package = rte_numa_package_of_node(topo, node);
			TEST_ASSERT(package == packages[i] || package == -ENOTUNIQ,
				    "node %d of package %d is of %d", node, packages[i], package);
		}
	}
	return TEST_SUCCESS;
}

static int
test_masks(void)
{
	struct rte_numa_mask a, b, both;
	char text[64];

	TEST_ASSERT_SUCCESS(rte_numa_mask_parse("8,0-3", &a), "parse");
	TEST_ASSERT_EQUAL(rte_numa_mask_text(&a, text, sizeof(text)), strlen("0-3,8"), "length");
	TEST_ASSERT(strcmp(text, "0-3,8") == 0, "%s", text);
	TEST_ASSERT_SUCCESS(rte_numa_mask_parse("3-8", &b), "parse");
	rte_numa_mask_and(&both, &a, &b);
	TEST_ASSERT(rte_numa_mask_count(&both) == 2 && rte_numa_mask_test(&both, 3) &&
			    rte_numa_mask_test(&both, 8),
		    "and");
	rte_numa_mask_andnot(&both, &a, &b);
	TEST_ASSERT(rte_numa_mask_count(&both) == 3 && rte_numa_mask_within(&both, &a), "and not");
	TEST_ASSERT_EQUAL(rte_numa_mask_parse("3-1", &b), -EINVAL, "3-1");
	TEST_ASSERT_EQUAL(rte_numa_mask_parse("1024", &b), -ERANGE, "1024");
	TEST_ASSERT_EQUAL(rte_numa_mask_set(&a, RTE_NUMA_NODE_ANY), -EINVAL, "any");
	return TEST_SUCCESS;
}

static struct unit_test_suite suite = {
	.suite_name = "numa",
	.setup = suite_setup,
	.unit_test_cases = {
		TEST_CASE(test_nodes_online),
		TEST_CASE(test_nodes_with_memory),
		TEST_CASE(test_nodes_with_cpus),
		TEST_CASE(test_nodes_agree),
		TEST_CASE(test_distances),
		TEST_CASE(test_nearest),
		TEST_CASE(test_lcores),
		TEST_CASE(test_self),
		TEST_CASE(test_memory),
		TEST_CASE(test_hugepages),
		TEST_CASE(test_address),
		TEST_CASE(test_packages),
		TEST_CASE(test_masks),
		TEST_CASES_END(),
	},
};

static int
test_numa(void)
{
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(numa_autotest, test_numa);
