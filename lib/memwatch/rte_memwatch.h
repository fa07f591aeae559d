/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMWATCH_H
#define RTE_MEMWATCH_H

/**
 * @file
 *
 * How short memory is: of each node, and of the machine as this process sees it.
 *
 * Memory is short by sources: what the kernel has available, pools of hugepages, fastmem's own
 * memory against what it may have, limits and events of the process's cgroups, and the time in which
 * tasks wait for memory (PSI). Each gives a shortage from 0 (none) to 1000 (nothing left), and by
 * thresholds a level; a node, and the machine, is at the highest level of its sources.
 *
 * A node's level is by what is the node's own (RTE_MEMWATCH_SOURCE_MEMORY, _HUGEPAGES, _FASTMEM); the
 * machine's, for which RTE_NUMA_NODE_ANY stands, is by the sums of these over all nodes and by what
 * holds for all nodes at once. Who allocates on a node looks at both.
 *
 * rte_memwatch_current() and rte_memwatch_available() may be asked at any time. After
 * rte_memwatch_start() the machine is looked at again and again, by a thread or by whoever calls
 * rte_memwatch_poll(), and callbacks are told of each change. Levels then rise at once, and fall
 * late, so that what wobbles about a threshold makes no flood.
 *
 * EAL and fastmem need not be initialised: their memory counts from when they are. Unless a function
 * says otherwise it is MT-safe. Failures of int functions are negative errnos, and leave a text, see
 * rte_memwatch_error().
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_numa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How short memory is. */
enum rte_memwatch_level {
	RTE_MEMWATCH_LOW,      /**< There is enough. */
	RTE_MEMWATCH_MEDIUM,   /**< Begin to do without what is dispensable. */
	RTE_MEMWATCH_HIGH,     /**< Give back what can be given back; allocate less. */
	RTE_MEMWATCH_CRITICAL, /**< Allocations fail, or the kernel kills, soon. */
};

/** Number of elements of enum rte_memwatch_level. */
#define RTE_MEMWATCH_NB_LEVELS 4

/** Where a level comes from. */
enum rte_memwatch_source {
	/**
	 * Memory that can be had without swapping: of the machine MemAvailable, of a node what is
	 * free and half of what can be reclaimed; as a share of memory that is not in pools of
	 * hugepages.
	 */
	RTE_MEMWATCH_SOURCE_MEMORY,
	/**
	 * Hugepages that are neither used nor promised, as a share of the pools. Of nodes without
	 * pools it is not known, nor of those where fastmem has memory, as it takes pages that are
	 * used then: see RTE_MEMWATCH_SOURCE_FASTMEM.
	 */
	RTE_MEMWATCH_SOURCE_HUGEPAGES,
	/**
	 * What fastmem can still hand out: free in what it has and, with growth on, what EAL can
	 * still give within the node's limit; as a share of that and what is in use. Not known
	 * where fastmem has no memory.
	 */
	RTE_MEMWATCH_SOURCE_FASTMEM,
	/** What is left until memory.max, of all cgroups above the process the tightest. */
	RTE_MEMWATCH_SOURCE_CGROUP,
	/** What is left until memory.high: not known for version 1. */
	RTE_MEMWATCH_SOURCE_CGROUP_HIGH,
	/** Hugepages that the cgroups leave: of all page sizes the one that is left the most of. */
	RTE_MEMWATCH_SOURCE_CGROUP_HUGEPAGES,
	/**
	 * memory.events of the process's cgroups since the last look: shortage 500 if high or max
	 * were counted up (the kernel took memory back), 1000 for oom or oom_kill.
	 */
	RTE_MEMWATCH_SOURCE_CGROUP_EVENTS,
	/** Share of time in which some task waited for memory, see Linux's PSI, lately (avg10). */
	RTE_MEMWATCH_SOURCE_STALL,
};

/** Number of elements of enum rte_memwatch_source. */
#define RTE_MEMWATCH_NB_SOURCES 8

/** A source as a bit of a mask. */
#define RTE_MEMWATCH_SOURCE_BIT(source) (1u << (source))

/** As a threshold: never. */
#define RTE_MEMWATCH_NEVER UINT16_MAX

/** From which shortage on a level begins. Each from 1 to 1000, or RTE_MEMWATCH_NEVER. */
struct rte_memwatch_thresholds {
	uint16_t medium;   /**< RTE_MEMWATCH_MEDIUM. */
	uint16_t high;	   /**< RTE_MEMWATCH_HIGH; not below @a medium. */
	uint16_t critical; /**< RTE_MEMWATCH_CRITICAL; not below @a high. */
};

/** No thread is started: rte_memwatch_poll() looks. */
#define RTE_MEMWATCH_F_POLLED (1u << 0)

/** How to watch; rte_memwatch_config_init() gives the usual. */
struct rte_memwatch_config {
	uint32_t flags;	    /**< RTE_MEMWATCH_F_*, or'ed. */
	uint32_t sources;   /**< Which count: RTE_MEMWATCH_SOURCE_BIT(), or'ed. */
	uint32_t period_ms; /**< Milliseconds between looks, from 10 to 3600000. */
	/** A level falls when it would for so many milliseconds, up to 3600000. */
	uint32_t hold_ms;
	/** And when the shortage is so far below its threshold; below each @a medium. */
	uint16_t hysteresis;
	/** By enum rte_memwatch_source. */
	struct rte_memwatch_thresholds thresholds[RTE_MEMWATCH_NB_SOURCES];
};

/** What a source says. */
struct rte_memwatch_figure {
	enum rte_memwatch_level level; /**< By its thresholds. */
	uint16_t known;	   /**< 0: there is no such source here, or it does not count. */
	uint16_t shortage; /**< From 0 to 1000. */
	uint64_t free;	   /**< Bytes that can be had; of events and stalls 0. */
	uint64_t total;	   /**< Bytes that @a free is a share of; likewise. */
};

/** Bytes of a change's text. */
#define RTE_MEMWATCH_TEXT_MAX 256

/** A level that changed. */
struct rte_memwatch_change {
	int node_id;		      /**< The node, or RTE_NUMA_NODE_ANY: the machine. */
	enum rte_memwatch_level from; /**< What the callback was told last; at first low. */
	enum rte_memwatch_level to;   /**< What it is. */
	enum rte_memwatch_source why; /**< The source that rose highest; if it fell, that fell. */
	char text[RTE_MEMWATCH_TEXT_MAX]; /**< Which source, with its figures. */
};

/** All nodes and the machine, see rte_memwatch_register(). */
#define RTE_MEMWATCH_ALL (-2)

/**
 * Told of a change. It may call all functions but rte_memwatch_start() and rte_memwatch_stop().
 *
 * Runs in the control thread, or in that which called rte_memwatch_poll(). Of all callbacks one runs at a
 * time.
 */
typedef void (*rte_memwatch_cb)(const struct rte_memwatch_change *change, void *arg);

/**
 * The usual way to watch: a thread, all sources, each second; falls are held for 5 s and 20 below.
 *
 * Thresholds: 750, 900, 950 (less than a quarter, a tenth, a twentieth is left) but for memory.high
 * (900, 1000, never: beyond it the kernel slows down and does not kill), events (500, 1000, 1000) and
 * stalls (50, 150, 400).
 *
 * Context: any; no system call.
 *
 * @param[out] config
 *   Set; not NULL.
 */
void
rte_memwatch_config_init(struct rte_memwatch_config *config);

/**
 * Begin to watch.
 *
 * The thread is one of EAL's control threads if EAL is initialised, else an ordinary one. Besides each
 * period it looks when the kernel says that tasks wait for memory (a PSI trigger) or that a cgroup's
 * memory.events changed, where it does; rte_memwatch_poll() does so in no case.
 *
 * rte_fastmem_deinit() has to wait until watching was stopped. In a secondary EAL has to be initialised
 * before it begins.
 *
 * Context: control path, may sleep.
 *
 * @param config
 *   How, copied; NULL: as rte_memwatch_config_init() says.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p config has an unknown flag or source, or a figure out of its bounds; the text says
 *     which, and what it may be
 *   - -EALREADY: watching already; rte_memwatch_stop() first
 *   - -ENOMEM, -EAGAIN: no memory, or no thread to be had
 *   - what rte_numa_topology_self() or eventfd(2) said
 */
int
rte_memwatch_start(const struct rte_memwatch_config *config);

/**
 * Watch no more. When this returns no callback runs, and none will; they stay registered. Does nothing
 * if nobody watches.
 *
 * Context: control path, waits for what runs; not from a callback or relief handler.
 */
void
rte_memwatch_stop(void);

/**
 * The level of a node, or of the machine.
 *
 * While watching, it is as found at the last look; otherwise the machine is looked at now, and the
 * usual thresholds decide.
 *
 * Context: while watching any, fast path included: a load; otherwise control path, reads files.
 *
 * @param node_id
 *   The node, or RTE_NUMA_NODE_ANY for the machine.
 *
 * @return
 *   The level, >= 0, an enum rte_memwatch_level, otherwise a negative errno:
 *   - -EINVAL: there is no such node, or it has no memory
 *   - what rte_numa_topology_self() said, or what reading the kernel's files did
 */
int
rte_memwatch_current(int node_id);

/**
 * Memory that this process can have on a node or on all, read from the kernel now.
 *
 * Pages of usual size, without swapping: what the kernel has available of them, and not more than
 * the cgroups leave. Hugepages and fastmem's memory are in rte_memwatch_figures().
 *
 * Context: control path, reads files.
 *
 * @param node_id
 *   The node, or RTE_NUMA_NODE_ANY for the machine.
 *
 * @return
 *   Bytes, otherwise a negative errno as rte_memwatch_current().
 */
int64_t
rte_memwatch_available(int node_id);

/**
 * What each source says of a node or of the machine: while watching at the last look, else now.
 *
 * Context: control path; reads files unless watching.
 *
 * @param node_id
 *   The node, or RTE_NUMA_NODE_ANY for the machine.
 * @param[out] figures
 *   RTE_MEMWATCH_NB_SOURCES of them, by enum rte_memwatch_source; set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno as rte_memwatch_current(), -EINVAL also if @p figures is
 *   NULL.
 */
int
rte_memwatch_figures(int node_id, struct rte_memwatch_figure *figures);

/**
 * Be told of changes.
 *
 * Each callback is told of a chain of levels for each node without gaps: it begins at low, and each
 * change goes on where the last ended. If the level is another when it is registered, the first change
 * comes at the next look, which is at once if there is a thread. It is kept when watching stops, and
 * told of what changed meanwhile when it begins anew.
 *
 * Context: control path; also from a callback.
 *
 * @param node_id
 *   The node, RTE_NUMA_NODE_ANY for the machine, or RTE_MEMWATCH_ALL.
 * @param cb
 *   The callback.
 * @param arg
 *   Its argument.
 *
 * @return
 *   A number for rte_memwatch_unregister(), > 0, otherwise a negative errno:
 *   - -EINVAL: @p cb is NULL, or there is no such node, or it has no memory
 *   - -ENOMEM: out of memory
 *   - what rte_numa_topology_self() said
 */
int
rte_memwatch_register(int node_id, rte_memwatch_cb cb, void *arg);

/**
 * Be told no more. When this returns the callback does not run, and will not; from within itself it
 * is the last time that it runs.
 *
 * Context: control path, waits for the callback if it runs in another thread; also from a callback,
 * of itself or of another.
 *
 * @param id
 *   What rte_memwatch_register() returned.
 *
 * @return
 *   0 on success, otherwise -ENOENT: there is no such callback (any more).
 */
int
rte_memwatch_unregister(int id);

/**
 * Look if it is time to, and call callbacks, without sleeping: for an lcore's loop.
 *
 * Started with RTE_MEMWATCH_F_POLLED it looks once a period, for whichever thread comes first; the
 * others go on. A look reads some 30 files of /proc, /sys and of the cgroups, ten more a further node:
 * 0.2 ms where one node was measured; where fastmem's growth is on it takes the lock of EAL's heap,
 * which EAL holds while it adds memory. When it is not time it reads a clock: 10 ns. Who cannot
 * spare the former has a thread look.
 *
 * In either way of watching, if relief had caches flushed since this thread last called, its cache of
 * fastmem is: see rte_memwatch_relief.h. Handlers of relief that never sleep are called as well.
 *
 * Context: any. It waits for nobody: if another thread looks, asks for figures or registers just now,
 * the next call does what this one does not. Only after it called a callback or handler it takes a
 * lock that others hold for some instructions.
 *
 * @return
 *   How many levels changed at this look; 0 if none did or there was none.
 */
unsigned int
rte_memwatch_poll(void);

/**
 * A level's name, such as "high".
 *
 * Context: any; no system call.
 *
 * @param level
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_memwatch_level_name(enum rte_memwatch_level level);

/**
 * A source's name, such as "cgroup memory.max".
 *
 * Context: any; no system call.
 *
 * @param source
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_memwatch_source_name(enum rte_memwatch_source source);

/**
 * What was wrong: one line about the last failure in the calling thread, of a function of this
 * library.
 *
 * Context: any but a signal handler.
 *
 * @return
 *   The text, valid until the next failure in this thread; empty if there was none.
 */
const char *
rte_memwatch_error(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMWATCH_H */
