/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the way of what was made in memory into a file, or of what is drawn onto the output too.
 * Must not: know what is drawn.
 * Called by: the verbs that draw, or write a file.
 */

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

static int
write_to(const char *name, const char *data, size_t size)
{
	FILE *file = fopen(name, "we");
	bool good;

	if (file == NULL)
		return -errno;
	errno = 0;
	good = fwrite(data, 1, size, file) == size;
	if (fclose(file) != 0 || !good)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

/* In the place of a device or a link, as /dev/stdout is one, a file would be there for all who use it. */
static bool
is_replaced(const char *name)
{
	struct stat there;

	return lstat(name, &there) != 0 || S_ISREG(there.st_mode);
}

int
output_replace(const char *name, const char *data, size_t size)
{
	char fresh[4096];
	int ret;

	if (!is_replaced(name))
		return write_to(name, data, size);
	if (snprintf(fresh, sizeof(fresh), "%s.%d", name, (int)getpid()) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	ret = write_to(fresh, data, size);
	if (ret == 0 && rename(fresh, name) != 0)
		ret = -errno;
	if (ret != 0)
		unlink(fresh);
	return ret;
}

int
output_possible(const char *name)
{
	struct stat there;
	char *copy;
	int ret;

	if (stat(name, &there) == 0 && S_ISDIR(there.st_mode))
		return -EISDIR;
	if (!is_replaced(name) && access(name, F_OK) == 0)
		return access(name, W_OK) != 0 ? -errno : 0;
	copy = strdup(name);
	ret = copy == NULL ? -ENOMEM : 0;
	if (ret == 0 && access(dirname(copy), W_OK | X_OK) != 0)
		ret = -errno;
	free(copy);
	return ret;
}

int
output_drawn(const char *called, const char *name, int (*draw)(FILE *file, const void *what),
	     const void *what)
{
	char *data = NULL;
	size_t size;
	FILE *memory = open_memstream(&data, &size);
	int ret = -ENOMEM;

	if (memory != NULL) {
		ret = draw(memory, what);
		if (fclose(memory) != 0 && ret == 0)
			ret = -ENOMEM;
	}
	if (ret == 0 && strcmp(name, "-") == 0)
		fwrite(data, 1, size, stdout); /* main() looks at what became of it. */
	else if (ret == 0)
		ret = output_replace(name, data, size);
	if (ret < 0)
		fprintf(stderr, "fastmem-info: %s could not be written to %s: %s\n", called, name,
			strerror(-ret));
	free(data);
	return ret;
}
