/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the blocks of a file of the kind "mapped", and the lists of free ones.
 * Must not: make system calls, lock, or store to a block's first word but by ma_mapped_store().
 * Called by: memalloc_mapped.c, which holds the lock.
 *
 * A block's header has two words. The first is the truth: size, whether it is used, and a check of both
 * that belongs to this offset of this file. A change of blocks is one store to one first word, after all
 * that this store makes reachable: so after each store the blocks from the start to the end adjoin.
 * The second word, the size of the block before, and in free blocks the links of the lists are
 * hints, made anew when the file is opened.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "memalloc_mapped_priv.h"
#include "memalloc_priv.h"

#define UNIT	 UINT64_C(16)
#define SMALLEST (2 * UNIT) /* Room for the links of a free block. */

/* A first word: units << 24 | used << 23 | check. */
#define UNITS_SHIFT 24
#define USED_BIT    (UINT64_C(1) << 23)
#define CHECK_MASK  (USED_BIT - 1)

struct header {
	uint64_t word;
	uint64_t before; /* Size of the block before, 0: this is the first. */
	/* Of free blocks: */
	uint64_t next;
	uint64_t prev;
};

static struct header *
header_at(const struct ma_mapped_heap *heap, uint64_t offset)
{
	return (struct header *)(void *)(heap->base + offset);
}

/* The finalizer of SplitMix64. */
static uint64_t
check_of(uint64_t id, uint64_t offset, uint64_t word)
{
	uint64_t h = (word & ~CHECK_MASK) ^ offset ^ id;

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return (h ^ h >> 31) & CHECK_MASK;
}

static uint64_t
encode(const struct ma_mapped_heap *heap, uint64_t offset, uint64_t size, bool is_used)
{
	uint64_t word = size / UNIT << UNITS_SHIFT | (is_used ? USED_BIT : 0);

	return word | check_of(heap->id, offset, word);
}

/* False: there is no block at this offset, or its header is damaged. */
static bool
decode(const struct ma_mapped_heap *heap, uint64_t offset, struct ma_mapped_block *block)
{
	uint64_t word;

	if (offset % UNIT != 0 || offset < MA_MAPPED_START || offset >= heap->end)
		return false;
	word = header_at(heap, offset)->word;
	if ((word & CHECK_MASK) != check_of(heap->id, offset, word))
		return false;
	block->size = (word >> UNITS_SHIFT) * UNIT;
	block->is_used = (word & USED_BIT) != 0;
	return block->size >= SMALLEST && block->size <= heap->end - offset;
}

static int
damaged(uint64_t offset)
{
	return rte_memalloc_fail(-EBADMSG,
				 "the header of the block at offset %" PRIu64
				 " is damaged: was something written past the end of what is "
				 "allocated before it?",
				 offset);
}

static void
set_block(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size, bool is_used)
{
	ma_mapped_store(&header_at(heap, offset)->word, encode(heap, offset, size, is_used));
}

static void
set_before(struct ma_mapped_heap *heap, uint64_t offset, uint64_t before)
{
	/* Not where it says so already: that would make a page of the file to be written. */
	if (offset == heap->end)
		heap->last_size = before;
	else if (header_at(heap, offset)->before != before)
		header_at(heap, offset)->before = before;
}

/* ---- lists */

static unsigned int
bin_of(uint64_t size)
{
	uint64_t units = size / UNIT;
	unsigned int log2;

	if (units < 8)
		return (unsigned int)units;
	log2 = 63 - (unsigned int)__builtin_clzll(units);
	return log2 * 4 + (unsigned int)(units >> (log2 - 2) & 3) - 4;
}

static void
link_block(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size)
{
	unsigned int bin = bin_of(size);
	struct header *header = header_at(heap, offset);

	header->next = heap->bins[bin];
	header->prev = 0;
	if (header->next != 0)
		header_at(heap, header->next)->prev = offset;
	heap->bins[bin] = offset;
	heap->used[bin / 64] |= UINT64_C(1) << bin % 64;
}

/* Whether an offset, read from a file that anybody may have written to, is that of a free block. */
static bool
is_free(const struct ma_mapped_heap *heap, uint64_t offset)
{
	struct ma_mapped_block block;

	return offset == 0 || (decode(heap, offset, &block) && !block.is_used);
}

/* False: its links are damaged, and nothing is changed. */
static bool
unlink_block(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size)
{
	unsigned int bin = bin_of(size);
	uint64_t next = header_at(heap, offset)->next, prev = header_at(heap, offset)->prev;

	if (!is_free(heap, next) || !is_free(heap, prev) ||
	    (prev == 0) != (heap->bins[bin] == offset))
		return false;
	if (next != 0)
		header_at(heap, next)->prev = prev;
	if (prev != 0)
		header_at(heap, prev)->next = next;
	else
		heap->bins[bin] = next;
	if (heap->bins[bin] == 0)
		heap->used[bin / 64] &= ~(UINT64_C(1) << bin % 64);
	return true;
}

/* The first list from a bin on that is not empty; MA_MAPPED_BINS: none. */
static unsigned int
next_bin(const struct ma_mapped_heap *heap, unsigned int bin)
{
	while (bin < MA_MAPPED_BINS) {
		uint64_t used = heap->used[bin / 64] >> bin % 64;

		if (used != 0)
			return bin + (unsigned int)__builtin_ctzll(used);
		bin = (bin / 64 + 1) * 64;
	}
	return MA_MAPPED_BINS;
}

/* ---- making and loading */

void
ma_mapped_heap_format(struct ma_mapped_heap *heap, uint64_t start, uint64_t end)
{
	header_at(heap, start)->before = 0;
	set_block(heap, start, end - start, false);
}

/* Join a free block to the free one before it, where a kill came between. */
static void
join(struct ma_mapped_heap *heap, uint64_t before, uint64_t *before_size, uint64_t size)
{
	*before_size += size;
	if (!heap->read_only)
		set_block(heap, before, *before_size, false);
}

int
ma_mapped_heap_load(struct ma_mapped_heap *heap, const char *path,
		    void (*used)(uint64_t size, void *arg), void *arg)
{
	struct ma_mapped_block block;
	uint64_t at, before = 0, before_size = 0;
	bool before_is_free = false;

	for (at = MA_MAPPED_START; at < heap->end; at += block.size) {
		if (!decode(heap, at, &block))
			return rte_memalloc_fail(-EBADMSG,
						 "%s: is damaged: the header of the block at "
						 "offset %" PRIu64
						 " is wrong; restore it from a backup",
						 path, at);
		if (block.is_used)
			used(block.size - MA_MAPPED_HEADER, arg);
		if (!block.is_used && before_is_free) {
			join(heap, before, &before_size, block.size);
			continue;
		}
		if (before_is_free && !heap->read_only)
			link_block(heap, before, before_size);
		if (!heap->read_only)
			set_before(heap, at, before_size);
		before = at;
		before_size = block.size;
		before_is_free = !block.is_used;
	}
	if (before_is_free && !heap->read_only)
		link_block(heap, before, before_size);
	heap->last_size = before_size;
	return 0;
}

/* ---- giving and taking back */

/* Bytes from a free block's start to where an aligned allocation's block can begin. */
static uint64_t
lead_of(uint64_t offset, uint64_t align)
{
	uint64_t lead = -(offset + MA_MAPPED_HEADER) & (align - 1);

	/* What is left there has to be a block. */
	return lead != 0 && lead < SMALLEST ? lead + align : lead;
}

/* A free block with room. -ENOMEM: there is none. -EBADMSG, its text said: a list is damaged. */
static int
find(const struct ma_mapped_heap *heap, uint64_t size, uint64_t align, uint64_t *offset,
     uint64_t *block_size)
{
	struct ma_mapped_block block;
	unsigned int bin;
	uint64_t at;

	for (bin = next_bin(heap, bin_of(size)); bin < MA_MAPPED_BINS;
	     bin = next_bin(heap, bin + 1)) {
		for (at = heap->bins[bin]; at != 0; at = header_at(heap, at)->next) {
			if (!decode(heap, at, &block) || block.is_used)
				return damaged(at);
			if (block.size < size || block.size - size < lead_of(at, align))
				continue;
			*offset = at;
			*block_size = block.size;
			return 0;
		}
	}
	return -ENOMEM;
}

/* Block size for so many bytes. */
static uint64_t
block_size_of(uint64_t size)
{
	uint64_t all = (size + MA_MAPPED_HEADER + UNIT - 1) & ~(UNIT - 1);

	return all < SMALLEST ? SMALLEST : all;
}

/* A free block from an offset on, which is in no list yet but part of the heap. */
static void
settle(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size, uint64_t before)
{
	set_before(heap, offset, before);
	link_block(heap, offset, size);
	set_before(heap, offset + size, size);
}

int
ma_mapped_heap_alloc(struct ma_mapped_heap *heap, uint64_t size, uint64_t align, uint64_t *offset)
{
	uint64_t at = 0, all = 0, lead, rest, want = block_size_of(size);
	int ret;

	if (align < UNIT)
		align = UNIT;
	ret = find(heap, want, align, &at, &all);
	if (ret != 0)
		return ret;
	if (!unlink_block(heap, at, all))
		return damaged(at);
	lead = lead_of(at, align);
	rest = all - lead - want;
	if (rest < SMALLEST) {
		want += rest;
		rest = 0;
	}
	/* From the back to the front: the last store is the one that makes the others count. */
	if (rest != 0)
		set_block(heap, at + lead + want, rest, false);
	if (lead != 0)
		set_block(heap, at + lead, want, true);
	set_block(heap, at, lead != 0 ? lead : want, lead == 0);
	if (lead != 0)
		link_block(heap, at, lead);
	if (lead != 0)
		set_before(heap, at + lead, lead);
	if (rest != 0)
		settle(heap, at + lead + want, rest, want);
	else
		set_before(heap, at + lead + want, want);
	*offset = at + lead + MA_MAPPED_HEADER;
	return 0;
}

/* The free block before one, if that is free. False: something is damaged. */
static bool
free_before(const struct ma_mapped_heap *heap, uint64_t offset, uint64_t *size)
{
	uint64_t before = header_at(heap, offset)->before;
	struct ma_mapped_block block;

	*size = 0;
	if (offset == MA_MAPPED_START)
		return true;
	if (before > offset || !decode(heap, offset - before, &block) || block.size != before)
		return false;
	if (!block.is_used)
		*size = before;
	return true;
}

/* The free block that begins at an offset, if it is free. False: it is damaged. */
static bool
free_at(const struct ma_mapped_heap *heap, uint64_t offset, uint64_t *size)
{
	struct ma_mapped_block block;

	*size = 0;
	if (offset == heap->end)
		return true;
	if (!decode(heap, offset, &block))
		return false;
	if (!block.is_used)
		*size = block.size;
	return true;
}

/* Make a block free that is in no list, joined with what is free around it. */
static int
release(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size)
{
	uint64_t before, behind;

	if (!free_before(heap, offset, &before))
		return damaged(offset);
	if (!free_at(heap, offset + size, &behind))
		return damaged(offset + size);
	if (behind != 0 && !unlink_block(heap, offset + size, behind))
		return damaged(offset + size);
	if (before != 0 && !unlink_block(heap, offset - before, before)) {
		if (behind != 0)
			link_block(heap, offset + size, behind);
		return damaged(offset - before);
	}
	/* It is free from the first of these stores on, and whole again after the last. */
	set_block(heap, offset, size, false);
	if (behind != 0)
		set_block(heap, offset, size + behind, false);
	if (before != 0)
		set_block(heap, offset - before, before + size + behind, false);
	size += before + behind;
	offset -= before;
	link_block(heap, offset, size);
	set_before(heap, offset + size, size);
	return 0;
}

int
ma_mapped_heap_free(struct ma_mapped_heap *heap, uint64_t offset)
{
	uint64_t size = ma_mapped_heap_size(heap, offset);

	return release(heap, offset - MA_MAPPED_HEADER, size + MA_MAPPED_HEADER);
}

int
ma_mapped_heap_extend(struct ma_mapped_heap *heap, uint64_t end)
{
	uint64_t old = heap->end;

	heap->end = end;
	set_before(heap, old, heap->last_size);
	return release(heap, old, end - old);
}

bool
ma_mapped_heap_resize(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size)
{
	uint64_t at = offset - MA_MAPPED_HEADER, want = block_size_of(size), behind = 0, rest;
	uint64_t has = ma_mapped_heap_size(heap, offset) + MA_MAPPED_HEADER, all;

	if (!free_at(heap, at + has, &behind))
		return false;
	all = has + behind;
	if (all < want)
		return false;
	rest = all - want;
	if (rest < SMALLEST) {
		want = all;
		rest = 0;
	}
	if (want == has)
		return true;
	if (behind != 0 && !unlink_block(heap, at + has, behind))
		return false;
	if (rest != 0)
		set_block(heap, at + want, rest, false);
	set_block(heap, at, want, true);
	if (rest != 0)
		settle(heap, at + want, rest, want);
	else
		set_before(heap, at + want, want);
	return true;
}

uint64_t
ma_mapped_heap_size(const struct ma_mapped_heap *heap, uint64_t offset)
{
	struct ma_mapped_block block;

	if (offset < MA_MAPPED_HEADER || !decode(heap, offset - MA_MAPPED_HEADER, &block) ||
	    !block.is_used)
		return 0;
	return block.size - MA_MAPPED_HEADER;
}

uint64_t
ma_mapped_heap_next(const struct ma_mapped_heap *heap, uint64_t offset)
{
	uint64_t at = MA_MAPPED_START, size;
	struct ma_mapped_block block;

	if (offset != 0) {
		size = ma_mapped_heap_size(heap, offset);
		if (size == 0)
			return 0;
		at = offset + size;
	}
	while (decode(heap, at, &block)) {
		if (block.is_used)
			return at + MA_MAPPED_HEADER;
		at += block.size;
	}
	return 0;
}
