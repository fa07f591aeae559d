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
#include "file.h"
#include "instructions.h"
#include "progress.h"
#include "report.h"
#include "scenario.h"

static int
read_command_line(int argc, char **argv, struct options *opts);
static void
give_libraries_room(char **argv);
static void
list_scenarios(void);
static int
count_here(struct bench *bench);
static bool
run_scenarios(const struct bench *bench);
static bool
write_files(const struct report *report);
static bool
has_failed(const struct board *board);

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
	if (opts.counted)
		return count_here(&bench);
	if (!run_scenarios(&bench))
		return EXIT_FAILURE;

	report.board = bench.board;
	report.seconds = difftime(time(NULL), start);
	report_table(&report, stdout);
	return write_files(&report) && !has_failed(bench.board) ? EXIT_SUCCESS : EXIT_FAILURE;
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

/* Below valgrind. Other processes would be counted for themselves, so this one does it all. */
static int
count_here(struct bench *bench)
{
	const struct bench_process process = {
		.run = instructions_work,
		.without_hugepages = true,
	};

	return bench_process_here(bench, &process) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool
run_scenarios(const struct bench *bench)
{
	struct bench with_name = *bench;
	unsigned int number = 0, total = 0;
	unsigned int i;

	if (bench->opts->instructions) {
		with_name.scenario = scenario_instructions.name;
		return instructions_count(&with_name) == 0;
	}
	for (i = 0; i < nb_scenarios; i++)
		total += scenario_is_wanted(&scenarios[i], bench->opts);
	for (i = 0; i < nb_scenarios; i++) {
		if (!scenario_is_wanted(&scenarios[i], bench->opts))
			continue;
		progress_scenario(scenarios[i].name, ++number, total);
		with_name.scenario = scenarios[i].name;
		scenarios[i].run(&with_name);
	}
	progress_end();
	return true;
}

static bool
write_file(const struct report *report, const char *path, file_fn form)
{
	int ret;

	if (path == NULL)
		return true;
	ret = file_write(report, path, form);
	if (ret != 0)
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(-ret));
	return ret == 0;
}

static bool
write_files(const struct report *report)
{
	const struct options *opts = report->opts;
	bool ok;
	int ret;

	ok = write_file(report, opts->json, report_json);
	ok &= write_file(report, opts->csv, report_csv);
	if (opts->plot == NULL)
		return ok;
	ret = report_plot(report, opts->plot);
	if (ret == -ENOENT)
		fprintf(stderr,
			"no charts in %s: gnuplot is not installed; on Debian: apt-get "
			"install gnuplot-nox\n",
			opts->plot);
	else if (ret != 0)
		fprintf(stderr, "no charts in %s: %s\n", opts->plot, strerror(-ret));
	return ok && ret == 0;
}

/* What could not be had here was skipped, and is no failure. */
static bool
has_failed(const struct board *board)
{
	uint32_t i;

	for (i = 0; i < board->nb_notes; i++)
		if (strncmp(board->notes[i].text, "failed: ", 8) == 0)
			return true;
	return false;
}
