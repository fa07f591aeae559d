/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of regions that change on the machine at hand: size, address, policy, and what
 *   an audit sees and a repair mends. What fails: test_memregion_faults.c.
 * Must not: need rights, or more than one node; with "huge" it needs hugepages of 2 MiB.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <numa.h>
#include <numaif.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static int home;
static enum rte_memregion_pages pages = RTE_MEMREGION_PAGES_SMALL;
static size_t page;

static struct rte_memregion_opts
strict(void)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = pages,
		.flags = RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_NODUMP,
		.guard_size = 16 * KIB,
		.name = "changing",
	};

	rte_numa_mask_only(&opts.nodes, home);
	return opts;
}

static struct rte_memregion *
create(size_t size, const struct rte_memregion_opts *opts)
{
	struct rte_memregion *region = NULL;
	int ret = rte_memregion_create(size, opts, &region);

	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memregion_error());
	return region;
}

/* Of what is there each byte is its page's number plus salt. */
static void
fill(struct rte_memregion *region, unsigned int salt)
{
	unsigned char *addr = rte_memregion_addr(region);

	for (size_t i = 0; i < rte_memregion_size(region); i += page)
		memset(addr + i, (int)(i / page + salt), page);
}

static void
assert_filled(struct rte_memregion *region, size_t size, unsigned int salt)
{
	const unsigned char *addr = rte_memregion_addr(region);

	for (size_t i = 0; i < size; i++) {
		if (addr[i] != (unsigned char)(i / page + salt))
			fail_msg("byte %zu is %u", i, addr[i]);
	}
	for (size_t i = size; i < rte_memregion_size(region); i++) {
		if (addr[i] != 0)
			fail_msg("new byte %zu is %u", i, addr[i]);
	}
}

/* All that a strict region promises, by other witnesses. */
static void
assert_as_wished(struct rte_memregion *region, size_t size)
{
	char *addr = rte_memregion_addr(region);
	struct rte_memregion_enforcement is;
	struct witness_pages where;

	assert_int_equal(rte_memregion_size(region), size);
	witness_pages(addr, size, &where);
	assert_int_equal(where.on_node[home], size);
	assert_true(witness_flag(addr, "dd"));
	assert_true(witness_flag(addr + size - 1, "dd"));
	assert_int_equal(witness_smaps(addr + size - 1, "KernelPageSize"), page);
	assert_memory_equal(witness_access(addr - 16 * KIB), "---", 3);
	assert_memory_equal(witness_access(addr - 1), "---", 3);
	assert_memory_equal(witness_access(addr + size), "---", 3);
	assert_memory_equal(witness_access(addr + size + 16 * KIB - 1), "---", 3);
	assert_true(witness_name(addr, size, "changing"));
	assert_int_equal(rte_memregion_enforcement(region, &is), 0);
	if (is.level != RTE_MEMREGION_ENFORCED)
		witness_print(region);
	assert_int_equal(is.level, RTE_MEMREGION_ENFORCED);
}

static void
it_shrinks_and_grows_in_its_place(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(8 * page, &opts);
	char *addr = rte_memregion_addr(region);

	(void)state;
	fill(region, 1);
	assert_int_equal(rte_memregion_resize(region, 3 * page, 0), 0);
	assert_ptr_equal(rte_memregion_addr(region), addr);
	assert_as_wished(region, 3 * page);
	assert_filled(region, 3 * page, 1);
	assert_int_equal(witness_touch(addr + 3 * page), SIGSEGV);
	assert_int_equal(witness_touch(addr + 8 * page - 1), SIGSEGV);
	/* Rounded up to the same: nothing to do. */
	assert_int_equal(rte_memregion_resize(region, 2 * page + 1, 0), 0);
	assert_as_wished(region, 3 * page);
	/* What was given back comes back empty. */
	assert_int_equal(rte_memregion_resize(region, 8 * page, 0), 0);
	assert_ptr_equal(rte_memregion_addr(region), addr);
	assert_as_wished(region, 8 * page);
	assert_filled(region, 3 * page, 1);
	fill(region, 2);
	assert_filled(region, 8 * page, 2);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
pages_taken_away_are_given_back(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region, *more;

	(void)state;
	/* Of a pool that has 8 pages for us the second region needs those of the first. */
	region = create(6 * page, &opts);
	assert_int_equal(rte_memregion_resize(region, 1 * page, 0), 0);
	more = create(6 * page, &opts);
	assert_as_wished(more, 6 * page);
	assert_as_wished(region, 1 * page);
	assert_int_equal(rte_memregion_destroy(more), 0);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
it_moves_where_there_is_no_room(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(2 * page, &opts);
	char *addr = rte_memregion_addr(region), *behind = addr + 2 * page + 16 * KIB;
	void *block = MAP_FAILED;

	(void)state;
	if (strcmp(witness_access(behind), "") == 0)
		block = mmap(behind, 4 * KIB, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	fill(region, 5);
	assert_int_equal(rte_memregion_resize(region, 4 * page, 0), -EEXIST);
	assert_non_null(strstr(rte_memregion_error(), "RTE_MEMREGION_MAY_MOVE"));
	assert_ptr_equal(rte_memregion_addr(region), addr);
	assert_as_wished(region, 2 * page);
	assert_int_equal(rte_memregion_resize(region, 4 * page, RTE_MEMREGION_MAY_MOVE), 0);
	assert_ptr_not_equal(rte_memregion_addr(region), addr);
	assert_as_wished(region, 4 * page);
	assert_filled(region, 2 * page, 5);
	/* Nothing is left where it was. */
	assert_string_equal(witness_access(addr - 1), "");
	assert_string_equal(witness_access(addr), "");
	assert_string_equal(witness_access(addr + 2 * page), "");
	fill(region, 6);
	assert_filled(region, 4 * page, 6);
	assert_int_equal(rte_memregion_destroy(region), 0);
	if (block != MAP_FAILED)
		munmap(block, 4 * KIB);
}

static void
a_soft_region_that_moves_keeps_its_holes(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region;
	struct witness_pages where;
	unsigned char *addr;

	(void)state;
	if (pages != RTE_MEMREGION_PAGES_SMALL) {
		print_message("skipped: explicit hugepages cannot be taken away\n");
		skip();
	}
	opts.flags = 0;
	region = create(64 * page, &opts);
	addr = rte_memregion_addr(region);
	addr[5 * page] = 1;
	addr[40 * page] = 2;
	mmap(addr + 64 * page + 16 * KIB, 4 * KIB, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	assert_int_equal(rte_memregion_resize(region, 128 * page, RTE_MEMREGION_MAY_MOVE), 0);
	addr = rte_memregion_addr(region);
	witness_pages(addr, 128 * page, &where);
	assert_int_equal(where.on_node[home], 2 * page);
	assert_int_equal(addr[5 * page], 1);
	assert_int_equal(addr[40 * page], 2);
	assert_int_equal(witness_account(region, RTE_MEMREGION_WISH_POLICY).reason,
			 RTE_MEMREGION_REASON_NOT_YET);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
bad_sizes_change_nothing(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(2 * page, &opts);
	char *before = strdup(witness_all());

	(void)state;
	assert_non_null(before);
	assert_int_equal(rte_memregion_resize(region, 0, 0), -EINVAL);
	assert_int_equal(rte_memregion_resize(region, page, 2), -EINVAL);
	assert_int_equal(rte_memregion_resize(region, SIZE_MAX, RTE_MEMREGION_MAY_MOVE), -ENOMEM);
	assert_int_equal(rte_memregion_resize(region, SIZE_MAX / 2, RTE_MEMREGION_MAY_MOVE),
			 -ENOMEM);
	assert_int_equal(rte_memregion_resize(region, (size_t)1 << 45, RTE_MEMREGION_MAY_MOVE),
			 -ENOMEM);
	print_message("%s\n", rte_memregion_error());
	assert_as_wished(region, 2 * page);
	assert_string_equal(witness_all(), before);
	assert_int_equal(rte_memregion_destroy(region), 0);
	free(before);
}

static void
a_region_takes_another_policy(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(4 * page, &opts);
	struct rte_numa_mask nodes;

	(void)state;
	/* So that the first touch's node is this one too. */
	if (numa_run_on_node(home) != 0) {
		print_message("skipped: none of node %d's CPUs may be used\n", home);
		assert_int_equal(rte_memregion_destroy(region), 0);
		skip();
	}
	fill(region, 3);
	rte_numa_mask_only(&nodes, home);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_PREFERRED, &nodes), 0);
	assert_memory_equal(witness_policy(rte_memregion_addr(region)), "prefer", 6);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_INTERLEAVE, &nodes), 0);
	assert_memory_equal(witness_policy(rte_memregion_addr(region)), "interleave", 10);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_FIRST_TOUCH, NULL), 0);
	assert_memory_equal(witness_policy(rte_memregion_addr(region)), "local", 5);
	assert_as_wished(region, 4 * page);
	assert_filled(region, 4 * page, 3);
	/* What makes no sense, or is not there, changes nothing. */
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_MIXED, &nodes), -EINVAL);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_BIND, NULL), -EINVAL);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_REPLICATE, &nodes), -ENOTSUP);
	rte_numa_mask_set(&nodes, 1000);
	assert_int_equal(rte_memregion_rebind(region, RTE_MEMBIND_BIND, &nodes), -ENODEV);
	assert_non_null(strstr(rte_memregion_error(), "node 1000"));
	assert_memory_equal(witness_policy(rte_memregion_addr(region)), "local", 5);
	assert_as_wished(region, 4 * page);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
an_audit_sees_a_policy_that_somebody_changed(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(4 * page, &opts);
	struct rte_memregion_audit audit;
	unsigned long mask = 1ul << home;
	char *addr = rte_memregion_addr(region);

	(void)state;
	assert_int_equal(rte_memregion_audit(region, &audit), 0);
	assert_int_equal(audit.in_place, 4 * page);
	assert_int_equal(audit.drifted, 0);
	assert_int_equal(audit.absent, 0);
	assert_null(audit.first_drifted);
	assert_false(audit.policy_changed);
	assert_string_equal(audit.text, "");
	/* Behind the region's back, and for a part of it. */
	assert_int_equal(mbind(addr + page, page, MPOL_PREFERRED, &mask, 64, 0), 0);
	assert_int_equal(rte_memregion_audit(region, &audit), 0);
	assert_true(audit.policy_changed);
	assert_int_equal(audit.drifted, 0);
	print_message("%s\n", audit.text);
	assert_non_null(strstr(audit.text, "mbind"));
	assert_int_equal(rte_memregion_repair(region, &audit), 0);
	assert_false(audit.policy_changed);
	assert_memory_equal(witness_policy(addr), "bind=static", 11);
	assert_as_wished(region, 4 * page);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
an_audit_counts_what_is_gone(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region;
	struct rte_memregion_audit audit;

	(void)state;
	if (pages != RTE_MEMREGION_PAGES_SMALL) {
		print_message("skipped: explicit hugepages cannot be taken away\n");
		skip();
	}
	region = create(8 * page, &opts);
	assert_int_equal(
		madvise((char *)rte_memregion_addr(region) + page, 3 * page, MADV_DONTNEED), 0);
	assert_int_equal(rte_memregion_audit(region, &audit), 0);
	assert_int_equal(audit.absent, 3 * page);
	assert_int_equal(audit.in_place, 5 * page);
	assert_int_equal(rte_memregion_repair(region, NULL), 0);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_shrinks_and_grows_in_its_place),
		cmocka_unit_test(pages_taken_away_are_given_back),
		cmocka_unit_test(it_moves_where_there_is_no_room),
		cmocka_unit_test(a_soft_region_that_moves_keeps_its_holes),
		cmocka_unit_test(bad_sizes_change_nothing),
		cmocka_unit_test(a_region_takes_another_policy),
		cmocka_unit_test(an_audit_sees_a_policy_that_somebody_changed),
		cmocka_unit_test(an_audit_counts_what_is_gone),
	};

	page = sysconf(_SC_PAGESIZE);
	if (argc > 1 && strcmp(argv[1], "huge") == 0) {
		if (!witness_hugepages(8))
			return 77;
		pages = RTE_MEMREGION_PAGES_2M;
		page = 2 * MIB;
	}
	if (witness_nodes(&home, 1) < 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
