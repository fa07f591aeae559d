/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef CONFORM_H
#define CONFORM_H

#include <rte_memalloc.h>

/*
 * What every allocator does, whatever its kind: checked in the same way for each.
 */
struct conform {
	const char *kind;
	/* A fresh one; 77 where there cannot be one here, after saying why. */
	int (*create)(struct rte_memalloc **alloc);
	uint32_t flags;	    /* what it has to promise */
	size_t max_size;    /* that is asked of it */
	size_t max_align;   /* that is asked of it */
	unsigned int nb;    /* so many allocations of max_size it has room for at once, at least */
	unsigned int times; /* rounds of the longer checks; 0 as 1000 */
};

/* Run all checks for each; returns how many failed. */
int
conform_run(const struct conform *kinds, unsigned int nb_kinds);

#endif /* CONFORM_H */
