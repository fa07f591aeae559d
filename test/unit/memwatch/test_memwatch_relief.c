/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of relief: handlers are called in their order, as far as a level asks for it and
 *   until memory is there again, whatever they say of themselves.
 * Must not: depend on how much memory the machine has.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "planted.h"

#define MIB (INT64_C(1) << 20)

/* What handlers were called, a letter each, and by which they were asked. */
static char called[256];
static struct rte_memwatch_ask asked;

/* A handler of the tests. */
struct test_handler {
	char letter;
	int64_t says;
	unsigned int leaves; /* MiB that the machine has then; 0: as it was. */
	int id;
	void (*on_call)(struct test_handler *handler);
};

static int64_t
handle(const struct rte_memwatch_ask *ask, void *arg)
{
	struct test_handler *handler = arg;

	called[strlen(called)] = handler->letter;
	asked = *ask;
	if (handler->leaves > 0)
		planted_machine(handler->leaves);
	if (handler->on_call != NULL)
		handler->on_call(handler);
	return handler->says;
}

static void
add(struct test_handler *handler, int priority, enum rte_memwatch_level from)
{
	char name[2] = { handler->letter, '\0' };
	const struct rte_memwatch_handler made = {
		.name = name,
		.priority = priority,
		.from = from,
		.flags = RTE_MEMWATCH_RELIEF_F_NO_SLEEP,
		.cb = handle,
		.arg = handler,
	};

	handler->id = rte_memwatch_relief_register(&made);
	assert_true(handler->id > RTE_MEMWATCH_RELIEF_TRIM);
}

static int
make(void **state)
{
	memset(called, 0, sizeof(called));
	return planted_make(state);
}

/* Tests take away what they add; those of the start are back with the process alone. */
static void
take_away(struct test_handler *handler, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(rte_memwatch_relief_unregister(handler[i].id), 0);
}

static void
a_level_that_rises_calls_whom_it_concerns(void **state)
{
	struct test_handler h[] = { { 'a' }, { 'b' }, { 'c' }, { 'd' } };

	(void)state;
	add(&h[0], 50, RTE_MEMWATCH_CRITICAL);
	add(&h[1], 40, RTE_MEMWATCH_HIGH);
	add(&h[2], 40, RTE_MEMWATCH_HIGH);
	add(&h[3], -7, RTE_MEMWATCH_MEDIUM);
	planted_start();
	planted_look();
	assert_string_equal(called, "");
	planted_machine(200);
	planted_look();
	assert_string_equal(called, "d");
	assert_int_equal(asked.node_id, MACHINE);
	assert_int_equal(asked.level, RTE_MEMWATCH_MEDIUM);
	/* Once a rise, and not for as long as it stays. */
	planted_look();
	assert_string_equal(called, "d");
	planted_node(2, 10);
	planted_look();
	assert_string_equal(called, "ddbca");
	assert_int_equal(asked.node_id, 2);
	assert_int_equal(asked.level, RTE_MEMWATCH_CRITICAL);
	/* Falling calls nobody, rising again does. */
	planted_machine(800);
	planted_look();
	planted_machine(80);
	planted_look();
	assert_string_equal(called, "ddbcadbc");
	take_away(h, 4);
}

static void
it_stops_when_memory_is_there_again(void **state)
{
	struct test_handler h[] = { { 'a', .says = 3 },
				    { 'b', .leaves = 120 },
				    { 'c' },
				    { 'd', .says = -1, .leaves = 700 },
				    { 'e' } };

	(void)state;
	planted_machine(10);
	add(&h[0], 1, RTE_MEMWATCH_MEDIUM);
	add(&h[1], 2, RTE_MEMWATCH_MEDIUM);
	/* With what b gave back it is medium only. */
	add(&h[2], 3, RTE_MEMWATCH_HIGH);
	add(&h[3], 4, RTE_MEMWATCH_MEDIUM);
	add(&h[4], 5, RTE_MEMWATCH_MEDIUM);
	planted_start();
	planted_look();
	assert_string_equal(called, "abd");
	take_away(h, 5);
}

static void
by_hand_all_are_called_and_tell_what_they_did(void **state)
{
	struct test_handler h[] = { { 'a', .says = 5 * MIB },
				    { 'b', .says = -EIO },
				    { 'c', .says = 2 * MIB, .leaves = 802 } };
	struct rte_memwatch_relief relief;

	(void)state;
	planted_start();
	for (int i = 0; i < 3; i++)
		add(&h[i], 300 + i, RTE_MEMWATCH_CRITICAL);
	assert_int_equal(rte_memwatch_trigger(MACHINE, &relief), 7 * MIB);
	assert_string_equal(called, "abc");
	assert_int_equal(relief.freed, 7 * MIB);
	assert_int_equal(relief.from, RTE_MEMWATCH_LOW);
	assert_int_equal(relief.nb_handlers, 5);
	assert_string_equal(relief.by[0].name, "fastmem-flush");
	assert_string_equal(relief.by[1].name, "fastmem-trim");
	assert_int_equal(relief.by[1].freed, 0);
	assert_string_equal(relief.by[2].name, "a");
	assert_int_equal(relief.by[2].freed, 5 * MIB);
	/* The kernel saw nothing of it. */
	assert_int_equal(relief.by[2].seen, 0);
	assert_int_equal(relief.by[3].freed, -EIO);
	assert_int_equal(relief.by[4].seen, 2 * MIB);
	assert_int_equal(rte_memwatch_trigger(3, NULL), 7 * MIB);
	assert_int_equal(asked.node_id, 3);
	assert_int_equal(rte_memwatch_trigger(1000, &relief), -EINVAL);
	take_away(h, 3);
}

static void
who_lies_does_no_harm(void **state)
{
	struct test_handler h[] = { { 'a', .says = INT64_MAX },
				    { 'b', .says = INT64_MAX },
				    { 'c', .says = INT64_MIN },
				    { 'd', .leaves = 600 },
				    { 'e' } };
	struct rte_memwatch_relief relief;

	(void)state;
	planted_machine(10);
	planted_start();
	for (int i = 0; i < 5; i++)
		add(&h[i], i, RTE_MEMWATCH_CRITICAL);
	assert_true(rte_memwatch_trigger(MACHINE, &relief) == INT64_MAX);
	/* All of it freed, it says: it is looked at all the same. */
	assert_string_equal(called, "abcd");
	assert_int_equal(relief.from, RTE_MEMWATCH_CRITICAL);
	assert_int_equal(relief.to, RTE_MEMWATCH_LOW);
	take_away(h, 5);
}

static void
remove_self(struct test_handler *handler)
{
	assert_int_equal(rte_memwatch_relief_unregister(handler->id), 0);
}

static struct test_handler added[] = { { 'x' }, { 'y' } };

static void
add_others(struct test_handler *handler)
{
	(void)handler;
	/* One whose turn is over, and one whose turn is still to come. */
	add(&added[0], 0, RTE_MEMWATCH_HIGH);
	add(&added[1], 9, RTE_MEMWATCH_HIGH);
	assert_int_equal(rte_memwatch_trigger(MACHINE, NULL), -EDEADLK);
	assert_int_equal(rte_memwatch_poll(), 0);
}

static void
handlers_may_come_and_go_within_one(void **state)
{
	struct test_handler h[] = { { 'a', .on_call = remove_self },
				    { 'b', .on_call = add_others } };

	(void)state;
	planted_machine(80);
	add(&h[0], 1, RTE_MEMWATCH_HIGH);
	add(&h[1], 2, RTE_MEMWATCH_HIGH);
	planted_start();
	planted_look();
	assert_string_equal(called, "aby");
	assert_int_equal(rte_memwatch_relief_unregister(h[0].id), -ENOENT);
	take_away(&h[1], 1);
	take_away(added, 2);
}

static _Atomic int inside, most, rounds;

static void
be_slow(struct test_handler *handler)
{
	int now = atomic_fetch_add(&inside, 1) + 1;

	(void)handler;
	if (now > atomic_load(&most))
		atomic_store(&most, now);
	usleep(2000);
	atomic_fetch_add(&rounds, 1);
	atomic_fetch_sub(&inside, 1);
}

static void *
trigger_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++)
		rte_memwatch_trigger(MACHINE, NULL);
	return NULL;
}

static void
none_runs_beside_another(void **state)
{
	struct test_handler h[] = { { 'a', .on_call = be_slow }, { 'b', .on_call = be_slow } };
	pthread_t threads[4];

	(void)state;
	planted.config.flags = 0;
	planted_machine(10);
	add(&h[0], 1, RTE_MEMWATCH_MEDIUM);
	add(&h[1], 2, RTE_MEMWATCH_MEDIUM);
	planted_start();
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, trigger_often, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	rte_memwatch_stop();
	assert_int_equal(atomic_load(&most), 1);
	/* Of 20 by hand, and one as it rose, if that was before all was over. */
	assert_in_range(atomic_load(&rounds), 40, 42);
	take_away(h, 2);
}

static _Atomic bool go_on, removed;

static void
linger(struct test_handler *handler)
{
	(void)handler;
	atomic_store(&inside, 1);
	while (!atomic_load(&go_on))
		usleep(1000);
	usleep(50000);
	assert_false(atomic_load(&removed));
}

static void *
remove_it(void *arg)
{
	assert_int_equal(rte_memwatch_relief_unregister(((struct test_handler *)arg)->id), 0);
	atomic_store(&removed, true);
	return NULL;
}

static void *
trigger_once(void *arg)
{
	(void)arg;
	rte_memwatch_trigger(MACHINE, NULL);
	return NULL;
}

static void
taking_one_away_waits_for_it(void **state)
{
	struct test_handler h = { 'a', .on_call = linger };
	pthread_t threads[2];

	(void)state;
	add(&h, 1, RTE_MEMWATCH_HIGH);
	assert_int_equal(pthread_create(&threads[0], NULL, trigger_once, NULL), 0);
	while (atomic_load(&inside) == 0)
		usleep(1000);
	assert_int_equal(pthread_create(&threads[1], NULL, remove_it, &h), 0);
	usleep(20000);
	assert_false(atomic_load(&removed));
	atomic_store(&go_on, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_true(atomic_load(&removed));
	rte_memwatch_trigger(MACHINE, NULL);
	assert_string_equal(called, "a");
}

/* Those of the start never sleep, or are not called by who polls. */
static void
who_polls_calls_only_what_never_sleeps(void **state)
{
	struct test_handler h[] = { { 'a' }, { 'b' } };
	struct rte_memwatch_handler sleeper = {
		.name = "b", .from = RTE_MEMWATCH_MEDIUM, .cb = handle, .arg = &h[1]
	};

	(void)state;
	add(&h[0], 1, RTE_MEMWATCH_MEDIUM);
	h[1].id = rte_memwatch_relief_register(&sleeper);
	planted_start();
	planted_machine(80);
	planted_look();
	assert_string_equal(called, "a");
	rte_memwatch_stop();
	planted.config.flags = 0;
	planted_start();
	usleep(50000);
	rte_memwatch_stop();
	assert_string_equal(called, "aba");
	take_away(h, 2);
}

static void
who_polls_while_others_relieve_does_so_later(void **state)
{
	struct test_handler h = { 'a', .on_call = linger };
	pthread_t thread;

	(void)state;
	atomic_store(&inside, 0);
	atomic_store(&go_on, false);
	atomic_store(&removed, false);
	add(&h, 1, RTE_MEMWATCH_HIGH);
	planted_start();
	assert_int_equal(pthread_create(&thread, NULL, trigger_once, NULL), 0);
	while (atomic_load(&inside) == 0)
		usleep(1000);
	planted_node(1, 10);
	planted_look();
	atomic_store(&go_on, true);
	pthread_join(thread, NULL);
	assert_string_equal(called, "a");
	planted_look();
	assert_string_equal(called, "aa");
	assert_int_equal(asked.node_id, 1);
	planted_look();
	assert_string_equal(called, "aa");
	take_away(&h, 1);
}

static void
what_is_not_valid_is_refused(void **state)
{
	struct rte_memwatch_handler good = { .name = "x", .from = RTE_MEMWATCH_HIGH, .cb = handle };
	struct rte_memwatch_handler bad[7];
	int ids[RTE_MEMWATCH_RELIEF_MAX], n = 0;
	struct test_handler h = { 'x' };

	(void)state;
	for (int i = 0; i < 7; i++)
		bad[i] = good;
	bad[0].name = NULL;
	bad[1].name = "";
	bad[2].name = "a name that has thirty-two bytes";
	bad[3].cb = NULL;
	bad[4].from = RTE_MEMWATCH_LOW;
	bad[5].from = RTE_MEMWATCH_NB_LEVELS;
	bad[6].flags = 2;
	for (int i = 0; i < 7; i++) {
		assert_int_equal(rte_memwatch_relief_register(&bad[i]), -EINVAL);
		print_message("%s\n", rte_memwatch_error());
	}
	assert_int_equal(rte_memwatch_relief_register(NULL), -EINVAL);
	good.arg = &h;
	while ((ids[n] = rte_memwatch_relief_register(&good)) > 0)
		n++;
	assert_int_equal(ids[n], -ENOSPC);
	assert_int_equal(n, RTE_MEMWATCH_RELIEF_MAX - 2);
	while (n > 0)
		assert_int_equal(rte_memwatch_relief_unregister(ids[--n]), 0);
	assert_int_equal(rte_memwatch_relief_unregister(ids[0]), -ENOENT);
	assert_int_equal(rte_memwatch_relief_unregister(0), -ENOENT);
	/* Those that are there from the start may go. */
	assert_int_equal(rte_memwatch_relief_unregister(RTE_MEMWATCH_RELIEF_FLUSH), 0);
	assert_int_equal(rte_memwatch_relief_unregister(RTE_MEMWATCH_RELIEF_TRIM), 0);
	assert_int_equal(rte_memwatch_relief_unregister(RTE_MEMWATCH_RELIEF_TRIM), -ENOENT);
}

int
main(void)
{
#define PLANTED(test) cmocka_unit_test_setup_teardown(test, make, planted_remove)
	const struct CMUnitTest tests[] = {
		PLANTED(a_level_that_rises_calls_whom_it_concerns),
		PLANTED(it_stops_when_memory_is_there_again),
		PLANTED(by_hand_all_are_called_and_tell_what_they_did),
		PLANTED(who_lies_does_no_harm),
		PLANTED(handlers_may_come_and_go_within_one),
		PLANTED(none_runs_beside_another),
		PLANTED(taking_one_away_waits_for_it),
		PLANTED(who_polls_calls_only_what_never_sleeps),
		PLANTED(who_polls_while_others_relieve_does_so_later),
		PLANTED(what_is_not_valid_is_refused),
	};

	return cmocka_run_group_tests_name("memwatch/relief", tests, NULL, NULL);
}
