/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of policies of threads and processes, as the kernel then shows them.
 * Must not: leave this thread with another policy than it began with.
 * Called by: meson test.
 */

#include <numaif.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "test_witness.h"

#define STRICT	RTE_MEMBIND_F_STRICT
#define MIGRATE RTE_MEMBIND_F_MIGRATE
#define PROCESS RTE_MEMBIND_F_PROCESS
#define THREAD	RTE_MEMBIND_F_THREAD

#define NB_WORKERS 6

static struct worker {
	pthread_t thread;
	_Atomic pid_t tid;
	bool blocks_signals;
} workers[NB_WORKERS];
static _Atomic bool stop;
static int nb_workers;

/* Without a policy of its own, so that what is shown of it is the thread's. */
static void *bare;

static void *
work(void *arg)
{
	struct worker *worker = arg;
	sigset_t all;

	if (worker->blocks_signals) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, NULL);
	}
	atomic_store(&worker->tid, gettid());
	while (!atomic_load(&stop))
		usleep(500);
	return NULL;
}

static void
start(int n, int nb_deaf)
{
	atomic_store(&stop, false);
	for (nb_workers = 0; nb_workers < n; nb_workers++) {
		struct worker *worker = &workers[nb_workers];

		worker->blocks_signals = nb_workers >= n - nb_deaf;
		atomic_store(&worker->tid, 0);
		assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
		while (atomic_load(&worker->tid) == 0)
			usleep(100);
	}
}

static int
set_up(void **state)
{
	(void)state;
	bare = map(PAGE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	atomic_store(&stop, true);
	for (; nb_workers > 0; nb_workers--)
		pthread_join(workers[nb_workers - 1].thread, NULL);
	unmap(bare, PAGE);
	reset_self();
	return 0;
}

static void
the_calling_thread(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), nodes = mask_of_node(usable_node(0)), told;
	enum rte_membind_policy policy;

	(void)state;
	for (int i = 0; i < 2; i++) {
		unsigned int flag = i == 0 ? 0 : THREAD;

		assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &nodes, flag), 0);
		assert_int_equal(mode_of_self(), MPOL_BIND);
		assert_string_equal(policy_shown(0, bare), shown_as("bind", &nodes));
		assert_ret(rte_membind_get(&policy, &told, flag | STRICT), 0);
		assert_int_equal(policy, RTE_MEMBIND_BIND);
		assert_true(rte_numa_mask_equal(&told, &nodes));
		assert_ret(rte_membind_set_thread(gettid(), RTE_MEMBIND_INTERLEAVE, &usable, flag),
			   0);
		assert_string_equal(policy_shown(0, bare), shown_as("interleave", &usable));
		assert_ret(rte_membind_set_thread(0, RTE_MEMBIND_FIRST_TOUCH, NULL, flag), 0);
		assert_int_equal(mode_of_self(), MPOL_LOCAL);
		assert_ret(rte_membind_get_thread(0, &policy, &told, flag), 0);
		assert_int_equal(policy, RTE_MEMBIND_FIRST_TOUCH);
		assert_true(rte_numa_mask_equal(&told, &usable));
		assert_ret(rte_membind_set(RTE_MEMBIND_DEFAULT, NULL, flag), 0);
		assert_int_equal(mode_of_self(), MPOL_DEFAULT);
	}
}

static void
one_other_thread(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0)), told;
	enum rte_membind_policy policy;

	(void)state;
	start(2, 0);
	assert_ret(rte_membind_set_thread(workers[1].tid, RTE_MEMBIND_PREFERRED, &nodes, STRICT),
		   0);
	assert_string_equal(policy_shown(workers[1].tid, bare), shown_as("prefer=static", &nodes));
	assert_string_equal(policy_shown(workers[0].tid, bare), "default");
	assert_int_equal(mode_of_self(), MPOL_DEFAULT);
	assert_ret(rte_membind_get_thread(workers[1].tid, &policy, &told, 0), 0);
	assert_int_equal(policy, RTE_MEMBIND_PREFERRED);
	assert_true(rte_numa_mask_equal(&told, &nodes));
	assert_ret(rte_membind_get_thread(workers[0].tid, &policy, NULL, 0), 0);
	assert_int_equal(policy, RTE_MEMBIND_DEFAULT);
}

static void
all_threads_of_the_process(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), told;
	enum rte_membind_policy policy = 77;

	(void)state;
	start(NB_WORKERS, 0);
	for (int i = 0; i < 3; i++) {
		enum rte_membind_policy to = i % 2 ? RTE_MEMBIND_BIND : RTE_MEMBIND_INTERLEAVE;
		const char *shown = i % 2 ? "bind" : "interleave";

		if (i == 2)
			assert_ret(rte_membind_set(to, &usable, PROCESS), 0);
		else
			assert_ret(rte_membind_set_process(i == 0 ? 0 : getpid(), to, &usable, 0),
				   0);
		assert_string_equal(policy_shown(0, bare), shown_as(shown, &usable));
		for (int j = 0; j < NB_WORKERS; j++)
			assert_string_equal(policy_shown(workers[j].tid, bare),
					    shown_as(shown, &usable));
		assert_ret(rte_membind_get(&policy, &told, PROCESS | STRICT), 0);
		assert_int_equal(policy, to);
		assert_true(rte_numa_mask_equal(&told, &usable));
	}
	/* One that differs. */
	assert_ret(rte_membind_set_thread(workers[3].tid, RTE_MEMBIND_FIRST_TOUCH, NULL, 0), 0);
	policy = 77;
	assert_refused(rte_membind_get_process(0, &policy, &told, STRICT), -EXDEV, "threads");
	assert_int_equal(policy, 77);
	assert_ret(rte_membind_get_process(getpid(), &policy, &told, PROCESS), 0);
	assert_int_equal(policy, RTE_MEMBIND_MIXED);
	assert_true(rte_numa_mask_equal(&told, &usable));
}

static _Atomic int nb_started, nb_wrong;
static _Atomic bool settled;

/* How long each waits before it makes the next. */
static useconds_t pause_us;

/* Each makes the next before it ends, so there is always one that a list did not have yet. */
static void *
chain(void *arg)
{
	pthread_t next;

	usleep(pause_us);
	if (!atomic_load(&stop)) {
		atomic_fetch_add(&nb_started, 1);
		if (pthread_create(&next, NULL, chain, NULL) == 0)
			pthread_detach(next);
	}
	usleep(200);
	/* Whoever begins after the call has returned is as the call has set it. */
	if (arg == NULL && atomic_load(&settled) && mode_of_self() != MPOL_INTERLEAVE)
		atomic_fetch_add(&nb_wrong, 1);
	return NULL;
}

static void
threads_that_start_meanwhile(void **state)
{
	struct rte_numa_mask usable = usable_nodes();
	pthread_t thread;

	(void)state;
	for (int round = 0; round < 20; round++) {
		int started, ret;

		/* In every other round too fast for all that is done to a thread. */
		pause_us = round % 2 ? 20000 : 0;

		atomic_store(&stop, false);
		atomic_store(&settled, false);
		assert_int_equal(pthread_create(&thread, NULL, chain, &stop), 0);
		usleep(1000);
		ret = rte_membind_set_process(0, RTE_MEMBIND_INTERLEAVE, &usable, 0);
		atomic_store(&settled, ret == 0);
		if (ret != 0) {
			assert_ret(ret, -EBUSY);
			assert_int_equal(pause_us, 0);
			assert_int_equal(mode_of_self(), MPOL_DEFAULT);
		}
		started = atomic_load(&nb_started);
		while (atomic_load(&nb_started) < started + 3)
			usleep(100);
		atomic_store(&stop, true);
		pthread_join(thread, NULL);
		/* The last of the chain are detached. */
		usleep(2 * pause_us + 5000);
		assert_int_equal(atomic_load(&nb_wrong), 0);
		reset_self();
	}
}

static void
a_deaf_thread_means_all_or_none(void **state)
{
	struct rte_numa_mask usable = usable_nodes(), nodes = mask_of_node(usable_node(0));
	struct timespec begin, end;

	(void)state;
	start(3, 1);
	assert_ret(rte_membind_set_thread(workers[0].tid, RTE_MEMBIND_PREFERRED, &nodes, 0), 0);
	assert_ret(rte_membind_set(RTE_MEMBIND_INTERLEAVE, &usable, 0), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_refused(rte_membind_set_process(0, RTE_MEMBIND_BIND, &usable, 0), -EBUSY,
		       "did not answer");
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* A bound, not a measurement: it ends by itself. */
	assert_in_range(end.tv_sec - begin.tv_sec, 0, 30);
	assert_string_equal(policy_shown(0, bare), shown_as("interleave", &usable));
	assert_string_equal(policy_shown(workers[0].tid, bare), shown_as("prefer", &nodes));
	assert_string_equal(policy_shown(workers[1].tid, bare), "default");
	assert_string_equal(policy_shown(workers[2].tid, bare), "default");
	assert_refused(rte_membind_set_thread(workers[2].tid, RTE_MEMBIND_BIND, &usable, 0), -EBUSY,
		       "did not answer");
	/* Others can be asked afterwards: the request that nobody took is void. */
	assert_ret(rte_membind_set_thread(workers[1].tid, RTE_MEMBIND_BIND, &usable, 0), 0);
	assert_string_equal(policy_shown(workers[1].tid, bare), shown_as("bind", &usable));
	assert_string_equal(policy_shown(workers[2].tid, bare), "default");
}

static void *
wake_late(void *arg)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	atomic_store((_Atomic pid_t *)arg, gettid());
	while (!atomic_load(&stop))
		usleep(500);
	/* The signals of requests that are long over come now. */
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	usleep(1000);
	return (void *)(intptr_t)mode_of_self();
}

static void
a_late_signal_changes_nothing(void **state)
{
	struct rte_numa_mask usable = usable_nodes();
	_Atomic pid_t tid = 0;
	pthread_t thread;
	void *mode;

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, wake_late, &tid), 0);
	while (atomic_load(&tid) == 0)
		usleep(100);
	assert_ret(rte_membind_set_thread(tid, RTE_MEMBIND_BIND, &usable, 0), -EBUSY);
	atomic_store(&stop, true);
	pthread_join(thread, &mode);
	assert_int_equal((intptr_t)mode, MPOL_DEFAULT);
}

/* The child says when it is ready, and ends when the pipe is closed. */
static pid_t
start_child(int *end, int node_id)
{
	struct rte_numa_mask nodes = mask_of_node(node_id);
	int to_child[2], from_child[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(from_child), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(to_child[1]);
		syscall(SYS_set_mempolicy, MPOL_BIND, nodes.words, RTE_NUMA_MAX_NODES + 1);
		if (write(from_child[1], "", 1) != 1)
			_exit(1);
		_exit(read(to_child[0], &byte, 1) < 0);
	}
	close(to_child[0]);
	close(from_child[1]);
	assert_int_equal(read(from_child[0], &byte, 1), 1);
	close(from_child[0]);
	*end = to_child[1];
	return child;
}

static void
another_process_is_read_and_not_set(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0)), told;
	enum rte_membind_policy policy = 77;
	siginfo_t info;
	pid_t child;
	int end;

	(void)state;
	child = start_child(&end, usable_node(0));
	assert_ret(rte_membind_get_process(child, &policy, &told, STRICT), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	assert_true(rte_numa_mask_equal(&told, &nodes));
	policy = 77;
	assert_ret(rte_membind_get_thread(child, &policy, &told, 0), 0);
	assert_int_equal(policy, RTE_MEMBIND_BIND);
	assert_refused(rte_membind_set_process(child, RTE_MEMBIND_INTERLEAVE, &nodes, 0), -ENOSYS,
		       "another");
	assert_refused(rte_membind_set_thread(child, RTE_MEMBIND_INTERLEAVE, &nodes, 0), -ENOSYS,
		       "another");
	assert_string_equal(policy_shown(child, bare), shown_as("bind", &nodes));
	close(end);
	/* It has ended, and is not waited for yet. */
	assert_int_equal(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	policy = 77;
	assert_refused(rte_membind_get_process(child, &policy, &told, 0), -ESRCH, "has ended");
	assert_refused(rte_membind_get_thread(child, &policy, &told, 0), -ESRCH, "has ended");
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_ret(rte_membind_get_process(child, &policy, &told, 0), -ESRCH);
	assert_ret(rte_membind_get_thread(child, &policy, &told, 0), -ESRCH);
	assert_ret(rte_membind_set_process(child, RTE_MEMBIND_BIND, &nodes, 0), -ESRCH);
	assert_ret(rte_membind_set_thread(child, RTE_MEMBIND_BIND, &nodes, 0), -ESRCH);
	assert_int_equal(policy, 77);
}

static void
migrate_takes_the_pages_along(void **state)
{
	int from = usable_node(0), to = usable_node(1);
	struct rte_numa_mask here = mask_of_node(from), there = mask_of_node(to);
	char *addr = map(8 * PAGE);

	(void)state;
	start(2, 0);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &here, THREAD), 0);
	touch(addr, 8 * PAGE);
	assert_int_equal(node_at(addr), from);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &there, 0), 0);
	assert_int_equal(node_at(addr), from);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &there, MIGRATE), 0);
	assert_int_equal(node_at(addr), to);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &here, MIGRATE | PROCESS), 0);
	assert_int_equal(node_at(addr), from);
	assert_ret(rte_membind_set_thread(workers[0].tid, RTE_MEMBIND_BIND, &there, MIGRATE), 0);
	assert_int_equal(node_at(addr + 7 * PAGE), to);
	unmap(addr, 8 * PAGE);
}

static void
bad_arguments_change_nothing(void **state)
{
	struct rte_numa_mask nodes = mask_of_node(usable_node(0)), none = mask_of("");
	struct rte_numa_mask absent = nodes, told = mask_of("7");
	enum rte_membind_policy policy = 77, bind = RTE_MEMBIND_BIND;

	(void)state;
	rte_numa_mask_set(&absent, RTE_NUMA_MAX_NODES - 1);
	start(1, 0);
	for (unsigned int flags = 0; flags <= PROCESS; flags += PROCESS) {
		assert_ret(rte_membind_set(bind, NULL, flags), -EINVAL);
		assert_ret(rte_membind_set(bind, &none, flags), -EINVAL);
		assert_refused(rte_membind_set(bind, &absent, flags), -ENODEV, "1023");
		assert_ret(rte_membind_set(RTE_MEMBIND_MIXED, &nodes, flags), -EINVAL);
		assert_ret(rte_membind_set(77, &nodes, flags), -EINVAL);
		assert_ret(rte_membind_set(RTE_MEMBIND_REPLICATE, &nodes, flags | STRICT), -ENOSYS);
		assert_ret(rte_membind_set(RTE_MEMBIND_NEXT_TOUCH, &nodes, flags), -ENOSYS);
		assert_ret(rte_membind_set(bind, &nodes, flags | 1u << 9), -EINVAL);
		assert_ret(rte_membind_get(&policy, &told, flags | MIGRATE), -EINVAL);
		assert_ret(rte_membind_get(&policy, &told, flags | RTE_MEMBIND_F_NO_CPU_BIND),
			   -EINVAL);
	}
	assert_refused(rte_membind_set(bind, &nodes, PROCESS | THREAD), -EINVAL, "exclude");
	assert_refused(rte_membind_get(&policy, &told, PROCESS | THREAD), -EINVAL, "exclude");
	assert_ret(rte_membind_set_process(0, bind, &nodes, THREAD), -EINVAL);
	assert_ret(rte_membind_get_process(0, &policy, &told, THREAD), -EINVAL);
	assert_ret(rte_membind_set_thread(0, bind, &nodes, PROCESS), -EINVAL);
	assert_ret(rte_membind_get_thread(0, &policy, &told, PROCESS), -EINVAL);
	assert_ret(rte_membind_set_process(-1, bind, &nodes, 0), -EINVAL);
	assert_ret(rte_membind_get_process(-1, &policy, &told, 0), -EINVAL);
	assert_ret(rte_membind_set_thread(-1, bind, &nodes, 0), -EINVAL);
	assert_ret(rte_membind_get_thread(-1, &policy, &told, 0), -EINVAL);
	assert_int_equal(policy, 77);
	assert_true(rte_numa_mask_test(&told, 7) && rte_numa_mask_count(&told) == 1);
	assert_int_equal(mode_of_self(), MPOL_DEFAULT);
	assert_string_equal(policy_shown(workers[0].tid, bare), "default");
	assert_ret(rte_membind_get(NULL, NULL, 0), 0);
}

static void
what_is_flagged_for_cpus_leaves_them_alone(void **state)
{
	struct rte_numa_mask usable = usable_nodes();
	cpu_set_t before, after;

	(void)state;
	start(1, 0);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_ret(rte_membind_set(RTE_MEMBIND_BIND, &usable,
				   PROCESS | STRICT | RTE_MEMBIND_F_NO_CPU_BIND),
		   0);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(sched_getaffinity(workers[0].tid, sizeof(after), &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void
a_child_of_a_fork_can_ask_its_own_threads(void **state)
{
	struct rte_numa_mask usable = usable_nodes();
	int status;
	pid_t child;

	(void)state;
	start(2, 0);
	assert_ret(rte_membind_set_process(0, RTE_MEMBIND_BIND, &usable, 0), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		enum rte_membind_policy policy;
		struct worker mine = { 0 };

		/* The workers are not in the child. */
		if (pthread_create(&mine.thread, NULL, work, &mine) != 0)
			_exit(1);
		while (atomic_load(&mine.tid) == 0)
			usleep(100);
		if (rte_membind_set_process(0, RTE_MEMBIND_INTERLEAVE, &usable, 0) != 0 ||
		    rte_membind_get_thread(mine.tid, &policy, NULL, 0) != 0)
			_exit(2);
		_exit(policy == RTE_MEMBIND_INTERLEAVE ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(mode_of_self(), MPOL_BIND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_calling_thread),
		TEST(one_other_thread),
		TEST(all_threads_of_the_process),
		TEST(threads_that_start_meanwhile),
		TEST(a_deaf_thread_means_all_or_none),
		TEST(a_late_signal_changes_nothing),
		TEST(another_process_is_read_and_not_set),
		TEST(migrate_takes_the_pages_along),
		TEST(bad_arguments_change_nothing),
		TEST(what_is_flagged_for_cpus_leaves_them_alone),
		TEST(a_child_of_a_fork_can_ask_its_own_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
