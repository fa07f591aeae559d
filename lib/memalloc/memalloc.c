/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the calls of the interface: arguments are checked here, once, for every kind.
 * Must not: know any kind.
 * Called by: applications; the kinds that wrap others.
 */

#include <errno.h>
#include <string.h>

#include "memalloc_priv.h"

int
ma_alloc_check(const struct rte_memalloc *alloc, size_t size, size_t *align, void *const *out)
{
	if (alloc == NULL || out == NULL)
		return rte_memalloc_fail(-EINVAL, "allocating: no allocator, or nowhere to put it");
	if (size == 0)
		return rte_memalloc_fail(-EINVAL, "allocating 0 bytes: ask for 1 at least");
	if (*align == 0)
		*align = RTE_MEMALLOC_ALIGN;
	if ((*align & (*align - 1)) != 0 || *align > RTE_MEMALLOC_ALIGN_MAX)
		return rte_memalloc_fail(-EINVAL, "alignment %zu is not a power of two up to 1 GiB",
					 *align);
	if (size > PTRDIFF_MAX)
		return rte_memalloc_fail(-ENOMEM, "allocating %zu bytes: no object is as large",
					 size);
	return 0;
}

int
rte_memalloc_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	int ret = ma_alloc_check(alloc, size, &align, mem);

	return ret != 0 ? ret : alloc->ops->alloc(alloc, size, align, mem);
}

int
rte_memalloc_free(struct rte_memalloc *alloc, void *mem)
{
	if (alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "freeing %p: no allocator", mem);
	return mem == NULL ? 0 : alloc->ops->free(alloc, mem);
}

int
ma_move(struct rte_memalloc *alloc, void *mem, size_t old_size, size_t size, size_t align,
	void **moved)
{
	void *other;
	int ret;

	ret = alloc->ops->alloc(alloc, size, align, &other);
	if (ret != 0)
		return ret;
	memcpy(other, mem, size < old_size ? size : old_size);
	ret = alloc->ops->free(alloc, mem);
	if (ret != 0) {
		alloc->ops->free(alloc, other);
		return ret;
	}
	*moved = other;
	return 0;
}

int
rte_memalloc_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	size_t old_size;
	int ret = ma_alloc_check(alloc, size, &align, moved);

	if (ret != 0)
		return ret;
	if (mem == NULL)
		return alloc->ops->alloc(alloc, size, align, moved);
	if (alloc->ops->realloc != NULL)
		return alloc->ops->realloc(alloc, mem, size, align, moved);
	old_size = alloc->ops->usable_size(alloc, mem);
	if (old_size == 0)
		return rte_memalloc_fail(-EINVAL, "%p is no allocation of this allocator (%s)", mem,
					 alloc->ops->kind);
	return ma_move(alloc, mem, old_size, size, align, moved);
}

size_t
rte_memalloc_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	return alloc == NULL || mem == NULL ? 0 : alloc->ops->usable_size(alloc, mem);
}

int
rte_memalloc_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	if (alloc == NULL || stats == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "statistics: no allocator, or nowhere to put them");
	alloc->ops->stats(alloc, stats);
	return 0;
}

int
rte_memalloc_reset_peak(struct rte_memalloc *alloc)
{
	if (alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "resetting the peak: no allocator");
	alloc->ops->reset_peak(alloc);
	return 0;
}

int
rte_memalloc_destroy(struct rte_memalloc *alloc)
{
	return alloc == NULL ? 0 : alloc->ops->destroy(alloc);
}
