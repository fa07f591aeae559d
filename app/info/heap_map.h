/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_HEAP_MAP_H
#define INFO_HEAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes of a slab, by what they are. */
struct heap_slab {
	uint64_t addr, chunk;
	uint64_t live, large, cached, free, unused, other;
	uint64_t nb_classes, main_class; /* the one with most pages */
};

struct heap_node {
	int id;
	size_t nb_slabs;
	struct heap_slab *slabs;
};

/* What a running program has, to be drawn. */
struct heap_map {
	char prefix[256];
	int pid;
	size_t nb_nodes;
	struct heap_node *nodes;
};

/* All that a slab has. */
static inline uint64_t
heap_slab_bytes(const struct heap_slab *s)
{
	return s->live + s->large + s->cached + s->free + s->unused + s->other;
}

struct watched;

/*
 * heap_map.c: ask the program; false: it does not answer. heap_map_release() what it holds in either
 * case.
 */
bool
heap_map_read(struct watched *w, struct heap_map *map);

void
heap_map_release(struct heap_map *map);

/* heap_map_text.c: a character a slab, in colour for terminals. */
void
heap_map_text(FILE *file, const struct heap_map *map, bool colour);

/* heap_map_svg.c: 0 or -ENOMEM. */
int
heap_map_svg(FILE *file, const struct heap_map *map);

/* A slab's box, and the gap to the next. */
#define HEAP_CELL 16

void
heap_map_slab(FILE *file, const struct heap_slab *s, int x, int y);

#endif /* INFO_HEAP_MAP_H */
