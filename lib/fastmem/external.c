/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the memory of nodes that EAL does not list, as it does those with CPUs: hugepages that we map
 * ourselves and add to EAL as heaps of external memory, so that it has IO addresses and memzones.
 * Must not touch a page that is not there; control path only, may sleep.
 * Called by zone.c under the control lock, by state.c, and by external_peer.c for other processes.
 *
 * An area is all addresses that a node may ever need for pages of one size, reserved in every
 * process, and a file of hugepages that nobody sees in any folder: it is gone with the last process.
 * A region is a part of it that has pages. The primary alone adds and removes regions. What is
 * added is bound to the node, populated before its IO addresses are asked, and seen to lie there;
 * then EAL gets it, and the secondaries that use fastmem map it, before anyone gets memory of it.
 *
 * A node has two heaps: one for slabs, a region each, that trim can give back, and one for the
 * records of slabs, which stay. Pages larger than a slab hold both, as EAL's own do.
 */

#include "fastmem_external_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#define GIB	       (UINT64_C(1) << 30)
#define MAX_SPAN       (UINT64_C(1) << 44) /* of all areas, well within what window.c can hold */
#define MAX_POOLS      16
#define HEAP_NAME_SIZE 32 /* EAL takes no longer ones */

/* This process's view. */
static struct {
	pthread_mutex_t lock; /* regions come and go one at a time */
	uintptr_t base;	      /* of what is reserved for all areas, 0: nothing is */
	uint64_t size;
	uint32_t nb_files;
	int file[FM_MAX_AREAS];
	struct fm_region seen[FM_MAX_REGIONS]; /* mapped here and known to EAL here; size 0: not */
} ext = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- names */

static void
heap_name(const struct fm_node *node, bool meta, char *name)
{
	snprintf(name, HEAP_NAME_SIZE, "fastmem_node%d%s", node->node_id, meta ? "_meta" : "");
}

static const struct fm_node *
region_node(const struct fm_state *st, const struct fm_region *r)
{
	return &st->node[st->area[r->area].node];
}

int
fm_external_heap(const struct fm_node *node, bool meta)
{
	char name[HEAP_NAME_SIZE];

	heap_name(node, meta, name);
	return rte_malloc_heap_get_socket(name);
}

/* ---- areas */

static bool
eal_lists(int node_id)
{
	unsigned int i;

	for (i = 0; i < rte_socket_count(); i++)
		if (rte_socket_id_by_idx(i) == node_id)
			return true;
	return false;
}

/* Twice what the node has: addresses cost nothing, and pieces of them may lie idle. */
static uint64_t
area_size(const struct rte_numa_topology *topo, int node_id)
{
	struct rte_numa_memory mem;

	if (rte_numa_memory(topo, node_id, &mem) != 0)
		return 0;
	return RTE_ALIGN_CEIL(2 * mem.total, GIB);
}

/* Areas of a node, a page size each, without addresses yet. */
static void
add_areas(struct fm_state *st, const struct rte_numa_topology *topo, struct fm_node *node)
{
	struct rte_numa_hugepages pool[MAX_POOLS];
	uint64_t size = area_size(topo, node->node_id);
	struct fm_area *a;
	int i, n;

	n = rte_numa_hugepages(topo, node->node_id, pool, MAX_POOLS);
	for (i = 0; i < RTE_MIN(n, MAX_POOLS); i++) {
		/* A slab is contiguous for devices only within a page. */
		if (pool[i].page_size < FM_SLAB_SIZE || size == 0 || st->nb_areas == FM_MAX_AREAS)
			continue;
		a = &st->area[st->nb_areas];
		a->page_size = pool[i].page_size;
		a->size = RTE_ALIGN_CEIL(size, a->page_size);
		a->node = node->index;
		st->nb_areas++;
	}
}

static void
close_files(void)
{
	while (ext.nb_files > 0)
		close(ext.file[--ext.nb_files]);
}

/* Give the areas addresses, beyond EAL's own, and files. */
static int
place_areas(struct fm_state *st, uintptr_t hint)
{
	uint64_t align = GIB, size = 0;
	char name[32];
	uint32_t i;
	int fd;

	for (i = 0; i < st->nb_areas; i++) {
		align = RTE_MAX(align, st->area[i].page_size);
		size += RTE_ALIGN_CEIL(st->area[i].size, align);
	}
	if (size > MAX_SPAN)
		return -E2BIG;
	/* With a gap: EAL maps its own small tables behind its lists. */
	ext.base = fm_map_reserve(hint + GIB, size, align);
	if (ext.base == 0)
		return -ENOMEM;
	ext.size = size;
	st->external_lo = ext.base;
	st->external_size = size;
	for (i = 0, size = 0; i < st->nb_areas; i++) {
		st->area[i].base = ext.base + size;
		size += RTE_ALIGN_CEIL(st->area[i].size, align);
		snprintf(name, sizeof(name), "fastmem_node%d", st->node[st->area[i].node].node_id);
		fd = fm_map_file(name, st->area[i].page_size, st->area[i].size);
		if (fd < 0)
			return fd;
		ext.file[ext.nb_files++] = fd;
	}
	return 0;
}

static int
find_end(const struct rte_memseg_list *msl, void *arg)
{
	uintptr_t *end = arg;

	if (!msl->external)
		*end = RTE_MAX(*end, (uintptr_t)msl->base_va + msl->len);
	return 0;
}

void
fm_external_create(struct fm_state *st, const struct rte_numa_topology *topo)
{
	uintptr_t end = 0;
	uint32_t i;
	int rc;

	/* Without hugepages all nodes are served from EAL's one heap. */
	if (!rte_eal_has_hugepages())
		return;
	for (i = 0; i < st->nb_nodes; i++) {
		st->node[i].external = !eal_lists(st->node[i].node_id);
		if (st->node[i].external)
			add_areas(st, topo, &st->node[i]);
	}
	if (st->nb_areas == 0)
		return;
	rte_memseg_list_walk(find_end, &end);
	rc = place_areas(st, end);
	if (rc == 0)
		rc = fm_peer_open(ext.file, ext.nb_files);
	if (rc != 0) {
		fm_log(FM_WARNING,
		       "nodes that EAL does not list cannot be served: no addresses or files of "
		       "hugepages for them: %s",
		       strerror(-rc));
		fm_external_destroy(st);
		st->nb_areas = 0;
		st->external_size = 0;
	}
}

unsigned int
fm_external_page_sizes(const struct fm_node *node, uint64_t *sizes, unsigned int max)
{
	const struct fm_state *st = fm_state_of(node);
	unsigned int n = 0;
	uint32_t i;

	/* Ascending, as lib/numa gave them. */
	for (i = 0; i < st->nb_areas && n < max; i++)
		if (st->area[i].node == node->index)
			sizes[n++] = st->area[i].page_size;
	return n;
}

void
fm_external_range(const struct fm_node *node, uintptr_t *lo, uintptr_t *hi)
{
	const struct fm_state *st = fm_state_of(node);
	uint32_t i;

	*lo = UINTPTR_MAX;
	*hi = 0;
	for (i = 0; i < st->nb_areas; i++) {
		if (st->area[i].node != node->index)
			continue;
		*lo = RTE_MIN(*lo, st->area[i].base);
		*hi = RTE_MAX(*hi, st->area[i].base + st->area[i].size);
	}
	*lo = RTE_MIN(*lo, *hi);
}

/* ---- regions, as EAL sees them */

/* Tell EAL of a region whose pages are there, creating the heap with its first one. */
static int
give_to_eal(const struct fm_state *st, const struct fm_region *r)
{
	uint64_t i, page_size = st->area[r->area].page_size, n = r->size / page_size;
	const struct fm_node *node = region_node(st, r);
	char name[HEAP_NAME_SIZE];
	rte_iova_t *iova;
	int rc = 0;

	iova = calloc(n, sizeof(*iova));
	if (iova == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		iova[i] = rte_mem_virt2iova((void *)(r->base + i * page_size));
	heap_name(node, r->meta, name);
	if ((fm_external_heap(node, r->meta) < 0 && rte_malloc_heap_create(name) != 0) ||
	    rte_malloc_heap_memory_add(name, (void *)r->base, r->size, iova, (unsigned int)n,
				       page_size) != 0) {
		rc = -rte_errno;
		fm_log(FM_WARNING, "EAL takes no more external memory for heap %s: %s", name,
		       rte_strerror(rte_errno));
	}
	free(iova);
	return rc;
}

/*
 * Take a region back from EAL. -EBUSY: something of it is in use, nothing changed. -EUCLEAN: done,
 * but EAL keeps a list of it, since some process still has that attached.
 */
static int
take_from_eal(const struct fm_state *st, const struct fm_region *r)
{
	char name[HEAP_NAME_SIZE];

	heap_name(region_node(st, r), r->meta, name);
	if (rte_malloc_heap_memory_remove(name, (void *)r->base, r->size) == 0)
		return 0;
	/* Once more: if the heap has lost it the list is what remains. */
	if (rte_malloc_heap_memory_remove(name, (void *)r->base, r->size) != 0 &&
	    rte_errno == EBUSY)
		return -EBUSY;
	return -EUCLEAN;
}

/* Map a region that the primary has added and let EAL know its list, in a secondary. */
static int
adopt(const struct fm_state *st, const struct fm_region *r)
{
	const struct fm_area *a = &st->area[r->area];
	char name[HEAP_NAME_SIZE];
	int rc;

	rc = fm_map_share(r->base, r->size, ext.file[r->area], r->base - a->base);
	if (rc == 0)
		rc = fm_map_open(r->base, r->size);
	if (rc != 0)
		return rc;
	heap_name(region_node(st, r), r->meta, name);
	if (rte_malloc_heap_memory_attach(name, (void *)r->base, r->size) != 0) {
		rc = -rte_errno;
		fm_map_unshare(r->base, r->size);
		return rc;
	}
	return 0;
}

static void
abandon(const struct fm_state *st, const struct fm_region *r)
{
	char name[HEAP_NAME_SIZE];

	heap_name(region_node(st, r), r->meta, name);
	rte_malloc_heap_memory_detach(name, (void *)r->base, r->size);
	fm_map_unshare(r->base, r->size);
}

int
fm_external_follow(const struct fm_state *st)
{
	const struct fm_region *r;
	bool there;
	uint32_t i;
	int rc = 0;

	pthread_mutex_lock(&ext.lock);
	for (i = 0; i < FM_MAX_REGIONS && rc == 0; i++) {
		r = &st->region[i];
		/* Acquire: pairs with set_state(). */
		there = atomic_load_explicit(&st->region_state[i], memory_order_acquire) ==
			FM_REGION_THERE;
		if (there && ext.seen[i].size == 0) {
			rc = adopt(st, r);
			if (rc == 0)
				ext.seen[i] = *r;
		} else if (!there && ext.seen[i].size != 0) {
			abandon(st, &ext.seen[i]);
			ext.seen[i].size = 0;
		}
	}
	pthread_mutex_unlock(&ext.lock);
	return rc;
}

/* ---- adding and removing, in the primary */

static void
set_state(struct fm_state *st, const struct fm_region *r, enum fm_region_state state)
{
	/* Release: who sees the state sees what the region is; pairs with fm_external_follow(). */
	atomic_store_explicit(&st->region_state[r - st->region], (uint32_t)state,
			      memory_order_release);
}

static enum fm_region_state
get_state(const struct fm_state *st, const struct fm_region *r)
{
	/* Relaxed: written under this process's lock, or the control lock. */
	return (enum fm_region_state)atomic_load_explicit(&st->region_state[r - st->region],
							  memory_order_relaxed);
}

static uint64_t
free_pages(const struct fm_node *node, uint64_t page_size)
{
	struct rte_numa_hugepages pool[MAX_POOLS];
	int i, n = rte_numa_hugepages(rte_numa_topology_self(), node->node_id, pool, MAX_POOLS);

	for (i = 0; i < RTE_MIN(n, MAX_POOLS); i++)
		if (pool[i].page_size == page_size)
			return pool[i].free;
	return 0;
}

/* Addresses in an area that no region has; 0: there are none in a row. */
static uintptr_t
find_gap(const struct fm_state *st, uint32_t area, uint64_t size)
{
	const struct fm_area *a = &st->area[area];
	uintptr_t at = a->base, end = a->base + a->size;
	const struct fm_region *r;
	uint32_t i;

	for (i = 0; i < FM_MAX_REGIONS && at + size <= end; i++) {
		r = &st->region[i];
		if (get_state(st, r) == FM_REGION_NONE || r->base >= at + size ||
		    r->base + r->size <= at)
			continue;
		at = r->base + r->size;
		i = UINT32_MAX; /* another may lie there: from the first again */
	}
	return at + size <= end ? at : 0;
}

static struct fm_region *
find_slot(struct fm_state *st)
{
	uint32_t i;

	for (i = 0; i < FM_MAX_REGIONS; i++)
		if (get_state(st, &st->region[i]) == FM_REGION_NONE)
			return &st->region[i];
	return NULL;
}

/* Map a region here and have its pages, all of them on its node. */
static int
fill(const struct fm_state *st, const struct fm_region *r)
{
	const struct fm_area *a = &st->area[r->area];
	int rc, node_id = region_node(st, r)->node_id;
	const char *what = "map hugepages of";

	rc = fm_map_share(r->base, r->size, ext.file[r->area], r->base - a->base);
	if (rc == 0) {
		what = "bind memory to";
		rc = fm_map_bind(r->base, r->size, node_id);
	}
	if (rc == 0)
		rc = fm_map_open(r->base, r->size);
	if (rc == 0) {
		what = "populate hugepages of";
		rc = fm_map_populate(r->base, r->size);
	}
	if (rc == 0) {
		what = "see that pages lie on";
		rc = fm_map_verify(r->base, r->size, a->page_size, node_id);
	}
	/* Too few pages are for the caller to tell. */
	if (rc != 0 && rc != -ENOMEM)
		fm_log(FM_WARNING, "cannot %s node %d: %s", what, node_id, strerror(-rc));
	return rc;
}

static void
empty(const struct fm_state *st, const struct fm_region *r)
{
	fm_map_unshare(r->base, r->size);
	fm_map_punch(ext.file[r->area], r->base - st->area[r->area].base, r->size);
}

static int
remove_region(struct fm_state *st, struct fm_region *r)
{
	int rc;

	set_state(st, r, FM_REGION_GOING);
	/* A process that does not answer has it mapped still: pages go all the same. */
	fm_peer_sync();
	rc = take_from_eal(st, r);
	if (rc == -EBUSY) {
		set_state(st, r, FM_REGION_THERE);
		fm_peer_sync();
		return rc;
	}
	empty(st, r);
	ext.seen[r - st->region].size = 0;
	/* Where EAL keeps its list the addresses cannot be used again. */
	set_state(st, r, rc == 0 ? FM_REGION_NONE : FM_REGION_LOST);
	return 0;
}

static int
add_region(struct fm_state *st, uint32_t area, uint64_t size, bool meta)
{
	struct fm_region *r = find_slot(st);
	int rc;

	if (r == NULL) {
		fm_log(FM_WARNING, "node %d: more than %d pieces of external memory",
		       st->node[st->area[area].node].node_id, FM_MAX_REGIONS);
		return -ENOSPC;
	}
	r->area = area;
	r->meta = meta;
	r->size = size;
	r->base = find_gap(st, area, size);
	if (r->base == 0)
		return -ENOMEM;
	rc = fill(st, r);
	if (rc == 0)
		rc = give_to_eal(st, r);
	if (rc != 0) {
		empty(st, r);
		return rc;
	}
	ext.seen[r - st->region] = *r;
	set_state(st, r, FM_REGION_THERE);
	rc = fm_peer_sync();
	if (rc != 0) {
		fm_log(FM_WARNING, "a secondary process does not map memory of node %d: %s",
		       region_node(st, r)->node_id, strerror(-rc));
		remove_region(st, r);
	}
	return rc;
}

int
fm_external_add(struct fm_node *node, uint64_t size, uint64_t page_size, bool meta)
{
	struct fm_state *st = fm_state_of(node);
	uint32_t i;
	int rc = -ENOMEM;

	size = RTE_ALIGN_CEIL(size, page_size);
	/* Not worth to clear some of them, only to find that they are too few. */
	if (free_pages(node, page_size) < size / page_size)
		return -ENOMEM;
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return fm_peer_ask_add(node, size, page_size, meta);
	pthread_mutex_lock(&ext.lock);
	for (i = 0; i < st->nb_areas; i++)
		if (st->area[i].node == node->index && st->area[i].page_size == page_size)
			rc = add_region(st, i, size, meta);
	pthread_mutex_unlock(&ext.lock);
	return rc;
}

struct search {
	const struct fm_region *r;
	bool found;
};

static void
find_zone(const struct rte_memzone *mz, void *arg)
{
	struct search *s = arg;

	s->found |= mz->addr_64 >= s->r->base && mz->addr_64 < s->r->base + s->r->size;
}

/* Nothing of the region is in use. */
static bool
is_idle(const struct fm_state *st, const struct fm_region *r, const struct fm_node *node)
{
	struct search s = { .r = r };

	if (get_state(st, r) != FM_REGION_THERE || region_node(st, r) != node)
		return false;
	rte_memzone_walk(find_zone, &s);
	return !s.found;
}

void
fm_external_sweep(struct fm_node *node)
{
	struct fm_state *st = fm_state_of(node);
	bool primary = rte_eal_process_type() == RTE_PROC_PRIMARY;
	bool ask = false;
	uint32_t i;

	pthread_mutex_lock(&ext.lock);
	for (i = 0; i < FM_MAX_REGIONS; i++) {
		if (!is_idle(st, &st->region[i], node))
			continue;
		ask = !primary;
		if (primary)
			remove_region(st, &st->region[i]);
	}
	pthread_mutex_unlock(&ext.lock);
	if (ask)
		fm_peer_ask_sweep(node);
}

/* ---- joining and leaving */

static int
attach(struct fm_state *st)
{
	int rc = fm_map_reserve_at(st->external_lo, st->external_size);

	if (rc != 0)
		return rc;
	ext.base = st->external_lo;
	ext.size = st->external_size;
	rc = fm_peer_join(st, ext.file);
	if (rc != 0)
		return rc;
	ext.nb_files = st->nb_areas;
	return fm_external_follow(st);
}

int
fm_external_attach(struct fm_state *st)
{
	int rc;

	if (st->nb_areas == 0)
		return 0;
	if (ext.base != 0) /* from an earlier time: it stayed readable until now */
		fm_map_unreserve(ext.base, ext.size);
	ext.base = 0;
	/* Nothing comes or goes meanwhile. */
	fm_control_lock(st);
	rc = attach(st);
	if (rc != 0)
		fm_external_detach(st);
	fm_control_unlock(st);
	return rc;
}

void
fm_external_detach(const struct fm_state *st)
{
	char name[HEAP_NAME_SIZE];
	uint32_t i;

	fm_peer_close();
	for (i = 0; i < FM_MAX_REGIONS; i++) {
		if (ext.seen[i].size == 0)
			continue;
		/* The primary could not remove it otherwise; the memory itself stays readable. */
		heap_name(region_node(st, &ext.seen[i]), ext.seen[i].meta, name);
		rte_malloc_heap_memory_detach(name, (void *)ext.seen[i].base, ext.seen[i].size);
		ext.seen[i].size = 0;
	}
	close_files();
}

void
fm_external_destroy(struct fm_state *st)
{
	char name[HEAP_NAME_SIZE];
	uint32_t i;
	int meta;

	for (i = 0; i < st->nb_nodes; i++) {
		if (!st->node[i].external)
			continue;
		fm_external_sweep(&st->node[i]);
		for (meta = 0; meta < 2; meta++) {
			heap_name(&st->node[i], meta, name);
			if (rte_malloc_heap_get_socket(name) >= 0)
				rte_malloc_heap_destroy(name);
		}
	}
	fm_peer_close();
	close_files();
	if (ext.base != 0)
		fm_map_unreserve(ext.base, ext.size);
	ext.base = 0;
	memset(ext.seen, 0, sizeof(ext.seen));
}
