/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the signals by which somebody ends a verb that goes on for long.
 * Must not: know what there is to be done before the end.
 * Called by: report.c, top.c.
 */

#include <signal.h>
#include <stddef.h>

#include "ending.h"

static volatile sig_atomic_t wanted;

static void
note(int signal)
{
	(void)signal;
	wanted = 1;
}

void
ending_begin(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = note };
	struct sigaction is;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* nohup(1) */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &is) == 0 &&
		    is.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
}

bool
ending_wanted(void)
{
	return wanted != 0;
}
