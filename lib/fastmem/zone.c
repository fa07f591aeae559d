/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the memzones: asks EAL for memory of a stated page size and gives it back. For a node that
 * EAL does not list it first sees to it that EAL has external memory of that node.
 * Must not know what the memory is used for; may sleep, so control path only.
 * Called by chunk.c and reserve.c.
 */

#include "fastmem_external_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#define GIB	       (UINT64_C(1) << 30)
#define MAX_PAGE_SIZES 8
#define MAX_ZONE_2M    (16 * GIB - 2 * FM_SLAB_SIZE) /* a memseg list of 2 MiB pages is 16 GiB */
#define META_SHARE     64 /* metadata of a zone is well below size / this */

struct page_sizes {
	int node_id;
	unsigned int n;
	uint64_t size[MAX_PAGE_SIZES]; /* ascending */
};

static int
add_page_size(const struct rte_memseg_list *msl, void *arg)
{
	struct page_sizes *p = arg;
	unsigned int i;

	if (msl->external || (rte_eal_has_hugepages() && msl->socket_id != p->node_id))
		return 0;
	for (i = 0; i < p->n; i++)
		if (p->size[i] == msl->page_sz)
			return 0;
	if (p->n == MAX_PAGE_SIZES)
		return 0;
	for (i = p->n++; i > 0 && p->size[i - 1] > msl->page_sz; i--)
		p->size[i] = p->size[i - 1];
	p->size[i] = msl->page_sz;
	return 0;
}

/*
 * Which pages, for memory that must have them. Without a flag EAL mixes sizes silently, and of
 * those it has no flag for there is only one choice: none.
 */
static unsigned int
zone_flags(uint64_t page_size)
{
	switch (page_size) {
	case UINT64_C(1) << 21:
		return RTE_MEMZONE_2MB;
	case UINT64_C(1) << 24:
		return RTE_MEMZONE_16MB;
	case UINT64_C(1) << 28:
		return RTE_MEMZONE_256MB;
	case UINT64_C(1) << 29:
		return RTE_MEMZONE_512MB;
	case UINT64_C(1) << 30:
		return RTE_MEMZONE_1GB;
	case UINT64_C(1) << 34:
		return RTE_MEMZONE_16GB;
	default:
		return 0;
	}
}

/* Most data of at most `size` that whole pages hold beside EAL's header and our metadata. */
static uint64_t
fit_pages(uint64_t size, uint64_t page_size)
{
	uint64_t room, pages = size / page_size;

	if (page_size <= FM_SLAB_SIZE)
		return size;
	if (pages == 0)
		return 0;
	room = pages * page_size - pages * page_size / META_SHARE - FM_SLAB_SIZE;
	return RTE_ALIGN_FLOOR(RTE_MIN(size, room), (uint64_t)FM_SLAB_SIZE);
}

static void
zone_name(const struct fm_node *node, uint32_t serial, bool meta, char *name)
{
	snprintf(name, RTE_MEMZONE_NAMESIZE, "fastmem_%d_%" PRIu32 "%s", node->node_id, serial,
		 meta ? "m" : "");
}

/* What EAL takes for the node; -2: it has nothing of an external node yet. */
static int
eal_node(const struct fm_node *node, bool meta)
{
	int heap;

	if (node->external) {
		heap = fm_external_heap(node, meta);
		return heap < 0 ? -2 : heap;
	}
	/* Without hugepages EAL has one heap, and no memory of a particular node. */
	return rte_eal_has_hugepages() ? node->node_id : SOCKET_ID_ANY;
}

/* Those that the node may have; `only` that one, unless it is 0. */
static void
find_page_sizes(const struct fm_node *node, uint64_t only, struct page_sizes *p)
{
	unsigned int i, n = 0;

	if (node->external)
		p->n = fm_external_page_sizes(node, p->size, MAX_PAGE_SIZES);
	else
		rte_memseg_list_walk(add_page_size, p);
	for (i = 0; i < p->n; i++)
		if (only == 0 || p->size[i] == only)
			p->size[n++] = p->size[i];
	p->n = n;
}

/* At a multiple of `align`; not across a multiple of `bound`, if that is not 0. */
static int
try_zone(struct fm_node *node, uint64_t size, uint64_t page_size, unsigned int align,
	 unsigned int bound, struct fm_zone *zone)
{
	unsigned int flags = zone_flags(page_size);
	char name[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *mz;
	int rc = -ENOMEM;

	zone_name(node, node->next_serial, false, name);
	mz = rte_memzone_reserve_bounded(name, size, eal_node(node, false), flags, align, bound);
	if (mz == NULL && node->external) {
		/* With room for EAL's header before it. */
		rc = fm_external_add(node, RTE_ALIGN_CEIL(size + align, FM_SLAB_SIZE), page_size,
				     false);
		if (rc == 0)
			mz = rte_memzone_reserve_bounded(name, size, eal_node(node, false), flags,
							 align, bound);
	}
	if (mz == NULL)
		return rc == 0 ? -ENOMEM : rc;
	if (mz->hugepage_sz != page_size) { /* EAL has no flag for that size */
		rte_memzone_free(mz);
		return -ENOMEM;
	}
	zone->base = (uintptr_t)mz->addr;
	zone->size = size;
	zone->page_size = mz->hugepage_sz;
	zone->serial = node->next_serial++;
	return 0;
}

/* Just what whole pages hold, if EAL has no other memory beside them that it would rather take. */
static int
try_snug(struct fm_node *node, uint64_t size, uint64_t page_size, struct fm_zone *zone)
{
	int rc = try_zone(node, size, page_size, FM_PAGE_SIZE, 0, zone);

	if (rc == 0 && zone->base % FM_SLAB_SIZE > FM_EDGES) {
		/* No two zones may share a slab, and in these there would be room for another. */
		fm_zone_free(node, zone->serial, false);
		rc = -ENOMEM;
	}
	return rc;
}

int
fm_zone_take(struct fm_node *node, uint64_t size, uint64_t page_size, struct fm_zone *zone)
{
	struct page_sizes pages = { .node_id = node->node_id };
	uint64_t piece;
	unsigned int i;
	int rc = -ENOMEM;

	find_page_sizes(node, page_size, &pages);
	for (i = 0; i < pages.n && size == fm_zone_snug(size) && rc == -ENOMEM; i++)
		if (pages.size[i] <= FM_SLAB_SIZE && size < MAX_ZONE_2M)
			rc = try_snug(node, size, pages.size[i], zone);
	size = RTE_MIN(RTE_ALIGN_CEIL(size, (uint64_t)FM_SLAB_SIZE), MAX_ZONE_2M);

	/* Large pages first, for what fills them. Whatever is no shortage ends it. */
	for (i = pages.n; i > 0 && rc == -ENOMEM; i--) {
		piece = fit_pages(size, pages.size[i - 1]);
		if (piece != 0)
			rc = try_zone(node, piece, pages.size[i - 1], FM_SLAB_SIZE, 0, zone);
	}
	/* Less: free memory may be in pieces. Or a large page for a part of it. */
	for (piece = size; piece >= FM_SLAB_SIZE && rc == -ENOMEM;
	     piece = RTE_ALIGN_CEIL(piece / 2, (uint64_t)FM_SLAB_SIZE)) {
		for (i = 0; i < pages.n && rc == -ENOMEM; i++)
			rc = try_zone(node, piece, pages.size[i], FM_SLAB_SIZE, 0, zone);
		if (piece == FM_SLAB_SIZE)
			break;
	}
	/* Single pages, less what EAL's header takes: all there is with --legacy-mem at times. */
	for (i = 0; i < pages.n && rc == -ENOMEM; i++)
		rc = try_zone(node, FM_PART_SIZE, pages.size[i], FM_PAGE_SIZE, FM_SLAB_SIZE, zone);
	return rc;
}

/* From a page of whichever size the node has: records share it. */
static const struct rte_memzone *
take_external_meta(struct fm_node *node, const char *name, size_t size)
{
	struct page_sizes pages = { .node_id = node->node_id };
	const struct rte_memzone *mz = NULL;
	unsigned int i;

	find_page_sizes(node, 0, &pages);
	mz = rte_memzone_reserve_aligned(name, size, eal_node(node, true), 0, FM_LINE);
	for (i = 0; i < pages.n && mz == NULL; i++)
		if (fm_external_add(node, size + FM_PAGE_SIZE, pages.size[i], true) == 0)
			mz = rte_memzone_reserve_aligned(name, size, eal_node(node, true), 0,
							 FM_LINE);
	return mz;
}

void *
fm_zone_take_meta(struct fm_node *node, uint32_t serial, size_t size, uint64_t page_size)
{
	char name[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *mz;
	unsigned int flags = zone_flags(page_size);

	zone_name(node, serial, true, name);
	if (flags != 0)
		flags |= RTE_MEMZONE_SIZE_HINT_ONLY;
	/* Where pages are large the rest of the zone's own has room, as EAL itself does it. */
	mz = rte_memzone_reserve_aligned(
		name, size, eal_node(node, node->external && page_size <= FM_SLAB_SIZE), flags,
		FM_LINE);
	if (mz == NULL && node->external)
		mz = take_external_meta(node, name, size);
	if (mz == NULL)
		return NULL;
	memset(mz->addr, 0, size);
	return mz->addr;
}

void
fm_zone_free(struct fm_node *node, uint32_t serial, bool meta)
{
	char name[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *mz;

	zone_name(node, serial, meta, name);
	mz = rte_memzone_lookup(name);
	if (mz != NULL)
		rte_memzone_free(mz);
	if (node->external)
		fm_external_sweep(node);
}

uint64_t
fm_zone_held(const struct fm_node *node)
{
	struct rte_malloc_socket_stats heap = { 0 };

	rte_malloc_get_socket_stats(rte_eal_has_hugepages() ? eal_node(node, false) : 0, &heap);
	return heap.heap_freesz_bytes;
}

uint64_t
fm_zone_available(const struct fm_node *node, uint64_t page_size)
{
	struct page_sizes pages = { .node_id = node->node_id };
	struct rte_numa_hugepages pool[MAX_PAGE_SIZES];
	uint64_t sum = fm_zone_held(node);
	unsigned int i;
	int k, n;

	find_page_sizes(node, page_size, &pages);
	if (pages.n == 0)
		return 0;
	if (!rte_eal_has_hugepages())
		return sum;
	n = rte_numa_hugepages(rte_numa_topology_self(), node->node_id, pool, MAX_PAGE_SIZES);
	for (k = 0; k < RTE_MIN(n, MAX_PAGE_SIZES); k++)
		for (i = 0; i < pages.n; i++)
			if (pool[k].page_size == pages.size[i])
				sum += pool[k].free * pool[k].page_size;
	return sum;
}

void
fm_zone_log_shortage(const struct fm_node *node, uint64_t total, uint64_t missing,
		     uint64_t page_size)
{
	struct rte_numa_hugepages pool[MAX_PAGE_SIZES];
	uint64_t easy = page_size == 0 ? FM_SLAB_SIZE : page_size; /* to come by */
	char text[256] = "";
	size_t len = 0;
	uint64_t more = 0;
	struct page_sizes pages = { .node_id = node->node_id };
	int k, n;

	find_page_sizes(node, page_size, &pages);
	if (page_size != 0 && pages.n == 0) {
		fm_log(FM_ERR,
		       "cannot reserve %" PRIu64 " MiB on node %d in pages of %" PRIu64
		       " kB: EAL has none of that size; it takes those of which there are some when "
		       "it starts, and a hugetlbfs is mounted or --in-memory is given",
		       total >> 20, node->node_id, page_size >> 10);
		return;
	}
	if (!rte_eal_has_hugepages()) {
		fm_log(FM_ERR,
		       "cannot reserve %" PRIu64
		       " MiB on node %d: EAL runs with --no-huge and has %" PRIu64
		       " MiB free; start it with a larger -m (MiB)",
		       total >> 20, node->node_id, fm_zone_available(node, 0) >> 20);
		return;
	}
	n = rte_numa_hugepages(rte_numa_topology_self(), node->node_id, pool, MAX_PAGE_SIZES);
	for (k = 0; k < RTE_MIN(n, MAX_PAGE_SIZES); k++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s%" PRIu64 " free of %" PRIu64 " kB", k == 0 ? "" : ", ",
					pool[k].free, pool[k].page_size >> 10);
		if (len >= sizeof(text))
			break;
		if (pool[k].page_size == easy)
			/* One more page for EAL's header, and our own data: below 1 % of it. */
			more = pool[k].total + missing / easy + 1 + missing / (64 * easy);
	}
	fm_log(FM_ERR,
	       "cannot reserve %" PRIu64 " MiB on node %d, of which %" PRIu64
	       " MiB are missing%s: EAL holds %" PRIu64
	       " MiB free there, and its hugepages are: %s; more: echo %" PRIu64
	       " > /sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
	       total >> 20, node->node_id, missing >> 20,
	       page_size != 0 ? " in pages of the size asked for" : "", fm_zone_held(node) >> 20,
	       n > 0 ? text : "none", more, node->node_id, easy >> 10);
}

struct range {
	int node_id;
	uintptr_t base, lo, hi;
};

static int
narrow(const struct rte_memseg_list *msl, void *arg)
{
	struct range *r = arg;
	uintptr_t from = (uintptr_t)msl->base_va;

	if (!rte_eal_has_hugepages() || msl->socket_id == r->node_id)
		return 0;
	if (from > r->base)
		r->hi = RTE_MIN(r->hi, from);
	else
		r->lo = RTE_MAX(r->lo, from + msl->len);
	return 0;
}

void
fm_zone_range(const struct fm_node *node, uintptr_t base, uintptr_t *lo, uintptr_t *hi)
{
	const struct fm_state *st = fm_state_of(node);
	struct range r = { .node_id = node->node_id, .base = base };

	if (node->external) {
		fm_external_range(node, lo, hi);
		return;
	}
	r.lo = rte_fastmem_window.first << FM_PAGE_SHIFT;
	r.hi = r.lo + (rte_fastmem_window.nb << FM_PAGE_SHIFT);
	rte_memseg_list_walk(narrow, &r);
	/* What may come there is not EAL's yet. */
	if (st->external_size != 0 && st->external_lo > base)
		r.hi = RTE_MIN(r.hi, st->external_lo);
	else if (st->external_size != 0)
		r.lo = RTE_MAX(r.lo, st->external_lo + st->external_size);
	*lo = r.lo;
	/* Without hugepages all nodes' memory is in one list: no range is one node's alone. */
	*hi = !rte_eal_has_hugepages() && st->nb_nodes > 1 ? r.lo : r.hi;
}
