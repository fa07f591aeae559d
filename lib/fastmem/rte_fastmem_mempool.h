/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_MEMPOOL_H
#define RTE_FASTMEM_MEMPOOL_H

/**
 * @file
 *
 * Mempools out of a node's reservation, among them such that grow when objects are asked for.
 *
 * The mempool operations "fastmem" serve every rte_mempool that names them, as an unmodified program
 * does by EAL's option --mbuf-pool-ops-name=fastmem. The driver librte_mempool_fastmem.so makes them
 * known. What is here is for programs that link fastmem.
 */

#include <rte_fastmem.h>
#include <rte_mempool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is called before the first pool is made, where fastmem is not initialised yet. */
typedef int(rte_fastmem_mempool_setup_t)(void);

/**
 * Make the mempool operations "fastmem" known to DPDK.
 *
 * The driver does it when it is loaded; rte_fastmem_mempool_create() does it too. Doing it again
 * changes nothing.
 *
 * Context: control path; MT-safe; needs no EAL.
 *
 * @param first_use
 *   Called by the primary in place of rte_fastmem_init() before its first pool; 0 or a negative errno.
 *   NULL: rte_fastmem_init() is. The first that is not NULL stays.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -ENOSPC: DPDK knows as many operations as it has room for
 */
int
rte_fastmem_mempool_register(rte_fastmem_mempool_setup_t *first_use);

/** A pool as rte_fastmem_mempool_create() makes it; what is not named is 0. */
struct rte_fastmem_mempool_params {
	const char *name;	     /**< Of the mempool. */
	unsigned int n;		     /**< Objects that it begins with; may be 0. */
	unsigned int max;	     /**< Objects that it may grow to: its size, to rte_mempool. */
	unsigned int elt_size;	     /**< Bytes an object. */
	unsigned int cache_size;     /**< Objects in each lcore's cache; 0: no cache. */
	unsigned int private_size;   /**< Bytes of private data behind the pool's head. */
	int node_id;		     /**< Where its memory comes from, or RTE_NUMA_NODE_ANY. */
	unsigned int flags;	     /**< RTE_MEMPOOL_F_*. */
	rte_mempool_ctor_t *mp_init; /**< Initialises the private data; may be NULL. */
	void *mp_init_arg;	     /**< For mp_init. */
	rte_mempool_obj_cb_t
		*obj_init;  /**< Initialises each object, whenever it comes; may be NULL. */
	void *obj_init_arg; /**< For obj_init. */
};

/**
 * Create a mempool that begins small and grows as objects are asked for.
 *
 * A get that finds too few objects adds some: at least those that it needs, a quarter of what there
 * is or 2 MiB of them, never beyond `max`. They come out of the node's reservation, and the node grows
 * itself when that is used up, unless rte_fastmem_set_growth() forbids it. One thread makes a pool
 * grow at a time; another that finds the pool empty meanwhile fails with -ENOBUFS at once rather than
 * wait. Growth that found too little memory is not tried again for a second. Nothing is given back
 * before rte_mempool_free().
 *
 * The pool grows in the process that created it; others use what there is. What counts as available
 * includes what may yet come. A thread that walks the pool's objects or memory
 * (rte_mempool_obj_iter(), rte_mempool_mem_iter()) must do so while no get can make it grow. Drivers that register a
 * pool's memory with their device when a queue is set up know of what is there at that time.
 *
 * With rte_pktmbuf_pool_init() and rte_pktmbuf_init() it is a pool of packet buffers.
 *
 * Context: control path, may sleep; needs EAL, and initialises fastmem where that was not done;
 * MT-safe.
 *
 * @param params
 *   The pool.
 *
 * @return
 *   The pool, or NULL with rte_errno:
 *   - EINVAL: no name, no size, more objects at first than at most, a cache too large for it, or no such
 *     node, or objects or private data beyond 2 GiB
 *   - ENOMEM: not enough memory; the log says what was asked and what there is
 *   - EEXIST: there is a mempool or memzone of that name
 *   - ENODEV: a secondary, and the primary did not initialise fastmem
 *   - ENOSPC: DPDK knows as many operations or memzones as it has room for
 *   - others of rte_fastmem_init() and rte_mempool_create_empty()
 */
struct rte_mempool *
rte_fastmem_mempool_create(const struct rte_fastmem_mempool_params *params);

#ifdef __cplusplus
}
#endif

#endif /* RTE_FASTMEM_MEMPOOL_H */
