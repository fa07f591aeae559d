/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: plans: made of their sources, the later over the earlier, and released.
 * Must not: look at the machine.
 * Called by: applications, and the readers of the sources for the lines.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reserve_priv.h"

#define COMMAND_LINE "command line"

struct rte_reserve_plan *
rsv_plan_new(const char *file)
{
	struct rte_reserve_plan *plan = calloc(1, sizeof(*plan));

	if (plan != NULL && file != NULL) {
		plan->file = strdup(file);
		if (plan->file == NULL) {
			free(plan);
			plan = NULL;
		}
	}
	return plan;
}

void
rte_reserve_plan_free(struct rte_reserve_plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->line);
	free(plan->file);
	free(plan);
}

static bool
same_nodes(const struct rsv_selector *a, const struct rsv_selector *b)
{
	return a->nodes == b->nodes && a->node_id == b->node_id && strcmp(a->near, b->near) == 0;
}

struct rsv_line *
rsv_plan_line(struct rte_reserve_plan *plan, const struct rsv_text *nodes)
{
	struct rsv_selector selector;
	struct rsv_line *line;

	if (rsv_parse_selector(nodes, &selector) < 0)
		return NULL;
	for (unsigned int i = 0; i < plan->nb_lines; i++)
		if (same_nodes(&plan->line[i].selector, &selector))
			return &plan->line[i];
	if (plan->nb_lines == RSV_MAX_LINES) {
		rsv_fail_at(nodes, "more than %d nodes in a plan", RSV_MAX_LINES);
		return NULL;
	}
	line = realloc(plan->line, (plan->nb_lines + 1) * sizeof(*line));
	if (line == NULL) {
		rsv_fail_at(nodes, "out of memory");
		return NULL;
	}
	plan->line = line;
	line += plan->nb_lines++;
	memset(line, 0, sizeof(*line));
	line->selector = selector;
	line->first = (struct rsv_place){ nodes->source, nodes->line, nodes->column };
	line->limit = UINT64_MAX;
	return line;
}

static int
fail_there(const struct rsv_place *place, const char *what)
{
	return rsv_fail(-EINVAL, "%s:%u:%u: %s", place->source, place->line, place->column, what);
}

static int
check_line(const struct rsv_line *line)
{
	uint64_t warm = 0;

	if (line->place[RSV_SIZE].line == 0)
		return fail_there(&line->first, "nothing says how much: expected a size for these "
						"nodes");
	if (line->size.percent != 0)
		return 0;
	if (line->limit < line->size.bytes)
		return fail_there(&line->place[RSV_LIMIT], "the limit is below the size");
	if (line->policy.shortage == RSV_LESS && line->policy.floor > line->size.bytes)
		return fail_there(&line->place[RSV_SHORTAGE],
				  "less than the size may not be more than it");
	for (unsigned int i = 0; i < line->warm.n; i++)
		warm += line->warm.item[i].size * line->warm.item[i].n; /* below 2^52 each */
	if (warm > line->size.bytes)
		return fail_there(&line->place[RSV_WARM],
				  "the blocks to warm are more than the size");
	return 0;
}

int
rsv_plan_finish(const struct rte_reserve_plan *plan)
{
	int ret = 0;

	for (unsigned int i = 0; i < plan->nb_lines && ret == 0; i++)
		ret = check_line(&plan->line[i]);
	return ret;
}

static const char *
from_environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static int
read_file(struct rte_reserve_plan *plan)
{
	char *text;
	size_t size;
	int ret = rsv_os_read(plan->file, &text, &size);

	if (ret < 0)
		return ret;
	ret = rsv_file_read(plan, text, size);
	free(text);
	return ret;
}

int
rte_reserve_parse(const char *file, const char *line, struct rte_reserve_plan **plan)
{
	const char *variable = from_environment(RTE_RESERVE_ENV_PLAN);
	struct rte_reserve_plan *made;
	int ret = 0;

	if (plan == NULL)
		return rsv_fail(-EINVAL, "no place for the plan was given");
	made = rsv_plan_new(file != NULL ? file : from_environment(RTE_RESERVE_ENV_CONFIG));
	if (made == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	if (made->file != NULL)
		ret = read_file(made);
	if (ret == 0 && variable != NULL)
		ret = rsv_line_read(made, variable, RTE_RESERVE_ENV_PLAN);
	if (ret == 0 && line != NULL)
		ret = rsv_line_read(made, line, COMMAND_LINE);
	if (ret == 0)
		ret = rsv_plan_finish(made);
	if (ret < 0) {
		rte_reserve_plan_free(made);
		return ret;
	}
	*plan = made;
	return 0;
}

size_t
rte_reserve_plan_text(const struct rte_reserve_plan *plan, char *buf, size_t size)
{
	return rsv_line_write(plan, buf, size);
}
