/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * IO addresses: contiguous within a block of up to 1 MiB, and right for every byte of it, checked
 * against EAL's own translation, and against the kernel's where physical addresses are used. */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "test_blocks.h"
#include "test_setup.h"

static void
assert_iova_right(const char *ptr, size_t size)
{
	uint64_t iova = rte_fastmem_virt2iova(ptr);
	size_t offset;

	assert_true(iova != RTE_BAD_IOVA);
	for (offset = 0; offset < size; offset += 4096) {
		assert_true(rte_fastmem_virt2iova(ptr + offset) == iova + offset);
		assert_true(rte_mem_virt2iova(ptr + offset) == iova + offset);
	}
	assert_true(rte_fastmem_virt2iova(ptr + size - 1) == iova + size - 1);
	assert_true(rte_mem_virt2iova(ptr + size - 1) == iova + size - 1);
}

static void
blocks_of_every_class_are_contiguous(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);
	struct test_blocks blocks = { 0 };
	size_t j;

	(void)state;
	for (i = 0; i < n; i++) {
		while (blocks.n < 20)
			assert_true(test_blocks_alloc(&blocks, sizes[i], 0));
		for (j = 0; j < blocks.n; j++)
			assert_iova_right(blocks.at[j].ptr, sizes[i]);
		test_blocks_free(&blocks);
	}
}

static void
every_block_of_a_full_reservation_is_contiguous(void **state)
{
	static const size_t sizes[] = { 2049, 12345, 100000, 600000, MIB };
	struct test_blocks blocks = { 0 };
	size_t i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		test_blocks_exhaust(&blocks, sizes[i], 0);
		for (j = 0; j < blocks.n; j++)
			assert_iova_right(blocks.at[j].ptr, sizes[i]);
		test_blocks_free(&blocks);
	}
}

static void
interior_pointers_translate(void **state)
{
	struct test_rand r = test_rand_start(61);
	char *ptr, *inside;
	size_t size;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		size = 1 + test_rand_size(&r, MIB - 1);
		ptr = rte_fastmem_alloc(size, 0, 0);
		assert_non_null(ptr);
		inside = ptr + test_rand_below(&r, size);
		assert_true(rte_fastmem_virt2iova(inside) == rte_mem_virt2iova(inside));
		rte_fastmem_free(ptr);
	}
}

/* The kernel's word for where a page lies; 0 where it will not say. */
static uint64_t
kernel_physical(const void *ptr)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	assert_true(fd >= 0);
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)ptr / 4096 * 8)) != sizeof(entry))
		entry = 0;
	close(fd);
	return (entry & (((uint64_t)1 << 55) - 1)) * 4096 + (uintptr_t)ptr % 4096;
}

static void
the_mode_decides_what_an_address_means(void **state)
{
	char *ptr = rte_fastmem_alloc(100000, 0, RTE_FASTMEM_F_ZERO);

	(void)state;
	assert_non_null(ptr);
	if (rte_eal_iova_mode() == RTE_IOVA_VA) {
		assert_int_equal(rte_fastmem_virt2iova(ptr + 5000), (uintptr_t)ptr + 5000);
	} else {
		if (kernel_physical(ptr) < 4096)
			skip_because("the kernel hides physical addresses from this user");
		assert_int_equal(rte_fastmem_virt2iova(ptr + 5000), kernel_physical(ptr + 5000));
		assert_int_equal(rte_fastmem_virt2iova(ptr + 99999), kernel_physical(ptr + 99999));
	}
	rte_fastmem_free(ptr);
}

static void
what_is_no_block_has_no_address(void **state)
{
	void *heap = malloc(64), *eal = rte_malloc(NULL, 64, 0);

	(void)state;
	assert_true(rte_fastmem_virt2iova(NULL) == RTE_BAD_IOVA);
	assert_true(rte_fastmem_virt2iova(&heap) == RTE_BAD_IOVA);
	assert_true(rte_fastmem_virt2iova(heap) == RTE_BAD_IOVA);
	assert_true(rte_fastmem_virt2iova(eal) == RTE_BAD_IOVA);
	assert_true(rte_fastmem_virt2iova((void *)UINTPTR_MAX) == RTE_BAD_IOVA);
	free(heap);
	rte_free(eal);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(blocks_of_every_class_are_contiguous),
		RESERVED(every_block_of_a_full_reservation_is_contiguous),
		RESERVED(interior_pointers_translate),
		RESERVED(the_mode_decides_what_an_address_means),
		RESERVED(what_is_no_block_has_no_address),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/iova", tests, NULL, NULL);
}
