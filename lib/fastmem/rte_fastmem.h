/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_H
#define RTE_FASTMEM_H

/**
 * @file
 * fastmem: hugepage memory reserved per NUMA node ahead of time, served without waiting.
 *
 * A program reserves memory once, at EAL init, with rte_fastmem_reserve(). From then on
 * rte_fastmem_alloc() and rte_fastmem_free() are served by a cache that belongs to the calling
 * thread; a cache that runs empty or full exchanges whole magazines of blocks with the node.
 * No call that allocates or frees takes a lock, waits for another thread, or, once enough was
 * reserved, makes a system call.
 *
 * Blocks come in size classes (rte_fastmem_classes()) up to RTE_FASTMEM_MAX_SIZE; larger requests
 * take runs of 4 KiB pages. A block of up to RTE_FASTMEM_MAX_SIZE is IOVA-contiguous.
 *
 * Every `node_id` is the id of a NUMA node as the kernel numbers it (/sys/devices/system/node),
 * which on Linux is what DPDK calls a socket id. RTE_NUMA_NODE_ANY (-1) stands for the caller's
 * node first and then the others, nearest first by distance.
 *
 * Unless a function says otherwise it needs EAL and rte_fastmem_init(), may be called by any
 * thread, known to EAL or not, of the primary or a secondary process, and never sleeps. Functions
 * that return a pointer return NULL on failure and set rte_errno; the others return a negative
 * errno.
 *
 * Order of the checks of an allocation, so that the error is predictable: flags and node (EINVAL),
 * initialised (ENODEV), alignment (EINVAL), size (E2BIG), memory (ENOMEM).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_memory.h>
#include <rte_numa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest size class in bytes; what rte_fastmem_max_size() returns. */
#define RTE_FASTMEM_MAX_SIZE ((size_t)1 << 20)

/** Upper bound on what rte_fastmem_classes() returns; size arrays for it by this. */
#define RTE_FASTMEM_MAX_CLASSES 80

/** Clear the block. */
#define RTE_FASTMEM_F_ZERO (1u << 0)

/**
 * Fail with ENOMEM rather than return memory that is not IOVA-contiguous.
 *
 * Only makes a difference above RTE_FASTMEM_MAX_SIZE: smaller blocks always are contiguous, larger
 * ones are where the pages happen to be.
 */
#define RTE_FASTMEM_F_IOVA_CONTIG (1u << 1)

/** A size class on a node, looked up once with rte_fastmem_hlookup(). Opaque. */
typedef uint32_t rte_fastmem_handle_t;

/** Whole allocator, all nodes. */
struct rte_fastmem_stats {
	uint64_t bytes_backing; /**< Bytes taken from EAL to serve blocks from. */
	uint64_t bytes_in_use;	/**< Bytes of blocks that the application holds. */
	uint64_t alloc_total;	/**< Blocks ever allocated. */
	uint64_t free_total;	/**< Blocks ever freed. */
	uint64_t alloc_nomem;	/**< Allocations that failed for want of memory. */
	unsigned int n_classes; /**< Number of size classes. */
};

/** One size class, all nodes and threads. */
struct rte_fastmem_class_stats {
	size_t class_size;	     /**< Bytes a block. */
	uint64_t in_use;	     /**< Blocks that the application holds. */
	uint64_t alloc_cache_hits;   /**< Allocations served by the thread's cache. */
	uint64_t alloc_cache_misses; /**< Allocations that had to refill or bypass it. */
	uint64_t alloc_nomem;	     /**< Allocations that failed for want of memory. */
	uint64_t free_cache_hits;    /**< Frees that the thread's cache took. */
	uint64_t free_cache_misses;  /**< Frees that had to flush or bypass it. */
	uint64_t slab_acquires;	     /**< Page runs given to this class. */
	uint64_t slab_releases;	     /**< Page runs that came back wholly free. */
	uint64_t slabs_partial;	     /**< Page runs with a free block in them now. */
	uint64_t slabs_full;	     /**< Page runs without one now. */
};

/** What one lcore did, all classes. */
struct rte_fastmem_lcore_stats {
	uint64_t alloc_cache_hits;   /**< See struct rte_fastmem_class_stats. */
	uint64_t alloc_cache_misses; /**< See struct rte_fastmem_class_stats. */
	uint64_t alloc_nomem;	     /**< See struct rte_fastmem_class_stats. */
	uint64_t free_cache_hits;    /**< See struct rte_fastmem_class_stats. */
	uint64_t free_cache_misses;  /**< See struct rte_fastmem_class_stats. */
};

/** What one lcore did in one class. */
struct rte_fastmem_lcore_class_stats {
	size_t class_size;	     /**< Bytes a block. */
	uint64_t alloc_cache_hits;   /**< See struct rte_fastmem_class_stats. */
	uint64_t alloc_cache_misses; /**< See struct rte_fastmem_class_stats. */
	uint64_t alloc_nomem;	     /**< See struct rte_fastmem_class_stats. */
	uint64_t free_cache_hits;    /**< See struct rte_fastmem_class_stats. */
	uint64_t free_cache_misses;  /**< See struct rte_fastmem_class_stats. */
};

/** One node, now. */
struct rte_fastmem_node_stats {
	uint64_t bytes_reserved; /**< What reservations promise; trim never goes below. */
	uint64_t bytes_backing;	 /**< Bytes taken from EAL, growth included. */
	uint64_t bytes_limit;	 /**< Limit of bytes_backing; UINT64_MAX: none. */
	uint64_t bytes_in_use;	 /**< Bytes of blocks that the application holds. */
	uint64_t bytes_cached;	 /**< Bytes of blocks in threads' caches and in magazines. */
	uint64_t free_slabs;	 /**< Slabs (2 MiB each) that are wholly free. */
	uint64_t chunks;	 /**< Pieces that the backing memory consists of. */
	uint64_t page_size;	 /**< Bytes a page of the largest chunk; 0: no chunk. */
	uint64_t growths;	 /**< Chunks taken by allocations, outside of a reservation. */
	uint64_t failed_growths; /**< Times that EAL or the limit refused such growth. */
};

/** One size class on one node, now. */
struct rte_fastmem_node_class_stats {
	size_t class_size; /**< Bytes a block. */
	uint64_t in_use;   /**< Blocks that the application holds. */
	uint64_t cached;   /**< Blocks in threads' caches and in magazines. */
};

/**
 * Set the allocator up, or join it.
 *
 * The first call in the primary process creates the shared state (memzone `fastmem_state`); in a
 * secondary it attaches. Calling it again does nothing. A secondary, and any thread, attaches by
 * itself at first use as well, once the primary has called this.
 *
 * EAL maps memory of the nodes that it lists, those with CPUs, in every process by itself. Memory
 * of other nodes is there in a secondary from its first call of any function here on; one that
 * only follows pointers has to make this one. A thread then keeps it up to date; the primary waits
 * for that, as EAL does for its own, when it takes more of such memory.
 *
 * Context: control path, may sleep; needs EAL; not to be run beside rte_fastmem_deinit().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -ENOMEM: no memory for the state
 *   - -ENODEV: a secondary, and the primary did not initialise fastmem
 *   - -EPROTO: a secondary of another version than the primary
 *   - -EADDRNOTAVAIL: a secondary, and where the primary has memory of nodes without CPUs this
 *     process has something else; give the primary another --base-virtaddr
 *   - other errors of mmap() or open() on EAL's runtime directory
 */
int
rte_fastmem_init(void);

/**
 * Give everything back to EAL (primary) or leave (secondary).
 *
 * Every block becomes invalid in the primary; blocks that are still in use are counted in one log
 * line. In a secondary the process's caches are flushed and its blocks stay as they are. Waits for who
 * watches, see rte_fastmem_watch_begin().
 *
 * Context: control path, may sleep; no other thread of this process (primary: of any process) may
 * use fastmem meanwhile.
 */
void
rte_fastmem_deinit(void);

/**
 * Make at least @p size bytes available on a node, in total.
 *
 * Cumulative: a later call with a larger size adds what is missing, one with the same or a smaller
 * size changes nothing; 0 is a no-op. Memory that growth has taken counts. All or nothing on one
 * node. After a reservation of N bytes, blocks of one size that add up to N bytes can be allocated
 * but for that class's rounding, without a system call: the allocator's own data is taken on top.
 *
 * Context: control path, may sleep (EAL's heap lock, the kernel clears pages); MT-safe.
 *
 * @param size
 *   Bytes; rounded up to 2 MiB.
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY: the first of the caller's node and the others, nearest first, that
 *   has all of it.
 *
 * @return
 *   0 on success, otherwise a negative errno, with nothing changed:
 *   - -EINVAL: no such node, or one without memory (the log names the valid ones); not initialised
 *   - -ENOMEM: not enough hugepages on the node, or its limit is below; the log says what was
 *     asked, what is free there and the command that supplies it
 *   - of a node without CPUs, which EAL does not list, also -EPERM: memory may not be bound here;
 *     -ETIMEDOUT: a secondary does not answer; -ENOSPC: EAL has no room for more pieces of external
 *     memory; or another errno of mmap(), mbind() or madvise(); the log says which
 */
int
rte_fastmem_reserve(size_t size, int node_id);

/**
 * Add @p size bytes to what a node has, so that two libraries can each reserve their own share.
 *
 * As rte_fastmem_reserve() otherwise.
 */
int
rte_fastmem_reserve_more(size_t size, int node_id);

/**
 * Add @p size bytes in pages of one size.
 *
 * As rte_fastmem_reserve_more() otherwise. The others take what fits best of all page sizes that EAL
 * was given; memory that EAL holds already serves here too, if it is in such pages.
 *
 * @param size
 *   Bytes; rounded up to 2 MiB.
 * @param page_size
 *   Bytes a page, such as 2 MiB or 1 GiB; 0: any.
 * @param node_id
 *   As for rte_fastmem_reserve().
 *
 * @return
 *   0 on success, otherwise a negative errno of rte_fastmem_reserve(), with nothing changed:
 *   - -EINVAL: also @p page_size is no power of two
 *   - -ENOMEM: also EAL has no pages of that size on the node
 */
int
rte_fastmem_reserve_pages(size_t size, size_t page_size, int node_id);

/**
 * Promise @p size bytes less on a node; rte_fastmem_trim() may give them back to EAL then.
 *
 * Context: control path, may sleep; MT-safe.
 *
 * @param size
 *   Bytes; rounded up to 2 MiB.
 * @param node_id
 *   Node.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: no such node or one without memory; less is reserved there; not initialised
 */
int
rte_fastmem_unreserve(size_t size, int node_id);

/**
 * Give memory of a node to a size class ahead, so that allocations find blocks that are there.
 *
 * The next @p n allocations of the class by one thread then need not even make blocks out of free
 * pages. Each further thread keeps blocks back in its cache: 256 of them or 256 KiB, whichever is
 * less; warm as many more for it. Blocks that are free otherwise are not counted. The memory is that
 * of the node's reservation: nothing is taken from EAL.
 *
 * What was warmed serves this class alone until it was used: a run of pages whose blocks have all
 * come back is free for any class again.
 *
 * Context: control path, does not sleep; MT-safe. Others may miss the memory that it takes before it
 * finds that there is too little.
 *
 * @param n
 *   How many; 0 succeeds once the other arguments were checked.
 * @param size
 *   As for rte_fastmem_alloc_node().
 * @param align
 *   As for rte_fastmem_alloc_node(), up to 4096.
 * @param node_id
 *   Node; RTE_NUMA_NODE_ANY: the caller's.
 *
 * @return
 *   0 on success, otherwise a negative errno, with nothing changed:
 *   - -EINVAL: no such node or one without memory, @p align not a power of two
 *   - -ENODEV: not initialised
 *   - -E2BIG: @p size above RTE_FASTMEM_MAX_SIZE or @p align above 4096: such blocks are made one by
 *     one
 *   - -ENOMEM: the node has not enough free memory; the log says what was asked
 */
int
rte_fastmem_warm(size_t n, size_t size, size_t align, int node_id);

/** What rte_fastmem_warm() takes. */
struct rte_fastmem_warmth {
	size_t n;     /**< How many blocks. */
	size_t size;  /**< Bytes a block. */
	size_t align; /**< As for rte_fastmem_warm(). */
	int node_id;  /**< As for rte_fastmem_warm(). */
};

/**
 * As rte_fastmem_warm(), for several size classes and nodes: all of it or nothing.
 *
 * @param what
 *   What to warm.
 * @param nb
 *   How many of them there are.
 * @param[out] failed
 *   Which of them failed, where one did. May be NULL.
 *
 * @return
 *   0 on success, otherwise a negative errno as of rte_fastmem_warm().
 */
int
rte_fastmem_warm_all(const struct rte_fastmem_warmth *what, unsigned int nb, unsigned int *failed);

/**
 * Have several threads prefault what is reserved on a node in pages of a stated size.
 *
 * Nearly all that a reservation takes is the time in which the kernel clears pages, and EAL takes
 * them one by one. If EAL runs with --single-file-segments, the threads have them cleared before it
 * does, from 64 MiB on and where it does not hold the memory already; reservations of several nodes
 * by several threads go on at the same time. Otherwise this changes nothing. The threads run on the
 * CPUs of the program's lcores on that node or, if it has none there, on the node's.
 *
 * Context: control path; MT-safe, does not sleep.
 *
 * @param node_id
 *   Node.
 * @param nb_threads
 *   How many, up to 64, for rte_fastmem_reserve_pages() from now on; below 2: none, the default.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: no such node or one without memory, or more than 64
 *   - -ENODEV: not initialised
 */
int
rte_fastmem_set_prefault(int node_id, unsigned int nb_threads);

/**
 * Bytes that reservations promise on a node, or on all with RTE_NUMA_NODE_ANY.
 *
 * @return
 *   Bytes, a multiple of 2 MiB; 0 for a node that does not exist or before rte_fastmem_init().
 */
size_t
rte_fastmem_reserved(int node_id);

/**
 * Limit the memory that a node may take from EAL.
 *
 * A limit below the present size stops growth only. Exact to the byte: a chunk that would pass the
 * limit by one byte is not taken.
 *
 * Context: MT-safe, does not sleep.
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY for every node (each gets this limit).
 * @param max_bytes
 *   Bytes; SIZE_MAX: no limit, the default.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: no such node, or one without memory; not initialised
 */
int
rte_fastmem_set_limit(int node_id, size_t max_bytes);

/**
 * The limit of a node, as set; with RTE_NUMA_NODE_ANY the largest of all.
 *
 * @return
 *   Bytes; SIZE_MAX: no limit; 0 for a node that does not exist or before rte_fastmem_init().
 */
size_t
rte_fastmem_get_limit(int node_id);

/**
 * Let allocations take memory from EAL when a node runs out (the default), or not.
 *
 * Off, nothing is taken after the reservation: an allocation that finds nothing fails at once. On,
 * growth that EAL refused is not tried again for a second, unless this is called: EAL takes
 * milliseconds to find that there are no hugepages.
 *
 * Context: MT-safe, does not sleep.
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY for every node.
 * @param on
 *   Whether allocations may grow it.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: no such node, or one without memory
 *   - -ENODEV: not initialised
 */
int
rte_fastmem_set_growth(int node_id, bool on);

/**
 * Whether allocations may grow a node, as set; with RTE_NUMA_NODE_ANY whether they may any.
 *
 * Context: MT-safe, does not sleep.
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY.
 *
 * @return
 *   1 or 0, otherwise a negative errno as of rte_fastmem_set_growth().
 */
int
rte_fastmem_get_growth(int node_id);

/**
 * Reclaim a node's magazines, and give chunks that are wholly free back to EAL.
 *
 * Never goes below what was reserved. What processes that were killed had in their caches comes
 * back; blocks in other threads' caches are left alone.
 *
 * Context: control path, may sleep (EAL clears the memory); MT-safe.
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY for every node.
 *
 * @return
 *   Bytes given back, or a negative errno:
 *   - -EINVAL: no such node, or one without memory
 *   - -ENODEV: not initialised
 */
int64_t
rte_fastmem_trim(int node_id);

/** Largest size class in bytes. Larger allocations take page runs. Needs nothing. */
size_t
rte_fastmem_max_size(void);

/**
 * The size classes.
 *
 * Context: needs nothing.
 *
 * @param[out] sizes
 *   Their sizes in bytes, ascending; NULL to only count them.
 *
 * @return
 *   How many there are, at most RTE_FASTMEM_MAX_CLASSES.
 */
unsigned int
rte_fastmem_classes(size_t *sizes);

/**
 * Allocate a block on one node, or on any.
 *
 * @param size
 *   Bytes; 0 gives a valid block of the smallest class.
 * @param align
 *   Power of two, at most RTE_FASTMEM_MAX_SIZE; 0: a cache line.
 * @param flags
 *   RTE_FASTMEM_F_*.
 * @param node_id
 *   That node only; RTE_NUMA_NODE_ANY: the caller's, then the others, nearest first.
 *
 * @return
 *   The block, or NULL with rte_errno:
 *   - EINVAL: no such node or one without memory, unknown flag, @p align not a power of two
 *   - ENODEV: not initialised
 *   - E2BIG: @p align or @p size is beyond what the window of addresses could ever hold
 *   - ENOMEM: nothing left
 */
void *
rte_fastmem_alloc_node(size_t size, size_t align, unsigned int flags, int node_id);

/**
 * Resize a block, keeping its content and its node.
 *
 * @param ptr
 *   A block, or NULL: allocates on the caller's node.
 * @param size
 *   New size in bytes; 0 frees @p ptr and returns NULL.
 * @param align
 *   As for rte_fastmem_alloc_node().
 *
 * @return
 *   @p ptr itself while its class fits, else the new block; NULL with rte_errno as for
 *   rte_fastmem_alloc_node(), @p ptr then stays valid. EINVAL also if @p ptr is no block.
 */
void *
rte_fastmem_realloc(void *ptr, size_t size, size_t align);

/**
 * Allocate @p n blocks on one node or on any: all or none.
 *
 * @param[out] ptrs
 *   The blocks, on success only.
 * @param n
 *   How many; 0 succeeds once the other arguments were checked.
 * @param size
 *   As for rte_fastmem_alloc_node(), as are the further ones. With RTE_NUMA_NODE_ANY blocks of one
 *   call may come from several nodes.
 * @param align
 *   See above.
 * @param flags
 *   See above.
 * @param node_id
 *   See above.
 *
 * @return
 *   0 on success, otherwise a negative errno as rte_errno of rte_fastmem_alloc_node().
 */
int
rte_fastmem_alloc_bulk_node(void **ptrs, unsigned int n, size_t size, size_t align,
			    unsigned int flags, int node_id);

/**
 * Free blocks of any sizes and nodes; NULLs among them are skipped.
 *
 * @param ptrs
 *   The blocks.
 * @param n
 *   How many.
 */
void
rte_fastmem_free_bulk(void **ptrs, unsigned int n);

/**
 * Look a size class of a node up once, for the fastest allocation and free.
 *
 * @param size
 *   Bytes, up to RTE_FASTMEM_MAX_SIZE.
 * @param align
 *   As for rte_fastmem_alloc_node().
 * @param node_id
 *   Node; RTE_NUMA_NODE_ANY: the caller's at this moment.
 * @param[out] handle
 *   Set on success only; valid in every thread and process until rte_fastmem_deinit().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: no such node or one without memory, @p align not a power of two
 *   - -ENODEV: not initialised
 *   - -E2BIG: @p size or @p align above RTE_FASTMEM_MAX_SIZE
 */
int
rte_fastmem_hlookup(size_t size, size_t align, int node_id, rte_fastmem_handle_t *handle);

/**
 * IO address of any byte in a block.
 *
 * @return
 *   The address, or RTE_BAD_IOVA where @p ptr does not lie in a block.
 */
rte_iova_t
rte_fastmem_virt2iova(const void *ptr);

/**
 * Bytes that a block really has.
 *
 * @return
 *   Bytes from the block's start; 0 where @p ptr lies in no block. Any byte of a block will do but
 *   for blocks above RTE_FASTMEM_MAX_SIZE, which are known by their start.
 */
size_t
rte_fastmem_usable_size(const void *ptr);

/** Node id of a block, -1 where @p ptr does not lie in one. */
int
rte_fastmem_node_of(const void *ptr);

/** Whether @p ptr, which may be any pointer at all, lies in a page run that fastmem serves. */
bool
rte_fastmem_owns(const void *ptr);

/**
 * Return what the calling thread has cached to the nodes.
 *
 * For a thread that goes idle for long. A thread's exit does the same.
 */
void
rte_fastmem_cache_flush(void);

/**
 * Statistics of everything.
 *
 * Counters are exact when no thread is inside fastmem, otherwise each is a little stale.
 *
 * Context: MT-safe, does not sleep and does not disturb the threads it reads.
 *
 * @return
 *   0; -EINVAL: NULL; -ENODEV: not initialised
 */
int
rte_fastmem_stats(struct rte_fastmem_stats *stats);

/**
 * Statistics of one class, by its size as rte_fastmem_classes() gives it.
 *
 * @return
 *   0; -EINVAL: NULL or no such class; -ENODEV: not initialised
 */
int
rte_fastmem_stats_class(size_t class_size, struct rte_fastmem_class_stats *stats);

/**
 * Statistics of one lcore, all classes.
 *
 * @return
 *   0; -EINVAL: NULL or no such lcore; -ENODEV: not initialised
 */
int
rte_fastmem_stats_lcore(unsigned int lcore_id, struct rte_fastmem_lcore_stats *stats);

/** As rte_fastmem_stats_lcore(), for one class. */
int
rte_fastmem_stats_lcore_class(unsigned int lcore_id, size_t class_size,
			      struct rte_fastmem_lcore_class_stats *stats);

/** As rte_fastmem_stats_lcore(), for all threads that are no lcores together. */
int
rte_fastmem_stats_shared(struct rte_fastmem_lcore_stats *stats);

/** As rte_fastmem_stats_shared(), for one class. */
int
rte_fastmem_stats_shared_class(size_t class_size, struct rte_fastmem_lcore_class_stats *stats);

/**
 * Statistics of one node.
 *
 * @return
 *   0; -EINVAL: NULL, no such node or one without memory; -ENODEV: not initialised
 */
int
rte_fastmem_stats_node(int node_id, struct rte_fastmem_node_stats *stats);

/**
 * Statistics of one class on one node.
 *
 * @return
 *   0; -EINVAL: NULL, no such class, no such node or one without memory; -ENODEV: not initialised
 */
int
rte_fastmem_stats_node_class(int node_id, size_t class_size,
			     struct rte_fastmem_node_class_stats *stats);

/**
 * Begin counting anew: totals, hits and misses; what is in use or cached stays as it is.
 */
void
rte_fastmem_stats_reset(void);

#ifdef __cplusplus
}
#endif

#include <rte_fastmem_fast.h>

#endif /* RTE_FASTMEM_H */
