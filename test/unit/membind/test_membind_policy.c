/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of membind_policy.c, over machines that are not there: what is asked for, what the
 *     cpuset allows, what comes of it.
 * Must not: ask the kernel.
 * Called by: meson test.
 */

#include <numaif.h>

#include "membind_priv.h"
#include "test_witness.h"

#define STRICT RTE_MEMBIND_F_STRICT
#define STATIC MEMBIND_MODE_STATIC_NODES
#define MANY   MEMBIND_MODE_PREFERRED_MANY

/* Nodes 0 to 3 and 70 have memory, and the cpuset allows 0, 1 and 70. */
static struct membind_nodes
machine(void)
{
	return (struct membind_nodes){ mask_of("0-3,70"), mask_of("0-1,70") };
}

static void
plans_follow_the_request(void **state)
{
	static const struct {
		enum rte_membind_policy policy;
		const char *nodes; /* NULL for no mask. */
		unsigned int flags;
		int ret;
		int mode;
		const char *planned;
	} cases[] = {
		{ RTE_MEMBIND_DEFAULT, NULL, 0, 0, MPOL_DEFAULT, "" },
		{ RTE_MEMBIND_DEFAULT, "", STRICT, 0, MPOL_DEFAULT, "" },
		{ RTE_MEMBIND_DEFAULT, "0-1,70", 0, 0, MPOL_DEFAULT, "" },
		{ RTE_MEMBIND_DEFAULT, "0-3,70", 0, 0, MPOL_DEFAULT, "" },
		{ RTE_MEMBIND_DEFAULT, "0", 0, -EXDEV, 0, NULL },
		{ RTE_MEMBIND_FIRST_TOUCH, NULL, STRICT, 0, MPOL_LOCAL, "" },
		{ RTE_MEMBIND_FIRST_TOUCH, "0-1,70", 0, 0, MPOL_LOCAL, "" },
		{ RTE_MEMBIND_FIRST_TOUCH, "0-1", 0, -EXDEV, 0, NULL },
		{ RTE_MEMBIND_BIND, "0", 0, 0, MPOL_BIND, "0" },
		{ RTE_MEMBIND_BIND, "0,70", 0, 0, MPOL_BIND, "0,70" },
		{ RTE_MEMBIND_BIND, "0,70", STRICT, 0, MPOL_BIND | STATIC, "0,70" },
		/* The cpuset forbids some, or all. */
		{ RTE_MEMBIND_BIND, "1-2", 0, 0, MPOL_BIND, "1" },
		{ RTE_MEMBIND_BIND, "1-2", STRICT, -EXDEV, 0, NULL },
		{ RTE_MEMBIND_BIND, "2-3", 0, -EXDEV, 0, NULL },
		/* Not there, whatever the cpuset says. */
		{ RTE_MEMBIND_BIND, "4", 0, -ENODEV, 0, NULL },
		{ RTE_MEMBIND_BIND, "0,1023", 0, -ENODEV, 0, NULL },
		{ RTE_MEMBIND_BIND, "0,1023", STRICT, -ENODEV, 0, NULL },
		{ RTE_MEMBIND_BIND, "", 0, -EINVAL, 0, NULL },
		{ RTE_MEMBIND_BIND, NULL, 0, -EINVAL, 0, NULL },
		{ RTE_MEMBIND_INTERLEAVE, "0-2", 0, 0, MPOL_INTERLEAVE, "0-1" },
		{ RTE_MEMBIND_INTERLEAVE, NULL, STRICT, -EINVAL, 0, NULL },
		{ RTE_MEMBIND_PREFERRED, "70", 0, 0, MPOL_PREFERRED, "70" },
		{ RTE_MEMBIND_PREFERRED, "0-1", 0, -EINVAL, 0, NULL },
		{ RTE_MEMBIND_PREFERRED, "0-1", STRICT, -EINVAL, 0, NULL },
		{ RTE_MEMBIND_PREFERRED, "", 0, -EINVAL, 0, NULL },
		{ RTE_MEMBIND_PREFERRED, "2", 0, -EXDEV, 0, NULL },
		{ RTE_MEMBIND_PREFERRED_MANY, "0-3", 0, 0, MANY, "0-1" },
		{ RTE_MEMBIND_PREFERRED_MANY, "0-1", STRICT, 0, MANY | STATIC, "0-1" },
		{ RTE_MEMBIND_WEIGHTED_INTERLEAVE, "0-1", 0, 0, MEMBIND_MODE_WEIGHTED_INTERLEAVE,
		  "0-1" },
	};
	struct membind_nodes have = machine();

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct membind_kernel_policy plan = { .mode = 77 };
		struct rte_numa_mask nodes, planned;

		if (cases[i].nodes != NULL)
			nodes = mask_of(cases[i].nodes);
		print_message("%s %s flags %#x\n", rte_membind_policy_name(cases[i].policy),
			      cases[i].nodes != NULL ? cases[i].nodes : "NULL", cases[i].flags);
		assert_ret(membind_plan(&plan, cases[i].policy,
					cases[i].nodes != NULL ? &nodes : NULL, cases[i].flags,
					&have),
			   cases[i].ret);
		if (cases[i].ret < 0) {
			assert_int_equal(plan.mode, 77);
			continue;
		}
		planned = mask_of(cases[i].planned);
		assert_int_equal(plan.mode, cases[i].mode);
		assert_true(rte_numa_mask_equal(&plan.nodes, &planned));
	}
}

static void
texts_name_what_was_asked_and_what_there_is(void **state)
{
	struct membind_nodes have = machine();
	struct rte_numa_mask nodes = mask_of("0,900-901"), many = { { 0 } };
	struct membind_kernel_policy plan;

	(void)state;
	assert_refused(membind_plan(&plan, RTE_MEMBIND_BIND, &nodes, 0, &have), -ENODEV,
		       "nodes 0,900-901 these are offline or have no memory: 900-901; nodes with "
		       "memory are 0-3,70");
	nodes = mask_of("2");
	assert_refused(membind_plan(&plan, RTE_MEMBIND_BIND, &nodes, 0, &have), -EXDEV,
		       "forbids memory of nodes 2, and allows 0-1,70");
	/* A list that is too long for a text is cut, and the text stays one. */
	for (int node_id = 0; node_id < RTE_NUMA_MAX_NODES; node_id += 2)
		rte_numa_mask_set(&many, node_id);
	assert_refused(membind_plan(&plan, RTE_MEMBIND_BIND, &many, 0, &have), -ENODEV, "...");
}

static void
flags_are_checked(void **state)
{
	const unsigned int all = RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_MIGRATE |
				 RTE_MEMBIND_F_PROCESS | RTE_MEMBIND_F_THREAD |
				 RTE_MEMBIND_F_NO_CPU_BIND;

	(void)state;
	assert_int_equal(membind_check_flags(0, 0), 0);
	assert_int_equal(membind_check_flags(STRICT, STRICT), 0);
	assert_refused(membind_check_flags(1u << 5, all), -EINVAL, "0x20");
	assert_refused(membind_check_flags(1u << 31, all), -EINVAL, "0x80000000");
	assert_refused(membind_check_flags(RTE_MEMBIND_F_MIGRATE, STRICT), -EINVAL, "0x2");
	assert_refused(membind_check_flags(RTE_MEMBIND_F_PROCESS | RTE_MEMBIND_F_THREAD, all),
		       -EINVAL, "exclude");
}

static void
policies_are_checked(void **state)
{
	(void)state;
	for (int i = 0; i < RTE_MEMBIND_NB_POLICIES; i++) {
		int ret = i == RTE_MEMBIND_MIXED				    ? -EINVAL :
			  i == RTE_MEMBIND_NEXT_TOUCH || i == RTE_MEMBIND_REPLICATE ? -ENOSYS :
										      0;

		assert_ret(membind_check_policy(i), ret);
	}
	assert_int_equal(membind_check_policy(RTE_MEMBIND_NB_POLICIES), -EINVAL);
	assert_int_equal(membind_check_policy((enum rte_membind_policy) - 1), -EINVAL);
	assert_string_equal(rte_membind_policy_name((enum rte_membind_policy) - 1), "unknown");
	assert_string_equal(rte_membind_policy_name(RTE_MEMBIND_NB_POLICIES), "unknown");
	assert_string_equal(rte_membind_policy_name(RTE_MEMBIND_PREFERRED_MANY), "preferred-many");
}

static void
newer_policies_have_relatives(void **state)
{
	struct membind_kernel_policy plan = { MANY, mask_of("1,3") };
	struct rte_numa_mask first = mask_of("1"), both = mask_of("1,3");

	(void)state;
	assert_true(membind_plan_relative(&plan));
	assert_int_equal(plan.mode, MPOL_PREFERRED);
	assert_true(rte_numa_mask_equal(&plan.nodes, &first));
	plan = (struct membind_kernel_policy){ MEMBIND_MODE_WEIGHTED_INTERLEAVE, both };
	assert_true(membind_plan_relative(&plan));
	assert_int_equal(plan.mode, MPOL_INTERLEAVE);
	assert_true(rte_numa_mask_equal(&plan.nodes, &both));
	plan.mode = MPOL_BIND;
	assert_false(membind_plan_relative(&plan));
	assert_int_equal(plan.mode, MPOL_BIND);
}

static void
what_the_kernel_says_is_translated(void **state)
{
	static const struct {
		int mode;
		const char *nodes;
		enum rte_membind_policy policy;
		const char *told;
	} cases[] = {
		{ MPOL_DEFAULT, "", RTE_MEMBIND_DEFAULT, "0-1,70" },
		{ MPOL_LOCAL, "", RTE_MEMBIND_FIRST_TOUCH, "0-1,70" },
		{ MPOL_PREFERRED, "", RTE_MEMBIND_FIRST_TOUCH, "0-1,70" },
		{ MPOL_PREFERRED, "2", RTE_MEMBIND_PREFERRED, "2" },
		{ MPOL_BIND, "0-1", RTE_MEMBIND_BIND, "0-1" },
		{ MPOL_BIND | STATIC, "3", RTE_MEMBIND_BIND, "3" },
		{ MPOL_BIND | 1 << 13, "3", RTE_MEMBIND_BIND, "3" },
		{ MPOL_INTERLEAVE | 1 << 14, "0-3", RTE_MEMBIND_INTERLEAVE, "0-3" },
		{ MANY, "0,2", RTE_MEMBIND_PREFERRED_MANY, "0,2" },
		{ MEMBIND_MODE_WEIGHTED_INTERLEAVE, "0,2", RTE_MEMBIND_WEIGHTED_INTERLEAVE, "0,2" },
	};
	struct membind_nodes have = machine();
	struct membind_kernel_policy unknown = { .mode = 11 };
	enum rte_membind_policy policy = 77;
	struct rte_numa_mask nodes;

	(void)state;
	assert_refused(membind_translate(&unknown, &have.allowed, &policy, &nodes), -ENOTSUP, "11");
	assert_int_equal(policy, 77);
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct membind_kernel_policy kernel = { cases[i].mode, mask_of(cases[i].nodes) };
		struct rte_numa_mask told = mask_of(cases[i].told);

		assert_ret(membind_translate(&kernel, &have.allowed, &policy, &nodes), 0);
		assert_int_equal(policy, cases[i].policy);
		assert_true(rte_numa_mask_equal(&nodes, &told));
	}
}

static void
sums_tell_what_differs(void **state)
{
	struct rte_numa_mask one = mask_of("1"), two = mask_of("2"), both = mask_of("1-2"), nodes;
	enum rte_membind_policy policy;
	struct membind_sum sum = { 0 };

	(void)state;
	membind_sum_add(&sum, RTE_MEMBIND_BIND, &one);
	membind_sum_add(&sum, RTE_MEMBIND_BIND, &one);
	assert_ret(membind_sum_tell(&sum, STRICT, "parts", &policy, &nodes), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	assert_true(rte_numa_mask_equal(&nodes, &one));
	/* The same policy with other nodes: not mixed, and yet not the same. */
	membind_sum_add(&sum, RTE_MEMBIND_BIND, &two);
	assert_refused(membind_sum_tell(&sum, STRICT, "parts", NULL, NULL), -EXDEV, "nodes 1-2");
	assert_ret(membind_sum_tell(&sum, 0, "parts", &policy, &nodes), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	assert_true(rte_numa_mask_equal(&nodes, &both));
	/* Another policy, and then the first again: it stays mixed. */
	membind_sum_add(&sum, RTE_MEMBIND_INTERLEAVE, &both);
	membind_sum_add(&sum, RTE_MEMBIND_BIND, &one);
	policy = RTE_MEMBIND_DEFAULT;
	assert_ret(membind_sum_tell(&sum, STRICT, "parts", &policy, NULL), -EXDEV);
	assert_int_equal(policy, RTE_MEMBIND_DEFAULT);
	assert_ret(membind_sum_tell(&sum, 0, "parts", &policy, NULL), 0);
	assert_int_equal(policy, RTE_MEMBIND_MIXED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_follow_the_request),
		cmocka_unit_test(texts_name_what_was_asked_and_what_there_is),
		cmocka_unit_test(flags_are_checked),
		cmocka_unit_test(policies_are_checked),
		cmocka_unit_test(newer_policies_have_relatives),
		cmocka_unit_test(what_the_kernel_says_is_translated),
		cmocka_unit_test(sums_tell_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
