/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of item.c.
 * Must not: hold for one sequence only.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item.h"

static void
kinds_are_numbered_and_rise(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ITEM_KINDS; i++) {
		assert_int_equal(item_kinds[i].kind, i);
		assert_true(i == 0 || item_kinds[i].size > item_kinds[i - 1].size);
	}
}

/* Pools are sized by this. */
static void
sequence_has_all_kinds_equally_often(void **state)
{
	struct item sequence[ITEM_SEQUENCE], again[ITEM_SEQUENCE];
	unsigned int count[ITEM_KINDS] = { 0 };
	unsigned int same = 0, i;

	(void)state;
	item_sequence(sequence);
	item_sequence(again);
	assert_memory_equal(sequence, again, sizeof(sequence));
	for (i = 0; i < ITEM_SEQUENCE; i++) {
		count[sequence[i].kind]++;
		assert_int_equal(sequence[i].size, item_kinds[sequence[i].kind].size);
		same += i > 0 && sequence[i].kind == sequence[i - 1].kind;
	}
	for (i = 0; i < ITEM_KINDS; i++)
		assert_int_equal(count[i], ITEM_SEQUENCE / ITEM_KINDS);
	/* In a random order about one in sixteen follows its like. */
	assert_in_range(same, ITEM_SEQUENCE / 32, ITEM_SEQUENCE / 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_numbered_and_rise),
		cmocka_unit_test(sequence_has_all_kinds_equally_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
