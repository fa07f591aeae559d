/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the comparison with hwloc: each operation through both libraries, then what either reports
 *     of the memory of both. Where hwloc does other than its documentation says, or than is wanted
 *     here, the case says why, and both outcomes are fixed all the same.
 * Must not: let a difference pass that is not named.
 * Called by: meson test.
 */

#include <hwloc.h>
#include <numaif.h>
#include <sched.h>
#include <stdio.h>

#include <rte_numa.h>
#include <rte_numa_where.h>

#include "test_witness.h"

#define SIZE (16 * PAGE)

#define H_STRICT  HWLOC_MEMBIND_STRICT
#define H_MIGRATE HWLOC_MEMBIND_MIGRATE

static hwloc_topology_t topology;

/* --- the two libraries' words for the same ------------------------------------------------- */

static unsigned int
our_flags(int flags)
{
	return (flags & HWLOC_MEMBIND_STRICT ? RTE_MEMBIND_F_STRICT : 0) |
	       (flags & HWLOC_MEMBIND_MIGRATE ? RTE_MEMBIND_F_MIGRATE : 0) |
	       (flags & HWLOC_MEMBIND_PROCESS ? RTE_MEMBIND_F_PROCESS : 0) |
	       (flags & HWLOC_MEMBIND_THREAD ? RTE_MEMBIND_F_THREAD : 0) |
	       (flags & HWLOC_MEMBIND_NOCPUBIND ? RTE_MEMBIND_F_NO_CPU_BIND : 0) |
	       (flags & 1 << 20 ? 1u << 20 : 0);
}

/* hwloc has fewer words: it calls default first touch, and all that prefers bind. */
static hwloc_membind_policy_t
in_hwlocs_words(enum rte_membind_policy policy)
{
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

static hwloc_bitmap_t
bitmap_of(const struct rte_numa_mask *mask)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int node_id;

	assert_non_null(set);
	RTE_NUMA_MASK_FOREACH(node_id, mask)
		hwloc_bitmap_set(set, node_id);
	return set;
}

static struct rte_numa_mask
mask_of_bitmap(hwloc_const_bitmap_t set)
{
	struct rte_numa_mask mask = { { 0 } };
	unsigned int node_id;

	assert_true(hwloc_bitmap_weight(set) >= 0);
	hwloc_bitmap_foreach_begin(node_id, set)
		assert_int_equal(rte_numa_mask_set(&mask, node_id), 0);
	hwloc_bitmap_foreach_end();
	return mask;
}

/* What a get of either gives: a negative errno, or the policy in hwloc's words and the nodes. */
struct report {
	int ret;
	int policy;
	struct rte_numa_mask nodes;
};

static struct report
ours_of_range(const void *addr, size_t size, int flags)
{
	struct report report = { 0 };
	enum rte_membind_policy policy;

	report.ret = rte_membind_get_range(addr, size, &policy, &report.nodes, our_flags(flags));
	if (report.ret == 0)
		report.policy = in_hwlocs_words(policy);
	return report;
}

static struct report
hwlocs_of_range(const void *addr, size_t size, int flags)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	struct report report = { 0 };
	hwloc_membind_policy_t policy;

	if (hwloc_get_area_membind(topology, addr, size, set, &policy,
				   flags | HWLOC_MEMBIND_BYNODESET) < 0) {
		report.ret = -errno;
	} else {
		report.policy = policy;
		report.nodes = mask_of_bitmap(set);
	}
	hwloc_bitmap_free(set);
	return report;
}

static void
check_same(const struct report *ours, const struct report *hwlocs)
{
	assert_int_equal(ours->ret, hwlocs->ret);
	if (ours->ret < 0)
		return;
	assert_int_equal(ours->policy, hwlocs->policy);
	assert_true(rte_numa_mask_equal(&ours->nodes, &hwlocs->nodes));
}

static int
set_by_hwloc(const void *addr, size_t size, int policy, const struct rte_numa_mask *nodes,
	     int flags)
{
	hwloc_bitmap_t set = bitmap_of(nodes);
	int ret = hwloc_set_area_membind(topology, addr, size, set, policy,
					 flags | HWLOC_MEMBIND_BYNODESET);

	ret = ret < 0 ? -errno : 0;
	hwloc_bitmap_free(set);
	return ret;
}

/* --- setting a range ----------------------------------------------------------------------- */

enum which { ALL, FIRST, SECOND, NONE, ABSENT };

static struct rte_numa_mask
nodes_of(enum which which)
{
	switch (which) {
	case FIRST:
		return mask_of_node(usable_node(0));
	case SECOND:
		return mask_of_node(usable_node(1));
	case NONE:
		return mask_of("");
	case ABSENT:
		return mask_of("1023");
	default:
		return usable_nodes();
	}
}

struct set_case {
	const char *what;
	int hwlocs_policy;
	int our_policy;
	enum which nodes;
	int flags;
	int hwlocs_ret, our_ret;
	const char *because; /* NULL where both must do the same. */
};

static const struct set_case set_cases[] = {
	{ "default", HWLOC_MEMBIND_DEFAULT, RTE_MEMBIND_DEFAULT, ALL, 0, 0, 0, NULL },
	{ "default, strict", HWLOC_MEMBIND_DEFAULT, RTE_MEMBIND_DEFAULT, ALL, H_STRICT, 0, 0,
	  NULL },
	{ "first touch", HWLOC_MEMBIND_FIRSTTOUCH, RTE_MEMBIND_FIRST_TOUCH, ALL, 0, 0, 0, NULL },
	{ "first touch, strict", HWLOC_MEMBIND_FIRSTTOUCH, RTE_MEMBIND_FIRST_TOUCH, ALL, H_STRICT,
	  0, 0, NULL },
	{ "bind", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ALL, 0, 0, 0, NULL },
	{ "bind, one node", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, 0, 0, 0, NULL },
	{ "bind, strict", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, H_STRICT, 0, 0, NULL },
	{ "bind, migrate", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST, H_MIGRATE, 0, 0, NULL },
	{ "bind, strict, migrate", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, FIRST,
	  H_STRICT | H_MIGRATE, 0, 0, NULL },
	{ "bind, no CPU binding", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ALL,
	  HWLOC_MEMBIND_NOCPUBIND, 0, 0, NULL },
	{ "interleave", HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, ALL, 0, 0, 0, NULL },
	{ "interleave, one node", HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, FIRST, 0, 0, 0,
	  NULL },
	{ "interleave, strict", HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, ALL, H_STRICT, 0,
	  0, NULL },
	{ "next touch", HWLOC_MEMBIND_NEXTTOUCH, RTE_MEMBIND_NEXT_TOUCH, ALL, 0, -ENOSYS, -ENOSYS,
	  NULL },
	{ "next touch, strict", HWLOC_MEMBIND_NEXTTOUCH, RTE_MEMBIND_NEXT_TOUCH, ALL, H_STRICT,
	  -ENOSYS, -ENOSYS, NULL },
	{ "mixed", HWLOC_MEMBIND_MIXED, RTE_MEMBIND_MIXED, ALL, 0, -EINVAL, -EINVAL, NULL },
	{ "an unknown policy", 99, 99, ALL, 0, -EINVAL, -EINVAL, NULL },
	{ "an unknown flag", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ALL, 1 << 20, -EINVAL, -EINVAL,
	  NULL },
	{ "no nodes", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, NONE, 0, -EINVAL, -EINVAL, NULL },
	{ "no nodes, interleave, strict", HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, NONE,
	  H_STRICT, -EINVAL, -EINVAL, NULL },
	{ "a node that is not there", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ABSENT, 0, -EINVAL,
	  -ENODEV, "a node that is not there is told from an argument that is wrong anywhere" },
	{ "a range and process", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, ALL, HWLOC_MEMBIND_PROCESS,
	  0, -EINVAL, "a range has no threads: hwloc passes over the flag" },
	{ "first touch, one of several nodes", HWLOC_MEMBIND_FIRSTTOUCH, RTE_MEMBIND_FIRST_TOUCH,
	  SECOND, 0, -EXDEV, -EXDEV, NULL },
	{ "default, one of several nodes", HWLOC_MEMBIND_DEFAULT, RTE_MEMBIND_DEFAULT, SECOND, 0, 0,
	  -EXDEV, "hwloc passes over the nodes of default, which it cannot keep to" },
	{ "bind, second node", HWLOC_MEMBIND_BIND, RTE_MEMBIND_BIND, SECOND, 0, 0, 0, NULL },
	{ "interleave, second node", HWLOC_MEMBIND_INTERLEAVE, RTE_MEMBIND_INTERLEAVE, SECOND, 0, 0,
	  0, NULL },
};

/* One case on memory of its own for each library. */
static void
check_set(const struct set_case *c)
{
	struct rte_numa_mask usable = usable_nodes(), nodes;
	char *ours = map(SIZE), *hwlocs = map(SIZE);
	struct report a, b;

	print_message("%s%s%s\n", c->what, c->because != NULL ? ": they differ, " : "",
		      c->because != NULL ? c->because : "");
	assert_true((c->because != NULL) == (c->hwlocs_ret != c->our_ret));
	if (c->nodes == SECOND && rte_numa_mask_count(&usable) < 2) {
		print_message("    not done: there is no second node\n");
		goto unmap;
	}
	nodes = nodes_of(c->nodes);
	assert_ret(rte_membind_set_range(ours, SIZE, c->our_policy, &nodes, our_flags(c->flags)),
		   c->our_ret);
	assert_int_equal(set_by_hwloc(hwlocs, SIZE, c->hwlocs_policy, &nodes, c->flags),
			 c->hwlocs_ret);

	/* What hwloc has set both read alike. */
	a = ours_of_range(hwlocs, SIZE, 0);
	b = hwlocs_of_range(hwlocs, SIZE, 0);
	check_same(&a, &b);
	/* And what was set here; but static nodes, which strict asks for, hwloc cannot read. */
	a = ours_of_range(ours, SIZE, 0);
	b = hwlocs_of_range(ours, SIZE, 0);
	if (mode_at(ours) >= 1 << 13) {
		assert_true((c->flags & H_STRICT) && a.ret == 0 && b.ret == -EINVAL);
		b = hwlocs_of_range(hwlocs, SIZE, 0);
	}
	check_same(&a, &b);
	/* A refused call has left both as they were. */
	if (c->our_ret < 0)
		assert_int_equal(mode_at(ours), MPOL_DEFAULT);
	if (c->hwlocs_ret < 0)
		assert_int_equal(mode_at(hwlocs), MPOL_DEFAULT);
	/* The pages come from the same nodes. */
	if (c->our_ret == 0 && c->hwlocs_ret == 0 && c->nodes != ALL) {
		touch(ours, SIZE);
		touch(hwlocs, SIZE);
		for (int i = 0; i < 16; i++)
			assert_int_equal(node_at(ours + i * PAGE), node_at(hwlocs + i * PAGE));
	}
unmap:
	unmap(ours, SIZE);
	unmap(hwlocs, SIZE);
}

static void
ranges_are_set_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < NB_ELEMS(set_cases); i++)
		check_set(&set_cases[i]);
}

/* --- ranges that are odd ------------------------------------------------------------------- */

static void
odd_ranges(void **state)
{
	struct rte_numa_mask nodes = nodes_of(FIRST);
	char *addr = map(SIZE);
	struct rte_membind_location location;
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	(void)state;
	/* They differ: an empty range is an error here, because it is one of the caller's. */
	assert_int_equal(set_by_hwloc(addr, 0, HWLOC_MEMBIND_BIND, &nodes, 0), 0);
	assert_ret(rte_membind_set_range(addr, 0, RTE_MEMBIND_BIND, &nodes, 0), -EINVAL);
	assert_int_equal(hwlocs_of_range(addr, 0, 0).ret, -EINVAL);
	assert_int_equal(ours_of_range(addr, 0, 0).ret, -EINVAL);
	assert_int_equal(
		hwloc_get_area_memlocation(topology, addr, 0, set, HWLOC_MEMBIND_BYNODESET), 0);
	assert_ret(rte_membind_locate(addr, 0, &location), -EINVAL);
	/* They differ: hwloc binds from the page's first byte, so what others own too. */
	assert_int_equal(set_by_hwloc(addr + 8, PAGE - 8, HWLOC_MEMBIND_BIND, &nodes, 0), 0);
	assert_int_not_equal(mode_at(addr), MPOL_DEFAULT);
	assert_ret(rte_membind_set_range(addr + 8, PAGE - 8, RTE_MEMBIND_BIND, &nodes, 0), -EINVAL);
	/* The same: what is not mapped. */
	unmap(addr + 4 * PAGE, PAGE);
	assert_int_equal(set_by_hwloc(addr, SIZE, HWLOC_MEMBIND_INTERLEAVE, &nodes, 0), -EFAULT);
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_INTERLEAVE, &nodes, 0), -EFAULT);
	assert_int_equal(hwlocs_of_range(addr, SIZE, 0).ret, -EFAULT);
	assert_int_equal(ours_of_range(addr, SIZE, 0).ret, -EFAULT);
	/* They differ: for default the kernel allows holes, so hwloc resets what is around one. */
	assert_int_equal(set_by_hwloc(addr, SIZE, HWLOC_MEMBIND_DEFAULT, &nodes, 0), 0);
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_DEFAULT, NULL, 0), -EFAULT);
	hwloc_bitmap_free(set);
	unmap(addr, SIZE);
}

static void
parts_that_differ(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), first = nodes_of(FIRST);
	char *addr = map(SIZE);
	struct report ours, hwlocs;

	(void)state;
	assert_ret(rte_membind_set_range(addr, PAGE, RTE_MEMBIND_BIND, &first, 0), 0);
	assert_int_equal(set_by_hwloc(addr + PAGE, PAGE, HWLOC_MEMBIND_INTERLEAVE, &usable, 0), 0);
	ours = ours_of_range(addr, 2 * PAGE, 0);
	hwlocs = hwlocs_of_range(addr, 2 * PAGE, 0);
	check_same(&ours, &hwlocs);
	assert_int_equal(ours.policy, HWLOC_MEMBIND_MIXED);
	/* The documentation promises EXDEV with strict; so it is here, and not in hwloc. */
	assert_int_equal(ours_of_range(addr, 2 * PAGE, H_STRICT).ret, -EXDEV);
	hwlocs = hwlocs_of_range(addr, 2 * PAGE, H_STRICT);
	assert_int_equal(hwlocs.ret, 0);
	assert_int_equal(hwlocs.policy, HWLOC_MEMBIND_MIXED);
	/* All the same again. */
	ours = ours_of_range(addr + PAGE, PAGE, H_STRICT);
	hwlocs = hwlocs_of_range(addr + PAGE, PAGE, H_STRICT);
	check_same(&ours, &hwlocs);
	unmap(addr, SIZE);
}

static void
pages_are_found_on_the_same_nodes(void **state)
{
	struct rte_membind_location location;
	struct rte_numa_mask usable = usable_nodes(), theirs;
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_INTERLEAVE, &usable, 0), 0);
	for (int n = 0; n <= 16; n += 4) {
		touch(addr, n * PAGE);
		assert_int_equal(hwloc_get_area_memlocation(topology, addr, SIZE, set,
							    HWLOC_MEMBIND_BYNODESET),
				 0);
		assert_ret(rte_membind_locate(addr, SIZE, &location), 0);
		theirs = mask_of_bitmap(set);
		assert_true(rte_numa_mask_equal(&location.nodes, &theirs));
	}
	hwloc_bitmap_free(set);
	unmap(addr, SIZE);
}

static void
pages_that_are_elsewhere(void **state)
{
	struct rte_numa_mask first = nodes_of(FIRST), second = nodes_of(SECOND);
	char *ours = map(SIZE), *hwlocs = map(SIZE);

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *addr = i == 0 ? ours : hwlocs;

		assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &first, 0), 0);
		touch(addr, SIZE);
	}
	/* They differ: hwloc's strict looks at no page unless it moves them. */
	assert_int_equal(set_by_hwloc(hwlocs, SIZE, HWLOC_MEMBIND_BIND, &second, H_STRICT), 0);
	assert_int_equal(node_at(hwlocs), usable_node(0));
	assert_ret(rte_membind_set_range(ours, SIZE, RTE_MEMBIND_BIND, &second,
					 RTE_MEMBIND_F_STRICT),
		   -EXDEV);
	assert_int_equal(node_at(ours), usable_node(0));
	/* The same: with migrate they move. */
	assert_int_equal(
		set_by_hwloc(hwlocs, SIZE, HWLOC_MEMBIND_BIND, &second, H_STRICT | H_MIGRATE), 0);
	assert_ret(rte_membind_set_range(ours, SIZE, RTE_MEMBIND_BIND, &second,
					 RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_MIGRATE),
		   0);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(node_at(hwlocs + i * PAGE), usable_node(1));
		assert_int_equal(node_at(ours + i * PAGE), usable_node(1));
	}
	unmap(ours, SIZE);
	unmap(hwlocs, SIZE);
}

/* --- threads and processes ----------------------------------------------------------------- */

static struct report
ours_of_thread(int flags)
{
	struct report report = { 0 };
	enum rte_membind_policy policy;

	report.ret = rte_membind_get(&policy, &report.nodes, our_flags(flags));
	if (report.ret == 0)
		report.policy = in_hwlocs_words(policy);
	return report;
}

static struct report
hwlocs_of_thread(int flags)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	struct report report = { 0 };
	hwloc_membind_policy_t policy;

	if (hwloc_get_membind(topology, set, &policy, flags | HWLOC_MEMBIND_BYNODESET) < 0) {
		report.ret = -errno;
	} else {
		report.policy = policy;
		report.nodes = mask_of_bitmap(set);
	}
	hwloc_bitmap_free(set);
	return report;
}

static int
set_thread_by_hwloc(int policy, const struct rte_numa_mask *nodes, int flags)
{
	hwloc_bitmap_t set = bitmap_of(nodes);
	int ret = hwloc_set_membind(topology, set, policy, flags | HWLOC_MEMBIND_BYNODESET);

	ret = ret < 0 ? -errno : 0;
	hwloc_bitmap_free(set);
	return ret;
}

static void
threads_are_set_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < NB_ELEMS(set_cases); i++) {
		const struct set_case *c = &set_cases[i];
		struct rte_numa_mask usable = usable_nodes(), nodes;
		struct report ours, hwlocs;

		/* Threads have a process; the rest that differs is as for ranges. */
		if ((c->nodes == SECOND && rte_numa_mask_count(&usable) < 2) ||
		    (c->flags & HWLOC_MEMBIND_PROCESS))
			continue;
		nodes = nodes_of(c->nodes);
		for (int flag = 0; flag <= HWLOC_MEMBIND_THREAD; flag += HWLOC_MEMBIND_THREAD) {
			print_message("%s, flags %#x\n", c->what, c->flags | flag);
			reset_self();
			assert_int_equal(set_thread_by_hwloc(c->hwlocs_policy, &nodes,
							     c->flags | flag),
					 c->hwlocs_ret);
			ours = ours_of_thread(flag);
			hwlocs = hwlocs_of_thread(flag);
			check_same(&ours, &hwlocs);
			reset_self();
			assert_ret(rte_membind_set(c->our_policy, &nodes,
						   our_flags(c->flags | flag)),
				   c->our_ret);
			ours = ours_of_thread(flag);
			if (mode_of_self() < 1 << 13)
				hwlocs = hwlocs_of_thread(flag);
			check_same(&ours, &hwlocs);
		}
	}
	reset_self();
}

static void
processes(void **state)
{
	struct rte_numa_mask usable = usable_nodes();
	hwloc_bitmap_t set = bitmap_of(&usable);
	hwloc_membind_policy_t policy;

	(void)state;
	/* They differ: hwloc can do nothing for a whole process on Linux. */
	assert_int_equal(set_thread_by_hwloc(HWLOC_MEMBIND_BIND, &usable, HWLOC_MEMBIND_PROCESS),
			 -ENOSYS);
	assert_int_equal(hwlocs_of_thread(HWLOC_MEMBIND_PROCESS).ret, -ENOSYS);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &usable, RTE_MEMBIND_F_PROCESS), 0);
	assert_int_equal(ours_of_thread(HWLOC_MEMBIND_PROCESS | H_STRICT).policy,
			 HWLOC_MEMBIND_BIND);
	reset_self();
	/* Of another process nobody can set the policy; we can tell it. */
	assert_int_equal(hwloc_set_proc_membind(topology, getppid(), set, HWLOC_MEMBIND_BIND,
						HWLOC_MEMBIND_BYNODESET),
			 -1);
	assert_int_equal(errno, ENOSYS);
	assert_ret(rte_membind_set_process(getppid(), RTE_MEMBIND_BIND, &usable, 0), -ENOSYS);
	assert_int_equal(hwloc_get_proc_membind(topology, getpid(), set, &policy,
						HWLOC_MEMBIND_BYNODESET),
			 -1);
	assert_int_equal(errno, ENOSYS);
	assert_ret(rte_membind_get_process(getpid(), NULL, NULL, 0), 0);
	hwloc_bitmap_free(set);
}

/* --- sets of CPUs, which hwloc's functions take where these take nodes ----------------------- */

/* The CPUs of a node as hwloc has them. */
static hwloc_bitmap_t
hwlocs_cpus_of_node(int node_id)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc(), cpus = hwloc_bitmap_alloc();

	hwloc_bitmap_only(set, node_id);
	assert_int_equal(hwloc_cpuset_from_nodeset(topology, cpus, set), 0);
	hwloc_bitmap_free(set);
	return cpus;
}

/* hwloc takes memory without CPUs as local to CPUs that firmware names, or to all. */
static struct rte_numa_mask
without_memory_only(const struct rte_numa_topology *topo, hwloc_const_bitmap_t set)
{
	struct rte_numa_mask mask = mask_of_bitmap(set), with_cpus;

	rte_numa_nodes(topo, RTE_NUMA_WITH_CPUS, &with_cpus);
	rte_numa_mask_and(&mask, &mask, &with_cpus);
	return mask;
}

static void
check_cpus_of_node(const struct rte_numa_topology *topo, int node_id)
{
	hwloc_bitmap_t theirs = hwlocs_cpus_of_node(node_id), set = hwloc_bitmap_alloc();
	struct rte_numa_mask nodes, hwlocs;
	cpu_set_t cpus;
	int cpu, n = 0;

	assert_true(rte_numa_cpus_of_node(topo, node_id, &cpus, sizeof(cpus)) > 0);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		/* hwloc has only those that this process may use. */
		if (hwloc_bitmap_isset(theirs, cpu)) {
			assert_true(CPU_ISSET(cpu, &cpus));
			n++;
		} else if (CPU_ISSET(cpu, &cpus)) {
			assert_false(hwloc_bitmap_isset(
				hwloc_topology_get_topology_cpuset(topology), cpu));
		}
	}
	print_message("node %d: %d CPUs\n", node_id, n);
	assert_int_equal(hwloc_cpuset_to_nodeset(topology, theirs, set), 0);
	hwlocs = without_memory_only(topo, set);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), &nodes), 0);
	assert_true(n == 0 || rte_numa_mask_equal(&nodes, &hwlocs));
	hwloc_bitmap_free(set);
	hwloc_bitmap_free(theirs);
}

/* A range bound to the nodes of CPUs: by hwloc in one call, here in two. */
static void
check_bind_by_cpus(const struct rte_numa_topology *topo, int node_id)
{
	hwloc_bitmap_t theirs = hwlocs_cpus_of_node(node_id);
	char *ours = map(SIZE), *hwlocs = map(SIZE);
	struct rte_numa_mask nodes;
	struct report a, b;
	cpu_set_t cpus;

	assert_int_equal(
		hwloc_set_area_membind(topology, hwlocs, SIZE, theirs, HWLOC_MEMBIND_BIND, 0), 0);
	assert_true(rte_numa_cpus_of_node(topo, node_id, &cpus, sizeof(cpus)) > 0);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), &nodes), 0);
	assert_ret(rte_membind_set_range(ours, SIZE, RTE_MEMBIND_BIND, &nodes, 0), 0);
	a = ours_of_range(ours, SIZE, 0);
	b = hwlocs_of_range(hwlocs, SIZE, 0);
	rte_numa_nodes(topo, RTE_NUMA_WITH_CPUS, &nodes);
	rte_numa_mask_and(&b.nodes, &b.nodes, &nodes);
	check_same(&a, &b);
	hwloc_bitmap_free(theirs);
	unmap(ours, SIZE);
	unmap(hwlocs, SIZE);
}

static void
sets_of_cpus_mean_the_same_nodes(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_numa_mask usable = usable_nodes();
	hwloc_bitmap_t none = hwloc_bitmap_alloc();
	struct rte_numa_mask nodes;
	cpu_set_t cpus;
	int node_id;

	(void)state;
	assert_non_null(topo);
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_CPUS | RTE_NUMA_WITH_MEMORY) {
		if (!rte_numa_mask_test(&usable, node_id))
			continue;
		check_cpus_of_node(topo, node_id);
		check_bind_by_cpus(topo, node_id);
	}
	/* They differ: memory without CPUs has those of others in hwloc, and none here. */
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY) {
		hwloc_bitmap_t theirs;

		if (rte_numa_node_has_cpus(topo, node_id) || !rte_numa_mask_test(&usable, node_id))
			continue;
		theirs = hwlocs_cpus_of_node(node_id);
		print_message("node %d: %d CPUs for hwloc\n", node_id, hwloc_bitmap_weight(theirs));
		assert_true(hwloc_bitmap_weight(theirs) > 0);
		assert_int_equal(rte_numa_cpus_of_node(topo, node_id, &cpus, sizeof(cpus)), 0);
		hwloc_bitmap_free(theirs);
	}
	/* No CPUs are of no nodes, and nothing can be bound to these. */
	CPU_ZERO(&cpus);
	assert_int_equal(rte_numa_nodes_of_cpus(topo, &cpus, sizeof(cpus), &nodes), 0);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &nodes, 0), -EINVAL);
	assert_int_equal(hwloc_set_membind(topology, none, HWLOC_MEMBIND_BIND, 0), -1);
	assert_int_equal(errno, EINVAL);
	hwloc_bitmap_free(none);
}

static void
support_is_told_alike(void **state)
{
	const struct hwloc_topology_membind_support *theirs =
		hwloc_topology_get_support(topology)->membind;
	const struct rte_membind_caps *ours = rte_membind_caps();

	(void)state;
	assert_int_equal(theirs->set_area_membind, ours->op[RTE_MEMBIND_OP_SET_RANGE] == 0);
	assert_int_equal(theirs->get_area_membind, ours->op[RTE_MEMBIND_OP_GET_RANGE] == 0);
	assert_int_equal(theirs->set_thisthread_membind, ours->op[RTE_MEMBIND_OP_SET_THREAD] == 0);
	assert_int_equal(theirs->get_thisthread_membind, ours->op[RTE_MEMBIND_OP_GET_THREAD] == 0);
	assert_int_equal(theirs->get_area_memlocation, ours->op[RTE_MEMBIND_OP_LOCATE] == 0);
	assert_int_equal(theirs->set_proc_membind, ours->op[RTE_MEMBIND_OP_SET_OTHER] == 0);
	assert_int_equal(theirs->firsttouch_membind, ours->policy[RTE_MEMBIND_FIRST_TOUCH] == 0);
	assert_int_equal(theirs->bind_membind, ours->policy[RTE_MEMBIND_BIND] == 0);
	assert_int_equal(theirs->interleave_membind, ours->policy[RTE_MEMBIND_INTERLEAVE] == 0);
	assert_int_equal(theirs->nexttouch_membind, ours->policy[RTE_MEMBIND_NEXT_TOUCH] == 0);
	assert_int_equal(theirs->migrate_membind, ours->op[RTE_MEMBIND_OP_MIGRATE] == 0);
	/* They differ: this library does all threads of the process, and reads others. */
	assert_int_equal(theirs->set_thisproc_membind, 0);
	assert_int_equal(ours->op[RTE_MEMBIND_OP_SET_PROCESS], 0);
	assert_int_equal(theirs->get_proc_membind, 0);
	assert_int_equal(ours->op[RTE_MEMBIND_OP_GET_OTHER], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_set_alike),
		cmocka_unit_test(odd_ranges),
		cmocka_unit_test(parts_that_differ),
		cmocka_unit_test(pages_are_found_on_the_same_nodes),
		cmocka_unit_test(pages_that_are_elsewhere),
		cmocka_unit_test(threads_are_set_alike),
		cmocka_unit_test(processes),
		cmocka_unit_test(sets_of_cpus_mean_the_same_nodes),
		cmocka_unit_test(support_is_told_alike),
	};
	int ret;

	if (hwloc_topology_init(&topology) < 0 || hwloc_topology_load(topology) < 0) {
		fprintf(stderr, "hwloc cannot load the topology of this machine\n");
		return 1;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	hwloc_topology_destroy(topology);
	return ret;
}
