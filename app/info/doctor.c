/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb doctor: what keeps memory from being placed on this machine, and what helps.
 * Must not: change anything on the machine.
 * Called by: main.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "verb.h"

enum { NODES, JSON, PROC };

static const struct option_def doctor_options[] = {
	[NODES] = { "--nodes", "LIST",
		    "nodes that are meant to be used, such as 0-1,3: others need no\n"
		    "hugepages, and those that are not there are named" },
	[JSON] = { "--json", NULL, "the answer as JSON" },
	[PROC] = { "--proc", "DIR", "read DIR, a recorded tree, instead of /proc" },
	{ 0 },
};

static enum verb_status
diagnose(const struct doctor_roots *roots, const struct rte_numa_mask *wanted, bool json)
{
	struct doctor_findings *findings = malloc(sizeof(*findings));
	struct doctor_facts *facts = malloc(sizeof(*facts));
	enum verb_status status = VERB_FAILED;
	int ret = -ENOMEM;

	if (facts != NULL && findings != NULL)
		ret = doctor_gather(roots, facts);
	if (ret < 0) {
		fprintf(stderr, "fastmem-info: cannot read the nodes of %s: %s\n",
			roots->sysfs != NULL ? roots->sysfs : "/sys", strerror(-ret));
		goto free_both;
	}
	doctor_judge(facts, wanted, findings);
	if (json)
		doctor_report_json(stdout, findings);
	else
		doctor_report_text(stdout, findings);
	status = findings->n > 0 ? VERB_FOUND : VERB_OK;
free_both:
	free(findings);
	free(facts);
	return status;
}

static enum verb_status
run(const struct options *opts)
{
	/* On the machine itself system calls are tried too. */
	const struct doctor_roots roots = {
		.sysfs = strcmp(opts->sysfs, "/sys") != 0 ? opts->sysfs : NULL,
		.proc = opts->value[PROC],
	};
	struct rte_numa_mask wanted = { 0 };

	if (opts->value[NODES] != NULL && (rte_numa_mask_parse(opts->value[NODES], &wanted) < 0 ||
					   rte_numa_mask_empty(&wanted))) {
		fprintf(stderr, "fastmem-info: --nodes \"%s\" is no list of nodes such as 0-1,3\n",
			opts->value[NODES]);
		return VERB_FAILED;
	}
	return diagnose(&roots, &wanted, opts->value[JSON] != NULL);
}

const struct verb verb_doctor = {
	.name = "doctor",
	.summary = "what keeps memory from being placed here, and what helps",
	.about =
		"Name what keeps memory from being placed on this machine's nodes by who runs this, "
		"each\nwith the exact command that helps. Tries system calls; changes nothing.",
	.options = doctor_options,
	.run = run,
};
