/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the formats in which /proc tells about mappings, policies and threads.
 * Must not: read a file, or be lenient: what the kernel does not write is -EINVAL.
 * Called by: membind_vma.c, membind_process.c, membind_thread.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <numaif.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "membind_priv.h"

/* numa_maps has room for this many characters of a policy, and cuts what is longer. */
#define POLICY_TEXT_MAX 63

/* A hexadecimal number without prefix, and the character behind it. */
static int
hex(const char **text, char behind, uintptr_t *value)
{
	char *end;

	/* strtoull() would take blanks and signs too. */
	if (strchr("0123456789abcdef", **text) == NULL || **text == '\0')
		return -EINVAL;
	*value = strtoull(*text, &end, 16);
	if (*end != behind)
		return -EINVAL;
	*text = end + 1;
	return 0;
}

/* "rw-p " */
static int
permissions(const char *text, struct membind_vma *vma)
{
	static const char letters[] = "rwx";
	static const int bits[] = { PROT_READ, PROT_WRITE, PROT_EXEC };

	vma->prot = 0;
	for (int i = 0; i < 3; i++) {
		if (text[i] == letters[i])
			vma->prot |= bits[i];
		else if (text[i] != '-')
			return -EINVAL;
	}
	if ((text[3] != 'p' && text[3] != 's') || text[4] != ' ')
		return -EINVAL;
	vma->shared = text[3] == 's';
	return 0;
}

/* "7ffc0-7ffd0 rw-p 00000000 00:00 0      [stack]" */
int
membind_parse_vma(const char *line, struct membind_vma *vma)
{
	struct membind_vma found = { 0 };
	char *end;

	if (hex(&line, '-', &found.start) < 0 || hex(&line, ' ', &found.end) < 0 ||
	    found.start >= found.end || permissions(line, &found) < 0)
		return -EINVAL;
	line += 5;
	for (int i = 0; i < 2; i++) { /* Offset and device. */
		line = strchr(line, ' ');
		if (line == NULL)
			return -EINVAL;
		line++;
	}
	if (*line < '0' || *line > '9')
		return -EINVAL;
	found.object = strtoull(line, &end, 10) != 0;
	end += strspn(end, " ");
	strncpy(found.name, end, sizeof(found.name) - 1);
	*vma = found;
	return 0;
}

int
membind_parse_page_size(const char *line, size_t *page_size)
{
	static const char key[] = "KernelPageSize:";
	unsigned long long kib;
	char *end;

	if (strncmp(line, key, strlen(key)) != 0)
		return -EINVAL;
	line += strlen(key);
	line += strspn(line, " ");
	if (*line < '0' || *line > '9')
		return -EINVAL;
	kib = strtoull(line, &end, 10);
	if (kib == 0 || (kib & (kib - 1)) != 0 || kib > SIZE_MAX / 1024 || strcmp(end, " kB") != 0)
		return -EINVAL;
	*page_size = kib * 1024;
	return 0;
}

/* The longer names first where one begins like another. */
static const struct {
	const char *name;
	int mode;
} kernel_names[] = {
	{ "default", MPOL_DEFAULT },
	{ "local", MPOL_LOCAL },
	{ "bind", MPOL_BIND },
	{ "interleave", MPOL_INTERLEAVE },
	{ "weighted interleave", MEMBIND_MODE_WEIGHTED_INTERLEAVE },
	{ "prefer (many)", MEMBIND_MODE_PREFERRED_MANY },
	{ "prefer", MPOL_PREFERRED },
};

static int
policy_name(const char **text, int *mode)
{
	for (size_t i = 0; i < sizeof(kernel_names) / sizeof(kernel_names[0]); i++) {
		size_t len = strlen(kernel_names[i].name);

		if (strncmp(*text, kernel_names[i].name, len) != 0 ||
		    strchr(" :=", (*text)[len]) == NULL)
			continue;
		*text += len;
		*mode = kernel_names[i].mode;
		return 0;
	}
	return -ENOTSUP;
}

/* "bind=static:0-1 anon=1 dirty=1 N0=1" from "bind" on. */
static int
policy_text(const char *text, struct membind_kernel_policy *policy)
{
	const char *start = text;
	char list[POLICY_TEXT_MAX + 1];
	size_t len;
	int ret;

	rte_numa_mask_zero(&policy->nodes);
	ret = policy_name(&text, &policy->mode);
	if (ret < 0)
		return ret;
	if (*text == '=')
		text += strcspn(text, ": ");
	len = *text == ':' ? strcspn(text + 1, " ") : 0;
	if (text - start + 1 + len >= POLICY_TEXT_MAX)
		return -ENOTSUP;
	if (len == 0)
		return 0;
	memcpy(list, text + 1, len);
	list[len] = '\0';
	return rte_numa_mask_parse(list, &policy->nodes) < 0 ? -EINVAL : 0;
}

int
membind_parse_numa_maps(const char *line, uintptr_t *start, struct membind_kernel_policy *policy)
{
	struct membind_kernel_policy found;
	uintptr_t addr;
	int ret;

	if (hex(&line, ' ', &addr) < 0)
		return -EINVAL;
	ret = policy_text(line, &found);
	if (ret < 0)
		return ret;
	*start = addr;
	*policy = found;
	return 0;
}

/* "1 (name, of any characters) S 0 1 1 0 -1 4194560 ..." */
int
membind_parse_stat(const char *line, struct membind_stat *stat)
{
	const char *at = strrchr(line, ')');
	struct membind_stat found = { 0 };
	char *end;

	if (at == NULL)
		return -EINVAL;
	at++;
	for (int field = 3; field <= 22; field++) { /* As proc(5) numbers them. */
		if (*at++ != ' ')
			return -EINVAL;
		if (field == 3)
			found.state = *at;
		if (field == 9)
			found.flags = strtoul(at, NULL, 10);
		if (field == 22) {
			found.start_time = strtoull(at, &end, 10);
			if (end == at)
				return -EINVAL;
		}
		at += strcspn(at, " ");
	}
	*stat = found;
	return 0;
}
