/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the heap map as a picture: a box a slab, filled with what is live and cached of it.
 * Must not: ask the program.
 * Called by: heap_map.c.
 */

#include <inttypes.h>
#include <string.h>

#include "heap_map.h"
#include "machine.h"
#include "picture.h"

#define SLABS_A_ROW 64
#define BOX	    14
#define HEAD	    84
#define NODE_HEAD   28
#define WIDTH	    (2 * PICTURE_PAD + SLABS_A_ROW * HEAP_CELL)

static int
rows_of(const struct heap_node *node)
{
	return (int)((node->nb_slabs + SLABS_A_ROW - 1) / SLABS_A_ROW);
}

static int
height_of(const struct heap_map *map)
{
	int height = HEAD;

	for (size_t i = 0; i < map->nb_nodes; i++)
		height += NODE_HEAD + rows_of(&map->nodes[i]) * HEAP_CELL + PICTURE_PAD;
	return height;
}

/* From the bottom up; what has any is seen. Returns where the next begins. */
static int
fill(FILE *file, const char *class, int x, int bottom, uint64_t part, uint64_t whole)
{
	/* What a program says may be anything. */
	int height = part < whole ? (int)((double)part * BOX / (double)whole) : BOX;
	struct picture_box box = { x, bottom - height, BOX, height };

	if (part == 0)
		return bottom;
	if (height == 0)
		box = (struct picture_box){ x, bottom - 1, BOX, 1 };
	draw_box(file, class, 0, &box);
	return bottom - height;
}

void
heap_map_slab(FILE *file, const struct heap_slab *s, int x, int y)
{
	const struct picture_box box = { x, y, BOX, BOX };
	uint64_t bytes = heap_slab_bytes(s);
	char live[SIZE_TEXT], cached[SIZE_TEXT];
	int bottom = y + BOX;

	fprintf(file, "<g class=\"slab\"><title>%#" PRIx64 ": %s live, %s cached", s->addr,
		size_text(live, s->live + s->large), size_text(cached, s->cached));
	if (s->main_class != 0)
		fprintf(file, "; %" PRIu64 " size classes, mostly %" PRIu64 " bytes", s->nb_classes,
			s->main_class);
	fputs("</title>\n", file);
	draw_box(file, "track", 2, &box);
	if (bytes != 0) {
		bottom = fill(file, "huge", x, bottom, s->large, bytes);
		bottom = fill(file, "used", x, bottom, s->live, bytes);
		fill(file, "promised", x, bottom, s->cached, bytes);
	}
	fputs("</g>\n", file);
}

static int
draw_node(FILE *file, const struct heap_node *node, int y)
{
	char size[SIZE_TEXT];

	fprintf(file, "<g class=\"node\" id=\"node-%d\">\n", node->id);
	draw_text(file, "name", DRAW_LEFT, PICTURE_PAD, y + 15, WIDTH - 2 * PICTURE_PAD,
		  "node %d: %zu slabs, %s", node->id, node->nb_slabs,
		  size_text(size, (uint64_t)node->nb_slabs << 21));
	y += NODE_HEAD;
	for (size_t i = 0; i < node->nb_slabs; i++)
		heap_map_slab(file, &node->slabs[i],
			      PICTURE_PAD + (int)(i % SLABS_A_ROW) * HEAP_CELL,
			      y + (int)(i / SLABS_A_ROW) * HEAP_CELL);
	fputs("</g>\n", file);
	return y + rows_of(node) * HEAP_CELL + PICTURE_PAD;
}

static void
draw_legend(FILE *file)
{
	static const struct {
		const char *class, *text;
		int width;
	} keys[] = {
		{ "used", "live", 32 },
		{ "huge", "in large blocks", 104 },
		{ "promised", "cached", 52 },
		{ "track", "free", 32 },
	};
	int x = PICTURE_PAD;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct picture_box box = { x, 53, 12, 10 };

		draw_box(file, keys[i].class, 2, &box);
		draw_text(file, "quiet", DRAW_LEFT, x + 18, 62, keys[i].width, "%s", keys[i].text);
		x += 18 + keys[i].width + PICTURE_PAD;
	}
}

int
heap_map_svg(FILE *file, const struct heap_map *map)
{
	int height = height_of(map), y = HEAD;
	const struct picture_box all = { 0, 0, WIDTH, height };

	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"role=\"img\" aria-labelledby=\"about\">\n<title id=\"about\">What each slab holds</title>\n",
		WIDTH, height, WIDTH, height);
	draw_style(file);
	draw_box(file, "ground", 0, &all);
	/* A name of EAL's is a folder's, and may hold what would need escapes: the number says it. */
	draw_text(file, "headline", DRAW_LEFT, PICTURE_PAD, 34, WIDTH - 2 * PICTURE_PAD,
		  "process %d: a box is a slab of 2 MiB", map->pid);
	draw_legend(file);
	for (size_t i = 0; i < map->nb_nodes; i++)
		y = draw_node(file, &map->nodes[i], y);
	fputs("</svg>\n", file);
	return 0;
}
