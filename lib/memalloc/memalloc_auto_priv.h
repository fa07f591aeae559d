/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMALLOC_AUTO_PRIV_H
#define MEMALLOC_AUTO_PRIV_H

#include "memalloc_priv.h"
#include "rte_memalloc_arena.h"
#include "rte_memalloc_auto.h"
#include "rte_memalloc_pool.h"

/* Blocks of pools are 64 bytes to 64 KiB, powers of two. */
#define AUTO_POOL_SHIFT 6
#define AUTO_NB_POOLS	11

/* What malloc is asked to align to at least. */
#define AUTO_LINE 64

/* Allocations that share an arena. */
struct auto_work {
	struct rte_memalloc_arena *arena;
	struct auto_work *next;
	uint64_t nb;   /* Not freed. */
	uint64_t used; /* Bytes since it was last empty. */
};

/*
 * Where allocations lie.
 *
 * I1. pools[i] is NULL, or a pool of blocks of 1 << (i + AUTO_POOL_SHIFT) bytes; set once.
 * I2. work, if not NULL, is in works. All others there are not used for more allocations.
 * I3. Of works but work, nb is 0 only where unmapping failed.
 */
struct auto_places {
	struct rte_memalloc *system;
	struct rte_memalloc *pinned; /* The caller's, or NULL. */
	struct rte_memalloc_pool *_Atomic pools[AUTO_NB_POOLS];
	uint32_t pool_blocks;
	size_t arena_size;
	pthread_mutex_t lock; /* Of what stands below, and of making pools. */
	struct auto_work *work;
	struct auto_work *works;
};

/*
 * memalloc_auto_place.c
 */

/* An allocation: where, how large, and what to free it by. */
struct auto_piece {
	void *mem;
	size_t size;
	void *owner;
};

/* Allocate what was chosen. An errno, its text said, or 0. */
int
auto_place(struct auto_places *places, const struct rte_memalloc_choice *choice, size_t size,
	   size_t align, struct auto_piece *piece);

/* Free what no pool has. An errno, its text said, and it is there still, or 0. */
int
auto_unplace(struct auto_places *places, enum rte_memalloc_choice_kind kind,
	     const struct auto_piece *piece);

/* The pool that an address is a block of, or NULL. */
struct rte_memalloc_pool *
auto_pool_of(struct auto_places *places, const void *mem);

/* Bytes that pools and arenas hold beyond what they hand out. */
uint64_t
auto_spare(struct auto_places *places);

/* Nothing is allocated any more. An errno, its text said, or 0; may be tried again. */
int
auto_places_fini(struct auto_places *places);

#endif /* MEMALLOC_AUTO_PRIV_H */
