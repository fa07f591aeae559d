/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef BOX_H
#define BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A memory cgroup of the kernel's, of whichever version the machine has, that a test makes for
 * processes that it forks. All but box_make() fail the running test when they cannot do their work.
 */
struct box {
	bool v1;
	bool enabled; /* The controller was switched on for it. */
	char top[256], dir[300];
};

/* One without limits; otherwise says why there can be none. */
const char *
box_make(struct box *box);

/* Set a limit: memory.max, or memory.high where there is such a thing. */
void
box_limit(const struct box *box, uint64_t bytes);

void
box_limit_high(const struct box *box, uint64_t bytes);

/* Go into it: for a process that was forked for it. */
bool
box_enter(const struct box *box);

/* When all processes that went in have ended. */
void
box_remove(const struct box *box);

#endif
