/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what was measured, on its way from the children that measure to the parent that reports.
 * Must not: interpret it. One process at a time writes, so there is no lock.
 * Called by: scenarios to write, reports to read.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "board.h"

struct board *
board_create(void)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return board == MAP_FAILED ? NULL : board;
}

struct figure *
board_figure(struct board *board, const char *scenario, const struct metric *metric,
	     const struct way *way)
{
	struct figure *figure;
	uint32_t i;

	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (figure->scenario == scenario && figure->way == way &&
		    strcmp(figure->metric.work, metric->work) == 0 &&
		    strcmp(figure->metric.name, metric->name) == 0)
			return figure;
	}
	/* The last one is spoilt rather than memory that is not ours. */
	if (board->nb_figures < BOARD_FIGURES)
		board->nb_figures++;
	figure = &board->figures[board->nb_figures - 1];
	memset(figure, 0, sizeof(*figure));
	figure->scenario = scenario;
	figure->metric = *metric;
	figure->way = way;
	return figure;
}

void
board_sample(struct figure *figure, double value)
{
	if (figure->nb_samples < BOARD_SAMPLES)
		figure->samples[figure->nb_samples++] = value;
}

void
board_note(struct board *board, const char *scenario, const struct way *way, const char *format,
	   ...)
{
	struct note *note = &board->notes[board->nb_notes];
	uint32_t i;
	va_list args;

	if (board->nb_notes == BOARD_NOTES)
		return;
	note->scenario = scenario;
	note->way = way;
	va_start(args, format);
	vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
	for (i = 0; i < board->nb_notes; i++)
		if (board->notes[i].scenario == scenario && board->notes[i].way == way &&
		    strcmp(board->notes[i].text, note->text) == 0)
			return;
	board->nb_notes++;
}
