/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: watching: what was found at the last look, and looking again.
 * Must not: run two looks at once, or let a poller wait for one.
 * Called by: applications, memwatch_thread.c, memwatch_ask.c.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "memwatch_priv.h"

/* How often it is looked whether the process is in other cgroups. */
#define FIND_MS 10000

/* In place of a level: no such node. */
#define NO_LEVEL UINT8_MAX

/*
 * I1. control is held to start and stop, round for a look and its callbacks, data to read or change
 *     what a look found. They are taken in this order, and none but round is held by who calls
 *     anybody. Who holds round may read what a look found without data.
 */
static struct {
	pthread_mutex_t control, round, data;
	bool on; /* Changed with all three held. */
	struct mw_roots roots;
	struct rte_memwatch_config config;
	struct mw_cgroups cgroups;
	uint64_t found_ms; /* When they were found. */
	struct mw_reading now, before;
	bool looked;
	unsigned int nb_scopes; /* The machine, then each node. */
	struct mw_scope *scope;
} self = {
	.control = PTHREAD_MUTEX_INITIALIZER,
	.round = PTHREAD_MUTEX_INITIALIZER,
	.data = PTHREAD_MUTEX_INITIALIZER,
};

/* What anybody may read at any time: levels by id + 1. */
static _Atomic bool watching;
static _Atomic uint8_t levels[RTE_NUMA_MAX_NODES + 1];

/* When a poller looks next; UINT64_MAX: it does not. */
static _Atomic uint64_t due_ms = UINT64_MAX;

bool
mw_watching(void)
{
	/* A1: pairs with R1: levels are there. */
	return atomic_load_explicit(&watching, memory_order_acquire);
}

int
mw_level(int node_id)
{
	uint8_t level = NO_LEVEL;

	/* Relaxed: a level says nothing about other memory. */
	if (node_id >= RTE_NUMA_NODE_ANY && node_id < RTE_NUMA_MAX_NODES)
		level = atomic_load_explicit(&levels[node_id + 1], memory_order_relaxed);
	return level != NO_LEVEL ? level : -EINVAL;
}

static void
publish(const struct mw_scope *scope)
{
	atomic_store_explicit(&levels[scope->node_id + 1], (uint8_t)scope->level,
			      memory_order_relaxed);
}

/* Read the machine. Of what is counted the first look can say nothing. */
static void
read_all(bool stalled, uint64_t now_ms)
{
	const unsigned int medium = self.config.thresholds[RTE_MEMWATCH_SOURCE_STALL].medium;
	struct mw_reading older = self.before;

	self.before = self.now;
	self.now = older;
	if (!self.looked || now_ms - self.found_ms >= FIND_MS) {
		mw_cgroups_find(&self.roots, &self.cgroups);
		self.found_ms = now_ms;
	}
	mw_read(&self.roots, &self.cgroups, &self.now);
	/* The average lags behind the trigger, which is at the threshold. */
	if (stalled && self.now.pressure && self.now.stall < medium)
		self.now.stall = medium;
}

/* With data held: also while it reads, as half a look would miss what is counted. */
static unsigned int
look(bool stalled)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];
	uint64_t now_ms = mw_os_now_ms();
	unsigned int changed = 0;

	read_all(stalled, now_ms);
	for (unsigned int i = 0; i < self.nb_scopes; i++) {
		if (i == 0)
			mw_figures_of_machine(&self.now, self.looked ? &self.before : NULL,
					      figures);
		else
			mw_figures_of_node(&self.now, i - 1, figures);
		changed += mw_scope_judge(&self.scope[i], &self.config, figures, &self.now,
					  now_ms) != 0;
		publish(&self.scope[i]);
	}
	self.looked = true;
	return changed;
}

/* Callbacks first: who is told has a chance to know better than handlers. */
static void
tell(bool no_sleep)
{
	mw_watch_deliver(self.scope, self.nb_scopes, no_sleep);
	for (unsigned int i = 0; i < self.nb_scopes; i++) {
		struct mw_scope *scope = &self.scope[i];

		/* Who has it called just now may do so for another node: this one's turn comes next time. */
		if (scope->level <= scope->relieved ||
		    mw_relieve(scope->node_id, scope->level, no_sleep))
			scope->relieved = scope->level;
	}
}

/* Whether there was a look, and how many levels it changed. */
static bool
round_locked(bool stalled, bool no_sleep, unsigned int *changed)
{
	*changed = 0;
	if (!self.on)
		return false;
	/* What start found goes first, so that no level is skipped. */
	tell(no_sleep);
	if (no_sleep ? pthread_mutex_trylock(&self.data) != 0 : pthread_mutex_lock(&self.data) != 0)
		return false;
	*changed = look(stalled);
	pthread_mutex_unlock(&self.data);
	tell(no_sleep);
	return true;
}

static void
round_of_thread(bool stalled)
{
	unsigned int changed;

	pthread_mutex_lock(&self.round);
	round_locked(stalled, false, &changed);
	pthread_mutex_unlock(&self.round);
}

unsigned int
mw_round_try(void)
{
	uint64_t now_ms, due = atomic_load_explicit(&due_ms, memory_order_relaxed);
	unsigned int changed = 0;

	if (due == UINT64_MAX)
		return 0;
	now_ms = mw_os_now_ms();
	if (now_ms < due || pthread_mutex_trylock(&self.round) != 0)
		return 0;
	/* Again: somebody else may have been quicker, or have stopped. Relaxed: under the lock. */
	if (now_ms >= atomic_load_explicit(&due_ms, memory_order_relaxed) &&
	    round_locked(false, true, &changed))
		atomic_store_explicit(&due_ms, now_ms + self.config.period_ms,
				      memory_order_relaxed);
	pthread_mutex_unlock(&self.round);
	return changed;
}

static void
undo(void)
{
	mw_reading_free(&self.now);
	mw_reading_free(&self.before);
	free(self.scope);
	self.scope = NULL;
	self.nb_scopes = 0;
}

static int
make(const struct mw_roots *roots)
{
	int ret;

	self.roots = *roots;
	self.looked = false;
	ret = mw_reading_make(roots, &self.now);
	if (ret < 0)
		return ret;
	ret = mw_reading_make(roots, &self.before);
	if (ret == 0)
		self.scope = calloc(self.now.nb_nodes + 1, sizeof(*self.scope));
	if (self.scope == NULL) {
		undo();
		return ret < 0 ? ret : mw_fail(-ENOMEM, "out of memory");
	}
	self.nb_scopes = self.now.nb_nodes + 1;
	/* Those that there are keep their levels: who asks while watching begins anew gets the last. */
	for (int id = 0; id < RTE_NUMA_MAX_NODES; id++)
		if (mw_reading_index(&self.now, id) < 0)
			atomic_store_explicit(&levels[id + 1], NO_LEVEL, memory_order_relaxed);
	for (unsigned int i = 0; i < self.nb_scopes; i++)
		self.scope[i].node_id = i == 0 ? RTE_NUMA_NODE_ANY : self.now.node[i - 1].node_id;
	return 0;
}

static void
set_on(bool on)
{
	pthread_mutex_lock(&self.round);
	pthread_mutex_lock(&self.data);
	self.on = on;
	if (!on) {
		/* With round held: a poller sets it too, and would otherwise have the last word. */
		atomic_store_explicit(&due_ms, UINT64_MAX, memory_order_relaxed);
		undo();
	}
	pthread_mutex_unlock(&self.data);
	pthread_mutex_unlock(&self.round);
}

/* With control held. */
static void
stop_locked(void)
{
	atomic_store_explicit(&watching, false, memory_order_relaxed);
	mw_thread_stop();
	set_on(false);
}

int
mw_start(const struct mw_roots *roots, const struct rte_memwatch_config *config)
{
	int ret = mw_config_check(config);

	if (ret < 0)
		return ret;
	pthread_mutex_lock(&self.control);
	if (self.on) {
		pthread_mutex_unlock(&self.control);
		return mw_fail(-EALREADY, "watching already: rte_memwatch_stop() first");
	}
	ret = make(roots);
	if (ret == 0) {
		self.config = *config;
		pthread_mutex_lock(&self.data);
		look(false);
		pthread_mutex_unlock(&self.data);
		set_on(true);
		if ((config->flags & RTE_MEMWATCH_F_POLLED) != 0)
			atomic_store_explicit(&due_ms, 0, memory_order_relaxed);
		else
			ret = mw_thread_start(roots, config, round_of_thread);
		/* R1: pairs with A1. */
		atomic_store_explicit(&watching, ret == 0, memory_order_release);
		if (ret < 0)
			stop_locked();
	}
	pthread_mutex_unlock(&self.control);
	return ret;
}

int
rte_memwatch_start(const struct rte_memwatch_config *config)
{
	struct rte_memwatch_config usual;
	struct mw_roots roots;
	int ret;

	rte_memwatch_config_init(&usual);
	ret = mw_roots_self(&roots);
	return ret < 0 ? ret : mw_start(&roots, config != NULL ? config : &usual);
}

void
rte_memwatch_stop(void)
{
	pthread_mutex_lock(&self.control);
	if (self.on)
		stop_locked();
	pthread_mutex_unlock(&self.control);
}

int
mw_settings(struct mw_roots *roots, struct rte_memwatch_config *config)
{
	bool on;

	pthread_mutex_lock(&self.data);
	on = self.on;
	if (on) {
		*roots = self.roots;
		*config = self.config;
	}
	pthread_mutex_unlock(&self.data);
	if (on)
		return 0;
	rte_memwatch_config_init(config);
	return mw_roots_self(roots);
}

int
mw_last_figures(int node_id, struct rte_memwatch_figure *figures)
{
	int ret = -EAGAIN;

	pthread_mutex_lock(&self.data);
	if (self.on)
		ret = -EINVAL;
	for (unsigned int i = 0; self.on && i < self.nb_scopes; i++) {
		if (self.scope[i].node_id != node_id)
			continue;
		memcpy(figures, self.scope[i].figures, sizeof(self.scope[i].figures));
		ret = 0;
	}
	pthread_mutex_unlock(&self.data);
	return ret;
}
