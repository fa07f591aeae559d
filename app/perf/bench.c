/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a scenario's process: EAL, fastmem's reservation, the ways that take part.
 * Must not: measure time.
 * Called by: scenarios.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem.h>
#include <rte_memory.h>

#include "bench.h"
#include "condition.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* from Linux 5.14 on */
#endif

#define PROCESS_MAX_S 600

/* Operations a second that churn does at the least. */
#define CHURN_RATE   20000000
#define GROWTH_BELOW ((size_t)256 << 20)

/* EAL, with the process's own argument behind the others. */
static int
start_eal(const struct bench *bench, const struct bench_process *process)
{
	const struct eal_arguments *args = process->without_hugepages ? &bench->opts->eal_no_huge :
									&bench->opts->eal;
	char *argv[EAL_ARGUMENTS_MAX + 2];
	int argc;

	for (argc = 0; argc < args->argc; argc++)
		argv[argc] = args->argv[argc];
	if (process->eal_more != NULL)
		argv[argc++] = (char *)(uintptr_t)process->eal_more;
	argv[argc] = NULL;
	if (rte_eal_init(argc, argv) >= 0)
		return 0;
	board_note(bench->board, bench->scenario, NULL, "EAL did not start: %s",
		   rte_strerror(rte_errno));
	return -1;
}

/* Without hugepages the kernel gives memory at first touch, which would be measured too. */
static int
populate(const struct rte_memseg_list *list, void *arg)
{
	RTE_SET_USED(arg);
	if (list->external || list->page_sz >= RTE_PGSIZE_2M)
		return 0;
	return madvise(list->base_va, list->len, MADV_POPULATE_WRITE);
}

static int
start_fastmem(const struct bench *bench, const struct bench_process *process)
{
	size_t size = process->reserve > 0 ? process->reserve : bench->opts->reserve;
	int ret = rte_fastmem_init();

	if (ret == 0)
		ret = rte_fastmem_reserve(size, RTE_NUMA_NODE_ANY);
	/* A small reservation is asked for to see what it costs to have to grow. */
	if (ret == 0)
		ret = rte_fastmem_set_growth(RTE_NUMA_NODE_ANY,
					     size < GROWTH_BELOW && process->reserve == 0);
	if (ret != 0)
		board_note(bench->board, bench->scenario, NULL, "cannot reserve %zu MiB: %s",
			   size >> 20, strerror(-ret));
	return ret;
}

bool
bench_process_here(struct bench *bench, const struct bench_process *process)
{
	bool ok;

	item_sequence(bench->sequence);
	if (process->without_eal)
		return process->run(bench);
	if (start_eal(bench, process) != 0)
		return false;
	if (process->populated && rte_memseg_list_walk(populate, NULL) != 0)
		board_note(bench->board, bench->scenario, NULL,
			   "the kernel's page faults are in the figures: %s", strerror(errno));
	if (!process->without_fastmem && start_fastmem(bench, process) != 0)
		return false;
	if (!process->without_fastmem && !condition_begin(bench))
		return false;
	ok = process->run(bench);
	condition_end();
	if (!process->without_fastmem)
		rte_fastmem_deinit();
	rte_eal_cleanup();
	return ok;
}

void
bench_process(const struct bench *parent, const struct bench_process *process)
{
	struct bench *bench;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(PROCESS_MAX_S + (unsigned int)(parent->opts->churn / CHURN_RATE));
		bench = calloc(1, sizeof(*bench));
		if (bench == NULL)
			_exit(EXIT_FAILURE);
		*bench = *parent;
		bench->serial = process->serial;
		_exit(bench_process_here(bench, process) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		board_note(parent->board, parent->scenario, NULL, "no process for it: %s",
			   strerror(errno));
	else if (WIFSIGNALED(status))
		board_note(parent->board, parent->scenario, NULL, "failed: its process died: %s%s",
			   strsignal(WTERMSIG(status)),
			   WTERMSIG(status) == SIGALRM ? " (it took too long)" : "");
	else if (status != 0)
		board_note(parent->board, parent->scenario, NULL, "failed: it did not end well");
}

/* Cleared memory that the kernel has given already: calloc() would leave that to the first use. */
static void *
touched(size_t size)
{
	void *memory;

	if (posix_memalign(&memory, 64, size) != 0)
		return NULL;
	return memset(memory, 0, size);
}

bool
bench_work(const struct bench *bench, struct work *work, void *thread, uint32_t nb_slots)
{
	memset(work, 0, sizeof(*work));
	work->thread = thread;
	work->sequence = bench->sequence;
	work->random = 1;
	work->nb_slots = nb_slots;
	work->slots = touched((nb_slots + 1) * sizeof(*work->slots));
	work->kinds = touched((nb_slots + 1) * sizeof(*work->kinds));
	work->histogram = touched(sizeof(*work->histogram));
	if (work->slots != NULL && work->kinds != NULL && work->histogram != NULL)
		return true;
	bench_work_free(work);
	return false;
}

void
bench_work_free(struct work *work)
{
	free(work->slots);
	free(work->kinds);
	free(work->histogram);
}

static void
open_part(struct bench *bench, const struct way *way, const struct way_needs *needs)
{
	struct part *part = &bench->parts[bench->nb_parts];
	const char *why = "no memory";
	void *thread;

	part->way = way;
	part->state = way->open(way, needs, &why);
	if (part->state == NULL) {
		board_note(bench->board, bench->scenario, way, "skipped: %s", why);
		return;
	}
	thread = way->attach == NULL ? part->state : way->attach(part->state);
	if (thread == NULL || !bench_work(bench, &part->work, thread, 0)) {
		board_note(bench->board, bench->scenario, way, "skipped: no memory for a thread");
		return;
	}
	bench->nb_parts++;
}

void
bench_open(struct bench *bench, const struct way_needs *needs, unsigned int without)
{
	unsigned int i;

	for (i = 0; i < nb_ways; i++)
		if ((ways[i]->flags & without) == 0)
			open_part(bench, ways[i], needs);
}

static void
close_part(struct part *part)
{
	if (part->way->detach != NULL)
		part->way->detach((void *)(uintptr_t)part->work.thread);
	bench_work_free(&part->work);
	if (part->way->close != NULL)
		part->way->close(part->state);
}

void
bench_drop(struct bench *bench, unsigned int number)
{
	close_part(&bench->parts[number]);
	bench->nb_parts--;
	memmove(&bench->parts[number], &bench->parts[number + 1],
		(bench->nb_parts - number) * sizeof(bench->parts[0]));
}

void
bench_close(struct bench *bench)
{
	while (bench->nb_parts > 0)
		close_part(&bench->parts[--bench->nb_parts]);
}

/* Fill every object with an own mark, then see that none was written over. */
static bool
are_apart(const struct work *work, uint32_t nb, bool mixed)
{
	size_t size, word;
	uint64_t *object;
	uint32_t i;
	int turn;

	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < nb; i++) {
			object = work->slots[i];
			size = mixed ? item_kinds[work->kinds[i]].size : item_fixed_size(ITEM_64);
			for (word = 0; word < size / sizeof(*object); word++) {
				if (turn == 0)
					object[word] = i;
				else if (object[word] != i)
					return false;
			}
		}
	}
	return true;
}

static bool
check_part(struct bench *bench, struct part *part, uint32_t nb, bool mixed)
{
	const struct loops *loops = part->way->loops;
	struct work work;
	bool ok;

	if (part->way->flags & WAY_NO_MEMORY)
		return true;
	if (!bench_work(bench, &work, (void *)(uintptr_t)part->work.thread, nb))
		return false;
	ok = (mixed ? loops->fill_mixed : loops->fill)(&work, nb) == nb &&
	     are_apart(&work, nb, mixed) &&
	     (mixed ? loops->drain_mixed : loops->drain)(&work, nb) == nb;
	if (!ok)
		board_note(bench->board, bench->scenario, part->way,
			   "failed: %u objects at once are not %u different ones", nb, nb);
	bench_work_free(&work);
	return ok;
}

void
bench_check(struct bench *bench, uint32_t nb, bool mixed)
{
	unsigned int i = 0;

	while (i < bench->nb_parts) {
		if (check_part(bench, &bench->parts[i], nb, mixed))
			i++;
		else
			bench_drop(bench, i);
	}
}
