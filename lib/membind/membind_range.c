/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: setting and getting the policy of a range, and putting back what was before.
 * Must not: leave a range half changed.
 * Called by: applications, lib/memregion.
 */

#include <errno.h>
#include <inttypes.h>
#include <numaif.h>
#include <stdlib.h>

#include "membind_priv.h"

/* A stretch of the range with one policy. */
struct stretch {
	uintptr_t start, end;
	struct membind_kernel_policy policy;
};

/* The policies of a range, in order and without a hole. */
struct stretches {
	struct stretch *stretch;
	size_t n;
};

static bool
same_policy(const struct membind_kernel_policy *a, const struct membind_kernel_policy *b)
{
	return a->mode == b->mode && rte_numa_mask_equal(&a->nodes, &b->nodes);
}

static int
add_stretch(struct stretches *all, uintptr_t start, uintptr_t end,
	    const struct membind_kernel_policy *policy)
{
	struct stretch *bigger;

	if (all->n > 0 && same_policy(&all->stretch[all->n - 1].policy, policy)) {
		all->stretch[all->n - 1].end = end;
		return 0;
	}
	/* Grows at each power of two. */
	if ((all->n & (all->n - 1)) == 0) {
		bigger = realloc(all->stretch, (all->n == 0 ? 1 : all->n * 2) * sizeof(*bigger));
		if (bigger == NULL)
			return -ENOMEM;
		all->stretch = bigger;
	}
	all->stretch[all->n++] = (struct stretch){ start, end, *policy };
	return 0;
}

/* A shared object's policy may change at any of its pages, whatever its mappings are. */
static int
read_vma(struct stretches *all, const struct membind_vma *vma)
{
	uintptr_t step = vma->shared ? vma->page_size : vma->end - vma->start;
	struct membind_kernel_policy policy;
	uintptr_t next;
	int ret = 0;

	for (uintptr_t at = vma->start; ret == 0 && at < vma->end; at = next) {
		/* From a start within a page to the next page. */
		next = vma->shared ? (at / step + 1) * step : vma->end;
		ret = membind_sys_get_range(at, &policy);
		if (ret < 0)
			return membind_fail(
				ret, "get_mempolicy() at %#zx failed: errno %d%s", (size_t)at, -ret,
				ret == -EPERM ? " (a seccomp filter, as containers have)" : "");
		ret = add_stretch(all, at, next < vma->end ? next : vma->end, &policy);
	}
	return ret < 0 ? membind_fail(ret, "out of memory") : 0;
}

static int
read_policies(struct stretches *all, const struct membind_vmas *vmas)
{
	struct stretches found = { 0 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < vmas->n; i++)
		ret = read_vma(&found, &vmas->vma[i]);
	if (ret < 0)
		free(found.stretch);
	else
		*all = found;
	return ret;
}

static void
restore(const struct stretches *before)
{
	for (size_t i = 0; i < before->n; i++) {
		const struct stretch *stretch = &before->stretch[i];

		membind_sys_set_range(stretch->start, stretch->end - stretch->start,
				      &stretch->policy, 0);
	}
}

/* What mbind() answered, as this library's errno. */
static int
told(int err, uintptr_t start, uintptr_t end, enum rte_membind_policy policy)
{
	const char *name = rte_membind_policy_name(policy);

	switch (err) {
	case -EPERM:
		return membind_fail(-EPERM,
				    "mbind() is refused, policy %s: by a seccomp filter, as "
				    "containers have; allow mbind there",
				    name);
	case -ENOSYS:
		return membind_fail(-ENOSYS,
				    "there is no mbind(): the kernel is without NUMA, or a "
				    "seccomp filter denies that it exists");
	case -ENOMEM:
		return membind_fail(-ENOMEM,
				    "out of memory or of mappings for policy %s from %#zx to %#zx: "
				    "raise vm.max_map_count",
				    name, (size_t)start, (size_t)end);
	case -EIO:
		return membind_fail(-EXDEV, "pages from %#zx to %#zx could not move for policy %s",
				    (size_t)start, (size_t)end, name);
	default:
		return membind_fail(err, "mbind(%#zx, %zu, %s) failed: errno %d", (size_t)start,
				    (size_t)(end - start), name, -err);
	}
}

static int
bind_range(uintptr_t start, uintptr_t end, struct membind_kernel_policy *plan,
	   enum rte_membind_policy policy, unsigned int flags)
{
	bool move = (flags & RTE_MEMBIND_F_MIGRATE) && !rte_numa_mask_empty(&plan->nodes);
	unsigned int mbind_flags = move ? MPOL_MF_MOVE : 0;
	int ret = membind_caps_settle(plan, policy, flags);

	if (ret < 0)
		return ret;
	ret = membind_sys_set_range(start, end - start, plan, mbind_flags);
	return ret < 0 ? told(ret, start, end, policy) : 0;
}

/* With strict, no page may be elsewhere. */
static int
check_places(const struct membind_vmas *vmas, const struct membind_kernel_policy *plan)
{
	struct rte_membind_location location;
	struct rte_numa_mask elsewhere;
	int ret;

	if (rte_numa_mask_empty(&plan->nodes))
		return 0;
	ret = membind_locate_vmas(vmas, &location);
	if (ret < 0)
		return ret;
	rte_numa_mask_andnot(&elsewhere, &location.nodes, &plan->nodes);
	if (rte_numa_mask_empty(&elsewhere))
		return 0;
	return membind_fail(-EXDEV,
			    "nodes %s are asked for, and pages are on nodes %s, %" PRIu64
			    " bytes on node %d: free them, or move them with migrate",
			    membind_list(&plan->nodes).text, membind_list(&elsewhere).text,
			    location.on_node[rte_numa_mask_next(&elsewhere, -1)],
			    rte_numa_mask_next(&elsewhere, -1));
}

static int
set_vmas(const struct membind_vmas *vmas, uintptr_t start, uintptr_t end,
	 struct membind_kernel_policy *plan, enum rte_membind_policy policy, unsigned int flags)
{
	struct stretches before;
	int ret = read_policies(&before, vmas);

	if (ret < 0)
		return ret;
	ret = bind_range(start, end, plan, policy, flags);
	/* Afterwards: what is touched between a check and the binding would escape the check. */
	if (ret == 0 && (flags & RTE_MEMBIND_F_STRICT))
		ret = check_places(vmas, plan);
	if (ret < 0)
		restore(&before);
	free(before.stretch);
	return ret;
}

int
rte_membind_set_range(void *addr, size_t size, enum rte_membind_policy policy,
		      const struct rte_numa_mask *nodes, unsigned int flags)
{
	struct membind_kernel_policy plan;
	struct membind_nodes have;
	struct membind_vmas vmas;
	uintptr_t start, end;
	int ret;

	ret = membind_check_flags(flags, MEMBIND_SET_FLAGS);
	if (ret == 0)
		ret = membind_check_range(addr, size, false, &start, &end);
	if (ret == 0)
		ret = membind_check_policy(policy);
	if (ret == 0)
		ret = membind_nodes_have(&have, 0, nodes);
	if (ret == 0)
		ret = membind_plan(&plan, policy, nodes, flags, &have);
	if (ret == 0)
		ret = membind_vmas_find(&vmas, start, &end, true);
	if (ret < 0)
		return ret;
	ret = set_vmas(&vmas, start, end, &plan, policy, flags);
	membind_vmas_free(&vmas);
	return ret;
}

static int
sum_policies(const struct stretches *all, struct membind_sum *sum)
{
	enum rte_membind_policy policy;
	struct rte_numa_mask nodes;
	struct membind_nodes have;
	int ret = membind_nodes_have(&have, 0, NULL);

	for (size_t i = 0; ret == 0 && i < all->n; i++) {
		ret = membind_translate(&all->stretch[i].policy, &have.allowed, &policy, &nodes);
		if (ret == 0)
			membind_sum_add(sum, policy, &nodes);
	}
	return ret;
}

int
rte_membind_get_range(const void *addr, size_t size, enum rte_membind_policy *policy,
		      struct rte_numa_mask *nodes, unsigned int flags)
{
	struct membind_sum sum = { 0 };
	struct membind_vmas vmas;
	struct stretches all;
	uintptr_t start, end;
	int ret;

	ret = membind_check_flags(flags, RTE_MEMBIND_F_STRICT);
	if (ret == 0)
		ret = membind_check_range(addr, size, true, &start, &end);
	if (ret == 0)
		ret = membind_vmas_find(&vmas, start, &end, false);
	if (ret < 0)
		return ret;
	ret = read_policies(&all, &vmas);
	membind_vmas_free(&vmas);
	if (ret < 0)
		return ret;
	ret = sum_policies(&all, &sum);
	free(all.stretch);
	if (ret < 0)
		return ret;
	return membind_sum_tell(&sum, flags, "parts of the range", policy, nodes);
}
