/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a stand-in for fastmem over malloc, so that sanitizers see each block.
 * Must not: be linked into anything but tests.
 * Called by: mem.c in the tests of flowtrack.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rte_fastmem.h"

#define CLASSES 15

unsigned int stub_blocks;
unsigned int stub_blocks_max = UINT_MAX;

/* 64 B to 1 MiB. */
unsigned int
rte_fastmem_classes(size_t *sizes)
{
	unsigned int i;

	for (i = 0; sizes != NULL && i < CLASSES; i++)
		sizes[i] = (size_t)64 << i;
	return CLASSES;
}

int
rte_fastmem_hlookup(size_t size, size_t align, int node_id, rte_fastmem_handle_t *handle)
{
	(void)align;
	(void)node_id;
	*handle = size;
	return 0;
}

/* What is allocated is never zero by chance. */
void *
rte_fastmem_alloc(size_t size, size_t align, unsigned int flags)
{
	void *ptr;

	(void)align;
	(void)flags;
	if (stub_blocks >= stub_blocks_max)
		return NULL;
	ptr = malloc(size);
	if (ptr == NULL)
		abort();
	memset(ptr, 0xa5, size);
	stub_blocks++;
	return ptr;
}

void
rte_fastmem_free_sized(void *ptr, size_t size, size_t align)
{
	(void)size;
	(void)align;
	stub_blocks--;
	free(ptr);
}

void *
rte_fastmem_halloc(rte_fastmem_handle_t handle, unsigned int flags)
{
	return rte_fastmem_alloc(handle, 0, flags);
}

void
rte_fastmem_hfree(rte_fastmem_handle_t handle, void *ptr)
{
	rte_fastmem_free_sized(ptr, handle, 0);
}
