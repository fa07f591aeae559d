/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Runs a suite of test cases and counts them. */

#include "test.h"

struct tally {
	unsigned int total, skipped, passed, failed;
};

static int
run_case(const struct unit_test_case *test)
{
	int result = test->setup == NULL ? TEST_SUCCESS : test->setup();

	if (result == TEST_SUCCESS)
		result = test->testcase();
	/* What a setup has begun its teardown ends, also where it did not get to the end. */
	if (test->teardown != NULL)
		test->teardown();
	return result;
}

static void
run_cases(const struct unit_test_suite *suite, struct tally *tally)
{
	const struct unit_test_case *test;
	const char *verdict;
	int result;

	for (test = suite->unit_test_cases; test->testcase != NULL; test++) {
		result = run_case(test);
		if (result == TEST_SUCCESS) {
			tally->passed++;
			verdict = "succeeded";
		} else if (result == TEST_SKIPPED) {
			tally->skipped++;
			verdict = "skipped";
		} else {
			tally->failed++;
			verdict = "failed";
		}
		printf(" + TestCase [%2u] : %s %s\n", tally->total, test->name, verdict);
		fflush(stdout);
		tally->total++;
	}
}

int
unit_test_suite_runner(struct unit_test_suite *suite)
{
	struct tally tally = { 0 };
	int result;

	printf(" + Test Suite : %s\n", suite->suite_name);
	result = suite->setup == NULL ? TEST_SUCCESS : suite->setup();
	if (result == TEST_SUCCESS)
		run_cases(suite, &tally);
	if (suite->teardown != NULL)
		suite->teardown();
	if (result != TEST_SUCCESS)
		return result;

	printf(" + Test Suite Summary : %s\n", suite->suite_name);
	printf(" + Tests Total :       %2u\n", tally.total);
	printf(" + Tests Skipped :     %2u\n", tally.skipped);
	printf(" + Tests Passed :      %2u\n", tally.passed);
	printf(" + Tests Failed :      %2u\n", tally.failed);
	if (tally.failed != 0)
		return TEST_FAILED;
	return tally.skipped == tally.total ? TEST_SKIPPED : TEST_SUCCESS;
}
