/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Reservations in pages of a stated size: where blocks lie, the kernel is asked. */

#include <stdio.h>
#include <stdlib.h>

#include "test_setup.h"

#define GIB ((size_t)1 << 30)

/* Bytes a page of the mapping of an address, as the kernel tells it. */
static size_t
kernel_page_size(const void *at)
{
	uintptr_t start, best = 0;
	size_t size = 0;
	const char *text;
	char line[4096];
	FILE *f = fopen("/proc/self/numa_maps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		start = strtoull(line, NULL, 16);
		text = strstr(line, "kernelpagesize_kB=");
		if (text == NULL || start < best || start > (uintptr_t)at)
			continue;
		best = start;
		size = strtoull(text + strlen("kernelpagesize_kB="), NULL, 10) << 10;
	}
	fclose(f);
	return size;
}

/* Blocks of 1 MiB until there are no more; how many lie in pages of that size. */
static unsigned int
count_blocks_in(size_t page_size, unsigned int *all)
{
	unsigned int n = 0;
	char *block;

	*all = 0;
	for (;;) {
		block = rte_fastmem_alloc_node(MIB, 0, 0, test_node());
		if (block == NULL)
			return n;
		*block = 1;
		n += kernel_page_size(block) == page_size;
		++*all;
	}
}

static void
assert_comes_in(size_t page_size)
{
	unsigned int all, there;

	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	assert_int_equal(rte_fastmem_reserve_pages(32 * MIB, page_size, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 32 * MIB);
	there = count_blocks_in(page_size, &all);
	assert_int_equal(there, all);
	assert_in_range(all, 32, 33);
}

static void
small_pages_alone(void **state)
{
	(void)state;
	if (!test_eal_huge())
		return assert_comes_in(4096);
	if (!test_eal_has_pages(2 * MIB))
		skip_because("EAL has no pages of 2 MiB");
	assert_comes_in(2 * MIB);
}

static void
large_pages_alone(void **state)
{
	(void)state;
	if (!test_eal_huge() || !test_eal_has_pages(GIB))
		skip_because("EAL has no pages of 1 GiB");
	assert_comes_in(GIB);
}

static void
each_size_adds_to_what_there_is(void **state)
{
	unsigned int all;

	(void)state;
	if (!test_eal_has_pages(GIB) || !test_eal_has_pages(2 * MIB))
		skip_because("EAL has not pages of both sizes");
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	assert_int_equal(rte_fastmem_reserve_pages(16 * MIB, GIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, 2 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, GIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 32 * MIB);
	assert_in_range(count_blocks_in(GIB, &all), 24, 25);
	assert_in_range(all, 32, 34);
}

static void
any_size_will_do(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, 0, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, 0, RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 16 * MIB);
}

static void
what_eal_has_not_is_refused(void **state)
{
	size_t heap = eal_heap_bytes(), half_page = test_eal_page_size() / 2;

	(void)state;
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, half_page, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, half_page, RTE_NUMA_NODE_ANY), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve_pages(8 * MIB, 3 * MIB, test_node()), -EINVAL);
	assert_int_equal(rte_fastmem_reserve_pages(0, half_page, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(zones_count(), 0);
	assert_int_equal(eal_heap_bytes(), heap);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
		TEST(small_pages_alone),
		TEST(large_pages_alone),
		TEST(each_size_adds_to_what_there_is),
		TEST(any_size_will_do),
		TEST(what_eal_has_not_is_refused),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/pages", tests, NULL, NULL);
}
