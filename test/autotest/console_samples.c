/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Tests of which is known how they end, for the test of the prompt: one suite of each kind. */

#include "test.h"

static int
succeed(void)
{
	TEST_ASSERT_EQUAL(1 + 1, 2, "never seen");
	return TEST_SUCCESS;
}

static int
skip(void)
{
	return TEST_SKIPPED;
}

static int
fail(void)
{
	TEST_ASSERT_EQUAL(1 + 1, 3, "seen with %d", 2);
	return TEST_SUCCESS;
}

static unsigned int up, down;

static int
setup(void)
{
	up++;
	return TEST_SUCCESS;
}

static int
setup_fails(void)
{
	up++;
	return TEST_FAILED;
}

static void
teardown(void)
{
	down++;
}

static struct unit_test_suite all_kinds = {
	.suite_name = "all kinds",
	.setup = setup,
	.teardown = teardown,
	.unit_test_cases = {
		TEST_CASE_ST(setup, teardown, succeed),
		TEST_CASE_ST(setup, teardown, fail),
		TEST_CASE_ST(setup, teardown, skip),
		TEST_CASE_ST(setup_fails, teardown, succeed),
		TEST_CASES_END(),
	},
};

static struct unit_test_suite skips = {
	.suite_name = "skips",
	.unit_test_cases = { TEST_CASE(skip), TEST_CASE(skip), TEST_CASES_END() },
};

static struct unit_test_suite good = {
	.suite_name = "good",
	.unit_test_cases = { TEST_CASE(succeed), TEST_CASE(skip), TEST_CASES_END() },
};

static struct unit_test_suite cannot_start = {
	.suite_name = "cannot start",
	.setup = skip,
	.unit_test_cases = { TEST_CASE(fail), TEST_CASES_END() },
};

static int
sample_fail(void)
{
	int result = unit_test_suite_runner(&all_kinds);

	printf("%u setups, %u teardowns\n", up, down);
	return result;
}

static int
sample_skip(void)
{
	return unit_test_suite_runner(&skips);
}

static int
sample_ok(void)
{
	return unit_test_suite_runner(&good);
}

static int
sample_cannot_start(void)
{
	return unit_test_suite_runner(&cannot_start);
}

REGISTER_TEST_COMMAND(sample_fail_autotest, sample_fail);
REGISTER_TEST_COMMAND(sample_skip_autotest, sample_skip);
REGISTER_TEST_COMMAND(sample_ok_autotest, sample_ok);
REGISTER_TEST_COMMAND(sample_cannot_start_autotest, sample_cannot_start);
