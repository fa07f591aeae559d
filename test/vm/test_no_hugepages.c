/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes, of which one has no hugepages: who asks it is refused and told
 * the remedy, nothing has changed, and RTE_NUMA_NODE_ANY finds another. */

#include <stdio.h>

#include "footprint.h"
#include "test_log.h"

/* The first node without a hugepage; the test is skipped where none is. */
static const struct machine_node *
find_empty_node(void)
{
	const struct machine_node *node = NULL;
	const struct machine *m = machine();
	size_t most = 0;
	unsigned int i;

	for (i = m->n; i-- > 0;) {
		if (machine_free_pages(m->node[i].id) == 0)
			node = &m->node[i];
		most = RTE_MAX(most, machine_free_pages(m->node[i].id));
	}
	machine_needs("no-hugepages", node != NULL && most >= 16);
	return node;
}

static void
reserve_fails_and_names_the_remedy(void **state)
{
	const struct machine_node *node = find_empty_node();
	struct footprint before = footprint_now();
	char name[32], file[128];
	const char *line;

	(void)state;
	test_log_catch();
	assert_int_equal(rte_fastmem_reserve(6 * MIB, node->id), -ENOMEM);
	test_log_release();
	assert_int_equal(test_log_lines_with("FASTMEM"), 1);
	line = test_log_line_with("FASTMEM");
	snprintf(name, sizeof(name), "6 MiB on node %d", node->id);
	snprintf(file, sizeof(file),
		 "> /sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages",
		 node->id);
	assert_non_null(strstr(line, name));
	assert_non_null(strstr(line, "0 free of 2048 kB"));
	assert_non_null(strstr(line, file));
	assert_unchanged(&before);
	assert_int_equal(rte_fastmem_reserve_more(6 * MIB, node->id), -ENOMEM);
	assert_unchanged(&before);
	assert_int_equal(rte_fastmem_reserved(node->id), 0);
}

static void
allocation_fails_and_any_goes_on(void **state)
{
	const struct machine_node *node = find_empty_node();
	struct footprint before = footprint_now();
	struct allocation a;

	(void)state;
	a = allocate_on(test_eal_cpu(), node->id, 500);
	assert_null(a.ptr);
	assert_int_equal(a.error, ENOMEM);
	assert_unchanged(&before);
	if (node->cpu < 0)
		return;
	a = allocate_on(node->cpu, OWN_NODE, 500);
	assert_null(a.ptr);
	assert_int_equal(a.error, ENOMEM);
	assert_unchanged(&before);
	a = allocate_on(node->cpu, RTE_NUMA_NODE_ANY, 500);
	assert_non_null(a.ptr);
	assert_int_not_equal(rte_fastmem_node_of(a.ptr), node->id);
	assert_on_node(a.ptr, 500, rte_fastmem_node_of(a.ptr));
	rte_fastmem_free(a.ptr);
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(reserve_fails_and_names_the_remedy),
		INIT(allocation_fails_and_any_goes_on),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("nodes/no-hugepages", tests, NULL, NULL);
}
