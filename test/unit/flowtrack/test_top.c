/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of top.c.
 * Must not: need flows.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "top.h"

/* A shuffle of 0 to 999: each number of bytes once. */
static void
add_all(struct top *top, unsigned int step)
{
	struct flow_summary flow = { 0 };
	unsigned int i;

	for (i = 0; i < 1000; i += step) {
		flow.bytes[0] = i * 617 % 1000 / 2;
		flow.bytes[1] = i * 617 % 1000 - flow.bytes[0];
		top_add(top, &flow);
	}
}

static uint64_t
bytes_at(const struct top *top, unsigned int i)
{
	return top->flows[i].bytes[0] + top->flows[i].bytes[1];
}

static void
the_biggest_are_kept(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 2, 3, 10, 999, 1000, 2000 };
	struct top top;
	unsigned int i;
	unsigned int n;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(top_init(&top, sizes[i]), 0);
		add_all(&top, 1);
		top_sort(&top);
		assert_int_equal(top.n, sizes[i] < 1000 ? sizes[i] : 1000);
		for (n = 0; n < top.n; n++)
			assert_int_equal(bytes_at(&top, n), 999 - n);
		top_free(&top);
	}
}

static void
two_are_merged(void **state)
{
	struct flow_summary flow = { .bytes = { 5000, 0 } };
	struct top a;
	struct top b;

	(void)state;
	assert_int_equal(top_init(&a, 3), 0);
	assert_int_equal(top_init(&b, 3), 0);
	add_all(&a, 1);
	add_all(&b, 2);
	top_add(&b, &flow);
	top_merge(&a, &b);
	top_sort(&a);
	assert_int_equal(a.n, 3);
	assert_int_equal(bytes_at(&a, 0), 5000);
	assert_int_equal(bytes_at(&a, 1), 999);
	top_free(&a);
	top_free(&b);
}

static void
ties_go_to_the_earlier(void **state)
{
	struct flow_summary flow = { .bytes = { 10, 10 } };
	struct top top;
	unsigned int i;

	(void)state;
	assert_int_equal(top_init(&top, 4), 0);
	for (i = 0; i < 100; i++) {
		flow.first_us = i * 37 % 100;
		top_add(&top, &flow);
	}
	top_sort(&top);
	for (i = 0; i < 4; i++)
		assert_int_equal(top.flows[i].first_us, i);
	top_free(&top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_biggest_are_kept),
		cmocka_unit_test(two_are_merged),
		cmocka_unit_test(ties_go_to_the_earlier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
