/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb show: who has what of the machine's hugepages.
 * Must not: change anything.
 * Called by: main.c.
 */

#include "show.h"
#include "state.h"
#include "verb.h"

enum { JSON, STATE, SYSFS, PROC };

static const struct option_def options[] = {
	[JSON] = { "--json", NULL, "the answer as JSON" },
	[STATE] = { "--state", "DIR", "look there for plans that were applied" },
	[SYSFS] = { "--sysfs", "DIR", "look at DIR, a recorded tree, instead of /sys" },
	[PROC] = { "--proc", "DIR", "the same instead of /proc" },
	{ 0 },
};

static enum verb_status
run(const struct options *opts)
{
	enum verb_status status = VERB_FAILED;
	struct show show = { 0 };
	struct state state;

	if (state_look(&state, opts->value[STATE] != NULL ? opts->value[STATE] : STATE_FOLDER) < 0)
		return VERB_FAILED;
	show.ledger = &state.ledger;
	if (show_gather(&show, opts->value[SYSFS] != NULL ? opts->value[SYSFS] : "/sys",
			opts->value[PROC] != NULL ? opts->value[PROC] : "/proc") == 0) {
		status = VERB_OK;
		if (opts->value[JSON] != NULL)
			show_json(stdout, &show);
		else if (show_text(stdout, &show) < 0) {
			fprintf(stderr, "fastmem-reserve: out of memory\n");
			status = VERB_FAILED;
		}
	}
	show_release(&show);
	state_close(&state);
	return status;
}

const struct verb verb_show = {
	.name = "show",
	.usage = "[options]",
	.summary = "what is reserved by whom: pools, processes, files, plans",
	.about =
		"Show the kernel's pools of hugepages, which processes have how many of these on which\n"
		"node, the files of hugetlbfs and who holds them, EAL's primaries and secondaries, and\n"
		"the plans that were applied. Of other users' processes only root sees what they have.",
	.options = options,
	.run = run,
};
