/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the system calls that change the machine, or keep somebody from doing so at the same time.
 * Must not: decide.
 * Called by: apply.c, raise.c, state.c and hugetlbfs.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

static int
path_of(char path[PATH_MAX], const char *root, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s", root, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Read or write it in one call, as the kernel's files have to be. */
static int
transfer(const char *root, const char *name, int flags, char *buf, size_t size, ssize_t *len)
{
	char path[PATH_MAX];
	int fd, ret = path_of(path, root, name);

	if (ret < 0)
		return ret;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		*len = (flags & O_ACCMODE) == O_RDONLY ? read(fd, buf, size) : write(fd, buf, size);
	while (*len < 0 && errno == EINTR && (flags & O_ACCMODE) == O_RDONLY);
	ret = *len < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int
act_read(const char *root, const char *name, uint64_t *value)
{
	char text[64], *end;
	ssize_t len;
	int ret = transfer(root, name, O_RDONLY, text, sizeof(text) - 1, &len);
	uint64_t read;

	if (ret < 0)
		return ret;
	text[len] = '\0';
	errno = 0;
	read = strtoull(text, &end, 10);
	if (end == text || (*end != '\n' && *end != '\0') || errno != 0)
		return -EINVAL;
	*value = read;
	return 0;
}

int
act_write(const char *root, const char *name, uint64_t value)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%" PRIu64 "\n", value);
	ssize_t len;

	return transfer(root, name, O_WRONLY | O_TRUNC, text, (size_t)size, &len);
}

int
act_may_write(const char *root, const char *name)
{
	char path[PATH_MAX];
	int ret = path_of(path, root, name);

	if (ret < 0)
		return ret;
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

int
act_replace(const char *root, const char *name, const char *text, size_t size)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	size_t done = 0;
	ssize_t n;
	int fd, ret = path_of(path, root, name);

	if (ret == 0 && snprintf(fresh, sizeof(fresh), "%s/.%s.new", root, name) >= PATH_MAX)
		ret = -ENAMETOOLONG;
	if (ret < 0)
		return ret;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	while (done < size && ret == 0) {
		n = write(fd, text + done, size - done);
		if (n < 0 && errno != EINTR)
			ret = -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(fresh, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(fresh);
	return ret;
}

int
act_lock(const char *root, const char *name)
{
	char path[PATH_MAX];
	int fd, ret = path_of(path, root, name);

	if (ret < 0)
		return ret;
	if (mkdir(root, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR && !act_stopped())
			continue;
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

void
act_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

int
act_mount(const char *folder, const char *options)
{
	bool made = mkdir(folder, 0755) == 0;
	int ret;

	if (!made && errno != EEXIST)
		return -errno;
	if (mount("fastmem", folder, "hugetlbfs", MS_NOSUID | MS_NODEV, options) == 0)
		return 0;
	ret = -errno;
	if (made)
		rmdir(folder);
	return ret;
}

int
act_unmount(const char *folder)
{
	return umount2(folder, UMOUNT_NOFOLLOW) == 0 ? 0 : -errno;
}

/* ---- signals */

static sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED); /* nothing else is handed over */
}

static const int caught[] = { SIGINT, SIGTERM };
static struct sigaction before[2];

void
act_catch(void)
{
	/* Without SA_RESTART: who waits for the lock has to wake up. */
	struct sigaction action = { .sa_handler = on_signal };

	for (unsigned int i = 0; i < 2; i++)
		if (sigaction(caught[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
}

void
act_uncatch(void)
{
	for (unsigned int i = 0; i < 2; i++)
		sigaction(caught[i], &before[i], NULL);
}

bool
act_stopped(void)
{
	return __atomic_load_n(&stopped, __ATOMIC_RELAXED) != 0; /* as above */
}

double
act_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
