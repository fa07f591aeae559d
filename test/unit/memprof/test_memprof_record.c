/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what samples add up to: sums, histograms, efficiency, nodes, what lives.
 * Must not: need fastmem: the samples are made up.
 * Called by: meson test.
 */

#include "samples.h"

static const void *const A[] = { PC(1), PC(2) }, *const B[] = { PC(3) };

static void
bins_are_powers_of_two(void **state)
{
	(void)state;
	assert_int_equal(mp_bin(0), 0);
	assert_int_equal(mp_bin(1), 0);
	assert_int_equal(mp_bin(2), 1);
	assert_int_equal(mp_bin(3), 1);
	assert_int_equal(mp_bin(4), 2);
	assert_int_equal(mp_bin(UINT64_MAX), 63);
}

static void
classes_are_found(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	assert_int_equal(mp_class_of(&s->record, 1), 0);
	assert_int_equal(mp_class_of(&s->record, 64), 0);
	assert_int_equal(mp_class_of(&s->record, 65), 1);
	assert_int_equal(mp_class_of(&s->record, 4096), SAMPLES_CLASSES - 1);
	assert_int_equal(mp_class_of(&s->record, 4097), SAMPLES_CLASSES);
	samples_free(s);
}

static void
samples_stand_for_blocks(void **state)
{
	struct samples *s = samples_make(0);
	struct rte_memprof_summary sum;

	(void)state;
	samples_give(s, A, 2, 100, 128, 3, 1000);
	samples_give(s, B, 1, 8000, 8192, 2, 1);
	sum = samples_sum(s);
	assert_int_equal(sum.sampled_blocks, 3002);
	assert_int_equal(sum.sampled_bytes, 3000 * 128 + 2 * 8192);
	assert_int_equal(sum.live_blocks, 3002);
	assert_int_equal(sum.live_bytes, sum.sampled_bytes);
	assert_int_equal(sum.sizes[6], 3000);
	assert_int_equal(sum.sizes[12], 2);
	assert_int_equal(sum.lifetimes_open, 3002);
	assert_int_equal(sum.efficiency_permille,
			 (3000 * 100 + 16000) * 1000 / (3000 * 128 + 16384));
	/* 8192 is above all classes here. */
	assert_int_equal(atomic_load(&s->record.large_bytes), 16384);
	assert_int_equal(atomic_load(&s->record.cls[1].blocks), 3000);
	samples_free(s);
}

static void
without_a_known_size_there_is_no_efficiency(void **state)
{
	struct samples *s = samples_make(0);
	struct rte_memprof_summary sum;

	(void)state;
	samples_give(s, A, 2, 0, 256, 4, 10);
	sum = samples_sum(s);
	assert_int_equal(sum.efficiency_permille, 0);
	/* It counts by what it was given. */
	assert_int_equal(sum.sizes[8], 40);
	samples_free(s);
}

static void
what_ends_lived_and_is_not_live(void **state)
{
	struct samples *s = samples_make(0);
	struct rte_memprof_summary sum;

	(void)state;
	s->now = 12345;
	samples_give(s, A, 2, 64, 64, 5, 10);
	samples_end_all(s, 1500, false);
	samples_give(s, A, 2, 64, 64, 2, 10);
	samples_end_all(s, 3000000000u, true);
	samples_give(s, A, 2, 64, 64, 1, 10);
	sum = samples_sum(s);
	assert_int_equal(sum.lifetimes[10], 50);
	assert_int_equal(sum.lifetimes[31], 20);
	assert_int_equal(sum.lifetimes_late, 20);
	assert_int_equal(sum.lifetimes_open, 10);
	assert_int_equal(sum.live_blocks, 10);
	assert_int_equal(sum.live_bytes, 640);
	samples_free(s);
}

/* What is not followed cannot be told from a leak otherwise. */
static void
what_is_not_followed_is_not_called_live(void **state)
{
	struct samples *s = samples_make(4);
	struct rte_memprof_summary sum;

	(void)state;
	samples_give(s, A, 2, 64, 64, 10, 1);
	sum = samples_sum(s);
	assert_int_equal(sum.sampled_blocks, 10);
	assert_int_equal(sum.live_blocks, 4);
	assert_int_equal(sum.lifetimes_open, 10);
	samples_end_all(s, 1, false);
	sum = samples_sum(s);
	assert_int_equal(sum.live_blocks, 0);
	assert_int_equal(sum.lifetimes_open, 6);
	samples_free(s);
}

static void
the_peak_is_of_what_is_followed(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	samples_give(s, A, 2, 1000, 1024, 10, 1);
	samples_end_all(s, 1, false);
	samples_give(s, A, 2, 1000, 1024, 7, 1);
	assert_int_equal(atomic_load(&s->record.live_peak), 10240);
	assert_int_equal(atomic_load(&s->record.live_bytes), 7168);
	samples_free(s);
}

static void
nodes_are_those_of_the_memory(void **state)
{
	struct samples *s = samples_make(0);
	struct mp_list list;

	(void)state;
	samples_give(s, A, 2, 64, 64, 2, 100);
	s->node_id = 3;
	samples_give(s, A, 2, 64, 64, 1, 100);
	s->home_id = 3;
	samples_give(s, A, 2, 64, 64, 4, 100);
	/* A thread that no node is known of is on none. */
	s->home_id = -1;
	samples_give(s, A, 2, 64, 64, 1, 100);
	assert_int_equal(atomic_load(&s->record.node[0].blocks), 200);
	assert_int_equal(atomic_load(&s->record.node[0].remote_blocks), 0);
	assert_int_equal(atomic_load(&s->record.node[3].blocks), 600);
	assert_int_equal(atomic_load(&s->record.node[3].bytes), 38400);
	assert_int_equal(atomic_load(&s->record.node[3].remote_blocks), 100);
	assert_int_equal(mp_list_make(&s->record.sites, NULL, false, false, &list), 0);
	assert_int_equal(list.entry[0].count[MP_REMOTE_BYTES], 6400);
	assert_int_equal(list.entry[0].asks, 0);
	assert_int_equal(list.entry[0].lies, 3);
	mp_list_free(&list);
	samples_free(s);
}

static void
stacks_without_a_place_count_together(void **state)
{
	struct samples *s = samples_make(0);
	struct rte_memprof_summary sum;
	struct mp_list list;
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		const void *pc = PC(i);

		samples_give(s, &pc, 1, 64, 64, 1, 10);
	}
	sum = samples_sum(s);
	assert_int_equal(sum.sites_lost, 100 - 64);
	assert_int_equal(sum.sampled_blocks, 1000);
	assert_int_equal(mp_list_make(&s->record.sites, NULL, false, false, &list), 0);
	assert_int_equal(list.n, 65);
	assert_int_equal(list.entry[0].depth, 0);
	assert_int_equal(list.entry[0].count[MP_BLOCKS], 360);
	mp_list_free(&list);
	samples_end_all(s, 5, false);
	assert_int_equal(samples_sum(s).live_blocks, 0);
	samples_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bins_are_powers_of_two),
		cmocka_unit_test(classes_are_found),
		cmocka_unit_test(samples_stand_for_blocks),
		cmocka_unit_test(without_a_known_size_there_is_no_efficiency),
		cmocka_unit_test(what_ends_lived_and_is_not_live),
		cmocka_unit_test(what_is_not_followed_is_not_called_live),
		cmocka_unit_test(the_peak_is_of_what_is_followed),
		cmocka_unit_test(nodes_are_those_of_the_memory),
		cmocka_unit_test(stacks_without_a_place_count_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
