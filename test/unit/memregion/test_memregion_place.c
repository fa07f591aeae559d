/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of memregion_place.c and memregion_room.c: what a policy comes to on a machine
 *   with some nodes offline or forbidden, and how much memory a node has left.
 * Must not: depend on the machine.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "memregion_priv.h"

#define MIB (UINT64_C(1) << 20)

static struct rte_numa_mask
nodes(const char *text)
{
	struct rte_numa_mask mask;

	assert_int_equal(rte_numa_mask_parse(text, &mask), 0);
	return mask;
}

static void
assert_nodes(const struct rte_numa_mask *mask, const char *expected)
{
	char text[64];

	rte_numa_mask_text(mask, text, sizeof(text));
	assert_string_equal(text, expected);
}

/* Memory on nodes 0 to 3, of which the cpuset allows 0 to 2; the caller is on node 1. */
static const struct {
	enum rte_membind_policy policy;
	const char *nodes;
	bool strict;
	bool prefault;
	enum rte_membind_policy told;
	const char *told_nodes, *targets, *sources;
	enum rte_memregion_reason reason;
	bool total;
} cases[] = {
	/* Local: the caller's node, if the caller touches; else anybody's. */
	{ RTE_MEMBIND_FIRST_TOUCH, "", false, false, RTE_MEMBIND_FIRST_TOUCH, "", "0-2", "0-2",
	  RTE_MEMREGION_REASON_NONE, false },
	{ RTE_MEMBIND_FIRST_TOUCH, "", false, true, RTE_MEMBIND_FIRST_TOUCH, "", "1", "0-2",
	  RTE_MEMREGION_REASON_NONE, false },
	{ RTE_MEMBIND_FIRST_TOUCH, "", true, true, RTE_MEMBIND_FIRST_TOUCH, "", "1", "1",
	  RTE_MEMREGION_REASON_NONE, false },
	/* A bind has its nodes' memory and no other. */
	{ RTE_MEMBIND_BIND, "0,2", false, false, RTE_MEMBIND_BIND, "0,2", "0,2", "0,2",
	  RTE_MEMREGION_REASON_NONE, false },
	{ RTE_MEMBIND_PREFERRED, "2", false, true, RTE_MEMBIND_PREFERRED, "2", "2", "0-2",
	  RTE_MEMREGION_REASON_NONE, false },
	{ RTE_MEMBIND_PREFERRED, "2", true, true, RTE_MEMBIND_PREFERRED, "2", "2", "2",
	  RTE_MEMREGION_REASON_NONE, false },
	{ RTE_MEMBIND_INTERLEAVE, "0-2", false, true, RTE_MEMBIND_INTERLEAVE, "0-2", "0-2", "0-2",
	  RTE_MEMREGION_REASON_NONE, false },
	/* Some nodes missing: the others. */
	{ RTE_MEMBIND_BIND, "2,5", false, true, RTE_MEMBIND_BIND, "2", "2", "2",
	  RTE_MEMREGION_REASON_OFFLINE, false },
	{ RTE_MEMBIND_BIND, "2-3", false, true, RTE_MEMBIND_BIND, "2", "2", "2",
	  RTE_MEMREGION_REASON_EXCLUDED, false },
	/* All of them missing: as without a policy, and nothing is claimed. */
	{ RTE_MEMBIND_BIND, "5", false, true, RTE_MEMBIND_FIRST_TOUCH, "", "1", "0-2",
	  RTE_MEMREGION_REASON_OFFLINE, true },
	{ RTE_MEMBIND_INTERLEAVE, "3", false, false, RTE_MEMBIND_FIRST_TOUCH, "", "0-2", "0-2",
	  RTE_MEMREGION_REASON_EXCLUDED, true },
};

static void
a_policy_becomes_what_this_machine_can_do(void **state)
{
	struct mr_facts facts = { .memory = nodes("0-3"), .allowed = nodes("0-2"), .home = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mr_wished wished = {
			.policy = cases[i].policy,
			.nodes = nodes(cases[i].nodes),
			.strict = cases[i].strict,
			.prefault = cases[i].prefault,
		};
		struct mr_fault fault = { 0 };
		struct mr_place place;

		print_message("case %zu: policy %s, nodes \"%s\"\n", i,
			      rte_membind_policy_name(cases[i].policy), cases[i].nodes);
		mr_place_plan(&wished, &facts, &place, &fault);
		assert_int_equal(place.policy, cases[i].told);
		assert_nodes(&place.nodes, cases[i].told_nodes);
		assert_nodes(&place.targets, cases[i].targets);
		assert_nodes(&place.sources, cases[i].sources);
		assert_int_equal(fault.reason, cases[i].reason);
		assert_int_equal(fault.total, cases[i].total);
	}
}

static void
missing_nodes_are_named_with_what_there_is(void **state)
{
	struct mr_facts facts = { .memory = nodes("0-3"), .allowed = nodes("0-2"), .home = 1 };
	struct mr_wished wished = { .policy = RTE_MEMBIND_BIND, .nodes = nodes("1,5,7") };
	struct mr_fault fault = { 0 };
	struct mr_place place;

	(void)state;
	mr_place_plan(&wished, &facts, &place, &fault);
	assert_non_null(strstr(fault.text, "nodes 5,7"));
	assert_non_null(strstr(fault.text, "there is memory on nodes 0-3"));
	wished.nodes = nodes("3");
	mr_place_plan(&wished, &facts, &place, &fault);
	assert_non_null(strstr(fault.text, "node 3"));
	assert_non_null(strstr(fault.text, "cpuset"));
	assert_non_null(strstr(fault.text, "allows nodes 0-2"));
}

static void
room_of_a_node_leaves_the_kernel_its_own(void **state)
{
	struct rte_numa_memory memory = { .total = 16384 * MIB, .free = 1000 * MIB };

	(void)state;
	assert_true(mr_room_of_node(&memory, 0) == 1000 * MIB);
	assert_true(mr_room_of_node(&memory, 64 * MIB) == 920 * MIB);
	memory.reclaimable = 500 * MIB;
	assert_true(mr_room_of_node(&memory, 64 * MIB) == 1170 * MIB);
	/* A small node does not have to keep the minimum of the whole machine. */
	memory = (struct rte_numa_memory){ .total = 160 * MIB, .free = 100 * MIB };
	assert_true(mr_room_of_node(&memory, 64 * MIB) == 90 * MIB);
	memory.free = 5 * MIB;
	assert_true(mr_room_of_node(&memory, 64 * MIB) == 0);
	memory = (struct rte_numa_memory){ 0 };
	assert_true(mr_room_of_node(&memory, 64 * MIB) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_becomes_what_this_machine_can_do),
		cmocka_unit_test(missing_nodes_are_named_with_what_there_is),
		cmocka_unit_test(room_of_a_node_leaves_the_kernel_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
