/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of memregion_smaps.c and memregion_judge.c: what the kernel's lines say about a
 *   region, and how far its wishes are met by what was seen, whatever the calls had returned.
 * Must not: depend on the machine.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "memregion_priv.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* 4 MiB at this address, as a kernel showed them; fields that nobody reads are left out. */
#define AT ((const void *)0x7f817d200000)

static const char *const neighbours = "7f817c000000-7f817d000000 rw-p 00000000 00:00 0 \n"
				      "Size:              16384 kB\n"
				      "KernelPageSize:        4 kB\n"
				      "Rss:               16384 kB\n"
				      "AnonHugePages:     16384 kB\n"
				      "Locked:            16384 kB\n"
				      "VmFlags: rd wr mr mw me lo lf ac dd hg \n";

static const char *const transparent =
	"7f817d1ff000-7f817d200000 ---s 00000000 00:01 39423     /memfd:packets (deleted)\n"
	"Rss:                   0 kB\n"
	"KernelPageSize:        4 kB\n"
	"VmFlags: mr mw me ms dd\n"
	"7f817d200000-7f817d600000 rw-p 00000000 00:00 0 \n"
	"Size:               4096 kB\n"
	"KernelPageSize:        4 kB\n"
	"MMUPageSize:           4 kB\n"
	"Rss:                3072 kB\n"
	"AnonHugePages:      2048 kB\n"
	"ShmemPmdMapped:        0 kB\n"
	"Shared_Hugetlb:        0 kB\n"
	"Private_Hugetlb:       0 kB\n"
	"Locked:             1024 kB\n"
	"THPeligible:           1\n"
	"VmFlags: rd wr mr mw me lo lf ac dd hg \n"
	"7f817d600000-7f817d601000 ---s 00000000 00:01 39423     /memfd:packets (deleted)\n"
	"Rss:                   0 kB\n"
	"7f817d601000-7f817e000000 rw-p 00000000 00:00 0 \n"
	"Rss:                8888 kB\n";

static const char *const hugetlb =
	"7f817d000000-7f817d200000 ---p 00000000 00:00 0 \n"
	"7f817d200000-7f817d400000 rw-s 00000000 00:11 77        /memfd:packets (deleted)\n"
	"KernelPageSize:     2048 kB\n"
	"Rss:                   0 kB\n"
	"Shared_Hugetlb:     2048 kB\n"
	"Private_Hugetlb:       0 kB\n"
	"VmFlags: rd wr sh mr mw me ms de ht \n"
	"7f817d400000-7f817d600000 rw-s 00200000 00:11 77        /memfd:packets (deleted)\n"
	"KernelPageSize:     2048 kB\n"
	"Rss:                   0 kB\n"
	"Shared_Hugetlb:        0 kB\n"
	"Private_Hugetlb:    2048 kB\n"
	"VmFlags: rd wr sh mr mw me ms de ht dd \n";

static const char *const named = "7f817d200000-7f817d600000 rw-p 00000000 00:00 0    "
				 "[anon:packets]\n"
				 "KernelPageSize:        4 kB\n"
				 "Rss:                   0 kB\n"
				 "VmFlags: rd wr mr mw me ac \n";

/* Returns the number of lines that were taken. */
static unsigned int
feed(struct mr_smaps *smaps, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line, whole[256];
	unsigned int n = 0;

	assert_non_null(copy);
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		snprintf(whole, sizeof(whole), "%s\n", line);
		if (!mr_smaps_line(smaps, whole))
			break;
		n++;
	}
	free(copy);
	return n;
}

static struct mr_seen
see(const char *text, size_t guard, const char *name)
{
	struct mr_smaps smaps;

	mr_smaps_start(&smaps, AT, 4 * MIB, guard, name);
	feed(&smaps, neighbours);
	feed(&smaps, text);
	return smaps.seen;
}

static void
lines_count_for_the_region_alone(void **state)
{
	struct mr_seen seen = see(transparent, 4 * KIB, "packets");

	(void)state;
	assert_int_equal(seen.nb_mappings, 1);
	assert_int_equal(seen.page_size, 4 * KIB);
	assert_int_equal(seen.resident, 3 * MIB);
	assert_int_equal(seen.transparent, 2 * MIB);
	assert_int_equal(seen.hugetlb, 0);
	assert_int_equal(seen.locked, 1 * MIB);
	assert_int_equal(seen.lockable, 4 * MIB);
	assert_int_equal(seen.nodump, 4 * MIB);
	assert_int_equal(seen.closed, 0);
	assert_int_equal(seen.guarded, 8 * KIB);
	assert_int_equal(seen.named, 0);
	assert_int_equal(seen.named_guards, 8 * KIB);
}

static void
hugepages_are_counted_mapped_once_or_often(void **state)
{
	struct mr_seen seen = see(hugetlb, 4 * KIB, "packets");

	(void)state;
	assert_int_equal(seen.nb_mappings, 2);
	assert_int_equal(seen.page_size, 2 * MIB);
	assert_int_equal(seen.resident, 0);
	assert_int_equal(seen.hugetlb, 4 * MIB);
	assert_int_equal(seen.nodump, 2 * MIB);
	assert_int_equal(seen.lockable, 0);
	assert_int_equal(seen.guarded, 4 * KIB);
	assert_int_equal(seen.named, 4 * MIB);
}

static void
names_match_wholly(void **state)
{
	(void)state;
	assert_int_equal(see(named, 4 * KIB, "packets").named, 4 * MIB);
	assert_int_equal(see(named, 4 * KIB, "packet").named, 0);
	assert_int_equal(see(named, 4 * KIB, "packets2").named, 0);
	assert_int_equal(see(named, 4 * KIB, "").named, 0);
	assert_int_equal(see(hugetlb, 4 * KIB, "packet").named, 0);
	assert_int_equal(see(transparent, 0, "packets").named_guards, 0);
}

static void
reading_ends_behind_the_region(void **state)
{
	struct mr_smaps smaps;

	(void)state;
	mr_smaps_start(&smaps, AT, 4 * MIB, 4 * KIB, "");
	assert_int_equal(feed(&smaps, transparent), 18);
	mr_smaps_start(&smaps, AT, 4 * MIB, 8 * KIB, "");
	assert_int_equal(feed(&smaps, transparent), 20);
	assert_int_equal(smaps.seen.resident, 3 * MIB);
}

static void
other_lines_do_no_harm(void **state)
{
	static const char *const lines[] = { "",
					     "\n",
					     "7f817d200000",
					     "7f817d200000-7f817d600000",
					     "7f817d200000-7f817d600000 rw-p",
					     "Rss",
					     "Rss:",
					     "Rss: many kB",
					     ("A very long name of a field, longer than any that "
					      "the kernel has: 5 kB") };
	struct mr_smaps smaps;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		mr_smaps_start(&smaps, AT, 4 * MIB, 0, "x");
		feed(&smaps, named);
		assert_true(mr_smaps_line(&smaps, lines[i]));
		assert_int_equal(smaps.seen.nb_mappings, 1);
		assert_int_equal(smaps.seen.resident, 0);
	}
}

/* 8 MiB bound to nodes 0 and 2, all as wished; tests spoil it. */
struct subject {
	struct rte_memregion region;
	struct mr_sight sight;
	struct rte_memregion_account accounts[RTE_MEMREGION_NB_WISHES];
};

static struct subject *
subject(enum rte_membind_policy policy, enum mr_kind kind)
{
	struct subject *made = calloc(1, sizeof(*made));
	struct rte_memregion *region;
	struct mr_seen *seen;

	assert_non_null(made);
	region = &made->region;
	region->wished.policy = policy;
	region->wished.prefault = true;
	region->place.policy = policy;
	rte_numa_mask_set(&region->place.targets, 0);
	rte_numa_mask_set(&region->place.targets, 2);
	region->rung.kind = kind;
	region->rung.page_size = kind == MR_SMALL ? 4 * KIB : 2 * MIB;
	region->size = 8 * MIB;
	region->guard = 4 * KIB;
	made->sight.location.nodes = region->place.targets;
	made->sight.location.present = 8 * MIB;
	made->sight.location.on_node[0] = 4 * MIB;
	made->sight.location.on_node[2] = 4 * MIB;
	seen = &made->sight.seen;
	seen->page_size = kind == MR_EXPLICIT ? 2 * MIB : 4 * KIB;
	seen->resident = kind == MR_EXPLICIT ? 0 : 8 * MIB;
	seen->hugetlb = kind == MR_EXPLICIT ? 8 * MIB : 0;
	seen->transparent = kind == MR_TRANSPARENT ? 8 * MIB : 0;
	return made;
}

/* Judge, and compare one account. */
static void
assert_account(struct subject *one, enum rte_memregion_wish wish, enum rte_memregion_level level,
	       enum rte_memregion_reason reason, uint64_t bytes, const char *says)
{
	const struct rte_memregion_account *account = &one->accounts[wish];

	mr_judge(&one->region, &one->sight, one->accounts);
	print_message("%s: %s, %s, %zu bytes: %s\n", rte_memregion_wish_name(wish),
		      rte_memregion_level_name(account->level),
		      rte_memregion_reason_name(account->reason), (size_t)account->bytes,
		      account->text);
	assert_int_equal(account->level, level);
	assert_int_equal(account->reason, reason);
	assert_int_equal(account->bytes, bytes);
	assert_non_null(strstr(account->text, says));
}

static void
put(struct subject *one, int node_id, size_t bytes)
{
	one->sight.location.on_node[node_id] = bytes;
	rte_numa_mask_set(&one->sight.location.nodes, node_id);
}

static void
pages_on_their_nodes_are_enforced(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_SMALL);

	(void)state;
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "all on nodes 0,2");
	/* Which of them does not matter to a bind. */
	put(one, 0, 8 * MIB);
	put(one, 2, 0);
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "all on nodes 0,2");
	free(one);
}

static void
pages_elsewhere_are_counted(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_SMALL);

	(void)state;
	put(one, 2, 1 * MIB);
	put(one, 1, 3 * MIB);
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_MISPLACED, 5 * MIB,
		       "5 MiB of 8 MiB on nodes 0,2, the others on node 1");
	put(one, 0, 0);
	put(one, 2, 0);
	put(one, 1, 8 * MIB);
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_MISPLACED, 0, "on node 1");
	free(one);
}

static void
nothing_is_claimed_of_pages_that_do_not_exist(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_TRANSPARENT);

	(void)state;
	one->region.wished.prefault = false;
	memset(&one->sight.location, 0, sizeof(one->sight.location));
	one->sight.location.untouched = 8 * MIB;
	one->sight.seen.resident = 0;
	one->sight.seen.transparent = 0;
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_NOT_YET, 0, "0 bytes of 8 MiB exist");
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_NOT_YET, 0, "not been touched");
	assert_account(one, RTE_MEMREGION_WISH_PREFAULT, RTE_MEMREGION_NOT_WISHED,
		       RTE_MEMREGION_REASON_NONE, 0, "");
	put(one, 2, 2 * MIB);
	one->sight.seen.resident = 2 * MIB;
	one->sight.seen.transparent = 2 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_NOT_YET, 2 * MIB, "2 MiB of 8 MiB exist");
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_NOT_YET, 2 * MIB, "2 MiB of 8 MiB");
	free(one);
}

static void
a_policy_that_was_not_set_is_not_enforced_by_chance(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_SMALL);
	struct mr_fault *fault = &one->region.faults[RTE_MEMREGION_WISH_POLICY];

	(void)state;
	mr_fault_set(fault, RTE_MEMREGION_REASON_PERMISSION, "mbind(2) is refused");
	fault->total = true;
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_PERMISSION, 0, "mbind(2) is refused");
	/* Of two nodes one is missing: some of it holds. */
	fault->total = false;
	fault->reason = RTE_MEMREGION_REASON_OFFLINE;
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_OFFLINE, 8 * MIB, "; 8 MiB of 8 MiB on nodes 0,2");
	free(one);
}

static void
what_cannot_be_seen_is_not_enforced(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_SMALL);

	(void)state;
	one->region.wished.lock = true;
	one->sight.locate_error = -EPERM;
	strcpy(one->sight.locate_text, "move_pages(2) is refused");
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_UNSEEN, 0, "move_pages(2) is refused");
	one->sight.look_error = -EACCES;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_UNSEEN, 0, "/proc/self/smaps");
	assert_account(one, RTE_MEMREGION_WISH_LOCK, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_UNSEEN, 0, "/proc/self/smaps");
	assert_account(one, RTE_MEMREGION_WISH_NAME, RTE_MEMREGION_NOT_WISHED,
		       RTE_MEMREGION_REASON_NONE, 0, "");
	free(one);
}

static void
interleaved_pages_are_spread_evenly(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_INTERLEAVE, MR_SMALL);

	(void)state;
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "all on nodes 0,2");
	put(one, 0, 4 * MIB + 256 * KIB);
	put(one, 2, 4 * MIB - 256 * KIB);
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "all on nodes 0,2");
	put(one, 0, 5 * MIB);
	put(one, 2, 3 * MIB);
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_MISPLACED, 6 * MIB, "not evenly on nodes 0,2");
	put(one, 0, 8 * MIB);
	put(one, 2, 0);
	assert_account(one, RTE_MEMREGION_WISH_POLICY, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_MISPLACED, 0, "8388608 0");
	free(one);
}

static void
assert_uneven(const struct subject *one, uint64_t bytes, bool on_0, bool on_2)
{
	struct rte_numa_mask on;

	assert_int_equal(mr_judge_uneven(&one->region, &one->sight.location, &on), bytes);
	assert_int_equal(rte_numa_mask_test(&on, 0), on_0);
	assert_int_equal(rte_numa_mask_test(&on, 2), on_2);
	assert_int_equal(rte_numa_mask_count(&on), on_0 + on_2);
}

static void
what_is_beyond_a_share_is_counted(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_INTERLEAVE, MR_SMALL);

	(void)state;
	assert_uneven(one, 0, false, false);
	put(one, 0, 4 * MIB + 256 * KIB);
	put(one, 2, 4 * MIB - 256 * KIB);
	assert_uneven(one, 0, false, false);
	put(one, 0, 5 * MIB);
	put(one, 2, 3 * MIB);
	assert_uneven(one, 1 * MIB, true, false);
	put(one, 0, 0);
	put(one, 2, 8 * MIB);
	assert_uneven(one, 4 * MIB, false, true);
	/* Of pages that are not there nobody knows. */
	put(one, 2, 7 * MIB);
	one->sight.location.present = 7 * MIB;
	assert_uneven(one, 0, false, false);
	free(one);
	one = subject(RTE_MEMBIND_BIND, MR_SMALL);
	put(one, 0, 8 * MIB);
	put(one, 2, 0);
	assert_uneven(one, 0, false, false);
	free(one);
}

static void
explicit_pages_are_what_smaps_counts(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_EXPLICIT);
	struct mr_fault *fault = &one->region.faults[RTE_MEMREGION_WISH_PAGES];

	(void)state;
	one->region.wished.lock = true;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "pages of 2 MiB");
	assert_account(one, RTE_MEMREGION_WISH_LOCK, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "never swapped");
	assert_account(one, RTE_MEMREGION_WISH_PREFAULT, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "8 MiB of 8 MiB exist");
	one->sight.seen.hugetlb = 6 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_CHANGED, 6 * MIB, "6 MiB");
	/* The default size was given instead of the one that was asked for. */
	one->region.rung.page_size = 1024 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_CHANGED, 0, "2 MiB instead of 1 GiB");
	/* Transparent ones stand in, and are no explicit ones. */
	one->region.rung = (struct mr_rung){ MR_TRANSPARENT, 2 * MIB };
	mr_fault_set(fault, RTE_MEMREGION_REASON_NO_PAGES, "node 0 has 0 free");
	fault->total = true;
	one->sight.seen.transparent = 8 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_NO_PAGES, 0, "node 0 has 0 free");
	free(one);
}

static void
transparent_and_small_pages_exclude_each_other(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_TRANSPARENT);

	(void)state;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "8 MiB of 8 MiB in transparent");
	one->sight.seen.transparent = 6 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_NO_PAGES, 6 * MIB, "no more free runs");
	mr_fault_set(&one->region.faults[RTE_MEMREGION_WISH_PAGES], RTE_MEMREGION_REASON_DISABLED,
		     "switched off");
	one->sight.seen.transparent = 0;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_DISABLED, 0, "switched off");
	/* Somebody put them together all the same. */
	one->sight.seen.transparent = 8 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "8 MiB of 8 MiB in transparent");
	free(one);

	one = subject(RTE_MEMBIND_BIND, MR_SMALL);
	strcpy(one->region.passed, "1 GiB: too large for 8 MiB");
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB,
		       "in pages of 4 KiB; 1 GiB: too large for 8 MiB");
	one->sight.seen.transparent = 2 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PAGES, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_CHANGED, 6 * MIB, "2 MiB in transparent hugepages");
	free(one);
}

static void
the_other_wishes_are_what_smaps_shows(void **state)
{
	struct subject *one = subject(RTE_MEMBIND_BIND, MR_SMALL);
	struct mr_seen *seen = &one->sight.seen;

	(void)state;
	one->region.wished.lock = true;
	one->region.wished.nodump = true;
	one->region.wished.guard_size = 1;
	strcpy(one->region.wished.name, "packets");
	for (int wish = RTE_MEMREGION_WISH_LOCK; wish < RTE_MEMREGION_NB_WISHES; wish++)
		assert_account(one, wish, RTE_MEMREGION_NOT_ENFORCED, RTE_MEMREGION_REASON_CHANGED,
			       0, "0 bytes of");
	mr_fault_set(&one->region.faults[RTE_MEMREGION_WISH_LOCK], RTE_MEMREGION_REASON_LIMIT,
		     "RLIMIT_MEMLOCK allows 64 KiB");
	seen->lockable = 2 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_LOCK, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_LIMIT, 2 * MIB, "allows 64 KiB");
	seen->lockable = 8 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_LOCK, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "from when they exist");
	seen->locked = 8 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_LOCK, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "8 MiB of 8 MiB locked");
	seen->nodump = 8 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_NODUMP, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "core dumps");
	seen->guarded = 4 * KIB;
	assert_account(one, RTE_MEMREGION_WISH_GUARD, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_CHANGED, 4 * KIB, "4 KiB of 8 KiB");
	seen->guarded = 8 * KIB;
	assert_account(one, RTE_MEMREGION_WISH_GUARD, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * KIB, "8 KiB of 8 KiB");
	seen->named_guards = 4 * KIB;
	assert_account(one, RTE_MEMREGION_WISH_NAME, RTE_MEMREGION_NOT_ENFORCED,
		       RTE_MEMREGION_REASON_CHANGED, 0, "0 bytes of 8 MiB");
	seen->named_guards = 8 * KIB;
	assert_account(one, RTE_MEMREGION_WISH_NAME, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "guards that bear the name");
	seen->named_guards = 0;
	seen->named = 8 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_NAME, RTE_MEMREGION_ENFORCED,
		       RTE_MEMREGION_REASON_NONE, 8 * MIB, "8 MiB of 8 MiB bear the name");
	seen->resident = 5 * MIB;
	assert_account(one, RTE_MEMREGION_WISH_PREFAULT, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_CHANGED, 5 * MIB, "swapped or given back");
	mr_fault_set(&one->region.faults[RTE_MEMREGION_WISH_PREFAULT], RTE_MEMREGION_REASON_TIMEOUT,
		     "the deadline passed");
	assert_account(one, RTE_MEMREGION_WISH_PREFAULT, RTE_MEMREGION_PARTIAL,
		       RTE_MEMREGION_REASON_TIMEOUT, 5 * MIB, "the deadline passed");
	free(one);
}

static void
everything_has_a_name(void **state)
{
	(void)state;
	for (int wish = 0; wish < RTE_MEMREGION_NB_WISHES; wish++)
		assert_string_not_equal(rte_memregion_wish_name(wish), "unknown");
	for (int level = 0; level <= RTE_MEMREGION_NOT_ENFORCED; level++)
		assert_string_not_equal(rte_memregion_level_name(level), "unknown");
	for (int reason = 0; reason <= RTE_MEMREGION_REASON_UNSEEN; reason++) {
		assert_string_not_equal(rte_memregion_reason_name(reason), "unknown");
		if (reason != RTE_MEMREGION_REASON_NONE)
			assert_true(mr_reason_errno(reason) < 0);
	}
	assert_string_equal(rte_memregion_wish_name(RTE_MEMREGION_NB_WISHES), "unknown");
	assert_string_equal(rte_memregion_level_name(-1), "unknown");
	assert_string_equal(rte_memregion_reason_name(999), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_count_for_the_region_alone),
		cmocka_unit_test(hugepages_are_counted_mapped_once_or_often),
		cmocka_unit_test(names_match_wholly),
		cmocka_unit_test(reading_ends_behind_the_region),
		cmocka_unit_test(other_lines_do_no_harm),
		cmocka_unit_test(pages_on_their_nodes_are_enforced),
		cmocka_unit_test(pages_elsewhere_are_counted),
		cmocka_unit_test(nothing_is_claimed_of_pages_that_do_not_exist),
		cmocka_unit_test(a_policy_that_was_not_set_is_not_enforced_by_chance),
		cmocka_unit_test(what_cannot_be_seen_is_not_enforced),
		cmocka_unit_test(interleaved_pages_are_spread_evenly),
		cmocka_unit_test(what_is_beyond_a_share_is_counted),
		cmocka_unit_test(explicit_pages_are_what_smaps_counts),
		cmocka_unit_test(transparent_and_small_pages_exclude_each_other),
		cmocka_unit_test(the_other_wishes_are_what_smaps_shows),
		cmocka_unit_test(everything_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
