/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of memwatch_watch.c and memwatch_relief.c: callbacks and handlers come and
 *   go while levels change and relief is called for.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain and under ThreadSanitizer.
 */

#include <errno.h>
#include <string.h>

#include "memwatch_priv.h"
#include "stress.h"

#define NB_SCOPES 3

/* What the library has elsewhere: here memory is short at random, and nobody sleeps. */
void
mw_thread_wake(void)
{
}

int
mw_measure(int node_id, struct mw_measure *measure)
{
	static _Atomic unsigned int n;

	(void)node_id;
	*measure = (struct mw_measure){ atomic_fetch_add(&n, 1) % 4, 0 };
	return 0;
}

int64_t
mw_fastmem_flush(const struct rte_memwatch_ask *ask, void *arg)
{
	(void)ask;
	(void)arg;
	return 0;
}

int64_t
mw_fastmem_trim(const struct rte_memwatch_ask *ask, void *arg)
{
	return mw_fastmem_flush(ask, arg);
}

/*
 * Plain memory of one callback or handler, which is given back right after it was unregistered: a
 * call after that is a use of it, which both ThreadSanitizer and the magic tell.
 */
struct user {
	uint32_t magic;
	uint8_t seen[NB_SCOPES];
	unsigned int calls;
	_Atomic int id; /* If it is to unregister itself. */
	bool gone;
};

#define MAGIC 0x5ca1ab1e

static unsigned int relieving; /* Plain: handlers run one at a time. */

static void
told(const struct rte_memwatch_change *change, void *arg)
{
	struct user *user = arg;
	uint8_t *seen = &user->seen[change->node_id + 1];
	/* Relaxed: orders nothing. */
	int ret, id = atomic_load_explicit(&user->id, memory_order_relaxed);

	CHECK(user->magic == MAGIC && !user->gone);
	CHECK(change->from == *seen && change->to != *seen);
	*seen = (uint8_t)change->to;
	user->calls++;
	if (id <= 0 || user->calls < 4)
		return;
	/* Its owner may have been first, and waits for this to end. */
	ret = mw_watch_remove(id);
	CHECK(ret == 0 || ret == -ENOENT);
	user->gone = true;
}

static int64_t
relieve(const struct rte_memwatch_ask *ask, void *arg)
{
	struct user *user = arg;

	(void)ask;
	CHECK(relieving++ == 0);
	CHECK(user->magic == MAGIC);
	user->calls++;
	CHECK(rte_memwatch_trigger(0, NULL) == -EDEADLK);
	relieving--;
	return 1;
}

static struct user *
make_user(void)
{
	struct user *user = calloc(1, sizeof(*user));

	CHECK(user != NULL);
	user->magic = MAGIC;
	return user;
}

static void
drop_user(struct user *user)
{
	memset(user, 0xff, sizeof(*user));
	free(user);
}

/* One thread has the levels change, as one look follows the other. */
static void
change_levels(struct stress_thread *t)
{
	struct mw_scope scopes[NB_SCOPES] = { { .node_id = -1 },
					      { .node_id = 0 },
					      { .node_id = 1 } };

	while (stress_goes_on()) {
		for (unsigned int i = 0; i < NB_SCOPES; i++)
			scopes[i].level = stress_rand(t) % RTE_MEMWATCH_NB_LEVELS;
		mw_watch_deliver(scopes, NB_SCOPES, stress_rand(t) % 2 == 0);
		mw_relieve(0, scopes[0].level, stress_rand(t) % 2 == 0);
		t->done++;
	}
}

static void
come_and_go(struct stress_thread *t)
{
	static const struct rte_memwatch_handler handler = {
		.name = "x",
		.from = RTE_MEMWATCH_MEDIUM,
		.flags = RTE_MEMWATCH_RELIEF_F_NO_SLEEP,
		.cb = relieve,
	};
	struct rte_memwatch_handler mine = handler;
	struct user *watch, *relief;
	int id, handler_id, ret;

	while (stress_goes_on()) {
		watch = make_user();
		relief = make_user();
		mine.arg = relief;
		mine.priority = (int)(stress_rand(t) % 3);
		id = mw_watch_add(stress_rand(t) % 2 == 0 ? RTE_MEMWATCH_ALL : 0, told, watch);
		CHECK(id > 0);
		handler_id = rte_memwatch_relief_register(&mine);
		CHECK(handler_id > 0);
		if (stress_rand(t) % 4 == 0)
			CHECK(rte_memwatch_trigger(0, NULL) >= 0);
		if (stress_rand(t) % 4 == 0)
			usleep(100);
		CHECK(rte_memwatch_relief_unregister(handler_id) == 0);
		drop_user(relief);
		ret = mw_watch_remove(id);
		CHECK(ret == 0);
		t->done += watch->calls;
		drop_user(watch);
	}
}

/* One that stays, and goes from within when it was called often enough. */
static void
stay(struct stress_thread *t)
{
	while (stress_goes_on()) {
		struct user *user = make_user();
		int ret, id = mw_watch_add(RTE_MEMWATCH_ALL, told, user);

		CHECK(id > 0);
		atomic_store_explicit(&user->id, id, memory_order_relaxed);
		usleep(stress_rand(t) % 256);
		ret = mw_watch_remove(id);
		CHECK(ret == 0 || ret == -ENOENT);
		t->done += user->calls;
		drop_user(user);
	}
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;

	if (t->me == 1)
		change_levels(t);
	else if (t->me == 2)
		stay(t);
	else
		come_and_go(t);
	return NULL;
}

int
main(void)
{
	/* It is no lock-free code: a second shows what there is to be seen. */
	uint64_t done = stress_run(work, stress_ms() / 4, NULL);

	printf("%llu rounds and calls\n", (unsigned long long)done);
	return 0;
}
