/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMWATCH_RELIEF_H
#define RTE_MEMWATCH_RELIEF_H

/**
 * @file
 *
 * Relief: giving memory back when it is short. Handlers are called one after the other, by priority,
 * when a level rises or by rte_memwatch_trigger(), until the shortage is over.
 *
 * Two are there from the start: fastmem's caches are flushed (RTE_MEMWATCH_RELIEF_FLUSH), and what it
 * has beyond its reservation is given back (RTE_MEMWATCH_RELIEF_TRIM).
 *
 * Functions are MT-safe, and fail as those of rte_memwatch.h.
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_memwatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most handlers at a time, with those that are there from the start. */
#define RTE_MEMWATCH_RELIEF_MAX 32

/** Bytes of a handler's name, its end included. */
#define RTE_MEMWATCH_RELIEF_NAME_MAX 32

/**
 * The number of the handler "fastmem-flush", priority 100, from medium on: flushes the cache of the
 * thread that it runs in, and has each other flush its own that calls rte_memwatch_poll().
 */
#define RTE_MEMWATCH_RELIEF_FLUSH 1

/** The number of the handler "fastmem-trim", priority 200, from high on: rte_fastmem_trim(). */
#define RTE_MEMWATCH_RELIEF_TRIM 2

/** The handler never sleeps: rte_memwatch_poll() calls it too. */
#define RTE_MEMWATCH_RELIEF_F_NO_SLEEP (1u << 0)

/** What is asked of a handler. */
struct rte_memwatch_ask {
	int node_id;		       /**< Where, or RTE_NUMA_NODE_ANY: anywhere. */
	enum rte_memwatch_level level; /**< How short memory is there now. */
};

/**
 * Gives memory back. It may call all functions but rte_memwatch_start(), rte_memwatch_stop() and
 * rte_memwatch_trigger(), which refuses.
 *
 * One handler runs at a time, never two of them or one twice.
 *
 * @return
 *   Bytes that it freed, as far as it knows, or a negative errno: the next one is called all the same.
 */
typedef int64_t (*rte_memwatch_relief_cb)(const struct rte_memwatch_ask *ask, void *arg);

/** A handler. */
struct rte_memwatch_handler {
	const char *name;	      /**< Copied; 1 to 31 bytes. */
	int priority;		      /**< Smaller ones come first; of equal ones who was first. */
	enum rte_memwatch_level from; /**< Called when a level rises to it or above; not low. */
	uint32_t flags;		      /**< RTE_MEMWATCH_RELIEF_F_*, or'ed. */
	rte_memwatch_relief_cb cb;    /**< What to call. */
	void *arg;		      /**< Its argument. */
};

/** What a handler did. */
struct rte_memwatch_freed {
	char name[RTE_MEMWATCH_RELIEF_NAME_MAX]; /**< Which. */
	int64_t freed;				 /**< Bytes by its own word, or a negative errno. */
	/** Bytes that are free since: memory and hugepages, by the kernel. Others count in it too. */
	int64_t seen;
};

/** What relief did. */
struct rte_memwatch_relief {
	int64_t freed;		      /**< Sum of what handlers say that they freed. */
	enum rte_memwatch_level from; /**< The level before, without hysteresis, */
	enum rte_memwatch_level to;   /**< and after. */
	unsigned int nb_handlers;     /**< How many were called, */
	struct rte_memwatch_freed by[RTE_MEMWATCH_RELIEF_MAX]; /**< in their order. */
};

/**
 * Add a handler.
 *
 * @param handler
 *   The handler, copied.
 *
 * @return
 *   A number for rte_memwatch_relief_unregister(), > 0, otherwise a negative errno:
 *   - -EINVAL: @p handler or its callback is NULL, or a field is out of its bounds: the text says which
 *   - -ENOSPC: there are RTE_MEMWATCH_RELIEF_MAX already
 */
int
rte_memwatch_relief_register(const struct rte_memwatch_handler *handler);

/**
 * Take a handler away. When this returns it does not run, and will not; from within itself it is the
 * last time that it runs.
 *
 * Context: control path, waits for the handler if it runs in another thread; also from a handler, of
 * itself or of another.
 *
 * @param id
 *   What rte_memwatch_relief_register() returned, RTE_MEMWATCH_RELIEF_FLUSH or _TRIM.
 *
 * @return
 *   0 on success, otherwise -ENOENT: there is no such handler (any more).
 */
int
rte_memwatch_relief_unregister(int id);

/**
 * Call the handlers now, whatever the level.
 *
 * All of them in their order; if memory was short, until it is not: after each one the machine is
 * looked at, by the thresholds of rte_memwatch_start() or the usual ones. What handlers say of
 * themselves decides nothing.
 *
 * Context: control path, may sleep; waits for relief that runs already.
 *
 * @param node_id
 *   Where memory is wanted, or RTE_NUMA_NODE_ANY.
 * @param[out] relief
 *   What was done; set on success only. May be NULL.
 *
 * @return
 *   Bytes that the handlers say they freed, otherwise a negative errno:
 *   - -EINVAL: there is no such node, or it has no memory
 *   - -EDEADLK: called from within a handler
 *   - as rte_memwatch_current()
 */
int64_t
rte_memwatch_trigger(int node_id, struct rte_memwatch_relief *relief);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMWATCH_RELIEF_H */
