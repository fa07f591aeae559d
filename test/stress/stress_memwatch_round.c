/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of memwatch_round.c: watching begins and ends while others poll, ask and
 *   register.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain and under ThreadSanitizer.
 */

#include <errno.h>
#include <string.h>

#include "memwatch_priv.h"
#include "stress.h"

#define NB_NODES 2

/* What the library has elsewhere: a machine that is short of memory at random, without a thread. */
int
mw_roots_self(struct mw_roots *roots)
{
	*roots = (struct mw_roots){ NULL, "", "" };
	return 0;
}

int
mw_reading_make(const struct mw_roots *roots, struct mw_reading *r)
{
	(void)roots;
	*r = (struct mw_reading){ .nb_nodes = NB_NODES,
				  .node = calloc(NB_NODES, sizeof(*r->node)) };
	CHECK(r->node != NULL);
	for (int i = 0; i < NB_NODES; i++)
		r->node[i].node_id = i;
	return 0;
}

void
mw_reading_free(struct mw_reading *r)
{
	free(r->node);
	r->node = NULL;
}

int
mw_reading_index(const struct mw_reading *r, int node_id)
{
	return node_id >= 0 && node_id < (int)r->nb_nodes ? node_id : -1;
}

void
mw_cgroups_find(const struct mw_roots *roots, struct mw_cgroups *cgroups)
{
	(void)roots;
	memset(cgroups, 0, sizeof(*cgroups));
}

void
mw_read(const struct mw_roots *roots, const struct mw_cgroups *cgroups, struct mw_reading *r)
{
	static _Atomic unsigned int n;
	unsigned int now = atomic_fetch_add(&n, 7) * 2654435761u;

	(void)roots;
	(void)cgroups;
	r->meminfo = true;
	r->total = 1000;
	r->available = (now >> 20) % 1000;
	for (int i = 0; i < NB_NODES; i++)
		r->node[i].memory =
			(struct rte_numa_memory){ .total = 1000, .free = (now >> (4 * i)) % 1000 };
	r->cgroup.max = r->cgroup_high.max = r->cgroup_huge.max = RTE_NUMA_CGROUP_NO_LIMIT;
}

/* Time flies: each look is one that is due. */
uint64_t
mw_os_now_ms(void)
{
	static _Atomic uint64_t now;

	return atomic_fetch_add(&now, 20);
}

int
mw_thread_start(const struct mw_roots *roots, const struct rte_memwatch_config *config,
		void (*round)(bool stalled))
{
	(void)roots;
	(void)config;
	(void)round;
	return 0;
}

void
mw_thread_stop(void)
{
}

bool
mw_relieve(int node_id, enum rte_memwatch_level level, bool no_sleep)
{
	(void)node_id;
	(void)level;
	CHECK(no_sleep);
	return true;
}

/* Plain memory: callbacks run one at a time, whoever polls, and none after stop has returned. */
static bool watched;
static unsigned int calls;

static void
told(const struct rte_memwatch_change *change, void *arg)
{
	uint8_t *seen = &((uint8_t *)arg)[change->node_id + 1];

	CHECK(watched);
	CHECK(change->from == *seen && change->to != *seen);
	*seen = (uint8_t)change->to;
	calls++;
}

static void
start_and_stop(struct stress_thread *t)
{
	struct rte_memwatch_config config;

	rte_memwatch_config_init(&config);
	config.period_ms = 10;
	config.hold_ms = 0;
	while (stress_goes_on()) {
		config.flags = stress_rand(t) % 4 != 0 ? RTE_MEMWATCH_F_POLLED : 0;
		watched = true;
		CHECK(rte_memwatch_start(&config) == 0);
		usleep(stress_rand(t) % 256);
		rte_memwatch_stop();
		watched = false;
		t->done++;
	}
}

static void *
work(void *arg)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];
	struct rte_memwatch_config config;
	struct stress_thread *t = arg;
	struct mw_roots roots;
	int ret;

	if (t->me == 1)
		start_and_stop(t);
	while (stress_goes_on()) {
		mw_round_try();
		if (t->me == 2)
			continue;
		/* Also while watching ends and begins anew. */
		if (mw_watching()) {
			CHECK(mw_level(RTE_NUMA_NODE_ANY) >= 0 && mw_level(1) >= 0);
			CHECK(mw_level(NB_NODES) < 0);
		}
		ret = mw_last_figures(0, figures);
		CHECK(ret == 0 || ret == -EAGAIN);
		CHECK(ret < 0 || figures[RTE_MEMWATCH_SOURCE_MEMORY].total == 1000);
		CHECK(mw_settings(&roots, &config) == 0);
	}
	return NULL;
}

int
main(void)
{
	static uint8_t seen[2][NB_NODES + 1];
	uint64_t done;

	CHECK(mw_watch_add(RTE_MEMWATCH_ALL, told, seen[0]) > 0);
	CHECK(mw_watch_add(RTE_MEMWATCH_ALL, told, seen[1]) > 0);
	/* It is no lock-free code: a second shows what there is to be seen. */
	done = stress_run(work, stress_ms() / 4, NULL);
	CHECK(calls > 0);
	printf("watched %llu times, %u changes were told\n", (unsigned long long)done, calls);
	return 0;
}
