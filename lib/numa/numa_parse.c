/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the formats in which the kernel writes about nodes.
 * Must not: read a file, allocate, or be lenient: what the kernel does not write is -EINVAL.
 * Called by: the files that have the kernel's text from numa_sysfs.c.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "numa_priv.h"

/* Fields of /proc/TID/stat, by their numbers in proc(5). */
#define STAT_NAME      2
#define STAT_PROCESSOR 39

/*
 * Decimal digits only: strtoull() would take blanks, signs and nothing at all. -ERANGE if it is a
 * number above max, with *text behind it all the same.
 */
static int
number(const char **text, uint64_t max, uint64_t *value)
{
	const char *s = *text;
	bool fits = true;
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		unsigned int digit = *s - '0';

		fits = fits && v <= (max - digit) / 10;
		v = v * 10 + digit;
	}
	*text = s;
	if (!fits)
		return -ERANGE;
	*value = v;
	return 0;
}

static bool
at_end(const char *s)
{
	return s[0] == '\0' || (s[0] == '\n' && s[1] == '\0');
}

static int
list_range(const char **text, unsigned int nbits, uint64_t *first, uint64_t *last)
{
	int ret = number(text, nbits - 1, first), end;

	*last = *first;
	if (ret == -EINVAL || **text != '-')
		return ret;
	(*text)++;
	end = number(text, nbits - 1, last);
	if (end == -EINVAL || (ret == -ERANGE && end == 0))
		return -EINVAL;
	if (ret == 0 && end == 0 && *last < *first)
		return -EINVAL;
	return end;
}

/* With a NULL mask: check only. */
static int
list_walk(const char *text, uint64_t *mask, unsigned int nbits)
{
	uint64_t first = 0, last = 0;
	int ret = 0, range;

	if (at_end(text))
		return 0;
	for (;;) {
		range = list_range(&text, nbits, &first, &last);
		if (range == -EINVAL)
			return -EINVAL;
		if (range < 0)
			ret = range;
		for (uint64_t bit = first; mask != NULL && bit <= last; bit++)
			mask[bit / 64] |= UINT64_C(1) << (bit % 64);
		if (at_end(text))
			return ret;
		if (*text++ != ',')
			return -EINVAL;
	}
}

int
numa_parse_ids(const char *text, uint64_t *mask, unsigned int nbits)
{
	int ret = list_walk(text, NULL, nbits);

	if (ret < 0)
		return ret;
	memset(mask, 0, NUMA_MASK_WORDS(nbits) * sizeof(*mask));
	return list_walk(text, mask, nbits);
}

int
numa_parse_list(const char *text, uint64_t *mask, unsigned int nbits)
{
	return numa_parse_ids(text, mask, nbits) < 0 ? -EINVAL : 0;
}

/* With a NULL row: check only. */
static int
distances_walk(const char *text, uint16_t *row, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint64_t distance;

		if (i > 0 && *text++ != ' ')
			return -EINVAL;
		if (number(&text, UINT16_MAX, &distance) < 0 || distance == 0)
			return -EINVAL;
		if (row != NULL)
			row[i] = distance;
	}
	return at_end(text) ? 0 : -EINVAL;
}

int
numa_parse_distances(const char *text, uint16_t *row, unsigned int n)
{
	if (distances_walk(text, NULL, n) < 0)
		return -EINVAL;
	return distances_walk(text, row, n);
}

int
numa_parse_count(const char *text, uint64_t *count)
{
	uint64_t value;

	if (number(&text, UINT64_MAX, &value) < 0 || !at_end(text))
		return -EINVAL;
	*count = value;
	return 0;
}

int
numa_parse_id(const char *text, int *id)
{
	bool none = text[0] == '-';
	uint64_t value;

	text += none;
	if (number(&text, INT_MAX, &value) < 0 || !at_end(text) || (none && value != 1))
		return -EINVAL;
	*id = none ? -1 : (int)value;
	return 0;
}

int
numa_parse_numbered(const char *name, const char *prefix, int *id)
{
	size_t len = strlen(prefix);
	uint64_t value;

	if (strncmp(name, prefix, len) != 0)
		return -EINVAL;
	name += len;
	if (number(&name, INT_MAX, &value) < 0 || *name != '\0')
		return -EINVAL;
	*id = value;
	return 0;
}

int
numa_parse_stat(const char *text, int *cpu)
{
	/* The name before it is the thread's own and may hold anything, brackets too. */
	const char *s = strrchr(text, ')');
	uint64_t value;

	for (unsigned int field = STAT_NAME; field < STAT_PROCESSOR; field++) {
		s = s != NULL ? strchr(s, ' ') : NULL;
		if (s != NULL)
			s++;
	}
	if (s == NULL || number(&s, INT_MAX, &value) < 0 || (*s != ' ' && !at_end(s)))
		return -EINVAL;
	*cpu = value;
	return 0;
}

/* Exactly n hexadecimal digits. */
static int
hex(const char **text, unsigned int n, unsigned int *value)
{
	unsigned int v = 0;

	for (unsigned int i = 0; i < n; i++) {
		char c = *(*text)++;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -EINVAL;
	}
	*value = v;
	return 0;
}

int
numa_parse_pci(const char *text, struct numa_pci *pci)
{
	struct numa_pci found = { .domain = 0 };
	const char *colon = strchr(text, ':');

	if (colon != NULL && strchr(colon + 1, ':') != NULL) {
		if (colon - text < 4 || colon - text > 8)
			return -EINVAL;
		if (hex(&text, colon - text, &found.domain) < 0 || *text++ != ':')
			return -EINVAL;
	}
	if (hex(&text, 2, &found.bus) < 0 || *text++ != ':' || hex(&text, 2, &found.device) < 0 ||
	    *text++ != '.' || hex(&text, 1, &found.function) < 0 || *text != '\0')
		return -EINVAL;
	if (found.device > 0x1f || found.function > 7)
		return -EINVAL;
	*pci = found;
	return 0;
}

/* Find the line "Node 0 MemFree:        4516536 kB"; -ENOENT if there is none. */
static int
meminfo_field(const char *text, int node_id, const char *name, uint64_t *bytes)
{
	char key[64];
	size_t len = snprintf(key, sizeof(key), "Node %d %s:", node_id, name);
	uint64_t kib;

	while (strncmp(text, key, len) != 0) {
		text = strchr(text, '\n');
		if (text == NULL)
			return -ENOENT;
		text++;
	}
	text += len;
	text += strspn(text, " ");
	if (number(&text, UINT64_MAX / 1024, &kib) < 0 || strncmp(text, " kB\n", 4) != 0)
		return -EINVAL;
	*bytes = kib * 1024;
	return 0;
}

/* What the kernel can take back; an old one does not tell all of it. */
static int
meminfo_reclaimable(const char *text, int node_id, uint64_t *bytes)
{
	static const char *const fields[] = { "Active(file)", "Inactive(file)", "SReclaimable" };
	uint64_t sum = 0, value;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int ret = meminfo_field(text, node_id, fields[i], &value);

		if (ret == -ENOENT)
			continue;
		if (ret < 0 || __builtin_add_overflow(sum, value, &sum))
			return -EINVAL;
	}
	*bytes = sum;
	return 0;
}

int
numa_parse_meminfo(const char *text, int node_id, struct rte_numa_memory *mem)
{
	struct rte_numa_memory found;

	if (meminfo_field(text, node_id, "MemTotal", &found.total) < 0 ||
	    meminfo_field(text, node_id, "MemFree", &found.free) < 0 ||
	    meminfo_reclaimable(text, node_id, &found.reclaimable) < 0)
		return -EINVAL;
	*mem = found;
	return 0;
}

int
numa_parse_pool_name(const char *name, uint64_t *page_size)
{
	static const char prefix[] = "hugepages-";
	uint64_t kib;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return -EINVAL;
	name += strlen(prefix);
	if (number(&name, UINT64_MAX / 1024, &kib) < 0 || strcmp(name, "kB") != 0)
		return -EINVAL;
	if (kib == 0 || (kib & (kib - 1)) != 0)
		return -EINVAL;
	*page_size = kib * 1024;
	return 0;
}
