/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_WRAP_H
#define RTE_MEMALLOC_WRAP_H

/**
 * @file
 *
 * Allocators that add something to another one: that make it thread-safe, keep it within a limit,
 * know of each of its allocations, or write down what it does. They nest in any order.
 *
 * A wrapper owns what it wraps, from when it was created: destroying it destroys both, or, when that
 * fails, neither. All memory goes through the wrapper. What it wraps may still be used for what only
 * its kind can do, such as rewinding an arena, under that kind's own rules: a wrapper does not see it.
 *
 * Unless a function says otherwise it is MT-safe, may sleep, and needs no EAL. When creating fails,
 * the inner allocator stays the caller's. Promises are those of the inner one, and more where said.
 */

#include <stdint.h>
#include <stdio.h>

#include <rte_memalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make an allocator thread-safe: one call at a time, the others wait.
 *
 * @param inner
 *   The allocator; of kind "locked" from then on, and promising RTE_MEMALLOC_F_THREAD_SAFE too.
 * @param[out] alloc
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_locked_create(struct rte_memalloc *inner, struct rte_memalloc **alloc);

/**
 * Keep an allocator within a limit: what would exceed it fails with -ENOMEM.
 *
 * Counted are usable sizes, and, without RTE_MEMALLOC_F_REUSES, what the statistics say is allocated.
 * Several threads together stay within it as well. What rounding adds to a change of size, or without
 * reuse to any allocation, may exceed it by that.
 *
 * @param inner
 *   The allocator; of kind "limit" from then on. What it has handed out counts.
 * @param size
 *   The limit in bytes.
 * @param[out] alloc
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_limit_create(struct rte_memalloc *inner, uint64_t size, struct rte_memalloc **alloc);

/** An allocation that a tracking allocator knows of. */
struct rte_memalloc_tracked {
	void *mem;	 /**< Where it is. */
	size_t size;	 /**< Bytes that were asked for. */
	size_t align;	 /**< Alignment that was asked for. */
	uint64_t serial; /**< From 1: the how manieth allocation or change of size it was. */
	uint64_t thread; /**< The thread that asked for it, as gettid(2) numbers it. */
};

/**
 * Told of an allocation. It must not use the allocator.
 *
 * @param tracked
 *   The allocation; valid during the call.
 * @param arg
 *   As given.
 *
 * @return
 *   0 to go on, anything else to stop.
 */
typedef int (*rte_memalloc_tracked_t)(const struct rte_memalloc_tracked *tracked, void *arg);

/**
 * Know of each allocation: refuse to free what is none, and name what was not freed.
 *
 * Counts for itself, so its statistics begin at 0 and are right of an allocator that keeps none.
 * When something is in use still, rte_memalloc_destroy() names the oldest; with RTE_MEMALLOC_F_KEEPS,
 * which is no leak, it does not.
 *
 * @param inner
 *   The allocator; of kind "tracking" from then on, and promising RTE_MEMALLOC_F_CHECKS too.
 * @param[out] alloc
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_tracking_create(struct rte_memalloc *inner, struct rte_memalloc **alloc);

/**
 * Show all allocations that have not been freed, in no particular order.
 *
 * Other threads that allocate or free wait meanwhile.
 *
 * @param alloc
 *   An allocator of rte_memalloc_tracking_create().
 * @param show
 *   Told of each.
 * @param arg
 *   Handed to @p show.
 *
 * @return
 *   0 on success, -EINVAL if @p alloc is none, or @p show NULL; what @p show stopped with.
 */
int
rte_memalloc_tracking_show(struct rte_memalloc *alloc, rte_memalloc_tracked_t show, void *arg);

/**
 * Bytes that were asked for in all allocations that have not been freed. Against the statistics'
 * @a allocated and @a held it tells what is lost to rounding.
 *
 * @param alloc
 *   An allocator of rte_memalloc_tracking_create().
 *
 * @return
 *   Bytes; 0 if @p alloc is none.
 */
uint64_t
rte_memalloc_tracking_asked(struct rte_memalloc *alloc);

/**
 * Write down each allocation, change of size, free and reset of the peak: a line of JSON each.
 *
 * A line is an object with "time_ns" (CLOCK_MONOTONIC, before), "took_ns", "thread" (as gettid(2)
 * numbers it), "op" ("alloc", "realloc", "free", "reset_peak", "destroy"), what was asked ("size",
 * "align", "from", "mem"), "ret", and the text "error" if that is negative. Lines of several threads
 * do not mix. That a line cannot be written fails no call: see rte_memalloc_logging_lost().
 *
 * @param inner
 *   The allocator; of kind "logging" from then on.
 * @param stream
 *   Where to, opened, buffered and closed by the caller, after the allocator was destroyed.
 * @param[out] alloc
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_logging_create(struct rte_memalloc *inner, FILE *stream, struct rte_memalloc **alloc);

/**
 * How many lines could not be written.
 *
 * @param alloc
 *   An allocator of rte_memalloc_logging_create().
 *
 * @return
 *   Lines; 0 if @p alloc is none.
 */
uint64_t
rte_memalloc_logging_lost(struct rte_memalloc *alloc);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_WRAP_H */
