/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb topology: the machine's nodes as text, as JSON and as a picture.
 * Must not: know how any of these is written.
 * Called by: main.c.
 */

#include <string.h>

#include "machine.h"
#include "output.h"
#include "picture.h"
#include "verb.h"

enum { SVG, JSON };

static const struct option_def topology_options[] = {
	[SVG] = { "--svg", "FILE",
		  "draw a picture into FILE instead, or onto the output if it is -" },
	[JSON] = { "--json", NULL, "as JSON instead; with --svg FILE beside it" },
	{ 0 },
};

static int
draw(FILE *file, const void *machine)
{
	return picture_svg(file, machine);
}

static enum verb_status
answer(const struct machine *machine, const char *svg, bool json)
{
	if (svg != NULL && output_drawn("the picture", svg, draw, machine) < 0)
		return VERB_FAILED;
	if (json)
		machine_json(stdout, machine);
	else if (svg == NULL)
		machine_text(stdout, machine);
	return VERB_OK;
}

static enum verb_status
run(const struct options *opts)
{
	enum verb_status status = VERB_FAILED;
	const char *svg = opts->value[SVG];
	bool json = opts->value[JSON] != NULL;
	struct machine machine;

	if (json && svg != NULL && strcmp(svg, "-") == 0) {
		fprintf(stderr,
			"fastmem-info: --json and --svg - would both go to the output: give "
			"--svg a file\n");
		return VERB_FAILED;
	}
	if (machine_read(opts->sysfs, &machine) == 0)
		status = answer(&machine, svg, json);
	machine_release(&machine);
	return status;
}

const struct verb verb_topology = {
	.name = "topology",
	.summary = "the machine's nodes: packages, CPUs, memory, hugepages, distances",
	.about =
		"Show the machine's nodes: in which package each is, its CPUs, memory and hugepages,\n"
		"and how far the nodes are from each other.",
	.options = topology_options,
	.run = run,
};
