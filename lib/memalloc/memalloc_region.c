/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "region": each allocation is a region; and what other kinds need to make regions.
 * Must not: touch the memory of a region.
 * Called by: memalloc.c through the interface, applications to create one; memalloc_arena.c and
 *   memalloc_pool.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_priv.h"
#include "rte_memalloc_region.h"

struct region_alloc {
	struct rte_memalloc base;
	struct ma_count count;
	_Atomic uint64_t held;
	struct ma_table table; /* Of an entry's: owner is the region. */
	struct ma_region_opts opts;
};

static struct region_alloc *
region_alloc_of(struct rte_memalloc *alloc)
{
	return (struct region_alloc *)alloc;
}

void
ma_region_opts_keep(struct ma_region_opts *kept, const struct rte_memregion_opts *opts)
{
	memset(kept, 0, sizeof(*kept));
	if (opts == NULL)
		return;
	kept->opts = *opts;
	if (opts->name != NULL) {
		strncpy(kept->name, opts->name, sizeof(kept->name) - 1);
		kept->opts.name = kept->name;
	}
}

int
ma_region_create(size_t size, size_t align, const struct rte_memregion_opts *opts,
		 struct rte_memregion **region, void **mem)
{
	struct rte_memregion *made;
	size_t page;
	int ret;

	ret = rte_memregion_create(size, opts, &made);
	if (ret != 0)
		return ret;
	/* It is aligned to its pages, of whatever size they turned out to be. */
	page = rte_memregion_page_size(made);
	if (page < align) {
		ret = rte_memregion_resize(made, size + align - page, RTE_MEMREGION_MAY_MOVE);
		if (ret != 0) {
			rte_memregion_destroy(made);
			return ret;
		}
	}
	*region = made;
	*mem = (void *)(((uintptr_t)rte_memregion_addr(made) + align - 1) &
			~(uintptr_t)(align - 1));
	return 0;
}

/* Bytes from an allocation to the end of its region. */
static size_t
usable(const struct rte_memregion *region, const void *mem)
{
	return (size_t)((char *)rte_memregion_addr(region) + rte_memregion_size(region) -
			(const char *)mem);
}

static void
count_held(struct region_alloc *self, size_t size)
{
	/* Relaxed: a number for people. */
	atomic_fetch_add_explicit(&self->held, size, memory_order_relaxed);
}

static int
refuse(const void *mem)
{
	return rte_memalloc_fail(-EINVAL,
				 "%p is no allocation of this allocator of regions: was it freed "
				 "twice?",
				 mem);
}

/* Note an allocation for which room was promised. */
static void
note(struct region_alloc *self, void *mem, struct rte_memregion *region)
{
	struct ma_entry entry = { .mem = mem, .owner = region }, replaced;

	ma_table_add(&self->table, &entry, &replaced);
}

static int
region_get(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct region_alloc *self = region_alloc_of(alloc);
	struct rte_memregion *region;
	void *at;
	int ret;

	ret = ma_table_promise(&self->table);
	if (ret != 0)
		return ma_count_failure(&self->count, ret);
	ret = ma_region_create(size, align, &self->opts.opts, &region, &at);
	if (ret != 0) {
		ma_table_cancel(&self->table);
		ma_count_failure(&self->count, ret);
		return rte_memalloc_fail(ret, "allocating a region: %s", rte_memregion_error());
	}
	note(self, at, region);
	ma_count_alloc(&self->count, usable(region, at));
	count_held(self, rte_memregion_size(region));
	*mem = at;
	return 0;
}

static int
region_free(struct rte_memalloc *alloc, void *mem)
{
	struct region_alloc *self = region_alloc_of(alloc);
	struct rte_memregion *region;
	struct ma_entry entry;
	size_t size, held;
	int ret;

	/* Who takes it out is who frees it. */
	if (!ma_table_take(&self->table, mem, &entry))
		return refuse(mem);
	region = entry.owner;
	size = usable(region, mem);
	held = rte_memregion_size(region);
	ret = rte_memregion_destroy(region);
	if (ret != 0) {
		note(self, mem, region);
		return rte_memalloc_fail(ret, "freeing a region: munmap: %s", strerror(-ret));
	}
	ma_table_cancel(&self->table);
	ma_count_free(&self->count, size);
	count_held(self, -held);
	return 0;
}

static int
region_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct region_alloc *self = region_alloc_of(alloc);
	struct rte_memregion *region;
	struct ma_entry entry;
	size_t old_size, held;
	int ret;

	if (!ma_table_take(&self->table, mem, &entry))
		return refuse(mem);
	region = entry.owner;
	old_size = usable(region, mem);
	held = rte_memregion_size(region);
	/* A region may move to any page: with a larger alignment it is another region. */
	if (align > rte_memregion_page_size(region) || mem != rte_memregion_addr(region)) {
		note(self, mem, region);
		return ma_move(alloc, mem, old_size, size, align, moved);
	}
	ret = rte_memregion_resize(region, size, RTE_MEMREGION_MAY_MOVE);
	note(self, rte_memregion_addr(region), region);
	/* One that moved before and grew then is two mappings, of which Linux moves none. */
	if (ret == -EBUSY)
		return ma_move(alloc, mem, old_size, size, align, moved);
	if (ret != 0) {
		ma_count_failure(&self->count, ret);
		return rte_memalloc_fail(ret, "changing the size of a region: %s",
					 rte_memregion_error());
	}
	ma_count_resize(&self->count, old_size, rte_memregion_size(region));
	count_held(self, rte_memregion_size(region) - held);
	*moved = rte_memregion_addr(region);
	return 0;
}

struct rte_memregion *
rte_memalloc_region_of(struct rte_memalloc *alloc, const void *mem)
{
	struct ma_entry entry;

	return ma_table_find(&region_alloc_of(alloc)->table, mem, &entry) ? entry.owner : NULL;
}

static size_t
region_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct rte_memregion *region = rte_memalloc_region_of(alloc, mem);

	return region == NULL ? 0 : usable(region, mem);
}

static void
region_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct region_alloc *self = region_alloc_of(alloc);

	ma_count_read(&self->count, stats);
	stats->held = atomic_load_explicit(&self->held, memory_order_relaxed);
}

static void
region_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&region_alloc_of(alloc)->count);
}

static int
region_destroy(struct rte_memalloc *alloc)
{
	struct region_alloc *self = region_alloc_of(alloc);
	int ret = ma_count_idle(&self->count, "region");

	if (ret != 0)
		return ret;
	ma_table_fini(&self->table);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops region_ops = {
	.kind = "region",
	.alloc = region_get,
	.free = region_free,
	.realloc = region_realloc,
	.usable_size = region_usable_size,
	.stats = region_stats,
	.reset_peak = region_reset_peak,
	.destroy = region_destroy,
};

int
rte_memalloc_region_create(const struct rte_memregion_opts *opts, struct rte_memalloc **alloc)
{
	struct region_alloc *self;

	if (alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "creating an allocator: nowhere to put it");
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return rte_memalloc_fail(-ENOMEM, "creating an allocator: out of memory");
	self->base = (struct rte_memalloc){
		.ops = &region_ops,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES | RTE_MEMALLOC_F_CHECKS,
	};
	ma_table_init(&self->table);
	ma_region_opts_keep(&self->opts, opts);
	*alloc = &self->base;
	return 0;
}
