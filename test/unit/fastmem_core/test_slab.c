/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the tests of slab.c by one thread: which pages a claim finds, and what is free after it.
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

static struct fm_slab slab;

static int
setup(void **state)
{
	(void)state;
	memset(&slab, 0, sizeof(slab));
	fm_slab_release(&slab, 0, FM_SLAB_PAGES);
	return 0;
}

static unsigned int
nb_free(void)
{
	unsigned int w, n = 0;

	for (w = 0; w < FM_SLAB_WORDS; w++)
		n += (unsigned int)__builtin_popcountll(atomic_load(&slab.free[w]));
	return n;
}

static bool
is_free(unsigned int page)
{
	return (atomic_load(&slab.free[page / 64]) >> page % 64 & 1) != 0;
}

/* What fm_slab_claim() must find, the slow way. */
static int
first_fit(unsigned int n, unsigned int align)
{
	unsigned int first, i;

	for (first = 0; first + n <= FM_SLAB_PAGES; first += align) {
		for (i = 0; i < n && is_free(first + i); i++)
			;
		if (i == n)
			return (int)first;
	}
	return -1;
}

static void
a_whole_slab_is_one_run(void **state)
{
	(void)state;
	assert_int_equal(fm_slab_claim(&slab, FM_SLAB_PAGES, 1), 0);
	assert_int_equal(nb_free(), 0);
	assert_int_equal(fm_slab_claim(&slab, 1, 1), -1);
	fm_slab_release(&slab, 0, FM_SLAB_PAGES);
	assert_int_equal(nb_free(), FM_SLAB_PAGES);
}

static void
a_run_takes_its_pages_and_no_others(void **state)
{
	static const unsigned int cases[][2] = {
		{ 0, 1 },    { 63, 1 },	 { 63, 2 },   { 64, 64 }, { 1, 62 },
		{ 60, 200 }, { 511, 1 }, { 448, 64 }, { 0, 512 }, { 1, 511 },
	};
	unsigned int i, page;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int first = cases[i][0], n = cases[i][1];

		assert_true(fm_slab_claim_at(&slab, first, n));
		for (page = 0; page < FM_SLAB_PAGES; page++)
			assert_int_equal(is_free(page), page < first || page >= first + n);
		fm_slab_release(&slab, first, n);
		assert_int_equal(nb_free(), FM_SLAB_PAGES);
	}
}

static void
a_claim_that_fails_changes_nothing(void **state) /* I2 */
{
	unsigned int taken;

	(void)state;
	for (taken = 60; taken < 200; taken++) {
		assert_true(fm_slab_claim_at(&slab, taken, 1));
		assert_false(fm_slab_claim_at(&slab, 60, 140));
		assert_int_equal(nb_free(), FM_SLAB_PAGES - 1);
		assert_false(is_free(taken));
		fm_slab_release(&slab, taken, 1);
	}
}

static void
the_first_fit_is_found(void **state)
{
	uint32_t seed = 1;
	unsigned int i, n, align;
	int first;

	(void)state;
	for (i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		n = 1 + (seed >> 16) % (i % 2 == 0 ? 8 : 130);
		align = 1u << (seed >> 8) % 10;
		first = first_fit(n, align);
		assert_int_equal(fm_slab_claim(&slab, n, align), first);
		/* Make room now and then, in the middle of what was claimed. */
		if (first < 0)
			for (n = 0; n < FM_SLAB_PAGES; n++) {
				seed = seed * 1664525 + 1013904223;
				if (!is_free(n) && seed >> 30 != 0)
					fm_slab_release(&slab, n, 1);
			}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_whole_slab_is_one_run, setup),
		cmocka_unit_test_setup(a_run_takes_its_pages_and_no_others, setup),
		cmocka_unit_test_setup(a_claim_that_fails_changes_nothing, setup),
		cmocka_unit_test_setup(the_first_fit_is_found, setup),
	};

	return cmocka_run_group_tests_name("fastmem/slab", tests, NULL, NULL);
}
