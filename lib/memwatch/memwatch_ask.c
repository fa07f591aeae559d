/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: answers to who asks: by the last look where somebody watches, by one of its own else.
 * Must not: change what watching goes by.
 * Called by: applications.
 */

#include <errno.h>
#include <string.h>

#include "memwatch_priv.h"

static int
fail_node(int node_id, const struct rte_numa_topology *topo)
{
	char nodes[128] = "";

	if (topo != NULL)
		rte_numa_nodes_text(topo, RTE_NUMA_WITH_MEMORY, nodes, sizeof(nodes));
	return mw_fail(-EINVAL, "there is no node %d with memory; nodes with memory: %s", node_id,
		       nodes);
}

/* One look for one question; free with mw_reading_free(). */
static int
look_once(int node_id, struct mw_reading *r, const struct mw_node_reading **node,
	  struct rte_memwatch_config *config)
{
	struct mw_cgroups cgroups;
	struct mw_roots roots;
	int ret, index;

	ret = mw_settings(&roots, config);
	if (ret == 0)
		ret = mw_reading_make(&roots, r);
	if (ret < 0)
		return ret;
	index = mw_reading_index(r, node_id);
	if (node_id != RTE_NUMA_NODE_ANY && index < 0) {
		mw_reading_free(r);
		return fail_node(node_id, roots.topo);
	}
	mw_cgroups_find(&roots, &cgroups);
	mw_read(&roots, &cgroups, r);
	*node = index >= 0 ? &r->node[index] : NULL;
	return 0;
}

/* What one look comes to, without anything that was before; free is as of mw_measure. */
static int
judge_once(int node_id, struct mw_scope *scope, int64_t *free)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];
	const struct mw_node_reading *node;
	struct rte_memwatch_config config;
	struct mw_reading r;
	int ret = look_once(node_id, &r, &node, &config);

	if (ret < 0)
		return ret;
	if (node != NULL)
		mw_figures_of_node(&r, (unsigned int)(node - r.node), figures);
	else
		mw_figures_of_machine(&r, NULL, figures);
	*scope = (struct mw_scope){ .node_id = node_id };
	mw_scope_judge(scope, &config, figures, &r, 0);
	*free = (int64_t)mw_available(&r, node);
	for (unsigned int i = 0; i < r.nb_nodes; i++)
		if (node == NULL || node == &r.node[i])
			*free += (int64_t)r.node[i].pool_free;
	mw_reading_free(&r);
	return 0;
}

int
mw_measure(int node_id, struct mw_measure *measure)
{
	struct mw_scope scope;
	int64_t free;
	int ret = judge_once(node_id, &scope, &free);

	if (ret == 0)
		*measure = (struct mw_measure){ scope.level, free };
	return ret;
}

int
rte_memwatch_current(int node_id)
{
	struct mw_measure now;
	int ret;

	if (mw_watching()) {
		ret = mw_level(node_id);
		return ret >= 0 ? ret : fail_node(node_id, rte_numa_topology_self());
	}
	ret = mw_measure(node_id, &now);
	return ret < 0 ? ret : (int)now.level;
}

int64_t
rte_memwatch_available(int node_id)
{
	const struct mw_node_reading *node;
	struct rte_memwatch_config config;
	struct mw_reading r;
	uint64_t bytes;
	int ret = look_once(node_id, &r, &node, &config);

	if (ret < 0)
		return ret;
	bytes = mw_available(&r, node);
	mw_reading_free(&r);
	return bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX;
}

int
rte_memwatch_figures(int node_id, struct rte_memwatch_figure *figures)
{
	struct mw_scope scope;
	int64_t free;
	int ret;

	if (figures == NULL)
		return mw_fail(-EINVAL, "figures is NULL");
	ret = mw_last_figures(node_id, figures);
	if (ret == -EINVAL)
		return fail_node(node_id, rte_numa_topology_self());
	if (ret == 0)
		return 0;
	ret = judge_once(node_id, &scope, &free);
	if (ret == 0)
		memcpy(figures, scope.figures, sizeof(scope.figures));
	return ret;
}

int
rte_memwatch_register(int node_id, rte_memwatch_cb cb, void *arg)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int id;

	if (cb == NULL)
		return mw_fail(-EINVAL, "the callback is NULL");
	if (topo == NULL)
		return mw_fail(-errno, "cannot read the machine's nodes from /sys: %s",
			       strerror(errno));
	if (node_id != RTE_MEMWATCH_ALL && node_id != RTE_NUMA_NODE_ANY &&
	    !(mw_watching() ? mw_level(node_id) >= 0 : rte_numa_node_has_memory(topo, node_id)))
		return fail_node(node_id, topo);
	id = mw_watch_add(node_id, cb, arg);
	if (id > 0)
		mw_thread_wake();
	return id;
}

int
rte_memwatch_unregister(int id)
{
	return mw_watch_remove(id);
}

unsigned int
rte_memwatch_poll(void)
{
	mw_fastmem_follow();
	return mw_round_try();
}
