/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What the stress tests share: threads that run until time is up, random numbers, and a check that
 * ends the test. Nothing here synchronises the threads while they run: ThreadSanitizer must see
 * the orders of the code under test alone.
 */

#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STRESS_THREADS 4

/* Unlike assert() it stays in builds without assertions. */
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			stress_fail(__FILE__, __LINE__, #condition); \
	} while (0)

struct stress_thread {
	pthread_t id;
	uint32_t me; /* from 1 */
	uint32_t seed;
	uint64_t done; /* operations that got something */
};

static struct stress_thread stress_thread[STRESS_THREADS];
static _Atomic bool stress_stop;

static inline void __attribute__((noreturn))
stress_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	_exit(1);
}

/* xorshift32, Marsaglia 2003. */
static inline uint32_t
stress_rand(struct stress_thread *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 17;
	t->seed ^= t->seed << 5;
	return t->seed;
}

/* Milliseconds that the whole test shall take. */
static inline unsigned int
stress_ms(void)
{
	const char *ms = getenv("FASTMEM_STRESS_MS");

	if (ms != NULL)
		return (unsigned int)strtoul(ms, NULL, 10);
	return getenv("FASTMEM_TEST_FULL") != NULL ? 120000 : 1500;
}

static inline bool
stress_goes_on(void)
{
	/* Relaxed: orders nothing. */
	return !atomic_load_explicit(&stress_stop, memory_order_relaxed);
}

static inline uint64_t
stress_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/*
 * Run `work` in all threads for that long; `meanwhile` is called about every millisecond. Returns
 * what they got done.
 */
static inline uint64_t
stress_run(void *(*work)(void *), unsigned int ms, void (*meanwhile)(void))
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t end = stress_now_ms() + ms, done = 0;
	unsigned int i;

	atomic_store(&stress_stop, false);
	for (i = 0; i < STRESS_THREADS; i++) {
		stress_thread[i].me = i + 1;
		stress_thread[i].done = 0;
		stress_thread[i].seed = (uint32_t)end * 2654435761u + i * 40503u + 1;
		if (stress_thread[i].seed == 0)
			stress_thread[i].seed = 1;
		CHECK(pthread_create(&stress_thread[i].id, NULL, work, &stress_thread[i]) == 0);
	}
	while (stress_now_ms() < end) {
		if (meanwhile != NULL)
			meanwhile();
		nanosleep(&nap, NULL);
	}
	atomic_store_explicit(&stress_stop, true, memory_order_relaxed);
	for (i = 0; i < STRESS_THREADS; i++) {
		CHECK(pthread_join(stress_thread[i].id, NULL) == 0);
		done += stress_thread[i].done;
	}
	return done;
}

#endif /* STRESS_H */
