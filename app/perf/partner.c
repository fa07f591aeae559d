/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: work on the other lcore that only matters for what it does to the first.
 * Must not: measure.
 * Called by: scenarios with a neighbour, on the main lcore where there is another one.
 */

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "partner.h"
#include "probe.h"

static struct {
	partner_fn fn;
	void *arg;
	bool stop;
	bool has_begun;
	bool has_ended;
	unsigned long times;
} partner;

static int
run(void *unused)
{
	RTE_SET_USED(unused);
	/* Relaxed, as the others here: signs of life, which order nothing. */
	__atomic_store_n(&partner.has_begun, true, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&partner.stop, __ATOMIC_RELAXED)) {
		if (partner.fn == NULL)
			rte_pause();
		else if (!partner.fn(partner.arg))
			break;
		partner.times++;
	}
	__atomic_store_n(&partner.has_ended, true, __ATOMIC_RELAXED);
	return 0;
}

void
partner_start(partner_fn fn, void *arg)
{
	partner.fn = fn;
	partner.arg = arg;
	partner.stop = false;
	partner.has_begun = false;
	partner.has_ended = false;
	partner.times = 0;
	rte_eal_remote_launch(run, NULL, probe_other_lcore());
	while (!__atomic_load_n(&partner.has_begun, __ATOMIC_RELAXED))
		rte_pause();
}

bool
partner_goes_on(void)
{
	return !__atomic_load_n(&partner.has_ended, __ATOMIC_RELAXED);
}

unsigned long
partner_stop(void)
{
	__atomic_store_n(&partner.stop, true, __ATOMIC_RELAXED);
	rte_eal_wait_lcore(probe_other_lcore());
	return partner.times;
}
