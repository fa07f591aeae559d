/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Numbers at random that are the same in every run; FASTMEM_TEST_SEED gives others. */

#ifndef TEST_RAND_H
#define TEST_RAND_H

#include <stdint.h>
#include <stdlib.h>

struct test_rand {
	uint64_t state;
};

static inline struct test_rand
test_rand_start(uint64_t seed)
{
	const char *other = getenv("FASTMEM_TEST_SEED");

	if (other != NULL)
		seed += strtoull(other, NULL, 0) * 7919;
	return (struct test_rand){ .state = seed * 0x9e3779b97f4a7c15 + 1 };
}

static inline uint64_t
test_rand_next(struct test_rand *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Uniform over 0 ... n - 1. */
static inline uint64_t
test_rand_below(struct test_rand *r, uint64_t n)
{
	return test_rand_next(r) % n;
}

/* Up to max, small sizes as likely as large ones: first the magnitude, then the size. */
static inline size_t
test_rand_size(struct test_rand *r, size_t max)
{
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(max | 1);
	size_t size = test_rand_next(r) & (((size_t)2 << test_rand_below(r, bits)) - 1);

	return size <= max ? size : max;
}

#endif
