/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of statistics.c.
 * Must not: need more than numbers.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "statistics.h"

static void
median_of_odd_and_even(void **state)
{
	double odd[] = { 9, 1, 5 };
	double even[] = { 4, 1, 3, 2 };
	double one[] = { 7 };

	(void)state;
	assert_true(statistics_median(odd, 3) == 5);
	assert_true(statistics_median(even, 4) == 2.5);
	assert_true(statistics_median(one, 1) == 7);
	assert_true(odd[0] == 1 && odd[2] == 9);
}

static void
spread_is_of_the_median(void **state)
{
	double samples[] = { 10, 12, 8, 11, 10 };
	struct statistics s = statistics_of(samples, 5);

	(void)state;
	assert_true(s.median == 10 && s.min == 8 && s.max == 12);
	assert_true(s.spread == 0.4);
}

static void
no_spread_of_nothing(void **state)
{
	double samples[] = { -1, 0, 1 };
	struct statistics s = statistics_of(samples, 3);

	(void)state;
	assert_true(s.median == 0 && s.spread == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median_of_odd_and_even),
		cmocka_unit_test(spread_is_of_the_median),
		cmocka_unit_test(no_spread_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
