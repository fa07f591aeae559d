/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the taking of what was decided, all nodes at the same time, and how long it took.
 * Must not: decide who gets what, or give anything back.
 * Called by: reserve_apply.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_fastmem.h>

#include "reserve_priv.h"

#define MIB (UINT64_C(1) << 20)

#define MAX_NODES 64 /* lib/fastmem serves no more */

/* Prefaulted at once: several of them to a list of EAL's. */
#define PIECE (UINT64_C(4) << 30)

/* A node's share, taken in the plan's order. */
struct job {
	const struct rte_reserve_plan *plan;
	const struct rsv_decision *d;
	int node_id;
	int ret;
	const struct rsv_part *refused;
	uint64_t bytes, ns;
	char error[RSV_ERROR_MAX];
};

static _Thread_local struct {
	unsigned int n;
	struct rte_reserve_speed of[MAX_NODES];
} last;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* In pieces where they are prefaulted: EAL has to have some of a list for that. */
static int
reserve(const struct rsv_line *line, struct rsv_part *part, size_t page_size)
{
	uint64_t piece;
	int ret = 0;

	while (part->taken < part->bytes && ret == 0) {
		piece = part->bytes - part->taken;
		if (line->threads > 1 && piece > PIECE && page_size < PIECE / 4)
			piece = PIECE;
		ret = rte_fastmem_reserve_pages(piece, page_size, part->node_id);
		if (ret == 0)
			part->taken += piece;
	}
	return ret;
}

/*
 * Of the page size that was decided on. Where a line takes any, other pages will do if EAL refuses
 * those after all.
 */
static int
take_part(const struct rsv_line *line, struct rsv_part *part)
{
	size_t page_size = line->page_size != 0 || rte_eal_has_hugepages() ? part->page_size : 0;
	int ret;

	rte_fastmem_set_prefault(part->node_id, line->threads);
	ret = reserve(line, part, page_size);
	if (ret == -ENOMEM && line->page_size == 0 && page_size != 0)
		ret = reserve(line, part, 0);
	rte_fastmem_set_prefault(part->node_id, 0);
	if (ret == 0)
		return 0;
	return rsv_fail(ret,
			"%s:%u:%u: cannot reserve %" PRIu64 " MiB on node %d in pages of %" PRIu64
			" kB: %s%s",
			line->first.source, line->first.line, line->first.column, part->bytes / MIB,
			part->node_id, part->page_size >> 10, strerror(-ret),
			rte_eal_has_hugepages() ? "" : "; EAL runs without hugepages");
}

static void *
take_node(void *arg)
{
	const struct rsv_target *t;
	struct job *job = arg;
	uint64_t start = now();

	for (unsigned int i = 0; i < job->d->nb_targets; i++) {
		t = &job->d->target[i];
		for (unsigned int k = 0; k < t->nb_parts && job->ret == 0; k++) {
			if (t->part[k].node_id != job->node_id)
				continue;
			job->ret = take_part(&job->plan->line[t->line], &t->part[k]);
			if (job->ret == 0)
				job->bytes += t->part[k].bytes;
			else
				job->refused = &t->part[k];
		}
	}
	job->ns = now() - start;
	/* The text is this thread's. */
	if (job->ret != 0)
		snprintf(job->error, sizeof(job->error), "%s", rte_reserve_error());
	return NULL;
}

/* A job for each node of the decision; how many. */
static unsigned int
list_nodes(const struct rte_reserve_plan *plan, const struct rsv_decision *d, struct job *job)
{
	unsigned int n = 0, j;
	int node_id;

	for (unsigned int i = 0; i < d->nb_targets; i++)
		for (unsigned int k = 0; k < d->target[i].nb_parts; k++) {
			node_id = d->target[i].part[k].node_id;
			for (j = 0; j < n && job[j].node_id != node_id; j++)
				;
			if (j == n && n < MAX_NODES)
				job[n++] = (struct job){ .plan = plan, .d = d, .node_id = node_id };
		}
	return n;
}

/* The first node in the calling thread, and others whose threads cannot be had. */
static void
take_nodes(struct job *job, unsigned int n, pthread_t *thread)
{
	unsigned int started = 1;

	while (started < n && pthread_create(&thread[started], NULL, take_node, &job[started]) == 0)
		started++;
	take_node(&job[0]);
	for (unsigned int i = started; i < n; i++)
		take_node(&job[i]);
	for (unsigned int i = 1; i < started; i++)
		pthread_join(thread[i], NULL);
}

int
rsv_take(const struct rte_reserve_plan *plan, const struct rsv_decision *d,
	 const struct rsv_part **refused)
{
	struct job *job = calloc(MAX_NODES, sizeof(*job) + sizeof(pthread_t));
	unsigned int n;
	int ret = 0;

	if (job == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	last.n = 0;
	n = list_nodes(plan, d, job);
	if (n != 0)
		take_nodes(job, n, (pthread_t *)(void *)(job + MAX_NODES));
	for (unsigned int i = 0; i < n && ret == 0; i++) {
		ret = job[i].ret;
		if (ret != 0) {
			rsv_fail(ret, "%s", job[i].error);
			*refused = job[i].refused;
		}
		last.of[last.n++] =
			(struct rte_reserve_speed){ job[i].node_id, job[i].bytes, job[i].ns };
	}
	if (ret != 0)
		last.n = 0;
	free(job);
	return ret;
}

unsigned int
rte_reserve_speeds(struct rte_reserve_speed *speeds, unsigned int max)
{
	for (unsigned int i = 0; i < last.n && i < max; i++)
		speeds[i] = last.of[i];
	return last.n;
}
