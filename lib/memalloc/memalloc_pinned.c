/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "pinned": another allocator's memory, pinned by a driver.
 * Must not: know how a driver pins, or the kind of another allocator that it is given.
 * Called by: memalloc.c through the interface, applications to create one.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "memalloc_priv.h"
#include "rte_memalloc_pinned.h"
#include "rte_memalloc_region.h"

struct pinned {
	struct ma_wrap wrap;
	struct ma_count count;
	struct ma_table table; /* Of an entry's: size is pinned, owner what it is pinned by. */
	const struct rte_mempin_driver *driver;
	unsigned int device;
	uint32_t flags;
	size_t page;
};

static const struct rte_memalloc_ops pinned_ops;

static struct pinned *
pinned_of(struct rte_memalloc *alloc)
{
	return (struct pinned *)alloc;
}

static int
refuse(const void *mem)
{
	return rte_memalloc_fail(-EINVAL,
				 "%p is no allocation of this allocator of pinned memory: was it "
				 "freed twice?",
				 mem);
}

/* Note an allocation for which room was promised. */
static void
note(struct pinned *self, const struct ma_entry *entry)
{
	struct ma_entry replaced;

	ma_table_add(&self->table, entry, &replaced);
}

static int
get_pinned(struct pinned *self, size_t size, size_t align, struct ma_entry *entry)
{
	struct rte_memalloc *inner = self->wrap.inner;
	struct rte_mempin *pin;
	int ret;

	/* No page is shared with anything else, which could be pinned as well. */
	ret = rte_memalloc_alloc(inner, size, align > self->page ? align : self->page, &entry->mem);
	if (ret != 0)
		return ret;
	ret = rte_mempin_pin(self->driver, entry->mem, size, self->device, self->flags, &pin);
	if (ret != 0) {
		/* What was said is why; that this fails too would be no better reason. */
		inner->ops->free(inner, entry->mem);
		return ret;
	}
	entry->owner = pin;
	entry->size = size;
	return 0;
}

static int
pinned_get(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct pinned *self = pinned_of(alloc);
	struct ma_entry entry = { 0 };
	int ret;

	if (__builtin_add_overflow(size, self->page - 1, &size) || size > PTRDIFF_MAX)
		return ma_count_failure(&self->count,
					rte_memalloc_fail(-ENOMEM, "no object is as large"));
	ret = ma_table_promise(&self->table);
	if (ret != 0)
		return ma_count_failure(&self->count, ret);
	ret = get_pinned(self, size & ~(self->page - 1), align, &entry);
	if (ret != 0) {
		ma_table_cancel(&self->table);
		return ma_count_failure(&self->count, ret);
	}
	note(self, &entry);
	ma_count_alloc(&self->count, entry.size);
	*mem = entry.mem;
	return 0;
}

static int
pinned_free(struct rte_memalloc *alloc, void *mem)
{
	struct pinned *self = pinned_of(alloc);
	struct ma_entry entry;
	int ret;

	/* Who takes it out is who frees it. */
	if (!ma_table_take(&self->table, mem, &entry))
		return refuse(mem);
	ret = rte_mempin_unpin(entry.owner);
	if (ret == 0) {
		/* If this fails it is allocated still, and the next try has nothing to unpin. */
		entry.owner = NULL;
		ret = rte_memalloc_free(self->wrap.inner, mem);
	}
	if (ret != 0) {
		note(self, &entry);
		return ret;
	}
	ma_table_cancel(&self->table);
	ma_count_free(&self->count, entry.size);
	return 0;
}

static size_t
pinned_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct ma_entry entry;

	return ma_table_find(&pinned_of(alloc)->table, mem, &entry) ? entry.size : 0;
}

static void
pinned_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct rte_memalloc_stats inner;

	ma_wrap_stats(alloc, &inner);
	ma_count_read(&pinned_of(alloc)->count, stats);
	stats->held = inner.held;
}

static void
pinned_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&pinned_of(alloc)->count);
}

static int
pinned_destroy(struct rte_memalloc *alloc)
{
	struct pinned *self = pinned_of(alloc);
	int ret = ma_count_idle(&self->count, "pinned");

	if (ret == 0)
		ret = rte_memalloc_destroy(self->wrap.inner);
	if (ret != 0)
		return ret;
	ma_table_fini(&self->table);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops pinned_ops = {
	.kind = "pinned",
	.alloc = pinned_get,
	.free = pinned_free,
	.usable_size = pinned_usable_size,
	.stats = pinned_stats,
	.reset_peak = pinned_reset_peak,
	.destroy = pinned_destroy,
};

/* Whether the device is there, and can do what is asked: what else would fail only later. */
static int
check_device(const struct rte_mempin_driver *driver, unsigned int device, uint32_t flags)
{
	struct rte_mempin_device info;
	int ret = rte_mempin_device(driver, device, &info);

	if (ret == 0 && (flags & ~info.flags) != 0)
		ret = rte_memalloc_fail(-ENOTSUP,
					"device %u of %s (%s) can do %#x of what flags %#x ask for",
					device, driver->name, info.name, info.flags, flags);
	return ret;
}

int
rte_memalloc_pinned_create(struct rte_memalloc *inner, const struct rte_mempin_driver *driver,
			   unsigned int device, uint32_t flags, struct rte_memalloc **alloc)
{
	struct pinned *self;
	struct ma_wrap *wrap;
	int ret;

	if (inner != NULL && (inner->flags & RTE_MEMALLOC_F_REUSES) == 0)
		return rte_memalloc_fail(-EINVAL,
					 "pinning what an allocator of kind \"%s\" allocates: it "
					 "frees all at once, pinned or not",
					 inner->ops->kind);
	ret = check_device(driver, device, flags);
	if (ret != 0)
		return ret;
	ret = ma_wrap_create(inner, &pinned_ops, RTE_MEMALLOC_F_CHECKS, sizeof(*self), alloc,
			     &wrap);
	if (ret != 0)
		return ret;
	self = (struct pinned *)wrap;
	/* What is pinned is this process's: nothing stays when it is destroyed. */
	self->wrap.base.flags &= ~RTE_MEMALLOC_F_KEEPS;
	ma_table_init(&self->table);
	self->driver = driver;
	self->device = device;
	self->flags = flags;
	self->page = (size_t)sysconf(_SC_PAGESIZE);
	*alloc = &self->wrap.base;
	return 0;
}

/* Regions of the device's node, if that has memory: as much of them as the node can give. */
static int
open_regions(const struct rte_mempin_device *info, struct rte_memalloc **alloc)
{
	struct rte_memregion_opts opts = { .policy = RTE_MEMBIND_DEFAULT };

	if (info->node_id >= 0 && ma_node_for(info->node_id) == info->node_id) {
		opts.policy = RTE_MEMBIND_PREFERRED;
		rte_numa_mask_only(&opts.nodes, info->node_id);
	}
	return rte_memalloc_region_create(&opts, alloc);
}

int
rte_memalloc_pinned_open(const char *name, unsigned int device, uint32_t flags,
			 struct rte_memalloc **alloc)
{
	const struct rte_mempin_driver *driver;
	struct rte_memalloc *regions;
	struct rte_mempin_device info;
	int ret;

	ret = rte_mempin_find(name, &driver);
	if (ret == 0)
		ret = rte_mempin_device(driver, device, &info);
	if (ret == 0)
		ret = open_regions(&info, &regions);
	if (ret != 0)
		return ret;
	ret = rte_memalloc_pinned_create(regions, driver, device, flags, alloc);
	if (ret != 0)
		regions->ops->destroy(regions);
	return ret;
}

int
rte_memalloc_pinned_device_addr(struct rte_memalloc *alloc, const void *mem, unsigned int device,
				uint64_t *at)
{
	struct ma_entry entry;

	if (alloc == NULL || alloc->ops != &pinned_ops)
		return rte_memalloc_fail(-EINVAL, "this is no allocator of pinned memory");
	if (!ma_table_find(&pinned_of(alloc)->table, mem, &entry) || entry.owner == NULL)
		return refuse(mem);
	return rte_mempin_device_addr(entry.owner, mem, device, at);
}
