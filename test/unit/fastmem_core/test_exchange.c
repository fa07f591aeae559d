/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the tests of exchange.c by one thread in the part of several: what is put in comes out, once.
 * Must not: prove the protocol: test/stress and test/model do.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fastmem_exchange_priv.h"

#define NB	70000
#define THREADS 3

static void *objects[NB], *out[NB];
static char memory[NB]; /* distinct addresses; nothing reads there */
static unsigned char seen[NB];

static struct fm_exchange *
make(uint32_t n)
{
	size_t size = fm_exchange_size(n, THREADS);
	void *mem = aligned_alloc(FM_EXCHANGE_LINE, (size + FM_EXCHANGE_LINE - 1) /
							    FM_EXCHANGE_LINE * FM_EXCHANGE_LINE);
	uint32_t i;

	assert_non_null(mem);
	/* What was there before does not matter. */
	memset(mem, 0xa5, size);
	for (i = 0; i < n; i++)
		objects[i] = &memory[i];
	return fm_exchange_init(mem, n, THREADS);
}

/* Each of the first `n` objects is in out[], once. */
static void
assert_all(uint32_t n)
{
	uint32_t i, at;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < n; i++) {
		at = (uint32_t)((char *)out[i] - memory);
		assert_true(at < n && seen[at]++ == 0);
	}
}

static void
an_empty_one_has_none(void **state)
{
	struct fm_exchange *x = make(100);

	(void)state;
	assert_false(fm_exchange_get(x, 1, out, 1));
	assert_false(fm_exchange_get_few(x, 1, out, 1));
	assert_true(fm_exchange_get(x, 1, out, 0));
	assert_int_equal(fm_exchange_count(x), 0);
	free(x);
}

static void
all_that_was_put_in_by_one_is_got_by_another(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 63, 64, 1000, 4095, 65536, NB };
	static const uint32_t parts[] = { 1, 3, 32, 33, 256, 600, 5000, NB };
	struct fm_exchange *x;
	uint32_t i, j, n, at, part;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (j = 0; j < sizeof(parts) / sizeof(parts[0]); j++) {
			n = sizes[i];
			x = make(n);
			for (at = 0; at < n; at += part) {
				part = parts[j] < n - at ? parts[j] : n - at;
				fm_exchange_put(x, (uint8_t)(1 + at % THREADS), objects + at, part);
			}
			assert_int_equal(fm_exchange_count(x), n);
			for (at = 0; at < n; at += part) {
				part = parts[j] < n - at ? parts[j] : n - at;
				assert_true(fm_exchange_get(x, 9, out + at, part));
			}
			assert_all(n);
			assert_int_equal(fm_exchange_count(x), 0);
			assert_false(fm_exchange_get(x, 9, out, 1));
			free(x);
		}
	}
}

static void
a_get_that_fails_leaves_all_there(void **state)
{
	struct fm_exchange *x = make(5000);
	uint32_t i;

	(void)state;
	for (i = 0; i < 5000; i += 100)
		fm_exchange_put(x, (uint8_t)(1 + i / 100 % THREADS), objects + i, 100);
	for (i = 0; i < 10; i++) {
		assert_false(fm_exchange_get(x, (uint8_t)(1 + i), out, 5001));
		assert_int_equal(fm_exchange_count(x), 5000);
	}
	assert_true(fm_exchange_get(x, 5, out, 5000));
	assert_all(5000);
	free(x);
}

static void
few_at_once_are_last_in_first_out(void **state)
{
	struct fm_exchange *x = make(1000);
	uint32_t i;

	(void)state;
	fm_exchange_put(x, 1, objects, 1);
	for (i = 1; i <= FM_EXCHANGE_FEW; i++) {
		assert_true(fm_exchange_put_few(x, 1, objects + 1, i));
		assert_true(fm_exchange_get_few(x, 1, out, i));
		assert_memory_equal(out, objects + 1, i * sizeof(void *));
	}
	assert_false(fm_exchange_put_few(x, 1, objects + 1, FM_EXCHANGE_FEW + 1));
	assert_false(fm_exchange_get_few(x, 1, out, 2));
	assert_int_equal(fm_exchange_count(x), 1);
	free(x);
}

/* As if a thread had been stopped in its slot: nobody waits for it. */
static void
a_slot_that_is_taken_is_passed_by(void **state)
{
	struct fm_exchange *x = make(8000);
	struct fm_exchange_slot *held;
	uint64_t word;

	(void)state;
	fm_exchange_put(x, 1, objects, 1);
	held = fm_exchange_slot_of(x, 1);
	assert_true(fm_exchange_take(held, &word));
	assert_false(fm_exchange_put_few(x, 1, objects + 1, 1));
	fm_exchange_put(x, 1, objects + 1, 7999);
	assert_false(fm_exchange_get_few(x, 1, out, 1));
	assert_false(fm_exchange_get(x, 1, out, 8000));
	assert_true(fm_exchange_get(x, 1, out, 7999));
	assert_int_equal(fm_exchange_count(x), 1);
	fm_exchange_give(held, word, 1);
	assert_true(fm_exchange_get(x, 2, out + 7999, 1));
	assert_all(8000);
	free(x);
}

static void
when_all_slots_are_taken_chains_do(void **state)
{
	struct fm_exchange *x = make(8000);
	uint64_t word[FM_EXCHANGE_SLOTS];
	uint32_t i, at, part;

	(void)state;
	for (i = 0; i < x->nb_slots; i++)
		assert_true(fm_exchange_take(
			(struct fm_exchange_slot *)(void *)(x->slots + i * x->slot_size),
			&word[i]));
	/* More often than there are chains: they are filled up. */
	for (at = 0; at < 8000; at += part) {
		part = at < 500 ? 1 : 1000 < 8000 - at ? 1000 : 8000 - at;
		fm_exchange_put(x, 1, objects + at, part);
	}
	assert_int_equal(fm_exchange_count(x), 8000);
	assert_false(fm_exchange_get(x, 1, out, 8001));
	assert_int_equal(fm_exchange_count(x), 8000);
	for (at = 0; at < 8000; at += part) {
		part = 7 < 8000 - at ? 7 : 8000 - at;
		assert_true(fm_exchange_get(x, 1, out + at, part));
	}
	assert_all(8000);
	free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_none),
		cmocka_unit_test(all_that_was_put_in_by_one_is_got_by_another),
		cmocka_unit_test(a_get_that_fails_leaves_all_there),
		cmocka_unit_test(few_at_once_are_last_in_first_out),
		cmocka_unit_test(a_slot_that_is_taken_is_passed_by),
		cmocka_unit_test(when_all_slots_are_taken_chains_do),
	};

	return cmocka_run_group_tests_name("fastmem_core/exchange", tests, NULL, NULL);
}
