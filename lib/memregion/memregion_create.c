/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a region's life: made, from the best pages that suit downwards; asked; destroyed.
 * Must not: make system calls itself, or leave a trace of what it could not make.
 * Called by: applications and every library above.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memregion_priv.h"

/* One rung of the ladder: all of the region in such pages, or no region. */
static int
try_rung(struct rte_memregion *region, size_t wanted, const struct mr_facts *facts,
	 uint64_t deadline_ms)
{
	struct mr_size_text text;
	size_t size;
	int ret;

	if (mr_round_up(wanted, region->rung.page_size, &size) < 0)
		return mr_fail(-ENOMEM,
			       "%zu bytes, rounded up to pages of %s, are more than there "
			       "are addresses for",
			       wanted, mr_size_text(&text, region->rung.page_size));
	ret = mr_build_reserve(region, size);
	if (ret < 0)
		return ret;
	ret = mr_build_memory(region, region->addr, size, facts, deadline_ms);
	if (ret == 0)
		ret = mr_build_label(region);
	if (ret == 0 && region->wished.strict)
		ret = mr_build_verify(region);
	if (ret < 0) {
		mr_build_discard(region);
		return ret;
	}
	return 0;
}

/* What creation goes by. */
struct plan {
	struct mr_facts facts;
	struct mr_place place;
	struct mr_fault place_fault; /* Nodes that are not to be had. */
	struct mr_ladder ladder;
	uint64_t deadline_ms;
};

/* A region as it stands before the first step on a rung; pages: why it is not a better rung. */
static void
start_rung(struct rte_memregion *region, const struct plan *plan, const struct mr_rung *rung,
	   const struct mr_fault *pages)
{
	region->rung = *rung;
	region->place = plan->place;
	memset(region->faults, 0, sizeof(region->faults));
	region->faults[RTE_MEMREGION_WISH_POLICY] = plan->place_fault;
	if (mr_pages_meet(region->wished.pages, rung))
		return;
	region->faults[RTE_MEMREGION_WISH_PAGES] = *pages;
	if (pages->reason == RTE_MEMREGION_REASON_NONE)
		mr_fault_set(&region->faults[RTE_MEMREGION_WISH_PAGES],
			     RTE_MEMREGION_REASON_UNSUPPORTED,
			     "this kernel has no explicit hugepages");
	region->faults[RTE_MEMREGION_WISH_PAGES].total = true;
}

static int
climb_down(struct rte_memregion *region, size_t size, const struct plan *plan)
{
	const struct mr_ladder *ladder = &plan->ladder;
	struct mr_fault pages = { 0 };
	struct mr_size_text text;
	int ret = -ENOTSUP;

	for (unsigned int i = 0; i < ladder->nb_rungs; i++) {
		start_rung(region, plan, &ladder->rungs[i], &pages);
		mr_pages_skipped(ladder, i, region->passed, sizeof(region->passed));
		ret = try_rung(region, size, &plan->facts, plan->deadline_ms);
		pages = region->faults[RTE_MEMREGION_WISH_PAGES];
		/* Only other pages could help, and not those who have no time left. */
		if (ret == 0 || pages.reason == RTE_MEMREGION_REASON_NONE ||
		    (region->wished.strict && (ret == -ETIMEDOUT || ret == -ECANCELED)))
			return ret;
		if (mr_pages_meet(region->wished.pages, &ladder->rungs[i]))
			mr_text_add(region->passed, sizeof(region->passed), "%s%s: %s",
				    region->passed[0] != '\0' ? "; " : "",
				    mr_size_text(&text, region->rung.page_size), pages.text);
	}
	return ret;
}

static int
make_plan(const struct mr_wished *wished, size_t size, struct plan *plan)
{
	int ret;

	if (wished->timeout_ms > 0)
		plan->deadline_ms = mr_now_ms() + wished->timeout_ms;
	ret = mr_facts_nodes(&plan->facts);
	if (ret < 0)
		return ret;
	mr_place_plan(wished, &plan->facts, &plan->place, &plan->place_fault);
	if (wished->strict && plan->place_fault.reason != RTE_MEMREGION_REASON_NONE)
		return mr_fail(mr_reason_errno(plan->place_fault.reason), "policy %s: %s",
			       rte_membind_policy_name(wished->policy), plan->place_fault.text);
	mr_facts_pages(plan->facts.topo, &plan->place.sources, &plan->facts.pages);
	ret = mr_pages_plan(wished->pages, wished->strict, size, &plan->facts.pages, &plan->ladder);
	if (ret < 0)
		return mr_fail(ret, "pages: this kernel has no explicit hugepages");
	return 0;
}

static int
make(size_t size, const struct rte_memregion_opts *opts, struct rte_memregion *region)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int ret;

	if (plan == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	ret = mr_opts_check(opts, &region->wished);
	if (ret == 0)
		ret = make_plan(&region->wished, size, plan);
	if (ret == 0)
		ret = climb_down(region, size, plan);
	free(plan);
	return ret;
}

int
rte_memregion_create(size_t size, const struct rte_memregion_opts *opts,
		     struct rte_memregion **region)
{
	struct rte_memregion *made;
	int ret;

	if (region == NULL)
		return mr_fail(-EINVAL, "nowhere to put the region: the pointer to it is NULL");
	if (size == 0)
		return mr_fail(-EINVAL, "a region of 0 bytes; it takes at least 1");
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	made->fd = -1;
	ret = make(size, opts, made);
	if (ret < 0) {
		free(made);
		return ret;
	}
	/* These were the creator's, who may be gone when the region is next made larger. */
	made->wished.progress = NULL;
	made->wished.progress_arg = NULL;
	mr_build_remember(made);
	pthread_mutex_init(&made->lock, NULL);
	*region = made;
	return 0;
}

int
rte_memregion_destroy(struct rte_memregion *region)
{
	int ret;

	if (region == NULL)
		return 0;
	ret = mr_build_release(region);
	if (ret < 0)
		return ret;
	pthread_mutex_destroy(&region->lock);
	free(region);
	return 0;
}

void *
rte_memregion_addr(const struct rte_memregion *region)
{
	return region->addr;
}

size_t
rte_memregion_size(const struct rte_memregion *region)
{
	return region->size;
}

size_t
rte_memregion_page_size(const struct rte_memregion *region)
{
	return region->rung.page_size;
}

int
rte_memregion_enforcement(struct rte_memregion *region, struct rte_memregion_enforcement *result)
{
	struct mr_sight *sight;

	if (result == NULL)
		return mr_fail(-EINVAL, "nowhere to put the answer: the pointer to it is NULL");
	sight = malloc(sizeof(*sight));
	if (sight == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	pthread_mutex_lock(&region->lock);
	mr_build_look(region, sight);
	mr_judge(region, sight, result->wish);
	pthread_mutex_unlock(&region->lock);
	free(sight);
	result->level = RTE_MEMREGION_NOT_WISHED;
	for (int wish = 0; wish < RTE_MEMREGION_NB_WISHES; wish++) {
		if (result->wish[wish].level > result->level)
			result->level = result->wish[wish].level;
	}
	return 0;
}

int
rte_memregion_location(struct rte_memregion *region, struct rte_membind_location *location)
{
	int ret;

	if (location == NULL)
		return mr_fail(-EINVAL, "nowhere to put the answer: the pointer to it is NULL");
	pthread_mutex_lock(&region->lock);
	ret = rte_membind_locate(region->addr, region->size, location);
	pthread_mutex_unlock(&region->lock);
	if (ret < 0)
		return mr_fail(ret, "%s", rte_membind_error());
	return 0;
}
