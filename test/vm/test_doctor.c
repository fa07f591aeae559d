/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: where the cpuset of a cgroup keeps memory of a node away,
 * fastmem-info doctor says so, and the command that it gives does help. Whether it does is asked of
 * the kernel. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <numaif.h>

#include "cpuset.h"
#include "machine.h"

static const char *fastmem_info;

/* Of the doctor's answer the line about cpusets, and the command that it gives. */
struct advice {
	char what[512];
	char fix[2048];
};

static struct advice
ask_doctor(void)
{
	struct advice advice = { 0 };
	char line[8192];
	FILE *pipe;

	snprintf(line, sizeof(line), "'%s' doctor", fastmem_info);
	pipe = popen(line, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe) != NULL) {
		if (sscanf(line, "cpuset: %511[^\n]", advice.what) != 1)
			continue;
		assert_non_null(fgets(line, sizeof(line), pipe));
		/* What follows a semicolon is for other cases. */
		assert_int_equal(sscanf(line, " fix: %2047[^;\n]", advice.fix), 1);
	}
	assert_true(pclose(pipe) >= 0);
	return advice;
}

/* Whether the kernel lets us bind to a node, which it does not to one outside the cpuset. */
static bool
may_use(int node_id)
{
	unsigned long mask[16] = { 0 };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long ret;

	assert_ptr_not_equal(page, MAP_FAILED);
	mask[node_id / 64] = 1UL << node_id % 64;
	ret = mbind(page, 4096, MPOL_BIND, mask, 1024 + 1, 0);
	assert_true(ret == 0 || errno == EINVAL);
	munmap(page, 4096);
	return ret == 0;
}

static void
nodes_but(int excluded, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < machine()->n; i++)
		if (machine()->node[i].id != excluded)
			used += snprintf(text + used, size - used, "%s%d", used > 0 ? "," : "",
					 machine()->node[i].id);
}

/* The doctor names the node and gives a command that helps; what that was is returned. */
static struct advice
be_healed(int excluded)
{
	struct advice advice = ask_doctor();
	char node[32];

	assert_false(may_use(excluded));
	snprintf(node, sizeof(node), "memory of node %d", excluded);
	if (strstr(advice.what, "cpuset") == NULL || strstr(advice.what, node) == NULL)
		fail_msg("node %d is excluded, and the doctor says: \"%s\"", excluded, advice.what);
	if (system(advice.fix) != 0)
		fail_msg("this does not work: %s", advice.fix);
	if (!may_use(excluded))
		fail_msg("this does not help: %s", advice.fix);
	assert_string_equal(ask_doctor().what, "");
	return advice;
}

static void
enter(void)
{
	machine_needs("several", machine()->n >= 2);
	cpuset_enter();
}

static int
leave(void **state)
{
	(void)state;
	cpuset_leave();
	return 0;
}

static void
nothing_is_said_where_nothing_is_excluded(void **state)
{
	(void)state;
	enter();
	for (unsigned int i = 0; i < machine()->n; i++)
		assert_true(may_use(machine()->node[i].id));
	assert_string_equal(ask_doctor().what, "");
}

static void
each_node_that_the_own_cpuset_excludes(void **state)
{
	char others[256];

	(void)state;
	enter();
	cpuset_own(true);
	for (unsigned int i = 0; i < machine()->n; i++) {
		nodes_but(machine()->node[i].id, others, sizeof(others));
		cpuset_allow(CPUSET_INNER, others);
		assert_non_null(
			strstr(be_healed(machine()->node[i].id).fix, cpuset_file(CPUSET_INNER)));
	}
}

static void
a_cpuset_further_out(void **state)
{
	int excluded = machine()->node[machine()->n - 1].id;
	struct advice advice;
	char others[256];

	(void)state;
	enter();
	nodes_but(excluded, others, sizeof(others));
	for (int own = 0; own <= 1; own++) {
		cpuset_own(own);
		cpuset_allow(CPUSET_OUTER, others);
		advice = be_healed(excluded);
		assert_non_null(strstr(advice.fix, cpuset_file(CPUSET_OUTER)));
		assert_null(strstr(advice.fix, cpuset_file(CPUSET_INNER)));
	}
}

static void
cpusets_one_in_another(void **state)
{
	int excluded = machine()->node[machine()->n - 1].id;
	struct advice advice;
	char others[256];

	(void)state;
	enter();
	nodes_but(excluded, others, sizeof(others));
	cpuset_own(true);
	cpuset_allow(CPUSET_OUTER, others);
	cpuset_allow(CPUSET_INNER, others);
	advice = be_healed(excluded);
	assert_non_null(strstr(advice.fix, cpuset_file(CPUSET_OUTER)));
	assert_non_null(strstr(advice.fix, cpuset_file(CPUSET_INNER)));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_is_said_where_nothing_is_excluded, leave),
		cmocka_unit_test_teardown(each_node_that_the_own_cpuset_excludes, leave),
		cmocka_unit_test_teardown(a_cpuset_further_out, leave),
		cmocka_unit_test_teardown(cpusets_one_in_another, leave),
	};

	if (argc != 2)
		return 125;
	fastmem_info = argv[1];
	return cmocka_run_group_tests_name("nodes/doctor", tests, NULL, NULL);
}
