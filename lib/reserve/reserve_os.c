/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the library's system calls on files.
 * Must not: know what is in a file.
 * Called by: reserve_plan.c and reserve_file.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reserve_priv.h"

#define FILE_MAX ((size_t)1 << 20)

int
rsv_os_read(const char *path, char **text, size_t *size)
{
	char *buf = malloc(FILE_MAX + 1);
	size_t n = 0;
	ssize_t got;
	int fd, err;

	if (buf == NULL)
		return rsv_fail(-ENOMEM, "%s: out of memory", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		free(buf);
		return rsv_fail(-err, "cannot open the plan %s: %s", path, strerror(err));
	}
	do {
		got = read(fd, buf + n, FILE_MAX + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && n <= FILE_MAX) || (got < 0 && errno == EINTR));
	err = got < 0 ? errno : 0;
	close(fd);
	if (err == 0 && n <= FILE_MAX) {
		*text = buf;
		*size = n;
		return 0;
	}
	free(buf);
	if (err != 0)
		return rsv_fail(-err, "cannot read the plan %s: %s", path, strerror(err));
	return rsv_fail(-E2BIG, "%s is no plan: it is larger than 1 MiB", path);
}

int
rsv_os_file_of(const char *text, size_t size, char *path, int *fd)
{
	int err, file = memfd_create("fastmem-plan", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (file < 0) {
		err = errno;
		return rsv_fail(-err, "cannot keep the plan in memory: %s", strerror(err));
	}
	while (done < size) {
		n = write(file, text + done, size - done);
		if (n < 0 && errno != EINTR) {
			err = errno;
			close(file);
			return rsv_fail(-err, "cannot keep the plan in memory: %s", strerror(err));
		}
		done += n > 0 ? (size_t)n : 0;
	}
	snprintf(path, RSV_OS_PATH_MAX, "/proc/self/fd/%d", file);
	*fd = file;
	return 0;
}

void
rsv_os_close(int fd)
{
	close(fd);
}
