/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef TOP_H
#define TOP_H

#include <stdint.h>

#include "parse.h"

/** What is kept of a flow for reports, after the flow itself is gone. */
struct flow_summary {
	struct flow_key key;
	enum flow_proto proto;
	uint8_t first; /**< The end that sent the first packet. */
	uint64_t first_us;
	uint64_t last_us;
	/* By the end that sends. */
	uint64_t packets[2];
	uint64_t bytes[2];
	uint64_t delivered[2];
	uint64_t missing[2];
	uint32_t crc[2];
};

/** The flows with the most bytes. */
struct top {
	struct flow_summary *flows; /**< A heap, the least one first, until top_sort(). */
	unsigned int n;
	unsigned int max;
};

/**
 * @return
 *   0 or -ENOMEM
 */
int
top_init(struct top *top, unsigned int max);

void
top_free(struct top *top);

/** Keep a flow if it is among those with the most bytes. */
void
top_add(struct top *top, const struct flow_summary *flow);

/** Add the flows of another. */
void
top_merge(struct top *top, const struct top *other);

/** Put the flow with the most bytes first. Nothing can be added then. */
void
top_sort(struct top *top);

#endif /* TOP_H */
