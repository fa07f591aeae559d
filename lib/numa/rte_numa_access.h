/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_NUMA_ACCESS_H
#define RTE_NUMA_ACCESS_H

/**
 * @file
 *
 * How fast the memory of a node is, where the kernel publishes it: bandwidth and latency for the
 * nodes nearest to it (from firmware's table HMAT, or what a CXL device says), and memory tiers.
 *
 * These are figures of firmware and drivers, not measured ones. Most machines without HBM or CXL
 * have none. They are read from the kernel at each call. Needs no EAL.
 */

#include <stdint.h>

#include <rte_numa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whose access to a node's memory is asked about: always the nearest ones of a kind. */
enum rte_numa_initiators {
	/** Whatever accesses memory, CPUs or devices such as GPUs; the kernel's access class 0. */
	RTE_NUMA_INITIATORS_ANY = 0,
	/** Nodes with CPUs; the kernel's access class 1. */
	RTE_NUMA_INITIATORS_CPU = 1,
};

/**
 * How the nearest initiators access a node's memory, see rte_numa_access().
 *
 * A figure that is not published is RTE_NUMA_UNTOLD, never 0. The kernel has one figure for all
 * of the initiators, who are equally near; of others, which are farther, it tells none.
 */
struct rte_numa_access {
	struct rte_numa_mask initiators; /**< The nearest nodes; empty if not published. */
	uint64_t read_bandwidth;	 /**< MB/s. */
	uint64_t write_bandwidth;	 /**< MB/s. */
	uint64_t read_latency;		 /**< Nanoseconds. */
	uint64_t write_latency;		 /**< Nanoseconds. */
};

/**
 * How the nearest initiators access a node's memory, read from the kernel now.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node whose memory is accessed.
 * @param initiators
 *   By whom.
 * @param[out] access
 *   Set on success only; at least one member is published then.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p node_id is no online node, @p initiators is none of the enumeration, or a file is
 *     not in the kernel's format
 *   - -ENODATA: the kernel publishes nothing of this
 *   - another errno of open(2), opendir(3) or read(2), such as -EACCES
 */
int
rte_numa_access(const struct rte_numa_topology *topo, int node_id,
		enum rte_numa_initiators initiators, struct rte_numa_access *access);

/**
 * The memory tier of a node, the kernel's class of latency, read from the kernel now.
 *
 * A smaller tier is faster; only the order means something. Linux has tiers since 6.1, and puts all
 * nodes into the tier of ordinary memory where nobody tells it of a difference.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node.
 *
 * @return
 *   The tier's number, >= 0, otherwise a negative errno:
 *   - -EINVAL: @p node_id is no online node, or a file is not in the kernel's format
 *   - -ENODATA: the kernel has no tiers, or the node is in none, as one without memory
 *   - another errno of open(2), opendir(3) or read(2), such as -EACCES
 */
int
rte_numa_memory_tier(const struct rte_numa_topology *topo, int node_id);

#ifdef __cplusplus
}
#endif

#endif /* RTE_NUMA_ACCESS_H */
