/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb doctor: what keeps memory from being placed on this machine, and what helps.
 * Must not: change anything on the machine.
 * Called by: main.c.
 */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

static const char *const usage =
	"usage: fastmem-info doctor [--nodes LIST] [--json] [--sysfs DIR] [--proc DIR]\n"
	"\n"
	"Says what keeps memory from being placed on this machine, with the command that helps.\n"
	"Exits with 0 if nothing does, with 1 otherwise, with 2 for wrong options.\n"
	"\n"
	"--nodes LIST  the nodes that are meant to be used, such as 0-1,3; all by default\n"
	"--json        as JSON\n"
	"--sysfs DIR   look at the tree of another machine instead of /sys\n"
	"--proc DIR    the same for /proc\n";

/* What the command line says; 0, or the exit status to end with, negative for 0. */
static int
parse(int argc, char **argv, struct doctor_roots *roots, struct rte_numa_mask *wanted, bool *json)
{
	static const struct option options[] = {
		{ "nodes", required_argument, NULL, 'n' }, { "json", no_argument, NULL, 'j' },
		{ "sysfs", required_argument, NULL, 's' }, { "proc", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },	   { NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			if (rte_numa_mask_parse(optarg, wanted) < 0) {
				fprintf(stderr,
					"fastmem-info: --nodes %s: not a list such as 0-1,3\n",
					optarg);
				return 2;
			}
			break;
		case 'j':
			*json = true;
			break;
		case 's':
			roots->sysfs = optarg;
			break;
		case 'p':
			roots->proc = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}

int
info_doctor(int argc, char **argv)
{
	struct doctor_roots roots = { 0 };
	struct rte_numa_mask wanted = { 0 };
	struct doctor_findings *findings;
	struct doctor_facts *facts;
	bool json = false;
	int ret;

	ret = parse(argc, argv, &roots, &wanted, &json);
	if (ret != 0)
		return ret < 0 ? 0 : ret;
	facts = malloc(sizeof(*facts));
	findings = malloc(sizeof(*findings));
	ret = 2;
	if (facts == NULL || findings == NULL) {
		fprintf(stderr, "fastmem-info: out of memory\n");
		goto free_both;
	}
	ret = doctor_gather(&roots, facts);
	if (ret < 0) {
		fprintf(stderr, "fastmem-info: cannot read the nodes of %s: %s\n",
			roots.sysfs != NULL ? roots.sysfs : "/sys", strerror(-ret));
		ret = 2;
		goto free_both;
	}
	doctor_judge(facts, &wanted, findings);
	if (json)
		doctor_report_json(stdout, findings);
	else
		doctor_report_text(stdout, findings);
	ret = findings->n > 0;
free_both:
	free(findings);
	free(facts);
	return ret;
}
