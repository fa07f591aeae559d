/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb status: what a running program's fastmem has on each node, and who has it cached.
 * Must not: know where the answers come from.
 * Called by: main.c.
 */

#include <inttypes.h>
#include <stdio.h>

#include "answers.h"
#include "machine.h"
#include "verb.h"

static const struct option_def status_options[] = {
	WATCHED_OPTIONS,
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
	return answers_percent((double)hits, (double)hits + (double)misses);
}

static void
print_lcore(const struct answers_lcore *l)
{
	uint64_t allocs = l->calls[CALL_ALLOC_HITS] + l->calls[CALL_ALLOC_MISSES];
	uint64_t frees = l->calls[CALL_FREE_HITS] + l->calls[CALL_FREE_MISSES];
	char size[SIZE_TEXT], name[16] = "others";

	if (allocs + frees + l->calls[CALL_ALLOC_NOMEM] + l->blocks == 0)
		return;
	if (l->id >= 0)
		snprintf(name, sizeof(name), "%d", l->id);
	printf("%-6s %14" PRIu64 " %6.1f %% %14" PRIu64 " %6.1f %% %10" PRIu64 " %10" PRIu64
	       " %10s\n",
	       name, allocs, hit_rate(l->calls[CALL_ALLOC_HITS], l->calls[CALL_ALLOC_MISSES]),
	       frees, hit_rate(l->calls[CALL_FREE_HITS], l->calls[CALL_FREE_MISSES]),
	       l->calls[CALL_ALLOC_NOMEM], l->blocks, size_text(size, l->bytes));
}

static void
print_lcores(const struct answers *a)
{
	struct answers_lcore lcore;

	printf("\n%-6s %14s %8s %14s %8s %10s %10s %10s\n", "lcore", "allocations", "by cache",
	       "frees", "by cache", "refused", "has cached", "bytes");
	for (size_t i = 0; i < answers_nb_lcores(a); i++) {
		answers_lcore(a, i, &lcore);
		print_lcore(&lcore);
	}
}

static void
print_pressure(const struct answers *a)
{
	char size[SIZE_TEXT];

	printf("\npressure %s, %s available\n", answers_level(a),
	       size_text(size, watched_number(a->pressure, "available")));
	if (a->from_here)
		printf("%s\n", ANSWERS_FROM_HERE);
}

static enum verb_status
run(const struct options *opts)
{
	static struct watched w;
	struct answers a;
	bool all;

	if (watched_open(&w, opts) != 0)
		return VERB_FAILED;
	all = answers_ask(&w, &a);
	if (all) {
		printf("%s, process %d\n\n", w.prefix, w.pid);
		print_nodes(a.nodes);
		print_lcores(&a);
		print_pressure(&a);
	}
	answers_release(&a);
	watched_close(&w);
	return all ? VERB_OK : VERB_FAILED;
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
