/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb map: which slabs of a running program hold what.
 * Must not: know how that is drawn.
 * Called by: main.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap_map.h"
#include "output.h"
#include "verb.h"
#include "watched.h"

enum { SVG = NB_WATCHED_OPTIONS, COLOUR };

static const struct option_def map_options[] = {
	WATCHED_OPTIONS,
	[SVG] = { "--svg", "FILE",
		  "draw a picture into FILE instead, or onto the output if it is -" },
	[COLOUR] = { "--colour", "WHEN", "always, never, or auto: on a terminal" },
	{ 0 },
};

static bool
read_slabs(const json_t *answer, struct heap_node *node)
{
	size_t i;

	node->nb_slabs = watched_rows(answer, "addr");
	node->slabs = calloc(node->nb_slabs + 1, sizeof(*node->slabs));
	for (i = 0; node->slabs != NULL && i < node->nb_slabs; i++)
		node->slabs[i] = (struct heap_slab){
			.addr = watched_cell(answer, "addr", i),
			.chunk = watched_cell(answer, "chunk", i),
			.live = watched_cell(answer, "live", i),
			.large = watched_cell(answer, "large", i),
			.cached = watched_cell(answer, "cached", i),
			.free = watched_cell(answer, "free", i),
			.unused = watched_cell(answer, "unused", i),
			.other = watched_cell(answer, "other", i),
			.nb_classes = watched_cell(answer, "classes", i),
			.main_class = watched_cell(answer, "main_class", i),
		};
	return node->slabs != NULL;
}

static bool
read_node(struct watched *w, int node_id, void *arg)
{
	struct heap_map *map = arg;
	struct heap_node *more = realloc(map->nodes, (map->nb_nodes + 1) * sizeof(*more));
	char command[64];
	json_t *answer;
	bool done;

	if (more == NULL)
		return false;
	map->nodes = more;
	map->nodes[map->nb_nodes] = (struct heap_node){ .id = node_id };
	snprintf(command, sizeof(command), "/fastmem/heap_map,%d", node_id);
	answer = watched_ask_all(w, command);
	done = answer != NULL && read_slabs(answer, &map->nodes[map->nb_nodes++]);
	json_decref(answer);
	return done;
}

static int
draw(FILE *file, const void *map)
{
	return heap_map_svg(file, map);
}

/* -1: no such word. */
static int
in_colour(const char *when)
{
	if (when == NULL || strcmp(when, "auto") == 0)
		return isatty(STDOUT_FILENO);
	if (strcmp(when, "always") == 0 || strcmp(when, "never") == 0)
		return when[0] == 'a';
	fprintf(stderr, "fastmem-info: --colour takes always, never or auto, not \"%s\"\n", when);
	return -1;
}

bool
heap_map_read(struct watched *w, struct heap_map *map)
{
	*map = (struct heap_map){ .pid = w->pid };
	memcpy(map->prefix, w->prefix, sizeof(map->prefix));
	return watched_each_node(w, read_node, map);
}

void
heap_map_release(struct heap_map *map)
{
	while (map->nb_nodes > 0)
		free(map->nodes[--map->nb_nodes].slabs);
	free(map->nodes);
}

static enum verb_status
show(const struct heap_map *map, const char *svg, bool colour)
{
	if (svg != NULL)
		return output_drawn("the picture", svg, draw, map) == 0 ? VERB_OK : VERB_FAILED;
	heap_map_text(stdout, map, colour);
	return VERB_OK;
}

static enum verb_status
run(const struct options *opts)
{
	int colour = in_colour(opts->value[COLOUR]);
	enum verb_status status = VERB_FAILED;
	static struct watched w;
	struct heap_map map;

	if (colour < 0 || watched_open(&w, opts) != 0)
		return VERB_FAILED;
	if (heap_map_read(&w, &map))
		status = show(&map, opts->value[SVG], colour != 0);
	watched_close(&w);
	heap_map_release(&map);
	return status;
}

const struct verb verb_map = {
	.name = "map",
	.summary = "what each slab of a running program holds",
	.about = "Show the memory of a running program's fastmem, a block for each slab of 2 MiB.",
	.options = map_options,
	.run = run,
};
