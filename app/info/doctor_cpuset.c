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

#include "doctor.h"

/* Where cpusets are, and where in there this process is. */
struct place {
	bool v1;
	char mount[256];
	char path[400];
};

/* Version 1 has a hierarchy of its own for cpusets, or shares one; version 2 has one for all. */
static bool
find_path(const struct doctor_roots *roots, struct place *place)
{
	FILE *file = doctor_open_proc(roots, "self/cgroup");
	char line[1024], names[256], path[400];
	bool found = false;

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "0::%399[^\n]", path) == 1 && !place->v1) {
			snprintf(place->path, sizeof(place->path), "%s", path);
			found = true;
		} else if (sscanf(line, "%*d:%255[^:]:%399[^\n]", names, path) == 2 &&
			   strstr(names, "cpuset") != NULL) {
			snprintf(place->path, sizeof(place->path), "%s", path);
			place->v1 = found = true;
		}
	}
	fclose(file);
	if (strcmp(place->path, "/") == 0)
		place->path[0] = '\0';
	return found;
}

static void
find_mount(const struct doctor_roots *roots, struct place *place)
{
	FILE *file = doctor_open_proc(roots, "self/mounts");
	char line[4096], mount[256], type[64], options[2048];

	snprintf(place->mount, sizeof(place->mount), "%s",
		 place->v1 ? "/sys/fs/cgroup/cpuset" : "/sys/fs/cgroup");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*s %255s %63s %2047s", mount, type, options) != 3)
			continue;
		if (place->v1 ? strcmp(type, "cgroup") == 0 && strstr(options, "cpuset") != NULL :
				strcmp(type, "cgroup2") == 0) {
			snprintf(place->mount, sizeof(place->mount), "%s", mount);
			break;
		}
	}
	fclose(file);
}

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
	struct place place = { 0 };
	const char *end;
	char name[700];

	if (!find_path(roots, &place))
		return;
	find_mount(roots, &place);
	for (end = place.path;; end = strchr(end + 1, '/')) {
		size_t len = end != NULL ? (size_t)(end - place.path) : strlen(place.path);
		struct doctor_cpuset *cpuset = &facts->cpusets[facts->nb_cpusets];

		snprintf(name, sizeof(name), "%s%.*s/cpuset.mems", place.mount, (int)len,
			 place.path);
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
