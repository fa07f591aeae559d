/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the steps by which a region's memory is made as wished, and looking at it afterwards.
 * Must not: choose page sizes or nodes, or leave anything mapped that the region does not know of.
 * Called by: memregion_create.c, memregion_resize.c, memregion_change.c.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memregion_priv.h"

int
mr_build_reserve(struct rte_memregion *region, size_t size)
{
	struct mr_size_text text, guards;
	size_t guard, page = mr_os_base_page();
	int ret;

	/* At least a page: see I1. */
	ret = mr_round_up(region->wished.guard_size > 0 ? region->wished.guard_size : 1, page,
			  &guard);
	if (ret == 0)
		ret = mr_os_reserve(size, region->rung.page_size, guard, &region->addr);
	if (ret < 0)
		return mr_fail(ret,
			       "no address space for %s between guards of %s (%s); see ulimit -v "
			       "and vm.max_map_count",
			       mr_size_text(&text, size),
			       mr_size_text(&guards, region->wished.guard_size > 0 ?
							     region->wished.guard_size :
							     page),
			       strerror(-ret));
	region->size = size;
	region->guard = guard;
	region->after = guard;
	return 0;
}

int
mr_build_release(struct rte_memregion *region)
{
	int ret = mr_os_unmap(region->addr - region->guard,
			      region->guard + region->size + region->after);

	if (ret < 0)
		return mr_fail(ret, "cannot unmap the region at %p: %s; it stays as it is",
			       (void *)region->addr, strerror(-ret));
	mr_os_close(region->fd);
	return 0;
}

void
mr_build_discard(struct rte_memregion *region)
{
	char *start = region->addr - region->guard, *end = region->addr + region->size;

	/* The guards' mappings may be one with a neighbour's, and so take a split, but not ours. */
	if (mr_os_unmap(start, region->guard + region->size + region->after) < 0) {
		mr_os_unmap(region->addr, region->size);
		mr_os_unmap(start, region->guard);
		mr_os_unmap(end, region->after);
	}
	mr_os_close(region->fd);
	region->fd = -1;
	region->named_by_guards = false;
}

/* Explicit hugepages are promised here, machine-wide: there may be too few already. */
static int
back_explicit(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts)
{
	const char *name = region->wished.name[0] != '\0' ? region->wished.name : "fastmem";
	size_t end = addr - region->addr + size;
	struct mr_size_text page;
	int ret = 0;

	if (region->fd < 0)
		ret = mr_os_memfd(name, region->rung.page_size, &region->fd);
	if (ret == -EMFILE || ret == -ENFILE)
		return mr_fail(ret, "no file descriptor for explicit hugepages; see ulimit -n");
	if (ret < 0)
		return mr_refuse(region, mr_reason(ret), "no explicit hugepages of %s: %s",
				 mr_size_text(&page, region->rung.page_size), strerror(-ret));
	ret = mr_os_truncate(region->fd, end);
	if (ret == -EFBIG)
		return mr_refuse(region, RTE_MEMREGION_REASON_LIMIT,
				 "%s of explicit hugepages are a file larger than RLIMIT_FSIZE "
				 "permits (ulimit -f)",
				 mr_size_text(&page, end));
	if (ret == 0)
		ret = mr_os_back(addr, size, region->fd, addr - region->addr);
	if (ret < 0)
		return mr_populate_scarce(region, addr, size, facts);
	return 0;
}

static int
back(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts)
{
	struct mr_size_text text;
	int ret;

	if (region->rung.kind == MR_EXPLICIT)
		return back_explicit(region, addr, size, facts);
	ret = mr_os_back(addr, size, -1, 0);
	if (ret < 0)
		return mr_fail(ret,
			       "cannot map %s: %s; see vm.overcommit_memory and "
			       "vm.max_map_count",
			       mr_size_text(&text, size), strerror(-ret));
	return 0;
}

static int
advise_transparent(struct rte_memregion *region, char *addr, size_t size,
		   const struct mr_facts *facts)
{
	int ret = mr_os_transparent(addr, size, true);

	/* A kernel without them does not know the advice. */
	if (facts->pages.transparent == 0 || ret == -EINVAL)
		return mr_miss(region, RTE_MEMREGION_WISH_PAGES, true,
			       RTE_MEMREGION_REASON_UNSUPPORTED,
			       "this kernel has no transparent hugepages");
	if (ret < 0)
		return mr_miss(region, RTE_MEMREGION_WISH_PAGES, false, mr_reason(ret),
			       "madvise(2) with MADV_HUGEPAGE: %s", strerror(-ret));
	if (facts->pages.transparent_never)
		return mr_miss(region, RTE_MEMREGION_WISH_PAGES, false,
			       RTE_MEMREGION_REASON_DISABLED,
			       "transparent hugepages are switched off; write madvise or always to "
			       "/sys/kernel/mm/transparent_hugepage/enabled");
	return 0;
}

static int
advise_small(struct rte_memregion *region, char *addr, size_t size)
{
	int ret = mr_os_transparent(addr, size, false);

	/* A kernel without transparent hugepages needs no telling. */
	if (ret < 0 && ret != -EINVAL)
		return mr_miss(region, RTE_MEMREGION_WISH_PAGES, false, mr_reason(ret),
			       "madvise(2) with MADV_NOHUGEPAGE: %s", strerror(-ret));
	return 0;
}

static int
advise_pages(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts)
{
	switch (region->rung.kind) {
	case MR_TRANSPARENT:
		return advise_transparent(region, addr, size, facts);
	case MR_SMALL:
		return advise_small(region, addr, size);
	default:
		return 0;
	}
}

static int
leave_out_of_dumps(struct rte_memregion *region, char *addr, size_t size)
{
	int ret;

	if (!region->wished.nodump)
		return 0;
	ret = mr_os_nodump(addr, size);
	if (ret < 0)
		return mr_miss(region, RTE_MEMREGION_WISH_NODUMP, false, mr_reason(ret),
			       "madvise(2) with MADV_DONTDUMP: %s", strerror(-ret));
	return 0;
}

int
mr_build_open_label(struct rte_memregion *region, int *fd)
{
	int ret;

	*fd = -1;
	if (!region->named_by_guards)
		return 0;
	ret = mr_os_memfd(region->wished.name, 0, fd);
	if (ret < 0)
		return mr_miss(
			region, RTE_MEMREGION_WISH_NAME, false, mr_reason(ret),
			"this kernel gives anonymous memory no names, and a file to name the "
			"guards by could not be made: %s",
			strerror(-ret));
	return 0;
}

int
mr_build_label(struct rte_memregion *region)
{
	int fd, ret;

	ret = mr_build_open_label(region, &fd);
	if (ret < 0 || fd < 0)
		return ret;
	ret = mr_os_guard(region->addr - region->guard, region->guard, fd);
	if (ret == 0)
		ret = mr_os_guard(region->addr + region->size, region->after, fd);
	mr_os_close(fd);
	if (ret < 0)
		return mr_miss(region, RTE_MEMREGION_WISH_NAME, false, mr_reason(ret),
			       "the guards could not be named: %s", strerror(-ret));
	return 0;
}

/* A memfd has its name already. */
static int
name(struct rte_memregion *region, char *addr, size_t size)
{
	if (region->wished.name[0] == '\0' || region->rung.kind == MR_EXPLICIT)
		return 0;
	/* Also when a filter refuses it, or a name of ours does not please. */
	if (mr_os_name(addr, size, region->wished.name) < 0)
		region->named_by_guards = true;
	return 0;
}

static int
bind(struct rte_memregion *region, char *addr, size_t size)
{
	const struct mr_place *place = &region->place;
	unsigned int flags = region->wished.strict ? RTE_MEMBIND_F_STRICT : 0;
	int ret = rte_membind_set_range(addr, size, place->policy, &place->nodes, flags);

	if (ret < 0)
		return mr_miss(region, RTE_MEMREGION_WISH_POLICY, true, mr_reason(ret), "%s",
			       rte_membind_error());
	return 0;
}

static int
lock(struct rte_memregion *region, char *addr, size_t size)
{
	uint64_t limit = mr_os_lock_limit();
	struct mr_size_text text, most;
	int ret;

	/* The kernel never swaps explicit hugepages, but counts them against the limit if asked. */
	if (!region->wished.lock || region->rung.kind == MR_EXPLICIT)
		return 0;
	ret = mr_os_lock(addr, size);
	if (ret == 0)
		return 0;
	if (limit < UINT64_MAX && (ret == -ENOMEM || ret == -EPERM || ret == -EAGAIN))
		return mr_miss(
			region, RTE_MEMREGION_WISH_LOCK, false, RTE_MEMREGION_REASON_LIMIT,
			"%s to lock, and RLIMIT_MEMLOCK allows the process %s in all; raise it "
			"(ulimit -l, LimitMEMLOCK=) or give CAP_IPC_LOCK",
			mr_size_text(&text, size), mr_size_text(&most, limit));
	return mr_miss(region, RTE_MEMREGION_WISH_LOCK, false, mr_reason(ret), "mlock2(2): %s",
		       strerror(-ret));
}

int
mr_build_memory(struct rte_memregion *region, char *addr, size_t size, const struct mr_facts *facts,
		uint64_t deadline_ms)
{
	int ret;

	ret = mr_populate_check(region, size, facts);
	if (ret == 0)
		ret = back(region, addr, size, facts);
	if (ret == 0)
		ret = advise_pages(region, addr, size, facts);
	if (ret == 0)
		ret = leave_out_of_dumps(region, addr, size);
	if (ret == 0)
		ret = name(region, addr, size);
	if (ret == 0)
		ret = bind(region, addr, size);
	/* Before the pages exist: whether it may be done is known before the work of making them. */
	if (ret == 0)
		ret = lock(region, addr, size);
	if (ret == 0)
		ret = mr_populate(region, addr, size, facts, deadline_ms);
	return ret;
}

void
mr_build_look(const struct rte_memregion *region, struct mr_sight *sight)
{
	sight->locate_error = rte_membind_locate(region->addr, region->size, &sight->location);
	if (sight->locate_error < 0)
		snprintf(sight->locate_text, sizeof(sight->locate_text), "%s", rte_membind_error());
	sight->look_error = mr_os_look(region->addr, region->size, region->guard,
				       region->wished.name, &sight->seen);
}

void
mr_build_remember(struct rte_memregion *region)
{
	region->bound_known = rte_membind_get_range(region->addr, region->size,
						    &region->bound_policy, &region->bound_nodes,
						    0) == 0;
}

int
mr_build_verify(struct rte_memregion *region)
{
	struct rte_memregion_account accounts[RTE_MEMREGION_NB_WISHES];
	struct mr_sight *sight = malloc(sizeof(*sight));
	int ret = 0;

	if (sight == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	mr_build_look(region, sight);
	mr_judge(region, sight, accounts);
	free(sight);
	for (int wish = 0; ret == 0 && wish < RTE_MEMREGION_NB_WISHES; wish++) {
		if (accounts[wish].level > RTE_MEMREGION_ENFORCED)
			ret = mr_miss(region, wish, false, accounts[wish].reason, "%s",
				      accounts[wish].text);
	}
	return ret;
}
