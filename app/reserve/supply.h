/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_SUPPLY_H
#define RESERVE_SUPPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_reserve.h>

/* Hugepages of one size on a node, and what plans ask of them; all but the sizes in pages. */
struct pool {
	int node_id;
	uint64_t page_size;
	uint64_t total;	 /* Of the pool's set size: without surplus ones. */
	uint64_t free;	 /* Neither used nor promised. */
	uint64_t need;	 /* Of the plan that is applied. */
	uint64_t others; /* Of the other plans that were applied. */
	bool claimed;	 /* By any plan before; base is from then. */
	uint64_t base;	 /* What was in use before any plan was applied. */
	uint64_t raise;	 /* supply_decide() says so. */
};

/* What a node could give. */
struct supply_node {
	int node_id;
	uint64_t total, spare; /* Bytes. */
};

/*
 * Add what a plan needs of each pool, and a page a node for EAL's start. NULL, or the row of a page
 * size that no pool has.
 */
const struct rte_reserve_row *
supply_needs(struct pool *pools, unsigned int n, const struct rte_reserve_report *report);

/*
 * How far each pool has to be raised so that all plans that were applied have what they need: what
 * came into use since the first was, is theirs.
 */
void
supply_decide(struct pool *pools, unsigned int n);

/* A node that cannot give what is to be raised there, or NULL; *bytes is what was. */
const struct supply_node *
supply_exceeds(const struct pool *pools, unsigned int n, const struct supply_node *nodes,
	       unsigned int nb_nodes, uint64_t *bytes);

/* What the kernel's command line has to say to have pages of that size at boot, or "". */
void
supply_boot_text(const struct pool *pools, unsigned int n, uint64_t page_size, char *buf,
		 size_t size);

/* How far it is, with a bar of so many characters or none: "45 %  2.1 GB/s  3 s left". */
void
supply_progress_text(char *buf, size_t size, unsigned int bar, uint64_t done, uint64_t all,
		     double seconds);

#endif /* RESERVE_SUPPLY_H */
