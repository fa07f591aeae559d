/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what is asked of a running program for more than one verb, and what an lcore's figures are.
 * Must not: show anything.
 * Called by: status.c, top_figures.c, metrics.c and report_*.c.
 */

#include <time.h>

#include "answers.h"

static const char *const columns[NB_CALLS] = {
	[CALL_ALLOC_HITS] = "alloc_hits",   [CALL_ALLOC_MISSES] = "alloc_misses",
	[CALL_ALLOC_NOMEM] = "alloc_nomem", [CALL_FREE_HITS] = "free_hits",
	[CALL_FREE_MISSES] = "free_misses",
};

bool
answers_ask(struct watched *w, struct answers *a)
{
	*a = (struct answers){ .nodes = watched_ask(w, "/fastmem/nodes"),
			       .from_here = w->child != 0 };
	if (a->nodes != NULL)
		a->lcores = watched_ask_all(w, "/fastmem/lcores");
	if (a->lcores != NULL)
		a->pressure = watched_ask(w, "/fastmem/pressure");
	return a->pressure != NULL;
}

void
answers_release(struct answers *a)
{
	json_decref(a->nodes);
	json_decref(a->lcores);
	json_decref(a->pressure);
}

size_t
answers_nb_lcores(const struct answers *a)
{
	return watched_rows(a->lcores, "lcore") + 1;
}

void
answers_lcore(const struct answers *a, size_t i, struct answers_lcore *lcore)
{
	const json_t *others = json_object_get(a->lcores, "other_threads");
	bool is_lcore = i < watched_rows(a->lcores, "lcore");

	lcore->id = is_lcore ? (int)watched_cell(a->lcores, "lcore", i) : -1;
	for (size_t c = 0; c < NB_CALLS; c++)
		lcore->calls[c] = is_lcore ? watched_cell(a->lcores, columns[c], i) :
					     watched_number(others, columns[c]);
	lcore->blocks = is_lcore ? watched_cell(a->lcores, "blocks", i) :
				   watched_number(others, "blocks");
	lcore->bytes = is_lcore ? watched_cell(a->lcores, "bytes", i) :
				  watched_number(others, "bytes");
}

const char *
answers_level(const struct answers *a)
{
	const char *level = json_string_value(json_object_get(a->pressure, "level"));

	return level != NULL ? level : "?";
}

double
answers_percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

double
answers_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}
