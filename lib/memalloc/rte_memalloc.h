/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_H
#define RTE_MEMALLOC_H

/**
 * @file
 *
 * One interface for allocators of every kind: code that takes a `struct rte_memalloc *` neither
 * knows nor cares whether its memory comes from malloc, an arena, a pool of blocks, huge pages of a
 * chosen node, or a file.
 *
 * Each kind has a header of its own, `rte_memalloc_<kind>.h`, that creates it. An application can
 * write one too: it begins a structure with a `struct rte_memalloc`, points that at its functions,
 * and hands it out. The functions here check arguments once, so those need not.
 *
 * What threads may do is part of each allocator's contract: with RTE_MEMALLOC_F_THREAD_SAFE any
 * thread may call any function but rte_memalloc_destroy() at any time; without it one at a time.
 * Different allocators never disturb each other.
 *
 * Every failure returns a negative errno, changes nothing, leaves outputs untouched, and has a text
 * for people in rte_memalloc_error(): what was asked, what there is, what to do.
 *
 * Unless a function says otherwise it needs no EAL, and may sleep where the kind does: a pool and an
 * arena that has room do not.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Alignment of an allocation for which 0 was asked: enough for any object of C. */
#define RTE_MEMALLOC_ALIGN 16

/** Largest alignment that can be asked for: the largest page. */
#define RTE_MEMALLOC_ALIGN_MAX ((size_t)1 << 30)

/** Any thread may call at any time. */
#define RTE_MEMALLOC_F_THREAD_SAFE (1u << 0)

/**
 * What is freed can be allocated again. Without it, as of an arena, rte_memalloc_free() promises
 * nothing but to be harmless, and memory comes back when the allocator is reset or destroyed.
 */
#define RTE_MEMALLOC_F_REUSES (1u << 1)

/**
 * Frees are checked: what the allocator did not hand out, or has back already, is refused with
 * -EINVAL, and nothing changes. Without it that is undefined, as with free(3).
 */
#define RTE_MEMALLOC_F_CHECKS (1u << 2)

/**
 * What is allocated stays so when the allocator is destroyed, as in a file: rte_memalloc_destroy()
 * is not refused while something is, and ends only this process's access to it.
 */
#define RTE_MEMALLOC_F_KEEPS (1u << 3)

struct rte_memalloc_ops;

/** An allocator. Its kind's own data follow. */
struct rte_memalloc {
	const struct rte_memalloc_ops *ops; /**< What its kind does. */
	uint32_t flags;			    /**< RTE_MEMALLOC_F_*, or'ed: what it promises. */
};

/** What an allocator has done, see rte_memalloc_stats(). */
struct rte_memalloc_stats {
	/** Bytes handed out now, usable sizes. Without RTE_MEMALLOC_F_REUSES all since the reset. */
	uint64_t allocated;
	/** The most that @a allocated has been since rte_memalloc_reset_peak(). */
	uint64_t peak;
	/** Bytes held to serve from, free ones and the allocator's own included. */
	uint64_t held;
	/** Bytes handed out ever. */
	uint64_t total;
	/** Allocations handed out ever. A change of size that moves is one allocation and one free. */
	uint64_t nb_allocs;
	/** Allocations taken back ever. */
	uint64_t nb_frees;
	/** Allocations and changes of size that failed for want of memory. */
	uint64_t nb_failed;
};

/**
 * What a kind of allocator does. All but @a realloc must be there.
 *
 * Called by the functions below with arguments that have been checked: @p size is 1 to PTRDIFF_MAX,
 * @p align a power of two up to RTE_MEMALLOC_ALIGN_MAX, pointers are not NULL. What fails says why by
 * rte_memalloc_fail().
 */
struct rte_memalloc_ops {
	/** The kind's name, such as "arena". */
	const char *kind;
	/** See rte_memalloc_alloc(). */
	int (*alloc)(struct rte_memalloc *alloc, size_t size, size_t align, void **mem);
	/** See rte_memalloc_free(). */
	int (*free)(struct rte_memalloc *alloc, void *mem);
	/** See rte_memalloc_realloc(); NULL: always by another allocation, a copy and a free. */
	int (*realloc)(struct rte_memalloc *alloc, void *mem, size_t size, size_t align,
		       void **moved);
	/** See rte_memalloc_usable_size(). */
	size_t (*usable_size)(struct rte_memalloc *alloc, const void *mem);
	/** See rte_memalloc_stats(). */
	void (*stats)(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats);
	/** See rte_memalloc_reset_peak(). */
	void (*reset_peak)(struct rte_memalloc *alloc);
	/** See rte_memalloc_destroy(). */
	int (*destroy)(struct rte_memalloc *alloc);
};

/**
 * Allocate memory. Its contents are undefined.
 *
 * @param alloc
 *   The allocator.
 * @param size
 *   Bytes, > 0.
 * @param align
 *   A power of two up to RTE_MEMALLOC_ALIGN_MAX, or 0 for RTE_MEMALLOC_ALIGN.
 * @param[out] mem
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: a pointer is NULL, @p size is 0, @p align is none, or the kind does not serve such
 *     sizes or alignments at all
 *   - -ENOMEM: there is not as much
 *   - another one that the kind's header names
 */
int
rte_memalloc_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem);

/**
 * Give memory back.
 *
 * @param alloc
 *   The allocator that it came from.
 * @param mem
 *   The memory, or NULL, which does nothing.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p alloc is NULL; with RTE_MEMALLOC_F_CHECKS, @p mem is no allocation of it
 *   - another one that the kind's header names; the memory is then allocated still
 */
int
rte_memalloc_free(struct rte_memalloc *alloc, void *mem);

/**
 * Change the size of an allocation, in place where that can be done.
 *
 * What it held is kept, up to the smaller of the sizes.
 *
 * @param alloc
 *   The allocator that it came from.
 * @param mem
 *   The memory, or NULL: then as rte_memalloc_alloc().
 * @param size
 *   Bytes, > 0.
 * @param align
 *   As for rte_memalloc_alloc(); may be another one than it was allocated with.
 * @param[out] moved
 *   Where it is now; set on success only. May be the variable that @p mem came from.
 *
 * @return
 *   0 on success, otherwise a negative errno as rte_memalloc_alloc() and rte_memalloc_free(): @p mem
 *   is then as it was.
 */
int
rte_memalloc_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align,
		     void **moved);

/**
 * How many bytes of an allocation may be used: at least what was asked for.
 *
 * @param alloc
 *   The allocator that it came from.
 * @param mem
 *   The memory.
 *
 * @return
 *   Bytes; 0 if an argument is NULL or, with RTE_MEMALLOC_F_CHECKS, @p mem is no allocation of it.
 */
size_t
rte_memalloc_usable_size(struct rte_memalloc *alloc, const void *mem);

/**
 * What an allocator has done up to now.
 *
 * While other threads allocate and free, each number is of some moment during the call.
 *
 * @param alloc
 *   The allocator.
 * @param[out] stats
 *   Set on success only.
 *
 * @return
 *   0 on success, -EINVAL if an argument is NULL.
 */
int
rte_memalloc_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats);

/**
 * From now on the peak is the most that is allocated from now on.
 *
 * @param alloc
 *   The allocator.
 *
 * @return
 *   0 on success, -EINVAL if it is NULL.
 */
int
rte_memalloc_reset_peak(struct rte_memalloc *alloc);

/**
 * Release an allocator and the memory that it holds.
 *
 * With RTE_MEMALLOC_F_REUSES all that it handed out must have been freed: what was not is a leak, and
 * is reported as such. Without, it is all freed at once. With RTE_MEMALLOC_F_KEEPS it stays allocated.
 *
 * Context: nobody may be using @p alloc, or memory from it, any more.
 *
 * @param alloc
 *   The allocator, or NULL, which does nothing.
 *
 * @return
 *   0 on success, otherwise a negative errno, and the allocator is as it was:
 *   - -EBUSY: allocations have not been freed; the text says how many
 *   - another one that the kind's header names
 */
int
rte_memalloc_destroy(struct rte_memalloc *alloc);

/**
 * The name of an allocator's kind, such as "arena".
 *
 * Context: any; no system call.
 *
 * @param alloc
 *   The allocator, not NULL.
 *
 * @return
 *   The name; never NULL.
 */
static inline const char *
rte_memalloc_kind(const struct rte_memalloc *alloc)
{
	return alloc->ops->kind;
}

/**
 * What an allocator promises.
 *
 * Context: any; no system call.
 *
 * @param alloc
 *   The allocator, not NULL.
 *
 * @return
 *   RTE_MEMALLOC_F_*, or'ed.
 */
static inline uint32_t
rte_memalloc_flags(const struct rte_memalloc *alloc)
{
	return alloc->flags;
}

/**
 * Say why something fails: for those who implement an allocator.
 *
 * Context: any but a signal handler; no system call.
 *
 * @param error
 *   A negative errno.
 * @param format
 *   As for printf(3), and what follows it. What was said before may be among it.
 *
 * @return
 *   @p error.
 */
int
rte_memalloc_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * What was wrong: one line about the last failure in the calling thread, of a function of this
 * library. It says what was asked, what there is, and what to do.
 *
 * Context: any but a signal handler.
 *
 * @return
 *   The text, valid until the next failure in this thread; empty if there was none.
 */
const char *
rte_memalloc_error(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_H */
