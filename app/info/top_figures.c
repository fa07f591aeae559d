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

#include "top.h"

static void
remember(struct history *h, double value)
{
	h->of[h->next] = value;
	h->next = (h->next + 1) % TOP_HISTORY;
	if (h->n < TOP_HISTORY)
		h->n++;
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
update_lcore(struct top_lcore *l, const struct answers_lcore *told, double seconds)
{
	double since[NB_CALLS], allocs, frees;

	for (unsigned int i = 0; i < NB_CALLS; i++) {
		/* Statistics may have been reset. */
		since[i] = told->calls[i] >= l->calls[i] ? (double)(told->calls[i] - l->calls[i]) :
							   0;
		l->calls[i] = told->calls[i];
	}
	l->refused = told->calls[CALL_ALLOC_NOMEM];
	l->cached = told->bytes;
	if (l->seen && seconds > 0) {
		allocs = since[CALL_ALLOC_HITS] + since[CALL_ALLOC_MISSES];
		frees = since[CALL_FREE_HITS] + since[CALL_FREE_MISSES];
		l->allocs = allocs / seconds;
		l->frees = frees / seconds;
		l->alloc_hits = answers_percent(since[CALL_ALLOC_HITS], allocs);
		l->free_hits = answers_percent(since[CALL_FREE_HITS], frees);
		remember(&l->history, l->allocs);
	}
	l->seen = true;
}

static void
look_at_lcores(struct top *t, const struct answers *a, double seconds)
{
	struct answers_lcore told;
	struct top_lcore *l;

	for (size_t i = 0; i < answers_nb_lcores(a); i++) {
		answers_lcore(a, i, &told);
		l = lcore_of(t, told.id);
		if (l != NULL)
			update_lcore(l, &told, seconds);
	}
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

bool
top_look(struct top *t, struct watched *w)
{
	double at = answers_now();
	struct answers a;
	bool all = answers_ask(w, &a);

	if (all) {
		memcpy(t->prefix, w->prefix, sizeof(t->prefix));
		t->pid = w->pid;
		look_at_nodes(t, a.nodes);
		look_at_lcores(t, &a, t->last > 0 ? at - t->last : 0);
		snprintf(t->level, sizeof(t->level), "%s%s", answers_level(&a),
			 a.from_here ? " (seen from here)" : "");
		t->available = watched_number(a.pressure, "available");
		t->last = at;
		all = look_at_classes(t, w);
	}
	answers_release(&a);
	return all;
}
