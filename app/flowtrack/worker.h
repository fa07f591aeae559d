/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"

/** Most receive queues of one worker. */
#define WORKER_QUEUES_MAX 64

/** The longest packet that a port can hand on. */
#define WORKER_PACKET_MAX 65536

/** A receive queue of a port. */
struct worker_queue {
	uint16_t port_id;
	uint16_t queue_id;
};

/** What a worker counts itself. */
struct worker_counters {
	uint64_t packets;
	uint64_t bytes;
	uint64_t results[PARSE_RESULTS];
	uint64_t tagged;    /**< Packets with a VLAN tag. */
	uint64_t fragments; /**< IP fragments, first ones included. */
	uint64_t cut;	    /**< Packets of which IP says that there was more. */
	uint64_t cycles;    /**< TSC, from a burst's arrival to its end. */
};

/** A worker's state at one moment, for reports. */
struct worker_snapshot {
	struct worker_counters counters;
	struct flow_counters flows;
	struct tcp_counters tcp;
	struct mem_use mem;
	struct top top;
};

/** How a worker is to be. */
struct worker_config {
	unsigned int lcore_id;
	struct flow_config flow;
	uint64_t capture_packets; /**< Stop after so many; 0: run until told to stop. */
	bool is_capture;
	bool packet_time; /**< Time is what the packets say, not the clock. */
};

/** A worker: an lcore, its queues, its flows. Itself a fastmem object on the lcore's node. */
struct worker;

/**
 * @return
 *   The worker, or NULL with rte_errno
 */
struct worker *
worker_create(const struct worker_config *config);

/** After worker_finish(). */
void
worker_free(struct worker *worker);

/** Give a worker a queue to poll; false if it has too many. */
bool
worker_add_queue(struct worker *worker, uint16_t port_id, uint16_t queue_id);

/** Read a burst of each queue. */
void
worker_poll(struct worker *worker);

/** Whether there is nothing more to come: the capture is at its end, or someone said stop. */
bool
worker_is_done(const struct worker *worker);

/** Poll until worker_is_done(); an lcore function, its argument the worker. */
int
worker_run(void *worker);

/** End all flows, on the lcore that made them; an lcore function, its argument the worker. */
int
worker_finish(void *worker);

/** Tell all workers to stop. Safe in a signal handler. */
void
worker_stop_all(void);

/** Whether workers were told to stop. */
bool
worker_stopping(void);

/** The state now of a worker that does not run at the moment. */
const struct worker_snapshot *
worker_snapshot(struct worker *worker);

/** The state of a worker that runs on another lcore: asks it, and waits for its answer. */
const struct worker_snapshot *
worker_snapshot_running(struct worker *worker);

/** The node that a worker runs on. */
int
worker_node(const struct worker *worker);

#endif /* WORKER_H */
