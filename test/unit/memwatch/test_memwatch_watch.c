/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of watching: over a machine of planted files that the tests change, callbacks see
 *   each change once, and end when they are told to.
 * Must not: depend on how much memory the machine has.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "planted.h"

#define MAX 64

/* What a callback was told. */
struct told {
	pthread_mutex_t lock;
	unsigned int n;
	struct rte_memwatch_change change[MAX];
	int id, other;
	int (*on_call)(struct told *told);
};

#define TOLD \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}

static void
note(const struct rte_memwatch_change *change, void *arg)
{
	struct told *told = arg;

	pthread_mutex_lock(&told->lock);
	assert_true(told->n < MAX);
	told->change[told->n++] = *change;
	pthread_mutex_unlock(&told->lock);
	if (told->on_call != NULL)
		told->on_call(told);
}

static void
assert_told(struct told *told, unsigned int at, int node_id, enum rte_memwatch_level from,
	    enum rte_memwatch_level to)
{
	assert_true(at < told->n);
	assert_int_equal(told->change[at].node_id, node_id);
	assert_int_equal(told->change[at].from, from);
	assert_int_equal(told->change[at].to, to);
}

static void
each_change_is_told_once(void **state)
{
	struct told all = TOLD, machine = TOLD, node = TOLD;

	(void)state;
	planted_start();
	all.id = rte_memwatch_register(RTE_MEMWATCH_ALL, note, &all);
	machine.id = rte_memwatch_register(MACHINE, note, &machine);
	node.id = rte_memwatch_register(2, note, &node);
	planted_look();
	assert_int_equal(all.n, 0);
	assert_int_equal(rte_memwatch_current(MACHINE), RTE_MEMWATCH_LOW);
	planted_machine(80);
	planted_look();
	planted_look();
	assert_int_equal(rte_memwatch_current(MACHINE), RTE_MEMWATCH_HIGH);
	assert_int_equal(rte_memwatch_current(2), RTE_MEMWATCH_LOW);
	assert_int_equal(all.n, 1);
	assert_told(&all, 0, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_HIGH);
	assert_int_equal(all.change[0].why, RTE_MEMWATCH_SOURCE_MEMORY);
	assert_string_equal(
		all.change[0].text,
		"machine: memory: 80 MiB of 1000 MiB left (shortage 920, high from 900)");
	planted_node(2, 10);
	planted_look();
	assert_int_equal(rte_memwatch_current(2), RTE_MEMWATCH_CRITICAL);
	assert_int_equal(rte_memwatch_current(1), RTE_MEMWATCH_LOW);
	assert_told(&node, 0, 2, RTE_MEMWATCH_LOW, RTE_MEMWATCH_CRITICAL);
	planted_machine(800);
	planted_node(2, 800);
	planted_look();
	assert_told(&machine, 1, MACHINE, RTE_MEMWATCH_HIGH, RTE_MEMWATCH_LOW);
	assert_told(&node, 1, 2, RTE_MEMWATCH_CRITICAL, RTE_MEMWATCH_LOW);
	assert_int_equal(all.n, 4);
	assert_int_equal(machine.n, 2);
	assert_int_equal(node.n, 2);
	assert_int_equal(rte_memwatch_unregister(all.id), 0);
	assert_int_equal(rte_memwatch_unregister(machine.id), 0);
	assert_int_equal(rte_memwatch_unregister(node.id), 0);
	assert_int_equal(rte_memwatch_unregister(node.id), -ENOENT);
	planted_machine(1);
	planted_look();
	assert_int_equal(all.n, 4);
}

static void
who_comes_late_is_told_where_it_stands(void **state)
{
	struct told early = TOLD, late = TOLD;

	(void)state;
	planted_machine(10);
	early.id = rte_memwatch_register(MACHINE, note, &early);
	planted_start();
	planted_machine(200);
	/* What start found is told too, before what is found now. */
	rte_memwatch_poll();
	assert_int_equal(early.n, 2);
	assert_told(&early, 0, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_CRITICAL);
	assert_told(&early, 1, MACHINE, RTE_MEMWATCH_CRITICAL, RTE_MEMWATCH_MEDIUM);
	late.id = rte_memwatch_register(MACHINE, note, &late);
	planted_look();
	assert_int_equal(early.n, 2);
	assert_int_equal(late.n, 1);
	assert_told(&late, 0, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_MEDIUM);
	/* Watching ends and begins anew: the chain goes on. */
	rte_memwatch_stop();
	planted_machine(80);
	planted_look();
	assert_int_equal(early.n, 2);
	planted_start();
	planted_look();
	assert_told(&early, 2, MACHINE, RTE_MEMWATCH_MEDIUM, RTE_MEMWATCH_HIGH);
	assert_told(&late, 1, MACHINE, RTE_MEMWATCH_MEDIUM, RTE_MEMWATCH_HIGH);
	assert_int_equal(rte_memwatch_unregister(early.id), 0);
	assert_int_equal(rte_memwatch_unregister(late.id), 0);
}

static int
remove_self(struct told *told)
{
	assert_int_equal(rte_memwatch_unregister(told->id), 0);
	return 0;
}

static int
remove_other(struct told *told)
{
	if (told->other > 0)
		assert_int_equal(rte_memwatch_unregister(told->other), 0);
	told->other = 0;
	return 0;
}

static struct told added = TOLD;

static int
add_another(struct told *told)
{
	if (added.id == 0)
		added.id = rte_memwatch_register(MACHINE, note, &added);
	assert_true(added.id > told->id);
	/* Neither does what it asks wait for itself. */
	assert_int_equal(rte_memwatch_poll(), 0);
	assert_int_equal(rte_memwatch_current(MACHINE), RTE_MEMWATCH_HIGH);
	return 0;
}

static void
callbacks_may_come_and_go_within_one(void **state)
{
	struct told first = TOLD, second = TOLD, third = TOLD, fourth = TOLD;
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];

	(void)state;
	planted_start();
	first.id = rte_memwatch_register(RTE_MEMWATCH_ALL, note, &first);
	second.id = rte_memwatch_register(MACHINE, note, &second);
	third.id = rte_memwatch_register(MACHINE, note, &third);
	fourth.id = rte_memwatch_register(MACHINE, note, &fourth);
	first.on_call = remove_self;
	second.on_call = remove_other;
	second.other = third.id;
	fourth.on_call = add_another;
	planted_machine(80);
	planted_node(1, 10);
	planted_look();
	assert_int_equal(rte_memwatch_figures(1, figures), 0);
	assert_int_equal(figures[RTE_MEMWATCH_SOURCE_MEMORY].shortage, 990);
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 1);
	assert_int_equal(third.n, 0);
	assert_int_equal(fourth.n, 1);
	/* Registered within the look, and told within it. */
	assert_int_equal(added.n, 1);
	fourth.on_call = NULL;
	planted_machine(800);
	planted_look();
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 2);
	assert_int_equal(third.n, 0);
	assert_int_equal(added.n, 2);
	assert_int_equal(rte_memwatch_unregister(second.id), 0);
	assert_int_equal(rte_memwatch_unregister(fourth.id), 0);
	assert_int_equal(rte_memwatch_unregister(added.id), 0);
	assert_int_equal(rte_memwatch_unregister(first.id), -ENOENT);
}

static void
wait_told(struct told *told, unsigned int n)
{
	bool there = false;

	for (unsigned int i = 0; !there && i < 1000; i++) {
		pthread_mutex_lock(&told->lock);
		there = told->n >= n;
		pthread_mutex_unlock(&told->lock);
		if (!there)
			usleep(10000);
	}
	assert_true(there);
}

static void
a_thread_looks_by_itself(void **state)
{
	struct told told = TOLD;

	(void)state;
	planted.config.flags = 0;
	planted_start();
	assert_int_equal(mw_start(&planted.roots, &planted.config), -EALREADY);
	told.id = rte_memwatch_register(MACHINE, note, &told);
	planted_machine(80);
	wait_told(&told, 1);
	assert_told(&told, 0, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_HIGH);
	planted_machine(800);
	wait_told(&told, 2);
	rte_memwatch_stop();
	rte_memwatch_stop();
	planted_machine(80);
	usleep(50000);
	assert_int_equal(told.n, 2);
	assert_int_equal(rte_memwatch_unregister(told.id), 0);
	/* With a period of an hour it is registering that has it look. */
	planted.config.period_ms = 3600000;
	planted_start();
	usleep(100000);
	told = (struct told)TOLD;
	told.id = rte_memwatch_register(MACHINE, note, &told);
	wait_told(&told, 1);
	assert_told(&told, 0, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_HIGH);
	assert_int_equal(rte_memwatch_unregister(told.id), 0);
}

static _Atomic bool inside, go_on, removed;

static int
linger(struct told *told)
{
	(void)told;
	atomic_store(&inside, true);
	while (!atomic_load(&go_on))
		usleep(1000);
	usleep(50000);
	assert_false(atomic_load(&removed));
	return 0;
}

static void *
remove_it(void *arg)
{
	assert_int_equal(rte_memwatch_unregister(((struct told *)arg)->id), 0);
	atomic_store(&removed, true);
	return NULL;
}

static void
unregistering_waits_for_a_callback_that_runs(void **state)
{
	struct told told = TOLD;
	pthread_t thread;

	(void)state;
	planted.config.flags = 0;
	planted_start();
	told.on_call = linger;
	told.id = rte_memwatch_register(MACHINE, note, &told);
	planted_machine(80);
	while (!atomic_load(&inside))
		usleep(1000);
	assert_int_equal(pthread_create(&thread, NULL, remove_it, &told), 0);
	usleep(20000);
	assert_false(atomic_load(&removed));
	/* A level is read, and a poller goes on, whatever a callback does. */
	assert_int_equal(rte_memwatch_current(MACHINE), RTE_MEMWATCH_HIGH);
	assert_int_equal(rte_memwatch_poll(), 0);
	atomic_store(&go_on, true);
	pthread_join(thread, NULL);
	assert_true(atomic_load(&removed));
	planted_machine(800);
	usleep(50000);
	assert_int_equal(told.n, 1);
}

static void
wrong_arguments_are_refused(void **state)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];

	(void)state;
	for (int watching = 0; watching < 2; watching++) {
		assert_int_equal(rte_memwatch_current(1000), -EINVAL);
		assert_non_null(strstr(rte_memwatch_error(), "no node 1000"));
		assert_int_equal(rte_memwatch_current(-3), -EINVAL);
		assert_int_equal(rte_memwatch_current(RTE_NUMA_MAX_NODES), -EINVAL);
		assert_int_equal(rte_memwatch_available(1000), -EINVAL);
		assert_int_equal(rte_memwatch_figures(1000, figures), -EINVAL);
		assert_int_equal(rte_memwatch_figures(MACHINE, NULL), -EINVAL);
		assert_int_equal(rte_memwatch_register(1000, note, NULL), -EINVAL);
		assert_int_equal(rte_memwatch_register(MACHINE, NULL, NULL), -EINVAL);
		assert_int_equal(rte_memwatch_unregister(0), -ENOENT);
		assert_int_equal(rte_memwatch_unregister(-1), -ENOENT);
		if (watching == 0)
			planted_start();
	}
}

static void
cgroups_and_stalls_count_for_the_machine(void **state)
{
	struct told told = TOLD;

	(void)state;
	planted_put("proc/self/cgroup", "0::/box\n");
	planted_put("proc/self/mountinfo", "1 2 0:1 / /cg rw - cgroup2 c rw\n");
	planted_put("cg/box/memory.current", "10485760\n");
	planted_put("cg/box/memory.events.local", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n");
	/* What befell others below the same one is none of ours. */
	planted_put("cg/memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
	planted_put("cg/memory.events", "low 0\nhigh 0\nmax 3\noom 9\noom_kill 9\n");
	planted_start();
	told.id = rte_memwatch_register(MACHINE, note, &told);
	planted_look();
	assert_int_equal(told.n, 0);
	planted_put("cg/memory.events", "low 0\nhigh 0\nmax 3\noom 10\noom_kill 10\n");
	planted_look();
	assert_int_equal(told.n, 0);
	planted_put("cg/box/memory.max", "10737418\n");
	planted_look();
	assert_told(&told, 0, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_CRITICAL);
	assert_int_equal(told.change[0].why, RTE_MEMWATCH_SOURCE_CGROUP);
	assert_non_null(strstr(told.change[0].text, "/cg/box/memory.max"));
	planted_put("cg/box/memory.max", "max\n");
	planted_look();
	assert_told(&told, 1, MACHINE, RTE_MEMWATCH_CRITICAL, RTE_MEMWATCH_LOW);
	planted_put("cg/box/memory.events.local", "low 0\nhigh 0\nmax 4\noom 0\noom_kill 0\n");
	planted_look();
	assert_told(&told, 2, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_MEDIUM);
	assert_int_equal(told.change[2].why, RTE_MEMWATCH_SOURCE_CGROUP_EVENTS);
	planted_look();
	assert_told(&told, 3, MACHINE, RTE_MEMWATCH_MEDIUM, RTE_MEMWATCH_LOW);
	planted_put("cg/box/memory.events.local", "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n");
	planted_look();
	assert_told(&told, 4, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_CRITICAL);
	planted_look();
	/* A cgroup's own stalls count as the machine's do. */
	planted_put("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
	planted_put("cg/box/memory.pressure", "some avg10=20.00 avg60=0.00 avg300=0.00 total=1\n");
	planted_look();
	assert_told(&told, 6, MACHINE, RTE_MEMWATCH_LOW, RTE_MEMWATCH_HIGH);
	assert_int_equal(told.change[6].why, RTE_MEMWATCH_SOURCE_STALL);
	assert_int_equal(rte_memwatch_unregister(told.id), 0);
}

int
main(void)
{
#define PLANTED(test) cmocka_unit_test_setup_teardown(test, planted_make, planted_remove)
	const struct CMUnitTest tests[] = {
		PLANTED(each_change_is_told_once),
		PLANTED(who_comes_late_is_told_where_it_stands),
		PLANTED(callbacks_may_come_and_go_within_one),
		PLANTED(a_thread_looks_by_itself),
		PLANTED(unregistering_waits_for_a_callback_that_runs),
		PLANTED(wrong_arguments_are_refused),
		PLANTED(cgroups_and_stalls_count_for_the_machine),
	};

	return cmocka_run_group_tests_name("memwatch/watch", tests, NULL, NULL);
}
