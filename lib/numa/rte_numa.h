/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_NUMA_H
#define RTE_NUMA_H

/**
 * @file
 *
 * The NUMA nodes of a machine: which exist, which have memory or CPUs, how far apart they are,
 * and what each has free.
 *
 * A node id is the kernel's (`/sys/devices/system/node/nodeN`), never a physical package, and ids
 * may have gaps. Only online nodes exist here.
 *
 * Which nodes exist, their CPUs and their distances are a snapshot, taken when a topology is
 * loaded; how much memory is free is read at each call. Needs no EAL.
 *
 * Unless a function says otherwise, @p topo must be a loaded topology, not NULL. A topology never
 * changes, so any number of threads may query one at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_numa_mask.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef RTE_NUMA_NODE_ANY
/** No node in particular: the caller's, then the others nearest first. DPDK's SOCKET_ID_ANY. */
#define RTE_NUMA_NODE_ANY (-1)
#endif

/** Selects nodes that have memory. */
#define RTE_NUMA_WITH_MEMORY (1u << 0)

/** Selects nodes that have CPUs online. */
#define RTE_NUMA_WITH_CPUS (1u << 1)

/** In place of a figure that the kernel does not publish. */
#define RTE_NUMA_UNTOLD UINT64_MAX

/** The nodes of one machine, loaded from its sysfs. Opaque. */
struct rte_numa_topology;

/** Memory of a node, see rte_numa_memory(). */
struct rte_numa_memory {
	uint64_t total; /**< Bytes that the kernel manages there, hugepages included. */
	uint64_t free;	/**< Bytes unused now; not counted: hugepage pools, page cache. */
	/** Bytes of files and slabs that the kernel can take back, at most: some are in use. */
	uint64_t reclaimable;
};

/** Hugepages of one size: rte_numa_hugepages() of a node, rte_numa_machine_hugepages() of all. */
struct rte_numa_hugepages {
	uint64_t page_size; /**< Bytes. */
	uint64_t total;	    /**< Pages in the pool, surplus ones included. */
	uint64_t free;	    /**< Pages not in use; some may be promised to existing mappings. */
	/** Pages beyond the pool's set size: made on demand, given back to the system when freed. */
	uint64_t surplus;
	/**
	 * Pages promised to mappings that have not touched them yet: they count as free, and a
	 * further mapping cannot have them. The kernel keeps this figure for the machine only, as
	 * a promise names no node: RTE_NUMA_UNTOLD in a pool of a node.
	 */
	uint64_t reserved;
};

/**
 * Load the nodes of a machine from a sysfs tree.
 *
 * A tree without devices/system/node is that of a kernel without NUMA: it gives one node, 0, with
 * all CPUs and all hugepage pools of the tree, and all memory of the running machine.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param sysfs_root
 *   The folder that stands for /sys; copied.
 * @param[out] topo
 *   Set on success only. Release with rte_numa_topology_free().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p sysfs_root or @p topo is NULL, or the tree is malformed: a file that each node
 *     has is missing, is not in the kernel's format, or contradicts another
 *   - -ENOENT: @p sysfs_root does not exist
 *   - -ENOMEM: out of memory
 *   - another errno of open(2), opendir(3) or read(2), such as -EACCES
 */
int
rte_numa_topology_load(const char *sysfs_root, struct rte_numa_topology **topo);

/**
 * Release a topology that rte_numa_topology_load() made.
 *
 * Context: control path; nobody may be using @p topo any more.
 *
 * @param topo
 *   The topology, or NULL, which does nothing. Never that of rte_numa_topology_self().
 */
void
rte_numa_topology_free(struct rte_numa_topology *topo);

/**
 * The nodes of the machine that this process runs on, loaded from /sys at the first call.
 *
 * The first call that succeeds decides: what is online then stays in the answer until the process
 * ends. A call that fails leaves the next to try again.
 *
 * Context: any; MT-safe. Once loaded it is one load; until then it reads files.
 *
 * @return
 *   The topology, never to be freed, or NULL with errno set as by rte_numa_topology_load().
 */
const struct rte_numa_topology *
rte_numa_topology_self(void);

/**
 * The highest id of a node.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 *
 * @return
 *   The id, >= 0: a topology has at least one node.
 */
int
rte_numa_max_node_id(const struct rte_numa_topology *topo);

/**
 * Whether a node exists.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   Any number.
 *
 * @return
 *   True if @p node_id is an online node; false for RTE_NUMA_NODE_ANY.
 */
bool
rte_numa_node_exists(const struct rte_numa_topology *topo, int node_id);

/**
 * Whether a node exists and has memory.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   Any number.
 *
 * @return
 *   True if @p node_id is an online node with memory; false for RTE_NUMA_NODE_ANY.
 */
bool
rte_numa_node_has_memory(const struct rte_numa_topology *topo, int node_id);

/**
 * Whether a node exists and has CPUs online.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   Any number.
 *
 * @return
 *   True if @p node_id is an online node with at least one CPU; false for RTE_NUMA_NODE_ANY.
 */
bool
rte_numa_node_has_cpus(const struct rte_numa_topology *topo, int node_id);

/**
 * The next node by id, see RTE_NUMA_FOREACH_NODE().
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   Where to go on after; need not exist. Any negative number starts with the first node.
 * @param with
 *   What the node must have: RTE_NUMA_WITH_MEMORY, RTE_NUMA_WITH_CPUS, both, or 0 for any node.
 *
 * @return
 *   The smallest id above @p node_id of such a node, or -1 if there is none.
 */
int
rte_numa_node_next(const struct rte_numa_topology *topo, int node_id, unsigned int with);

/** Loop over the ids of nodes in ascending order; @p with as for rte_numa_node_next(). */
#define RTE_NUMA_FOREACH_NODE(node_id, topo, with) \
	for ((node_id) = rte_numa_node_next((topo), -1, (with)); (node_id) >= 0; \
	     (node_id) = rte_numa_node_next((topo), (node_id), (with)))

/**
 * The mask of nodes.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param with
 *   Which nodes, as for rte_numa_node_next().
 * @param[out] mask
 *   The nodes; empty if none qualifies.
 */
void
rte_numa_nodes(const struct rte_numa_topology *topo, unsigned int with, struct rte_numa_mask *mask);

/**
 * Write the ids of nodes as text in the kernel's list format, such as "0-3,8".
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param with
 *   Which nodes, as for rte_numa_node_next().
 * @param[out] buf
 *   The text, cut if need be, always terminated. May be NULL if @p size is 0.
 * @param size
 *   Bytes at @p buf.
 *
 * @return
 *   The length of the whole text, as snprintf(3) does: cut if >= @p size. 0 if no node qualifies.
 */
size_t
rte_numa_nodes_text(const struct rte_numa_topology *topo, unsigned int with, char *buf,
		    size_t size);

/**
 * The distance between two nodes, as firmware states it: 10 is local, 20 twice as far.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param from
 *   Id of the node whose CPUs access.
 * @param to
 *   Id of the node whose memory is accessed. Distances need not be symmetric.
 *
 * @return
 *   The distance, > 0, otherwise a negative errno:
 *   - -EINVAL: @p from or @p to is no online node
 */
int
rte_numa_distance(const struct rte_numa_topology *topo, int from, int to);

/**
 * All nodes, nearest to a node first: the node itself, then by distance, ties by id.
 *
 * Nodes without memory are in the list too.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node to start from.
 * @param[out] n
 *   Number of ids in the list; set on success only. May be NULL.
 *
 * @return
 *   The ids, valid as long as @p topo, or NULL with errno set:
 *   - EINVAL: @p node_id is no online node
 */
const int *
rte_numa_nearest(const struct rte_numa_topology *topo, int node_id, unsigned int *n);

/**
 * The physical package (the chip in a socket) that a node is part of, read from the kernel now.
 *
 * With sub-NUMA clustering several nodes are of one package.
 *
 * Context: control path, reads a file a CPU of the node; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node.
 *
 * @return
 *   The package's id as the kernel numbers it, >= 0; ids may have gaps. Otherwise a negative errno:
 *   - -EINVAL: @p node_id is no online node, or a file is not in the kernel's format
 *   - -ENODEV: the node has no CPUs, and it is by CPUs that a node is of a package: memory alone
 *     (CXL, HBM) is of none
 *   - -ENOTUNIQ: the node's CPUs are of several packages (interleaved memory, some virtual
 *     machines); each of them names the node in rte_numa_nodes_of_package()
 *   - -ENODATA: the kernel tells no package of any of the node's CPUs
 *   - another errno of open(2) or read(2), such as -EACCES
 */
int
rte_numa_package_of_node(const struct rte_numa_topology *topo, int node_id);

/**
 * The physical packages, ascending by id, read from the kernel now.
 *
 * Context: control path, reads a file a CPU; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param[out] packages
 *   The first @p n ids; touched on success only. May be NULL if @p n is 0.
 * @param n
 *   Number of elements at @p packages.
 *
 * @return
 *   How many packages there are, which may be more than @p n, or 0 if the kernel tells none;
 *   otherwise a negative errno:
 *   - -EINVAL: a file is not in the kernel's format
 *   - -ENOMEM: out of memory
 *   - another errno of open(2) or read(2), such as -EACCES
 */
int
rte_numa_packages(const struct rte_numa_topology *topo, int *packages, unsigned int n);

/**
 * The nodes of a physical package: those that have CPUs of it. Read from the kernel now.
 *
 * Context: control path, reads a file a CPU; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param package
 *   The package, as rte_numa_packages() names it.
 * @param[out] nodes
 *   The nodes, at least one; set on success only. Nodes of memory alone are in no package.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: there is no such package, or a file is not in the kernel's format
 *   - another errno of open(2) or read(2), such as -EACCES
 */
int
rte_numa_nodes_of_package(const struct rte_numa_topology *topo, int package,
			  struct rte_numa_mask *nodes);

/**
 * The node of a CPU.
 *
 * Context: any, fast path included; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param cpu
 *   The CPU as the kernel numbers it. For an EAL lcore see rte_numa_node_of_cpus().
 *
 * @return
 *   The node's id, otherwise a negative errno:
 *   - -EINVAL: @p cpu is not a CPU that was online when @p topo was loaded
 */
int
rte_numa_node_of_cpu(const struct rte_numa_topology *topo, int cpu);

/**
 * The node of the CPU that the calling thread runs on at this moment.
 *
 * Call rte_numa_topology_self() at start: with the topology loaded this is a look-up in a table
 * of CPUs, without it the kernel is asked, by vDSO where there is one. It loads nothing itself.
 *
 * Context: any, fast path included; MT-safe; no system call in the normal case.
 *
 * @return
 *   The node's id, or RTE_NUMA_NODE_ANY if the kernel refuses to tell.
 */
int
rte_numa_node_of_self(void);

/**
 * Total and free memory of a node, read from the kernel now.
 *
 * Context: control path, reads a file; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node.
 * @param[out] mem
 *   Set on success only. A node without memory has 0 of each.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p node_id is no online node, or the file is not in the kernel's format
 *   - another errno of open(2) or read(2), such as -ENOENT if the node went offline since
 */
int
rte_numa_memory(const struct rte_numa_topology *topo, int node_id, struct rte_numa_memory *mem);

/**
 * The hugepage pools of a node, smallest page size first, read from the kernel now.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node.
 * @param[out] pools
 *   The first @p n pools; touched on success only. May be NULL if @p n is 0.
 * @param n
 *   Number of elements at @p pools. 64 is enough for any kernel: a page size is a power of two.
 *
 * @return
 *   How many pools the node has, which may be more than @p n, or 0 if the kernel has no hugepages
 *   there; otherwise a negative errno:
 *   - -EINVAL: @p node_id is no online node, or a file is not in the kernel's format
 *   - another errno of open(2), opendir(3) or read(2), such as -EACCES
 */
int
rte_numa_hugepages(const struct rte_numa_topology *topo, int node_id,
		   struct rte_numa_hugepages *pools, unsigned int n);

/**
 * The hugepage pools of the whole machine, smallest page size first, read from the kernel now.
 *
 * What it has beyond the sum of the nodes' pools is @c reserved.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param[out] pools
 *   The first @p n pools; touched on success only. May be NULL if @p n is 0.
 * @param n
 *   Number of elements at @p pools, see rte_numa_hugepages().
 *
 * @return
 *   How many pools there are, which may be more than @p n, or 0 if the kernel has no hugepages;
 *   otherwise a negative errno:
 *   - -EINVAL: a file is not in the kernel's format
 *   - another errno of open(2), opendir(3) or read(2), such as -EACCES
 */
int
rte_numa_machine_hugepages(const struct rte_numa_topology *topo, struct rte_numa_hugepages *pools,
			   unsigned int n);

#ifdef __cplusplus
}
#endif

#endif /* RTE_NUMA_H */
