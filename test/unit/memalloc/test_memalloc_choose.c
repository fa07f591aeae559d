/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the choice: each rule, what is taken in place of what cannot be had, the words,
 *   and that what the machine is said to have is what the kernel says.
 * Must not: allocate what was chosen.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc.h>
#include <rte_memalloc_choose.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

#define FORCE  RTE_MEMALLOC_HINT_F_FORCE
#define GPU    RTE_MEMALLOC_HINT_F_GPU
#define REMOTE RTE_MEMALLOC_SCOPE_REMOTE
#define NODE   RTE_MEMALLOC_SCOPE_NODE

#define STANDARD RTE_MEMALLOC_CHOICE_STANDARD
#define NUMA	 RTE_MEMALLOC_CHOICE_NUMA
#define HUGE	 RTE_MEMALLOC_CHOICE_HUGE
#define PINNED	 RTE_MEMALLOC_CHOICE_PINNED
#define ARENA	 RTE_MEMALLOC_CHOICE_ARENA
#define POOL	 RTE_MEMALLOC_CHOICE_POOL

/* A machine that has everything. */
static const struct rte_memalloc_facts rich = {
	.nb_nodes = 2,
	.can_pin = 1,
	.huge = { { .page_size = 2 * MIB, .free = 600 }, { .page_size = GIB, .free = 2 } },
};

/* One that has nothing. */
static const struct rte_memalloc_facts poor = { .nb_nodes = 1 };

/* One whose small pages are all taken. */
static const struct rte_memalloc_facts only_large = {
	.nb_nodes = 1,
	.huge = { { .page_size = 2 * MIB, .free = 0 }, { .page_size = GIB, .free = 2 } },
};

struct expectation {
	const struct rte_memalloc_facts *facts;
	struct rte_memalloc_hints hints;
	size_t size;
	const char *text; /* The whole choice in words. */
};

static const struct expectation expectations[] = {
	/* The reference's rules. */
	{ &rich, { .flags = GPU, .scope = REMOTE }, 2 * MIB, "pinned, as a GPU accesses it" },
	{ &rich, { .scope = REMOTE }, 100, "huge pages of 2 MiB, as it goes over a network" },
	{ &rich, { 0 }, 1000001, "NUMA, as there are several nodes and it is large" },
	{ &rich, { 0 }, 1000000, "standard, as nothing asks for another kind" },
	{ &poor, { 0 }, 1000001, "standard, as nothing asks for another kind" },
	{ &poor, { 0 }, MIB, "standard, as nothing asks for another kind" },
	{ &poor, { 0 }, MIB + 1, "arena, as it is above the arena's threshold" },
	{ &poor, { 0 }, 4096, "standard, as nothing asks for another kind" },
	{ &poor, { 0 }, 4095, "pool, as it is below the pool's threshold" },
	{ &rich, { 0 }, 1, "pool, as it is below the pool's threshold" },
	/* Lifetime. */
	{ &poor,
	  { .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY },
	  64,
	  "arena, as it is for one piece of work" },
	{ &poor,
	  { .lifetime = RTE_MEMALLOC_LIFETIME_LASTING },
	  2 * MIB,
	  "standard, as nothing asks for another kind" },
	{ &poor,
	  { .lifetime = RTE_MEMALLOC_LIFETIME_STREAMING },
	  2 * MIB,
	  "standard, as nothing asks for another kind" },
	{ &poor,
	  { .lifetime = RTE_MEMALLOC_LIFETIME_STREAMING },
	  64,
	  "pool, as it is below the pool's threshold" },
	/* Another node. */
	{ &rich,
	  { .scope = NODE, .node_id = 1 },
	  2 * MIB,
	  "NUMA node 1, as there are several nodes and it is large" },
	{ &rich, { .scope = NODE }, 4096, "NUMA node 0, as it is used on another node" },
	{ &rich, { .scope = NODE }, 4095, "pool, as it is below the pool's threshold" },
	{ &poor, { .scope = NODE }, 4096, "standard, as nothing asks for another kind" },
	/* Huge pages: the largest that waste little. */
	{ &rich, { .scope = REMOTE }, GIB - 1, "huge pages of 1 GiB, as it goes over a network" },
	{ &rich, { .scope = REMOTE }, GIB / 2, "huge pages of 2 MiB, as it goes over a network" },
	{ &rich, { .scope = REMOTE }, 2 * GIB, "huge pages of 1 GiB, as it goes over a network" },
	/* None or too few, and no GPU: the next best. */
	{ &poor,
	  { .flags = GPU, .scope = REMOTE },
	  2 * MIB,
	  "arena, as it is above the arena's threshold; not pinned (a GPU accesses it): no pin "
	  "driver has found a device; not huge pages (it goes over a network): no hugepages are set "
	  "up" },
	{ &rich,
	  { .scope = REMOTE },
	  3 * GIB,
	  "NUMA, as there are several nodes and it is large; not huge pages (it goes over a "
	  "network): too few hugepages are free" },
	{ &rich,
	  { .scope = REMOTE },
	  SIZE_MAX,
	  "NUMA, as there are several nodes and it is large; not huge pages (it goes over a "
	  "network): too few hugepages are free" },
	{ &only_large,
	  { .scope = REMOTE },
	  1,
	  "pool, as it is below the pool's threshold; not huge pages (it goes over a network): too "
	  "few hugepages are free" },
	{ &only_large,
	  { .scope = REMOTE },
	  SIZE_MAX,
	  "arena, as it is above the arena's threshold; not huge pages (it goes over a network): too "
	  "few hugepages are free" },
	{ &only_large, { .scope = REMOTE }, GIB, "huge pages of 1 GiB, as it goes over a network" },
	/* Forced, also what rules would not have. */
	{ &rich,
	  { .flags = FORCE | GPU, .forced = STANDARD },
	  1,
	  "standard, as the caller forces it" },
	{ &poor, { .flags = FORCE, .forced = NUMA }, 1, "NUMA, as the caller forces it" },
	{ &poor, { .flags = FORCE, .forced = ARENA }, 1, "arena, as the caller forces it" },
	{ &rich,
	  { .flags = FORCE, .forced = HUGE },
	  MIB,
	  "huge pages of 2 MiB, as the caller forces it" },
	{ &poor,
	  { .flags = FORCE | GPU, .forced = PINNED },
	  64,
	  "pool, as it is below the pool's threshold; not pinned (the caller forces it): no pin "
	  "driver has found a device" },
	{ &poor,
	  { .flags = FORCE, .forced = POOL },
	  4096,
	  "standard, as nothing asks for another kind; not pool (the caller forces it): it does not "
	  "serve this size" },
};

static const char *
words_of(const struct rte_memalloc_rules *rules, const struct rte_memalloc_facts *facts,
	 size_t size, const struct rte_memalloc_hints *hints)
{
	static char text[512];
	struct rte_memalloc_choice choice;

	assert_int_equal(rte_memalloc_choose_by(rules, facts, size, hints, &choice), 0);
	assert_true(rte_memalloc_choice_text(&choice, text, sizeof(text)) < sizeof(text));
	return text;
}

static void
each_rule_holds(void **state)
{
	struct rte_memalloc_rules rules;
	const struct expectation *e;

	(void)state;
	rte_memalloc_rules_init(&rules);
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		e = &expectations[i];
		assert_string_equal(words_of(&rules, e->facts, e->size, &e->hints), e->text);
	}
	assert_string_equal(words_of(&rules, &poor, 64, NULL),
			    "pool, as it is below the pool's threshold");
}

static void
pressure_keeps_from_what_keeps_memory(void **state)
{
	struct rte_memalloc_hints temporary = { .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY };
	struct rte_memalloc_facts facts = poor;
	struct rte_memalloc_rules rules;

	(void)state;
	rte_memalloc_rules_init(&rules);
	facts.pressure = RTE_MEMALLOC_PRESSURE_MEDIUM;
	assert_string_equal(words_of(&rules, &facts, 64, &temporary),
			    "arena, as it is for one piece of work");
	facts.pressure = RTE_MEMALLOC_PRESSURE_HIGH;
	assert_string_equal(words_of(&rules, &facts, 64, &temporary),
			    "pool, as it is below the pool's threshold; not arena (it is for one "
			    "piece of work): memory is short, and this kind keeps what is freed");
	facts.pressure = RTE_MEMALLOC_PRESSURE_CRITICAL;
	assert_string_equal(
		words_of(&rules, &facts, 64, NULL),
		"standard, as nothing asks for another kind; not pool (it is below the "
		"pool's threshold): memory is short, and this kind keeps what is freed");
	assert_int_equal(rte_memalloc_pressure_of(25, 100), RTE_MEMALLOC_PRESSURE_LOW);
	assert_int_equal(rte_memalloc_pressure_of(24, 100), RTE_MEMALLOC_PRESSURE_MEDIUM);
	assert_int_equal(rte_memalloc_pressure_of(9, 100), RTE_MEMALLOC_PRESSURE_HIGH);
	assert_int_equal(rte_memalloc_pressure_of(4, 100), RTE_MEMALLOC_PRESSURE_CRITICAL);
	assert_int_equal(rte_memalloc_pressure_of(0, 0), RTE_MEMALLOC_PRESSURE_LOW);
}

static void
thresholds_are_the_callers(void **state)
{
	struct rte_memalloc_rules rules = { .huge_min = 3 * MIB,
					    .numa_above = 10,
					    .arena_above = 20,
					    .pool_below = 5,
					    .arena_pressure = RTE_MEMALLOC_PRESSURE_CRITICAL,
					    .pool_pressure = RTE_MEMALLOC_PRESSURE_CRITICAL };
	struct rte_memalloc_hints remote = { .scope = REMOTE };

	(void)state;
	assert_string_equal(words_of(&rules, &rich, 10, NULL),
			    "standard, as nothing asks for another kind");
	assert_string_equal(words_of(&rules, &rich, 11, NULL),
			    "NUMA, as there are several nodes and it is large");
	assert_string_equal(words_of(&rules, &poor, 21, NULL),
			    "arena, as it is above the arena's threshold");
	assert_string_equal(words_of(&rules, &poor, 4, NULL),
			    "pool, as it is below the pool's threshold");
	assert_string_equal(words_of(&rules, &poor, 5, NULL),
			    "standard, as nothing asks for another kind");
	assert_string_equal(words_of(&rules, &rich, 2 * MIB, &remote),
			    "NUMA, as there are several nodes and it is large");
	assert_string_equal(words_of(&rules, &rich, 3 * MIB, &remote),
			    "huge pages of 2 MiB, as it goes over a network");
}

/* Whatever is asked, of whatever machine: what is chosen can be had, and all is accounted for. */
static void
what_is_chosen_can_be_had(void **state)
{
	static const size_t sizes[] = { 1, 4095, 4096, MIB, 2 * MIB, 5 * GIB };
	struct rte_memalloc_rules rules;
	struct rte_memalloc_facts facts;
	struct rte_memalloc_hints hints;
	struct rte_memalloc_choice choice;
	unsigned int seen = 0;
	char text[512];

	(void)state;
	rte_memalloc_rules_init(&rules);
	for (uint32_t i = 0; i < 6 * 4 * 3 * 4 * 7 * 64; i++) {
		uint32_t at = i;

		facts = at % 2 != 0 ? rich : poor;
		facts.without = at % 64;
		at /= 64;
		hints = (struct rte_memalloc_hints){ .flags = at % 2 != 0 ? GPU : 0 };
		facts.pressure = at % 4;
		at /= 4;
		hints.lifetime = at % 4;
		at /= 4;
		hints.scope = at % 3;
		at /= 3;
		if (at % 7 != 0) {
			hints.flags |= FORCE;
			hints.forced = at % 7 - 1;
		}
		at /= 7;
		assert_int_equal(rte_memalloc_choose_by(&rules, &facts, sizes[at], &hints, &choice),
				 0);
		assert_true(choice.kind == STANDARD ||
			    (facts.without & RTE_MEMALLOC_CHOICE_BIT(choice.kind)) == 0);
		assert_true(choice.kind != PINNED || facts.can_pin != 0);
		assert_int_equal(choice.page_size != 0, choice.kind == HUGE);
		assert_true(choice.nb_passed <= RTE_MEMALLOC_PASSED_MAX);
		for (uint32_t n = 0; n < choice.nb_passed; n++) {
			assert_int_not_equal(choice.passed[n].kind, choice.kind);
			assert_int_not_equal(choice.passed[n].why_not, RTE_MEMALLOC_WHY_NOT_NONE);
		}
		assert_true(rte_memalloc_choice_text(&choice, text, sizeof(text)) < sizeof(text));
		assert_null(strstr(text, "unknown"));
		seen |= RTE_MEMALLOC_CHOICE_BIT(choice.kind);
	}
	assert_int_equal(seen, (1u << RTE_MEMALLOC_NB_CHOICES) - 1);
}

static void
nonsense_is_refused(void **state)
{
	struct rte_memalloc_hints hints[] = {
		{ .flags = 4 }, { .flags = FORCE, .forced = 6 }, { .lifetime = 4 }, { .scope = 3 }
	};
	struct rte_memalloc_choice choice, untouched;

	(void)state;
	memset(&choice, 0x5a, sizeof(choice));
	untouched = choice;
	assert_int_equal(rte_memalloc_choose(0, NULL, &choice), -EINVAL);
	assert_non_null(strstr(rte_memalloc_error(), "0 bytes"));
	assert_int_equal(rte_memalloc_choose(1, NULL, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		assert_int_equal(rte_memalloc_choose(1, &hints[i], &choice), -EINVAL);
		assert_non_null(strstr(rte_memalloc_error(), "one of these is none"));
	}
	assert_memory_equal(&choice, &untouched, sizeof(choice));
	assert_int_equal(rte_memalloc_facts_read(NULL), -EINVAL);
	assert_string_equal(rte_memalloc_choice_name(99), "unknown");
	assert_string_equal(rte_memalloc_why_text(99), "unknown");
	assert_string_equal(rte_memalloc_why_not_text(99), "unknown");
}

static void
words_are_cut_to_what_there_is(void **state)
{
	struct rte_memalloc_choice choice = { .kind = POOL,
					      .why = RTE_MEMALLOC_WHY_POOL,
					      .node_id = -1 };
	const char *whole = "pool, as it is below the pool's threshold";
	char text[64];

	(void)state;
	assert_int_equal(rte_memalloc_choice_text(&choice, NULL, 0), strlen(whole));
	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		assert_int_equal(rte_memalloc_choice_text(&choice, text, size), strlen(whole));
		assert_int_equal(strlen(text), size <= strlen(whole) ? size - 1 : strlen(whole));
		assert_memory_equal(text, whole, strlen(text));
		assert_int_equal(text[size], 'x');
	}
}

/* A figure of the pool of hugepages of a size, as the kernel has it; 0 if there is no such pool. */
static uint64_t
pool_figure(uint64_t page_size, const char *what)
{
	unsigned long long figure = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/%s",
		 (unsigned long long)page_size / 1024, what);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	assert_int_equal(fscanf(file, "%llu", &figure), 1);
	fclose(file);
	return figure;
}

/* Whether what is told of one size is what the kernel says. */
static bool
is_told_right(const struct rte_memalloc_facts *facts, uint64_t page_size)
{
	uint64_t free = pool_figure(page_size, "free_hugepages");
	uint64_t promised = pool_figure(page_size, "resv_hugepages");

	for (unsigned int i = 0; i < RTE_MEMALLOC_NB_HUGE; i++) {
		if (facts->huge[i].page_size == page_size)
			return facts->huge[i].free == free - promised;
	}
	return pool_figure(page_size, "nr_hugepages") == 0;
}

static void
hugepages_are_what_the_kernel_says(void **state)
{
	struct rte_memalloc_facts facts;

	(void)state;
	/* Other programs may take or set up some right between two looks. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(rte_memalloc_facts_read(&facts), 0);
		if (is_told_right(&facts, 2 * MIB) && is_told_right(&facts, GIB))
			return;
	}
	fail_msg("hugepages are told of that there are not, or the other way round");
}

static void
nodes_and_memory_are_what_the_kernel_says(void **state)
{
	struct rte_memalloc_facts facts;
	unsigned long long total = 0;
	char line[256];
	int nodes[64];
	FILE *file;

	(void)state;
	assert_int_equal(rte_memalloc_facts_read(&facts), 0);
	assert_int_equal(facts.nb_nodes, witness_nodes(nodes, 64));
	assert_int_equal(facts.can_pin, 0);
	assert_int_equal(facts.pressure, rte_memalloc_pressure_of(facts.available, facts.total));
	file = fopen("/proc/meminfo", "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemTotal: %llu", &total) == 1)
			break;
	}
	fclose(file);
	/* Nodes' and the machine's figures are taken at different places of the kernel. */
	assert_in_range(facts.total, total * 1024 / 100 * 98, total * 1024 / 100 * 102);
	assert_in_range(facts.available, 1, facts.total);
}

static void
the_short_form_uses_this_machine(void **state)
{
	struct rte_memalloc_rules rules;
	struct rte_memalloc_facts facts;
	struct rte_memalloc_choice choice, by;

	(void)state;
	rte_memalloc_rules_init(&rules);
	assert_int_equal(rte_memalloc_facts_read(&facts), 0);
	facts.pressure = RTE_MEMALLOC_PRESSURE_LOW;
	for (size_t size = 1; size < 64 * MIB; size *= 3) {
		assert_int_equal(rte_memalloc_choose(size, NULL, &choice), 0);
		assert_int_equal(rte_memalloc_choose_by(&rules, &facts, size, NULL, &by), 0);
		if (choice.nb_passed == 0)
			assert_int_equal(choice.kind, by.kind);
	}
}

static void
the_short_form_is_told_of_changes(void **state)
{
	const struct rte_memalloc_hints gpu = { .flags = RTE_MEMALLOC_HINT_F_GPU };
	struct rte_memalloc_facts facts = { .nb_nodes = 1, .huge = { { 2 * MIB, 3 } } };
	const struct rte_memalloc_hints remote = { .scope = RTE_MEMALLOC_SCOPE_REMOTE };
	struct rte_memalloc_choice choice;

	(void)state;
	assert_int_equal(rte_memalloc_choose(4 * MIB, &gpu, &choice), 0);
	assert_int_not_equal(choice.kind, RTE_MEMALLOC_CHOICE_PINNED);
	/* A driver was loaded, the last but two hugepages are taken, and memory is short. */
	facts.can_pin = 1;
	assert_int_equal(rte_memalloc_choose_inform(&facts), 0);
	assert_int_equal(rte_memalloc_choose(4 * MIB, &gpu, &choice), 0);
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_PINNED);
	assert_int_equal(rte_memalloc_choose(6 * MIB, &remote, &choice), 0);
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_HUGE);
	assert_int_equal(choice.page_size, 2 * MIB);
	assert_int_equal(rte_memalloc_choose(8 * MIB, &remote, &choice), 0);
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_ARENA);
	facts.pressure = RTE_MEMALLOC_PRESSURE_CRITICAL;
	assert_int_equal(rte_memalloc_choose_inform(&facts), 0);
	assert_int_equal(rte_memalloc_choose(8 * MIB, &remote, &choice), 0);
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_STANDARD);
	/* Back to what there is. */
	assert_int_equal(rte_memalloc_choose_inform(NULL), 0);
	assert_int_equal(rte_memalloc_choose(4 * MIB, &gpu, &choice), 0);
	assert_int_not_equal(choice.kind, RTE_MEMALLOC_CHOICE_PINNED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_holds),
		cmocka_unit_test(pressure_keeps_from_what_keeps_memory),
		cmocka_unit_test(thresholds_are_the_callers),
		cmocka_unit_test(what_is_chosen_can_be_had),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(words_are_cut_to_what_there_is),
		cmocka_unit_test(hugepages_are_what_the_kernel_says),
		cmocka_unit_test(nodes_and_memory_are_what_the_kernel_says),
		cmocka_unit_test(the_short_form_uses_this_machine),
		cmocka_unit_test(the_short_form_is_told_of_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
