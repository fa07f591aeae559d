/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which points of a distribution of latencies are told.
 * Must not: take what reading the clock costs off them: the loop alone shows it.
 * Called by: scenarios that time single operations.
 */

#include "latency.h"
#include "rounds.h"

void
latency_values(const struct histogram *histogram, double values[LATENCY_METRICS])
{
	static const double shares[LATENCY_METRICS] = { 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1 };
	unsigned int i;

	for (i = 0; i < LATENCY_METRICS; i++)
		values[i] = rounds_ns(histogram_quantile(histogram, shares[i]));
}
