/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of timer_wheel.c.
 * Must not: depend on a clock.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "timer_wheel.h"

#define TICK	  (UINT64_C(1) << WHEEL_TICK_SHIFT)
#define TURN	  (TICK * WHEEL_SLOTS)
#define NB_TIMERS 2000

static struct timer_wheel wheel;
static uint64_t fired_us[NB_TIMERS];

static void
fire(struct timer *timer, uint64_t now_us, void *arg)
{
	unsigned int *nb_fired = arg;

	fired_us[(uintptr_t)timer->arg] = now_us;
	(*nb_fired)++;
}

static void
start(uint64_t now_us)
{
	memset(fired_us, 0, sizeof(fired_us));
	wheel_init(&wheel);
	wheel_advance(&wheel, now_us, fire, NULL);
}

static void
a_timer_fires_once_and_not_before_its_time(void **state)
{
	struct timer timer = { .arg = NULL };
	unsigned int nb_fired = 0;
	uint64_t now = 1000 * TURN + 12345;
	uint64_t due = now + 3 * TURN + 7 * TICK;

	(void)state;
	start(now);
	wheel_add(&wheel, &timer, due);
	for (; nb_fired == 0; now += TICK / 2)
		wheel_advance(&wheel, now, fire, &nb_fired);
	assert_true(fired_us[0] >= due);
	assert_true(fired_us[0] <= due + TICK + TICK / 2);
	wheel_advance(&wheel, now + 10 * TURN, fire, &nb_fired);
	assert_int_equal(nb_fired, 1);
}

static void
a_time_that_has_passed_fires_at_the_next_tick(void **state)
{
	struct timer timer = { .arg = NULL };
	unsigned int nb_fired = 0;

	(void)state;
	start(100 * TICK);
	wheel_add(&wheel, &timer, 0);
	wheel_advance(&wheel, 100 * TICK, fire, &nb_fired);
	assert_int_equal(nb_fired, 0);
	wheel_advance(&wheel, 101 * TICK, fire, &nb_fired);
	assert_int_equal(nb_fired, 1);
}

static void
time_does_not_go_back(void **state)
{
	struct timer timer = { .arg = NULL };
	unsigned int nb_fired = 0;

	(void)state;
	start(100 * TICK);
	wheel_add(&wheel, &timer, 110 * TICK);
	wheel_advance(&wheel, 50 * TICK, fire, &nb_fired);
	wheel_advance(&wheel, 110 * TICK, fire, &nb_fired);
	assert_int_equal(nb_fired, 0);
	wheel_advance(&wheel, 111 * TICK, fire, &nb_fired);
	assert_int_equal(nb_fired, 1);
}

static void
a_cancelled_timer_does_not_fire(void **state)
{
	struct timer timers[3] = { { .arg = (void *)0 },
				   { .arg = (void *)1 },
				   { .arg = (void *)2 } };
	unsigned int nb_fired = 0;
	unsigned int i;

	(void)state;
	start(0);
	for (i = 0; i < 3; i++)
		wheel_add(&wheel, &timers[i], 5 * TICK);
	wheel_cancel(&timers[1]);
	wheel_advance(&wheel, TURN, fire, &nb_fired);
	assert_int_equal(nb_fired, 2);
	assert_int_equal(fired_us[1], 0);
}

/* Firing one cancels the other, which is due at the same moment. */
static void
cancel_other(struct timer *timer, uint64_t now_us, void *arg)
{
	struct timer *pair = arg;

	(void)now_us;
	assert_true(timer == &pair[0] || timer == &pair[1]);
	wheel_cancel(timer == &pair[0] ? &pair[1] : &pair[0]);
	timer->arg = timer;
}

static void
firing_may_cancel_what_is_due_too(void **state)
{
	struct timer pair[2] = { { .arg = NULL }, { .arg = NULL } };

	(void)state;
	start(0);
	wheel_add(&wheel, &pair[0], 5 * TICK);
	wheel_add(&wheel, &pair[1], 5 * TICK);
	wheel_advance(&wheel, TURN, cancel_other, pair);
	assert_true((pair[0].arg != NULL) != (pair[1].arg != NULL));
}

static void
add_again(struct timer *timer, uint64_t now_us, void *arg)
{
	unsigned int *nb_fired = arg;

	(*nb_fired)++;
	wheel_add(&wheel, timer, now_us + 2 * TURN);
}

static void
firing_may_add_it_again(void **state)
{
	struct timer timer = { .arg = NULL };
	unsigned int nb_fired = 0;
	uint64_t now;

	(void)state;
	start(0);
	wheel_add(&wheel, &timer, TICK);
	for (now = 0; now < 10 * TURN; now += TICK)
		wheel_advance(&wheel, now, add_again, &nb_fired);
	assert_int_equal(nb_fired, 5);
}

/* However far time jumps, each slot is seen. */
static void
a_long_silence_misses_none(void **state)
{
	static const unsigned int ticks[] = { 1, WHEEL_SLOTS - 1, WHEEL_SLOTS, WHEEL_SLOTS + 1,
					      5 * WHEEL_SLOTS + 3 };
	struct timer *timers = calloc(WHEEL_SLOTS, sizeof(*timers));
	unsigned int nb_fired;
	unsigned int i;
	uintptr_t t;

	(void)state;
	for (i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		start(77 * TICK);
		nb_fired = 0;
		for (t = 0; t < WHEEL_SLOTS; t++) {
			timers[t].arg = (void *)t;
			wheel_add(&wheel, &timers[t], (77 + t) * TICK);
		}
		wheel_advance(&wheel, (77 + ticks[i]) * TICK, fire, &nb_fired);
		assert_int_equal(nb_fired, ticks[i] < WHEEL_SLOTS ? ticks[i] : WHEEL_SLOTS);
	}
	free(timers);
}

/* Many timers and strides of all lengths: each fires once, in time. */
static void
many_timers(void **state)
{
	struct timer *timers = calloc(NB_TIMERS, sizeof(*timers));
	uint64_t due[NB_TIMERS];
	unsigned int nb_fired = 0;
	uint64_t before = 0;
	uint64_t now = 0;
	uintptr_t i;

	(void)state;
	srand(1);
	start(0);
	for (i = 0; i < NB_TIMERS; i++) {
		due[i] = (uint64_t)rand() % (4 * TURN);
		timers[i].arg = (void *)i;
		wheel_add(&wheel, &timers[i], due[i]);
	}
	while (now < 5 * TURN) {
		before = now;
		now += (uint64_t)rand() % (rand() % 4 == 0 ? TURN + TURN / 2 : 5 * TICK);
		wheel_advance(&wheel, now, fire, &nb_fired);
		for (i = 0; i < NB_TIMERS; i++) {
			if (fired_us[i] == now && now != before)
				assert_in_range(now, due[i], UINT64_MAX);
			else if (fired_us[i] == 0)
				assert_true(now <= due[i] + TICK);
		}
	}
	assert_int_equal(nb_fired, NB_TIMERS);
	free(timers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_once_and_not_before_its_time),
		cmocka_unit_test(a_time_that_has_passed_fires_at_the_next_tick),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(a_cancelled_timer_does_not_fire),
		cmocka_unit_test(firing_may_cancel_what_is_due_too),
		cmocka_unit_test(firing_may_add_it_again),
		cmocka_unit_test(a_long_silence_misses_none),
		cmocka_unit_test(many_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
