/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * membind_autotest: policies of ranges, threads and the process, by what the kernel does with them. */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_membind.h>
#include <rte_numa.h>

#include "test.h"
#include "test_pages.h"

#define SIZE	 ((size_t)64 << 12)
#define NODE_NOT 1000 /* no machine has as many nodes */

static char *range;
static struct rte_numa_mask with_memory;

static int
test_setup(void)
{
	if (rte_membind_allowed_nodes(&with_memory) != 0 || rte_membind_caps() == NULL ||
	    rte_membind_caps()->op[RTE_MEMBIND_OP_SET_RANGE] != 0) {
		printf("skipped: no policies here: %s\n", rte_membind_error());
		return TEST_SKIPPED;
	}
	range = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TEST_ASSERT(range != MAP_FAILED, "mmap: errno %d", errno);
	return TEST_SUCCESS;
}

static void
test_teardown(void)
{
	if (range != NULL && range != MAP_FAILED)
		munmap(range, SIZE);
	range = NULL;
}

/* The policy of the mapping that an address lies in, in the kernel's words. */
static bool
kernel_says(const void *addr, const char *policy)
{
	char line[4096], said[128] = "", of_line[128];
	FILE *file = fopen("/proc/self/numa_maps", "r");
	unsigned long start;

	/* A line tells where its mapping begins, and lines are in the order of that. */
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%lx %127s", &start, of_line) == 2 &&
		    start <= (unsigned long)(uintptr_t)addr)
			memcpy(said, of_line, sizeof(said));
	if (file != NULL)
		fclose(file);
	if (strncmp(said, policy, strlen(policy)) == 0)
		return true;
	printf("the kernel says \"%s\", and not \"%s\"\n", said, policy);
	return false;
}

/* On each node in turn: the kernel has the policy, pages come from there, and all is told. */
static int
bind_to_each(enum rte_membind_policy policy, const char *word)
{
	enum rte_membind_policy got;
	struct rte_membind_location location;
	struct rte_numa_mask nodes, told;
	int node, ret;

	RTE_NUMA_MASK_FOREACH(node, &with_memory) {
		test_teardown();
		TEST_ASSERT_SUCCESS(test_setup(), "setup");
		rte_numa_mask_only(&nodes, node);
		ret = rte_membind_set_range(range, SIZE, policy, &nodes, RTE_MEMBIND_F_STRICT);
		TEST_ASSERT_SUCCESS(ret, "node %d: %d: %s", node, ret, rte_membind_error());
		TEST_ASSERT(kernel_says(range, word), "node %d", node);
		TEST_ASSERT_SUCCESS(rte_membind_get_range(range, SIZE, &got, &told, 0), "get");
		TEST_ASSERT(got == policy && rte_numa_mask_equal(&told, &nodes), "got %s",
			    rte_membind_policy_name(got));

		memset(range, 1, SIZE / 2);
		TEST_ASSERT(test_pages_on(range, SIZE / 2, node), "pages not on node %d", node);
		TEST_ASSERT_SUCCESS(rte_membind_locate(range, SIZE, &location), "locate");
		TEST_ASSERT(location.on_node[node] == SIZE / 2 && location.present == SIZE / 2 &&
				    location.untouched == SIZE / 2,
			    "located %ju, %ju untouched", (uintmax_t)location.present,
			    (uintmax_t)location.untouched);
		TEST_ASSERT_SUCCESS(rte_membind_verify(range, SIZE / 2, &nodes), "verify");
		TEST_ASSERT_EQUAL(rte_membind_verify(range, SIZE, &nodes), -ENODATA, "untouched");
	}
	return TEST_SUCCESS;
}

static int
test_bind(void)
{
	return bind_to_each(RTE_MEMBIND_BIND, "bind");
}

static int
test_preferred(void)
{
	return bind_to_each(RTE_MEMBIND_PREFERRED, "prefer");
}

static int
test_interleave(void)
{
	unsigned int n = rte_numa_mask_count(&with_memory);
	size_t on_node, share = SIZE / 4096 / n;
	int node, ret;

	ret = rte_membind_set_range(range, SIZE, RTE_MEMBIND_INTERLEAVE, &with_memory, 0);
	TEST_ASSERT_SUCCESS(ret, "%d: %s", ret, rte_membind_error());
	TEST_ASSERT(kernel_says(range, "interleave"), "policy");
	memset(range, 1, SIZE);
	RTE_NUMA_MASK_FOREACH(node, &with_memory) {
		on_node = 0;
		for (size_t at = 0; at < SIZE; at += 4096)
			on_node += test_page_node(range + at) == node;
		TEST_ASSERT(on_node >= share && on_node <= share + 1, "%zu pages on node %d",
			    on_node, node);
	}
	return TEST_SUCCESS;
}

static int
test_back_to_default(void)
{
	enum rte_membind_policy policy;

	TEST_ASSERT_SUCCESS(rte_membind_set_range(range, SIZE, RTE_MEMBIND_INTERLEAVE, &with_memory,
						  0),
			    "interleave");
	/* Parts with policies of their own are told, or refused. */
	TEST_ASSERT_SUCCESS(rte_membind_set_range(range, SIZE / 2, RTE_MEMBIND_DEFAULT, NULL, 0),
			    "default");
	TEST_ASSERT_SUCCESS(rte_membind_get_range(range, SIZE, &policy, NULL, 0), "get");
	TEST_ASSERT_EQUAL(policy, RTE_MEMBIND_MIXED, "%s", rte_membind_policy_name(policy));
	TEST_ASSERT_EQUAL(rte_membind_get_range(range, SIZE, &policy, NULL, RTE_MEMBIND_F_STRICT),
			  -EXDEV, "strict");
	TEST_ASSERT(rte_membind_error()[0] != '\0', "no text");
	return TEST_SUCCESS;
}

static int
test_errors(void)
{
	struct rte_numa_mask nodes = { 0 };
	struct rte_membind_location location;
	int bind = RTE_MEMBIND_BIND;

	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, bind, &nodes, 0), -EINVAL, "no node");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, bind, NULL, 0), -EINVAL, "NULL");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, 0, bind, &with_memory, 0), -EINVAL, "size");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range + 1, SIZE, bind, &with_memory, 0), -EINVAL,
			  "not aligned");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, bind, &with_memory, 1u << 30), -EINVAL,
			  "flag");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, RTE_MEMBIND_MIXED, NULL, 0), -EINVAL,
			  "mixed");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, RTE_MEMBIND_REPLICATE, &with_memory,
						0),
			  -ENOSYS, "replicate");
	rte_numa_mask_only(&nodes, NODE_NOT);
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, bind, &nodes, 0), -ENODEV, "node");
	TEST_ASSERT(strstr(rte_membind_error(), RTE_STR(NODE_NOT)) != NULL,
		    "does not say which node: %s", rte_membind_error());
	TEST_ASSERT_SUCCESS(munmap(range + SIZE / 2, SIZE / 2), "munmap");
	TEST_ASSERT_EQUAL(rte_membind_set_range(range, SIZE, bind, &with_memory, 0), -EFAULT,
			  "unmapped");
	TEST_ASSERT_EQUAL(rte_membind_locate(range, SIZE, &location), -EFAULT, "unmapped");
	TEST_ASSERT(kernel_says(range, "default") || kernel_says(range, "local"),
		    "a failure changed the policy");
	return TEST_SUCCESS;
}

static int
test_migrate(void)
{
	struct rte_membind_migration result;
	struct rte_membind_page pages[SIZE / 4096];
	struct rte_numa_mask nodes;
	int node, ret;

	for (size_t i = 0; i < SIZE / 2; i++)
		range[i] = (char)(i * 31);
	RTE_NUMA_MASK_FOREACH(node, &with_memory) {
		rte_numa_mask_only(&nodes, node);
		ret = rte_membind_migrate(range, SIZE, &nodes, RTE_MEMBIND_F_STRICT, &result, pages,
					  RTE_DIM(pages));
		TEST_ASSERT_SUCCESS(ret, "to %d: %d: %s", node, ret, rte_membind_error());
		TEST_ASSERT(result.moved + result.in_place == SIZE / 2 && result.not_moved == 0 &&
				    result.absent == SIZE / 2 && result.nb_pages == SIZE / 4096,
			    "to %d: %ju moved, %ju in place, %ju absent", node,
			    (uintmax_t)result.moved, (uintmax_t)result.in_place,
			    (uintmax_t)result.absent);
		TEST_ASSERT(test_pages_on(range, SIZE / 2, node), "not on node %d", node);
		for (size_t i = 0; i < RTE_DIM(pages); i++)
			TEST_ASSERT(pages[i].addr == range + i * 4096 &&
					    pages[i].why == (i < RTE_DIM(pages) / 2 ? 0 : -ENOENT),
				    "page %zu: %d", i, pages[i].why);
	}
	for (size_t i = 0; i < SIZE / 2; i++)
		TEST_ASSERT_EQUAL(range[i], (char)(i * 31), "byte %zu was lost", i);
	return TEST_SUCCESS;
}

/* The thread's policy is what a range without one goes by, and no other thread's. */
static int
bound_thread(void *arg)
{
	struct rte_numa_mask *nodes = arg, told;
	enum rte_membind_policy policy;
	int node = rte_numa_mask_next(nodes, -1);

	if (rte_membind_set(RTE_MEMBIND_BIND, nodes, RTE_MEMBIND_F_THREAD) != 0 ||
	    rte_membind_get(&policy, &told, RTE_MEMBIND_F_THREAD) != 0)
		return -1;
	memset(range, 1, SIZE);
	if (policy != RTE_MEMBIND_BIND || !rte_numa_mask_equal(&told, nodes) ||
	    !test_pages_on(range, SIZE, node))
		return -1;
	return rte_membind_set(RTE_MEMBIND_DEFAULT, NULL, RTE_MEMBIND_F_THREAD);
}

static int
test_thread(void)
{
	enum rte_membind_policy before, after;
	struct rte_numa_mask nodes;
	unsigned int lcore;
	int node;

	TEST_ASSERT_SUCCESS(rte_membind_get(&before, NULL, RTE_MEMBIND_F_THREAD), "get");
	lcore = rte_get_next_lcore(-1, 1, 0);
	RTE_NUMA_MASK_FOREACH(node, &with_memory) {
		test_teardown();
		TEST_ASSERT_SUCCESS(test_setup(), "setup");
		rte_numa_mask_only(&nodes, node);
		if (lcore == RTE_MAX_LCORE) {
			TEST_ASSERT_SUCCESS(bound_thread(&nodes), "on node %d: %s", node,
					    rte_membind_error());
			continue;
		}
		TEST_ASSERT_SUCCESS(rte_eal_remote_launch(bound_thread, &nodes, lcore), "launch");
		TEST_ASSERT_SUCCESS(rte_eal_wait_lcore(lcore), "lcore %u on node %d", lcore, node);
	}
	TEST_ASSERT_SUCCESS(rte_membind_get(&after, NULL, RTE_MEMBIND_F_THREAD), "get");
	TEST_ASSERT(lcore == RTE_MAX_LCORE || before == after, "another thread's policy is %s",
		    rte_membind_policy_name(after));
	return TEST_SUCCESS;
}

static int
own_policy(void *arg)
{
	return rte_membind_get(arg, NULL, RTE_MEMBIND_F_THREAD);
}

/* All lcores and EAL's own threads take it, and go on working. */
static int
test_process(void)
{
	enum rte_membind_policy policy = RTE_MEMBIND_DEFAULT;
	unsigned int lcore;
	int ret;

	ret = rte_membind_set_process(0, RTE_MEMBIND_INTERLEAVE, &with_memory, 0);
	TEST_ASSERT_SUCCESS(ret, "%d: %s", ret, rte_membind_error());
	RTE_LCORE_FOREACH_WORKER(lcore) {
		TEST_ASSERT_SUCCESS(rte_eal_remote_launch(own_policy, &policy, lcore), "launch");
		TEST_ASSERT_SUCCESS(rte_eal_wait_lcore(lcore), "get");
		TEST_ASSERT_EQUAL(policy, RTE_MEMBIND_INTERLEAVE, "lcore %u: %s", lcore,
				  rte_membind_policy_name(policy));
	}
	TEST_ASSERT_SUCCESS(rte_membind_get_process(0, &policy, NULL, 0), "get");
	TEST_ASSERT_EQUAL(policy, RTE_MEMBIND_INTERLEAVE, "%s", rte_membind_policy_name(policy));
	ret = rte_membind_set_process(0, RTE_MEMBIND_DEFAULT, NULL, 0);
	TEST_ASSERT_SUCCESS(ret, "%d: %s", ret, rte_membind_error());
	TEST_ASSERT_EQUAL(rte_membind_set_process(1, RTE_MEMBIND_DEFAULT, NULL, 0), -ENOSYS,
			  "another process");
	return TEST_SUCCESS;
}

static int
test_next_touch(void)
{
	struct rte_numa_mask nodes;
	int node, ret;

	for (size_t i = 0; i < SIZE; i++)
		range[i] = (char)(i * 17);
	ret = rte_membind_next_touch(range, SIZE);
	TEST_ASSERT_SUCCESS(ret, "%d: %s", ret, rte_membind_error());
	for (size_t i = 0; i < SIZE / 2; i++)
		TEST_ASSERT_EQUAL(range[i], (char)(i * 17), "byte %zu was lost", i);
	node = rte_numa_node_of_self();
	rte_numa_mask_only(&nodes, node);
	/* On a node without memory it is the nearest that has some. */
	if (rte_numa_mask_test(&with_memory, node) && rte_numa_mask_count(&with_memory) == 1)
		TEST_ASSERT_SUCCESS(rte_membind_verify(range, SIZE / 2, &nodes), "not on node %d",
				    node);
	TEST_ASSERT_SUCCESS(rte_membind_next_touch_cancel(range, SIZE), "cancel");
	TEST_ASSERT(test_page_node(range + SIZE - 1) >= 0, "no page");
	for (size_t i = SIZE / 2; i < SIZE; i++)
		TEST_ASSERT_EQUAL(range[i], (char)(i * 17), "byte %zu was lost", i);
	return TEST_SUCCESS;
}

static struct unit_test_suite suite = {
	.suite_name = "membind",
	.unit_test_cases = {
		TEST_CASE_ST(test_setup, test_teardown, test_bind),
		TEST_CASE_ST(test_setup, test_teardown, test_preferred),
		TEST_CASE_ST(test_setup, test_teardown, test_interleave),
		TEST_CASE_ST(test_setup, test_teardown, test_back_to_default),
		TEST_CASE_ST(test_setup, test_teardown, test_errors),
		TEST_CASE_ST(test_setup, test_teardown, test_migrate),
		TEST_CASE_ST(test_setup, test_teardown, test_thread),
		TEST_CASE_ST(test_setup, test_teardown, test_process),
		TEST_CASE_ST(test_setup, test_teardown, test_next_touch),
		TEST_CASES_END(),
	},
};

static int
test_membind(void)
{
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(membind_autotest, test_membind);
