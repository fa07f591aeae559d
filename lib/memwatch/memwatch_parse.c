/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the formats of /proc/meminfo and of /proc/pressure/memory.
 * Must not: read a file.
 * Called by: memwatch_read.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memwatch_priv.h"

/* A line "MemTotal:       24684084 kB". */
static int
field(const char *text, const char *name, uint64_t *bytes)
{
	size_t len = strlen(name);
	uint64_t kib;
	char unit;

	while (strncmp(text, name, len) != 0 || text[len] != ':') {
		text = strchr(text, '\n');
		if (text == NULL)
			return -EINVAL;
		text++;
	}
	text += len + 1;
	text += strspn(text, " ");
	if (*text < '0' || *text > '9' || sscanf(text, "%" SCNu64 " k%c", &kib, &unit) != 2 ||
	    unit != 'B' || kib > UINT64_MAX / 1024)
		return -EINVAL;
	*bytes = kib * 1024;
	return 0;
}

int
mw_parse_meminfo(const char *text, uint64_t *total, uint64_t *available, uint64_t *huge)
{
	uint64_t all, had, pools;

	if (field(text, "MemTotal", &all) < 0 || field(text, "MemAvailable", &had) < 0)
		return -EINVAL;
	/* Of Linux 4.16; one built without hugepages has none. */
	if (field(text, "Hugetlb", &pools) < 0)
		pools = 0;
	*total = all;
	*available = had;
	*huge = pools;
	return 0;
}

int
mw_parse_pressure(const char *text, unsigned int *stall)
{
	unsigned int whole, hundredths;
	char total;

	if (sscanf(text, "some avg10=%3u.%2u avg60=%*u.%*u avg300=%*u.%*u tota%c", &whole,
		   &hundredths, &total) != 3 ||
	    total != 'l' || whole > 100)
		return -EINVAL;
	whole = whole * 10 + hundredths / 10;
	*stall = whole < MW_FULL ? whole : MW_FULL;
	return 0;
}
