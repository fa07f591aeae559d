/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: a profile knows on which nodes memory lies, and whose threads get it;
 * of who gets it from afar it says so. */

#include <rte_memprof.h>

#include "machine.h"
#include "test_setup.h"

#define BLOCKS 512
#define SIZE   8192 /* 4 MiB in all */

static struct asked {
	int node_id;
	unsigned int got;
	void *ptr[BLOCKS];
} asked[2];

/* In a thread that stays on a CPU. */
static void
ask_for_some(void *arg)
{
	struct asked *a = arg;

	for (a->got = 0; a->got < BLOCKS; a->got++) {
		a->ptr[a->got] = rte_fastmem_alloc_node(SIZE, 0, 0, a->node_id);
		if (a->ptr[a->got] == NULL)
			break;
	}
}

static struct rte_memprof_node seen[MACHINE_MAX_NODES];
static unsigned int nb_seen;
static char advice[RTE_MEMPROF_TEXT_MAX];

static int
see_node(const struct rte_memprof_node *node, void *arg)
{
	(void)arg;
	seen[nb_seen++] = *node;
	return 0;
}

static int
take_advice(enum rte_memprof_advice_kind kind, const char *text, void *arg)
{
	assert_int_equal(kind, RTE_MEMPROF_BIND_NODE);
	snprintf(advice, sizeof(advice), "%s", text);
	++*(unsigned int *)arg;
	return 0;
}

static void
memory_from_afar_is_told(void **state)
{
	const struct rte_memprof_config all = { .interval = 1 };
	const struct machine_node *near = &machine()->node[0], *far = &machine()->node[1];
	unsigned int n = 0, i;
	char words[96];

	(void)state;
	machine_needs("several", machine()->n > 1);
	machine_needs("hugepages", near->cpu >= 0 && machine_free_pages(near->id) >= 16 &&
					   machine_free_pages(far->id) >= 16);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, near->id), 0);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, far->id), 0);
	asked[0].node_id = near->id;
	asked[1].node_id = far->id;
	assert_int_equal(rte_memprof_start(&all), 0);
	for (i = 0; i < 2; i++) {
		on_cpu(near->cpu, ask_for_some, &asked[i]);
		assert_int_equal(asked[i].got, BLOCKS);
		assert_on_node(asked[i].ptr[0], SIZE, asked[i].node_id);
	}
	assert_int_equal(rte_memprof_stop(), 0);
	assert_int_equal(rte_memprof_nodes(see_node, NULL), 0);
	assert_int_equal(nb_seen, 2);
	for (i = 0; i < 2; i++) {
		assert_int_equal(seen[i].node_id, asked[i].node_id);
		assert_int_equal(seen[i].allocations, BLOCKS);
		assert_int_equal(seen[i].allocated_bytes, BLOCKS * SIZE);
		assert_int_equal(seen[i].remote_blocks, i * BLOCKS);
	}
	assert_int_equal(rte_memprof_advise(take_advice, &n), 0);
	assert_int_equal(n, 1);
	snprintf(words, sizeof(words), "threads of node %d get memory of node %d", near->id,
		 far->id);
	assert_non_null(strstr(advice, words));
	assert_non_null(strstr(advice, "50.0 % of its 8.0 MiB"));
	for (i = 0; i < 2 * BLOCKS; i++)
		rte_fastmem_free(asked[i / BLOCKS].ptr[i % BLOCKS]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory_from_afar_is_told, setup_init,
						teardown_deinit),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("nodes/profiles", tests, NULL, NULL);
}
