/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of where pages are: each state a page can be in, each kind of memory.
 * Must not: take the library's word for a node.
 * Called by: meson test.
 */

#include <fcntl.h>
#include <stdio.h>

#include "test_witness.h"

#define SIZE (16 * PAGE)

static struct rte_membind_location
locate(const void *addr, size_t size)
{
	struct rte_membind_location location;
	uint64_t sum = 0;

	memset(&location, 0xa5, sizeof(location));
	assert_ret(rte_membind_locate(addr, size, &location), 0);
	for (int node_id = 0; node_id < RTE_NUMA_MAX_NODES; node_id++) {
		sum += location.on_node[node_id];
		assert_int_equal(location.on_node[node_id] != 0,
				 rte_numa_mask_test(&location.nodes, node_id));
	}
	assert_int_equal(location.present, sum);
	assert_int_equal(
		sum + location.untouched + location.zero + location.swapped + location.other, size);
	return location;
}

static void
each_state_is_counted_in_bytes(void **state)
{
	struct rte_membind_location location;
	char *addr = map(SIZE);
	int node_id;

	(void)state;
	assert_int_equal(locate(addr, SIZE).untouched, SIZE);
	/* Looking changes nothing. */
	assert_true(node_at(addr) < 0);
	touch(addr, 3 * PAGE);
	node_id = node_at(addr);
	assert_true(node_id >= 0);
	assert_int_equal(*(const char *)(addr + 5 * PAGE), 0);
	location = locate(addr, SIZE);
	assert_int_equal(location.on_node[node_id], 3 * PAGE);
	assert_int_equal(location.zero, PAGE);
	assert_int_equal(location.untouched, SIZE - 4 * PAGE);
	/* After a write the page of zeros is a page like any. */
	addr[5 * PAGE] = 1;
	location = locate(addr, SIZE);
	assert_int_equal(location.present, 4 * PAGE);
	assert_int_equal(location.zero, 0);
	/* What is given back was never touched. */
	assert_int_equal(madvise(addr, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(locate(addr, SIZE).present, 3 * PAGE);
	unmap(addr, SIZE);
}

static void
parts_of_pages_count_as_parts(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	addr[0] = 1;
	addr[2 * PAGE] = 1;
	assert_int_equal(locate(addr + 1, 1).present, 1);
	assert_int_equal(locate(addr + PAGE - 1, 1).present, 1);
	assert_int_equal(locate(addr + PAGE, 1).untouched, 1);
	assert_int_equal(locate(addr + 100, 2 * PAGE).present, PAGE);
	assert_int_equal(locate(addr + 100, 2 * PAGE).untouched, PAGE);
	unmap(addr, SIZE);
}

static void
each_node_has_its_bytes(void **state)
{
	struct rte_numa_mask first = mask_of_node(usable_node(0));
	struct rte_numa_mask second = mask_of_node(usable_node(1)), both;
	struct rte_membind_location location;
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr, 5 * PAGE, RTE_MEMBIND_BIND, &first, 0), 0);
	assert_ret(rte_membind_set_range(addr + 5 * PAGE, SIZE - 5 * PAGE, RTE_MEMBIND_BIND,
					 &second, 0),
		   0);
	touch(addr, SIZE - PAGE);
	location = locate(addr, SIZE);
	assert_int_equal(location.on_node[usable_node(0)], 5 * PAGE);
	assert_int_equal(location.on_node[usable_node(1)], SIZE - 6 * PAGE);
	assert_int_equal(location.untouched, PAGE);
	rte_numa_mask_or(&both, &first, &second);
	assert_true(rte_numa_mask_equal(&location.nodes, &both));

	assert_ret(rte_membind_verify(addr, 5 * PAGE, &first), 0);
	assert_refused(rte_membind_verify(addr, 6 * PAGE, &first), -EXDEV, "4096 bytes on node");
	/* A page elsewhere comes before one that is not there. */
	assert_ret(rte_membind_verify(addr, SIZE, &first), -EXDEV);
	assert_refused(rte_membind_verify(addr, SIZE, &both), -ENODATA, "4096 not touched");
	assert_ret(rte_membind_verify(addr, SIZE - PAGE, &both), 0);
	unmap(addr, SIZE);
}

static void
hugepages_count_as_a_whole(void **state)
{
	struct rte_membind_location location;
	char *addr = map_huge(6 * MIB);
	int node_id;

	(void)state;
	assert_int_equal(locate(addr, 6 * MIB).untouched, 6 * MIB);
	addr[2 * MIB + 5 * PAGE] = 1;
	node_id = node_at(addr + 2 * MIB);
	assert_true(node_id >= 0);
	location = locate(addr, 6 * MIB);
	assert_int_equal(location.on_node[node_id], 2 * MIB);
	assert_int_equal(location.untouched, 4 * MIB);
	/* From within a page to within the next. */
	location = locate(addr + 3 * MIB, 2 * MIB);
	assert_int_equal(location.present, MIB);
	assert_int_equal(location.untouched, MIB);
	unmap(addr, 6 * MIB);
}

static void
transparent_hugepages_are_pages_too(void **state)
{
	char *addr = map(4 * MIB);

	(void)state;
	madvise(addr, 4 * MIB, MADV_HUGEPAGE);
	addr[0] = 1;
	/* One page or 512 of them: where the kernel gives none that is a page of 4 KiB. */
	assert_in_range(locate(addr, 4 * MIB).present, PAGE, 2 * MIB);
	touch(addr, 4 * MIB);
	assert_int_equal(locate(addr, 4 * MIB).present, 4 * MIB);
	assert_int_equal(locate(addr + 5, 4 * MIB - 7).present, 4 * MIB - 7);
	unmap(addr, 4 * MIB);
}

static void
a_range_over_kinds_of_memory(void **state)
{
	char *addr = map_huge(2 * MIB);
	struct rte_membind_location location;

	(void)state;
	/* Behind the hugepage, pages of 4 KiB. */
	assert_true(mmap(addr + 2 * MIB, 2 * MIB, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	madvise(addr + 2 * MIB, 2 * MIB, MADV_NOHUGEPAGE);
	addr[0] = 1;
	addr[2 * MIB] = 1;
	location = locate(addr, 4 * MIB);
	assert_int_equal(location.present, 2 * MIB + PAGE);
	assert_int_equal(location.untouched, 2 * MIB - PAGE);
	unmap(addr, 4 * MIB);
}

static void
files_and_shared_memory(void **state)
{
	int fd = memfd_create("membind", 0);
	struct rte_membind_location location;
	char *addr;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	addr = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(addr != MAP_FAILED);
	assert_int_equal(locate(addr, SIZE).untouched, SIZE);
	touch(addr, 2 * PAGE);
	assert_int_equal(locate(addr, SIZE).present, 2 * PAGE);
	unmap(addr, SIZE);
	close(fd);
	/* This program's own code. */
	location = locate((const void *)(uintptr_t)files_and_shared_memory, 1);
	assert_int_equal(location.present, 1);
}

static void
more_pages_than_are_asked_about_at_once(void **state)
{
	size_t size = 1300 * PAGE;
	char *addr = map(size);

	(void)state;
	for (size_t at = 0; at < size; at += 3 * PAGE)
		addr[at] = 1;
	assert_int_equal(locate(addr, size).present, 434 * PAGE);
	addr[1299 * PAGE] = 1;
	assert_int_equal(locate(addr + 1298 * PAGE, 2 * PAGE).present, PAGE);
	unmap(addr, size);
}

static bool
has_swap(void)
{
	FILE *file = fopen("/proc/swaps", "r");
	char line[256];
	int lines = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		lines++;
	if (file != NULL)
		fclose(file);
	return lines > 1;
}

static void
swapped_pages_are_not_untouched(void **state)
{
	struct rte_membind_location location;
	char *addr;

	(void)state;
	if (!has_swap())
		skip_because("this machine has no swap space");
	addr = map(SIZE);
	touch(addr, SIZE);
	if (madvise(addr, SIZE, MADV_PAGEOUT) < 0 || node_at(addr) >= 0) {
		unmap(addr, SIZE);
		skip_because("the kernel did not swap what it was asked to");
	}
	location = locate(addr, SIZE);
	assert_true(location.swapped >= PAGE);
	assert_int_equal(location.untouched, 0);
	unmap(addr, SIZE);
}

static void
bad_arguments_touch_no_output(void **state)
{
	static struct rte_membind_location location, before;
	struct rte_numa_mask nodes = mask_of_node(usable_node(0)), none = mask_of("");
	char *addr = map(SIZE);

	(void)state;
	memset(&location, 0xa5, sizeof(location));
	before = location;
	assert_refused(rte_membind_locate(addr, SIZE, NULL), -EINVAL, "NULL");
	assert_ret(rte_membind_locate(NULL, SIZE, &location), -EINVAL);
	assert_ret(rte_membind_locate(addr, 0, &location), -EINVAL);
	assert_ret(rte_membind_locate(addr, SIZE_MAX, &location), -EINVAL);
	assert_refused(rte_membind_locate((void *)8, 1, &location), -EFAULT, "nothing is mapped");
	unmap(addr + PAGE, PAGE);
	assert_ret(rte_membind_locate(addr, SIZE, &location), -EFAULT);
	assert_memory_equal(&location, &before, sizeof(before));

	assert_ret(rte_membind_verify(addr, PAGE, NULL), -EINVAL);
	assert_ret(rte_membind_verify(addr, PAGE, &none), -EINVAL);
	assert_ret(rte_membind_verify(addr, 0, &nodes), -EINVAL);
	assert_ret(rte_membind_verify(addr, SIZE, &nodes), -EFAULT);
	assert_ret(rte_membind_verify(addr, PAGE, &nodes), -ENODATA);
	unmap(addr, SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_is_counted_in_bytes),
		cmocka_unit_test(parts_of_pages_count_as_parts),
		cmocka_unit_test(each_node_has_its_bytes),
		cmocka_unit_test(hugepages_count_as_a_whole),
		cmocka_unit_test(transparent_hugepages_are_pages_too),
		cmocka_unit_test(a_range_over_kinds_of_memory),
		cmocka_unit_test(files_and_shared_memory),
		cmocka_unit_test(more_pages_than_are_asked_about_at_once),
		cmocka_unit_test(swapped_pages_are_not_untouched),
		cmocka_unit_test(bad_arguments_touch_no_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
