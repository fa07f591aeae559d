/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/** What figures depend on. */
struct machine {
	char cpu[64];
	char kernel[64];
	char thp[16];		 /**< Transparent hugepages: always, madvise or never. */
	unsigned int nb_cpus;	 /**< That this process may run on. */
	int cpus[2];		 /**< The first two of them, the one twice. */
	uint64_t hugepage_bytes; /**< Free, of all sizes. */
};

/** What happened to a thread and its machine that would spoil a measurement. */
struct disturbance {
	long switches;	/**< Times that the thread was made to give its CPU up. */
	uint64_t steal; /**< Ticks in which the host ran something else. */
};

void
machine_read(struct machine *machine);

void
disturbance_read(struct disturbance *now);

/** Whether anything happened since; `crowded`: switches are expected, and do not count. */
bool
disturbance_since(const struct disturbance *then, bool crowded);

/** Bytes of memory that this process has, hugepages included, as the kernel counts them. */
uint64_t
machine_resident(void);

/** Forget which pages this process has used; false: the kernel does not keep track of it. */
bool
machine_clear_referenced(void);

/** Bytes of the pages in a range that have been used since. */
uint64_t
machine_referenced(const void *start, uint64_t size);

#endif /* MACHINE_H */
