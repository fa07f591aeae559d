/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's page: its head, what is most important, how it went, and the order of the rest.
 * Must not: ask the program.
 * Called by: report.c.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "html.h"
#include "report.h"

void
report_section(FILE *file, const char *id, const char *title)
{
	fprintf(file,
		"<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n",
		id, id, id, title);
}

void
report_section_end(FILE *file)
{
	fputs("</section>\n", file);
}

/* ---- head */

/* Nothing may be fetched and nothing run, whatever a text on it would be. */
static void
put_head(FILE *file, const struct report *r)
{
	char when[64], text[SIZE_TEXT];
	struct tm tm;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	      file);
	html_text(file, r->prefix);
	fprintf(file, ", process %d: fastmem</title>\n", r->pid);
	report_style(file);
	fputs("</head>\n<body>\n<header>\n<h1>fastmem of <bdi>", file);
	html_text(file, r->prefix);
	gmtime_r(&r->began, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fprintf(file,
		"</bdi>, process %d</h1>\n<p>Watched for %s from %s, %zu looks.</p>\n</header>\n",
		r->pid, time_text(text, r->at[r->nb_looks - 1] * 1e9), when, r->nb_looks);
}

/* ---- tiles */

static void
put_tile(FILE *file, const char *name, const char *value, const char *more)
{
	fprintf(file, "<div><dt>%s</dt><dd>", name);
	html_text(file, value);
	fputs("</dd><dd class=\"more\">", file);
	html_text(file, more);
	fputs("</dd></div>\n", file);
}

static struct report_point
sum_at(const struct report *r, size_t look)
{
	struct report_point sum = { 0 };

	for (size_t i = 0; i < r->nb_nodes; i++) {
		sum.live += r->nodes[i].points[look].live;
		sum.cached += r->nodes[i].points[look].cached;
		sum.backing += r->nodes[i].points[look].backing;
		sum.reserved += r->nodes[i].points[look].reserved;
	}
	return sum;
}

static const char *
bytes_text(char buf[SIZE_TEXT], double value)
{
	return size_text(buf, value < 0x1p63 ? (uint64_t)value : UINT64_MAX);
}

static void
put_memory_tiles(FILE *file, const struct report *r)
{
	const struct report_point sum = sum_at(r, r->nb_looks - 1);
	char value[SIZE_TEXT], text[SIZE_TEXT], more[64];

	snprintf(more, sizeof(more), "%.1f %% of what it has",
		 answers_percent(sum.live, sum.backing));
	put_tile(file, "live", bytes_text(value, sum.live), more);
	snprintf(more, sizeof(more), "%.1f %% of what it has",
		 answers_percent(sum.cached, sum.backing));
	put_tile(file, "cached", bytes_text(value, sum.cached), more);
	snprintf(more, sizeof(more), "reserved: %s", bytes_text(text, sum.reserved));
	put_tile(file, "has from EAL", bytes_text(value, sum.backing), more);
}

static double
mean(const struct report *r, const double *rates)
{
	double sum = 0, seconds = r->at[r->nb_looks - 1] - r->at[0];

	for (size_t i = 1; i < r->nb_looks; i++)
		sum += rates[i] * (r->at[i] - r->at[i - 1]);
	return seconds > 0 ? sum / seconds : 0;
}

static void
put_call_tiles(FILE *file, const struct report *r)
{
	char rate[SIZE_TEXT], text[SIZE_TEXT], value[SIZE_TEXT + 8], more[64];
	char available[SIZE_TEXT];

	snprintf(value, sizeof(value), "%s/s", rate_text(rate, mean(r, r->allocs)));
	snprintf(more, sizeof(more), "frees: %s/s", rate_text(text, mean(r, r->frees)));
	put_tile(file, "allocations", value, more);
	snprintf(more, sizeof(more), "%s available",
		 size_text(available, watched_number(r->last.pressure, "available")));
	put_tile(file, "pressure", answers_level(&r->last), more);
}

static void
put_profile_tiles(FILE *file, const json_t *summary)
{
	char value[SIZE_TEXT];

	if (json_object_get(summary, "fragmentation_permille") != NULL) {
		snprintf(value, sizeof(value), "%.1f %%",
			 (double)watched_number(summary, "fragmentation_permille") / 10);
		put_tile(file, "fragmentation", value, "free, among what is live");
	}
	if (json_object_get(summary, "efficiency_permille") != NULL) {
		snprintf(value, sizeof(value), "%.1f %%",
			 (double)watched_number(summary, "efficiency_permille") / 10);
		put_tile(file, "efficiency", value, "asked for, of what was given");
	}
}

static void
put_tiles(FILE *file, const struct report *r)
{
	fputs("<dl class=\"tiles\">\n", file);
	put_memory_tiles(file, r);
	put_call_tiles(file, r);
	put_profile_tiles(file, r->profile.summary);
	fputs("</dl>\n", file);
}

/* ---- how it went */

static void
put_occupancy(FILE *file, const struct report *r, const struct report_node *node)
{
	double live[REPORT_LOOKS], cached[REPORT_LOOKS], all[REPORT_LOOKS], reserved[REPORT_LOOKS];
	const struct chart_series areas[] = {
		{ "live", "used", live, false },
		{ "with cached", "promised", cached, false },
		{ "with free", "track", all, false },
		{ "reserved", "edge", reserved, true },
	};
	const struct chart_series only_live = { "live", "used", live, true };
	struct chart chart = { .title = "What the node has, over time",
			       .at = r->at,
			       .n = r->nb_looks,
			       .series = areas,
			       .nb_series = 4,
			       .from_zero = true,
			       .text = bytes_text,
			       .binary = true };

	for (size_t i = 0; i < r->nb_looks; i++) {
		live[i] = node->points[i].live;
		cached[i] = live[i] + node->points[i].cached;
		/* The node's figures are of moments that are close, and not the same. */
		all[i] = node->points[i].backing > cached[i] ? node->points[i].backing : cached[i];
		reserved[i] = node->points[i].reserved;
	}
	fprintf(file,
		"<h3>Node %d</h3>\n<div class=\"pair\">\n<figure><figcaption>All</figcaption>\n",
		node->id);
	chart_draw(file, &chart);
	fputs("</figure>\n<figure><figcaption>Live alone</figcaption>\n", file);
	chart.title = "What is live of it, over time";
	chart.series = &only_live;
	chart.nb_series = 1;
	chart.from_zero = false;
	chart_draw(file, &chart);
	fputs("</figure>\n</div>\n", file);
}

static const char *
rate_per_second(char buf[SIZE_TEXT], double value)
{
	char text[SIZE_TEXT];

	snprintf(buf, SIZE_TEXT, "%.20s/s", rate_text(text, value));
	return buf;
}

static void
put_calls(FILE *file, const struct report *r)
{
	const struct chart_series series[] = {
		{ "allocations", "used", r->allocs + 1, true },
		{ "frees", "huge", r->frees + 1, true },
	};
	/* The first look has nothing to be compared with. */
	const struct chart chart = { .title = "Calls a second, over time",
				     .at = r->at + 1,
				     .n = r->nb_looks - 1,
				     .series = series,
				     .nb_series = 2,
				     .from_zero = true,
				     .text = rate_per_second };

	fputs("<figure><figcaption>Calls a second</figcaption>\n<p class=\"keys\">", file);
	chart_key(file, "used", "allocations");
	chart_key(file, "huge", "frees");
	fputs("</p>\n", file);
	chart_draw(file, &chart);
	fputs("</figure>\n", file);
}

static void
put_course(FILE *file, const struct report *r)
{
	struct report_point last;

	report_section(file, "course", "Over time");
	fputs("<p class=\"keys\">", file);
	chart_key(file, "used", "live");
	chart_key(file, "promised", "cached");
	chart_key(file, "track", "free");
	chart_key(file, "edge", "reserved");
	fputs("</p>\n", file);
	for (size_t i = 0; i < r->nb_nodes; i++) {
		last = r->nodes[i].points[r->nb_looks - 1];
		if (last.backing > 0 || last.reserved > 0)
			put_occupancy(file, r, &r->nodes[i]);
	}
	put_calls(file, r);
	report_section_end(file);
}

void
report_page(FILE *file, const struct report *r)
{
	put_head(file, r);
	fputs("<main>\n", file);
	put_tiles(file, r);
	report_profile_advice(file, &r->profile);
	put_course(file, r);
	report_map(file, &r->map);
	report_profile_page(file, &r->profile);
	report_classes(file, r);
	report_lcores(file, r);
	report_nodes(file, r);
	report_pressure(file, r);
	fputs("</main>\n<footer><p>Figures are of the last look unless they say otherwise. 1 KiB is 1024 "
	      "bytes. Written by fastmem-info report.</p></footer>\n</body>\n</html>\n",
	      file);
}
