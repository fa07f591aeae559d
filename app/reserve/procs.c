/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: looking at the machine's processes: their names and what they have mapped.
 * Must not: touch them, or fail for one that ends meanwhile.
 * Called by: hold.c, show.c and clean.c.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "procs.h"

int
procs_each(const char *proc, bool (*look)(int pid, void *arg), void *arg)
{
	DIR *folder = opendir(proc);
	struct dirent *entry;
	bool done = false;

	if (folder == NULL)
		return -errno;
	while (!done && (entry = readdir(folder)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			done = look(atoi(entry->d_name), arg);
	closedir(folder);
	return 0;
}

static bool
read_map(char *line, struct procs_map *map)
{
	unsigned int major, minor;
	uint64_t from, to;
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*x %x:%x %" SCNu64 " %n", &from, &to, &major,
		   &minor, &map->inode, &path) != 5)
		return false;
	line[strcspn(line, "\n")] = '\0';
	map->size = to - from;
	map->device = makedev(major, minor);
	map->path = line + path;
	return true;
}

int
procs_maps(const char *proc, int pid, bool (*look)(const struct procs_map *map, void *arg),
	   void *arg)
{
	char path[PATH_MAX], *line = NULL;
	struct procs_map map;
	bool done = false;
	size_t size = 0;
	FILE *file;
	int ret;

	snprintf(path, sizeof(path), "%s/%d/maps", proc, pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	errno = 0;
	while (!done && getline(&line, &size, file) > 0)
		done = read_map(line, &map) && look(&map, arg);
	/* It ended meanwhile, or it is none of this user's. */
	ret = !done && ferror(file) ? -errno : 0;
	free(line);
	fclose(file);
	return ret;
}

void
procs_name(const char *proc, int pid, char name[PROCS_NAME])
{
	char path[PATH_MAX];
	FILE *file;

	name[0] = '\0';
	snprintf(path, sizeof(path), "%s/%d/comm", proc, pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(name, PROCS_NAME, file) == NULL)
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

struct search {
	const char *proc;
	char folder[PATH_MAX + 1]; /* With a slash at the end. */
	int *pids;
	unsigned int n, found;
};

static bool
is_below(const struct procs_map *map, void *arg)
{
	const struct search *search = arg;

	return strncmp(map->path, search->folder, strlen(search->folder)) == 0;
}

/* Stops at the first mapping that is below, and tells so by leaving this set. */
struct one {
	struct search *search;
	bool found;
};

static bool
look_at_map(const struct procs_map *map, void *arg)
{
	struct one *one = arg;

	one->found = is_below(map, one->search);
	return one->found;
}

static bool
look_at_process(int pid, void *arg)
{
	struct one one = { .search = arg };

	if (pid == getpid() || procs_maps(one.search->proc, pid, look_at_map, &one) < 0 ||
	    !one.found)
		return false;
	one.search->pids[one.search->found++] = pid;
	return one.search->found == one.search->n;
}

unsigned int
procs_that_map(const char *proc, const char *folder, int *pids, unsigned int n)
{
	struct search search = { .proc = proc, .pids = pids, .n = n };
	char real[PATH_MAX];

	/* The kernel names files as they are, not as they were reached. */
	if (realpath(folder, real) == NULL)
		return 0;
	snprintf(search.folder, sizeof(search.folder), "%s/", real);
	procs_each(proc, look_at_process, &search);
	return search.found;
}

void
procs_text(const char *proc, const int *pids, unsigned int n, char *buf, size_t size)
{
	char name[PROCS_NAME];
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < n && used < size; i++) {
		procs_name(proc, pids[i], name);
		used += (size_t)snprintf(buf + used, size - used, "%s%d (%s)", i > 0 ? ", " : "",
					 pids[i], name);
	}
}
