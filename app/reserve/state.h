/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_STATE_H
#define RESERVE_STATE_H

#include <stdbool.h>

#include "ledger.h"

/* Where it is if no option says otherwise. */
#define STATE_FOLDER "/run/fastmem"

/* The ledger where it is kept, with a lock on it. */
struct state {
	const char *folder;
	int lock; /* -1: none. */
	/* It cannot be changed by this user, as -errno: then it is only looked at. */
	int refused;
	struct ledger ledger;
};

/* Lock and read it. 0, or a negative errno with its reason said on stderr. */
int
state_open(struct state *state, const char *folder);

/* Read it, without a lock and to be looked at only; likewise. */
int
state_look(struct state *state, const char *folder);

/* Keep it; 0, or a negative errno with its reason said on stderr. */
int
state_save(const struct state *state);

void
state_close(struct state *state);

#endif /* RESERVE_STATE_H */
