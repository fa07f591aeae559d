/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding the cgroups of this process and the tightest of their limits.
 * Must not: decide what a limit means, or keep anything.
 * Called by: applications and every library above.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numa_priv.h"

int
rte_numa_cgroup_find(const char *proc_root, const char *controller, struct rte_numa_cgroup *cgroup)
{
	char path[RTE_NUMA_CGROUP_PATH_MAX], *text;
	struct rte_numa_cgroup found;
	int ret;

	if (proc_root == NULL || controller == NULL || cgroup == NULL)
		return -EINVAL;
	ret = numa_sysfs_read(&text, proc_root, "self/cgroup");
	if (ret < 0)
		return ret;
	ret = numa_parse_cgroup(text, controller, &found.v1, path, sizeof(path));
	free(text);
	if (ret < 0)
		return ret;
	ret = numa_sysfs_read(&text, proc_root, "self/mountinfo");
	if (ret < 0)
		return ret;
	ret = numa_parse_cgroup_mount(text, controller, path, &found);
	free(text);
	if (ret == 0)
		*cgroup = found;
	return ret;
}

bool
rte_numa_cgroup_up(struct rte_numa_cgroup *cgroup)
{
	char *slash = strrchr(cgroup->dir, '/');

	if (slash == NULL || (size_t)(slash - cgroup->dir) < cgroup->top)
		return false;
	*slash = '\0';
	return true;
}

int
rte_numa_cgroup_number(const char *fs_root, const struct rte_numa_cgroup *cgroup, const char *file,
		       const char *name, uint64_t *value)
{
	char dir[PATH_MAX], *text;
	int ret;

	if (fs_root == NULL || cgroup == NULL || file == NULL || value == NULL)
		return -EINVAL;
	if (snprintf(dir, sizeof(dir), "%s%s", fs_root, cgroup->dir) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	ret = numa_sysfs_read(&text, dir, "%s", file);
	if (ret < 0)
		return ret;
	ret = numa_parse_cgroup_number(text, name, value);
	free(text);
	return ret;
}

/* What cannot be read counts nothing. */
static uint64_t
number_or(const char *fs_root, const struct rte_numa_cgroup *cgroup, const char *file,
	  const char *name, uint64_t otherwise)
{
	uint64_t value;

	return rte_numa_cgroup_number(fs_root, cgroup, file, name, &value) == 0 ? value : otherwise;
}

/* Files of this cgroup and those below it: version 1 names those total, and its own besides. */
static uint64_t
files_of(const char *fs_root, const struct rte_numa_cgroup *cgroup)
{
	const char *const active = cgroup->v1 ? "total_active_file" : "active_file";
	const char *const inactive = cgroup->v1 ? "total_inactive_file" : "inactive_file";

	return number_or(fs_root, cgroup, "memory.stat", active, 0) +
	       number_or(fs_root, cgroup, "memory.stat", inactive, 0);
}

/* Take a cgroup's limit in place of what was found below it, if it leaves less. */
static void
tighten(const char *fs_root, const struct rte_numa_cgroup *cgroup, const char *most,
	const char *now, bool files, struct rte_numa_cgroup_limit *limit)
{
	uint64_t max, used, reclaimable = 0, room;

	max = number_or(fs_root, cgroup, most, NULL, RTE_NUMA_CGROUP_NO_LIMIT);
	if (max == RTE_NUMA_CGROUP_NO_LIMIT)
		return;
	used = number_or(fs_root, cgroup, now, NULL, 0);
	if (files)
		reclaimable = files_of(fs_root, cgroup);
	room = max + reclaimable / 2;
	room = room > used ? room - used : 0;
	/* What may be had is never more than the limit itself. */
	room = room < max ? room : max;
	if (room >= limit->left)
		return;
	*limit = (struct rte_numa_cgroup_limit){
		.max = max,
		.used = used,
		.reclaimable = reclaimable,
		.left = room,
	};
	snprintf(limit->file, sizeof(limit->file), "%.*s/%s",
		 (int)(sizeof(limit->file) - NUMA_PATH_MAX), cgroup->dir, most);
}

static const struct rte_numa_cgroup_limit no_limit = {
	.max = RTE_NUMA_CGROUP_NO_LIMIT,
	.left = RTE_NUMA_CGROUP_NO_LIMIT,
};

int
rte_numa_cgroup_memory(const char *fs_root, const struct rte_numa_cgroup *cgroup,
		       enum rte_numa_cgroup_kind kind, struct rte_numa_cgroup_limit *limit)
{
	struct rte_numa_cgroup_limit least = no_limit;
	struct rte_numa_cgroup at;

	if (fs_root == NULL || cgroup == NULL || limit == NULL)
		return -EINVAL;
	at = *cgroup;
	do {
		if (!at.v1)
			tighten(fs_root, &at,
				kind == RTE_NUMA_CGROUP_HIGH ? "memory.high" : "memory.max",
				"memory.current", true, &least);
		else if (kind == RTE_NUMA_CGROUP_MAX)
			tighten(fs_root, &at, "memory.limit_in_bytes", "memory.usage_in_bytes",
				true, &least);
	} while (rte_numa_cgroup_up(&at));
	*limit = least;
	return 0;
}

/* What the kernel names a size. */
static void
size_name(uint64_t size, char *buf, size_t len)
{
	if (size >= UINT64_C(1) << 30)
		snprintf(buf, len, "%" PRIu64 "GB", size >> 30);
	else if (size >= UINT64_C(1) << 20)
		snprintf(buf, len, "%" PRIu64 "MB", size >> 20);
	else
		snprintf(buf, len, "%" PRIu64 "KB", size >> 10);
}

int
rte_numa_cgroup_hugepages(const char *fs_root, const struct rte_numa_cgroup *cgroup,
			  uint64_t page_size, struct rte_numa_cgroup_limit *limit)
{
	/* Pages that are used, and pages that are promised. */
	static const char *const kinds[] = { "", "rsvd." };
	struct rte_numa_cgroup_limit least = no_limit;
	char size[32], most[80], now[80];
	struct rte_numa_cgroup at;

	if (fs_root == NULL || cgroup == NULL || limit == NULL || page_size < 1024)
		return -EINVAL;
	at = *cgroup;
	size_name(page_size, size, sizeof(size));
	do {
		for (unsigned int i = 0; i < 2; i++) {
			snprintf(most, sizeof(most), "hugetlb.%s.%s%s", size, kinds[i],
				 at.v1 ? "limit_in_bytes" : "max");
			snprintf(now, sizeof(now), "hugetlb.%s.%s%s", size, kinds[i],
				 at.v1 ? "usage_in_bytes" : "current");
			tighten(fs_root, &at, most, now, false, &least);
		}
	} while (rte_numa_cgroup_up(&at));
	*limit = least;
	return 0;
}
