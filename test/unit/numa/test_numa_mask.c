/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of masks: any id is safe to ask about, algebra, text.
 * Must not: depend on the machine that it runs on.
 * Called by: meson test.
 */

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rte_numa.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

static struct rte_numa_mask
mask_of(const char *list)
{
	struct rte_numa_mask mask;

	assert_int_equal(rte_numa_mask_parse(list, &mask), 0);
	return mask;
}

static void
no_id_out_of_range_is_in_a_mask(void **state)
{
	static const int ids[] = { RTE_NUMA_NODE_ANY, -2, INT_MIN, RTE_NUMA_MAX_NODES, INT_MAX };
	struct rte_numa_mask mask, full;

	(void)state;
	memset(&full, 0xff, sizeof(full));
	for (size_t i = 0; i < NB_ELEMS(ids); i++) {
		mask = full;
		assert_false(rte_numa_mask_valid(ids[i]));
		assert_false(rte_numa_mask_test(&mask, ids[i]));
		assert_int_equal(rte_numa_mask_set(&mask, ids[i]), -EINVAL);
		assert_int_equal(rte_numa_mask_clear(&mask, ids[i]), -EINVAL);
		assert_int_equal(rte_numa_mask_only(&mask, ids[i]), -EINVAL);
		assert_true(rte_numa_mask_equal(&mask, &full));
	}
	assert_int_equal(rte_numa_mask_count(&full), RTE_NUMA_MAX_NODES);
}

static void
each_id_is_its_own_bit(void **state)
{
	(void)state;
	for (int id = 0; id < RTE_NUMA_MAX_NODES; id++) {
		struct rte_numa_mask mask = { { 0 } };

		assert_true(rte_numa_mask_empty(&mask));
		assert_int_equal(rte_numa_mask_set(&mask, id), 0);
		assert_int_equal(rte_numa_mask_set(&mask, id), 0);
		assert_false(rte_numa_mask_empty(&mask));
		assert_int_equal(rte_numa_mask_count(&mask), 1);
		assert_true(rte_numa_mask_test(&mask, id));
		assert_false(rte_numa_mask_test(&mask, id - 1));
		assert_false(rte_numa_mask_test(&mask, id + 1));
		assert_int_equal(rte_numa_mask_next(&mask, -1), id);
		assert_int_equal(rte_numa_mask_next(&mask, INT_MIN), id);
		assert_int_equal(rte_numa_mask_next(&mask, id - 1), id);
		assert_int_equal(rte_numa_mask_next(&mask, id), -1);
		assert_int_equal(rte_numa_mask_next(&mask, INT_MAX), -1);
		assert_int_equal(rte_numa_mask_clear(&mask, id), 0);
		assert_true(rte_numa_mask_empty(&mask));
	}
}

static void
sets_have_their_algebra(void **state)
{
	struct rte_numa_mask a = mask_of("0-3,63-64,1023"), b = mask_of("2-5,64"), r, expected;

	(void)state;
	rte_numa_mask_and(&r, &a, &b);
	expected = mask_of("2-3,64");
	assert_true(rte_numa_mask_equal(&r, &expected));
	assert_true(rte_numa_mask_within(&r, &a) && rte_numa_mask_within(&r, &b));
	assert_false(rte_numa_mask_within(&a, &r));
	rte_numa_mask_or(&r, &a, &b);
	expected = mask_of("0-5,63-64,1023");
	assert_true(rte_numa_mask_equal(&r, &expected));
	assert_int_equal(rte_numa_mask_count(&r), 9);
	rte_numa_mask_andnot(&r, &a, &b);
	expected = mask_of("0-1,63,1023");
	assert_true(rte_numa_mask_equal(&r, &expected));
	/* The result may be one of the two. */
	rte_numa_mask_andnot(&a, &a, &b);
	assert_true(rte_numa_mask_equal(&a, &expected));
	rte_numa_mask_zero(&r);
	assert_true(rte_numa_mask_within(&r, &a) && rte_numa_mask_within(&r, &r));
}

static void
a_loop_goes_up_through_the_ids(void **state)
{
	static const int ids[] = { 0, 5, 63, 64, 127, 128, 1000, 1023 };
	struct rte_numa_mask mask = mask_of("1023,5,0,63-64,127-128,1000");
	size_t n = 0;
	int id;

	(void)state;
	RTE_NUMA_MASK_FOREACH(id, &mask)
		assert_int_equal(id, ids[n++]);
	assert_int_equal(n, NB_ELEMS(ids));
}

static void
text_that_is_no_list_is_told_from_ids_too_high(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} cases[] = {
		{ "x", -EINVAL },
		{ "3-1", -EINVAL },
		{ "0,", -EINVAL },
		{ " 0", -EINVAL },
		{ "-1", -EINVAL },
		{ "1024", -ERANGE },
		{ "0-1024", -ERANGE },
		{ "2000-3000", -ERANGE },
		{ "0,99999999999999999999999", -ERANGE },
		/* A list that is none, whatever its numbers. */
		{ "1024,", -EINVAL },
		{ "1024;1", -EINVAL },
		{ "2000-3", -EINVAL },
		{ "1024-x", -EINVAL },
	};
	struct rte_numa_mask mask = mask_of("7"), before = mask;

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		print_message("\"%s\"\n", cases[i].text);
		assert_int_equal(rte_numa_mask_parse(cases[i].text, &mask), cases[i].ret);
		assert_true(rte_numa_mask_equal(&mask, &before));
	}
	assert_int_equal(rte_numa_mask_parse(NULL, &mask), -EINVAL);
	assert_int_equal(rte_numa_mask_parse("0", NULL), -EINVAL);
	assert_int_equal(rte_numa_mask_parse("\n", &mask), 0);
	assert_true(rte_numa_mask_empty(&mask));
}

static void
text_comes_back_as_it_went_in(void **state)
{
	static const char *const texts[] = { "",       "0",	    "0-1,3",	      "1023",
					     "0-1023", "62-65,127", "0,2,4,1000-1002" };
	char buf[64], cut[64];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(texts); i++) {
		struct rte_numa_mask mask = mask_of(texts[i]);
		size_t len = strlen(texts[i]);

		assert_int_equal(rte_numa_mask_text(&mask, NULL, 0), len);
		for (size_t size = 1; size <= len + 1; size++) {
			memset(buf, 'x', sizeof(buf));
			memset(cut, 'x', sizeof(cut));
			memcpy(cut, texts[i], size - 1);
			cut[size - 1] = '\0';
			assert_int_equal(rte_numa_mask_text(&mask, buf, size), len);
			assert_memory_equal(buf, cut, sizeof(buf));
		}
	}
}

static void
a_topology_gives_the_masks_of_its_nodes(void **state)
{
	struct rte_numa_topology *topo = tree_load("gpu-memory-0-8");
	struct rte_numa_mask mask, all = mask_of("0,8,252-255"), with_cpus = mask_of("0,8");

	(void)state;
	rte_numa_nodes(topo, 0, &mask);
	assert_true(rte_numa_mask_equal(&mask, &all));
	rte_numa_nodes(topo, RTE_NUMA_WITH_CPUS, &mask);
	assert_true(rte_numa_mask_equal(&mask, &with_cpus));
	rte_numa_nodes(topo, 1u << 31, &mask);
	assert_true(rte_numa_mask_empty(&mask));
	rte_numa_topology_free(topo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_id_out_of_range_is_in_a_mask),
		cmocka_unit_test(each_id_is_its_own_bit),
		cmocka_unit_test(sets_have_their_algebra),
		cmocka_unit_test(a_loop_goes_up_through_the_ids),
		cmocka_unit_test(text_that_is_no_list_is_told_from_ids_too_high),
		cmocka_unit_test(text_comes_back_as_it_went_in),
		cmocka_unit_test(a_topology_gives_the_masks_of_its_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
