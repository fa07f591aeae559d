/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what wrappers have in common, and the two simplest kinds: "locked" and "limit".
 * Must not: know the kind of what is wrapped.
 * Called by: memalloc.c through the interface, applications to create one; other wrappers.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "memalloc_priv.h"
#include "rte_memalloc_wrap.h"

static struct rte_memalloc *
inner_of(struct rte_memalloc *alloc)
{
	return ((struct ma_wrap *)alloc)->inner;
}

int
ma_wrap_create(struct rte_memalloc *inner, const struct rte_memalloc_ops *ops, uint32_t more,
	       size_t size, struct rte_memalloc *const *out, struct ma_wrap **wrap)
{
	struct ma_wrap *made;

	if (inner == NULL || out == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "wrapping an allocator (%s): none, or nowhere to put it",
					 ops->kind);
	made = calloc(1, size);
	if (made == NULL)
		return rte_memalloc_fail(-ENOMEM, "wrapping an allocator (%s): out of memory",
					 ops->kind);
	made->base.ops = ops;
	made->base.flags = inner->flags | more;
	made->inner = inner;
	*wrap = made;
	return 0;
}

size_t
ma_wrap_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct rte_memalloc *inner = inner_of(alloc);

	return inner->ops->usable_size(inner, mem);
}

void
ma_wrap_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct rte_memalloc *inner = inner_of(alloc);

	inner->ops->stats(inner, stats);
}

void
ma_wrap_reset_peak(struct rte_memalloc *alloc)
{
	struct rte_memalloc *inner = inner_of(alloc);

	inner->ops->reset_peak(inner);
}

/* ---- locked */

struct locked {
	struct ma_wrap wrap;
	pthread_mutex_t lock;
};

static struct locked *
lock(struct rte_memalloc *alloc)
{
	struct locked *self = (struct locked *)alloc;

	pthread_mutex_lock(&self->lock);
	return self;
}

static void
unlock(struct locked *self)
{
	pthread_mutex_unlock(&self->lock);
}

static int
locked_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct locked *self = lock(alloc);
	int ret = rte_memalloc_alloc(self->wrap.inner, size, align, mem);

	unlock(self);
	return ret;
}

static int
locked_free(struct rte_memalloc *alloc, void *mem)
{
	struct locked *self = lock(alloc);
	int ret = rte_memalloc_free(self->wrap.inner, mem);

	unlock(self);
	return ret;
}

static int
locked_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct locked *self = lock(alloc);
	int ret = rte_memalloc_realloc(self->wrap.inner, mem, size, align, moved);

	unlock(self);
	return ret;
}

static size_t
locked_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct locked *self = lock(alloc);
	size_t size = ma_wrap_usable_size(alloc, mem);

	unlock(self);
	return size;
}

static void
locked_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct locked *self = lock(alloc);

	ma_wrap_stats(alloc, stats);
	unlock(self);
}

static void
locked_reset_peak(struct rte_memalloc *alloc)
{
	struct locked *self = lock(alloc);

	ma_wrap_reset_peak(alloc);
	unlock(self);
}

static int
locked_destroy(struct rte_memalloc *alloc)
{
	struct locked *self = (struct locked *)alloc;
	int ret = rte_memalloc_destroy(self->wrap.inner);

	if (ret != 0)
		return ret;
	pthread_mutex_destroy(&self->lock);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops locked_ops = {
	.kind = "locked",
	.alloc = locked_alloc,
	.free = locked_free,
	.realloc = locked_realloc,
	.usable_size = locked_usable_size,
	.stats = locked_stats,
	.reset_peak = locked_reset_peak,
	.destroy = locked_destroy,
};

int
rte_memalloc_locked_create(struct rte_memalloc *inner, struct rte_memalloc **alloc)
{
	struct ma_wrap *wrap;
	int ret = ma_wrap_create(inner, &locked_ops, RTE_MEMALLOC_F_THREAD_SAFE,
				 sizeof(struct locked), alloc, &wrap);

	if (ret != 0)
		return ret;
	pthread_mutex_init(&((struct locked *)wrap)->lock, NULL);
	*alloc = &wrap->base;
	return 0;
}

/* ---- limit */

/*
 * I1. With reuse: used is at least the sum of all usable sizes, and at most max. Without: the bytes
 *     of calls under way, which count beside what the inner one says is allocated.
 * All accesses to used are relaxed: a count orders nothing.
 */
struct limit {
	struct ma_wrap wrap;
	uint64_t max;
	_Atomic uint64_t used;
	_Atomic uint64_t nb_refused;
};

static bool
reuses(const struct limit *self)
{
	return (self->wrap.base.flags & RTE_MEMALLOC_F_REUSES) != 0;
}

static void
give_back(struct limit *self, uint64_t size)
{
	atomic_fetch_sub_explicit(&self->used, size, memory_order_relaxed);
}

static int
refuse(struct limit *self, uint64_t size, uint64_t used)
{
	atomic_fetch_add_explicit(&self->nb_refused, 1, memory_order_relaxed);
	return rte_memalloc_fail(-ENOMEM,
				 "%" PRIu64 " bytes more would exceed the limit of %" PRIu64
				 " bytes, of which %" PRIu64 " are in use: free some, or set it "
				 "higher",
				 size, self->max, used);
}

/* Count bytes before they are allocated. */
static int
take(struct limit *self, uint64_t size)
{
	struct rte_memalloc_stats stats = { 0 };
	uint64_t used = atomic_fetch_add_explicit(&self->used, size, memory_order_relaxed);

	if (!reuses(self))
		ma_wrap_stats(&self->wrap.base, &stats);
	used += stats.allocated;
	/* Both sums are of real memory, but for size. */
	if (size <= self->max && used <= self->max - size)
		return 0;
	give_back(self, size);
	return refuse(self, size, used);
}

/* So many bytes were counted, and so many are really used; 0, or they exceed the limit. */
static int
settle(struct limit *self, uint64_t counted, uint64_t size)
{
	uint64_t used;

	if (!reuses(self) || size <= counted) {
		give_back(self, reuses(self) ? counted - size : counted);
		return 0;
	}
	used = atomic_fetch_add_explicit(&self->used, size - counted, memory_order_relaxed);
	if (used + size - counted <= self->max)
		return 0;
	give_back(self, size);
	return refuse(self, size, used - counted);
}

static int
limit_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct limit *self = (struct limit *)alloc;
	void *got;
	int ret = take(self, size);

	if (ret != 0)
		return ret;
	ret = rte_memalloc_alloc(self->wrap.inner, size, align, &got);
	if (ret != 0) {
		give_back(self, size);
		return ret;
	}
	ret = settle(self, size, ma_wrap_usable_size(alloc, got));
	if (ret != 0)
		rte_memalloc_free(self->wrap.inner, got);
	else
		*mem = got;
	return ret;
}

static int
limit_free(struct rte_memalloc *alloc, void *mem)
{
	struct limit *self = (struct limit *)alloc;
	size_t size = reuses(self) ? ma_wrap_usable_size(alloc, mem) : 0;
	int ret = rte_memalloc_free(self->wrap.inner, mem);

	if (ret == 0)
		give_back(self, size);
	return ret;
}

static int
limit_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct limit *self = (struct limit *)alloc;
	size_t old_size = ma_wrap_usable_size(alloc, mem);
	size_t more = size > old_size ? size - old_size : 0;
	void *got;
	int ret = take(self, more);

	if (ret != 0)
		return ret;
	ret = rte_memalloc_realloc(self->wrap.inner, mem, size, align, &got);
	if (ret != 0) {
		give_back(self, more);
		return ret;
	}
	/* It is done: what rounding adds may exceed the limit here. */
	if (reuses(self))
		atomic_fetch_add_explicit(&self->used,
					  ma_wrap_usable_size(alloc, got) - old_size - more,
					  memory_order_relaxed);
	else
		give_back(self, more);
	*moved = got;
	return 0;
}

static void
limit_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct limit *self = (struct limit *)alloc;

	ma_wrap_stats(alloc, stats);
	stats->nb_failed += atomic_load_explicit(&self->nb_refused, memory_order_relaxed);
}

static int
limit_destroy(struct rte_memalloc *alloc)
{
	int ret = rte_memalloc_destroy(inner_of(alloc));

	if (ret == 0)
		free(alloc);
	return ret;
}

static const struct rte_memalloc_ops limit_ops = {
	.kind = "limit",
	.alloc = limit_alloc,
	.free = limit_free,
	.realloc = limit_realloc,
	.usable_size = ma_wrap_usable_size,
	.stats = limit_stats,
	.reset_peak = ma_wrap_reset_peak,
	.destroy = limit_destroy,
};

int
rte_memalloc_limit_create(struct rte_memalloc *inner, uint64_t size, struct rte_memalloc **alloc)
{
	struct rte_memalloc_stats stats;
	struct limit *self;
	struct ma_wrap *wrap;
	int ret = ma_wrap_create(inner, &limit_ops, 0, sizeof(struct limit), alloc, &wrap);

	if (ret != 0)
		return ret;
	self = (struct limit *)wrap;
	self->max = size;
	if (reuses(self)) {
		ma_wrap_stats(&wrap->base, &stats);
		atomic_init(&self->used, stats.allocated);
	}
	*alloc = &wrap->base;
	return 0;
}
