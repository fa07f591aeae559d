/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "way.h"

#define BOARD_SAMPLES 64
#define BOARD_FIGURES 4096
#define BOARD_NOTES   512

/** What is measured. The strings are constants: a child's mean the same to its parent. */
struct metric {
	const char *work; /**< What was done. */
	const char *name; /**< What of it this is: "time", "p99.99". */
	const char *unit;
	bool more_is_better;
	bool is_detail; /**< Shown without ratios where several metrics share a table. */
};

/** One way's samples of a metric, one a round. */
struct figure {
	const char *scenario;
	struct metric metric;
	const struct way *way;
	uint32_t nb_samples;
	uint32_t left_out; /**< Rounds on a disturbed machine, which are none of the samples. */
	double samples[BOARD_SAMPLES];
};

/** Something that a reader of the figures has to know. */
struct note {
	const char *scenario;
	const struct way *way; /**< NULL: all of them. */
	char text[240];
};

/** Everything that was measured, in memory that the program's processes share. */
struct board {
	uint32_t nb_figures;
	uint32_t nb_notes;
	struct figure figures[BOARD_FIGURES];
	struct note notes[BOARD_NOTES];
};

/** NULL: no memory. */
struct board *
board_create(void);

/** The figure of a scenario, metric (by work and name) and way; made where there is none. */
struct figure *
board_figure(struct board *board, const char *scenario, const struct metric *metric,
	     const struct way *way);

/** Add a sample; what is beyond BOARD_SAMPLES is dropped. */
void
board_sample(struct figure *figure, double value);

/** Add a note, unless the same is there already. */
void
board_note(struct board *board, const char *scenario, const struct way *way, const char *format,
	   ...) __attribute__((format(printf, 4, 5)));

#endif /* BOARD_H */
