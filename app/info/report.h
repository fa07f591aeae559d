/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_REPORT_H
#define INFO_REPORT_H

#include <time.h>

#include "answers.h"
#include "heap_map.h"
#include "machine.h"

/* Looks that a report has at most, and call sites and pieces of advice that it tells. */
#define REPORT_LOOKS  301
#define REPORT_SITES  40
#define REPORT_ADVICE 40

/* What a node had at a look, in bytes. */
struct report_point {
	double live, cached, backing, reserved;
};

struct report_node {
	int id;
	struct report_point points[REPORT_LOOKS];
};

struct report_profile {
	bool own;	  /* the report began it, and ends it */
	char note[512];	  /* whose it is, or why there is none */
	json_t *summary;  /* NULL: there is none */
	json_t *of_nodes; /* these may be NULL as well */
	json_t *sites[REPORT_SITES], *advice;
	size_t nb_sites;
	bool all_sites;	  /* as many as there are, or as a page has */
	char untold[256]; /* why something of it is missing */
};

/* All that a page shows. */
struct report {
	char prefix[256];
	int pid;
	time_t began;
	double start; /* by the clock of at[] */
	size_t nb_looks;
	double at[REPORT_LOOKS]; /* in seconds since the first */
	/* Calls a second since the look before. */
	double allocs[REPORT_LOOKS], frees[REPORT_LOOKS];
	double nb_allocs, nb_frees; /* until the last look */
	size_t nb_short;	    /* looks at which the pressure was not low */
	size_t nb_nodes;
	struct report_node *nodes;
	struct answers first, last;
	json_t *classes; /* by node */
	struct heap_map map;
	struct report_profile profile;
};

/*
 * report_ask.c: ask the program; false: it does not answer, and why is on stderr. report_release()
 * what it holds in either case. interval: bytes a sample of the profile, or NULL.
 */
bool
report_begin(struct report *r, struct watched *w, const char *interval);

bool
report_look(struct report *r, struct watched *w);

bool
report_end(struct report *r, struct watched *w);

void
report_release(struct report *r);

/* report_profile.c */
void
report_profile_begin(struct report_profile *p, struct watched *w, const char *interval);

void
report_profile_end(struct report_profile *p, struct watched *w);

void
report_profile_release(struct report_profile *p);

/* What happened in it, as sections of a page. */
void
report_profile_advice(FILE *file, const struct report_profile *p);

void
report_profile_page(FILE *file, const struct report_profile *p);

/* report_page.c */
void
report_page(FILE *file, const struct report *r);

/* report_map.c */
void
report_map(FILE *file, const struct heap_map *map);

/* report_style.c: how the page looks. */
void
report_style(FILE *file);

/* report_tables.c */
void
report_nodes(FILE *file, const struct report *r);

void
report_classes(FILE *file, const struct report *r);

void
report_lcores(FILE *file, const struct report *r);

void
report_pressure(FILE *file, const struct report *r);

/* Both ends of a section; it is told by its title. */
void
report_section(FILE *file, const char *id, const char *title);

void
report_section_end(FILE *file);

/* report_chart.c */

/* How a figure went, as an area on top of the one before or as a line. */
struct chart_series {
	const char *name, *class;
	const double *values;
	bool is_line;
};

struct chart {
	const char *title;
	const double *at; /* in seconds */
	size_t n;
	const struct chart_series *series;
	size_t nb_series;
	bool from_zero;
	const char *(*text)(char buf[SIZE_TEXT], double value);
	bool binary; /* its steps are powers of two */
};

void
chart_draw(FILE *file, const struct chart *c);

/* How many were in each range from one power of two to the next. */
struct histogram {
	const char *id, *title, *of;
	const json_t *counts;
	const char *(*text)(char buf[SIZE_TEXT], double value);
	unsigned int label_each; /* power of two that is one of so many */
};

void
chart_histogram(FILE *file, const struct histogram *h);

/* A key of a chart: its colour and what it is. */
void
chart_key(FILE *file, const char *class, const char *name);

/* A bar of at most three parts and the rest of it. */
void
chart_bar(FILE *file, const double *parts, const char *const *classes, size_t n, double whole);

#endif /* INFO_REPORT_H */
