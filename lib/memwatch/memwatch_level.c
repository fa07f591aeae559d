/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: thresholds: the usual ones, which are valid, and the level that a shortage comes to.
 * Must not: know where a shortage comes from, or what the time is.
 * Called by: memwatch_judge.c, memwatch_round.c, applications.
 */

#include <errno.h>
#include <inttypes.h>

#include "memwatch_priv.h"

#define ALL_SOURCES (RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_NB_SOURCES) - 1)

#define PERIOD_MIN_MS 10
#define HOUR_MS	      3600000

void
rte_memwatch_config_init(struct rte_memwatch_config *config)
{
	/* The shares at which lib/memalloc's automatic choice draws its lines, too. */
	static const struct rte_memwatch_thresholds shares = { 750, 900, 950 };

	*config = (struct rte_memwatch_config){
		.sources = ALL_SOURCES,
		.period_ms = 1000,
		.hold_ms = 5000,
		.hysteresis = 20,
	};
	for (unsigned int i = 0; i < RTE_MEMWATCH_NB_SOURCES; i++)
		config->thresholds[i] = shares;
	config->thresholds[RTE_MEMWATCH_SOURCE_CGROUP_HIGH] =
		(struct rte_memwatch_thresholds){ 900, 1000, RTE_MEMWATCH_NEVER };
	config->thresholds[RTE_MEMWATCH_SOURCE_CGROUP_EVENTS] =
		(struct rte_memwatch_thresholds){ 500, 1000, 1000 };
	config->thresholds[RTE_MEMWATCH_SOURCE_STALL] =
		(struct rte_memwatch_thresholds){ 50, 150, 400 };
}

static int
check_thresholds(const struct rte_memwatch_config *config, enum rte_memwatch_source source)
{
	const struct rte_memwatch_thresholds *t = &config->thresholds[source];
	const char *name = rte_memwatch_source_name(source);

	for (int level = RTE_MEMWATCH_MEDIUM; level < RTE_MEMWATCH_NB_LEVELS; level++) {
		unsigned int from = mw_threshold(t, level);

		if (from == 0 || (from > MW_FULL && from != RTE_MEMWATCH_NEVER))
			return mw_fail(-EINVAL,
				       "threshold %s of %s is %u: it has to be from 1 to %u, or "
				       "RTE_MEMWATCH_NEVER",
				       rte_memwatch_level_name(level), name, from, MW_FULL);
		if (from < mw_threshold(t, level - 1))
			return mw_fail(-EINVAL,
				       "threshold %s of %s is %u, below the %u of %s: levels have "
				       "to begin in their order",
				       rte_memwatch_level_name(level), name, from,
				       mw_threshold(t, level - 1),
				       rte_memwatch_level_name(level - 1));
	}
	if (config->hysteresis >= t->medium)
		return mw_fail(-EINVAL,
			       "the hysteresis is %u, and threshold medium of %s is %u: it has to "
			       "be below, or the level could never fall to low",
			       config->hysteresis, name, t->medium);
	return 0;
}

int
mw_config_check(const struct rte_memwatch_config *config)
{
	uint32_t unknown = config->flags & ~RTE_MEMWATCH_F_POLLED;
	int ret = 0;

	if (unknown != 0)
		return mw_fail(-EINVAL, "unknown flags %#" PRIx32, unknown);
	unknown = config->sources & ~ALL_SOURCES;
	if (unknown != 0 || config->sources == 0)
		return mw_fail(-EINVAL,
			       "sources are %#" PRIx32 ": some of %#x are needed, no others",
			       config->sources, ALL_SOURCES);
	if (config->period_ms < PERIOD_MIN_MS || config->period_ms > HOUR_MS)
		return mw_fail(-EINVAL, "the period is %" PRIu32 " ms: it has to be from %d to %d",
			       config->period_ms, PERIOD_MIN_MS, HOUR_MS);
	if (config->hold_ms > HOUR_MS)
		return mw_fail(-EINVAL, "falls are held for %" PRIu32 " ms: %d is the most",
			       config->hold_ms, HOUR_MS);
	for (int i = 0; ret == 0 && i < RTE_MEMWATCH_NB_SOURCES; i++)
		if ((config->sources & RTE_MEMWATCH_SOURCE_BIT(i)) != 0)
			ret = check_thresholds(config, i);
	return ret;
}

unsigned int
mw_threshold(const struct rte_memwatch_thresholds *thresholds, enum rte_memwatch_level level)
{
	switch (level) {
	case RTE_MEMWATCH_MEDIUM:
		return thresholds->medium;
	case RTE_MEMWATCH_HIGH:
		return thresholds->high;
	case RTE_MEMWATCH_CRITICAL:
		return thresholds->critical;
	default:
		return 0;
	}
}

enum rte_memwatch_level
mw_level_of(const struct rte_memwatch_thresholds *thresholds, unsigned int shortage)
{
	enum rte_memwatch_level level = RTE_MEMWATCH_CRITICAL;

	while (level > RTE_MEMWATCH_LOW && shortage < mw_threshold(thresholds, level))
		level--;
	return level;
}

enum rte_memwatch_level
mw_level_next(const struct rte_memwatch_config *config, enum rte_memwatch_source source,
	      struct mw_history *history, unsigned int shortage, uint64_t now_ms)
{
	const struct rte_memwatch_thresholds *thresholds = &config->thresholds[source];
	enum rte_memwatch_level up = mw_level_of(thresholds, shortage), down;

	/* With the hysteresis added it is a level that cannot be above the present one, or stays. */
	down = mw_level_of(thresholds, shortage + config->hysteresis);
	if (up >= history->level || down >= history->level) {
		history->falling = false;
		if (up > history->level)
			history->level = up;
	} else if (!history->falling) {
		history->falling = true;
		history->since_ms = now_ms;
	}
	if (history->falling && now_ms - history->since_ms >= config->hold_ms) {
		history->falling = false;
		history->level = down;
	}
	return history->level;
}
