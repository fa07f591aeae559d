/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's profile of a running program: taking it, and its sections of the page.
 * Must not: end a profile that somebody else began.
 * Called by: report_ask.c and report_page.c.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report.h"

/* ---- taking it */

void
report_profile_begin(struct report_profile *p, struct watched *w, const char *interval)
{
	json_t *answer;

	/* A page without is a page as well: reasons are told there. */
	w->quiet = true;
	answer = watched_ask(w, "/fastmem/profile/start%s%s", interval != NULL ? "," : "",
			     interval != NULL ? interval : "");
	p->own = answer != NULL;
	if (!p->own)
		snprintf(p->note, sizeof(p->note), "%s",
			 w->no_command ? "its library has no profiler" : w->reason);
	json_decref(answer);
	w->quiet = false;
}

/* What is not told is missing on the page, and named there. */
static json_t *
told(struct report_profile *p, const struct watched *w, json_t *answer)
{
	if (answer == NULL)
		snprintf(p->untold, sizeof(p->untold), "%s", w->reason);
	return answer;
}

/* Call sites come in parts, the first allocated most. */
static void
ask_sites(struct report_profile *p, struct watched *w)
{
	uint64_t first = 0, next;
	json_t *part, *site;
	char name[24];

	do {
		part = told(p, w, watched_ask(w, "/fastmem/profile/sites,%" PRIu64, first));
		p->all_sites = part != NULL;
		next = watched_number(part, "next");
		for (; p->nb_sites < REPORT_SITES; first++) {
			snprintf(name, sizeof(name), "%" PRIu64, first);
			site = json_object_get(part, name);
			if (site == NULL)
				break;
			p->sites[p->nb_sites++] = json_incref(site);
		}
		json_decref(part);
	} while (next == first && first != 0 && p->nb_sites < REPORT_SITES);
}

void
report_profile_end(struct report_profile *p, struct watched *w)
{
	w->quiet = true;
	p->summary = watched_ask(w, p->own ? "/fastmem/profile/stop" : "/fastmem/profile/show");
	if (p->summary != NULL) {
		p->of_nodes = told(p, w, watched_ask(w, "/fastmem/profile/nodes"));
		p->advice = told(p, w, watched_ask(w, "/fastmem/profile/advice"));
		ask_sites(p, w);
	} else if (p->own) {
		snprintf(p->note, sizeof(p->note), "%s", w->reason);
	}
	w->quiet = false;
}

void
report_profile_release(struct report_profile *p)
{
	json_decref(p->summary);
	json_decref(p->of_nodes);
	json_decref(p->advice);
	while (p->nb_sites > 0)
		json_decref(p->sites[--p->nb_sites]);
}

/* ---- showing it */

/* A text that came in pieces, since telemetry cuts long ones. */
static void
put_pieces(FILE *file, const json_t *pieces)
{
	json_t *piece;
	size_t i;

	json_array_foreach(pieces, i, piece) html_text(file, json_string_value(piece));
}

static void
put_untold(FILE *file, const struct report_profile *p)
{
	fputs("The program did not tell: ", file);
	html_text(file, p->untold);
}

void
report_profile_advice(FILE *file, const struct report_profile *p)
{
	const json_t *pieces;
	char name[16];
	int i;

	if (p->summary == NULL)
		return;
	report_section(file, "advice", "Advice");
	fputs("<ul class=\"advice\">\n", file);
	for (i = 0; i < REPORT_ADVICE; i++) {
		snprintf(name, sizeof(name), "%d", i);
		pieces = json_object_get(p->advice, name);
		if (!json_is_array(pieces))
			break;
		fputs("<li>", file);
		put_pieces(file, pieces);
		fputs("</li>\n", file);
	}
	if (p->advice == NULL) {
		fputs("<li>", file);
		put_untold(file, p);
		fputs("</li>\n", file);
	} else if (i == 0) {
		fputs("<li class=\"well\">None: the profile shows nothing that should be otherwise.</li>\n",
		      file);
	}
	fputs("</ul>\n", file);
	report_section_end(file);
}

static void
put_pair(FILE *file, const char *name, const char *value)
{
	fprintf(file, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void
put_figures(FILE *file, const json_t *s)
{
	char text[SIZE_TEXT], more[SIZE_TEXT];

	fputs("<dl class=\"figures\">\n", file);
	put_pair(file, "allocations", count_text(text, watched_number(s, "allocations")));
	put_pair(file, "frees", count_text(text, watched_number(s, "frees")));
	put_pair(file, "allocated", size_text(text, watched_number(s, "allocated_bytes")));
	put_pair(file, "live at begin", size_text(text, watched_number(s, "live_bytes_start")));
	put_pair(file, "live at end", size_text(text, watched_number(s, "live_bytes_end")));
	put_pair(file, "most live", size_text(text, watched_number(s, "peak_bytes")));
	put_pair(file, "live on average", size_text(text, watched_number(s, "average_bytes")));
	put_pair(file, "a byte lives on average",
		 time_text(text, (double)watched_number(s, "mean_lifetime_ns")));
	put_pair(file, "for", time_text(text, (double)watched_number(s, "duration_us") * 1e3));
	snprintf(more, sizeof(more), "each %s", size_text(text, watched_number(s, "interval")));
	put_pair(file, "sampled", watched_number(s, "interval") > 1 ? more : "each block");
	put_pair(file, "samples", count_text(text, watched_number(s, "samples")));
	put_pair(file, "samples lost", count_text(text, watched_number(s, "lost")));
	fputs("</dl>\n", file);
}

static const char *
bytes_text(char buf[SIZE_TEXT], double value)
{
	return size_text(buf, value < 0x1p63 ? (uint64_t)value : UINT64_MAX);
}

static void
put_histograms(FILE *file, const json_t *s)
{
	const struct histogram sizes = {
		.id = "sizes",
		.title = "Sizes asked for",
		.of = "blocks",
		.counts = json_object_get(s, "sizes"),
		.text = bytes_text,
		.label_each = 4,
	};
	const struct histogram lifetimes = {
		.id = "lifetimes",
		.title = "How long blocks lived",
		.of = "blocks",
		.counts = json_object_get(s, "lifetimes"),
		.text = time_text,
		.label_each = 5,
	};
	char text[SIZE_TEXT], late[SIZE_TEXT];

	fputs("<div class=\"pair\">\n", file);
	chart_histogram(file, &sizes);
	chart_histogram(file, &lifetimes);
	fputs("</div>\n", file);
	fprintf(file,
		"<p class=\"note\">Estimated from the samples. %s blocks were found to be free some time after "
		"they were, and lived shorter than is shown; %s were not seen to be freed, and have no "
		"lifetime.</p>\n",
		count_text(late, watched_number(s, "lifetimes_late")),
		count_text(text, watched_number(s, "lifetimes_open")));
}

static void
put_nodes(FILE *file, const json_t *t)
{
	char count[SIZE_TEXT], bytes[SIZE_TEXT], remote[SIZE_TEXT];

	if (watched_rows(t, "node") == 0)
		return;
	fputs("<table><thead><tr><th>node</th><th>allocations</th><th>allocated</th>"
	      "<th>blocks of other nodes' threads</th></tr></thead><tbody>\n",
	      file);
	for (size_t i = 0; i < watched_rows(t, "node"); i++) {
		fputs("<tr>", file);
		html_cell(file, NULL, "%" PRIu64, watched_cell(t, "node", i));
		html_cell(file, NULL, "%s", count_text(count, watched_cell(t, "allocations", i)));
		html_cell(file, NULL, "%s",
			  size_text(bytes, watched_cell(t, "allocated_bytes", i)));
		html_cell(file, NULL, "%s",
			  count_text(remote, watched_cell(t, "remote_blocks", i)));
		fputs("</tr>\n", file);
	}
	fputs("</tbody></table>\n", file);
}

/* From the innermost function to the outermost. */
static void
put_stack(FILE *file, const json_t *stack)
{
	json_t *frame;
	size_t i;

	fputs("<td class=\"stack\">", file);
	json_array_foreach(stack, i, frame)
	{
		fputs(i == 0 ? "<bdi class=\"caller\">" :
			       " <span aria-label=\"called by\">←</span> <bdi>",
		      file);
		html_text(file, json_string_value(frame));
		fputs("</bdi>", file);
	}
	if (json_array_size(stack) == 0)
		fputs("call sites for which there was no room", file);
	fputs("</td>", file);
}

static void
put_site(FILE *file, const json_t *site, double most)
{
	static const char *const classes[] = { "used" };
	double bytes = (double)watched_number(site, "allocated_bytes");
	char text[SIZE_TEXT];

	fputs("<tr>", file);
	html_cell(file, NULL, "%s", size_text(text, watched_number(site, "allocated_bytes")));
	fputs("<td class=\"bar wide\">", file);
	chart_bar(file, &bytes, classes, 1, most);
	fputs("</td>", file);
	html_cell(file, NULL, "%s", count_text(text, watched_number(site, "allocations")));
	html_cell(file, "wide", "%s", size_text(text, watched_number(site, "live_bytes")));
	if (json_object_get(site, "efficiency_permille") != NULL)
		html_cell(file, "wide", "%.1f %%",
			  (double)watched_number(site, "efficiency_permille") / 10);
	else
		html_cell(file, "wide", "–");
	put_stack(file, json_object_get(site, "stack"));
	fputs("</tr>\n", file);
}

static void
put_sites(FILE *file, const struct report_profile *p)
{
	uint64_t all = watched_number(p->summary, "sites");
	double most = 0, bytes;
	char text[SIZE_TEXT];

	report_section(file, "sites", "Call sites");
	for (size_t i = 0; i < p->nb_sites; i++) {
		bytes = (double)watched_number(p->sites[i], "allocated_bytes");
		most = bytes > most ? bytes : most;
	}
	if (p->nb_sites != 0) {
		fputs("<table class=\"sites\"><thead><tr><th>allocated</th><th class=\"wide\"></th>"
		      "<th>times</th><th class=\"wide\">live</th><th class=\"wide\">efficiency</th>"
		      "<th class=\"stack\">by</th></tr></thead><tbody>\n",
		      file);
		for (size_t i = 0; i < p->nb_sites; i++)
			put_site(file, p->sites[i], most);
		fputs("</tbody></table>\n", file);
	}
	if (!p->all_sites) {
		fputs("<p class=\"note\">", file);
		put_untold(file, p);
		fputs("</p>\n", file);
	} else if (p->nb_sites == 0) {
		fputs("<p class=\"note\">No allocation was sampled.</p>\n", file);
	} else if (all > p->nb_sites) {
		fprintf(file, "<p class=\"note\">The first of %s, by what was allocated.</p>\n",
			count_text(text, all));
	}
	report_section_end(file);
}

void
report_profile_page(FILE *file, const struct report_profile *p)
{
	report_section(file, "profile", "Profile");
	if (p->summary == NULL) {
		fputs("<p class=\"note\">The program was not profiled: ", file);
		html_text(file, p->note);
		fputs(".</p>\n", file);
		report_section_end(file);
		return;
	}
	if (!p->own) {
		fputs("<p class=\"note\">Of a profile that somebody else began, and which goes on (",
		      file);
		html_text(file, p->note);
		fputs("): it covers another time than the rest of this page.</p>\n", file);
	}
	put_figures(file, p->summary);
	put_histograms(file, p->summary);
	put_nodes(file, p->of_nodes);
	report_section_end(file);
	put_sites(file, p);
}
