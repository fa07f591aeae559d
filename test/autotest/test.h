/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What a test source of dpdk-test's finds under this name in a DPDK tree's app/test, as far as ours use
 * it: the names and what they mean are those of DPDK 22.11 and later, so that our sources build there
 * unchanged. */

#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <rte_common.h>

#define TEST_SUCCESS EXIT_SUCCESS
#define TEST_FAILED  -1
#define TEST_SKIPPED 77

/* Leave the test when a condition does not hold, and say where. */
#define RTE_TEST_ASSERT(cond, msg, ...) \
	do { \
		if (!(cond)) { \
			printf("Test assert %s line %d failed: " msg "\n", __func__, __LINE__, \
			       ##__VA_ARGS__); \
			return -1; \
		} \
	} while (0)

/* Without parentheses, as in DPDK's: what these change must not go unnoticed here. */
#define RTE_TEST_ASSERT_EQUAL(a, b, msg, ...)	  RTE_TEST_ASSERT(a == b, msg, ##__VA_ARGS__)
#define RTE_TEST_ASSERT_NOT_EQUAL(a, b, msg, ...) RTE_TEST_ASSERT(a != b, msg, ##__VA_ARGS__)
#define RTE_TEST_ASSERT_SUCCESS(val, msg, ...)	  RTE_TEST_ASSERT(val == 0, msg, ##__VA_ARGS__)
#define RTE_TEST_ASSERT_NULL(val, msg, ...)	  RTE_TEST_ASSERT(val == NULL, msg, ##__VA_ARGS__)
#define RTE_TEST_ASSERT_NOT_NULL(val, msg, ...)	  RTE_TEST_ASSERT(val != NULL, msg, ##__VA_ARGS__)

#define TEST_ASSERT	      RTE_TEST_ASSERT
#define TEST_ASSERT_EQUAL     RTE_TEST_ASSERT_EQUAL
#define TEST_ASSERT_NOT_EQUAL RTE_TEST_ASSERT_NOT_EQUAL
#define TEST_ASSERT_SUCCESS   RTE_TEST_ASSERT_SUCCESS
#define TEST_ASSERT_NULL      RTE_TEST_ASSERT_NULL
#define TEST_ASSERT_NOT_NULL  RTE_TEST_ASSERT_NOT_NULL

struct unit_test_case {
	int (*setup)(void);
	void (*teardown)(void);
	int (*testcase)(void);
	const char *name;
};

#define TEST_CASE(fn) \
	{ \
		NULL, NULL, fn, #fn \
	}
#define TEST_CASE_ST(setup, teardown, test) \
	{ \
		setup, teardown, test, #test \
	}
#define TEST_CASES_END() \
	{ \
		NULL, NULL, NULL, NULL \
	}

struct unit_test_suite {
	const char *suite_name;
	int (*setup)(void);
	void (*teardown)(void);
	struct unit_test_case unit_test_cases[];
};

/*
 * Run each case between its own setup and teardown, all of them between the suite's. The result is
 * TEST_FAILED when one fails, TEST_SKIPPED when all are skipped or the suite's setup says so.
 */
int
unit_test_suite_runner(struct unit_test_suite *suite);

typedef int(test_callback)(void);

struct test_command {
	TAILQ_ENTRY(test_command) next;
	const char *command;
	test_callback *callback;
};

void
add_test_command(struct test_command *t);

/* Make a command of the prompt's out of a function. */
#define REGISTER_TEST_COMMAND(cmd, func) \
	static struct test_command test_struct_##cmd = { \
		.command = RTE_STR(cmd), \
		.callback = (func), \
	}; \
	RTE_INIT(test_register_##cmd) \
	{ \
		add_test_command(&test_struct_##cmd); \
	}

#endif
