/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how figures stand against each other, the same in every report.
 * Must not: print.
 * Called by: the reports' forms.
 */

#include <string.h>

#include "report.h"

bool
report_same_work(const struct figure *a, const struct figure *b)
{
	return a->scenario == b->scenario && strcmp(a->metric.work, b->metric.work) == 0;
}

bool
report_same_metric(const struct figure *a, const struct figure *b)
{
	return report_same_work(a, b) && strcmp(a->metric.name, b->metric.name) == 0;
}

static struct statistics
statistics_of_figure(const struct figure *figure)
{
	double samples[BOARD_SAMPLES];

	if (figure->nb_samples == 0)
		return (struct statistics){ 0 };
	memcpy(samples, figure->samples, sizeof(samples));
	return statistics_of(samples, figure->nb_samples);
}

/* Whether a is the better median. */
static bool
is_better(const struct metric *metric, double a, double b)
{
	return metric->more_is_better ? a > b : a < b;
}

struct standing
report_standing(const struct board *board, const struct figure *figure)
{
	struct standing standing = { .statistics = statistics_of_figure(figure) };
	double mempool = 0, other = 0, median;
	const struct figure *peer;
	uint32_t i;

	for (i = 0; i < board->nb_figures; i++) {
		peer = &board->figures[i];
		if (!report_same_metric(figure, peer) || peer->nb_samples == 0)
			continue;
		median = statistics_of_figure(peer).median;
		/* Of the mempools' ways the best one. */
		if (peer->way->family == WAY_MEMPOOL &&
		    (mempool == 0 || is_better(&figure->metric, median, mempool)))
			mempool = median;
		if ((peer->way->family == WAY_LIBRARY || peer->way->family == WAY_RTE_MALLOC) &&
		    (other == 0 || is_better(&figure->metric, median, other))) {
			other = median;
			standing.other = peer->way;
		}
	}
	if (mempool > 0)
		standing.to_mempool = standing.statistics.median / mempool;
	if (other > 0)
		standing.to_other = standing.statistics.median / other;
	return standing;
}
