/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef TIMER_WHEEL_H
#define TIMER_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/** A tick is 2^16 us, 65.5 ms; one turn of the wheel is 67 s. */
#define WHEEL_TICK_SHIFT 16
#define WHEEL_SLOTS	 1024

/** A timer; its memory is its user's. */
struct timer {
	LIST_ENTRY(timer) link;
	uint64_t tick; /**< When it fires. */
	void *arg;
};

LIST_HEAD(timer_list, timer);

/** Timers by the tick that they fire at. Time is what its user says it is. */
struct timer_wheel {
	uint64_t tick; /**< All timers up to this one have fired. */
	bool started;
	struct timer_list slots[WHEEL_SLOTS];
};

/** What a timer does; it may add, or free, the timer that fired, and cancel others. */
typedef void (*timer_fire_t)(struct timer *timer, uint64_t now_us, void *arg);

void
wheel_init(struct timer_wheel *wheel);

/** Arm a timer: it fires at the end of the tick that time_us lies in, never before. */
void
wheel_add(struct timer_wheel *wheel, struct timer *timer, uint64_t time_us);

/** Disarm a timer that is armed. */
void
wheel_cancel(struct timer *timer);

/** Fire what is due. Time that goes backwards is ignored; the first call only sets the time. */
void
wheel_advance(struct timer_wheel *wheel, uint64_t now_us, timer_fire_t fire, void *arg);

#endif /* TIMER_WHEEL_H */
