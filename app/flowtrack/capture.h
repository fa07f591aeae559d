/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a capture file holds. */
struct capture_info {
	const char *format;  /**< "pcap", "pcap (nanoseconds)" or "pcapng". */
	uint64_t nb_packets; /**< Whole ones: what a port will receive from it. */
	uint64_t nb_cut;     /**< Of these: captured shorter than they were on the wire. */
	bool is_truncated;   /**< The file ends in the middle of a record. */
};

/**
 * Walk a capture file's framing: is it one that the port can read to its end, and how many packets
 * are in it?
 *
 * It accepts what libpcap accepts, so that the count is exact. Reads data[0..size) and nothing
 * else.
 *
 * @param[out] info
 *   Set on success only.
 * @param[out] error
 *   On failure, what is wrong and what to do.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: no capture, or a corrupt one
 *   - -ENOTSUP: a capture, but not of Ethernet, or in a form that libpcap does not read
 */
int
capture_check(const void *data, size_t size, struct capture_info *info, char *error,
	      size_t error_size);

#endif /* CAPTURE_H */
