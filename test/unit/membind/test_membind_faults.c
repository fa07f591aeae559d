/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of calls that fail midway: nothing stays half changed, older kernels are served.
 * Must not: need several nodes.
 * Called by: meson test.
 */

#include <numaif.h>
#include <sys/syscall.h>

#include "test_witness.h"

#define SIZE (16 * PAGE)

long
__real_mbind(void *start, unsigned long len, int mode, const unsigned long *mask,
	     unsigned long maxnode, unsigned int flags);
long
__wrap_mbind(void *start, unsigned long len, int mode, const unsigned long *mask,
	     unsigned long maxnode, unsigned int flags);
long
__real_set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode);
long
__wrap_set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode);
long
__real_move_pages(int pid, unsigned long n, void **pages, const int *nodes, int *status, int flags);
long
__wrap_move_pages(int pid, unsigned long n, void **pages, const int *nodes, int *status, int flags);
long
__wrap_migrate_pages(int pid, unsigned long maxnode, const unsigned long *from,
		     const unsigned long *to);

static int half_done;	   /* An errno: the first half of a range takes the policy. */
static int highest_mode;   /* Above it, this kernel does not know a mode; 0: all of its own. */
static int says_node = -1; /* Where every page is said to be. */
static int last_mode;
static unsigned long last_mask;

long
__wrap_mbind(void *start, unsigned long len, int mode, const unsigned long *mask,
	     unsigned long maxnode, unsigned int flags)
{
	int err = half_done;

	if (highest_mode != 0 && (mode & 0xff) > highest_mode) {
		errno = EINVAL;
		return -1;
	}
	if (err == 0)
		return __real_mbind(start, len, mode, mask, maxnode, flags);
	half_done = 0;
	assert_int_equal(__real_mbind(start, len / 2, mode, mask, maxnode, flags), 0);
	errno = err;
	return -1;
}

long
__wrap_set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	if (highest_mode != 0 && (mode & 0xff) > highest_mode) {
		errno = EINVAL;
		return -1;
	}
	last_mode = mode;
	last_mask = mask != NULL ? *mask : 0;
	return __real_set_mempolicy(mode, mask, maxnode);
}

long
__wrap_move_pages(int pid, unsigned long n, void **pages, const int *nodes, int *status, int flags)
{
	long ret = __real_move_pages(pid, n, pages, nodes, status, flags);

	for (unsigned long i = 0; ret == 0 && says_node >= 0 && i < n; i++) {
		if (status[i] >= 0)
			status[i] = says_node;
	}
	return ret;
}

/* Some pages never move. */
long
__wrap_migrate_pages(int pid, unsigned long maxnode, const unsigned long *from,
		     const unsigned long *to)
{
	(void)pid;
	(void)maxnode;
	(void)from;
	(void)to;
	return 3;
}

static int
set_up(void **state)
{
	(void)state;
	half_done = 0;
	highest_mode = 0;
	says_node = -1;
	return 0;
}

static void
half_a_binding_is_undone(void **state)
{
	static const struct {
		int from, to;
		const char *word;
	} cases[] = {
		{ ENOMEM, -ENOMEM, "vm.max_map_count" },
		{ EPERM, -EPERM, "seccomp" },
		{ EIO, -EXDEV, "could not move" },
		{ EFAULT, -EFAULT, "errno 14" },
	};
	struct rte_numa_mask node = mask_of_node(usable_node(0));
	char *addr = map(SIZE);

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		/* Three policies in the range, all of which come back. */
		assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_DEFAULT, NULL, 0), 0);
		assert_ret(rte_membind_set_range(addr, PAGE, RTE_MEMBIND_FIRST_TOUCH, NULL, 0), 0);
		assert_ret(rte_membind_set_range(addr + PAGE, PAGE, RTE_MEMBIND_PREFERRED, &node,
						 RTE_MEMBIND_F_STRICT),
			   0);
		half_done = cases[i].from;
		assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_INTERLEAVE, &node, 0),
			       cases[i].to, cases[i].word);
		assert_int_equal(half_done, 0);
		assert_string_equal(policy_shown(0, addr), "local");
		assert_string_equal(policy_shown(0, addr + PAGE), shown_as("prefer=static", &node));
		assert_string_equal(policy_shown(0, addr + 2 * PAGE), "default");
		assert_string_equal(policy_shown(0, addr + SIZE - 1), "default");
	}
	unmap(addr, SIZE);
}

/* Of shared memory too, where policies lie with the object and not with mappings. */
static void
half_a_binding_of_shared_memory_is_undone(void **state)
{
	struct rte_numa_mask node = mask_of_node(usable_node(0));
	char *addr = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(addr != MAP_FAILED);
	assert_ret(rte_membind_set_range(addr + 3 * PAGE, PAGE, RTE_MEMBIND_BIND, &node, 0), 0);
	half_done = ENOMEM;
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_INTERLEAVE, &node, 0), -ENOMEM);
	for (int i = 0; i < 16; i++)
		assert_int_equal(mode_at(addr + i * PAGE), i == 3 ? MPOL_BIND : MPOL_DEFAULT);
	unmap(addr, SIZE);
}

/* A page that the kernel did not move, on a node that was not asked for. */
static void
strict_believes_the_pages_and_not_the_call(void **state)
{
	struct rte_numa_mask node = mask_of_node(usable_node(0));
	char *addr = map(SIZE);

	(void)state;
	touch(addr, PAGE);
	says_node = 1000;
	assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &node,
					     RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_MIGRATE),
		       -EXDEV, "4096 bytes on node 1000");
	assert_string_equal(policy_shown(0, addr), "default");
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &node,
					 RTE_MEMBIND_F_MIGRATE),
		   0);
	assert_string_equal(policy_shown(0, addr), shown_as("bind", &node));
	/* Without any page there is nothing to complain about; nor for a policy of no nodes. */
	assert_ret(rte_membind_set_range(addr + PAGE, PAGE, RTE_MEMBIND_BIND, &node,
					 RTE_MEMBIND_F_STRICT),
		   0);
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_FIRST_TOUCH, NULL,
					 RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_MIGRATE),
		   0);
	unmap(addr, SIZE);
}

static void
older_kernels_get_the_nearest_relative(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), first = mask_of_node(usable_node(0));
	char *addr = map(SIZE);

	(void)state;
	highest_mode = MPOL_LOCAL;
	assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_PREFERRED_MANY, &usable,
					     RTE_MEMBIND_F_STRICT),
		       -ENOSYS, "preferred-many");
	assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_WEIGHTED_INTERLEAVE, &usable,
					     RTE_MEMBIND_F_STRICT),
		       -ENOSYS, "weighted-interleave");
	assert_string_equal(policy_shown(0, addr), "default");
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_PREFERRED_MANY, &usable, 0), 0);
	assert_string_equal(policy_shown(0, addr), shown_as("prefer", &first));
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_WEIGHTED_INTERLEAVE, &usable, 0),
		   0);
	assert_string_equal(policy_shown(0, addr), shown_as("interleave", &usable));
	/* Threads alike. */
	assert_ret(rte_membind_set(RTE_MEMBIND_PREFERRED_MANY, &usable, RTE_MEMBIND_F_STRICT),
		   -ENOSYS);
	assert_ret(rte_membind_set(RTE_MEMBIND_PREFERRED_MANY, &usable, 0), 0);
	assert_int_equal(mode_of_self(), MPOL_PREFERRED);
	assert_ret(rte_membind_set(RTE_MEMBIND_WEIGHTED_INTERLEAVE, &usable, 0), 0);
	assert_int_equal(mode_of_self(), MPOL_INTERLEAVE);
	reset_self();
	unmap(addr, SIZE);
}

static void
strict_migration_of_a_process_gives_the_policy_back(void **state)
{
	struct rte_numa_mask first = mask_of_node(usable_node(0));
	const unsigned int both = RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_MIGRATE;

	(void)state;
	usable_node(1);
	assert_refused(rte_membind_set(RTE_MEMBIND_BIND, &first, both), -EXDEV, "3 pages");
	assert_int_equal(mode_of_self(), MPOL_DEFAULT);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &first, both | RTE_MEMBIND_F_PROCESS), -EXDEV);
	assert_int_equal(mode_of_self(), MPOL_DEFAULT);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &first, RTE_MEMBIND_F_MIGRATE), 0);
	assert_int_equal(mode_of_self(), MPOL_BIND);
	reset_self();
}

static void
pages_left_behind_are_counted(void **state)
{
	struct rte_numa_mask first = mask_of_node(usable_node(0));
	uint64_t not_moved = 0;

	(void)state;
	assert_ret(rte_membind_migrate_process(0, &first, &first, &not_moved), 0);
	assert_int_equal(not_moved, 3);
}

/* The kernel takes one off the number of bits: all ids must still get through. */
static void
the_mask_is_handed_over_whole(void **state)
{
	struct rte_numa_mask usable = usable_nodes();

	(void)state;
	assert_ret(rte_membind_set(RTE_MEMBIND_INTERLEAVE, &usable, 0), 0);
	assert_int_equal(last_mode, MPOL_INTERLEAVE);
	assert_int_equal(last_mask, usable.words[0]);
	assert_ret(rte_membind_set(RTE_MEMBIND_DEFAULT, &usable, 0), 0);
	assert_int_equal(last_mask, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(half_a_binding_is_undone),
		TEST(half_a_binding_of_shared_memory_is_undone),
		TEST(strict_believes_the_pages_and_not_the_call),
		TEST(older_kernels_get_the_nearest_relative),
		TEST(strict_migration_of_a_process_gives_the_policy_back),
		TEST(pages_left_behind_are_counted),
		TEST(the_mask_is_handed_over_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
