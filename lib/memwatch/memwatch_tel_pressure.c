/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what telemetry says of how short memory is.
 * Must not: begin to watch: it asks what is known, or looks at the machine now.
 * Called by: the threads of librte_telemetry, through memwatch_tel.c.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_fastmem_walk.h>
#include <rte_numa.h>

#include "memwatch_tel.h"
#include "rte_memwatch.h"

/* A source's name with what telemetry takes in names. */
static void
key_of(enum rte_memwatch_source source, char *key, size_t size)
{
	char *at;

	snprintf(key, size, "%s", rte_memwatch_source_name(source));
	for (at = key; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at))
			*at = '_';
}

static void
put_source(struct mw_tel_data *d, enum rte_memwatch_source source,
	   const struct rte_memwatch_figure *f)
{
	struct mw_tel_data *object = mw_tel_object(d);
	char key[64];

	if (object == NULL)
		return;
	mw_tel_put_text(object, "level", rte_memwatch_level_name(f->level));
	mw_tel_put_int(object, "shortage", f->shortage);
	mw_tel_put(object, "free", f->free);
	mw_tel_put(object, "total", f->total);
	key_of(source, key, sizeof(key));
	mw_tel_put_part(d, key, object);
}

static void
put_nodes(struct mw_tel_data *d)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct mw_tel_data *nodes = mw_tel_object(d);
	int node_id, level;
	char name[16];

	if (nodes == NULL)
		return;
	if (topo != NULL)
		RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY) {
			level = rte_memwatch_current(node_id);
			if (level < 0)
				continue;
			snprintf(name, sizeof(name), "%d", node_id);
			mw_tel_put_text(nodes, name,
					rte_memwatch_level_name((enum rte_memwatch_level)level));
		}
	mw_tel_put_part(d, "nodes", nodes);
}

static int
put_pressure(struct mw_tel_data *d, int node_id)
{
	struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];
	int level = rte_memwatch_current(node_id);
	int64_t available = rte_memwatch_available(node_id);
	struct mw_tel_data *sources;
	int source, rc = rte_memwatch_figures(node_id, figures);

	if (level < 0 || rc < 0)
		return mw_tel_error(d, "memory cannot be looked at: %s",
				    strerror(level < 0 ? -level : -rc));
	mw_tel_start(d);
	mw_tel_put_int(d, "node", node_id);
	mw_tel_put_text(d, "level", rte_memwatch_level_name((enum rte_memwatch_level)level));
	if (available >= 0)
		mw_tel_put(d, "available", (uint64_t)available);
	sources = mw_tel_object(d);
	for (source = 0; sources != NULL && source < RTE_MEMWATCH_NB_SOURCES; source++)
		if (figures[source].known)
			put_source(sources, (enum rte_memwatch_source)source, &figures[source]);
	mw_tel_put_part(d, "sources", sources);
	if (node_id == RTE_NUMA_NODE_ANY)
		put_nodes(d);
	return 0;
}

int
mw_tel_pressure(const char *cmd, const char *params, struct mw_tel_data *d)
{
	int node_id = RTE_NUMA_NODE_ANY;
	bool watched;

	if (params != NULL && *params != '\0' && !mw_tel_node(cmd, params, d, &node_id, NULL))
		return 0;
	/* fastmem is one of the sources where it is there; without it the others are told. */
	watched = rte_fastmem_watch_begin() == 0;
	put_pressure(d, node_id);
	if (watched)
		rte_fastmem_watch_end();
	return 0;
}
