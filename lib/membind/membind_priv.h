/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMBIND_PRIV_H
#define MEMBIND_PRIV_H

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rte_membind.h"

/* What older kernel headers do not have. */
#define MEMBIND_MODE_PREFERRED_MANY	 5
#define MEMBIND_MODE_WEIGHTED_INTERLEAVE 6
#define MEMBIND_MODE_STATIC_NODES	 (1 << 15)
/* All flags that a mode may carry: static nodes, relative nodes, balancing. */
#define MEMBIND_MODE_FLAGS (7 << 13)

/* Flags that mean something when a policy is set; process and thread depend on the function. */
#define MEMBIND_SET_FLAGS (RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_MIGRATE | RTE_MEMBIND_F_NO_CPU_BIND)

/* A policy as the kernel has it: the mode with its flags, and the nodes, empty where it has none. */
struct membind_kernel_policy {
	int mode;
	struct rte_numa_mask nodes;
};

/* membind_error.c */

/* Set the text of rte_membind_error(), cut if need be, and return err, a negative errno. */
int
membind_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A mask in a text: its list, "..." at the end if that is long, "none" if it is empty. */
struct membind_list {
	char text[64];
};

struct membind_list
membind_list(const struct rte_numa_mask *mask);

/*
 * membind_sys.c: every system call. All return 0 or more, or a negative errno, and touch outputs on
 * success only. Those marked S may be called in a signal handler.
 */

/* S. Set the policy of mappings; mbind_flags: MPOL_MF_*. */
int
membind_sys_set_range(uintptr_t start, size_t size, const struct membind_kernel_policy *policy,
		      unsigned int mbind_flags);

/* The policy that the mapping of an address has of its own. */
int
membind_sys_get_range(uintptr_t addr, struct membind_kernel_policy *policy);

/* S. Policy of the calling thread. */
int
membind_sys_set_self(const struct membind_kernel_policy *policy);

/* S. */
int
membind_sys_get_self(struct membind_kernel_policy *policy);

/* What the cpuset allows; nodes that do not exist may be among it. */
int
membind_sys_allowed(struct rte_numa_mask *nodes);

/* The same for another process. */
int
membind_sys_allowed_of(pid_t pid, struct rte_numa_mask *nodes);

/* S. Where n pages are, nodes being NULL, or to move each; returns how many did not move. */
long
membind_sys_move(size_t n, void **pages, const int *nodes, int *status);

/* Returns how many pages did not move. */
long
membind_sys_migrate(pid_t pid, const struct rte_numa_mask *from, const struct rte_numa_mask *to);

/*
 * Hand each line of a file to a function, without its newline and cut after some 4000 bytes, until
 * that returns something else than 0, which is then returned: 1 to stop, or a negative errno.
 */
int
membind_sys_lines(const char *path, int (*line)(const char *text, void *arg), void *arg);

/* The numbers in a folder's names, ascending, to be freed; those that are none are passed over. */
int
membind_sys_numbers(const char *path, pid_t **numbers, size_t *n);

/* Entries of /proc/self/pagemap, one a page. */
int
membind_sys_pagemap(uintptr_t addr, size_t page_size, uint64_t *entries, size_t n);

/* Queue a signal with a value for one thread of this process. */
int
membind_sys_signal(pid_t tid, int signo, int value);

pid_t
membind_sys_tid(void);

bool
membind_sys_exists(pid_t pid);

/* Whether a thread of this process has that id; of another process: -ENOSYS; none: -ESRCH. */
int
membind_sys_own_thread(pid_t tid);

/* A page that nobody uses, accessible with prot, as low in memory as it can be had. */
int
membind_sys_probe_page(uintptr_t *page, int prot);

/* S. */
void
membind_sys_unmap(uintptr_t page, size_t size);

/* Zeroed memory of its own mapping. */
int
membind_sys_map(uintptr_t *addr, size_t size);

/* S. */
int
membind_sys_protect(uintptr_t start, size_t size, int prot);

/* S. The node of the CPU that the thread is on, or -1. */
int
membind_sys_node(void);

/* S. Bytes. */
size_t
membind_sys_page_size(void);

/* membind_parse.c: text of the kernel's to numbers. Malformed is -EINVAL; outputs on success only. */

/* A mapping, or a part of one. */
struct membind_vma {
	uintptr_t start, end;
	size_t page_size;
	int prot;      /* PROT_* */
	bool shared;   /* Has its policy with the object, not with the mapping. */
	bool object;   /* Of a file, or of shared memory: not plain memory. */
	char name[16]; /* The file's or the kernel's own, such as "[stack]", cut. */
};

/* The first line of a mapping in /proc/PID/maps and /proc/PID/smaps; page_size is not in it. */
int
membind_parse_vma(const char *line, struct membind_vma *vma);

/* "KernelPageSize:        4 kB" to bytes. */
int
membind_parse_page_size(const char *line, size_t *page_size);

/* A line of numa_maps; -ENOTSUP for a policy that is unknown or cut. */
int
membind_parse_numa_maps(const char *line, uintptr_t *start, struct membind_kernel_policy *policy);

/* Fields of /proc/PID/stat. */
struct membind_stat {
	char state; /* 'Z': has ended. */
	unsigned int flags;
	uint64_t start_time;
};

int
membind_parse_stat(const char *line, struct membind_stat *stat);

/* membind_policy.c: decisions, without a system call; those that return an int set the text. */

/* What there is. */
struct membind_nodes {
	struct rte_numa_mask with_memory;
	struct rte_numa_mask allowed; /* Of these, what the cpuset allows. */
};

/* The mode of a policy, or -1 if Linux has none. */
int
membind_mode(enum rte_membind_policy policy);

/* Whether a mode, without flags, takes nodes. */
bool
membind_takes_nodes(int mode);

int
membind_check_flags(unsigned int flags, unsigned int may);

/* Whether a policy can be set on Linux. */
int
membind_check_policy(enum rte_membind_policy policy);

/* The nodes of a mask that memory can be had of; with strict all of them, or none. */
int
membind_usable(struct rte_numa_mask *usable, const struct rte_numa_mask *nodes, bool strict,
	       const struct membind_nodes *have);

/* Check the nodes of a policy that can be set, and translate both. */
int
membind_plan(struct membind_kernel_policy *plan, enum rte_membind_policy policy,
	     const struct rte_numa_mask *nodes, unsigned int flags,
	     const struct membind_nodes *have);

/* Turn a plan that the kernel does not know into its nearest relative; false if it has none. */
bool
membind_plan_relative(struct membind_kernel_policy *plan);

/* What a kernel's policy is called here, its nodes as rte_membind_get_range() tells them. */
int
membind_translate(const struct membind_kernel_policy *kernel, const struct rte_numa_mask *allowed,
		  enum rte_membind_policy *policy, struct rte_numa_mask *nodes);

/* Several policies as one. */
struct membind_sum {
	unsigned int n;
	enum rte_membind_policy policy;
	struct rte_numa_mask nodes;
	bool differs;
};

void
membind_sum_add(struct membind_sum *sum, enum rte_membind_policy policy,
		const struct rte_numa_mask *nodes);

/* -EXDEV if they differ and flags say strict; what: of what the policies are, for the text. */
int
membind_sum_tell(const struct membind_sum *sum, unsigned int flags, const char *what,
		 enum rte_membind_policy *policy, struct rte_numa_mask *nodes);

/* membind_nodes.c */

/*
 * What there is for a process, 0 being the caller's; looked up afresh if the nodes in wanted, which
 * may be NULL, are not all known and allowed.
 */
int
membind_nodes_have(struct membind_nodes *have, pid_t pid, const struct rte_numa_mask *wanted);

/* membind_usable() of what there is. */
int
membind_nodes_usable(struct rte_numa_mask *usable, const struct rte_numa_mask *nodes,
		     unsigned int flags);

/* membind_vma.c */

/* The mappings of a range, in order and without a hole. */
struct membind_vmas {
	struct membind_vma *vma;
	size_t n;
};

/* Check a range; with any it need not be aligned. */
int
membind_check_range(const void *addr, size_t size, bool any, uintptr_t *start, uintptr_t *end);

/*
 * The mappings from start to end, cut to that, to be freed; -EFAULT if something is not mapped. With
 * whole, start must be a page's first byte, and end is rounded up to the end of one.
 */
int
membind_vmas_find(struct membind_vmas *vmas, uintptr_t start, uintptr_t *end, bool whole);

void
membind_vmas_free(struct membind_vmas *vmas);

/* membind_locate.c */

/* How many pages are asked about at once. */
#define MEMBIND_BATCH 512

/* Where a page is; why is as in struct rte_membind_page. */
struct membind_place {
	int node_id; /* -1 if nowhere, or if the kernel does not tell. */
	int why; /* Then: -EFAULT for the page of zeros, -ENOENT if there is none; or another. */
	bool swapped;
	bool hidden; /* There is a page, and the kernel does not tell where. */
};

/* Where n pages of a mapping are, at most MEMBIND_BATCH, from addr on. */
int
membind_places(const struct membind_vma *vma, uintptr_t addr, struct membind_place *places,
	       size_t n);

int
membind_locate_vmas(const struct membind_vmas *vmas, struct rte_membind_location *location);

/* membind_migrate.c */

/* Move all pages of a process that are on some nodes. */
int
membind_empty_nodes(pid_t pid, const struct rte_numa_mask *from, const struct rte_numa_mask *to,
		    uint64_t *not_moved);

/* membind_ask.c */

/* Have another thread of this process set its policy. Only between lock and unlock. */
int
membind_ask(pid_t tid, const struct membind_kernel_policy *policy,
	    struct membind_kernel_policy *old);

/* -EBUSY without a signal to ask by, and the text set; not locked then. */
int
membind_ask_lock(void);

void
membind_ask_unlock(void);

/* membind_process.c */

/* The policy of another thread, of any process. */
int
membind_get_other(pid_t tid, struct membind_kernel_policy *policy);

/* membind_thread.c */

/* Check and translate what threads are to be set to. */
int
membind_plan_threads(struct membind_kernel_policy *plan, enum rte_membind_policy policy,
		     const struct rte_numa_mask *nodes, unsigned int flags);

/* After a policy was set: move the pages of this process to its nodes, if flags say so. */
int
membind_follow(const struct membind_kernel_policy *plan, unsigned int flags);

/* What set_mempolicy() answered, as this library's errno. */
int
membind_told(int err, pid_t tid);

/* membind_marks.c; those marked S may be called in a signal handler. */

/* Pages that are inaccessible until they are touched. */
struct membind_mark {
	struct membind_mark *next;
	uintptr_t start, end;
	size_t page_size;
	int prot;	 /* What they were, and will be. */
	size_t nb_left;	 /* Pages still marked: bits set. */
	size_t map_size; /* Of this structure, a mapping of its own. */
	uint64_t left[]; /* By page. */
};

/* Make a mark that is not in force yet; to be freed as long as it is not. */
int
membind_mark_new(struct membind_mark **mark, uintptr_t start, uintptr_t end, size_t page_size,
		 int prot);

void
membind_mark_free(struct membind_mark *mark);

/* The protection that a marked page had; -EACCES if it is not marked. */
int
membind_marks_prot(uintptr_t addr);

/* What the handler keeps for the calling thread. */
const void *
membind_marks_own(void);

/* How often pages have stopped being marked. */
uint64_t
membind_marks_changes(void);

/* Put a list of marks in force; on failure none, and the list is the caller's still. */
int
membind_marks_add(struct membind_mark *list);

/*
 * Take the marks of a range back; with gone even if nothing is mapped there any more. -EINVAL if
 * it begins or ends within a page.
 */
int
membind_marks_remove(uintptr_t start, uintptr_t end, bool gone);

enum membind_fault {
	MEMBIND_FAULT_MARKED, /* The page was marked, and is accessible now. */
	MEMBIND_FAULT_RACED,  /* It may have been until just now: try again. */
	MEMBIND_FAULT_OTHER,  /* It has nothing to do with marks. */
};

/* S. Deal with a fault at an address; *page is set if it was marked. */
enum membind_fault
membind_marks_fault(uintptr_t addr, uintptr_t *page);

/* membind_caps.c */

/* Whether this kernel has a mode, without flags, for ranges: 0, or why not. */
int
membind_caps_mode(int mode);

/* Whether pages can be moved: 0, or why not. */
int
membind_caps_migrate(void);

/* Have the kernel know the mode of a plan, by changing it to its relative unless strict. */
int
membind_caps_settle(struct membind_kernel_policy *plan, enum rte_membind_policy policy,
		    unsigned int flags);

#endif /* MEMBIND_PRIV_H */
