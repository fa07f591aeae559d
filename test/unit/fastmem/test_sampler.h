/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A sampler whose samples nobody wants: for what sampling itself does. */

#ifndef TEST_SAMPLER_H
#define TEST_SAMPLER_H

#include <stdint.h>

/* As rte_fastmem_sample_start(). */
int
test_sample_start(uint64_t interval);

#endif
