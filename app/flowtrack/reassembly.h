/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef REASSEMBLY_H
#define REASSEMBLY_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"
#include "parse.h"

/** Bytes that came too early, held until those before them come. A fastmem object. */
struct segment {
	struct segment *next;
	uint32_t seq;
	uint32_t len;  /**< On the wire. */
	uint32_t have; /**< Captured; the rest up to len is missing. */
	uint32_t size; /**< As asked of fastmem. */
	uint8_t data[];
};

/** One direction of a TCP connection. */
struct tcp_stream {
	struct segment *held; /**< By sequence number, not overlapping, all after next. */
	uint64_t delivered;   /**< Bytes in order. */
	uint64_t missing;     /**< Bytes given up: they never came, or the capture cut them. */
	uint32_t next;	      /**< Sequence number of the next byte in order. */
	uint32_t syn;	      /**< Sequence number of the SYN. */
	uint32_t crc; /**< CRC-32C of the delivered bytes, beginning with 0, not inverted. */
	bool started; /**< next is valid. */
	bool has_syn;
	bool has_fin;
};

/** A TCP connection. A fastmem object. */
struct tcp_state {
	struct tcp_stream streams[2]; /**< By the end of the flow's key that sends. */
	uint32_t held_bytes;
	bool is_reset;
};

/** What reassembly did, over all connections of a worker. */
struct tcp_counters {
	uint64_t segments;	/**< With data. */
	uint64_t delivered;	/**< Bytes in order. */
	uint64_t missing;	/**< Bytes given up. */
	uint64_t repeated;	/**< Bytes that had come before. */
	uint64_t out_of_order;	/**< Segments that came too early. */
	uint64_t held_bytes;	/**< Now. */
	uint64_t gaps_skipped;	/**< Gaps given up. */
	uint64_t window_full;	/**< Times that a flow held as much as it may. */
	uint64_t no_memory;	/**< Times that there was no memory to hold a segment. */
	uint64_t out_of_window; /**< Segments too far from what is expected: ignored. */
};

/** What all connections of a worker share. */
struct reassembly {
	struct mem *mem;
	uint32_t window; /**< Most bytes held for a connection. */
	struct tcp_counters counters;
};

/**
 * Take a segment of a connection in.
 *
 * @param from
 *   Which of the streams sent it.
 */
void
reassembly_add(struct reassembly *r, struct tcp_state *tcp, unsigned int from,
	       const struct tcp_segment *seg);

/** The connection ends: deliver what is held, giving up the gaps, and free it. */
void
reassembly_finish(struct reassembly *r, struct tcp_state *tcp);

/** Whether this segment begins another connection between the same ends. */
bool
reassembly_is_new(const struct tcp_state *tcp, unsigned int from, const struct tcp_segment *seg);

#endif /* REASSEMBLY_H */
