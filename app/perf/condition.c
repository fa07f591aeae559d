/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the state that fastmem is measured in where a user wants another than a fresh one.
 * Must not: leave the idle threads anything to do while something is measured.
 * Called by: bench.c, around a scenario.
 */

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "condition.h"
#include "progress.h"

/* Objects that live while memory is churned, by their slots. */
#define LIVE 20000

/* Operations between two signs of life. */
#define STEP UINT64_C(10000000)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned int nb_ready, nb_idle;
static bool over;
static pthread_t idle[256];

/* Fill a cache of its own, keep what is in it, wait. */
static void *
hold_cache(void *arg)
{
	const struct bench *bench = arg;
	struct work work;

	if (bench_work(bench, &work, NULL, 0)) {
		way_fastmem.loops->batch_mixed(&work, ITEM_SEQUENCE);
		bench_work_free(&work);
	}
	pthread_mutex_lock(&lock);
	nb_ready++;
	pthread_cond_broadcast(&changed);
	while (!over)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool
start_idle(struct bench *bench)
{
	while (nb_idle < bench->opts->caches) {
		if (pthread_create(&idle[nb_idle], NULL, hold_cache, bench) != 0) {
			board_note(bench->board, bench->scenario, NULL,
				   "failed: no more than %u idle threads", nb_idle);
			return false;
		}
		nb_idle++;
	}
	pthread_mutex_lock(&lock);
	while (nb_ready < nb_idle)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return true;
}

static bool
churn(struct bench *bench)
{
	const struct loops *loops = way_fastmem.loops;
	uint64_t left = bench->opts->churn / 2, step;
	struct work work;
	bool ok;

	if (left == 0)
		return true;
	if (!bench_work(bench, &work, NULL, LIVE))
		return false;
	ok = loops->fill_mixed(&work, LIVE) == LIVE;
	for (; left > 0 && ok; left -= step) {
		progress_step("churn", 1 + (bench->opts->churn / 2 - left) / STEP,
			      bench->opts->churn / 2 / STEP + 1);
		step = left < STEP ? left : STEP;
		ok = loops->replace(&work, step) == step;
	}
	if (ok)
		loops->drain_mixed(&work, LIVE);
	else
		board_note(bench->board, bench->scenario, NULL,
			   "failed: no memory for %d objects to churn", LIVE);
	bench_work_free(&work);
	return ok;
}

bool
condition_begin(struct bench *bench)
{
	return start_idle(bench) && churn(bench);
}

void
condition_end(void)
{
	pthread_mutex_lock(&lock);
	over = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	while (nb_idle > 0)
		pthread_join(idle[--nb_idle], NULL);
}
