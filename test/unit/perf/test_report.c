/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of report.c.
 * Must not: print.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"

static const struct way fast = { .title = "fast", .family = WAY_FASTMEM };
static const struct way pool = { .title = "pool", .family = WAY_MEMPOOL };
static const struct way own_pool = { .title = "own pool", .family = WAY_MEMPOOL };
static const struct way one = { .title = "one", .family = WAY_LIBRARY };
static const struct way two = { .title = "two", .family = WAY_RTE_MALLOC };
static const struct way floor_way = { .title = "floor", .family = WAY_FLOOR };

static const struct metric less = { .work = "w", .name = "time", .unit = "ns" };
static const struct metric more = {
	.work = "w", .name = "rate", .unit = "/s", .more_is_better = true
};
static const char scenario[] = "s";

static struct board *board;

static int
fresh_board(void **state)
{
	(void)state;
	board = board_create();
	return board == NULL;
}

static struct figure *
add(const struct metric *metric, const struct way *way, double value)
{
	struct figure *figure = board_figure(board, scenario, metric, way);

	board_sample(figure, value);
	return figure;
}

static void
ratios_are_to_the_best_of_each(void **state)
{
	struct standing standing;
	struct figure *figure;

	(void)state;
	add(&less, &pool, 12);
	add(&less, &own_pool, 2);
	add(&less, &one, 10);
	add(&less, &two, 5);
	add(&less, &floor_way, 0.1);
	figure = add(&less, &fast, 1);
	standing = report_standing(board, figure);
	assert_true(standing.to_mempool == 0.5 && standing.to_other == 0.2);
	assert_ptr_equal(standing.other, &two);
	/* Where more is better, so is the larger. */
	add(&more, &pool, 100);
	add(&more, &own_pool, 200);
	add(&more, &one, 50);
	add(&more, &two, 40);
	figure = add(&more, &fast, 400);
	standing = report_standing(board, figure);
	assert_true(standing.to_mempool == 2 && standing.to_other == 8);
	assert_ptr_equal(standing.other, &one);
}

static void
no_peer_no_ratio(void **state)
{
	struct standing standing;

	(void)state;
	/* Made, but without a sample that counts. */
	board_figure(board, scenario, &less, &pool);
	add(&less, &floor_way, 1);
	standing = report_standing(board, add(&less, &fast, 1));
	assert_true(standing.to_mempool == 0 && standing.to_other == 0);
	assert_null(standing.other);
}

static void
figures_are_found_again(void **state)
{
	struct figure *figure = add(&less, &fast, 3);

	(void)state;
	assert_ptr_equal(add(&less, &fast, 1), figure);
	assert_ptr_not_equal(add(&more, &fast, 1), figure);
	assert_ptr_not_equal(add(&less, &pool, 1), figure);
	add(&less, &fast, 2);
	assert_int_equal(figure->nb_samples, 3);
	assert_true(report_standing(board, figure).statistics.median == 2);
	/* They are in the order in which they came. */
	assert_true(figure->samples[0] == 3);
}

static void
nothing_is_written_beyond_the_board(void **state)
{
	struct figure *figure = add(&less, &fast, 0);
	unsigned int i;

	(void)state;
	for (i = 0; i < 2 * BOARD_SAMPLES; i++)
		board_sample(figure, i);
	assert_int_equal(figure->nb_samples, BOARD_SAMPLES);
	for (i = 0; i < 2 * BOARD_NOTES; i++)
		board_note(board, scenario, NULL, "note %u", i);
	assert_int_equal(board->nb_notes, BOARD_NOTES);
}

static void
a_note_is_made_once(void **state)
{
	(void)state;
	board_note(board, scenario, &fast, "skipped: %s", "why");
	board_note(board, scenario, &fast, "skipped: %s", "why");
	board_note(board, scenario, NULL, "skipped: %s", "why");
	assert_int_equal(board->nb_notes, 2);
	assert_string_equal(board->notes[0].text, "skipped: why");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ratios_are_to_the_best_of_each, fresh_board),
		cmocka_unit_test_setup(no_peer_no_ratio, fresh_board),
		cmocka_unit_test_setup(figures_are_found_again, fresh_board),
		cmocka_unit_test_setup(nothing_is_written_beyond_the_board, fresh_board),
		cmocka_unit_test_setup(a_note_is_made_once, fresh_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
