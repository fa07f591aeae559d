/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: fastmem-reserve apply raises the pools of the nodes that a plan
 * names, and no others, gives exactly that back, and mounts; hold has the memory where the plan wants
 * it. The kernel is asked. */

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine.h"

#define STATE "/run/fastmem-test-supply"

static const char *fastmem_reserve;
static char said[8192];

/* What it exits with; what it said is in said. */
static int __attribute__((format(printf, 1, 2))) reserve(const char *format, ...)
{
	char args[1024], command[2048];
	va_list list;
	size_t used;
	FILE *pipe;
	int status;

	va_start(list, format);
	vsnprintf(args, sizeof(args), format, list);
	va_end(list);
	snprintf(command, sizeof(command), "'%s' %s 2>&1", fastmem_reserve, args);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	used = fread(said, 1, sizeof(said) - 1, pipe);
	said[used] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
assert_reserve(int expected, const char *args)
{
	int status = reserve("%s", args);

	if (status != expected)
		fail_msg("%s: status %d: %s", args, status, said);
}

static FILE *
open_pool(int node_id, size_t kib, const char *mode)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/node/node%d/hugepages/hugepages-%zukB/nr_hugepages", node_id,
		 kib);
	return fopen(path, mode);
}

static size_t
pages_of(int node_id, size_t kib)
{
	FILE *file = open_pool(node_id, kib, "r");
	size_t pages;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%zu", &pages), 1);
	fclose(file);
	return pages;
}

static size_t
all_pages(int node_id)
{
	return pages_of(node_id, 2048);
}

static void
set_pages(int node_id, size_t pages)
{
	FILE *file = open_pool(node_id, 2048, "w");

	assert_non_null(file);
	fprintf(file, "%zu\n", pages);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(all_pages(node_id), pages);
}

static void
all_pools(size_t pages[MACHINE_MAX_NODES])
{
	for (unsigned int i = 0; i < machine()->n; i++)
		pages[i] = all_pages(machine()->node[i].id);
}

/* MiB that are a little more than what a node has free, and the pages that have to be added. */
static size_t
too_much(int node_id, size_t *pages)
{
	size_t there = machine_free_pages(node_id), n = there > 0 ? there : 1;

	/* The allocator's own take one, and one for each 64; EAL's start takes one. */
	*pages = n + 1 + (n + 63) / 64 + 1 - there;
	return 2 * n;
}

static int
setup(void **state)
{
	(void)state;
	machine_needs("several", machine()->n > 1);
	if (geteuid() != 0)
		skip();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return system("rm -rf " STATE);
}

static void
a_node_gets_what_it_lacks_and_the_others_keep_theirs(void **state)
{
	size_t before[MACHINE_MAX_NODES], pages, mib;
	char plan[64], args[256];

	(void)state;
	all_pools(before);
	for (unsigned int i = 0; i < machine()->n; i++) {
		int node_id = machine()->node[i].id;

		mib = too_much(node_id, &pages);
		snprintf(plan, sizeof(plan), "%d=%zuM@2M", node_id, mib);
		snprintf(args, sizeof(args), "check %s", plan);
		assert_reserve(1, args);
		snprintf(args, sizeof(args), "apply %s --state " STATE, plan);
		assert_reserve(0, args);
		for (unsigned int k = 0; k < machine()->n; k++)
			assert_int_equal(all_pages(machine()->node[k].id),
					 before[k] + (k == i ? pages : 0));
		/* Once more adds nothing. */
		assert_reserve(0, args);
		assert_int_equal(all_pages(node_id), before[i] + pages);
		snprintf(args, sizeof(args), "check %s", plan);
		assert_reserve(0, args);
		snprintf(args, sizeof(args), "apply %s --undo --state " STATE, plan);
		assert_reserve(0, args);
		assert_int_equal(all_pages(node_id), before[i]);
		assert_reserve(0, args);
		assert_int_equal(all_pages(node_id), before[i]);
	}
}

/* Also where the line would make do with the pages of another node. */
static void
all_nodes_at_once(void **state)
{
	size_t before[MACHINE_MAX_NODES], pages[MACHINE_MAX_NODES];
	char plan[512] = "", args[1024];
	size_t used = 0, mib;

	(void)state;
	all_pools(before);
	for (unsigned int i = 0; i < machine()->n; i++) {
		mib = too_much(machine()->node[i].id, &pages[i]);
		used += (size_t)snprintf(plan + used, sizeof(plan) - used,
					 "%s%d=%zuM@2M/shortage=other-node", i > 0 ? "," : "",
					 machine()->node[i].id, mib);
	}
	snprintf(args, sizeof(args), "apply '%s' --state " STATE, plan);
	assert_reserve(0, args);
	for (unsigned int i = 0; i < machine()->n; i++)
		assert_int_equal(all_pages(machine()->node[i].id), before[i] + pages[i]);
	snprintf(args, sizeof(args), "apply '%s' --undo --state " STATE, plan);
	assert_reserve(0, args);
	for (unsigned int i = 0; i < machine()->n; i++)
		assert_int_equal(all_pages(machine()->node[i].id), before[i]);
}

/* One line of the plan can be had, the other never: nothing is changed. */
static void
what_cannot_be_had_changes_nothing(void **state)
{
	size_t before[MACHINE_MAX_NODES], pages, mib = too_much(machine()->node[0].id, &pages);
	char args[256];

	(void)state;
	all_pools(before);
	snprintf(args, sizeof(args), "apply %d=%zuM@2M,%d=100G@2M --state " STATE,
		 machine()->node[0].id, mib, machine()->node[1].id);
	assert_reserve(1, args);
	assert_non_null(strstr(said, "would have to give 10"));
	for (unsigned int i = 0; i < machine()->n; i++)
		assert_int_equal(all_pages(machine()->node[i].id), before[i]);
}

/*
 * Nearly all memory of a node in one piece the kernel has or has not, once it ran: then what was added
 * before it found out is taken back.
 */
static void
a_page_of_1_gib_is_had_or_nothing_is_changed(void **state)
{
	int node_id = machine()->node[0].id;
	size_t before = all_pages(node_id);
	FILE *file = open_pool(node_id, 1 << 20, "r");
	char args[128];
	int status;

	(void)state;
	if (file == NULL)
		skip();
	fclose(file);
	set_pages(node_id, 0);
	snprintf(args, sizeof(args), "apply %d=900M@1G --no-mount --state " STATE, node_id);
	status = reserve("%s", args);
	if (status == 0) {
		assert_int_equal(pages_of(node_id, 1 << 20), 1);
		/* For EAL's start. */
		assert_int_equal(all_pages(node_id), 1);
		snprintf(args, sizeof(args), "apply %d=900M@1G --undo --state " STATE, node_id);
		assert_reserve(0, args);
	} else if (status != 1 || (strstr(said, "hugepagesz=1G hugepages=0:1") == NULL &&
				   strstr(said, "would have to give 1 GiB") == NULL)) {
		fail_msg("status %d: %s", status, said);
	}
	print_message("%s", said);
	assert_int_equal(pages_of(node_id, 1 << 20), 0);
	assert_int_equal(all_pages(node_id), 0);
	set_pages(node_id, before);
}

/* In this mount namespace alone there is no hugetlbfs. */
static void
leave_mounts(void)
{
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	while (umount2("/dev/hugepages", MNT_DETACH) == 0)
		;
}

/* In a process of its own; what it exits with says whether all was right. */
static void
mount_and_undo(void)
{
	struct stat there;

	leave_mounts();
	if (reserve("apply 0=2M@2M --state " STATE " --owner 1234:99 --mode 1750") != 0)
		_exit(2);
	if (stat("/dev/hugepages", &there) < 0 || there.st_uid != 1234 || there.st_gid != 99 ||
	    (there.st_mode & 07777) != 01750)
		_exit(3);
	if (system("grep -q '/dev/hugepages hugetlbfs .*pagesize=2M' /proc/self/mounts") != 0)
		_exit(4);
	if (reserve("apply 0=2M@2M --state " STATE) != 0 || strstr(said, "mounted") != NULL)
		_exit(5);
	if (reserve("apply 0=2M@2M --undo --state " STATE) != 0)
		_exit(6);
	_exit(system("grep -q ' hugetlbfs ' /proc/self/mounts") == 0 ? 7 : 0);
}

static void
a_hugetlbfs_is_mounted_where_there_is_none(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		mount_and_undo();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Pages of 2 MiB that a process has on a node, as the kernel tells. */
static size_t
pages_on(pid_t pid, int node_id)
{
	char path[64], line[4096], word[16], *at;
	size_t sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", (int)pid);
	snprintf(word, sizeof(word), " N%d=", node_id);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		at = strstr(line, word);
		if (strstr(line, " huge ") != NULL && at != NULL)
			sum += strtoul(at + strlen(word), NULL, 10);
	}
	fclose(file);
	return sum;
}

/* Start a holder and read what it says when it has the memory. */
static pid_t
start_holder(const char *plan)
{
	int ends[2];
	FILE *file;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(fastmem_reserve, fastmem_reserve, "hold", plan, "--prefix",
		      "fastmem-test-supply", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	file = fdopen(ends[0], "r");
	said[0] = '\0';
	while (fgets(said, sizeof(said), file) != NULL && strncmp(said, "holding ", 8) != 0)
		;
	fclose(file);
	return pid;
}

static void
a_holder_has_it_on_the_node_that_the_plan_names(void **state)
{
	size_t pools[MACHINE_MAX_NODES];
	char plan[32];
	int status;
	pid_t pid;

	(void)state;
	machine_pools(pools);
	for (unsigned int i = 0; i < machine()->n; i++) {
		if (pools[i] < 16)
			continue;
		snprintf(plan, sizeof(plan), "%d=16M@2M", machine()->node[i].id);
		pid = start_holder(plan);
		assert_string_not_equal(said, "");
		assert_true(pages_on(pid, machine()->node[i].id) >= 8);
		for (unsigned int k = 0; k < machine()->n; k++)
			/* EAL's own is on the node of its thread. */
			assert_true(k == i || pages_on(pid, machine()->node[k].id) <= 1);
		kill(pid, SIGTERM);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		assert_same_pools(pools);
	}
}

int
main(int argc, char **argv)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_node_gets_what_it_lacks_and_the_others_keep_theirs),
		TEST(all_nodes_at_once),
		TEST(what_cannot_be_had_changes_nothing),
		TEST(a_page_of_1_gib_is_had_or_nothing_is_changed),
		TEST(a_hugetlbfs_is_mounted_where_there_is_none),
		TEST(a_holder_has_it_on_the_node_that_the_plan_names),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FASTMEM-RESERVE\n", argv[0]);
		return EXIT_FAILURE;
	}
	fastmem_reserve = argv[1];
	return cmocka_run_group_tests_name("nodes/supply", tests, NULL, NULL);
}
