/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_memregion.h>

/*
 * What the kernel says about this process's memory, asked by other ways than the library's own.
 * All fail the test that calls them if the kernel does not answer.
 */

/* Bytes on each node of the pages of a range, by move_pages(2); -1 at [n]: not there. */
struct witness_pages {
	size_t on_node[64];
	size_t absent;
};

void
witness_pages(const void *addr, size_t size, struct witness_pages *pages);

/* The policy of the mapping that begins at an address, by /proc/self/numa_maps: "bind:0". */
const char *
witness_policy(const void *addr);

/* Bytes of the mapping that begins at an address that are on a node, by /proc/self/numa_maps. */
size_t
witness_numa_maps(const void *addr, int node_id);

/* A field of the mapping around an address, by /proc/self/smaps, in bytes: "AnonHugePages". */
size_t
witness_smaps(const void *addr, const char *field);

/* Whether its line "VmFlags" has a flag: "dd". */
bool
witness_flag(const void *addr, const char *flag);

/* Kilobytes that are locked, by /proc/self/status. */
unsigned long
witness_locked_kb(void);

/* Access of the mapping around an address, by /proc/self/maps: "rw-p"; "" if there is none. */
const char *
witness_access(const void *addr);

/* Whether a name is in /proc/self/maps, on the mapping of an address or right around it. */
bool
witness_name(const void *addr, size_t size, const char *name);

/* All mappings but heap and stacks, for two looks to be compared; static. Open files too. */
const char *
witness_all(void);

/* The signal that touching an address kills a child with, or 0. */
int
witness_touch(void *addr);

/* Nodes with memory, up to max; returns how many there are. */
int
witness_nodes(int *nodes, int max);

/* Whether a mode of transparent hugepages lets madvise(2) ask for them. */
bool
witness_transparent(void);

/* Whether so many hugepages of 2 MiB may be used and are free; says why not. */
bool
witness_hugepages(unsigned int wanted);

/* Print how far each wish of a region is met. */
void
witness_print(struct rte_memregion *region);

/* How far a wish is met now. */
struct rte_memregion_account
witness_account(struct rte_memregion *region, enum rte_memregion_wish wish);

/* Run in a child with some system calls refused; returns what body returned, 0 to 125. */
int
witness_refusing(const int *calls, unsigned int nb_calls, int (*body)(void));

#endif /* WITNESS_H */
