/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_WALK_H
#define RTE_FASTMEM_WALK_H

/**
 * @file
 * fastmem looked at from outside: what each slab holds, who has what cached, and an audit.
 *
 * All of this only reads, in the primary or a secondary: no thread that allocates or frees waits for
 * it or does anything for it. What threads change meanwhile is seen before or after; each figure was
 * true at some instant of the call, not all at the same one. When no thread is inside fastmem they
 * are exact and agree with each other.
 *
 * A walk calls a function for each thing that it finds; one that returns something else than 0 ends
 * the walk, which then returns that. The function may use fastmem.
 *
 * Context: control path, may sleep; MT-safe; needs EAL and rte_fastmem_init(). Not to be run beside
 * rte_fastmem_deinit(), see rte_fastmem_watch_begin().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a size class has in a slab. */
struct rte_fastmem_slab_mix {
	size_t class_size; /**< Bytes a block. */
	uint32_t runs;	   /**< Page runs of the class. */
	uint32_t pages;	   /**< Their pages, of 4 KiB. */
	uint32_t blocks;   /**< Blocks in them, which is the sum of the next three. */
	uint32_t live;	   /**< Held by the application. */
	uint32_t cached;   /**< In threads' caches and in magazines. */
	uint32_t free;	   /**< Neither. */
};

/** A slab: 2 MiB of a node's memory. Its bytes are the sum of the others. */
struct rte_fastmem_slab_map {
	const void *addr;      /**< Where it begins. */
	uint64_t iova;	       /**< Its IO address; RTE_BAD_IOVA: not known. */
	size_t page_size;      /**< Bytes of the (huge) pages that it lies in. */
	uint32_t chunk;	       /**< Number of its piece of memory among the node's. */
	uint32_t index;	       /**< Its number in that piece. */
	uint64_t bytes;	       /**< What is fastmem's of it: 2 MiB, or less at a piece's edges. */
	uint64_t bytes_live;   /**< Blocks up to RTE_FASTMEM_MAX_SIZE that the application holds. */
	uint64_t bytes_large;  /**< Parts of larger ones. */
	uint64_t bytes_cached; /**< Blocks in threads' caches and in magazines. */
	uint64_t bytes_free;   /**< Blocks that are neither, in runs of pages of their class. */
	uint64_t bytes_unused; /**< Pages that any class may take. */
	uint64_t bytes_rest;   /**< What runs have beyond their last block. */
	uint64_t bytes_claimed; /**< Pages that a thread takes or gives back just now. */
	unsigned int nb_mix;	/**< Size classes that have runs in it. */
	const struct rte_fastmem_slab_mix *mix; /**< Ascending; valid during the call. */
};

/** What a row of a slab's pages is used for. */
enum rte_fastmem_row_kind {
	RTE_FASTMEM_ROW_OTHER,	 /**< Not fastmem's: EAL has its headers there. */
	RTE_FASTMEM_ROW_UNUSED,	 /**< Any class may take them. */
	RTE_FASTMEM_ROW_CLAIMED, /**< A thread takes or gives them back just now. */
	RTE_FASTMEM_ROW_RUN,	 /**< A run of blocks of one class. */
	RTE_FASTMEM_ROW_LARGE,	 /**< A block above RTE_FASTMEM_MAX_SIZE, as far as it lies here. */
};

/** A row of a slab's pages. */
struct rte_fastmem_row {
	enum rte_fastmem_row_kind kind; /**< What it is. */
	const void *addr;		/**< Its first page. */
	uint32_t pages;			/**< How many, of 4 KiB. */
	size_t class_size;		/**< Of a run: bytes a block; otherwise 0. */
	uint32_t blocks;		/**< Of a run: the sum of the next three. */
	uint32_t live;			/**< See struct rte_fastmem_slab_mix. */
	uint32_t cached;		/**< See struct rte_fastmem_slab_mix. */
	uint32_t free;			/**< See struct rte_fastmem_slab_mix. */
};

/** A size class on a node. */
struct rte_fastmem_class_map {
	size_t class_size;   /**< Bytes a block. */
	uint64_t runs;	     /**< Page runs of the class. */
	uint64_t pages;	     /**< Their pages, of 4 KiB. */
	uint64_t blocks;     /**< Blocks in them, which is the sum of the next four. */
	uint64_t live;	     /**< Held by the application. */
	uint64_t in_caches;  /**< In threads' caches. */
	uint64_t in_transit; /**< In magazines, on the way from one thread to another. */
	uint64_t free;	     /**< In none of them. */
};

/** What a thread's cache holds of a size class. */
struct rte_fastmem_cache_mix {
	int node_id;	   /**< Node that the blocks are of. */
	size_t class_size; /**< Bytes a block. */
	uint32_t blocks;   /**< How many. */
	uint32_t capacity; /**< How many it can hold. */
};

/** A thread's cache. */
struct rte_fastmem_cache_map {
	uint32_t number;       /**< Of the cache, for as long as the allocator lives. */
	unsigned int lcore_id; /**< Its thread's; LCORE_ID_ANY: none. */
	uint32_t process;    /**< Number among the processes that share the memory; 0: has none. */
	int node_id;	     /**< Where the cache itself lies. */
	uint64_t blocks;     /**< In it. */
	uint64_t bytes;	     /**< Of them. */
	unsigned int nb_mix; /**< Size classes and nodes that it holds blocks of. */
	const struct rte_fastmem_cache_mix *mix; /**< By node and size; valid during the call. */
};

/** See rte_fastmem_walk_slabs(). */
typedef int (*rte_fastmem_slab_fn)(const struct rte_fastmem_slab_map *slab, void *arg);
/** See rte_fastmem_walk_rows(). */
typedef int (*rte_fastmem_row_fn)(const struct rte_fastmem_row *row, void *arg);
/** See rte_fastmem_walk_classes(). */
typedef int (*rte_fastmem_class_fn)(const struct rte_fastmem_class_map *cls, void *arg);
/** See rte_fastmem_walk_caches(). */
typedef int (*rte_fastmem_cache_fn)(const struct rte_fastmem_cache_map *cache, void *arg);

/**
 * Begin to look at fastmem from a thread that does not know when the program is done with it.
 *
 * Until rte_fastmem_watch_end() a call of rte_fastmem_deinit() in this process waits; nothing else
 * does. What the primary gives back meanwhile a secondary cannot keep: end it first.
 *
 * Context: control path, waits for an rte_fastmem_deinit() that is under way; MT-safe. Not from what
 * rte_fastmem_deinit() calls.
 *
 * @return
 *   0; -ENODEV: fastmem is not initialised (any more), or EAL was cleaned up, and nothing has to be
 *   ended
 */
int
rte_fastmem_watch_begin(void);

/** End what rte_fastmem_watch_begin() began, in the same thread. */
void
rte_fastmem_watch_end(void);

/**
 * The heap map of a node: its slabs, piece of memory by piece, each by address.
 *
 * @param node_id
 *   Node.
 * @param fn
 *   Called for each slab.
 * @param arg
 *   Given to it.
 *
 * @return
 *   0, what @p fn returned to end the walk, or a negative errno:
 *   - -EINVAL: no such node or one without memory; no @p fn
 *   - -ENODEV: not initialised
 *   - -ENOMEM: no memory to remember what is cached
 */
int
rte_fastmem_walk_slabs(int node_id, rte_fastmem_slab_fn fn, void *arg);

/**
 * The same from a slab on, for who takes a large map in parts: those before cost nothing.
 *
 * @param node_id
 *   Node.
 * @param first
 *   How many slabs are left out.
 * @param fn
 *   Called for each slab.
 * @param arg
 *   Given to it.
 * @param[out] nb_slabs
 *   How many the node has, also if @p fn ended the walk; untouched on failure. May be NULL.
 *
 * @return
 *   As rte_fastmem_walk_slabs().
 */
int
rte_fastmem_walk_slabs_from(int node_id, uint64_t first, rte_fastmem_slab_fn fn, void *arg,
			    uint64_t *nb_slabs);

/**
 * A slab in detail: its pages in rows, ascending and without a gap.
 *
 * @param addr
 *   Any address in the slab.
 * @param fn
 *   Called for each row.
 * @param arg
 *   Given to it.
 *
 * @return
 *   0, what @p fn returned to end the walk, or a negative errno:
 *   - -EINVAL: fastmem has no slab there; no @p fn
 *   - -ENODEV: not initialised
 *   - -ENOMEM: no memory to remember what is cached
 */
int
rte_fastmem_walk_rows(const void *addr, rte_fastmem_row_fn fn, void *arg);

/**
 * The size classes of a node that have memory there, ascending.
 *
 * @param node_id
 *   Node.
 * @param fn
 *   Called for each class.
 * @param arg
 *   Given to it.
 *
 * @return
 *   As rte_fastmem_walk_slabs().
 */
int
rte_fastmem_walk_classes(int node_id, rte_fastmem_class_fn fn, void *arg);

/**
 * The caches that threads have now, of all processes.
 *
 * @param fn
 *   Called for each cache.
 * @param arg
 *   Given to it.
 *
 * @return
 *   0, what @p fn returned to end the walk, or a negative errno:
 *   - -EINVAL: no @p fn
 *   - -ENODEV: not initialised
 */
int
rte_fastmem_walk_caches(rte_fastmem_cache_fn fn, void *arg);

/** What an audit found. */
enum rte_fastmem_fault_kind {
	RTE_FASTMEM_FAULT_COUNT,	/**< A class's blocks are not live + cached + free. */
	RTE_FASTMEM_FAULT_CACHED_FREE,	/**< A block is cached and free as well. */
	RTE_FASTMEM_FAULT_CACHED_TWICE, /**< A block is in two places: it was freed twice. */
	RTE_FASTMEM_FAULT_NO_BLOCK,	/**< Cached is what is no block of that class and node. */
	RTE_FASTMEM_FAULT_WORD, /**< A run's word says that blocks are free that do not exist. */
	RTE_FASTMEM_FAULT_PAGE, /**< What is known of a page contradicts itself. */
	RTE_FASTMEM_FAULT_LOST_PAGES,	 /**< Pages are neither free nor used. */
	RTE_FASTMEM_FAULT_CHAIN,	 /**< A shelf names magazines that cannot be in it. */
	RTE_FASTMEM_FAULT_LOST_MAGAZINE, /**< Magazines are neither free nor on a shelf. */
	RTE_FASTMEM_FAULT_STACK,   /**< A cache's stack has no place for what it says to hold. */
	RTE_FASTMEM_FAULT_BACKING, /**< A node's pieces are not what it took from EAL. */
};

/** Something that does not add up. Fields that a kind does not have are 0. */
struct rte_fastmem_fault {
	enum rte_fastmem_fault_kind kind; /**< What does not add up. */
	int node_id;			  /**< Node. */
	size_t class_size;		  /**< Bytes a block of the class concerned. */
	const void *slab;		  /**< Slab concerned. */
	uint32_t page;			  /**< First page concerned, its number in the slab. */
	uint32_t pages;			  /**< Pages concerned. */
	const void *block;		  /**< Block concerned. */
	uint64_t blocks; /**< Of COUNT: all in the class's runs, in bytes above RTE_FASTMEM_MAX_SIZE. */
	uint64_t live;	   /**< Of COUNT: allocated and not freed, as counted. */
	uint64_t cached;   /**< Of COUNT: in caches and magazines. */
	uint64_t free;	   /**< Of COUNT: by the runs' words. */
	uint64_t found;	   /**< Of others: the word or number that is wrong. */
	uint64_t expected; /**< Of others: what it had to be, or the bits that it may have. */
	const char *text;  /**< All of it in a sentence; valid during the call. */
};

/** See rte_fastmem_audit(). */
typedef int (*rte_fastmem_fault_fn)(const struct rte_fastmem_fault *fault, void *arg);

/** What an audit looked at. Blocks are those up to RTE_FASTMEM_MAX_SIZE. */
struct rte_fastmem_audit {
	uint64_t slabs;	 /**< Slabs. */
	uint64_t pages;	 /**< Pages of 4 KiB in them. */
	uint64_t blocks; /**< Blocks in the runs of all classes. */
	uint64_t live;	 /**< Of them allocated and not freed, as counted. */
	uint64_t cached; /**< Of them in caches and magazines. */
	uint64_t free;	 /**< Of them free by the runs' words. */
	uint64_t faults; /**< Things that do not add up. */
	uint64_t moved;	 /**< Things that were on the move each time it looked: no judgement. */
};

/**
 * Walk every slab, cache and magazine, and prove that all blocks are live, cached or free.
 *
 * What is live is counted where blocks are allocated and freed; what is cached is found in caches and
 * magazines, each block once, of the right class, and not free at the same time; what is free is what
 * the page runs say. All pages are accounted for, and all magazines.
 *
 * Threads go on meanwhile. So nothing is called a fault that a thread in the middle of something
 * could cause: that is looked at again, until it was seen twice without a change and in between there
 * was an instant at which no thread was inside of fastmem but for the inlined part. What never came to
 * rest counts as moved; `moved` of 0 says that all figures are of one instant for each class, and
 * exact. On a data path that is quiet it always is.
 *
 * A process that was killed inside fastmem may leave faults: what its threads had in their hands is
 * lost, and named. Until rte_fastmem_trim() has taken back its caches, and for ever if it was
 * killed while memory was added or trimmed, it counts as moving.
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY for all.
 * @param fn
 *   Called for each fault; what it returns ends the audit as it ends a walk. May be NULL.
 * @param arg
 *   Given to it.
 * @param[out] audit
 *   What it looked at and found; set if all was looked at. May be NULL.
 *
 * @return
 *   0 also where there are faults, what @p fn returned to end it, or a negative errno:
 *   - -EINVAL: no such node or one without memory
 *   - -ENODEV: not initialised
 *   - -ENOMEM: no memory to remember what is cached
 */
int
rte_fastmem_audit(int node_id, rte_fastmem_fault_fn fn, void *arg, struct rte_fastmem_audit *audit);

#ifdef __cplusplus
}
#endif

#endif /* RTE_FASTMEM_WALK_H */
