/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "system": the process's malloc, counted.
 * Must not: put anything of its own into or beside an allocation: malloc knows its size.
 * Called by: memalloc.c through the interface, applications to create one.
 */

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "memalloc_priv.h"
#include "rte_memalloc_system.h"

struct system_alloc {
	struct rte_memalloc base;
	struct ma_count count;
};

/* What malloc aligns to by itself. */
#define MALLOC_ALIGN _Alignof(max_align_t)

static struct system_alloc *
system_of(struct rte_memalloc *alloc)
{
	return (struct system_alloc *)alloc;
}

static int
no_memory(struct system_alloc *self, size_t size, size_t align)
{
	ma_count_failure(&self->count, -ENOMEM);
	return rte_memalloc_fail(
		-ENOMEM,
		"malloc has no %zu bytes at alignment %zu: free memory, or look at "
		"the limits of this process (ulimit -v, its cgroup)",
		size, align);
}

static int
system_get(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct system_alloc *self = system_of(alloc);
	void *got = NULL;

	if (align <= MALLOC_ALIGN)
		got = malloc(size);
	else if (posix_memalign(&got, align, size) != 0)
		got = NULL;
	if (got == NULL)
		return no_memory(self, size, align);
	ma_count_alloc(&self->count, malloc_usable_size(got));
	*mem = got;
	return 0;
}

static int
system_free(struct rte_memalloc *alloc, void *mem)
{
	ma_count_free(&system_of(alloc)->count, malloc_usable_size(mem));
	free(mem);
	return 0;
}

static int
system_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct system_alloc *self = system_of(alloc);
	size_t old_size = malloc_usable_size(mem);
	uintptr_t old = (uintptr_t)mem;
	void *got;

	/* realloc(3) knows no alignment. */
	if (align > MALLOC_ALIGN) {
		if (old % align != 0 || size > old_size || size < old_size / 2)
			return ma_move(alloc, mem, old_size, size, align, moved);
		*moved = mem;
		return 0;
	}
	got = realloc(mem, size);
	if (got == NULL)
		return no_memory(self, size, align);
	if ((uintptr_t)got == old) {
		ma_count_resize(&self->count, old_size, malloc_usable_size(got));
	} else {
		ma_count_free(&self->count, old_size);
		ma_count_alloc(&self->count, malloc_usable_size(got));
	}
	*moved = got;
	return 0;
}

static size_t
system_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	(void)alloc;
	return malloc_usable_size((void *)(uintptr_t)mem);
}

static void
system_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	ma_count_read(&system_of(alloc)->count, stats);
}

static void
system_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&system_of(alloc)->count);
}

static int
system_destroy(struct rte_memalloc *alloc)
{
	int ret = ma_count_idle(&system_of(alloc)->count, "system");

	if (ret == 0)
		free(alloc);
	return ret;
}

static const struct rte_memalloc_ops system_ops = {
	.kind = "system",
	.alloc = system_get,
	.free = system_free,
	.realloc = system_realloc,
	.usable_size = system_usable_size,
	.stats = system_stats,
	.reset_peak = system_reset_peak,
	.destroy = system_destroy,
};

int
rte_memalloc_system_create(struct rte_memalloc **alloc)
{
	struct system_alloc *self;

	if (alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "creating an allocator: nowhere to put it");
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return rte_memalloc_fail(-ENOMEM, "creating an allocator: out of memory");
	self->base = (struct rte_memalloc){
		.ops = &system_ops,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES,
	};
	*alloc = &self->base;
	return 0;
}
