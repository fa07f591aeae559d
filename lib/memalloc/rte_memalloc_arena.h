/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_ARENA_H
#define RTE_MEMALLOC_ARENA_H

/**
 * @file
 *
 * An arena: memory of one piece of work, allocated by moving a pointer and freed at once.
 *
 * Its blocks are regions (rte_memregion.h), so an arena may lie on any node and in pages of any size.
 * Eight bytes before each allocation hold its size; between allocations lies what alignment takes.
 *
 * Freeing a single allocation does nothing, but if it is the newest: then its room is used again. All
 * that was allocated since a mark is freed by rewinding to it, and all there is by a reset. Blocks
 * stay with the arena, so that the next piece of work makes no system call.
 *
 * Not thread-safe: one arena a thread, or the thread-safe wrapper. No EAL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_memalloc.h>
#include <rte_memregion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Size of an arena for which 0 was asked. */
#define RTE_MEMALLOC_ARENA_SIZE ((size_t)1 << 20)

/** Bytes before an allocation that hold its size; also the smallest alignment. @internal */
#define RTE_MEMALLOC_ARENA_HEADER sizeof(size_t)

/** When a block is full, go on in a further one, each twice as large as the one before. */
#define RTE_MEMALLOC_ARENA_F_OVERFLOW (1u << 0)

/** What an arena is to be like. All zero: as without options. */
struct rte_memalloc_arena_opts {
	/** Bytes of the first block, rounded up to its pages; 0 for RTE_MEMALLOC_ARENA_SIZE. */
	size_t size;
	/** Bytes of whole pages that all blocks may have once there are further ones; 0: no bound. */
	size_t max_size;
	/** RTE_MEMALLOC_ARENA_F_*, or'ed. */
	uint32_t flags;
	/** What its regions are to be like, or NULL for regions without options. Copied. */
	const struct rte_memregion_opts *region;
};

/** An arena. Its fields are for the functions here alone. */
struct rte_memalloc_arena {
	struct rte_memalloc base; /**< The arena as an allocator. */
	uintptr_t next;		  /**< First byte of the block that is free. @internal */
	uintptr_t end;		  /**< Behind the block. @internal */
	uint64_t nb_allocs;	  /**< Ever. @internal */
};

/** A moment in an arena's life. */
struct rte_memalloc_arena_mark {
	void *at;	 /**< Where it is noted. @internal */
	uint64_t serial; /**< Which mark it is. @internal */
};

/**
 * Create an arena.
 *
 * Context: MT-safe; sleeps; needs no EAL.
 *
 * @param opts
 *   What it is to be like, or NULL for the defaults.
 * @param[out] arena
 *   Set on success only. Release with rte_memalloc_destroy() of rte_memalloc_arena_base().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p arena is NULL, an unknown flag, or a bound below the size
 *   - -ENOMEM: out of memory
 *   - what rte_memregion_create() said
 */
int
rte_memalloc_arena_create(const struct rte_memalloc_arena_opts *opts,
			  struct rte_memalloc_arena **arena);

/**
 * An arena as an allocator.
 *
 * rte_memalloc_alloc() fails with -ENOMEM when it is full and may not overflow, and else with what
 * rte_memregion_create() said.
 *
 * @param arena
 *   The arena, not NULL.
 *
 * @return
 *   The allocator, of kind "arena": neither thread-safe nor reusing; never NULL.
 */
static inline struct rte_memalloc *
rte_memalloc_arena_base(struct rte_memalloc_arena *arena)
{
	return &arena->base;
}

/** What rte_memalloc_arena_alloc() does when it takes more than moving a pointer. @internal */
void *
rte_memalloc_arena_alloc_slow(struct rte_memalloc_arena *arena, size_t size, size_t align);

/**
 * Allocate from an arena: as rte_memalloc_alloc(), but inlined, and by far the cheapest way.
 *
 * @param arena
 *   The arena, not NULL.
 * @param size
 *   Bytes, > 0.
 * @param align
 *   A power of two up to RTE_MEMALLOC_ALIGN_MAX, or 0 for RTE_MEMALLOC_ALIGN. Alignments below 8
 *   count as 8.
 *
 * @return
 *   The memory, or NULL with errno as rte_memalloc_alloc() returns it, negated.
 */
static inline void *
rte_memalloc_arena_alloc(struct rte_memalloc_arena *arena, size_t size, size_t align)
{
	size_t to = align == 0			      ? RTE_MEMALLOC_ALIGN :
		    align < RTE_MEMALLOC_ARENA_HEADER ? RTE_MEMALLOC_ARENA_HEADER :
							align;
	uintptr_t mem = (arena->next + RTE_MEMALLOC_ARENA_HEADER + to - 1) & ~(uintptr_t)(to - 1);

	/* Neither sum overflows with what passes the other conditions: addresses have fewer bits. */
	if (__builtin_expect(size - 1 < PTRDIFF_MAX && (align & (align - 1)) == 0 &&
				     align <= RTE_MEMALLOC_ALIGN_MAX && mem + size <= arena->end,
			     1)) {
		((size_t *)mem)[-1] = size;
		arena->next = mem + size;
		arena->nb_allocs++;
		return (void *)mem;
	}
	return rte_memalloc_arena_alloc_slow(arena, size, align);
}

/**
 * Note this moment, to come back to it.
 *
 * Takes a little of the arena itself.
 *
 * @param arena
 *   The arena.
 * @param[out] mark
 *   Set on success only. Valid until the arena is reset, or rewound to an earlier mark.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENOMEM: the arena is full
 *   - what rte_memregion_create() said
 */
int
rte_memalloc_arena_mark(struct rte_memalloc_arena *arena, struct rte_memalloc_arena_mark *mark);

/**
 * Free all that was allocated since a mark. No system call.
 *
 * @param arena
 *   The arena.
 * @param mark
 *   The mark. It stays valid; later ones do not.
 *
 * @return
 *   0 on success, -EINVAL if an argument is NULL, or the mark is not valid any more: nothing is
 *   freed then.
 */
int
rte_memalloc_arena_rewind(struct rte_memalloc_arena *arena,
			  const struct rte_memalloc_arena_mark *mark);

/**
 * Free all. Blocks stay with the arena. No system call.
 *
 * @param arena
 *   The arena, not NULL.
 */
void
rte_memalloc_arena_reset(struct rte_memalloc_arena *arena);

/**
 * Give blocks that hold no allocation back to the kernel; the first one stays.
 *
 * @param arena
 *   The arena, not NULL.
 *
 * @return
 *   0 on success, otherwise what rte_memregion_destroy() said: blocks may be left then.
 */
int
rte_memalloc_arena_trim(struct rte_memalloc_arena *arena);

/**
 * The region of one of an arena's blocks, to ask it for its placement.
 *
 * @param arena
 *   The arena, not NULL.
 * @param n
 *   From 0, those with allocations first. Numbers change when blocks come or go.
 *
 * @return
 *   The region, for as long as the arena has it; NULL if there are not as many.
 */
struct rte_memregion *
rte_memalloc_arena_region(const struct rte_memalloc_arena *arena, unsigned int n);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_ARENA_H */
