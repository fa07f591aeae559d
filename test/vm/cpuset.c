/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What cpuset.h says, by the files of the cgroup hierarchy. Must not touch cgroups that it has not
 * made, but for letting the topmost give cpusets to those below it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroup_files.h"
#include "cpuset.h"
#include "machine.h"

static char mount[256], before[512];
static char folder[NB_CPUSETS][512];
static char file[NB_CPUSETS][600];
static bool entered, enabled;

static bool
find_hierarchy(void)
{
	char line[4096], type[64], path[256];
	FILE *f = fopen("/proc/self/mounts", "r");

	mount[0] = before[0] = '\0';
	assert_non_null(f);
	while (mount[0] == '\0' && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%*s %255s %63s", path, type) == 2 && strcmp(type, "cgroup2") == 0)
			snprintf(mount, sizeof(mount), "%s", path);
	fclose(f);
	f = fopen("/proc/self/cgroup", "r");
	assert_non_null(f);
	while (before[0] == '\0' && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "0::%255s", path) == 1)
			snprintf(before, sizeof(before), "%s%s", mount, path);
	fclose(f);
	return mount[0] != '\0' && before[0] != '\0';
}

static bool
go(const char *dir)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", getpid());
	return cgroup_put(dir, "cgroup.procs", pid);
}

static bool
make(void)
{
	if (!find_hierarchy() || !cgroup_lists(mount, "cgroup.controllers", "cpuset"))
		return false;
	enabled = !cgroup_lists(mount, "cgroup.subtree_control", "cpuset");
	if (enabled && !cgroup_put(mount, "cgroup.subtree_control", "+cpuset"))
		return false;
	snprintf(folder[CPUSET_OUTER], sizeof(folder[0]), "%s/fastmem-test-%d", mount, getpid());
	snprintf(folder[CPUSET_INNER], sizeof(folder[0]), "%.400s/in it", folder[CPUSET_OUTER]);
	for (int i = 0; i < NB_CPUSETS; i++) {
		snprintf(file[i], sizeof(file[i]), "%s/cpuset.mems", folder[i]);
		if (mkdir(folder[i], 0755) != 0)
			return false;
	}
	return go(folder[CPUSET_INNER]);
}

void
cpuset_enter(void)
{
	entered = true;
	machine_needs("cpuset", make());
}

void
cpuset_leave(void)
{
	if (!entered)
		return;
	entered = false;
	go(before);
	rmdir(folder[CPUSET_INNER]);
	rmdir(folder[CPUSET_OUTER]);
	if (enabled)
		cgroup_put(mount, "cgroup.subtree_control", "-cpuset");
	enabled = false;
}

void
cpuset_own(bool own)
{
	cpuset_allow(CPUSET_OUTER, NULL);
	assert_true(cgroup_put(folder[CPUSET_OUTER], "cgroup.subtree_control",
			       own ? "+cpuset" : "-cpuset"));
	if (own)
		cpuset_allow(CPUSET_INNER, NULL);
}

void
cpuset_allow(enum cpuset which, const char *nodes)
{
	char all[256];
	size_t used = 0;

	for (unsigned int i = 0; i < machine()->n; i++)
		used += snprintf(all + used, sizeof(all) - used, "%s%d", i > 0 ? "," : "",
				 machine()->node[i].id);
	if (nodes == NULL)
		nodes = all;
	if (!cgroup_put(folder[which], "cpuset.mems", nodes))
		fail_msg("%s does not take \"%s\"", file[which], nodes);
}

const char *
cpuset_file(enum cpuset which)
{
	return file[which];
}
