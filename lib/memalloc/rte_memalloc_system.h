/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_SYSTEM_H
#define RTE_MEMALLOC_SYSTEM_H

/**
 * @file
 *
 * The process's own malloc as an allocator: any size and alignment, and counted.
 *
 * Thread-safe. What is freed can be had again. Frees are not checked: a wrapper does that, see
 * rte_memalloc_wrap.h. An allocation is malloc's own and may be given to free(3) as well, which is
 * then not counted.
 */

#include <rte_memalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Create an allocator over malloc. Each counts for itself.
 *
 * Context: MT-safe; may sleep; needs no EAL.
 *
 * @param[out] alloc
 *   Set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p alloc is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_system_create(struct rte_memalloc **alloc);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_SYSTEM_H */
