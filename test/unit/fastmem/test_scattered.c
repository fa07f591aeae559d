/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Proves that memory is reserved and served where EAL has no two pages of 2 MiB side by side, as
 * happens with --legacy-mem: each test starts with the heap cut at every 2 MiB. */

#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#include "test_blocks.h"
#include "test_eal.h"
#include "test_setup.h"

#define NB_PINS 1024

static void *pins[NB_PINS];

/* A block at each multiple of 2 MiB that EAL has, so that no 2 MiB are free from such a one on. */
static int
setup_cut_heap(void **state)
{
	const struct rte_memzone *mz;
	int i, nb_free = 0;

	for (i = 0; i < NB_PINS; i++) {
		pins[i] = rte_malloc_socket(NULL, 64, SLAB, test_eal_huge() ? test_node() : -1);
		if (pins[i] == NULL)
			break;
	}
	if (i == NB_PINS) /* EAL takes memory as it goes: the cuts would never end */
		return -1;
	mz = rte_memzone_reserve_aligned("probe", SLAB, SOCKET_ID_ANY, 0, SLAB);
	if (mz != NULL) {
		rte_memzone_free(mz);
		nb_free++;
	}
	return nb_free + setup_init(state);
}

static int
teardown_cut_heap(void **state)
{
	int i;

	teardown_deinit(state);
	for (i = 0; i < NB_PINS; i++) {
		rte_free(pins[i]);
		pins[i] = NULL;
	}
	return 0;
}

static void
a_reservation_is_met_in_parts(void **state)
{
	struct rte_fastmem_node_stats node;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 16 * MIB);
	node = node_stats_now();
	assert_true(node.bytes_backing >= 16 * MIB);
	assert_true(node.bytes_backing < 18 * MIB);
	assert_int_equal(node.chunks, 9);
	assert_int_equal(node.free_slabs, 9);
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
	assert_int_equal(node_stats_now().chunks, 9);
}

/* EAL's own answer for the block's first byte and its last. */
static void
assert_iova_is_eals(const void *ptr, size_t size)
{
	const char *last = (const char *)ptr + size - 1;

	assert_int_equal(rte_fastmem_virt2iova(ptr), rte_mem_virt2iova(ptr));
	assert_int_equal(rte_fastmem_virt2iova(last), rte_mem_virt2iova(last));
	assert_int_equal(rte_fastmem_virt2iova(last) - rte_fastmem_virt2iova(ptr), size - 1);
}

static void
parts_serve_blocks_of_all_sizes(void **state)
{
	const size_t sizes[] = { 64, 300, 1500, 4096, 20000, 100000 };
	struct test_blocks blocks = { 0 };
	size_t i, k, n;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		n = test_blocks_exhaust(&blocks, sizes[i], 0);
		assert_true(n * class_of(sizes[i]) >= 16 * MIB * 94 / 100);
		assert_true(test_blocks_disjoint(&blocks));
		for (k = 0; k < blocks.n; k += 97)
			assert_iova_is_eals(blocks.at[k].ptr, sizes[i]);
		test_blocks_free(&blocks);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
	/* A part has room for one of 1 MiB. */
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 9);
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
}

static void
parts_go_back_to_eal(void **state)
{
	struct test_blocks blocks = { 0 };
	size_t heap;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	heap = eal_heap_bytes();
	while (node_stats_now().chunks < 8)
		assert_true(test_blocks_alloc(&blocks, 3000, 0));
	assert_true(eal_heap_bytes() >= heap + 5 * SLAB - 5 * 4096);
	test_blocks_free(&blocks);
	assert_true(rte_fastmem_trim(test_node()) > 0);
	assert_int_equal(node_stats_now().chunks, 3);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0) > 3, 1);
	test_blocks_free(&blocks);
}

static void
a_limit_holds_for_parts_too(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_set_limit(test_node(), 4 * MIB), 0);
	/* Two parts are less than 4 MiB, three are more. */
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), -ENOMEM);
	assert_int_equal(stats_now().bytes_backing, 0);
	assert_int_equal(rte_fastmem_set_limit(test_node(), 8 * MIB), 0);
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	assert_true(stats_now().bytes_backing <= 8 * MIB);
}

int
main(int argc, char **argv)
{
#define CUT(test) cmocka_unit_test_setup_teardown(test, setup_cut_heap, teardown_cut_heap)
	const struct CMUnitTest tests[] = {
		CUT(a_reservation_is_met_in_parts),
		CUT(parts_serve_blocks_of_all_sizes),
		CUT(parts_go_back_to_eal),
		CUT(a_limit_holds_for_parts_too),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/scattered", tests, NULL, NULL);
}
