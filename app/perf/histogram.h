/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

/** Steps a doubling, as a power of two: a value is known to 3 %. */
#define HISTOGRAM_STEP_SHIFT 5
#define HISTOGRAM_STEPS	     (1u << HISTOGRAM_STEP_SHIFT)
#define HISTOGRAM_BUCKETS    ((64 - HISTOGRAM_STEP_SHIFT + 1) * HISTOGRAM_STEPS)

/** Counts values by their size, without allocating and in a few lines of cache. */
struct histogram {
	uint64_t max;
	uint32_t count[HISTOGRAM_BUCKETS];
};

/** Where a value is counted: exact below HISTOGRAM_STEPS, then so many steps a doubling. */
static inline unsigned int
histogram_bucket(uint64_t value)
{
	unsigned int shift = 63 - HISTOGRAM_STEP_SHIFT - __builtin_clzll(value | HISTOGRAM_STEPS);

	return shift * HISTOGRAM_STEPS + (unsigned int)(value >> shift);
}

static inline void
histogram_add(struct histogram *h, uint64_t value)
{
	h->count[histogram_bucket(value)]++;
	if (value > h->max)
		h->max = value;
}

/** Add what another counted. */
void
histogram_merge(struct histogram *h, const struct histogram *other);

/** How many values there are. */
uint64_t
histogram_count(const struct histogram *h);

/**
 * The value that this share of all values, 0 to 1, does not exceed.
 *
 * @return
 *   The upper end of its bucket, but never above the largest value; 0 where there are none.
 */
uint64_t
histogram_quantile(const struct histogram *h, double share);

#endif /* HISTOGRAM_H */
