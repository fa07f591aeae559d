/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's form for programs; doc/guides/perf.rst describes its fields.
 * Must not: compute what other forms would have to compute too: that is report.c's.
 * Called by: main.c.
 */

#include <math.h>

#include "report.h"
#include "scenario.h"

/* Texts are ours, or of the kernel and the loader: quotes and the like are all there can be. */
static void
write_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			fputc('?', file);
		else
			fputc(*text, file);
	}
	fputc('"', file);
}

static void
write_text(FILE *file, const char *name, const char *text)
{
	fprintf(file, "\"%s\": ", name);
	write_string(file, text);
}

/* Always with a dot, whatever the locale: the program never sets one. */
static void
write_real(FILE *file, double value)
{
	if (isfinite(value))
		fprintf(file, "%.6g", value);
	else
		fputs("null", file);
}

static void
write_named(FILE *file, const char *name, double value)
{
	fprintf(file, ", \"%s\": ", name);
	write_real(file, value);
}

/* null where there is no such ratio. */
static void
write_ratio(FILE *file, const char *name, double ratio)
{
	fprintf(file, ", \"%s\": ", name);
	if (ratio > 0)
		write_real(file, ratio);
	else
		fputs("null", file);
}

static void
write_machine(const struct report *report, FILE *file)
{
	const struct machine *machine = report->machine;
	int i;

	fputs("  \"machine\": {", file);
	write_text(file, "cpu", machine->cpu);
	fputs(", ", file);
	write_text(file, "kernel", machine->kernel);
	fputs(", ", file);
	write_text(file, "transparent_hugepages", machine->thp);
	fputs(", ", file);
	write_text(file, "compiler", __VERSION__);
	fprintf(file, ", \"cpus\": %u},\n  \"eal\": [", machine->nb_cpus);
	for (i = 1; i < report->opts->eal.argc; i++) {
		fputs(i > 1 ? ", " : "", file);
		write_string(file, report->opts->eal.argv[i]);
	}
	fprintf(file, "],\n  \"rounds\": %u,\n  \"quick\": %s,\n  \"seconds\": %.0f,\n",
		report->opts->rounds, report->opts->is_quick ? "true" : "false", report->seconds);
}

static void
write_figure(const struct report *report, const struct figure *figure, FILE *file)
{
	struct standing standing = report_standing(report->board, figure);
	uint32_t i;

	fputs("    {", file);
	write_text(file, "scenario", figure->scenario);
	fputs(", ", file);
	write_text(file, "work", figure->metric.work);
	fputs(", ", file);
	write_text(file, "metric", figure->metric.name);
	fputs(", ", file);
	write_text(file, "unit", figure->metric.unit);
	fprintf(file, ", \"better\": \"%s\",\n     ",
		figure->metric.more_is_better ? "more" : "less");
	write_text(file, "way", figure->way->name);
	fputs(", ", file);
	write_text(file, "title", figure->way->title);
	write_named(file, "median", standing.statistics.median);
	write_named(file, "min", standing.statistics.min);
	write_named(file, "max", standing.statistics.max);
	write_named(file, "spread", standing.statistics.spread);
	write_ratio(file, "to_mempool", standing.to_mempool);
	write_ratio(file, "to_best_other", standing.to_other);
	fputs(", \"best_other\": ", file);
	if (standing.other == NULL)
		fputs("null", file);
	else
		write_string(file, standing.other->name);
	fprintf(file, ",\n     \"left_out\": %u, \"samples\": [", figure->left_out);
	for (i = 0; i < figure->nb_samples; i++) {
		fputs(i > 0 ? ", " : "", file);
		write_real(file, figure->samples[i]);
	}
	fputs("]}", file);
}

static void
write_note(const struct note *note, FILE *file)
{
	fputs("    {", file);
	write_text(file, "scenario", note->scenario);
	fputs(", \"way\": ", file);
	if (note->way == NULL)
		fputs("null", file);
	else
		write_string(file, note->way->name);
	fputs(", ", file);
	write_text(file, "text", note->text);
	fputs("}", file);
}

void
report_json(const struct report *report, FILE *file)
{
	const struct board *board = report->board;
	const char *comma = "\n";
	uint32_t i;

	fputs("{\n  \"program\": \"fastmem-perf\",\n  \"version\": 1,\n", file);
	write_machine(report, file);
	fputs("  \"figures\": [", file);
	for (i = 0; i < board->nb_figures; i++) {
		if (board->figures[i].nb_samples == 0)
			continue;
		fputs(comma, file);
		write_figure(report, &board->figures[i], file);
		comma = ",\n";
	}
	fputs("\n  ],\n  \"notes\": [", file);
	comma = "\n";
	for (i = 0; i < board->nb_notes; i++) {
		fputs(comma, file);
		write_note(&board->notes[i], file);
		comma = ",\n";
	}
	fputs("\n  ]\n}\n", file);
}
