/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef STATISTICS_H
#define STATISTICS_H

/** What a figure's rounds come to. */
struct statistics {
	double median;
	double min;
	double max;
	double spread; /**< (max - min) / median; 0 where the median is 0. */
};

/** Of n > 0 samples, which are left in order. */
struct statistics
statistics_of(double *samples, unsigned int n);

/** Middle of n > 0 samples, the mean of both where there are two; they are left in order. */
double
statistics_median(double *samples, unsigned int n);

#endif /* STATISTICS_H */
