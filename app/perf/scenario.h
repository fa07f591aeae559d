/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef SCENARIO_H
#define SCENARIO_H

#include "bench.h"

/** Something to measure, chosen by name. */
struct scenario {
	const char *name;
	const char *title;
	/** Context: the parent, which has no EAL. Measures in processes: bench_process(). */
	void (*run)(const struct bench *bench);
	bool is_extra; /**< Runs only where it is asked for by name. */
};

/** What --instructions does; none of the list. */
extern const struct scenario scenario_instructions;

extern const struct scenario scenarios[];
extern const unsigned int nb_scenarios;

/** NULL: there is no such. */
const struct scenario *
scenario_find(const char *name);

/** Whether the options ask for it: by name, or for all by naming none. */
bool
scenario_is_wanted(const struct scenario *scenario, const struct options *opts);

/* scene_pairs.c */
void
scene_pair(const struct bench *bench);
void
scene_pair_mixed(const struct bench *bench);
void
scene_batch(const struct bench *bench);
void
scene_batch_mixed(const struct bench *bench);
void
scene_touched(const struct bench *bench);
void
scene_bulk(const struct bench *bench);

/* scene_replace.c */
void
scene_replace(const struct bench *bench);

/* scene_handover.c */
void
scene_handover(const struct bench *bench);

/* scene_unknown.c */
void
scene_unknown(const struct bench *bench);

/* scene_crowd.c */
void
scene_crowd(const struct bench *bench);

/* scene_fresh.c */
void
scene_tail(const struct bench *bench);
void
scene_first(const struct bench *bench);

/* scene_cold.c */
void
scene_cold(const struct bench *bench);

/* scene_growth.c */
void
scene_growth(const struct bench *bench);

/* scene_failure.c */
void
scene_failure(const struct bench *bench);

/* scene_watched.c */
void
scene_watched(const struct bench *bench);

/* scene_profiled.c */
void
scene_profiled(const struct bench *bench);

/* scene_neighbour.c */
void
scene_neighbour(const struct bench *bench);

/* scene_reserve.c */
void
scene_reserve(const struct bench *bench);

/* scene_packing.c */
void
scene_packing(const struct bench *bench);

/* scene_fragment.c */
void
scene_fragment(const struct bench *bench);

/* scene_strategies.c */
void
scene_strategies(const struct bench *bench);

/* scene_own.c */
void
scene_own(const struct bench *bench);

#endif /* SCENARIO_H */
