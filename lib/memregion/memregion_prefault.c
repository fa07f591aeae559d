/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: bringing a range into being piece by piece, by threads on the CPUs of its node.
 * Must not: touch a page (a page that is not to be had would be SIGBUS), or decide what a failure
 *   means.
 * Called by: memregion_build.c, memregion_resize.c.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memregion_priv.h"

/*
 * What the threads share.
 *
 * I1. Pieces below next are taken; done counts the bytes of those that exist.
 * I2. error goes from 0 to the first failure, and stays; nobody takes a piece after that.
 * I3. active counts the threads that may still change any of this.
 */
struct crew {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* done, error or active did. */
	const struct mr_prefault *job;
	size_t piece;
	size_t next;
	size_t done;
	unsigned int active;
	int error;
};

uint64_t
mr_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A range that one thread brings into being, and what all have in hand then, this included. */
struct piece {
	size_t offset;
	size_t len;
	size_t in_hand;
};

/* Whether there is another piece; with the lock held. */
static bool
take_piece(struct crew *crew, struct piece *piece)
{
	size_t left = crew->job->size - crew->next;

	if (crew->error != 0 || left == 0)
		return false;
	if (crew->job->deadline_ms != 0 && mr_now_ms() >= crew->job->deadline_ms) {
		crew->error = -ETIMEDOUT;
		return false;
	}
	piece->offset = crew->next;
	piece->len = left < crew->piece ? left : crew->piece;
	crew->next += piece->len;
	piece->in_hand = crew->next - crew->done;
	return true;
}

static int
populate(const struct mr_prefault *job, const struct piece *piece)
{
	int ret;

	if (job->has_room != NULL) {
		ret = job->has_room(job->has_room_arg, piece->in_hand);
		if (ret < 0)
			return ret;
	}
	return mr_os_populate((char *)job->addr + piece->offset, piece->len);
}

static void
work(struct crew *crew)
{
	struct piece piece;
	int ret;

	pthread_mutex_lock(&crew->lock);
	while (take_piece(crew, &piece)) {
		pthread_mutex_unlock(&crew->lock);
		ret = populate(crew->job, &piece);
		pthread_mutex_lock(&crew->lock);
		if (ret == 0)
			crew->done += piece.len;
		else if (crew->error == 0)
			crew->error = ret;
		pthread_cond_signal(&crew->changed);
	}
	crew->active--;
	pthread_cond_signal(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
}

static void *
thread_main(void *arg)
{
	work(arg);
	return NULL;
}

/* Threads on the job's CPUs or, where we may not run on any of these, wherever the caller may. */
static int
start_thread(struct crew *crew, pthread_t *thread, bool *pinned)
{
	const struct mr_prefault *job = crew->job;
	pthread_attr_t attr;
	int ret = EINVAL;

	pthread_attr_init(&attr);
	if (*pinned) {
		ret = pthread_attr_setaffinity_np(&attr, job->cpus_size, job->cpus);
		if (ret == 0)
			ret = pthread_create(thread, &attr, thread_main, crew);
		if (ret == EINVAL)
			*pinned = false;
	}
	if (!*pinned)
		ret = pthread_create(thread, NULL, thread_main, crew);
	pthread_attr_destroy(&attr);
	return -ret;
}

/* Tell the caller, in its own thread, if there is news; with the lock held, but not meanwhile. */
static bool
tell(struct crew *crew, size_t *told)
{
	const struct mr_prefault *job = crew->job;
	size_t done = crew->done;
	int stop;

	if (job->progress == NULL || done == *told)
		return false;
	*told = done;
	pthread_mutex_unlock(&crew->lock);
	stop = job->progress(done, job->size, job->progress_arg);
	pthread_mutex_lock(&crew->lock);
	if (stop != 0 && crew->error == 0 && crew->done < job->size)
		crew->error = -ECANCELED;
	return true;
}

static void
wait_for(struct crew *crew)
{
	size_t told = 0;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		/* The lock was released in it: look again. */
		if (tell(crew, &told))
			continue;
		if (crew->active == 0)
			break;
		pthread_cond_wait(&crew->changed, &crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
}

/* A signal's handler belongs to the program's threads. */
static unsigned int
start_threads(struct crew *crew, pthread_t *threads, bool *pinned)
{
	sigset_t all, before;
	unsigned int n = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (n < crew->job->nb_threads && start_thread(crew, &threads[n], pinned) == 0)
		n++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n;
}

/* A piece is whole pages, and the deadline is looked at between two: some milliseconds. */
static size_t
piece_of(const struct mr_prefault *job)
{
	return job->page_size > MR_PREFAULT_PIECE ? job->page_size : MR_PREFAULT_PIECE;
}

int
mr_prefault(const struct mr_prefault *job, struct mr_prefaulted *result)
{
	struct crew crew = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.job = job,
		.piece = piece_of(job),
	};
	pthread_t *threads = calloc(job->nb_threads, sizeof(*threads));
	bool pinned = job->cpus != NULL;
	unsigned int n = 0;

	/* Held back until all are counted. */
	pthread_mutex_lock(&crew.lock);
	if (threads != NULL)
		n = start_threads(&crew, threads, &pinned);
	crew.active = n > 0 ? n : 1;
	pthread_mutex_unlock(&crew.lock);
	if (n == 0) {
		pinned = false;
		work(&crew);
	}
	wait_for(&crew);
	for (unsigned int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	pthread_mutex_destroy(&crew.lock);
	pthread_cond_destroy(&crew.changed);
	result->done = crew.done;
	result->nb_threads = n > 0 ? n : 1;
	result->pinned = pinned;
	return crew.error;
}
