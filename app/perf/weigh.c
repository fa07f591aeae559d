/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: live objects of many sizes, for scenarios that ask how much memory they take.
 * Must not: measure time.
 * Called by: scene_packing.c, scene_fragment.c.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_mempool.h>

#include "weigh.h"

#define PAGE 4096

bool
weigh_init(struct weigh *weigh, uint32_t max)
{
	memset(weigh, 0, sizeof(*weigh));
	weigh->max = max;
	weigh->random = 1;
	weigh->objects = malloc(max * sizeof(*weigh->objects));
	weigh->sizes = malloc(max * sizeof(*weigh->sizes));
	if (weigh->objects == NULL || weigh->sizes == NULL) {
		weigh_free(weigh);
		return false;
	}
	/* Not 0: that would make it calloc(), whose pages come later. */
	memset(weigh->objects, 1, max * sizeof(*weigh->objects));
	memset(weigh->sizes, 1, max * sizeof(*weigh->sizes));
	return true;
}

void
weigh_free(struct weigh *weigh)
{
	free(weigh->objects);
	free(weigh->sizes);
}

bool
weigh_take(struct weigh *weigh, const struct part *part, uint32_t size)
{
	char *object;
	uint32_t at;

	if (weigh->nb == weigh->max)
		return false;
	object = part->way->get_any((void *)(uintptr_t)part->work.thread, size);
	if (object == NULL)
		return false;
	for (at = 0; at < size; at += PAGE)
		object[at] = 1;
	object[size - 1] = 1;
	weigh->objects[weigh->nb] = object;
	weigh->sizes[weigh->nb++] = size;
	weigh->payload += size;
	return true;
}

void
weigh_give(struct weigh *weigh, const struct part *part, uint32_t nb)
{
	uint32_t at;

	for (; nb > 0; nb--) {
		at = (item_random(&weigh->random) >> 32) * weigh->nb >> 32;
		part->way->put_any((void *)(uintptr_t)part->work.thread, weigh->objects[at]);
		weigh->payload -= weigh->sizes[at];
		weigh->nb--;
		weigh->objects[at] = weigh->objects[weigh->nb];
		weigh->sizes[at] = weigh->sizes[weigh->nb];
	}
}

uint64_t
weigh_pool(uint32_t size, uint64_t n)
{
	/* The ring has a place for each, in a power of two. */
	return n * rte_mempool_calc_obj_size(size, 0, NULL) +
	       rte_align64pow2(n + 1) * sizeof(void *);
}
