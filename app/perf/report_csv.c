/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's form for spreadsheets: one figure a line.
 * Must not: compute what other forms would have to compute too: that is report.c's.
 * Called by: main.c.
 */

#include "report.h"

/* Quoted, since works have commas in them; quotes they do not have. */
static void
write_text(FILE *file, const char *text)
{
	fprintf(file, "\"%s\",", text);
}

static void
write_ratio(FILE *file, double ratio)
{
	if (ratio > 0)
		fprintf(file, "%.4g", ratio);
	fputc(',', file);
}

void
report_csv(const struct report *report, FILE *file)
{
	const struct board *board = report->board;
	const struct figure *figure;
	struct standing standing;
	uint32_t i;

	fputs("scenario,work,metric,unit,better,way,median,min,max,spread,to_mempool,"
	      "to_best_other,rounds,left_out\n",
	      file);
	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (figure->nb_samples == 0)
			continue;
		standing = report_standing(board, figure);
		write_text(file, figure->scenario);
		write_text(file, figure->metric.work);
		write_text(file, figure->metric.name);
		write_text(file, figure->metric.unit);
		fprintf(file, "%s,", figure->metric.more_is_better ? "more" : "less");
		write_text(file, figure->way->name);
		fprintf(file, "%.6g,%.6g,%.6g,%.4g,", standing.statistics.median,
			standing.statistics.min, standing.statistics.max,
			standing.statistics.spread);
		write_ratio(file, standing.to_mempool);
		write_ratio(file, standing.to_other);
		fprintf(file, "%u,%u\n", figure->nb_samples, figure->left_out);
	}
}
