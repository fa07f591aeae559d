/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb report: for how long a running program is watched, and where the page goes.
 * Must not: ask the program, or know what the page looks like.
 * Called by: main.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ending.h"
#include "output.h"
#include "report.h"
#include "verb.h"
#include "watched.h"

enum { HTML = NB_WATCHED_OPTIONS, SECONDS, INTERVAL };

static const struct option_def report_options[] = {
	WATCHED_OPTIONS,
	[HTML] = { "--html", "FILE",
		   "write the page into FILE, all at once, or onto the output if it is -" },
	[SECONDS] = { "--seconds", "N", "watch for so long, 0.1 to 86400; 10 if not given" },
	[INTERVAL] = { "--interval", "BYTES",
		       "profile a sample each so many bytes, 524288 if not given; 1: each allocation" },
	{ 0 },
};

#define LEAST_PERIOD 0.1

static void
sleep_until(struct timespec *at, double seconds)
{
	double ns = (double)at->tv_nsec + seconds * 1e9;

	at->tv_sec += (time_t)(ns / 1e9);
	at->tv_nsec = (long)(ns - (double)(time_t)(ns / 1e9) * 1e9);
	if (!ending_wanted())
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

static bool
look_for(struct report *r, struct watched *w, double seconds)
{
	double period = seconds / (REPORT_LOOKS - 1);
	struct timespec at;

	if (period < LEAST_PERIOD)
		period = seconds < LEAST_PERIOD ? seconds : LEAST_PERIOD;
	clock_gettime(CLOCK_MONOTONIC, &at);
	do {
		sleep_until(&at, period);
		if (!report_look(r, w))
			return false;
	} while (!ending_wanted() && r->at[r->nb_looks - 1] + period / 2 < seconds &&
		 r->nb_looks < REPORT_LOOKS);
	return true;
}

static bool
watch(struct report *r, struct watched *w, double seconds, const char *interval)
{
	bool looked;

	if (!report_begin(r, w, interval))
		return false;
	looked = look_for(r, w, seconds);
	/* In either case: a program that was only slow would be profiled for ever. */
	report_profile_end(&r->profile, w);
	return looked && report_end(r, w);
}

static int
draw(FILE *file, const void *r)
{
	report_page(file, r);
	return 0;
}

static bool
is_interval(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	/* So many are less than 2^64. */
	return digits > 0 && digits < 20 && text[digits] == '\0' && strspn(text, "0") < digits;
}

/* What can be known before somebody waits for it. */
static bool
check(const struct options *opts, double *seconds)
{
	const char *given = opts->value[SECONDS], *name = opts->value[HTML];
	const char *interval = opts->value[INTERVAL];
	char *end;
	int ret;

	*seconds = given != NULL ? strtod(given, &end) : 10;
	if (given != NULL && (*end != '\0' || !(*seconds >= 0.1 && *seconds <= 86400))) {
		fprintf(stderr, "fastmem-info: --seconds takes 0.1 to 86400, not \"%s\"\n", given);
		return false;
	}
	if (interval != NULL && !is_interval(interval)) {
		fprintf(stderr, "fastmem-info: --interval takes bytes, from 1, not \"%s\"\n",
			interval);
		return false;
	}
	if (name == NULL) {
		fprintf(stderr, "fastmem-info: say where the page goes: --html FILE\n");
		return false;
	}
	ret = strcmp(name, "-") == 0 ? 0 : output_possible(name);
	if (ret < 0)
		fprintf(stderr, "fastmem-info: the page could not be written to %s: %s\n", name,
			strerror(-ret));
	return ret == 0;
}

static enum verb_status
run(const struct options *opts)
{
	enum verb_status status = VERB_FAILED;
	static struct watched w;
	static struct report r;
	double seconds;

	if (!check(opts, &seconds) || watched_open(&w, opts) != 0)
		return VERB_FAILED;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "watching %s, process %d, for %g s; Ctrl-C ends it early\n",
			w.prefix, w.pid, seconds);
	/* A page of what was seen until then is better than none. */
	ending_begin();
	if (watch(&r, &w, seconds, opts->value[INTERVAL]) &&
	    output_drawn("the page", opts->value[HTML], draw, &r) == 0)
		status = VERB_OK;
	report_release(&r);
	watched_close(&w);
	return status;
}

const struct verb verb_report = {
	.name = "report",
	.summary = "a page of HTML: what a running program had and did for a while",
	.about =
		"Watch a running program for a while, and write a page of what its fastmem had and did: one\n"
		"file that needs no other, with pictures and tables. It profiles the program meanwhile, where\n"
		"that has a profiler.",
	.options = report_options,
	.run = run,
};
