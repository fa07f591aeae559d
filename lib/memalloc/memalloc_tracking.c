/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "tracking": a wrapper that knows of each allocation.
 * Must not: put anything into or beside an allocation, or know the kind of what is wrapped.
 * Called by: memalloc.c through the interface, applications to create and ask one.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "memalloc_priv.h"
#include "rte_memalloc_wrap.h"

struct tracking {
	struct ma_wrap wrap;
	struct ma_table table; /* An entry's owner: its usable size. */
	struct ma_count count;
	_Atomic uint64_t asked;
	_Atomic uint64_t last_serial;
};

static uint64_t
this_thread(void)
{
	static _Thread_local uint64_t id;

	if (id == 0)
		id = (uint64_t)gettid();
	return id;
}

static size_t
usable_of(const struct ma_entry *entry)
{
	return (size_t)(uintptr_t)entry->owner;
}

/* An allocation is no more. */
static void
forget(struct tracking *self, const struct ma_entry *entry)
{
	ma_count_free(&self->count, usable_of(entry));
	/* Relaxed: a number for people, here and below. */
	atomic_fetch_sub_explicit(&self->asked, entry->size, memory_order_relaxed);
}

/* There is an allocation, for which room was promised. */
static struct ma_entry
note(struct tracking *self, void *mem, size_t size, size_t align)
{
	struct ma_entry entry = {
		.mem = mem,
		.size = size,
		.align = align,
		.serial =
			1 + atomic_fetch_add_explicit(&self->last_serial, 1, memory_order_relaxed),
		.thread = this_thread(),
		.owner = (void *)ma_wrap_usable_size(&self->wrap.base, mem),
	};
	struct ma_entry replaced;

	atomic_fetch_add_explicit(&self->asked, size, memory_order_relaxed);
	/* One of this address was freed without us: its arena was rewound. */
	if (ma_table_add(&self->table, &entry, &replaced))
		forget(self, &replaced);
	return entry;
}

static int
refuse(const void *mem)
{
	return rte_memalloc_fail(
		-EINVAL,
		"%p is no allocation of this allocator (tracking): it never was, or "
		"was freed already",
		mem);
}

static int
tracking_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct tracking *self = (struct tracking *)alloc;
	struct ma_entry entry;
	void *got;
	int ret = ma_table_promise(&self->table);

	if (ret != 0)
		return ma_count_failure(&self->count, ret);
	ret = rte_memalloc_alloc(self->wrap.inner, size, align, &got);
	if (ret != 0) {
		ma_table_cancel(&self->table);
		return ret == -ENOMEM ? ma_count_failure(&self->count, ret) : ret;
	}
	entry = note(self, got, size, align);
	ma_count_alloc(&self->count, usable_of(&entry));
	*mem = got;
	return 0;
}

static int
tracking_free(struct rte_memalloc *alloc, void *mem)
{
	struct tracking *self = (struct tracking *)alloc;
	struct ma_entry entry, replaced;
	int ret;

	/* Who takes it out is who frees it; from then on its address may be given out again. */
	if (!ma_table_take(&self->table, mem, &entry))
		return refuse(mem);
	ret = rte_memalloc_free(self->wrap.inner, mem);
	if (ret != 0) {
		ma_table_add(&self->table, &entry, &replaced);
		return ret;
	}
	ma_table_cancel(&self->table);
	forget(self, &entry);
	return 0;
}

static int
tracking_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct tracking *self = (struct tracking *)alloc;
	struct ma_entry entry, now;
	void *got;
	int ret;

	if (!ma_table_take(&self->table, mem, &entry))
		return refuse(mem);
	ret = rte_memalloc_realloc(self->wrap.inner, mem, size, align, &got);
	if (ret != 0) {
		ma_table_add(&self->table, &entry, &now);
		return ret == -ENOMEM ? ma_count_failure(&self->count, ret) : ret;
	}
	now = note(self, got, size, align);
	if (got == entry.mem) {
		ma_count_resize(&self->count, usable_of(&entry), usable_of(&now));
		atomic_fetch_sub_explicit(&self->asked, entry.size, memory_order_relaxed);
	} else {
		forget(self, &entry);
		ma_count_alloc(&self->count, usable_of(&now));
	}
	*moved = got;
	return 0;
}

static size_t
tracking_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct ma_entry entry;

	if (!ma_table_find(&((struct tracking *)alloc)->table, mem, &entry))
		return 0;
	return usable_of(&entry);
}

static void
tracking_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct rte_memalloc_stats inner;

	ma_wrap_stats(alloc, &inner);
	ma_count_read(&((struct tracking *)alloc)->count, stats);
	/* Of an allocator that does not say. */
	stats->held = inner.held > stats->allocated ? inner.held : stats->allocated;
}

static void
tracking_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&((struct tracking *)alloc)->count);
	ma_wrap_reset_peak(alloc);
}

static bool
find_oldest(const struct ma_entry *entry, void *arg)
{
	struct ma_entry *oldest = arg;

	if (oldest->mem == NULL || entry->serial < oldest->serial)
		*oldest = *entry;
	return true;
}

static int
tracking_destroy(struct rte_memalloc *alloc)
{
	struct tracking *self = (struct tracking *)alloc;
	struct ma_entry oldest = { 0 };
	int ret;

	/* Nothing that stays, or goes all at once, is a leak. */
	if ((alloc->flags & (RTE_MEMALLOC_F_REUSES | RTE_MEMALLOC_F_KEEPS)) ==
	    RTE_MEMALLOC_F_REUSES)
		ma_table_show(&self->table, find_oldest, &oldest);
	if (oldest.mem != NULL)
		return rte_memalloc_fail(-EBUSY,
					 "destroying an allocator (tracking) of which %zu "
					 "allocations are in use; the oldest, number %" PRIu64
					 ", has %zu bytes at %p, of thread %" PRIu64
					 ": free them first",
					 self->table.nb, oldest.serial, oldest.size, oldest.mem,
					 oldest.thread);
	ret = rte_memalloc_destroy(self->wrap.inner);
	if (ret != 0)
		return ret;
	ma_table_fini(&self->table);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops tracking_ops = {
	.kind = "tracking",
	.alloc = tracking_alloc,
	.free = tracking_free,
	.realloc = tracking_realloc,
	.usable_size = tracking_usable_size,
	.stats = tracking_stats,
	.reset_peak = tracking_reset_peak,
	.destroy = tracking_destroy,
};

int
rte_memalloc_tracking_create(struct rte_memalloc *inner, struct rte_memalloc **alloc)
{
	struct ma_wrap *wrap;
	int ret = ma_wrap_create(inner, &tracking_ops, RTE_MEMALLOC_F_CHECKS,
				 sizeof(struct tracking), alloc, &wrap);

	if (ret != 0)
		return ret;
	ma_table_init(&((struct tracking *)wrap)->table);
	*alloc = &wrap->base;
	return 0;
}

struct showing {
	rte_memalloc_tracked_t show;
	void *arg;
	int ret;
};

static bool
show_entry(const struct ma_entry *entry, void *arg)
{
	struct showing *showing = arg;
	struct rte_memalloc_tracked tracked = {
		.mem = entry->mem,
		.size = entry->size,
		.align = entry->align,
		.serial = entry->serial,
		.thread = entry->thread,
	};

	showing->ret = showing->show(&tracked, showing->arg);
	return showing->ret == 0;
}

int
rte_memalloc_tracking_show(struct rte_memalloc *alloc, rte_memalloc_tracked_t show, void *arg)
{
	struct showing showing = { .show = show, .arg = arg };

	if (alloc == NULL || alloc->ops != &tracking_ops || show == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "showing allocations: not of a tracking allocator, "
					 "or to nobody");
	ma_table_show(&((struct tracking *)alloc)->table, show_entry, &showing);
	return showing.ret;
}

uint64_t
rte_memalloc_tracking_asked(struct rte_memalloc *alloc)
{
	if (alloc == NULL || alloc->ops != &tracking_ops)
		return 0;
	return atomic_load_explicit(&((struct tracking *)alloc)->asked, memory_order_relaxed);
}
