/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A list of blocks that a test holds, each filled with a pattern of its own. */

#ifndef TEST_BLOCKS_H
#define TEST_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test_rand.h"

struct test_block {
	void *ptr;
	size_t size;
	uint64_t seed;
};

struct test_blocks {
	struct test_block *at;
	size_t n;
	size_t capacity;
};

/* Fill a block with the pattern of a seed, and tell whether the pattern is still there. */
void
test_pattern_write(void *ptr, size_t size, uint64_t seed);
bool
test_pattern_intact(const void *ptr, size_t size, uint64_t seed);
bool
test_all_zero(const void *ptr, size_t size);

/* Note a block that the test allocated by itself, and fill it. */
void
test_blocks_add(struct test_blocks *blocks, void *ptr, size_t size);

/* Allocate, fill and note a block; false if there is no memory for it. */
bool
test_blocks_alloc(struct test_blocks *blocks, size_t size, size_t align);

/* Allocate until it fails with ENOMEM; how many it were. Only the first word is filled. */
size_t
test_blocks_exhaust(struct test_blocks *blocks, size_t size, size_t align);

/* Take a block off the list: its last one moves into the gap. */
struct test_block
test_blocks_take(struct test_blocks *blocks, size_t i);

void
test_blocks_shuffle(struct test_blocks *blocks, struct test_rand *r);

bool
test_blocks_intact(const struct test_blocks *blocks);

/* Whether no two blocks share a byte, each taken at its usable size. Sorts them by address. */
bool
test_blocks_disjoint(struct test_blocks *blocks);

/* Sum of the usable sizes. */
uint64_t
test_blocks_bytes(const struct test_blocks *blocks);

/* Free every block, in the order of the list, and the list. */
void
test_blocks_free(struct test_blocks *blocks);

#endif
