/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: what keeps memory away from a node fastmem-info doctor names, and
 * the command that it gives helps. Whether it does is asked of the kernel. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <cmocka.h>
#include <numaif.h>

#include "cpuset.h"
#include "machine.h"

static const char *fastmem_info;

/* A line of the doctor's answer, and the command that it gives for it. */
struct advice {
	char what[512];
	char fix[2048];
};

/* The advice about a problem; empty if there is none that mentions this. */
static struct advice
ask_doctor(const char *id, const char *mentions)
{
	struct advice advice = { 0 };
	size_t len = strlen(id);
	char line[8192];
	FILE *pipe;

	snprintf(line, sizeof(line), "'%s' doctor", fastmem_info);
	pipe = popen(line, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe) != NULL) {
		if (strncmp(line, id, len) != 0 || line[len] != ':' ||
		    strstr(line, mentions) == NULL)
			continue;
		assert_int_equal(sscanf(line + len, ": %511[^\n]", advice.what), 1);
		assert_non_null(fgets(line, sizeof(line), pipe));
		/* What follows a semicolon is for other cases. */
		assert_int_equal(sscanf(line, " fix: %2047[^;\n]", advice.fix), 1);
	}
	assert_true(pclose(pipe) >= 0);
	return advice;
}

/* The doctor names the problem, gives a command, and with that it is gone. */
static struct advice
take_advice(const char *id, const char *mentions)
{
	struct advice advice = ask_doctor(id, mentions);

	if (advice.what[0] == '\0')
		fail_msg("the doctor has no %s that mentions \"%s\"", id, mentions);
	if (system(advice.fix) != 0)
		fail_msg("this does not work: %s", advice.fix);
	if (ask_doctor(id, mentions).what[0] != '\0')
		fail_msg("the doctor does not trust its own advice: %s", advice.fix);
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

/* The same for a node that a cpuset excludes. */
static struct advice
be_healed(int excluded)
{
	struct advice advice;
	char node[32];

	assert_false(may_use(excluded));
	snprintf(node, sizeof(node), "memory of node %d", excluded);
	advice = take_advice("cpuset", node);
	if (!may_use(excluded))
		fail_msg("this does not help: %s", advice.fix);
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
	assert_string_equal(ask_doctor("cpuset", "").what, "");
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

/* The settings of a machine are only changed where it is there for tests. */
static void
ours(void)
{
	machine_needs("several", machine()->n >= 2);
	if (getenv("FASTMEM_MACHINE") == NULL) {
		print_message("it would change settings of this machine\n");
		skip();
	}
}

static long
read_number(const char *path)
{
	long number = -1;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &number) != 1)
		number = -1;
	fclose(f);
	return number;
}

static void
write_number(const char *path, long number)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%ld\n", number);
	assert_int_equal(fclose(f), 0);
}

static void
a_node_whose_hugepages_are_gone(void **state)
{
	char path[128], node[32];
	size_t before;
	int id;

	(void)state;
	ours();
	for (unsigned int i = 0; i < machine()->n; i++) {
		id = machine()->node[i].id;
		snprintf(node, sizeof(node), "node %d has no hugepages", id);
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages",
			 id);
		before = machine_free_pages(id);
		if (before > 0)
			assert_string_equal(ask_doctor("empty-pool", node).what, "");
		write_number(path, 0);
		take_advice("empty-pool", node);
		assert_true(machine_free_pages(id) > 0);
		write_number(path, (long)before);
		assert_int_equal(machine_free_pages(id), before);
	}
}

static void
automatic_balancing(void **state)
{
	const char *path = "/proc/sys/kernel/numa_balancing";
	long before = read_number(path);

	(void)state;
	ours();
	machine_needs("balancing", before >= 0);
	write_number(path, 1);
	take_advice("numa-balancing", "");
	assert_int_equal(read_number(path), 0);
	write_number(path, before);
}

static void
no_file_system_of_hugepages(void **state)
{
	(void)state;
	ours();
	assert_string_equal(ask_doctor("no-hugetlbfs", "").what, "");
	assert_int_equal(umount("/dev/hugepages"), 0);
	take_advice("no-hugetlbfs", "");
	assert_int_equal(system("grep -q '^none /dev/hugepages hugetlbfs .*pagesize=2M' "
				"/proc/mounts"),
			 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_is_said_where_nothing_is_excluded, leave),
		cmocka_unit_test_teardown(each_node_that_the_own_cpuset_excludes, leave),
		cmocka_unit_test_teardown(a_cpuset_further_out, leave),
		cmocka_unit_test_teardown(cpusets_one_in_another, leave),
		cmocka_unit_test(a_node_whose_hugepages_are_gone),
		cmocka_unit_test(automatic_balancing),
		cmocka_unit_test(no_file_system_of_hugepages),
	};

	if (argc != 2)
		return 125;
	fastmem_info = argv[1];
	return cmocka_run_group_tests_name("nodes/doctor", tests, NULL, NULL);
}
