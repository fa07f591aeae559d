/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what box.h says, by the files of the cgroup hierarchy.
 * Must not: touch cgroups that it has not made, but for letting the topmost give memory limits to
 *   those below it; or ask the library under test.
 * Called by: the tests of this folder.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "box.h"
#include "cgroup_files.h"

static bool
find(struct box *box)
{
	char line[4096], path[256], type[64], options[2048];
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*s %255s %63s %2047s", path, type, options) != 3)
			continue;
		box->v1 = strcmp(type, "cgroup") == 0 && strstr(options, ",memory") != NULL;
		found = box->v1 || (strcmp(type, "cgroup2") == 0 &&
				    cgroup_lists(path, "cgroup.controllers", "memory"));
	}
	fclose(f);
	if (found)
		snprintf(box->top, sizeof(box->top), "%s", path);
	return found;
}

const char *
box_make(struct box *box)
{
	static char why[400];

	memset(box, 0, sizeof(*box));
	if (!find(box))
		return "no hierarchy of cgroups here limits memory";
	if (!box->v1 && !cgroup_lists(box->top, "cgroup.subtree_control", "memory")) {
		if (!cgroup_put(box->top, "cgroup.subtree_control", "+memory"))
			return "memory limits of cgroups cannot be switched on here";
		box->enabled = true;
	}
	snprintf(box->dir, sizeof(box->dir), "%s/fastmem-%d", box->top, (int)getpid());
	if (mkdir(box->dir, 0755) == 0)
		return NULL;
	snprintf(why, sizeof(why), "cannot make the cgroup %s: %s", box->dir, strerror(errno));
	return why;
}

void
box_limit(const struct box *box, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	assert_true(cgroup_put(box->dir, box->v1 ? "memory.limit_in_bytes" : "memory.max", text));
}

void
box_limit_high(const struct box *box, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	assert_true(cgroup_put(box->dir, "memory.high", text));
}

bool
box_enter(const struct box *box)
{
	return cgroup_put(box->dir, "cgroup.procs", "0");
}

void
box_remove(const struct box *box)
{
	/* Those that ended are some moments more in it. */
	for (int i = 0; i < 200 && rmdir(box->dir) < 0 && errno == EBUSY; i++)
		usleep(10000);
	assert_int_equal(access(box->dir, F_OK), -1);
	if (box->enabled)
		cgroup_put(box->top, "cgroup.subtree_control", "-memory");
}
