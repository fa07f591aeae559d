/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_STRATEGY_H
#define RTE_MEMALLOC_STRATEGY_H

/**
 * @file
 *
 * Strategies: objects that answer how memory is best asked for. There are three, and an application
 * can write its own: it fills a `struct rte_memalloc_strategy_ops` and points at it.
 *
 * A strategy is a plain structure that owns nothing, and need not be released. Its answers follow from
 * what it holds: from rules, and from facts as they were when it was made or last refreshed.
 *
 * Unless a function says otherwise it makes no system call and needs no EAL, and any number of threads
 * may ask one strategy at once, while nobody refreshes it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_memalloc.h>
#include <rte_memalloc_cache.h>
#include <rte_memalloc_choose.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Types of elements. */
enum rte_memalloc_type {
	RTE_MEMALLOC_TYPE_INT8,	     /**< One byte. */
	RTE_MEMALLOC_TYPE_INT16,     /**< Two bytes. */
	RTE_MEMALLOC_TYPE_INT32,     /**< Four bytes. */
	RTE_MEMALLOC_TYPE_INT64,     /**< Eight bytes. */
	RTE_MEMALLOC_TYPE_FLOAT32,   /**< Four bytes. */
	RTE_MEMALLOC_TYPE_FLOAT64,   /**< Eight bytes. */
	RTE_MEMALLOC_TYPE_COMPLEX64, /**< Two of four bytes. */
	RTE_MEMALLOC_TYPE_COMPLEX128 /**< Two of eight bytes. */
};

struct rte_memalloc_strategy;

/** How a strategy answers. All must be there. */
struct rte_memalloc_strategy_ops {
	/** Its name, such as "cache-aware". */
	const char *name;
	/** See rte_memalloc_strategy_should_use_arena(). */
	bool (*should_use_arena)(const struct rte_memalloc_strategy *strategy, size_t size);
	/** See rte_memalloc_strategy_should_use_pool(). */
	bool (*should_use_pool)(const struct rte_memalloc_strategy *strategy, size_t size);
	/** See rte_memalloc_strategy_alignment(). */
	size_t (*alignment)(const struct rte_memalloc_strategy *strategy,
			    enum rte_memalloc_type type);
	/** See rte_memalloc_strategy_block_size(). */
	size_t (*block_size)(const struct rte_memalloc_strategy *strategy, size_t element_size);
	/** See rte_memalloc_strategy_can_allocate(). */
	bool (*can_allocate)(const struct rte_memalloc_strategy *strategy, size_t size);
};

/** A strategy. Settings may be changed between its creation and its use. */
struct rte_memalloc_strategy {
	const struct rte_memalloc_strategy_ops *ops; /**< How it answers. */
	struct rte_memalloc_rules rules;	     /**< Thresholds. */
	struct rte_memalloc_facts facts;	     /**< What there is, see refresh. */
	struct rte_memalloc_cache_facts cache; /**< Caches; no levels: the kernel does not tell. */
	size_t vector;			       /**< Bytes of the processor's largest vectors. */
	uint32_t flags;			       /**< RTE_MEMALLOC_STRATEGY_F_*, or'ed. */
	/** Whose fragmentation is estimated, or NULL. */
	struct rte_memalloc *watched;
};

/** Intelligent: heed caches. */
#define RTE_MEMALLOC_STRATEGY_F_CACHE (1u << 0)
/** Intelligent: heed nodes. */
#define RTE_MEMALLOC_STRATEGY_F_NUMA (1u << 1)
/** NUMA-aware: memory is to be on the asking thread's node, and that node's memory counts. */
#define RTE_MEMALLOC_STRATEGY_F_LOCAL (1u << 2)
/** NUMA-aware: memory is to be spread over all nodes. Not with RTE_MEMALLOC_STRATEGY_F_LOCAL. */
#define RTE_MEMALLOC_STRATEGY_F_INTERLEAVE (1u << 3)

/**
 * Make an intelligent strategy: arena and pool by rte_memalloc_choose.h's rules.
 *
 * With RTE_MEMALLOC_STRATEGY_F_NUMA what the rules place on nodes is for no arena; without, the machine
 * counts as one node. With RTE_MEMALLOC_STRATEGY_F_CACHE elements are aligned to, and blocks cut by,
 * what the caches are like; without, alignment is that of vectors, and a block is a page.
 *
 * Context: reads files.
 *
 * @param flags
 *   RTE_MEMALLOC_STRATEGY_F_CACHE, RTE_MEMALLOC_STRATEGY_F_NUMA, or'ed.
 * @param[out] strategy
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p strategy is NULL, or an unknown flag
 *   - what rte_memalloc_facts_read() said
 */
int
rte_memalloc_strategy_intelligent(uint32_t flags, struct rte_memalloc_strategy *strategy);

/**
 * Make a cache-aware strategy: pools for what stays in level 1 (below a quarter of the CPU's share),
 * arenas for what passes through the last one (above its share), whole lines for elements. The machine
 * counts as one node.
 *
 * Context: reads files.
 *
 * @param facts
 *   The caches, or NULL for those of the CPU that the caller runs on. Copied.
 * @param[out] strategy
 *   Set on success only. Where the kernel does not tell of caches and no @p facts were given, the
 *   usual rules hold.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p strategy is NULL, or @p facts are none
 *   - what rte_memalloc_facts_read() said
 */
int
rte_memalloc_strategy_cache(const struct rte_memalloc_cache_facts *facts,
			    struct rte_memalloc_strategy *strategy);

/**
 * Make a NUMA-aware strategy: what the rules place on nodes is for no arena, blocks are whole pages.
 *
 * Context: reads files.
 *
 * @param flags
 *   RTE_MEMALLOC_STRATEGY_F_LOCAL or RTE_MEMALLOC_STRATEGY_F_INTERLEAVE or neither.
 * @param[out] strategy
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p strategy is NULL, an unknown flag, or both
 *   - what rte_memalloc_facts_read() said
 */
int
rte_memalloc_strategy_numa(uint32_t flags, struct rte_memalloc_strategy *strategy);

/**
 * Read the facts again: memory, hugepages, pressure. Rules stay.
 *
 * With RTE_MEMALLOC_STRATEGY_F_LOCAL memory and pressure are those of the node of the calling thread.
 *
 * Context: reads files; nobody may be asking the strategy meanwhile.
 *
 * @param strategy
 *   The strategy.
 *
 * @return
 *   0 on success, otherwise what rte_memalloc_facts_read() or rte_numa_memory() said, or -EINVAL if
 *   @p strategy is NULL: the facts are then as they were.
 */
int
rte_memalloc_strategy_refresh(struct rte_memalloc_strategy *strategy);

/**
 * Make an allocator of regions as a NUMA-aware strategy wants them: in base pages, each of which is seen
 * to be on its node before it is handed out, or allocating fails.
 *
 * Context: MT-safe; may sleep.
 *
 * @param strategy
 *   Any strategy: of RTE_MEMALLOC_STRATEGY_F_INTERLEAVE memory is spread over all nodes.
 * @param node_id
 *   The node to allocate on, without interleaving; RTE_NUMA_NODE_ANY: the nearest
 *   one to the calling thread that has memory.
 * @param[out] alloc
 *   Of kind "region"; set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENODEV: the node has no memory, or is none
 *   - what rte_memalloc_region_create() said
 */
int
rte_memalloc_strategy_allocator(const struct rte_memalloc_strategy *strategy, int node_id,
				struct rte_memalloc **alloc);

/**
 * How much of what an allocator holds it does not hand out: 1 - allocated / held. An estimate of its
 * fragmentation: free memory that it keeps ready counts too.
 *
 * Context: as rte_memalloc_stats() of the allocator.
 *
 * @param strategy
 *   The strategy, not NULL.
 *
 * @return
 *   0 to 1; 0 if nothing is watched or held.
 */
double
rte_memalloc_strategy_fragmentation(const struct rte_memalloc_strategy *strategy);

/**
 * The bytes of an element.
 *
 * Context: any.
 *
 * @param type
 *   Any number.
 *
 * @return
 *   Bytes; 0 if it is no type.
 */
size_t
rte_memalloc_type_size(enum rte_memalloc_type type);

/**
 * Whether an allocation of nothing but a known size is best made from an arena.
 *
 * @param strategy
 *   The strategy, not NULL.
 * @param size
 *   Bytes.
 *
 * @return
 *   True if so.
 */
static inline bool
rte_memalloc_strategy_should_use_arena(const struct rte_memalloc_strategy *strategy, size_t size)
{
	return strategy->ops->should_use_arena(strategy, size);
}

/**
 * Whether an allocation of nothing but a known size is best made from a pool.
 *
 * @param strategy
 *   The strategy, not NULL.
 * @param size
 *   Bytes.
 *
 * @return
 *   True if so.
 */
static inline bool
rte_memalloc_strategy_should_use_pool(const struct rte_memalloc_strategy *strategy, size_t size)
{
	return strategy->ops->should_use_pool(strategy, size);
}

/**
 * How to align an array of elements.
 *
 * @param strategy
 *   The strategy, not NULL.
 * @param type
 *   The elements' type.
 *
 * @return
 *   Bytes, a power of two; 0 if it is no type.
 */
static inline size_t
rte_memalloc_strategy_alignment(const struct rte_memalloc_strategy *strategy,
				enum rte_memalloc_type type)
{
	return strategy->ops->alignment(strategy, type);
}

/**
 * The size of block to cut an array into.
 *
 * @param strategy
 *   The strategy, not NULL.
 * @param element_size
 *   Bytes of an element.
 *
 * @return
 *   Bytes, whole elements, one at least; 0 if @p element_size is 0.
 */
static inline size_t
rte_memalloc_strategy_block_size(const struct rte_memalloc_strategy *strategy, size_t element_size)
{
	return strategy->ops->block_size(strategy, element_size);
}

/**
 * Whether so much memory can be had and pressure will not be critical then, by the facts.
 *
 * @param strategy
 *   The strategy, not NULL.
 * @param size
 *   Bytes.
 *
 * @return
 *   True if so, or if the facts do not say how much there is.
 */
static inline bool
rte_memalloc_strategy_can_allocate(const struct rte_memalloc_strategy *strategy, size_t size)
{
	return strategy->ops->can_allocate(strategy, size);
}

/**
 * How short memory is, by the facts.
 *
 * @param strategy
 *   The strategy, not NULL.
 *
 * @return
 *   The pressure.
 */
static inline enum rte_memalloc_pressure
rte_memalloc_strategy_pressure(const struct rte_memalloc_strategy *strategy)
{
	return strategy->facts.pressure;
}

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_STRATEGY_H */
