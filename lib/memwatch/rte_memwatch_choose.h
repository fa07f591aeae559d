/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMWATCH_CHOOSE_H
#define RTE_MEMWATCH_CHOOSE_H

/**
 * @file
 *
 * What lib/memalloc's choice of memory is to know of pressure: it takes it as an argument, and this
 * gives it.
 *
 * Functions are MT-safe, and fail as those of rte_memwatch.h.
 */

#include <rte_memalloc.h>
#include <rte_memalloc_choose.h>
#include <rte_memwatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What this machine has, with pressure and memory as they are watched: limits of cgroups, stalls and
 * fastmem count, which rte_memalloc_facts_read() does not know of.
 *
 * Context: control path, reads files.
 *
 * @param node_id
 *   Where memory is to be allocated: the higher of the node's level and the machine's counts, and what
 *   can be had there; RTE_NUMA_NODE_ANY: those of the machine.
 * @param[out] facts
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p facts is NULL, there is no such node, or it has no memory
 *   - what rte_memalloc_facts_read() or rte_memwatch_current() said
 */
int
rte_memwatch_facts(int node_id, struct rte_memalloc_facts *facts);

/**
 * Have a choice go by what is watched, now and at each change of the machine's level: that is
 * rte_memalloc_auto_inform(), or rte_memalloc_choose_inform(), with rte_memwatch_facts().
 *
 * Context: control path, reads files.
 *
 * @param alloc
 *   An allocator of rte_memalloc_auto_create(), which has to be there until rte_memwatch_unregister() was
 *   called with what this returns; NULL: rte_memalloc_choose().
 *
 * @return
 *   A number for rte_memwatch_unregister(), > 0, otherwise a negative errno as of the functions named.
 */
int
rte_memwatch_choose_follow(struct rte_memalloc *alloc);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMWATCH_CHOOSE_H */
