/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of memregion_pages.c: which pages are tried for a wish, a size and what is free.
 * Must not: depend on the machine.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "memregion_priv.h"

#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

/* A machine with 8 pages of 2 MiB and 2 of 1 GiB free. */
static struct mr_page_facts
facts(void)
{
	return (struct mr_page_facts){
		.base_page = 4096,
		.transparent = MR_2M,
		.nb_pools = 2,
		.pools = { { MR_2M, 8 }, { MR_1G, 2 } },
		.where = { "node 1" },
	};
}

/* The rungs as text: page size in MiB, or t for transparent and s for small. */
static const char *
plan(enum rte_memregion_pages wished, bool strict, size_t size, const struct mr_page_facts *from,
     struct mr_ladder *ladder)
{
	static char text[256];

	text[0] = '\0';
	if (mr_pages_plan(wished, strict, size, from, ladder) < 0)
		return "none";
	for (unsigned int i = 0; i < ladder->nb_rungs; i++) {
		const struct mr_rung *rung = &ladder->rungs[i];

		mr_text_add(text, sizeof(text), "%s", i > 0 ? " " : "");
		if (rung->kind == MR_EXPLICIT)
			mr_text_add(text, sizeof(text), "%zu", rung->page_size / MIB);
		else
			mr_text_add(text, sizeof(text), "%c", rung->kind == MR_SMALL ? 's' : 't');
	}
	return text;
}

/* What was passed over before the first rung. */
static const char *
skipped(const struct mr_ladder *ladder)
{
	static char text[256];

	text[0] = '\0';
	mr_pages_skipped(ladder, 0, text, sizeof(text));
	return text;
}

static void
one_size_is_that_size_and_when_soft_the_next_best(void **state)
{
	const struct mr_page_facts from = facts();
	struct mr_ladder ladder;

	(void)state;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_SMALL, true, 1, &from, &ladder), "s");
	assert_int_equal(ladder.rungs[0].page_size, 4096);
	assert_string_equal(plan(RTE_MEMREGION_PAGES_SMALL, false, 1, &from, &ladder), "s");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_TRANSPARENT, true, 1, &from, &ladder), "t");
	assert_int_equal(ladder.rungs[0].page_size, MR_2M);
	assert_string_equal(plan(RTE_MEMREGION_PAGES_2M, true, 1, &from, &ladder), "2");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_2M, false, 1, &from, &ladder), "2 t");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_1G, true, 1, &from, &ladder), "1024");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_1G, false, 1, &from, &ladder), "1024 2 t");
	/* It is asked of the kernel even if nothing seems free: that may have changed. */
	assert_string_equal(plan(RTE_MEMREGION_PAGES_2M, true, 100 * MIB, &from, &ladder), "2");
}

static void
any_explicit_is_the_largest_that_fits_and_is_free(void **state)
{
	struct mr_page_facts from = facts();
	struct mr_ladder ladder;

	(void)state;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, true, GIB, &from, &ladder), "1024");
	/* Worse pages do not explain why better ones were taken. */
	assert_string_equal(skipped(&ladder), "");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, true, 16 * MIB, &from, &ladder),
			    "2");
	assert_string_equal(skipped(&ladder), "1 GiB: too large for 16 MiB");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, false, 16 * MIB, &from, &ladder),
			    "2 t");
	/* An eighth may be lost to rounding, and not more. */
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, true, 2 * GIB - 227 * MIB, &from,
				 &ladder),
			    "1024");
	from.pools[0].free = 4096;
	assert_string_equal(
		plan(RTE_MEMREGION_PAGES_EXPLICIT, true, 2 * GIB - 228 * MIB, &from, &ladder), "2");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, true, 2 * GIB, &from, &ladder),
			    "1024 2");
	/* None suits: the smallest is asked for, and its failure says what there is. */
	from.pools[0].free = 0;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, true, 5, &from, &ladder), "2");
	from.nb_pools = 0;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, true, GIB, &from, &ladder), "none");
	assert_string_equal(plan(RTE_MEMREGION_PAGES_EXPLICIT, false, GIB, &from, &ladder), "t");
}

static void
the_ladder_goes_down_and_says_why(void **state)
{
	struct mr_page_facts from = facts();
	struct mr_ladder ladder;

	(void)state;
	from.pools[0].free = 512;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_LADDER, true, GIB, &from, &ladder),
			    "1024 2 t s");
	assert_string_equal(skipped(&ladder), "");
	from.pools[1].free = 0;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_LADDER, false, GIB, &from, &ladder), "2 t s");
	assert_string_equal(skipped(&ladder), "1 GiB: 0 of 1 pages free on node 1");
	from.pools[0].free = 511;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_LADDER, true, GIB, &from, &ladder), "t s");
	assert_string_equal(skipped(&ladder), "1 GiB: 0 of 1 pages free on node 1; "
					      "2 MiB: 511 of 512 pages free on node 1");
	from.transparent_never = true;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_LADDER, true, GIB, &from, &ladder), "s");
	assert_non_null(strstr(skipped(&ladder), "; transparent: switched off"));
	from.transparent = 0;
	from.nb_pools = 0;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_LADDER, true, GIB, &from, &ladder), "s");
	assert_string_equal(skipped(&ladder), "transparent: this kernel has none");
	from = facts();
	assert_string_equal(plan(RTE_MEMREGION_PAGES_LADDER, true, 8192, &from, &ladder), "s");
	assert_string_equal(
		skipped(&ladder),
		"1 GiB: too large for 8 KiB; 2 MiB: too large for 8 KiB; transparent: too large for 8 KiB");
}

static void
without_transparent_hugepages_small_ones_stand_in(void **state)
{
	struct mr_page_facts from = facts();
	struct mr_ladder ladder;

	(void)state;
	from.transparent = 0;
	assert_string_equal(plan(RTE_MEMREGION_PAGES_TRANSPARENT, false, 5, &from, &ladder), "t");
	assert_int_equal(ladder.rungs[0].page_size, 4096);
}

static void
rungs_meet_their_wishes_and_no_others(void **state)
{
	const struct mr_rung small = { MR_SMALL, 4096 }, transparent = { MR_TRANSPARENT, MR_2M },
			     two = { MR_EXPLICIT, MR_2M }, one = { MR_EXPLICIT, MR_1G };

	(void)state;
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_SMALL, &small));
	assert_false(mr_pages_meet(RTE_MEMREGION_PAGES_SMALL, &transparent));
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_TRANSPARENT, &transparent));
	assert_false(mr_pages_meet(RTE_MEMREGION_PAGES_TRANSPARENT, &two));
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_2M, &two));
	assert_false(mr_pages_meet(RTE_MEMREGION_PAGES_2M, &one));
	assert_false(mr_pages_meet(RTE_MEMREGION_PAGES_2M, &transparent));
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_1G, &one));
	assert_false(mr_pages_meet(RTE_MEMREGION_PAGES_1G, &two));
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_EXPLICIT, &one));
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_EXPLICIT, &two));
	assert_false(mr_pages_meet(RTE_MEMREGION_PAGES_EXPLICIT, &transparent));
	assert_true(mr_pages_meet(RTE_MEMREGION_PAGES_LADDER, &small));
}

static void
sizes_are_rounded_and_never_wrap(void **state)
{
	size_t size = 7;

	(void)state;
	assert_int_equal(mr_round_up(1, 4096, &size), 0);
	assert_int_equal(size, 4096);
	assert_int_equal(mr_round_up(4096, 4096, &size), 0);
	assert_int_equal(size, 4096);
	assert_int_equal(mr_round_up(SIZE_MAX - 4095, 4096, &size), 0);
	assert_true(size == SIZE_MAX - 4095);
	size = 7;
	assert_int_equal(mr_round_up(SIZE_MAX - 4094, 4096, &size), -ENOMEM);
	assert_int_equal(mr_round_up(SIZE_MAX, MR_1G, &size), -ENOMEM);
	assert_int_equal(size, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_size_is_that_size_and_when_soft_the_next_best),
		cmocka_unit_test(any_explicit_is_the_largest_that_fits_and_is_free),
		cmocka_unit_test(the_ladder_goes_down_and_says_why),
		cmocka_unit_test(without_transparent_hugepages_small_ones_stand_in),
		cmocka_unit_test(rungs_meet_their_wishes_and_no_others),
		cmocka_unit_test(sizes_are_rounded_and_never_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
