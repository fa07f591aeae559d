/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_SHOW_H
#define RESERVE_SHOW_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "leftovers.h"
#include "ledger.h"
#include "procs.h"

/* Hugepages of one size on a node, in pages. */
struct show_pool {
	int node_id;
	uint64_t page_size, total, free, surplus;
};

/* What a process has of these; pages that several share are each one's. */
struct show_use {
	int pid;
	char name[PROCS_NAME];
	int node_id;
	uint64_t page_size, pages;
};

#define SHOW_SECONDARIES 64

/* Processes that share EAL's memory. */
struct show_group {
	char prefix[NAME_MAX + 1];
	int primary; /* 0: it has ended. */
	unsigned int nb_secondaries;
	int secondary[SHOW_SECONDARIES];
};

/* What is reserved by whom. */
struct show {
	unsigned int nb_pools, nb_uses, nb_groups;
	struct show_pool *pool;
	struct show_use *use;
	struct show_group *group;
	struct leftovers files;
	const struct ledger *ledger;
};

/* show_gather.c: 0, or a negative errno with its reason said on stderr; release it in either case. */
int
show_gather(struct show *show, const char *sysfs, const char *proc);

void
show_release(struct show *show);

/* show_report.c: 0, or -ENOMEM. */
int
show_text(FILE *file, const struct show *show);

void
show_json(FILE *file, const struct show *show);

#endif /* RESERVE_SHOW_H */
