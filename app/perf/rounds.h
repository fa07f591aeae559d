/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef ROUNDS_H
#define ROUNDS_H

#include "bench.h"
#include "partner.h"

struct trial;

/** Most metrics that one measurement can have. */
#define ROUNDS_METRICS_MAX 24

/**
 * Do n units of a part's work.
 *
 * @param[out] values
 *   One for each of the trial's metrics; NAN: this way has none.
 *
 * @return
 *   Nanoseconds a unit, > 0; or < 0 where it failed.
 */
typedef double (*trial_fn)(struct bench *bench, const struct trial *trial, struct part *part,
			   uint64_t n, double *values);

/** A work that all parts of a scenario do in turn. */
struct trial {
	const struct metric *metrics;
	unsigned int nb_metrics;
	trial_fn time;
	size_t loop;	/**< Of struct loops, for time(). */
	size_t partner; /**< Likewise, what the other lcore does. */
	uint64_t step;	/**< What n is a multiple of. */
	uint64_t n;	/**< How much a sample is; 0: by the time that the options say. */
	bool costly;	/**< As many rounds as works have that need a new process for each. */
	bool two_cores; /**< Bracketed by a probe of the cores' distance. */
	bool crowded;	/**< More threads than CPUs: that they are switched is no disturbance. */
};

/**
 * Measure a trial: rounds in which the order of the ways rotates.
 *
 * Each way's n is found first so that a sample takes the time that the options say. Each sample
 * follows a shorter, untimed run of the same work. Samples on a disturbed machine are left out and
 * taken again, for twice the rounds at most; where not one good sample comes, the disturbed ones
 * stand, and a note says so.
 */
void
rounds_run(struct bench *bench, const struct trial *trial);

/**
 * Take one sample of each way that does not have enough of them yet.
 *
 * For works that need every round to begin anew: rounds_renewed().
 */
void
rounds_once(struct bench *bench, const struct trial *trial);

/**
 * Run a process, which calls rounds_once(), for each round, and more while samples are missing.
 *
 * Context: the parent.
 */
void
rounds_renewed(const struct bench *bench, const struct bench_process *process, const char *work);

/** A trial_fn: the loop `loop`, in the main thread. */
double
rounds_time_loop(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
		 double *values);

/** Nanoseconds a pair of the loop `pair`, in this thread; < 0 where it failed. */
double
rounds_time_pairs(struct part *part, uint64_t n);

/** The same while the other lcore does fn, see partner_start(); < 0 also where that ended early. */
double
rounds_time_beside(struct part *part, uint64_t n, partner_fn fn, void *arg);

/** Whether there are two lcores on two CPUs; that they lack is noted. */
bool
rounds_two_lcores(const struct bench *bench);

/** TSC cycles in nanoseconds. */
double
rounds_ns(uint64_t cycles);

/** A loop by its offset in struct loops. */
static inline loop_fn
rounds_loop(const struct way *way, size_t offset)
{
	return *(const loop_fn *)((const char *)way->loops + offset);
}

#endif /* ROUNDS_H */
