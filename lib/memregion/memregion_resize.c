/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: making a region larger or smaller at its end.
 * Must not: lose a byte of what remains, or leave a region between two sizes.
 * Called by: applications and every library above.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memregion_priv.h"

/* What is added is seen to be as wished, whatever became of the rest of the region meanwhile. */
static int
verify_part(struct rte_memregion *region, char *addr, size_t size)
{
	struct rte_memregion *part;
	int ret;

	if (!region->wished.strict)
		return 0;
	part = malloc(sizeof(*part));
	if (part == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	memcpy(part, region, sizeof(*part));
	part->addr = addr;
	part->size = size;
	/* The guards are the whole region's, and so may its name be. */
	part->wished.guard_size = 0;
	if (part->named_by_guards)
		part->wished.name[0] = '\0';
	ret = mr_build_verify(part);
	free(part);
	return ret;
}

/* Memory behind what there is already, seen to be as wished. */
static int
add_memory(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts)
{
	uint64_t deadline_ms = region->wished.timeout_ms;
	int ret;

	if (deadline_ms > 0)
		deadline_ms += mr_now_ms();
	ret = mr_build_memory(region, addr, size, facts, deadline_ms);
	return ret == 0 ? verify_part(region, addr, size) : ret;
}

/* Given back, and no more accessible; the address space stays ours, to grow into again. */
static int
shrink(struct rte_memregion *region, size_t size)
{
	size_t less = region->size - size;
	int fd, ret;

	ret = mr_build_open_label(region, &fd);
	if (ret < 0)
		return ret;
	ret = mr_os_guard(region->addr + size, less, fd);
	mr_os_close(fd);
	if (ret < 0)
		return mr_fail(ret, "cannot give back the last %zu bytes: %s", less,
			       strerror(-ret));
	region->size = size;
	region->after += less;
	/* Only this gives a file's pages back. Pages that stay are seen by nobody. */
	if (region->fd >= 0)
		mr_os_truncate(region->fd, size);
	return 0;
}

/* Address space right behind the region, so that there is room for more bytes and a guard. */
static int
extend(struct rte_memregion *region, size_t more)
{
	size_t spare = region->after - region->guard;
	int ret;

	if (more <= spare)
		return 0;
	ret = mr_os_extend(region->addr + region->size + region->after, more - spare);
	if (ret == 0)
		region->after += more - spare;
	return ret;
}

/* What follows is as it was before growing: a guard, and what more there is, not ours. */
static void
grow_back(struct rte_memregion *region, size_t after, int label)
{
	char *end = region->addr + region->size;

	mr_os_guard(end, region->after, label);
	if (region->after > after)
		mr_os_unmap(end + after, region->after - after);
	region->after = after;
	if (region->fd >= 0)
		mr_os_truncate(region->fd, region->size);
}

/* -EEXIST: there is no room behind the region, or the kernel cannot tell. */
static int
grow_here(struct rte_memregion *region, size_t size, const struct mr_facts *facts)
{
	size_t after = region->after, more = size - region->size;
	char *end = region->addr + region->size;
	int label, ret;

	ret = mr_build_open_label(region, &label);
	if (ret < 0)
		return ret;
	if (extend(region, more) < 0) {
		ret = -EEXIST;
		goto close_label;
	}
	ret = add_memory(region, end, more, facts);
	/* The guard bears the region's name, or is there already. */
	if (ret == 0 && label >= 0) {
		ret = mr_os_guard(end + more, region->after - more, label);
		if (ret < 0)
			mr_fail(ret, "cannot map a guard: %s", strerror(-ret));
	}
	if (ret == 0) {
		region->size += more;
		region->after -= more;
	} else {
		grow_back(region, after, label);
	}
close_label:
	mr_os_close(label);
	return ret;
}

/* After the kernel failed to move mappings there: is the address space still, or again, ours? */
static bool
still_ours(char *addr, size_t size)
{
	struct mr_seen seen;

	/* It may have been unmapped by then. */
	if (mr_os_extend(addr, size) == 0)
		return true;
	return mr_os_look(addr, size, 0, "", &seen) == 0 && seen.closed == size;
}

/* Give back a place that a region was to move to, but not what may be somebody else's by now. */
static void
abandon(struct rte_memregion *next, size_t moved, bool whole)
{
	next->fd = -1; /* The region's that stays. */
	if (whole) {
		mr_build_discard(next);
		return;
	}
	mr_os_unmap(next->addr - next->guard, next->guard);
	mr_os_unmap(next->addr + moved, next->size + next->after - moved);
}

/* Files' pages appear at both places; of others the mapping is moved, with all that is theirs. */
static int
fill_next(const struct rte_memregion *region, struct rte_memregion *next,
	  const struct mr_facts *facts)
{
	struct mr_seen seen;
	int ret;

	if (region->fd >= 0)
		return add_memory(next, next->addr, next->size, facts);
	ret = mr_os_look(region->addr, region->size, 0, "", &seen);
	if (ret < 0)
		return mr_fail(ret, "cannot read /proc/self/smaps: %s", strerror(-ret));
	if (seen.nb_mappings > 1)
		return mr_fail(-EBUSY,
			       "the region is %u mappings, because parts of it were given other "
			       "policies or protections; Linux moves one",
			       seen.nb_mappings);
	return add_memory(next, next->addr + region->size, next->size - region->size, facts);
}

static int
move_to_next(const struct rte_memregion *region, struct rte_memregion *next,
	     const struct mr_facts *facts)
{
	bool whole = true;
	int ret;

	ret = fill_next(region, next, facts);
	if (ret == 0)
		ret = mr_build_label(next);
	if (ret == 0 && region->fd < 0) {
		ret = mr_os_move(region->addr, region->size, next->addr);
		if (ret < 0) {
			mr_fail(ret, "cannot move the region: mremap(2): %s", strerror(-ret));
			whole = still_ours(next->addr, region->size);
		}
	}
	if (ret < 0) {
		if (region->fd >= 0)
			mr_os_truncate(region->fd, region->size);
		abandon(next, region->size, whole);
	}
	return ret;
}

static int
grow_elsewhere(struct rte_memregion *region, size_t size, const struct mr_facts *facts)
{
	struct rte_memregion *next = malloc(sizeof(*next));
	int ret;

	if (next == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	memcpy(next, region, sizeof(*next));
	ret = mr_build_reserve(next, size);
	if (ret == 0)
		ret = move_to_next(region, next, facts);
	if (ret == 0) {
		/* The middle is there no more, unless it is a file's. */
		mr_os_unmap(region->addr - region->guard, region->guard);
		if (region->fd >= 0)
			mr_os_unmap(region->addr, region->size);
		mr_os_unmap(region->addr + region->size, region->after);
		region->addr = next->addr;
		region->size = next->size;
		region->after = next->after;
		region->place = next->place;
		region->named_by_guards = next->named_by_guards;
		memcpy(region->crew, next->crew, sizeof(region->crew));
		memcpy(region->faults, next->faults, sizeof(region->faults));
	}
	free(next);
	return ret;
}

static int
grow(struct rte_memregion *region, size_t size, unsigned int flags)
{
	struct mr_facts *facts = malloc(sizeof(*facts));
	struct mr_fault faults[RTE_MEMREGION_NB_WISHES];
	struct mr_place place = region->place;
	int ret;

	if (facts == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	memcpy(faults, region->faults, sizeof(faults));
	ret = mr_facts_nodes(facts);
	if (ret < 0)
		goto free_facts;
	mr_facts_pages(facts->topo, &place.sources, &facts->pages);
	ret = grow_here(region, size, facts);
	if (ret == -EEXIST && (flags & RTE_MEMREGION_MAY_MOVE) != 0)
		ret = grow_elsewhere(region, size, facts);
	else if (ret == -EEXIST)
		ret = mr_fail(-EEXIST,
			      "there is no room behind the region for %zu bytes more; with "
			      "RTE_MEMREGION_MAY_MOVE it moves",
			      size - region->size);
	if (ret < 0) {
		memcpy(region->faults, faults, sizeof(faults));
		region->place = place;
	} else {
		mr_build_remember(region);
	}
free_facts:
	free(facts);
	return ret;
}

int
rte_memregion_resize(struct rte_memregion *region, size_t size, unsigned int flags)
{
	size_t rounded;
	int ret = 0;

	if ((flags & ~RTE_MEMREGION_MAY_MOVE) != 0)
		return mr_fail(-EINVAL, "flags 0x%x has bits that mean nothing", flags);
	if (size == 0)
		return mr_fail(-EINVAL, "a region of 0 bytes; destroy it instead");
	if (mr_round_up(size, region->rung.page_size, &rounded) < 0)
		return mr_fail(-ENOMEM, "%zu bytes are more than there are addresses for", size);
	pthread_mutex_lock(&region->lock);
	if (rounded < region->size)
		ret = shrink(region, rounded);
	else if (rounded > region->size)
		ret = grow(region, rounded, flags);
	pthread_mutex_unlock(&region->lock);
	return ret;
}
