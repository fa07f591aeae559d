/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef ITEM_H
#define ITEM_H

#include <stddef.h>
#include <stdint.h>

/** Kinds of object in works of mixed sizes; a mempool's user has one pool for each. */
#define ITEM_KINDS 16

/** Length of a sequence of items, which repeats; a power of two. */
#define ITEM_SEQUENCE 1024

/** Sizes that are constants in the program's text. */
enum item_fixed { ITEM_64, ITEM_4K, ITEM_FIXED };

/** What is asked for in a work of mixed sizes: one takes the size, another the kind. */
struct item {
	uint16_t size;
	uint16_t kind;
};

/** The kinds, smallest first. */
extern const struct item item_kinds[ITEM_KINDS];

/** Bytes of a fixed size; folds where the argument is a constant. */
static inline size_t
item_fixed_size(enum item_fixed fixed)
{
	return fixed == ITEM_64 ? 64 : 4096;
}

/** A number that follows from the one before; its high half is random enough. */
static inline uint64_t
item_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state;
}

/** Fill a sequence with all kinds equally often, in a random order that is always the same. */
void
item_sequence(struct item sequence[ITEM_SEQUENCE]);

#endif /* ITEM_H */
