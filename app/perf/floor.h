/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef FLOOR_H
#define FLOOR_H

#include "way.h"

/** Sizes that the floor has an array for: the fixed ones, then the kinds. */
#define FLOOR_STACKS (ITEM_FIXED + ITEM_KINDS)

/** Free objects of one size; the next one to take lies below top. */
struct floor_stack {
	void **top;
	void **base;
};

/** What any allocator does at the least, without refill, owner, or end. */
struct floor {
	struct floor_stack stack[FLOOR_STACKS];
	uint16_t *page; /**< Number of the stack by 4 KiB page, biased: page[address >> 12]. */
	void *memory;
	void *pages;
};

/** As struct way's open() and close(). */
void *
floor_open(const struct way *way, const struct way_needs *needs, const char **why);

void
floor_close(void *state);

#endif /* FLOOR_H */
