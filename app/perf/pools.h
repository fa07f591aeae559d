/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef POOLS_H
#define POOLS_H

#include <rte_mempool.h>

#include "way.h"

/** A pool for each size of a scenario; NULL where it has no object of that size. */
struct pools {
	struct rte_mempool *fixed[ITEM_FIXED];
	struct rte_mempool *kinds[ITEM_KINDS];
};

/** As struct way's open(), for ways whose state is pools with the largest cache there is. */
void *
pools_open(const struct way *way, const struct way_needs *needs, const char **why);

/** As struct way's close(). */
void
pools_close(void *state);

#endif /* POOLS_H */
