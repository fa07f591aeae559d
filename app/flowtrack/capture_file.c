/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the system calls around a capture file: open, map, check, unmap.
 * Must not: interpret what is in it: that is capture.c's.
 * Called by: main.c, before EAL starts.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_file.h"

static int
check_fd(int fd, struct capture_info *info, char *error, size_t error_size)
{
	struct stat st;
	void *data;
	int ret;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		snprintf(error, error_size, "it is no regular file");
		return -EINVAL;
	}
	if (st.st_size == 0)
		return capture_check("", 0, info, error, error_size);

	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	ret = capture_check(data, st.st_size, info, error, error_size);
	munmap(data, st.st_size);
	return ret;
}

int
capture_file_open(const char *path, struct capture_info *info)
{
	char error[256] = "";
	int fd;
	int ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -errno : check_fd(fd, info, error, sizeof(error));
	if (ret == 0)
		return fd;

	fprintf(stderr, "cannot read capture %s: %s\n", path,
		error[0] != '\0' ? error : strerror(-ret));
	if (fd >= 0)
		close(fd);
	return ret;
}
