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

/* heap_map_text.c: a character a slab, in colour for terminals. */
void
heap_map_text(FILE *file, const struct heap_map *map, bool colour);

/* heap_map_svg.c: 0 or -ENOMEM. */
int
heap_map_svg(FILE *file, const struct heap_map *map);

#endif /* INFO_HEAP_MAP_H */
