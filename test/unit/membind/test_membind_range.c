/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of policies of ranges, as the kernel then shows them.
 * Must not: take the library's word for a policy.
 * Called by: meson test.
 */

#include <numaif.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "test_witness.h"

#define STRICT	RTE_MEMBIND_F_STRICT
#define MIGRATE RTE_MEMBIND_F_MIGRATE
#define SIZE	(16 * PAGE)

static bool
has_policy(enum rte_membind_policy policy)
{
	const struct rte_membind_caps *caps = rte_membind_caps();

	assert_non_null(caps);
	return caps->policy[policy] == 0;
}

static const struct {
	enum rte_membind_policy policy;
	const char *shown; /* With the nodes behind it, if the policy takes any. */
	bool takes_nodes;
} kinds[] = {
	{ RTE_MEMBIND_DEFAULT, "default", false },
	{ RTE_MEMBIND_FIRST_TOUCH, "local", false },
	{ RTE_MEMBIND_BIND, "bind", true },
	{ RTE_MEMBIND_INTERLEAVE, "interleave", true },
	{ RTE_MEMBIND_PREFERRED, "prefer", true },
	{ RTE_MEMBIND_PREFERRED_MANY, "prefer (many)", true },
	{ RTE_MEMBIND_WEIGHTED_INTERLEAVE, "weighted interleave", true },
};

static void
the_kernel_shows_what_is_set(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), nodes, told;
	enum rte_membind_policy policy;
	char *addr = map(SIZE);
	char with_static[64];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(kinds); i++) {
		const char *name = rte_membind_policy_name(kinds[i].policy);

		if (!has_policy(kinds[i].policy)) {
			print_message("this kernel does not have %s\n", name);
			continue;
		}
		print_message("%s\n", name);
		nodes = usable;
		if (kinds[i].policy == RTE_MEMBIND_PREFERRED)
			nodes = mask_of_node(usable_node(0));
		assert_ret(rte_membind_set_range(addr, SIZE, kinds[i].policy, &nodes, 0), 0);
		assert_string_equal(policy_shown(0, addr),
				    kinds[i].takes_nodes ? shown_as(kinds[i].shown, &nodes) :
							   kinds[i].shown);
		assert_ret(rte_membind_get_range(addr, SIZE, &policy, &told, STRICT), 0);
		assert_int_equal(policy, kinds[i].policy);
		assert_true(rte_numa_mask_equal(&told, kinds[i].takes_nodes ? &nodes : &usable));
		/* What get tells, set takes. */
		assert_ret(rte_membind_set_range(addr, SIZE, policy, &told, STRICT), 0);
		snprintf(with_static, sizeof(with_static), "%s=static", kinds[i].shown);
		assert_string_equal(policy_shown(0, addr), kinds[i].takes_nodes ?
								   shown_as(with_static, &nodes) :
								   kinds[i].shown);
		assert_ret(rte_membind_get_range(addr, SIZE, &policy, &told, STRICT), 0);
		assert_int_equal(policy, kinds[i].policy);
	}
	unmap(addr, SIZE);
}

static void
no_nodes_can_be_said_in_three_ways(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), none = mask_of("");
	char *addr = map(SIZE);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_ret(rte_membind_set_range(addr, SIZE, kinds[i].policy, NULL, STRICT), 0);
		assert_string_equal(policy_shown(0, addr), kinds[i].shown);
		assert_ret(rte_membind_set_range(addr, SIZE, kinds[i].policy, &none, 0), 0);
		assert_ret(rte_membind_set_range(addr, SIZE, kinds[i].policy, &usable, 0), 0);
		assert_string_equal(policy_shown(0, addr), kinds[i].shown);
	}
	unmap(addr, SIZE);
}

static void
what_linux_lacks_is_enosys(void **state)
{
	struct rte_numa_mask nodes = usable_nodes();
	char *addr = map(SIZE);

	(void)state;
	for (unsigned int flags = 0; flags <= (STRICT | MIGRATE); flags++) {
		assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_REPLICATE, &nodes,
						     flags),
			       -ENOSYS, "replicate");
		assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_NEXT_TOUCH, &nodes,
						     flags),
			       -ENOSYS, "rte_membind_next_touch()");
	}
	assert_int_equal(mode_at(addr), MPOL_DEFAULT);
	unmap(addr, SIZE);
}

/* Calls that must fail alike whatever range is good: nothing of the range at addr changes. */
static void
check_nothing_changed(const char *addr)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0));

	assert_string_equal(policy_shown(0, addr), shown_as("bind", &nodes));
	assert_string_equal(policy_shown(0, addr + SIZE - 1), shown_as("bind", &nodes));
}

static void
bad_arguments_change_nothing(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0)), none = mask_of("");
	struct rte_numa_mask absent = usable_nodes(), told = mask_of("7");
	enum rte_membind_policy policy = 77;
	char *addr = map(SIZE);

	(void)state;
	/* The highest id there can be: no machine has it here, and every kernel's mask ends before. */
	rte_numa_mask_set(&absent, RTE_NUMA_MAX_NODES - 1);
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &nodes, 0), 0);
	for (int i = 0; i < 2; i++) {
		unsigned int flags = i == 0 ? 0 : STRICT;
		enum rte_membind_policy to = RTE_MEMBIND_INTERLEAVE;

		assert_refused(rte_membind_set_range(NULL, SIZE, to, &nodes, flags), -EINVAL,
			       "NULL");
		assert_refused(rte_membind_set_range(addr, 0, to, &nodes, flags), -EINVAL, "size");
		assert_refused(rte_membind_set_range(addr, SIZE_MAX, to, &nodes, flags), -EINVAL,
			       "end of memory");
		assert_refused(rte_membind_set_range(addr, SIZE_MAX - (uintptr_t)addr, to, &nodes,
						     flags),
			       -EINVAL, "end of memory");
		assert_refused(rte_membind_set_range(addr + 1, PAGE, to, &nodes, flags), -EINVAL,
			       "multiple of the page size");
		assert_refused(rte_membind_set_range(addr, SIZE, to, NULL, flags), -EINVAL,
			       "no nodes");
		assert_refused(rte_membind_set_range(addr, SIZE, to, &none, flags), -EINVAL,
			       "no nodes");
		assert_refused(rte_membind_set_range(addr, SIZE, to, &absent, flags), -ENODEV,
			       "1023");
		assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_MIXED, &nodes, flags),
			       -EINVAL, "mixed");
		assert_refused(rte_membind_set_range(addr, SIZE, 77, &nodes, flags), -EINVAL, "77");
		assert_refused(rte_membind_set_range(addr, SIZE, to, &nodes,
						     flags | RTE_MEMBIND_F_PROCESS),
			       -EINVAL, "0x4");
		assert_refused(rte_membind_set_range(addr, SIZE, to, &nodes,
						     flags | RTE_MEMBIND_F_THREAD),
			       -EINVAL, "0x8");
		assert_refused(rte_membind_set_range(addr, SIZE, to, &nodes, flags | 1u << 9),
			       -EINVAL, "0x200");
	}
	/* The guard pages around it are mapped, what is above them is not known: so a page below. */
	assert_refused(rte_membind_set_range((void *)PAGE, PAGE, RTE_MEMBIND_BIND, &nodes, 0),
		       -EFAULT, "0x1000");
	check_nothing_changed(addr);

	assert_ret(rte_membind_get_range(NULL, SIZE, &policy, &told, 0), -EINVAL);
	assert_ret(rte_membind_get_range(addr, 0, &policy, &told, 0), -EINVAL);
	assert_ret(rte_membind_get_range(addr, SIZE_MAX, &policy, &told, 0), -EINVAL);
	assert_ret(rte_membind_get_range((void *)PAGE, 1, &policy, &told, 0), -EFAULT);
	for (unsigned int flag = MIGRATE; flag <= 1u << 9; flag <<= 1)
		assert_ret(rte_membind_get_range(addr, SIZE, &policy, &told, flag), -EINVAL);
	assert_int_equal(policy, 77);
	assert_true(rte_numa_mask_test(&told, 7) && rte_numa_mask_count(&told) == 1);
	assert_ret(rte_membind_get_range(addr, SIZE, NULL, NULL, 0), 0);
	unmap(addr, SIZE);
}

static void
a_hole_is_efault_and_changes_nothing(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0));
	enum rte_membind_policy policy;
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &nodes, 0), 0);
	unmap(addr + 4 * PAGE, PAGE);
	for (size_t i = 0; i < NB_ELEMS(kinds); i++) {
		if (!has_policy(kinds[i].policy))
			continue;
		assert_refused(rte_membind_set_range(addr, SIZE, kinds[i].policy,
						     kinds[i].takes_nodes ? &nodes : NULL, 0),
			       -EFAULT, "nothing is mapped");
		check_nothing_changed(addr);
	}
	assert_ret(rte_membind_get_range(addr, SIZE, &policy, NULL, 0), -EFAULT);
	/* Up to the hole, and behind it, all is well. */
	assert_ret(rte_membind_get_range(addr, 4 * PAGE, &policy, NULL, 0), 0);
	assert_ret(rte_membind_get_range(addr, 4 * PAGE + 1, &policy, NULL, 0), -EFAULT);
	assert_ret(rte_membind_set_range(addr + 5 * PAGE, SIZE - 5 * PAGE, RTE_MEMBIND_DEFAULT,
					 NULL, 0),
		   0);
	assert_string_equal(policy_shown(0, addr), shown_as("bind", &nodes));
	unmap(addr, SIZE);
}

static void
a_size_is_rounded_up_to_pages(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0));
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr, PAGE + 1, RTE_MEMBIND_BIND, &nodes, 0), 0);
	assert_int_equal(mode_at(addr), MPOL_BIND);
	assert_int_equal(mode_at(addr + PAGE), MPOL_BIND);
	assert_int_equal(mode_at(addr + 2 * PAGE), MPOL_DEFAULT);
	unmap(addr, SIZE);
}

static void
differing_parts_are_mixed_or_exdev(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), nodes = mask_of_node(usable_node(0)), told;
	enum rte_membind_policy policy = 77;
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr + 4 * PAGE, PAGE, RTE_MEMBIND_BIND, &nodes, 0), 0);
	assert_refused(rte_membind_get_range(addr, SIZE, &policy, &told, STRICT), -EXDEV, "mixed");
	assert_int_equal(policy, 77);
	assert_ret(rte_membind_get_range(addr, SIZE, &policy, &told, 0), 0);
	assert_int_equal(policy, RTE_MEMBIND_MIXED);
	assert_true(rte_numa_mask_equal(&told, &usable));
	/* Any part of one policy is not mixed; the range need not be aligned. */
	assert_ret(rte_membind_get_range(addr + 1, 4 * PAGE - 1, &policy, &told, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_DEFAULT);
	assert_ret(rte_membind_get_range(addr + 5 * PAGE - 1, 1, &policy, &told, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	assert_true(rte_numa_mask_equal(&told, &nodes));
	assert_ret(rte_membind_get_range(addr + 5 * PAGE - 1, 2, &policy, &told, STRICT), -EXDEV);
	/* A range over mappings that differ takes one policy all over. */
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_INTERLEAVE, &usable, STRICT), 0);
	assert_ret(rte_membind_get_range(addr, SIZE, &policy, &told, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_INTERLEAVE);
	unmap(addr, SIZE);
}

static void
same_policy_with_other_nodes_is_not_mixed(void **state)
{
	struct rte_numa_mask first = mask_of_node(usable_node(0));
	struct rte_numa_mask second = mask_of_node(usable_node(1)), both, told;
	enum rte_membind_policy policy;
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr, PAGE, RTE_MEMBIND_BIND, &first, 0), 0);
	assert_ret(rte_membind_set_range(addr + PAGE, PAGE, RTE_MEMBIND_BIND, &second, 0), 0);
	assert_ret(rte_membind_get_range(addr, 2 * PAGE, &policy, &told, STRICT), -EXDEV);
	assert_ret(rte_membind_get_range(addr, 2 * PAGE, &policy, &told, 0), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	rte_numa_mask_or(&both, &first, &second);
	assert_true(rte_numa_mask_equal(&told, &both));
	unmap(addr, SIZE);
}

static void
hugepages_are_aligned_to_their_size(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0));
	enum rte_membind_policy policy;
	char *addr = map_huge(4 * MIB);

	(void)state;
	assert_refused(rte_membind_set_range(addr + PAGE, 2 * MIB, RTE_MEMBIND_BIND, &nodes, 0),
		       -EINVAL, "2097152");
	assert_int_equal(mode_at(addr), MPOL_DEFAULT);
	assert_ret(rte_membind_set_range(addr, 1, RTE_MEMBIND_BIND, &nodes, STRICT), 0);
	assert_int_equal(mode_at(addr + 2 * MIB - 1) & 0xff, MPOL_BIND);
	assert_int_equal(mode_at(addr + 2 * MIB), MPOL_DEFAULT);
	assert_ret(rte_membind_get_range(addr + 3, 2 * MIB - 3, &policy, NULL, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	assert_ret(rte_membind_get_range(addr, 2 * MIB + 1, &policy, NULL, STRICT), -EXDEV);
	unmap(addr, 4 * MIB);
}

/* The policy lies with the object: another mapping of it sets it, and this one has only one part. */
static void
shared_memory_is_asked_page_by_page(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0));
	enum rte_membind_policy policy;
	int fd = memfd_create("membind", 0);
	char *one, *other;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	one = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(one != MAP_FAILED && other != MAP_FAILED);
	assert_ret(rte_membind_set_range(other + 3 * PAGE, PAGE, RTE_MEMBIND_BIND, &nodes, 0), 0);
	assert_int_equal(mode_at(one + 3 * PAGE), MPOL_BIND);
	assert_ret(rte_membind_get_range(one, SIZE, &policy, NULL, STRICT), -EXDEV);
	assert_ret(rte_membind_get_range(one, SIZE, &policy, NULL, 0), 0);
	assert_int_equal(policy, RTE_MEMBIND_MIXED);
	assert_ret(rte_membind_get_range(one, 3 * PAGE, &policy, NULL, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_DEFAULT);
	assert_ret(rte_membind_get_range(one + 3 * PAGE, PAGE, &policy, NULL, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	unmap(one, SIZE);
	unmap(other, SIZE);
	close(fd);
}

static void
strict_looks_at_the_pages_that_are_there(void **state)
{
	struct rte_numa_mask first = mask_of_node(usable_node(0));
	struct rte_numa_mask second = mask_of_node(usable_node(1));
	char *addr = map(SIZE);

	(void)state;
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &first, STRICT), 0);
	touch(addr, 4 * PAGE);
	/* Different parts, so that more than one policy has to be put back. */
	assert_ret(rte_membind_set_range(addr + 8 * PAGE, PAGE, RTE_MEMBIND_FIRST_TOUCH, NULL, 0),
		   0);
	assert_refused(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &second, STRICT), -EXDEV,
		       "16384 bytes on node");
	assert_string_equal(policy_shown(0, addr), shown_as("bind=static", &first));
	assert_string_equal(policy_shown(0, addr + 8 * PAGE), "local");
	assert_string_equal(policy_shown(0, addr + 9 * PAGE), shown_as("bind=static", &first));
	/* Without strict the policy is set and the pages stay. */
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &second, 0), 0);
	assert_string_equal(policy_shown(0, addr), shown_as("bind", &second));
	assert_int_equal(node_at(addr), usable_node(0));
	/* With migrate they move. */
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &second, STRICT | MIGRATE),
		   0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(node_at(addr + i * PAGE), usable_node(1));
	assert_true(node_at(addr + 4 * PAGE) < 0);
	unmap(addr, SIZE);
}

static void
pages_come_from_where_the_policy_says(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), nodes;
	static const enum rte_membind_policy policies[] = { RTE_MEMBIND_PREFERRED,
							    RTE_MEMBIND_BIND };
	char *addr = map(64 * PAGE);
	int node_id, n = 0;

	(void)state;
	RTE_NUMA_MASK_FOREACH(node_id, &usable) {
		nodes = mask_of_node(node_id);
		assert_ret(rte_membind_set_range(addr + n * PAGE, PAGE, policies[n & 1], &nodes,
						 STRICT),
			   0);
		addr[n * PAGE] = 1;
		assert_int_equal(node_at(addr + n * PAGE), node_id);
		n++;
	}
	/* Interleave: each node its share. */
	assert_ret(rte_membind_set_range(addr + 32 * PAGE, 32 * PAGE, RTE_MEMBIND_INTERLEAVE,
					 &usable, STRICT),
		   0);
	touch(addr + 32 * PAGE, 32 * PAGE);
	RTE_NUMA_MASK_FOREACH(node_id, &usable) {
		int found = 0;

		for (int i = 32; i < 64; i++)
			found += node_at(addr + i * PAGE) == node_id;
		assert_in_range(found, 32 / n, (32 + n - 1) / n);
	}
	unmap(addr, 64 * PAGE);
}

#define NB_THREADS 8

static void *
bind_and_read(void *arg)
{
	struct rte_numa_mask nodes = usable_nodes(), told;
	enum rte_membind_policy policy;

	for (int i = 0; i < 50; i++) {
		char *addr = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		enum rte_membind_policy set = i % 2 ? RTE_MEMBIND_BIND : RTE_MEMBIND_INTERLEAVE;

		if (addr == MAP_FAILED ||
		    rte_membind_set_range(addr, SIZE, set, &nodes, STRICT) != 0 ||
		    rte_membind_get_range(addr, SIZE, &policy, &told, STRICT) != 0 ||
		    policy != set || munmap(addr, SIZE) != 0)
			*(int *)arg = 1;
	}
	return NULL;
}

static void
threads_bind_their_ranges_at_once(void **state)
{
	pthread_t threads[NB_THREADS];
	int failed[NB_THREADS] = { 0 };

	(void)state;
	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, bind_and_read, &failed[i]), 0);
	for (int i = 0; i < NB_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(failed[i], 0);
	}
}

static void
the_text_is_the_threads_own(void **state)
{
	int failed = 0;
	pthread_t thread;

	(void)state;
	assert_ret(rte_membind_set_range(NULL, 1, RTE_MEMBIND_BIND, NULL, 0), -EINVAL);
	assert_int_equal(pthread_create(&thread, NULL, bind_and_read, &failed), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(rte_membind_error(), "the address is NULL");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_shows_what_is_set),
		cmocka_unit_test(no_nodes_can_be_said_in_three_ways),
		cmocka_unit_test(what_linux_lacks_is_enosys),
		cmocka_unit_test(bad_arguments_change_nothing),
		cmocka_unit_test(a_hole_is_efault_and_changes_nothing),
		cmocka_unit_test(a_size_is_rounded_up_to_pages),
		cmocka_unit_test(differing_parts_are_mixed_or_exdev),
		cmocka_unit_test(same_policy_with_other_nodes_is_not_mixed),
		cmocka_unit_test(hugepages_are_aligned_to_their_size),
		cmocka_unit_test(shared_memory_is_asked_page_by_page),
		cmocka_unit_test(strict_looks_at_the_pages_that_are_there),
		cmocka_unit_test(pages_come_from_where_the_policy_says),
		cmocka_unit_test(threads_bind_their_ranges_at_once),
		cmocka_unit_test(the_text_is_the_threads_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
