/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the tests of magazine.c by one thread: what is pushed comes back, of its class, once.
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

static struct fm_depot depot;
static struct fm_mag groups[FM_MAX_GROUPS + 1][FM_GROUP_MAGS];

/* Distinct addresses to push; nothing reads there. */
static char memory[2 * FM_MAG_BLOCKS];

static int
setup(void **state)
{
	unsigned int i;

	(void)state;
	memset(&depot, 0, sizeof(depot));
	memset(groups, 0, sizeof(groups));
	for (i = 0; i < FM_CLASSES; i++)
		atomic_store(&depot.max_full[i], UINT32_MAX);
	assert_true(fm_depot_add(&depot, groups[0]));
	return 0;
}

static bool
push(unsigned int cls, unsigned int from, unsigned int n)
{
	void *blocks[FM_MAG_BLOCKS];
	unsigned int i;

	for (i = 0; i < n; i++)
		blocks[i] = &memory[from + i];
	return fm_depot_push(&depot, cls, blocks, n);
}

static void
expect(void *const *blocks, unsigned int from, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		assert_ptr_equal(blocks[i], &memory[from + i]);
}

static void
what_is_pushed_comes_back(void **state)
{
	void *blocks[FM_MAG_BLOCKS];
	unsigned int n;

	(void)state;
	for (n = 1; n <= FM_MAG_BLOCKS; n++) {
		assert_true(push(76, n, n));
		assert_int_equal(fm_depot_blocks(&depot, 76), n);
		assert_int_equal(fm_depot_pop(&depot, 76, blocks), n);
		expect(blocks, n, n);
		assert_int_equal(fm_depot_blocks(&depot, 76), 0);
		assert_int_equal(fm_depot_pop(&depot, 76, blocks), 0);
	}
}

static void
pop_gives_its_class_alone(void **state)
{
	void *blocks[FM_MAG_BLOCKS];

	(void)state;
	assert_true(push(0, 0, 3));
	assert_true(push(1, 10, 4));
	assert_int_equal(fm_depot_pop(&depot, 2, blocks), 0);
	assert_int_equal(fm_depot_pop(&depot, 1, blocks), 4);
	expect(blocks, 10, 4);
	assert_int_equal(fm_depot_pop(&depot, 1, blocks), 0);
	assert_int_equal(fm_depot_blocks(&depot, 0), 3);
	assert_int_equal(fm_depot_blocks(&depot, 1), 0);
}

static void
all_magazines_of_all_groups_serve(void **state)
{
	void *blocks[FM_MAG_BLOCKS];
	unsigned int i, nb = FM_MAX_GROUPS * FM_GROUP_MAGS;

	(void)state;
	for (i = 1; i < FM_MAX_GROUPS; i++)
		assert_true(fm_depot_add(&depot, groups[i]));
	assert_false(fm_depot_add(&depot, groups[FM_MAX_GROUPS]));
	for (i = 0; i < nb; i++)
		assert_true(push(i % FM_CLASSES, i % FM_MAG_BLOCKS, 1));
	assert_false(push(0, 0, 1));
	for (i = 0; i < nb; i++)
		assert_int_equal(fm_depot_pop(&depot, i % FM_CLASSES, blocks), 1);
	for (i = 0; i < FM_CLASSES; i++)
		assert_int_equal(fm_depot_pop(&depot, i, blocks), 0);
}

static void
a_class_has_its_share_at_most(void **state)
{
	void *blocks[FM_MAG_BLOCKS];

	(void)state;
	atomic_store(&depot.max_full[5], 2);
	assert_true(push(5, 0, 1));
	assert_true(push(5, 1, 1));
	assert_false(push(5, 2, 1));
	assert_true(push(6, 2, 1));
	assert_int_equal(fm_depot_pop(&depot, 5, blocks), 1);
	assert_true(push(5, 2, 1));
}

static void
pop_any_finds_what_no_hint_names(void **state) /* I3 */
{
	void *blocks[FM_MAG_BLOCKS];
	unsigned int cursor = 0;

	(void)state;
	assert_true(push(3, 0, 2));
	assert_true(push(4, 5, 6));
	atomic_store(&depot.full[3][0], 0);
	atomic_store(&depot.full_summary[4], 0);
	assert_int_equal(fm_depot_pop(&depot, 3, blocks), 0);
	assert_int_equal(fm_depot_pop(&depot, 4, blocks), 0);
	assert_int_equal(fm_depot_pop_any(&depot, &cursor, blocks), 2);
	expect(blocks, 0, 2);
	assert_int_equal(fm_depot_pop_any(&depot, &cursor, blocks), 6);
	expect(blocks, 5, 6);
	assert_int_equal(fm_depot_pop_any(&depot, &cursor, blocks), 0);
}

static void
a_hint_that_lies_does_no_harm(void **state) /* I3 */
{
	void *blocks[FM_MAG_BLOCKS];
	unsigned int cursor = 0;

	(void)state;
	/* Past the hint of class 3; then the magazine is another class's. */
	assert_true(push(3, 0, 2));
	assert_int_equal(fm_depot_pop_any(&depot, &cursor, blocks), 2);
	assert_int_equal(fm_depot_pop(&depot, 3, blocks), 0);
	atomic_store(&depot.full[3][0], UINT64_MAX);
	atomic_store(&depot.full_summary[3], UINT64_MAX >> 63);
	assert_true(push(4, 5, 6));
	assert_int_equal(fm_depot_pop(&depot, 3, blocks), 0);
	assert_int_equal(fm_depot_pop(&depot, 4, blocks), 6);
	expect(blocks, 5, 6);
	/* Magazines that are full are not pushed into. */
	assert_true(push(4, 5, 6));
	atomic_store(&depot.free[0], UINT64_MAX);
	assert_true(push(3, 0, 2));
	assert_int_equal(fm_depot_pop(&depot, 4, blocks), 6);
	expect(blocks, 5, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_pushed_comes_back, setup),
		cmocka_unit_test_setup(pop_gives_its_class_alone, setup),
		cmocka_unit_test_setup(all_magazines_of_all_groups_serve, setup),
		cmocka_unit_test_setup(a_class_has_its_share_at_most, setup),
		cmocka_unit_test_setup(pop_any_finds_what_no_hint_names, setup),
		cmocka_unit_test_setup(a_hint_that_lies_does_no_harm, setup),
	};

	return cmocka_run_group_tests_name("fastmem/magazine", tests, NULL, NULL);
}
