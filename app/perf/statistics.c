/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what samples come to.
 * Must not: know what they are samples of.
 * Called by: rounds.c, which needs medians while it measures, and the reports.
 */

#include <stdlib.h>

#include "statistics.h"

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
statistics_median(double *samples, unsigned int n)
{
	qsort(samples, n, sizeof(*samples), by_value);
	return (samples[(n - 1) / 2] + samples[n / 2]) / 2;
}

struct statistics
statistics_of(double *samples, unsigned int n)
{
	struct statistics result = { .median = statistics_median(samples, n) };

	result.min = samples[0];
	result.max = samples[n - 1];
	if (result.median != 0)
		result.spread = (result.max - result.min) / result.median;
	return result;
}
