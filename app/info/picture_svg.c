/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the picture of a machine: its headline, the frames around nodes, the matrix of distances.
 * Must not: decide where things are, or know how a node is drawn.
 * Called by: topology.c.
 */

#include <inttypes.h>

#include "picture.h"

/* How strongly the largest distance is coloured: the number on it can be read. */
#define HEAT 0.5

struct totals {
	uint64_t memory;
	unsigned int nb_cpus;
	bool memory_only;
};

static struct totals
add_up(const struct machine *machine)
{
	struct totals totals = { 0 };

	for (unsigned int i = 0; i < machine->n; i++) {
		totals.memory += machine->nodes[i].memory.total;
		totals.nb_cpus += machine->nodes[i].nb_cpus;
		totals.memory_only |= !machine->nodes[i].has_cpus && machine->nodes[i].has_memory;
	}
	return totals;
}

static int
draw_key(FILE *file, const char *class, int x, const char *text, int width)
{
	const struct picture_box box = { x, 57, 12, 10 };

	draw_box(file, class, 2, &box);
	draw_text(file, "quiet", DRAW_LEFT, x + 18, 66, width, "%s", text);
	return x + 18 + width + PICTURE_PAD;
}

/* What is promised to mappings that have not touched it yet: the kernel says of no node. */
static void
draw_reserved(FILE *file, const struct machine *machine, const struct picture *picture)
{
	char size[SIZE_TEXT], text[256];
	int used = 0;

	for (unsigned int i = 0; i < machine->nb_pools && used < (int)sizeof(text); i++) {
		if (machine->pools[i].reserved > 0)
			used += snprintf(text + used, sizeof(text) - used, "%s%" PRIu64 " of %s",
					 used > 0 ? ", " : "", machine->pools[i].reserved,
					 size_text(size, machine->pools[i].page_size));
	}
	if (used > 0)
		draw_text(file, "quiet", DRAW_LEFT, PICTURE_PAD, 88, picture->w - 2 * PICTURE_PAD,
			  "of the free hugepages are reserved: %s", text);
}

static void
draw_head(FILE *file, const struct machine *machine, const struct picture *picture)
{
	const struct totals totals = add_up(machine);
	const char *comma = machine->nb_packages > 0 ? ", " : "";
	char memory[SIZE_TEXT], packages[32] = "";
	int x = PICTURE_PAD;

	if (machine->nb_packages > 0)
		snprintf(packages, sizeof(packages), "%u package%s", machine->nb_packages,
			 machine->nb_packages == 1 ? "" : "s");
	draw_text(file, "headline", DRAW_LEFT, x, 36, picture->w - 2 * PICTURE_PAD,
		  "%s%s%u node%s, %u CPU%s, %s", packages, comma, machine->n,
		  machine->n == 1 ? "" : "s", totals.nb_cpus, totals.nb_cpus == 1 ? "" : "s",
		  size_text(memory, totals.memory));
	x = draw_key(file, "used", x, "memory in use", 96);
	x = draw_key(file, "huge", x, "hugepages in use", 118);
	if (totals.memory_only)
		draw_key(file, "card memory", x, "memory without CPUs", 138);
	draw_reserved(file, machine, picture);
}

static void
draw_group(FILE *file, const struct machine *machine, const struct picture *picture,
	   unsigned int at)
{
	const struct picture_group *group = &picture->groups[at];
	int x = group->box.x + PICTURE_PAD, right = group->box.x + group->box.w - PICTURE_PAD;
	int y = group->box.y + 26;

	if (group->kind == PICTURE_PACKAGE)
		fprintf(file, "<g class=\"package\" data-packages=\"%s\">\n",
			group->first->packages);
	else
		fprintf(file, "<g class=\"apart\">\n");
	draw_box(file, group->kind == PICTURE_NO_CPUS ? "frame apart" : "frame", 8, &group->box);
	if (group->kind == PICTURE_PACKAGE)
		draw_text(file, "name", DRAW_LEFT, x, y, group->n > 1 ? 200 : PICTURE_CARD_WIDTH,
			  "package%s %s", group->first->nb_packages > 1 ? "s" : "",
			  group->first->packages);
	else
		draw_text(file, "name", DRAW_LEFT, x, y, PICTURE_CARD_WIDTH, "%s",
			  group->kind == PICTURE_NO_CPUS ? "without CPUs" : "package not known");
	if (group->kind == PICTURE_PACKAGE && group->n > 1 && group->first->nb_packages == 1)
		draw_text(file, "quiet", DRAW_RIGHT, right, y, 220, "%u nodes: sub-NUMA clustering",
			  group->n);
	for (unsigned int i = 0; i < machine->n; i++) {
		if (picture->group_of[i] == at)
			picture_card(file, machine, &machine->nodes[i], &picture->cards[i]);
	}
	fprintf(file, "</g>\n");
}

static void
draw_cell(FILE *file, const struct machine *machine, unsigned int row, unsigned int column,
	  double heat, const struct picture_box *box)
{
	int distance = machine->distances[row * machine->n + column];

	fprintf(file, "<g class=\"distance\"><title>from node %d to node %d: %d</title>\n",
		machine->nodes[row].id, machine->nodes[column].id, distance);
	fprintf(file,
		"<rect class=\"heat\" fill-opacity=\"%.2f\" x=\"%d\" y=\"%d\" width=\"%d\" "
		"height=\"%d\"/>\n",
		heat, box->x, box->y, box->w, box->h);
	draw_box(file, "cell", 0, box);
	draw_text(file, "number", DRAW_MIDDLE, box->x + box->w / 2, box->y + 17, box->w, "%d",
		  distance);
	fprintf(file, "</g>\n");
}

static void
draw_matrix(FILE *file, const struct machine *machine, const struct picture_box *box)
{
	int x = box->x + PICTURE_PAD, y = box->y + PICTURE_MATRIX_HEAD, farthest = 11;
	struct picture_box cell = { 0, 0, PICTURE_CELL_WIDTH, PICTURE_CELL_HEIGHT };

	for (unsigned int i = 0; i < machine->n * machine->n; i++)
		if (machine->distances[i] > farthest)
			farthest = machine->distances[i];
	fprintf(file, "<g id=\"distances\">\n");
	draw_box(file, "frame", 8, box);
	draw_text(file, "name", DRAW_LEFT, x, box->y + 26, 100, "distances");
	draw_text(file, "quiet", DRAW_LEFT, x, box->y + 46, box->w - 2 * PICTURE_PAD,
		  "from a row's node to a column's memory; 10 is local, 20 twice as far");
	for (unsigned int i = 0; i < machine->n; i++) {
		cell.x = x + PICTURE_ROW_HEAD + (int)i * cell.w;
		draw_text(file, "quiet number", DRAW_MIDDLE, cell.x + cell.w / 2, y - 8, cell.w,
			  "%d", machine->nodes[i].id);
		cell.y = y + (int)i * cell.h;
		draw_text(file, "quiet number", DRAW_RIGHT, x + PICTURE_ROW_HEAD - 10, cell.y + 17,
			  PICTURE_ROW_HEAD - 10, "node %d", machine->nodes[i].id);
	}
	for (unsigned int i = 0; i < machine->n * machine->n; i++) {
		cell.x = x + PICTURE_ROW_HEAD + (int)(i % machine->n) * cell.w;
		cell.y = y + (int)(i / machine->n) * cell.h;
		draw_cell(file, machine, i / machine->n, i % machine->n,
			  machine->distances[i] > 10 ?
				  HEAT * (machine->distances[i] - 10) / (farthest - 10) :
				  0,
			  &cell);
	}
	fprintf(file, "</g>\n");
}

int
picture_svg(FILE *file, const struct machine *machine)
{
	struct picture picture;
	int ret = picture_lay_out(machine, &picture);
	struct picture_box all = { 0, 0, picture.w, picture.h };

	if (ret == 0) {
		fprintf(file,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
			"viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"about\">\n"
			"<title id=\"about\">The machine's nodes</title>\n",
			all.w, all.h, all.w, all.h);
		draw_style(file);
		draw_box(file, "ground", 0, &all);
		draw_head(file, machine, &picture);
		for (unsigned int i = 0; i < picture.nb_groups; i++)
			draw_group(file, machine, &picture, i);
		draw_matrix(file, machine, &picture.matrix);
		fprintf(file, "</svg>\n");
	}
	picture_release(&picture);
	return ret;
}
