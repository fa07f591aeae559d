/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_MACHINE_H
#define INFO_MACHINE_H

#include <stdint.h>
#include <stdio.h>

#include <rte_numa.h>
#include <rte_numa_access.h>

#define MACHINE_MAX_POOLS 64

/* Enough for any size_text(). */
#define SIZE_TEXT 32

struct machine_node {
	int id;
	bool has_cpus;
	bool has_memory;
	/* Ids in the kernel's list format, such as "0-3,8". */
	char *cpus;
	unsigned int nb_cpus;
	char *packages; /* That its CPUs are of; empty without CPUs, or if the kernel tells none. */
	unsigned int nb_packages;
	struct rte_numa_memory memory;
	unsigned int nb_pools;
	struct rte_numa_hugepages pools[MACHINE_MAX_POOLS];
	int tier;	     /* Of memory; -1: none is told. */
	bool access_told[2]; /* By enum rte_numa_initiators, as the next. */
	struct rte_numa_access access[2];
};

struct machine_package {
	int id;
	struct rte_numa_mask nodes;
};

/* All that the verb topology tells, read at once. */
struct machine {
	unsigned int n;
	struct machine_node *nodes; /* By id. */
	int *distances;		    /* n rows of n, by position. */
	unsigned int nb_packages;
	struct machine_package *packages; /* By id. */
	unsigned int nb_pools;
	struct rte_numa_hugepages pools[MACHINE_MAX_POOLS]; /* Of all nodes together. */
	bool several_tiers;
};

/*
 * Read it. Returns 0, or a negative errno with its reason said on stderr; machine_release() what it
 * holds in either case.
 */
int
machine_read(const char *sysfs, struct machine *machine);

void
machine_release(struct machine *machine);

/* What a node is without, as "memory only"; empty if it has both CPUs and memory. */
const char *
machine_lacks(const struct machine_node *node);

/* Such as "1.5 GiB"; returns buf. */
const char *
size_text(char buf[SIZE_TEXT], uint64_t bytes);

/* Such as "12.3 M", of what is no bytes; returns buf. */
const char *
rate_text(char buf[SIZE_TEXT], double rate);

/*
 * Whose access to a node's memory is to be shown, at most two: of CPUs, and of what is nearer than
 * any CPU. Returns how many.
 */
unsigned int
machine_accesses(const struct machine_node *node, const struct rte_numa_access *shown[2]);

/* Such as "204.8 GB/s, 80 ns", without what is not told; returns buf, empty if nothing is. */
const char *
access_text(char buf[SIZE_TEXT * 2], uint64_t bandwidth, uint64_t latency);

/* topology_text.c, topology_json.c */
void
machine_text(FILE *file, const struct machine *machine);

void
machine_json(FILE *file, const struct machine *machine);

#endif /* INFO_MACHINE_H */
