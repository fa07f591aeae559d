/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_self.c, on the machine that they run on, against what others say of it.
 * Must not: assume anything of that machine but that it has a CPU.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
#include <unistd.h>
#include <cmocka.h>

#include "rte_numa.h"

#define NB_THREADS 8

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* What the kernel says of the calling thread, not by way of the C library. */
static void
ask_kernel(unsigned int *cpu, unsigned int *node_id)
{
	assert_int_equal(syscall(SYS_getcpu, cpu, node_id, NULL), 0);
}

/* On each CPU that we may run on, our node is the one that the kernel names. */
static void
check_each_cpu(const struct rte_numa_topology *topo)
{
	cpu_set_t allowed, one;
	unsigned int cpu, node_id;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(c, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		ask_kernel(&cpu, &node_id);
		assert_int_equal(cpu, c);
		assert_int_equal(rte_numa_node_of_self(), node_id);
		if (topo != NULL)
			assert_int_equal(rte_numa_node_of_cpu(topo, c), node_id);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(allowed), &allowed), 0);
}

/* The first of all: nothing before it has loaded the topology. */
static void
own_node_before_the_topology_is_loaded(void **state)
{
	(void)state;
	check_each_cpu(NULL);
}

static pthread_barrier_t together;

static void *
get_self(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&together);
	return (void *)(uintptr_t)rte_numa_topology_self();
}

/* The second: so the threads race to load it. */
static void
all_threads_get_one_topology(void **state)
{
	pthread_t threads[NB_THREADS];
	void *topo[NB_THREADS];

	(void)state;
	assert_int_equal(pthread_barrier_init(&together, NULL, NB_THREADS), 0);
	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, get_self, NULL), 0);
	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], &topo[i]), 0);
	for (int i = 0; i < NB_THREADS; i++) {
		assert_non_null(topo[i]);
		assert_ptr_equal(topo[i], topo[0]);
	}
	assert_ptr_equal(rte_numa_topology_self(), topo[0]);
	pthread_barrier_destroy(&together);
}

static void
own_node_on_each_cpu(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();

	(void)state;
	assert_non_null(topo);
	check_each_cpu(topo);
}

/* In a child that the kernel kills at any system call but read, write and exit. */
static void
once_loaded_nothing_makes_a_system_call(void **state)
{
	int status, node_id;
	pid_t child;

	(void)state;
#ifdef __SANITIZE_THREAD__
	print_message("ThreadSanitizer makes system calls of its own\n");
	skip();
#endif
	assert_non_null(rte_numa_topology_self());
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
			_exit(77);
		node_id = RTE_NUMA_NODE_ANY;
		for (int i = 0; i < 1000 && rte_numa_topology_self() != NULL; i++)
			node_id = rte_numa_node_of_self();
		syscall(SYS_exit, node_id >= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("no seccomp here\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* lscpu is of util-linux and shares no code with us. */
static void
lscpu_agrees_on_each_cpu(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	unsigned int nb_cpus = 0;
	char line[256];
	FILE *lscpu;

	(void)state;
	if (system("command -v lscpu >/dev/null") != 0) {
		print_message("no lscpu here\n");
		skip();
	}
	lscpu = popen("lscpu -p=CPU,NODE", "r");
	assert_non_null(lscpu);
	while (fgets(line, sizeof(line), lscpu) != NULL) {
		int cpu, node_id = 0; /* On a kernel without NUMA it leaves the node out. */

		if (line[0] == '#')
			continue;
		assert_true(sscanf(line, "%d,%d", &cpu, &node_id) >= 1);
		assert_int_equal(rte_numa_node_of_cpu(topo, cpu), node_id);
		nb_cpus++;
	}
	assert_int_equal(pclose(lscpu), 0);
	assert_int_equal(nb_cpus, sysconf(_SC_NPROCESSORS_ONLN));
}

static uint64_t
machine_nb_hugepages(uint64_t page_size)
{
	unsigned long long n = 0;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		 (unsigned long long)page_size / 1024);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &n), 1);
	fclose(f);
	return n;
}

static void
nodes_share_the_machines_hugepages(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int first = rte_numa_node_next(topo, -1, 0), nb_pools, id;
	struct rte_numa_hugepages pools[64];

	(void)state;
	nb_pools = rte_numa_hugepages(topo, first, NULL, 0);
	assert_true(nb_pools >= 0);
	for (int i = 0; i < nb_pools; i++) {
		uint64_t before, after, sum;

		do { /* Until nobody has changed them meanwhile. */
			sum = 0;
			assert_int_equal(rte_numa_hugepages(topo, first, pools, 64), nb_pools);
			before = machine_nb_hugepages(pools[i].page_size);
			RTE_NUMA_FOREACH_NODE(id, topo, 0) {
				assert_int_equal(rte_numa_hugepages(topo, id, pools, 64), nb_pools);
				sum += pools[i].total;
			}
			after = machine_nb_hugepages(pools[i].page_size);
		} while (before != after);
		assert_int_equal(sum, before);
	}
}

static void
nodes_with_memory_tell_how_much(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_numa_memory mem;
	unsigned int n = 0;
	int id;

	(void)state;
	RTE_NUMA_FOREACH_NODE(id, topo, RTE_NUMA_WITH_MEMORY) {
		assert_int_equal(rte_numa_memory(topo, id, &mem), 0);
		assert_true(mem.total > 0);
		n++;
	}
	assert_true(n > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_node_before_the_topology_is_loaded),
		cmocka_unit_test(all_threads_get_one_topology),
		cmocka_unit_test(own_node_on_each_cpu),
		cmocka_unit_test(once_loaded_nothing_makes_a_system_call),
		cmocka_unit_test(lscpu_agrees_on_each_cpu),
		cmocka_unit_test(nodes_share_the_machines_hugepages),
		cmocka_unit_test(nodes_with_memory_tell_how_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
