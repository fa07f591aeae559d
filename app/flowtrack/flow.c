/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a worker's flows: finding, making, ageing, dropping them.
 * Must not: see mbufs or ports, nor be shared between workers.
 * Called by: worker.c.
 */

#include <stdio.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_debug.h>
#include <rte_errno.h>

#include "flow.h"

static void
summarise(const struct flow *flow, struct flow_summary *summary)
{
	unsigned int i;

	memset(summary, 0, sizeof(*summary));
	summary->key = flow->key;
	summary->proto = flow->proto;
	summary->first = flow->first;
	summary->first_us = flow->first_us;
	summary->last_us = flow->last_us;
	for (i = 0; i < 2; i++) {
		summary->packets[i] = flow->packets[i];
		summary->bytes[i] = flow->bytes[i];
		if (flow->tcp == NULL)
			continue;
		summary->delivered[i] = flow->tcp->streams[i].delivered;
		summary->missing[i] = flow->tcp->streams[i].missing;
		summary->crc[i] = flow->tcp->streams[i].crc;
	}
}

/* Give a flow's memory back, what of it there is. */
static void
flow_free(struct flow_table *table, struct flow *flow)
{
	if (flow->timer != NULL)
		mem_free(&table->mem, MEM_TIMER, flow->timer);
	if (flow->tcp != NULL)
		mem_free(&table->mem, MEM_TCP, flow->tcp);
	mem_free(&table->mem, MEM_FLOW, flow);
}

static void
flow_end(struct flow_table *table, struct flow *flow, enum flow_end why)
{
	struct flow_summary summary;

	if (flow->tcp != NULL)
		reassembly_finish(&table->reassembly, flow->tcp);
	summarise(flow, &summary);
	top_add(&table->ended, &summary);

	rte_hash_del_key(table->hash, &flow->key);
	TAILQ_REMOVE(&table->by_age, flow, age);
	wheel_cancel(flow->timer);
	flow_free(table, flow);
	table->counters.ended[why]++;
	table->counters.live--;
}

/* Drop the flow that was silent the longest, but never the one in hand. */
static bool
drop_oldest(void *arg)
{
	struct flow_table *table = arg;
	struct flow *oldest = TAILQ_FIRST(&table->by_age);

	if (oldest == NULL || oldest == table->current)
		return false;
	flow_end(table, oldest, FLOW_END_DROPPED);
	return true;
}

/* A flow with its timer and TCP state, not linked anywhere yet. */
static struct flow *
flow_alloc(struct flow_table *table, enum flow_proto proto)
{
	struct flow *flow = mem_alloc(&table->mem, MEM_FLOW);

	if (flow == NULL)
		return NULL;
	memset(flow, 0, sizeof(*flow));
	flow->timer = mem_alloc(&table->mem, MEM_TIMER);
	if (flow->timer == NULL)
		goto fail;
	if (proto == FLOW_PROTO_TCP) {
		flow->tcp = mem_alloc(&table->mem, MEM_TCP);
		if (flow->tcp == NULL)
			goto fail;
		memset(flow->tcp, 0, sizeof(*flow->tcp));
	}
	return flow;

fail:
	flow_free(table, flow);
	return NULL;
}

static struct flow *
flow_create(struct flow_table *table, const struct packet *pkt)
{
	struct flow *flow;

	if (table->counters.live == table->max_flows)
		drop_oldest(table);
	flow = flow_alloc(table, pkt->proto);
	if (flow == NULL)
		return NULL;
	if (rte_hash_add_key_data(table->hash, &pkt->key, flow) != 0) {
		flow_free(table, flow);
		return NULL;
	}

	flow->key = pkt->key;
	flow->proto = pkt->proto;
	flow->first = pkt->from;
	flow->first_us = table->now_us;
	flow->timer->arg = flow;
	wheel_add(&table->wheel, flow->timer, table->now_us + table->timeout_us);
	TAILQ_INSERT_TAIL(&table->by_age, flow, age);
	table->counters.protos[flow->proto].flows++;
	table->counters.live++;
	table->counters.live_peak = RTE_MAX(table->counters.live_peak, table->counters.live);
	return flow;
}

/* The flow of a packet; NULL where there is no memory for it. */
static struct flow *
flow_of(struct flow_table *table, const struct packet *pkt)
{
	struct flow *flow;
	void *data;

	if (rte_hash_lookup_data(table->hash, &pkt->key, &data) < 0)
		return flow_create(table, pkt);
	flow = data;
	if (flow->tcp != NULL && reassembly_is_new(flow->tcp, pkt->from, &pkt->tcp)) {
		flow_end(table, flow, FLOW_END_REPLACED);
		return flow_create(table, pkt);
	}
	/* It is now the one that was silent the shortest. */
	TAILQ_REMOVE(&table->by_age, flow, age);
	TAILQ_INSERT_TAIL(&table->by_age, flow, age);
	return flow;
}

void
flow_table_add(struct flow_table *table, const struct packet *pkt, uint32_t bytes)
{
	struct flow_proto_counters *counters = &table->counters.protos[pkt->proto];
	struct flow *flow;

	counters->packets++;
	counters->bytes += bytes;
	flow = flow_of(table, pkt);
	if (unlikely(flow == NULL)) {
		table->counters.untracked++;
		return;
	}
	flow->last_us = table->now_us;
	flow->packets[pkt->from]++;
	flow->bytes[pkt->from] += bytes;
	if (flow->tcp == NULL)
		return;
	table->current = flow;
	reassembly_add(&table->reassembly, flow->tcp, pkt->from, &pkt->tcp);
	table->current = NULL;
}

/* A flow's timer is set when the flow is made and moved only here, not at each packet. */
static void
on_timer(struct timer *timer, uint64_t now_us, void *arg)
{
	struct flow_table *table = arg;
	struct flow *flow = timer->arg;
	uint64_t ends_us = flow->last_us + table->timeout_us;

	/* Armed or not, a timer that ends its flow has to look armed to flow_end(). */
	wheel_add(&table->wheel, timer, ends_us);
	if (ends_us <= now_us)
		flow_end(table, flow, FLOW_END_TIMEOUT);
}

void
flow_table_advance(struct flow_table *table, uint64_t now_us)
{
	if (now_us <= table->now_us)
		return;
	table->now_us = now_us;
	wheel_advance(&table->wheel, now_us, on_timer, table);
}

void
flow_table_flush(struct flow_table *table)
{
	struct flow *flow;

	while ((flow = TAILQ_FIRST(&table->by_age)) != NULL)
		flow_end(table, flow, FLOW_END_EXIT);
}

void
flow_table_top(const struct flow_table *table, struct top *top)
{
	struct flow_summary summary;
	const struct flow *flow;

	top_merge(top, &table->ended);
	TAILQ_FOREACH(flow, &table->by_age, age) {
		summarise(flow, &summary);
		top_add(top, &summary);
	}
}

/* Keys and places come from EAL's heap once, at the start; flows do not. */
static int
hash_create(struct flow_table *table, const struct flow_config *config)
{
	char name[RTE_HASH_NAMESIZE];
	struct rte_hash_parameters params = {
		.name = name,
		.entries = config->max_flows,
		.key_len = sizeof(struct flow_key),
		.socket_id = config->node_id,
		/* Without it the table can be full before it has max_flows. */
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	/* The least that rte_hash makes is a bucket. */
	params.entries = RTE_MAX(params.entries, 8u);
	snprintf(name, sizeof(name), "flowtrack_%u", config->id);
	table->hash = rte_hash_create(&params);
	return table->hash == NULL ? -rte_errno : 0;
}

int
flow_table_init(struct flow_table *table, const struct flow_config *config)
{
	static const size_t sizes[MEM_SEGMENT] = {
		[MEM_FLOW] = sizeof(struct flow),
		[MEM_TCP] = sizeof(struct tcp_state),
		[MEM_TIMER] = sizeof(struct timer),
	};
	int ret;

	memset(table, 0, sizeof(*table));
	TAILQ_INIT(&table->by_age);
	wheel_init(&table->wheel);
	table->timeout_us = config->timeout_s * UINT64_C(1000000);
	table->max_flows = config->max_flows;
	table->reassembly.mem = &table->mem;
	table->reassembly.window = config->window;

	ret = mem_init(&table->mem, config->node_id, sizes);
	if (ret != 0)
		return ret;
	table->mem.reclaim = drop_oldest;
	table->mem.reclaim_arg = table;
	ret = hash_create(table, config);
	if (ret != 0)
		return ret;
	ret = top_init(&table->ended, config->top);
	if (ret != 0)
		rte_hash_free(table->hash);
	return ret;
}

void
flow_table_free(struct flow_table *table)
{
	RTE_ASSERT(TAILQ_EMPTY(&table->by_age));
	rte_hash_free(table->hash);
	top_free(&table->ended);
}

const char *
flow_end_name(enum flow_end end)
{
	static const char *const names[FLOW_ENDS] = {
		[FLOW_END_TIMEOUT] = "timeout",
		[FLOW_END_REPLACED] = "replaced",
		[FLOW_END_DROPPED] = "dropped as oldest",
		[FLOW_END_EXIT] = "program end",
	};

	return names[end];
}
