/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef NUMA_PRIV_H
#define NUMA_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rte_numa.h"
#include "rte_numa_cgroup.h"

/* CPU numbers are below this; Linux is built for 8192 at most on x86. */
#define NUMA_MAX_CPUS 65536

#define NUMA_MASK_WORDS(nbits) ((nbits) / 64)

static inline bool
numa_mask_test(const uint64_t *mask, unsigned int bit)
{
	return mask[bit / 64] >> (bit % 64) & 1;
}

/*
 * numa_topology.c
 *
 * I1. ids[] ascends strictly, and index_of[] is its inverse, -1 for an id that is no node.
 * I2. distance and nearest are nb_nodes * nb_nodes, a row a node, by index and not by id.
 * I3. Each row of nearest is a permutation of ids[] that begins with the row's own node.
 * I4. node_of_cpu[] holds only ids in ids[], or -1.
 */
struct rte_numa_topology {
	int16_t *node_of_cpu; /* What the fast path reads, with nb_cpus. */
	unsigned int nb_cpus; /* Length of node_of_cpu: the highest CPU plus one. */
	bool no_numa;	      /* A kernel without NUMA: one node stands for the machine. */
	unsigned int nb_nodes;
	int ids[RTE_NUMA_MAX_NODES];
	uint8_t with[RTE_NUMA_MAX_NODES]; /* By index: RTE_NUMA_WITH_*. */
	int16_t index_of[RTE_NUMA_MAX_NODES];
	uint16_t *distance;
	int *nearest;
	char *root;
};

/* numa_query.c */

/* The index of a node in ids[], or -1. */
static inline int
numa_index(const struct rte_numa_topology *topo, int node_id)
{
	if (node_id < 0 || node_id >= RTE_NUMA_MAX_NODES)
		return -1;
	return topo->index_of[node_id];
}

/* The node of a CPU, or -1. */
static inline int
numa_cpu_node(const struct rte_numa_topology *topo, int cpu)
{
	if (cpu < 0 || (unsigned int)cpu >= topo->nb_cpus)
		return -1;
	return topo->node_of_cpu[cpu];
}

/*
 * numa_parse.c: text of the kernel's to numbers. All return 0 or -EINVAL, and touch their
 * out-parameters on success only. Text may end in one newline.
 */

/* A list such as "0-3,8", or an empty one; sets bits of mask, nbits a multiple of 64. */
int
numa_parse_list(const char *text, uint64_t *mask, unsigned int nbits);

/* The same for text from elsewhere: -ERANGE where all is well but for a number too high. */
int
numa_parse_ids(const char *text, uint64_t *mask, unsigned int nbits);

/* Exactly n distances, each from 1 to UINT16_MAX. */
int
numa_parse_distances(const char *text, uint16_t *row, unsigned int n);

/* A single number. */
int
numa_parse_count(const char *text, uint64_t *count);

/* A single number, up to INT_MAX, or -1, which the kernel writes where there is none. */
int
numa_parse_id(const char *text, int *id);

/* The name of one of several: a prefix and a number up to INT_MAX; no newline may follow. */
int
numa_parse_numbered(const char *name, const char *prefix, int *id);

/* The CPU that a thread's file stat in /proc names. */
int
numa_parse_stat(const char *text, int *cpu);

struct numa_pci {
	unsigned int domain, bus, device, function;
};

/* A PCI address, with a domain or without; no newline may follow. */
int
numa_parse_pci(const char *text, struct numa_pci *pci);

/* A node's meminfo; -EINVAL also if it is that of another node. */
int
numa_parse_meminfo(const char *text, int node_id, struct rte_numa_memory *mem);

/* The name of a pool's folder, "hugepages-2048kB", to bytes: a power of two. */
int
numa_parse_pool_name(const char *name, uint64_t *page_size);

/*
 * numa_cgroup_parse.c: the same for cgroups, but that lines which are not understood count as those
 * of something else.
 */

/* Which cgroup /proc/self/cgroup names for a controller; -ENOENT: none. */
int
numa_parse_cgroup(const char *text, const char *controller, bool *v1, char *path, size_t size);

/* Its folder, by /proc/self/mountinfo; v1 is given. -ENOENT: not mounted. */
int
numa_parse_cgroup_mount(const char *text, const char *controller, const char *path,
			struct rte_numa_cgroup *cgroup);

/* A cgroup's number, see rte_numa_cgroup_number(). */
int
numa_parse_cgroup_number(const char *text, const char *name, uint64_t *value);

/* numa_where.c */

/* rte_numa_node_of_thread() with the folder that stands for /proc. */
int
numa_node_of_thread(const struct rte_numa_topology *topo, const char *proc_root, int tid);

/*
 * numa_sysfs.c: the only file that asks the kernel. All return 0 or a negative errno, and touch
 * their out-parameters on success only. Paths are relative to the root.
 */

/* More than the longest path below the root that this library uses. */
#define NUMA_PATH_MAX 128

/* The whole of a file as a string, to be freed; -EINVAL if it holds a NUL. path: as printf(3). */
int
numa_sysfs_read(char **text, const char *root, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* -ENOENT if there is no such file or folder. */
int
numa_sysfs_find(const char *root, const char *path);

/* Hand on the name of each entry of a folder, in any order; on failure some may have been. */
int
numa_sysfs_list(const char *root, const char *path, void (*entry)(const char *name, void *arg),
		void *arg);

/* The path that is left when all links on the way are followed, PATH_MAX bytes. */
int
numa_sysfs_resolve(char *resolved, const char *root, const char *path);

/* The device that a descriptor is of, or that the file is on; its numbers, and if it is block. */
int
numa_sysfs_device(int fd, bool *block, unsigned int *major, unsigned int *minor);

/* The status that move_pages() has of the page that an address lies in. */
int
numa_sysfs_page_node(const void *addr, int *status);

/* -EFAULT if nothing is mapped there. */
int
numa_sysfs_page_mapped(const void *addr);

/* Whether there is a page now. */
int
numa_sysfs_page_present(const void *addr, bool *present);

/* Memory of the running machine. */
int
numa_sysfs_machine_memory(struct rte_numa_memory *mem);

/* CPUs of the running machine, online or not. */
unsigned int
numa_sysfs_machine_nb_cpus(void);

#endif /* NUMA_PRIV_H */
