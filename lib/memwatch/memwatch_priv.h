/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMWATCH_PRIV_H
#define MEMWATCH_PRIV_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_numa.h>
#include <rte_numa_cgroup.h>

#include "rte_memwatch.h"
#include "rte_memwatch_relief.h"

/* Nothing left. */
#define MW_FULL 1000

/*
 * memwatch_level.c: thresholds and hysteresis. Pure.
 */

/* What is remembered of a source of a node. All zero: low. */
struct mw_history {
	enum rte_memwatch_level level;
	bool falling;	   /* It would be lower, */
	uint64_t since_ms; /* since then. */
};

/* 0, or -EINVAL with a text. */
int
mw_config_check(const struct rte_memwatch_config *config);

/* The level of a shortage, by thresholds alone. */
enum rte_memwatch_level
mw_level_of(const struct rte_memwatch_thresholds *thresholds, unsigned int shortage);

/* The same by what was before: it rises at once, and falls late. */
enum rte_memwatch_level
mw_level_next(const struct rte_memwatch_config *config, enum rte_memwatch_source source,
	      struct mw_history *history, unsigned int shortage, uint64_t now_ms);

/* The threshold at which a level begins; 0 for low. */
unsigned int
mw_threshold(const struct rte_memwatch_thresholds *thresholds, enum rte_memwatch_level level);

/*
 * memwatch_parse.c: text of the kernel's to numbers. Pure. Return 0, or -EINVAL with nothing changed.
 */

/* Bytes of /proc/meminfo: in all, to be had, in hugepages of all sizes. */
int
mw_parse_meminfo(const char *text, uint64_t *total, uint64_t *available, uint64_t *huge);

/* Thousandths of the last ten seconds in which some task waited, of /proc/pressure/memory. */
int
mw_parse_pressure(const char *text, unsigned int *stall);

/*
 * memwatch_judge.c: what was read to what it means. Pure.
 */

/* fastmem's memory on a node. */
struct mw_fastmem {
	bool known;	  /* It has some there. */
	bool growth;	  /* It may take more of EAL. */
	uint64_t backing; /* Bytes that it has, */
	uint64_t in_use;  /* that the application holds, */
	uint64_t limit;	  /* that it may have; UINT64_MAX: any, */
	uint64_t heap;	  /* that EAL has for it beyond. */
};

struct mw_node_reading {
	int node_id;
	struct rte_numa_memory memory;
	uint64_t pool_total, pool_free; /* Bytes in hugepages of all sizes. */
	struct mw_fastmem fastmem;
};

/* What was read at one look. */
struct mw_reading {
	bool meminfo;
	uint64_t total, available, huge; /* Of meminfo. */
	uint64_t promised;		 /* Bytes of hugepages that are free, and promised. */
	/* RTE_NUMA_CGROUP_NO_LIMIT in max: none. */
	struct rte_numa_cgroup_limit cgroup, cgroup_high, cgroup_huge;
	bool events;
	uint64_t reclaims, kills; /* Counted by memory.events, of all cgroups that can be seen. */
	bool pressure;
	unsigned int stall;
	unsigned int nb_nodes;
	struct mw_node_reading *node; /* In the order of their ids. */
};

/* Figures but for their levels. before: the last reading, for what is counted; NULL: none. */
void
mw_figures_of_machine(const struct mw_reading *r, const struct mw_reading *before,
		      struct rte_memwatch_figure *figures);

void
mw_figures_of_node(const struct mw_reading *r, unsigned int index,
		   struct rte_memwatch_figure *figures);

/* Bytes of usual pages that can be had; node NULL: on all nodes. */
uint64_t
mw_available(const struct mw_reading *r, const struct mw_node_reading *node);

/* A node, or the machine, over time. */
struct mw_scope {
	int node_id; /* RTE_NUMA_NODE_ANY: the machine. */
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];
	struct mw_history history[RTE_MEMWATCH_NB_SOURCES];
	enum rte_memwatch_level level;
	enum rte_memwatch_level relieved; /* What handlers were called for last. */
	enum rte_memwatch_source why;	  /* Of the last change, */
	char text[RTE_MEMWATCH_TEXT_MAX]; /* and its text. */
};

/* Take new figures, which lack levels: 1 if the scope rose, -1 if it fell, else 0. */
int
mw_scope_judge(struct mw_scope *scope, const struct rte_memwatch_config *config,
	       const struct rte_memwatch_figure *figures, const struct mw_reading *r,
	       uint64_t now_ms);

/*
 * memwatch_read.c: looking at the machine.
 */

/* Below /proc, and in a cgroup of version 2. */
#define MW_PRESSURE_FILE	"pressure/memory"
#define MW_CGROUP_PRESSURE_FILE "memory.pressure"
#define MW_EVENTS_FILE		"memory.events.local"

/* Where it is looked at. */
struct mw_roots {
	const struct rte_numa_topology *topo;
	const char *proc; /* The folder that stands for /proc, */
	const char *fs;	  /* and what stands before other paths. */
};

/* The cgroups of this process, which are seldom others: to find them costs as much as all else. */
struct mw_cgroups {
	bool has_memory, has_huge;
	struct rte_numa_cgroup memory, huge;
};

/* Those of this machine; -errno with a text. */
int
mw_roots_self(struct mw_roots *roots);

/* Room for the nodes with memory; -errno with a text. Free with mw_reading_free(). */
int
mw_reading_make(const struct mw_roots *roots, struct mw_reading *r);

void
mw_reading_free(struct mw_reading *r);

void
mw_cgroups_find(const struct mw_roots *roots, struct mw_cgroups *cgroups);

/* What a source cannot tell is not known: it fails for no file. */
void
mw_read(const struct mw_roots *roots, const struct mw_cgroups *cgroups, struct mw_reading *r);

/* The index of a node, or -1. */
int
mw_reading_index(const struct mw_reading *r, int node_id);

/*
 * memwatch_fastmem.c: what stands in the way of using this library without fastmem.
 */

void
mw_fastmem_read(int node_id, struct mw_fastmem *fastmem);

/* Handlers of relief. */
int64_t
mw_fastmem_flush(const struct rte_memwatch_ask *ask, void *arg);

int64_t
mw_fastmem_trim(const struct rte_memwatch_ask *ask, void *arg);

/* Flush this thread's cache, if mw_fastmem_flush() ran since it last did so. */
void
mw_fastmem_follow(void);

/*
 * memwatch_os.c: system calls.
 */

/* The whole of a file, cut to size; -errno. */
int
mw_os_read(const char *path, char *text, size_t size);

uint64_t
mw_os_now_ms(void);

/* What a thread waits for. All descriptors: -1 for none. */
#define MW_WAIT_MAX 24

struct mw_wait {
	int wake; /* mw_os_wake() writes to it. */
	unsigned int n;
	struct {
		int fd;
		bool stall; /* It is a trigger of stalls, and not of events. */
	} on[MW_WAIT_MAX];
};

/* 0 or -errno. */
int
mw_os_wait_open(struct mw_wait *wait);

void
mw_os_wait_close(struct mw_wait *wait);

/* Wait also for stalls that take stall_us of window_us; not there or not allowed: not waited for. */
void
mw_os_wait_stall(struct mw_wait *wait, const char *path, unsigned int stall_us,
		 unsigned int window_us);

/* Wait also for changes of a cgroup's file. */
void
mw_os_wait_change(struct mw_wait *wait, const char *path);

/* Wait for any, for ms at most; tells if it was a stall. */
bool
mw_os_wait(struct mw_wait *wait, unsigned int ms);

void
mw_os_wake(const struct mw_wait *wait);

/*
 * memwatch_watch.c: who is told of changes.
 */

/* A number > 0, or -ENOMEM. */
int
mw_watch_add(int node_id, rte_memwatch_cb cb, void *arg);

/* 0 or -ENOENT; the callback does not run any more. */
int
mw_watch_remove(int id);

/* Call all that have not been told of a scope's level. One thread at a time. */
void
mw_watch_deliver(const struct mw_scope *scopes, unsigned int n, bool no_sleep);

/*
 * memwatch_round.c: one look after the other.
 */

/* rte_memwatch_start() on a machine of which the roots stay there until mw_stop(). */
int
mw_start(const struct mw_roots *roots, const struct rte_memwatch_config *config);

/* Whether levels are up to date, and that of a node or the machine; -EINVAL: no such node. */
bool
mw_watching(void);

int
mw_level(int node_id);

/* Where is watched and how; if nobody does, this machine, as usual. 0 or -errno with a text. */
int
mw_settings(struct mw_roots *roots, struct rte_memwatch_config *config);

/* The figures of the last look, or -EINVAL: no such node, or -EAGAIN: nobody watches. */
int
mw_last_figures(int node_id, struct rte_memwatch_figure *figures);

/* Look and call callbacks, waiting for nobody; how many levels changed. */
unsigned int
mw_round_try(void);

/*
 * memwatch_ask.c
 */

/* How it is now, without hysteresis. */
struct mw_measure {
	enum rte_memwatch_level level;
	int64_t free; /* Bytes: memory that is available, and hugepages. */
};

/* 0, or -errno with a text: no such node, or the machine cannot be read. */
int
mw_measure(int node_id, struct mw_measure *measure);

/*
 * memwatch_relief.c
 */

/*
 * Have handlers called for a level that rose; no_sleep: those that may be, waiting for nobody. False:
 * somebody has handlers called just now, and none was.
 */
bool
mw_relieve(int node_id, enum rte_memwatch_level level, bool no_sleep);

/*
 * memwatch_thread.c: the thread that looks.
 */

/* A thread that keeps off the lcores' CPUs: 0 or -errno. */
int
mw_thread_make(pthread_t *thread, const char *name, void *(*body)(void *), void *arg);

/* 0 or -errno with a text. round: what to do each time; whether tasks stalled. */
int
mw_thread_start(const struct mw_roots *roots, const struct rte_memwatch_config *config,
		void (*round)(bool stalled));

/* Have it end, and wait for that; nothing if there is none. */
void
mw_thread_stop(void);

/* Have it look at once, if there is one. */
void
mw_thread_wake(void);

/*
 * memwatch_error.c
 */

/* Keep a text for rte_memwatch_error(), and return the error, which is a negative errno. */
int
mw_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* MEMWATCH_PRIV_H */
