/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef STUB_RTE_FASTMEM_H
#define STUB_RTE_FASTMEM_H

/*
 * The part of fastmem that a worker uses, over malloc: tests of flowtrack's own code include this
 * in place of the library's header, need no EAL for it, and can make memory run out.
 */

#include <stddef.h>
#include <stdint.h>

#define RTE_FASTMEM_MAX_CLASSES 80

typedef uint32_t rte_fastmem_handle_t;

/** Blocks that are allocated now. */
extern unsigned int stub_blocks;

/** Blocks that may be allocated at once; one more fails. */
extern unsigned int stub_blocks_max;

unsigned int
rte_fastmem_classes(size_t *sizes);

int
rte_fastmem_hlookup(size_t size, size_t align, int node_id, rte_fastmem_handle_t *handle);

void *
rte_fastmem_alloc(size_t size, size_t align, unsigned int flags);

void
rte_fastmem_free_sized(void *ptr, size_t size, size_t align);

void *
rte_fastmem_halloc(rte_fastmem_handle_t handle, unsigned int flags);

void
rte_fastmem_hfree(rte_fastmem_handle_t handle, void *ptr);

#endif /* STUB_RTE_FASTMEM_H */
