/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_REGION_H
#define RTE_MEMALLOC_REGION_H

/**
 * @file
 *
 * An allocator each of whose allocations is a region of its own (rte_memregion.h): on the nodes and
 * in the pages asked for, for a few large ones. Each takes whole pages and system calls.
 *
 * Thread-safe, reusing and checking. rte_memalloc_alloc() fails with what rte_memregion_create()
 * said, rte_memalloc_free() with what rte_memregion_destroy() did. No EAL.
 */

#include <rte_memalloc.h>
#include <rte_memregion.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Create an allocator of regions.
 *
 * Context: MT-safe; may sleep; needs no EAL.
 *
 * @param opts
 *   What each region is to be like, or NULL for regions without options. Copied, and first looked at
 *   when there is something to allocate.
 * @param[out] alloc
 *   Set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p alloc is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_region_create(const struct rte_memregion_opts *opts, struct rte_memalloc **alloc);

/**
 * The region of an allocation, to ask it for its placement, or to change that.
 *
 * @param alloc
 *   An allocator of rte_memalloc_region_create(), not NULL.
 * @param mem
 *   An allocation of it.
 *
 * @return
 *   The region, until @p mem is freed, or its size changes; it must not be destroyed or resized.
 *   NULL: @p mem is no allocation of it.
 */
struct rte_memregion *
rte_memalloc_region_of(struct rte_memalloc *alloc, const void *mem);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_REGION_H */
