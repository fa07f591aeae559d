/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef FLOW_H
#define FLOW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_hash.h>

#include "mem.h"
#include "parse.h"
#include "reassembly.h"
#include "timer_wheel.h"
#include "top.h"

/** Why a flow ended. */
enum flow_end {
	FLOW_END_TIMEOUT,  /**< It was silent for too long. */
	FLOW_END_REPLACED, /**< A new connection between the same ends. */
	FLOW_END_DROPPED,  /**< The oldest, when the table or the memory was full. */
	FLOW_END_EXIT,	   /**< The program ended. */
	FLOW_ENDS
};

/** A flow. A fastmem object, as are its timer and its TCP state. */
struct flow {
	struct flow_key key;
	enum flow_proto proto;
	uint8_t first; /**< The end that sent the first packet. */
	TAILQ_ENTRY(flow) age;
	struct timer *timer;
	struct tcp_state *tcp; /**< NULL unless TCP. */
	uint64_t first_us;
	uint64_t last_us;
	uint64_t packets[2]; /**< By the end that sends. */
	uint64_t bytes[2];
};

TAILQ_HEAD(flow_list, flow);

/** What is counted for each kind of flow. */
struct flow_proto_counters {
	uint64_t flows;
	uint64_t packets;
	uint64_t bytes;
};

/** What a flow table did. */
struct flow_counters {
	struct flow_proto_counters protos[FLOW_PROTOS];
	uint64_t ended[FLOW_ENDS];
	uint64_t live;
	uint64_t live_peak;
	uint64_t untracked; /**< Packets for whose flow there was no memory. */
};

/** The flows of a worker. */
struct flow_table {
	struct rte_hash *hash;
	struct flow_list by_age; /**< The one that was silent the longest first. */
	struct flow *current;	 /**< In use now: not to be dropped for its own sake. */
	struct timer_wheel wheel;
	struct mem mem;
	struct reassembly reassembly;
	struct top ended; /**< Of the flows that ended. */
	struct flow_counters counters;
	uint64_t timeout_us;
	uint64_t now_us; /**< Time of the packets; never goes back. */
	unsigned int max_flows;
};

/** How a flow table is to be. */
struct flow_config {
	unsigned int id; /**< Tells tables apart. */
	int node_id;
	unsigned int max_flows;
	unsigned int timeout_s;
	uint32_t window;
	unsigned int top;
};

/**
 * @return
 *   0 or a negative errno: -ENOMEM, and those of rte_hash_create() and mem_init()
 */
int
flow_table_init(struct flow_table *table, const struct flow_config *config);

/** Only after flow_table_flush(). */
void
flow_table_free(struct flow_table *table);

/** Let time pass: flows that were silent for too long end. */
void
flow_table_advance(struct flow_table *table, uint64_t now_us);

/** Count a packet to its flow, making the flow if it is new. */
void
flow_table_add(struct flow_table *table, const struct packet *pkt, uint32_t bytes);

/** End all flows. */
void
flow_table_flush(struct flow_table *table);

/** Add the flows that are live to those that ended. */
void
flow_table_top(const struct flow_table *table, struct top *top);

/** A reason in words. */
const char *
flow_end_name(enum flow_end end);

#endif /* FLOW_H */
