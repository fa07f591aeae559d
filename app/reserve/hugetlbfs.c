/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which hugetlbfs are mounted, and how one has to be.
 * Must not: mount it.
 * Called by: apply.c, show.c and clean.c.
 */

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "hugetlbfs.h"

/* "pagesize=2M" among the options, which the kernel always writes. */
static uint64_t
page_size_of(const char *options)
{
	const char *at = strstr(options, "pagesize=");
	uint64_t value;
	char *end;

	if (at == NULL)
		return 0;
	value = strtoull(at + strlen("pagesize="), &end, 10);
	switch (*end) {
	case 'G':
		return value << 30;
	case 'M':
		return value << 20;
	case 'K':
		return value << 10;
	default:
		return value;
	}
}

int
hugetlbfs_each(const char *proc, bool (*look)(const struct hugetlbfs *mount, void *arg), void *arg)
{
	char path[PATH_MAX], line[4096], type[64], options[2048];
	struct hugetlbfs mount;
	bool done = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/self/mounts", proc);
	file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	while (!done && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%63s %255s %63s %2047s", mount.source, mount.folder, type,
			   options) != 4 ||
		    strcmp(type, "hugetlbfs") != 0)
			continue;
		mount.page_size = page_size_of(options);
		done = look(&mount, arg);
	}
	fclose(file);
	return 0;
}

struct wanted {
	uint64_t page_size;
	const char *folder;
	bool found, ours;
};

static bool
is_of_size(const struct hugetlbfs *mount, void *arg)
{
	struct wanted *wanted = arg;

	wanted->found = mount->page_size == wanted->page_size;
	return wanted->found;
}

bool
hugetlbfs_mounted(const char *proc, uint64_t page_size)
{
	struct wanted wanted = { .page_size = page_size };

	return hugetlbfs_each(proc, is_of_size, &wanted) == 0 && wanted.found;
}

/* Of several on one folder the last is the one to be seen. */
static bool
look_at_folder(const struct hugetlbfs *mount, void *arg)
{
	struct wanted *wanted = arg;

	if (strcmp(mount->folder, wanted->folder) == 0) {
		wanted->found = true;
		wanted->ours = strcmp(mount->source, "fastmem") == 0;
	}
	return false;
}

bool
hugetlbfs_is_ours(const char *proc, const char *folder)
{
	struct wanted wanted = { .folder = folder };

	return hugetlbfs_each(proc, look_at_folder, &wanted) == 0 && wanted.ours;
}

void
hugetlbfs_folder(const char *proc, uint64_t page_size, char *buf, size_t size)
{
	struct wanted wanted = { .folder = buf };

	snprintf(buf, size, "%s",
		 page_size == UINT64_C(1) << 21 ? "/dev/hugepages" : "/dev/hugepages1G");
	hugetlbfs_each(proc, look_at_folder, &wanted);
	/* Another size's is there, or it is neither of the usual sizes. */
	if (wanted.found || (page_size != UINT64_C(1) << 21 && page_size != UINT64_C(1) << 30))
		snprintf(buf, size, "/dev/hugepages-%" PRIu64 "kB", page_size >> 10);
}

static int
refuse(const char *what, const char *given, const char *wanted)
{
	fprintf(stderr, "fastmem-reserve: %s \"%s\": %s\n", what, given, wanted);
	return -EINVAL;
}

/* A name, or a number; false: there is none of that name. */
static bool
user_of(const char *name, uid_t *uid, gid_t *gid)
{
	struct passwd *user = getpwnam(name);
	char *end;

	if (user != NULL) {
		*uid = user->pw_uid;
		*gid = user->pw_gid;
		return true;
	}
	*uid = (uid_t)strtoul(name, &end, 10);
	*gid = *uid;
	return end != name && *end == '\0';
}

static bool
group_of(const char *name, gid_t *gid)
{
	struct group *group = getgrnam(name);
	char *end;

	if (group != NULL) {
		*gid = group->gr_gid;
		return true;
	}
	*gid = (gid_t)strtoul(name, &end, 10);
	return end != name && *end == '\0';
}

int
hugetlbfs_options(uint64_t page_size, const char *owner, const char *mode, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "pagesize=%" PRIu64 "M", page_size >> 20);
	char user[128], *group, *end;
	unsigned long bits;
	uid_t uid;
	gid_t gid;

	if (owner != NULL) {
		snprintf(user, sizeof(user), "%s", owner);
		group = strchr(user, ':');
		if (group != NULL)
			*group++ = '\0';
		if (!user_of(user, &uid, &gid))
			return refuse("--owner", owner, "there is no such user");
		if (group != NULL && !group_of(group, &gid))
			return refuse("--owner", owner, "there is no such group");
		used += (size_t)snprintf(buf + used, size - used, ",uid=%u,gid=%u", uid, gid);
	}
	if (mode != NULL) {
		bits = strtoul(mode, &end, 8);
		if (*end != '\0' || end == mode || bits > 01777)
			return refuse("--mode", mode, "an octal mode is wanted, such as 1770");
		snprintf(buf + used, size - used, ",mode=%lo", bits);
	}
	return 0;
}
