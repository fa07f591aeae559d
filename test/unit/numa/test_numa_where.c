/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_where.c: threads over recorded files, sets of CPUs, and addresses of
 *       this process.
 * Must not: assume a number of nodes or CPUs of the machine that it runs on.
 * Called by: meson test.
 */

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "numa_priv.h"
#include "numa_tree.h"
#include "rte_numa_where.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

/* As proc(5) has it, from the state to the 38th field, and what follows the processor. */
#define BEFORE \
	" S 1 77 77 34816 77 4194304 1 2 3 4 5 6 7 8 20 0 2 0 99 4096 300 18446744073709551615 1 " \
	"2 3 4 5 0 0 0 0 0 0 0 17 "
#define AFTER " 0 0 0 0 0 1 2 3 4 5 6 7 0\n"

static void
a_thread_is_where_its_processor_is(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} cases[] = {
		{ "78 (worker)" BEFORE "0" AFTER, 0 },
		{ "78 (worker)" BEFORE "31" AFTER, 3 },
		{ "78 (worker)" BEFORE "63" AFTER, 3 },
		/* A name is any 15 bytes. */
		{ "78 ()" BEFORE "8" AFTER, 1 },
		{ "78 (a) S 1 2 3 (b)" BEFORE "16" AFTER, 2 },
		{ "78 (:) \n ()) )" BEFORE "40" AFTER, 1 },
		{ "78 (worker)" BEFORE "31\n", 3 }, /* An old kernel ends there. */
		{ "78 (worker)" BEFORE "64" AFTER, -ERANGE },
		{ "78 (worker)" BEFORE "2147483647" AFTER, -ERANGE },
		{ "78 (worker)" BEFORE "2147483648" AFTER, -EINVAL },
		{ "78 (worker)" BEFORE "-1" AFTER, -EINVAL },
		{ "78 (worker)" BEFORE "x" AFTER, -EINVAL },
		{ "78 (worker)" BEFORE "3x" AFTER, -EINVAL },
		{ "78 (worker)" BEFORE, -EINVAL },
		{ "78 (worker) S 1 2 3\n", -EINVAL },
		{ "78 (worker)", -EINVAL },
		{ "78 worker" BEFORE "0" AFTER, -EINVAL },
		{ "", -EINVAL },
	};
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");
	char *root = tree_copy(NULL);

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		print_message("%s\n", cases[i].text);
		tree_write(root, "78/task/78/stat", cases[i].text, strlen(cases[i].text));
		assert_int_equal(numa_node_of_thread(topo, root, 78), cases[i].ret);
	}
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
what_is_no_thread_is_refused(void **state)
{
	static const int tids[] = { 0, -1, -78, INT_MIN };
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");
	char *root = tree_copy(NULL);

	(void)state;
	tree_write(root, "0/task/0/stat", "0 (x)" BEFORE "0" AFTER, 8);
	for (size_t i = 0; i < NB_ELEMS(tids); i++) {
		assert_int_equal(numa_node_of_thread(topo, root, tids[i]), -EINVAL);
		assert_int_equal(rte_numa_node_of_thread(topo, tids[i]), -EINVAL);
	}
	assert_int_equal(numa_node_of_thread(topo, root, 78), -ESRCH);
	assert_int_equal(numa_node_of_thread(topo, root, INT_MAX), -ESRCH);
	assert_int_equal(rte_numa_node_of_thread(topo, INT_MAX), -ESRCH);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
cpus_of_one_node_have_it(void **state)
{
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");
	cpu_set_t cpus;

	(void)state;
	CPU_ZERO(&cpus);
	assert_int_equal(rte_numa_node_of_cpus(topo, NULL, sizeof(cpus)), -EINVAL);
	assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus)), -EINVAL);
	CPU_SET(64, &cpus); /* Not online. */
	assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus)), -EINVAL);
	CPU_SET(8, &cpus);
	CPU_SET(47, &cpus);
	assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus)), 1);
	/* The first 8 bytes have CPUs 0 to 63. */
	assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, 8), 1);
	assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, 0), -EINVAL);
	CPU_SET(48, &cpus);
	assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus)), -ENOTUNIQ);
	for (int cpu = 0; cpu < 64; cpu++) {
		CPU_ZERO(&cpus);
		CPU_SET(cpu, &cpus);
		assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus)), cpu % 32 / 8);
	}
	rte_numa_topology_free(topo);
}

static void
sets_of_cpus_and_of_nodes_turn_into_each_other(void **state)
{
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");
	struct rte_numa_mask nodes;
	cpu_set_t cpus, back;
	int node_id, cpu;

	(void)state;
	for (node_id = 0; node_id < 4; node_id++) {
		memset(&cpus, 0xff, sizeof(cpus));
		assert_int_equal(rte_numa_cpus_of_node(topo, node_id, &cpus, sizeof(cpus)), 16);
		assert_int_equal(CPU_COUNT(&cpus), 16);
		for (cpu = 0; cpu < 64; cpu++)
			assert_int_equal(CPU_ISSET(cpu, &cpus), cpu % 32 / 8 == node_id);
		assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), &nodes), 0);
		assert_int_equal(rte_numa_mask_count(&nodes), 1);
		assert_true(rte_numa_mask_test(&nodes, node_id));
	}
	/* One of node 0, one of node 3, and one that is not there. */
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CPU_SET(63, &cpus);
	CPU_SET(64, &cpus);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), &nodes), 0);
	assert_int_equal(rte_numa_mask_count(&nodes), 2);
	assert_true(rte_numa_mask_test(&nodes, 0) && rte_numa_mask_test(&nodes, 3));
	/* Nothing is touched by what fails: node 3's CPUs go to 63. */
	back = cpus;
	assert_int_equal(rte_numa_cpus_of_node(topo, 4, &cpus, sizeof(cpus)), -EINVAL);
	assert_int_equal(rte_numa_cpus_of_node(topo, -1, &cpus, sizeof(cpus)), -EINVAL);
	assert_int_equal(rte_numa_cpus_of_node(topo, 0, NULL, sizeof(cpus)), -EINVAL);
	assert_int_equal(rte_numa_cpus_of_node(topo, 3, &cpus, 7), -ERANGE);
	assert_true(CPU_EQUAL(&cpus, &back));
	assert_int_equal(rte_numa_cpus_of_node(topo, 3, &cpus, 8), 16);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, NULL, sizeof(cpus), &nodes), -EINVAL);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), NULL), -EINVAL);
	CPU_ZERO(&cpus);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), &nodes), 0);
	assert_true(rte_numa_mask_empty(&nodes));
	rte_numa_topology_free(topo);
}

static void
memory_alone_has_no_cpus(void **state)
{
	struct rte_numa_topology *topo = tree_load("memory-only");
	struct rte_numa_mask nodes;
	cpu_set_t cpus;
	int node_id;

	(void)state;
	rte_numa_nodes(topo, 0, &nodes);
	RTE_NUMA_MASK_FOREACH(node_id, &nodes) {
		memset(&cpus, 0xff, sizeof(cpus));
		assert_int_equal(rte_numa_cpus_of_node(topo, node_id, &cpus, sizeof(cpus)) > 0,
				 rte_numa_node_has_cpus(topo, node_id));
		assert_int_equal(CPU_COUNT(&cpus) > 0, rte_numa_node_has_cpus(topo, node_id));
	}
	rte_numa_topology_free(topo);
}

static void *
map(size_t size, int prot)
{
	void *addr = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(addr, MAP_FAILED);
	return addr;
}

/* Skips where nobody gets an answer. */
static void
needs_answers(void)
{
	int on_stack = 0, ret = rte_numa_node_of_address(&on_stack);

	if (ret == -EPERM || ret == -ENOSYS) {
		print_message("move_pages() is refused here\n");
		skip();
	}
	assert_true(ret >= 0);
}

static void
a_page_has_its_states(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *addr = map(4 * page, PROT_READ | PROT_WRITE);
	int node_id, next_fd = dup(0);

	(void)state;
	close(next_fd);
	needs_answers();
	assert_int_equal(munmap(addr + 3 * page, page), 0);
	for (size_t at = 0; at < 3 * page; at += page / 2 + 1)
		assert_int_equal(rte_numa_node_of_address(addr + at), -ENOENT);
	addr[page] = 1;
	node_id = rte_numa_node_of_address(addr + page);
	assert_true(node_id >= 0);
	/* Any address of the page, and none beside it: asking has touched nothing. */
	assert_int_equal(rte_numa_node_of_address(addr + page + 1), node_id);
	assert_int_equal(rte_numa_node_of_address(addr + 2 * page - 1), node_id);
	assert_int_equal(rte_numa_node_of_address(addr + page - 1), -ENOENT);
	assert_int_equal(rte_numa_node_of_address(addr + 2 * page), -ENOENT);
	assert_int_equal(rte_numa_node_of_address(addr + 3 * page), -EFAULT);
	assert_int_equal(rte_numa_node_of_address(addr + 3 * page + 1), -EFAULT);
	/* Given back: as if never touched. */
	assert_int_equal(madvise(addr + page, page, MADV_DONTNEED), 0);
	assert_int_equal(rte_numa_node_of_address(addr + page), -ENOENT);
	assert_int_equal(munmap(addr, 3 * page), 0);
	assert_int_equal(rte_numa_node_of_address(addr + page), -EFAULT);
	assert_int_equal(dup(0), next_fd); /* None is left open. */
	close(next_fd);
}

static void
the_page_of_zeros_has_no_node(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *addr = map(page, PROT_READ | PROT_WRITE);

	(void)state;
	needs_answers();
	assert_int_equal(*(char *)addr, 0);
	__asm__ __volatile__("" : : "r"(*addr) : "memory");
	if (access("/proc/self/pagemap", R_OK) == 0)
		assert_int_equal(rte_numa_node_of_address(addr), -ENODATA);
	else
		assert_int_equal(rte_numa_node_of_address(addr), -ENOENT);
	*addr = 1;
	assert_true(rte_numa_node_of_address(addr) >= 0);
	assert_int_equal(munmap(addr, page), 0);
}

static void
addresses_where_nothing_can_be(void **state)
{
	static const uintptr_t addrs[] = {
		0, 1, 8, UINTPTR_MAX, UINTPTR_MAX / 2 + 1, UINTPTR_MAX - 4095
	};

	(void)state;
	needs_answers();
	for (size_t i = 0; i < NB_ELEMS(addrs); i++) {
		print_message("%#lx\n", (unsigned long)addrs[i]);
		assert_int_equal(rte_numa_node_of_address((void *)addrs[i]), -EFAULT);
	}
}

/* Mapped, and not to be touched: no page is there, and asking makes none. One may be later. */
static void
memory_that_nobody_may_access(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *addr = map(page, PROT_NONE);
	int node_id;

	(void)state;
	needs_answers();
	assert_int_equal(rte_numa_node_of_address(addr), -ENOENT);
	assert_int_equal(mprotect(addr, page, PROT_READ | PROT_WRITE), 0);
	*addr = 1;
	node_id = rte_numa_node_of_address(addr);
	assert_true(node_id >= 0);
	/* With a page, which an old kernel does not tell about; it is not one to be touched yet. */
	assert_int_equal(mprotect(addr, page, PROT_NONE), 0);
	if (rte_numa_node_of_address(addr) != -ENODATA || access("/proc/self/pagemap", R_OK) != 0)
		assert_int_equal(rte_numa_node_of_address(addr), node_id);
	assert_int_equal(munmap(addr, page), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_is_where_its_processor_is),
		cmocka_unit_test(what_is_no_thread_is_refused),
		cmocka_unit_test(cpus_of_one_node_have_it),
		cmocka_unit_test(sets_of_cpus_and_of_nodes_turn_into_each_other),
		cmocka_unit_test(memory_alone_has_no_cpus),
		cmocka_unit_test(a_page_has_its_states),
		cmocka_unit_test(the_page_of_zeros_has_no_node),
		cmocka_unit_test(addresses_where_nothing_can_be),
		cmocka_unit_test(memory_that_nobody_may_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
