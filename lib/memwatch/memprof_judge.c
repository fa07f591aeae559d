/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the rules by which a profile is judged, and the words of what is advised.
 * Must not: look at anything but the figures that it is given.
 * Called by: memprof_ask.c.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "memprof_priv.h"

/* Whether a is at least so many thousandths of b. */
static bool
share(uint64_t a, uint64_t b, uint64_t permille)
{
	return b != 0 && (unsigned __int128)a * 1000 >= (unsigned __int128)b * permille;
}

static unsigned int
permille(uint64_t a, uint64_t b)
{
	return b == 0 ? 0 : (unsigned int)((unsigned __int128)a * 1000 / b);
}

/* A site weighs enough to be spoken of by itself. */
static bool
matters(const struct mp_facts *facts, const struct mp_entry *e)
{
	return e->depth != 0 && e->count[MP_SAMPLES] >= RTE_MEMPROF_SITE_SAMPLES &&
	       share(e->count[MP_BYTES], facts->summary->sampled_bytes, RTE_MEMPROF_SITE_PERMILLE);
}

static size_t
class_size(const struct mp_facts *facts, const struct mp_entry *e)
{
	return e->cls < facts->nb_classes ? facts->class_size[e->cls] : 0;
}

static bool
is_fragmented(const struct mp_facts *facts)
{
	const struct rte_memprof_summary *sum = facts->summary;

	return sum->fragmentation_permille > RTE_MEMPROF_FRAGMENTED_PERMILLE &&
	       sum->lost_bytes >= RTE_MEMPROF_FRAGMENTED_BYTES;
}

static bool
is_for_arena(const struct mp_facts *facts, const struct mp_entry *e)
{
	size_t size = class_size(facts, e);

	return e->depth != 0 && size != 0 && size <= RTE_MEMPROF_SMALL_BYTES &&
	       e->count[MP_BLOCKS] >= RTE_MEMPROF_MANY_BLOCKS &&
	       share(e->count[MP_BLOCKS], facts->summary->sampled_blocks,
		     RTE_MEMPROF_MANY_PERMILLE) &&
	       e->count[MP_ENDS] >= RTE_MEMPROF_SHORT_SAMPLES &&
	       share(e->count[MP_SHORTS], e->count[MP_ENDS], RTE_MEMPROF_SHORT_PERMILLE);
}

static bool
is_remote(const struct mp_facts *facts, const struct mp_entry *e)
{
	return matters(facts, e) && e->count[MP_REMOTE_BYTES] >= RTE_MEMPROF_REMOTE_BYTES &&
	       share(e->count[MP_REMOTE_BYTES], e->count[MP_BYTES], RTE_MEMPROF_REMOTE_PERMILLE);
}

/* The class below a site's, 0 if there is none. */
static size_t
class_below(const struct mp_facts *facts, const struct mp_entry *e)
{
	return e->cls > 0 && e->cls < facts->nb_classes ? facts->class_size[e->cls - 1] : 0;
}

static bool
is_just_above(const struct mp_facts *facts, const struct mp_entry *e)
{
	size_t below = class_below(facts, e), size = class_size(facts, e);

	/* An alignment may want a class that is larger than the size alone does. */
	return matters(facts, e) && below != 0 && e->asked_max != 0 && e->asked_min > below &&
	       !share(e->asked_max - below, size - below, RTE_MEMPROF_ABOVE_PERMILLE + 1) &&
	       share(e->count[MP_GIVEN] - e->count[MP_ASKED], e->count[MP_GIVEN],
		     RTE_MEMPROF_WASTE_PERMILLE);
}

static void
propose(struct mp_advice *advice, unsigned int *n, enum rte_memprof_advice_kind kind,
	const struct mp_entry *site, uint64_t weight)
{
	if (*n < MP_MAX_ADVICE)
		advice[(*n)++] = (struct mp_advice){ kind, site, weight };
}

static int
heaviest_first(const void *left, const void *right)
{
	const struct mp_advice *a = left, *b = right;

	return a->weight > b->weight ? -1 : a->weight < b->weight;
}

/* A rule over all sites, of which the heaviest eight are told. */
static void
judge_sites(const struct mp_facts *facts, const struct mp_list *list,
	    enum rte_memprof_advice_kind kind, enum mp_count weight,
	    bool (*rule)(const struct mp_facts *, const struct mp_entry *),
	    struct mp_advice *advice, unsigned int *n)
{
	struct mp_advice found[8], one;
	unsigned int nb = 0, i;
	uint32_t at;

	for (at = 0; at < list->n; at++) {
		if (!rule(facts, &list->entry[at]))
			continue;
		one = (struct mp_advice){ kind, &list->entry[at], list->entry[at].count[weight] };
		if (nb < sizeof(found) / sizeof(found[0]))
			found[nb++] = one;
		else if (found[nb - 1].weight < one.weight)
			found[nb - 1] = one;
		qsort(found, nb, sizeof(found[0]), heaviest_first);
	}
	for (i = 0; i < nb; i++)
		propose(advice, n, kind, found[i].site, found[i].weight);
}

unsigned int
mp_judge(const struct mp_facts *facts, const struct mp_list *list,
	 struct mp_advice advice[MP_MAX_ADVICE])
{
	unsigned int n = 0;

	if (is_fragmented(facts))
		propose(advice, &n, RTE_MEMPROF_USE_POOL, NULL, facts->summary->lost_bytes);
	judge_sites(facts, list, RTE_MEMPROF_BIND_NODE, MP_REMOTE_BYTES, is_remote, advice, &n);
	judge_sites(facts, list, RTE_MEMPROF_USE_ARENA, MP_BLOCKS, is_for_arena, advice, &n);
	judge_sites(facts, list, RTE_MEMPROF_SHRINK_SIZE, MP_BYTES, is_just_above, advice, &n);
	return n;
}

/* ---- words */

static void
say_pool(const struct mp_facts *facts, const char *where, char *text)
{
	const struct rte_memprof_summary *sum = facts->summary;
	char which[96] = "";

	if (facts->lost_class_bytes != 0)
		snprintf(which, sizeof(which), ", most of it (%s) of blocks of %zu bytes",
			 mp_bytes(facts->lost_class_bytes), facts->lost_class);
	snprintf(
		text, RTE_MEMPROF_TEXT_MAX,
		"fragmentation is %u.%u %%: of %s in pages that size classes have, %s are in free "
		"blocks that keep pages from other classes%s%s%s. Take blocks that live long from a "
		"pool of their own, which keeps them together (rte_memalloc_pool_create()), or warm "
		"and reserve for the peak.",
		sum->fragmentation_permille / 10, sum->fragmentation_permille % 10,
		mp_bytes(sum->held_bytes), mp_bytes(sum->lost_bytes), which,
		where != NULL ? ", allocated most by " : "", where != NULL ? where : "");
}

static void
say_arena(const struct mp_facts *facts, const struct mp_entry *e, const char *where, char *text)
{
	unsigned int lives = permille(e->count[MP_SHORTS], e->count[MP_ENDS]);

	snprintf(text, RTE_MEMPROF_TEXT_MAX,
		 "%s allocates %" PRIu64 " blocks of up to %zu bytes, %u %% of all blocks, and "
		 "%u.%u %% of those that were followed to their end lived for less than %s. Blocks "
		 "that die together cost less in an arena that is reset at once "
		 "(rte_memalloc_arena_create()).",
		 where, e->count[MP_BLOCKS], class_size(facts, e),
		 permille(e->count[MP_BLOCKS], facts->summary->sampled_blocks) / 10, lives / 10,
		 lives % 10, mp_ns(RTE_MEMPROF_SHORT_NS));
}

static void
say_remote(const struct mp_entry *e, const char *where, char *text)
{
	unsigned int away = permille(e->count[MP_REMOTE_BYTES], e->count[MP_BYTES]);

	snprintf(
		text, RTE_MEMPROF_TEXT_MAX,
		"%s gets %u.%u %% of its %s from another node than the thread that asks: threads of "
		"node %d get memory of node %d. Run them on node %d, reserve more on node %d, or ask "
		"for node %d or RTE_NUMA_NODE_ANY.",
		where, away / 10, away % 10, mp_bytes(e->count[MP_BYTES]), e->asks, e->lies,
		e->lies, e->asks, e->asks);
}

static void
say_shrink(const struct mp_facts *facts, const struct mp_entry *e, const char *where, char *text)
{
	size_t below = class_below(facts, e), size = class_size(facts, e);
	unsigned int wasted = permille(e->count[MP_GIVEN] - e->count[MP_ASKED], e->count[MP_GIVEN]);
	char sizes[64];

	if (e->asked_min == e->asked_max)
		snprintf(sizes, sizeof(sizes), "%" PRIu64, e->asked_max);
	else
		snprintf(sizes, sizeof(sizes), "%" PRIu64 " to %" PRIu64, e->asked_min,
			 e->asked_max);
	snprintf(text, RTE_MEMPROF_TEXT_MAX,
		 "%s asks for %s bytes, just above the size class of %zu, and gets %zu: %" PRIu64
		 " bytes a block are wasted, %u.%u %% of %s. Shrink it by %" PRIu64
		 " to %zu bytes.",
		 where, sizes, below, size, size - e->asked_max, wasted / 10, wasted % 10,
		 mp_bytes(e->count[MP_BYTES]), e->asked_max - below, below);
}

void
mp_advice_text(const struct mp_facts *facts, const struct mp_advice *advice, const char *where,
	       char text[RTE_MEMPROF_TEXT_MAX])
{
	switch (advice->kind) {
	case RTE_MEMPROF_USE_POOL:
		say_pool(facts, where, text);
		break;
	case RTE_MEMPROF_USE_ARENA:
		say_arena(facts, advice->site, where, text);
		break;
	case RTE_MEMPROF_BIND_NODE:
		say_remote(advice->site, where, text);
		break;
	case RTE_MEMPROF_SHRINK_SIZE:
		say_shrink(facts, advice->site, where, text);
		break;
	}
}
