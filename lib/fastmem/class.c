/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the size classes: which there are, how their blocks lie in page runs, which serves what.
 * Must not keep state: all of it is fixed when the library is loaded.
 * Called by everyone.
 *
 * Every 64 bytes to 1 KiB, then eight steps a doubling to 16 KiB, each in the shortest run of
 * pages that wastes at most 3.1 %; above that runs of whole pages, 512 / n of them for the n that
 * a slab holds, so that 100 KiB packs 97.7 % of a slab and 1 MiB all of it.
 */

#include "fastmem_priv.h"

#include <rte_common.h>

/* What a thread keeps of a class: the smaller of the two, an even number. */
#define MAX_ENTRIES 256
#define MAX_BYTES   (256 * 1024)

/* As rte_fastmem_class_compute(), of units of 64 bytes less one, as a constant. */
#define CLASS_OF(u) \
	((u) < 16  ? (u) : \
	 (u) < 32  ? 8 + (u) / 2 : \
	 (u) < 64  ? 16 + (u) / 4 : \
	 (u) < 128 ? 24 + (u) / 8 : \
		     32 + (u) / 16)
#define SLOT_OF(u) (uint8_t)(CLASS_OF(u) * FM_SLOT_UNITS)
#define MAP4(u)	   SLOT_OF(u), SLOT_OF(u + 1), SLOT_OF(u + 2), SLOT_OF(u + 3)
#define MAP16(u)   MAP4(u), MAP4(u + 4), MAP4(u + 8), MAP4(u + 12)
#define MAP64(u)   MAP16(u), MAP16(u + 16), MAP16(u + 32), MAP16(u + 48)

const uint8_t rte_fastmem_class_map[] = {
	0, MAP64(0), MAP64(64), MAP64(128), MAP64(192),
};

struct fm_class fm_class[FM_CLASSES];

static const uint16_t span_pages[FM_CLASSES - FM_FAST_CLASSES] = {
	5,  6,	7,  8,	9,  10, 11, 12, 13, 14, 16,  18,  20,  22,  25,
	28, 32, 36, 42, 46, 51, 56, 64, 73, 85, 102, 128, 170, 256,
};

/* Pages of the shortest run that wastes at most 1/32; where there is none, of the thriftiest. */
static unsigned int
run_pages(unsigned int size)
{
	unsigned int pages, bytes, best = 0, best_waste = 0;

	for (pages = 1; pages <= 16; pages++) {
		bytes = pages << FM_PAGE_SHIFT;
		if (bytes < size || bytes / size > 64)
			continue;
		if (bytes % size * 32 <= bytes)
			return pages;
		/* Cross-multiplied: waste / bytes < best_waste / best bytes. */
		if (best == 0 || bytes % size * best < best_waste * pages) {
			best = pages;
			best_waste = bytes % size;
		}
	}
	return best;
}

static void
class_init(struct fm_class *c, unsigned int size, unsigned int pages)
{

	c->size = size;
	c->pages = (uint16_t)pages;
	c->blocks = (uint8_t)((pages << FM_PAGE_SHIFT) / size);
	/* Rounded up: exact for where blocks start, not for every byte in one. */
	c->reciprocal = (uint32_t)(((UINT64_C(1) << 32) + size - 1) / size);
	c->entries = (uint16_t)RTE_MIN(MAX_BYTES / size & ~1u, (unsigned int)MAX_ENTRIES);
	/*
	 * Most of them at a time, since another thread's cache lines cost as much for one as for
	 * many; but not all, or two calls in turn could each move a batch.
	 */
	c->batch = (uint16_t)(c->entries > 2 ? c->entries * 3 / 4 : c->entries / 2);
}

RTE_INIT(fm_class_init)
{
	unsigned int i, size, array = 0;

	for (i = 0; i < FM_CLASSES; i++) {
		if (i < 16)
			size = (i + 1) * 64;
		else if (i < FM_FAST_CLASSES)
			size = (9 + (i - 16) % 8) * 128 << (i - 16) / 8;
		else
			size = (unsigned int)span_pages[i - FM_FAST_CLASSES] << FM_PAGE_SHIFT;
		class_init(&fm_class[i], size,
			   i < FM_FAST_CLASSES ? run_pages(size) : span_pages[i - FM_FAST_CLASSES]);
		fm_class[i].array = (uint16_t)array;
		array += fm_class[i].entries;
	}
}

unsigned int
fm_class_array_len(void)
{
	const struct fm_class *last = &fm_class[FM_CLASSES - 1];

	return last->array + last->entries;
}

unsigned int
fm_class_of(size_t size, size_t align)
{
	unsigned int cls;

	if (size <= RTE_FASTMEM_FAST_SIZE)
		cls = rte_fastmem_class_compute(size);
	else
		for (cls = FM_FAST_CLASSES; fm_class[cls].size < size; cls++)
			;
	/* Runs start at a page, so blocks of a size divisible by it are aligned; 1 MiB always is. */
	while (fm_class[cls].size % align != 0)
		cls++;
	return cls;
}

unsigned int
fm_class_exact(size_t size)
{
	unsigned int cls;

	if (size > RTE_FASTMEM_MAX_SIZE)
		return FM_CLASSES;
	cls = fm_class_of(size, 1);
	return fm_class[cls].size == size ? cls : FM_CLASSES;
}

size_t
rte_fastmem_max_size(void)
{
	return RTE_FASTMEM_MAX_SIZE;
}

unsigned int
rte_fastmem_classes(size_t *sizes)
{
	unsigned int i;

	for (i = 0; sizes != NULL && i < FM_CLASSES; i++)
		sizes[i] = fm_class[i].size;
	return FM_CLASSES;
}
