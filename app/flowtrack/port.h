/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef PORT_H
#define PORT_H

#include <stdbool.h>
#include <stdint.h>

/** What ports say that they lost. */
struct port_losses {
	uint64_t missed;   /**< Packets that came while a queue was full. */
	uint64_t errors;   /**< Packets that were received wrongly. */
	uint64_t no_mbufs; /**< Times that there was no mbuf. */
};

/**
 * Add a port that reads a capture file.
 *
 * @param fd
 *   The file; to be kept open until the port is closed.
 *
 * @param[out] port_id
 *   The port.
 *
 * @return
 *   0 or a negative errno
 */
int
port_add_capture(int fd, uint16_t *port_id);

/**
 * Receive queues to use of a port: no more than there are workers, unless queues are different
 * sources.
 *
 * @return
 *   How many, at least 1
 */
unsigned int
port_queues(uint16_t port_id, unsigned int nb_workers);

/** Whether the port's packets carry the time at which they were captured, in us since 1970. */
bool
port_has_packet_time(uint16_t port_id);

/**
 * Set a port up with that many receive queues, and start it. Says on stderr what is wrong.
 *
 * @return
 *   0 or a negative errno
 */
int
port_start(uint16_t port_id, uint16_t nb_queues);

/** Stop a port that was started, and close it. */
void
port_close(uint16_t port_id);

/** Sums over all ports. */
void
port_get_losses(struct port_losses *losses);

#endif /* PORT_H */
