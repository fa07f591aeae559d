/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "board.h"
#include "machine.h"
#include "options.h"
#include "statistics.h"

/** All that reports tell. */
struct report {
	const struct options *opts;
	const struct machine *machine;
	const struct board *board;
	double seconds;
};

/** A figure against the others of its metric. */
struct standing {
	struct statistics statistics;
	double to_mempool;	 /**< Ratio; 0: there is none. */
	double to_other;	 /**< Ratio to the best that is neither fastmem nor mempool. */
	const struct way *other; /**< Which that is; NULL: none. */
};

/** Compute it. */
struct standing
report_standing(const struct board *board, const struct figure *figure);

/** Whether two figures are of one work; their metrics may differ. */
bool
report_same_work(const struct figure *a, const struct figure *b);

/** Whether two figures are of one metric and only the ways differ. */
bool
report_same_metric(const struct figure *a, const struct figure *b);

/** Print all for people. */
void
report_table(const struct report *report, FILE *file);

/** Print all for programs: see doc/guides/perf.rst. */
void
report_json(const struct report *report, FILE *file);

/** Print all for spreadsheets: one figure a line, names in the first. */
void
report_csv(const struct report *report, FILE *file);

/**
 * Draw all into a folder, which is made if it is not there.
 *
 * @return
 *   0, or a negative errno; -ENOENT: gnuplot is not installed, and its script is in the folder.
 */
int
report_plot(const struct report *report, const char *folder);

#endif /* REPORT_H */
