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
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fastmem_priv.h"

/* A shelf's word, as in magazine.c. */
#define INDEX(word) ((word)&0xfff)
#define COUNT(word) ((word) >> 12 & 0xfff)
#define TAKEN	    (1u << 29)
#define IS_FULL	    (1u << 30)
#define IS_EMPTY    (1u << 31)

#define MAX_EMPTY 4

static struct fm_depot depot;
static struct fm_mag groups[FM_MAX_GROUPS + 1][FM_GROUP_MAGS];

/* Distinct addresses to push; nothing reads there. */
static char memory[2 * FM_CHAIN_BLOCKS];

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
push_at(struct fm_aim *aim, unsigned int cls, unsigned int from, unsigned int n)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i;

	for (i = 0; i < n; i++)
		blocks[i] = &memory[from + i];
	return fm_depot_push(&depot, cls, aim, blocks, n);
}

/* As a thread does that comes for the first time. */
static bool
push(unsigned int cls, unsigned int from, unsigned int n)
{
	return push_at(&(struct fm_aim){ .full = 0 }, cls, from, n);
}

static unsigned int
pop(unsigned int cls, void **blocks)
{
	return fm_depot_pop(&depot, cls, &(struct fm_aim){ .full = 0 }, blocks);
}

static void
expect(void *const *blocks, unsigned int from, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		assert_ptr_equal(blocks[i], &memory[from + i]);
}

static unsigned int
nb_free(void)
{
	unsigned int g, sum = 0;

	for (g = 0; g < FM_MAX_GROUPS; g++)
		sum += (unsigned int)__builtin_popcountll(atomic_load(&depot.free[g]));
	return sum;
}

static unsigned int
nb_words(unsigned int cls, uint32_t kind)
{
	unsigned int i, sum = 0;

	for (i = 0; i < FM_SHELF; i++)
		sum += (atomic_load(&depot.shelf[cls][i]) & kind) != 0;
	return sum;
}

/* Once all was popped every magazine is free, or in an empty chain, of which there are a few. */
static void
expect_all_free(void)
{
	unsigned char seen[FM_MAX_GROUPS * FM_GROUP_MAGS] = { 0 };
	unsigned int i, j, cls, nb = atomic_load(&depot.nb_groups) * FM_GROUP_MAGS;
	uint32_t word;

	for (i = 0; i < nb; i++)
		seen[i] = atomic_load(&depot.free[i / FM_GROUP_MAGS]) >> i % FM_GROUP_MAGS & 1;
	for (cls = 0; cls < FM_CLASSES; cls++) {
		assert_in_range(nb_words(cls, IS_EMPTY), 0, MAX_EMPTY);
		for (i = 0; i < FM_SHELF; i++) {
			word = atomic_load(&depot.shelf[cls][i]);
			if (word == 0)
				continue;
			assert_int_equal(word & ~0xffffffu, IS_EMPTY);
			assert_int_equal(COUNT(word) % FM_MAG_BLOCKS, 0);
			for (j = 0; j < COUNT(word) / FM_MAG_BLOCKS; j++)
				seen[INDEX(word) + j]++;
		}
	}
	for (i = 0; i < nb; i++)
		assert_int_equal(seen[i], 1);
}

static void
what_is_pushed_comes_back(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int n;

	(void)state;
	for (n = 1; n <= FM_CHAIN_BLOCKS; n++) {
		assert_true(push(76, n, n));
		assert_int_equal(fm_depot_blocks(&depot, 76), n);
		assert_int_equal(pop(76, blocks), n);
		expect(blocks, n, n);
		assert_int_equal(fm_depot_blocks(&depot, 76), 0);
		assert_int_equal(pop(76, blocks), 0);
	}
	expect_all_free();
}

static void
pop_gives_its_class_alone(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];

	(void)state;
	assert_true(push(0, 0, 3));
	assert_true(push(1, 10, 140));
	assert_int_equal(pop(2, blocks), 0);
	assert_int_equal(pop(1, blocks), 140);
	expect(blocks, 10, 140);
	assert_int_equal(pop(1, blocks), 0);
	assert_int_equal(fm_depot_blocks(&depot, 0), 3);
	assert_int_equal(fm_depot_blocks(&depot, 1), 0);
}

static void
a_chain_is_as_long_as_its_blocks_need(void **state)
{
	static const unsigned int nb_mags[][2] = {
		{ 1, 1 }, { 64, 1 }, { 65, 2 }, { 128, 2 }, { 129, 4 }, { 256, 4 },
	};
	unsigned int i, was;

	(void)state;
	for (i = 0; i < sizeof(nb_mags) / sizeof(nb_mags[0]); i++) {
		was = nb_free();
		assert_true(push(i, 0, nb_mags[i][0]));
		assert_int_equal(was - nb_free(), nb_mags[i][1]);
	}
}

/* Until nothing is taken any more; how many chains. */
static unsigned int
fill(unsigned int n)
{
	unsigned int cls, nb = 0;

	for (cls = 0; cls < FM_CLASSES; cls++)
		while (push(cls, nb % FM_CHAIN_BLOCKS, n))
			nb++;
	return nb;
}

static void
empty(unsigned int n, unsigned int nb)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int cls;

	for (cls = 0; cls < FM_CLASSES; cls++)
		while (nb > 0 && pop(cls, blocks) == n)
			nb--;
	assert_int_equal(nb, 0);
	for (cls = 0; cls < FM_CLASSES; cls++)
		assert_int_equal(pop(cls, blocks), 0);
	expect_all_free();
}

static void
all_magazines_of_all_groups_serve(void **state)
{
	unsigned int g, n, nb;

	(void)state;
	/* Of chains of one magazine the shelves take as many as 38 groups have. */
	for (g = 1; g < 38; g++)
		assert_true(fm_depot_add(&depot, groups[g]));
	for (n = 1; n <= FM_CHAIN_BLOCKS; n = n == 1 ? 65 : n + 64) {
		memset(depot.shelf, 0, sizeof(depot.shelf));
		for (g = 0; g < 38; g++)
			atomic_store(&depot.free[g], UINT64_MAX);
		nb = fill(n);
		assert_int_equal(nb_free(), 0);
		assert_int_equal(nb, 38 * FM_GROUP_MAGS / (n == 1 ? 1 : n == 65 ? 2 : 4));
		empty(n, nb);
	}
	for (; g < FM_MAX_GROUPS; g++)
		assert_true(fm_depot_add(&depot, groups[g]));
	assert_false(fm_depot_add(&depot, groups[FM_MAX_GROUPS]));
	memset(depot.shelf, 0, sizeof(depot.shelf));
	for (g = 0; g < FM_MAX_GROUPS; g++)
		atomic_store(&depot.free[g], UINT64_MAX);
	nb = fill(FM_CHAIN_BLOCKS);
	assert_int_equal(nb, FM_MAX_GROUPS * FM_GROUP_MAGS / FM_CHAIN_MAGS);
	empty(FM_CHAIN_BLOCKS, nb);
}

static void
magazines_split_and_join(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i;

	(void)state;
	/* Four magazines, as one chain, as four, and as one again that one of the four keeps away. */
	atomic_store(&depot.free[0], 0xf0);
	assert_true(push(0, 0, 200));
	assert_false(push(1, 0, 1));
	atomic_store(&depot.shelf[0][0], 0);
	atomic_store(&depot.free[0], 0xf0);
	for (i = 0; i < 4; i++)
		assert_true(push(i, i, 1));
	assert_false(push(5, 0, 1));
	for (i = 0; i < 4; i++) {
		assert_int_equal(pop(i, blocks), 1);
		expect(blocks, i, 1);
		/* Not as a chain of that class: back to where all can have it. */
		atomic_store(&depot.shelf[i][0], 0);
		atomic_fetch_or(&depot.free[0], UINT64_C(0x10) << i);
		assert_int_equal(push(6, 0, 200), i == 3);
	}
	assert_int_equal(pop(6, blocks), 200);
	expect(blocks, 0, 200);
}

static void
a_class_has_its_share_at_most(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	struct fm_aim aim = { .full = 0 };
	unsigned int i;

	(void)state;
	atomic_store(&depot.max_full[5], 2);
	for (i = 0; i < 10; i++) {
		assert_true(push_at(&aim, 5, 0, 1));
		assert_true(push_at(&aim, 5, 1, 200));
		assert_false(push_at(&aim, 5, 2, 1));
		assert_true(push(6, 2, 1));
		assert_int_not_equal(fm_depot_pop(&depot, 5, &aim, blocks), 0);
		assert_true(push_at(&aim, 5, 2, 200));
		assert_false(push_at(&aim, 5, 2, 200));
		assert_int_not_equal(fm_depot_pop(&depot, 5, &aim, blocks), 0);
		assert_int_not_equal(fm_depot_pop(&depot, 5, &aim, blocks), 0);
		assert_int_equal(pop(6, blocks), 1);
	}
	expect_all_free();
}

static void
a_class_has_a_shelf_at_most(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i;

	(void)state;
	for (i = 0; i < FM_SHELF; i++)
		assert_true(push(5, i, 1));
	assert_false(push(5, 0, 1));
	assert_true(push(6, 100, 1));
	for (i = 0; i < FM_SHELF; i++)
		assert_int_equal(pop(5, blocks), 1);
	assert_int_equal(pop(5, blocks), 0);
	/* The few that are kept empty are used again. */
	assert_int_equal(nb_words(5, IS_EMPTY), MAX_EMPTY);
	assert_true(push(5, 0, 1));
	assert_int_equal(nb_words(5, IS_EMPTY), MAX_EMPTY - 1);
	assert_int_equal(pop(5, blocks), 1);
	assert_int_equal(pop(6, blocks), 1);
	expect_all_free();
}

/* What makes it fast: one word and one chain for two that give and take in turn. */
static void
giver_and_taker_meet_at_one_chain(void **state)
{
	struct fm_aim giver = { .full = 0 }, taker = { .full = 0 };
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i, was = nb_free();

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_true(push_at(&giver, 9, i, 192));
		assert_int_equal(was - nb_free(), FM_CHAIN_MAGS);
		assert_int_equal(fm_depot_pop(&depot, 9, &taker, blocks), 192);
		expect(blocks, i, 192);
	}
	assert_int_equal(nb_words(9, UINT32_MAX), 1);
	/* Of another length it is not of use, and not in the way. */
	assert_true(push_at(&giver, 9, 0, 1));
	assert_int_equal(fm_depot_pop(&depot, 9, &taker, blocks), 1);
	expect_all_free();
}

/* Another thread took what was aimed at, or another chain is there by now. */
static void
a_stale_aim_does_no_harm(void **state)
{
	struct fm_aim giver = { .full = 0 }, taker = { .full = 0 };
	void *blocks[FM_CHAIN_BLOCKS];

	(void)state;
	assert_true(push_at(&giver, 3, 0, 1));
	assert_true(push_at(&giver, 3, 1, 2));
	assert_int_equal(fm_depot_pop(&depot, 3, &taker, blocks), 1);
	assert_int_equal(pop(3, blocks), 2);
	assert_int_equal(fm_depot_pop(&depot, 3, &taker, blocks), 0);
	assert_true(push(3, 0, 3));
	assert_int_equal(fm_depot_pop(&depot, 3, &taker, blocks), 3);
	expect(blocks, 0, 3);
	/* The chain that the giver aims at: others fill it; and it goes away. */
	assert_true(push_at(&giver, 3, 4, 4));
	assert_true(push(3, 8, 5));
	assert_true(push_at(&giver, 3, 13, 6));
	assert_int_equal(fm_depot_blocks(&depot, 3), 4 + 5 + 6);
	while (fm_depot_pop(&depot, 3, &taker, blocks) != 0)
		expect(blocks, (unsigned int)((char *)blocks[0] - memory), 4);
	expect_all_free();
}

static uint32_t
any_word(unsigned int cls)
{
	static const uint32_t kinds[] = { 0, TAKEN, IS_FULL, IS_EMPTY };

	switch (rand() % 3) {
	case 0:
		return atomic_load(&depot.shelf[rand() % 4 == 0 ? 0 : cls][rand() % FM_SHELF]);
	case 1:
		return kinds[rand() % 4] | (uint32_t)(rand() % 5 * FM_MAG_BLOCKS) << 12 |
		       (uint32_t)rand() % FM_GROUP_MAGS;
	default:
		return (uint32_t)rand() * 2654435761u;
	}
}

static struct fm_aim
any_aim(unsigned int cls)
{
	struct fm_aim aim = { .full = any_word(cls), .empty = any_word(cls) };

	aim.full_at = (uint8_t)(rand() % 4 == 0 ? rand() : rand() % FM_SHELF);
	aim.empty_at = (uint8_t)(rand() % 4 == 0 ? rand() : rand() % FM_SHELF);
	return aim;
}

/* I1: there is nothing that an aim could make a thread believe. */
static void
a_lying_aim_does_no_harm(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i, n, cls, in[3] = { 0 };
	struct fm_aim aim;

	(void)state;
	srand(1);
	for (i = 0; i < 200000; i++) {
		cls = (unsigned int)rand() % 3;
		aim = any_aim(cls);
		if (i % 8000 < 4000 ? rand() % 3 != 0 : rand() % 3 == 0) {
			n = 1 + (unsigned int)rand() % FM_CHAIN_BLOCKS;
			/* Its first address tells its length. */
			if (push_at(&aim, cls, n - 1, n))
				in[cls] += n;
		} else {
			n = fm_depot_pop(&depot, cls, &aim, blocks);
			assert_true(n <= in[cls]);
			assert_true(n != 0 || in[cls] == 0);
			expect(blocks, n - 1, n);
			in[cls] -= n;
		}
		for (n = 0; n < 3; n++)
			assert_int_equal(fm_depot_blocks(&depot, n), in[n]);
	}
	for (cls = 0; cls < 3; cls++)
		while ((n = pop(cls, blocks)) != 0)
			in[cls] -= n;
	assert_int_equal(in[0] + in[1] + in[2], 0);
	expect_all_free();
}

/* A thread that was stopped with a word in its hands. */
static void
nobody_waits_for_a_word_that_is_taken(void **state)
{
	struct fm_aim giver = { .full = 0 }, taker = { .full = 0 };
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i;

	(void)state;
	assert_true(push_at(&giver, 3, 0, 1));
	assert_true(push_at(&giver, 3, 1, 2));
	assert_int_equal(fm_depot_pop(&depot, 3, &taker, blocks), 1);
	assert_int_equal(nb_words(3, IS_FULL), 1);
	for (i = 0; i < FM_SHELF; i++)
		if ((atomic_load(&depot.shelf[3][i]) & IS_FULL) != 0)
			atomic_store(&depot.shelf[3][i], TAKEN);
	assert_int_equal(fm_depot_pop(&depot, 3, &taker, blocks), 0);
	for (i = 1; i < FM_SHELF; i++)
		assert_true(push_at(&giver, 3, i, i));
	assert_false(push_at(&giver, 3, 0, 1));
	for (i = 1; i < FM_SHELF; i++)
		assert_int_not_equal(fm_depot_pop(&depot, 3, &taker, blocks), 0);
	assert_int_equal(fm_depot_pop(&depot, 3, &taker, blocks), 0);
	assert_int_equal(nb_words(3, TAKEN), 1);
}

static void
pop_any_finds_all_of_all_classes(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int cursor = 0, nb = 0, n, sum = 0;

	(void)state;
	assert_true(push(0, 0, 2));
	assert_true(push(0, 3, 4));
	assert_true(push(40, 7, 100));
	assert_true(push(FM_CLASSES - 1, 108, 140));
	for (; (n = fm_depot_pop_any(&depot, &cursor, blocks)) != 0; nb++) {
		expect(blocks, (unsigned int)((char *)blocks[0] - memory), n);
		sum += n;
	}
	assert_int_equal(nb, 4);
	assert_int_equal(sum, 2 + 4 + 100 + 140);
	assert_int_equal(fm_depot_pop_any(&depot, &cursor, blocks), 0);
	expect_all_free();
}

static void
pop_any_is_done_however_much_is_pushed(void **state)
{
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int cursor = 0, nb = 0;

	(void)state;
	assert_true(push(7, 0, 3));
	while (fm_depot_pop_any(&depot, &cursor, blocks) != 0) {
		assert_in_range(++nb, 1, FM_SHELF);
		assert_true(push(7, 0, 3));
	}
	assert_int_equal(fm_depot_blocks(&depot, 7), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_pushed_comes_back, setup),
		cmocka_unit_test_setup(pop_gives_its_class_alone, setup),
		cmocka_unit_test_setup(a_chain_is_as_long_as_its_blocks_need, setup),
		cmocka_unit_test_setup(all_magazines_of_all_groups_serve, setup),
		cmocka_unit_test_setup(magazines_split_and_join, setup),
		cmocka_unit_test_setup(a_class_has_its_share_at_most, setup),
		cmocka_unit_test_setup(a_class_has_a_shelf_at_most, setup),
		cmocka_unit_test_setup(giver_and_taker_meet_at_one_chain, setup),
		cmocka_unit_test_setup(a_stale_aim_does_no_harm, setup),
		cmocka_unit_test_setup(a_lying_aim_does_no_harm, setup),
		cmocka_unit_test_setup(nobody_waits_for_a_word_that_is_taken, setup),
		cmocka_unit_test_setup(pop_any_finds_all_of_all_classes, setup),
		cmocka_unit_test_setup(pop_any_is_done_however_much_is_pushed, setup),
	};

	return cmocka_run_group_tests_name("fastmem/magazine", tests, NULL, NULL);
}
