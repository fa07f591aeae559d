/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the records of blocks that this process was handed, while a checker watches it, and the
 * quarantine: blocks that were freed stay out of use for a while, so that who still uses one meets
 * memory that nobody may touch rather than another's block.
 * Must not be reached otherwise: it locks, and calls malloc().
 * Called by alloc.c, query.c, cache.c, stats.c and state.c, and by checker_tools.c for a report.
 *
 * What a checker knows is of its own process. A block that another process handed out has no record
 * here and is freed at once; one that another process frees loses its record when it comes here
 * again. So memory is marked only as long as it is ours for sure: until it leaves the quarantine.
 */

#include "fastmem_checker_priv.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

/* AddressSanitizer's own quarantine has 256 MiB. A record takes some 700 bytes. */
#define MAX_KEPT_BYTES	((size_t)256 << 20)
#define MAX_KEPT_BLOCKS (64u << 10)

bool fm_checking;

static struct {
	pthread_mutex_t lock;
	void *tree; /* of records, by address; none overlap */
	struct fm_record *first, **last;
	size_t bytes;
	unsigned int blocks;
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER, .last = &watch.first };

/* ---- records */

static int
by_address(const void *a, const void *b)
{
	const struct fm_record *x = a, *y = b;
	uintptr_t from = (uintptr_t)x->ptr, other = (uintptr_t)y->ptr;

	if (from + x->usable <= other)
		return -1;
	return from >= other + y->usable ? 1 : 0;
}

/* The record of the block that the bytes from an address on lie in, or touch. */
static struct fm_record *
find(const void *ptr, size_t size)
{
	struct fm_record key = { .ptr = ptr, .usable = size };
	struct fm_record **found = tfind(&key, &watch.tree, by_address);

	return found == NULL ? NULL : *found;
}

static void
drop(struct fm_record *r)
{
	tdelete(r, &watch.tree, by_address);
	free(r);
}

/* A block that was handed out is none of ours any more. */
static void
lose(struct fm_record *r)
{
	fm_tool_take(r->ptr, r->usable);
	fm_tool_open(r->ptr, r->usable);
	drop(r);
}

/* ---- the quarantine */

/* Take the oldest out, and its record away; NULL: there is none. */
static const void *
oldest_out(void)
{
	struct fm_record *r = watch.first;
	const void *ptr;

	if (r == NULL)
		return NULL;
	watch.first = r->next;
	if (watch.first == NULL)
		watch.last = &watch.first;
	watch.bytes -= r->usable;
	watch.blocks--;
	ptr = r->ptr;
	fm_tool_open(ptr, r->usable);
	drop(r);
	return ptr;
}

static void
keep(struct fm_record *r)
{
	r->is_freed = true;
	r->next = NULL;
	*watch.last = r;
	watch.last = &r->next;
	watch.bytes += r->usable;
	watch.blocks++;
}

/* Free the oldest while there is more than a limit; how many. */
static unsigned int
shrink(size_t max_bytes, unsigned int max_blocks)
{
	unsigned int n = 0;
	const void *ptr;

	for (;;) {
		pthread_mutex_lock(&watch.lock);
		ptr = watch.bytes > max_bytes || watch.blocks > max_blocks ? oldest_out() : NULL;
		pthread_mutex_unlock(&watch.lock);
		if (ptr == NULL)
			return n;
		fm_free_now((void *)(uintptr_t)ptr, true);
		n++;
	}
}

unsigned int
fm_checker_drain(void)
{
	return fm_checking ? shrink(0, 0) : 0;
}

/* ---- what happens to a block */

void
fm_checker_given(const void *ptr, size_t size)
{
	size_t usable = fm_block_size(ptr);
	struct fm_record *old, *r = calloc(1, sizeof(*r));

	/* One byte of an empty block, as malloc(0) has. */
	size = RTE_MAX(size, (size_t)1);
	/* Another process may hand the block out again, and not know of us what it must not touch. */
	if (!fm_holder_is_alone())
		size = usable;
	pthread_mutex_lock(&watch.lock);
	/* Another process freed them. */
	while ((old = find(ptr, usable)) != NULL)
		lose(old);
	if (r != NULL) {
		r->ptr = ptr;
		r->size = size;
		r->usable = usable;
		fm_tool_origin(&r->given);
		if (tsearch(r, &watch.tree, by_address) == NULL) {
			free(r);
			r = NULL;
		}
	}
	/* Without a record it is a block that we do not watch. */
	if (r != NULL)
		fm_tool_give(ptr, size, usable);
	pthread_mutex_unlock(&watch.lock);
}

bool
fm_checker_freed(void *ptr)
{
	struct fm_record *r;
	bool twice;

	pthread_mutex_lock(&watch.lock);
	r = find(ptr, 1);
	if (r == NULL || r->ptr != ptr) {
		pthread_mutex_unlock(&watch.lock);
		return false;
	}
	twice = r->is_freed;
	if (!twice) {
		fm_tool_origin(&r->freed);
		fm_tool_take(ptr, r->usable);
		fm_free_keep(ptr);
		keep(r);
	}
	pthread_mutex_unlock(&watch.lock);
	if (twice) {
		fm_log(FM_ERR, "free of %p refused: it was freed before", ptr);
		fm_tool_twice(ptr);
	} else {
		shrink(MAX_KEPT_BYTES, MAX_KEPT_BLOCKS);
	}
	return true;
}

void
fm_checker_widen(const void *ptr)
{
	struct fm_record *r;

	pthread_mutex_lock(&watch.lock);
	r = find(ptr, 1);
	if (r != NULL && r->ptr == ptr && !r->is_freed && r->size < r->usable) {
		r->size = r->usable;
		fm_tool_open(ptr, r->usable);
	}
	pthread_mutex_unlock(&watch.lock);
}

void
fm_checker_explain(const void *addr, void (*with)(const struct fm_record *r, const void *addr))
{
	/* A fault while we hold the lock ourselves has to be reported all the same. */
	bool locked = pthread_mutex_trylock(&watch.lock) == 0;

	with(find(addr, 1), addr);
	if (locked)
		pthread_mutex_unlock(&watch.lock);
}

/* ---- beginning and end */

void
fm_checker_start(void)
{
	const char *off = getenv("FASTMEM_CHECKER");

	fm_checking = (off == NULL || strcmp(off, "off") != 0) && fm_tool_start();
}

void
fm_checker_stop(void)
{
	fm_checker_drain();
	pthread_mutex_lock(&watch.lock);
	while (watch.tree != NULL)
		lose(*(struct fm_record **)watch.tree);
	pthread_mutex_unlock(&watch.lock);
}
