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
	{ "crowd", "eight such threads on two CPUs", scene_crowd },
	{ "neighbour", "a pair beside a core that refills all the time", scene_neighbour },
	{ "watched", "a pair beside a core that looks at it (by name only)", scene_watched, true },
	{ "profiled", "a pair and a batch while a profile runs (by name only)", scene_profiled,
	  true },
	{ "tail", "a million single operations after a reservation, each timed", scene_tail },
	{ "first", "the first million objects after a reservation", scene_first },
	{ "cold", "fresh memory taken into use, class by class", scene_cold },
	{ "growth", "one thread grows while another allocates", scene_growth },
	{ "failure", "allocations that fail", scene_failure },
	{ "reserve", "a reservation, beside the kernel's own part in it", scene_reserve },
	{ "packing", "how much of the memory is payload", scene_packing },
	{ "fragmentation", "most of one size freed, then others asked for", scene_fragment },
	{ "own", "what the allocator takes for itself", scene_own },
	{ "strategies", "lib/memalloc's kinds of memory, to use and to allocate (by name only)",
	  scene_strategies, true },
};

const unsigned int nb_scenarios = RTE_DIM(scenarios);

const struct scenario scenario_instructions = {
	.name = "instructions",
	.title = "instructions a pair, counted by callgrind",
};

const struct scenario *
scenario_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nb_scenarios; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	return NULL;
}

bool
scenario_is_wanted(const struct scenario *scenario, const struct options *opts)
{
	return options_want(opts, scenario->name) &&
	       (!scenario->is_extra || opts->nb_scenarios > 0);
}
