/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_AUTO_H
#define RTE_MEMALLOC_AUTO_H

/**
 * @file
 *
 * An allocator that chooses the kind of memory of each allocation by the rules of
 * rte_memalloc_choose.h, takes the next best where the chosen one has nothing left, and frees each
 * correctly, whatever it is.
 *
 * - standard: malloc, aligned to 64 bytes at least.
 * - NUMA: a region of its own on the node, all pages seen to be there before it is handed out.
 * - huge pages: a region of its own of whole hugepages. One for a few bytes takes a whole page: the
 *   rules' @a huge_min keeps small ones out.
 * - pinned: by the allocator that was given for it; without one there are none.
 * - arena: shared by successive allocations. Memory comes back when all that share an arena have been
 *   freed; after so many bytes the next ones have another arena, so that one that stays keeps no more
 *   than that.
 * - pool: a block of 64 bytes or more, a power of two.
 *
 * Pools know their blocks by address, and a table all other allocations: foreign pointers and what is
 * freed already are refused. Pools are lock-free; the table and the arenas have a lock.
 *
 * Thread-safe, reusing and checking; not for signal handlers; a child of fork(2) must not use its
 * parent's. No EAL.
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_memalloc.h>
#include <rte_memalloc_choose.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Blocks of each pool for which 0 was asked. */
#define RTE_MEMALLOC_AUTO_POOL_BLOCKS 16384

/** Size of arenas for which 0 was asked. */
#define RTE_MEMALLOC_AUTO_ARENA_SIZE ((size_t)16 << 20)

/** What an automatic allocator is to be like. All zero: as without options. */
struct rte_memalloc_auto_opts {
	const struct rte_memalloc_rules *rules; /**< Or NULL for the usual ones. Copied. */
	const struct rte_memalloc_facts *facts; /**< Or NULL: read now. Copied. */
	/** Of allocations for which none are given. */
	struct rte_memalloc_hints hints;
	/**
	 * Allocates pinned memory, as rte_memalloc_pinned_open() makes one, or NULL: there is none, whatever
	 * the facts say. Has to be thread-safe; stays the caller's, and has to outlive this allocator.
	 */
	struct rte_memalloc *pinned;
	/** Blocks of each pool, 0: RTE_MEMALLOC_AUTO_POOL_BLOCKS. Pools are made when first needed. */
	uint32_t pool_blocks;
	/** Bytes after which there is another arena, 0: RTE_MEMALLOC_AUTO_ARENA_SIZE. */
	size_t arena_size;
};

/** What it has done in one kind of memory. */
struct rte_memalloc_auto_kind {
	uint64_t allocated; /**< Bytes handed out now, usable sizes. */
	uint64_t nb_allocs; /**< Allocations handed out ever. */
	uint64_t nb_frees;  /**< Allocations taken back ever. */
	uint64_t nb_passed; /**< Times that the kind was wanted, and passed over. */
};

/** The same of all kinds, by enum rte_memalloc_choice_kind. */
struct rte_memalloc_auto_stats {
	struct rte_memalloc_auto_kind kind[RTE_MEMALLOC_NB_CHOICES]; /**< Of each. */
};

/**
 * Create an automatic allocator.
 *
 * rte_memalloc_alloc() chooses by the hints of the options. rte_memalloc_realloc() of one that was
 * allocated with other hints keeps these, but for a block of a pool, which has none.
 *
 * Context: MT-safe; may sleep; needs no EAL.
 *
 * @param opts
 *   What it is to be like, or NULL for the defaults.
 * @param[out] alloc
 *   Set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p alloc is NULL, hints are none, @a pinned is not thread-safe, @a pool_blocks is above
 *     RTE_MEMALLOC_POOL_CAPACITY_MAX, or @a arena_size above PTRDIFF_MAX
 *   - -ENOMEM: out of memory
 *   - what rte_memalloc_facts_read() said
 */
int
rte_memalloc_auto_create(const struct rte_memalloc_auto_opts *opts, struct rte_memalloc **alloc);

/**
 * Allocate by hints of its own: as rte_memalloc_alloc(), and say what was chosen.
 *
 * @param alloc
 *   An allocator of rte_memalloc_auto_create().
 * @param size
 *   As for rte_memalloc_alloc().
 * @param align
 *   As for rte_memalloc_alloc().
 * @param hints
 *   What is known of the allocation, or NULL: as in the options.
 * @param[out] choice
 *   What was really had, and why; set on success only. May be NULL.
 * @param[out] mem
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: as of rte_memalloc_alloc(), @p alloc is no such allocator, or @p hints are none
 *   - -ENOMEM: there is not as much, of malloc neither
 */
int
rte_memalloc_auto_alloc(struct rte_memalloc *alloc, size_t size, size_t align,
			const struct rte_memalloc_hints *hints, struct rte_memalloc_choice *choice,
			void **mem);

/**
 * Which kind of memory an allocation is.
 *
 * @param alloc
 *   An allocator of rte_memalloc_auto_create().
 * @param mem
 *   An allocation of it.
 * @param[out] kind
 *   Set on success only.
 *
 * @return
 *   0 on success, -EINVAL if an argument is NULL, @p alloc no such allocator, or @p mem no allocation
 *   of it.
 */
int
rte_memalloc_auto_kind_of(struct rte_memalloc *alloc, const void *mem,
			  enum rte_memalloc_choice_kind *kind);

/**
 * From now on choose by other facts: when pressure or the pools of hugepages have changed.
 *
 * While other threads allocate, each of their choices sees some facts as before and some as given.
 *
 * @param alloc
 *   An allocator of rte_memalloc_auto_create().
 * @param facts
 *   The facts, or NULL: read from the kernel now.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p alloc is no such allocator
 *   - what rte_memalloc_facts_read() said
 */
int
rte_memalloc_auto_inform(struct rte_memalloc *alloc, const struct rte_memalloc_facts *facts);

/**
 * What it has done in each kind of memory.
 *
 * While other threads allocate and free, each number is of some moment during the call.
 *
 * @param alloc
 *   An allocator of rte_memalloc_auto_create().
 * @param[out] stats
 *   Set on success only.
 *
 * @return
 *   0 on success, -EINVAL if @p alloc is no such allocator, or @p stats NULL.
 */
int
rte_memalloc_auto_kinds(struct rte_memalloc *alloc, struct rte_memalloc_auto_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_AUTO_H */
