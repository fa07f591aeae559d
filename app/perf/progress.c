/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the line on stderr that says what is being measured.
 * Must not: write while something is timed.
 * Called by: main.c, and whatever goes in rounds.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

static char prefix[64];
static const char *last;
static time_t started;

void
progress_scenario(const char *name, unsigned int number, unsigned int total)
{
	if (started == 0)
		started = time(NULL);
	snprintf(prefix, sizeof(prefix), "[%u/%u] %s", number, total, name);
	last = NULL;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s", prefix);
}

void
progress_step(const char *work, unsigned int step, unsigned int steps)
{
	long seconds = (long)(time(NULL) - started);

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s: %s, %u of %u (%ld s)", prefix, work, step, steps,
			seconds);
	else if (last == NULL || strcmp(last, work) != 0)
		fprintf(stderr, "%s: %s (%ld s)\n", prefix, work, seconds);
	last = work;
}

void
progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
