/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a worker's dealings with fastmem: handles, what is in use, what it was at most.
 * Must not: know what the objects are; must not be shared between workers.
 * Called by: flow.c, reassembly.c and worker.c.
 */

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "mem.h"

/*
 * How many flows one allocation may cost. Dropping frees blocks of other sizes than the one that
 * is missing, and a page of them has to be wholly free before it can serve another size.
 */
#define RECLAIMS_MAX 64

/* The class that serves a size: the first that it fits, for cache-line alignment. */
static unsigned int
class_of(const struct mem *mem, size_t size)
{
	unsigned int low = 0;
	unsigned int high = mem->nb_classes - 1;
	unsigned int mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (mem->class_size[mid] < size)
			low = mid + 1;
		else
			high = mid;
	}
	while (mem->class_size[low] % RTE_CACHE_LINE_SIZE != 0 && low + 1 < mem->nb_classes)
		low++;
	return low;
}

int
mem_init(struct mem *mem, int node_id, const size_t sizes[MEM_SEGMENT])
{
	unsigned int kind;
	int ret;

	memset(mem, 0, sizeof(*mem));
	mem->node_id = node_id;
	mem->nb_classes = rte_fastmem_classes(mem->class_size);
	for (kind = 0; kind < MEM_SEGMENT; kind++) {
		ret = rte_fastmem_hlookup(sizes[kind], 0, node_id, &mem->handles[kind]);
		if (ret != 0)
			return ret;
		mem->kind_class[kind] = class_of(mem, sizes[kind]);
	}
	return 0;
}

static void
count_alloc(struct mem *mem, enum mem_kind kind, unsigned int class_index)
{
	struct mem_kind_use *use = &mem->use.kinds[kind];
	struct mem_class_use *blocks = &mem->use.classes[class_index];
	size_t size = mem->class_size[class_index];

	use->allocs++;
	use->objects++;
	use->objects_peak = RTE_MAX(use->objects_peak, use->objects);
	use->bytes += size;
	use->bytes_peak = RTE_MAX(use->bytes_peak, use->bytes);
	blocks->blocks++;
	blocks->blocks_peak = RTE_MAX(blocks->blocks_peak, blocks->blocks);
	mem->use.bytes += size;
	mem->use.bytes_peak = RTE_MAX(mem->use.bytes_peak, mem->use.bytes);
}

static void
count_free(struct mem *mem, enum mem_kind kind, unsigned int class_index)
{
	size_t size = mem->class_size[class_index];

	mem->use.kinds[kind].objects--;
	mem->use.kinds[kind].bytes -= size;
	mem->use.classes[class_index].blocks--;
	mem->use.bytes -= size;
}

static void *
get_block(struct mem *mem, enum mem_kind kind, size_t size)
{
	return kind == MEM_SEGMENT ? rte_fastmem_alloc(size, 0, 0) :
				     rte_fastmem_halloc(mem->handles[kind], 0);
}

/* The way of an allocation that found nothing. */
static void *
get_block_reclaiming(struct mem *mem, enum mem_kind kind, size_t size)
{
	unsigned int tries;
	void *ptr;

	for (tries = 0; tries < RECLAIMS_MAX && mem->reclaim != NULL; tries++) {
		if (!mem->reclaim(mem->reclaim_arg))
			break;
		ptr = get_block(mem, kind, size);
		if (ptr != NULL)
			return ptr;
	}
	mem->use.kinds[kind].failed++;
	return NULL;
}

static void *
alloc_block(struct mem *mem, enum mem_kind kind, size_t size, unsigned int class_index)
{
	void *ptr = get_block(mem, kind, size);

	if (unlikely(ptr == NULL)) {
		ptr = get_block_reclaiming(mem, kind, size);
		if (ptr == NULL)
			return NULL;
	}
	count_alloc(mem, kind, class_index);
	return ptr;
}

void *
mem_alloc(struct mem *mem, enum mem_kind kind)
{
	return alloc_block(mem, kind, 0, mem->kind_class[kind]);
}

void
mem_free(struct mem *mem, enum mem_kind kind, void *ptr)
{
	count_free(mem, kind, mem->kind_class[kind]);
	rte_fastmem_hfree(mem->handles[kind], ptr);
}

void *
mem_alloc_segment(struct mem *mem, size_t size)
{
	return alloc_block(mem, MEM_SEGMENT, size, class_of(mem, size));
}

void
mem_free_segment(struct mem *mem, void *ptr, size_t size)
{
	count_free(mem, MEM_SEGMENT, class_of(mem, size));
	rte_fastmem_free_sized(ptr, size, 0);
}

const char *
mem_kind_name(enum mem_kind kind)
{
	static const char *const names[MEM_KINDS] = {
		[MEM_FLOW] = "flow records",
		[MEM_TCP] = "TCP states",
		[MEM_TIMER] = "timers",
		[MEM_SEGMENT] = "held segments",
	};

	return names[kind];
}
