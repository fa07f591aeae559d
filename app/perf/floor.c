/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: arrays of pointers to objects, the floor that figures are held against.
 * Must not: check anything: a scenario says beforehand how many objects it needs.
 * Called by: the ways that are floors.
 */

#include <stdlib.h>

#include <rte_common.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "floor.h"

#define PAGE 4096

/* How many objects of how many bytes a stack is to have. */
static unsigned int
wanted(const struct way_needs *needs, unsigned int stack, size_t *size)
{
	if (stack < ITEM_FIXED) {
		*size = item_fixed_size(stack);
		return needs->fixed[stack];
	}
	*size = RTE_ALIGN_CEIL(item_kinds[stack - ITEM_FIXED].size, 64);
	return needs->kinds;
}

static bool
fill(struct floor_stack *stack, char *memory, size_t size, unsigned int n)
{
	unsigned int i;

	stack->base = malloc((n + 1) * sizeof(void *));
	if (stack->base == NULL)
		return false;
	stack->top = stack->base + n;
	/* Lowest address on top, as a fresh allocator gives them out. */
	for (i = 0; i < n; i++)
		stack->base[n - 1 - i] = memory + i * size;
	return true;
}

void *
floor_open(const struct way *way, const struct way_needs *needs, const char **why)
{
	struct floor *floor = calloc(1, sizeof(*floor));
	size_t size, bytes = PAGE;
	unsigned int i, n;
	uint16_t *pages;
	char *at;

	RTE_SET_USED(way);
	*why = "its objects do not fit into EAL's memory";
	if (floor == NULL)
		return NULL;
	for (i = 0; i < FLOOR_STACKS; i++) {
		n = wanted(needs, i, &size);
		bytes += RTE_ALIGN_CEIL(n * size, PAGE);
	}
	floor->memory = rte_malloc_socket(NULL, bytes, PAGE, /* EAL */
					  rte_lcore_to_socket_id(rte_get_main_lcore()));
	floor->pages = calloc(bytes / PAGE, sizeof(*floor->page));
	if (floor->memory == NULL || floor->pages == NULL)
		goto fail;
	floor->page = (uint16_t *)floor->pages - ((uintptr_t)floor->memory / PAGE);

	for (i = 0, at = floor->memory; i < FLOOR_STACKS; i++) {
		n = wanted(needs, i, &size);
		if (!fill(&floor->stack[i], at, size, n))
			goto fail;
		pages = &floor->page[(uintptr_t)at / PAGE];
		at += RTE_ALIGN_CEIL(n * size, PAGE);
		while (pages < &floor->page[(uintptr_t)at / PAGE])
			*pages++ = i;
	}
	return floor;

fail:
	floor_close(floor);
	return NULL;
}

void
floor_close(void *state)
{
	struct floor *floor = state;
	unsigned int i;

	for (i = 0; i < FLOOR_STACKS; i++)
		free(floor->stack[i].base);
	free(floor->pages);
	rte_free(floor->memory);
	free(floor);
}
