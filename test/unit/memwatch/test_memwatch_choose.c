/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what the choice of memory is told: it chooses otherwise when memory gets short.
 * Must not: depend on how much memory the machine has.
 * Called by: meson test.
 */

#include <errno.h>

#include "planted.h"
#include "rte_memalloc_auto.h"
#include "rte_memwatch_choose.h"

#define MIB ((size_t)1 << 20)

static enum rte_memalloc_choice_kind
chosen(size_t size)
{
	struct rte_memalloc_hints hints = { .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY };
	struct rte_memalloc_choice choice;

	assert_int_equal(rte_memalloc_choose(size, &hints, &choice), 0);
	return choice.kind;
}

static void
facts_are_those_that_are_watched(void **state)
{
	struct rte_memalloc_facts facts = { .nb_nodes = 77 };

	(void)state;
	planted_machine(200);
	planted_node(3, 10);
	planted_start();
	assert_int_equal(rte_memwatch_facts(MACHINE, &facts), 0);
	assert_int_equal(facts.pressure, RTE_MEMALLOC_PRESSURE_MEDIUM);
	assert_int_equal(facts.available, 200 * MIB);
	/* The higher of both. */
	assert_int_equal(rte_memwatch_facts(1, &facts), 0);
	assert_int_equal(facts.pressure, RTE_MEMALLOC_PRESSURE_MEDIUM);
	assert_int_equal(rte_memwatch_facts(3, &facts), 0);
	assert_int_equal(facts.pressure, RTE_MEMALLOC_PRESSURE_CRITICAL);
	assert_int_equal(facts.available, 10 * MIB);
	assert_int_equal(rte_memwatch_facts(1000, &facts), -EINVAL);
	assert_int_equal(rte_memwatch_facts(MACHINE, NULL), -EINVAL);
}

static void
a_choice_follows_the_level(void **state)
{
	int id;

	(void)state;
	planted_start();
	id = rte_memwatch_choose_follow(NULL);
	assert_true(id > 0);
	assert_int_equal(chosen(MIB / 2), RTE_MEMALLOC_CHOICE_ARENA);
	planted_machine(80);
	planted_look();
	/* No arena from high on. */
	assert_int_equal(chosen(MIB / 2), RTE_MEMALLOC_CHOICE_STANDARD);
	planted_machine(800);
	planted_look();
	assert_int_equal(chosen(MIB / 2), RTE_MEMALLOC_CHOICE_ARENA);
	assert_int_equal(rte_memwatch_unregister(id), 0);
	planted_machine(80);
	planted_look();
	assert_int_equal(chosen(MIB / 2), RTE_MEMALLOC_CHOICE_ARENA);
}

int
main(void)
{
#define PLANTED(test) cmocka_unit_test_setup_teardown(test, planted_make, planted_remove)
	const struct CMUnitTest tests[] = {
		PLANTED(facts_are_those_that_are_watched),
		PLANTED(a_choice_follows_the_level),
	};

	return cmocka_run_group_tests_name("memwatch/choose", tests, NULL, NULL);
}
