/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the comparison with hwloc's allocation: each through both libraries, then what either reports
 *   of the memory of both, and where its pages are. Where they differ the case says why, and both
 *   outcomes are fixed all the same.
 * Must not: let a difference pass that is not named.
 * Called by: meson test, and in the guests with several nodes.
 */

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <hwloc.h>

#include "witness.h"

#define PAGE	  ((size_t)4096)
#define NB_PAGES  24
#define SIZE	  (NB_PAGES * PAGE)
#define MAX_NODES 16

#define H_STRICT     HWLOC_MEMBIND_STRICT
#define UNKNOWN_FLAG (1 << 20)

static hwloc_topology_t topology;
static int nodes[MAX_NODES];
static int nb_nodes;

enum which { ALL, FIRST, SECOND, NONE, ABSENT };

struct alloc_case {
	const char *what;
	size_t size;
	int hwlocs_policy;
	enum rte_membind_policy our_policy;
	enum which nodes;
	int flags;
	int hwlocs_errno; /* 0: there is memory. */
	int our_errno;
	const char *because; /* NULL where both must do the same. */
};

static const char *const wrong_anywhere =
	"what is wrong on any machine is refused in soft mode too";
static const char *const not_supported = "regions say ENOTSUP of what Linux does not have";

static const struct alloc_case alloc_cases[] = {
	{ "default", SIZE, HWLOC_MEMBIND_DEFAULT, RTE_MEMBIND_DEFAULT, ALL, 0, 0, 0, NULL },
	{ "default, strict", SIZE, HWLOC_MEMBIND_DEFAULT, RTE_MEMBIND_DEFAULT, ALL, H_STRICT, 0, 0,
	  NULL },
	{ "first touch", SIZE, HWLOC_MEMBIND_FIRSTTOUCH, RTE_MEMBIND_FIRST_TOUCH, ALL, 0, 0, 0,
	  NULL },
	{ "first touch, strict", SIZE, HWLOC_MEMBIND_FIRSTTOUCH, RTE_MEMBIND_FIRST_TOUCH, ALL,
	  H_STRICT, 0, 0, NULL },
	{ "bind", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, 0, 0, 0, NULL },
	{ "bind, strict", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, H_STRICT, 0, 0, NULL },
	{ "bind, all nodes", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ALL, 0, 0, 0, NULL },
	{ "bind, second node", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, SECOND, 0, 0, 0, NULL },
	{ "bind, second node, strict", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, SECOND, H_STRICT,
	  0, 0, NULL },
	{ "interleave", SIZE, HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, ALL, 0, 0, 0,
	  NULL },
	{ "interleave, strict", SIZE, HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, ALL,
	  H_STRICT, 0, 0, NULL },
	{ "interleave, second node", SIZE, HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, SECOND,
	  0, 0, 0, NULL },
	{ "not a whole page", PAGE / 2, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, H_STRICT, 0, 0,
	  NULL },
	{ "no bytes", 0, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, 0, EINVAL, EINVAL, NULL },
	{ "more than there are addresses", SIZE_MAX / 2, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND,
	  FIRST, 0, ENOMEM, ENOMEM, NULL },
	{ "the same, strict", SIZE_MAX / 2, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, H_STRICT,
	  ENOMEM, ENOMEM, NULL },
	{ "next touch", SIZE, HWLOC_MEMBIND_NEXTTOUCH, RTE_MEMBIND_NEXT_TOUCH, ALL, 0, 0, 0, NULL },
	{ "next touch, strict", SIZE, HWLOC_MEMBIND_NEXTTOUCH, RTE_MEMBIND_NEXT_TOUCH, ALL,
	  H_STRICT, ENOSYS, ENOTSUP, not_supported },
	{ "mixed", SIZE, HWLOC_MEMBIND_MIXED, RTE_MEMBIND_MIXED, ALL, 0, EINVAL, EINVAL, NULL },
	{ "an unknown policy", SIZE, 99, (enum rte_membind_policy)99, ALL, 0, EINVAL, EINVAL,
	  NULL },
	{ "an unknown flag", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, UNKNOWN_FLAG,
	  EINVAL, EINVAL, NULL },
	{ "no nodes", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, NONE, 0, 0, EINVAL,
	  wrong_anywhere },
	{ "no nodes, strict", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, NONE, H_STRICT, EINVAL,
	  EINVAL, NULL },
	{ "a node that is not there", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ABSENT, 0, 0, 0,
	  NULL },
	{ "a node that is not there, strict", SIZE, HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ABSENT,
	  H_STRICT, EINVAL, ENODEV,
	  "a node that is not there is told from an argument that is wrong anywhere" },
	{ "first touch, one of several nodes", SIZE, HWLOC_MEMBIND_FIRSTTOUCH,
	  RTE_MEMBIND_FIRST_TOUCH, SECOND, H_STRICT, EXDEV, EINVAL,
	  "a policy that takes no nodes takes none" },
};

static struct rte_numa_mask
mask_of(enum which which)
{
	struct rte_numa_mask mask = { { 0 } };

	for (int i = 0; which == ALL && i < nb_nodes; i++)
		rte_numa_mask_set(&mask, nodes[i]);
	if (which == FIRST || which == SECOND)
		rte_numa_mask_only(&mask, nodes[which == SECOND]);
	if (which == ABSENT)
		rte_numa_mask_only(&mask, RTE_NUMA_MAX_NODES - 1);
	return mask;
}

static void *
alloc_by_hwloc(const struct alloc_case *c, const struct rte_numa_mask *mask)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int node_id, error;
	void *addr;

	assert_non_null(set);
	RTE_NUMA_MASK_FOREACH(node_id, mask)
		hwloc_bitmap_set(set, node_id);
	errno = 0;
	addr = hwloc_alloc_membind(topology, c->size, set, c->hwlocs_policy,
				   c->flags | HWLOC_MEMBIND_BYNODESET);
	error = errno;
	hwloc_bitmap_free(set);
	errno = error;
	return addr;
}

static int
create(const struct alloc_case *c, const struct rte_numa_mask *mask, struct rte_memregion **region)
{
	struct rte_memregion_opts opts = {
		.policy = c->our_policy,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = (c->flags & H_STRICT ? RTE_MEMREGION_F_STRICT : 0) |
			 (c->flags & UNKNOWN_FLAG ? UNKNOWN_FLAG : 0),
	};

	/* hwloc calls all nodes what is no nodes here. */
	if (c->nodes != ALL || c->our_policy == RTE_MEMBIND_BIND ||
	    c->our_policy == RTE_MEMBIND_INTERLEAVE)
		opts.nodes = *mask;
	return rte_memregion_create(c->size, &opts, region);
}

/* What either calls the policy of a range, in hwloc's words. */
static hwloc_membind_policy_t
reported_by_hwloc(const void *addr, size_t size)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	hwloc_membind_policy_t policy;

	assert_int_equal(hwloc_get_area_membind(topology, addr, size, set, &policy,
						HWLOC_MEMBIND_BYNODESET),
			 0);
	hwloc_bitmap_free(set);
	return policy;
}

static hwloc_membind_policy_t
reported_here(const void *addr, size_t size)
{
	enum rte_membind_policy policy;

	assert_int_equal(rte_membind_get_range(addr, size, &policy, NULL, 0), 0);
	switch (policy) {
	case RTE_MEMBIND_DEFAULT:
	case RTE_MEMBIND_FIRST_TOUCH:
		return HWLOC_MEMBIND_FIRSTTOUCH;
	case RTE_MEMBIND_BIND:
	case RTE_MEMBIND_PREFERRED:
	case RTE_MEMBIND_PREFERRED_MANY:
		return HWLOC_MEMBIND_BIND;
	case RTE_MEMBIND_INTERLEAVE:
		return HWLOC_MEMBIND_INTERLEAVE;
	default:
		return HWLOC_MEMBIND_MIXED;
	}
}

/* Each node has of the one what it has of the other, but for the page that a turn begins with. */
static void
assert_same_places(void *ours, void *hwlocs, size_t size)
{
	struct witness_pages a, b;

	memset(ours, 1, size);
	memset(hwlocs, 1, size);
	witness_pages(ours, size, &a);
	witness_pages(hwlocs, size, &b);
	assert_int_equal(a.absent + b.absent, 0);
	for (int i = 0; i < 64; i++)
		assert_true(a.on_node[i] <= b.on_node[i] + PAGE &&
			    b.on_node[i] <= a.on_node[i] + PAGE);
}

/* What soft mode has left out, hwloc does not tell; the region does. */
static void
check_enforcement(const struct alloc_case *c, struct rte_memregion *region)
{
	struct rte_memregion_account account = witness_account(region, RTE_MEMREGION_WISH_POLICY);

	if (c->our_policy == RTE_MEMBIND_NEXT_TOUCH) {
		assert_int_equal(account.level, RTE_MEMREGION_NOT_ENFORCED);
		assert_int_equal(account.reason, RTE_MEMREGION_REASON_UNSUPPORTED);
	} else if (c->nodes == ABSENT) {
		assert_int_equal(account.level, RTE_MEMREGION_NOT_ENFORCED);
		assert_int_equal(account.reason, RTE_MEMREGION_REASON_OFFLINE);
	} else {
		assert_int_equal(account.level, RTE_MEMREGION_ENFORCED);
	}
}

static void
check_memory(const struct alloc_case *c, struct rte_memregion *region, void *hwlocs)
{
	void *ours = rte_memregion_addr(region);
	hwloc_membind_policy_t policy = reported_by_hwloc(hwlocs, c->size);

	assert_int_equal(reported_here(hwlocs, c->size), policy);
	assert_int_equal(reported_here(ours, c->size), policy);
	/* Static nodes, which strict asks for where there are nodes, hwloc cannot read. */
	if (!(c->flags & H_STRICT) || policy == HWLOC_MEMBIND_FIRSTTOUCH)
		assert_int_equal(reported_by_hwloc(ours, c->size), policy);
	assert_same_places(ours, hwlocs, c->size);
	check_enforcement(c, region);
}

static void
check_case(const struct alloc_case *c)
{
	struct rte_memregion *region = NULL;
	struct rte_numa_mask mask;
	void *hwlocs;
	int ret;

	print_message("%s%s%s\n", c->what, c->because != NULL ? ": they differ, " : "",
		      c->because != NULL ? c->because : "");
	assert_true((c->because != NULL) == (c->hwlocs_errno != c->our_errno));
	if (c->nodes == SECOND && nb_nodes < 2) {
		print_message("    not done: there is no second node\n");
		return;
	}
	mask = mask_of(c->nodes);
	hwlocs = alloc_by_hwloc(c, &mask);
	if (hwlocs == NULL)
		assert_int_equal(errno, c->hwlocs_errno);
	else
		assert_int_equal(c->hwlocs_errno, 0);
	ret = create(c, &mask, &region);
	if (ret != -c->our_errno)
		fail_msg("%d and not %d: %s", ret, -c->our_errno, rte_memregion_error());
	assert_true((region != NULL) == (ret == 0));
	if (region != NULL && hwlocs != NULL)
		check_memory(c, region, hwlocs);
	if (hwlocs != NULL)
		assert_int_equal(hwloc_free(topology, hwlocs, c->size), 0);
	if (region != NULL)
		assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
memory_is_allocated_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(alloc_cases) / sizeof(alloc_cases[0]); i++)
		check_case(&alloc_cases[i]);
}

static void
without_any_wish_it_is_memory(void **state)
{
	char *hwlocs = hwloc_alloc(topology, SIZE);
	struct rte_memregion *region;

	(void)state;
	assert_non_null(hwlocs);
	assert_int_equal(rte_memregion_create(SIZE, NULL, &region), 0);
	assert_same_places(rte_memregion_addr(region), hwlocs, SIZE);
	assert_int_equal(hwloc_free(topology, hwlocs, SIZE), 0);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

/* What is local is so to the one who asks; that it stays where it is, is for this test to see to. */
static void
stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_allocated_alike),
		cmocka_unit_test(without_any_wish_it_is_memory),
	};
	struct rte_numa_mask allowed;
	int node_id, ret;

	/* hwloc has only those that the cpuset allows, too. */
	if (rte_membind_allowed_nodes(&allowed) < 0) {
		fprintf(stderr, "%s\n", rte_membind_error());
		return 1;
	}
	RTE_NUMA_MASK_FOREACH(node_id, &allowed) {
		if (nb_nodes < MAX_NODES)
			nodes[nb_nodes++] = node_id;
	}
	if (hwloc_topology_init(&topology) < 0 || hwloc_topology_load(topology) < 0) {
		fprintf(stderr, "hwloc cannot load the topology of this machine\n");
		return 1;
	}
	stay_here();
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	hwloc_topology_destroy(topology);
	return ret;
}
