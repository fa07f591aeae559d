/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What test_sampler.h says. */

#include <rte_fastmem_sample.h>

#include "test_sampler.h"

static void
ignore_given(const struct rte_fastmem_sample *sample, void *arg)
{
	(void)sample;
	(void)arg;
}

static void
ignore_freed(const struct rte_fastmem_sample *sample, enum rte_fastmem_sample_end end, uint64_t tsc,
	     void *arg)
{
	(void)sample;
	(void)end;
	(void)tsc;
	(void)arg;
}

int
test_sample_start(uint64_t interval)
{
	const struct rte_fastmem_sampler sampler = {
		.interval = interval,
		.max_places = 1024,
		.allocated = ignore_given,
		.freed = ignore_freed,
	};

	return rte_fastmem_sample_start(&sampler);
}
