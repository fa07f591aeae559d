/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_NUMA_CGROUP_H
#define RTE_NUMA_CGROUP_H

/**
 * @file
 *
 * The cgroups that this process is in, and what they leave it of memory and of hugepages, whatever
 * the nodes have free. Containers with limits are such cgroups.
 *
 * A limit holds for everything below it: of a process's cgroup and all those above it the tightest
 * counts. From within a container only those can be seen that are mounted there.
 *
 * A machine may have version 2 (one hierarchy), version 1 (one a controller, or a few) or both. The
 * kernel gives a controller to one hierarchy alone, and that one is looked at, by that version's
 * names of files. Nothing is kept: each call reads the kernel's files anew. Needs no EAL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** In place of a limit where there is none. */
#define RTE_NUMA_CGROUP_NO_LIMIT UINT64_MAX

/** Bytes of the longest name of a file of a cgroup that is dealt with, its end included. */
#define RTE_NUMA_CGROUP_PATH_MAX 1024

/** A cgroup, by its folder. */
struct rte_numa_cgroup {
	bool v1;    /**< It is of version 1. */
	size_t top; /**< The first so many bytes of @a dir are the topmost that can be seen. */
	char dir[RTE_NUMA_CGROUP_PATH_MAX]; /**< As the process sees it; no slash at its end. */
};

/** What a limit leaves. All in bytes. */
struct rte_numa_cgroup_limit {
	uint64_t max;	      /**< What all below it may have; RTE_NUMA_CGROUP_NO_LIMIT: none. */
	uint64_t used;	      /**< What they have; files that the kernel caches for them count. */
	uint64_t reclaimable; /**< Of this, files that the kernel can take back: some are in use. */
	/** What can still be had, with half of @a reclaimable; RTE_NUMA_CGROUP_NO_LIMIT: no limit. */
	uint64_t left;
	/** That says @a max, as the process sees it; "": no limit. */
	char file[RTE_NUMA_CGROUP_PATH_MAX];
};

/** Limits of memory, see rte_numa_cgroup_memory(). */
enum rte_numa_cgroup_kind {
	RTE_NUMA_CGROUP_MAX,  /**< Beyond it the kernel kills: memory.max. */
	RTE_NUMA_CGROUP_HIGH, /**< Beyond it the kernel slows down: memory.high; version 2 alone. */
};

/**
 * The cgroup of this process in the hierarchy that has a controller.
 *
 * Context: control path, reads two files; MT-safe.
 *
 * @param proc_root
 *   The folder that stands for /proc.
 * @param controller
 *   Such as "memory", "hugetlb" or "cpuset".
 * @param[out] cgroup
 *   Set on success only. That its folder has files of the controller is not said: version 2 lets
 *   each cgroup do without.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: a pointer is NULL
 *   - -ENOENT: there is no such hierarchy, or none that is mounted here
 *   - -ENAMETOOLONG: the folder's name is too long
 *   - another errno of open(2) or read(2), such as -EACCES
 */
int
rte_numa_cgroup_find(const char *proc_root, const char *controller, struct rte_numa_cgroup *cgroup);

/**
 * Go on to the cgroup above.
 *
 * Context: any; no system call.
 *
 * @param cgroup
 *   A cgroup; changed if there is one above that can be seen.
 *
 * @return
 *   Whether there is.
 */
bool
rte_numa_cgroup_up(struct rte_numa_cgroup *cgroup);

/**
 * Read a number of a cgroup: a file that has nothing else, or a line "NAME NUMBER" of one.
 *
 * Context: control path, reads a file; MT-safe.
 *
 * @param fs_root
 *   What stands before @a dir, "" on the machine itself.
 * @param cgroup
 *   The cgroup.
 * @param file
 *   The file's name, such as "memory.current".
 * @param name
 *   The line, such as "oom_kill"; NULL: the file is one number.
 * @param[out] value
 *   Set on success only; RTE_NUMA_CGROUP_NO_LIMIT for "max", and for what version 1 writes for it.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: a pointer other than @p name is NULL, or that is no number
 *   - -ENOENT: no such file, or no such line
 *   - another errno of open(2) or read(2), such as -EACCES
 */
int
rte_numa_cgroup_number(const char *fs_root, const struct rte_numa_cgroup *cgroup, const char *file,
		       const char *name, uint64_t *value);

/**
 * What a cgroup and those above it leave of memory: the tightest of all limits counts.
 *
 * Swap is not counted as room. Hugepages are counted elsewhere: rte_numa_cgroup_hugepages().
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param fs_root
 *   As for rte_numa_cgroup_number().
 * @param cgroup
 *   What rte_numa_cgroup_find() found for "memory".
 * @param kind
 *   Which limits.
 * @param[out] limit
 *   The one that leaves least; without any @a left is RTE_NUMA_CGROUP_NO_LIMIT. Set on success only.
 *
 * @return
 *   0 on success, -EINVAL if a pointer is NULL
 */
int
rte_numa_cgroup_memory(const char *fs_root, const struct rte_numa_cgroup *cgroup,
		       enum rte_numa_cgroup_kind kind, struct rte_numa_cgroup_limit *limit);

/**
 * What a cgroup and those above it leave of hugepages of one size, on all nodes together.
 *
 * Pages that are used and pages that are promised to mappings have a limit each, where the kernel
 * knows both; the tightest of all counts.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param fs_root
 *   As for rte_numa_cgroup_number().
 * @param cgroup
 *   What rte_numa_cgroup_find() found for "hugetlb".
 * @param page_size
 *   Bytes a page, a power of two of at least 1024.
 * @param[out] limit
 *   As for rte_numa_cgroup_memory(); @a reclaimable is 0.
 *
 * @return
 *   0 on success, -EINVAL if a pointer is NULL, or @p page_size too small
 */
int
rte_numa_cgroup_hugepages(const char *fs_root, const struct rte_numa_cgroup *cgroup,
			  uint64_t page_size, struct rte_numa_cgroup_limit *limit);

#ifdef __cplusplus
}
#endif

#endif /* RTE_NUMA_CGROUP_H */
