/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding the cgroups whose cpusets say which nodes' memory this process may use.
 * Must not: judge them, or fail where there are none.
 * Called by: doctor_facts.c.
 */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <rte_numa_cgroup.h>

#include "doctor.h"

/* A name as a shell has to be told it: those that service managers give have backslashes. */
static void
quote(char *out, size_t size, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+@:,%=";
	bool bare = name[strspn(name, plain)] == '\0';
	FILE *file = fmemopen(out, size, "w");

	out[0] = '\0';
	if (file == NULL)
		return;
	if (!bare)
		fputc('\'', file);
	for (; *name != '\0'; name++) {
		if (*name == '\'')
			fputs("'\\''", file);
		else
			fputc(*name, file);
	}
	if (!bare)
		fputc('\'', file);
	fclose(file);
	out[size - 1] = '\0';
}

/* The nodes of a cgroup's own; false if it leaves that to the one above. */
static bool
read_nodes(const struct doctor_roots *roots, const char *name, struct rte_numa_mask *nodes)
{
	char path[PATH_MAX], list[2048] = "";
	FILE *file;

	/* In a recorded machine it is where its sysfs is. */
	if (roots->sysfs != NULL && strncmp(name, "/sys/", 5) == 0)
		snprintf(path, sizeof(path), "%s%s", roots->sysfs, name + 4);
	else
		snprintf(path, sizeof(path), "%s", name);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%2047s", list) != 1)
		list[0] = '\0';
	fclose(file);
	return rte_numa_mask_parse(list, nodes) == 0 && !rte_numa_mask_empty(nodes);
}

void
doctor_gather_cpusets(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	const char *proc = roots->proc != NULL ? roots->proc : "/proc", *end;
	char name[RTE_NUMA_CGROUP_PATH_MAX + 16];
	struct rte_numa_cgroup cgroup;

	if (rte_numa_cgroup_find(proc, "cpuset", &cgroup) < 0)
		return;
	for (end = cgroup.dir + cgroup.top;; end = strchr(end + 1, '/')) {
		size_t len = end != NULL ? (size_t)(end - cgroup.dir) : strlen(cgroup.dir);
		struct doctor_cpuset *cpuset = &facts->cpusets[facts->nb_cpusets];

		snprintf(name, sizeof(name), "%.*s/cpuset.mems", (int)len, cgroup.dir);
		if (facts->nb_cpusets < DOCTOR_MAX_CPUSETS &&
		    read_nodes(roots, name, &cpuset->nodes)) {
			quote(cpuset->file, sizeof(cpuset->file), name);
			facts->nb_cpusets++;
		}
		if (end == NULL || *end == '\0')
			break;
	}
	quote(facts->own_cpuset, sizeof(facts->own_cpuset), name);
}
