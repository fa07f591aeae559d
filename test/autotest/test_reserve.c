/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * reserve_autotest: plans are read, checked and carried out, or refused with a place and a reason. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_fastmem.h>
#include <rte_reserve.h>

#include "test.h"

#define MIB ((size_t)1 << 20)

/* What the environment says is for the program, and not for its tests. */
static int
suite_setup(void)
{
	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	return TEST_SUCCESS;
}

static void
test_teardown(void)
{
	unsetenv(RTE_RESERVE_ENV_PLAN);
	rte_fastmem_deinit();
}

static int
test_text(void)
{
	static const char *const lines[] = { "any=8M", "0=2G@1G,any=64M", "0=1G" };
	struct rte_reserve_plan *plan, *again;
	char text[512], second[512];

	for (unsigned int i = 0; i < RTE_DIM(lines); i++) {
		TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, lines[i], &plan), "%s: %s", lines[i],
				    rte_reserve_error());
		rte_reserve_plan_text(plan, text, sizeof(text));
		TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, text, &again), "%s: %s", text,
				    rte_reserve_error());
		rte_reserve_plan_text(again, second, sizeof(second));
		TEST_ASSERT(strcmp(text, second) == 0, "%s became %s", text, second);
		rte_reserve_plan_free(plan);
		rte_reserve_plan_free(again);
	}
	TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, NULL, &plan), "nothing");
	TEST_ASSERT_EQUAL(rte_reserve_plan_text(plan, text, sizeof(text)), 0, "%s", text);
	rte_reserve_plan_free(plan);
	return TEST_SUCCESS;
}

static int
test_errors(void)
{
	static const char *const lines[] = { "any", "any=", "any=8Q", "0=8M@3M", "=8M", "any=-1" };
	struct rte_reserve_plan *plan = (void *)suite_setup;
	const struct rte_reserve_plan *untouched = plan;

	for (unsigned int i = 0; i < RTE_DIM(lines); i++) {
		TEST_ASSERT_EQUAL(rte_reserve_parse(NULL, lines[i], &plan), -EINVAL, "%s",
				  lines[i]);
		TEST_ASSERT(rte_reserve_error()[0] != '\0', "%s: no text", lines[i]);
	}
	TEST_ASSERT_EQUAL(rte_reserve_parse("/nowhere/plan.ini", NULL, &plan), -ENOENT, "no file");
	TEST_ASSERT_EQUAL(rte_reserve_parse(NULL, "any=8M", NULL), -EINVAL, "nowhere to");
	TEST_ASSERT(plan == untouched, "a failure wrote to its output");
	TEST_ASSERT_EQUAL(rte_reserve_apply(NULL), -EINVAL, "no plan");
	return TEST_SUCCESS;
}

/* A file, the environment over it, and a line over both. */
static int
test_sources(void)
{
	char path[] = "/tmp/fastmem-reserve-XXXXXX", text[256];
	static const char file[] = "[any]\nsize = 64M\n";
	struct rte_reserve_plan *plan;
	int fd = mkstemp(path);

	TEST_ASSERT(fd >= 0 && write(fd, file, sizeof(file) - 1) == sizeof(file) - 1, "no file");
	close(fd);
	TEST_ASSERT_SUCCESS(rte_reserve_parse(path, NULL, &plan), "%s", rte_reserve_error());
	rte_reserve_plan_text(plan, text, sizeof(text));
	TEST_ASSERT(strstr(text, "64M") != NULL, "%s", text);
	rte_reserve_plan_free(plan);
	setenv(RTE_RESERVE_ENV_PLAN, "any=32M", 1);
	TEST_ASSERT_SUCCESS(rte_reserve_parse(path, NULL, &plan), "%s", rte_reserve_error());
	rte_reserve_plan_text(plan, text, sizeof(text));
	TEST_ASSERT(strstr(text, "32M") != NULL && strstr(text, "64M") == NULL, "%s", text);
	rte_reserve_plan_free(plan);
	TEST_ASSERT_SUCCESS(rte_reserve_parse(path, "any=16M", &plan), "%s", rte_reserve_error());
	rte_reserve_plan_text(plan, text, sizeof(text));
	TEST_ASSERT(strstr(text, "16M") != NULL && strstr(text, "32M") == NULL, "%s", text);
	rte_reserve_plan_free(plan);
	unlink(path);
	return TEST_SUCCESS;
}

/* The promise is there in blocks, on top of what was there. */
static int
test_apply(void)
{
	struct rte_reserve_plan *plan;
	unsigned int n = 0;
	int ret;

	TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, "any=4M", &plan), "%s", rte_reserve_error());
	ret = rte_reserve_apply(plan);
	if (ret == -ENOMEM) {
		printf("skipped: EAL has no 4 MiB that can be reserved: %s\n", rte_reserve_error());
		rte_reserve_plan_free(plan);
		return TEST_SKIPPED;
	}
	TEST_ASSERT_SUCCESS(ret, "apply: %d: %s", ret, rte_reserve_error());
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 4 * MIB, "reserved");
	TEST_ASSERT_SUCCESS(rte_reserve_apply(plan), "again: %s", rte_reserve_error());
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 8 * MIB, "reserved");
	rte_reserve_plan_free(plan);
	rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
	while (rte_fastmem_alloc_node(64 << 10, 0, 0, RTE_NUMA_NODE_ANY) != NULL)
		n++;
	TEST_ASSERT(n >= 8 * MIB / (64 << 10), "%u blocks", n);
	return TEST_SUCCESS;
}

/* All or nothing. */
static int
test_impossible(void)
{
	struct rte_reserve_plan *plan;
	int ret;

	TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, "any=4000G", &plan), "%s", rte_reserve_error());
	ret = rte_reserve_apply(plan);
	TEST_ASSERT_EQUAL(ret, -ENOMEM, "apply: %d", ret);
	TEST_ASSERT(strstr(rte_reserve_error(), "any") != NULL, "does not say which line: %s",
		    rte_reserve_error());
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 0, "reserved");
	TEST_ASSERT_NULL(rte_fastmem_alloc(64, 0, 0), "a failed plan left fastmem initialised");
	rte_reserve_plan_free(plan);
	TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, "1000=2M", &plan), "%s", rte_reserve_error());
	ret = rte_reserve_apply(plan);
	TEST_ASSERT_EQUAL(ret, -ENODEV, "no such node: %d", ret);
	rte_reserve_plan_free(plan);
	return TEST_SUCCESS;
}

static int
test_check(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_reserve_report *report;
	struct rte_reserve_plan *plan;

	TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, "any=4000G", &plan), "%s", rte_reserve_error());
	TEST_ASSERT_SUCCESS(rte_reserve_check(plan, topo, &report), "%s", rte_reserve_error());
	TEST_ASSERT(!report->fits, "4000 GiB are said to fit");
	rte_reserve_report_free(report);
	rte_reserve_plan_free(plan);
	TEST_ASSERT_SUCCESS(rte_reserve_parse(NULL, NULL, &plan), "%s", rte_reserve_error());
	TEST_ASSERT_SUCCESS(rte_reserve_check(plan, topo, &report), "%s", rte_reserve_error());
	TEST_ASSERT(report->fits && report->nb_rows == 0, "nothing does not fit");
	rte_reserve_report_free(report);
	TEST_ASSERT_EQUAL(rte_reserve_check(plan, NULL, &report), -EINVAL, "no machine");
	rte_reserve_plan_free(plan);
	return TEST_SUCCESS;
}

static int
test_args(void)
{
	char name[] = "program", option[] = "--fastmem-reserve", plan[] = "any=2M", other[] = "-v";
	char *argv[] = { name, option, plan, other, NULL };
	char *wrong[] = { name, option, NULL };
	int argc = 4, ret, wrong_argc = 2;

	TEST_ASSERT_EQUAL(rte_reserve_from_args(&wrong_argc, wrong), -EINVAL, "without a value");
	TEST_ASSERT_EQUAL(wrong_argc, 2, "a failure changed the arguments");
	ret = rte_reserve_from_args(&argc, argv);
	if (ret == -ENOMEM) {
		printf("skipped: EAL has no 2 MiB that can be reserved\n");
		return TEST_SKIPPED;
	}
	TEST_ASSERT_SUCCESS(ret, "%d: %s", ret, rte_reserve_error());
	TEST_ASSERT(argc == 2 && argv[1] == other && argv[2] == NULL, "%d arguments", argc);
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 2 * MIB, "reserved");
	return TEST_SUCCESS;
}

static struct unit_test_suite suite = {
	.suite_name = "reserve",
	.setup = suite_setup,
	.unit_test_cases = {
		TEST_CASE_ST(NULL, test_teardown, test_text),
		TEST_CASE_ST(NULL, test_teardown, test_errors),
		TEST_CASE_ST(NULL, test_teardown, test_sources),
		TEST_CASE_ST(NULL, test_teardown, test_apply),
		TEST_CASE_ST(NULL, test_teardown, test_impossible),
		TEST_CASE_ST(NULL, test_teardown, test_check),
		TEST_CASE_ST(NULL, test_teardown, test_args),
		TEST_CASES_END(),
	},
};

static int
test_reserve(void)
{
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(reserve_autotest, test_reserve);
