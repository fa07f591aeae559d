/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: gathering what keeps memory from being placed: from sysfs, from /proc, by trying calls.
 * Must not: judge it, or fail for a file that a kernel does not have.
 * Called by: doctor.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define CAP_IPC_LOCK_BIT 14

FILE *
doctor_open_proc(const struct doctor_roots *roots, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", roots->proc != NULL ? roots->proc : "/proc", name);
	return fopen(path, "re");
}

static void
gather_pools(const struct rte_numa_topology *topo, struct doctor_facts *facts)
{
	struct rte_numa_hugepages pools[DOCTOR_MAX_SIZES];
	struct rte_numa_memory memory;
	int node_id, n;

	RTE_NUMA_MASK_FOREACH(node_id, &facts->memory) {
		n = rte_numa_hugepages(topo, node_id, pools, DOCTOR_MAX_SIZES);
		if (rte_numa_memory(topo, node_id, &memory) < 0)
			memory.free = 0;
		for (int i = 0; i < n && facts->nb_pools < DOCTOR_MAX_POOLS; i++)
			facts->pools[facts->nb_pools++] = (struct doctor_pool){
				.node_id = node_id,
				.page_size = pools[i].page_size,
				.total = pools[i].total,
				.free = pools[i].free,
				.memory_free = memory.free,
			};
	}
	n = rte_numa_machine_hugepages(topo, facts->sizes, DOCTOR_MAX_SIZES);
	facts->nb_sizes = n > 0 ? n : 0;
}

static int
gather_nodes(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	struct rte_numa_topology *topo;
	int ret = rte_numa_topology_load(roots->sysfs != NULL ? roots->sysfs : "/sys", &topo);

	if (ret < 0)
		return ret;
	rte_numa_nodes(topo, RTE_NUMA_WITH_MEMORY, &facts->memory);
	gather_pools(topo, facts);
	rte_numa_topology_free(topo);
	return 0;
}

static void
gather_status(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	FILE *file = doctor_open_proc(roots, "self/status");
	char line[4096], list[2048];
	uint64_t caps;

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			facts->may_lock = caps >> CAP_IPC_LOCK_BIT & 1;
		else if (sscanf(line, "Mems_allowed_list: %2047s", list) == 1)
			facts->allowed_known = rte_numa_mask_parse(list, &facts->allowed) == 0;
	}
	fclose(file);
}

/* "Max locked memory   8388608   8388608   bytes", of which the first counts. */
static void
gather_limit(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	FILE *file = doctor_open_proc(roots, "self/limits");
	char line[256];

	facts->lock_limit = UINT64_MAX;
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		uint64_t limit;

		if (sscanf(line, "Max locked memory %" SCNu64, &limit) == 1)
			facts->lock_limit = limit;
	}
	fclose(file);
}

/* Of several the first that may be written to, or else the first. */
static void
add_hugetlbfs(const struct doctor_roots *roots, const char *dir, struct doctor_facts *facts)
{
	int error = 0;

	/* What is not there was another machine's, or has a name that the file spells otherwise. */
	if (roots->proc == NULL && faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0 &&
	    errno != ENOENT)
		error = errno;
	if (facts->hugetlbfs && error != 0)
		return;
	facts->hugetlbfs = true;
	facts->hugetlbfs_error = error;
	snprintf(facts->hugetlbfs_dir, sizeof(facts->hugetlbfs_dir), "%s", dir);
}

static void
gather_mounts(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	FILE *file = doctor_open_proc(roots, "self/mounts");
	char line[4096], dir[256], type[64];

	facts->user = geteuid();
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*s %255s %63s", dir, type) == 2 &&
		    strcmp(type, "hugetlbfs") == 0)
			add_hugetlbfs(roots, dir, facts);
	}
	fclose(file);
}

static void
gather_balancing(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	FILE *file = doctor_open_proc(roots, "sys/kernel/numa_balancing");
	int value;

	if (file == NULL)
		return;
	/* With one node there is nowhere to move to. */
	facts->balancing = fscanf(file, "%d", &value) == 1 && value != 0 &&
			   rte_numa_mask_count(&facts->memory) > 1;
	fclose(file);
}

int
doctor_gather(const struct doctor_roots *roots, struct doctor_facts *facts)
{
	int ret;

	memset(facts, 0, sizeof(*facts));
	ret = gather_nodes(roots, facts);
	if (ret < 0)
		return ret;
	gather_status(roots, facts);
	gather_limit(roots, facts);
	gather_mounts(roots, facts);
	doctor_gather_cpusets(roots, facts);
	gather_balancing(roots, facts);
	/* Of another machine nothing can be tried. */
	if (roots->sysfs == NULL && roots->proc == NULL) {
		facts->caps_known = rte_membind_caps_probe(&facts->caps) == 0;
		facts->has_nodes = access("/sys/devices/system/node/online", F_OK) == 0;
	}
	/* What the process of another machine may use says nothing about these nodes. */
	if (roots->sysfs != NULL && roots->proc == NULL)
		facts->allowed_known = false;
	return 0;
}
