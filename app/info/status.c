/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb status: what a running program's fastmem has on each node, and who has it cached.
 * Must not: know where the answers come from.
 * Called by: main.c.
 */

#include <inttypes.h>
#include <stdio.h>

#include "machine.h"
#include "verb.h"
#include "watched.h"

enum { PREFIX };

static const struct option_def status_options[] = {
	[PREFIX] = WATCHED_OPTION,
	{ 0 },
};

static void
print_nodes(const json_t *nodes)
{
	char reserved[SIZE_TEXT], backing[SIZE_TEXT], used[SIZE_TEXT], cached[SIZE_TEXT],
		page[SIZE_TEXT];
	uint64_t failed;
	const char *name;
	json_t *node;

	printf("%-6s %10s %10s %10s %10s  %-10s %s\n", "node", "reserved", "has", "in use",
	       "cached", "pages of", "growths");
	json_object_foreach((json_t *)nodes, name, node)
	{
		failed = watched_number(node, "failed_growths");
		printf("%-6s %10s %10s %10s %10s  %-10s %" PRIu64, name,
		       size_text(reserved, watched_number(node, "bytes_reserved")),
		       size_text(backing, watched_number(node, "bytes_backing")),
		       size_text(used, watched_number(node, "bytes_in_use")),
		       size_text(cached, watched_number(node, "bytes_cached")),
		       watched_number(node, "page_size") != 0 ?
			       size_text(page, watched_number(node, "page_size")) :
			       "-",
		       watched_number(node, "growths"));
		if (failed != 0)
			printf(", %" PRIu64 " refused", failed);
		printf("\n");
	}
}

/* Of all calls how many the cache served, in percent. */
static double
hit_rate(uint64_t hits, uint64_t misses)
{
	return hits + misses == 0 ? 0 : 100.0 * (double)hits / (double)(hits + misses);
}

static void
print_user(const char *name, uint64_t blocks, uint64_t bytes, const uint64_t calls[5])
{
	char size[SIZE_TEXT];

	if (calls[0] + calls[1] + calls[2] + calls[3] + calls[4] + blocks == 0)
		return;
	printf("%-6s %14" PRIu64 " %6.1f %% %14" PRIu64 " %6.1f %% %10" PRIu64 " %10" PRIu64
	       " %10s\n",
	       name, calls[0] + calls[1], hit_rate(calls[0], calls[1]), calls[3] + calls[4],
	       hit_rate(calls[3], calls[4]), calls[2], blocks, size_text(size, bytes));
}

static const char *const call_columns[] = { "alloc_hits", "alloc_misses", "alloc_nomem",
					    "free_hits", "free_misses" };

static void
print_lcores(const json_t *lcores)
{
	const json_t *others = json_object_get(lcores, "other_threads");
	size_t row, i, n = watched_rows(lcores, "lcore");
	uint64_t calls[5];
	char name[16];

	printf("\n%-6s %14s %8s %14s %8s %10s %10s %10s\n", "lcore", "allocations", "by cache",
	       "frees", "by cache", "refused", "has cached", "bytes");
	for (row = 0; row < n; row++) {
		for (i = 0; i < 5; i++)
			calls[i] = watched_cell(lcores, call_columns[i], row);
		snprintf(name, sizeof(name), "%" PRIu64, watched_cell(lcores, "lcore", row));
		print_user(name, watched_cell(lcores, "blocks", row),
			   watched_cell(lcores, "bytes", row), calls);
	}
	for (i = 0; i < 5; i++)
		calls[i] = watched_number(others, call_columns[i]);
	print_user("others", watched_number(others, "blocks"), watched_number(others, "bytes"),
		   calls);
}

static void
print_pressure(const json_t *pressure)
{
	const char *level = json_string_value(json_object_get(pressure, "level"));
	char size[SIZE_TEXT];

	printf("\npressure %s, %s available\n", level != NULL ? level : "?",
	       size_text(size, watched_number(pressure, "available")));
}

static enum verb_status
run(const struct options *opts)
{
	static struct watched w;
	json_t *nodes, *lcores = NULL, *pressure = NULL;
	enum verb_status status = VERB_FAILED;

	if (watched_open(&w, opts, opts->value[PREFIX]) != 0)
		return VERB_FAILED;
	nodes = watched_ask(&w, "/fastmem/nodes");
	if (nodes != NULL)
		lcores = watched_ask_all(&w, "/fastmem/lcores");
	if (lcores != NULL)
		pressure = watched_ask(&w, "/fastmem/pressure");
	if (pressure != NULL) {
		printf("%s, process %d\n\n", w.prefix, w.pid);
		print_nodes(nodes);
		print_lcores(lcores);
		print_pressure(pressure);
		status = VERB_OK;
	}
	json_decref(nodes);
	json_decref(lcores);
	json_decref(pressure);
	watched_close(&w);
	return status;
}

const struct verb verb_status = {
	.name = "status",
	.summary = "a running program's nodes, lcores and pressure",
	.about =
		"Show what the fastmem of a running program has on each node, what its lcores did, and how\n"
		"short memory is.",
	.options = status_options,
	.run = run,
};
