/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Blocks above the largest class: runs of pages, up to the longest that is free. */

#include <stdatomic.h>

#include <rte_cycles.h>
#include <rte_memory.h>

#include "test_blocks.h"
#include "test_setup.h"

#define IN_PIECES "no run spans the pieces that EAL gave"

static void
check_large(size_t size, size_t align)
{
	char *ptr = rte_fastmem_alloc(size, align, 0);

	assert_non_null(ptr);
	assert_int_equal((uintptr_t)ptr % (align == 0 ? RTE_CACHE_LINE_SIZE : align), 0);
	assert_true(rte_fastmem_usable_size(ptr) >= size);
	assert_true(rte_fastmem_usable_size(ptr) < size + MIB);
	assert_int_equal(rte_fastmem_node_of(ptr), test_node());
	assert_true(rte_fastmem_owns(ptr));
	assert_true(rte_fastmem_owns(ptr + size - 1));
	assert_int_equal(stats_now().bytes_in_use, rte_fastmem_usable_size(ptr));
	test_pattern_write(ptr, size, size);
	assert_true(test_pattern_intact(ptr, size, size));
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
sizes_beyond_the_largest_class_work(void **state)
{
	size_t size;

	(void)state;
	check_large(MIB + 1, 0);
	check_large(SLAB - 1, 0);
	check_large(SLAB, 0);
	check_large(SLAB + 1, 0);
	for (size = MIB + 4097; size < 20 * MIB; size += 777777)
		check_large(size, 0);
}

static void
alignments_up_to_the_largest_are_honoured(void **state)
{
	size_t align;

	(void)state;
	for (align = 1; align <= MIB; align *= 2)
		check_large(3 * MIB + 100, align);
}

static void
the_longest_free_run_can_be_taken_whole(void **state)
{
	(void)state;
	if (node_stats_now().chunks > 1)
		skip_because(IN_PIECES);
	check_large(TEST_RESERVED, 0);
	check_large(TEST_RESERVED - 4096, 0);
}

static void
beyond_the_longest_run_is_enomem(void **state)
{
	(void)state;
	assert_null(rte_fastmem_alloc(TEST_RESERVED + 1, 0, 0));
	assert_int_equal(rte_errno, ENOMEM);
	assert_null(rte_fastmem_alloc((size_t)1 << 40, 0, 0));
	assert_true(rte_errno == ENOMEM || rte_errno == E2BIG);
}

static void
growth_makes_a_chunk_that_is_long_enough(void **state)
{
	(void)state;
	check_large(24 * MIB, 0);
}

static void
large_blocks_do_not_overlap_small_ones(void **state)
{
	struct test_rand r = test_rand_start(51);
	struct test_blocks blocks = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		test_blocks_alloc(&blocks, MIB + 1 + test_rand_below(&r, 2 * MIB), 0);
		test_blocks_alloc(&blocks, test_rand_size(&r, MIB), 0);
		if (blocks.n > 12)
			rte_fastmem_free(test_blocks_take(&blocks, test_rand_below(&r, 12)).ptr);
	}
	assert_true(test_blocks_intact(&blocks));
	assert_true(test_blocks_disjoint(&blocks));
	test_blocks_free(&blocks);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* Runs side by side, freed in any order, are one run again. */
static void
neighbours_merge_when_freed(void **state)
{
	struct test_rand r = test_rand_start(52);
	struct test_blocks blocks = { 0 };
	void *whole;
	int round;

	(void)state;
	if (node_stats_now().chunks > 1)
		skip_because(IN_PIECES);
	for (round = 0; round < 10; round++) {
		while (test_blocks_alloc(&blocks, MIB + 1 + test_rand_below(&r, 2 * MIB), 0))
			;
		test_blocks_shuffle(&blocks, &r);
		test_blocks_free(&blocks);
		whole = rte_fastmem_alloc(TEST_RESERVED, 0, 0);
		assert_non_null(whole);
		rte_fastmem_free(whole);
	}
}

static void
small_blocks_make_room_for_a_large_one(void **state)
{
	struct test_rand r = test_rand_start(53);
	struct test_blocks blocks = { 0 };
	void *whole;

	(void)state;
	if (node_stats_now().chunks > 1)
		skip_because(IN_PIECES);
	test_blocks_exhaust(&blocks, 300, 0);
	test_blocks_shuffle(&blocks, &r);
	test_blocks_free(&blocks);
	whole = rte_fastmem_alloc(TEST_RESERVED, 0, 0);
	assert_non_null(whole);
	rte_fastmem_free(whole);
}

static bool
eal_says_contiguous(const void *ptr, size_t size)
{
	rte_iova_t first = rte_mem_virt2iova(ptr);
	size_t offset;

	for (offset = 0; offset < size; offset += 4096)
		if (rte_mem_virt2iova((const char *)ptr + offset) != first + offset)
			return false;
	return true;
}

/* Either it cannot be had, or it is what was asked for. */
static void
f_iova_contig_gives_contiguous_blocks_or_none(void **state)
{
	const size_t page = test_eal_page_size();
	size_t size;
	void *ptr;

	(void)state;
	for (size = MIB + 1; size <= 8 * MIB; size += 555555) {
		ptr = rte_fastmem_alloc(size, 0, RTE_FASTMEM_F_IOVA_CONTIG);
		if (ptr == NULL) {
			assert_int_equal(rte_errno, ENOMEM);
			assert_true(size > page);
			continue;
		}
		assert_true(eal_says_contiguous(ptr, size));
		rte_fastmem_free(ptr);
	}
}

static void
f_iova_contig_within_a_hugepage_can_always_be_had(void **state)
{
	struct test_blocks blocks = { 0 };
	unsigned int i;
	void *ptr;

	(void)state;
	for (i = 0; i < TEST_RESERVED / SLAB; i++) {
		ptr = rte_fastmem_alloc(SLAB, 0, RTE_FASTMEM_F_IOVA_CONTIG);
		assert_non_null(ptr);
		assert_true(eal_says_contiguous(ptr, SLAB));
		test_blocks_add(&blocks, ptr, SLAB);
	}
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
}

static void
virt2iova_is_right_across_pages(void **state)
{
	char *ptr = rte_fastmem_alloc(9 * MIB, 0, 0);
	size_t offset;

	(void)state;
	assert_non_null(ptr);
	for (offset = 0; offset < 9 * MIB; offset += 12345)
		assert_true(rte_fastmem_virt2iova(ptr + offset) == rte_mem_virt2iova(ptr + offset));
	assert_true(rte_fastmem_virt2iova(ptr + 9 * MIB - 1) ==
		    rte_mem_virt2iova(ptr + 9 * MIB - 1));
	rte_fastmem_free(ptr);
}

static void *
free_it(void *ptr)
{
	rte_fastmem_free(ptr);
	return NULL;
}

static void
another_thread_frees_it(void **state)
{
	pthread_t thread;
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		test_thread_start(&thread, free_it, rte_fastmem_alloc(20 * MIB, 0, 0));
		pthread_join(thread, NULL);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
	assert_int_equal(stats_now().alloc_nomem, 0);
}

static atomic_bool over;

static void *
come_and_go(void *arg)
{
	void *block;

	while (!over) {
		/* Its pages are given back slab by slab. */
		block = rte_fastmem_alloc(24 * MIB, 0, 0);
		rte_fastmem_free(block);
	}
	return arg;
}

/*
 * A block's length is told by its pages: those of one that goes behind it must never count. The moment in
 * which they could is short: a build with race windows shows it in every other run.
 */
static void
a_block_has_its_own_pages_whatever_goes_behind_it(void **state)
{
	uint64_t until = rte_rdtsc() + rte_get_tsc_hz() / 2;
	void *blocks[TEST_RESERVED / SLAB];
	size_t n, nb_wrong = 0;
	pthread_t thread;

	(void)state;
	over = false;
	test_thread_start(&thread, come_and_go, NULL);
	while (rte_rdtsc() < until && nb_wrong == 0) {
		/* As many as fit in where slabs are free already, up to the next that is not. */
		for (n = 0; n < RTE_DIM(blocks); n++) {
			blocks[n] = rte_fastmem_alloc(SLAB, 0, 0);
			if (blocks[n] == NULL)
				break;
			nb_wrong += rte_fastmem_usable_size(blocks[n]) != SLAB;
		}
		rte_fastmem_free_bulk(blocks, (unsigned int)n);
	}
	over = true;
	pthread_join(thread, NULL);
	assert_int_equal(nb_wrong, 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(sizes_beyond_the_largest_class_work),
		RESERVED(alignments_up_to_the_largest_are_honoured),
		RESERVED(the_longest_free_run_can_be_taken_whole),
		RESERVED(beyond_the_longest_run_is_enomem),
		cmocka_unit_test_setup_teardown(growth_makes_a_chunk_that_is_long_enough,
						setup_init, teardown_deinit),
		RESERVED(large_blocks_do_not_overlap_small_ones),
		RESERVED(neighbours_merge_when_freed),
		RESERVED(small_blocks_make_room_for_a_large_one),
		RESERVED(f_iova_contig_gives_contiguous_blocks_or_none),
		RESERVED(f_iova_contig_within_a_hugepage_can_always_be_had),
		RESERVED(virt2iova_is_right_across_pages),
		RESERVED(another_thread_frees_it),
		RESERVED(a_block_has_its_own_pages_whatever_goes_behind_it),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/large", tests, NULL, NULL);
}
