/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_fastmem.h>

#include "capture.h"
#include "port.h"
#include "worker.h"

/** Most nodes in a report. */
#define REPORT_NODES_MAX 32

/** A node's memory. */
struct report_node {
	int node_id;
	struct rte_fastmem_node_stats stats;
	/**
	 * What workers of the node held at most. Exact for one worker; for several it is the sum
	 * of what each held at most, and so at least what they held together.
	 */
	uint64_t peak;
	/** By size class, in blocks: what workers of the node hold, and what they held at most. */
	struct mem_class_use classes[RTE_FASTMEM_MAX_CLASSES];
	/** By size class, in blocks: what caches and magazines keep ready. */
	uint64_t cached[RTE_FASTMEM_MAX_CLASSES];
};

/** All that a report says. */
struct report {
	bool is_final;
	double seconds;
	const char *capture; /**< NULL: live ports. */
	struct capture_info capture_info;
	unsigned int nb_workers;
	struct worker_snapshot total; /**< Sums over the workers; peaks as in report_node. */
	struct port_losses losses;
	struct report_node nodes[REPORT_NODES_MAX];
	unsigned int nb_nodes;
	struct rte_fastmem_stats mem;
	struct rte_fastmem_class_stats classes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int nb_classes;
	uint64_t left_bytes; /**< Final: still in use when everything had been given back. */
};

/**
 * @return
 *   0 or -ENOMEM
 */
int
report_init(struct report *report, unsigned int top);

void
report_free(struct report *report);

/** Begin anew: zero sums, and what fastmem says of these nodes now. */
void
report_begin(struct report *report, const int *node_ids, unsigned int nb_nodes);

/** Add what a worker says of its memory. */
void
report_add_memory(struct report *report, int node_id, const struct mem_use *use,
		  size_t worker_bytes);

/** Add what a worker says of its traffic. */
void
report_add_traffic(struct report *report, const struct worker_snapshot *snapshot);

/** When all was added. */
void
report_end(struct report *report);

/** Chunks that were taken after the reservation, all nodes. */
uint64_t
report_growths(const struct report *report);

/** Objects that workers allocated. */
uint64_t
report_allocations(const struct report *report);

/** Packets whose result is one of skipped ones, or one of malformed ones. */
uint64_t
report_nb_skipped(const struct report *report, bool malformed);

/** a / b, 0 where b is. */
double
report_ratio(double a, double b);

/** Print it for people. */
void
report_print(const struct report *report);

/**
 * Write it to a file as JSON. A regular file is replaced at once, so that a reader never sees a
 * part; a device or a pipe is written to.
 *
 * @return
 *   0 or a negative errno
 */
int
report_write_json(const struct report *report, const char *path);

#endif /* REPORT_H */
