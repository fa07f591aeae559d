/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the heap map as text.
 * Must not: ask the program.
 * Called by: heap_map.c.
 */

#include <inttypes.h>

#include "heap_map.h"
#include "machine.h"

#define SLABS_A_LINE 64

/* What a slab is shown as: nothing made of it yet, nothing live, or tenths of it that are live. */
static char
letter(const struct heap_slab *s)
{
	uint64_t bytes = heap_slab_bytes(s), used = s->live + s->large;

	if (used == 0)
		return s->cached + s->free != 0 ? '-' : '.';
	return bytes == used ? '#' : (char)('0' + used * 10 / bytes);
}

/* A colour of 256: grey for nothing, green for large blocks, blue for others, amber for cached. */
static int
colour_of(const struct heap_slab *s)
{
	/* Ever lighter with what is free. */
	static const int blues[] = { 153, 111, 69, 27 }, greens[] = { 157, 114, 71, 28 };
	uint64_t bytes = heap_slab_bytes(s), used = s->live + s->large;
	size_t shade = bytes == 0 ? 0 : used * 3 / bytes;

	if (used == 0)
		return s->cached != 0 ? 178 : s->free != 0 ? 250 : 240;
	return s->large > s->live ? greens[shade] : blues[shade];
}

static void
print_sums(FILE *file, const struct heap_node *node)
{
	struct heap_slab sum = { 0 };
	char text[6][SIZE_TEXT];
	size_t i;

	for (i = 0; i < node->nb_slabs; i++) {
		sum.live += node->slabs[i].live;
		sum.large += node->slabs[i].large;
		sum.cached += node->slabs[i].cached;
		sum.free += node->slabs[i].free;
		sum.unused += node->slabs[i].unused;
		sum.other += node->slabs[i].other;
	}
	fprintf(file,
		"node %d: %zu slabs; %s live, %s in large blocks, %s cached, %s free in runs, %s unused, "
		"%s lost at edges\n",
		node->id, node->nb_slabs, size_text(text[0], sum.live),
		size_text(text[1], sum.large), size_text(text[2], sum.cached),
		size_text(text[3], sum.free), size_text(text[4], sum.unused),
		size_text(text[5], sum.other));
}

static void
print_node(FILE *file, const struct heap_node *node, bool colour)
{
	const struct heap_slab *s;
	size_t i;

	print_sums(file, node);
	for (i = 0; i < node->nb_slabs; i++) {
		s = &node->slabs[i];
		/* A line is of one piece of memory: only there do slabs follow each other. */
		if (i == 0 || i % SLABS_A_LINE == 0 || s->chunk != s[-1].chunk)
			fprintf(file, "%s  %#14" PRIx64 " ", i == 0 ? "" : "\n", s->addr);
		if (colour)
			fprintf(file, "\033[48;5;%dm\033[38;5;16m%c\033[0m", colour_of(s),
				letter(s));
		else
			fputc(letter(s), file);
	}
	if (node->nb_slabs != 0)
		fputc('\n', file);
}

void
heap_map_text(FILE *file, const struct heap_map *map, bool colour)
{
	size_t i;

	fprintf(file,
		"%s, process %d; a character is a slab of 2 MiB: . unused, - nothing live, 0 to 9 tenths "
		"live, # all\n",
		map->prefix, map->pid);
	for (i = 0; i < map->nb_nodes; i++)
		print_node(file, &map->nodes[i], colour);
}
