/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which nodes there are and which of them this process may use.
 * Must not: keep an answer: cpusets change, and so do nodes.
 * Called by: the files that set, get and move; applications.
 */

#include <errno.h>
#include <string.h>

#include <rte_numa.h>

#include "membind_priv.h"

/* The nodes with memory as they are now, not as they were when the process started. */
static int
with_memory_now(struct rte_numa_mask *nodes)
{
	struct rte_numa_topology *topo;
	int ret = rte_numa_topology_load("/sys", &topo);

	if (ret < 0)
		return membind_fail(ret, "cannot read the nodes from /sys: errno %d", -ret);
	rte_numa_nodes(topo, RTE_NUMA_WITH_MEMORY, nodes);
	rte_numa_topology_free(topo);
	return 0;
}

int
membind_nodes_have(struct membind_nodes *have, pid_t pid, const struct rte_numa_mask *wanted)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_numa_mask allowed;
	struct membind_nodes found = { 0 };
	int ret;

	ret = pid == 0 ? membind_sys_allowed(&allowed) : membind_sys_allowed_of(pid, &allowed);
	if (ret == -ESRCH)
		return membind_fail(-ESRCH, "there is no process %d", pid);
	if (ret < 0)
		return membind_fail(ret,
				    "the kernel does not tell which nodes may be used: "
				    "errno %d (a seccomp filter, or a kernel without NUMA)",
				    -ret);
	if (topo != NULL)
		rte_numa_nodes(topo, RTE_NUMA_WITH_MEMORY, &found.with_memory);
	rte_numa_mask_and(&found.allowed, &found.with_memory, &allowed);
	/*
	 * Reading all of it again costs files, so only where it may change the answer. A node that
	 * went offline is not allowed either: it is to be told from what a cpuset forbids.
	 */
	if (topo == NULL || (wanted != NULL && !rte_numa_mask_within(wanted, &found.allowed))) {
		ret = with_memory_now(&found.with_memory);
		if (ret < 0)
			return ret;
		rte_numa_mask_and(&found.allowed, &found.with_memory, &allowed);
	}
	*have = found;
	return 0;
}

int
membind_nodes_usable(struct rte_numa_mask *usable, const struct rte_numa_mask *nodes,
		     unsigned int flags)
{
	struct membind_nodes have;
	int ret = membind_nodes_have(&have, 0, nodes);

	return ret < 0 ? ret : membind_usable(usable, nodes, flags & RTE_MEMBIND_F_STRICT, &have);
}

int
rte_membind_allowed_nodes(struct rte_numa_mask *nodes)
{
	struct rte_numa_mask all;
	struct membind_nodes have;
	int ret;

	if (nodes == NULL)
		return membind_fail(-EINVAL, "nodes is NULL");
	/* Asking for nodes that nobody has asks for a fresh look. */
	memset(&all, 0xff, sizeof(all));
	ret = membind_nodes_have(&have, 0, &all);
	if (ret == 0)
		*nodes = have.allowed;
	return ret;
}
