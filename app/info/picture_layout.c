/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what of a machine is drawn where.
 * Must not: draw.
 * Called by: picture_svg.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

/* Frames flow from left to right as far as this, which is two packages of two nodes each. */
#define FULL_WIDTH (4 * PICTURE_CARD_WIDTH + 9 * PICTURE_PAD)

/* Room for the headline and the legend. */
#define LEAST_WIDTH 560

/* With a line of reserved hugepages where there are any. */
#define HEAD		84
#define RESERVED_HEIGHT 20

/* The group that a node belongs to, made if it is the first of it. */
static unsigned int
group_of(struct picture *picture, const struct machine_node *node)
{
	enum picture_kind kind = node->nb_packages > 0 ? PICTURE_PACKAGE :
				 node->has_cpus	       ? PICTURE_UNKNOWN_PACKAGE :
							 PICTURE_NO_CPUS;
	unsigned int i;

	for (i = 0; i < picture->nb_groups; i++) {
		if (picture->groups[i].kind == kind &&
		    strcmp(picture->groups[i].first->packages, node->packages) == 0)
			break;
	}
	if (i == picture->nb_groups) {
		picture->groups[i].kind = kind;
		picture->groups[i].first = node;
		picture->nb_groups++;
	}
	picture->groups[i].n++;
	return i;
}

static int
compare_groups(const void *a, const void *b)
{
	const struct picture_group *first = a, *second = b;

	return first->kind != second->kind ?
		       (int)first->kind - (int)second->kind :
		       atoi(first->first->packages) - atoi(second->first->packages);
}

/* All groups are there before any is looked up: sorting moves them. */
static void
find_groups(const struct machine *machine, struct picture *picture)
{
	for (unsigned int i = 0; i < machine->n; i++)
		group_of(picture, &machine->nodes[i]);
	qsort(picture->groups, picture->nb_groups, sizeof(*picture->groups), compare_groups);
	for (unsigned int i = 0; i < picture->nb_groups; i++)
		picture->groups[i].n = 0;
	for (unsigned int i = 0; i < machine->n; i++)
		picture->group_of[i] = group_of(picture, &machine->nodes[i]);
}

static unsigned int
columns_of(const struct picture_group *group)
{
	return group->n > 6 ? 4 : group->n > 4 || group->n == 3 ? 3 : group->n > 1 ? 2 : 1;
}

/* Cards go row by row, each row as high as its highest card. */
static void
place_cards(const struct machine *machine, struct picture *picture, unsigned int at)
{
	struct picture_group *group = &picture->groups[at];
	unsigned int columns = columns_of(group), column = 0, in_row[4];
	int y = group->box.y + PICTURE_GROUP_HEAD, highest = 0;

	for (unsigned int i = 0, left = group->n; left > 0; i++) {
		if (picture->group_of[i] != at)
			continue;
		picture->cards[i] = (struct picture_box){
			.x = group->box.x + PICTURE_PAD +
			     (int)column * (PICTURE_CARD_WIDTH + PICTURE_PAD),
			.y = y,
			.w = PICTURE_CARD_WIDTH,
			.h = picture_card_height(machine, &machine->nodes[i]),
		};
		if (picture->cards[i].h > highest)
			highest = picture->cards[i].h;
		in_row[column++] = i;
		if (--left > 0 && column < columns)
			continue;
		for (unsigned int k = 0; k < column; k++)
			picture->cards[in_row[k]].h = highest;
		y += highest + PICTURE_PAD;
		column = 0;
		highest = 0;
	}
	group->box.h = y - group->box.y;
}

/* Groups flow in lines; those of a line are of one height. Returns where the last one ends. */
static int
place_groups(const struct machine *machine, struct picture *picture)
{
	int x = PICTURE_PAD, y = picture->head, highest = 0;
	unsigned int first = 0;

	for (unsigned int i = 0; i < picture->nb_groups; i++) {
		struct picture_group *group = &picture->groups[i];

		group->box.w =
			(int)columns_of(group) * (PICTURE_CARD_WIDTH + PICTURE_PAD) + PICTURE_PAD;
		if (i > first && x + group->box.w + PICTURE_PAD > FULL_WIDTH) {
			y += highest + PICTURE_PAD;
			x = PICTURE_PAD;
			first = i;
			highest = 0;
		}
		group->box.x = x;
		group->box.y = y;
		place_cards(machine, picture, i);
		x += group->box.w + PICTURE_PAD;
		if (x > picture->w)
			picture->w = x;
		if (group->box.h > highest)
			highest = group->box.h;
		for (unsigned int k = first; k <= i; k++)
			picture->groups[k].box.h = highest;
	}
	return y + highest;
}

int
picture_lay_out(const struct machine *machine, struct picture *picture)
{
	int right, end;

	memset(picture, 0, sizeof(*picture));
	picture->w = LEAST_WIDTH;
	picture->head = HEAD;
	for (unsigned int i = 0; i < machine->nb_pools; i++) {
		if (machine->pools[i].reserved > 0)
			picture->head = HEAD + RESERVED_HEIGHT;
	}
	picture->groups = calloc(machine->n, sizeof(*picture->groups));
	picture->group_of = calloc(machine->n, sizeof(*picture->group_of));
	picture->cards = calloc(machine->n, sizeof(*picture->cards));
	if (picture->groups == NULL || picture->group_of == NULL || picture->cards == NULL)
		return -ENOMEM;
	find_groups(machine, picture);
	end = place_groups(machine, picture);
	picture->matrix = (struct picture_box){
		.x = PICTURE_PAD,
		.y = end + PICTURE_PAD,
		.w = PICTURE_ROW_HEAD + (int)machine->n * PICTURE_CELL_WIDTH + 2 * PICTURE_PAD,
		.h = PICTURE_MATRIX_HEAD + (int)machine->n * PICTURE_CELL_HEIGHT + PICTURE_PAD,
	};
	right = picture->matrix.x + picture->matrix.w + PICTURE_PAD;
	if (right > picture->w)
		picture->w = right;
	/* A few nodes' matrix is narrower than its heading. */
	picture->matrix.w = picture->w - 2 * PICTURE_PAD;
	picture->h = picture->matrix.y + picture->matrix.h + PICTURE_PAD;
	return 0;
}

void
picture_release(struct picture *picture)
{
	free(picture->groups);
	free(picture->group_of);
	free(picture->cards);
}
