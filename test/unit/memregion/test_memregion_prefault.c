/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of memregion_prefault.c: each piece once, on the right CPUs, told in order, and
 *   stopped by a deadline, a callback, a failure or full nodes. Populating itself is replaced.
 * Must not: depend on how fast the machine is.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "memregion_priv.h"

#define MIB	   ((size_t)1 << 20)
#define MAX_PIECES 64

/* Where the job's memory would be: nothing is mapped there, and nothing may be touched. */
#define NOWHERE ((char *)0x100000000)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int nb_pieces;
static size_t offsets[MAX_PIECES], sizes[MAX_PIECES];
static pid_t threads[MAX_PIECES];
static cpu_set_t cpus_seen;
static bool signals_blocked;
static unsigned int fail_at;
static int fail_with;
static unsigned int slow_ms;

/* Each waits until so many are populating at once, but not for ever. */
static unsigned int meet, met;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;

static void
wait_for_others(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	pthread_mutex_lock(&lock);
	met++;
	pthread_cond_broadcast(&arrived);
	while (met < meet && pthread_cond_timedwait(&arrived, &lock, &end) == 0)
		;
	pthread_mutex_unlock(&lock);
}

int
__wrap_mr_os_populate(char *addr, size_t size);

int
__wrap_mr_os_populate(char *addr, size_t size)
{
	cpu_set_t cpus;
	sigset_t blocked;
	int ret = 0;

	if (slow_ms > 0)
		usleep(slow_ms * 1000);
	wait_for_others();
	pthread_mutex_lock(&lock);
	offsets[nb_pieces] = addr - NOWHERE;
	sizes[nb_pieces] = size;
	threads[nb_pieces] = gettid();
	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus) == 0)
		CPU_OR(&cpus_seen, &cpus_seen, &cpus);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	signals_blocked = sigismember(&blocked, SIGUSR1) == 1;
	nb_pieces++;
	if (fail_with != 0 && nb_pieces >= fail_at)
		ret = fail_with;
	pthread_mutex_unlock(&lock);
	return ret;
}

static int no_threads;

int
__real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
		      void *arg);
int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
		      void *arg);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
		      void *arg)
{
	return no_threads > 0 && --no_threads == 0 ?
		       EAGAIN :
		       __real_pthread_create(thread, attr, start, arg);
}

static int
reset(void **state)
{
	(void)state;
	nb_pieces = 0;
	CPU_ZERO(&cpus_seen);
	signals_blocked = false;
	fail_at = 0;
	fail_with = 0;
	slow_ms = 0;
	meet = 0;
	met = 0;
	no_threads = 0;
	return 0;
}

static struct mr_prefault
job(size_t size, unsigned int nb_threads)
{
	return (struct mr_prefault){
		.addr = NOWHERE, .size = size, .page_size = 2 * MIB, .nb_threads = nb_threads
	};
}

/* Each byte is in exactly one piece. */
static void
assert_pieces_are(size_t size, size_t piece)
{
	unsigned char seen[MAX_PIECES] = { 0 };

	assert_int_equal(nb_pieces, (size + piece - 1) / piece);
	for (unsigned int i = 0; i < nb_pieces; i++) {
		size_t left = size - offsets[i];

		assert_int_equal(offsets[i] % piece, 0);
		assert_int_equal(sizes[i], left < piece ? left : piece);
		assert_int_equal(seen[offsets[i] / piece]++, 0);
	}
}

static void
every_piece_is_populated_once(void **state)
{
	static const unsigned int counts[] = { 1, 2, 7 };
	static const size_t totals[] = { 2 * MIB, 16 * MIB, 18 * MIB, 160 * MIB };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (size_t j = 0; j < sizeof(totals) / sizeof(totals[0]); j++) {
			struct mr_prefault todo = job(totals[j], counts[i]);
			struct mr_prefaulted result = { 0 };

			reset(state);
			assert_int_equal(mr_prefault(&todo, &result), 0);
			assert_pieces_are(totals[j], MR_PREFAULT_PIECE);
			assert_int_equal(result.done, totals[j]);
			assert_int_equal(result.nb_threads, counts[i]);
			for (unsigned int piece = 0; piece < nb_pieces; piece++)
				assert_int_not_equal(threads[piece], gettid());
			assert_true(signals_blocked);
		}
	}
}

static void
a_page_larger_than_a_piece_is_not_cut(void **state)
{
	struct mr_prefault todo = job(3 * MR_1G, 2);
	struct mr_prefaulted result;

	(void)state;
	todo.page_size = MR_1G;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_pieces_are(3 * MR_1G, MR_1G);
}

/* The first CPU that this process may run on. */
static int
first_cpu(void)
{
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus))
			return cpu;
	}
	fail();
	return -1;
}

static void
threads_run_on_the_cpus_given(void **state)
{
	struct mr_prefault todo = job(160 * MIB, 3);
	struct mr_prefaulted result;
	cpu_set_t before, after, one;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(first_cpu(), &one);
	todo.cpus = &one;
	todo.cpus_size = sizeof(one);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_true(result.pinned);
	assert_true(CPU_EQUAL(&cpus_seen, &one));
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

static void
cpus_that_are_not_allowed_are_done_without(void **state)
{
	struct mr_prefault todo = job(32 * MIB, 2);
	struct mr_prefaulted result;
	size_t size = CPU_ALLOC_SIZE(MR_MAX_CPUS);
	cpu_set_t *none = CPU_ALLOC(MR_MAX_CPUS);

	(void)state;
	assert_non_null(none);
	CPU_ZERO_S(size, none);
	/* There is none of this number, on any machine. */
	CPU_SET_S(MR_MAX_CPUS - 1, size, none);
	todo.cpus = none;
	todo.cpus_size = size;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_false(result.pinned);
	assert_int_equal(result.nb_threads, 2);
	assert_pieces_are(32 * MIB, MR_PREFAULT_PIECE);
	CPU_FREE(none);
}

static void
threads_that_cannot_start_are_done_without(void **state)
{
	struct mr_prefault todo = job(64 * MIB, 3);
	struct mr_prefaulted result;

	no_threads = 2;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(result.nb_threads, 1);
	assert_pieces_are(64 * MIB, MR_PREFAULT_PIECE);
	reset(state);
	no_threads = 1;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(result.nb_threads, 1);
	assert_false(result.pinned);
	assert_int_equal(threads[0], gettid());
	assert_pieces_are(64 * MIB, MR_PREFAULT_PIECE);
}

/* What the callback was told; stop: when that much is done. */
struct told {
	unsigned int calls;
	size_t last;
	size_t stop;
	pid_t thread;
};

static int
listen(size_t done, size_t size, void *arg)
{
	struct told *told = arg;

	assert_true(done > told->last);
	assert_true(done <= size);
	assert_int_equal(gettid(), told->thread);
	told->last = done;
	told->calls++;
	return told->stop > 0 && done >= told->stop;
}

static void
progress_is_told_to_the_caller_up_to_the_end(void **state)
{
	struct told told = { .thread = gettid() };
	struct mr_prefault todo = job(160 * MIB, 4);
	struct mr_prefaulted result;

	todo.progress = listen;
	todo.progress_arg = &told;
	slow_ms = 2;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(told.last, 160 * MIB);
	assert_true(told.calls >= 1 && told.calls <= 10);
	/* Also by the caller's own hand. */
	reset(state);
	no_threads = 1;
	told = (struct told){ .thread = gettid() };
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(told.last, 160 * MIB);
}

static void
the_callback_stops_it(void **state)
{
	struct told told = { .thread = gettid(), .stop = 32 * MIB };
	struct mr_prefault todo = job(960 * MIB, 2);
	struct mr_prefaulted result;

	(void)state;
	todo.progress = listen;
	todo.progress_arg = &told;
	slow_ms = 20;
	assert_int_equal(mr_prefault(&todo, &result), -ECANCELED);
	assert_true(result.done >= 32 * MIB && result.done < 960 * MIB);
	assert_int_equal(result.done, nb_pieces * MR_PREFAULT_PIECE);
	/* It came too late: all was done. */
	reset(state);
	todo = job(32 * MIB, 1);
	todo.progress = listen;
	todo.progress_arg = &told;
	told = (struct told){ .thread = gettid(), .stop = 32 * MIB };
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(result.done, 32 * MIB);
}

static void
the_deadline_stops_it(void **state)
{
	struct mr_prefault todo = job(960 * MIB, 2);
	struct mr_prefaulted result;

	(void)state;
	todo.deadline_ms = mr_now_ms();
	assert_int_equal(mr_prefault(&todo, &result), -ETIMEDOUT);
	assert_int_equal(result.done, 0);
	assert_int_equal(nb_pieces, 0);
	slow_ms = 10;
	todo.deadline_ms = mr_now_ms() + 50;
	assert_int_equal(mr_prefault(&todo, &result), -ETIMEDOUT);
	assert_int_equal(result.done, nb_pieces * MR_PREFAULT_PIECE);
	assert_true(result.done < 960 * MIB);
	assert_true(mr_now_ms() >= todo.deadline_ms);
}

static void
the_first_failure_is_told_and_ends_it(void **state)
{
	struct mr_prefault todo = job(320 * MIB, 1);
	struct mr_prefaulted result;

	fail_at = 3;
	fail_with = -EFAULT;
	assert_int_equal(mr_prefault(&todo, &result), -EFAULT);
	assert_int_equal(nb_pieces, 3);
	assert_int_equal(result.done, 2 * MR_PREFAULT_PIECE);
	reset(state);
	fail_at = 1;
	fail_with = -EFAULT;
	todo.nb_threads = 5;
	assert_int_equal(mr_prefault(&todo, &result), -EFAULT);
	assert_true(nb_pieces <= 5);
	assert_int_equal(result.done, 0);
}

/* Room for so much, less what was taken. */
static size_t room, most_asked;

static int
has_room(void *arg, size_t size)
{
	int ret;

	assert_ptr_equal(arg, &room);
	pthread_mutex_lock(&lock);
	most_asked = size > most_asked ? size : most_asked;
	ret = size <= room ? 0 : -ENOMEM;
	pthread_mutex_unlock(&lock);
	return ret;
}

static void
room_is_asked_for_before_each_piece(void **state)
{
	struct mr_prefault todo = job(96 * MIB, 1);
	struct mr_prefaulted result;

	todo.has_room = has_room;
	todo.has_room_arg = &room;
	room = 16 * MIB;
	most_asked = 0;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(most_asked, 16 * MIB);
	reset(state);
	room = 16 * MIB - 1;
	assert_int_equal(mr_prefault(&todo, &result), -ENOMEM);
	assert_int_equal(nb_pieces, 0);
	assert_int_equal(result.done, 0);
	/* Several at once need room for all that they have in hand. */
	reset(state);
	room = SIZE_MAX;
	most_asked = 0;
	meet = 3;
	todo.nb_threads = 3;
	assert_int_equal(mr_prefault(&todo, &result), 0);
	assert_int_equal(most_asked, 48 * MIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_piece_is_populated_once, reset),
		cmocka_unit_test_setup(a_page_larger_than_a_piece_is_not_cut, reset),
		cmocka_unit_test_setup(threads_run_on_the_cpus_given, reset),
		cmocka_unit_test_setup(cpus_that_are_not_allowed_are_done_without, reset),
		cmocka_unit_test_setup(threads_that_cannot_start_are_done_without, reset),
		cmocka_unit_test_setup(progress_is_told_to_the_caller_up_to_the_end, reset),
		cmocka_unit_test_setup(the_callback_stops_it, reset),
		cmocka_unit_test_setup(the_deadline_stops_it, reset),
		cmocka_unit_test_setup(the_first_failure_is_told_and_ends_it, reset),
		cmocka_unit_test_setup(room_is_asked_for_before_each_piece, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
