/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef WEIGH_H
#define WEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench.h"

/** Live objects of any sizes, in one process; the arrays are there before anything is weighed. */
struct weigh {
	void **objects;
	uint32_t *sizes;
	uint32_t nb;
	uint32_t max;
	uint64_t payload; /**< Bytes that were asked for. */
	uint64_t random;
};

/** False: no memory for the arrays. */
bool
weigh_init(struct weigh *weigh, uint32_t max);

void
weigh_free(struct weigh *weigh);

/** Allocate one, and write to each of its pages; false: it cannot be had, or there are too many. */
bool
weigh_take(struct weigh *weigh, const struct part *part, uint32_t size);

/** Free so many, at random. */
void
weigh_give(struct weigh *weigh, const struct part *part, uint32_t nb);

/** Bytes that a mempool needs for n objects of a size, its ring included. */
uint64_t
weigh_pool(uint32_t size, uint64_t n);

#endif /* WEIGH_H */
