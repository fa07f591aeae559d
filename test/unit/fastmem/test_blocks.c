/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A list of blocks that a test holds, each filled with a pattern of its own.
 * Knows fastmem by its public calls only. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include <rte_fastmem.h>

#include "test_blocks.h"

static uint64_t
pattern_word(uint64_t seed, size_t i)
{
	return (seed + i) * 0x9e3779b97f4a7c15;
}

void
test_pattern_write(void *ptr, size_t size, uint64_t seed)
{
	uint64_t word, *words = ptr;
	size_t i;

	for (i = 0; i < size / 8; i++)
		words[i] = pattern_word(seed, i);
	word = pattern_word(seed, i);
	memcpy(&words[i], &word, size % 8);
}

bool
test_pattern_intact(const void *ptr, size_t size, uint64_t seed)
{
	const uint64_t *words = ptr;
	uint64_t word;
	size_t i;

	for (i = 0; i < size / 8; i++)
		if (words[i] != pattern_word(seed, i))
			return false;
	word = pattern_word(seed, i);
	return memcmp(&words[i], &word, size % 8) == 0;
}

bool
test_all_zero(const void *ptr, size_t size)
{
	const char *bytes = ptr;

	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Seeds are never given twice, so that a block that was given twice is noticed. */
static uint64_t
new_seed(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1 << 20, __ATOMIC_RELAXED);
}

void
test_blocks_add(struct test_blocks *blocks, void *ptr, size_t size)
{
	struct test_block *block;

	if (blocks->n == blocks->capacity) {
		blocks->capacity = blocks->capacity * 2 + 64;
		blocks->at = realloc(blocks->at, blocks->capacity * sizeof(*blocks->at));
		if (blocks->at == NULL)
			abort();
	}
	block = &blocks->at[blocks->n++];
	*block = (struct test_block){ .ptr = ptr, .size = size, .seed = new_seed() };
	test_pattern_write(ptr, size, block->seed);
}

bool
test_blocks_alloc(struct test_blocks *blocks, size_t size, size_t align)
{
	void *ptr = rte_fastmem_alloc(size, align, 0);

	if (ptr != NULL)
		test_blocks_add(blocks, ptr, size);
	return ptr != NULL;
}

size_t
test_blocks_exhaust(struct test_blocks *blocks, size_t size, size_t align)
{
	size_t n = 0;
	void *ptr;

	while ((ptr = rte_fastmem_alloc(size, align, 0)) != NULL) {
		test_blocks_add(blocks, ptr, RTE_MIN(size, sizeof(uint64_t)));
		n++;
	}
	return rte_errno == ENOMEM ? n : 0;
}

struct test_block
test_blocks_take(struct test_blocks *blocks, size_t i)
{
	struct test_block block = blocks->at[i];

	blocks->at[i] = blocks->at[--blocks->n];
	return block;
}

void
test_blocks_shuffle(struct test_blocks *blocks, struct test_rand *r)
{
	struct test_block block;
	size_t i, j;

	for (i = blocks->n; i > 1; i--) {
		j = test_rand_below(r, i);
		block = blocks->at[j];
		blocks->at[j] = blocks->at[i - 1];
		blocks->at[i - 1] = block;
	}
}

bool
test_blocks_intact(const struct test_blocks *blocks)
{
	const struct test_block *block = blocks->at;
	size_t i;

	for (i = 0; i < blocks->n; i++, block++)
		if (!test_pattern_intact(block->ptr, block->size, block->seed))
			return false;
	return true;
}

static int
by_address(const void *left, const void *right)
{
	const struct test_block *a = left, *b = right;

	return a->ptr < b->ptr ? -1 : a->ptr > b->ptr;
}

bool
test_blocks_disjoint(struct test_blocks *blocks)
{
	const struct test_block *block;
	size_t i;

	if (blocks->n == 0)
		return true;
	qsort(blocks->at, blocks->n, sizeof(*blocks->at), by_address);
	for (i = 0; i + 1 < blocks->n; i++) {
		block = &blocks->at[i];
		if ((char *)block->ptr + rte_fastmem_usable_size(block->ptr) > (char *)block[1].ptr)
			return false;
	}
	return true;
}

uint64_t
test_blocks_bytes(const struct test_blocks *blocks)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < blocks->n; i++)
		bytes += rte_fastmem_usable_size(blocks->at[i].ptr);
	return bytes;
}

void
test_blocks_free(struct test_blocks *blocks)
{
	size_t i;

	for (i = 0; i < blocks->n; i++)
		rte_fastmem_free(blocks->at[i].ptr);
	free(blocks->at);
	memset(blocks, 0, sizeof(*blocks));
}
