/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding EAL's runtime folders and their primaries, without EAL.
 * Must not: write there.
 * Called by: hold.c and show.c.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime.h"

void
runtime_folder(const char *prefix, char folder[PATH_MAX])
{
	const char *base = getenv("RUNTIME_DIRECTORY");

	if (base == NULL)
		base = getuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
	snprintf(folder, PATH_MAX, "%s/dpdk%s%s", base != NULL ? base : "/tmp",
		 prefix[0] != '\0' ? "/" : "", prefix);
}

/* A primary has a lock on that file as long as it lives. */
int
runtime_primary(const char *folder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX + 8];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/config", folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ret = fcntl(fd, F_GETLK, &lock);
	close(fd);
	return ret == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}
