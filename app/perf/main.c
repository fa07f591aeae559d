/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the program's course: options, EAL's arguments, scenarios in turn, reports.
 * Must not: start EAL or measure: that is for the scenarios' own processes.
 * Called by: the user. Read it top-down: main() comes first, then each step in its order.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "eal.h"
#include "progress.h"
#include "report.h"
#include "scenario.h"

static int
read_command_line(int argc, char **argv, struct options *opts);
static void
give_libraries_room(char **argv);
static void
list_scenarios(void);
static void
run_scenarios(const struct bench *bench);

int
main(int argc, char **argv)
{
	static struct bench bench;
	struct options opts;
	struct machine machine;
	struct report report = { .opts = &opts, .machine = &machine };
	time_t start = time(NULL);
	int ret;

	ret = read_command_line(argc, argv, &opts);
	if (ret != 0)
		return ret > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (opts.list) {
		list_scenarios();
		return EXIT_SUCCESS;
	}
	give_libraries_room(argv);
	machine_read(&machine);
	eal_choose(&opts, &machine);

	bench.opts = &opts;
	bench.machine = &machine;
	bench.board = board_create();
	if (bench.board == NULL) {
		fprintf(stderr, "no memory for the figures: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	run_scenarios(&bench);

	report.board = bench.board;
	report.seconds = difftime(time(NULL), start);
	report_table(&report, stdout);
	return EXIT_SUCCESS;
}

/* 1: there is nothing to do. */
static int
read_command_line(int argc, char **argv, struct options *opts)
{
	char error[256];
	unsigned int i;
	int ret;

	ret = options_parse(argc, argv, opts, error, sizeof(error));
	if (ret > 0)
		fputs(options_usage, stdout);
	else if (ret < 0)
		fprintf(stderr, "%s\n\n%s", error, options_usage);
	for (i = 0; i < opts->nb_scenarios && ret == 0; i++) {
		if (scenario_find(opts->scenarios[i]) != NULL)
			continue;
		fprintf(stderr, "%s: no such scenario; --list names those that there are\n",
			opts->scenarios[i]);
		ret = -EINVAL;
	}
	return ret;
}

/*
 * A library whose threads' variables have fixed places, such as jemalloc, can only be loaded late
 * where the C library has kept room for them, and it only reads how much as the program starts.
 */
static void
give_libraries_room(char **argv)
{
	static const char room[] = "glibc.rtld.optional_static_tls=16384";
	const char *before = getenv("GLIBC_TUNABLES");
	char value[512];

	if (before != NULL && strstr(before, "optional_static_tls") != NULL)
		return;
	snprintf(value, sizeof(value), "%s%s%s", before == NULL ? "" : before,
		 before == NULL ? "" : ":", room);
	if (setenv("GLIBC_TUNABLES", value, 1) == 0)
		execv("/proc/self/exe", argv);
	/* Without it such a library is skipped, and says why. */
}

static void
list_scenarios(void)
{
	unsigned int i;

	for (i = 0; i < nb_scenarios; i++)
		printf("%-14s %s\n", scenarios[i].name, scenarios[i].title);
}

static void
run_scenarios(const struct bench *bench)
{
	struct bench with_name = *bench;
	unsigned int total = bench->opts->nb_scenarios;
	unsigned int number = 0;
	unsigned int i;

	if (total == 0)
		total = nb_scenarios;
	for (i = 0; i < nb_scenarios; i++) {
		if (!options_want(bench->opts, scenarios[i].name))
			continue;
		progress_scenario(scenarios[i].name, ++number, total);
		with_name.scenario = scenarios[i].name;
		scenarios[i].run(&with_name);
	}
	progress_end();
}
