/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of memregion_opts.c: what makes no sense is refused by name, the rest is kept.
 * Must not: depend on the machine.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "memregion_priv.h"

static struct rte_numa_mask
nodes(const char *text)
{
	struct rte_numa_mask mask;

	assert_int_equal(rte_numa_mask_parse(text, &mask), 0);
	return mask;
}

static void
no_options_are_all_zero_options(void **state)
{
	const struct rte_memregion_opts zero = { 0 };
	struct mr_wished one, other;

	(void)state;
	assert_int_equal(mr_opts_check(NULL, &one), 0);
	assert_int_equal(mr_opts_check(&zero, &other), 0);
	assert_memory_equal(&one, &other, sizeof(one));
	assert_int_equal(one.policy, RTE_MEMBIND_FIRST_TOUCH);
	assert_true(rte_numa_mask_empty(&one.nodes));
	assert_int_equal(one.pages, RTE_MEMREGION_PAGES_TRANSPARENT);
	assert_false(one.strict || one.prefault || one.lock || one.nodump);
	assert_int_equal(one.nb_threads, 1);
	assert_int_equal(one.guard_size, 0);
	assert_string_equal(one.name, "");
}

static void
what_was_wished_is_copied(void **state)
{
	char name[] = "packets of port 0";
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_INTERLEAVE,
		.nodes = nodes("1,3"),
		.pages = RTE_MEMREGION_PAGES_1G,
		.flags = RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_LOCK | RTE_MEMREGION_F_NODUMP,
		.prefault_threads = 7,
		.prefault_timeout_ms = 1500,
		.guard_size = 5,
		.name = name,
	};
	struct mr_wished wished;

	(void)state;
	assert_int_equal(mr_opts_check(&opts, &wished), 0);
	memset(name, 'x', strlen(name));
	memset(&opts.nodes, 0xff, sizeof(opts.nodes));
	assert_int_equal(wished.policy, RTE_MEMBIND_INTERLEAVE);
	assert_true(rte_numa_mask_count(&wished.nodes) == 2);
	assert_true(rte_numa_mask_test(&wished.nodes, 1) && rte_numa_mask_test(&wished.nodes, 3));
	assert_int_equal(wished.pages, RTE_MEMREGION_PAGES_1G);
	assert_true(wished.strict && wished.lock && wished.nodump);
	/* What does not exist cannot be seen to be in its place. */
	assert_true(wished.prefault);
	assert_int_equal(wished.nb_threads, 7);
	assert_int_equal(wished.timeout_ms, 1500);
	assert_int_equal(wished.guard_size, 5);
	assert_string_equal(wished.name, "packets of port 0");
}

static void
policies_take_the_nodes_that_suit_them(void **state)
{
	static const struct {
		enum rte_membind_policy policy;
		const char *nodes;
		int ret;
		const char *says;
	} cases[] = {
		{ RTE_MEMBIND_DEFAULT, "", 0, NULL },
		{ RTE_MEMBIND_DEFAULT, "0", -EINVAL, "takes no nodes, and got node 0" },
		{ RTE_MEMBIND_FIRST_TOUCH, "", 0, NULL },
		{ RTE_MEMBIND_FIRST_TOUCH, "2-3", -EINVAL, "takes no nodes, and got nodes 2-3" },
		{ RTE_MEMBIND_BIND, "0", 0, NULL },
		{ RTE_MEMBIND_BIND, "0-1023", 0, NULL },
		{ RTE_MEMBIND_BIND, "", -EINVAL, "bind needs at least one node" },
		{ RTE_MEMBIND_INTERLEAVE, "", -EINVAL, "interleave needs at least one node" },
		{ RTE_MEMBIND_WEIGHTED_INTERLEAVE, "", -EINVAL, "needs at least one node" },
		{ RTE_MEMBIND_PREFERRED, "1", 0, NULL },
		{ RTE_MEMBIND_PREFERRED, "", -EINVAL, "takes one node, and got no node" },
		{ RTE_MEMBIND_PREFERRED, "0-1", -EINVAL, "takes one node, and got nodes 0-1" },
		{ RTE_MEMBIND_PREFERRED_MANY, "0-1", 0, NULL },
		{ RTE_MEMBIND_PREFERRED_MANY, "", -EINVAL, "needs at least one node" },
		{ RTE_MEMBIND_REPLICATE, "0-1", 0, NULL },
		{ RTE_MEMBIND_NEXT_TOUCH, "", 0, NULL },
		{ RTE_MEMBIND_MIXED, "0", -EINVAL, "mixed is only reported" },
		{ RTE_MEMBIND_NB_POLICIES, "0", -EINVAL, "policy 10" },
		{ (enum rte_membind_policy) - 1, "0", -EINVAL, "policy -1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rte_memregion_opts opts = { .policy = cases[i].policy,
						   .nodes = nodes(cases[i].nodes) };
		struct mr_wished wished;

		print_message("policy %d, nodes \"%s\"\n", (int)cases[i].policy, cases[i].nodes);
		memset(&wished, 0x5a, sizeof(wished));
		assert_int_equal(mr_opts_check(&opts, &wished), cases[i].ret);
		if (cases[i].ret == 0)
			continue;
		assert_non_null(strstr(rte_memregion_error(), cases[i].says));
		assert_int_equal(((unsigned char *)&wished)[0], 0x5a);
	}
	/* The call that rebinding makes may leave the nodes out. */
	assert_int_equal(
		mr_opts_check_policy(RTE_MEMBIND_FIRST_TOUCH, NULL, &(struct mr_wished){ 0 }), 0);
	assert_int_equal(mr_opts_check_policy(RTE_MEMBIND_BIND, NULL, &(struct mr_wished){ 0 }),
			 -EINVAL);
}

static void
unknown_flags_pages_and_too_many_threads_are_refused(void **state)
{
	struct rte_memregion_opts opts = { 0 };
	struct mr_wished wished;

	(void)state;
	for (int bit = 4; bit < 32; bit++) {
		opts.flags = RTE_MEMREGION_F_LOCK | UINT32_C(1) << bit;
		assert_int_equal(mr_opts_check(&opts, &wished), -EINVAL);
		assert_non_null(strstr(rte_memregion_error(), "flags"));
	}
	opts.flags = 0;
	opts.pages = RTE_MEMREGION_PAGES_LADDER + 1;
	assert_int_equal(mr_opts_check(&opts, &wished), -EINVAL);
	opts.pages = (enum rte_memregion_pages) - 1;
	assert_int_equal(mr_opts_check(&opts, &wished), -EINVAL);
	assert_non_null(strstr(rte_memregion_error(), "pages -1"));
	opts.pages = 0;
	opts.prefault_threads = RTE_MEMREGION_THREADS_MAX;
	assert_int_equal(mr_opts_check(&opts, &wished), 0);
	opts.prefault_threads++;
	assert_int_equal(mr_opts_check(&opts, &wished), -EINVAL);
	assert_non_null(strstr(rte_memregion_error(), "1025 threads"));
}

static void
names_are_what_the_kernel_shows_unchanged(void **state)
{
	static const char *const good[] = { "a", "mbufs of port 1", "x:y-z_0.9(!)~" };
	static const char *const bad[] = { "",	  "a[b", "a]b",	 "a\\b", "a$b",
					   "a`b", "a/b", "a\nb", "\x7f", "caf\xc3\xa9" };
	char longest[RTE_MEMREGION_NAME_MAX + 2];
	struct rte_memregion_opts opts = { 0 };
	struct mr_wished wished;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		opts.name = good[i];
		assert_int_equal(mr_opts_check(&opts, &wished), 0);
		assert_string_equal(wished.name, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		opts.name = bad[i];
		assert_int_equal(mr_opts_check(&opts, &wished), -EINVAL);
	}
	memset(longest, 'n', sizeof(longest));
	longest[RTE_MEMREGION_NAME_MAX] = '\0';
	opts.name = longest;
	assert_int_equal(mr_opts_check(&opts, &wished), 0);
	assert_string_equal(wished.name, longest);
	longest[RTE_MEMREGION_NAME_MAX] = 'n';
	longest[RTE_MEMREGION_NAME_MAX + 1] = '\0';
	assert_int_equal(mr_opts_check(&opts, &wished), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_options_are_all_zero_options),
		cmocka_unit_test(what_was_wished_is_copied),
		cmocka_unit_test(policies_take_the_nodes_that_suit_them),
		cmocka_unit_test(unknown_flags_pages_and_too_many_threads_are_refused),
		cmocka_unit_test(names_are_what_the_kernel_shows_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
