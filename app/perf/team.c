/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: threads that EAL does not know, and their common beginning.
 * Must not: measure; a member does, after all have begun.
 * Called by: scenarios of such threads.
 */

#include <pthread.h>
#include <sched.h>

#include "team.h"

struct start {
	pthread_barrier_t barrier;
	team_fn fn;
	bool pinned;
};

struct thread {
	struct start *start;
	struct member *member;
	pthread_t id;
};

static void
place(const struct member *member, bool pinned)
{
	const int *cpus = member->bench->machine->cpus;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (pinned) {
		CPU_SET(cpus[member->number % 2], &set);
	} else {
		CPU_SET(cpus[0], &set);
		CPU_SET(cpus[1], &set);
	}
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *
run_thread(void *arg)
{
	struct thread *thread = arg;
	struct member *member = thread->member;
	const struct way *way = member->part->way;
	void *state = member->part->state;
	void *attached = way->attach == NULL ? state : way->attach(state);
	struct disturbance before;

	place(member, thread->start->pinned);
	member->failed = attached == NULL || !bench_work(member->bench, &member->work, attached, 0);
	pthread_barrier_wait(&thread->start->barrier);
	if (!member->failed) {
		disturbance_read(&before);
		thread->start->fn(member);
		member->is_disturbed = disturbance_since(&before, !thread->start->pinned);
	}
	/* All end together, so that a late one is not alone while it is measured. */
	pthread_barrier_wait(&thread->start->barrier);
	if (way->detach != NULL && attached != NULL)
		way->detach(attached);
	return NULL;
}

bool
team_run(const struct bench *bench, const struct part *part, team_fn fn, unsigned int nb,
	 bool pinned, struct member members[TEAM_MAX])
{
	struct start start = { .fn = fn, .pinned = pinned };
	struct thread threads[TEAM_MAX];
	bool ok = true;
	unsigned int i;

	pthread_barrier_init(&start.barrier, NULL, nb);
	for (i = 0; i < nb; i++) {
		members[i].bench = bench;
		members[i].part = part;
		members[i].number = i;
		threads[i] = (struct thread){ .start = &start, .member = &members[i] };
		/* Without all of them the others would wait for ever. */
		if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]) != 0)
			return false;
	}
	for (i = 0; i < nb; i++) {
		pthread_join(threads[i].id, NULL);
		ok &= !members[i].failed;
	}
	pthread_barrier_destroy(&start.barrier);
	return ok;
}
