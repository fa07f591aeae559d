/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the formats in which the kernel says which cgroup a process is in and where those are.
 * Must not: read a file or allocate.
 * Called by: numa_cgroup.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "numa_priv.h"

/* Fields of a line of mountinfo, see proc_pid_mountinfo(5); then optional ones, and "-". */
#define MOUNT_ROOT  3
#define MOUNT_POINT 4

/* Whether a list with commas between, of len bytes, has a word. */
static bool
list_has(const char *list, size_t len, const char *word)
{
	size_t want = strlen(word);

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t one = comma != NULL ? (size_t)(comma - list) : len;

		if (one == want && memcmp(list, word, want) == 0)
			return true;
		one += comma != NULL;
		list += one;
		len -= one;
	}
	return false;
}

static int
copy(char *out, size_t size, const char *text, size_t len)
{
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

/* Lines are "3:cpuset,memory:/path" of version 1, and "0::/path" of version 2. */
int
numa_parse_cgroup(const char *text, const char *controller, bool *v1, char *path, size_t size)
{
	int ret = -ENOENT;

	for (const char *line = text; *line != '\0'; line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		const char *list = memchr(line, ':', len), *end = line + len, *name;

		line = end;
		if (list == NULL)
			continue;
		list++;
		name = memchr(list, ':', (size_t)(end - list));
		if (name == NULL || name[1] != '/')
			continue;
		if (name > list && !list_has(list, (size_t)(name - list), controller))
			continue;
		/* Where a controller is in version 1, version 2 does not have it. */
		*v1 = name > list;
		ret = copy(path, size, name + 1, (size_t)(end - name - 1));
		if (ret < 0 || *v1)
			return ret;
	}
	return ret;
}

/* A blank and what else would confuse is written as a backslash and three octal digits. */
static int
unescape(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	while (len > 0) {
		char c = *text;
		size_t step = 1;

		if (c == '\\' && len >= 4 && text[1] >= '0' && text[1] <= '3') {
			c = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			step = 4;
		}
		if (used + 1 >= size)
			return -ENAMETOOLONG;
		out[used++] = c;
		text += step;
		len -= step;
	}
	out[used] = '\0';
	return 0;
}

/* What is left of a path below a folder, without a slash at its end; NULL if it is elsewhere. */
static const char *
below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (strcmp(folder, "/") == 0)
		len = 0;
	if (strncmp(path, folder, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	path += len;
	return strcmp(path, "/") == 0 ? "" : path;
}

/* One line: where it is mounted and of what; -ENOENT if it is not that hierarchy. */
static int
parse_mount(const char *line, const char *controller, bool v1, char *root, char *point, size_t size)
{
	size_t len = strcspn(line, "\n"), at = 0;
	const char *end = line + len, *dash = NULL, *field[MOUNT_POINT + 1] = { NULL };
	const char *type, *options;

	for (const char *s = line; s < end; at++) {
		size_t one = strcspn(s, " \n");

		if (at <= MOUNT_POINT)
			field[at] = s;
		else if (one == 1 && *s == '-')
			dash = s + 1;
		if (dash != NULL)
			break;
		s += one + (s + one < end);
	}
	if (dash == NULL || dash >= end || field[MOUNT_POINT] == NULL)
		return -ENOENT;
	type = dash + 1;
	if (strncmp(type, v1 ? "cgroup " : "cgroup2 ", v1 ? 7 : 8) != 0)
		return -ENOENT;
	options = type + strcspn(type, " \n");
	options += *options == ' ';
	options += strcspn(options, " \n");
	options += *options == ' ';
	if (v1 && !list_has(options, (size_t)(end - options), controller))
		return -ENOENT;
	if (unescape(root, size, field[MOUNT_ROOT], strcspn(field[MOUNT_ROOT], " ")) < 0)
		return -ENAMETOOLONG;
	return unescape(point, size, field[MOUNT_POINT], strcspn(field[MOUNT_POINT], " "));
}

int
numa_parse_cgroup_mount(const char *text, const char *controller, const char *path,
			struct rte_numa_cgroup *cgroup)
{
	char root[RTE_NUMA_CGROUP_PATH_MAX], point[RTE_NUMA_CGROUP_PATH_MAX];
	int ret = -ENOENT;

	for (const char *line = text; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n') {
		int found = parse_mount(line, controller, cgroup->v1, root, point, sizeof(root));
		const char *rest;

		if (found == -ENOENT)
			continue;
		if (found < 0)
			return found;
		/* A mount may show but a part, which need not be the one that the process is in. */
		rest = below(path, root);
		if (rest == NULL && ret == 0)
			continue;
		if (strcmp(point, "/") == 0)
			point[0] = '\0';
		/* The names of its files are to have room too. */
		if (snprintf(cgroup->dir, sizeof(cgroup->dir), "%s%s", point,
			     rest != NULL ? rest : "") >= RTE_NUMA_CGROUP_PATH_MAX - NUMA_PATH_MAX)
			return -ENAMETOOLONG;
		cgroup->top = strlen(point);
		ret = 0;
		if (rest != NULL)
			break;
	}
	return ret;
}

/* The number behind a word that a line begins with; without a word the text is the number. */
int
numa_parse_cgroup_number(const char *text, const char *name, uint64_t *value)
{
	/* No limit is "max", or in version 1 the largest multiple of a page that it can count. */
	const uint64_t no_limit = UINT64_C(1) << 62;
	size_t len = name != NULL ? strlen(name) : 0;
	char number[32];
	uint64_t found;

	while (name != NULL && (strncmp(text, name, len) != 0 || text[len] != ' ')) {
		text += strcspn(text, "\n");
		if (*text == '\0')
			return -ENOENT;
		text++;
	}
	text += name != NULL ? len + 1 : 0;
	if (copy(number, sizeof(number), text, strcspn(text, "\n")) < 0)
		return -EINVAL;
	if (strcmp(number, "max") == 0) {
		*value = RTE_NUMA_CGROUP_NO_LIMIT;
		return 0;
	}
	if (numa_parse_count(number, &found) < 0)
		return -EINVAL;
	*value = found >= no_limit ? RTE_NUMA_CGROUP_NO_LIMIT : found;
	return 0;
}
