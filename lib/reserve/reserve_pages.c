/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how many hugepages a reservation takes, and what some of them hold.
 * Must not: know nodes.
 * Called by: reserve_place.c.
 *
 * Beside the memory there are the allocator's records and EAL's headers. For pages of up to 2 MiB
 * they come on top: a page, and one for each 64. Larger pages have room for them inside: a 64th
 * of each, and 2 MiB.
 */

#include "reserve_priv.h"

#define SLAB  (UINT64_C(1) << 21)
#define SHARE 64

/* What each page of that size holds of a large reservation. */
static uint64_t
of_a_page(uint64_t page_size)
{
	return page_size <= SLAB ? page_size : page_size - page_size / SHARE;
}

static uint64_t
ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

uint64_t
rsv_pages_for(uint64_t bytes, uint64_t page_size)
{
	uint64_t n;

	if (bytes == 0)
		return 0;
	if (page_size > SLAB)
		return ceil_div(bytes + SLAB, of_a_page(page_size));
	n = ceil_div(bytes, page_size);
	return n + 1 + ceil_div(n, SHARE);
}

uint64_t
rsv_pages_hold(uint64_t pages, uint64_t page_size)
{
	uint64_t n, bytes;

	if (pages == 0)
		return 0;
	if (page_size > SLAB) {
		bytes = pages * of_a_page(page_size) - SLAB;
		return bytes - bytes % SLAB;
	}
	/* The most n with n + 1 + n / SHARE, rounded up, of at most `pages`. */
	n = (pages - 1) * SHARE / (SHARE + 1);
	bytes = n * page_size;
	return bytes - bytes % SLAB;
}

uint64_t
rsv_pages_filled(uint64_t bytes, uint64_t page_size)
{
	return page_size > SLAB ? (bytes + SLAB) / of_a_page(page_size) : bytes / page_size;
}
