/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the profile that there is: how it begins and ends, its thread, and what the sampler calls.
 * Must not: judge or report.
 * Called by: the application, memprof_env.c, memwatch_tel_profile.c; the sampler.
 *
 * Of locks the profile's comes first, then fastmem's of who watches; the thread takes neither. While a
 * profile runs and is locked fastmem stays: rte_fastmem_deinit() ends the profile before anything else.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>

#include "memprof_priv.h"
#include "memwatch_priv.h"

#define USUAL_SAMPLES 65536
#define USUAL_SITES   8192
#define MOST_SITES    (1u << 20)
#define USUAL_DEPTH   32
#define LOOK_MS	      10

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mp_profile *profile; /* NULL: there was none. */

static struct {
	pthread_t thread;
	struct mw_wait wait;
	_Atomic bool end;
} looker;

struct mp_profile *
mp_lock(void)
{
	pthread_mutex_lock(&lock);
	if (profile != NULL)
		return profile;
	pthread_mutex_unlock(&lock);
	mw_fail(-ENODATA, "there was no profile yet: rte_memprof_start() begins one");
	return NULL;
}

void
mp_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* ---- what the sampler calls, in threads that allocate and free */

/* The name counts: see MP_ON_ALLOCATED. */
static void
mp_on_allocated(const struct rte_fastmem_sample *sample, void *arg)
{
	struct mp_profile *p = arg;
	const void *pc[RTE_MEMPROF_MAX_DEPTH];
	uint32_t depth = mp_stack_take(pc, p->config.depth);

	mp_record_allocated(&p->record, sample, pc, depth);
}

static void
on_freed(const struct rte_fastmem_sample *sample, enum rte_fastmem_sample_end end, uint64_t tsc,
	 void *arg)
{
	struct mp_profile *p = arg;

	mp_record_freed(&p->record, sample, end == RTE_FASTMEM_SAMPLE_FOUND, tsc);
}

/* ---- the thread */

static void *
look_on(void *arg)
{
	struct mp_profile *p = arg;

	for (;;) {
		mw_os_wait(&looker.wait, LOOK_MS);
		/* Relaxed: the wake that follows the store orders nothing else. */
		if (atomic_load_explicit(&looker.end, memory_order_relaxed))
			return NULL;
		/* Else there is nothing to look at, as after rte_eal_cleanup(). */
		if (rte_fastmem_sample_poll() == 0)
			mp_figures_look(&p->figures);
	}
}

static int
start_looker(struct mp_profile *p)
{
	int rc = mw_os_wait_open(&looker.wait);

	if (rc < 0)
		return mw_fail(rc, "no descriptor to wake the profiler's thread by: %s",
			       strerror(-rc));
	atomic_store_explicit(&looker.end, false, memory_order_relaxed);
	rc = mw_thread_make(&looker.thread, "fastmem-prof", look_on, p);
	if (rc == 0)
		return 0;
	mw_os_wait_close(&looker.wait);
	return mw_fail(rc, "no thread for the profiler: %s", strerror(-rc));
}

static void
stop_looker(void)
{
	atomic_store_explicit(&looker.end, true, memory_order_relaxed);
	mw_os_wake(&looker.wait);
	pthread_join(looker.thread, NULL);
	mw_os_wait_close(&looker.wait);
}

/* ---- begin and end */

static void
close_outputs(struct mp_profile *p)
{
	unsigned int i;

	for (i = 0; i < MP_NB_OUTPUTS; i++) {
		if (p->output[i] != NULL)
			fclose(p->output[i]);
		p->output[i] = NULL;
	}
}

/* 0 or -errno with a text. */
static int
open_outputs(struct mp_profile *p)
{
	const char *const paths[MP_NB_OUTPUTS] = {
		[MP_LEAKS] = p->config.leaks,
		[MP_TEXT] = p->config.text,
		[MP_PPROF] = p->config.pprof,
		[MP_FOLDED] = p->config.folded,
	};
	unsigned int i;

	for (i = 0; i < MP_NB_OUTPUTS; i++) {
		if (paths[i] == NULL)
			continue;
		p->output[i] = fopen(paths[i], "we");
		if (p->output[i] == NULL) {
			int rc = -errno;

			return mw_fail(rc, "cannot write a profile to %s: %s", paths[i],
				       strerror(-rc));
		}
	}
	return 0;
}

static int
write_output(struct mp_profile *p, enum mp_output which)
{
	FILE *file = p->output[which];

	switch (which) {
	case MP_LEAKS:
		return mp_write_leaks(p, file);
	case MP_TEXT:
		return mp_write_text(p, file);
	case MP_PPROF:
		return mp_write_pprof(p, file);
	default:
		return mp_write_folded(p, file, RTE_MEMPROF_ALLOCATED_BYTES);
	}
}

static void
write_outputs(struct mp_profile *p)
{
	enum mp_output which;

	for (which = 0; which < MP_NB_OUTPUTS; which++)
		if (p->output[which] != NULL && write_output(p, which) != 0)
			mp_log(rte_memwatch_error());
	close_outputs(p);
}

static void
forget(struct mp_profile *p)
{
	if (p == NULL)
		return;
	close_outputs(p);
	mp_record_free(&p->record);
	mp_figures_free(&p->figures);
	free(p);
}

/* It is locked. is_there: fastmem's memory; else what was seen last has to do. */
static void
end_it(struct mp_profile *p, bool is_there)
{
	stop_looker();
	if (is_there) {
		/* What was freed since the last look. */
		rte_fastmem_sample_poll();
		rte_fastmem_sample_stop();
	}
	rte_fastmem_sample_stats(&p->sampled);
	if (is_there)
		mp_figures_look_at_all(&p->figures);
	p->running = false;
}

static void
on_ending(void *arg)
{
	struct mp_profile *p = arg;

	pthread_mutex_lock(&lock);
	/* Another thread may have been first to end it. */
	if (p == profile && p->running) {
		end_it(p, true);
		write_outputs(p);
	}
	pthread_mutex_unlock(&lock);
}

void
mp_end_at_exit(void)
{
	struct mp_profile *p;
	bool is_there;

	/* Who ends the process may have it. */
	if (pthread_mutex_trylock(&lock) != 0)
		return;
	p = profile;
	if (p != NULL && p->running) {
		is_there = rte_fastmem_watch_begin() == 0;
		end_it(p, is_there);
		if (is_there)
			rte_fastmem_watch_end();
		write_outputs(p);
	}
	pthread_mutex_unlock(&lock);
}

int
mp_config_check(const struct rte_memprof_config *asked, struct rte_memprof_config *config)
{
	struct rte_memprof_config c = asked != NULL ? *asked : (struct rte_memprof_config){ 0 };

	if (c.interval == 0)
		c.interval = RTE_MEMPROF_INTERVAL;
	if (c.max_samples == 0)
		c.max_samples = USUAL_SAMPLES;
	if (c.max_sites == 0)
		c.max_sites = USUAL_SITES;
	if (c.depth == 0)
		c.depth = USUAL_DEPTH;
	if ((c.max_samples & (c.max_samples - 1)) != 0 ||
	    c.max_samples > RTE_FASTMEM_SAMPLE_MAX_PLACES)
		return mw_fail(-EINVAL, "max_samples is %u: it has to be a power of two up to %u",
			       c.max_samples, RTE_FASTMEM_SAMPLE_MAX_PLACES);
	if (c.max_sites > MOST_SITES)
		return mw_fail(-EINVAL, "max_sites is %u: it may be up to %u", c.max_sites,
			       MOST_SITES);
	if (c.depth > RTE_MEMPROF_MAX_DEPTH)
		return mw_fail(-EINVAL, "depth is %u: it may be up to %u", c.depth,
			       RTE_MEMPROF_MAX_DEPTH);
	*config = c;
	return 0;
}

/* A profile that has not begun; 0 or -errno with a text. */
static int
prepare(struct mp_profile *p, const struct rte_memprof_config *config)
{
	int rc;

	p->config = *config;
	rc = open_outputs(p);
	/* The names are the caller's. */
	p->config.leaks = p->config.text = p->config.pprof = p->config.folded = NULL;
	if (rc != 0)
		return rc;
	rc = mp_figures_make(&p->figures);
	if (rc == 0)
		rc = mp_record_make(&p->record, &p->config, p->figures.class_size,
				    p->figures.nb_classes, rte_get_tsc_hz());
	if (rc != 0)
		mw_fail(rc, "no memory for a profile of %u samples and %u call sites",
			config->max_samples, config->max_sites);
	return rc;
}

/* 0 or -errno with a text. */
static int
begin(struct mp_profile *p)
{
	const struct rte_fastmem_sampler sampler = {
		.interval = p->config.interval,
		.max_places = p->config.max_samples,
		.allocated = mp_on_allocated,
		.freed = on_freed,
		.ending = on_ending,
		.arg = p,
	};
	int rc;

	mp_figures_begin(&p->figures);
	rc = rte_fastmem_sample_start(&sampler);
	if (rc != 0)
		return mw_fail(rc, "allocations cannot be sampled: %s", strerror(-rc));
	rc = start_looker(p);
	if (rc != 0) {
		rte_fastmem_sample_stop();
		return rc;
	}
	/* A piece of work that ends before the first look has samples all the same. */
	rte_fastmem_sample_poll();
	p->running = true;
	return 0;
}

/* It is locked. The last profile stays if the new one cannot begin. */
static int
replace(const struct rte_memprof_config *config)
{
	struct mp_profile *next;
	int rc;

	if (profile != NULL && profile->running)
		return mw_fail(-EBUSY, "a profile runs already: rte_memprof_stop() ends it");
	if (rte_fastmem_watch_begin() != 0)
		return mw_fail(-ENODEV, "fastmem is not initialised in this process");
	next = calloc(1, sizeof(*next));
	rc = next == NULL ? mw_fail(-ENOMEM, "no memory for a profile") : prepare(next, config);
	if (rc == 0)
		rc = begin(next);
	rte_fastmem_watch_end();
	if (rc != 0) {
		forget(next);
		return rc;
	}
	forget(profile);
	profile = next;
	return 0;
}

int
rte_memprof_start(const struct rte_memprof_config *asked)
{
	struct rte_memprof_config config;
	int rc = mp_config_check(asked, &config);

	if (rc != 0)
		return rc;
	pthread_mutex_lock(&lock);
	mp_stack_prepare();
	rc = replace(&config);
	pthread_mutex_unlock(&lock);
	return rc;
}

int
rte_memprof_stop(void)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (profile != NULL && profile->running)
		end_it(profile, true);
	else
		rc = mw_fail(-EAGAIN, "no profile runs");
	pthread_mutex_unlock(&lock);
	return rc;
}
