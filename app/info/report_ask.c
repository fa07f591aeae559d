/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a report asks a running program, and keeps of its answers.
 * Must not: write the page.
 * Called by: report.c.
 */

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* All of the lcores' calls of two kinds. */
static double
calls(const struct answers *a, enum answers_call hits, enum answers_call misses)
{
	struct answers_lcore lcore;
	double sum = 0;

	for (size_t i = 0; i < answers_nb_lcores(a); i++) {
		answers_lcore(a, i, &lcore);
		sum += (double)lcore.calls[hits] + (double)lcore.calls[misses];
	}
	return sum;
}

/* Statistics may have been reset. */
static double
rate(double before, double after, double seconds)
{
	return seconds > 0 && after > before ? (after - before) / seconds : 0;
}

static void
keep_points(struct report *r, size_t look)
{
	char name[16];
	json_t *node;

	for (size_t i = 0; i < r->nb_nodes; i++) {
		snprintf(name, sizeof(name), "%d", r->nodes[i].id);
		node = json_object_get(r->last.nodes, name);
		r->nodes[i].points[look] = (struct report_point){
			.live = (double)watched_number(node, "bytes_in_use"),
			.cached = (double)watched_number(node, "bytes_cached"),
			.backing = (double)watched_number(node, "bytes_backing"),
			.reserved = (double)watched_number(node, "bytes_reserved"),
		};
	}
}

static bool
find_nodes(struct report *r)
{
	const char *name;
	json_t *node;

	r->nodes = calloc(json_object_size(r->first.nodes) + 1, sizeof(*r->nodes));
	if (r->nodes == NULL)
		return false;
	json_object_foreach(r->first.nodes, name, node) r->nodes[r->nb_nodes++].id = atoi(name);
	return true;
}

/* What was done since the look before, and how short memory is. */
static void
keep_calls(struct report *r, size_t look)
{
	double allocs = calls(&r->last, CALL_ALLOC_HITS, CALL_ALLOC_MISSES);
	double frees = calls(&r->last, CALL_FREE_HITS, CALL_FREE_MISSES);
	double seconds = look > 0 ? r->at[look] - r->at[look - 1] : 0;

	r->allocs[look] = rate(r->nb_allocs, allocs, seconds);
	r->frees[look] = rate(r->nb_frees, frees, seconds);
	r->nb_allocs = allocs;
	r->nb_frees = frees;
	r->nb_short += strcmp(answers_level(&r->last), "low") != 0;
}

bool
report_look(struct report *r, struct watched *w)
{
	size_t look = r->nb_looks;
	struct answers a;

	r->at[look] = answers_now() - r->start;
	if (!answers_ask(w, &a)) {
		answers_release(&a);
		return false;
	}
	answers_release(&r->last);
	r->last = a;
	keep_points(r, look);
	keep_calls(r, look);
	r->nb_looks++;
	return true;
}

bool
report_begin(struct report *r, struct watched *w, const char *interval)
{
	*r = (struct report){ .pid = w->pid, .began = time(NULL), .start = answers_now() };
	memcpy(r->prefix, w->prefix, sizeof(r->prefix));
	if (!answers_ask(w, &r->first) || !find_nodes(r) || !report_look(r, w))
		return false;
	/* Nothing is known of the time before. */
	r->allocs[0] = r->frees[0] = 0;
	report_profile_begin(&r->profile, w, interval);
	return true;
}

static bool
ask_classes(struct report *r, struct watched *w)
{
	json_t *table;
	char name[16];

	r->classes = json_object();
	for (size_t i = 0; i < r->nb_nodes; i++) {
		table = watched_ask(w, "/fastmem/classes,%d", r->nodes[i].id);
		snprintf(name, sizeof(name), "%d", r->nodes[i].id);
		if (table == NULL || json_object_set_new(r->classes, name, table) != 0)
			return false;
	}
	return true;
}

bool
report_end(struct report *r, struct watched *w)
{
	return ask_classes(r, w) && heap_map_read(w, &r->map);
}

void
report_release(struct report *r)
{
	answers_release(&r->first);
	answers_release(&r->last);
	json_decref(r->classes);
	heap_map_release(&r->map);
	report_profile_release(&r->profile);
	free(r->nodes);
}
