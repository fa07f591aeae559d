/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes, of which one runs out of hugepages midway: what was begun is
 * undone to the page, what was there stays, and the other nodes serve on. */

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "footprint.h"
#include "test_log.h"

#define SMALL 64 /* pages; a node with fewer is the one that runs out */

/* The test is skipped where no such node is. */
static const struct machine_node *
find_small_node(void)
{
	const struct machine_node *node = NULL;
	const struct machine *m = machine();
	size_t pages, most = 0;
	unsigned int i;

	for (i = m->n; i-- > 0;) {
		pages = machine_free_pages(m->node[i].id);
		if (pages >= 16 && pages < SMALL)
			node = &m->node[i];
		most = RTE_MAX(most, pages);
	}
	machine_needs("runs-out", node != NULL && most >= SMALL);
	return node;
}

/* All of its pages: pieces of it can be had, and the last cannot, since EAL takes some itself. */
static void
a_node_that_runs_out_midway_gives_all_back(void **state)
{
	const struct machine_node *node = find_small_node();
	size_t pages = machine_free_pages(node->id);
	struct footprint before = footprint_now();
	size_t size;

	(void)state;
	for (size = pages * SLAB; size >= (pages - 2) * SLAB; size -= SLAB) {
		test_log_catch();
		if (rte_fastmem_reserve(size, node->id) == 0)
			break;
		test_log_release();
		assert_int_equal(test_log_lines_with("FASTMEM"), 1);
		assert_non_null(test_log_line_with("MiB are missing"));
		assert_unchanged(&before);
	}
	test_log_release();
	/* The very first size cannot have worked, and soon one does. */
	assert_true(size < pages * SLAB);
	assert_true(size >= (pages - 2) * SLAB);
	assert_int_equal(rte_fastmem_reserved(node->id), size);
	before.pools[node - machine()->node] = machine_free_pages(node->id);
	assert_same_pools(before.pools);
}

static void
an_addition_that_runs_out_midway_leaves_what_was_there(void **state)
{
	const struct machine_node *node = find_small_node();
	size_t pages = machine_free_pages(node->id);
	struct footprint before;
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, node->id), 0);
	ptr = rte_fastmem_alloc_node(300000, 0, 0, node->id);
	assert_non_null(ptr);
	memset(ptr, 0x5a, 300000);
	before = footprint_now();
	assert_int_equal(rte_fastmem_reserve(pages * SLAB, node->id), -ENOMEM);
	assert_unchanged(&before);
	assert_int_equal(((unsigned char *)ptr)[299999], 0x5a);
	assert_on_node(ptr, 300000, node->id);
	rte_fastmem_free(ptr);
}

static void
growth_takes_all_of_a_node_then_fails_and_any_goes_on(void **state)
{
	const struct machine_node *node = find_small_node();
	size_t before[MACHINE_MAX_NODES], pages = machine_free_pages(node->id), n = 0;
	void *ptrs[2 * SMALL + 1], *more;

	(void)state;
	machine_pools(before);
	while (n < RTE_DIM(ptrs) &&
	       (ptrs[n] = rte_fastmem_alloc_node(MIB, 0, 0, node->id)) != NULL) {
		memset(ptrs[n], 1, MIB);
		assert_on_node(ptrs[n], MIB, node->id);
		n++;
	}
	assert_int_equal(rte_errno, ENOMEM);
	/* All but a few pages that EAL's headers and our data take. */
	assert_in_range(n, 2 * (pages - 8), 2 * pages - 1);
	before[node - machine()->node] = machine_free_pages(node->id);
	assert_same_pools(before);
	if (node->cpu >= 0) {
		more = allocate_on(node->cpu, RTE_NUMA_NODE_ANY, MIB).ptr;
		assert_non_null(more);
		assert_int_not_equal(rte_fastmem_node_of(more), node->id);
		rte_fastmem_free(more);
	}
	while (n > 0)
		rte_fastmem_free(ptrs[--n]);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* Holds all free hugepages of the machine by a mapping that it does not touch. */
static pid_t
start_hoarder(size_t pages, int *end)
{
	int up[2], down[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	pid = fork();
	if (pid == 0) {
		close(down[1]);
		byte = mmap(NULL, pages * SLAB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1,
			    0) != MAP_FAILED;
		if (write(up[1], &byte, 1) == 1 && read(down[0], &byte, 1) == 0)
			_exit(0);
		_exit(1);
	}
	close(down[0]);
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	assert_true(byte);
	*end = down[1];
	return pid;
}

/* The node's own figures show free pages, which are promised to somebody else's mapping. */
static void
pages_that_are_promised_to_others_are_not_taken(void **state)
{
	const struct machine_node *node = find_small_node();
	struct footprint before = footprint_now();
	size_t all = 0;
	unsigned int i;
	pid_t pid;
	int end;

	(void)state;
	for (i = 0; i < machine()->n; i++)
		all += before.pools[i];
	pid = start_hoarder(all - 4, &end);
	assert_same_pools(before.pools);
	assert_int_equal(rte_fastmem_reserve(20 * MIB, node->id), -ENOMEM);
	assert_unchanged(&before);
	close(end);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rte_fastmem_reserve(20 * MIB, node->id), 0);
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(a_node_that_runs_out_midway_gives_all_back),
		INIT(an_addition_that_runs_out_midway_leaves_what_was_there),
		INIT(growth_takes_all_of_a_node_then_fails_and_any_goes_on),
		INIT(pages_that_are_promised_to_others_are_not_taken),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("nodes/runs-out", tests, NULL, NULL);
}
