/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb check: whether the machine has what a plan asks for.
 * Must not: change anything on the machine.
 * Called by: main.c.
 */

#include "check.h"
#include "plan.h"
#include "verb.h"

enum { JSON, SYSFS };

static const struct option_def options[] = {
	[JSON] = { "--json", NULL, "the answer as JSON" },
	[SYSFS] = { "--sysfs", "DIR", "look at DIR, a recorded tree, instead of /sys" },
	{ 0 },
};

static enum verb_status
run(const struct options *opts)
{
	enum verb_status status = VERB_FAILED;
	struct rte_reserve_report *report;
	struct plan plan;

	if (plan_read(&plan, opts->plan, opts->value[SYSFS]) < 0)
		return VERB_FAILED;
	if (rte_reserve_check(plan.plan, plan.topo, &report) < 0) {
		fprintf(stderr, "fastmem-reserve: %s\n", rte_reserve_error());
		plan_release(&plan);
		return VERB_FAILED;
	}
	status = report->fits ? VERB_OK : VERB_REFUSED;
	if (opts->value[JSON] != NULL)
		check_json(stdout, plan.text, report);
	else if (check_text(stdout, report) < 0) {
		fprintf(stderr, "fastmem-reserve: out of memory\n");
		status = VERB_FAILED;
	}
	rte_reserve_report_free(report);
	plan_release(&plan);
	return status;
}

const struct verb verb_check = {
	.name = "check",
	.usage = "[PLAN] [options]",
	.summary = "whether the machine has what a plan asks for, and what would supply it",
	.about = "Hold a plan against the free hugepages of each node, and tell the commands that\n"
		 "would supply what is missing. Takes nothing, and needs no right.",
	.takes = TAKES_PLAN,
	.options = options,
	.run = run,
};
