/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what objects cost that one core allocates and another frees, through an rte_ring.
 * Must not: look at the objects: that costs the same for all, and more than any of them.
 * Called by: main.c through scenario.c.
 */

#include <stddef.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_ring.h>

#include "probe.h"
#include "rounds.h"
#include "scenario.h"

#define OBJECTS	  8192
#define RING_SIZE 1024
#define CHECKED	  2048

/* The consumer's side, and what it tells. */
struct consumer {
	loop_fn loop;
	struct work work;
	uint64_t n;
	uint64_t done;
	uint64_t end_tsc;
	bool failed; /* the producer gave up */
	bool is_disturbed;
};

static double
time_handover(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	      double *values);

static const struct metric metrics[] = {
	{ .work = "handed over singly, 64 B", .name = "time", .unit = "ns a pair" },
	{ .work = "handed over, 32 at once, 64 B", .name = "time", .unit = "ns a pair" },
	{ .work = "handed over singly, 16 sizes", .name = "time", .unit = "ns a pair" },
};

#define TRIAL(number, here, there) \
	{ \
		.metrics = &metrics[number], .nb_metrics = 1, .time = time_handover, \
		.loop = offsetof(struct loops, here), .partner = offsetof(struct loops, there), \
		.step = 1024, .two_cores = true, \
	}

static const struct trial trials[] = {
	TRIAL(0, produce, consume),
	TRIAL(1, produce_bulk, consume_bulk),
	TRIAL(2, produce_mixed, consume_mixed),
};

static struct rte_ring *ring;

static int
consume(void *arg)
{
	struct consumer *consumer = arg;
	struct disturbance before;

	disturbance_read(&before);
	consumer->done = consumer->loop(&consumer->work, consumer->n);
	consumer->end_tsc = rte_rdtsc_precise();
	consumer->is_disturbed = disturbance_since(&before, false);
	return 0;
}

static double
time_handover(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	      double *values)
{
	static struct consumer consumer;
	unsigned int lcore_id = probe_other_lcore();
	uint64_t start, done;

	/* No way that takes part here has anything of one thread alone. */
	consumer = (struct consumer){
		.loop = rounds_loop(part->way, trial->partner),
		.work = part->work,
		.n = n,
	};
	consumer.work.ring = ring;
	consumer.work.failed = &consumer.failed;
	part->work.ring = ring;
	rte_eal_remote_launch(consume, &consumer, lcore_id);
	start = rte_rdtsc_precise();
	done = rounds_loop(part->way, trial->loop)(&part->work, n);
	/* Release: with consume() in loops.h, which then finds the ring's last objects. */
	if (done != n)
		__atomic_store_n(&consumer.failed, true, __ATOMIC_RELEASE);
	rte_eal_wait_lcore(lcore_id);
	if (consumer.is_disturbed)
		bench->is_disturbed = true;
	if (done != n || consumer.done != n)
		return -1;
	values[0] = rounds_ns(consumer.end_tsc - start) / (double)n;
	return values[0];
}

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS }, .kinds = OBJECTS };
	unsigned int i;

	if (!rounds_two_lcores(bench))
		return true;
	ring = rte_ring_create("handover", RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (ring == NULL)
		return false;
	bench_open(bench, &needs, WAY_NO_LCORE | WAY_ONE_THREAD);
	bench_check(bench, CHECKED, false);
	bench_check(bench, CHECKED, true);
	for (i = 0; i < RTE_DIM(trials); i++)
		rounds_run(bench, &trials[i]);
	bench_close(bench);
	rte_ring_free(ring);
	return true;
}

void
scene_handover(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run });
}
