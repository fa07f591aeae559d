/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how far each wish is met, from what was seen of a region.
 * Must not: ask the kernel, or take a call's success for the thing itself.
 * Called by: memregion_create.c, memregion_change.c, memregion_resize.c.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memregion_priv.h"

/* Shares of an interleaved region may differ by a page and by one part in so many. */
#define EVEN_PART 8

static void
say(struct rte_memregion_account *account, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
say(struct rte_memregion_account *account, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(account->text, sizeof(account->text), format, args);
	va_end(args);
}

/* Met for so many bytes of size; a reason stands for the rest. */
static void
count(struct rte_memregion_account *account, uint64_t bytes, uint64_t size,
      enum rte_memregion_reason reason)
{
	account->bytes = bytes < size ? bytes : size;
	if (bytes >= size) {
		account->level = RTE_MEMREGION_ENFORCED;
		account->reason = RTE_MEMREGION_REASON_NONE;
	} else {
		account->level = bytes > 0 ? RTE_MEMREGION_PARTIAL : RTE_MEMREGION_NOT_ENFORCED;
		account->reason = reason;
	}
}

/* It was never brought about: what is there by chance is not enforced. */
static void
blame(struct rte_memregion_account *account, const struct mr_fault *fault)
{
	count(account, 0, 1, fault->reason);
	say(account, "%s", fault->text);
}

static void
unseen(struct rte_memregion_account *account, const char *what, int error)
{
	count(account, 0, 1, RTE_MEMREGION_REASON_UNSEEN);
	say(account, "cannot be seen: %s: %s", what, strerror(-error));
}

/* Of the bytes of a region those on its targets; the nodes of the others are collected. */
static uint64_t
on_targets(const struct mr_place *place, const struct rte_membind_location *location,
	   struct rte_numa_mask *elsewhere)
{
	uint64_t on = 0;
	int node_id;

	rte_numa_mask_andnot(elsewhere, &location->nodes, &place->targets);
	RTE_NUMA_MASK_FOREACH(node_id, &place->targets)
		on += location->on_node[node_id];
	return on;
}

/* Bytes of an interleaved region that are spread as they should be: all, if shares are even. */
static uint64_t
spread_evenly(const struct rte_memregion *region, const struct rte_membind_location *location)
{
	uint64_t least = UINT64_MAX, most = 0;
	int node_id;

	RTE_NUMA_MASK_FOREACH(node_id, &region->place.targets) {
		uint64_t share = location->on_node[node_id];

		least = share < least ? share : least;
		most = share > most ? share : most;
	}
	if (most - least <= region->rung.page_size + most / EVEN_PART)
		return region->size;
	return least * rte_numa_mask_count(&region->place.targets);
}

uint64_t
mr_judge_uneven(const struct rte_memregion *region, const struct rte_membind_location *location,
		struct rte_numa_mask *on)
{
	uint64_t fair, beyond = 0;
	int node_id;

	rte_numa_mask_zero(on);
	/* Who touches only some pages may well choose those of one node. */
	if (region->place.policy != RTE_MEMBIND_INTERLEAVE || location->present < region->size ||
	    spread_evenly(region, location) == region->size)
		return 0;
	fair = region->size / rte_numa_mask_count(&region->place.targets) / region->rung.page_size *
	       region->rung.page_size;
	RTE_NUMA_MASK_FOREACH(node_id, &region->place.targets) {
		uint64_t share = location->on_node[node_id];

		/* A share that does not divide well is a page larger. */
		if (share <= fair + region->rung.page_size)
			continue;
		beyond += share - fair;
		rte_numa_mask_set(on, node_id);
	}
	return beyond;
}

/* All pages are there, and on the nodes of the policy. */
static void
judge_spread(const struct rte_memregion *region, const struct mr_sight *sight,
	     struct rte_memregion_account *account)
{
	uint64_t evenly = region->size;
	struct mr_nodes_text nodes;
	int node_id;

	mr_nodes_text(&nodes, &region->place.targets);
	if (region->place.policy == RTE_MEMBIND_INTERLEAVE)
		evenly = spread_evenly(region, &sight->location);
	count(account, evenly, region->size, RTE_MEMREGION_REASON_MISPLACED);
	if (evenly == region->size) {
		say(account, "all on %s", nodes.text);
		return;
	}
	say(account, "not evenly on %s, but in bytes:", nodes.text);
	RTE_NUMA_MASK_FOREACH(node_id, &region->place.targets)
		mr_text_add(account->text, sizeof(account->text), " %" PRIu64,
			    sight->location.on_node[node_id]);
}

static void
judge_policy(const struct rte_memregion *region, const struct mr_sight *sight,
	     struct rte_memregion_account *account)
{
	const struct mr_fault *fault = &region->faults[RTE_MEMREGION_WISH_POLICY];
	struct rte_numa_mask elsewhere;
	struct mr_nodes_text nodes, others;
	struct mr_size_text size, part;
	uint64_t on;

	if (fault->total) {
		blame(account, fault);
		return;
	}
	if (sight->locate_error < 0) {
		unseen(account, sight->locate_text, sight->locate_error);
		return;
	}
	on = on_targets(&region->place, &sight->location, &elsewhere);
	mr_nodes_text(&nodes, &region->place.targets);
	mr_size_text(&part, on);
	mr_size_text(&size, region->size);
	if (fault->reason != RTE_MEMREGION_REASON_NONE) {
		/* Some of what was wished is missing, wherever the pages are. */
		count(account, on, UINT64_MAX, fault->reason);
		say(account, "%s; %s of %s on %s", fault->text, part.text, size.text, nodes.text);
	} else if (!rte_numa_mask_empty(&elsewhere)) {
		count(account, on, region->size, RTE_MEMREGION_REASON_MISPLACED);
		say(account, "%s of %s on %s, the others on %s", part.text, size.text, nodes.text,
		    mr_nodes_text(&others, &elsewhere));
	} else if (on < region->size) {
		count(account, on, region->size, RTE_MEMREGION_REASON_NOT_YET);
		say(account, "%s of %s exist, on %s; the others were not touched, or are swapped",
		    part.text, size.text, on > 0 ? nodes.text : "no node");
	} else {
		judge_spread(region, sight, account);
	}
}

static void
judge_explicit(const struct rte_memregion *region, const struct mr_seen *seen,
	       struct rte_memregion_account *account)
{
	struct mr_size_text page, found;
	bool right = seen->page_size == region->rung.page_size;

	count(account, right ? seen->hugetlb : 0, region->size, RTE_MEMREGION_REASON_CHANGED);
	mr_size_text(&page, region->rung.page_size);
	if (right)
		say(account, "%s in pages of %s", mr_size_text(&found, seen->hugetlb), page.text);
	else
		say(account, "in pages of %s instead of %s", mr_size_text(&found, seen->page_size),
		    page.text);
}

static void
judge_transparent(const struct rte_memregion *region, const struct mr_seen *seen,
		  struct rte_memregion_account *account)
{
	const struct mr_fault *fault = &region->faults[RTE_MEMREGION_WISH_PAGES];
	struct mr_size_text huge, size, page;
	const char *why;

	if (fault->reason != RTE_MEMREGION_REASON_NONE) {
		count(account, seen->transparent, region->size, fault->reason);
		why = fault->text;
	} else if (seen->transparent < seen->resident) {
		count(account, seen->transparent, region->size, RTE_MEMREGION_REASON_NO_PAGES);
		why = "the kernel had no more free runs of that size";
	} else {
		count(account, seen->transparent, region->size, RTE_MEMREGION_REASON_NOT_YET);
		why = "the others have not been touched";
	}
	say(account, "%s of %s in transparent hugepages of %s",
	    mr_size_text(&huge, seen->transparent), mr_size_text(&size, region->size),
	    mr_size_text(&page, region->rung.page_size));
	if (account->level != RTE_MEMREGION_ENFORCED)
		mr_text_add(account->text, sizeof(account->text), ": %s", why);
}

static void
judge_small(const struct rte_memregion *region, const struct mr_seen *seen,
	    struct rte_memregion_account *account)
{
	struct mr_size_text huge, page;

	count(account, region->size - seen->transparent, region->size,
	      RTE_MEMREGION_REASON_CHANGED);
	if (seen->transparent > 0)
		say(account, "%s in transparent hugepages", mr_size_text(&huge, seen->transparent));
	else
		say(account, "in pages of %s", mr_size_text(&page, seen->page_size));
}

static void
judge_pages(const struct rte_memregion *region, const struct mr_sight *sight,
	    struct rte_memregion_account *account)
{
	const struct mr_fault *fault = &region->faults[RTE_MEMREGION_WISH_PAGES];

	if (fault->total) {
		blame(account, fault);
		return;
	}
	switch (region->rung.kind) {
	case MR_EXPLICIT:
		judge_explicit(region, &sight->seen, account);
		break;
	case MR_TRANSPARENT:
		judge_transparent(region, &sight->seen, account);
		break;
	default:
		judge_small(region, &sight->seen, account);
		break;
	}
	if (region->passed[0] != '\0')
		mr_text_add(account->text, sizeof(account->text), "; %s", region->passed);
}

static void
judge_prefault(const struct rte_memregion *region, const struct mr_sight *sight,
	       struct rte_memregion_account *account)
{
	const struct mr_fault *fault = &region->faults[RTE_MEMREGION_WISH_PREFAULT];
	uint64_t there = region->rung.kind == MR_EXPLICIT ? sight->seen.hugetlb :
							    sight->seen.resident;
	struct mr_size_text part, size;
	const char *why = "the others were swapped or given back since";
	enum rte_memregion_reason reason = RTE_MEMREGION_REASON_CHANGED;

	if (fault->reason != RTE_MEMREGION_REASON_NONE) {
		reason = fault->reason;
		why = fault->text;
	}
	count(account, there, region->size, reason);
	say(account, "%s of %s exist", mr_size_text(&part, there),
	    mr_size_text(&size, region->size));
	if (account->level != RTE_MEMREGION_ENFORCED)
		mr_text_add(account->text, sizeof(account->text), ": %s", why);
	else
		mr_text_add(account->text, sizeof(account->text), ", by %s", region->crew);
}

/* A wish of which the kernel says plainly for how much it holds. */
static void
judge_plain(const struct mr_fault *fault, uint64_t bytes, uint64_t size, const char *what,
	    struct rte_memregion_account *account)
{
	bool faulty = fault->reason != RTE_MEMREGION_REASON_NONE;
	struct mr_size_text part, whole;

	count(account, bytes, size, faulty ? fault->reason : RTE_MEMREGION_REASON_CHANGED);
	say(account, "%s of %s %s", mr_size_text(&part, account->bytes), mr_size_text(&whole, size),
	    what);
	if (account->level != RTE_MEMREGION_ENFORCED && faulty)
		mr_text_add(account->text, sizeof(account->text), ": %s", fault->text);
}

static void
judge_lock(const struct rte_memregion *region, const struct mr_sight *sight,
	   struct rte_memregion_account *account)
{
	const struct mr_fault *fault = &region->faults[RTE_MEMREGION_WISH_LOCK];

	if (region->rung.kind == MR_EXPLICIT)
		judge_plain(fault, sight->seen.hugetlb, region->size,
			    "in explicit hugepages, which are never swapped", account);
	else if (sight->seen.locked >= region->size)
		judge_plain(fault, sight->seen.lockable, region->size, "locked", account);
	else
		judge_plain(fault, sight->seen.lockable, region->size,
			    "locked from when they exist", account);
}

static void
judge_name(const struct rte_memregion *region, const struct mr_sight *sight,
	   struct rte_memregion_account *account)
{
	const struct mr_fault *fault = &region->faults[RTE_MEMREGION_WISH_NAME];

	if (sight->seen.named == 0 && sight->seen.named_guards >= 2 * region->guard)
		judge_plain(fault, region->size, region->size,
			    "between guards that bear the name, since this kernel gives anonymous "
			    "memory none",
			    account);
	else
		judge_plain(fault, sight->seen.named, region->size, "bear the name", account);
}

void
mr_judge(const struct rte_memregion *region, const struct mr_sight *sight,
	 struct rte_memregion_account *accounts)
{
	const struct mr_wished *wished = &region->wished;
	const struct mr_fault *faults = region->faults;

	memset(accounts, 0, RTE_MEMREGION_NB_WISHES * sizeof(*accounts));
	judge_policy(region, sight, &accounts[RTE_MEMREGION_WISH_POLICY]);
	judge_pages(region, sight, &accounts[RTE_MEMREGION_WISH_PAGES]);
	if (wished->prefault)
		judge_prefault(region, sight, &accounts[RTE_MEMREGION_WISH_PREFAULT]);
	if (wished->lock)
		judge_lock(region, sight, &accounts[RTE_MEMREGION_WISH_LOCK]);
	if (wished->nodump)
		judge_plain(&faults[RTE_MEMREGION_WISH_NODUMP], sight->seen.nodump, region->size,
			    "left out of core dumps", &accounts[RTE_MEMREGION_WISH_NODUMP]);
	if (wished->guard_size > 0)
		judge_plain(&faults[RTE_MEMREGION_WISH_GUARD], sight->seen.guarded,
			    2 * region->guard, "inaccessible around the region",
			    &accounts[RTE_MEMREGION_WISH_GUARD]);
	if (wished->name[0] != '\0')
		judge_name(region, sight, &accounts[RTE_MEMREGION_WISH_NAME]);
	if (sight->look_error < 0) {
		for (int wish = RTE_MEMREGION_WISH_PAGES; wish < RTE_MEMREGION_NB_WISHES; wish++) {
			if (accounts[wish].level != RTE_MEMREGION_NOT_WISHED)
				unseen(&accounts[wish], "/proc/self/smaps", sight->look_error);
		}
	}
}
