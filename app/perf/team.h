/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef TEAM_H
#define TEAM_H

#include <stdbool.h>

#include "bench.h"

#define TEAM_MAX 16

/** A thread that EAL does not know, while its team works. */
struct member {
	const struct bench *bench;
	const struct part *part;
	unsigned int number;
	struct work work;
	uint64_t n; /**< For the member's own use, as are the next ones. */
	uint64_t done;
	uint64_t cycles;
	bool is_disturbed; /**< Filled in. */
	bool failed;	   /**< Could not begin. */
};

/** What a member does once all are there. */
typedef void (*team_fn)(struct member *member);

/**
 * Run nb threads at once, each attached to the part's way, spread over the machine's two CPUs.
 *
 * @param pinned
 *   Each stays on one CPU; otherwise all may go where they like among the two.
 *
 * @return
 *   false if one of them could not begin.
 */
bool
team_run(const struct bench *bench, const struct part *part, team_fn fn, unsigned int nb,
	 bool pinned, struct member members[TEAM_MAX]);

#endif /* TEAM_H */
