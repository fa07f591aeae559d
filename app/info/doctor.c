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

/* What is left of the command line. Returns 0, or -EINVAL with its reason said. */
static int
parse(int argc, char **argv, struct doctor_roots *roots, struct rte_numa_mask *wanted, bool *json)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--json") == 0) {
			*json = true;
		} else if (strcmp(argv[i], "--nodes") == 0) {
			if (rte_numa_mask_parse(value, wanted) < 0 || rte_numa_mask_empty(wanted)) {
				fprintf(stderr,
					"fastmem-info: --nodes \"%s\": no list such as 0-1,3\n",
					value);
				return -EINVAL;
			}
			i++;
		} else if (strcmp(argv[i], "--proc") == 0 && value[0] != '\0') {
			roots->proc = value;
			i++;
		} else {
			fprintf(stderr,
				"fastmem-info: doctor takes --nodes LIST, --json and --proc DIR, "
				"not \"%s\"\n",
				argv[i]);
			return -EINVAL;
		}
	}
	return 0;
}

int
doctor_run(const struct options *opts, int argc, char **argv)
{
	/* On the machine itself system calls are tried too. */
	struct doctor_roots roots = {
		.sysfs = strcmp(opts->sysfs, "/sys") != 0 ? opts->sysfs : NULL,
	};
	struct rte_numa_mask wanted = { 0 };
	struct doctor_findings *findings;
	struct doctor_facts *facts;
	bool json = false;
	int ret;

	ret = parse(argc, argv, &roots, &wanted, &json);
	if (ret < 0)
		return ret;
	facts = malloc(sizeof(*facts));
	findings = malloc(sizeof(*findings));
	ret = -ENOMEM;
	if (facts == NULL || findings == NULL) {
		fprintf(stderr, "fastmem-info: out of memory\n");
		goto free_both;
	}
	ret = doctor_gather(&roots, facts);
	if (ret < 0) {
		fprintf(stderr, "fastmem-info: cannot read the nodes of %s: %s\n", opts->sysfs,
			strerror(-ret));
		goto free_both;
	}
	doctor_judge(facts, &wanted, findings);
	if (json)
		doctor_report_json(stdout, findings);
	else
		doctor_report_text(stdout, findings);
	ret = findings->n > 0 ? -ENOTSUP : 0;
free_both:
	free(findings);
	free(facts);
	return ret;
}
