/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how a fair comparison goes: how much, in which order, and which samples do not count.
 * Must not: know what is measured.
 * Called by: scenarios.
 */

#include <math.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "probe.h"
#include "progress.h"
#include "rounds.h"
#include "statistics.h"

/* Cores that were this much farther or nearer than usual have moved. */
#define PROBE_TOLERANCE 0.3

#define SAMPLES_MAX (2 * OPTIONS_ROUNDS_MAX)

/* A sample, and whether it may count. */
struct sample {
	double values[ROUNDS_METRICS_MAX];
	double probe_before;
	double probe_after;
	bool is_disturbed;
};

/* A trial under way. */
struct course {
	struct sample samples[BENCH_WAYS_MAX][SAMPLES_MAX];
	unsigned int nb[BENCH_WAYS_MAX];
	bool is_out[BENCH_WAYS_MAX]; /* failed, and noted */
	double probes[2 * BENCH_WAYS_MAX * SAMPLES_MAX];
	unsigned int nb_probes;
};

double
rounds_ns(uint64_t cycles)
{
	return (double)cycles * 1e9 / (double)rte_get_tsc_hz();
}

static double
time_loop(loop_fn loop, struct work *work, uint64_t n)
{
	uint64_t start = rte_rdtsc_precise();
	uint64_t done = loop(work, n);
	uint64_t cycles = rte_rdtsc_precise() - start;

	return done == n ? rounds_ns(cycles) / (double)n : -1;
}

double
rounds_time_loop(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
		 double *values)
{
	RTE_SET_USED(bench);
	values[0] = time_loop(rounds_loop(part->way, trial->loop), &part->work, n);
	return values[0];
}

double
rounds_time_pairs(struct part *part, uint64_t n)
{
	return time_loop(part->way->loops->pair, &part->work, n);
}

double
rounds_time_beside(struct part *part, uint64_t n, partner_fn fn, void *arg)
{
	double value;
	bool went_on;

	partner_start(fn, arg);
	part->way->loops->pair(&part->work, n / 4);
	value = rounds_time_pairs(part, n);
	went_on = partner_goes_on();
	partner_stop();
	return went_on ? value : -1;
}

bool
rounds_two_lcores(const struct bench *bench)
{
	if (probe_other_lcore() != RTE_MAX_LCORE)
		return true;
	board_note(bench->board, bench->scenario, NULL, "skipped: it takes two lcores on two CPUs");
	return false;
}

static bool
note_failure(struct bench *bench, const struct trial *trial, const struct part *part)
{
	board_note(bench->board, bench->scenario, part->way, "failed: %s: an allocation failed",
		   trial->metrics[0].work);
	return false;
}

/* Find how much work takes the wanted time. Also warms all up. */
static bool
calibrate(struct bench *bench, const struct trial *trial, struct part *part)
{
	double wanted_ns = bench->opts->sample_ms * 1e6;
	double values[ROUNDS_METRICS_MAX];
	uint64_t n = trial->step;
	double ns;

	part->n = trial->n;
	if (trial->n > 0)
		return true;
	for (;;) {
		ns = trial->time(bench, trial, part, n, values);
		if (ns < 0)
			return note_failure(bench, trial, part);
		/* No loop is faster than this, so n stays in range where the clock shows nothing. */
		ns = fmax(ns, 0.01);
		if (ns * (double)n >= wanted_ns / 4)
			break;
		n *= 4;
	}
	part->n = RTE_MAX((uint64_t)(wanted_ns / ns) / trial->step, 1u) * trial->step;
	return true;
}

static double
probe(struct course *course)
{
	double ns = probe_round_trip();

	course->probes[course->nb_probes++] = ns;
	return ns;
}

static bool
take_sample(struct bench *bench, const struct trial *trial, struct part *part,
	    struct course *course, struct sample *sample)
{
	uint64_t warm = RTE_MAX(part->n / 8 / trial->step, 1u) * trial->step;
	struct disturbance before;
	double ns;

	if (trial->n == 0 && trial->time(bench, trial, part, warm, sample->values) < 0)
		return note_failure(bench, trial, part);
	if (trial->two_cores)
		sample->probe_before = probe(course);
	bench->is_disturbed = false;
	disturbance_read(&before);
	ns = trial->time(bench, trial, part, part->n, sample->values);
	sample->is_disturbed = disturbance_since(&before, trial->crowded) || bench->is_disturbed;
	if (trial->two_cores)
		sample->probe_after = probe(course);
	return ns >= 0 || note_failure(bench, trial, part);
}

static bool
has_moved(double ns, double usual)
{
	return fabs(ns - usual) > PROBE_TOLERANCE * usual;
}

static unsigned int
count_good(struct course *course, const struct trial *trial, unsigned int part)
{
	double usual = 0;
	struct sample *sample;
	unsigned int good = 0;
	unsigned int i;

	if (trial->two_cores && course->nb_probes > 0)
		usual = statistics_median(course->probes, course->nb_probes);
	for (i = 0; i < course->nb[part]; i++) {
		sample = &course->samples[part][i];
		if (trial->two_cores && (has_moved(sample->probe_before, usual) ||
					 has_moved(sample->probe_after, usual)))
			sample->is_disturbed = true;
		good += !sample->is_disturbed;
	}
	return good;
}

static void
note_disturbance(struct bench *bench, const struct trial *trial)
{
	/* One note for all ways that it happened to: there may be many. */
	board_note(bench->board, bench->scenario, NULL,
		   "%s: the machine was disturbed in every round of some ways",
		   trial->metrics[0].work);
}

static void
publish(struct bench *bench, const struct trial *trial, struct course *course, unsigned int number)
{
	const struct part *part = &bench->parts[number];
	bool any = count_good(course, trial, number) > 0;
	const struct sample *sample;
	struct figure *figure;
	unsigned int i, k;

	for (k = 0; k < trial->nb_metrics; k++) {
		figure = board_figure(bench->board, bench->scenario, &trial->metrics[k], part->way);
		for (i = 0; i < course->nb[number]; i++) {
			sample = &course->samples[number][i];
			if (isnan(sample->values[k]))
				continue;
			if (any && sample->is_disturbed)
				figure->left_out++;
			else
				board_sample(figure, sample->values[k]);
		}
	}
	if (!any)
		note_disturbance(bench, trial);
}

/* How far apart the cores were meanwhile, for those who compare machines. */
static void
publish_probes(struct bench *bench, const struct course *course)
{
	static const struct metric metric = {
		.work = "a cache line to the other core and back",
		.name = "time",
		.unit = "ns",
	};
	static const struct way way_probe = {
		.name = "probe",
		.title = "two cores",
		.family = WAY_FLOOR,
	};
	struct figure *figure;
	unsigned int i;

	if (course->nb_probes == 0)
		return;
	figure = board_figure(bench->board, bench->scenario, &metric, &way_probe);
	for (i = 0; i < course->nb_probes; i++)
		board_sample(figure, course->probes[i]);
}

static unsigned int
rounds_of(const struct bench *bench, const struct trial *trial)
{
	return trial->costly ? bench->opts->renewals : bench->opts->rounds;
}

/* One round: every way that still lacks samples, beginning with another one each time. */
static bool
go_round(struct bench *bench, const struct trial *trial, struct course *course, unsigned int round)
{
	bool more = false;
	unsigned int i, at;

	for (i = 0; i < bench->nb_parts; i++) {
		at = (i + round) % bench->nb_parts;
		if (course->is_out[at] || count_good(course, trial, at) >= rounds_of(bench, trial))
			continue;
		more = true;
		if (take_sample(bench, trial, &bench->parts[at], course,
				&course->samples[at][course->nb[at]]))
			course->nb[at]++;
		else
			course->is_out[at] = true;
	}
	return more;
}

void
rounds_run(struct bench *bench, const struct trial *trial)
{
	static struct course course;
	unsigned int round, i;

	course = (struct course){ .nb_probes = 0 };
	for (i = 0; i < bench->nb_parts; i++)
		course.is_out[i] = !calibrate(bench, trial, &bench->parts[i]);
	for (round = 0; round < 2 * rounds_of(bench, trial); round++) {
		progress_step(trial->metrics[0].work, round + 1, rounds_of(bench, trial));
		if (!go_round(bench, trial, &course, round))
			break;
	}
	for (i = 0; i < bench->nb_parts; i++)
		if (!course.is_out[i])
			publish(bench, trial, &course, i);
	publish_probes(bench, &course);
}

void
rounds_once(struct bench *bench, const struct trial *trial)
{
	struct course course = { .nb_probes = 0 };
	struct figure *figures[ROUNDS_METRICS_MAX];
	struct sample sample;
	unsigned int i, k, at;

	for (i = 0; i < bench->nb_parts; i++) {
		at = (i + bench->serial) % bench->nb_parts;
		for (k = 0; k < trial->nb_metrics; k++)
			figures[k] = board_figure(bench->board, bench->scenario, &trial->metrics[k],
						  bench->parts[at].way);
		bench->parts[at].n = trial->n;
		if (figures[0]->nb_samples >= bench->opts->renewals ||
		    !take_sample(bench, trial, &bench->parts[at], &course, &sample))
			continue;
		/* In the last process that there will be a bad sample is better than none. */
		if (sample.is_disturbed && figures[0]->nb_samples == 0 &&
		    bench->serial + 1 == 2 * bench->opts->renewals) {
			note_disturbance(bench, trial);
			sample.is_disturbed = false;
		}
		for (k = 0; k < trial->nb_metrics; k++) {
			if (sample.is_disturbed)
				figures[k]->left_out++;
			else
				board_sample(figures[k], sample.values[k]);
		}
	}
}

/* A way that failed has neither samples nor any that were left out. */
static bool
is_short_of_samples(const struct bench *bench)
{
	const struct figure *figure;
	uint32_t i;

	for (i = 0; i < bench->board->nb_figures; i++) {
		figure = &bench->board->figures[i];
		if (figure->scenario == bench->scenario &&
		    figure->nb_samples + figure->left_out > 0 &&
		    figure->nb_samples < bench->opts->renewals)
			return true;
	}
	return false;
}

void
rounds_renewed(const struct bench *bench, const struct bench_process *process, const char *work)
{
	struct bench_process one = *process;
	unsigned int i;

	for (i = 0; i < 2 * bench->opts->renewals; i++) {
		if (i >= bench->opts->renewals && !is_short_of_samples(bench))
			break;
		progress_step(work, i + 1, bench->opts->renewals);
		one.serial = i;
		bench_process(bench, &one);
	}
}
