/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_fastmem.h>

/** What a worker keeps in fastmem. All but segments have one size each. */
enum mem_kind { MEM_FLOW, MEM_TCP, MEM_TIMER, MEM_SEGMENT, MEM_KINDS };

/** Objects of one kind. */
struct mem_kind_use {
	uint64_t objects;
	uint64_t objects_peak;
	uint64_t bytes; /**< Of their size classes: what they take from the reservation. */
	uint64_t bytes_peak;
	uint64_t allocs;
	uint64_t failed; /**< Even after oldest flows were dropped. */
};

/** Blocks of one size class. */
struct mem_class_use {
	uint64_t blocks;
	uint64_t blocks_peak;
};

/** What a worker took from fastmem. The peaks are exact: kept at each allocation. */
struct mem_use {
	struct mem_kind_use kinds[MEM_KINDS];
	struct mem_class_use classes[RTE_FASTMEM_MAX_CLASSES];
	uint64_t bytes;
	uint64_t bytes_peak;
};

/**
 * Make room by giving something up.
 *
 * @return
 *   Whether anything was freed.
 */
typedef bool (*mem_reclaim_t)(void *arg);

/** A worker's way to fastmem. */
struct mem {
	struct mem_use use;
	mem_reclaim_t reclaim; /**< NULL: an allocation that finds nothing fails at once. */
	void *reclaim_arg;
	rte_fastmem_handle_t handles[MEM_SEGMENT];
	unsigned int kind_class[MEM_SEGMENT];
	size_t class_size[RTE_FASTMEM_MAX_CLASSES];
	unsigned int nb_classes;
	int node_id;
};

/**
 * @param node_id
 *   Where the worker runs; segments come from the caller's node, which must be this one.
 * @param sizes
 *   Of the kinds before MEM_SEGMENT.
 *
 * @return
 *   0, or a negative errno of rte_fastmem_hlookup()
 */
int
mem_init(struct mem *mem, int node_id, const size_t sizes[MEM_SEGMENT]);

/** An object of a kind that has one size; NULL if there is none even after reclaiming. */
void *
mem_alloc(struct mem *mem, enum mem_kind kind);

/** Give back what mem_alloc() gave. */
void
mem_free(struct mem *mem, enum mem_kind kind, void *ptr);

/** A segment; NULL if there is none even after reclaiming. */
void *
mem_alloc_segment(struct mem *mem, size_t size);

/** Give a segment back; size as it was asked. */
void
mem_free_segment(struct mem *mem, void *ptr, size_t size);

/** A kind in words. */
const char *
mem_kind_name(enum mem_kind kind);

#endif /* MEM_H */
