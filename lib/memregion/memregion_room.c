/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much memory can be taken before the kernel would kill for it.
 * Must not: read a file.
 * Called by: memregion_facts.c.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memregion_priv.h"

/*
 * What can be reclaimed is files: some are in use, and dirty ones take time. Half is what the kernel
 * counts at least, too, for MemAvailable.
 */
static uint64_t
with_reclaimable(uint64_t free, uint64_t reclaimable)
{
	return free + reclaimable / 2;
}

uint64_t
mr_room_of_node(const struct rte_numa_memory *memory, uint64_t min_free)
{
	uint64_t usable = with_reclaimable(memory->free, memory->reclaimable);
	/*
	 * The kernel keeps its minimum for all nodes together, each by its size; how much on which
	 * is not published. On a small node it is a twentieth at most.
	 */
	uint64_t keep = min_free + min_free / 4;

	if (keep > memory->total / 16)
		keep = memory->total / 16;
	return usable > keep ? usable - keep : 0;
}

/* Lines are "3:cpuset,memory:/path" for version 1, and "0::/path" for version 2. */
bool
mr_room_cgroup_path(const char *line, char *path, size_t size, bool *v2)
{
	const char *list = strchr(line, ':'), *name;
	size_t len;

	if (list == NULL || (name = strchr(list + 1, ':')) == NULL)
		return false;
	list++;
	len = (size_t)(name++ - list);
	*v2 = len == 0;
	if (!*v2) {
		const char *found = strstr(list, "memory");

		if (found == NULL || found + 6 > list + len || (found > list && found[-1] != ',') ||
		    (found[6] != ',' && found[6] != ':'))
			return false;
	}
	snprintf(path, size, "%.*s", (int)strcspn(name, "\n"), name);
	return path[0] == '/';
}

/* The number behind a word at the start of a line, or 0. */
static uint64_t
stat_value(const char *stat, const char *word)
{
	size_t len = strlen(word);
	uint64_t value;

	for (; stat != NULL; stat = strchr(stat, '\n')) {
		stat += *stat == '\n';
		if (strncmp(stat, word, len) == 0 && sscanf(stat + len, " %" SCNu64, &value) == 1)
			return value;
	}
	return 0;
}

uint64_t
mr_room_of_cgroup(const char *limit, const char *usage, const char *stat)
{
	uint64_t max, used, files;

	/* "max", or a huge number in version 1: no limit. */
	if (sscanf(limit, "%" SCNu64, &max) != 1 || sscanf(usage, "%" SCNu64, &used) != 1 ||
	    max > INT64_MAX / 2)
		return UINT64_MAX;
	/* Version 1 has its own beside those of all that is below it, which are named total. */
	files = stat_value(stat, "total_inactive_file ") + stat_value(stat, "total_active_file ");
	if (files == 0)
		files = stat_value(stat, "inactive_file ") + stat_value(stat, "active_file ");
	max = with_reclaimable(max, files);
	return max > used ? max - used : 0;
}
