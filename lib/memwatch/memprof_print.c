/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how text is put into a file that the caller opened, and figures into words.
 * Must not: open files, or write to one that was not given.
 * Called by: memprof_report.c, memprof_stacks.c, memprof_judge.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "memprof_priv.h"
#include "memwatch_priv.h"

void
mp_print(FILE *file, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs(text, file);
}

int
mp_print_end(FILE *file)
{
	int rc = fflush(file);

	if (rc == 0 && !ferror(file))
		return 0;
	return mw_fail(-EIO, "the file does not take what is written: %s",
		       rc != 0 ? strerror(errno) : "an earlier write failed");
}

/* One of a few texts by turns, so that a line may have several. */
static char *
turn(size_t *size)
{
	static __thread char texts[4][32];
	static __thread unsigned int at;

	*size = sizeof(texts[0]);
	return texts[at++ % 4];
}

const char *
mp_bytes(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double figure = (double)bytes / 1024;
	unsigned int unit = 0;
	size_t size;
	char *text = turn(&size);

	if (bytes < 10240) {
		snprintf(text, size, "%" PRIu64 " bytes", bytes);
		return text;
	}
	for (; figure >= 1024 && unit < 4; unit++)
		figure /= 1024;
	snprintf(text, size, "%.1f %s", figure, units[unit]);
	return text;
}

const char *
mp_ns(uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double figure = (double)ns;
	unsigned int unit = 0;
	size_t size;
	char *text = turn(&size);

	for (; figure >= 1000 && unit < 3; unit++)
		figure /= 1000;
	snprintf(text, size, figure < 10 && unit != 0 ? "%.1f %s" : "%.0f %s", figure, units[unit]);
	return text;
}
