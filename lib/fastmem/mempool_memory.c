/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: a mempool's memory: blocks of the node's, as many as its objects need, each handed to
 *       librte_mempool in pieces whose IO addresses are contiguous.
 * Must not: run on a packet's path, but for a pool that grows; or decide when a pool grows.
 * Called by: mempool_ops.c and mempool.c.
 */

#include "fastmem_mempool_priv.h"
#include "fastmem_priv.h"

#include <errno.h>
#include <inttypes.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memory.h>

#define PIECE_LEAST ((size_t)64 << 10) /* shorter ones only for an object that needs no more */

/*
 * Where a pool's account is kept: on a node that EAL lists, so that secondaries have it without ado.
 * What is on others they get when they first ask the pool for objects.
 */
static int
account_node(struct fm_state *st, int node_id)
{
	const struct fm_node *node = fm_node_by_id(st, node_id);
	uint32_t i;

	for (i = 0; node != NULL && i < st->nb_nodes; i++)
		if (!st->node[node->nearest[i]].external)
			return st->node[node->nearest[i]].node_id;
	return RTE_NUMA_NODE_ANY;
}

/*
 * That a node could not grow a moment ago was for another pool: who asks for less after one that was
 * too large is to have it.
 */
static void
let_grow(struct fm_state *st)
{
	uint32_t i;

	for (i = 0; i < st->nb_nodes; i++)
		/* Relaxed, as where it is read: a matter of time. */
		atomic_store_explicit(&st->node[i].retry_tsc, 0, memory_order_relaxed);
}

int
fm_pool_make(struct rte_mempool *mp, int node_id)
{
	struct fm_state *st = fm_state_get();
	/* Those of secondaries, and threads that are no lcores, come too. */
	uint32_t nb_threads = 2 * rte_lcore_count();
	size_t size = offsetof(struct fm_pool, exchange) + fm_exchange_size(mp->size, nb_threads);
	int at = account_node(st, node_id);
	struct fm_pool *p;

	let_grow(st);
	p = rte_fastmem_alloc_node(size, 0, RTE_FASTMEM_F_ZERO, at);
	if (p == NULL) {
		fm_log(FM_ERR,
		       "mempool %s: no %zu KiB on node %d to keep account of its %" PRIu32
		       " objects: %s",
		       mp->name, size >> 10, at, mp->size, rte_strerror(rte_errno));
		return rte_errno == E2BIG ? -ENOMEM : -rte_errno;
	}
	fm_exchange_init(&p->exchange, mp->size, nb_threads);
	p->node_id = node_id;
	p->served = node_id == RTE_NUMA_NODE_ANY || fm_node_by_id(st, node_id) != NULL;
	mp->pool_data = p;
	/* See rte_fastmem_mempool_register(). */
	if (rte_mempool_ops_table.num_ops < RTE_MEMPOOL_MAX_OPS_IDX)
		mp->ops_index = RTE_MEMPOOL_MAX_OPS_IDX - 1;
	return 0;
}

/* ---- what objects need */

static size_t
object_size(const struct rte_mempool *mp)
{
	return mp->header_size + mp->elt_size + mp->trailer_size;
}

/* Bytes that so many objects take in one piece, wherever it begins. */
static size_t
bytes_for(struct rte_mempool *mp, uint32_t n)
{
	size_t page = 0, least, align;
	ssize_t size;

	if (rte_mempool_get_page_size(mp, &page) < 0)
		page = 0;
	size = rte_mempool_op_calc_mem_size_default(
		mp, n, page == 0 ? 0 : (uint32_t)__builtin_ctzll(page), &least, &align);
	return size < 0 ? SIZE_MAX : (size_t)size;
}

static bool
needs_iova(const struct rte_mempool *mp)
{
	return (mp->flags & RTE_MEMPOOL_F_NO_IOVA_CONTIG) == 0;
}

/* ---- blocks */

static void
free_block(struct rte_mempool_memhdr *memhdr, void *block)
{
	(void)memhdr;
	rte_fastmem_free(block);
}

/* Bytes from `at` on whose IO addresses follow each other. */
static size_t
contiguous(const char *at, const char *end, rte_iova_t iova)
{
	const char *next = (const char *)RTE_ALIGN_CEIL((uintptr_t)at + 1, FM_SLAB_SIZE);

	if (iova == RTE_BAD_IOVA)
		return (size_t)(end - at);
	while (next < end && rte_fastmem_virt2iova(next) == iova + (size_t)(next - at))
		next += FM_SLAB_SIZE;
	return (size_t)(RTE_MIN(next, end) - at);
}

/* Hand a block to the pool for up to `n` objects; how many fit. It is freed if none does. */
static uint32_t
add_block(struct rte_mempool *mp, char *block, size_t size, uint32_t n)
{
	rte_mempool_memchunk_free_cb_t *cb = free_block;
	struct fm_pool *p = mp->pool_data;
	const char *end = block + size;
	uint32_t added = 0;
	rte_iova_t iova;
	size_t len;
	char *at;
	int rc;

	for (at = block; at < end && added < n; at += len) {
		iova = needs_iova(mp) ? rte_fastmem_virt2iova(at) : RTE_BAD_IOVA;
		len = contiguous(at, end, iova);
		p->adding = true;
		p->quota = n - added;
		rc = rte_mempool_populate_iova(mp, at, iova, len, cb, block);
		p->adding = false;
		if (rc < 0)
			break;
		if (rc > 0)
			cb = NULL; /* the first piece's frees the whole */
		added += (uint32_t)rc;
	}
	if (added == 0)
		rte_fastmem_free(block);
	return added;
}

/* A block that does not make the node grow, unless it is small. */
static void *
take_block(struct fm_node *node, struct rte_mempool *mp, size_t size)
{
	struct fm_request r = { .size = size, .node_id = node->node_id };
	struct fm_state *st;

	/* Smaller objects do not lie across pages, and so are contiguous anyhow. */
	if (needs_iova(mp) && object_size(mp) > FM_SLAB_SIZE && rte_eal_has_hugepages())
		r.flags = RTE_FASTMEM_F_IOVA_CONTIG;
	if (fm_request_check(&st, &r) != 0)
		return NULL;
	r.flags |= FM_F_NO_GROWTH;
	return fm_alloc_on(st, node, &r);
}

/*
 * Objects from one node: in the largest blocks that it has; when those get short the node grows, by
 * all that is missing at once, and again if that did not come in one piece; then in small ones.
 */
static uint32_t
add_from(struct fm_state *st, struct fm_node *node, struct rte_mempool *mp, uint32_t n)
{
	size_t one = bytes_for(mp, 1), cap = SIZE_MAX, most, size;
	uint32_t added = 0, at_growth = UINT32_MAX, part;
	bool grows = true;
	void *block;

	/* Blocks that must be contiguous throughout hold one object each. */
	if (needs_iova(mp) && object_size(mp) > FM_SLAB_SIZE && rte_eal_iova_mode() == RTE_IOVA_PA)
		cap = one;
	most = cap;
	while (added < n) {
		size = RTE_MAX(RTE_MIN(bytes_for(mp, n - added), most), one);
		block = take_block(node, mp, size);
		if (block != NULL) {
			part = add_block(mp, block, size, n - added);
			if (part == 0)
				break;
			added += part;
		} else if (size > RTE_MAX(one, FM_SLAB_SIZE)) {
			most = size / 2;
		} else if (grows && added != at_growth) {
			at_growth = added;
			grows = fm_grow(st, node, bytes_for(mp, n - added));
			if (grows)
				most = cap;
		} else if (size > RTE_MAX(one, PIECE_LEAST)) {
			most = size / 2;
		} else {
			break;
		}
	}
	return added;
}

static void
log_shortage(const struct fm_node *node, struct rte_mempool *mp, uint32_t asked, uint32_t added)
{
	struct rte_fastmem_node_stats stats = { 0 };
	size_t needed = bytes_for(mp, asked - added);

	rte_fastmem_stats_node(node->node_id, &stats);
	needed += stats.bytes_in_use + FM_SLAB_SIZE;
	fm_log(FM_ERR,
	       "mempool %s: of %" PRIu32
	       " objects of %zu bytes on node %d there is memory for %" PRIu32
	       "; the node has %" PRIu64 " MiB, %" PRIu64
	       " MiB of it in use, and %s; reserve more, as by FASTMEM_PLAN=%d=%zuM",
	       mp->name, asked, object_size(mp), node->node_id, added, stats.bytes_backing >> 20,
	       stats.bytes_in_use >> 20,
	       atomic_load_explicit(&node->growth, memory_order_relaxed) ? "could not grow" :
									   "may not grow",
	       node->node_id, (needed >> 20) + 1);
}

/* Up to `step` objects at a time from each node, the nearest first. */
static uint32_t
add_from_all(struct fm_state *st, const struct fm_node *home, struct rte_mempool *mp, uint32_t n,
	     uint32_t step)
{
	uint32_t i, asked, got, added = 0;

	for (i = 0; i < st->nb_nodes; i++)
		do {
			asked = RTE_MIN(step, n - added);
			got = add_from(st, &st->node[home->nearest[i]], mp, asked);
			added += got;
		} while (added < n && got == asked);
	return added;
}

uint32_t
fm_pool_add(struct rte_mempool *mp, uint32_t n)
{
	struct fm_state *st = fm_state_get();
	struct fm_pool *p = mp->pool_data;
	bool any = p->node_id == RTE_NUMA_NODE_ANY;
	struct fm_node *node = any ? fm_node_self(st) : fm_node_by_id(st, p->node_id);
	uint32_t added, step = n;

	added = any ? add_from_all(st, node, mp, n, n) : add_from(st, node, mp, n);
	/* Where no node grows by all that is missing, several may by their parts. */
	while (added < n && any && !p->grows && st->nb_nodes > 1 &&
	       bytes_for(mp, step) > FM_SLAB_SIZE && step > 1) {
		step /= 2;
		let_grow(st);
		added += add_from_all(st, node, mp, n - added, step);
	}
	if (added < n)
		log_shortage(node, mp, n, added);
	return added;
}
