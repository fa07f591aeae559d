/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_APPLY_H
#define RESERVE_APPLY_H

#include <stdbool.h>
#include <stdio.h>

#include "plan.h"
#include "verb.h"

/* How a plan is to be applied. */
struct apply_how {
	const char *sysfs;	  /* NULL: that of the running machine. */
	const char *state;	  /* The folder of the record. */
	const char *owner, *mode; /* Of what is mounted; NULL: not said. */
	bool dry_run, no_mount;
	FILE *out; /* For what was done. */
};

/* Supply what a plan needs, all of it or nothing; why not is said on stderr. */
enum verb_status
apply_plan(const struct plan *plan, const struct apply_how *how);

/* undo.c: give back what was added for a plan. */
enum verb_status
undo_plan(const struct plan *plan, const struct apply_how *how);

#endif /* RESERVE_APPLY_H */
