/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Reservations: a total that only grows, shares that add up, all or nothing, memory that really
 * lies there, and errors that say what to do. Seen from EAL's and the kernel's side too. */

#include <dlfcn.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_memzone.h>

#include "test_blocks.h"
#include "test_log.h"
#include "test_setup.h"

/* More than any machine's pool that a test may find. */
#define TOO_MUCH ((size_t)1 << 42)

struct footprint {
	unsigned int zones;
	size_t zone_bytes;
	size_t heap_bytes;
	size_t reserved;
	uint64_t backing;
};

static struct footprint
footprint_now(void)
{
	return (struct footprint){
		.zones = zones_count(),
		.zone_bytes = zones_bytes(),
		.heap_bytes = eal_heap_bytes(),
		.reserved = rte_fastmem_reserved(test_node()),
		.backing = stats_now().bytes_backing,
	};
}

static void
assert_same_footprint(struct footprint before)
{
	struct footprint now = footprint_now();

	assert_int_equal(now.zones, before.zones);
	assert_int_equal(now.zone_bytes, before.zone_bytes);
	assert_int_equal(now.heap_bytes, before.heap_bytes);
	assert_int_equal(now.reserved, before.reserved);
	assert_int_equal(now.backing, before.backing);
}

static void
nothing_is_reserved_at_first(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserved(test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(stats_now().bytes_backing, 0);
	assert_int_equal(zones_count(), 0);
}

static void
reserve_sets_a_total(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_int_equal(rte_fastmem_reserve(20 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 20 * MIB);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 20 * MIB);
	assert_true(stats_now().bytes_backing >= 20 * MIB);
	assert_true(zones_bytes() >= 20 * MIB);
}

static void
reserve_again_changes_nothing(void **state)
{
	struct footprint before;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	before = footprint_now();
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve(2 * MIB, test_node()), 0);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve(1, test_node()), 0);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, RTE_NUMA_NODE_ANY), 0);
	assert_same_footprint(before);
}

static void
zero_is_a_no_op(void **state)
{
	struct footprint before = footprint_now();

	(void)state;
	assert_int_equal(rte_fastmem_reserve(0, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_more(0, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve(0, RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(rte_fastmem_reserve_more(0, RTE_NUMA_NODE_ANY), 0);
	assert_same_footprint(before);
}

static void
one_byte_is_rounded_up_to_a_slab(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(1, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), SLAB);
	assert_int_equal(rte_fastmem_reserve(SLAB + 1, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 2 * SLAB);
}

static void
reserve_more_adds(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve_more(4 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 4 * MIB);
	assert_int_equal(rte_fastmem_reserve_more(4 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_true(stats_now().bytes_backing >= 8 * MIB);
	assert_int_equal(rte_fastmem_reserve(6 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_int_equal(rte_fastmem_reserve_more(2 * MIB, RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 10 * MIB);
}

/* Two libraries' shares are both there, whatever the first has taken of its own. */
static void
reserve_more_adds_to_what_is_in_use(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_int_equal(rte_fastmem_get_growth(test_node()), 1);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	assert_int_equal(rte_fastmem_get_growth(test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_more(4 * MIB, test_node()), 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 4);
	assert_int_equal(rte_fastmem_reserve_more(4 * MIB, test_node()), 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 4);
	test_blocks_free(&blocks);
}

static void
memory_that_growth_took_counts(void **state)
{
	struct test_blocks blocks = { 0 };
	struct footprint before;

	(void)state;
	while (stats_now().bytes_backing < 8 * MIB)
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
	assert_int_equal(rte_fastmem_reserved(test_node()), 0);
	before = footprint_now();
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	before.reserved = 8 * MIB;
	assert_same_footprint(before);
	test_blocks_free(&blocks);
}

static void
too_much_takes_nothing(void **state)
{
	struct footprint before;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	before = footprint_now();
	assert_int_equal(rte_fastmem_reserve(TOO_MUCH, test_node()), -ENOMEM);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve_more(TOO_MUCH, test_node()), -ENOMEM);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve(TOO_MUCH, RTE_NUMA_NODE_ANY), -ENOMEM);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve_more(TOO_MUCH, RTE_NUMA_NODE_ANY), -ENOMEM);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
}

/* Just beyond what there is: some of it can be had, and has to go back. */
static void
a_little_too_much_takes_nothing(void **state)
{
	struct footprint before;

	(void)state;
	if (test_eal_huge())
		skip_because("it would take every free hugepage for a moment");
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	before = footprint_now();
	assert_int_equal(rte_fastmem_reserve(520 * MIB, test_node()), -ENOMEM);
	assert_same_footprint(before);
	assert_int_equal(rte_fastmem_reserve(400 * MIB, test_node()), 0);
}

static void
sizes_that_overflow_are_too_much(void **state)
{
	struct footprint before;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	before = footprint_now();
	assert_int_equal(rte_fastmem_reserve(SIZE_MAX, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve_more(SIZE_MAX, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve_more(SIZE_MAX - 4 * MIB + 1, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve_more(SIZE_MAX - 4 * MIB, RTE_NUMA_NODE_ANY), -ENOMEM);
	assert_same_footprint(before);
}

static bool
holds_size(const char *line, size_t bytes)
{
	char text[64];
	unsigned int shift;

	for (shift = 0; shift <= 40 && (bytes & (((size_t)1 << shift) - 1)) == 0; shift += 10) {
		snprintf(text, sizeof(text), "%zu", bytes >> shift);
		if (strstr(line, text) != NULL)
			return true;
	}
	return false;
}

static void
too_much_says_what_was_asked_what_is_free_and_what_to_do(void **state)
{
	/* EAL has addresses for it, and the machine no pages. */
	const size_t size = test_eal_huge() ? (size_t)48 << 30 : 600 * MIB;
	const char *line;

	(void)state;
	if (test_eal_page_size() == (size_t)1 << 30)
		skip_because("a large machine may have that many pages");
	test_log_catch();
	assert_int_equal(rte_fastmem_reserve(size, test_node()), -ENOMEM);
	test_log_release();
	line = test_log_line_with("free");
	assert_non_null(line);
	assert_true(holds_size(line, size));
	assert_non_null(strstr(line, "node"));
	if (test_eal_huge())
		assert_non_null(strstr(line, "hugepages"));
	else
		assert_non_null(strstr(line, "-m"));
	assert_int_equal(test_log_lines_with("free"), 1);
}

static void
a_node_that_does_not_exist_is_einval_and_names_the_valid_ones(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	const int wrong[] = { -2, INT32_MIN, INT32_MAX, RTE_NUMA_MAX_NODES,
			      rte_numa_max_node_id(topo) + 1 };
	struct footprint before = footprint_now();
	char valid[64];
	size_t i;

	(void)state;
	rte_numa_nodes_text(topo, RTE_NUMA_WITH_MEMORY, valid, sizeof(valid));
	for (i = 0; i < RTE_DIM(wrong); i++) {
		test_log_catch();
		assert_int_equal(rte_fastmem_reserve(MIB, wrong[i]), -EINVAL);
		test_log_release();
		assert_int_equal(test_log_lines_with("node"), 1);
		assert_non_null(strstr(test_log_line_with("node"), valid));
		assert_int_equal(rte_fastmem_reserve_more(MIB, wrong[i]), -EINVAL);
		assert_int_equal(rte_fastmem_reserve(0, wrong[i]), -EINVAL);
		assert_int_equal(rte_fastmem_reserved(wrong[i]), 0);
		assert_int_equal(rte_fastmem_set_growth(wrong[i], true), -EINVAL);
		assert_int_equal(rte_fastmem_get_growth(wrong[i]), -EINVAL);
		assert_null(rte_fastmem_alloc_node(64, 0, 0, wrong[i]));
		assert_int_equal(rte_errno, EINVAL);
	}
	assert_same_footprint(before);
}

static void
any_reserves_on_the_callers_node(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 4 * MIB);
}

static void
another_node_gets_its_own(void **state)
{
	int other;
	void *ptr;

	(void)state;
	other = reserve_on_other_node(4 * MIB);
	assert_int_equal(rte_fastmem_reserved(other), 4 * MIB);
	assert_int_equal(rte_fastmem_reserved(test_node()), 0);
	ptr = rte_fastmem_alloc_node(4096, 0, 0, other);
	assert_int_equal(rte_fastmem_node_of(ptr), other);
	rte_fastmem_free(ptr);
}

/* Ask the kernel where each page of a zone lies: all there already, all on its node. */
static void
check_pages(const struct rte_memzone *zone, void *arg)
{
	size_t *wrong = arg, offset;
	int node, status;
	unsigned int n;
	void *page;

	if (sscanf(zone->name, "fastmem_%d_%u", &node, &n) != 2)
		return;
	for (offset = 0; offset < zone->len; offset += 2 * MIB) {
		page = RTE_PTR_ALIGN_FLOOR(RTE_PTR_ADD(zone->addr, offset), 4096);
		status = -1;
		if (move_pages(0, 1, &page, NULL, &status, 0) != 0 || status != node)
			*wrong += 1;
	}
}

static void
pages_are_present_and_on_the_node(void **state)
{
	size_t wrong = 0;

	(void)state;
	if (!test_eal_huge())
		skip_because("only hugepages are there from the start");
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
	assert_int_equal(zones_count() > 0, 1);
	rte_memzone_walk(check_pages, &wrong);
	assert_int_equal(wrong, 0);
}

/* The kernel's page size of the mapping that holds an address, in kB, from /proc/self/smaps. */
static size_t
kernel_page_kb(const void *addr)
{
	unsigned long from, to, at = (unsigned long)addr;
	bool inside = false;
	size_t kb, found = 0;
	char line[4096];
	FILE *f = fopen("/proc/self/smaps", "r");

	assert_non_null(f);
	while (found == 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = at >= from && at < to;
		else if (inside && sscanf(line, "KernelPageSize: %zu kB", &kb) == 1)
			found = kb;
	}
	fclose(f);
	return found;
}

static void
pages_are_as_large_as_said(void **state)
{
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	ptr = rte_fastmem_alloc(4096, 0, 0);
	assert_int_equal(node_stats_now().page_size, test_eal_page_size());
	assert_int_equal(kernel_page_kb(ptr), test_eal_page_size() >> 10);
	rte_fastmem_free(ptr);
}

static void
find_state(const struct rte_memzone *zone, void *arg)
{
	if (strcmp(zone->name, "fastmem_state") == 0)
		*(bool *)arg = true;
}

static bool
state_zone_exists(void)
{
	bool found = false;

	rte_memzone_walk(find_state, &found);
	return found;
}

static void
zones_bear_their_names_and_go_at_deinit(void **state)
{
	size_t heap;

	(void)state;
	heap = eal_heap_bytes();
	assert_false(state_zone_exists());
	assert_int_equal(rte_fastmem_init(), 0);
	assert_true(state_zone_exists());
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_in_range(zones_count(), 1, 4);
	rte_fastmem_deinit();
	assert_int_equal(zones_count(), 0);
	assert_false(state_zone_exists());
	assert_int_equal(eal_heap_bytes(), heap);
}

static void
init_after_deinit_starts_anew(void **state)
{
	int round;

	(void)state;
	for (round = 0; round < 20; round++) {
		assert_int_equal(rte_fastmem_init(), 0);
		assert_int_equal(rte_fastmem_reserved(test_node()), 0);
		assert_int_equal(rte_fastmem_get_limit(test_node()), SIZE_MAX);
		assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
		assert_int_equal(rte_fastmem_set_limit(test_node(), 4 * MIB), 0);
		assert_non_null(rte_fastmem_alloc(100, 0, 0));
		rte_fastmem_deinit();
	}
}

static void
init_again_changes_nothing(void **state)
{
	struct footprint before;
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	ptr = rte_fastmem_alloc(5000, 0, 0);
	test_pattern_write(ptr, 5000, 1);
	before = footprint_now();
	assert_int_equal(rte_fastmem_init(), 0);
	assert_same_footprint(before);
	assert_true(test_pattern_intact(ptr, 5000, 1));
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
deinit_counts_blocks_that_are_still_in_use(void **state)
{
	void *ptrs[37];

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, RTE_DIM(ptrs), 300, 0, 0), 0);
	test_log_catch();
	rte_fastmem_deinit();
	test_log_release();
	assert_int_equal(test_log_lines_with("37"), 1);
}

static void
deinit_is_silent_when_all_was_freed(void **state)
{
	void *ptrs[37];

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, RTE_DIM(ptrs), 300, 0, 0), 0);
	rte_fastmem_free_bulk(ptrs, RTE_DIM(ptrs));
	test_log_catch();
	rte_fastmem_deinit();
	test_log_release();
	assert_string_equal(test_log_text(), "");
}

static bool disk_full;

/* In the library's stead. */
int
posix_fallocate(int fd, off_t offset, off_t len)
{
	int (*real)(int, off_t, off_t);

	if (disk_full)
		return ENOSPC;
	*(void **)&real = dlsym(RTLD_NEXT, "posix_fallocate64");
	return real(fd, offset, len);
}

static void
a_full_file_system_takes_nothing(void **state)
{
	size_t heap = eal_heap_bytes();
	int rc;

	(void)state;
	disk_full = true;
	rc = rte_fastmem_reserve(8 * MIB, test_node());
	disk_full = false;
	assert_true(rc < 0);
	assert_int_equal(zones_count(), 0);
	assert_true(eal_heap_bytes() <= heap);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
}

static void
less_is_promised_and_trimmed(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve_more(4 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_more(8 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_unreserve(8 * MIB - 1, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 4 * MIB);
	assert_int_equal(rte_fastmem_unreserve(5 * MIB, test_node()), -EINVAL);
	assert_int_equal(rte_fastmem_unreserve(MIB, RTE_NUMA_MAX_NODES), -EINVAL);
	assert_int_equal(rte_fastmem_unreserve(MIB, RTE_NUMA_NODE_ANY), -EINVAL);
	assert_int_equal(rte_fastmem_unreserve(0, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 4 * MIB);
	assert_true(rte_fastmem_trim(test_node()) >= (int64_t)(8 * MIB - 8192));
	assert_in_range(node_stats_now().bytes_backing, 4 * MIB, 6 * MIB);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_bear_their_names_and_go_at_deinit),
		cmocka_unit_test(init_after_deinit_starts_anew),
#define WITH_INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
		WITH_INIT(nothing_is_reserved_at_first),
		WITH_INIT(reserve_sets_a_total),
		WITH_INIT(reserve_again_changes_nothing),
		WITH_INIT(zero_is_a_no_op),
		WITH_INIT(one_byte_is_rounded_up_to_a_slab),
		WITH_INIT(reserve_more_adds),
		WITH_INIT(reserve_more_adds_to_what_is_in_use),
		WITH_INIT(less_is_promised_and_trimmed),
		WITH_INIT(memory_that_growth_took_counts),
		WITH_INIT(too_much_takes_nothing),
		WITH_INIT(a_little_too_much_takes_nothing),
		WITH_INIT(a_full_file_system_takes_nothing),
		WITH_INIT(sizes_that_overflow_are_too_much),
		WITH_INIT(too_much_says_what_was_asked_what_is_free_and_what_to_do),
		WITH_INIT(a_node_that_does_not_exist_is_einval_and_names_the_valid_ones),
		WITH_INIT(any_reserves_on_the_callers_node),
		WITH_INIT(another_node_gets_its_own),
		WITH_INIT(pages_are_present_and_on_the_node),
		WITH_INIT(pages_are_as_large_as_said),
		WITH_INIT(init_again_changes_nothing),
		WITH_INIT(deinit_counts_blocks_that_are_still_in_use),
		WITH_INIT(deinit_is_silent_when_all_was_freed),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/reserve", tests, NULL, NULL);
}
