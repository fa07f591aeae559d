/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the form of the report for people.
 * Must not: compute what other forms would have to compute too: that is report.c's.
 * Called by: main.c.
 */

#include <string.h>

#include "report.h"
#include "scenario.h"

#define METRICS_MAX 8

/* The metrics of a work, in the order in which they came up. */
struct columns {
	const struct metric *metrics[METRICS_MAX];
	unsigned int nb;
	unsigned int nb_main; /* that are no details */
};

static void
print_number(FILE *file, double value, int width)
{
	fprintf(file, "%*.*f", width, value >= 1000 ? 0 : value >= 100 ? 1 : 2, value);
}

static void
print_ratios(FILE *file, const struct standing *standing)
{
	if (standing->to_mempool > 0)
		fprintf(file, " %9.2f", standing->to_mempool);
	else
		fprintf(file, " %9s", "");
	if (standing->to_other > 0)
		fprintf(file, " %9.2f", standing->to_other);
	else
		fprintf(file, " %9s", "");
}

/* The figure of another metric or way of the same work; NULL: there is none. */
static const struct figure *
find(const struct board *board, const struct figure *of, const struct metric *metric,
     const struct way *way)
{
	const struct figure *figure;
	uint32_t i;

	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (report_same_work(of, figure) &&
		    strcmp(figure->metric.name, metric->name) == 0 && figure->way == way &&
		    figure->nb_samples > 0)
			return figure;
	}
	return NULL;
}

static void
find_columns(const struct board *board, const struct figure *first, struct columns *columns)
{
	const struct figure *figure;
	unsigned int k;
	uint32_t i;

	memset(columns, 0, sizeof(*columns));
	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (!report_same_work(first, figure))
			continue;
		for (k = 0; k < columns->nb; k++)
			if (strcmp(columns->metrics[k]->name, figure->metric.name) == 0)
				break;
		if (k < columns->nb || k == METRICS_MAX)
			continue;
		columns->metrics[columns->nb++] = &figure->metric;
		columns->nb_main += !figure->metric.is_detail;
	}
}

/* A way's row of a work with one metric. */
static void
print_row(const struct report *report, const struct figure *figure, FILE *file)
{
	struct standing standing = report_standing(report->board, figure);

	fprintf(file, "    %-38s", figure->way->title);
	print_number(file, standing.statistics.median, 10);
	if (figure->nb_samples > 1)
		fprintf(file, " %6.0f%%", standing.statistics.spread * 100);
	else
		fprintf(file, " %7s", "");
	print_ratios(file, &standing);
	if (figure->left_out > 0)
		fprintf(file, "   %u left out", figure->left_out);
	fputc('\n', file);
}

/* A way's row of a work with several, and the ratios of the only one that is no detail. */
static void
print_wide_row(const struct report *report, const struct figure *any, const struct columns *columns,
	       FILE *file)
{
	const struct figure *figure, *chief = NULL;
	struct standing standing;
	unsigned int k;

	fprintf(file, "    %-28s", any->way->title);
	for (k = 0; k < columns->nb; k++) {
		figure = find(report->board, any, columns->metrics[k], any->way);
		if (figure == NULL) {
			fprintf(file, " %11s", "");
			continue;
		}
		standing = report_standing(report->board, figure);
		print_number(file, standing.statistics.median, 12);
		if (!figure->metric.is_detail)
			chief = figure;
	}
	if (chief != NULL && columns->nb_main == 1) {
		standing = report_standing(report->board, chief);
		print_ratios(file, &standing);
	}
	if (any->left_out > 0)
		fprintf(file, "   %u left out", any->left_out);
	fputc('\n', file);
}

static void
print_head(const struct report *report, const struct figure *first, const struct columns *columns,
	   FILE *file)
{
	struct standing standing = report_standing(report->board, first);
	unsigned int k;

	if (columns->nb == 1) {
		fprintf(file, "\n  %-40s  %10s  spread x mempool x %s\n", first->metric.work,
			first->metric.unit,
			standing.other == NULL ? "other" : standing.other->title);
		return;
	}
	fprintf(file, "\n  %s, %s\n  %-30s", first->metric.work, first->metric.unit, "");
	for (k = 0; k < columns->nb; k++)
		fprintf(file, " %11s", columns->metrics[k]->name);
	if (columns->nb_main == 1)
		fprintf(file, " x mempool   x other");
	fputc('\n', file);
}

/* Whether a figure is the first of its work, or of its work and way. */
static bool
is_first(const struct board *board, uint32_t number, bool of_way)
{
	const struct figure *figure = &board->figures[number];
	uint32_t i;

	for (i = 0; i < number; i++)
		if (report_same_work(&board->figures[i], figure) &&
		    (!of_way || board->figures[i].way == figure->way))
			return false;
	return true;
}

static void
print_work(const struct report *report, const struct figure *first, FILE *file)
{
	const struct board *board = report->board;
	const struct figure *figure;
	struct columns columns;
	uint32_t i;

	find_columns(board, first, &columns);
	print_head(report, first, &columns, file);
	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (!report_same_work(first, figure) || figure->nb_samples == 0 ||
		    !is_first(board, i, true))
			continue;
		if (columns.nb == 1)
			print_row(report, figure, file);
		else
			print_wide_row(report, figure, &columns, file);
	}
}

static void
print_notes(const struct board *board, const char *scenario, FILE *file)
{
	const struct note *note;
	uint32_t i;

	for (i = 0; i < board->nb_notes; i++) {
		note = &board->notes[i];
		if (note->scenario == scenario)
			fprintf(file, "  %s%s%s\n", note->way == NULL ? "" : note->way->title,
				note->way == NULL ? "" : ": ", note->text);
	}
}

static void
print_machine(const struct report *report, FILE *file)
{
	const struct machine *machine = report->machine;
	int i;

	fprintf(file, "%s, %u CPU%s, Linux %s, transparent hugepages: %s\n", machine->cpu,
		machine->nb_cpus, machine->nb_cpus == 1 ? "" : "s", machine->kernel, machine->thp);
	fprintf(file, "EAL:");
	for (i = 1; i < report->opts->eal.argc; i++)
		fprintf(file, " %s", report->opts->eal.argv[i]);
	fprintf(file,
		"\nmedians of %u rounds; spread: largest less smallest; ratios to "
		"rte_mempool, and to the best of the others\n",
		report->opts->rounds);
}

static void
print_scenario(const struct report *report, const struct scenario *scenario, FILE *file)
{
	const struct board *board = report->board;
	uint32_t i;

	fprintf(file, "\n%s: %s\n", scenario->name, scenario->title);
	for (i = 0; i < board->nb_figures; i++)
		if (board->figures[i].scenario == scenario->name && is_first(board, i, false))
			print_work(report, &board->figures[i], file);
	print_notes(board, scenario->name, file);
}

void
report_table(const struct report *report, FILE *file)
{
	unsigned int i;

	print_machine(report, file);
	if (report->opts->instructions)
		print_scenario(report, &scenario_instructions, file);
	for (i = 0; i < nb_scenarios && !report->opts->instructions; i++)
		if (scenario_is_wanted(&scenarios[i], report->opts))
			print_scenario(report, &scenarios[i], file);
	fprintf(file, "\n%.0f seconds\n", report->seconds);
}
