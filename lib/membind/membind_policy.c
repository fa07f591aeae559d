/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a policy with its nodes means to the kernel, and back; all of it pure.
 * Must not: make a system call.
 * Called by: membind_range.c, membind_thread.c, membind_process.c, membind_caps.c.
 */

#include <errno.h>
#include <numaif.h>

#include "membind_priv.h"

static const struct {
	const char *name;
	int mode;
} policies[] = {
	[RTE_MEMBIND_DEFAULT] = { "default", MPOL_DEFAULT },
	[RTE_MEMBIND_FIRST_TOUCH] = { "first-touch", MPOL_LOCAL },
	[RTE_MEMBIND_BIND] = { "bind", MPOL_BIND },
	[RTE_MEMBIND_INTERLEAVE] = { "interleave", MPOL_INTERLEAVE },
	[RTE_MEMBIND_NEXT_TOUCH] = { "next-touch", -1 },
	[RTE_MEMBIND_REPLICATE] = { "replicate", -1 },
	[RTE_MEMBIND_PREFERRED] = { "preferred", MPOL_PREFERRED },
	[RTE_MEMBIND_PREFERRED_MANY] = { "preferred-many", MEMBIND_MODE_PREFERRED_MANY },
	[RTE_MEMBIND_WEIGHTED_INTERLEAVE] = { "weighted-interleave",
					      MEMBIND_MODE_WEIGHTED_INTERLEAVE },
	[RTE_MEMBIND_MIXED] = { "mixed", -1 },
};

static bool
known(enum rte_membind_policy policy)
{
	/* Enumerators may have any value, and be signed or not. */
	return (unsigned int)policy < RTE_MEMBIND_NB_POLICIES;
}

const char *
rte_membind_policy_name(enum rte_membind_policy policy)
{
	return known(policy) ? policies[policy].name : "unknown";
}

int
membind_mode(enum rte_membind_policy policy)
{
	return known(policy) ? policies[policy].mode : -1;
}

bool
membind_takes_nodes(int mode)
{
	return mode != MPOL_DEFAULT && mode != MPOL_LOCAL;
}

/* Of a policy that takes no nodes only what means all of them can be kept. */
static int
plan_without_nodes(enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		   const struct membind_nodes *have)
{
	if (nodes == NULL || rte_numa_mask_empty(nodes) ||
	    rte_numa_mask_within(&have->allowed, nodes))
		return 0;
	return membind_fail(-EXDEV,
			    "policy %s cannot be kept to nodes %s: it takes memory of any of %s; "
			    "give no nodes, or use bind",
			    rte_membind_policy_name(policy), membind_list(nodes).text,
			    membind_list(&have->allowed).text);
}

int
membind_usable(struct rte_numa_mask *usable, const struct rte_numa_mask *nodes, bool strict,
	       const struct membind_nodes *have)
{
	struct rte_numa_mask found, absent, forbidden;

	if (nodes == NULL || rte_numa_mask_empty(nodes))
		return membind_fail(-EINVAL, "no nodes are given: name at least one of %s",
				    membind_list(&have->allowed).text);
	rte_numa_mask_andnot(&absent, nodes, &have->with_memory);
	if (!rte_numa_mask_empty(&absent))
		return membind_fail(-ENODEV,
				    "of nodes %s these are offline or have no memory: %s; nodes "
				    "with memory are %s",
				    membind_list(nodes).text, membind_list(&absent).text,
				    membind_list(&have->with_memory).text);
	rte_numa_mask_and(&found, nodes, &have->allowed);
	rte_numa_mask_andnot(&forbidden, nodes, &have->allowed);
	if (rte_numa_mask_empty(&found) || (strict && !rte_numa_mask_empty(&forbidden)))
		return membind_fail(-EXDEV,
				    "the cpuset forbids memory of nodes %s, and allows %s: add "
				    "them to its cpuset.mems",
				    membind_list(&forbidden).text,
				    membind_list(&have->allowed).text);
	*usable = found;
	return 0;
}

int
membind_plan(struct membind_kernel_policy *plan, enum rte_membind_policy policy,
	     const struct rte_numa_mask *nodes, unsigned int flags,
	     const struct membind_nodes *have)
{
	struct membind_kernel_policy made = { .mode = membind_mode(policy) };
	bool strict = flags & RTE_MEMBIND_F_STRICT;
	int ret;

	if (!membind_takes_nodes(made.mode)) {
		ret = plan_without_nodes(policy, nodes, have);
	} else if (policy == RTE_MEMBIND_PREFERRED && nodes != NULL &&
		   rte_numa_mask_count(nodes) > 1) {
		ret = membind_fail(-EINVAL,
				   "policy preferred takes one node, and nodes %s are given; use "
				   "preferred-many",
				   membind_list(nodes).text);
	} else {
		ret = membind_usable(&made.nodes, nodes, strict, have);
		if (strict)
			made.mode |= MEMBIND_MODE_STATIC_NODES;
	}
	if (ret == 0)
		*plan = made;
	return ret;
}

int
membind_check_policy(enum rte_membind_policy policy)
{
	if (!known(policy) || policy == RTE_MEMBIND_MIXED)
		return membind_fail(-EINVAL, "policy %u (%s) cannot be set", (unsigned int)policy,
				    rte_membind_policy_name(policy));
	if (membind_mode(policy) < 0)
		return membind_fail(-ENOSYS, "Linux has no policy %s%s",
				    rte_membind_policy_name(policy),
				    policy == RTE_MEMBIND_NEXT_TOUCH ?
					    "; rte_membind_next_touch() does it for a range" :
					    "");
	return 0;
}

int
membind_check_flags(unsigned int flags, unsigned int may)
{
	const unsigned int both = RTE_MEMBIND_F_PROCESS | RTE_MEMBIND_F_THREAD;

	if ((flags & ~may) != 0)
		return membind_fail(-EINVAL, "flags %#x: %#x are unknown or mean nothing here",
				    flags, flags & ~may);
	if ((flags & both) == both)
		return membind_fail(-EINVAL, "flags %#x: process and thread exclude each other",
				    flags);
	return 0;
}

bool
membind_plan_relative(struct membind_kernel_policy *plan)
{
	int flags = plan->mode & MEMBIND_MODE_FLAGS;

	switch (plan->mode & ~MEMBIND_MODE_FLAGS) {
	case MEMBIND_MODE_PREFERRED_MANY:
		plan->mode = MPOL_PREFERRED | flags;
		rte_numa_mask_only(&plan->nodes, rte_numa_mask_next(&plan->nodes, -1));
		return true;
	case MEMBIND_MODE_WEIGHTED_INTERLEAVE:
		plan->mode = MPOL_INTERLEAVE | flags;
		return true;
	default:
		return false;
	}
}

int
membind_translate(const struct membind_kernel_policy *kernel, const struct rte_numa_mask *allowed,
		  enum rte_membind_policy *policy, struct rte_numa_mask *nodes)
{
	int mode = kernel->mode & ~MEMBIND_MODE_FLAGS;

	/* How the local policy was told before Linux 5.14. */
	if (mode == MPOL_PREFERRED && rte_numa_mask_empty(&kernel->nodes))
		mode = MPOL_LOCAL;
	for (unsigned int i = 0; i < RTE_MEMBIND_NB_POLICIES; i++) {
		if (policies[i].mode != mode)
			continue;
		*policy = i;
		*nodes = membind_takes_nodes(mode) ? kernel->nodes : *allowed;
		return 0;
	}
	return membind_fail(-ENOTSUP, "the kernel reports policy %d, which is not known here",
			    kernel->mode);
}

void
membind_sum_add(struct membind_sum *sum, enum rte_membind_policy policy,
		const struct rte_numa_mask *nodes)
{
	if (sum->n++ == 0) {
		sum->policy = policy;
		sum->nodes = *nodes;
		return;
	}
	if (sum->policy != policy) {
		sum->policy = RTE_MEMBIND_MIXED;
		sum->differs = true;
	}
	if (!rte_numa_mask_equal(&sum->nodes, nodes)) {
		rte_numa_mask_or(&sum->nodes, &sum->nodes, nodes);
		sum->differs = true;
	}
}

int
membind_sum_tell(const struct membind_sum *sum, unsigned int flags, const char *what,
		 enum rte_membind_policy *policy, struct rte_numa_mask *nodes)
{
	if (sum->differs && (flags & RTE_MEMBIND_F_STRICT))
		return membind_fail(-EXDEV, "%s differ in policy or nodes: %s, nodes %s together",
				    what, rte_membind_policy_name(sum->policy),
				    membind_list(&sum->nodes).text);
	if (policy != NULL)
		*policy = sum->policy;
	if (nodes != NULL)
		*nodes = sum->nodes;
	return 0;
}
