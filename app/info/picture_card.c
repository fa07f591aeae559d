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

#define INNER		   (PICTURE_CARD_WIDTH - 2 * PICTURE_PAD)
#define NAME_WIDTH	   90
#define TITLE_HEIGHT	   40
#define LINE_HEIGHT	   17
#define SPACED_LINE_HEIGHT 21
#define BAR_HEIGHT	   8
#define BAR_LINE_HEIGHT	   36 /* A line and the bar below it. */

/* A list of CPUs is broken at commas, and cut after some lines: its tooltip has all of it. */
#define CPU_LINE  34
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

/* How many lines about access a node's memory has. */
static unsigned int
access_lines(const struct machine_node *node)
{
	const struct rte_numa_access *shown[2];
	unsigned int n = machine_accesses(node, shown), lines = 0;
	char text[SIZE_TEXT * 2];

	for (unsigned int i = 0; i < n; i++) {
		lines += access_text(text, shown[i]->read_bandwidth, shown[i]->read_latency)[0] !=
			 '\0';
		lines += access_text(text, shown[i]->write_bandwidth, shown[i]->write_latency)[0] !=
			 '\0';
	}
	return lines;
}

int
picture_card_height(const struct machine *machine, const struct machine_node *node)
{
	int height = TITLE_HEIGHT + CPU_GAP + (int)cpu_lines(node->cpus) * LINE_HEIGHT;

	if (node->has_memory)
		height += BAR_LINE_HEIGHT;
	for (unsigned int i = 0; node->has_memory && i < node->nb_pools; i++) {
		height += node->pools[i].total > 0 ? BAR_LINE_HEIGHT : SPACED_LINE_HEIGHT;
		height += node->pools[i].surplus > 0 ? SPACED_LINE_HEIGHT : 0;
	}
	height += (int)access_lines(node) * SPACED_LINE_HEIGHT;
	if (machine->several_tiers && node->tier >= 0)
		height += SPACED_LINE_HEIGHT;
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
	char free[SIZE_TEXT], total[SIZE_TEXT], value[SIZE_TEXT * 3];

	y += SPACED_LINE_HEIGHT;
	snprintf(value, sizeof(value), "%s free of %s", size_text(free, node->memory.free),
		 size_text(total, node->memory.total));
	draw_pair(file, x, y, INNER, "memory", value);
	draw_bar(file, "used", x, y + 6, node->memory.total - node->memory.free,
		 node->memory.total);
	return y + BAR_LINE_HEIGHT - SPACED_LINE_HEIGHT;
}

static int
draw_pool(FILE *file, const struct rte_numa_hugepages *pool, int x, int y)
{
	char size[SIZE_TEXT], name[SIZE_TEXT * 2], value[SIZE_TEXT * 2] = "none";

	y += SPACED_LINE_HEIGHT;
	snprintf(name, sizeof(name), "%s pages", size_text(size, pool->page_size));
	if (pool->total > 0)
		snprintf(value, sizeof(value), "%" PRIu64 " free of %" PRIu64, pool->free,
			 pool->total);
	draw_pair(file, x, y, INNER, name, value);
	if (pool->total == 0)
		return y;
	draw_bar(file, "huge", x, y + 6, pool->total - pool->free, pool->total);
	y += BAR_LINE_HEIGHT - SPACED_LINE_HEIGHT;
	if (pool->surplus > 0) {
		y += SPACED_LINE_HEIGHT;
		snprintf(value, sizeof(value), "%" PRIu64, pool->surplus);
		draw_pair(file, x, y, INNER, "surplus of these", value);
	}
	return y;
}

static int
draw_access(FILE *file, const struct rte_numa_access *access, int x, int y)
{
	bool several = rte_numa_mask_count(&access->initiators) > 1;
	char nodes[64], what[96], value[SIZE_TEXT * 2];

	rte_numa_mask_text(&access->initiators, nodes, sizeof(nodes));
	if (access_text(value, access->read_bandwidth, access->read_latency)[0] != '\0') {
		y += SPACED_LINE_HEIGHT;
		snprintf(what, sizeof(what), several ? "nodes %s read" : "node %s reads", nodes);
		draw_pair(file, x, y, INNER, what, value);
	}
	if (access_text(value, access->write_bandwidth, access->write_latency)[0] != '\0') {
		y += SPACED_LINE_HEIGHT;
		snprintf(what, sizeof(what), several ? "nodes %s write" : "node %s writes", nodes);
		draw_pair(file, x, y, INNER, what, value);
	}
	return y;
}

static void
draw_speed(FILE *file, const struct machine *machine, const struct machine_node *node, int x, int y)
{
	const struct rte_numa_access *shown[2];
	unsigned int n = machine_accesses(node, shown);
	char value[16];

	for (unsigned int i = 0; i < n; i++)
		y = draw_access(file, shown[i], x, y);
	if (machine->several_tiers && node->tier >= 0) {
		snprintf(value, sizeof(value), "%d", node->tier);
		draw_pair(file, x, y + SPACED_LINE_HEIGHT, INNER, "memory tier", value);
	}
}

void
picture_card(FILE *file, const struct machine *machine, const struct machine_node *node,
	     const struct picture_box *box)
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
	draw_text(file, "name", DRAW_LEFT, x, y, NAME_WIDTH, "node %d", node->id);
	if (node->has_cpus)
		draw_text(file, "quiet", DRAW_RIGHT, x + INNER, y, INNER - NAME_WIDTH,
			  "%u CPU%s%s%s", node->nb_cpus, node->nb_cpus == 1 ? "" : "s",
			  lacks[0] != '\0' ? ", " : "", lacks);
	else
		draw_text(file, "tag", DRAW_RIGHT, x + INNER, y, INNER - NAME_WIDTH, "%s", lacks);
	y = draw_cpus(file, node, x, y);
	if (node->has_memory) {
		y = draw_memory(file, node, x, y);
		for (unsigned int i = 0; i < node->nb_pools; i++)
			y = draw_pool(file, &node->pools[i], x, y);
	}
	draw_speed(file, machine, node, x, y);
	fprintf(file, "</g>\n");
}
