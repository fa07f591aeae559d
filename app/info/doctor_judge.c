/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what of a machine's state keeps memory from being placed, and the command that helps.
 * Must not: ask the kernel.
 * Called by: doctor.c, tests.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

#define GIB ((uint64_t)1 << 30)

static struct doctor_finding *
add(struct doctor_findings *findings, const char *id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static struct doctor_finding *
add(struct doctor_findings *findings, const char *id, const char *format, ...)
{
	unsigned int at = findings->n < DOCTOR_MAX_FINDINGS ? findings->n++ : findings->n - 1;
	struct doctor_finding *finding = &findings->all[at];
	va_list args;

	memset(finding, 0, sizeof(*finding));
	snprintf(finding->id, sizeof(finding->id), "%s", id);
	va_start(args, format);
	vsnprintf(finding->what, sizeof(finding->what), format, args);
	va_end(args);
	return finding;
}

static void
fix(struct doctor_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
fix(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->fix, sizeof(finding->fix), format, args);
	va_end(args);
}

/* A system call, and the operation by which it was tried. */
static const struct {
	enum rte_membind_op op;
	const char *call;
	const char *loss;
} tried[] = {
	{ RTE_MEMBIND_OP_SET_RANGE, "mbind", "no memory can be bound to a node" },
	{ RTE_MEMBIND_OP_SET_THREAD, "set_mempolicy", "no thread can be given a memory policy" },
	{ RTE_MEMBIND_OP_GET_THREAD, "get_mempolicy", "policies cannot be read back" },
	{ RTE_MEMBIND_OP_LOCATE, "move_pages", "nobody can see on which node a page is" },
};

static void
judge_calls(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	char id[32];

	if (!facts->caps_known)
		return;
	if (facts->caps.op[RTE_MEMBIND_OP_SET_RANGE] == -ENOSYS && !facts->has_nodes) {
		fix(add(findings, "no-numa", "this kernel has no memory policies (CONFIG_NUMA)"),
		    "apt-get install linux-image-amd64 && reboot");
		return;
	}
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		/* Some filters say that there is no such call. */
		if (facts->caps.op[tried[i].op] != -EPERM &&
		    (facts->caps.op[tried[i].op] != -ENOSYS || !facts->has_nodes))
			continue;
		snprintf(id, sizeof(id), "seccomp-%s", tried[i].call);
		fix(add(findings, id, "a seccomp filter refuses %s(2): %s", tried[i].call,
			tried[i].loss),
		    "docker run --cap-add SYS_NICE ..., or allow %s in the container's seccomp "
		    "profile; in a systemd unit: SystemCallFilter=%s",
		    tried[i].call, tried[i].call);
	}
}

/* Whoever is outermost has to allow it first: version 1 takes it in no other order. */
static void
fix_cpusets(struct doctor_finding *finding, const struct doctor_facts *facts,
	    const struct rte_numa_mask *missing, const char *all)
{
	const char *sep = "";
	size_t used = 0;

	for (unsigned int i = 0; i < facts->nb_cpusets; i++) {
		if (rte_numa_mask_within(missing, &facts->cpusets[i].nodes))
			continue;
		if (used < sizeof(finding->fix))
			used += snprintf(finding->fix + used, sizeof(finding->fix) - used,
					 "%secho %s > %s", sep, all, facts->cpusets[i].file);
		sep = " && ";
	}
	/* Who it is lies above what can be seen from here, as from within a container. */
	if (used == 0 && facts->own_cpuset[0] != '\0')
		used += snprintf(finding->fix, sizeof(finding->fix),
				 "echo %s > %s, or in a cgroup above", all, facts->own_cpuset);
	if (used < sizeof(finding->fix))
		snprintf(finding->fix + used, sizeof(finding->fix) - used,
			 "%sfor a container: docker run --cpuset-mems %s ...", used > 0 ? "; " : "",
			 all);
}

static void
judge_cpuset(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	char excluded[128], all[128];
	struct rte_numa_mask missing;

	if (!facts->allowed_known)
		return;
	rte_numa_mask_andnot(&missing, &facts->memory, &facts->allowed);
	if (rte_numa_mask_empty(&missing))
		return;
	rte_numa_mask_text(&missing, excluded, sizeof(excluded));
	rte_numa_mask_text(&facts->memory, all, sizeof(all));
	fix_cpusets(add(findings, "cpuset", "the cpuset of this process excludes memory of node %s",
			excluded),
		    facts, &missing, all);
}

static void
judge_nodes(const struct doctor_facts *facts, const struct rte_numa_mask *wanted,
	    struct doctor_findings *findings)
{
	struct rte_numa_mask missing;
	char there[128];
	int node_id;

	rte_numa_mask_andnot(&missing, wanted, &facts->memory);
	rte_numa_mask_text(&facts->memory, there, sizeof(there));
	RTE_NUMA_MASK_FOREACH(node_id, &missing)
		fix(add(findings, "absent-node",
			"node %d is not online, or has no memory; there is memory on node %s",
			node_id, there),
		    "fastmem-info doctor --nodes %s, and the same nodes in the program's options",
		    there);
}

/* The pool that a finding is about: the one with most pages, else the smallest pages. */
static const struct doctor_pool *
pool_of(const struct doctor_facts *facts, int node_id, uint64_t *free)
{
	const struct doctor_pool *best = NULL;

	*free = 0;
	for (unsigned int i = 0; i < facts->nb_pools; i++) {
		const struct doctor_pool *pool = &facts->pools[i];

		if (pool->node_id != node_id)
			continue;
		*free += pool->free;
		if (best == NULL || pool->total > best->total)
			best = pool;
	}
	return best;
}

/* A GiB more, or what the node can give without being emptied for it. */
static uint64_t
pages_more(uint64_t page_size, uint64_t memory_free)
{
	uint64_t pages = page_size < GIB ? GIB / page_size : 1;
	uint64_t fit = memory_free / 2 / page_size;

	return pages < fit ? pages : fit;
}

static void
fix_pool(struct doctor_finding *finding, const struct doctor_pool *pool)
{
	uint64_t more = pages_more(pool->page_size, pool->memory_free);

	if (more > 0)
		fix(finding,
		    "echo %" PRIu64
		    " > /sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64
		    "kB/nr_hugepages",
		    pool->total + more, pool->node_id, pool->page_size / 1024);
	else
		fix(finding,
		    "end what uses the memory of node %d, of which %" PRIu64
		    " KiB are free, or use another node",
		    pool->node_id, pool->memory_free / 1024);
}

static void
judge_pools(const struct doctor_facts *facts, const struct rte_numa_mask *wanted,
	    struct doctor_findings *findings)
{
	struct rte_numa_mask nodes = facts->memory;
	struct doctor_finding *finding;
	const struct doctor_pool *pool;
	uint64_t free;
	int node_id;

	if (!rte_numa_mask_empty(wanted))
		rte_numa_mask_and(&nodes, &nodes, wanted);
	RTE_NUMA_MASK_FOREACH(node_id, &nodes) {
		pool = pool_of(facts, node_id, &free);
		if (pool == NULL) {
			add(findings, "no-hugepages", "node %d: this kernel has no hugepages there",
			    node_id);
			continue;
		}
		if (free > 0)
			continue;
		if (pool->total == 0)
			finding = add(findings, "empty-pool", "node %d has no hugepages", node_id);
		else
			finding = add(findings, "empty-pool",
				      "node %d: all %" PRIu64 " hugepages of %" PRIu64
				      " KiB are in use",
				      node_id, pool->total, pool->page_size / 1024);
		fix_pool(finding, pool);
	}
}

/* Free pages that are promised to somebody are free to nobody else. */
static void
judge_reserved(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	for (unsigned int i = 0; i < facts->nb_sizes; i++) {
		const struct rte_numa_hugepages *size = &facts->sizes[i];
		uint64_t kib = size->page_size / 1024;

		if (size->free == 0 || size->reserved < size->free)
			continue;
		fix(add(findings, "reserved-pool",
			"all %" PRIu64 " free hugepages of %" PRIu64
			" KiB are reserved for mappings that have not touched them yet",
			size->free, kib),
		    "echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64
		    "kB/nr_hugepages",
		    size->total + pages_more(size->page_size, UINT64_MAX), kib);
	}
}

static void
judge_rest(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	if (facts->balancing)
		fix(add(findings, "numa-balancing",
			"automatic NUMA balancing is on: it moves pages to the threads that use "
			"them, and unmaps pages to see who does"),
		    "sysctl -w kernel.numa_balancing=0");
	if (!facts->hugetlbfs)
		fix(add(findings, "no-hugetlbfs",
			"no hugetlbfs is mounted, and DPDK takes its hugepages from one"),
		    "mkdir -p /dev/hugepages && mount -t hugetlbfs -o pagesize=2M none "
		    "/dev/hugepages");
	if (facts->hugetlbfs_error == EROFS)
		fix(add(findings, "hugetlbfs-right", "the hugetlbfs at %s is mounted read-only",
			facts->hugetlbfs_dir),
		    "mount -o remount,rw %s", facts->hugetlbfs_dir);
	else if (facts->hugetlbfs_error != 0)
		fix(add(findings, "hugetlbfs-right",
			"user %u may not write to the hugetlbfs at %s, which DPDK takes its "
			"hugepages from",
			facts->user, facts->hugetlbfs_dir),
		    "chown %u %s", facts->user, facts->hugetlbfs_dir);
	if (!facts->may_lock && facts->lock_limit != UINT64_MAX)
		fix(add(findings, "memlock",
			"RLIMIT_MEMLOCK lets this process lock %" PRIu64
			" KiB, and it has no CAP_IPC_LOCK",
			facts->lock_limit / 1024),
		    "ulimit -l unlimited (as root: prlimit --memlock=unlimited --pid PID); in a "
		    "systemd unit: LimitMEMLOCK=infinity; docker run --ulimit memlock=-1 ...");
}

void
doctor_judge(const struct doctor_facts *facts, const struct rte_numa_mask *wanted,
	     struct doctor_findings *findings)
{
	findings->n = 0;
	judge_calls(facts, findings);
	judge_cpuset(facts, findings);
	judge_nodes(facts, wanted, findings);
	judge_pools(facts, wanted, findings);
	judge_reserved(facts, findings);
	judge_rest(facts, findings);
}
