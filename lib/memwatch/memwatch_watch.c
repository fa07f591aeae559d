/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the callbacks, and what each of them was told last.
 * Must not: hold its lock while a callback runs, or know how levels come about.
 * Called by: memwatch_round.c, memwatch_ask.c.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "memwatch_priv.h"

/* I1. seen[] is what the callback was told last; it is set before the callback is called with it. */
struct watch {
	struct watch *next;
	int id;
	int node_id; /* Or RTE_MEMWATCH_ALL. */
	rte_memwatch_cb cb;
	void *arg;
	uint8_t seen[RTE_NUMA_MAX_NODES + 1]; /* By id + 1: the machine first. */
};

/* I2. The list is in the order of ids, which are never used again. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct watch *first;
	int last_id;
	int running; /* The id whose callback runs, 0: none, */
	pthread_t runner;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER };

int
mw_watch_add(int node_id, rte_memwatch_cb cb, void *arg)
{
	struct watch *made = calloc(1, sizeof(*made)), **end;
	int id;

	if (made == NULL)
		return mw_fail(-ENOMEM, "out of memory");
	made->node_id = node_id;
	made->cb = cb;
	made->arg = arg;
	pthread_mutex_lock(&all.lock);
	made->id = id = ++all.last_id;
	for (end = &all.first; *end != NULL; end = &(*end)->next)
		;
	*end = made;
	pthread_mutex_unlock(&all.lock);
	return id;
}

int
mw_watch_remove(int id)
{
	struct watch **at, *found;

	pthread_mutex_lock(&all.lock);
	for (at = &all.first; *at != NULL && (*at)->id != id; at = &(*at)->next)
		;
	found = *at;
	if (found != NULL)
		*at = found->next;
	/* Also who comes second is promised that it has ended. */
	while (all.running == id && id > 0 && !pthread_equal(all.runner, pthread_self()))
		pthread_cond_wait(&all.ended, &all.lock);
	pthread_mutex_unlock(&all.lock);
	free(found);
	return found != NULL ? 0 : mw_fail(-ENOENT, "no callback has the number %d (any more)", id);
}

/* The first whose id is at least this. */
static struct watch *
from_id(int id)
{
	struct watch *watch = all.first;

	while (watch != NULL && watch->id < id)
		watch = watch->next;
	return watch;
}

/* Whether there was something to tell. The lock is held, but while the callback runs. */
static bool
tell(struct watch *watch, const struct mw_scope *scope)
{
	uint8_t *seen = &watch->seen[scope->node_id + 1];
	struct rte_memwatch_change change = {
		.node_id = scope->node_id,
		.from = *seen,
		.to = scope->level,
		.why = scope->why,
	};
	rte_memwatch_cb cb = watch->cb;
	void *arg = watch->arg;

	if (change.from == change.to ||
	    (watch->node_id != RTE_MEMWATCH_ALL && watch->node_id != scope->node_id))
		return false;
	memcpy(change.text, scope->text, sizeof(change.text));
	*seen = (uint8_t)change.to;
	all.running = watch->id;
	all.runner = pthread_self();
	pthread_mutex_unlock(&all.lock);
	cb(&change, arg);
	pthread_mutex_lock(&all.lock);
	all.running = 0;
	pthread_cond_broadcast(&all.ended);
	return true;
}

void
mw_watch_deliver(const struct mw_scope *scopes, unsigned int n, bool no_sleep)
{
	struct watch *watch;
	unsigned int at;

	/* What is not told now is told next time: what was told last is kept. */
	if (no_sleep ? pthread_mutex_trylock(&all.lock) != 0 : pthread_mutex_lock(&all.lock) != 0)
		return;
	for (int id = 1; (watch = from_id(id)) != NULL;) {
		id = watch->id;
		for (at = 0; at < n && !tell(watch, &scopes[at]); at++)
			;
		/* If one was told, it may be gone, or others may: look at it from the start. */
		if (at == n)
			id++;
	}
	pthread_mutex_unlock(&all.lock);
}
