/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMREGION_PRIV_H
#define MEMREGION_PRIV_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rte_memregion.h"

#define MR_2M ((size_t)2 << 20)
#define MR_1G ((size_t)1 << 30)

/* How much is populated between two looks at the clock and at free memory. */
#define MR_PREFAULT_PIECE ((size_t)16 << 20)

/* Length of the texts of struct rte_memregion_account. */
#define MR_TEXT_MAX sizeof(((struct rte_memregion_account *)NULL)->text)

/* What went wrong with a wish; reason NONE: nothing. */
struct mr_fault {
	enum rte_memregion_reason reason;
	bool total; /* Not for some bytes: it was not brought about at all. */
	char text[MR_TEXT_MAX];
};

/*
 * memregion_text.c: texts for people, and the calling thread's last failure.
 */

/* A size as "2 MiB"; enough for any. */
struct mr_size_text {
	char text[32];
};

const char *
mr_size_text(struct mr_size_text *text, uint64_t bytes);

/* Nodes as "node 1" or "nodes 0-1,3". */
struct mr_nodes_text {
	char text[64];
};

const char *
mr_nodes_text(struct mr_nodes_text *text, const struct rte_numa_mask *nodes);

/* Append; what does not fit is cut. */
void
mr_text_add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

void
mr_fault_set(struct mr_fault *fault, enum rte_memregion_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Say what failed; returns error, which is negative. */
int
mr_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The reason that stands behind an errno of a system call or of lib/membind. */
enum rte_memregion_reason
mr_reason(int error);

/* What a strict call returns because of it. */
int
mr_reason_errno(enum rte_memregion_reason reason);

/*
 * memregion_opts.c: what was wished, checked and copied. Pure.
 */

struct mr_wished {
	enum rte_membind_policy policy; /* Never the default: that is first touch here. */
	struct rte_numa_mask nodes;
	enum rte_memregion_pages pages;
	bool strict;
	bool prefault;
	bool lock;
	bool nodump;
	unsigned int nb_threads;
	uint32_t timeout_ms;
	rte_memregion_progress_t progress;
	void *progress_arg;
	size_t guard_size;
	char name[RTE_MEMREGION_NAME_MAX + 1];
};

/* 0, or a negative errno with its text said; opts may be NULL. */
int
mr_opts_check(const struct rte_memregion_opts *opts, struct mr_wished *wished);

/* The part that rebinding changes. */
int
mr_opts_check_policy(enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		     struct mr_wished *wished);

/*
 * memregion_facts.c: what there is now. Only the kernel's answers, no decisions.
 */

/* Hugepages of one size that are free on the nodes in question. */
struct mr_pool {
	size_t page_size;
	uint64_t free;
};

#define MR_MAX_POOLS 64

/* CPU numbers are below this; Linux is built for 8192 at most on x86. */
#define MR_MAX_CPUS 16384

struct mr_page_facts {
	size_t base_page;
	size_t transparent;	/* Size of transparent hugepages, 0 without any. */
	bool transparent_never; /* Switched off for the machine. */
	unsigned int nb_pools;	/* Smallest pages first. */
	struct mr_pool pools[MR_MAX_POOLS];
	struct mr_nodes_text where; /* The nodes that were counted. */
};

struct mr_facts {
	const struct rte_numa_topology *topo;
	struct rte_numa_mask memory;  /* Nodes with memory. */
	struct rte_numa_mask allowed; /* Of these, those that this process may use. */
	int home;		      /* The nearest of these to the caller. */
	struct mr_page_facts pages;   /* Of the nodes that memory may come from. */
};

int
mr_facts_nodes(struct mr_facts *facts);

void
mr_facts_pages(const struct rte_numa_topology *topo, const struct rte_numa_mask *nodes,
	       struct mr_page_facts *facts);

/* CPUs of the nodes or, of memory without CPUs, of the nearest node that has some. NULL: none. */
cpu_set_t *
mr_facts_cpus(const struct rte_numa_topology *topo, const struct rte_numa_mask *nodes,
	      size_t *size);

/* What may be taken from the nodes without the out-of-memory killer, as far as can be seen. */
uint64_t
mr_facts_room(const struct rte_numa_topology *topo, const struct rte_numa_mask *nodes);

/*
 * memregion_room.c: how much memory that is. Pure.
 */

/* Bytes of a node that can be taken while the kernel keeps min_free for itself. */
uint64_t
mr_room_of_node(const struct rte_numa_memory *memory, uint64_t min_free);

/*
 * memregion_pages.c: which pages to try, in which order. Pure.
 */

enum mr_kind {
	MR_SMALL,
	MR_TRANSPARENT,
	MR_EXPLICIT,
};

struct mr_rung {
	enum mr_kind kind;
	size_t page_size; /* That the region is aligned to and a multiple of. */
};

/* Pages that are not worth a try, before a rung. */
struct mr_skip {
	unsigned int rung;
	char why[128];
};

struct mr_ladder {
	unsigned int nb_rungs;
	unsigned int nb_skips;
	struct mr_rung rungs[MR_MAX_POOLS + 2];
	struct mr_skip skips[MR_MAX_POOLS + 1];
};

/* -ENOTSUP: strict, and there are no such pages here. */
int
mr_pages_plan(enum rte_memregion_pages wished, bool strict, size_t size,
	      const struct mr_page_facts *facts, struct mr_ladder *ladder);

/* Add to a text which pages were passed over right before a rung, and why. */
void
mr_pages_skipped(const struct mr_ladder *ladder, unsigned int rung, char *text, size_t size);

/* Whether pages are what was wished. */
bool
mr_pages_meet(enum rte_memregion_pages wished, const struct mr_rung *rung);

/* -ENOMEM if there is no such number. */
int
mr_round_up(size_t size, size_t to, size_t *rounded);

/*
 * memregion_place.c: which policy the kernel is told, and where pages have to be then. Pure.
 */

struct mr_place {
	enum rte_membind_policy policy;
	struct rte_numa_mask nodes;   /* For the kernel; empty for first touch. */
	struct rte_numa_mask targets; /* A page elsewhere is misplaced. */
	struct rte_numa_mask sources; /* Where memory may come from. */
};

/* fault: nodes that cannot be had. With one a strict region fails. */
void
mr_place_plan(const struct mr_wished *wished, const struct mr_facts *facts, struct mr_place *place,
	      struct mr_fault *fault);

/*
 * memregion_smaps.c: what the kernel says about a range's mappings. Pure.
 */

/* All but the first two in bytes of the region. */
struct mr_seen {
	unsigned int nb_mappings;
	uint64_t page_size;   /* The smallest that the kernel manages part of it in. */
	uint64_t resident;    /* In memory, explicit hugepages not counted. */
	uint64_t transparent; /* In transparent hugepages. */
	uint64_t hugetlb;     /* In explicit hugepages. */
	uint64_t locked;
	uint64_t lockable; /* Locked once they are there. */
	uint64_t nodump;
	uint64_t closed; /* Not accessible. */
	uint64_t named;
	uint64_t guarded;      /* Around the region, inaccessible. */
	uint64_t named_guards; /* Of these, bearing the name. */
};

struct mr_smaps {
	uint64_t start, end, guard;
	char name[RTE_MEMREGION_NAME_MAX + 1];
	uint64_t inside; /* Of the mapping whose lines are being read. */
	struct mr_seen seen;
};

void
mr_smaps_start(struct mr_smaps *smaps, const void *addr, size_t size, size_t guard,
	       const char *name);

/* False: this and all further lines are behind the region. */
bool
mr_smaps_line(struct mr_smaps *smaps, const char *line);

/*
 * memregion_os.c: the system calls. Each returns 0 or a negative errno, described there.
 */

size_t
mr_os_base_page(void);

int
mr_os_reserve(size_t size, size_t align, size_t guard, char **addr);

int
mr_os_back(char *addr, size_t size, int fd, size_t offset);

int
mr_os_guard(char *addr, size_t size, int fd);

int
mr_os_extend(char *addr, size_t size);

int
mr_os_unmap(char *addr, size_t size);

int
mr_os_move(char *from, size_t size, char *to);

int
mr_os_memfd(const char *name, size_t page_size, int *fd);

int
mr_os_truncate(int fd, size_t size);

void
mr_os_close(int fd);

int
mr_os_transparent(char *addr, size_t size, bool wanted);

int
mr_os_nodump(char *addr, size_t size);

int
mr_os_populate(char *addr, size_t size);

int
mr_os_collapse(char *addr, size_t size);

int
mr_os_lock(char *addr, size_t size);

int
mr_os_name(char *addr, size_t size, const char *name);

uint64_t
mr_os_lock_limit(void);

int
mr_os_look(const void *addr, size_t size, size_t guard, const char *name, struct mr_seen *seen);

int
mr_os_read(const char *path, char *text, size_t size);

/*
 * memregion_prefault.c: bringing pages into being.
 */

struct mr_prefault {
	char *addr;
	size_t size;
	size_t page_size;
	unsigned int nb_threads;
	const cpu_set_t *cpus; /* Where they run, or NULL. */
	size_t cpus_size;
	uint64_t deadline_ms; /* Of mr_now_ms(), 0: none. */
	rte_memregion_progress_t progress;
	void *progress_arg;
	int (*has_room)(void *arg, size_t size); /* 0, or the errno to end with; or NULL. */
	void *has_room_arg;
};

struct mr_prefaulted {
	size_t done; /* Bytes that exist. */
	unsigned int nb_threads;
	bool pinned;
};

uint64_t
mr_now_ms(void);

/*
 * 0, or why not all exist: -ETIMEDOUT, -ECANCELED, what has_room said, or the kernel's: -EFAULT is
 * a page that cannot be had.
 */
int
mr_prefault(const struct mr_prefault *job, struct mr_prefaulted *result);

/*
 * The region.
 *
 * I1. [addr - guard, addr + size + after) is ours; [addr, addr + size) is memory, the rest not
 *     accessible. guard and after are whole base pages, and after >= guard > 0: so no mapping of
 *     somebody else's merges with ours, and what smaps says of ours is about ours alone.
 * I2. addr and size are multiples of rung.page_size.
 * I3. fd >= 0 exactly for explicit hugepages, and of these all exist.
 * I4. lock is held while anything but addr, size and rung is read or written, once the region has
 *     been handed out; these three change in rte_memregion_resize() only.
 */
struct rte_memregion {
	pthread_mutex_t lock;
	struct mr_wished wished;
	struct mr_place place;
	struct mr_rung rung;
	char *addr;
	size_t size;
	size_t guard;
	size_t after;
	int fd;
	bool named_by_guards;
	bool bound_known;		      /* Whether the next two are. */
	enum rte_membind_policy bound_policy; /* What the kernel said after the policy was set. */
	struct rte_numa_mask bound_nodes;
	char passed[MR_TEXT_MAX]; /* Page sizes passed over, and why. */
	char crew[96];		  /* Who prefaulted. */
	struct mr_fault faults[RTE_MEMREGION_NB_WISHES];
};

/* What is to be seen of a region now. */
struct mr_sight {
	int locate_error; /* 0, or why location is not known. */
	int look_error;	  /* The same for seen. */
	char locate_text[MR_TEXT_MAX];
	struct rte_membind_location location;
	struct mr_seen seen;
};

/*
 * memregion_text.c, further.
 */

/*
 * Note that a wish is missed; total: for all of the region. The first fault of a wish stays. Returns
 * 0 for a soft region, which goes on; for a strict one what it fails with, its text said.
 */
int
mr_miss(struct rte_memregion *region, enum rte_memregion_wish wish, bool total,
	enum rte_memregion_reason reason, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Note that pages of this size are not to be had; returns what to fail with, its text said. */
int
mr_refuse(struct rte_memregion *region, enum rte_memregion_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * memregion_populate.c: making pages exist. All return 0, or a negative errno with its text said.
 */

/* Of a strict region: whether its nodes have so much memory. */
int
mr_populate_check(struct rte_memregion *region, size_t size, const struct mr_facts *facts);

/* Explicit hugepages always, others if wished. */
int
mr_populate(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
	    uint64_t deadline_ms);

/* There are too few explicit hugepages: the failure, and what there is. */
int
mr_populate_scarce(struct rte_memregion *region, char *addr, size_t size,
		   const struct mr_facts *facts);

/*
 * memregion_judge.c: how far wishes are met. Pure.
 */

/*
 * Of an interleaved region that is all there, the bytes that one node has of another's share, and on
 * which nodes; 0 if the shares are even enough, or nothing can be said.
 */
uint64_t
mr_judge_uneven(const struct rte_memregion *region, const struct rte_membind_location *location,
		struct rte_numa_mask *on);

/* accounts: one a wish. */
void
mr_judge(const struct rte_memregion *region, const struct mr_sight *sight,
	 struct rte_memregion_account *accounts);

/*
 * memregion_build.c: making memory as wished. All return 0, or a negative errno with its text said;
 * a wish that a soft region misses is noted in it, and is no failure.
 */

/* Address space for so many bytes, with guards; sets addr, size, guard and after. */
int
mr_build_reserve(struct rte_memregion *region, size_t size);

/* Give all of it back. */
int
mr_build_release(struct rte_memregion *region);

/* The same for what was not finished, to start again. */
void
mr_build_discard(struct rte_memregion *region);

/* Memory for a part of the address space, furnished as wished. On failure it is in any state. */
int
mr_build_memory(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
		uint64_t deadline_ms);

/* A file that guards are mapped from, where that is how the region bears its name; or fd -1. */
int
mr_build_open_label(struct rte_memregion *region, int *fd);

/* Name the guards. */
int
mr_build_label(struct rte_memregion *region);

void
mr_build_look(const struct rte_memregion *region, struct mr_sight *sight);

/* Keep what the kernel says now that the policy is, to see later whether somebody changed it. */
void
mr_build_remember(struct rte_memregion *region);

/* Of a strict region: whether each wish is met. */
int
mr_build_verify(struct rte_memregion *region);

#endif /* MEMREGION_PRIV_H */
