/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the library's options among a program's arguments.
 * Must not: believe the library: what was reserved is counted in EAL's zones.
 * Called by: meson test.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_numa.h>
#include <rte_reserve.h>

#include "test_setup.h"

#define MAX_ARGS 16

static char *args[MAX_ARGS + 1];
static int nb_args;

/* Arguments, the last one NULL. */
static int
call(const char *first, ...)
{
	const char *arg;
	va_list list;

	nb_args = 0;
	va_start(list, first);
	for (arg = first; arg != NULL; arg = va_arg(list, const char *))
		args[nb_args++] = (char *)(uintptr_t)arg;
	va_end(list);
	args[nb_args] = NULL;
	return rte_reserve_from_args(&nb_args, args);
}

static void
assert_left(const char *expected)
{
	char text[256] = "";

	for (int i = 0; i < nb_args; i++) {
		strcat(text, i == 0 ? "" : " ");
		strcat(text, args[i]);
	}
	assert_string_equal(text, expected);
	assert_null(args[nb_args]);
}

static void
assert_reserved(size_t size)
{
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), size);
	assert_true(zones_bytes() >= size);
}

static void
options_are_taken_out_and_done(void **state)
{
	(void)state;
	assert_int_equal(call("prog", "-a", "--fastmem-reserve", "any=4M", "b", NULL), 0);
	assert_left("prog -a b");
	assert_reserved(4 * MIB);
}

static void
the_value_may_be_joined(void **state)
{
	(void)state;
	assert_int_equal(call("prog", "--fastmem-reserve=any=6M", NULL), 0);
	assert_left("prog");
	assert_reserved(6 * MIB);
}

static void
without_options_nothing_is_reserved(void **state)
{
	struct rte_fastmem_stats stats;

	(void)state;
	assert_int_equal(call("prog", "-a", "--fastmem-reserved", "x", NULL), 0);
	assert_left("prog -a --fastmem-reserved x");
	assert_reserved(0);
	assert_int_equal(rte_fastmem_stats(&stats), 0);
}

static void
what_is_behind_two_dashes_is_the_programs(void **state)
{
	(void)state;
	assert_int_equal(
		call("prog", "--fastmem-reserve", "any=2M", "--", "--fastmem-reserve", NULL), 0);
	assert_left("prog -- --fastmem-reserve");
	assert_reserved(2 * MIB);
}

static bool
each_node_has_pages(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_numa_hugepages pools[8];
	uint64_t pages;
	unsigned int i, n;
	int id;

	assert_non_null(topo);
	RTE_NUMA_FOREACH_NODE(id, topo, RTE_NUMA_WITH_MEMORY) {
		pages = 0;
		n = rte_numa_hugepages(topo, id, pools, RTE_DIM(pools));
		for (i = 0; i < RTE_MIN(n, (unsigned int)RTE_DIM(pools)); i++)
			if (pools[i].page_size == test_eal_page_size())
				pages = pools[i].free;
		if (pages == 0)
			return false;
	}
	return true;
}

static void
file_environment_and_line_count_in_that_order(void **state)
{
	char path[] = "/tmp/fastmem-plan-XXXXXX";
	/* Where a node has nothing to give this is refused. */
	bool each = !test_eal_huge() || each_node_has_pages();
	int fd = mkstemp(path);
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fputs("[any]\nsize = 2M\n[local]\nsize = 4M\n", f);
	if (each)
		fputs("[each]\nsize = 2M\n", f);
	fclose(f);
	setenv(RTE_RESERVE_ENV_PLAN, "any=64M,local=6M", 1);
	assert_int_equal(
		call("prog", "--fastmem-config", path, "--fastmem-reserve", "any=10M", NULL), 0);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	unlink(path);
	assert_left("prog");
	/* `each` is as often there as there are nodes. */
	assert_true(rte_fastmem_reserved(RTE_NUMA_NODE_ANY) >= (each ? 18 : 16) * MIB);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY) % (2 * MIB), 0);
	assert_true(rte_fastmem_reserved(RTE_NUMA_NODE_ANY) < 64 * MIB);
}

static void
failures_change_nothing(void **state)
{
	struct rte_fastmem_stats stats;

	(void)state;
	assert_int_equal(call("prog", "x", "--fastmem-reserve", NULL), -EINVAL);
	assert_left("prog x --fastmem-reserve");
	assert_string_equal(rte_reserve_error(), "command line: --fastmem-reserve needs a value: a "
						 "plan, such as 0=2G@1G");
	assert_int_equal(call("prog", "--fastmem-config=a", "--fastmem-config", "b", NULL),
			 -EINVAL);
	assert_string_equal(rte_reserve_error(), "command line: --fastmem-config is given twice");
	assert_int_equal(call("prog", "--fastmem-reserve=any=4", "y", NULL), -EINVAL);
	assert_left("prog --fastmem-reserve=any=4 y");
	assert_non_null(strstr(rte_reserve_error(), "command line:1:5: expected a size"));
	assert_int_equal(call("prog", "--fastmem-reserve=any=40T", "y", NULL), -ENOMEM);
	assert_left("prog --fastmem-reserve=any=40T y");
	assert_int_equal(call("prog", "--fastmem-config=/nonexistent/plan", NULL), -ENOENT);
	assert_int_equal(rte_reserve_from_args(NULL, args), -EINVAL);
	assert_int_equal(rte_reserve_from_args(&nb_args, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats(&stats), -ENODEV);
	assert_int_equal(zones_count(), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_teardown(test, teardown_deinit)
		TEST(options_are_taken_out_and_done),
		TEST(the_value_may_be_joined),
		TEST(without_options_nothing_is_reserved),
		TEST(what_is_behind_two_dashes_is_the_programs),
		TEST(file_environment_and_line_count_in_that_order),
		TEST(failures_change_nothing),
	};

	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("reserve/args", tests, NULL, NULL);
}
