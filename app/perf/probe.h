/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>

/** The lcore that works with the main one, RTE_MAX_LCORE if there is none on another CPU. */
unsigned int
probe_other_lcore(void);

/**
 * How far the other lcore is now: ns that a cache line takes there and back.
 *
 * Context: the main lcore; the other one must be idle.
 */
double
probe_round_trip(void);

#endif /* PROBE_H */
