/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the control thread, and what wakes it; how such threads are made.
 * Must not: know what a look is.
 * Called by: memwatch_round.c, memprof.c.
 */

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <rte_lcore.h>

#include <dpdk_compat.h>

#include "memwatch_priv.h"

/* Of all windows the kernel takes this one from whom it does not trust, too. */
#define WINDOW_US 2000000u

static struct {
	pthread_mutex_t lock; /* Of whether there is one to be woken. */
	bool there;
	_Atomic bool end;
	pthread_t thread;
	struct mw_wait wait;
	unsigned int period_ms;
	void (*round)(bool stalled);
} self = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *
run(void *arg)
{
	(void)arg;
	for (;;) {
		bool stalled = mw_os_wait(&self.wait, self.period_ms);

		/* Relaxed: the wake that follows the store orders nothing else. */
		if (atomic_load_explicit(&self.end, memory_order_relaxed))
			break;
		self.round(stalled);
	}
	return NULL;
}

int
mw_thread_make(pthread_t *thread, const char *name, void *(*body)(void *), void *arg)
{
	/* One of EAL's own keeps off the lcores' CPUs; without EAL there are none. */
	if (rte_lcore_count() != 0)
		return dpdk_ctrl_thread_create(thread, name, body, arg);
	return -pthread_create(thread, NULL, body, arg);
}

static void
wait_for_kernel(const struct mw_roots *roots, const struct rte_memwatch_config *config)
{
	const unsigned int stall = config->thresholds[RTE_MEMWATCH_SOURCE_STALL].medium;
	bool stalls = (config->sources & RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_STALL)) != 0 &&
		      stall <= MW_FULL;
	bool events =
		(config->sources & RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_CGROUP_EVENTS)) != 0;
	struct rte_numa_cgroup cgroup;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" MW_PRESSURE_FILE, roots->proc);
	if (stalls)
		mw_os_wait_stall(&self.wait, path, WINDOW_US / MW_FULL * stall, WINDOW_US);
	if (rte_numa_cgroup_find(roots->proc, "memory", &cgroup) < 0 || cgroup.v1)
		return;
	snprintf(path, sizeof(path), "%s%s/" MW_CGROUP_PRESSURE_FILE, roots->fs, cgroup.dir);
	if (stalls)
		mw_os_wait_stall(&self.wait, path, WINDOW_US / MW_FULL * stall, WINDOW_US);
	do {
		snprintf(path, sizeof(path), "%s%s/" MW_EVENTS_FILE, roots->fs, cgroup.dir);
		if (events)
			mw_os_wait_change(&self.wait, path);
	} while (rte_numa_cgroup_up(&cgroup));
}

int
mw_thread_start(const struct mw_roots *roots, const struct rte_memwatch_config *config,
		void (*round)(bool stalled))
{
	int ret = mw_os_wait_open(&self.wait);

	if (ret < 0)
		return mw_fail(ret, "no descriptor to wake the thread by: %s", strerror(-ret));
	wait_for_kernel(roots, config);
	atomic_store_explicit(&self.end, false, memory_order_relaxed);
	self.period_ms = config->period_ms;
	self.round = round;
	/* What is registered already is told at once. */
	mw_os_wake(&self.wait);
	ret = mw_thread_make(&self.thread, "fastmem-watch", run, NULL);
	if (ret < 0) {
		mw_os_wait_close(&self.wait);
		return mw_fail(ret, "no thread to watch with: %s", strerror(-ret));
	}
	pthread_mutex_lock(&self.lock);
	self.there = true;
	pthread_mutex_unlock(&self.lock);
	return 0;
}

void
mw_thread_stop(void)
{
	bool there;

	pthread_mutex_lock(&self.lock);
	there = self.there;
	self.there = false;
	pthread_mutex_unlock(&self.lock);
	if (!there)
		return;
	atomic_store_explicit(&self.end, true, memory_order_relaxed);
	mw_os_wake(&self.wait);
	pthread_join(self.thread, NULL);
	mw_os_wait_close(&self.wait);
}

void
mw_thread_wake(void)
{
	pthread_mutex_lock(&self.lock);
	if (self.there)
		mw_os_wake(&self.wait);
	pthread_mutex_unlock(&self.lock);
}
