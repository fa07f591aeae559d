/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how a node is drawn.
 * Must not: know where, or of other nodes.
 * Called by: picture_layout.c for its height, picture_svg.c to draw it.
 */

#include <inttypes.h>
#include <string.h>

#include "picture.h"

#define INNER		(PICTURE_CARD_WIDTH - 2 * PICTURE_PAD)
#define TITLE_HEIGHT	40
#define LINE_HEIGHT	17
#define BAR_HEIGHT	8
#define BAR_LINE_HEIGHT 36 /* A line and the bar below it. */

/* A list of CPUs is broken at commas, and cut after some lines: its tooltip has all of it. */
#define CPU_LINE  32
#define CPU_LINES 3
#define CPU_GAP	  4

/* The length of the line that a list of CPUs begins with. */
static size_t
cpu_line(const char *cpus)
{
	size_t len = strlen(cpus), end;

	if (len <= CPU_LINE)
		return len;
	for (end = CPU_LINE; end > 0 && cpus[end - 1] != ','; end--)
		;
	return end > 0 ? end : CPU_LINE;
}

static unsigned int
cpu_lines(const char *cpus)
{
	unsigned int n = 0;

	for (; *cpus != '\0' && n < CPU_LINES; n++)
		cpus += cpu_line(cpus);
	return n;
}

int
picture_card_height(const struct machine_node *node)
{
	int height = TITLE_HEIGHT + CPU_GAP + (int)cpu_lines(node->cpus) * LINE_HEIGHT;

	if (node->has_memory)
		height += BAR_LINE_HEIGHT;
	for (unsigned int i = 0; node->has_memory && i < node->nb_pools; i++)
		height += node->pools[i].total > 0 ? BAR_LINE_HEIGHT : LINE_HEIGHT + 4;
	return height + PICTURE_PAD / 2;
}

/* A part of a whole as pixels: a little of it can be seen. */
static int
share(uint64_t part, uint64_t whole)
{
	int pixels = whole > 0 ? (int)((double)part / (double)whole * INNER) : 0;

	if (part > 0 && pixels < 2)
		return 2;
	return pixels < INNER ? pixels : INNER;
}

static void
draw_bar(FILE *file, const char *class, int x, int y, uint64_t part, uint64_t whole)
{
	struct picture_box box = { x, y, INNER, BAR_HEIGHT };

	draw_box(file, "track", 3, &box);
	box.w = share(part, whole);
	if (box.w > 0)
		draw_box(file, class, 3, &box);
}

static int
draw_cpus(FILE *file, const struct machine_node *node, int x, int y)
{
	unsigned int lines = cpu_lines(node->cpus);
	const char *at = node->cpus;

	y += CPU_GAP;
	for (unsigned int i = 0; i < lines; i++) {
		size_t len = cpu_line(at);

		y += LINE_HEIGHT;
		draw_text(file, "quiet number", DRAW_LEFT, x, y, INNER, "%.*s%s", (int)len, at,
			  i + 1 == lines && at[len] != '\0' ? " ..." : "");
		at += len;
	}
	return y;
}

static int
draw_memory(FILE *file, const struct machine_node *node, int x, int y)
{
	char free[SIZE_TEXT], total[SIZE_TEXT];

	y += LINE_HEIGHT + 4;
	draw_text(file, "quiet", DRAW_LEFT, x, y, INNER / 3, "memory");
	draw_text(file, "number", DRAW_RIGHT, x + INNER, y, INNER * 2 / 3 - 4, "%s free of %s",
		  size_text(free, node->memory.free), size_text(total, node->memory.total));
	draw_bar(file, "used", x, y + 6, node->memory.total - node->memory.free,
		 node->memory.total);
	return y + BAR_LINE_HEIGHT - LINE_HEIGHT - 4;
}

static int
draw_pool(FILE *file, const struct rte_numa_hugepages *pool, int x, int y)
{
	char size[SIZE_TEXT];

	y += LINE_HEIGHT + 4;
	draw_text(file, "quiet", DRAW_LEFT, x, y, INNER * 2 / 5, "%s pages",
		  size_text(size, pool->page_size));
	if (pool->total == 0) {
		draw_text(file, "quiet", DRAW_RIGHT, x + INNER, y, INNER / 2, "none");
		return y;
	}
	draw_text(file, "number", DRAW_RIGHT, x + INNER, y, INNER * 3 / 5 - 4,
		  "%" PRIu64 " free of %" PRIu64, pool->free, pool->total);
	draw_bar(file, "huge", x, y + 6, pool->total - pool->free, pool->total);
	return y + BAR_LINE_HEIGHT - LINE_HEIGHT - 4;
}

void
picture_card(FILE *file, const struct machine_node *node, const struct picture_box *box)
{
	const char *lacks = machine_lacks(node);
	int x = box->x + PICTURE_PAD, y = box->y + 26;

	fprintf(file, "<g class=\"node\" id=\"node-%d\">\n<title>node %d", node->id, node->id);
	if (lacks[0] != '\0')
		fprintf(file, ", %s", lacks);
	if (node->has_cpus)
		fprintf(file, ", CPUs %s", node->cpus);
	fprintf(file, "</title>\n");
	draw_box(file,
		 node->has_cpus	  ? "card" :
		 node->has_memory ? "card memory" :
				    "card bare",
		 6, box);
	draw_text(file, "name", DRAW_LEFT, x, y, INNER / 2, "node %d", node->id);
	if (node->has_cpus)
		draw_text(file, "quiet", DRAW_RIGHT, x + INNER, y, INNER / 2, "%u CPU%s%s%s",
			  node->nb_cpus, node->nb_cpus == 1 ? "" : "s",
			  lacks[0] != '\0' ? ", " : "", lacks);
	else
		draw_text(file, "tag", DRAW_RIGHT, x + INNER, y, INNER / 2, "%s", lacks);
	y = draw_cpus(file, node, x, y);
	if (node->has_memory) {
		y = draw_memory(file, node, x, y);
		for (unsigned int i = 0; i < node->nb_pools; i++)
			y = draw_pool(file, &node->pools[i], x, y);
	}
	fprintf(file, "</g>\n");
}
