/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which options make sense, on any machine.
 * Must not: ask what this machine has.
 * Called by: memregion_create.c, memregion_change.c.
 */

#include <errno.h>
#include <string.h>

#include "memregion_priv.h"

#define ALL_FLAGS \
	(RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_PREFAULT | RTE_MEMREGION_F_LOCK | \
	 RTE_MEMREGION_F_NODUMP)

/* What the kernel takes for a name, less the slash, which memfd takes and people misread. */
static bool
name_is_good(const char *name)
{
	size_t len = strnlen(name, RTE_MEMREGION_NAME_MAX + 1);

	if (len == 0 || len > RTE_MEMREGION_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < ' ' || name[i] > '~' || strchr("[]\\$`/", name[i]) != NULL)
			return false;
	}
	return true;
}

static int
check_nodes(enum rte_membind_policy policy, const struct rte_numa_mask *nodes)
{
	unsigned int n = rte_numa_mask_count(nodes);
	struct mr_nodes_text text;

	switch (policy) {
	case RTE_MEMBIND_DEFAULT:
	case RTE_MEMBIND_FIRST_TOUCH:
	case RTE_MEMBIND_NEXT_TOUCH:
		if (n == 0)
			return 0;
		return mr_fail(-EINVAL, "policy %s takes no nodes, and got %s",
			       rte_membind_policy_name(policy), mr_nodes_text(&text, nodes));
	case RTE_MEMBIND_PREFERRED:
		if (n == 1)
			return 0;
		return mr_fail(-EINVAL,
			       "policy preferred takes one node, and got %s; preferred-many takes "
			       "several",
			       mr_nodes_text(&text, nodes));
	default:
		if (n > 0)
			return 0;
		return mr_fail(-EINVAL, "policy %s needs at least one node, and got none",
			       rte_membind_policy_name(policy));
	}
}

int
mr_opts_check_policy(enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		     struct mr_wished *wished)
{
	const struct rte_numa_mask none = { 0 };
	int ret;

	if ((unsigned int)policy >= RTE_MEMBIND_NB_POLICIES)
		return mr_fail(-EINVAL, "policy %d is none that there is", (int)policy);
	if (policy == RTE_MEMBIND_MIXED)
		return mr_fail(-EINVAL, "policy mixed is only reported and cannot be asked for");
	if (nodes == NULL)
		nodes = &none;
	ret = check_nodes(policy, nodes);
	if (ret < 0)
		return ret;
	wished->policy = policy == RTE_MEMBIND_DEFAULT ? RTE_MEMBIND_FIRST_TOUCH : policy;
	wished->nodes = *nodes;
	return 0;
}

static int
check_rest(const struct rte_memregion_opts *opts)
{
	if ((opts->flags & ~ALL_FLAGS) != 0)
		return mr_fail(-EINVAL, "flags 0x%x has bits that mean nothing", opts->flags);
	if ((unsigned int)opts->pages > RTE_MEMREGION_PAGES_LADDER)
		return mr_fail(-EINVAL, "pages %d is no size of page that there is",
			       (int)opts->pages);
	if (opts->prefault_threads > RTE_MEMREGION_THREADS_MAX)
		return mr_fail(-EINVAL, "%u threads to prefault with; at most %u",
			       opts->prefault_threads, RTE_MEMREGION_THREADS_MAX);
	if (opts->name != NULL && !name_is_good(opts->name))
		return mr_fail(
			-EINVAL,
			"name \"%.64s\": it takes 1 to %d printable ASCII characters without "
			"[ ] \\ $ ` and /",
			opts->name, RTE_MEMREGION_NAME_MAX);
	return 0;
}

int
mr_opts_check(const struct rte_memregion_opts *opts, struct mr_wished *wished)
{
	static const struct rte_memregion_opts defaults;
	struct mr_wished checked = { 0 };
	int ret;

	if (opts == NULL)
		opts = &defaults;
	ret = check_rest(opts);
	if (ret < 0)
		return ret;
	ret = mr_opts_check_policy(opts->policy, &opts->nodes, &checked);
	if (ret < 0)
		return ret;
	checked.pages = opts->pages;
	checked.strict = (opts->flags & RTE_MEMREGION_F_STRICT) != 0;
	checked.prefault = checked.strict || (opts->flags & RTE_MEMREGION_F_PREFAULT) != 0;
	checked.lock = (opts->flags & RTE_MEMREGION_F_LOCK) != 0;
	checked.nodump = (opts->flags & RTE_MEMREGION_F_NODUMP) != 0;
	checked.nb_threads = opts->prefault_threads > 0 ? opts->prefault_threads : 1;
	checked.timeout_ms = opts->prefault_timeout_ms;
	checked.progress = opts->progress;
	checked.progress_arg = opts->progress_arg;
	checked.guard_size = opts->guard_size;
	if (opts->name != NULL)
		memcpy(checked.name, opts->name, strlen(opts->name));
	*wished = checked;
	return 0;
}
