/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "cache-aware": a wrapper that gives whole lines, and colours to large allocations.
 * Must not: know the kind of what is wrapped, or what a machine is like but by facts.
 * Called by: memalloc.c through the interface, applications to create one.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_priv.h"
#include "rte_memalloc_cache.h"

/*
 * I1. table has the allocations that do not begin where the inner one's do; an entry's owner is where
 *     that is.
 * I2. line and stride are powers of two; stride 0: no colours.
 */
struct cache_aware {
	struct ma_wrap wrap;
	size_t line;
	size_t stride; /* Distance of addresses that meet in level 1. */
	_Atomic uint64_t next_colour;
	struct ma_table table;
	struct ma_count count;
};

static bool
reuses(const struct cache_aware *self)
{
	return (self->wrap.base.flags & RTE_MEMALLOC_F_REUSES) != 0;
}

/* Whole lines; what is too large for that, the inner allocator refuses. */
static size_t
whole_lines(const struct cache_aware *self, size_t size)
{
	return size > PTRDIFF_MAX - self->line ? size : (size + self->line - 1) & ~(self->line - 1);
}

static bool
is_coloured(const struct cache_aware *self, size_t size, size_t align)
{
	return size >= self->stride && self->stride != 0 && align < self->stride &&
	       size <= PTRDIFF_MAX - self->stride;
}

/*
 * How far into the stride the next one begins. Five steps on, so that neighbours lie apart; and since
 * five is odd, each place has its turn.
 */
static size_t
next_offset(struct cache_aware *self, size_t align)
{
	size_t step = align > self->line ? align : self->line;
	/* Relaxed: which of two threads has which colour does not matter. */
	uint64_t colour = atomic_fetch_add_explicit(&self->next_colour, 1, memory_order_relaxed);

	return colour * 5 * step & (self->stride - 1);
}

static int
get_coloured(struct cache_aware *self, size_t size, size_t align, void **mem)
{
	size_t offset = next_offset(self, align);
	struct ma_entry entry, replaced;
	void *base;
	int ret = ma_table_promise(&self->table);

	if (ret != 0)
		return ret;
	ret = rte_memalloc_alloc(self->wrap.inner, size + offset, self->stride, &base);
	if (ret != 0) {
		ma_table_cancel(&self->table);
		return ret;
	}
	entry = (struct ma_entry){ .mem = (char *)base + offset, .owner = base };
	ma_table_add(&self->table, &entry, &replaced);
	*mem = entry.mem;
	return 0;
}

static int
get_plain(struct cache_aware *self, size_t size, size_t align, void **mem)
{
	struct ma_entry stale;
	int ret;

	ret = rte_memalloc_alloc(self->wrap.inner, size, align > self->line ? align : self->line,
				 mem);
	/* Of an arena that was reset, one that is no more may have begun here. */
	if (ret == 0 && !reuses(self) && ma_table_take(&self->table, *mem, &stale))
		ma_table_cancel(&self->table);
	return ret;
}

static size_t
cache_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct cache_aware *self = (struct cache_aware *)alloc;
	struct ma_entry entry;

	if (!ma_table_find(&self->table, mem, &entry))
		return ma_wrap_usable_size(alloc, mem);
	return ma_wrap_usable_size(alloc, entry.owner) -
	       (size_t)((const char *)mem - (char *)entry.owner);
}

static int
cache_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct cache_aware *self = (struct cache_aware *)alloc;
	size_t lines = whole_lines(self, size);
	void *got;
	int ret;

	if (is_coloured(self, lines, align))
		ret = get_coloured(self, lines, align, &got);
	else
		ret = get_plain(self, lines, align, &got);
	if (ret != 0)
		return ret == -ENOMEM ? ma_count_failure(&self->count, ret) : ret;
	ma_count_alloc(&self->count, cache_usable_size(alloc, got));
	*mem = got;
	return 0;
}

static int
cache_free(struct rte_memalloc *alloc, void *mem)
{
	struct cache_aware *self = (struct cache_aware *)alloc;
	struct ma_entry entry = { .owner = mem }, replaced;
	size_t size = cache_usable_size(alloc, mem);
	bool was_coloured = ma_table_take(&self->table, mem, &entry);
	int ret = rte_memalloc_free(self->wrap.inner, entry.owner);

	if (was_coloured && ret != 0)
		ma_table_add(&self->table, &entry, &replaced);
	else if (was_coloured)
		ma_table_cancel(&self->table);
	if (ret == 0)
		ma_count_free(&self->count, size);
	return ret;
}

static int
cache_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	size_t old_size = cache_usable_size(alloc, mem);

	if (old_size == 0)
		return rte_memalloc_fail(
			-EINVAL, "%p is no allocation of this allocator (cache-aware)", mem);
	if (size > old_size || size < old_size / 2 || (uintptr_t)mem % align != 0)
		return ma_move(alloc, mem, old_size, size, align, moved);
	*moved = mem;
	return 0;
}

static void
cache_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct rte_memalloc_stats inner;

	ma_wrap_stats(alloc, &inner);
	ma_count_read(&((struct cache_aware *)alloc)->count, stats);
	stats->held = inner.held > stats->allocated ? inner.held : stats->allocated;
}

static void
cache_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&((struct cache_aware *)alloc)->count);
	ma_wrap_reset_peak(alloc);
}

static int
cache_destroy(struct rte_memalloc *alloc)
{
	struct cache_aware *self = (struct cache_aware *)alloc;
	bool keeps = (alloc->flags & RTE_MEMALLOC_F_KEEPS) != 0;
	int ret = reuses(self) && !keeps ? ma_count_idle(&self->count, "cache-aware") : 0;

	if (ret == 0)
		ret = rte_memalloc_destroy(self->wrap.inner);
	if (ret != 0)
		return ret;
	ma_table_fini(&self->table);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops cache_ops = {
	.kind = "cache-aware",
	.alloc = cache_alloc,
	.free = cache_free,
	.realloc = cache_realloc,
	.usable_size = cache_usable_size,
	.stats = cache_stats,
	.reset_peak = cache_reset_peak,
	.destroy = cache_destroy,
};

int
rte_memalloc_cache_create(struct rte_memalloc *inner, const struct rte_memalloc_cache_facts *facts,
			  struct rte_memalloc **alloc)
{
	struct rte_memalloc_cache_facts own;
	struct cache_aware *self;
	struct ma_wrap *wrap;
	size_t stride;
	int ret;

	if (facts == NULL) {
		ret = rte_memalloc_cache_read(NULL, -1, &own);
		facts = &own;
	} else {
		ret = ma_cache_check(facts) == 0 ? 0 : -EINVAL;
	}
	if (ret == 0)
		ret = ma_wrap_create(inner, &cache_ops, 0, sizeof(struct cache_aware), alloc,
				     &wrap);
	if (ret != 0)
		return ret;
	self = (struct cache_aware *)wrap;
	self->line = rte_memalloc_cache_line(facts);
	stride = rte_memalloc_cache_stride(facts, 1);
	/*
	 * Sets that are no power of two are indexed in ways that nobody tells; and what stays when the
	 * allocator is destroyed has to be found again without its table.
	 */
	if ((inner->flags & RTE_MEMALLOC_F_KEEPS) == 0 && (stride & (stride - 1)) == 0 &&
	    stride > self->line && stride <= RTE_MEMALLOC_ALIGN_MAX)
		self->stride = stride;
	ma_table_init(&self->table);
	*alloc = &wrap->base;
	return 0;
}
