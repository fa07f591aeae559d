/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the figures of top: what changed between two looks, and how it went.
 * Must not: draw.
 * Called by: top.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "top.h"

static void
remember(struct history *h, double value)
{
	h->of[h->next] = value;
	h->next = (h->next + 1) % TOP_HISTORY;
	if (h->n < TOP_HISTORY)
		h->n++;
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* ---- nodes */

static void
look_at_nodes(struct top *t, const json_t *nodes)
{
	struct top_node *node;
	const char *name;
	json_t *figures;

	t->nb_nodes = 0;
	json_object_foreach((json_t *)(uintptr_t)nodes, name, figures)
	{
		if (t->nb_nodes == TOP_NODES)
			break;
		node = &t->nodes[t->nb_nodes++];
		node->id = atoi(name);
		node->reserved = watched_number(figures, "bytes_reserved");
		node->backing = watched_number(figures, "bytes_backing");
		node->in_use = watched_number(figures, "bytes_in_use");
		node->cached = watched_number(figures, "bytes_cached");
		node->growths = watched_number(figures, "growths");
		remember(&node->history, (double)node->in_use);
	}
}

/* ---- lcores */

enum { ALLOC_HITS, ALLOC_MISSES, ALLOC_NOMEM, FREE_HITS, FREE_MISSES };

static const char *const columns[] = {
	[ALLOC_HITS] = "alloc_hits", [ALLOC_MISSES] = "alloc_misses", [ALLOC_NOMEM] = "alloc_nomem",
	[FREE_HITS] = "free_hits",   [FREE_MISSES] = "free_misses",
};

static double
share(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

/* The lcore's place in the table, which it keeps. */
static struct top_lcore *
lcore_of(struct top *t, int id)
{
	unsigned int i;

	for (i = 0; i < t->nb_lcores; i++)
		if (t->lcores[i].id == id)
			return &t->lcores[i];
	if (i == TOP_LCORES)
		return NULL;
	t->nb_lcores++;
	t->lcores[i].id = id;
	return &t->lcores[i];
}

static void
update_lcore(struct top_lcore *l, const uint64_t calls[5], uint64_t cached, double seconds)
{
	double since[5];

	for (unsigned int i = 0; i < 5; i++) {
		/* Statistics may have been reset. */
		since[i] = calls[i] >= l->calls[i] ? (double)(calls[i] - l->calls[i]) : 0;
		l->calls[i] = calls[i];
	}
	l->refused = calls[ALLOC_NOMEM];
	l->cached = cached;
	if (l->seen && seconds > 0) {
		l->allocs = (since[ALLOC_HITS] + since[ALLOC_MISSES]) / seconds;
		l->frees = (since[FREE_HITS] + since[FREE_MISSES]) / seconds;
		l->alloc_hits = share(since[ALLOC_HITS], since[ALLOC_HITS] + since[ALLOC_MISSES]);
		l->free_hits = share(since[FREE_HITS], since[FREE_HITS] + since[FREE_MISSES]);
		remember(&l->history, l->allocs);
	}
	l->seen = true;
}

static void
look_at_lcores(struct top *t, const json_t *lcores, double seconds)
{
	const json_t *others = json_object_get(lcores, "other_threads");
	size_t row, i, n = watched_rows(lcores, "lcore");
	struct top_lcore *l;
	uint64_t calls[5];

	for (row = 0; row < n; row++) {
		l = lcore_of(t, (int)watched_cell(lcores, "lcore", row));
		for (i = 0; i < 5; i++)
			calls[i] = watched_cell(lcores, columns[i], row);
		if (l != NULL)
			update_lcore(l, calls, watched_cell(lcores, "bytes", row), seconds);
	}
	l = lcore_of(t, -1);
	for (i = 0; i < 5; i++)
		calls[i] = watched_number(others, columns[i]);
	if (l != NULL)
		update_lcore(l, calls, watched_number(others, "bytes"), seconds);
}

/* ---- classes */

static int
by_live_bytes(const void *a, const void *b)
{
	const struct top_class *x = a, *y = b;
	uint64_t more = x->live * x->size, less = y->live * y->size;

	return (more < less) - (more > less);
}

/* Put it where the least is, if that is less. */
static void
add_class(struct top *t, const struct top_class *c)
{
	if (t->nb_classes < TOP_CLASSES)
		t->classes[t->nb_classes++] = *c;
	else if (by_live_bytes(&t->classes[TOP_CLASSES - 1], c) > 0)
		t->classes[TOP_CLASSES - 1] = *c;
	qsort(t->classes, t->nb_classes, sizeof(*c), by_live_bytes);
}

static bool
look_at_classes(struct top *t, struct watched *w)
{
	json_t *table;

	t->nb_classes = 0;
	for (unsigned int i = 0; i < t->nb_nodes; i++) {
		table = watched_ask(w, "/fastmem/classes,%d", t->nodes[i].id);
		if (table == NULL)
			return false;
		for (size_t row = 0; row < watched_rows(table, "class_size"); row++) {
			const struct top_class c = {
				.node = t->nodes[i].id,
				.size = watched_cell(table, "class_size", row),
				.live = watched_cell(table, "live", row),
				.cached = watched_cell(table, "in_caches", row) +
					  watched_cell(table, "in_transit", row),
				.free = watched_cell(table, "free", row),
			};

			add_class(t, &c);
		}
		json_decref(table);
	}
	return true;
}

/* ---- */

static void
look_at_pressure(struct top *t, const json_t *pressure)
{
	const char *level = json_string_value(json_object_get(pressure, "level"));

	snprintf(t->level, sizeof(t->level), "%s", level != NULL ? level : "?");
	t->available = watched_number(pressure, "available");
}

bool
top_look(struct top *t, struct watched *w)
{
	json_t *nodes = watched_ask(w, "/fastmem/nodes"), *lcores = NULL, *pressure = NULL;
	double at = now();
	bool all = false;

	if (nodes != NULL)
		lcores = watched_ask_all(w, "/fastmem/lcores");
	if (lcores != NULL)
		pressure = watched_ask(w, "/fastmem/pressure");
	if (pressure != NULL) {
		memcpy(t->prefix, w->prefix, sizeof(t->prefix));
		t->pid = w->pid;
		look_at_nodes(t, nodes);
		look_at_lcores(t, lcores, t->last > 0 ? at - t->last : 0);
		look_at_pressure(t, pressure);
		t->last = at;
		all = look_at_classes(t, w);
	}
	json_decref(nodes);
	json_decref(lcores);
	json_decref(pressure);
	return all;
}
