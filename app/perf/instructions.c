/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: counting instructions instead of time: running this program under callgrind, and reading
 *       what it counted.
 * Must not: depend on the machine: the C library is kept from choosing code by the processor.
 * Called by: main.c.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_common.h>

#include "instructions.h"

/* Pairs of the shorter run; the longer one has twice as many. */
#define PAIRS ((uint64_t)8192)

/* Live objects of the work that replaces one of many. */
#define LIVE 1000

#define OBJECTS 2048

struct counted {
	size_t loop;
	struct metric metric;
};

#define COUNTED(what, does) \
	{ \
		offsetof(struct loops, what), \
		{ \
			.work = (does), .name = "instructions", .unit = "a pair" \
		} \
	}

static const struct counted counted[] = {
	COUNTED(pair, "pair, 64 B"),
	COUNTED(pair_mixed, "pair, 16 sizes from 64 B to 2 KiB"),
	COUNTED(batch, "32 singly, then freed, 64 B"),
	COUNTED(batch_mixed, "32 singly, then freed, 16 sizes"),
	COUNTED(bulk, "32 at once, freed at once, 64 B"),
	COUNTED(replace, "one of 1000 replaced, 16 sizes"),
};

/* What callgrind looks for: it counts in this function alone, and writes its count at the end. */
void
instructions_run(loop_fn loop, struct work *work, uint64_t n);

__attribute__((noinline)) void
instructions_run(loop_fn loop, struct work *work, uint64_t n)
{
	if (loop(work, n) != n)
		abort();
}

static loop_fn
loop_of(const struct way *way, const struct counted *what)
{
	return *(const loop_fn *)((const char *)way->loops + what->loop);
}

/* All works of a way; each is told on stdout, in the order of callgrind's files. */
static bool
work_through(struct bench *bench, unsigned int number)
{
	struct part *part = &bench->parts[number];
	struct work work;
	unsigned int i, k;
	loop_fn loop;

	if (!bench_work(bench, &work, (void *)(uintptr_t)part->work.thread, LIVE))
		return false;
	for (i = 0; i < nb_ways; i++)
		if (ways[i] == part->way)
			number = i;
	for (k = 0; k < RTE_DIM(counted); k++) {
		loop = loop_of(part->way, &counted[k]);
		if (k == RTE_DIM(counted) - 1 && part->way->loops->fill_mixed(&work, LIVE) != LIVE)
			return false;
		if (loop(&work, PAIRS) != PAIRS)
			return false;
		work.random = 1;
		instructions_run(loop, &work, PAIRS);
		work.random = 1;
		instructions_run(loop, &work, 2 * PAIRS);
		printf("%u %u\n", number, k);
	}
	part->way->loops->drain_mixed(&work, LIVE);
	bench_work_free(&work);
	return true;
}

bool
instructions_work(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS }, .kinds = OBJECTS };
	bool ok = true;
	unsigned int i;

	bench_open(bench, &needs, WAY_NO_LCORE);
	for (i = 0; i < bench->nb_parts && ok; i++)
		ok = work_through(bench, i);
	bench_close(bench);
	return fflush(stdout) == 0 && ok;
}

/* The folder's files are the only ones that are written. */
static void
remove_folder(const char *folder)
{
	char path[PATH_MAX + 256];
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
}

/* In the child: become valgrind, in the folder. */
static void
become_valgrind(const char *folder)
{
	/* The C library's functions for memory come in one variant a processor. */
	static const char tunables[] = "glibc.rtld.optional_static_tls=16384:"
				       "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,"
				       "-SSSE3,-AVX_Fast_Unaligned_Load,-Fast_Unaligned_Copy";
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	int out;

	if (length < 0 || chdir(folder) != 0)
		_exit(126);
	program[length] = '\0';
	out = open("order", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || setenv("GLIBC_TUNABLES", tunables, 1) != 0)
		_exit(126);
	execlp("valgrind", "valgrind", "--tool=callgrind", "--log-file=log",
	       "--callgrind-out-file=counts", "--toggle-collect=instructions_run",
	       "--dump-after=instructions_run", program, "--counted", (char *)NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

/* What callgrind counted from one of its dumps to the next; < 0: there is no such dump. */
static double
read_count(const char *folder, unsigned int number)
{
	char path[PATH_MAX];
	char line[256];
	double count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/counts.%u", folder, number);
	file = fopen(path, "r");
	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "totals: %lf", &count) == 1 ||
		    sscanf(line, "summary: %lf", &count) == 1)
			break;
	fclose(file);
	return count;
}

/* All counts onto the board; false: some are missing. */
static bool
read_counts(const struct bench *bench, const char *folder)
{
	unsigned int way, work, number;
	char path[PATH_MAX];
	double once, twice;
	bool ok = true;
	FILE *file;

	snprintf(path, sizeof(path), "%s/order", folder);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	for (number = 0; fscanf(file, "%u %u", &way, &work) == 2; number++) {
		once = read_count(folder, 2 * number + 1);
		twice = read_count(folder, 2 * number + 2);
		if (way >= nb_ways || work >= RTE_DIM(counted) || once <= 0 || twice <= once) {
			ok = false;
			break;
		}
		board_sample(board_figure(bench->board, bench->scenario, &counted[work].metric,
					  ways[way]),
			     (twice - once) / (double)PAIRS);
	}
	fclose(file);
	return ok && number > 0;
}

/* The last lines of valgrind's, for who has to find out what went wrong. */
static void
show_log(const char *folder)
{
	char path[PATH_MAX];
	char line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/log", folder);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		fputs(line, stderr);
	if (file != NULL)
		fclose(file);
}

int
instructions_count(const struct bench *bench)
{
	const char *tmp = getenv("TMPDIR");
	char folder[PATH_MAX / 2];
	int status = 0;
	int ret = 0;
	pid_t pid;

	snprintf(folder, sizeof(folder), "%s/fastmem-perf.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(folder) == NULL) {
		ret = -errno;
		fprintf(stderr, "no folder %s: %s\n", folder, strerror(errno));
		return ret;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become_valgrind(folder);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		ret = -errno;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		ret = -ENOENT;
	else if (status != 0 || !read_counts(bench, folder))
		ret = -EIO;
	if (ret == -ENOENT)
		fprintf(stderr, "valgrind is not installed; on Debian: apt-get install valgrind\n");
	else if (ret != 0) {
		show_log(folder);
		fprintf(stderr, "no counts: %s; what valgrind said is above\n", strerror(-ret));
	}
	remove_folder(folder);
	return ret;
}
