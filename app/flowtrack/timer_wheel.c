/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the order of timers: a hashed wheel, whose slots hold timers of this turn and later ones.
 * Must not: allocate, read a clock, or know what a timer is for.
 * Called by: flow.c.
 */

#include "timer_wheel.h"

void
wheel_init(struct timer_wheel *wheel)
{
	unsigned int i;

	wheel->tick = 0;
	wheel->started = false;
	for (i = 0; i < WHEEL_SLOTS; i++)
		LIST_INIT(&wheel->slots[i]);
}

static struct timer_list *
slot_of(struct timer_wheel *wheel, uint64_t tick)
{
	return &wheel->slots[tick % WHEEL_SLOTS];
}

void
wheel_add(struct timer_wheel *wheel, struct timer *timer, uint64_t time_us)
{
	timer->tick = (time_us >> WHEEL_TICK_SHIFT) + 1;
	/* This tick's slot is done with. */
	if (timer->tick <= wheel->tick)
		timer->tick = wheel->tick + 1;
	LIST_INSERT_HEAD(slot_of(wheel, timer->tick), timer, link);
}

void
wheel_cancel(struct timer *timer)
{
	LIST_REMOVE(timer, link);
}

/* Fire what is due in one slot; the others stay for a later turn. */
static void
fire_slot(struct timer_wheel *wheel, uint64_t tick, uint64_t now_us, timer_fire_t fire, void *arg)
{
	struct timer_list *slot = slot_of(wheel, tick);
	struct timer_list todo;
	struct timer *timer;

	/* A list of its own, since firing may put timers into this very slot, or take some away. */
	LIST_INIT(&todo);
	while ((timer = LIST_FIRST(slot)) != NULL) {
		LIST_REMOVE(timer, link);
		LIST_INSERT_HEAD(&todo, timer, link);
	}
	while ((timer = LIST_FIRST(&todo)) != NULL) {
		LIST_REMOVE(timer, link);
		if (timer->tick > wheel->tick)
			LIST_INSERT_HEAD(slot, timer, link);
		else
			fire(timer, now_us, arg);
	}
}

void
wheel_advance(struct timer_wheel *wheel, uint64_t now_us, timer_fire_t fire, void *arg)
{
	uint64_t now = now_us >> WHEEL_TICK_SHIFT;
	uint64_t first = wheel->tick + 1;
	uint64_t tick;

	if (!wheel->started) {
		wheel->started = true;
		wheel->tick = now;
		return;
	}
	if (now < first)
		return;

	/* One turn sees every slot, however long the silence was. */
	if (now - first >= WHEEL_SLOTS)
		first = now - WHEEL_SLOTS + 1;
	wheel->tick = now;
	for (tick = first; tick <= now; tick++)
		fire_slot(wheel, tick, now_us, fire, arg);
}
