/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's tables: nodes, size classes, lcores, pressure.
 * Must not: ask the program.
 * Called by: report_page.c.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "html.h"
#include "report.h"

static const char *const parts_classes[] = { "used", "promised" };

/* ---- nodes */

static void
put_node(FILE *file, const char *name, const json_t *node)
{
	uint64_t limit = watched_number(node, "bytes_limit");
	uint64_t page = watched_number(node, "page_size");
	char text[SIZE_TEXT];

	fputs("<tr>", file);
	html_cell(file, NULL, "%s", name);
	html_cell(file, NULL, "%s", size_text(text, watched_number(node, "bytes_reserved")));
	html_cell(file, NULL, "%s", size_text(text, watched_number(node, "bytes_backing")));
	html_cell(file, "wide", "%s", limit == UINT64_MAX ? "none" : size_text(text, limit));
	html_cell(file, NULL, "%s", size_text(text, watched_number(node, "bytes_in_use")));
	html_cell(file, NULL, "%s", size_text(text, watched_number(node, "bytes_cached")));
	html_cell(file, "wide", "%s", page == 0 ? "–" : size_text(text, page));
	html_cell(file, "wide", "%s", count_text(text, watched_number(node, "growths")));
	html_cell(file, "wide", "%s", count_text(text, watched_number(node, "failed_growths")));
	fputs("</tr>\n", file);
}

void
report_nodes(FILE *file, const struct report *r)
{
	const char *name;
	json_t *node;

	report_section(file, "nodes", "Nodes");
	fputs("<table><thead><tr><th>node</th><th>reserved</th><th>has</th>"
	      "<th class=\"wide\">limit</th><th>live</th><th>cached</th>"
	      "<th class=\"wide\">pages of</th><th class=\"wide\">growths</th>"
	      "<th class=\"wide\">refused</th></tr></thead><tbody>\n",
	      file);
	json_object_foreach(r->last.nodes, name, node) put_node(file, name, node);
	fputs("</tbody></table>\n", file);
	report_section_end(file);
}

/* ---- classes */

struct class_row {
	uint64_t size, blocks, live, cached, free;
};

/* The class that has most memory first. */
static int
by_bytes(const void *a, const void *b)
{
	const struct class_row *x = a, *y = b;
	double more = (double)x->blocks * (double)x->size;
	double less = (double)y->blocks * (double)y->size;

	return (more < less) - (more > less);
}

static void
put_class(FILE *file, const struct class_row *c)
{
	const double parts[] = { (double)c->live, (double)c->cached };
	char text[SIZE_TEXT];

	fputs("<tr>", file);
	html_cell(file, NULL, "%s B", count_text(text, c->size));
	html_cell(file, NULL, "%s",
		  size_text(text, (uint64_t)((double)c->blocks * (double)c->size)));
	html_cell(file, NULL, "%s", count_text(text, c->live));
	html_cell(file, "wide", "%s", count_text(text, c->cached));
	html_cell(file, "wide", "%s", count_text(text, c->free));
	html_cell(file, NULL, "%.1f %%", answers_percent(parts[0], (double)c->blocks));
	fputs("<td class=\"bar\">", file);
	chart_bar(file, parts, parts_classes, 2, (double)c->blocks);
	fputs("</td></tr>\n", file);
}

static void
put_classes(FILE *file, const char *node, const json_t *t)
{
	size_t n = watched_rows(t, "class_size");
	struct class_row *rows = calloc(n + 1, sizeof(*rows));

	for (size_t i = 0; rows != NULL && i < n; i++)
		rows[i] = (struct class_row){
			.size = watched_cell(t, "class_size", i),
			.blocks = watched_cell(t, "blocks", i),
			.live = watched_cell(t, "live", i),
			.cached =
				watched_cell(t, "in_caches", i) + watched_cell(t, "in_transit", i),
			.free = watched_cell(t, "free", i),
		};
	if (rows != NULL && n != 0) {
		qsort(rows, n, sizeof(*rows), by_bytes);
		fprintf(file,
			"<h3>Node %d: %zu classes</h3><table class=\"classes\"><thead><tr><th>blocks of</th>"
			"<th>in all</th><th>live</th><th class=\"wide\">cached</th>"
			"<th class=\"wide\">free</th><th>live</th><th class=\"bar\"></th></tr></thead>"
			"<tbody>\n",
			atoi(node), n);
		for (size_t i = 0; i < n; i++)
			put_class(file, &rows[i]);
		fputs("</tbody></table>\n", file);
	}
	free(rows);
}

void
report_classes(FILE *file, const struct report *r)
{
	const char *node;
	json_t *table;

	report_section(file, "classes", "Size classes");
	fputs("<p class=\"keys\">", file);
	chart_key(file, "used", "live");
	chart_key(file, "promised", "cached");
	chart_key(file, "track", "free");
	fputs("</p>\n", file);
	json_object_foreach(r->classes, node, table) put_classes(file, node, table);
	report_section_end(file);
}

/* ---- lcores */

struct lcore_rates {
	double allocs, frees, alloc_hits, free_hits;
};

static double
since(const struct answers_lcore *before, const struct answers_lcore *after, enum answers_call call)
{
	/* Statistics may have been reset. */
	return after->calls[call] > before->calls[call] ?
		       (double)(after->calls[call] - before->calls[call]) :
		       0;
}

/* What the lcore had done before; nothing, if it was not there. */
static struct answers_lcore
find_lcore(const struct answers *a, int id)
{
	struct answers_lcore lcore;

	for (size_t i = 0; i < answers_nb_lcores(a); i++) {
		answers_lcore(a, i, &lcore);
		if (lcore.id == id)
			return lcore;
	}
	return (struct answers_lcore){ .id = id };
}

static struct lcore_rates
rates_of(const struct report *r, const struct answers_lcore *after)
{
	const struct answers_lcore before = find_lcore(&r->first, after->id);
	double seconds = r->at[r->nb_looks - 1];
	double hits = since(&before, after, CALL_ALLOC_HITS);
	double takes = since(&before, after, CALL_FREE_HITS);
	struct lcore_rates rates = {
		.allocs = hits + since(&before, after, CALL_ALLOC_MISSES),
		.frees = takes + since(&before, after, CALL_FREE_MISSES),
	};

	rates.alloc_hits = answers_percent(hits, rates.allocs);
	rates.free_hits = answers_percent(takes, rates.frees);
	rates.allocs /= seconds > 0 ? seconds : 1;
	rates.frees /= seconds > 0 ? seconds : 1;
	return rates;
}

static void
put_share(FILE *file, double calls, double percent)
{
	if (calls > 0)
		html_cell(file, "wide", "%.1f %%", percent);
	else
		html_cell(file, "wide", "–");
}

static void
put_lcore(FILE *file, const struct report *r, const struct answers_lcore *l)
{
	const struct lcore_rates rates = rates_of(r, l);
	char text[SIZE_TEXT], name[16] = "others";

	if (l->id >= 0)
		snprintf(name, sizeof(name), "%d", l->id);
	fputs("<tr>", file);
	html_cell(file, NULL, "%s", name);
	html_cell(file, NULL, "%s/s", rate_text(text, rates.allocs));
	put_share(file, rates.allocs, rates.alloc_hits);
	html_cell(file, NULL, "%s/s", rate_text(text, rates.frees));
	put_share(file, rates.frees, rates.free_hits);
	html_cell(file, NULL, "%s", count_text(text, l->calls[CALL_ALLOC_NOMEM]));
	html_cell(file, "wide", "%s", count_text(text, l->blocks));
	html_cell(file, NULL, "%s", size_text(text, l->bytes));
	fputs("</tr>\n", file);
}

void
report_lcores(FILE *file, const struct report *r)
{
	struct answers_lcore lcore;

	report_section(file, "lcores", "Lcores");
	fputs("<table><thead><tr><th>lcore</th><th>allocated</th><th class=\"wide\">by cache</th>"
	      "<th>freed</th><th class=\"wide\">by cache</th><th>refused</th>"
	      "<th class=\"wide\">blocks cached</th><th>cached</th></tr></thead><tbody>\n",
	      file);
	for (size_t i = 0; i < answers_nb_lcores(&r->last); i++) {
		answers_lcore(&r->last, i, &lcore);
		put_lcore(file, r, &lcore);
	}
	fputs("</tbody></table>\n<p class=\"note\">Allocated and freed: a second, while it was watched. "
	      "Refused: since the program began. Others: threads that are no lcores.</p>\n",
	      file);
	report_section_end(file);
}

/* ---- pressure */

static void
put_source(FILE *file, const char *name, const json_t *source)
{
	const char *level = json_string_value(json_object_get(source, "level"));
	static const char *const classes[] = { "used" };
	double shortage = (double)watched_number(source, "shortage");
	uint64_t total = watched_number(source, "total");
	char free[SIZE_TEXT], all[SIZE_TEXT];

	fputs("<tr>", file);
	html_cell(file, "text", "%s", name);
	html_cell(file, "text", "%s", level != NULL ? level : "?");
	html_cell(file, NULL, "%.1f %%", shortage / 10);
	fputs("<td class=\"bar wide\">", file);
	chart_bar(file, &shortage, classes, 1, 1000);
	fputs("</td>", file);
	html_cell(file, NULL, "%s",
		  total == 0 ? "–" : size_text(free, watched_number(source, "free")));
	html_cell(file, NULL, "%s", total == 0 ? "–" : size_text(all, total));
	fputs("</tr>\n", file);
}

static void
put_level(FILE *file, const char *node, const char *level)
{
	fputs("; node ", file);
	html_text(file, node);
	fputs(" ", file);
	html_text(file, level != NULL ? level : "?");
}

void
report_pressure(FILE *file, const struct report *r)
{
	const json_t *pressure = r->last.pressure;
	const char *name;
	json_t *value;

	report_section(file, "pressure", "Pressure");
	fputs("<p>The machine: ", file);
	html_text(file, answers_level(&r->last));
	json_object_foreach(json_object_get(pressure, "nodes"), name, value)
		put_level(file, name, json_string_value(value));
	fprintf(file, ". It was not low at %zu of %zu looks.%s</p>\n", r->nb_short, r->nb_looks,
		r->last.from_here ? " " ANSWERS_FROM_HERE : "");
	fputs("<table><thead><tr><th class=\"text\">by</th><th class=\"text\">level</th><th>short</th>"
	      "<th class=\"wide\"></th><th>free</th><th>of</th></tr></thead><tbody>\n",
	      file);
	json_object_foreach(json_object_get(pressure, "sources"), name, value)
		put_source(file, name, value);
	fputs("</tbody></table>\n", file);
	report_section_end(file);
}
