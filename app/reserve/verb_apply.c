/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb apply: its options.
 * Must not: know how a plan is applied or undone.
 * Called by: main.c.
 */

#include "apply.h"
#include "state.h"

enum { DRY_RUN, UNDO, OWNER, MODE, NO_MOUNT, STATE, SYSFS };

static const struct option_def options[] = {
	[DRY_RUN] = { "--dry-run", NULL, "tell what would be done, and do nothing" },
	[UNDO] = { "--undo", NULL, "give back what was added for this plan" },
	[OWNER] = { "--owner", "USER[:GROUP]", "who owns a hugetlbfs that has to be mounted" },
	[MODE] = { "--mode", "MODE", "its mode, such as 1770" },
	[NO_MOUNT] = { "--no-mount", NULL, "mount none" },
	[STATE] = { "--state", "DIR", "keep the record there instead of in " STATE_FOLDER },
	[SYSFS] = { "--sysfs", "DIR", "change DIR, a recorded tree, instead of /sys" },
	{ 0 },
};

static enum verb_status
run(const struct options *opts)
{
	const struct apply_how how = {
		.sysfs = opts->value[SYSFS],
		.state = opts->value[STATE] != NULL ? opts->value[STATE] : STATE_FOLDER,
		.owner = opts->value[OWNER],
		.mode = opts->value[MODE],
		.dry_run = opts->value[DRY_RUN] != NULL,
		.no_mount = opts->value[NO_MOUNT] != NULL,
		.out = stdout,
	};
	enum verb_status status;
	struct plan plan;

	if (plan_read(&plan, opts->plan, how.sysfs) < 0)
		return VERB_FAILED;
	status = opts->value[UNDO] != NULL ? undo_plan(&plan, &how) : apply_plan(&plan, &how);
	plan_release(&plan);
	return status;
}

const struct verb verb_apply = {
	.name = "apply",
	.usage = "[PLAN] [options]",
	.summary = "supply the hugepages that a plan needs, all or none, or give them back",
	.about =
		"Raise the kernel's pools of hugepages until each node has what a plan asks for\n"
		"there, and mount a hugetlbfs for each size of pages that has none. Done again, it\n"
		"adds nothing; what others use is left to them.",
	.takes = TAKES_PLAN,
	.options = options,
	.run = run,
};
