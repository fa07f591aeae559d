/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* What users of an allocator without bulk calls write: included by such a way's file. */

#ifndef SINGLY_H
#define SINGLY_H

#include <rte_branch_prediction.h>

static inline bool
get_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		ptrs[i] = get_fixed(l, ITEM_64);
		if (unlikely(ptrs[i] == NULL))
			return false;
	}
	return true;
}

static inline void
put_bulk(const struct local *l, void **ptrs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put_fixed(l, ptrs[i], ITEM_64);
}

#endif /* SINGLY_H */
