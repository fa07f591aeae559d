/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the way of packets: from a port's queue through the parser into the flow table.
 * Must not: set ports up or print; nothing here waits for another lcore but a report's reader.
 * Called by: main.c; worker_run() is an lcore's function.
 */

#include <errno.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_pause.h>

#include "worker.h"

#define BURST 32

/*
 * A capture that gives nothing for so many polls gives nothing any more, even if its end was not
 * reached: a poll of it is a read of the file, never a wait. Main then says how much is missing.
 */
#define CAPTURE_IDLE_POLLS 1000

struct worker {
	struct worker_config config;
	struct worker_queue queues[WORKER_QUEUES_MAX];
	unsigned int nb_queues;
	unsigned int idle_polls;
	int timestamp_offset;	 /* of the packets' time in an mbuf */
	uint64_t timestamp_flag; /* in ol_flags: the time is set */
	uint64_t epoch_us;	 /* wall clock at epoch_tsc */
	uint64_t epoch_tsc;
	struct worker_counters counters;
	struct flow_table table;
	struct worker_snapshot snapshot;
	/* A reader increments wanted, the worker answers by making answered equal to it. */
	uint32_t wanted;
	uint32_t answered;
	uint8_t scratch[WORKER_PACKET_MAX]; /* for packets that lie in several mbufs */
};

static bool stop;

void
worker_stop_all(void)
{
	/* Relaxed: nothing is handed over with it, workers only have to see it some time. */
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
}

bool
worker_stopping(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* Where net_pcap leaves each packet's time. False: it did not register that field. */
static bool
find_timestamps(struct worker *worker)
{
	int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);

	worker->timestamp_offset = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	if (flag < 0 || worker->timestamp_offset < 0)
		return false;
	worker->timestamp_flag = RTE_BIT64(flag);
	return true;
}

static void
set_epoch(struct worker *worker)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	worker->epoch_us = now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000;
	worker->epoch_tsc = rte_rdtsc();
}

/* The clock, in the same terms as a capture's time: us since 1970. */
static uint64_t
clock_us(const struct worker *worker)
{
	uint64_t cycles = rte_rdtsc() - worker->epoch_tsc;
	uint64_t hz = rte_get_tsc_hz();

	return worker->epoch_us + cycles / hz * 1000000 + cycles % hz * 1000000 / hz;
}

static uint64_t
packet_us(const struct worker *worker, const struct rte_mbuf *mbuf)
{
	if (!(mbuf->ol_flags & worker->timestamp_flag))
		return worker->table.now_us;
	/* net_pcap's timestamps are us since 1970. */
	return *RTE_MBUF_DYNFIELD(mbuf, worker->timestamp_offset, const rte_mbuf_timestamp_t *);
}

/* The packet's bytes in one piece. */
static const uint8_t *
packet_bytes(struct worker *worker, struct rte_mbuf *mbuf, uint32_t *len)
{
	if (likely(mbuf->nb_segs == 1)) {
		*len = mbuf->data_len;
		return rte_pktmbuf_mtod(mbuf, const uint8_t *);
	}
	*len = RTE_MIN(mbuf->pkt_len, sizeof(worker->scratch));
	return rte_pktmbuf_read(mbuf, 0, *len, worker->scratch);
}

static void
handle_packet(struct worker *worker, struct rte_mbuf *mbuf)
{
	struct worker_counters *counters = &worker->counters;
	enum parse_result result;
	const uint8_t *data;
	struct packet pkt;
	uint32_t len;

	data = packet_bytes(worker, mbuf, &len);
	counters->packets++;
	counters->bytes += len;
	if (worker->config.packet_time)
		flow_table_advance(&worker->table, packet_us(worker, mbuf));

	result = parse_packet(data, len, &pkt);
	counters->results[result]++;
	counters->tagged += pkt.nb_vlans > 0;
	counters->fragments += pkt.is_fragment;
	counters->cut += pkt.is_cut;
	if (result == PARSE_OK)
		flow_table_add(&worker->table, &pkt, len);
}

static unsigned int
poll_queue(struct worker *worker, const struct worker_queue *queue)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t n = rte_eth_rx_burst(queue->port_id, queue->queue_id, mbufs, BURST);
	uint64_t begin;
	unsigned int i;

	if (n == 0)
		return 0;
	begin = rte_rdtsc();
	for (i = 0; i < n; i++)
		handle_packet(worker, mbufs[i]);
	worker->counters.cycles += rte_rdtsc() - begin;
	rte_pktmbuf_free_bulk(mbufs, n);
	return n;
}

void
worker_poll(struct worker *worker)
{
	unsigned int n = 0;
	unsigned int i;

	if (!worker->config.packet_time)
		flow_table_advance(&worker->table, clock_us(worker));
	for (i = 0; i < worker->nb_queues; i++)
		n += poll_queue(worker, &worker->queues[i]);
	worker->idle_polls = n > 0 ? 0 : worker->idle_polls + 1;
}

bool
worker_is_done(const struct worker *worker)
{
	if (worker->config.is_capture &&
	    (worker->counters.packets >= worker->config.capture_packets ||
	     worker->idle_polls >= CAPTURE_IDLE_POLLS))
		return true;
	return worker_stopping();
}

const struct worker_snapshot *
worker_snapshot(struct worker *worker)
{
	struct worker_snapshot *snapshot = &worker->snapshot;

	snapshot->counters = worker->counters;
	snapshot->flows = worker->table.counters;
	snapshot->tcp = worker->table.reassembly.counters;
	snapshot->mem = worker->table.mem.use;
	snapshot->top.n = 0;
	flow_table_top(&worker->table, &snapshot->top);
	return snapshot;
}

/* A report's reader is waiting: fill the snapshot in, here where nobody changes what it is of. */
static void
answer(struct worker *worker)
{
	/* Relaxed: the reader hands nothing over but the wish. */
	uint32_t wanted = __atomic_load_n(&worker->wanted, __ATOMIC_RELAXED);

	if (likely(wanted == worker->answered))
		return;
	worker_snapshot(worker);
	/* A1, pairs with R1: the snapshot is there before the answer is. */
	__atomic_store_n(&worker->answered, wanted, __ATOMIC_RELEASE);
}

const struct worker_snapshot *
worker_snapshot_running(struct worker *worker)
{
	uint32_t wanted = worker->wanted + 1;

	__atomic_store_n(&worker->wanted, wanted, __ATOMIC_RELAXED);
	/* R1, pairs with A1. */
	while (__atomic_load_n(&worker->answered, __ATOMIC_ACQUIRE) != wanted) {
		/* It has ended meanwhile (EAL's state is read with acquire): take it ourselves. */
		if (rte_eal_get_lcore_state(worker->config.lcore_id) != RUNNING)
			return worker_snapshot(worker);
		rte_pause();
	}
	return &worker->snapshot;
}

int
worker_run(void *arg)
{
	struct worker *worker = arg;

	while (!worker_is_done(worker)) {
		worker_poll(worker);
		answer(worker);
	}
	return 0;
}

int
worker_finish(void *arg)
{
	struct worker *worker = arg;

	flow_table_flush(&worker->table);
	return 0;
}

struct worker *
worker_create(const struct worker_config *config)
{
	struct worker *worker;
	int ret;

	worker = rte_fastmem_alloc_node(sizeof(*worker), 0, RTE_FASTMEM_F_ZERO,
					config->flow.node_id);
	if (worker == NULL)
		return NULL;
	worker->config = *config;
	if (worker->config.packet_time)
		worker->config.packet_time = find_timestamps(worker);
	set_epoch(worker);
	ret = top_init(&worker->snapshot.top, config->flow.top);
	if (ret != 0)
		goto free_worker;
	ret = flow_table_init(&worker->table, &config->flow);
	if (ret != 0)
		goto free_top;
	return worker;

free_top:
	top_free(&worker->snapshot.top);
free_worker:
	rte_fastmem_free(worker);
	rte_errno = -ret;
	return NULL;
}

void
worker_free(struct worker *worker)
{
	flow_table_free(&worker->table);
	top_free(&worker->snapshot.top);
	rte_fastmem_free(worker);
}

bool
worker_add_queue(struct worker *worker, uint16_t port_id, uint16_t queue_id)
{
	if (worker->nb_queues == WORKER_QUEUES_MAX)
		return false;
	worker->queues[worker->nb_queues].port_id = port_id;
	worker->queues[worker->nb_queues].queue_id = queue_id;
	worker->nb_queues++;
	return true;
}

int
worker_node(const struct worker *worker)
{
	return worker->config.flow.node_id;
}
