/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_SAMPLE_H
#define RTE_FASTMEM_SAMPLE_H

/**
 * @file
 * Samples of what this process allocates, and of when it is freed.
 *
 * Who looks at some allocations to know about all: a heap profiler. Nothing is added to the inlined
 * fast path: who samples makes a cache refuse its next block, and what then comes by the slow path
 * is the sample. So without sampling it costs nothing, and with it only what is sampled.
 *
 * There is one sampler in a process at a time. It sees what this process does; another process that
 * uses the same memory has its own.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Interval that makes a sample of every allocation. */
#define RTE_FASTMEM_SAMPLE_ALL 1

/** Place of a sample that is not followed: its end is not told. */
#define RTE_FASTMEM_SAMPLE_NO_PLACE UINT32_MAX

/** Most samples that can be followed until they are freed. */
#define RTE_FASTMEM_SAMPLE_MAX_PLACES (1u << 22)

/** An allocation that was looked at. */
struct rte_fastmem_sample {
	const void *ptr; /**< The block. */
	size_t asked;	 /**< Bytes asked for; 0: not known, as of a handle. */
	size_t given;	 /**< Bytes that the block has. */
	uint64_t blocks; /**< Blocks of this size that it stands for, at least 1: itself and others. */
	uint64_t tsc;	 /**< When, as of rte_rdtsc(). */
	int node_id;	 /**< Where its memory lies. */
	int home_id;	 /**< The node of the thread that asked. */
	uint32_t place; /**< Below max_places: its own until it is freed; or _NO_PLACE. */
};

/** How a sample ended. */
enum rte_fastmem_sample_end {
	RTE_FASTMEM_SAMPLE_FREED, /**< Just now, by the calling thread. */
	RTE_FASTMEM_SAMPLE_FOUND, /**< Some time since the last look at it. */
};

/**
 * What to sample, and who is told.
 *
 * The functions are called by the thread that allocates or frees, with nothing locked; several may
 * run at a time. They may not allocate from fastmem or free to it, nor start or stop sampling.
 */
struct rte_fastmem_sampler {
	/** Bytes allocated for one sample, about; RTE_FASTMEM_SAMPLE_ALL: each allocation. */
	uint64_t interval;
	/** Samples that are followed at a time; a power of two. What finds no place is not. */
	uint32_t max_places;
	/** Called for each sample, before the application has the block. */
	void (*allocated)(const struct rte_fastmem_sample *sample, void *arg);
	/** Called once for each sample whose end is seen, before anybody else may have the block. */
	void (*freed)(const struct rte_fastmem_sample *sample, enum rte_fastmem_sample_end end,
		      uint64_t tsc, void *arg);
	/** Called by rte_fastmem_deinit() before anything else, sampling being on; may be NULL. */
	void (*ending)(void *arg);
	/** What they get. */
	void *arg;
};

/** What a sampler did. */
struct rte_fastmem_sample_stats {
	uint64_t samples;  /**< Allocations looked at. */
	uint64_t lost;	   /**< Of them those that found no place to be followed. */
	uint64_t freed;	   /**< Of them those whose end was seen. */
	uint64_t followed; /**< Of them those that were not seen to end. */
};

/**
 * Begin to sample what this process allocates on any node.
 *
 * With an interval of bytes a sample is taken of a cache after so many bytes went through it, at a
 * random one of the next blocks, and at most every few milliseconds: each says how many blocks it
 * stands for. When a sample is freed shortly after, that is seen at once; otherwise
 * rte_fastmem_sample_poll() finds it, unless another allocation has the block by then.
 *
 * With RTE_FASTMEM_SAMPLE_ALL caches serve nothing by themselves, each operation takes tens of
 * nanoseconds, and each block's end is seen when it comes.
 *
 * Thread-safe; may sleep. Needs rte_fastmem_init().
 *
 * @param sampler
 *   What to sample; copied.
 *
 * @return
 *   0, or -EINVAL (no interval, max_places is no power of two or above
 *   RTE_FASTMEM_SAMPLE_MAX_PLACES, no function), -EBUSY (somebody samples already), -ENODEV (not
 *   initialised), -ENOMEM.
 */
int
rte_fastmem_sample_start(const struct rte_fastmem_sampler *sampler);

/**
 * Have a function called each time that rte_fastmem_init() has given this process its memory, so
 * that sampling can begin before the first allocation.
 *
 * The function is called with nothing locked; not when a secondary process attaches by itself at
 * its first use. Thread-safe.
 *
 * @param fn
 *   The function; NULL: none any more. The last one that was set counts.
 */
void
rte_fastmem_sample_at_init(void (*fn)(void));

/**
 * Choose what is sampled next, and look whether what is followed was freed.
 *
 * To be called about every 10 ms by a control thread; samples of small blocks are taken only so.
 * Stops no thread. One thread at a time; a second one returns at once.
 *
 * @return
 *   0, or -EAGAIN: nobody samples.
 */
int
rte_fastmem_sample_poll(void);

/**
 * What the sampler that runs, or else the last one, did. Thread-safe.
 */
void
rte_fastmem_sample_stats(struct rte_fastmem_sample_stats *stats);

/**
 * End sampling. When it returns no function of the sampler's runs, nor will. It looks once more at what
 * is followed before.
 *
 * Thread-safe but not from the sampler's own functions, `ending` apart; may sleep.
 *
 * @return
 *   0, or -EAGAIN: nobody samples.
 */
int
rte_fastmem_sample_stop(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_FASTMEM_SAMPLE_H */
