/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: where the pages of a range are.
 * Must not: touch or move a page.
 * Called by: applications, lib/memregion, membind_range.c, membind_migrate.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "membind_priv.h"

/* Bits of an entry of /proc/PID/pagemap. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)

/*
 * What move_pages() has no node for is told apart by the pagemap. Of an untouched page it says
 * -ENOENT, and Linux 6.1 also -EFAULT, as of the page of zeros; of a page that nobody may
 * access 6.1 says -ENOENT too.
 */
static void
tell_apart(const struct membind_vma *vma, uintptr_t addr, struct membind_place *places, size_t n)
{
	uint64_t entries[MEMBIND_BATCH];
	size_t i = 0;

	while (i < n && places[i].node_id >= 0)
		i++;
	if (i == n || membind_sys_pagemap(addr, vma->page_size, entries, n) < 0)
		return;
	for (; i < n; i++) {
		struct membind_place *place = &places[i];

		if (place->why != -ENOENT && place->why != -EFAULT)
			continue;
		place->swapped = entries[i] & PAGEMAP_SWAPPED;
		if (place->swapped || !(entries[i] & PAGEMAP_PRESENT))
			place->why = -ENOENT;
		else
			place->hidden = place->why == -ENOENT;
	}
}

int
membind_places(const struct membind_vma *vma, uintptr_t addr, struct membind_place *places,
	       size_t n)
{
	void *pages[MEMBIND_BATCH];
	int status[MEMBIND_BATCH];
	long ret;

	for (size_t i = 0; i < n; i++)
		pages[i] = (void *)(addr + i * vma->page_size);
	ret = membind_sys_move(n, pages, NULL, status);
	if (ret < 0)
		return membind_fail(ret,
				    "the kernel does not tell where pages are: move_pages() gave "
				    "errno %d (%s)",
				    (int)-ret,
				    ret == -EPERM ? "a seccomp filter, as containers have" :
						    "a kernel without NUMA, or memory is out");
	for (size_t i = 0; i < n; i++)
		places[i] = (struct membind_place){
			.node_id = status[i] >= 0 ? status[i] : -1,
			.why = status[i] >= 0 ? 0 : status[i],
		};
	tell_apart(vma, addr, places, n);
	return 0;
}

static void
count(const struct membind_vma *vma, const struct membind_place *place, uint64_t bytes,
      struct rte_membind_location *location)
{
	if (place->node_id >= RTE_NUMA_MAX_NODES) {
		location->other += bytes;
	} else if (place->node_id >= 0) {
		location->on_node[place->node_id] += bytes;
		location->present += bytes;
		rte_numa_mask_set(&location->nodes, place->node_id);
	} else if (place->swapped) {
		location->swapped += bytes;
	} else if (place->why == -ENOENT && !place->hidden) {
		location->untouched += bytes;
	} else if (place->why == -EFAULT && !vma->object) {
		location->zero += bytes;
	} else {
		location->other += bytes;
	}
}

static int
locate_vma(const struct membind_vma *vma, struct rte_membind_location *location)
{
	struct membind_place places[MEMBIND_BATCH];
	uintptr_t at = vma->start - vma->start % vma->page_size;
	int ret;

	while (at < vma->end) {
		size_t left = (vma->end - at + vma->page_size - 1) / vma->page_size;
		size_t n = left < MEMBIND_BATCH ? left : MEMBIND_BATCH;

		ret = membind_places(vma, at, places, n);
		if (ret < 0)
			return ret;
		for (size_t i = 0; i < n; i++, at += vma->page_size) {
			uintptr_t from = at > vma->start ? at : vma->start;
			uintptr_t to = at + vma->page_size < vma->end ? at + vma->page_size :
									vma->end;

			count(vma, &places[i], to - from, location);
		}
	}
	return 0;
}

int
membind_locate_vmas(const struct membind_vmas *vmas, struct rte_membind_location *location)
{
	int ret = 0;

	memset(location, 0, sizeof(*location));
	for (size_t i = 0; ret == 0 && i < vmas->n; i++)
		ret = locate_vma(&vmas->vma[i], location);
	return ret;
}

static int
locate(const void *addr, size_t size, struct rte_membind_location *location)
{
	struct membind_vmas vmas;
	uintptr_t start, end;
	int ret;

	ret = membind_check_range(addr, size, true, &start, &end);
	if (ret == 0)
		ret = membind_vmas_find(&vmas, start, &end, false);
	if (ret < 0)
		return ret;
	ret = membind_locate_vmas(&vmas, location);
	membind_vmas_free(&vmas);
	return ret;
}

int
rte_membind_locate(const void *addr, size_t size, struct rte_membind_location *location)
{
	struct rte_membind_location found;
	int ret;

	if (location == NULL)
		return membind_fail(-EINVAL, "location is NULL");
	ret = locate(addr, size, &found);
	if (ret == 0)
		*location = found;
	return ret;
}

int
rte_membind_verify(const void *addr, size_t size, const struct rte_numa_mask *nodes)
{
	struct rte_membind_location location;
	struct rte_numa_mask elsewhere;
	int node_id, ret;

	if (nodes == NULL || rte_numa_mask_empty(nodes))
		return membind_fail(-EINVAL, "no nodes are given to verify");
	ret = locate(addr, size, &location);
	if (ret < 0)
		return ret;
	rte_numa_mask_andnot(&elsewhere, &location.nodes, nodes);
	node_id = rte_numa_mask_next(&elsewhere, -1);
	if (node_id >= 0)
		return membind_fail(-EXDEV,
				    "of %zu bytes at %p on nodes %s, pages are on nodes %s, "
				    "%" PRIu64 " bytes on node %d",
				    size, addr, membind_list(nodes).text,
				    membind_list(&elsewhere).text, location.on_node[node_id],
				    node_id);
	if (location.present < size)
		return membind_fail(-ENODATA,
				    "of %zu bytes at %p on nodes %s only %" PRIu64
				    " are there: %" PRIu64 " not touched, %" PRIu64
				    " the page of zeros, %" PRIu64 " swapped, %" PRIu64 " other",
				    size, addr, membind_list(nodes).text, location.present,
				    location.untouched, location.zero, location.swapped,
				    location.other);
	return 0;
}
