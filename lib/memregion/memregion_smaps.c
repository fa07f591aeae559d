/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what /proc/self/smaps says about a region, from its lines.
 * Must not: read a file, or know what was wished.
 * Called by: memregion_os.c, line by line; tests.
 */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memregion_priv.h"

/* Bytes that [a, b) and [c, d) share. */
static uint64_t
overlap(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t start = a > c ? a : c, end = b < d ? b : d;

	return end > start ? end - start : 0;
}

/* What a mapping's first line says. */
struct mapping {
	uint64_t start, end;
	char access[5];
	char name[PATH_MAX];
};

/* A mapping's first line: "7f1c-7f2c rw-p 00000000 00:11 2112401    /memfd:packets (deleted)". */
static bool
parse_header(const char *line, struct mapping *at)
{
	int used = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %*u%n", &at->start, &at->end,
		   at->access, &used) != 3 ||
	    used == 0)
		return false;
	line += used;
	line += strspn(line, " ");
	snprintf(at->name, sizeof(at->name), "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

/* The kernel writes a name as "[anon:NAME]", and that of a memfd as "/memfd:NAME (deleted)". */
static bool
bears(const struct mapping *at, const char *name)
{
	char wanted[RTE_MEMREGION_NAME_MAX + 32];

	if (name[0] == '\0')
		return false;
	snprintf(wanted, sizeof(wanted), "[anon:%s]", name);
	if (strcmp(at->name, wanted) == 0)
		return true;
	snprintf(wanted, sizeof(wanted), "/memfd:%s (deleted)", name);
	return strcmp(at->name, wanted) == 0;
}

static void
take_header(struct mr_smaps *smaps, const struct mapping *at)
{
	struct mr_seen *seen = &smaps->seen;
	uint64_t guard;

	smaps->inside = overlap(at->start, at->end, smaps->start, smaps->end);
	seen->nb_mappings += smaps->inside > 0;
	guard = overlap(at->start, at->end, smaps->start - smaps->guard, smaps->start) +
		overlap(at->start, at->end, smaps->end, smaps->end + smaps->guard);
	if (strncmp(at->access, "---", 3) == 0) {
		seen->guarded += guard;
		seen->closed += smaps->inside;
	}
	if (bears(at, smaps->name)) {
		if (smaps->inside > 0)
			seen->named += smaps->inside;
		else if (guard > 0)
			seen->named_guards += guard;
	}
}

static void
take_flags(struct mr_smaps *smaps, const char *flags)
{
	if (strstr(flags, " dd") != NULL)
		smaps->seen.nodump += smaps->inside;
	if (strstr(flags, " lo") != NULL)
		smaps->seen.lockable += smaps->inside;
}

/* Counts of a mapping that reaches out of the region cannot be told apart: guards prevent that. */
static void
take_field(struct mr_smaps *smaps, const char *field, uint64_t bytes)
{
	struct mr_seen *seen = &smaps->seen;

	if (strcmp(field, "KernelPageSize") == 0) {
		if (seen->page_size == 0 || bytes < seen->page_size)
			seen->page_size = bytes;
	} else if (strcmp(field, "Rss") == 0) {
		seen->resident += bytes;
	} else if (strcmp(field, "AnonHugePages") == 0) {
		seen->transparent += bytes;
	} else if (strcmp(field, "Shared_Hugetlb") == 0 || strcmp(field, "Private_Hugetlb") == 0) {
		seen->hugetlb += bytes;
	} else if (strcmp(field, "Locked") == 0) {
		seen->locked += bytes;
	}
}

void
mr_smaps_start(struct mr_smaps *smaps, const void *addr, size_t size, size_t guard,
	       const char *name)
{
	memset(smaps, 0, sizeof(*smaps));
	smaps->start = (uintptr_t)addr;
	smaps->end = smaps->start + size;
	smaps->guard = guard;
	snprintf(smaps->name, sizeof(smaps->name), "%s", name);
}

bool
mr_smaps_line(struct mr_smaps *smaps, const char *line)
{
	struct mapping at;
	char field[32];
	uint64_t kb;

	if (parse_header(line, &at)) {
		if (at.start >= smaps->end + smaps->guard)
			return false;
		take_header(smaps, &at);
	} else if (smaps->inside > 0) {
		if (strncmp(line, "VmFlags:", 8) == 0)
			take_flags(smaps, line + 8);
		else if (sscanf(line, "%31[^:]: %" SCNu64 " kB", field, &kb) == 2)
			take_field(smaps, field, kb * 1024);
	}
	return true;
}
