/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_MEMALLOC_FASTMEM_H
#define RTE_MEMALLOC_FASTMEM_H

/**
 * @file
 *
 * The allocator interface (rte_memalloc.h) over fastmem (rte_fastmem.h): for code that takes any
 * allocator, on hugepages reserved per node.
 *
 * Thread-safe, also for threads that EAL does not know, and reusing; a free of what fastmem never
 * gave out is refused with -EINVAL, other wrong frees are undefined. It makes no system call where
 * fastmem makes none. An allocator belongs to the process that made it; its blocks are fastmem's and
 * could be freed with rte_fastmem_free() as well, but its statistics would not know.
 */

#include <rte_memalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Create an allocator over fastmem.
 *
 * It serves sizes of up to what the node has and alignments up to RTE_FASTMEM_MAX_SIZE. Several
 * share what fastmem has reserved; each counts its own. The peak is exact as long as one thread uses
 * it, among several to 64 KiB a thread.
 *
 * Context: MT-safe; may sleep; needs EAL and rte_fastmem_init(), and has to be destroyed before
 * rte_fastmem_deinit().
 *
 * @param node_id
 *   That node only; RTE_NUMA_NODE_ANY: the calling thread's, then the others, nearest first.
 * @param[out] alloc
 *   Set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno with its text in rte_memalloc_error():
 *   - -EINVAL: @p alloc is NULL; no such node or one without memory
 *   - -ENODEV: fastmem is not initialised
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_fastmem_create(int node_id, struct rte_memalloc **alloc);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_FASTMEM_H */
