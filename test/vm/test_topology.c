/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: lib/numa says of it what the kernel's own files say, which are
 * read here without it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/mman.h>

#include <cmocka.h>
#include <rte_numa_access.h>
#include <rte_numa_where.h>

#include "machine.h"

static const struct rte_numa_topology *
several_nodes(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();

	machine_needs("several", machine()->n >= 2);
	assert_non_null(topo);
	return topo;
}

static void
nodes_with_memory_are_the_kernels(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	unsigned int i = 0;
	int id;

	(void)state;
	RTE_NUMA_FOREACH_NODE(id, topo, RTE_NUMA_WITH_MEMORY) {
		assert_true(i < machine()->n);
		assert_int_equal(id, machine()->node[i].id);
		assert_int_equal(rte_numa_node_has_cpus(topo, id), machine()->node[i].cpu >= 0);
		i++;
	}
	assert_int_equal(i, machine()->n);
}

static void
the_node_of_a_cpu_is_the_kernels(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	unsigned int i;

	(void)state;
	for (i = 0; i < machine()->n; i++)
		if (machine()->node[i].cpu >= 0)
			assert_int_equal(rte_numa_node_of_cpu(topo, machine()->node[i].cpu),
					 machine()->node[i].id);
}

static void
ask_self(void *arg)
{
	*(int *)arg = rte_numa_node_of_self();
}

static void
a_thread_is_where_its_cpu_is(void **state)
{
	unsigned int i;
	int id;

	(void)state;
	several_nodes();
	for (i = 0; i < machine()->n; i++) {
		if (machine()->node[i].cpu < 0)
			continue;
		on_cpu(machine()->node[i].cpu, ask_self, &id);
		assert_int_equal(id, machine()->node[i].id);
	}
}

static void
distances_and_their_order_are_the_kernels(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	unsigned int order[MACHINE_MAX_NODES], from, i, k, n;
	const struct machine *m = machine();
	const int *nearest;

	(void)state;
	for (from = 0; from < m->n; from++) {
		machine_order(from, order);
		nearest = rte_numa_nearest(topo, m->node[from].id, &n);
		assert_non_null(nearest);
		for (i = 0, k = 0; i < n; i++) {
			if (!rte_numa_node_has_memory(topo, nearest[i]))
				continue;
			assert_int_equal(nearest[i], m->node[order[k]].id);
			assert_int_equal(rte_numa_distance(topo, m->node[from].id, nearest[i]),
					 m->node[from].distance[order[k]]);
			k++;
		}
		assert_int_equal(k, m->n);
	}
}

static void
hugepages_are_each_nodes_own(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	struct rte_numa_hugepages pools[64];
	unsigned int i;
	int k, n;

	(void)state;
	for (i = 0; i < machine()->n; i++) {
		n = rte_numa_hugepages(topo, machine()->node[i].id, pools, 64);
		assert_true(n > 0);
		for (k = 0; k < n; k++)
			if (pools[k].page_size == 2 << 20)
				break;
		assert_true(k < n);
		assert_int_equal(pools[k].free, machine_free_pages(machine()->node[i].id));
	}
}

static uint64_t
reserved(const struct rte_numa_topology *topo)
{
	struct rte_numa_hugepages pools[64];
	int k, n = rte_numa_machine_hugepages(topo, pools, 64);

	for (k = 0; k < n; k++)
		if (pools[k].page_size == 2 << 20)
			return pools[k].reserved;
	fail_msg("the machine has no pool of 2 MiB");
	return 0;
}

/* A hugepage that is mapped and not touched is promised, by the machine and by no node. */
static void
what_is_promised_is_the_machines(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	struct rte_numa_hugepages pools[64];
	uint64_t before = reserved(topo);
	unsigned int i;
	int k, n;
	void *addr;

	(void)state;
	addr = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0);
	machine_needs("hugepages", addr != MAP_FAILED);
	assert_int_equal(reserved(topo), before + 1);
	for (i = 0; i < machine()->n; i++) {
		n = rte_numa_hugepages(topo, machine()->node[i].id, pools, 64);
		for (k = 0; k < n; k++)
			assert_true(pools[k].reserved == RTE_NUMA_UNTOLD);
	}
	*(char *)addr = 1;
	assert_int_equal(reserved(topo), before);
	assert_int_equal(munmap(addr, 2 << 20), 0);
}

/* A part of what the environment tells of the machine, up to the next semicolon. */
static const char *
next_part(const char *at)
{
	at = strchr(at, ';');
	return at == NULL ? NULL : at + 1;
}

/* Firmware's figures; one that it does not tell is 0 in the kernel's file. */
static uint64_t
figure(unsigned int told)
{
	return told == 0 ? RTE_NUMA_UNTOLD : told;
}

static void
access_is_as_firmware_tells(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	const char *at = getenv("FASTMEM_ACCESS");
	struct rte_numa_access access;
	int node_id, near;
	unsigned int rb, wb, rl, wl;

	(void)state;
	machine_needs("access", at != NULL);
	for (; at != NULL; at = next_part(at)) {
		assert_int_equal(
			sscanf(at, "%d %d %u %u %u %u", &node_id, &near, &rb, &wb, &rl, &wl), 6);
		for (int by = RTE_NUMA_INITIATORS_ANY; by <= RTE_NUMA_INITIATORS_CPU; by++) {
			assert_int_equal(rte_numa_access(topo, node_id,
							 (enum rte_numa_initiators)by, &access),
					 0);
			assert_int_equal(rte_numa_mask_count(&access.initiators), 1);
			assert_true(rte_numa_mask_test(&access.initiators, near));
			assert_true(access.read_bandwidth == figure(rb));
			assert_true(access.write_bandwidth == figure(wb));
			assert_true(access.read_latency == figure(rl));
			assert_true(access.write_latency == figure(wl));
		}
	}
}

static void
without_firmwares_table_there_are_no_figures(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	struct rte_numa_access access;
	unsigned int i;

	(void)state;
	if (getenv("FASTMEM_ACCESS") != NULL || getenv("FASTMEM_MACHINE") == NULL) {
		print_message("firmware has such a table here, or may have\n");
		skip();
	}
	for (i = 0; i < machine()->n; i++)
		assert_int_equal(rte_numa_access(topo, machine()->node[i].id,
						 RTE_NUMA_INITIATORS_CPU, &access),
				 -ENODATA);
}

static void
pci_devices_are_on_their_nodes_buses(void **state)
{
	const struct rte_numa_topology *topo = several_nodes();
	const char *at = getenv("FASTMEM_PCI");
	char address[16];
	int node_id;

	(void)state;
	machine_needs("pci", at != NULL);
	for (; at != NULL; at = next_part(at)) {
		assert_int_equal(sscanf(at, "%15s %d", address, &node_id), 2);
		assert_int_equal(rte_numa_node_of_pci(topo, address), node_id);
	}
	/* The bus of all machines is near to none. */
	assert_int_equal(rte_numa_node_of_pci(topo, "00:00.0"), -ENODATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_with_memory_are_the_kernels),
		cmocka_unit_test(the_node_of_a_cpu_is_the_kernels),
		cmocka_unit_test(a_thread_is_where_its_cpu_is),
		cmocka_unit_test(distances_and_their_order_are_the_kernels),
		cmocka_unit_test(hugepages_are_each_nodes_own),
		cmocka_unit_test(what_is_promised_is_the_machines),
		cmocka_unit_test(access_is_as_firmware_tells),
		cmocka_unit_test(without_firmwares_table_there_are_no_figures),
		cmocka_unit_test(pci_devices_are_on_their_nodes_buses),
	};

	return cmocka_run_group_tests_name("nodes/topology", tests, NULL, NULL);
}
