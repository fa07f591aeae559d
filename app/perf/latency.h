/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef LATENCY_H
#define LATENCY_H

#include "board.h"
#include "histogram.h"

/** Metrics of a distribution of latencies, in the order of latency_values(). */
#define LATENCY_METRICS 7

/** Initialiser of an array of struct metric for a work. */
#define LATENCY_METRICS_OF(does) \
	{ \
		{ .work = (does), .name = "p50", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "p90", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "p99", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "p99.9", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "p99.99", .unit = "ns" }, \
			{ .work = (does), .name = "p99.999", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "max", .unit = "ns", .is_detail = true }, \
	}

/** What they are, in nanoseconds, of a histogram in TSC cycles. */
void
latency_values(const struct histogram *histogram, double values[LATENCY_METRICS]);

#endif /* LATENCY_H */
