/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's heap map: boxes that flow into lines as long as there is room.
 * Must not: ask the program, or know how a slab is drawn.
 * Called by: report_page.c.
 */

#include <inttypes.h>

#include "html.h"
#include "report.h"

/* Slabs that stay together in a line. */
#define GROUP 8
/* More boxes than that nobody looks at: each is then several slabs. */
#define MAX_BOXES 4096

static struct heap_slab
sum_of(const struct heap_slab *slabs, size_t n)
{
	struct heap_slab sum = slabs[0];

	for (size_t i = 1; i < n; i++) {
		sum.live += slabs[i].live;
		sum.large += slabs[i].large;
		sum.cached += slabs[i].cached;
		sum.free += slabs[i].free;
		sum.unused += slabs[i].unused;
		sum.other += slabs[i].other;
		/* Which class is most of them nobody said. */
		sum.main_class = 0;
	}
	return sum;
}

static void
put_boxes(FILE *file, const struct heap_node *node, size_t each)
{
	struct heap_slab box;
	size_t n;

	fprintf(file, "<div class=\"map\" role=\"img\" aria-label=\"Heap map of node %d\">\n",
		node->id);
	for (size_t i = 0, at = 0; i < node->nb_slabs; i += each, at++) {
		if (at % GROUP == 0)
			fprintf(file, "%s<svg viewBox=\"0 0 %d %d\">\n", at > 0 ? "</svg>" : "",
				GROUP * HEAP_CELL, HEAP_CELL);
		n = node->nb_slabs - i < each ? node->nb_slabs - i : each;
		box = sum_of(&node->slabs[i], n);
		heap_map_slab(file, &box, (int)(at % GROUP) * HEAP_CELL + 1, 1);
	}
	fputs("</svg></div>\n", file);
}

static void
put_node(FILE *file, const struct heap_node *node)
{
	const struct heap_slab sum = sum_of(node->slabs, node->nb_slabs);
	size_t each = (node->nb_slabs + MAX_BOXES - 1) / MAX_BOXES;
	char text[6][SIZE_TEXT];

	fprintf(file, "<h3>Node %d: %zu slabs, %s</h3>\n", node->id, node->nb_slabs,
		size_text(text[0], (uint64_t)node->nb_slabs << 21));
	put_boxes(file, node, each);
	fprintf(file,
		"<p class=\"note\">%s live, %s in large blocks, %s cached, %s free in runs, %s unused, "
		"%s lost at edges. A box is ",
		size_text(text[0], sum.live), size_text(text[1], sum.large),
		size_text(text[2], sum.cached), size_text(text[3], sum.free),
		size_text(text[4], sum.unused), size_text(text[5], sum.other));
	if (each > 1)
		fprintf(file, "%zu slabs, %s.</p>\n", each,
			size_text(text[0], (uint64_t)each << 21));
	else
		fputs("a slab of 2 MiB.</p>\n", file);
}

void
report_map(FILE *file, const struct heap_map *map)
{
	bool any = false;

	report_section(file, "map", "Heap map");
	fputs("<p class=\"keys\">", file);
	chart_key(file, "used", "live");
	chart_key(file, "huge", "in large blocks");
	chart_key(file, "promised", "cached");
	chart_key(file, "track", "free");
	fputs("</p>\n", file);
	for (size_t i = 0; i < map->nb_nodes; i++) {
		if (map->nodes[i].nb_slabs == 0)
			continue;
		put_node(file, &map->nodes[i]);
		any = true;
	}
	if (!any)
		fputs("<p class=\"note\">No node has memory.</p>\n", file);
	report_section_end(file);
}
