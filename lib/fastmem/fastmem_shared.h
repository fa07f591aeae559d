/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What primary and secondaries share: the layout of what lies in memzones, which EAL maps at one address in
 * all processes, so pointers among them are fine. It holds no function pointer, nothing of one
 * process alone, and no lock but the robust one of the control path. A change of it is another
 * FM_VERSION. */

#ifndef FASTMEM_SHARED_H
#define FASTMEM_SHARED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rte_fastmem.h"

#define FM_PAGE_SHIFT 12
#define FM_PAGE_SIZE  ((size_t)1 << FM_PAGE_SHIFT)
#define FM_SLAB_SHIFT 21
#define FM_SLAB_SIZE  ((size_t)1 << FM_SLAB_SHIFT)
#define FM_SLAB_PAGES 512
#define FM_SLAB_WORDS (FM_SLAB_PAGES / 64)
#define FM_LINE	      64

#define FM_MAX_NODES   32
#define FM_MAX_CHUNKS  1024 /* a node */
#define FM_MAX_AREAS   64   /* of nodes that EAL does not list, a page size each */
#define FM_MAX_REGIONS 128  /* pieces of those areas; EAL has no more lists either */
#define FM_MAX_UNITS   1024 /* caches, in all */

/* Magazines come in groups: one word each says which are free. */
#define FM_MAG_BLOCKS	64
#define FM_GROUP_MAGS	64
#define FM_MAX_GROUPS	64 /* a node */
#define FM_CHAIN_MAGS	4  /* magazines handed over at once: a power of two */
#define FM_CHAIN_BLOCKS (FM_CHAIN_MAGS * FM_MAG_BLOCKS)
#define FM_SHELF	32 /* words of a class's shelf: two lines */

/* See class.c. */
#define FM_FAST_CLASSES 48 /* what rte_fastmem_class_compute() yields */
#define FM_CLASSES	77
#define FM_CLASS_LARGE	77 /* first page of a run above RTE_FASTMEM_MAX_SIZE */
#define FM_CLASS_TAIL	78 /* its further pages */

struct fm_chunk;

/*
 * 2 MiB of a chunk. A run's truth is the word of its first page: bit i = block i is free. A tail
 * page's word is 0. `partial` is a hint: the first pages whose word may not be 0.
 */
struct fm_slab {
	_Alignas(FM_LINE) _Atomic uint64_t free[FM_SLAB_WORDS]; /* bit = page, 1 = free */
	_Alignas(FM_LINE) _Atomic uint64_t partial[FM_SLAB_WORDS];
	_Alignas(FM_LINE) uintptr_t base;
	uint64_t iova;
	struct fm_chunk *chunk;
	uint32_t index; /* in the chunk */
	_Alignas(FM_LINE) _Atomic uint64_t word[FM_SLAB_PAGES];
	_Atomic uint8_t back[FM_SLAB_PAGES]; /* pages back to the run's first; 255 at most */
};

/* A piece of memory from EAL. The record stays when trim returns the memory, and is used again. */
struct fm_chunk {
	uintptr_t base;
	size_t capacity;      /* bytes of slabs that the record has room for */
	uint32_t node;	      /* index */
	uint32_t number;      /* among the node's */
	uint32_t serial;      /* in the name of the memory's zone */
	uint32_t meta_serial; /* in the name of this record's zone */
	uint32_t first_page;  /* of the first slab that is ours: 0, but for the edges */
	uint64_t nb_pages;    /* from there */
	bool claimed;	      /* by fm_chunks_add(), under the control lock */
	uint64_t page_size;
	_Atomic uint32_t nb_slabs;    /* 0: no memory now */
	uint32_t hint_words;	      /* words of each hint bitmap below */
	struct fm_slab *slab;	      /* [capacity / 2 MiB] */
	_Atomic uint64_t *free_hint;  /* slabs that may have a free page */
	_Atomic uint64_t *class_hint; /* [class][hint_words]: slabs that may have a partial run */
	/* By slab: of so many pages, or more, there was no run when somebody looked, or FM_ANY_RUN. */
	_Atomic uint16_t *no_run;
};

#define FM_ANY_RUN UINT16_MAX

/* Written and read by who owns it, see magazine.c. */
struct fm_mag {
	_Alignas(FM_LINE) void *block[FM_MAG_BLOCKS];
};

struct fm_depot {
	_Alignas(FM_LINE) _Atomic uint32_t nb_groups;
	_Atomic uint32_t max_full[FM_CLASSES]; /* chains on a shelf */
	struct fm_mag *group[FM_MAX_GROUPS];
	_Alignas(FM_LINE) _Atomic uint64_t free[FM_MAX_GROUPS];
	_Alignas(FM_LINE) _Atomic uint32_t shelf[FM_CLASSES][FM_SHELF];
};

/* What is counted of a class and node besides the pops in slots. A thread's own: it alone writes. */
struct fm_slot_counters {
	_Atomic uint64_t refilled;     /* blocks put in from the node */
	_Atomic uint64_t flushed;      /* blocks returned to the node */
	_Atomic uint64_t alloc_direct; /* past the stack, either way */
	_Atomic uint64_t free_direct;
	_Atomic uint64_t alloc_misses;
	_Atomic uint64_t free_misses;
	_Atomic uint64_t nomem;
};

/* The figures that users see; also the baseline of a reset. Relaxed: figures order nothing. */
enum fm_figure {
	FM_ALLOC_HITS,
	FM_ALLOC_MISSES,
	FM_NOMEM,
	FM_FREE_HITS,
	FM_FREE_MISSES,
	FM_FIGURES,
};

struct fm_figures {
	_Atomic uint64_t of[FM_FIGURES];
};

/* What happened to a class on a node outside of any thread's own counters. */
struct fm_class_counters {
	_Atomic uint64_t acquires;
	_Atomic uint64_t kept; /* freed, see checker.c; of FM_CLASS_LARGE: bytes */
	_Atomic uint64_t releases;
	struct fm_slot_counters threads; /* without a cache, or whose cache serves others now */
};

/* See external.c: addresses of a node for pages of one size, and pieces of them that have pages. */
struct fm_area {
	uintptr_t base;
	uint64_t size;
	uint64_t page_size;
	uint32_t node; /* index */
};

struct fm_region {
	uintptr_t base;
	uint64_t size;
	uint32_t area;
	bool meta; /* for records */
};

enum fm_region_state {
	FM_REGION_NONE,
	FM_REGION_THERE, /* EAL has it, every process maps it */
	FM_REGION_GOING, /* no process shall any more */
	FM_REGION_LOST,	 /* without pages, but its addresses cannot be used again */
};

struct fm_node {
	int32_t node_id;
	uint32_t index;
	bool external;			/* EAL does not list it: its memory is that of areas */
	uint32_t nearest[FM_MAX_NODES]; /* indices, itself first */
	_Atomic bool growth;
	_Atomic uint64_t limit;
	_Atomic uint32_t prefault; /* threads; below 2: EAL does it */
	_Atomic uint64_t reserved; /* what trim must leave */
	_Atomic uint64_t backing;
	_Atomic uint64_t growths;
	_Atomic uint64_t failed_growths;
	_Atomic uint64_t large_bytes; /* of blocks above RTE_FASTMEM_MAX_SIZE */
	_Atomic uint64_t retry_tsc;   /* growth failed: not again before */
	_Atomic uintptr_t lo;	      /* EAL maps no other node's memory from here */
	_Atomic uintptr_t hi;	      /* to here; equal: not known */
	uint32_t next_serial;	      /* under the control lock */

	_Alignas(FM_LINE) _Atomic uint32_t nb_chunks;
	struct fm_chunk *chunk[FM_MAX_CHUNKS];

	/* See node.c, "When memory is short". */
	_Alignas(FM_LINE) _Atomic uint64_t failed[(FM_CLASSES + 1 + 63) / 64];
	_Atomic uint32_t packing[FM_CLASSES]; /* runs that may yet lie anywhere, see node.c */
	_Atomic uint32_t hungry;

	_Alignas(FM_LINE) struct fm_class_counters counters[FM_CLASSES + 1];
	struct fm_figures baseline[FM_CLASSES + 1]; /* of counters[].threads */
	struct fm_depot depot;
};

enum fm_unit_kind {
	FM_UNIT_NONE,
	FM_UNIT_FREE,
	FM_UNIT_CACHE, /* a thread's */
	FM_UNIT_ARRAY, /* its array serves a thread's slots of another node */
};

/* A unit's state: what it is, and whose, see holder.c. One word, since a process may die at any time. */
static inline uint32_t
fm_unit_state(enum fm_unit_kind kind, uint32_t holder)
{
	return (uint32_t)kind | holder << 8;
}

static inline enum fm_unit_kind
fm_unit_kind(uint32_t state)
{
	return (enum fm_unit_kind)(state & 0xff);
}

static inline uint32_t
fm_unit_holder(uint32_t state)
{
	return state >> 8;
}

#define FM_TAG_SHARED UINT32_MAX /* threads that are no lcores */

/*
 * A thread's cache: slots for all nodes and the entries of one node's. The counters stay when the
 * thread ends and go on with the next one of the same tag.
 */
struct fm_unit {
	_Alignas(FM_LINE) _Atomic uint32_t state; /* fm_unit_state() */
	uint32_t index;
	uint32_t node;					     /* where its memory lies */
	_Atomic uint32_t tag;				     /* lcore id or FM_TAG_SHARED */
	_Atomic uint32_t inside;			     /* see fastmem_inside.h */
	_Alignas(FM_LINE) struct fm_slot_counters *counters; /* by slot */
	struct fm_figures *baseline;			     /* by slot */
	struct fm_aim *aim;				     /* by slot */
	struct rte_fastmem_slot *slots;
	uintptr_t *array;
	uint32_t array_unit[FM_MAX_NODES]; /* whose array a node's slots use, + 1 */
};

#define FM_MAGIC   UINT64_C(0x6d656d7473616601)
#define FM_VERSION 2u

struct fm_state {
	uint64_t magic;
	uint32_t version;
	uint32_t nb_nodes;
	_Atomic uint32_t ready;
	uint32_t nb_slots; /* a cache: 1 + RTE_FASTMEM_SLOTS * nb_nodes */
	uint64_t unit_size;
	uintptr_t window_lo;
	uint64_t window_span;
	char window_file[256];			/* empty: this process alone has it */
	int16_t node_of_id[RTE_NUMA_MAX_NODES]; /* index, -1: none */
	pthread_mutex_t control;		/* reserve, grow, trim; robust and process-shared */
	_Atomic uint32_t nb_units;
	struct fm_unit *unit[FM_MAX_UNITS];
	_Alignas(FM_LINE) _Atomic uint64_t begun; /* see fastmem_inside.h */
	_Atomic uint64_t ended;
	uintptr_t external_lo; /* of all areas */
	uint64_t external_size;
	uint32_t nb_areas;
	struct fm_area area[FM_MAX_AREAS];
	_Atomic uint32_t region_state[FM_MAX_REGIONS];
	struct fm_region region[FM_MAX_REGIONS]; /* written by the primary alone */
	struct fm_node node[];
};

#endif /* FASTMEM_SHARED_H */
