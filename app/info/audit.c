/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb audit: whether all blocks of a running program add up.
 * Must not: judge: the program audits itself.
 * Called by: main.c.
 */

#include <inttypes.h>
#include <stdio.h>

#include "verb.h"
#include "watched.h"

static const struct option_def audit_options[] = {
	WATCHED_OPTIONS,
	{ 0 },
};

static bool
print_node(struct watched *w, int node_id, void *arg)
{
	json_t *audit = watched_ask(w, "/fastmem/audit,%d", node_id), *fault;
	uint64_t *faults = arg;
	const char *name;

	if (audit == NULL)
		return false;
	printf("node %d: %" PRIu64 " slabs, %" PRIu64 " blocks = %" PRIu64 " live + %" PRIu64
	       " cached + %" PRIu64 " free; %" PRIu64 " faults",
	       node_id, watched_number(audit, "slabs"), watched_number(audit, "blocks"),
	       watched_number(audit, "live"), watched_number(audit, "cached"),
	       watched_number(audit, "free"), watched_number(audit, "faults"));
	if (watched_number(audit, "moved") != 0)
		printf("; %" PRIu64 " places moved whenever it looked",
		       watched_number(audit, "moved"));
	printf("\n");
	json_object_foreach(json_object_get(audit, "which"), name, fault)
		printf("  %s\n", json_string_value(json_object_get(fault, "text")));
	*faults += watched_number(audit, "faults");
	json_decref(audit);
	return true;
}

static enum verb_status
run(const struct options *opts)
{
	static struct watched w;
	uint64_t faults = 0;
	bool done;

	if (watched_open(&w, opts) != 0)
		return VERB_FAILED;
	done = watched_each_node(&w, print_node, &faults);
	watched_close(&w);
	return !done ? VERB_FAILED : faults != 0 ? VERB_FOUND : VERB_OK;
}

const struct verb verb_audit = {
	.name = "audit",
	.summary = "whether all blocks of a running program add up",
	.about =
		"Have a running program walk every slab and prove that all blocks are live, cached or free,\n"
		"and name what does not add up. It goes on meanwhile; no thread waits.",
	.options = audit_options,
	.run = run,
};
