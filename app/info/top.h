/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_TOP_H
#define INFO_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "answers.h"

#define TOP_NODES   64
#define TOP_LCORES  257 /* and other threads */
#define TOP_CLASSES 32
#define TOP_HISTORY 64

/* How a figure went at the last looks. */
struct history {
	double of[TOP_HISTORY];
	unsigned int n, next;
};

struct top_node {
	int id;
	uint64_t reserved, backing, in_use, cached, growths;
	struct history history; /* of what is in use */
};

struct top_lcore {
	int id;			  /* -1: threads that are none */
	uint64_t calls[NB_CALLS]; /* since it began, as telemetry has them */
	bool seen;
	double allocs, frees;	      /* a second */
	double alloc_hits, free_hits; /* percent of those since the last look */
	uint64_t refused, cached;     /* since it began; bytes */
	struct history history;	      /* of allocations */
};

struct top_class {
	int node;
	uint64_t size, live, cached, free;
};

/* What is shown, and what the next look is compared with. */
struct top {
	char prefix[256];
	int pid;
	char level[32];
	uint64_t available;
	double last; /* look, in seconds */
	unsigned int nb_nodes, nb_lcores, nb_classes;
	struct top_node nodes[TOP_NODES];
	struct top_lcore lcores[TOP_LCORES];
	struct top_class classes[TOP_CLASSES]; /* by what is live, most first */
};

/* The value of so many looks ago. */
static inline double
history_at(const struct history *h, unsigned int ago)
{
	return h->of[(h->next + 2 * TOP_HISTORY - 1 - ago) % TOP_HISTORY];
}

/* Ask the program; false: it does not answer, and why is in w->why. */
bool
top_look(struct top *t, struct watched *w);

#endif /* INFO_TOP_H */
