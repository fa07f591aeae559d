/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_membind.h>
#include <rte_numa.h>

/* Where the kernel's files are; NULL: those of the running machine, whose calls are tried too. */
struct doctor_roots {
	const char *sysfs;
	const char *proc;
};

/* Of all nodes: more sizes than a kernel has anywhere. */
#define DOCTOR_MAX_POOLS (RTE_NUMA_MAX_NODES * 4)

#define DOCTOR_MAX_SIZES 64

/* Explicit hugepages of one size on a node. */
struct doctor_pool {
	int node_id;
	uint64_t page_size;
	uint64_t total;
	uint64_t free;
	uint64_t memory_free; /* Of the node, in bytes. */
};

/* A cgroup that says which nodes' memory the processes below it may use. */
struct doctor_cpuset {
	char file[768]; /* That says so, as a shell would be told. */
	struct rte_numa_mask nodes;
};

#define DOCTOR_MAX_CPUSETS 16

/* What there is. */
struct doctor_facts {
	struct rte_numa_mask memory;  /* Nodes with memory. */
	struct rte_numa_mask allowed; /* That the process may use. */
	bool allowed_known;
	bool caps_known; /* Only where system calls could be tried. */
	bool has_nodes;	 /* Seen in sysfs: the kernel is one with NUMA, whatever the calls say. */
	struct rte_membind_caps caps;
	unsigned int nb_pools;
	struct doctor_pool pools[DOCTOR_MAX_POOLS];
	unsigned int nb_sizes;
	struct rte_numa_hugepages sizes[DOCTOR_MAX_SIZES]; /* Of all nodes together. */
	bool balancing;
	bool hugetlbfs;	     /* Whether one is mounted. */
	int hugetlbfs_error; /* Of writing to it: to any, if there are several; 0 if that works. */
	char hugetlbfs_dir[256];
	unsigned int user;   /* Who writes. */
	bool may_lock;	     /* CAP_IPC_LOCK. */
	uint64_t lock_limit; /* Bytes, UINT64_MAX without. */
	/* Those of the process, the outermost first; without any, own_cpuset is where one would be. */
	unsigned int nb_cpusets;
	struct doctor_cpuset cpusets[DOCTOR_MAX_CPUSETS];
	char own_cpuset[768];
};

/* What stands in the way, and what removes it. */
struct doctor_finding {
	char id[32];
	char what[256];
	char fix[4096];
};

/* One for each node, and those that are of none. */
#define DOCTOR_MAX_FINDINGS (RTE_NUMA_MAX_NODES + DOCTOR_MAX_SIZES + 32)

struct doctor_findings {
	unsigned int n;
	struct doctor_finding all[DOCTOR_MAX_FINDINGS];
};

/* doctor_facts.c: 0, or a negative errno if there is no such machine. */
int
doctor_gather(const struct doctor_roots *roots, struct doctor_facts *facts);

/* A file below the proc that is looked at, or NULL. */
FILE *
doctor_open_proc(const struct doctor_roots *roots, const char *name);

/* doctor_cpuset.c: what facts say of cpusets. */
void
doctor_gather_cpusets(const struct doctor_roots *roots, struct doctor_facts *facts);

/* doctor_judge.c: pure. wanted: nodes that somebody means to use; empty: those that there are. */
void
doctor_judge(const struct doctor_facts *facts, const struct rte_numa_mask *wanted,
	     struct doctor_findings *findings);

/* doctor_report.c */
void
doctor_report_text(FILE *file, const struct doctor_findings *findings);

void
doctor_report_json(FILE *file, const struct doctor_findings *findings);

#endif /* DOCTOR_H */
