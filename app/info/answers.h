/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_ANSWERS_H
#define INFO_ANSWERS_H

#include "watched.h"

/* What several verbs show of a running program. */
struct answers {
	json_t *nodes, *lcores, *pressure;
	bool from_here; /* pressure is as this process sees it */
};

/* What is to be said with pressure then. */
#define ANSWERS_FROM_HERE \
	"Pressure is as fastmem-info sees it: how the program watches it a secondary cannot tell."

/* Ask for all of it; false: it does not answer. answers_release() what it holds in either case. */
bool
answers_ask(struct watched *w, struct answers *a);

void
answers_release(struct answers *a);

/* Calls that are counted. */
enum answers_call {
	CALL_ALLOC_HITS,
	CALL_ALLOC_MISSES,
	CALL_ALLOC_NOMEM,
	CALL_FREE_HITS,
	CALL_FREE_MISSES,
	NB_CALLS,
};

/* What an lcore did since the program began, and has cached now. */
struct answers_lcore {
	int id; /* -1: threads that are none, together */
	uint64_t calls[NB_CALLS];
	uint64_t blocks, bytes;
};

/* How many there are of these; the last is that of threads that are none. */
size_t
answers_nb_lcores(const struct answers *a);

void
answers_lcore(const struct answers *a, size_t i, struct answers_lcore *lcore);

/* How short memory is, in a word. */
const char *
answers_level(const struct answers *a);

/* Seconds of a clock that nobody sets, for when they were asked. */
double
answers_now(void);

/* A part in percent; 0 of nothing. */
double
answers_percent(double part, double whole);

#endif /* INFO_ANSWERS_H */
