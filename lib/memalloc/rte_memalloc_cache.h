/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_CACHE_H
#define RTE_MEMALLOC_CACHE_H

/**
 * @file
 *
 * What the processor's data caches are like, what follows from that for memory, and an allocator that
 * heeds it.
 *
 * Sizes, lines, ways and sharing are read from the kernel, latency is measured; nothing is assumed
 * about a machine that does not tell. No EAL.
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_memalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most levels of data caches that are told of. */
#define RTE_MEMALLOC_CACHE_LEVELS 5

/** A level of data, or unified, caches as one CPU sees it. */
struct rte_memalloc_cache_level {
	uint64_t size;	  /**< Bytes. */
	uint32_t line;	  /**< Bytes that are fetched at once; a power of two. */
	uint32_t ways;	  /**< Lines that may have the same place; 0 if the kernel does not say. */
	uint32_t sets;	  /**< Places; 0 if the kernel does not say. */
	uint32_t nb_cpus; /**< CPUs that share it; 1 at least. */
};

/** The data caches of one CPU. */
struct rte_memalloc_cache_facts {
	int cpu;	    /**< The CPU. */
	uint32_t nb_levels; /**< At least 1. */
	/** The first one is level 1. */
	struct rte_memalloc_cache_level level[RTE_MEMALLOC_CACHE_LEVELS];
};

/**
 * Read what the caches of a CPU are like.
 *
 * Context: MT-safe; reads files; needs no EAL.
 *
 * @param root
 *   Where sysfs is mounted, or NULL for /sys.
 * @param cpu
 *   The CPU, or -1 for the one that the caller runs on: CPUs of one machine may differ.
 * @param[out] facts
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p facts is NULL, or what the kernel says makes no sense
 *   - -ENOTSUP: the kernel does not tell of this CPU's caches, as in some virtual machines
 *   - another errno of open(2) or read(2)
 */
int
rte_memalloc_cache_read(const char *root, int cpu, struct rte_memalloc_cache_facts *facts);

/**
 * The alignment, and size, that keeps what different threads write out of each other's lines.
 *
 * Context: any; no system call.
 *
 * @param facts
 *   The caches, not NULL.
 *
 * @return
 *   Bytes: the largest line of all levels.
 */
size_t
rte_memalloc_cache_line(const struct rte_memalloc_cache_facts *facts);

/**
 * The distance of addresses that fall into the same places of a level.
 *
 * Context: any; no system call.
 *
 * @param facts
 *   The caches, not NULL.
 * @param level
 *   From 1.
 *
 * @return
 *   Bytes: sets times line; 0 if there is no such level, or the kernel does not say.
 */
size_t
rte_memalloc_cache_stride(const struct rte_memalloc_cache_facts *facts, unsigned int level);

/**
 * The size of block to cut work into, so that it stays in a level while it is worked on.
 *
 * The largest power of two of elements in a quarter of the CPU's share: the rest is for what else the
 * work touches.
 *
 * Context: any; no system call.
 *
 * @param facts
 *   The caches, not NULL.
 * @param level
 *   From 1.
 * @param element_size
 *   Bytes of an element, > 0.
 *
 * @return
 *   Bytes, a multiple of @p element_size, one element at least; 0 if there is no such level, or
 *   @p element_size is 0.
 */
size_t
rte_memalloc_cache_block(const struct rte_memalloc_cache_facts *facts, unsigned int level,
			 size_t element_size);

/**
 * How far ahead to prefetch: so many lines that the work on them takes as long as fetching one.
 *
 * Context: any; no system call.
 *
 * @param facts
 *   The caches, not NULL.
 * @param latency_ns
 *   Nanoseconds that a load takes from where the data are, see rte_memalloc_cache_latency().
 * @param work_ns
 *   Nanoseconds that the work on the data of one line takes, > 0.
 *
 * @return
 *   Bytes, whole lines: 1 at least, and no more than half of level 1 holds, lest they are gone again
 *   when they are needed. 0 if a number is no such.
 */
size_t
rte_memalloc_cache_prefetch(const struct rte_memalloc_cache_facts *facts, double latency_ns,
			    double work_ns);

/**
 * Measure what a load takes from a working set: each address depends on the load before.
 *
 * Context: MT-safe; takes milliseconds, for hundreds of megabytes seconds; needs no EAL.
 *
 * @param facts
 *   The caches, not NULL.
 * @param size
 *   Bytes of the working set, two lines at least: half of a level to measure that, many times the
 *   last one to measure memory.
 * @param[out] ns
 *   Nanoseconds a load, set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: a pointer is NULL, or @p size too small
 *   - -ENOMEM: out of memory
 */
int
rte_memalloc_cache_latency(const struct rte_memalloc_cache_facts *facts, size_t size, double *ns);

/**
 * Wrap an allocator so that its allocations suit the caches.
 *
 * Each begins a line and has its lines for itself. One that is as large as the distance of addresses
 * that meet in level 1 is *coloured*: successive ones begin at different places of level 1, so that
 * several which are walked side by side do not drive each other out of it. Without colours, large
 * allocations all begin at the same place, that of a page's beginning. An alignment that was asked
 * for is kept. Where the kernel does not tell of sets there are no colours, nor of an allocator with
 * RTE_MEMALLOC_F_KEEPS, whose allocations are to be found again where it says that they are.
 *
 * Promises are those of the inner allocator, which the wrapper owns, as those of rte_memalloc_wrap.h.
 *
 * @param inner
 *   The allocator; of kind "cache-aware" from then on.
 * @param facts
 *   The caches, or NULL for those of the CPU that the caller runs on. Copied.
 * @param[out] alloc
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p inner or @p alloc is NULL, or @p facts are none
 *   - -ENOMEM: out of memory
 *   - what rte_memalloc_cache_read() said
 */
int
rte_memalloc_cache_create(struct rte_memalloc *inner, const struct rte_memalloc_cache_facts *facts,
			  struct rte_memalloc **alloc);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_CACHE_H */
