/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the cgroups that a process is in leave it of hugepages, whatever the pools have.
 * Must not: fail where there are none, or decide who gets what.
 * Called by: reserve_check.c and reserve_apply.c.
 *
 * Containers with a limit of hugepages, such as Kubernetes' resource hugepages-2Mi, are such cgroups.
 */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reserve_priv.h"

/* What the kernel writes for no limit is "max", or the largest number that it has. */
#define NO_LIMIT (UINT64_C(1) << 62)

/* A hierarchy of cgroups, and where in it the process is. */
struct place {
	bool v1;
	char mount[256];
	char path[512]; /* "" is its root. */
};

static FILE *
open_below(const char *root, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return rsv_os_open(path);
}

/* Version 1 has a hierarchy of its own for hugepages, version 2 one for all. */
static bool
find_path(const char *proc, struct place *place)
{
	FILE *file = open_below(proc, "self/cgroup");
	char line[1024], names[256], path[512];
	bool found = false;

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "0::%511[^\n]", path) == 1 && !place->v1) {
			snprintf(place->path, sizeof(place->path), "%s", path);
			found = true;
		} else if (sscanf(line, "%*d:%255[^:]:%511[^\n]", names, path) == 2 &&
			   strstr(names, "hugetlb") != NULL) {
			snprintf(place->path, sizeof(place->path), "%s", path);
			place->v1 = found = true;
		}
	}
	fclose(file);
	if (strcmp(place->path, "/") == 0)
		place->path[0] = '\0';
	return found;
}

static bool
find_mount(const char *proc, struct place *place)
{
	FILE *file = open_below(proc, "self/mounts");
	char line[4096], mount[256], type[64], options[2048];
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*s %255s %63s %2047s", mount, type, options) != 3)
			continue;
		found = place->v1 ?
				strcmp(type, "cgroup") == 0 && strstr(options, "hugetlb") != NULL :
				strcmp(type, "cgroup2") == 0;
	}
	fclose(file);
	if (found)
		snprintf(place->mount, sizeof(place->mount), "%s", mount);
	return found;
}

/* UINT64_MAX: no such file, or no limit. */
static uint64_t
read_number(const char *root, const char *file)
{
	FILE *opened = open_below(root, file);
	uint64_t value;

	if (opened == NULL)
		return UINT64_MAX;
	if (fscanf(opened, "%" SCNu64, &value) != 1 || value >= NO_LIMIT)
		value = UINT64_MAX;
	fclose(opened);
	return value;
}

/* Of the limits on the way up the one that leaves least counts. */
static void
look_at(const char *root, const char *folder, const char *most, const char *now,
	struct rsv_limit *limit)
{
	char file[RSV_LIMIT_FILE];
	uint64_t max, used, left;

	if (snprintf(file, sizeof(file), "%s/%s", folder, most) >= (int)sizeof(file))
		return;
	max = read_number(root, file);
	if (max == UINT64_MAX)
		return;
	snprintf(file, sizeof(file), "%s/%s", folder, now);
	used = read_number(root, file);
	if (used == UINT64_MAX)
		used = 0;
	left = (max > used ? max - used : 0) / limit->page_size;
	if (left >= limit->left)
		return;
	limit->left = left;
	limit->max = max;
	limit->used = used;
	snprintf(limit->file, sizeof(limit->file), "%s/%s", folder, most);
}

/* What the kernel names a size. */
static void
size_name(uint64_t size, char buf[32])
{
	if (size >= UINT64_C(1) << 30)
		snprintf(buf, 32, "%" PRIu64 "GB", size >> 30);
	else if (size >= UINT64_C(1) << 20)
		snprintf(buf, 32, "%" PRIu64 "MB", size >> 20);
	else
		snprintf(buf, 32, "%" PRIu64 "KB", size >> 10);
}

/* Pages that are used, and pages that are promised, have a limit each. */
static void
look_at_folder(const char *root, const char *folder, bool v1, struct rsv_limit *limit)
{
	static const char *const kinds[] = { "", "rsvd." };
	char size[32], most[80], now[80];

	size_name(limit->page_size, size);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(most, sizeof(most), "hugetlb.%s.%s%s", size, kinds[i],
			 v1 ? "limit_in_bytes" : "max");
		snprintf(now, sizeof(now), "hugetlb.%s.%s%s", size, kinds[i],
			 v1 ? "usage_in_bytes" : "current");
		look_at(root, folder, most, now, limit);
	}
}

void
rsv_limits_read(struct rsv_machine *m, const char *proc, const char *root)
{
	struct place place = { 0 };
	struct rsv_limit limit;
	char folder[800], *end;

	m->nb_limits = 0;
	if (!find_path(proc, &place) || !find_mount(proc, &place))
		return;
	for (unsigned int i = 0; i < m->nb_nodes; i++)
		for (unsigned int k = 0; k < m->node[i].nb_pools; k++) {
			limit = (struct rsv_limit){ .page_size = m->node[i].pool[k].page_size,
						    .left = UINT64_MAX };
			if (m->nb_limits == RSV_MAX_POOLS ||
			    rsv_limit_of(m, limit.page_size) != NULL)
				continue;
			snprintf(folder, sizeof(folder), "%s%s", place.mount, place.path);
			do {
				look_at_folder(root, folder, place.v1, &limit);
				end = strrchr(folder, '/');
				if (end != NULL)
					*end = '\0';
			} while (end != NULL && strlen(folder) >= strlen(place.mount));
			if (limit.left != UINT64_MAX)
				m->limit[m->nb_limits++] = limit;
		}
}

struct rsv_limit *
rsv_limit_of(struct rsv_machine *m, uint64_t page_size)
{
	for (unsigned int i = 0; i < m->nb_limits; i++)
		if (m->limit[i].page_size == page_size)
			return &m->limit[i];
	return NULL;
}
