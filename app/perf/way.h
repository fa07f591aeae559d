/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef WAY_H
#define WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"
#include "item.h"

struct rte_ring;

/** Objects that are allocated before any of them is freed, in works that take batches. */
#define WAY_BATCH     32
#define WAY_BIG_BATCH 256

/** What a loop works with: a thread's own. */
struct work {
	const void *thread;	     /**< As the way's attach() gave it. */
	const struct item *sequence; /**< ITEM_SEQUENCE of them. */
	void **slots;		     /**< Live objects; NULL: none, in a loop that leaves gaps. */
	uint8_t *kinds;		     /**< Of the objects in slots. */
	uint32_t nb_slots;
	uint64_t random;
	struct rte_ring *ring;	     /**< From the producer to the consumer. */
	const bool *failed;	     /**< Set when the other side gave up, by an atomic store. */
	struct histogram *histogram; /**< In TSC cycles. */
};

/**
 * Do n units of work, a multiple of the batch.
 *
 * @return
 *   How many were done: fewer than n if an allocation failed.
 */
typedef uint64_t (*loop_fn)(struct work *work, uint64_t n);

/** The works that are written for every way, each compiled into the way's own file: loops.h. */
struct loops {
	loop_fn pair;	      /**< Allocate 64 B, free it. */
	loop_fn pair_mixed;   /**< The same with the sequence's sizes. */
	loop_fn batch;	      /**< WAY_BATCH of 64 B singly, then all freed singly. */
	loop_fn batch_mixed;  /**< The same with the sequence's sizes. */
	loop_fn touched;      /**< WAY_BIG_BATCH of 64 B singly, each written, then freed. */
	loop_fn touched_4k;   /**< The same with 4 KiB. */
	loop_fn bulk;	      /**< WAY_BATCH of 64 B at once, freed at once. */
	loop_fn replace;      /**< Free the object of a random slot, put another kind there. */
	loop_fn fill;	      /**< Allocate 64 B for each of the first n slots, and write to it. */
	loop_fn drain;	      /**< Free them. */
	loop_fn fill_mixed;   /**< Allocate the sequence's items for the first n slots. */
	loop_fn drain_mixed;  /**< Free them; skips empty slots, which are none of the n. */
	loop_fn produce;      /**< Allocate 64 B singly, into the ring by batches. */
	loop_fn consume;      /**< Take from the ring by batches, free singly. */
	loop_fn produce_bulk; /**< As produce, each batch allocated at once. */
	loop_fn consume_bulk;
	loop_fn produce_mixed; /**< As produce, with the sequence's sizes. */
	loop_fn consume_mixed;
	loop_fn pair_timed; /**< As pair, each pair's time into the histogram. */
	loop_fn tail;	    /**< Random slot: fill or empty it, each operation's time counted. */
	loop_fn failing;    /**< Allocations of 64 B that must fail, each one's time counted. */
};

/** Allocators by whom they come from. */
enum way_family { WAY_FASTMEM, WAY_MEMPOOL, WAY_RTE_MALLOC, WAY_LIBRARY, WAY_FLOOR };

/** Most objects that a scenario has at once, by which pools are made: 0 if it has none. */
struct way_needs {
	unsigned int fixed[ITEM_FIXED];
	unsigned int kinds; /**< Of each kind. */
};

#define WAY_NO_BULK    (1u << 0) /**< Has no call of its own for several objects. */
#define WAY_ONE_THREAD (1u << 1) /**< Works in one thread alone. */
#define WAY_NO_LCORE   (1u << 2) /**< Differs from its like only in threads that EAL does not know. */
#define WAY_VARIANT    (1u << 4) /**< Shares its memory with the family's first way. */
#define WAY_NO_MEMORY  (1u << 3) /**< One pointer for all: shows what a loop itself costs. */

/** A way of allocating, as its users would write it. */
struct way {
	const char *name;
	const char *title;
	enum way_family family;
	unsigned int flags;
	const char *file; /**< Of a malloc library; NULL: the C library's own. */

	/**
	 * Make ready for a scenario.
	 *
	 * @param[out] why
	 *   On failure, a text that says why.
	 *
	 * @return
	 *   State for attach(); NULL where it cannot be had here.
	 */
	void *(*open)(const struct way *way, const struct way_needs *needs, const char **why);
	void (*close)(void *state);

	/** What the calling thread's works need; NULL: no memory. NULL itself: the state. */
	void *(*attach)(void *state);
	void (*detach)(void *thread);

	/**
	 * Any size, out of line, for works that are not timed by the nanosecond.
	 *
	 * NULL: it has objects of chosen sizes only.
	 */
	void *(*get_any)(void *thread, size_t size);
	void (*put_any)(void *thread, void *ptr);

	const struct loops *loops;
};

/** All there are, in the order of reports. */
extern const struct way *const ways[];
extern const unsigned int nb_ways;

extern const struct way way_fastmem, way_fastmem_sized, way_fastmem_handle, way_mempool,
	way_mempool_own, way_rte_malloc, way_glibc, way_jemalloc, way_mimalloc, way_tcmalloc,
	way_floor, way_floor_lookup, way_none;

#endif /* WAY_H */
