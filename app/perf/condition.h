/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef CONDITION_H
#define CONDITION_H

#include "bench.h"

/**
 * Bring about what the options want before fastmem is measured: caches of idle threads, and churn.
 *
 * @return
 *   false: it could not be, and a note says so.
 */
bool
condition_begin(struct bench *bench);

/** Let the idle threads go. */
void
condition_end(void);

#endif /* CONDITION_H */
