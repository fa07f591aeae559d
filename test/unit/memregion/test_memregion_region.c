/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of regions on the machine at hand: each wish as the kernel shows it, strict and
 *   soft, and that nothing is left of what failed. Explicit hugepages: test_memregion_huge.c; several
 *   nodes: test_memregion_nodes.c.
 * Must not: need rights, hugepages or more than one node.
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
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

#define WISH(name) RTE_MEMREGION_WISH_##name

static int home;

static int
find_home(void **state)
{
	(void)state;
	assert_true(witness_nodes(&home, 1) > 0);
	/* Whatever is mapped at first use is mapped now. */
	witness_all();
	return 0;
}

/* Bound to a node, strictly, in pages that any user gets. */
static struct rte_memregion_opts
strict(void)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT,
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
	assert_non_null(region);
	return region;
}

/* It fails so, says so, and nothing of it is left. */
static void
assert_fails(size_t size, const struct rte_memregion_opts *opts, int expected, const char *says)
{
	struct rte_memregion *region = (void *)&home;
	char *before;
	int ret;

	/* A first time: what libraries keep for later is not what is looked for. */
	rte_memregion_create(size, opts, &region);
	before = strdup(witness_all());
	assert_non_null(before);
	ret = rte_memregion_create(size, opts, &region);
	print_message("%d: %s\n", ret, rte_memregion_error());
	assert_int_equal(ret, expected);
	assert_ptr_equal(region, &home);
	assert_string_equal(witness_all(), before);
	assert_non_null(strstr(rte_memregion_error(), says));
	free(before);
}

static void
without_options_it_is_memory(void **state)
{
	struct rte_memregion *region = create(5000, NULL);
	unsigned char *addr = rte_memregion_addr(region);
	size_t size = rte_memregion_size(region), page = rte_memregion_page_size(region);
	struct witness_pages pages;

	(void)state;
	assert_true(size >= 5000);
	assert_int_equal(size % page, 0);
	assert_int_equal((uintptr_t)addr % page, 0);
	assert_string_equal(witness_access(addr), "rw-p");
	witness_pages(addr, size, &pages);
	assert_int_equal(pages.absent, size);
	memset(addr, 0xa5, size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(addr[i], 0xa5);
	assert_int_equal(rte_memregion_destroy(region), 0);
	assert_string_equal(witness_access(addr), "");
	assert_int_equal(rte_memregion_destroy(NULL), 0);
}

static void
a_strict_bind_has_each_page_on_its_node(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(20 * MIB + 1, &opts);
	const void *addr = rte_memregion_addr(region);
	struct rte_membind_location location;
	struct witness_pages pages;
	char policy[32];

	(void)state;
	assert_int_equal(rte_memregion_size(region), 20 * MIB + rte_memregion_page_size(region));
	witness_pages(addr, rte_memregion_size(region), &pages);
	assert_int_equal(pages.on_node[home], rte_memregion_size(region));
	snprintf(policy, sizeof(policy), "bind=static:%d", home);
	assert_string_equal(witness_policy(addr), policy);
	assert_int_equal(rte_memregion_location(region, &location), 0);
	assert_int_equal(location.on_node[home], rte_memregion_size(region));
	assert_int_equal(rte_memregion_location(region, NULL), -EINVAL);
	assert_int_equal(witness_account(region, WISH(POLICY)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(witness_account(region, WISH(PREFAULT)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
a_bind_is_not_enforced_before_its_pages_exist(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion_account account;
	struct rte_memregion *region;
	struct witness_pages pages;
	char *addr;

	(void)state;
	opts.flags = 0;
	region = create(8 * MIB, &opts);
	addr = rte_memregion_addr(region);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_NOT_ENFORCED);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_NOT_YET);
	assert_int_equal(account.bytes, 0);
	memset(addr, 1, 2 * MIB);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_NOT_YET);
	assert_int_equal(account.bytes, 2 * MIB);
	memset(addr, 1, 8 * MIB);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(account.bytes, 8 * MIB);
	/* Given back behind the region's back: not claimed any longer. */
	assert_int_equal(madvise(addr, 4 * MIB, MADV_DONTNEED), 0);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(account.bytes, 4 * MIB);
	witness_pages(addr, 8 * MIB, &pages);
	assert_int_equal(pages.on_node[home], 4 * MIB);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
small_pages_stay_small(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(16 * MIB, &opts);
	void *addr = rte_memregion_addr(region);

	(void)state;
	assert_int_equal(rte_memregion_page_size(region), sysconf(_SC_PAGESIZE));
	assert_int_equal(witness_smaps(addr, "AnonHugePages"), 0);
	assert_int_equal(witness_smaps(addr, "KernelPageSize"), sysconf(_SC_PAGESIZE));
	assert_int_equal(witness_smaps(addr, "Rss"), 16 * MIB);
	assert_int_equal(witness_account(region, WISH(PAGES)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
transparent_hugepages_are_huge_when_strict(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region;
	void *addr;

	(void)state;
	if (!witness_transparent()) {
		print_message("skipped: transparent hugepages are switched off\n");
		skip();
	}
	opts.pages = RTE_MEMREGION_PAGES_TRANSPARENT;
	region = create(15 * MIB, &opts);
	addr = rte_memregion_addr(region);
	assert_int_equal(rte_memregion_size(region), 16 * MIB);
	assert_int_equal((uintptr_t)addr % (2 * MIB), 0);
	assert_int_equal(witness_smaps(addr, "AnonHugePages"), 16 * MIB);
	assert_int_equal(witness_account(region, WISH(PAGES)).bytes, 16 * MIB);
	/* Another program, or a bug, splits one: it is seen. */
	assert_int_equal(madvise((char *)addr + 64 * KIB, 4 * KIB, MADV_DONTNEED), 0);
	assert_int_equal(witness_account(region, WISH(PAGES)).level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
a_region_is_a_mapping_of_its_own(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *regions[8];

	(void)state;
	/* Of one kind and side by side: the kernel would make one of them, and smaps count for all. */
	for (int i = 0; i < 8; i++)
		regions[i] = create(1 * MIB, &opts);
	for (int i = 0; i < 8; i++) {
		char *addr = rte_memregion_addr(regions[i]);

		assert_int_equal(witness_smaps(addr, "Size"), 1 * MIB);
		assert_int_equal(witness_touch(addr), 0);
		assert_int_equal(witness_touch(addr + 1 * MIB - 1), 0);
		assert_int_equal(witness_touch(addr - 1), SIGSEGV);
		assert_int_equal(witness_touch(addr + 1 * MIB), SIGSEGV);
	}
	for (int i = 0; i < 8; i++)
		assert_int_equal(rte_memregion_destroy(regions[i]), 0);
}

static void
guards_are_as_wide_as_wished(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion_account account;
	struct rte_memregion *region;
	char *addr;

	(void)state;
	opts.guard_size = 100 * KIB - 1;
	region = create(64 * KIB, &opts);
	addr = rte_memregion_addr(region);
	assert_string_equal(witness_access(addr - 100 * KIB), "---p");
	assert_string_equal(witness_access(addr - 1), "---p");
	assert_string_equal(witness_access(addr + 64 * KIB), "---p");
	assert_string_equal(witness_access(addr + 164 * KIB - 1), "---p");
	assert_int_equal(witness_touch(addr - 100 * KIB), SIGSEGV);
	assert_int_equal(witness_touch(addr + 164 * KIB - 1), SIGSEGV);
	account = witness_account(region, WISH(GUARD));
	assert_int_equal(account.level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(account.bytes, 200 * KIB);
	/* Somebody opens one. */
	assert_int_equal(mprotect(addr + 64 * KIB, 4 * KIB, PROT_READ), 0);
	account = witness_account(region, WISH(GUARD));
	assert_int_equal(account.level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(account.bytes, 196 * KIB);
	assert_int_equal(rte_memregion_destroy(region), 0);
	assert_string_equal(witness_access(addr - 100 * KIB), "");
	assert_string_equal(witness_access(addr + 164 * KIB - 1), "");
}

static void
the_name_is_in_maps(void **state)
{
	static const enum rte_memregion_pages kinds[] = { RTE_MEMREGION_PAGES_SMALL,
							  RTE_MEMREGION_PAGES_TRANSPARENT };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rte_memregion_opts opts = strict();
		struct rte_memregion *region;

		opts.flags = 0;
		opts.pages = kinds[i];
		opts.name = "mbufs of port 7";
		region = create(4 * MIB, &opts);
		assert_true(witness_name(rte_memregion_addr(region), rte_memregion_size(region),
					 "mbufs of port 7"));
		assert_int_equal(witness_account(region, WISH(NAME)).level, RTE_MEMREGION_ENFORCED);
		/* With or without a name: the memory is as it was wished. */
		assert_string_equal(witness_access(rte_memregion_addr(region)), "rw-p");
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
}

static void
it_stays_out_of_core_dumps(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(4 * MIB, &opts);

	(void)state;
	assert_false(witness_flag(rte_memregion_addr(region), "dd"));
	assert_int_equal(witness_account(region, WISH(NODUMP)).level, RTE_MEMREGION_NOT_WISHED);
	assert_int_equal(rte_memregion_destroy(region), 0);
	opts.flags |= RTE_MEMREGION_F_NODUMP;
	region = create(4 * MIB, &opts);
	assert_true(witness_flag(rte_memregion_addr(region), "dd"));
	assert_int_equal(witness_account(region, WISH(NODUMP)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(madvise(rte_memregion_addr(region), 4 * MIB, MADV_DODUMP), 0);
	assert_int_equal(witness_account(region, WISH(NODUMP)).level, RTE_MEMREGION_NOT_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
it_is_locked_now_and_later(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region;
	struct witness_pages pages;
	char *addr;

	(void)state;
	/* Every user may lock 64 KiB. */
	opts.flags |= RTE_MEMREGION_F_LOCK;
	region = create(64 * KIB, &opts);
	assert_int_equal(witness_smaps(rte_memregion_addr(region), "Locked"), 64 * KIB);
	assert_int_equal(witness_account(region, WISH(LOCK)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
	/* Locking brings nothing into being. */
	opts.flags = RTE_MEMREGION_F_LOCK;
	region = create(64 * KIB, &opts);
	addr = rte_memregion_addr(region);
	witness_pages(addr, 64 * KIB, &pages);
	assert_int_equal(pages.absent, 64 * KIB);
	assert_int_equal(witness_account(region, WISH(LOCK)).level, RTE_MEMREGION_ENFORCED);
	memset(addr, 1, 16 * KIB);
	assert_int_equal(witness_smaps(addr, "Locked"), 16 * KIB);
	/* A sanitizer's munlock() does nothing. */
	assert_int_equal(syscall(SYS_munlock, addr, 64 * KIB), 0);
	assert_int_equal(witness_account(region, WISH(LOCK)).reason, RTE_MEMREGION_REASON_CHANGED);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

/* As an ordinary user who may lock 64 KiB. */
static int
lock_beyond_the_limit(void)
{
	const struct rlimit limit = { 64 * KIB, 64 * KIB };
	struct rte_memregion_opts opts = strict();
	struct rte_memregion_account account;
	struct rte_memregion *region;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return 1;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 2;
	opts.flags |= RTE_MEMREGION_F_LOCK;
	if (rte_memregion_create(1 * MIB, &opts, &region) != -EPERM)
		return 3;
	print_message("%s\n", rte_memregion_error());
	if (strstr(rte_memregion_error(), "lock: 1 MiB") == NULL ||
	    strstr(rte_memregion_error(), "RLIMIT_MEMLOCK") == NULL ||
	    strstr(rte_memregion_error(), "64 KiB") == NULL)
		return 4;
	opts.flags = RTE_MEMREGION_F_LOCK | RTE_MEMREGION_F_PREFAULT;
	if (rte_memregion_create(1 * MIB, &opts, &region) != 0)
		return 5;
	account = witness_account(region, WISH(LOCK));
	if (account.level != RTE_MEMREGION_NOT_ENFORCED ||
	    account.reason != RTE_MEMREGION_REASON_LIMIT)
		return 6;
	if (witness_account(region, WISH(PREFAULT)).level != RTE_MEMREGION_ENFORCED)
		return 7;
	return rte_memregion_destroy(region) == 0 ? 0 : 8;
}

static void
a_limit_of_locked_memory_is_named(void **state)
{
	(void)state;
	assert_int_equal(witness_refusing(NULL, 0, lock_beyond_the_limit), 0);
}

static int
bind_while_refused(void)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion_account account;
	struct rte_memregion *region;

	if (rte_memregion_create(1 * MIB, &opts, &region) != -EPERM)
		return 1;
	print_message("%s\n", rte_memregion_error());
	if (strstr(rte_memregion_error(), "policy") == NULL ||
	    strstr(rte_memregion_error(), "mbind") == NULL)
		return 2;
	/* On a machine with one node the pages are on the right one, and still it is no bind. */
	opts.flags = RTE_MEMREGION_F_PREFAULT;
	if (rte_memregion_create(1 * MIB, &opts, &region) != 0)
		return 3;
	witness_print(region);
	account = witness_account(region, WISH(POLICY));
	if (account.level != RTE_MEMREGION_NOT_ENFORCED ||
	    account.reason != RTE_MEMREGION_REASON_PERMISSION)
		return 4;
	if (witness_account(region, WISH(PREFAULT)).level != RTE_MEMREGION_ENFORCED)
		return 5;
	if (rte_memregion_rebind(region, RTE_MEMBIND_PREFERRED, &opts.nodes) != -EPERM)
		return 6;
	return rte_memregion_destroy(region) == 0 ? 0 : 7;
}

static void
a_filter_that_refuses_mbind_is_named(void **state)
{
	static const int calls[] = { SYS_mbind };

	(void)state;
	assert_int_equal(witness_refusing(calls, 1, bind_while_refused), 0);
}

static int
look_while_refused(void)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion_account account;
	struct rte_memregion_audit audit;
	struct rte_memregion *region;
	int ret = rte_memregion_create(1 * MIB, &opts, &region);

	print_message("%d: %s\n", ret, rte_memregion_error());
	/* It may well be right, but nobody can tell. */
	if (ret != -EPERM || strstr(rte_memregion_error(), "move_pages") == NULL)
		return 1;
	opts.flags = RTE_MEMREGION_F_PREFAULT;
	if (rte_memregion_create(1 * MIB, &opts, &region) != 0)
		return 2;
	account = witness_account(region, WISH(POLICY));
	if (account.level != RTE_MEMREGION_NOT_ENFORCED ||
	    account.reason != RTE_MEMREGION_REASON_UNSEEN)
		return 3;
	if (rte_memregion_audit(region, &audit) != -EPERM)
		return 4;
	return rte_memregion_destroy(region) == 0 ? 0 : 5;
}

static void
what_cannot_be_verified_is_not_strict(void **state)
{
	static const int calls[] = { SYS_move_pages };

	(void)state;
	assert_int_equal(witness_refusing(calls, 1, look_while_refused), 0);
}

static void
absent_nodes_are_named(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion_account account;
	struct rte_memregion *region;

	(void)state;
	rte_numa_mask_set(&opts.nodes, 1000);
	assert_fails(1 * MIB, &opts, -ENODEV, "node 1000");
	opts.flags = RTE_MEMREGION_F_PREFAULT;
	region = create(1 * MIB, &opts);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_PARTIAL);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_OFFLINE);
	assert_int_equal(account.bytes, 1 * MIB);
	assert_int_equal(rte_memregion_destroy(region), 0);
	/* None of them is there: it is memory all the same, and no bind. */
	rte_numa_mask_only(&opts.nodes, 1000);
	region = create(1 * MIB, &opts);
	account = witness_account(region, WISH(POLICY));
	assert_int_equal(account.level, RTE_MEMREGION_NOT_ENFORCED);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_OFFLINE);
	memset(rte_memregion_addr(region), 1, 1 * MIB);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
what_no_node_holds_is_refused_first(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_memregion_opts opts = strict();
	struct rte_numa_memory memory;

	(void)state;
	assert_int_equal(rte_numa_memory(topo, home, &memory), 0);
	assert_fails(memory.total, &opts, -ENOMEM, "racy");
	assert_non_null(strstr(rte_memregion_error(), "on node"));
	opts.pages = RTE_MEMREGION_PAGES_TRANSPARENT;
	opts.policy = RTE_MEMBIND_PREFERRED;
	assert_fails(memory.total, &opts, -ENOMEM, "racy");
}

static void
a_strict_region_does_not_do_by_half(void **state)
{
	struct rte_memregion_opts opts = strict();

	(void)state;
	opts.policy = RTE_MEMBIND_REPLICATE;
	assert_fails(1 * MIB, &opts, -ENOTSUP, "replicate");
	rte_numa_mask_zero(&opts.nodes);
	opts.policy = RTE_MEMBIND_NEXT_TOUCH;
	assert_fails(1 * MIB, &opts, -ENOTSUP, "next-touch");
	/* More than there can be hugepages of. */
	opts = strict();
	opts.pages = RTE_MEMREGION_PAGES_1G;
	assert_fails((size_t)1 << 45, &opts, -ENOMEM, "1 GiB");
	assert_non_null(strstr(rte_memregion_error(), "nr_hugepages"));
	opts.pages = RTE_MEMREGION_PAGES_2M;
	assert_fails((size_t)1 << 45, &opts, -ENOMEM, "2 MiB");
}

static void
bad_input_is_refused(void **state)
{
	struct rte_memregion_opts opts = strict(), empty = { .policy = RTE_MEMBIND_BIND };
	struct rte_memregion *region;

	(void)state;
	assert_fails(0, NULL, -EINVAL, "0 bytes");
	assert_fails(SIZE_MAX, NULL, -ENOMEM, "18446744073709551615");
	assert_fails(SIZE_MAX - 4 * MIB, NULL, -ENOMEM, "");
	assert_fails(SIZE_MAX / 2, &opts, -ENOMEM, "");
	assert_fails(1 * MIB, &empty, -EINVAL, "bind");
	opts.guard_size = SIZE_MAX;
	assert_fails(1 * MIB, &opts, -ENOMEM, "address space for 1 MiB between guards of ");
	opts.guard_size = SIZE_MAX / 2 + 1;
	assert_fails(1 * MIB, &opts, -ENOMEM, "guards of 8388608 TiB");
	assert_int_equal(rte_memregion_create(1, NULL, NULL), -EINVAL);
	region = create(1, NULL);
	assert_int_equal(rte_memregion_enforcement(region, NULL), -EINVAL);
	assert_int_equal(rte_memregion_audit(region, NULL), -EINVAL);
	assert_int_equal(rte_memregion_location(region, NULL), -EINVAL);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
every_kind_leaves_nothing_behind(void **state)
{
	char *before;

	(void)state;
	rte_memregion_destroy(create(1, NULL));
	before = strdup(witness_all());
	assert_non_null(before);
	for (int pages = 0; pages <= RTE_MEMREGION_PAGES_LADDER; pages++) {
		for (unsigned int flags = 0; flags < 16; flags++) {
			struct rte_memregion_opts opts = {
				.policy = RTE_MEMBIND_PREFERRED,
				.pages = pages,
				/* Not what must not fail: that is tested where it may. */
				.flags = flags & ~RTE_MEMREGION_F_STRICT,
				.guard_size = 12 * KIB,
				.name = flags & 1 ? "left" : NULL,
			};
			struct rte_memregion *region;

			rte_numa_mask_only(&opts.nodes, home);
			region = create(1 * MIB, &opts);
			memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
			assert_int_equal(rte_memregion_destroy(region), 0);
			assert_string_equal(witness_all(), before);
		}
	}
	free(before);
}

static void
the_kernel_is_told_each_policy(void **state)
{
	static const enum rte_membind_policy policies[] = {
		RTE_MEMBIND_DEFAULT,   RTE_MEMBIND_FIRST_TOUCH,	   RTE_MEMBIND_BIND,
		RTE_MEMBIND_PREFERRED, RTE_MEMBIND_PREFERRED_MANY, RTE_MEMBIND_INTERLEAVE,
	};
	static const char *const words[] = { "local",  "local",	 "bind",
					     "prefer", "prefer", "interleave" };

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct rte_memregion_opts opts = strict();
		struct rte_memregion *region;

		opts.policy = policies[i];
		if (rte_membind_caps()->policy[policies[i]] != 0)
			continue;
		if (policies[i] <= RTE_MEMBIND_FIRST_TOUCH)
			rte_numa_mask_zero(&opts.nodes);
		region = create(1 * MIB, &opts);
		print_message("%s: %s\n", rte_membind_policy_name(policies[i]),
			      witness_policy(rte_memregion_addr(region)));
		assert_memory_equal(witness_policy(rte_memregion_addr(region)), words[i],
				    strlen(words[i]));
		assert_int_equal(witness_account(region, WISH(POLICY)).level,
				 RTE_MEMREGION_ENFORCED);
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_it_is_memory),
		cmocka_unit_test(a_strict_bind_has_each_page_on_its_node),
		cmocka_unit_test(a_bind_is_not_enforced_before_its_pages_exist),
		cmocka_unit_test(small_pages_stay_small),
		cmocka_unit_test(transparent_hugepages_are_huge_when_strict),
		cmocka_unit_test(a_region_is_a_mapping_of_its_own),
		cmocka_unit_test(guards_are_as_wide_as_wished),
		cmocka_unit_test(the_name_is_in_maps),
		cmocka_unit_test(it_stays_out_of_core_dumps),
		cmocka_unit_test(it_is_locked_now_and_later),
		cmocka_unit_test(a_limit_of_locked_memory_is_named),
		cmocka_unit_test(a_filter_that_refuses_mbind_is_named),
		cmocka_unit_test(what_cannot_be_verified_is_not_strict),
		cmocka_unit_test(absent_nodes_are_named),
		cmocka_unit_test(what_no_node_holds_is_refused_first),
		cmocka_unit_test(a_strict_region_does_not_do_by_half),
		cmocka_unit_test(bad_input_is_refused),
		cmocka_unit_test(every_kind_leaves_nothing_behind),
		cmocka_unit_test(the_kernel_is_told_each_policy),
	};

	return cmocka_run_group_tests(tests, find_home, NULL);
}
