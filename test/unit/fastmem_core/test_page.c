/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the tests of page.c by one thread: what a word holds after each step.
 * Must not: prove the protocol: test/stress and test/model do.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fastmem_priv.h"

#define FULL UINT64_C(0x1f)

static const uint16_t mine = 7;
static _Atomic uint64_t word;
static _Atomic uint16_t entry;

static int
setup(void **state)
{
	(void)state;
	atomic_store(&word, FULL);
	atomic_store(&entry, mine);
	return 0;
}

static uint64_t
take(unsigned int n, bool *left)
{
	bool foreign = true;
	uint64_t taken = fm_page_take(&word, &entry, mine, n, left, &foreign);

	assert_false(foreign);
	return taken;
}

static void
take_gives_the_lowest_free_blocks(void **state)
{
	bool left;

	(void)state;
	assert_int_equal(take(2, &left), 0x03);
	assert_true(left);
	assert_int_equal(take(1, &left), 0x04);
	assert_int_equal(atomic_load(&word), 0x18);
	assert_true(left);
}

static void
take_gives_what_is_left(void **state)
{
	bool left = true;

	(void)state;
	assert_int_equal(take(64, &left), FULL);
	assert_false(left);
	assert_int_equal(atomic_load(&word), 0);
	left = true;
	assert_int_equal(take(1, &left), 0);
	assert_false(left);
}

static void
take_of_no_block_changes_nothing(void **state)
{
	bool left;

	(void)state;
	assert_int_equal(take(0, &left), 0);
	assert_int_equal(atomic_load(&word), FULL);
}

static void
a_word_of_64_blocks_is_taken_whole(void **state)
{
	bool left = true;

	(void)state;
	atomic_store(&word, UINT64_MAX);
	assert_true(take(64, &left) == UINT64_MAX);
	assert_false(left);
	assert_int_equal(fm_page_put(&word, UINT64_MAX, UINT64_MAX), FM_PUT_EMPTY);
}

static void
take_from_another_class_says_so(void **state) /* I3 */
{
	bool left, foreign = false;

	(void)state;
	assert_int_equal(fm_page_take(&word, &entry, mine + 1, 1, &left, &foreign), 1);
	assert_true(foreign);
	/* The blocks are out until they are given back. */
	assert_int_equal(atomic_load(&word), FULL - 1);
}

static void
put_says_when_somebody_should_know(void **state)
{
	bool left;

	(void)state;
	assert_int_equal(take(5, &left), FULL);
	assert_int_equal(fm_page_put(&word, 0x02, FULL), FM_PUT_FIRST);
	assert_int_equal(fm_page_put(&word, 0x14, FULL), FM_PUT_OK);
	assert_int_equal(atomic_load(&word), 0x16);
}

static void
the_last_block_empties_the_run(void **state) /* I2 */
{
	bool left;

	(void)state;
	assert_int_equal(take(2, &left), 0x03);
	assert_int_equal(fm_page_put(&word, 0x01, FULL), FM_PUT_OK);
	assert_int_equal(fm_page_put(&word, 0x02, FULL), FM_PUT_EMPTY);
	/* I4: nothing can be taken there. */
	assert_int_equal(atomic_load(&word), 0);
	assert_int_equal(take(1, &left), 0);
}

static void
a_run_of_one_block_is_empty_at_once(void **state)
{
	(void)state;
	atomic_store(&word, 0);
	assert_int_equal(fm_page_put(&word, 1, 1), FM_PUT_EMPTY);
}

static void
a_block_returned_twice_is_found(void **state)
{
	bool left;

	(void)state;
	assert_int_equal(take(3, &left), 0x07);
	assert_int_equal(fm_page_put(&word, 0x01, FULL), FM_PUT_OK);
	assert_int_equal(fm_page_put(&word, 0x01, FULL), FM_PUT_TWICE);
	assert_int_equal(atomic_load(&word), 0x19);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(take_gives_the_lowest_free_blocks, setup),
		cmocka_unit_test_setup(take_gives_what_is_left, setup),
		cmocka_unit_test_setup(take_of_no_block_changes_nothing, setup),
		cmocka_unit_test_setup(a_word_of_64_blocks_is_taken_whole, setup),
		cmocka_unit_test_setup(take_from_another_class_says_so, setup),
		cmocka_unit_test_setup(put_says_when_somebody_should_know, setup),
		cmocka_unit_test_setup(the_last_block_empties_the_run, setup),
		cmocka_unit_test_setup(a_run_of_one_block_is_empty_at_once, setup),
		cmocka_unit_test_setup(a_block_returned_twice_is_found, setup),
	};

	return cmocka_run_group_tests_name("fastmem/page", tests, NULL, NULL);
}
