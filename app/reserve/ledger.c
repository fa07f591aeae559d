/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the record of what each plan that was applied needs, and what was added for it.
 * Must not: know where it is kept, or what its numbers mean.
 * Called by: apply.c, state.c and raise.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

static const char heading[] = "fastmem-reserve 1";

/* One element more at the end of an array, or NULL. */
static void *
grow(void *array, unsigned int *n, size_t size)
{
	char *grown;
	void **at = array;

	grown = realloc(*at, (*n + 1) * size);
	if (grown == NULL)
		return NULL;
	*at = grown;
	memset(grown + *n * size, 0, size);
	return grown + (*n)++ * size;
}

struct ledger_plan *
ledger_find(const struct ledger *ledger, const char *text)
{
	for (unsigned int i = 0; i < ledger->nb_plans; i++)
		if (strcmp(ledger->plan[i].text, text) == 0)
			return &ledger->plan[i];
	return NULL;
}

struct ledger_plan *
ledger_add(struct ledger *ledger, const char *text)
{
	char *copy = strdup(text);
	struct ledger_plan *plan;

	plan = copy != NULL ? grow(&ledger->plan, &ledger->nb_plans, sizeof(*plan)) : NULL;
	if (plan == NULL) {
		free(copy);
		return NULL;
	}
	plan->text = copy;
	return plan;
}

struct ledger_pool *
ledger_pool_of(struct ledger_plan *plan, int node_id, uint64_t page_size)
{
	struct ledger_pool *pool;

	for (unsigned int i = 0; i < plan->nb_pools; i++)
		if (plan->pool[i].node_id == node_id && plan->pool[i].page_size == page_size)
			return &plan->pool[i];
	pool = grow(&plan->pool, &plan->nb_pools, sizeof(*pool));
	if (pool != NULL) {
		pool->node_id = node_id;
		pool->page_size = page_size;
	}
	return pool;
}

int
ledger_add_mount(struct ledger_plan *plan, const char *folder)
{
	char *copy = strdup(folder), **mount;

	mount = copy != NULL ? grow(&plan->mount, &plan->nb_mounts, sizeof(*mount)) : NULL;
	if (mount == NULL) {
		free(copy);
		return -ENOMEM;
	}
	*mount = copy;
	return 0;
}

void
ledger_remove_mount(struct ledger_plan *plan, unsigned int at)
{
	free(plan->mount[at]);
	plan->nb_mounts--;
	memmove(&plan->mount[at], &plan->mount[at + 1],
		(plan->nb_mounts - at) * sizeof(*plan->mount));
}

static void
release_plan(struct ledger_plan *plan)
{
	for (unsigned int i = 0; i < plan->nb_mounts; i++)
		free(plan->mount[i]);
	free(plan->mount);
	free(plan->pool);
	free(plan->text);
}

void
ledger_remove(struct ledger *ledger, struct ledger_plan *plan)
{
	size_t at = (size_t)(plan - ledger->plan);

	release_plan(plan);
	ledger->nb_plans--;
	memmove(plan, plan + 1, (ledger->nb_plans - at) * sizeof(*plan));
}

void
ledger_release(struct ledger *ledger)
{
	for (unsigned int i = 0; i < ledger->nb_plans; i++)
		release_plan(&ledger->plan[i]);
	free(ledger->plan);
	*ledger = (struct ledger){ 0 };
}

void
ledger_write(FILE *file, const struct ledger *ledger)
{
	const struct ledger_plan *plan;
	const struct ledger_pool *pool;

	fprintf(file, "%s\n", heading);
	for (unsigned int i = 0; i < ledger->nb_plans; i++) {
		plan = &ledger->plan[i];
		fprintf(file, "plan %s\n", plan->text);
		for (unsigned int k = 0; k < plan->nb_pools; k++) {
			pool = &plan->pool[k];
			fprintf(file,
				"pool %d %" PRIu64 " need %" PRIu64 " added %" PRIu64
				" base %" PRIu64 " from %" PRIu64 " step %" PRIu64 "\n",
				pool->node_id, pool->page_size, pool->need, pool->added, pool->base,
				pool->from, pool->step);
		}
		for (unsigned int k = 0; k < plan->nb_mounts; k++)
			fprintf(file, "mount %s\n", plan->mount[k]);
	}
}

static int
read_line(struct ledger *ledger, const char *line)
{
	struct ledger_plan *plan = ledger->nb_plans > 0 ? &ledger->plan[ledger->nb_plans - 1] :
							  NULL;
	struct ledger_pool read, *pool;
	int end = 0;

	if (strncmp(line, "plan ", 5) == 0)
		return ledger_add(ledger, line + 5) != NULL ? 0 : -ENOMEM;
	if (plan == NULL)
		return -EINVAL;
	if (strncmp(line, "mount /", 7) == 0)
		return ledger_add_mount(plan, line + 6);
	if (sscanf(line,
		   "pool %d %" SCNu64 " need %" SCNu64 " added %" SCNu64 " base %" SCNu64
		   " from %" SCNu64 " step %" SCNu64 "%n",
		   &read.node_id, &read.page_size, &read.need, &read.added, &read.base, &read.from,
		   &read.step, &end) != 7 ||
	    line[end] != '\0')
		return -EINVAL;
	pool = ledger_pool_of(plan, read.node_id, read.page_size);
	if (pool == NULL)
		return -ENOMEM;
	*pool = read;
	return 0;
}

int
ledger_read(FILE *file, struct ledger *ledger, unsigned int *line)
{
	struct ledger read = { 0 };
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int ret = 0;

	*line = 0;
	while (ret == 0 && (len = getline(&text, &size, file)) > 0) {
		++*line;
		/* Each ends so; one that does not was cut. */
		if (text[len - 1] != '\n')
			ret = -EINVAL;
		text[len - 1] = '\0';
		if (ret == 0 && *line == 1)
			ret = strcmp(text, heading) == 0 ? 0 : -EINVAL;
		else if (ret == 0)
			ret = read_line(&read, text);
	}
	free(text);
	if (ret < 0)
		ledger_release(&read);
	else
		*ledger = read;
	return ret;
}
