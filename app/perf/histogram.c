/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: distributions of latencies.
 * Must not: allocate, or know a unit.
 * Called by: scenarios that time single operations.
 */

#include <math.h>

#include "histogram.h"

void
histogram_merge(struct histogram *h, const struct histogram *other)
{
	unsigned int i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->count[i] += other->count[i];
	if (other->max > h->max)
		h->max = other->max;
}

uint64_t
histogram_count(const struct histogram *h)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += h->count[i];
	return count;
}

/* Largest value that is counted in a bucket. */
static uint64_t
bucket_end(unsigned int bucket)
{
	unsigned int shift = bucket < 2 * HISTOGRAM_STEPS ? 0 : bucket / HISTOGRAM_STEPS - 1;

	return ((uint64_t)(bucket - shift * HISTOGRAM_STEPS + 1) << shift) - 1;
}

uint64_t
histogram_quantile(const struct histogram *h, double share)
{
	uint64_t total = histogram_count(h);
	uint64_t wanted = (uint64_t)ceil(share * (double)total);
	uint64_t seen = 0;
	unsigned int i;

	if (total == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->count[i];
		if (h->count[i] > 0 && seen >= wanted)
			return bucket_end(i) < h->max ? bucket_end(i) : h->max;
	}
	return h->max;
}
