/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the table of call sites, and of the lists that are made of it.
 * Must not: have more than one thread: test/stress/stress_memprof.c has.
 * Called by: meson test.
 */

#include "samples.h"

static const void *const A[] = { PC(1), PC(2), PC(3) }, *const B[] = { PC(1), PC(2), PC(4) };

static void
a_stack_has_one_place(void **state)
{
	struct mp_sites sites;
	uint32_t a, b;

	(void)state;
	assert_int_equal(mp_sites_make(&sites, 16, 8), 0);
	a = mp_sites_find(&sites, A, 3, 0);
	b = mp_sites_find(&sites, B, 3, 0);
	assert_true(a != 0 && b != 0 && a != b);
	assert_int_equal(mp_sites_find(&sites, A, 3, 0), a);
	assert_int_equal(mp_sites_find(&sites, B, 3, 0), b);
	/* A shorter one is another, and so is another class. */
	assert_int_not_equal(mp_sites_find(&sites, A, 2, 0), a);
	assert_int_not_equal(mp_sites_find(&sites, A, 3, 1), a);
	mp_sites_free(&sites);
}

static void
deep_stacks_are_the_same_where_they_are_cut_off(void **state)
{
	struct mp_sites sites;

	(void)state;
	assert_int_equal(mp_sites_make(&sites, 16, 2), 0);
	assert_int_equal(mp_sites_find(&sites, A, 3, 0), mp_sites_find(&sites, B, 3, 0));
	assert_int_equal(mp_site_at(&sites, mp_sites_find(&sites, A, 3, 0))->depth, 2);
	mp_sites_free(&sites);
}

static void
what_finds_no_place_is_told(void **state)
{
	struct mp_sites sites;
	uint32_t known[50], i;

	(void)state;
	assert_int_equal(mp_sites_make(&sites, 50, 4), 0);
	for (i = 0; i < 50; i++) {
		const void *pc = PC(i);

		known[i] = mp_sites_find(&sites, &pc, 1, 0);
		assert_int_not_equal(known[i], 0);
	}
	for (i = 50; i < 500; i++) {
		const void *pc = PC(i);

		assert_int_equal(mp_sites_find(&sites, &pc, 1, 0), 0);
	}
	for (i = 0; i < 50; i++) {
		const void *pc = PC(i);

		assert_int_equal(mp_sites_find(&sites, &pc, 1, 0), known[i]);
	}
	mp_sites_free(&sites);
}

static void
a_list_has_the_largest_first(void **state)
{
	struct samples *s = samples_make(0);
	struct mp_list list;

	(void)state;
	samples_give(s, A, 3, 100, 128, 1, 1);
	samples_give(s, B, 3, 1000, 1024, 5, 1);
	samples_give(s, A, 2, 200, 256, 2, 1);
	assert_int_equal(mp_list_make(&s->record.sites, NULL, false, false, &list), 0);
	assert_int_equal(list.n, 3);
	assert_int_equal(list.entry[0].count[MP_BYTES], 5 * 1024);
	assert_int_equal(list.entry[1].count[MP_BYTES], 2 * 256);
	assert_int_equal(list.entry[2].count[MP_BYTES], 128);
	assert_memory_equal(list.entry[0].pc, B, sizeof(B));
	mp_list_free(&list);
	samples_free(s);
}

static void
a_list_puts_the_classes_of_a_stack_together(void **state)
{
	struct samples *s = samples_make(0);
	struct mp_list list;

	(void)state;
	samples_give(s, A, 3, 100, 128, 1, 1);
	samples_give(s, A, 3, 1000, 1024, 1, 1);
	samples_give(s, B, 3, 60, 64, 1, 1);
	assert_int_equal(mp_list_make(&s->record.sites, NULL, true, false, &list), 0);
	assert_int_equal(list.n, 3);
	mp_list_free(&list);
	assert_int_equal(mp_list_make(&s->record.sites, NULL, false, false, &list), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.entry[0].count[MP_BLOCKS], 2);
	assert_int_equal(list.entry[0].count[MP_BYTES], 1152);
	assert_int_equal(list.entry[0].asked_min, 100);
	assert_int_equal(list.entry[0].asked_max, 1000);
	mp_list_free(&list);
	samples_free(s);
}

static void
a_list_by_what_is_live(void **state)
{
	struct samples *s = samples_make(0);
	struct mp_list list;

	(void)state;
	samples_give(s, A, 3, 1024, 1024, 10, 1);
	samples_end_all(s, 1000, false);
	samples_give(s, B, 3, 64, 64, 2, 1);
	assert_int_equal(mp_list_make(&s->record.sites, NULL, false, true, &list), 0);
	assert_memory_equal(list.entry[0].pc, B, sizeof(B));
	assert_int_equal(mp_live_blocks(&list.entry[0]), 2);
	assert_int_equal(mp_live_bytes(&list.entry[0]), 128);
	assert_int_equal(mp_live_blocks(&list.entry[1]), 0);
	mp_list_free(&list);
	samples_free(s);
}

static void
no_class_has_more_live_than_there_is(void **state)
{
	struct mp_most most = { .nb_classes = SAMPLES_CLASSES, .bytes = { 40 * 64, 128 } };
	struct samples *s = samples_make(0);
	struct mp_list list;

	(void)state;
	samples_give(s, A, 3, 64, 64, 3, 100);
	samples_give(s, B, 3, 64, 64, 1, 100);
	samples_give(s, B, 3, 128, 128, 1, 1);
	/* Above all classes, where each end is seen. */
	samples_give(s, B, 3, 8192, 8192, 1, 2);
	assert_int_equal(mp_list_make(&s->record.sites, &most, false, false, &list), 0);
	assert_int_equal(list.n, 2);
	assert_memory_equal(list.entry[0].pc, B, sizeof(B));
	assert_int_equal(mp_live_blocks(&list.entry[0]), 10 + 1 + 2);
	assert_int_equal(mp_live_bytes(&list.entry[0]), 10 * 64 + 128 + 2 * 8192);
	assert_int_equal(mp_live_blocks(&list.entry[1]), 30);
	assert_int_equal(mp_live_bytes(&list.entry[1]), 30 * 64);
	assert_int_equal(list.entry[1].count[MP_BLOCKS], 300);
	mp_list_free(&list);
	samples_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stack_has_one_place),
		cmocka_unit_test(deep_stacks_are_the_same_where_they_are_cut_off),
		cmocka_unit_test(what_finds_no_place_is_told),
		cmocka_unit_test(a_list_has_the_largest_first),
		cmocka_unit_test(a_list_puts_the_classes_of_a_stack_together),
		cmocka_unit_test(a_list_by_what_is_live),
		cmocka_unit_test(no_class_has_more_live_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
