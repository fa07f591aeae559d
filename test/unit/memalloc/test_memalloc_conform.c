/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which allocators of this library are checked for what all have in common, and how each is
 *   made for that.
 * Must not: check what only one kind does.
 * Called by: meson test.
 */

#include <rte_memalloc_system.h>

#include "conform.h"

#define KIB ((size_t)1 << 10)

static const struct conform kinds[] = {
	{
		.kind = "system",
		.create = rte_memalloc_system_create,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
		.max_size = 8 * KIB,
		.max_align = 64 * KIB,
		.nb = 64,
	},
};

int
main(void)
{
	return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
