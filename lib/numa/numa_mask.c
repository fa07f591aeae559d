/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: masks of nodes as text.
 * Must not: know which nodes there are.
 * Called by: applications, every library above, numa_query.c.
 */

#include <stdio.h>

#include "numa_priv.h"

int
rte_numa_mask_parse(const char *text, struct rte_numa_mask *mask)
{
	if (text == NULL || mask == NULL)
		return -EINVAL;
	return numa_parse_ids(text, mask->words, RTE_NUMA_MAX_NODES);
}

size_t
rte_numa_mask_text(const struct rte_numa_mask *mask, char *buf, size_t size)
{
	size_t len = 0;
	int first, last;

	if (size > 0)
		buf[0] = '\0';
	for (first = rte_numa_mask_next(mask, -1); first >= 0;
	     first = rte_numa_mask_next(mask, last)) {
		char range[32];
		int n;

		for (last = first; rte_numa_mask_test(mask, last + 1);)
			last++;
		if (last > first)
			n = snprintf(range, sizeof(range), "%d-%d", first, last);
		else
			n = snprintf(range, sizeof(range), "%d", first);
		if (len < size)
			snprintf(buf + len, size - len, "%s%s", len > 0 ? "," : "", range);
		len += n + (len > 0);
	}
	return len;
}
