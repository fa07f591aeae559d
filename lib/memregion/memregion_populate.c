/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: making a region's pages exist without harm: no SIGBUS, no out-of-memory killer.
 * Must not: touch a page, or map anything.
 * Called by: memregion_build.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memregion_priv.h"

#define POPULATE "madvise(2) with MADV_POPULATE_WRITE, which Linux has since 5.14"

/* What is looked at before each piece. */
struct room {
	const struct mr_facts *facts;
	const struct rte_numa_mask *nodes;
};

static int
has_room(void *arg, size_t size)
{
	const struct room *room = arg;

	return mr_facts_room(room->facts->topo, room->nodes) >= size ? 0 : -ENOMEM;
}

/* On other CPUs than those of the nodes: these are not allowed for this process. */
static void
describe_crew(struct rte_memregion *region, const struct mr_prefaulted *result)
{
	struct mr_nodes_text nodes;

	snprintf(region->crew, sizeof(region->crew), "%u thread%s %s CPUs of %s",
		 result->nb_threads, result->nb_threads == 1 ? "" : "s",
		 result->pinned ? "on" : "not on", mr_nodes_text(&nodes, &region->place.targets));
}

static int
populate(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
	 uint64_t deadline_ms, struct mr_prefaulted *result)
{
	const struct mr_wished *wished = &region->wished;
	struct room room = { .facts = facts, .nodes = &region->place.sources };
	struct mr_prefault job = {
		.addr = addr,
		.size = size,
		.page_size = region->rung.page_size,
		.nb_threads = wished->nb_threads,
		.deadline_ms = deadline_ms,
		.progress = wished->progress,
		.progress_arg = wished->progress_arg,
	};
	cpu_set_t *cpus = mr_facts_cpus(facts->topo, &region->place.targets, &job.cpus_size);
	int ret;

	job.cpus = cpus;
	/* The pool of explicit hugepages runs dry without harm. */
	if (region->rung.kind != MR_EXPLICIT) {
		job.has_room = has_room;
		job.has_room_arg = &room;
	}
	ret = mr_prefault(&job, result);
	if (cpus != NULL)
		CPU_FREE(cpus);
	describe_crew(region, result);
	return ret;
}

/* What there is of explicit hugepages where they are wanted, and how to have more. */
int
mr_populate_scarce(struct rte_memregion *region, char *addr, size_t size,
		   const struct mr_facts *facts)
{
	size_t page_size = region->rung.page_size;
	struct mr_size_text text, page;
	struct mr_page_facts pages;
	struct mr_seen seen;
	uint64_t left = 0;

	/* Afresh: others take pages too. */
	mr_facts_pages(facts->topo, &region->place.sources, &pages);
	for (unsigned int i = 0; i < pages.nb_pools; i++) {
		if (pages.pools[i].page_size == page_size)
			left = pages.pools[i].free;
	}
	/* And those that it has got so far. */
	if (mr_os_look(addr, size, 0, "", &seen) == 0)
		left += seen.hugetlb / page_size;
	return mr_refuse(region, RTE_MEMREGION_REASON_NO_PAGES,
			 "%s take %zu explicit hugepages of %s; %s has %" PRIu64 " free%s; raise "
			 "/sys/devices/system/node/node%d/hugepages/hugepages-%zukB/nr_hugepages",
			 mr_size_text(&text, size), size / page_size,
			 mr_size_text(&page, page_size), pages.where.text, left,
			 left < size / page_size ?
				 "" :
				 ", and other mappings or a hugetlb cgroup claim them",
			 rte_numa_mask_next(&region->place.sources, -1), page_size / 1024);
}

/* All of an explicit region or nothing: touching what does not exist would be SIGBUS. */
static int
populate_explicit(struct rte_memregion *region, char *addr, size_t size,
		  const struct mr_facts *facts, uint64_t deadline_ms)
{
	struct mr_prefaulted result = { 0 };
	struct mr_size_text whole, part;
	int ret;

	ret = populate(region, addr, size, facts, deadline_ms, &result);
	switch (ret) {
	case 0:
		return 0;
	case -EFAULT:
	case -ENOMEM:
		return mr_populate_scarce(region, addr, size, facts);
	case -ETIMEDOUT:
	case -ECANCELED:
		return mr_refuse(region, mr_reason(ret), "%s when %s of %s existed",
				 ret == -ETIMEDOUT ? "the deadline passed" : "it was stopped",
				 mr_size_text(&part, result.done), mr_size_text(&whole, size));
	default:
		return mr_refuse(region, mr_reason(ret), POPULATE ": %s", strerror(-ret));
	}
}

/* Memory of a node runs out with harm: the out-of-memory killer. So it is looked at beforehand. */
int
mr_populate_check(struct rte_memregion *region, size_t size, const struct mr_facts *facts)
{
	uint64_t room = mr_facts_room(facts->topo, &region->place.sources);
	struct mr_size_text wanted, there;
	struct mr_nodes_text nodes;

	if (room >= size || !region->wished.strict || region->rung.kind == MR_EXPLICIT)
		return 0;
	return mr_miss(
		region, RTE_MEMREGION_WISH_PREFAULT, false, RTE_MEMREGION_REASON_NO_MEMORY,
		"%s wished for on %s, and about %s can be had there now (this is racy: others take "
		"and give memory all the time)",
		mr_size_text(&wanted, size), mr_nodes_text(&nodes, &region->place.sources),
		mr_size_text(&there, room >> 20 << 20));
}

/* The nodes of a soft bind are full: what is left may lie elsewhere, rather than bring a kill. */
static int
spill(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
      const struct mr_prefaulted *result)
{
	struct mr_place *place = &region->place;
	struct mr_size_text part;
	struct mr_nodes_text nodes;
	int ret;

	ret = rte_membind_set_range(addr, size, RTE_MEMBIND_PREFERRED_MANY, &place->nodes, 0);
	if (ret < 0)
		return ret;
	mr_miss(region, RTE_MEMREGION_WISH_POLICY, false, RTE_MEMREGION_REASON_NO_MEMORY,
		"%s had room for %s only", mr_nodes_text(&nodes, &place->nodes),
		mr_size_text(&part, result->done));
	place->policy = RTE_MEMBIND_PREFERRED_MANY;
	place->sources = facts->allowed;
	return 0;
}

static int
populate_small(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
	       uint64_t deadline_ms)
{
	enum rte_memregion_wish wish = RTE_MEMREGION_WISH_PREFAULT;
	struct mr_prefaulted result = { 0 };
	struct mr_nodes_text nodes;
	struct mr_size_text part;
	int ret;

	if (!region->wished.prefault)
		return 0;
	if (region->faults[RTE_MEMREGION_WISH_PAGES].reason == RTE_MEMREGION_REASON_CANCELED)
		return mr_miss(region, wish, false, RTE_MEMREGION_REASON_CANCELED,
			       "it was stopped before, with explicit hugepages");
	ret = populate(region, addr, size, facts, deadline_ms, &result);
	if (ret == -ENOMEM && !region->wished.strict && region->place.policy == RTE_MEMBIND_BIND &&
	    spill(region, addr, size, facts, &result) == 0)
		ret = populate(region, addr, size, facts, deadline_ms, &result);
	mr_size_text(&part, result.done);
	switch (ret) {
	case 0:
		return 0;
	case -ENOMEM:
	case -EFAULT:
		return mr_miss(region, wish, false, RTE_MEMREGION_REASON_NO_MEMORY,
			       "after %s there was no more room on %s", part.text,
			       mr_nodes_text(&nodes, &region->place.sources));
	case -ETIMEDOUT:
	case -ECANCELED:
		return mr_miss(region, wish, false, mr_reason(ret), "%s when %s existed",
			       ret == -ETIMEDOUT ? "the deadline passed" : "it was stopped",
			       part.text);
	default:
		return mr_miss(region, wish, false, mr_reason(ret), POPULATE ": %s",
			       strerror(-ret));
	}
}

/* What was put together from small pages can be put together again: MADV_COLLAPSE. */
static void
collapse(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts)
{
	struct mr_seen seen;

	if (region->rung.kind != MR_TRANSPARENT || !region->wished.prefault ||
	    facts->pages.transparent_never)
		return;
	/* Where it fails the pages stay small, and are seen to be. */
	if (mr_os_look(addr, size, 0, "", &seen) == 0 && seen.transparent < seen.resident)
		mr_os_collapse(addr, size);
}

int
mr_populate(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
	    uint64_t deadline_ms)
{
	int ret;

	if (region->rung.kind == MR_EXPLICIT)
		return populate_explicit(region, addr, size, facts, deadline_ms);
	ret = populate_small(region, addr, size, facts, deadline_ms);
	if (ret == 0)
		collapse(region, addr, size, facts);
	return ret;
}
