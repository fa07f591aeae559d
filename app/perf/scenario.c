/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the list of scenarios, in the order in which they run and are reported.
 * Must not: know what they do.
 * Called by: main.c, and the reports.
 */

#include <string.h>

#include <rte_common.h>

#include "scenario.h"

const struct scenario scenarios[] = {
	{ "pair", "one object allocated and freed, over and over", scene_pair },
	{ "pair-mixed", "the same, sizes mixed at run time", scene_pair_mixed },
	{ "batch", "32 allocated singly, then all freed", scene_batch },
	{ "batch-mixed", "the same, sizes mixed at run time", scene_batch_mixed },
	{ "touched", "256 allocated singly and written to, then all freed", scene_touched },
	{ "bulk", "32 allocated at once, freed at once", scene_bulk },
	{ "replace", "a random one of many live objects replaced", scene_replace },
	{ "handover", "allocated on one core, freed on the other", scene_handover },
	{ "unknown", "threads that EAL does not know", scene_unknown },
};

const unsigned int nb_scenarios = RTE_DIM(scenarios);

const struct scenario *
scenario_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nb_scenarios; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	return NULL;
}
