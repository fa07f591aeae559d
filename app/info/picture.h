/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_PICTURE_H
#define INFO_PICTURE_H

#include <stdio.h>

#include "machine.h"

/* In pixels at the picture's natural size, as all numbers here. */
struct picture_box {
	int x, y, w, h;
};

/* Nodes that are drawn in one frame. */
enum picture_kind {
	PICTURE_PACKAGE,	 /* Whose CPUs are of the same package, or of the same several. */
	PICTURE_UNKNOWN_PACKAGE, /* With CPUs, of no package that the kernel tells. */
	PICTURE_NO_CPUS,	 /* Without CPUs, so of no package. */
};

struct picture_group {
	enum picture_kind kind;
	const struct machine_node *first; /* One of them. */
	unsigned int n;
	struct picture_box box;
};

/* Where everything is. */
struct picture {
	int w, h;
	int head; /* Height of headline and legend. */
	unsigned int nb_groups;
	struct picture_group *groups;
	unsigned int *group_of;	   /* By position of the node. */
	struct picture_box *cards; /* Likewise. */
	struct picture_box matrix; /* Of distances, with its heading. */
};

#define PICTURE_PAD	    16 /* Between a frame and what is in it. */
#define PICTURE_CARD_WIDTH  292
#define PICTURE_GROUP_HEAD  40
#define PICTURE_MATRIX_HEAD 86
#define PICTURE_CELL_WIDTH  44
#define PICTURE_CELL_HEIGHT 26
#define PICTURE_ROW_HEAD    78 /* Where a row of the matrix says whose it is. */

/*
 * picture_layout.c: pure. No box overlaps another, but those that are in one another. Returns 0 or
 * -ENOMEM; picture_release() what it holds in either case.
 */
int
picture_lay_out(const struct machine *machine, struct picture *picture);

void
picture_release(struct picture *picture);

/* picture_card.c: a node. */
int
picture_card_height(const struct machine *machine, const struct machine_node *node);

void
picture_card(FILE *file, const struct machine *machine, const struct machine_node *node,
	     const struct picture_box *box);

/* picture_svg.c: 0 or -ENOMEM. */
int
picture_svg(FILE *file, const struct machine *machine);

/* picture_draw.c: what all of it is drawn with. How a class looks is in the style sheet there. */
void
draw_style(FILE *file);

void
draw_box(FILE *file, const char *class, int radius, const struct picture_box *box);

enum draw_align { DRAW_LEFT, DRAW_MIDDLE, DRAW_RIGHT };

/*
 * A line of text, squeezed if it would be wider than room. It must need no escapes.
 */
void
draw_text(FILE *file, const char *class, enum draw_align align, int x, int y, int room,
	  const char *format, ...) __attribute__((format(printf, 7, 8)));

/* What something is called, and on the right its value. */
void
draw_pair(FILE *file, int x, int y, int width, const char *name, const char *value);

#endif /* INFO_PICTURE_H */
