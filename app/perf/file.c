/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: getting a report into a file whole, or not at all.
 * Must not: know its form.
 * Called by: main.c, and report_plot.c for what it gives gnuplot.
 */

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* A device or a pipe must not be replaced by a file. */
static bool
is_replaceable(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || S_ISREG(st.st_mode);
}

static int
write_to(const struct report *report, const char *path, file_fn form)
{
	FILE *file = fopen(path, "w");
	int ret = 0;

	if (file == NULL)
		return -errno;
	form(report, file);
	if (ferror(file))
		ret = -EIO;
	if (fclose(file) != 0)
		ret = -errno;
	return ret;
}

int
file_write(const struct report *report, const char *path, file_fn form)
{
	char part[PATH_MAX];
	int ret;

	if (!is_replaceable(path))
		return write_to(report, path, form);
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	ret = write_to(report, part, form);
	if (ret == 0 && rename(part, path) != 0)
		ret = -errno;
	if (ret != 0)
		unlink(part);
	return ret;
}
