/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of regions on a machine with several nodes: each lies where it was wished, what
 *   drifts is seen and brought back, and a node that is full or has no hugepages is told of.
 * Must not: take it for granted that nodes are alike: some have no CPUs, some no hugepages.
 * Called by: meson test, and in the guest with several nodes; skipped where there is one.
 */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
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
#include <numaif.h>

#include "witness.h"

#define MIB	  ((size_t)1 << 20)
#define MAX_NODES 16
#define SIZE	  (4 * MIB)

#define WISH(name) RTE_MEMREGION_WISH_##name

static int nodes[MAX_NODES];
static int nb_nodes;
static const struct rte_numa_topology *topo;

static struct rte_memregion_opts
strict(enum rte_membind_policy policy, int node_id)
{
	struct rte_memregion_opts opts = {
		.policy = policy,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT,
	};

	if (node_id >= 0)
		rte_numa_mask_only(&opts.nodes, node_id);
	return opts;
}

static struct rte_memregion *
create(size_t size, const struct rte_memregion_opts *opts)
{
	struct rte_memregion *region = NULL;
	int ret = rte_memregion_create(size, opts, &region);

	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memregion_error());
	return region;
}

/* All bytes are on a node, by move_pages(2) and, second witness, by numa_maps. */
static void
assert_on(struct rte_memregion *region, int node_id)
{
	struct witness_pages pages;

	witness_pages(rte_memregion_addr(region), rte_memregion_size(region), &pages);
	assert_int_equal(pages.on_node[node_id], rte_memregion_size(region));
	assert_int_equal(witness_numa_maps(rte_memregion_addr(region), node_id),
			 rte_memregion_size(region));
}

static void
a_region_lies_on_the_node_asked_for(void **state)
{
	static const enum rte_membind_policy policies[] = { RTE_MEMBIND_BIND, RTE_MEMBIND_PREFERRED,
							    RTE_MEMBIND_PREFERRED_MANY };

	(void)state;
	for (int i = 0; i < nb_nodes; i++) {
		for (int j = 0; j < 3; j++) {
			struct rte_memregion_opts opts = strict(policies[j], nodes[i]);
			struct rte_memregion *region;

			if (rte_membind_caps()->policy[policies[j]] != 0)
				continue;
			opts.prefault_threads = 2;
			region = create(SIZE, &opts);
			assert_on(region, nodes[i]);
			print_message("node %d: %s\n", nodes[i],
				      witness_account(region, WISH(PREFAULT)).text);
			assert_int_equal(rte_memregion_destroy(region), 0);
		}
	}
}

/* Runs on a CPU of a node, if that has one that may be used. */
static bool
run_on(int node_id)
{
	cpu_set_t cpus, all;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&cpus);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all) && rte_numa_node_of_cpu(topo, cpu) == node_id)
			CPU_SET(cpu, &cpus);
	}
	return CPU_COUNT(&cpus) > 0 && sched_setaffinity(0, sizeof(cpus), &cpus) == 0;
}

static void
local_is_the_creators_node(void **state)
{
	cpu_set_t before;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (int i = 0; i < nb_nodes; i++) {
		struct rte_memregion_opts opts = strict(RTE_MEMBIND_FIRST_TOUCH, -1);
		struct rte_memregion *region;

		if (!run_on(nodes[i]))
			continue;
		region = create(SIZE, &opts);
		assert_on(region, nodes[i]);
		assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
}

/* What the threads that prefault a region may run on, seen while they do. */
struct seen_threads {
	char expected[256]; /* The kernel's list of the CPUs. */
	unsigned int nb_seen;
};

/* The list of CPUs that a thread may run on, as the kernel writes it, or "". */
static void
allowed_cpus(const char *tid, char *list, size_t size)
{
	char path[300], line[512];
	FILE *file;

	list[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	file = fopen(path, "re");
	if (file == NULL)
		return; /* It has ended. */
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "Cpus_allowed_list:\t", 19) == 0)
			snprintf(list, size, "%.*s", (int)strcspn(line + 19, "\n"), line + 19);
	}
	fclose(file);
}

static int
look_at_threads(size_t done, size_t size, void *arg)
{
	struct seen_threads *seen = arg;
	DIR *tasks = opendir("/proc/self/task");
	char list[256];
	struct dirent *entry;

	(void)done;
	(void)size;
	assert_non_null(tasks);
	while ((entry = readdir(tasks)) != NULL) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == gettid())
			continue;
		allowed_cpus(entry->d_name, list, sizeof(list));
		if (list[0] == '\0')
			continue;
		assert_string_equal(list, seen->expected);
		seen->nb_seen++;
	}
	closedir(tasks);
	return 0;
}

/* The CPUs of a node, or those of the nearest that has some. */
static void
cpus_near(int node_id, char *list, size_t size)
{
	const int *nearest = rte_numa_nearest(topo, node_id, NULL);
	char path[128];
	FILE *file;

	while (!rte_numa_node_has_cpus(topo, *nearest))
		nearest++;
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", *nearest);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(list, size, file));
	list[strcspn(list, "\n")] = '\0';
	fclose(file);
}

static void
a_region_is_prefaulted_on_its_nodes_cpus(void **state)
{
	(void)state;
	for (int i = 0; i < nb_nodes; i++) {
		struct rte_memregion_opts opts = strict(RTE_MEMBIND_BIND, nodes[i]);
		struct seen_threads seen = { .nb_seen = 0 };
		struct rte_memregion *region = NULL;
		int ret;

		cpus_near(nodes[i], seen.expected, sizeof(seen.expected));
		opts.prefault_threads = 2;
		opts.progress = look_at_threads;
		opts.progress_arg = &seen;
		ret = rte_memregion_create(96 * MIB, &opts, &region);
		if (ret == -ENOMEM) {
			print_message("node %d: %s\n", nodes[i], rte_memregion_error());
			continue;
		}
		assert_int_equal(ret, 0);
		print_message("node %d: CPUs %s, %u times\n", nodes[i], seen.expected,
			      seen.nb_seen);
		assert_true(seen.nb_seen > 0);
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
}

static void
interleaved_pages_are_spread_evenly(void **state)
{
	struct rte_memregion_opts opts = strict(RTE_MEMBIND_INTERLEAVE, nodes[0]);
	struct rte_memregion *region;
	struct witness_pages pages;

	(void)state;
	for (int i = 1; i < nb_nodes; i++)
		rte_numa_mask_set(&opts.nodes, nodes[i]);
	region = create(SIZE, &opts);
	witness_pages(rte_memregion_addr(region), SIZE, &pages);
	for (int i = 0; i < nb_nodes; i++) {
		size_t share = SIZE / nb_nodes;

		print_message("node %d: %zu bytes\n", nodes[i], pages.on_node[nodes[i]]);
		assert_true(pages.on_node[nodes[i]] >= share - share / 8);
		assert_true(pages.on_node[nodes[i]] <= share + share / 8);
	}
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
rebinding_takes_the_pages_along(void **state)
{
	struct rte_memregion_opts opts = strict(RTE_MEMBIND_BIND, nodes[0]);
	struct rte_memregion *region = create(SIZE, &opts);
	unsigned char *addr = rte_memregion_addr(region);
	struct rte_numa_mask mask;
	struct witness_pages pages;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		addr[i] = (unsigned char)(i / 4096);
	for (int i = nb_nodes - 1; i >= 0; i--) {
		rte_numa_mask_only(&mask, nodes[i]);
		assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_BIND, &mask), 0);
		assert_on(region, nodes[i]);
	}
	/* What is on one node already is interleaved all the same. */
	rte_numa_mask_set(&mask, nodes[1]);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_INTERLEAVE, &mask), 0);
	witness_pages(addr, SIZE, &pages);
	assert_in_range(pages.on_node[nodes[0]], SIZE / 2 - SIZE / 16, SIZE / 2 + SIZE / 16);
	assert_int_equal(pages.on_node[nodes[0]] + pages.on_node[nodes[1]], SIZE);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(addr[i], (unsigned char)(i / 4096));
	assert_int_equal(rte_memregion_destroy(region), 0);
}

/* As another process, a cpuset or balancing does it. */
static void
push(void *addr, size_t size, int node_id)
{
	for (size_t i = 0; i < size; i += 4096) {
		void *page = (char *)addr + i;
		int status = -1;

		assert_int_equal(move_pages(0, 1, &page, &node_id, &status, MPOL_MF_MOVE), 0);
		assert_int_equal(status, node_id);
	}
}

static void
what_drifts_is_seen_and_brought_back(void **state)
{
	struct rte_memregion_opts opts = strict(RTE_MEMBIND_BIND, nodes[0]);
	struct rte_memregion *region = create(SIZE, &opts);
	char *addr = rte_memregion_addr(region);
	struct rte_memregion_account account;
	struct rte_memregion_audit audit;

	(void)state;
	push(addr + 5 * 4096, 16 * 4096, nodes[1]);
	assert_int_equal(rte_memregion_audit(region, &audit), 0);
	print_message("%s\n", audit.text);
	assert_int_equal(audit.drifted, 16 * 4096);
	assert_int_equal(audit.in_place, SIZE - 16 * 4096);
	assert_ptr_equal(audit.first_drifted, addr + 5 * 4096);
	assert_true(rte_numa_mask_test(&audit.drifted_to, nodes[1]));
	assert_int_equal(rte_numa_mask_count(&audit.drifted_to), 1);
	assert_string_not_equal(audit.text, "");
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_MISPLACED);
	assert_int_equal(account.bytes, SIZE - 16 * 4096);
	assert_int_equal(rte_memregion_repair(region, &audit), 0);
	assert_int_equal(audit.drifted, 0);
	assert_on(region, nodes[0]);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

/* Free hugepages of 2 MiB on a node. */
static uint64_t
free_hugepages(int node_id)
{
	struct rte_numa_hugepages pools[64];
	int n = rte_numa_hugepages(topo, node_id, pools, 64);

	for (int i = 0; i < n; i++) {
		if (pools[i].page_size == 2 * MIB)
			return pools[i].free;
	}
	return 0;
}

static void
hugepages_are_of_the_node_or_not_at_all(void **state)
{
	(void)state;
	for (int i = 0; i < nb_nodes; i++) {
		struct rte_memregion_opts opts = strict(RTE_MEMBIND_BIND, nodes[i]);
		struct rte_memregion_account account;
		struct rte_memregion *region = NULL;
		uint64_t before = free_hugepages(nodes[i]);
		char node[64];

		opts.pages = RTE_MEMREGION_PAGES_2M;
		print_message("node %d has %" PRIu64 " hugepages\n", nodes[i], before);
		if (before >= 2) {
			region = create(4 * MIB, &opts);
			assert_int_equal(free_hugepages(nodes[i]), before - 2);
			assert_int_equal(witness_smaps(rte_memregion_addr(region),
						       "KernelPageSize"),
					 2 * MIB);
			assert_int_equal(rte_memregion_destroy(region), 0);
			assert_int_equal(free_hugepages(nodes[i]), before);
		}
		/* One more than there are: whatever the other nodes have, and without a signal. */
		assert_int_equal(rte_memregion_create((before + 1) * 2 * MIB, &opts, &region),
				 -ENOMEM);
		print_message("%s\n", rte_memregion_error());
		snprintf(node, sizeof(node), "node %d has %" PRIu64 " free", nodes[i], before);
		assert_non_null(strstr(rte_memregion_error(), node));
		assert_int_equal(free_hugepages(nodes[i]), before);
		if (before > 64)
			continue;
		opts.flags = RTE_MEMREGION_F_PREFAULT;
		region = create((before + 1) * 2 * MIB, &opts);
		account = witness_account(region, WISH(PAGES));
		assert_int_equal(account.level, RTE_MEMREGION_NOT_ENFORCED);
		assert_int_equal(account.reason, RTE_MEMREGION_REASON_NO_PAGES);
		memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
		assert_on(region, nodes[i]);
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
}

/* The node with least memory free, if others have room for twice as much. */
static int
small_node(uint64_t *free)
{
	uint64_t least = UINT64_MAX, sum = 0;
	struct rte_numa_memory memory;
	int found = -1;

	for (int i = 0; i < nb_nodes; i++) {
		assert_int_equal(rte_numa_memory(topo, nodes[i], &memory), 0);
		sum += memory.free;
		if (memory.free < least) {
			least = memory.free;
			found = nodes[i];
		}
	}
	*free = least;
	return least < 2048 * MIB && sum > 3 * least ? found : -1;
}

static void
a_full_node_fails_the_strict_and_is_told_to_the_soft(void **state)
{
	struct rte_memregion_account account;
	struct rte_memregion_opts opts;
	struct rte_memregion *region = NULL;
	struct witness_pages pages;
	uint64_t free;
	int node_id = small_node(&free);
	size_t size;

	(void)state;
	if (node_id < 0) {
		print_message("skipped: no node is small beside the others\n");
		skip();
	}
	size = (free + free / 4) & ~(2 * MIB - 1);
	opts = strict(RTE_MEMBIND_BIND, node_id);
	assert_int_equal(rte_memregion_create(size, &opts, &region), -ENOMEM);
	print_message("%s\n", rte_memregion_error());
	opts.flags = RTE_MEMREGION_F_PREFAULT;
	region = create(size, &opts);
	witness_print(region);
	witness_pages(rte_memregion_addr(region), size, &pages);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_NO_MEMORY);
	assert_int_equal(account.bytes, pages.on_node[node_id]);
	assert_int_equal(pages.absent, 0);
	assert_true(pages.on_node[node_id] < size);
	assert_true(pages.on_node[node_id] > 0);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_region_lies_on_the_node_asked_for),
		cmocka_unit_test(local_is_the_creators_node),
		cmocka_unit_test(a_region_is_prefaulted_on_its_nodes_cpus),
		cmocka_unit_test(interleaved_pages_are_spread_evenly),
		cmocka_unit_test(rebinding_takes_the_pages_along),
		cmocka_unit_test(what_drifts_is_seen_and_brought_back),
		cmocka_unit_test(hugepages_are_of_the_node_or_not_at_all),
		cmocka_unit_test(a_full_node_fails_the_strict_and_is_told_to_the_soft),
	};

	topo = rte_numa_topology_self();
	nb_nodes = witness_nodes(nodes, MAX_NODES);
	if (nb_nodes < 2 || nb_nodes > MAX_NODES) {
		printf("skipped: it takes 2 to %d nodes with memory, and there are %d\n", MAX_NODES,
		       nb_nodes);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
