/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which files of hugepages there are, who holds each, and removing one that nobody does.
 * Must not: remove a file that is none of EAL's, or of which it cannot be seen that it is left.
 * Called by: clean.c, show.c and hold.c.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hugetlbfs.h"
#include "leftovers.h"
#include "procs.h"

/* While they are gathered. */
struct gather {
	struct leftovers *list;
	const char *proc;
	int error, pid;
	bool opaque; /* The process that is looked at. */
};

/* "PREFIXmap_NUMBER", as EAL names them. */
static void
read_prefix(const char *name, char prefix[NAME_MAX + 1])
{
	const char *end = name + strlen(name);

	prefix[0] = '\0';
	while (end > name && end[-1] >= '0' && end[-1] <= '9')
		end--;
	if (*end != '\0' && end - name > 4 && strncmp(end - 4, "map_", 4) == 0)
		snprintf(prefix, NAME_MAX + 1, "%.*s", (int)(end - 4 - name), name);
}

/*
 * Have a file to ourselves, until it is closed: 0, -EBUSY: somebody has it open, mapped or locked,
 * in whatever container, or another negative errno: the kernel does not tell.
 */
static int
own(int fd)
{
	/* It comes to who has a lease when somebody opens the file, and would end this process. */
	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return errno == EAGAIN ? -EBUSY : -errno;
	return 0;
}

static void
ask_kernel(struct leftover *file)
{
	int ret, fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	ret = own(fd);
	file->told = ret == 0 || ret == -EBUSY;
	file->held = ret == -EBUSY;
	close(fd);
}

static int
add_file(struct leftovers *list, const char *folder, const char *name, uint64_t page_size)
{
	struct leftover *grown, *file;
	struct stat stat;

	grown = realloc(list->file, (list->n + 1) * sizeof(*file));
	if (grown == NULL)
		return -ENOMEM;
	list->file = grown;
	file = &grown[list->n];
	memset(file, 0, sizeof(*file));
	if (snprintf(file->path, sizeof(file->path), "%s/%s", folder, name) >=
		    (int)sizeof(file->path) ||
	    lstat(file->path, &stat) < 0 || !S_ISREG(stat.st_mode))
		return 0;
	for (unsigned int i = 0; i < list->n; i++)
		/* The same is mounted twice. */
		if (grown[i].device == stat.st_dev && grown[i].inode == stat.st_ino)
			return 0;
	file->device = stat.st_dev;
	file->inode = stat.st_ino;
	file->owner = stat.st_uid;
	file->page_size = page_size;
	file->bytes = (uint64_t)stat.st_blocks * 512;
	read_prefix(name, file->prefix);
	ask_kernel(file);
	list->n++;
	return 0;
}

static bool
look_at_mount(const struct hugetlbfs *mount, void *arg)
{
	struct gather *gather = arg;
	DIR *folder = opendir(mount->folder);
	struct dirent *entry;

	/* Somebody else's, in which there is nothing to be done either. */
	if (folder == NULL)
		return false;
	while (gather->error == 0 && (entry = readdir(folder)) != NULL)
		gather->error =
			add_file(gather->list, mount->folder, entry->d_name, mount->page_size);
	closedir(folder);
	return gather->error < 0;
}

/* ---- who holds them */

static void
is_held(struct gather *gather, dev_t device, ino_t inode)
{
	for (unsigned int i = 0; i < gather->list->n; i++)
		if (gather->list->file[i].device == device &&
		    gather->list->file[i].inode == inode && gather->list->file[i].pid == 0)
			gather->list->file[i].pid = gather->pid;
}

static bool
look_at_map(const struct procs_map *map, void *arg)
{
	if (map->inode != 0)
		is_held(arg, map->device, map->inode);
	return false;
}

static void
look_at_files(struct gather *gather)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat stat;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%d/fd", gather->proc, gather->pid);
	folder = opendir(path);
	if (folder == NULL) {
		gather->opaque |= errno == EACCES || errno == EPERM;
		return;
	}
	while ((entry = readdir(folder)) != NULL)
		if (fstatat(dirfd(folder), entry->d_name, &stat, 0) == 0)
			is_held(gather, stat.st_dev, stat.st_ino);
	closedir(folder);
}

static bool
look_at_process(int pid, void *arg)
{
	struct gather *gather = arg;
	int ret;

	gather->pid = pid;
	gather->opaque = false;
	ret = procs_maps(gather->proc, pid, look_at_map, gather);
	gather->opaque |= ret == -EACCES || ret == -EPERM;
	look_at_files(gather);
	gather->list->hidden += gather->opaque;
	return false;
}

int
leftovers_find(const char *proc, struct leftovers *list)
{
	struct gather gather = { .list = list, .proc = proc };
	int ret;

	*list = (struct leftovers){ 0 };
	ret = hugetlbfs_each(proc, look_at_mount, &gather);
	if (ret == 0)
		ret = gather.error;
	if (ret == 0)
		ret = procs_each(proc, look_at_process, &gather);
	if (ret < 0)
		leftovers_release(list);
	return ret;
}

void
leftovers_release(struct leftovers *list)
{
	free(list->file);
	*list = (struct leftovers){ 0 };
}

bool
leftovers_is_left(const struct leftovers *list, const struct leftover *file)
{
	return file->prefix[0] != '\0' && file->pid == 0 &&
	       (file->told ? !file->held : list->hidden == 0);
}

bool
leftovers_is_uncertain(const struct leftovers *list, const struct leftover *file)
{
	return file->prefix[0] != '\0' && file->pid == 0 && !file->told && list->hidden > 0;
}

/* While it is ours: who opens it waits, and finds it gone. */
static int
remove_own(int fd, const struct leftover *file)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_ino != file->inode || stat.st_dev != file->device)
		return -EBUSY;
	return unlink(file->path) < 0 ? -errno : 0;
}

int
leftovers_remove(const struct leftover *file)
{
	int ret, fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = own(fd);
	/* Without leases EAL's own lock has to do. */
	if (ret < 0 && ret != -EBUSY)
		ret = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -EBUSY : 0;
	if (ret == 0)
		ret = remove_own(fd, file);
	close(fd);
	return ret;
}
