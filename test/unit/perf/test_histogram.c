/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of histogram.c.
 * Must not: need a clock.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "histogram.h"

static struct histogram h, other;

static int
clear(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	memset(&other, 0, sizeof(other));
	return 0;
}

/* Every value lies in one bucket, and buckets follow each other. */
static void
buckets_are_in_order(void **state)
{
	unsigned int bucket, last = 0;
	uint64_t value;

	(void)state;
	for (value = 0; value < 1000000; value++) {
		bucket = histogram_bucket(value);
		assert_true(bucket == last || bucket == last + 1);
		last = bucket;
	}
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	for (value = 0; value < 2 * HISTOGRAM_STEPS; value++)
		assert_int_equal(histogram_bucket(value), value);
}

static void
quantiles_are_near(void **state)
{
	uint64_t value, quantile;

	(void)state;
	for (value = 1; value <= 100000; value++)
		histogram_add(&h, value);
	assert_int_equal(histogram_count(&h), 100000);
	quantile = histogram_quantile(&h, 0.5);
	assert_in_range(quantile, 50000, 50000 * 1.04);
	quantile = histogram_quantile(&h, 0.999);
	assert_in_range(quantile, 99900, 100000);
	assert_int_equal(histogram_quantile(&h, 1), 100000);
}

/* One in a thousand is beyond the 99.9 %, and the largest value is never rounded. */
static void
rare_ones_are_at_the_end(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 999; i++)
		histogram_add(&h, 20);
	histogram_add(&h, 123457);
	assert_int_equal(histogram_quantile(&h, 0.5), 20);
	assert_int_equal(histogram_quantile(&h, 0.999), 20);
	assert_int_equal(histogram_quantile(&h, 0.9991), 123457);
	assert_int_equal(histogram_quantile(&h, 1), 123457);
}

static void
merged_counts_add_up(void **state)
{
	(void)state;
	histogram_add(&h, 5);
	histogram_add(&other, 7);
	histogram_add(&other, 7000);
	histogram_merge(&h, &other);
	assert_int_equal(histogram_count(&h), 3);
	assert_int_equal(h.max, 7000);
	assert_int_equal(histogram_quantile(&h, 0.5), 7);
}

static void
nothing_has_no_quantile(void **state)
{
	(void)state;
	assert_int_equal(histogram_count(&h), 0);
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(buckets_are_in_order, clear),
		cmocka_unit_test_setup(quantiles_are_near, clear),
		cmocka_unit_test_setup(rare_ones_are_at_the_end, clear),
		cmocka_unit_test_setup(merged_counts_add_up, clear),
		cmocka_unit_test_setup(nothing_has_no_quantile, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
