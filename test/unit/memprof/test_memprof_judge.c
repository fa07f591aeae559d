/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of advice: each rule at its threshold and just below, its words, and that nothing is
 *   said where nothing is wrong.
 * Must not: need fastmem: the samples are made up.
 * Called by: meson test.
 */

#include "samples.h"

#define KIB 1024u
#define MIB (1024u * KIB)

static const void *const A[] = { PC(1), PC(2) }, *const B[] = { PC(3) };

/* What is advised of samples and of what page runs hold; the text of the first. */
struct judged {
	unsigned int n;
	struct mp_advice advice[MP_MAX_ADVICE];
	char text[RTE_MEMPROF_TEXT_MAX];
};

static struct judged
judge(struct samples *s, uint64_t held, uint64_t lost)
{
	struct rte_memprof_summary sum = samples_sum(s);
	struct mp_facts facts = {
		.summary = &sum,
		.class_size = samples_class,
		.nb_classes = SAMPLES_CLASSES,
		.lost_class = lost != 0 ? 1024 : 0,
		.lost_class_bytes = lost / 2,
	};
	struct judged judged = { 0 };
	struct mp_list list;

	sum.held_bytes = held;
	sum.lost_bytes = lost;
	sum.fragmentation_permille = held != 0 ? (uint32_t)(lost * 1000 / held) : 0;
	assert_int_equal(mp_list_make(&s->record.sites, NULL, true, false, &list), 0);
	judged.n = mp_judge(&facts, &list, judged.advice);
	if (judged.n != 0)
		mp_advice_text(&facts, &judged.advice[0], "parse (parse.c:7)", judged.text);
	mp_list_free(&list);
	return judged;
}

static void
assert_says(const struct judged *judged, const char *words)
{
	if (strstr(judged->text, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, judged->text);
	assert_true(strlen(judged->text) < RTE_MEMPROF_TEXT_MAX - 1);
}

static void
nothing_is_said_where_nothing_is_wrong(void **state)
{
	struct samples *s = samples_make(0);
	struct judged j;

	(void)state;
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 0);
	/* Many blocks, but they stay; small ones, but few; on the node that asks; sizes that fit. */
	samples_give(s, A, 2, 64, 64, 100, 1000);
	samples_end_all(s, 5000000, false);
	samples_give(s, B, 1, 1024, 1024, 100, 50);
	samples_end_all(s, 1000, false);
	j = judge(s, 100 * MIB, 10 * MIB);
	assert_int_equal(j.n, 0);
	samples_free(s);
}

static void
much_that_nobody_has_is_for_a_pool(void **state)
{
	struct samples *s = samples_make(0);
	struct judged j;

	(void)state;
	j = judge(s, 100 * MIB, 30 * MIB);
	assert_int_equal(j.n, 0);
	/* Nearly all of next to nothing is nothing. */
	j = judge(s, 4 * MIB, 3 * MIB);
	assert_int_equal(j.n, 0);
	j = judge(s, 100 * MIB, 31 * MIB);
	assert_int_equal(j.n, 1);
	assert_int_equal(j.advice[0].kind, RTE_MEMPROF_USE_POOL);
	assert_says(&j, "31.0 %");
	assert_says(&j, "100.0 MiB");
	assert_says(&j, "15.5 MiB");
	assert_says(&j, "1024 bytes");
	assert_says(&j, "rte_memalloc_pool_create()");
	assert_says(&j, "parse (parse.c:7)");
	samples_free(s);
}

static void
many_short_lives_are_for_an_arena(void **state)
{
	struct samples *s = samples_make(0);
	struct judged j;

	(void)state;
	samples_give(s, A, 2, 60, 64, 15, 1000);
	samples_end_all(s, 999999, false);
	j = judge(s, 0, 0);
	/* One sample more, and it is known. */
	assert_int_equal(j.n, 0);
	samples_give(s, A, 2, 60, 64, 1, 1000);
	samples_end_all(s, 999999, false);
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 1);
	assert_int_equal(j.advice[0].kind, RTE_MEMPROF_USE_ARENA);
	assert_says(&j, "parse (parse.c:7) allocates 16000 blocks of up to 64 bytes");
	assert_says(&j, "100 % of all blocks");
	assert_says(&j, "rte_memalloc_arena_create()");
	/* 16 of 18: not nine in ten. */
	samples_give(s, A, 2, 60, 64, 2, 1000);
	samples_end_all(s, 1000000, false);
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 0);
	samples_free(s);
}

static void
what_was_found_freed_late_is_not_short(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	samples_give(s, A, 2, 60, 64, 100, 1000);
	samples_end_all(s, 1, true);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_free(s);
}

static void
few_or_large_blocks_are_for_no_arena(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	samples_give(s, A, 2, 64, 64, 99, 101); /* 9999 */
	samples_end_all(s, 10, false);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_give(s, A, 2, 64, 64, 1, 1);
	samples_end_all(s, 10, false);
	assert_int_equal(judge(s, 0, 0).n, 1);
	/* A tenth of all, and less. */
	samples_give(s, B, 1, 320, 320, 90, 1000);
	samples_end_all(s, 10, false);
	assert_int_equal(judge(s, 0, 0).n, 1);
	samples_give(s, B, 1, 320, 320, 1, 1000);
	samples_end_all(s, 10, false);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_free(s);
}

static void
memory_of_another_node_is_to_be_bound_anew(void **state)
{
	struct samples *s = samples_make(0);
	struct judged j;

	(void)state;
	s->home_id = 1;
	s->node_id = 1;
	samples_give(s, A, 2, 1024, 1024, 8, 512); /* 4 MiB */
	s->node_id = 4;
	samples_give(s, A, 2, 1024, 1024, 1, 1023);
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 0);
	samples_give(s, A, 2, 1024, 1024, 1, 1);
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 1);
	assert_int_equal(j.advice[0].kind, RTE_MEMPROF_BIND_NODE);
	assert_says(&j, "20.0 % of its 5.0 MiB");
	assert_says(&j, "threads of node 1 get memory of node 4");
	samples_free(s);
}

static void
sizes_just_above_a_class_are_to_shrink(void **state)
{
	struct samples *s = samples_make(0);
	struct judged j;

	(void)state;
	samples_give(s, A, 2, 520, 1024, 10, 100);
	samples_give(s, A, 2, 600, 1024, 10, 100);
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 1);
	assert_int_equal(j.advice[0].kind, RTE_MEMPROF_SHRINK_SIZE);
	assert_says(&j, "asks for 520 to 600 bytes");
	assert_says(&j,
		    "class of 512, and gets 1024: 424 bytes a block are wasted, 45.3 % of 2.0 MiB");
	assert_says(&j, "by 88 to 512 bytes");
	/* A quarter of the way up, and beyond. */
	samples_give(s, A, 2, 640, 1024, 1, 100);
	assert_int_equal(judge(s, 0, 0).n, 1);
	samples_give(s, A, 2, 641, 1024, 1, 100);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_free(s);
}

static void
an_alignment_is_no_size_to_shrink(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	/* 512 bytes would do, but for what they are aligned to. */
	samples_give(s, A, 2, 512, 1024, 20, 100);
	assert_int_equal(judge(s, 0, 0).n, 0);
	/* And nobody knows what a bulk asked for. */
	samples_give(s, B, 1, 0, 1024, 20, 100);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_free(s);
}

static void
the_smallest_class_and_what_is_above_all_cannot_shrink(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	samples_give(s, A, 2, 1, 64, 20, 100);
	samples_give(s, B, 1, 4097, 8192, 20, 100);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_free(s);
}

static void
what_hardly_matters_is_not_spoken_of(void **state)
{
	struct samples *s = samples_make(0);

	(void)state;
	/* Seven samples are no ground. */
	samples_give(s, A, 2, 520, 1024, 7, 100);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_give(s, A, 2, 520, 1024, 1, 100);
	assert_int_equal(judge(s, 0, 0).n, 1);
	/* Nor is less than a hundredth of all bytes. */
	samples_give(s, B, 1, 4096, 4096, 200, 100);
	assert_int_equal(judge(s, 0, 0).n, 0);
	samples_free(s);
}

static void
the_heaviest_of_many_are_told(void **state)
{
	struct samples *s = samples_make(0);
	struct judged j;
	unsigned int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		const void *pc = PC(i);

		samples_give(s, &pc, 1, 520, 1024, 10 + i, 100);
	}
	j = judge(s, 0, 0);
	assert_int_equal(j.n, 8);
	for (i = 0; i < j.n; i++)
		assert_int_equal(j.advice[i].weight, (29 - i) * 100 * 1024);
	samples_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_where_nothing_is_wrong),
		cmocka_unit_test(much_that_nobody_has_is_for_a_pool),
		cmocka_unit_test(many_short_lives_are_for_an_arena),
		cmocka_unit_test(what_was_found_freed_late_is_not_short),
		cmocka_unit_test(few_or_large_blocks_are_for_no_arena),
		cmocka_unit_test(memory_of_another_node_is_to_be_bound_anew),
		cmocka_unit_test(sizes_just_above_a_class_are_to_shrink),
		cmocka_unit_test(an_alignment_is_no_size_to_shrink),
		cmocka_unit_test(the_smallest_class_and_what_is_above_all_cannot_shrink),
		cmocka_unit_test(what_hardly_matters_is_not_spoken_of),
		cmocka_unit_test(the_heaviest_of_many_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
