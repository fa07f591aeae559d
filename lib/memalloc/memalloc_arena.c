/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "arena": its blocks, marks, and what of an allocation is not inlined.
 * Must not: touch a block's memory but for sizes and marks, or give a block back unasked.
 * Called by: memalloc.c through the interface, applications, the functions inlined into them.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_priv.h"
#include "rte_memalloc_arena.h"

struct block {
	struct block *next;
	struct rte_memregion *region;
	uintptr_t start;
	uintptr_t end;
};

/* A mark, in the arena's own memory: whoever rewinds past it frees it too. */
struct note {
	struct note *older;
	uint64_t serial;
	struct block *block;
	uint64_t before; /* as in the arena */
};

/*
 * I1. block is the one that next and end are of; blocks behind it in the list hold nothing.
 * I2. start <= next <= end.
 * I3. newest is NULL or lies in what is in use, and so do all that it leads to, each after the next.
 */
struct arena {
	struct rte_memalloc_arena open;
	struct block *blocks; /* The first never changes. */
	struct block *block;
	struct note *newest;
	uint64_t last_serial;
	uint64_t before; /* Bytes in use of blocks before this one. */
	uint64_t gone;	 /* Bytes ever in use that are not any more. */
	uint64_t peak;
	uint64_t held;
	uint64_t nb_frees;
	uint64_t nb_failed;
	size_t grow; /* The size of the next block. */
	size_t max_size;
	bool overflows;
	struct ma_region_opts region;
};

_Static_assert(offsetof(struct rte_memalloc_arena, next) == 16, "inlined in applications");
_Static_assert(offsetof(struct rte_memalloc_arena, end) == 24, "inlined in applications");
_Static_assert(offsetof(struct rte_memalloc_arena, nb_allocs) == 32, "inlined in applications");

static struct arena *
arena_of(struct rte_memalloc *alloc)
{
	return (struct arena *)alloc;
}

static size_t *
size_of(const void *mem)
{
	return (size_t *)(uintptr_t)mem - 1;
}

static uint64_t
used(const struct arena *self)
{
	return self->before + self->open.next - self->block->start;
}

/* From now on as much as this is in use, in this block and those before. */
static void
go_back(struct arena *self, struct block *block, uint64_t before, uintptr_t next)
{
	uint64_t was = used(self);

	if (was > self->peak)
		self->peak = was;
	self->block = block;
	self->before = before;
	self->open.next = next;
	self->open.end = block->end;
	self->gone += was - used(self);
}

/* ---- blocks */

static int
block_create(struct arena *self, size_t size, struct block **made)
{
	struct block *block = malloc(sizeof(*block));
	int ret;

	if (block == NULL)
		return rte_memalloc_fail(-ENOMEM, "a block of an arena: out of memory");
	ret = rte_memregion_create(size, &self->region.opts, &block->region);
	if (ret != 0) {
		free(block);
		return rte_memalloc_fail(ret, "a block of an arena: %s", rte_memregion_error());
	}
	block->next = NULL;
	block->start = (uintptr_t)rte_memregion_addr(block->region);
	block->end = block->start + rte_memregion_size(block->region);
	self->held += block->end - block->start;
	*made = block;
	return 0;
}

static int
block_destroy(struct arena *self, struct block *block)
{
	int ret = rte_memregion_destroy(block->region);

	if (ret != 0)
		return rte_memalloc_fail(ret, "giving a block of an arena back: munmap: %s",
					 strerror(-ret));
	self->held -= block->end - block->start;
	free(block);
	return 0;
}

static int
full(struct arena *self, size_t size, size_t align)
{
	struct ma_size_text held;

	self->nb_failed++;
	return rte_memalloc_fail(-ENOMEM,
				 "%zu bytes at alignment %zu from an arena of %s of which %" PRIu64
				 " are in use%s: reset it, or make it larger",
				 size, align, ma_size_text(&held, self->held), used(self),
				 self->overflows ? ", and its bound is reached" : "");
}

/* The size of a further block that has so many bytes; 0: the bound does not permit it. */
static size_t
grown(const struct arena *self, size_t needed)
{
	size_t room = self->max_size == 0	  ? SIZE_MAX :
		      self->max_size > self->held ? self->max_size - self->held :
						    0;

	if (!self->overflows || needed > room)
		return 0;
	if (self->grow > room)
		return room;
	return self->grow > needed ? self->grow : needed;
}

/* Make another block the current one: one that is there and large enough, or a new one. */
static int
next_block(struct arena *self, size_t size, size_t align)
{
	/* Wherever it may begin. */
	size_t needed = size + align + RTE_MEMALLOC_ARENA_HEADER, new_size;
	struct block **link = &self->block->next, *block;
	int ret;

	while (*link != NULL && (*link)->end - (*link)->start < needed)
		link = &(*link)->next;
	block = *link;
	if (block != NULL) {
		*link = block->next;
	} else {
		new_size = grown(self, needed);
		if (new_size == 0)
			return full(self, size, align);
		ret = block_create(self, new_size, &block);
		if (ret != 0) {
			self->nb_failed++;
			return ret;
		}
		/* A region is of whole pages, of whatever size these turned out to be. */
		if (self->max_size != 0 && self->held > self->max_size) {
			block_destroy(self, block);
			return full(self, size, align);
		}
		if (self->grow <= SIZE_MAX / 4)
			self->grow *= 2;
	}
	block->next = self->block->next;
	self->block->next = block;
	self->before = used(self);
	self->block = block;
	self->open.next = block->start;
	self->open.end = block->end;
	return 0;
}

/* ---- the interface */

static int
arena_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct arena *self = arena_of(alloc);
	uintptr_t at;
	int ret;

	if (align < RTE_MEMALLOC_ARENA_HEADER)
		align = RTE_MEMALLOC_ARENA_HEADER;
	for (;;) {
		at = (self->open.next + RTE_MEMALLOC_ARENA_HEADER + align - 1) & ~(align - 1);
		if (at <= self->open.end && size <= self->open.end - at)
			break;
		ret = next_block(self, size, align);
		if (ret != 0)
			return ret;
	}
	*size_of((void *)at) = size;
	self->open.next = at + size;
	self->open.nb_allocs++;
	*mem = (void *)at;
	return 0;
}

void *
rte_memalloc_arena_alloc_slow(struct rte_memalloc_arena *arena, size_t size, size_t align)
{
	void *mem;
	int ret = rte_memalloc_alloc(&arena->base, size, align, &mem);

	if (ret != 0) {
		errno = -ret;
		return NULL;
	}
	return mem;
}

/*
 * Whether it is the last one in the block, so that its end may be moved. What a later one that was
 * freed took to be aligned may lie behind it: not enough for any allocation.
 */
static bool
is_newest(const struct arena *self, const void *mem)
{
	uintptr_t at = (uintptr_t)mem, after;

	if (at <= self->block->start || at >= self->open.next)
		return false;
	after = at + *size_of(mem);
	return after <= self->open.next &&
	       self->open.next <= ((after + RTE_MEMALLOC_ARENA_HEADER + RTE_MEMALLOC_ALIGN - 1) &
				   ~(uintptr_t)(RTE_MEMALLOC_ALIGN - 1)) -
					  RTE_MEMALLOC_ARENA_HEADER;
}

static int
arena_free(struct rte_memalloc *alloc, void *mem)
{
	struct arena *self = arena_of(alloc);

	self->nb_frees++;
	if (is_newest(self, mem))
		go_back(self, self->block, self->before, (uintptr_t)size_of(mem));
	return 0;
}

static int
arena_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct arena *self = arena_of(alloc);
	uintptr_t at = (uintptr_t)mem;
	size_t old_size = *size_of(mem);

	if (at % align == 0 && is_newest(self, mem) && size <= self->open.end - at) {
		if (size < old_size)
			go_back(self, self->block, self->before, at + size);
		self->open.next = at + size;
		*size_of(mem) = size;
	} else if (at % align != 0 || size > old_size) {
		return ma_move(alloc, mem, old_size, size, align, moved);
	}
	*moved = mem;
	return 0;
}

static size_t
arena_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	(void)alloc;
	return *size_of(mem);
}

static void
arena_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct arena *self = arena_of(alloc);
	uint64_t now = used(self);

	*stats = (struct rte_memalloc_stats){
		.allocated = now,
		.peak = now > self->peak ? now : self->peak,
		.held = self->held,
		.total = self->gone + now,
		.nb_allocs = self->open.nb_allocs,
		.nb_frees = self->nb_frees,
		.nb_failed = self->nb_failed,
	};
}

static void
arena_reset_peak(struct rte_memalloc *alloc)
{
	arena_of(alloc)->peak = 0;
}

static int
arena_destroy(struct rte_memalloc *alloc)
{
	struct arena *self = arena_of(alloc);
	struct block *block;
	int ret;

	rte_memalloc_arena_reset(&self->open);
	ret = rte_memalloc_arena_trim(&self->open);
	if (ret != 0)
		return ret;
	block = self->blocks;
	ret = block_destroy(self, block);
	if (ret == 0)
		free(self);
	return ret;
}

static const struct rte_memalloc_ops arena_ops = {
	.kind = "arena",
	.alloc = arena_alloc,
	.free = arena_free,
	.realloc = arena_realloc,
	.usable_size = arena_usable_size,
	.stats = arena_stats,
	.reset_peak = arena_reset_peak,
	.destroy = arena_destroy,
};

/* ---- what only an arena does */

int
rte_memalloc_arena_mark(struct rte_memalloc_arena *arena, struct rte_memalloc_arena_mark *mark)
{
	struct arena *self = (struct arena *)arena;
	struct note *note;
	void *mem;
	int ret;

	if (arena == NULL || mark == NULL)
		return rte_memalloc_fail(-EINVAL, "a mark: no arena, or nowhere to put it");
	ret = arena_alloc(&arena->base, sizeof(*note), _Alignof(struct note), &mem);
	if (ret != 0)
		return ret;
	arena->nb_allocs--;
	note = mem;
	*note = (struct note){
		.older = self->newest,
		.serial = ++self->last_serial,
		.block = self->block,
		.before = self->before,
	};
	self->newest = note;
	*mark = (struct rte_memalloc_arena_mark){ .at = note, .serial = note->serial };
	return 0;
}

int
rte_memalloc_arena_rewind(struct rte_memalloc_arena *arena,
			  const struct rte_memalloc_arena_mark *mark)
{
	struct arena *self = (struct arena *)arena;
	struct note *note;

	if (arena == NULL || mark == NULL)
		return rte_memalloc_fail(-EINVAL, "rewinding: no arena, or no mark");
	/* Only notes that are known to be there are looked at. */
	for (note = self->newest; note != NULL && note->serial > mark->serial;)
		note = note->older;
	if (note == NULL || note != mark->at)
		return rte_memalloc_fail(
			-EINVAL, "rewinding to a mark that is not this arena's, or was before it "
				 "was reset, or rewound further");
	self->newest = note;
	go_back(self, note->block, note->before, (uintptr_t)(note + 1));
	return 0;
}

void
rte_memalloc_arena_reset(struct rte_memalloc_arena *arena)
{
	struct arena *self = (struct arena *)arena;

	self->newest = NULL;
	go_back(self, self->blocks, 0, self->blocks->start);
}

int
rte_memalloc_arena_trim(struct rte_memalloc_arena *arena)
{
	struct arena *self = (struct arena *)arena;
	struct block *block;
	int ret;

	while ((block = self->block->next) != NULL) {
		struct block *next = block->next;

		ret = block_destroy(self, block);
		if (ret != 0)
			return ret;
		self->block->next = next;
	}
	return 0;
}

struct rte_memregion *
rte_memalloc_arena_region(const struct rte_memalloc_arena *arena, unsigned int n)
{
	const struct block *block = ((const struct arena *)arena)->blocks;

	while (n > 0 && block != NULL) {
		block = block->next;
		n--;
	}
	return block == NULL ? NULL : block->region;
}

static int
check(const struct rte_memalloc_arena_opts *opts, size_t size,
      struct rte_memalloc_arena *const *out)
{
	if (out == NULL)
		return rte_memalloc_fail(-EINVAL, "creating an arena: nowhere to put it");
	if ((opts->flags & ~RTE_MEMALLOC_ARENA_F_OVERFLOW) != 0)
		return rte_memalloc_fail(-EINVAL, "creating an arena: unknown flags %#x",
					 opts->flags & ~RTE_MEMALLOC_ARENA_F_OVERFLOW);
	if (opts->max_size != 0 && opts->max_size < size)
		return rte_memalloc_fail(-EINVAL,
					 "creating an arena of %zu bytes that may not exceed %zu",
					 size, opts->max_size);
	return 0;
}

int
rte_memalloc_arena_create(const struct rte_memalloc_arena_opts *opts,
			  struct rte_memalloc_arena **arena)
{
	static const struct rte_memalloc_arena_opts none;
	struct arena *self;
	size_t size;
	int ret;

	if (opts == NULL)
		opts = &none;
	size = opts->size == 0 ? RTE_MEMALLOC_ARENA_SIZE : opts->size;
	ret = check(opts, size, arena);
	if (ret != 0)
		return ret;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return rte_memalloc_fail(-ENOMEM, "creating an arena: out of memory");
	self->open.base.ops = &arena_ops;
	self->overflows = (opts->flags & RTE_MEMALLOC_ARENA_F_OVERFLOW) != 0;
	self->max_size = opts->max_size;
	ma_region_opts_keep(&self->region, opts->region);
	ret = block_create(self, size, &self->blocks);
	if (ret != 0) {
		free(self);
		return ret;
	}
	self->grow = size <= SIZE_MAX / 4 ? size * 2 : size;
	self->block = self->blocks;
	self->open.next = self->block->start;
	self->open.end = self->block->end;
	*arena = &self->open;
	return 0;
}
