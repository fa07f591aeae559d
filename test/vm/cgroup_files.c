/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What cgroup_files.h says. */

#include <stdio.h>
#include <string.h>

#include "cgroup_files.h"

static FILE *
open_in(const char *dir, const char *name, const char *mode)
{
	char path[1200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, mode);
}

bool
cgroup_put(const char *dir, const char *name, const char *text)
{
	FILE *f = open_in(dir, name, "w");
	bool ok;

	if (f == NULL)
		return false;
	ok = fputs(text, f) >= 0;
	return fclose(f) == 0 && ok;
}

bool
cgroup_lists(const char *dir, const char *name, const char *word)
{
	FILE *f = open_in(dir, name, "r");
	char found[64];
	bool there = false;

	if (f == NULL)
		return false;
	while (!there && fscanf(f, "%63s", found) == 1)
		there = strcmp(found, word) == 0;
	fclose(f);
	return there;
}
