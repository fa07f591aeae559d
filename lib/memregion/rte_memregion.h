/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMREGION_H
#define RTE_MEMREGION_H

/**
 * @file
 *
 * Regions of memory that own their mapping: on the nodes asked for, in pages of the size asked for,
 * brought into being ahead of time, and with an account of what was really had.
 *
 * What the options ask for are wishes: policy, pages, prefault, lock, nodump, guard, name. A region
 * is made in one of two modes. *Strict*: each wish is met and seen to be met (each page is looked
 * up on its node, its size in /proc/self/smaps), or nothing is mapped and the error says which
 * wish failed, where, and what was found instead. *Soft*: the region is made, and
 * rte_memregion_enforcement() tells for each wish whether it is met, for how many bytes, and why
 * not for the others.
 *
 * A region never raises SIGBUS: pages come into being by asking the kernel for them, never by being
 * touched, and explicit hugepages, which the kernel promises without saying on which node, always
 * exist before a region is handed out. Nor does making one bring the OOM killer: before each few
 * megabytes the memory that is free on their nodes is looked at. That check is racy: another
 * program may take the memory between the look and the use of it.
 *
 * A region is memory for all threads of the process. After fork(2) the child has a copy of a
 * region of small or transparent pages, and shares one of explicit hugepages.
 *
 * Unless a function says otherwise: @p region must be a region, not NULL; the function may be
 * called by any thread, sleeps, reads files of the kernel, and needs no EAL. After a failure,
 * rte_memregion_error() has a text for people: what was asked, what there is, what to do.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_membind.h>
#include <rte_numa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A mapping with what was wished of it. Opaque. */
struct rte_memregion;

/** Sizes of page. Each region is aligned to, and a multiple of, the size that it gets. */
enum rte_memregion_pages {
	/** Hugepages that the kernel puts together by itself where it can. */
	RTE_MEMREGION_PAGES_TRANSPARENT,
	/** The machine's base pages, and no transparent hugepage. */
	RTE_MEMREGION_PAGES_SMALL,
	/** Of 2 MiB, from the pools. Soft: else transparent. */
	RTE_MEMREGION_PAGES_2M,
	/** Of 1 GiB, from the pools. Soft: else 2 MiB, else transparent. */
	RTE_MEMREGION_PAGES_1G,
	/**
	 * From the pools, of any size that there is: the largest of which enough are free, and that
	 * wastes at most an eighth of the size to rounding. Soft: else transparent.
	 */
	RTE_MEMREGION_PAGES_EXPLICIT,
	/**
	 * The best that can be had, with nothing wished in particular: from the pools as above, else
	 * transparent, else small. The account of the wish says why better ones were passed over.
	 */
	RTE_MEMREGION_PAGES_LADDER,
};

/** Every wish is met and verified, or nothing is mapped. Includes RTE_MEMREGION_F_PREFAULT. */
#define RTE_MEMREGION_F_STRICT (1u << 0)

/** All pages exist when the region is handed out. */
#define RTE_MEMREGION_F_PREFAULT (1u << 1)

/** Pages are never swapped, as by mlock(2); without prefault, from when each exists. */
#define RTE_MEMREGION_F_LOCK (1u << 2)

/** The region is not part of a core dump. */
#define RTE_MEMREGION_F_NODUMP (1u << 3)

/** Longest name of a region, without the terminating NUL. */
#define RTE_MEMREGION_NAME_MAX 63

/** Most threads that prefault a region. */
#define RTE_MEMREGION_THREADS_MAX 1024

/**
 * Told how far the prefault is. Called by the thread that makes the region, never concurrently.
 *
 * @param done
 *   Bytes that exist.
 * @param size
 *   Bytes of the region, or of what is added to it.
 * @param arg
 *   As given in the options.
 *
 * @return
 *   0 to go on, anything else to stop: -ECANCELED if strict.
 */
typedef int (*rte_memregion_progress_t)(size_t done, size_t size, void *arg);

/** What a region is to be like. All zero: as without options. */
struct rte_memregion_opts {
	/**
	 * Where pages lie: any but mixed. RTE_MEMBIND_DEFAULT, the zero, is RTE_MEMBIND_FIRST_TOUCH
	 * here: local to the thread that first touches a page; with prefault, to the one that makes
	 * the region.
	 */
	enum rte_membind_policy policy;
	/** Nodes of the policy; empty for first touch, one for preferred. */
	struct rte_numa_mask nodes;
	/** Size of the pages. */
	enum rte_memregion_pages pages;
	/** RTE_MEMREGION_F_*, or'ed. */
	uint32_t flags;
	/** Threads that prefault, on CPUs of the policy's nodes; 0 as 1. */
	unsigned int prefault_threads;
	/** Milliseconds that prefaulting may take, 0: any time. Looked at every few megabytes. */
	uint32_t prefault_timeout_ms;
	/** Told how far the prefault is, or NULL. */
	rte_memregion_progress_t progress;
	/** Handed to @a progress. */
	void *progress_arg;
	/** Bytes before and after the region that nobody can access; rounded up to base pages. */
	size_t guard_size;
	/**
	 * Name in /proc/self/maps, or NULL; copied. 1 to RTE_MEMREGION_NAME_MAX printable ASCII
	 * characters without `[`, `]`, `\`, `$`, backquote and `/`.
	 */
	const char *name;
};

/** What can be wished. */
enum rte_memregion_wish {
	RTE_MEMREGION_WISH_POLICY,   /**< The policy and its nodes. */
	RTE_MEMREGION_WISH_PAGES,    /**< The size of the pages. */
	RTE_MEMREGION_WISH_PREFAULT, /**< RTE_MEMREGION_F_PREFAULT. */
	RTE_MEMREGION_WISH_LOCK,     /**< RTE_MEMREGION_F_LOCK. */
	RTE_MEMREGION_WISH_NODUMP,   /**< RTE_MEMREGION_F_NODUMP. */
	RTE_MEMREGION_WISH_GUARD,    /**< A guard size. */
	RTE_MEMREGION_WISH_NAME,     /**< A name. */
};

/** Number of elements of enum rte_memregion_wish. */
#define RTE_MEMREGION_NB_WISHES 7

/** How far a wish is met, from best to worst. */
enum rte_memregion_level {
	RTE_MEMREGION_NOT_WISHED,   /**< Nothing to meet. */
	RTE_MEMREGION_ENFORCED,	    /**< For all of the region, and seen to be. */
	RTE_MEMREGION_PARTIAL,	    /**< For some bytes of it. */
	RTE_MEMREGION_NOT_ENFORCED, /**< For none. */
};

/** Why a wish is not, or not wholly, met. */
enum rte_memregion_reason {
	RTE_MEMREGION_REASON_NONE,	 /**< It is met, or there was none. */
	RTE_MEMREGION_REASON_NOT_YET,	 /**< Pages do not exist yet, so nothing can be said. */
	RTE_MEMREGION_REASON_NO_PAGES,	 /**< Not enough such pages are free. */
	RTE_MEMREGION_REASON_NO_MEMORY,	 /**< Not enough memory is free. */
	RTE_MEMREGION_REASON_PERMISSION, /**< A right is missing, or a seccomp filter refuses. */
	RTE_MEMREGION_REASON_LIMIT, /**< A limit of the process's: RLIMIT_MEMLOCK, RLIMIT_FSIZE. */
	RTE_MEMREGION_REASON_UNSUPPORTED, /**< The kernel cannot. */
	RTE_MEMREGION_REASON_DISABLED,	  /**< The kernel could, but it is switched off. */
	RTE_MEMREGION_REASON_OFFLINE,	  /**< A node is offline, or has no memory. */
	RTE_MEMREGION_REASON_EXCLUDED,	  /**< The cpuset of the process excludes a node. */
	RTE_MEMREGION_REASON_MISPLACED,	  /**< Pages lie elsewhere. */
	RTE_MEMREGION_REASON_CHANGED,	  /**< Somebody has changed it since. */
	RTE_MEMREGION_REASON_TIMEOUT,	  /**< The deadline passed. */
	RTE_MEMREGION_REASON_CANCELED,	  /**< The progress callback stopped it. */
	RTE_MEMREGION_REASON_UNSEEN,	  /**< It cannot be verified. */
};

/** How far one wish is met. */
struct rte_memregion_account {
	enum rte_memregion_level level;	  /**< How far. */
	enum rte_memregion_reason reason; /**< Why not wholly. */
	uint64_t bytes; /**< That it is met for: of the region, or of its guards. */
	char text[256]; /**< The same for people; empty if not wished. */
};

/** How far all wishes of a region are met, see rte_memregion_enforcement(). */
struct rte_memregion_enforcement {
	/** The worst of all: RTE_MEMREGION_ENFORCED if each wish is met. */
	enum rte_memregion_level level;
	/** By enum rte_memregion_wish. */
	struct rte_memregion_account wish[RTE_MEMREGION_NB_WISHES];
};

/** What became of a region's pages since, see rte_memregion_audit(). In bytes. */
struct rte_memregion_audit {
	/** On the nodes of the region's policy, and of an interleaved region within their share. */
	uint64_t in_place;
	/** On others, or, of an interleaved region all of whose pages are there, beyond their share. */
	uint64_t drifted;
	uint64_t absent; /**< On none: not touched, swapped, or given back. */
	/** Where those that drifted are. */
	struct rte_numa_mask drifted_to;
	/** The first page on a node that is none of the policy's, or NULL. */
	void *first_drifted;
	/** Whether the policy of the mapping is another than the region's. */
	bool policy_changed;
	/** What it looks like, and what may have caused it; empty if all is well. */
	char text[256];
};

/**
 * Create a memory region: map it, place it, then prefault it if asked.
 *
 * Explicit hugepages always exist when the function returns, with or without
 * RTE_MEMREGION_F_PREFAULT, and take a file descriptor. In between the region and other mappings
 * there is always at least one inaccessible page, also without a guard size.
 *
 * Threads that prefault run on CPUs of the policy's nodes, of memory without CPUs on those of the
 * nearest node that has some, and where the process may not run on these, anywhere. They have all
 * signals blocked.
 *
 * Soft: pages are placed before they are large. Where a node has too few explicit hugepages the
 * region is of transparent ones on that node, rather than of explicit ones elsewhere. Where a bind's
 * nodes have too little memory left to prefault, what is left over comes from other nodes.
 *
 * @param size
 *   Bytes, > 0. Rounded up to the page size chosen in @p opts; for transparent hugepages to theirs.
 * @param opts
 *   Wishes, or NULL for the defaults: local, transparent hugepages, no prefault, soft.
 * @param[out] region
 *   Set on success only. Release with rte_memregion_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno, and nothing is mapped:
 *   - -EINVAL: @p region is NULL, @p size is 0, an unknown policy, flag or page size, a policy with
 *     too few or too many nodes, too many threads, or a bad name
 *   - -ENOMEM: no address space or memory for it; strict: too few hugepages, or too little memory, on
 *     the nodes
 *   - -ENODEV: strict, and a node is offline or has no memory
 *   - -EXDEV: strict, and a page landed on another node, or interleaved pages unevenly
 *   - -ENOTSUP: strict, and this kernel cannot: see rte_membind_caps()
 *   - -EPERM: strict, and a right is missing, a seccomp filter or a cpuset refuses, or
 *     RLIMIT_MEMLOCK is too low
 *   - -ETIMEDOUT, -ECANCELED: strict, and the deadline passed, or the callback stopped it
 *   - -EMFILE, -ENFILE: no file descriptor for explicit hugepages
 *   - another errno of open(2) or read(2): /sys cannot be read
 */
int
rte_memregion_create(size_t size, const struct rte_memregion_opts *opts,
		     struct rte_memregion **region);

/**
 * Unmap a region and release it.
 *
 * Context: nobody may be using @p region or its memory any more.
 *
 * @param region
 *   The region, or NULL, which does nothing.
 *
 * @return
 *   0 on success, otherwise a negative errno of munmap(2), such as -ENOMEM (vm.max_map_count): the
 *   region then stays as it is.
 */
int
rte_memregion_destroy(struct rte_memregion *region);

/**
 * The first byte of a region.
 *
 * Context: any but while rte_memregion_resize() runs; no system call.
 *
 * @param region
 *   The region.
 *
 * @return
 *   The address, a multiple of the page size; never NULL.
 */
void *
rte_memregion_addr(const struct rte_memregion *region);

/**
 * The size of a region.
 *
 * Context: any but while rte_memregion_resize() runs; no system call.
 *
 * @param region
 *   The region.
 *
 * @return
 *   Bytes, a multiple of the page size: at least what was asked for.
 */
size_t
rte_memregion_size(const struct rte_memregion *region);

/**
 * The size of page that a region is aligned to, and a multiple of.
 *
 * Context: any; no system call.
 *
 * @param region
 *   The region.
 *
 * @return
 *   Bytes. Of transparent hugepages their size: how many there are is in the region's enforcement.
 */
size_t
rte_memregion_page_size(const struct rte_memregion *region);

/**
 * How far each wish is met now, seen afresh: pages may have come, moved or gone.
 *
 * Looks each page up with move_pages(2) and reads /proc/self/smaps up to the region. Touches no
 * page: of pages that do not exist yet nothing is claimed.
 *
 * @param region
 *   The region.
 * @param[out] result
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p result is NULL
 *   - -ENOMEM: out of memory
 */
int
rte_memregion_enforcement(struct rte_memregion *region, struct rte_memregion_enforcement *result);

/**
 * Where the pages of a region are.
 *
 * @param region
 *   The region.
 * @param[out] location
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p location is NULL
 *   - another one of rte_membind_locate()
 */
int
rte_memregion_location(struct rte_memregion *region, struct rte_membind_location *location);

/**
 * Give a region another policy, and move the pages that are there to where it wants them.
 *
 * @param region
 *   The region. If it is strict and not all pages end up where they should, they are moved back and
 *   its policy is what it was; -EXDEV then.
 * @param policy
 *   As in the options.
 * @param nodes
 *   As in the options; may be NULL for a policy without.
 *
 * @return
 *   0 on success, also of a soft region of which pages could not move, otherwise a negative errno as
 *   rte_memregion_create() for the policy; the region is as before.
 */
int
rte_memregion_rebind(struct rte_memregion *region, enum rte_membind_policy policy,
		     const struct rte_numa_mask *nodes);

/** Where there is no room behind a region, let it move to another address. */
#define RTE_MEMREGION_MAY_MOVE (1u << 0)

/**
 * Make a region larger or smaller at its end, in pages of the size that it has.
 *
 * What is added is furnished as the region was, strict or soft, without a progress callback;
 * RTE_MEMREGION_F_PREFAULT holds for it, with the same time. What remains keeps its contents. What is
 * taken away is given back to the kernel, and its addresses are kept, inaccessible, to grow into.
 *
 * Context: nobody may be using the part that is taken away; with RTE_MEMREGION_MAY_MOVE and a larger
 * size, nobody may be using the region at all.
 *
 * @param region
 *   The region.
 * @param size
 *   Bytes, > 0, rounded up to the region's pages.
 * @param flags
 *   RTE_MEMREGION_MAY_MOVE or 0.
 *
 * @return
 *   0 on success, otherwise a negative errno, and the region is as before:
 *   - -EINVAL: @p size is 0, or an unknown flag
 *   - -EEXIST: it would have to move, and may not
 *   - -EBUSY: it would have to move, and is several mappings, of which Linux moves none: it moved
 *     before and grew in place since, or parts of it were given other policies or protections
 *   - others as rte_memregion_create(); of explicit hugepages -ENOMEM for a soft region too, since
 *     all its pages are of one size
 */
int
rte_memregion_resize(struct rte_memregion *region, size_t size, unsigned int flags);

/**
 * See whether pages have drifted off their nodes, or the policy of the mapping was changed.
 *
 * Pages drift when the cpuset of the process changes, when another process moves them
 * (migrate_pages(2), cgroups), or through automatic NUMA balancing, where the policy allows that.
 *
 * @param region
 *   The region.
 * @param[out] result
 *   Set on success only.
 *
 * @return
 *   0 on success, whatever was found, otherwise a negative errno:
 *   - -EINVAL: @p result is NULL
 *   - -ENOMEM: out of memory
 *   - another one of rte_membind_locate()
 */
int
rte_memregion_audit(struct rte_memregion *region, struct rte_memregion_audit *result);

/**
 * Set the policy of a region again, and move the pages that have drifted back.
 *
 * @param region
 *   The region.
 * @param[out] result
 *   What is left to be seen afterwards, as by rte_memregion_audit(); also set when the result is
 *   -EXDEV. May be NULL.
 *
 * @return
 *   0 if all is in place, otherwise a negative errno:
 *   - -EXDEV: some pages are elsewhere still: rte_memregion_error() says why
 *   - -ENODEV, -EPERM, -ENOTSUP: the policy cannot be set any more, and why
 *   - -ENOMEM: out of memory
 */
int
rte_memregion_repair(struct rte_memregion *region, struct rte_memregion_audit *result);

/**
 * A wish's name, such as "prefault".
 *
 * Context: any; no system call.
 *
 * @param wish
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_memregion_wish_name(enum rte_memregion_wish wish);

/**
 * A level's name, such as "not enforced".
 *
 * Context: any; no system call.
 *
 * @param level
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_memregion_level_name(enum rte_memregion_level level);

/**
 * A reason's name, such as "no pages".
 *
 * Context: any; no system call.
 *
 * @param reason
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_memregion_reason_name(enum rte_memregion_reason reason);

/**
 * What was wrong: one line about the last failure in the calling thread, of a function of this
 * library. It says which wish failed, where, what was found, and what to do.
 *
 * Context: any but a signal handler.
 *
 * @return
 *   The text, valid until the next failure in this thread; empty if there was none.
 */
const char *
rte_memregion_error(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMREGION_H */
