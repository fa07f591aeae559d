/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns allocating and freeing many blocks at once: all or none.
 * Must not touch the caller's array before it has all blocks.
 * Called by the application, and by its inlined fast path when one slot does not hold enough.
 *
 * Until there are enough, the blocks are kept in a chain through themselves: they are the
 * caller's by then, and a list of any length needs no other memory.
 */

#include "fastmem_sample_priv.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

/* Up to `n` blocks on one node, put before `*chain`; how many. */
static unsigned int
chain_blocks(struct fm_state *st, struct fm_node *node, const struct fm_request *r, unsigned int n,
	     void **chain)
{
	unsigned int i;
	void *ptr;

	for (i = 0; i < n; i++) {
		ptr = fm_alloc_on(st, node, r);
		if (ptr == NULL)
			break;
		*(void **)ptr = *chain;
		*chain = ptr;
	}
	return i;
}

static void
free_chain(void *chain)
{
	void *next;

	for (; chain != NULL; chain = next) {
		next = *(void **)chain;
		rte_fastmem_free(chain);
	}
}

/* The i-th node to ask: this one alone, or all, nearest first. */
static struct fm_node *
nth_node(struct fm_state *st, struct fm_node *node, bool any, uint32_t i)
{
	return any ? &st->node[node->nearest[i]] : node;
}

static int
alloc_bulk(struct fm_state *st, struct fm_node *node, bool any, struct fm_request *r, void **ptrs,
	   unsigned int n)
{
	uint32_t i, nb_nodes = any ? st->nb_nodes : 1;
	bool zero = (r->flags & RTE_FASTMEM_F_ZERO) != 0;
	uint64_t mark[FM_MAX_NODES][FM_FIGURES];
	unsigned int got = 0;
	void *chain = NULL, *next;

	if (r->flags == 0 && r->cls != FM_CLASS_LARGE && r->align <= FM_PAGE_SIZE && n != 0 &&
	    fm_cache_alloc_bulk(st, node, r->cls, ptrs, n)) {
		if (fm_is_sampling())
			fm_sample_given(st, node, r, ptrs, n);
		return 0;
	}
	r->flags &= ~RTE_FASTMEM_F_ZERO; /* the chain would dirty it again */
	/* Which a checker has to allow. */
	r->size = RTE_MAX(r->size, sizeof(chain));
	for (i = 0; got < n && i < nb_nodes; i++) {
		fm_stats_mark(st, nth_node(st, node, any, i), r->cls, mark[i]);
		got += chain_blocks(st, nth_node(st, node, any, i), r, n - got, &chain);
	}
	if (got < n) {
		free_chain(chain);
		while (i-- > 0)
			fm_stats_forget(st, nth_node(st, node, any, i), r->cls, mark[i]);
		return -fm_out_of_memory(st, node, r->cls);
	}
	for (; chain != NULL; chain = next) {
		next = *(void **)chain;
		if (zero)
			memset(chain, 0, r->size);
		*ptrs++ = chain;
	}
	return 0;
}

int
rte_fastmem_alloc_bulk_node(void **ptrs, unsigned int n, size_t size, size_t align,
			    unsigned int flags, int node_id)
{
	struct fm_request r = {
		.size = size,
		.align = align,
		.flags = flags,
		.node_id = node_id,
	};
	struct fm_state *st;
	int error = fm_request_check(&st, &r);
	bool any = node_id == RTE_NUMA_NODE_ANY;

	if (error != 0)
		return -error;
	return alloc_bulk(st, any ? fm_node_self(st) : fm_node_by_id(st, node_id), any, &r, ptrs,
			  n);
}

int
rte_fastmem_alloc_bulk_slow(void **ptrs, unsigned int n, size_t size, size_t align,
			    unsigned int flags)
{
	struct fm_request r = {
		.size = size,
		.align = align,
		.flags = flags,
		.node_id = RTE_NUMA_NODE_ANY,
	};
	struct fm_state *st;
	struct fm_node *node;
	int error = fm_request_check(&st, &r);

	if (error != 0)
		return -error;
	/* Undo what the inlined part did that brought us here, if it did. */
	if (rte_fastmem_is_fast(size, align) && flags == 0 && n != 0)
		fm_slot_settle(&rte_fastmem_self.local[rte_fastmem_class_compute(size)], n);
	node = fm_node_self(st);
	fm_cache_follow(st, node);
	return alloc_bulk(st, node, false, &r, ptrs, n);
}

int
rte_fastmem_halloc_bulk_slow(rte_fastmem_handle_t handle, void **ptrs, unsigned int n,
			     unsigned int flags)
{
	struct fm_request r;
	struct fm_state *st;
	struct fm_node *node;
	int error;

	if (flags == 0 && n != 0)
		fm_slot_settle(rte_fastmem_slot_of_handle(handle), n);
	error = fm_handle_check(handle, flags, &st, &node, &r);
	if (error != 0)
		return -error;
	return alloc_bulk(st, node, false, &r, ptrs, n);
}

/* Number of a block's page in the window; too large for what lies outside. */
static inline uintptr_t
page_of(const void *ptr)
{
	return ((uintptr_t)ptr >> FM_PAGE_SHIFT) - rte_fastmem_window.first;
}

/* The entry of a block's page; 0: no block of ours. */
static unsigned int
entry_of(const void *ptr)
{
	uintptr_t page = page_of(ptr);

	if (page >= rte_fastmem_window.nb)
		return 0;
	/* Relaxed: as in rte_fastmem_free(). */
	return __atomic_load_n(&rte_fastmem_window.entry[page], __ATOMIC_RELAXED);
}

#define GROUP 8

/* Are these GROUP blocks all of one entry? */
static inline bool
same_entry(void *const *ptrs, unsigned int entry)
{
	const struct rte_fastmem_window w = rte_fastmem_window;
	uintptr_t page[GROUP], pages = 0;
	unsigned int i;

#pragma GCC unroll 8
	for (i = 0; i < GROUP; i++) {
		page[i] = ((uintptr_t)ptrs[i] >> FM_PAGE_SHIFT) - w.first;
		pages |= page[i];
	}
	/* One comparison for all: the window has a power of two pages. */
	if (pages >= w.nb)
		return false;
#pragma GCC unroll 8
	for (i = 0; i < GROUP; i++)
		/* Relaxed: as in rte_fastmem_free(). */
		if (__atomic_load_n(&w.entry[page[i]], __ATOMIC_RELAXED) != entry)
			return false;
	return true;
}

/* Are these GROUP blocks in the page of another one? Small ones that were carved together are. */
static inline bool
same_page(void *const *ptrs, const void *other)
{
	const rte_fastmem_two with = { (uintptr_t)other, (uintptr_t)other };
	rte_fastmem_two differ = { 0, 0 };
	unsigned int i;

#pragma GCC unroll 4
	for (i = 0; i < GROUP; i += 2)
		differ |= *(const rte_fastmem_two *)(const void *)&ptrs[i] ^ with;
	return ((differ[0] | differ[1]) >> FM_PAGE_SHIFT) == 0;
}

/* Push blocks of one slot in a row, as many as it has room for; how many. */
static unsigned int
push_row(struct rte_fastmem_slot *slot, unsigned int entry, void **ptrs, unsigned int n)
{
	uintptr_t top = slot->top, end = __atomic_load_n(&slot->end, __ATOMIC_RELAXED);
	void **to = (void **)top;
	unsigned int i = 0;

	if (top >= end)
		return 0;
	if ((end - top) / sizeof(*to) < n)
		n = (unsigned int)((end - top) / sizeof(*to));
	for (; i + GROUP <= n && (same_page(ptrs + i, ptrs[0]) || same_entry(ptrs + i, entry));
	     i += GROUP)
		memcpy(to + i, ptrs + i, GROUP * sizeof(*to));
	for (; i < n && entry_of(ptrs[i]) == entry; i++)
		to[i] = ptrs[i];
	/* Release: as in rte_fastmem_slot_push(). One store for all of them. */
	if (i != 0)
		__atomic_store_n(&slot->top, (uintptr_t)(to + i), __ATOMIC_RELEASE);
	return i;
}

void
rte_fastmem_free_bulk(void **ptrs, unsigned int n)
{
	unsigned int entry, done, i = 0;

	while (i < n) {
		entry = entry_of(ptrs[i]);
		done = push_row(rte_fastmem_slot_at(rte_fastmem_self.slots, entry), entry, ptrs + i,
				n - i);
		if (done == 0)
			rte_fastmem_free_slow(ptrs[i++]);
		i += done;
	}
}
