/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of moving pages, on the machine's own nodes.
 * Must not: take the library's word for a node.
 * Called by: meson test.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "test_witness.h"

#define SIZE (16 * PAGE)

/* Touched on a node. */
static char *
map_on(int node_id, size_t size)
{
	struct rte_numa_mask nodes = mask_of_node(node_id);
	char *addr = map(size);

	assert_ret(rte_membind_set_range(addr, size, RTE_MEMBIND_BIND, &nodes, 0), 0);
	touch(addr, size);
	assert_ret(rte_membind_set_range(addr, size, RTE_MEMBIND_DEFAULT, NULL, 0), 0);
	assert_int_equal(node_at(addr), node_id);
	return addr;
}

static void
pages_in_place_stay(void **state)
{
	int node_id = usable_node(0);
	struct rte_numa_mask nodes = mask_of_node(node_id), all = usable_nodes();
	struct rte_membind_migration result;
	struct rte_membind_page pages[16];
	char *addr = map_on(node_id, SIZE);

	(void)state;
	assert_int_equal(madvise(addr + PAGE, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(madvise(addr + 2 * PAGE, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(*(const char *)(addr + 2 * PAGE), 0);
	for (int i = 0; i < 2; i++) {
		assert_ret(rte_membind_migrate(addr, SIZE, i == 0 ? &nodes : &all,
					       RTE_MEMBIND_F_STRICT, &result, pages, 16),
			   0);
		assert_int_equal(result.in_place, SIZE - 2 * PAGE);
		assert_int_equal(result.absent, 2 * PAGE);
		assert_int_equal(result.moved + result.not_moved, 0);
		assert_int_equal(result.nb_pages, 16);
	}
	for (int i = 0; i < 16; i++) {
		int why = i == 1 ? -ENOENT : i == 2 ? -EFAULT : 0;

		assert_ptr_equal(pages[i].addr, addr + i * PAGE);
		assert_int_equal(pages[i].size, PAGE);
		assert_int_equal(pages[i].why, why);
		assert_int_equal(pages[i].from_node, why == 0 ? node_id : -1);
		assert_int_equal(pages[i].node_id, why == 0 ? node_id : -1);
	}
	unmap(addr, SIZE);
}

static void
pages_move_to_another_node(void **state)
{
	int from = usable_node(0), to = usable_node(1);
	struct rte_numa_mask nodes = mask_of_node(to);
	struct rte_membind_migration result;
	struct rte_membind_page pages[17];
	char *addr = map_on(from, SIZE);

	(void)state;
	for (int i = 0; i < 16; i++)
		addr[i * PAGE + 7] = i;
	assert_int_equal(madvise(addr + 3 * PAGE, PAGE, MADV_DONTNEED), 0);
	pages[16].why = 77;
	assert_ret(rte_membind_migrate(addr, SIZE, &nodes, RTE_MEMBIND_F_STRICT, &result, pages,
				       17),
		   0);
	assert_int_equal(result.moved, SIZE - PAGE);
	assert_int_equal(result.absent, PAGE);
	assert_int_equal(pages[16].why, 77);
	for (int i = 0; i < 16; i++) {
		if (i == 3)
			continue;
		assert_int_equal(node_at(addr + i * PAGE), to);
		assert_int_equal(pages[i].from_node, from);
		assert_int_equal(pages[i].node_id, to);
		assert_int_equal(pages[i].why, 0);
		assert_int_equal(addr[i * PAGE + 7], i);
	}
	/* The policy is as it was. */
	assert_string_equal(policy_shown(0, addr), "default");
	unmap(addr, SIZE);
}

static void
pages_spread_over_several_nodes(void **state)
{
	int nodes_of[3] = { usable_node(0), usable_node(1), usable_node(2) };
	struct rte_numa_mask nodes = mask_of_node(nodes_of[1]);
	struct rte_membind_migration result;
	char *addr = map_on(nodes_of[0], SIZE);
	int found = 0;

	(void)state;
	rte_numa_mask_set(&nodes, nodes_of[2]);
	assert_ret(rte_membind_migrate(addr, SIZE, &nodes, 0, &result, NULL, 0), 0);
	assert_int_equal(result.moved, SIZE);
	for (int i = 0; i < 16; i++)
		found += node_at(addr + i * PAGE) == nodes_of[1];
	assert_int_equal(found, 8);
	unmap(addr, SIZE);
}

static unsigned int
free_hugepages(int node_id)
{
	unsigned int nb = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path),
		 "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/free_hugepages",
		 node_id);
	file = fopen(path, "r");
	if (file != NULL) {
		assert_int_equal(fscanf(file, "%u", &nb), 1);
		fclose(file);
	}
	return nb;
}

static void
hugepages_move_as_a_whole(void **state)
{
	int from = usable_node(0), to = usable_node(1);
	struct rte_numa_mask here = mask_of_node(from), nodes = mask_of_node(to);
	struct rte_membind_migration result;
	struct rte_membind_page pages[2];
	char *addr = map_huge(4 * MIB);

	(void)state;
	assert_ret(rte_membind_set_range(addr, 4 * MIB, RTE_MEMBIND_PREFERRED, &here, 0), 0);
	addr[0] = 1;
	if (node_at(addr) != from) {
		unmap(addr, 4 * MIB);
		skip_because("the first node has no hugepage free");
	}
	if (free_hugepages(to) == 0) {
		unmap(addr, 4 * MIB);
		skip_because("the second node has no hugepage free: the pool itself would move");
	}
	assert_ret(rte_membind_migrate(addr, 1, &nodes, 0, &result, pages, 2), 0);
	assert_int_equal(result.nb_pages, 1);
	assert_int_equal(pages[0].size, 2 * MIB);
	if (result.moved == 0) {
		/* Then there was none, and it says so. */
		assert_int_equal(pages[0].why, -ENOMEM);
		assert_int_equal(result.not_moved, 2 * MIB);
		assert_int_equal(node_at(addr), from);
	} else {
		assert_int_equal(result.moved, 2 * MIB);
		assert_int_equal(node_at(addr), to);
		assert_int_equal(pages[0].node_id, to);
	}
	unmap(addr, 4 * MIB);
}

/* A page that a child has too: the kernel does not move it for one of the two. */
static void
shared_pages_stay_and_say_why(void **state)
{
	int from = usable_node(0);
	struct rte_numa_mask nodes = mask_of_node(usable_node(1));
	struct rte_membind_migration result;
	struct rte_membind_page page;
	char *addr = map_on(from, PAGE);
	int to_child[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(to_child), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char byte;

		close(to_child[1]);
		_exit(read(to_child[0], &byte, 1) < 0);
	}
	close(to_child[0]);
	assert_ret(rte_membind_migrate(addr, PAGE, &nodes, 0, &result, &page, 1), 0);
	assert_int_equal(result.not_moved, PAGE);
	assert_int_equal(page.why, -EACCES);
	assert_int_equal(node_at(addr), from);
	memset(&result, 0xa5, sizeof(result));
	page.why = 77;
	assert_refused(rte_membind_migrate(addr, PAGE, &nodes, RTE_MEMBIND_F_STRICT, &result, &page,
					   1),
		       -EXDEV, "4096 bytes could not move");
	assert_int_equal(page.why, 77);
	assert_int_equal(result.moved, UINT64_C(0xa5a5a5a5a5a5a5a5));
	close(to_child[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	unmap(addr, PAGE);
}

static void
a_process_moves_from_node_to_node(void **state)
{
	int from = usable_node(0), to = usable_node(1);
	struct rte_numa_mask source = mask_of_node(from), target = mask_of_node(to);
	char *addr = map_on(from, SIZE);
	uint64_t not_moved = 77;

	(void)state;
	assert_ret(rte_membind_migrate_process(0, &source, &target, &not_moved), 0);
	assert_int_not_equal(not_moved, 77);
	for (int i = 0; i < 16; i++)
		assert_int_equal(node_at(addr + i * PAGE), to);
	/* And back, from wherever. */
	assert_ret(rte_membind_migrate_process(getpid(), NULL, &source, NULL), 0);
	assert_int_equal(node_at(addr), from);
	unmap(addr, SIZE);
}

static void
another_process_can_be_moved(void **state)
{
	struct rte_numa_mask target = mask_of_node(usable_node(0));
	uint64_t not_moved = 77;
	int to_child[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(to_child), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char byte;

		close(to_child[1]);
		_exit(read(to_child[0], &byte, 1) < 0);
	}
	close(to_child[0]);
	assert_ret(rte_membind_migrate_process(child, NULL, &target, &not_moved), 0);
	assert_int_not_equal(not_moved, 77);
	close(to_child[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	not_moved = 77;
	assert_refused(rte_membind_migrate_process(child, NULL, &target, &not_moved), -ESRCH,
		       "no process");
	assert_int_equal(not_moved, 77);
}

static void
bad_arguments_move_nothing(void **state)
{
	struct rte_numa_mask nodes = usable_nodes(), none = mask_of(""), absent = nodes;
	struct rte_membind_migration result = { .moved = 77 };
	struct rte_membind_page page = { .why = 77 };
	char *addr = map(SIZE);
	uint64_t not_moved = 77;

	(void)state;
	rte_numa_mask_set(&absent, RTE_NUMA_MAX_NODES - 1);
	assert_ret(rte_membind_migrate(NULL, SIZE, &nodes, 0, &result, &page, 1), -EINVAL);
	assert_ret(rte_membind_migrate(addr, 0, &nodes, 0, &result, &page, 1), -EINVAL);
	assert_ret(rte_membind_migrate(addr, SIZE_MAX, &nodes, 0, &result, &page, 1), -EINVAL);
	assert_ret(rte_membind_migrate(addr + 8, PAGE, &nodes, 0, &result, &page, 1), -EINVAL);
	assert_ret(rte_membind_migrate(addr, SIZE, NULL, 0, &result, &page, 1), -EINVAL);
	assert_ret(rte_membind_migrate(addr, SIZE, &none, 0, &result, &page, 1), -EINVAL);
	assert_ret(rte_membind_migrate(addr, SIZE, &absent, 0, &result, &page, 1), -ENODEV);
	assert_ret(rte_membind_migrate(addr, SIZE, &nodes, RTE_MEMBIND_F_THREAD, &result, &page, 1),
		   -EINVAL);
	assert_ret(rte_membind_migrate(addr, SIZE, &nodes, 0, &result, NULL, 1), -EINVAL);
	unmap(addr + PAGE, PAGE);
	assert_ret(rte_membind_migrate(addr, SIZE, &nodes, 0, &result, &page, 1), -EFAULT);
	assert_int_equal(result.moved, 77);
	assert_int_equal(page.why, 77);
	assert_ret(rte_membind_migrate(addr, PAGE, &nodes, 0, NULL, NULL, 0), 0);
	unmap(addr, SIZE);

	assert_ret(rte_membind_migrate_process(-1, NULL, &nodes, &not_moved), -EINVAL);
	assert_ret(rte_membind_migrate_process(0, NULL, NULL, &not_moved), -EINVAL);
	assert_ret(rte_membind_migrate_process(0, NULL, &none, &not_moved), -EINVAL);
	assert_ret(rte_membind_migrate_process(0, &none, &nodes, &not_moved), -EINVAL);
	assert_ret(rte_membind_migrate_process(0, &absent, &nodes, &not_moved), -ENODEV);
	assert_ret(rte_membind_migrate_process(0, NULL, &absent, &not_moved), -ENODEV);
	assert_int_equal(not_moved, 77);
	assert_ret(rte_membind_migrate_process(0, &nodes, &nodes, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_in_place_stay),
		cmocka_unit_test(pages_move_to_another_node),
		cmocka_unit_test(pages_spread_over_several_nodes),
		cmocka_unit_test(hugepages_move_as_a_whole),
		cmocka_unit_test(shared_pages_stay_and_say_why),
		cmocka_unit_test(a_process_moves_from_node_to_node),
		cmocka_unit_test(another_process_can_be_moved),
		cmocka_unit_test(bad_arguments_move_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
