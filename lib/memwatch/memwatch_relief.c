/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the handlers that give memory back, and calling them in turn.
 * Must not: believe what a handler says of itself, or hold its lock of the list while one runs.
 * Called by: memwatch_round.c, applications.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "memwatch_priv.h"

struct handler {
	int id; /* 0: free. */
	char name[RTE_MEMWATCH_RELIEF_NAME_MAX];
	struct rte_memwatch_handler of;
};

/*
 * I1. turn is held by who calls handlers, for as long: so none runs beside another.
 * I2. list is held to read or change handlers, running and runner, and while nobody is called.
 */
static struct {
	pthread_mutex_t turn, list;
	pthread_cond_t ended;
	int last_id;
	int running; /* The id of the handler that runs, 0: none, */
	bool relieving;
	pthread_t runner; /* in this thread, which has the turn if it is relieving. */
	struct handler handler[RTE_MEMWATCH_RELIEF_MAX];
} all = {
	.turn = PTHREAD_MUTEX_INITIALIZER,
	.list = PTHREAD_MUTEX_INITIALIZER,
	.ended = PTHREAD_COND_INITIALIZER,
	.last_id = RTE_MEMWATCH_RELIEF_TRIM,
	.handler = {
		{
			.id = RTE_MEMWATCH_RELIEF_FLUSH,
			.name = "fastmem-flush",
			.of = {
				.priority = 100,
				.from = RTE_MEMWATCH_MEDIUM,
				.flags = RTE_MEMWATCH_RELIEF_F_NO_SLEEP,
				.cb = mw_fastmem_flush,
			},
		},
		{
			.id = RTE_MEMWATCH_RELIEF_TRIM,
			.name = "fastmem-trim",
			.of = {
				.priority = 200,
				.from = RTE_MEMWATCH_HIGH,
				.cb = mw_fastmem_trim,
			},
		},
	},
};

static int
check(const struct rte_memwatch_handler *handler)
{
	size_t len;

	if (handler == NULL || handler->cb == NULL || handler->name == NULL)
		return mw_fail(-EINVAL, "a handler, its callback and its name must not be NULL");
	len = strlen(handler->name);
	if (len == 0 || len >= RTE_MEMWATCH_RELIEF_NAME_MAX)
		return mw_fail(-EINVAL, "the name \"%s\" has %zu bytes: it has to have 1 to %d",
			       handler->name, len, RTE_MEMWATCH_RELIEF_NAME_MAX - 1);
	if (handler->from <= RTE_MEMWATCH_LOW || handler->from >= RTE_MEMWATCH_NB_LEVELS)
		return mw_fail(-EINVAL, "handler %s: level %d is not medium, high or critical",
			       handler->name, (int)handler->from);
	if ((handler->flags & ~RTE_MEMWATCH_RELIEF_F_NO_SLEEP) != 0)
		return mw_fail(-EINVAL, "handler %s: unknown flags %#x", handler->name,
			       handler->flags);
	return 0;
}

static struct handler *
find(int id)
{
	for (unsigned int i = 0; i < RTE_MEMWATCH_RELIEF_MAX; i++)
		if (all.handler[i].id == id)
			return &all.handler[i];
	return NULL;
}

int
rte_memwatch_relief_register(const struct rte_memwatch_handler *handler)
{
	struct handler *place;
	int ret = check(handler);

	if (ret < 0)
		return ret;
	pthread_mutex_lock(&all.list);
	place = find(0);
	if (place != NULL) {
		ret = place->id = ++all.last_id;
		place->of = *handler;
		snprintf(place->name, sizeof(place->name), "%s", handler->name);
	}
	pthread_mutex_unlock(&all.list);
	return place != NULL ? ret :
			       mw_fail(-ENOSPC, "handler %s: there are %d already", handler->name,
				       RTE_MEMWATCH_RELIEF_MAX);
}

int
rte_memwatch_relief_unregister(int id)
{
	struct handler *found;

	if (id <= 0)
		return mw_fail(-ENOENT, "no handler has the number %d", id);
	pthread_mutex_lock(&all.list);
	found = find(id);
	if (found != NULL)
		found->id = 0;
	while (all.running == id && !pthread_equal(all.runner, pthread_self()))
		pthread_cond_wait(&all.ended, &all.list);
	pthread_mutex_unlock(&all.list);
	return found != NULL ? 0 : mw_fail(-ENOENT, "no handler has the number %d (any more)", id);
}

/* Whether a handler's turn is after that of another, of which priority and id are given. */
static bool
is_after(const struct handler *handler, int priority, int id)
{
	return handler->of.priority != priority ? handler->of.priority > priority :
						  handler->id > id;
}

/* The one whose turn is next; who is added meanwhile is found in its place. With list held. */
static struct handler *
next_after(const struct handler *last)
{
	struct handler *next = NULL;

	for (unsigned int i = 0; i < RTE_MEMWATCH_RELIEF_MAX; i++) {
		struct handler *other = &all.handler[i];

		if (other->id == 0 ||
		    (last != NULL && !is_after(other, last->of.priority, last->id)))
			continue;
		if (next == NULL || is_after(next, other->of.priority, other->id))
			next = other;
	}
	return next;
}

static void
add(struct rte_memwatch_relief *relief, const struct handler *handler, int64_t freed, int64_t seen)
{
	struct rte_memwatch_freed *by = &relief->by[relief->nb_handlers];

	if (freed > 0 && __builtin_add_overflow(relief->freed, freed, &relief->freed))
		relief->freed = INT64_MAX;
	if (relief->nb_handlers == RTE_MEMWATCH_RELIEF_MAX)
		return;
	memcpy(by->name, handler->name, sizeof(by->name));
	by->freed = freed;
	by->seen = seen;
	relief->nb_handlers++;
}

static int64_t
call(const struct handler *handler, const struct rte_memwatch_ask *ask)
{
	int64_t freed;

	all.running = handler->id;
	pthread_mutex_unlock(&all.list);
	freed = handler->of.cb(ask, handler->of.arg);
	pthread_mutex_lock(&all.list);
	all.running = 0;
	pthread_cond_broadcast(&all.ended);
	return freed;
}

/* How handlers are called. */
struct manner {
	bool by_hand;  /* All of them, from whichever level; else those that the level concerns. */
	bool no_sleep; /* Only those that never sleep. */
};

static bool
concerns(const struct handler *handler, struct manner how, enum rte_memwatch_level level)
{
	if (how.no_sleep && (handler->of.flags & RTE_MEMWATCH_RELIEF_F_NO_SLEEP) == 0)
		return false;
	return how.by_hand || handler->of.from <= level;
}

/* With the turn, and list held. */
static void
call_all(int node_id, struct manner how, struct mw_measure now, struct rte_memwatch_relief *relief)
{
	struct handler last, *next = NULL;
	struct mw_measure before;
	int64_t freed;

	while ((next = next_after(next)) != NULL) {
		/* It may be gone when it has run, and another in its place. */
		last = *next;
		next = &last;
		if (!concerns(&last, how, now.level))
			continue;
		before = now;
		freed = call(&last, &(struct rte_memwatch_ask){ node_id, now.level });
		if (mw_measure(node_id, &now) < 0)
			now = before;
		add(relief, &last, freed, now.free - before.free);
		relief->to = now.level;
		if (relief->from > RTE_MEMWATCH_LOW && now.level == RTE_MEMWATCH_LOW)
			break;
	}
}

static void
relieve(int node_id, struct manner how, struct mw_measure now, struct rte_memwatch_relief *relief)
{
	*relief = (struct rte_memwatch_relief){ .from = now.level, .to = now.level };
	pthread_mutex_lock(&all.list);
	all.runner = pthread_self();
	all.relieving = true;
	call_all(node_id, how, now, relief);
	all.relieving = false;
	pthread_mutex_unlock(&all.list);
}

static bool
within_handler(void)
{
	bool within;

	pthread_mutex_lock(&all.list);
	within = all.relieving && pthread_equal(all.runner, pthread_self());
	pthread_mutex_unlock(&all.list);
	return within;
}

bool
mw_relieve(int node_id, enum rte_memwatch_level level, bool no_sleep)
{
	struct rte_memwatch_relief relief;
	struct mw_measure now;

	/* A poller does not wait for who relieves already. */
	if (no_sleep ? pthread_mutex_trylock(&all.turn) != 0 : pthread_mutex_lock(&all.turn) != 0)
		return false;
	if (mw_measure(node_id, &now) == 0) {
		/* Events are over when they are seen, and yet it is they that it is for. */
		now.level = now.level > level ? now.level : level;
		relieve(node_id, (struct manner){ .no_sleep = no_sleep }, now, &relief);
	}
	pthread_mutex_unlock(&all.turn);
	return true;
}

int64_t
rte_memwatch_trigger(int node_id, struct rte_memwatch_relief *relief)
{
	struct rte_memwatch_relief done;
	struct mw_measure now;
	int ret;

	if (within_handler())
		return mw_fail(-EDEADLK, "a handler cannot call for relief: it is it");
	ret = mw_measure(node_id, &now);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&all.turn);
	relieve(node_id, (struct manner){ .by_hand = true }, now, &done);
	pthread_mutex_unlock(&all.turn);
	/* Who watches is told at once. */
	mw_thread_wake();
	if (relief != NULL)
		*relief = done;
	return done.freed;
}
