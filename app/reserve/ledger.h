/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_LEDGER_H
#define RESERVE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a plan was given of a pool; all but the size in pages. */
struct ledger_pool {
	int node_id;
	uint64_t page_size;
	uint64_t need;	/* 0: it was undone, and some pages are still in use. */
	uint64_t added; /* What undoing it takes away. */
	uint64_t base;	/* In use before any plan was applied. */
	/* A step that may have been done or not: the pool's size before, and its pages; 0: none. */
	uint64_t from, step;
};

struct ledger_plan {
	char *text; /* The plan in one line. */
	unsigned int nb_pools;
	struct ledger_pool *pool;
	unsigned int nb_mounts;
	char **mount; /* Folders. */
};

struct ledger {
	unsigned int nb_plans;
	struct ledger_plan *plan;
};

/* Read one; an empty file is an empty one. 0, -EINVAL with *line where it is none, or -ENOMEM. */
int
ledger_read(FILE *file, struct ledger *ledger, unsigned int *line);

void
ledger_write(FILE *file, const struct ledger *ledger);

void
ledger_release(struct ledger *ledger);

/* NULL: that plan is not in it. */
struct ledger_plan *
ledger_find(const struct ledger *ledger, const char *text);

/* These return NULL if out of memory, or < 0. */
struct ledger_plan *
ledger_add(struct ledger *ledger, const char *text);

struct ledger_pool *
ledger_pool_of(struct ledger_plan *plan, int node_id, uint64_t page_size);

int
ledger_add_mount(struct ledger_plan *plan, const char *folder);

/* Leave a plan out, or one of its mounts. */
void
ledger_remove(struct ledger *ledger, struct ledger_plan *plan);

void
ledger_remove_mount(struct ledger_plan *plan, unsigned int at);

#endif /* RESERVE_LEDGER_H */
