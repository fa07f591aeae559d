/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_RAISE_H
#define RESERVE_RAISE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ledger.h"
#include "state.h"
#include "supply.h"

/* Where pools are changed, and how far that is. */
struct raise {
	const char *sysfs;
	struct state *state; /* Kept after each step. */
	struct ledger_plan *plan;
	FILE *out;     /* For lines. */
	bool terminal; /* Of stderr: a bar there instead. */
	uint64_t bytes_all, bytes_done;
	double began, told;
};

/* The name of a pool's file, below sysfs. */
#define RAISE_NAME 128

void
raise_name(const char *sysfs, int node_id, uint64_t page_size, const char *file,
	   char name[RAISE_NAME]);

/* Find out what became of steps in which somebody was killed. */
void
raise_settle(const char *sysfs, struct ledger *ledger);

/*
 * Raise a pool by pool->raise, and note it; on failure some of it may be done. 0, -EINTR: a signal
 * came, -ENOMEM: the kernel has no more such pages, or another negative errno.
 */
int
raise_pool(struct raise *raise, const struct pool *pool);

/* Take up to so many pages that nobody uses out of a pool; how many these were, or -errno. */
int64_t
raise_lower(const char *sysfs, int node_id, uint64_t page_size, uint64_t pages);

#endif /* RESERVE_RAISE_H */
