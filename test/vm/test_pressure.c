/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: a node whose memory is taken is short of it, and no other node
 * is; a node whose reservation is full is critical, and no other node is. */

#include <sys/mman.h>
#include <unistd.h>

#include <numaif.h>
#include <rte_memwatch.h>

#include "machine.h"
#include "test_setup.h"

#define CHUNK (2 * MIB)

static struct rte_memwatch_change told[MACHINE_MAX_NODES * 8];
static unsigned int nb_told;

static void
note(const struct rte_memwatch_change *change, void *arg)
{
	(void)arg;
	if (nb_told < RTE_DIM(told) && change->node_id >= 0)
		told[nb_told++] = *change;
}

static void
start(enum rte_memwatch_source source)
{
	struct rte_memwatch_config config;

	/* Also if the test before has failed. */
	rte_memwatch_stop();
	rte_memwatch_config_init(&config);
	config.flags = RTE_MEMWATCH_F_POLLED;
	config.sources = RTE_MEMWATCH_SOURCE_BIT(source);
	config.period_ms = 10;
	config.hold_ms = 0;
	/* Nodes are small here, and what the tests take of the others must not matter. */
	config.thresholds[source].medium = 850;
	assert_int_equal(rte_memwatch_start(&config), 0);
	nb_told = 0;
}

static int
look(int node_id)
{
	usleep(20000);
	rte_memwatch_poll();
	return rte_memwatch_current(node_id);
}

static void
assert_others_low(int node_id)
{
	for (unsigned int i = 0; i < machine()->n; i++)
		if (machine()->node[i].id != node_id)
			assert_int_equal(rte_memwatch_current(machine()->node[i].id),
					 RTE_MEMWATCH_LOW);
}

/* The last node: where there is a small one it is that. */
static const struct machine_node *
subject(void)
{
	machine_needs("several", machine()->n > 1);
	return &machine()->node[machine()->n - 1];
}

/* That one has few hugepages; to fill a large one takes long in a guest. */
static const struct machine_node *
small_subject(void)
{
	const struct machine_node *node = subject();
	size_t pages = machine_free_pages(node->id);

	machine_needs("runs-out", pages >= 16 && pages < 64);
	return node;
}

/* Preferred, as binding would have the kernel kill when it is at its end; by pieces, until it says so. */
static void
a_node_that_fills_up_is_the_one(void **state)
{
	const struct machine_node *node = small_subject();
	unsigned long mask = 1ul << node->id;
	const size_t room = (size_t)4 << 30;
	size_t taken = 0;
	void *first;
	int where = -1;
	char *mem;

	(void)state;
	mem = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	assert_true(mem != MAP_FAILED);
	first = mem;
	assert_int_equal(mbind(mem, room, MPOL_PREFERRED, &mask, sizeof(mask) * 8, 0), 0);
	start(RTE_MEMWATCH_SOURCE_MEMORY);
	assert_true(rte_memwatch_register(node->id, note, NULL) > 0);
	assert_int_equal(look(node->id), RTE_MEMWATCH_LOW);
	while (taken < room && rte_memwatch_current(node->id) < RTE_MEMWATCH_HIGH) {
		memset(mem + taken, 1, CHUNK);
		taken += CHUNK;
		if (taken % (16 * MIB) == 0)
			look(node->id);
	}
	assert_true(look(node->id) >= RTE_MEMWATCH_HIGH);
	assert_others_low(node->id);
	/* It was so: the first of it lies there, and little is left. */
	assert_int_equal(move_pages(0, 1, &first, NULL, &where, 0), 0);
	assert_int_equal(where, node->id);
	assert_true(rte_memwatch_available(node->id) < rte_memwatch_available(RTE_NUMA_NODE_ANY));
	assert_int_equal(munmap(mem, room), 0);
	assert_int_equal(look(node->id), RTE_MEMWATCH_LOW);
	assert_in_range(nb_told, 2, 4);
	for (unsigned int i = 0; i < nb_told; i++) {
		assert_int_equal(told[i].node_id, node->id);
		assert_int_equal(told[i].from, i == 0 ? RTE_MEMWATCH_LOW : told[i - 1].to);
	}
	assert_int_equal(told[nb_told - 1].to, RTE_MEMWATCH_LOW);
	rte_memwatch_stop();
}

static void
a_full_reservation_is_of_its_node(void **state)
{
	const struct machine_node *node = subject();
	void *ptrs[16];
	unsigned int n = 0;

	(void)state;
	machine_needs("hugepages", machine_free_pages(node->id) >= 16 &&
					   machine_free_pages(machine()->node[0].id) >= 16);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, node->id), 0);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, machine()->node[0].id), 0);
	assert_int_equal(rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false), 0);
	start(RTE_MEMWATCH_SOURCE_FASTMEM);
	assert_int_equal(look(node->id), RTE_MEMWATCH_LOW);
	while (n < RTE_DIM(ptrs) && (ptrs[n] = rte_fastmem_alloc_node(MIB, 0, 0, node->id)) != NULL)
		n++;
	assert_in_range(n, 8, RTE_DIM(ptrs) - 1);
	assert_int_equal(look(node->id), RTE_MEMWATCH_CRITICAL);
	assert_others_low(node->id);
	/* Half of what both have. */
	assert_int_equal(rte_memwatch_current(RTE_NUMA_NODE_ANY), RTE_MEMWATCH_LOW);
	while (n > 0)
		rte_fastmem_free(ptrs[--n]);
	assert_int_equal(look(node->id), RTE_MEMWATCH_LOW);
	rte_memwatch_stop();
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(a_node_that_fills_up_is_the_one),
		INIT(a_full_reservation_is_of_its_node),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("nodes/pressure", tests, NULL, NULL);
}
