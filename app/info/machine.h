/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_MACHINE_H
#define INFO_MACHINE_H

#include <stdint.h>
#include <stdio.h>

#include <rte_numa.h>

#define MACHINE_MAX_POOLS 64

/* Enough for any size_text(). */
#define SIZE_TEXT 32

struct machine_node {
	int id;
	int package; /* -1: none is known, as of a node without CPUs */
	bool has_cpus;
	bool has_memory;
	unsigned int nb_cpus;
	char *cpus; /* In the kernel's list format, such as "0-3,8". */
	struct rte_numa_memory memory;
	unsigned int nb_pools;
	struct rte_numa_hugepages pools[MACHINE_MAX_POOLS];
};

/* All that the verb topology tells, read at once. */
struct machine {
	unsigned int n;
	struct machine_node *nodes; /* By id. */
	int *distances;		    /* n rows of n, by position. */
	unsigned int nb_packages;
	int *packages; /* Their ids, ascending. */
};

/*
 * Read it. Returns 0, or a negative errno with its reason said on stderr; machine_release() what it
 * holds in either case.
 */
int
machine_read(const char *sysfs, struct machine *machine);

void
machine_release(struct machine *machine);

/* How many nodes a package has; more than one: sub-NUMA clustering. */
unsigned int
machine_nodes_of_package(const struct machine *machine, int package);

/* What a node is without, as "memory only"; empty if it has both CPUs and memory. */
const char *
machine_lacks(const struct machine_node *node);

/* Such as "1.5 GiB"; returns buf. */
const char *
size_text(char buf[SIZE_TEXT], uint64_t bytes);

/* topology_text.c, topology_json.c */
void
machine_text(FILE *file, const struct machine *machine);

void
machine_json(FILE *file, const struct machine *machine);

#endif /* INFO_MACHINE_H */
