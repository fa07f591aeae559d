/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef SCENE_STRATEGIES_H
#define SCENE_STRATEGIES_H

#include "bench.h"

/** A bench_fn: what allocating costs with each kind of allocator, and choosing one. */
bool
scene_strategy_cost(struct bench *bench);

#endif /* SCENE_STRATEGIES_H */
