/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb classes: what a running program has of each size class.
 * Must not: know where the answers come from.
 * Called by: main.c.
 */

#include <inttypes.h>
#include <stdio.h>

#include "machine.h"
#include "verb.h"
#include "watched.h"

static const struct option_def classes_options[] = {
	WATCHED_OPTIONS,
	{ 0 },
};

static bool
print_node(struct watched *w, int node_id, void *arg)
{
	json_t *t = watched_ask(w, "/fastmem/classes,%d", node_id);
	size_t row, n = watched_rows(t, "class_size");
	char bytes[SIZE_TEXT];

	(void)arg;
	if (t == NULL)
		return false;
	printf("node %d%s\n", node_id, n == 0 ? ": no class has memory" : "");
	if (n != 0)
		printf("  %8s %10s %12s %12s %12s %12s %12s\n", "bytes", "has", "blocks", "live",
		       "in caches", "in transit", "free");
	for (row = 0; row < n; row++)
		printf("  %8" PRIu64 " %10s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64
		       " %12" PRIu64 "\n",
		       watched_cell(t, "class_size", row),
		       size_text(bytes, watched_cell(t, "pages", row) << 12),
		       watched_cell(t, "blocks", row), watched_cell(t, "live", row),
		       watched_cell(t, "in_caches", row), watched_cell(t, "in_transit", row),
		       watched_cell(t, "free", row));
	json_decref(t);
	return true;
}

static enum verb_status
run(const struct options *opts)
{
	static struct watched w;
	bool done;

	if (watched_open(&w, opts) != 0)
		return VERB_FAILED;
	done = watched_each_node(&w, print_node, NULL);
	watched_close(&w);
	return done ? VERB_OK : VERB_FAILED;
}

const struct verb verb_classes = {
	.name = "classes",
	.summary = "a running program's blocks, by size class",
	.about =
		"Show for each node how many blocks of each size class a running program's fastmem has made:\n"
		"live, in threads' caches, in magazines on the way from one thread to another, and free.",
	.options = classes_options,
	.run = run,
};
