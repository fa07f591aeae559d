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

static void
print_number(FILE *file, double value, int width)
{
	fprintf(file, "%*.*f", width, value >= 1000 ? 0 : value >= 100 ? 1 : 2, value);
}

static void
print_ratio(FILE *file, double ratio)
{
	if (ratio > 0)
		fprintf(file, " %9.2f", ratio);
	else
		fprintf(file, " %9s", "");
}

/* One way of a work with one metric. */
static void
print_row(const struct report *report, const struct figure *figure, FILE *file)
{
	struct standing standing = report_standing(report->board, figure);

	fprintf(file, "    %-38s", figure->way->title);
	print_number(file, standing.statistics.median, 10);
	fprintf(file, " %6.0f%%", standing.statistics.spread * 100);
	print_ratio(file, standing.to_mempool);
	print_ratio(file, standing.to_other);
	if (figure->left_out > 0)
		fprintf(file, "   %u left out", figure->left_out);
	fputc('\n', file);
}

static void
print_simple(const struct report *report, const struct figure *first, FILE *file)
{
	const struct board *board = report->board;
	struct standing standing = report_standing(board, first);
	uint32_t i;

	fprintf(file, "\n  %-40s  %10s  spread x mempool x %s\n", first->metric.work,
		first->metric.unit, standing.other == NULL ? "other" : standing.other->title);
	for (i = 0; i < board->nb_figures; i++)
		if (report_same_metric(first, &board->figures[i]) &&
		    board->figures[i].nb_samples > 0)
			print_row(report, &board->figures[i], file);
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

static bool
is_first_of_metric(const struct board *board, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < number; i++)
		if (report_same_metric(&board->figures[i], &board->figures[number]))
			return false;
	return true;
}

static void
print_machine(const struct report *report, FILE *file)
{
	const struct machine *machine = report->machine;
	int i;

	fprintf(file, "%s, %u CPU%s, Linux %s, transparent hugepages: %s\n", machine->cpu,
		machine->nb_cpus, machine->nb_cpus == 1 ? "" : "s", machine->kernel, machine->thp);
	fprintf(file, "EAL:");
	for (i = 1; i < report->opts->eal_argc; i++)
		fprintf(file, " %s", report->opts->eal_argv[i]);
	fprintf(file,
		"\nmedians of %u rounds; spread: largest less smallest; ratios to "
		"rte_mempool, and to the best of the others\n",
		report->opts->rounds);
}

void
report_table(const struct report *report, FILE *file)
{
	const struct board *board = report->board;
	unsigned int s;
	uint32_t i;

	print_machine(report, file);
	for (s = 0; s < nb_scenarios; s++) {
		if (!options_want(report->opts, scenarios[s].name))
			continue;
		fprintf(file, "\n%s: %s\n", scenarios[s].name, scenarios[s].title);
		for (i = 0; i < board->nb_figures; i++)
			if (board->figures[i].scenario == scenarios[s].name &&
			    is_first_of_metric(board, i))
				print_simple(report, &board->figures[i], file);
		print_notes(board, scenarios[s].name, file);
	}
	fprintf(file, "\n%.0f seconds\n", report->seconds);
}
