/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Plans on a machine with several nodes, one of which has too little: who gives what, and that a
 * refusal leaves every pool as it was. Nodes' pools and the kernel's own sums are the witnesses. */

#include <fcntl.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_reserve.h>

#include "machine.h"
#include "test_setup.h"

#define LEFT	24 /* pages that the poor node has in these tests */
#define ENOUGH	48 /* pages that some other node has */
#define CHILD	"FASTMEM_TEST_PLAN"
#define SHARED	100  /* pages of a node that two processes are after */
#define TOO_BIG 2048 /* pages of a pool that is not emptied for a test */

/* ---- the machine */

static size_t
least_and_most(size_t *most)
{
	const struct machine *m = machine();
	size_t pages, least = SIZE_MAX;
	unsigned int i;

	*most = 0;
	for (i = 0; i < m->n; i++) {
		pages = machine_free_pages(m->node[i].id);
		least = RTE_MIN(least, pages);
		*most = RTE_MAX(*most, pages);
	}
	return least;
}

/* The node that has fewest; its position. */
static unsigned int
poor_node(void)
{
	const struct machine *m = machine();
	size_t most, least = least_and_most(&most);
	unsigned int i;

	machine_needs("several", m->n > 1 && most >= ENOUGH && least < TOO_BIG);
	for (i = 0; machine_free_pages(m->node[i].id) != least; i++)
		;
	return i;
}

/* The nearest of the others that has enough. */
static unsigned int
rich_node(unsigned int poor)
{
	unsigned int i, order[MACHINE_MAX_NODES];

	machine_order(poor, order);
	for (i = 0; i < machine()->n; i++)
		if (order[i] != poor && machine_free_pages(machine()->node[order[i]].id) >= ENOUGH)
			return order[i];
	fail();
	return 0;
}

static void *hoard;
static size_t hoard_size;

/* Hold a node's pages but for so many. */
static void
leave_pages(int node_id, size_t left)
{
	size_t pages = machine_free_pages(node_id);
	unsigned long mask[16] = { 0 };

	hoard_size = pages > left ? (pages - left) * SLAB : 0;
	if (hoard_size == 0)
		return;
	mask[node_id / 64] = 1ul << node_id % 64;
	hoard = mmap(NULL, hoard_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE |
			     21 << MAP_HUGE_SHIFT,
		     -1, 0);
	assert_true(hoard != MAP_FAILED);
	assert_int_equal(mbind(hoard, hoard_size, MPOL_BIND, mask, 1024, 0), 0);
	/* By the kernel, which tells where there are too few. */
	assert_int_equal(madvise(hoard, hoard_size, 23 /* MADV_POPULATE_WRITE */), 0);
	assert_int_equal(machine_free_pages(node_id), left);
}

/* What the kernel says of hugepages. */
static void
read_meminfo(char *text, size_t size)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	size_t len = 0;

	assert_non_null(f);
	text[0] = '\0';
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncasecmp(line, "Huge", 4) == 0)
			len += (size_t)snprintf(text + len, size - len, "%s", line);
	fclose(f);
	assert_true(len != 0 && len < size);
}

/* ---- plans */

static int
apply(const char *text)
{
	struct rte_reserve_plan *plan;
	int ret;

	if (rte_reserve_parse(NULL, text, &plan) != 0)
		fail_msg("%s: %s", text, rte_reserve_error());
	ret = rte_reserve_apply(plan);
	rte_reserve_plan_free(plan);
	return ret;
}

static void
assert_applies(const char *text)
{
	if (apply(text) != 0)
		fail_msg("%s: %s", text, rte_reserve_error());
}

/* Refused, and nothing is other than it was. */
static void
assert_refused(const char *text)
{
	char before[512], after[512];
	size_t pools[MACHINE_MAX_NODES], heap = eal_heap_bytes();

	machine_pools(pools);
	read_meminfo(before, sizeof(before));
	assert_int_equal(apply(text), -ENOMEM);
	assert_non_null(strstr(rte_reserve_error(), "command line:1:"));
	assert_same_pools(pools);
	read_meminfo(after, sizeof(after));
	assert_string_equal(after, before);
	assert_int_equal(eal_heap_bytes(), heap);
	assert_int_equal(zones_count(), 0);
}

/* Which pools have fewer pages than before: bits by position. */
static unsigned int
touched(const size_t before[MACHINE_MAX_NODES])
{
	size_t now[MACHINE_MAX_NODES];
	unsigned int i, bits = 0;

	machine_pools(now);
	for (i = 0; i < machine()->n; i++)
		bits |= (unsigned int)(now[i] < before[i]) << i;
	return bits;
}

static void
assert_serves(int node_id)
{
	char *block = rte_fastmem_alloc_node(MIB, 0, 0, node_id);

	assert_non_null(block);
	memset(block, 1, MIB);
	assert_on_node(block, MIB, node_id);
	rte_fastmem_free(block);
}

static void
to_fail_is_what_a_plan_does(void **state)
{
	unsigned int poor = poor_node();
	char text[128];

	(void)state;
	leave_pages(machine()->node[poor].id, LEFT);
	snprintf(text, sizeof(text), "%d=64M", machine()->node[poor].id);
	assert_refused(text);
	/* Some of it is there, of one line all; the other has too little. */
	snprintf(text, sizeof(text), "%d=4M,any=%dM,%d=64M/shortage=fail",
		 machine()->node[rich_node(poor)].id, 2, machine()->node[poor].id);
	assert_refused(text);
}

static void
the_nearest_other_node_has_the_rest(void **state)
{
	unsigned int poor = poor_node(), rich = rich_node(poor);
	int poor_id = machine()->node[poor].id, rich_id = machine()->node[rich].id;
	size_t pools[MACHINE_MAX_NODES];
	char text[64];

	(void)state;
	leave_pages(poor_id, LEFT);
	machine_pools(pools);
	snprintf(text, sizeof(text), "%d=64M/shortage=other-node", poor_id);
	assert_applies(text);
	assert_int_equal(rte_fastmem_reserved(poor_id) + rte_fastmem_reserved(rich_id), 64 * MIB);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 64 * MIB);
	/* Where it has pages at all they were taken first. */
	assert_int_equal(touched(pools) & ~(1u << poor), 1u << rich);
	assert_true(pools[poor] < 16 || rte_fastmem_reserved(poor_id) >= 16 * MIB);
	assert_serves(rich_id);
}

static void
other_nodes_are_near_enough_or_not_taken(void **state)
{
	unsigned int poor = poor_node(), rich = rich_node(poor);
	int poor_id = machine()->node[poor].id;
	int distance = machine()->node[poor].distance[rich];
	char text[64];

	(void)state;
	leave_pages(poor_id, LEFT);
	snprintf(text, sizeof(text), "%d=64M/shortage=other-node<=%d", poor_id, distance - 1);
	assert_refused(text);
	snprintf(text, sizeof(text), "%d=64M/shortage=other-node<=%d", poor_id, distance);
	assert_applies(text);
	assert_int_equal(rte_fastmem_reserved(machine()->node[rich].id) +
				 rte_fastmem_reserved(poor_id),
			 64 * MIB);
}

static void
smaller_pages_are_of_the_same_node(void **state)
{
	int id = machine()->node[rich_node(poor_node())].id;
	size_t pools[MACHINE_MAX_NODES];
	char text[64];

	(void)state;
	if (access("/sys/kernel/mm/hugepages/hugepages-1048576kB", F_OK) != 0)
		skip_because("the machine has no pages of 1 GiB");
	machine_pools(pools);
	snprintf(text, sizeof(text), "%d=16M@1G/shortage=fail", id);
	if (apply(text) == 0)
		skip_because("there are pages of 1 GiB");
	assert_refused(text);
	snprintf(text, sizeof(text), "%d=16M@1G/shortage=smaller-pages", id);
	assert_applies(text);
	assert_int_equal(rte_fastmem_reserved(id), 16 * MIB);
	assert_int_equal(touched(pools), 1u << rich_node(poor_node()));
	assert_serves(id);
}

static void
less_is_what_the_node_has(void **state)
{
	unsigned int poor = poor_node();
	int id = machine()->node[poor].id;
	size_t pools[MACHINE_MAX_NODES];
	char text[64];

	(void)state;
	leave_pages(id, LEFT);
	snprintf(text, sizeof(text), "%d=64M/shortage=less>=60M", id);
	assert_refused(text);
	machine_pools(pools);
	if (pools[poor] < LEFT)
		skip_because("the node has nothing at all");
	snprintf(text, sizeof(text), "%d=64M/shortage=less>=16M", id);
	assert_applies(text);
	assert_in_range(rte_fastmem_reserved(id), 16 * MIB, LEFT * SLAB);
	assert_int_equal(touched(pools), 1u << poor);
}

/* Every node at once, those without CPUs too. */
static void
each_node_gets_its_own(void **state)
{
	size_t pools[MACHINE_MAX_NODES], most;
	unsigned int i;

	(void)state;
	machine_needs("several", machine()->n > 1);
	if (least_and_most(&most) < 16)
		skip_because("a node has too few pages");
	machine_pools(pools);
	assert_applies("each=8M/warm=64x1000");
	for (i = 0; i < machine()->n; i++) {
		assert_int_equal(rte_fastmem_reserved(machine()->node[i].id), 8 * MIB);
		assert_serves(machine()->node[i].id);
	}
	assert_int_equal(touched(pools), (1u << machine()->n) - 1);
}

static void
a_share_is_of_what_the_node_has(void **state)
{
	unsigned int poor = poor_node(), rich = rich_node(poor);
	int id = machine()->node[rich].id;
	size_t pools[MACHINE_MAX_NODES], half;
	char text[64];

	(void)state;
	leave_pages(id, 40);
	machine_pools(pools);
	half = pools[rich] / 2 * SLAB;
	snprintf(text, sizeof(text), "%d=50%%", id);
	assert_applies(text);
	assert_in_range(rte_fastmem_reserved(id), half - 4 * SLAB, half);
	assert_true(pools[rich] - machine_free_pages(id) <= 20 + 1);
	assert_int_equal(touched(pools), 1u << rich);
}

/* FASTMEM_PCI: "bus:slot.function node;...", as whoever made the machine knows. */
static void
what_is_near_a_device_lies_there(void **state)
{
	const char *known = getenv("FASTMEM_PCI");
	char address[32], text[64];
	size_t pools[MACHINE_MAX_NODES];
	int node_id, end;

	(void)state;
	machine_needs("pci", known != NULL);
	for (; known != NULL && sscanf(known, "%31[0-9a-f:.] %d%n", address, &node_id, &end) == 2;
	     known = known[end] == ';' ? known + end + 1 : NULL) {
		machine_pools(pools);
		snprintf(text, sizeof(text), "near:0000:%s=4M", address);
		assert_applies(text);
		assert_int_equal(rte_fastmem_reserved(node_id), 4 * MIB);
		assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 4 * MIB);
		assert_serves(node_id);
		rte_fastmem_deinit();
		assert_same_pools(pools);
	}
}

/* ---- two at once */

/* This program once more, with a plan; it says what came of it and holds that until it is told. */
static pid_t
start_child(const char *plan, int *answer, int *end)
{
	static char path[] = "/proc/self/exe", mode[] = "huge";
	char *const args[] = { path, mode, NULL };
	int up[2], down[2];
	pid_t pid;

	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	assert_int_equal(pipe2(down, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(down[0], 0);
		dup2(up[1], 1);
		setenv(CHILD, plan, 1);
		execv(path, args);
		_exit(1);
	}
	close(up[1]);
	close(down[0]);
	*answer = up[0];
	*end = down[1];
	return pid;
}

static int
be_child(int argc, char **argv, const char *plan)
{
	char answer;

	test_eal_start(argc, argv);
	answer = (char)-apply(plan);
	if (write(1, &answer, 1) != 1)
		return 1;
	if (read(0, &answer, 1) == 0)
		rte_fastmem_deinit();
	return 0;
}

/* How many of two that apply the same plan at once have it. */
static unsigned int
race_for(const char *plan)
{
	unsigned int i, n = 0;
	int answer[2], end[2], status;
	pid_t pid[2];
	char got;

	for (i = 0; i < 2; i++)
		pid[i] = start_child(plan, &answer[i], &end[i]);
	for (i = 0; i < 2; i++) {
		assert_int_equal(read(answer[i], &got, 1), 1);
		assert_true(got == 0 || got == ENOMEM);
		n += got == 0;
	}
	for (i = 0; i < 2; i++) {
		close(end[i]);
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
		close(answer[i]);
	}
	return n;
}

static void
two_at_once_do_not_share_what_is_for_one(void **state)
{
	unsigned int rich = rich_node(poor_node());
	int id = machine()->node[rich].id;
	size_t pools[MACHINE_MAX_NODES];
	char text[64];

	(void)state;
	leave_pages(id, SHARED);
	machine_pools(pools);
	/* Two of these are too much, and what one lacks it may not keep the rest of. */
	snprintf(text, sizeof(text), "%d=%zuM", id, pools[rich] * 2 * 2 / 3);
	assert_true(race_for(text) <= 1);
	assert_same_pools(pools);
}

static int
leave(void **state)
{
	struct rte_fastmem_stats stats;

	(void)state;
	if (rte_fastmem_stats(&stats) == 0)
		rte_fastmem_deinit();
	if (hoard_size != 0)
		munmap(hoard, hoard_size);
	hoard_size = 0;
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_teardown(test, leave)
		TEST(to_fail_is_what_a_plan_does),
		TEST(the_nearest_other_node_has_the_rest),
		TEST(other_nodes_are_near_enough_or_not_taken),
		TEST(smaller_pages_are_of_the_same_node),
		TEST(less_is_what_the_node_has),
		TEST(each_node_gets_its_own),
		TEST(a_share_is_of_what_the_node_has),
		TEST(what_is_near_a_device_lies_there),
		TEST(two_at_once_do_not_share_what_is_for_one),
	};

	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	if (getenv(CHILD) != NULL)
		return be_child(argc, argv, getenv(CHILD));
	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("nodes/plans", tests, NULL, NULL);
}
