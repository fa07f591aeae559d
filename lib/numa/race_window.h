/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A place between two steps of a lock-free routine where another thread may come in.
 *
 * Empty in ordinary builds. With -Dfastmem_race_window=true it gives the processor away now and
 * then, so that on few cores too the stress tests meet the orders that matter.
 */

#ifndef RACE_WINDOW_H
#define RACE_WINDOW_H

#ifdef FASTMEM_RACE_WINDOW

#include <sched.h>
#include <stdint.h>

static inline void
race_window(void)
{
	static _Thread_local uint32_t seed;

	if (seed == 0)
		seed = (uint32_t)(uintptr_t)&seed | 1;
	/* xorshift32, Marsaglia 2003: one window in eight yields. */
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	if (seed % 8 == 0)
		sched_yield();
}

#define RACE_WINDOW() race_window()

#else

#define RACE_WINDOW() \
	do { \
	} while (0)

#endif

#endif /* RACE_WINDOW_H */
