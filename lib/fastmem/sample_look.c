/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns finding which samples' blocks were freed without anybody having told.
 * Must not write to a cache or a node, nor take a sample that began after the look.
 * Called by sample.c, in the thread that polls.
 *
 * The keys are read first. What lay in a cache or was free after that was freed after the sample
 * began: the thread that kept the sample had taken the block before, and we see that.
 */

#include "fastmem_sample_priv.h"
#include "fastmem_walk_priv.h"

#include <errno.h>
#include <stdlib.h>

struct candidate {
	uint64_t key;
	uint32_t place;
};

static uint32_t
collect(const struct fm_places *places, struct candidate *to, uint32_t max)
{
	uint32_t i, n = 0;

	for (i = 0; i < places->n && n < max; i++) {
		to[n].key = fm_places_key(places, i);
		to[n].place = i;
		n += to[n].key != 0;
	}
	return n;
}

static bool
is_held(const struct fm_held_list *held, uintptr_t block)
{
	size_t at = fm_held_first(held, block);

	return at < held->n && held->at[at].block == block;
}

static void
end_if(struct fm_places *places, const struct candidate *c, bool is_over)
{
	if (is_over && fm_places_take_at(places, c->place, c->key))
		fm_sample_over(c->place, RTE_FASTMEM_SAMPLE_FOUND);
}

/* Of one node's caches; the candidates of others are not found there. */
static void
look_at_node(struct fm_state *st, const struct fm_node *node, struct fm_places *places,
	     const struct candidate *candidates, uint32_t n)
{
	struct fm_held_list held;
	uint32_t i;

	/* Without memory for all of it, what was read is right all the same. */
	(void)fm_held_read(st, node, &held);
	for (i = 0; i < n; i++)
		end_if(places, &candidates[i], is_held(&held, fm_places_block(candidates[i].key)));
	fm_held_free(&held);
}

void
fm_sample_look(struct fm_state *st, struct fm_places *places)
{
	struct candidate *candidates = malloc(places->n * sizeof(*candidates));
	const void *block;
	uint32_t i, n;

	if (candidates == NULL)
		return; /* the next look may have more luck */
	n = collect(places, candidates, places->n);
	for (i = 0; i < n; i++) {
		block = (const void *)fm_places_block(candidates[i].key);
		end_if(places, &candidates[i], fm_node_block_state(block) == FM_BLOCK_FREE);
	}
	for (i = 0; n != 0 && i < st->nb_nodes; i++)
		look_at_node(st, &st->node[i], places, candidates, n);
	free(candidates);
}
