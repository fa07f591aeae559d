/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the rules by which a kind of memory is chosen. Pure.
 * Must not: ask the machine, allocate, or put texts together.
 * Called by: memalloc_choose_facts.c, memalloc_auto.c, strategies, applications.
 */

#include <errno.h>
#include <stdbool.h>

#include "memalloc_priv.h"
#include "rte_memalloc_choose.h"

/* What a choice is made of. */
struct question {
	const struct rte_memalloc_rules *rules;
	const struct rte_memalloc_facts *facts;
	const struct rte_memalloc_hints *hints;
	size_t size;
};

void
rte_memalloc_rules_init(struct rte_memalloc_rules *rules)
{
	*rules = (struct rte_memalloc_rules){
		.huge_min = 0,
		.numa_above = 1000000,
		.numa_node_min = 4096,
		.arena_above = (uint64_t)1 << 20,
		.pool_below = 4096,
		.arena_pressure = RTE_MEMALLOC_PRESSURE_HIGH,
		.pool_pressure = RTE_MEMALLOC_PRESSURE_CRITICAL,
	};
}

enum rte_memalloc_pressure
rte_memalloc_pressure_of(uint64_t available, uint64_t total)
{
	if (available >= total / 4)
		return RTE_MEMALLOC_PRESSURE_LOW;
	if (available >= total / 10)
		return RTE_MEMALLOC_PRESSURE_MEDIUM;
	return available >= total / 20 ? RTE_MEMALLOC_PRESSURE_HIGH :
					 RTE_MEMALLOC_PRESSURE_CRITICAL;
}

/*
 * The largest pages of which enough are free and that waste at most an eighth, as regions have it; of
 * the machine's smallest ones whatever they waste. 0: none.
 */
static uint64_t
huge_page_size(const struct question *q, bool *is_any)
{
	uint64_t found = 0, page, rest, nb;

	*is_any = false;
	for (unsigned int i = 0; i < RTE_MEMALLOC_NB_HUGE; i++) {
		page = q->facts->huge[i].page_size;
		if (page == 0)
			break;
		*is_any = true;
		/* A power of two: no division. A sum with the size could overflow. */
		rest = q->size & (page - 1);
		nb = (q->size >> __builtin_ctzll(page)) + (rest != 0);
		if (q->facts->huge[i].free >= nb &&
		    (i == 0 || rest == 0 || page - rest <= q->size / 8))
			found = page;
	}
	return found;
}

static enum rte_memalloc_why_not
why_not(const struct question *q, enum rte_memalloc_choice_kind kind, bool is_forced,
	uint64_t *page_size)
{
	bool is_any;

	*page_size = 0;
	/* It is what is left when nothing else can be had. */
	if (kind == RTE_MEMALLOC_CHOICE_STANDARD)
		return RTE_MEMALLOC_WHY_NOT_NONE;
	if ((q->facts->without & RTE_MEMALLOC_CHOICE_BIT(kind)) != 0)
		return RTE_MEMALLOC_WHY_NOT_THERE;
	if ((q->facts->full & RTE_MEMALLOC_CHOICE_BIT(kind)) != 0)
		return RTE_MEMALLOC_WHY_NOT_LEFT;
	switch (kind) {
	case RTE_MEMALLOC_CHOICE_PINNED:
		return q->facts->can_pin ? RTE_MEMALLOC_WHY_NOT_NONE : RTE_MEMALLOC_WHY_NOT_PIN;
	case RTE_MEMALLOC_CHOICE_HUGE:
		*page_size = huge_page_size(q, &is_any);
		if (*page_size != 0)
			return RTE_MEMALLOC_WHY_NOT_NONE;
		return is_any ? RTE_MEMALLOC_WHY_NOT_FREE : RTE_MEMALLOC_WHY_NOT_HUGE;
	case RTE_MEMALLOC_CHOICE_ARENA:
		return !is_forced && q->facts->pressure >= q->rules->arena_pressure ?
			       RTE_MEMALLOC_WHY_NOT_PRESSURE :
			       RTE_MEMALLOC_WHY_NOT_NONE;
	case RTE_MEMALLOC_CHOICE_POOL:
		if (q->size >= q->rules->pool_below)
			return RTE_MEMALLOC_WHY_NOT_SIZE;
		return !is_forced && q->facts->pressure >= q->rules->pool_pressure ?
			       RTE_MEMALLOC_WHY_NOT_PRESSURE :
			       RTE_MEMALLOC_WHY_NOT_NONE;
	default:
		return RTE_MEMALLOC_WHY_NOT_NONE;
	}
}

/* Whether a kind that is wanted can be had: it is the choice then, else one that was passed over. */
static bool
take(const struct question *q, enum rte_memalloc_choice_kind kind, enum rte_memalloc_why why,
     struct rte_memalloc_choice *choice)
{
	enum rte_memalloc_why_not denied;
	uint64_t page_size;

	/* A kind that was forced in vain is not wanted twice. */
	if (choice->nb_passed != 0 && choice->passed[0].kind == kind)
		return false;
	denied = why_not(q, kind, why == RTE_MEMALLOC_WHY_FORCED, &page_size);
	if (denied != RTE_MEMALLOC_WHY_NOT_NONE) {
		choice->passed[choice->nb_passed++] = (struct rte_memalloc_passed){
			.kind = kind,
			.why = why,
			.why_not = denied,
		};
		return false;
	}
	choice->kind = kind;
	choice->why = why;
	choice->page_size = page_size;
	if (kind == RTE_MEMALLOC_CHOICE_NUMA && q->hints->scope == RTE_MEMALLOC_SCOPE_NODE)
		choice->node_id = q->hints->node_id;
	return true;
}

/* By who uses it. */
static bool
take_by_user(const struct question *q, struct rte_memalloc_choice *choice)
{
	if ((q->hints->flags & RTE_MEMALLOC_HINT_F_GPU) != 0 &&
	    take(q, RTE_MEMALLOC_CHOICE_PINNED, RTE_MEMALLOC_WHY_GPU, choice))
		return true;
	if (q->hints->scope == RTE_MEMALLOC_SCOPE_REMOTE && q->size >= q->rules->huge_min &&
	    take(q, RTE_MEMALLOC_CHOICE_HUGE, RTE_MEMALLOC_WHY_REMOTE, choice))
		return true;
	if (q->facts->nb_nodes <= 1)
		return false;
	if (q->size > q->rules->numa_above)
		return take(q, RTE_MEMALLOC_CHOICE_NUMA, RTE_MEMALLOC_WHY_LARGE, choice);
	return q->hints->scope == RTE_MEMALLOC_SCOPE_NODE && q->size >= q->rules->numa_node_min &&
	       take(q, RTE_MEMALLOC_CHOICE_NUMA, RTE_MEMALLOC_WHY_NODE, choice);
}

/* By how long it is needed, and by its size. */
static bool
take_by_size(const struct question *q, struct rte_memalloc_choice *choice)
{
	if (q->hints->lifetime == RTE_MEMALLOC_LIFETIME_TEMPORARY &&
	    take(q, RTE_MEMALLOC_CHOICE_ARENA, RTE_MEMALLOC_WHY_TEMPORARY, choice))
		return true;
	if (q->size < q->rules->pool_below)
		return take(q, RTE_MEMALLOC_CHOICE_POOL, RTE_MEMALLOC_WHY_POOL, choice);
	return q->hints->lifetime == RTE_MEMALLOC_LIFETIME_UNTOLD &&
	       q->size > q->rules->arena_above &&
	       take(q, RTE_MEMALLOC_CHOICE_ARENA, RTE_MEMALLOC_WHY_ARENA, choice);
}

static bool
are_hints(const struct rte_memalloc_hints *hints)
{
	return (hints->flags & ~(RTE_MEMALLOC_HINT_F_FORCE | RTE_MEMALLOC_HINT_F_GPU)) == 0 &&
	       (unsigned int)hints->forced < RTE_MEMALLOC_NB_CHOICES &&
	       (unsigned int)hints->lifetime <= RTE_MEMALLOC_LIFETIME_LASTING &&
	       (unsigned int)hints->scope <= RTE_MEMALLOC_SCOPE_REMOTE;
}

int
rte_memalloc_choose_by(const struct rte_memalloc_rules *rules,
		       const struct rte_memalloc_facts *facts, size_t size,
		       const struct rte_memalloc_hints *hints, struct rte_memalloc_choice *choice)
{
	static const struct rte_memalloc_hints none;
	struct question q = { rules, facts, hints == NULL ? &none : hints, size };

	if (choice == NULL || size == 0)
		return rte_memalloc_fail(-EINVAL,
					 "choosing memory for %zu bytes: ask for 1 at least, and "
					 "say where to put the choice",
					 size);
	if (!are_hints(q.hints))
		return rte_memalloc_fail(-EINVAL,
					 "choosing memory: hints of flags %#x, kind %u, lifetime "
					 "%u, scope %u: one of these is none",
					 q.hints->flags, (unsigned int)q.hints->forced,
					 (unsigned int)q.hints->lifetime,
					 (unsigned int)q.hints->scope);
	choice->kind = RTE_MEMALLOC_CHOICE_STANDARD;
	choice->why = RTE_MEMALLOC_WHY_ELSE;
	choice->node_id = RTE_NUMA_NODE_ANY;
	choice->nb_passed = 0;
	choice->page_size = 0;
	if ((q.hints->flags & RTE_MEMALLOC_HINT_F_FORCE) != 0 &&
	    take(&q, q.hints->forced, RTE_MEMALLOC_WHY_FORCED, choice))
		return 0;
	if (!take_by_user(&q, choice))
		take_by_size(&q, choice);
	return 0;
}
