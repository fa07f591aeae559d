/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the tests of class.c: the table's figures, exhaustively.
 * Must not: need EAL.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fastmem_priv.h"

static void
sizes_ascend(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i;

	(void)state;
	assert_int_equal(rte_fastmem_classes(NULL), FM_CLASSES);
	assert_int_equal(rte_fastmem_classes(sizes), FM_CLASSES);
	for (i = 0; i < FM_CLASSES; i++) {
		assert_int_equal(sizes[i], fm_class[i].size);
		assert_int_equal(sizes[i] % RTE_FASTMEM_ALIGN, 0);
		assert_true(i == 0 || sizes[i] > sizes[i - 1]);
	}
	assert_int_equal(sizes[0], RTE_FASTMEM_ALIGN);
	assert_int_equal(sizes[FM_FAST_CLASSES - 1], RTE_FASTMEM_FAST_SIZE);
	assert_int_equal(sizes[FM_CLASSES - 1], RTE_FASTMEM_MAX_SIZE);
	assert_int_equal(rte_fastmem_max_size(), RTE_FASTMEM_MAX_SIZE);
}

static void
runs_fit_a_slab_and_a_word(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < FM_CLASSES; i++) {
		const struct fm_class *c = &fm_class[i];

		assert_in_range(c->pages, 1, FM_SLAB_PAGES);
		assert_in_range(c->blocks, 1, 64);
		assert_true(c->blocks * (size_t)c->size <= c->pages * FM_PAGE_SIZE);
		assert_int_equal(__builtin_popcountll(fm_class_full(c)), c->blocks);
		/* `back` counts the pages to a run's first one in a byte. */
		assert_in_range(c->pages, 1, 256);
	}
}

static void
runs_waste_little(void **state)
{
	unsigned int i;
	size_t run, waste;

	(void)state;
	for (i = 0; i < FM_CLASSES; i++) {
		run = fm_class[i].pages * FM_PAGE_SIZE;
		waste = run - fm_class[i].blocks * (size_t)fm_class[i].size;
		/* At most 3.2 % of a run. */
		assert_true(waste * 1000 <= run * 32);
	}
}

/* For the last bytes of a large block it names the next one; multiplied out that shows. */
static void
the_reciprocal_tells_blocks_from_other_addresses(void **state)
{
	uint64_t offset, i;
	unsigned int cls;

	(void)state;
	for (cls = 0; cls < FM_CLASSES; cls++) {
		const struct fm_class *c = &fm_class[cls];

		for (offset = 0; offset < c->pages * FM_PAGE_SIZE; offset++) {
			i = offset * c->reciprocal >> 32;
			if ((i * c->size == offset) != (offset % c->size == 0))
				fail_msg("class %u, offset %lu", cls, (unsigned long)offset);
			if (cls < FM_FAST_CLASSES && i != offset / c->size)
				fail_msg("class %u, offset %lu", cls, (unsigned long)offset);
		}
	}
}

static void
a_size_gets_the_least_class(void **state)
{
	unsigned int cls = 0;
	size_t size;

	(void)state;
	assert_int_equal(rte_fastmem_class_compute(0), 0);
	assert_int_equal(rte_fastmem_class_map[0], 0);
	for (size = 1; size <= RTE_FASTMEM_MAX_SIZE; size++) {
		cls += size > fm_class[cls].size;
		if (fm_class_of(size, 1) != cls)
			fail_msg("%zu bytes: class %u, not %u", size, fm_class_of(size, 1), cls);
		if (size > RTE_FASTMEM_FAST_SIZE)
			continue;
		assert_int_equal(rte_fastmem_class_compute(size), cls);
		assert_int_equal(
			rte_fastmem_class_map[(size + RTE_FASTMEM_ALIGN - 1) / RTE_FASTMEM_ALIGN],
			cls * FM_SLOT_UNITS);
	}
}

static void
an_alignment_gets_the_least_class_divisible_by_it(void **state)
{
	unsigned int i, cls;
	size_t align;

	(void)state;
	for (align = 1; align <= RTE_FASTMEM_MAX_SIZE; align *= 2) {
		for (i = 0; i < FM_CLASSES; i++) {
			cls = fm_class_of(fm_class[i].size, align);
			assert_true(cls >= i && cls < FM_CLASSES);
			assert_int_equal(fm_class[cls].size % align, 0);
			while (cls-- > i)
				assert_int_not_equal(fm_class[cls].size % align, 0);
		}
	}
}

static void
exact_sizes_are_known(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < FM_CLASSES; i++) {
		assert_int_equal(fm_class_exact(fm_class[i].size), i);
		assert_int_equal(fm_class_exact(fm_class[i].size - 1), FM_CLASSES);
		assert_int_equal(fm_class_exact(fm_class[i].size + 1), FM_CLASSES);
	}
	assert_int_equal(fm_class_exact(0), FM_CLASSES);
}

static void
arrays_lie_one_behind_the_other(void **state)
{
	unsigned int i, at = 0;

	(void)state;
	for (i = 0; i < FM_CLASSES; i++) {
		assert_int_equal(fm_class[i].array, at);
		at += fm_class[i].entries;
	}
	assert_int_equal(fm_class_array_len(), at);
}

static void
a_slot_is_bounded_in_entries_and_bytes(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < FM_CLASSES; i++) {
		const struct fm_class *c = &fm_class[i];

		assert_true(c->entries <= 256 && c->entries % 2 == 0);
		assert_true(c->entries * (size_t)c->size <= 256 * 1024);
		/* And not less than that: two more would not do. */
		assert_true(c->entries == 256 || (c->entries + 2) * (size_t)c->size > 256 * 1024);
	}
	assert_int_equal(fm_class[0].entries, 256);
	assert_int_equal(fm_class[fm_class_exact(16 * 1024)].entries, 16);
	assert_int_equal(fm_class[fm_class_exact(128 * 1024)].entries, 2);
	assert_int_equal(fm_class[fm_class_exact(RTE_FASTMEM_MAX_SIZE)].entries, 0);
}

/* After one has come a block can be freed, and after one has gone one can be allocated. */
static void
a_batch_is_a_chain_and_leaves_room_both_ways(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < FM_CLASSES; i++) {
		const struct fm_class *c = &fm_class[i];

		assert_true(c->batch <= FM_CHAIN_BLOCKS);
		assert_int_equal(c->batch == 0, c->entries == 0);
		if (c->entries == 0)
			continue;
		assert_in_range(c->batch, 1, c->entries - 1u);
		assert_true(c->entries == 2 || c->batch == c->entries * 3 / 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_ascend),
		cmocka_unit_test(runs_fit_a_slab_and_a_word),
		cmocka_unit_test(runs_waste_little),
		cmocka_unit_test(the_reciprocal_tells_blocks_from_other_addresses),
		cmocka_unit_test(a_size_gets_the_least_class),
		cmocka_unit_test(an_alignment_gets_the_least_class_divisible_by_it),
		cmocka_unit_test(exact_sizes_are_known),
		cmocka_unit_test(arrays_lie_one_behind_the_other),
		cmocka_unit_test(a_slot_is_bounded_in_entries_and_bytes),
		cmocka_unit_test(a_batch_is_a_chain_and_leaves_room_both_ways),
	};

	return cmocka_run_group_tests_name("fastmem/class", tests, NULL, NULL);
}
