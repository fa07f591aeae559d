/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which sizes of page a region is tried with, in which order, and why others are not.
 * Must not: ask the kernel; what there is comes as facts.
 * Called by: memregion_create.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memregion_priv.h"

/* Rounding up to a page may add at most one part in so many. */
#define WASTE_PART 8

int
mr_round_up(size_t size, size_t to, size_t *rounded)
{
	size_t up;

	if (__builtin_add_overflow(size, to - 1, &up))
		return -ENOMEM;
	*rounded = up & ~(to - 1);
	return 0;
}

static void
add(struct mr_ladder *ladder, enum mr_kind kind, size_t page_size)
{
	ladder->rungs[ladder->nb_rungs++] =
		(struct mr_rung){ .kind = kind, .page_size = page_size };
}

static void
add_transparent(struct mr_ladder *ladder, const struct mr_page_facts *facts)
{
	add(ladder, MR_TRANSPARENT,
	    facts->transparent != 0 ? facts->transparent : facts->base_page);
}

/* Why pages are passed over, in the order in which they would have been tried. */
static void
skip(struct mr_ladder *ladder, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
skip(struct mr_ladder *ladder, const char *format, ...)
{
	struct mr_skip *skipped = &ladder->skips[ladder->nb_skips++];
	va_list args;

	skipped->rung = ladder->nb_rungs;
	va_start(args, format);
	vsnprintf(skipped->why, sizeof(skipped->why), format, args);
	va_end(args);
}

/* what: the pages' name. */
static bool
wasteful(struct mr_ladder *ladder, const char *what, size_t size, size_t page_size)
{
	struct mr_size_text text;
	size_t rounded;

	if (mr_round_up(size, page_size, &rounded) == 0 && rounded - size <= size / WASTE_PART)
		return false;
	skip(ladder, "%s: too large for %s", what, mr_size_text(&text, size));
	return true;
}

static bool
scarce(struct mr_ladder *ladder, const char *what, size_t size, const struct mr_pool *pool,
       const char *where)
{
	uint64_t wanted = (size + pool->page_size - 1) / pool->page_size;

	if (pool->free >= wanted)
		return false;
	skip(ladder, "%s: %" PRIu64 " of %" PRIu64 " pages free on %s", what, pool->free, wanted,
	     where);
	return true;
}

/* Explicit pages of each size that suits, the largest first. */
static void
add_explicit(struct mr_ladder *ladder, size_t size, const struct mr_page_facts *facts)
{
	for (unsigned int i = facts->nb_pools; i-- > 0;) {
		const struct mr_pool *pool = &facts->pools[i];
		struct mr_size_text what;

		mr_size_text(&what, pool->page_size);
		if (!wasteful(ladder, what.text, size, pool->page_size) &&
		    !scarce(ladder, what.text, size, pool, facts->where.text))
			add(ladder, MR_EXPLICIT, pool->page_size);
	}
}

static void
plan_any(struct mr_ladder *ladder, size_t size, const struct mr_page_facts *facts)
{
	add_explicit(ladder, size, facts);
	/* None suits: the smallest wastes least, and if it is scarce its failure says so. */
	if (ladder->nb_rungs == 0 && facts->nb_pools > 0)
		add(ladder, MR_EXPLICIT, facts->pools[0].page_size);
}

static void
plan_ladder(struct mr_ladder *ladder, size_t size, const struct mr_page_facts *facts)
{
	add_explicit(ladder, size, facts);
	if (facts->transparent == 0)
		skip(ladder, "transparent: this kernel has none");
	else if (facts->transparent_never)
		skip(ladder, "transparent: switched off for the machine");
	else if (!wasteful(ladder, "transparent", size, facts->transparent))
		add(ladder, MR_TRANSPARENT, facts->transparent);
	add(ladder, MR_SMALL, facts->base_page);
}

void
mr_pages_skipped(const struct mr_ladder *ladder, unsigned int rung, char *text, size_t size)
{
	for (unsigned int i = 0; i < ladder->nb_skips; i++) {
		if (ladder->skips[i].rung == rung)
			mr_text_add(text, size, "%s%s", text[0] != '\0' ? "; " : "",
				    ladder->skips[i].why);
	}
}

bool
mr_pages_meet(enum rte_memregion_pages wished, const struct mr_rung *rung)
{
	switch (wished) {
	case RTE_MEMREGION_PAGES_TRANSPARENT:
		return rung->kind == MR_TRANSPARENT;
	case RTE_MEMREGION_PAGES_SMALL:
		return rung->kind == MR_SMALL;
	case RTE_MEMREGION_PAGES_2M:
		return rung->kind == MR_EXPLICIT && rung->page_size == MR_2M;
	case RTE_MEMREGION_PAGES_1G:
		return rung->kind == MR_EXPLICIT && rung->page_size == MR_1G;
	case RTE_MEMREGION_PAGES_EXPLICIT:
		return rung->kind == MR_EXPLICIT;
	default:
		return true;
	}
}

int
mr_pages_plan(enum rte_memregion_pages wished, bool strict, size_t size,
	      const struct mr_page_facts *facts, struct mr_ladder *ladder)
{
	memset(ladder, 0, sizeof(*ladder));
	switch (wished) {
	case RTE_MEMREGION_PAGES_TRANSPARENT:
		add_transparent(ladder, facts);
		break;
	case RTE_MEMREGION_PAGES_SMALL:
		add(ladder, MR_SMALL, facts->base_page);
		break;
	case RTE_MEMREGION_PAGES_2M:
		add(ladder, MR_EXPLICIT, MR_2M);
		break;
	case RTE_MEMREGION_PAGES_1G:
		add(ladder, MR_EXPLICIT, MR_1G);
		if (!strict)
			add(ladder, MR_EXPLICIT, MR_2M);
		break;
	case RTE_MEMREGION_PAGES_EXPLICIT:
		plan_any(ladder, size, facts);
		break;
	case RTE_MEMREGION_PAGES_LADDER:
		plan_ladder(ladder, size, facts);
		return 0;
	default:
		return -EINVAL;
	}
	/* The next best, should what was wished not be had. */
	if (!strict && (ladder->nb_rungs == 0 || ladder->rungs[0].kind == MR_EXPLICIT))
		add_transparent(ladder, facts);
	return ladder->nb_rungs > 0 ? 0 : -ENOTSUP;
}
