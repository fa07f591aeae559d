/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb exec: a program that is started once what its plan needs is there.
 * Must not: write to stdout, which is the program's, or outlive its start.
 * Called by: main.c.
 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "state.h"

/* As shells have it. */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND	127

enum { DRY_RUN, OWNER, MODE, NO_MOUNT, STATE, SYSFS };

static const struct option_def options[] = {
	[DRY_RUN] = { "--dry-run", NULL, "tell what would be done, and do nothing" },
	[OWNER] = { "--owner", "USER[:GROUP]", "who owns a hugetlbfs that has to be mounted" },
	[MODE] = { "--mode", "MODE", "its mode, such as 1770" },
	[NO_MOUNT] = { "--no-mount", NULL, "mount none" },
	[STATE] = { "--state", "DIR", "keep the record there instead of in " STATE_FOLDER },
	[SYSFS] = { "--sysfs", "DIR", "change DIR, a recorded tree, instead of /sys" },
	{ 0 },
};

/* Whether there is such a program, before anything is changed for it: 0, -ENOENT or -EACCES. */
static int
look_up(const char *program)
{
	const char *path = getenv("PATH"), *end;
	char name[PATH_MAX];
	int ret = -ENOENT;

	if (strchr(program, '/') != NULL)
		return access(program, X_OK) == 0 ? 0 : -errno;
	for (; path != NULL; path = *end == ':' ? end + 1 : NULL) {
		end = strchrnul(path, ':');
		if (snprintf(name, sizeof(name), "%.*s%s%s", (int)(end - path), path,
			     end > path ? "/" : "", program) >= (int)sizeof(name))
			continue;
		if (access(name, X_OK) == 0)
			return 0;
		if (errno == EACCES)
			ret = -EACCES;
	}
	return ret;
}

static int
cannot_run(const char *program, int error)
{
	fprintf(stderr, "fastmem-reserve: cannot run %s: %s\n", program, strerror(-error));
	return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* What the plan makes do with may be there, where what it asks for cannot be supplied. */
static bool
makes_do(const struct plan *plan)
{
	struct rte_reserve_report *report;
	bool fits;

	if (rte_reserve_check(plan->plan, plan->topo, &report) < 0)
		return false;
	fits = report->fits;
	rte_reserve_report_free(report);
	if (fits)
		fputs("fastmem-reserve: the plan makes do with what there is\n", stderr);
	return fits;
}

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
		.out = stderr,
	};
	enum verb_status status;
	struct plan plan;
	int ret;

	if (opts->rest == NULL || opts->rest[0] == NULL) {
		fputs("fastmem-reserve: which program? exec PLAN -- PROGRAM ...\n", stderr);
		return VERB_FAILED;
	}
	ret = look_up(opts->rest[0]);
	if (ret < 0)
		exit(cannot_run(opts->rest[0], ret));
	if (plan_read(&plan, opts->plan, how.sysfs) < 0)
		return VERB_FAILED;
	status = apply_plan(&plan, &how);
	if (status == VERB_REFUSED && makes_do(&plan))
		status = VERB_OK;
	if (status == VERB_OK && how.dry_run) {
		fprintf(stderr, "would run %s with %s=%s\n", opts->rest[0], RTE_RESERVE_ENV_PLAN,
			plan.text);
	} else if (status == VERB_OK) {
		/* All that it says is in the one. */
		if (setenv(RTE_RESERVE_ENV_PLAN, plan.text, 1) == 0 &&
		    unsetenv(RTE_RESERVE_ENV_CONFIG) == 0)
			execvp(opts->rest[0], opts->rest);
		exit(cannot_run(opts->rest[0], -errno));
	}
	plan_release(&plan);
	return status;
}

const struct verb verb_exec = {
	.name = "exec",
	.usage = "[PLAN] [options] -- PROGRAM [ARGUMENT ...]",
	.summary = "apply a plan, then run a program that finds it in FASTMEM_PLAN",
	.about =
		"Supply what a plan needs as apply does, then become PROGRAM, which finds the plan in\n"
		"FASTMEM_PLAN. A program that is not there is not waited for: status 127, or 126 if it\n"
		"cannot be run.",
	.takes = TAKES_PLAN | TAKES_REST,
	.options = options,
	.run = run,
};
