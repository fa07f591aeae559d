/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what the kernel can do: as the calls themselves answer, under seccomp filters
 *     that refuse them, and without a trace in the caller.
 * Must not: go by a kernel's version.
 * Called by: meson test.
 */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <numaif.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test_witness.h"

static void
policies_are_what_mbind_takes(void **state)
{
	static const int modes[RTE_MEMBIND_NB_POLICIES] = {
		[RTE_MEMBIND_DEFAULT] = MPOL_DEFAULT,
		[RTE_MEMBIND_FIRST_TOUCH] = MPOL_LOCAL,
		[RTE_MEMBIND_BIND] = MPOL_BIND,
		[RTE_MEMBIND_INTERLEAVE] = MPOL_INTERLEAVE,
		[RTE_MEMBIND_NEXT_TOUCH] = -1,
		[RTE_MEMBIND_REPLICATE] = -1,
		[RTE_MEMBIND_PREFERRED] = MPOL_PREFERRED,
		[RTE_MEMBIND_PREFERRED_MANY] = 5,
		[RTE_MEMBIND_WEIGHTED_INTERLEAVE] = 6,
		[RTE_MEMBIND_MIXED] = -1,
	};
	const struct rte_membind_caps *caps = rte_membind_caps();
	struct rte_numa_mask node = mask_of_node(usable_node(0));
	void *page = map(PAGE);

	(void)state;
	assert_non_null(caps);
	for (int i = 0; i < RTE_MEMBIND_NB_POLICIES; i++) {
		bool nodes = modes[i] != MPOL_DEFAULT && modes[i] != MPOL_LOCAL;
		int err = -ENOSYS;

		if (modes[i] >= 0)
			err = syscall(SYS_mbind, page, PAGE, modes[i], nodes ? node.words : NULL,
				      nodes ? RTE_NUMA_MAX_NODES + 1 : 0, 0) == 0 ?
				      0 :
				      -errno;
		if (err == -EINVAL)
			err = -ENOSYS;
		if (i == RTE_MEMBIND_MIXED)
			err = -EINVAL;
		print_message("%s: %d\n", rte_membind_policy_name(i), caps->policy[i]);
		assert_int_equal(caps->policy[i], err);
	}
	unmap(page, PAGE);
}

static void
operations_are_what_works(void **state)
{
	const struct rte_membind_caps *caps = rte_membind_caps();
	struct rte_numa_mask node = mask_of_node(usable_node(0));
	struct rte_membind_location location;
	char *page = map(PAGE);

	(void)state;
	for (int i = 0; i < RTE_MEMBIND_NB_OPS; i++) {
		print_message("%s: %d\n", rte_membind_op_name(i), caps->op[i]);
		assert_string_not_equal(rte_membind_op_name(i), "unknown");
	}
	assert_string_equal(rte_membind_op_name(RTE_MEMBIND_NB_OPS), "unknown");
	page[0] = 1;
	assert_int_equal(caps->op[RTE_MEMBIND_OP_SET_RANGE],
			 rte_membind_set_range(page, PAGE, RTE_MEMBIND_BIND, &node, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_GET_RANGE],
			 rte_membind_get_range(page, PAGE, NULL, NULL, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_SET_THREAD],
			 rte_membind_set(RTE_MEMBIND_BIND, &node, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_GET_THREAD], rte_membind_get(NULL, NULL, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_SET_PROCESS],
			 rte_membind_set_process(0, RTE_MEMBIND_DEFAULT, NULL, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_GET_PROCESS],
			 rte_membind_get_process(0, NULL, NULL, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_SET_OTHER], -ENOSYS);
	assert_int_equal(caps->op[RTE_MEMBIND_OP_LOCATE],
			 rte_membind_locate(page, PAGE, &location));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_MIGRATE],
			 rte_membind_migrate(page, PAGE, &node, 0, NULL, NULL, 0));
	assert_int_equal(caps->op[RTE_MEMBIND_OP_MIGRATE_PROCESS],
			 rte_membind_migrate_process(0, &node, &node, NULL));
	unmap(page, PAGE);
	reset_self();
}

static void
trying_leaves_no_trace(void **state)
{
	struct rte_numa_mask node = mask_of_node(usable_node(0));
	struct rte_membind_caps caps, again;
	char before[65536], after[65536];
	size_t n;

	(void)state;
	assert_int_equal(
		syscall(SYS_set_mempolicy, MPOL_PREFERRED, node.words, RTE_NUMA_MAX_NODES + 1), 0);
	/* The first makes what the C library keeps: a thread's stack, a buffer. */
	assert_ret(rte_membind_caps_probe(&caps), 0);
	for (int i = 0; i < 2; i++) {
		FILE *file = fopen("/proc/self/maps", "r");

		assert_non_null(file);
		n = fread(i == 0 ? before : after, 1, sizeof(before) - 1, file);
		(i == 0 ? before : after)[n] = '\0';
		fclose(file);
		if (i == 0)
			assert_ret(rte_membind_caps_probe(&again), 0);
	}
	assert_string_equal(before, after);
	assert_memory_equal(&caps, &again, sizeof(caps));
	assert_int_equal(mode_of_self(), MPOL_PREFERRED);
	reset_self();
	assert_refused(rte_membind_caps_probe(NULL), -EINVAL, "NULL");
}

static void *
ask(void *arg)
{
	*(const struct rte_membind_caps **)arg = rte_membind_caps();
	return NULL;
}

static int
first_ask_from_many_threads(void)
{
	const struct rte_membind_caps *caps[8];
	pthread_t threads[8];

	for (int i = 0; i < 8; i++) {
		if (pthread_create(&threads[i], NULL, ask, &caps[i]) != 0)
			return 1;
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		if (caps[i] == NULL || caps[i] != caps[0])
			return 2;
	}
	return 0;
}

/* From here on the process and its children get err for these calls, up to a 0. */
static int
refuse(const int *calls, int err)
{
	struct sock_filter filter[32];
	struct sock_fprog program = { .filter = filter };
	int n = 0;

	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (; *calls != 0; calls++) {
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *calls, 0, 1);
		filter[n++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err);
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ?
		       0 :
		       -1;
}

static void
check_in_child(int (*check)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(check());
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		skip_because("seccomp filters are not to be had here");
	assert_int_equal(status, 0);
}

#define expect(condition) \
	do { \
		if (!(condition)) { \
			print_message("not so: " #condition " (%s)\n", rte_membind_error()); \
			return 1; \
		} \
	} while (0)

/* As the default filter of container runtimes does without CAP_SYS_NICE. */
static int
under_a_containers_filter(void)
{
	static const int calls[] = { SYS_mbind,	     SYS_set_mempolicy, SYS_get_mempolicy,
				     SYS_move_pages, SYS_migrate_pages, 0 };
	struct rte_numa_mask nodes = usable_nodes();
	struct rte_membind_location location;
	enum rte_membind_policy policy = 77;
	struct rte_membind_caps caps;
	struct rte_numa_mask allowed;
	char *page = map(PAGE);

	if (refuse(calls, EPERM) != 0)
		return 99;
	expect(rte_membind_caps_probe(&caps) == 0);
	expect(caps.policy[RTE_MEMBIND_BIND] == -EPERM);
	expect(caps.policy[RTE_MEMBIND_DEFAULT] == -EPERM);
	expect(caps.policy[RTE_MEMBIND_REPLICATE] == -ENOSYS);
	expect(caps.op[RTE_MEMBIND_OP_SET_RANGE] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_SET_THREAD] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_SET_PROCESS] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_GET_THREAD] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_LOCATE] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_MIGRATE] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_MIGRATE_PROCESS] == -EPERM);
	expect(caps.op[RTE_MEMBIND_OP_NEXT_TOUCH] == -EPERM);
	/* Files tell what the calls do not. */
	expect(caps.op[RTE_MEMBIND_OP_GET_PROCESS] == 0);
	expect(rte_membind_allowed_nodes(&allowed) == 0);
	expect(rte_numa_mask_equal(&allowed, &nodes));

	page[0] = 1;
	expect(rte_membind_set_range(page, PAGE, RTE_MEMBIND_BIND, &nodes, 0) == -EPERM);
	expect(strstr(rte_membind_error(), "seccomp") != NULL);
	expect(rte_membind_set(RTE_MEMBIND_BIND, &nodes, 0) == -EPERM);
	expect(strstr(rte_membind_error(), "seccomp") != NULL);
	expect(rte_membind_set_process(0, RTE_MEMBIND_BIND, &nodes, 0) == -EPERM);
	expect(rte_membind_get_range(page, PAGE, &policy, NULL, 0) == -EPERM);
	expect(rte_membind_get(&policy, NULL, 0) == -EPERM);
	expect(rte_membind_locate(page, PAGE, &location) == -EPERM);
	expect(strstr(rte_membind_error(), "seccomp") != NULL);
	expect(rte_membind_migrate(page, PAGE, &nodes, 0, NULL, NULL, 0) == -EPERM);
	expect(rte_membind_migrate_process(0, &nodes, &nodes, NULL) == -EPERM);
	expect(rte_membind_next_touch(page, PAGE) == -EPERM);
	expect(policy == 77);
	expect(page[0] == 1);
	return 0;
}

/* Some filters, and a kernel without NUMA, say that there is no such call. */
static int
under_a_filter_that_denies_the_calls_exist(void)
{
	static const int calls[] = { SYS_mbind,	     SYS_set_mempolicy, SYS_get_mempolicy,
				     SYS_move_pages, SYS_migrate_pages, 0 };
	struct rte_numa_mask nodes = usable_nodes();
	struct rte_membind_caps caps;
	char *page = map(PAGE);

	if (refuse(calls, ENOSYS) != 0)
		return 99;
	expect(rte_membind_caps_probe(&caps) == 0);
	expect(caps.policy[RTE_MEMBIND_BIND] == -ENOSYS);
	expect(caps.op[RTE_MEMBIND_OP_LOCATE] == -ENOSYS);
	expect(rte_membind_set_range(page, PAGE, RTE_MEMBIND_BIND, &nodes, 1) == -ENOSYS);
	expect(rte_membind_set(RTE_MEMBIND_BIND, &nodes, 0) == -ENOSYS);
	return 0;
}

/* What was asked before stays the answer; asking anew tells what is now. */
static int
under_a_filter_that_comes_later(void)
{
	static const int calls[] = { SYS_mbind, 0 };
	const struct rte_membind_caps *before = rte_membind_caps();
	struct rte_membind_caps now;

	if (refuse(calls, EPERM) != 0)
		return 99;
	expect(rte_membind_caps() == before);
	expect(before->op[RTE_MEMBIND_OP_SET_RANGE] == 0);
	expect(rte_membind_caps_probe(&now) == 0);
	expect(now.op[RTE_MEMBIND_OP_SET_RANGE] == -EPERM);
	expect(now.op[RTE_MEMBIND_OP_SET_THREAD] == 0);
	return 0;
}

static void
many_threads_get_one_answer(void **state)
{
	(void)state;
	check_in_child(first_ask_from_many_threads);
}

static void
a_containers_filter(void **state)
{
	(void)state;
	check_in_child(under_a_containers_filter);
}

static void
a_filter_that_denies_the_calls_exist(void **state)
{
	(void)state;
	check_in_child(under_a_filter_that_denies_the_calls_exist);
}

static void
a_filter_that_comes_later(void **state)
{
	(void)state;
	check_in_child(under_a_filter_that_comes_later);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while nothing was asked yet. */
		cmocka_unit_test(many_threads_get_one_answer),
		cmocka_unit_test(a_containers_filter),
		cmocka_unit_test(a_filter_that_denies_the_calls_exist),
		cmocka_unit_test(a_filter_that_comes_later),
		cmocka_unit_test(policies_are_what_mbind_takes),
		cmocka_unit_test(operations_are_what_works),
		cmocka_unit_test(trying_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
