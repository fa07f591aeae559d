/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A stream of gets and puts, of up to as many objects as a thread has at once; each is marked. */

#include <errno.h>

#include <rte_common.h>

#include "pool.h"
#include "test_rand.h"

#define MOST 40

int64_t
pool_churn(struct rte_mempool *mp, uint64_t seed, size_t rounds)
{
	struct test_rand r = test_rand_start(seed);
	volatile uint64_t *objects[MOST];
	int64_t wrong = 0;
	size_t done = 0;
	uint64_t mark;
	unsigned int i, n;

	for (; rounds > 0; rounds--) {
		n = 1 + (unsigned int)test_rand_below(&r, MOST);
		/* As if they were not there: a thread that has them may be stopped at the moment. */
		if (rte_mempool_get_bulk(mp, (void **)(uintptr_t)objects, n) != 0)
			continue;
		mark = seed << 40 ^ rounds << 8;
		for (i = 0; i < n; i++)
			*objects[i] = mark + i;
		for (i = 0; i < n; i++)
			wrong += *objects[i] != mark + i;
		rte_mempool_put_bulk(mp, (void *const *)(uintptr_t)objects, n);
		done++;
	}
	return done == 0 ? -ENOBUFS : wrong;
}
