/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What walks and the audit share: readings of slabs, caches and magazines, all of which may move
 * while they are read.
 */

#ifndef FASTMEM_WALK_PRIV_H
#define FASTMEM_WALK_PRIV_H

#include "fastmem_priv.h"
#include "rte_fastmem_walk.h"

/* ---------------------------------------------------------------- view.c */

/* A copy of what a slab says of itself, read without any order. */
struct fm_view {
	struct fm_slab *slab;
	struct fm_chunk *chunk;
	uintptr_t base;
	uint64_t iova;
	uint32_t nb_slabs;     /* of the chunk */
	unsigned int first, n; /* pages that are ours */
	uint64_t free[FM_SLAB_WORDS];
	uint64_t word[FM_SLAB_PAGES];
	uint16_t entry[FM_SLAB_PAGES];
	uint8_t back[FM_SLAB_PAGES];
};

/* Copy; false: the chunk has no such slab now. */
bool
fm_view_read(const struct fm_state *st, struct fm_chunk *c, uint32_t index, struct fm_view *v);

enum fm_row_kind {
	FM_ROW_OTHER,
	FM_ROW_UNUSED,
	FM_ROW_CLAIMED,
	FM_ROW_RUN,
	FM_ROW_LARGE,
	FM_ROW_WRONG, /* entries that make no sense, or not together */
};

struct fm_row {
	enum fm_row_kind kind;
	unsigned int page, pages;
	unsigned int cls;   /* of a run */
	bool head;	    /* of a large block: it begins here */
	unsigned int fault; /* of a wrong row: the page that contradicts */
};

/* The row that begins at a page; rows of the same kind that follow are one, but for runs. */
void
fm_view_row(const struct fm_view *v, unsigned int page, struct fm_row *row);

/* ---------------------------------------------------------------- held.c */

/* A block in a cache or a magazine. */
struct fm_held {
	uintptr_t block;
	uint32_t unit; /* whose cache; FM_HELD_DEPOT: it is in a magazine */
	uint16_t cls;  /* of the slot or shelf */
	uint16_t at;   /* entry of the slot; or shelf's word * FM_CHAIN_BLOCKS + its place */
	uint16_t node; /* of the slot or shelf, index */
};

#define FM_HELD_DEPOT UINT32_MAX

struct fm_held_list {
	struct fm_held *at;
	size_t n, capacity;
	uint64_t in_caches[FM_CLASSES];
	uint64_t in_depot[FM_CLASSES];
};

/*
 * All that caches and magazines hold of a node, by address. 0 or -ENOMEM; the list has to be freed
 * in any case. What moves meanwhile may be there twice, or not at all.
 */
int
fm_held_read(const struct fm_state *st, const struct fm_node *node, struct fm_held_list *list);

void
fm_held_free(struct fm_held_list *list);

/* The first of the list that lies at an address or behind it. */
size_t
fm_held_first(const struct fm_held_list *list, uintptr_t addr);

/* What lies now where a block was found; 0: nothing. *version changes when anything does there. */
uintptr_t
fm_held_look(const struct fm_state *st, const struct fm_held *h, uint64_t *version);

/* A slot of a unit as it is now: entries from *base on, `n` of them. False: it makes no sense. */
bool
fm_slot_look(const struct fm_state *st, const struct fm_unit *u, unsigned int slot,
	     unsigned int cls, uintptr_t *base, unsigned int *n);

/* ---------------------------------------------------------------- audit.c */

/* An audit of a node under way. */
struct fm_audit {
	struct fm_state *st;
	struct fm_node *node;
	rte_fastmem_fault_fn fn;
	void *arg;
	struct rte_fastmem_audit sum;
	int rc; /* not 0: the audit ends */
};

/* Count a fault and tell it with a text; the node is filled in. */
void
fm_audit_tell(struct fm_audit *a, struct rte_fastmem_fault *fault, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What moved is looked at so often, and in the last rounds after pauses of some milliseconds. */
#define FM_AUDIT_TRIES 10

void
fm_audit_pause(unsigned int try);

/* Was there an instant just now at which nobody was inside? Looks for one for some microseconds. */
bool
fm_audit_rest(const struct fm_audit *a);

/* Changes when blocks of a class moved on the node by other than the inlined stacks. */
uint64_t
fm_audit_moves(const struct fm_audit *a, unsigned int cls);

/* ---------------------------------------------------------------- audit_held.c */

/* Is each cached block one block, of that class, not free, and in one place? */
void
fm_audit_held(struct fm_audit *a);

/* Is each magazine free or on a shelf, once? */
void
fm_audit_magazines(struct fm_audit *a);

/* ---------------------------------------------------------------- audit_count.c */

/* Are blocks = live + cached + free, class by class? */
void
fm_audit_counts(struct fm_audit *a);

#endif /* FASTMEM_WALK_PRIV_H */
