/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What the primary and secondaries do to one mempool at once. */

#ifndef POOL_H
#define POOL_H

#include <stddef.h>
#include <stdint.h>

#include <rte_mempool.h>

/* Get and put objects; how many another wrote to meanwhile, or -ENOBUFS where there never were any. */
int64_t
pool_churn(struct rte_mempool *mp, uint64_t seed, size_t rounds);

#endif
