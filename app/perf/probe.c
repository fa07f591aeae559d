/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: measuring how far apart two cores are, which on a virtual machine changes.
 * Must not: use an allocator.
 * Called by: rounds.c around measurements that involve both cores.
 */

#include <stdint.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "probe.h"

#define TRIPS 2000

static struct {
	uint64_t ball __attribute__((aligned(128)));
	char pad[120];
} court;

unsigned int
probe_other_lcore(void)
{
	unsigned int lcore_id = rte_get_next_lcore(rte_get_main_lcore(), 1, 0);
	rte_cpuset_t cpus, main_cpus;

	if (lcore_id >= RTE_MAX_LCORE)
		return RTE_MAX_LCORE;
	/* Both on one CPU would take turns, not work at once. */
	cpus = rte_lcore_cpuset(lcore_id);
	main_cpus = rte_lcore_cpuset(rte_get_main_lcore());
	CPU_OR(&cpus, &cpus, &main_cpus);
	return CPU_COUNT(&cpus) > 1 ? lcore_id : RTE_MAX_LCORE;
}

/* Odd numbers are for this side. */
static int
return_ball(void *arg)
{
	uint64_t i;

	RTE_SET_USED(arg);
	for (i = 1; i < 2 * TRIPS; i += 2) {
		while (__atomic_load_n(&court.ball, __ATOMIC_ACQUIRE) != i)
			rte_pause();
		__atomic_store_n(&court.ball, i + 1, __ATOMIC_RELEASE);
	}
	return 0;
}

double
probe_round_trip(void)
{
	unsigned int lcore_id = probe_other_lcore();
	uint64_t start = 0;
	uint64_t i;

	if (lcore_id == RTE_MAX_LCORE)
		return 0;
	court.ball = 0;
	rte_eal_remote_launch(return_ball, NULL, lcore_id);
	for (i = 0; i < 2 * TRIPS; i += 2) {
		/* The first trips wait for the other side to wake up. */
		if (i == TRIPS)
			start = rte_rdtsc();
		__atomic_store_n(&court.ball, i + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&court.ball, __ATOMIC_ACQUIRE) != i + 2)
			rte_pause();
	}
	start = rte_rdtsc() - start;
	rte_eal_wait_lcore(lcore_id);
	return (double)start * 1e9 / (double)rte_get_tsc_hz() / (TRIPS / 2.0);
}
