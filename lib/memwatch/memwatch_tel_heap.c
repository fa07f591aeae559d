/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what telemetry says of fastmem: sums, nodes, size classes, lcores, the heap map, the audit.
 * Must not: touch fastmem but between rte_fastmem_watch_begin() and _end(), as programs end when they like.
 * Called by: the threads of librte_telemetry, through memwatch_tel.c.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>
#include <rte_lcore.h>

#include "memwatch_tel.h"

/* Rows of an answer: with as many all columns fit into what telemetry can say, 16 KiB. */
#define ROWS_LCORES 64
#define ROWS_SLABS  128

/* Faults that an answer tells of. */
#define MAX_FAULTS 16

static int
not_there(struct mw_tel_data *d)
{
	return mw_tel_error(d, "fastmem is not initialised in this process");
}

static int
takes_nothing(const char *cmd, struct mw_tel_data *d)
{
	return mw_tel_error(d, "%s takes no parameters", cmd);
}

/* Commands for a node begin so. True: *node_id is there, and what was begun has to be ended. */
static bool
begin_node(const char *cmd, const char *params, struct mw_tel_data *d, int *node_id, uint64_t *more)
{
	if (!mw_tel_node(cmd, params, d, node_id, more))
		return false;
	if (rte_fastmem_watch_begin() == 0)
		return true;
	not_there(d);
	return false;
}

/* ---- info */

struct caches {
	uint64_t n, blocks, bytes;
};

static int
count_cache(const struct rte_fastmem_cache_map *cache, void *arg)
{
	struct caches *sum = arg;

	sum->n++;
	sum->blocks += cache->blocks;
	sum->bytes += cache->bytes;
	return 0;
}

static void
put_sums(struct mw_tel_data *d)
{
	struct caches caches = { 0 };
	struct rte_fastmem_stats stats;

	rte_fastmem_walk_caches(count_cache, &caches);
	mw_tel_put(d, "bytes_reserved", rte_fastmem_reserved(RTE_NUMA_NODE_ANY));
	if (rte_fastmem_stats(&stats) == 0) {
		mw_tel_put(d, "bytes_backing", stats.bytes_backing);
		mw_tel_put(d, "bytes_in_use", stats.bytes_in_use);
		mw_tel_put(d, "alloc_total", stats.alloc_total);
		mw_tel_put(d, "free_total", stats.free_total);
		mw_tel_put(d, "alloc_nomem", stats.alloc_nomem);
		mw_tel_put(d, "classes", stats.n_classes);
	}
	mw_tel_put(d, "max_class_size", rte_fastmem_max_size());
	mw_tel_put(d, "caches", caches.n);
	mw_tel_put(d, "cached_blocks", caches.blocks);
	mw_tel_put(d, "cached_bytes", caches.bytes);
}

int
mw_tel_info(const char *cmd, const char *params, struct mw_tel_data *d)
{
	if (params != NULL && *params != '\0')
		return takes_nothing(cmd, d);
	mw_tel_start(d);
	mw_tel_put_text(d, "process",
			rte_eal_process_type() == RTE_PROC_SECONDARY ? "secondary" : "primary");
	if (rte_fastmem_watch_begin() != 0) {
		mw_tel_put_int(d, "initialised", 0);
		return 0;
	}
	mw_tel_put_int(d, "initialised", 1);
	put_sums(d);
	rte_fastmem_watch_end();
	return 0;
}

/* ---- nodes */

static void
put_node(struct mw_tel_data *d, int node_id)
{
	struct mw_tel_data *node = mw_tel_object(d);
	struct rte_fastmem_node_stats s;
	char name[16];

	if (node == NULL)
		return;
	if (rte_fastmem_stats_node(node_id, &s) == 0) {
		mw_tel_put(node, "bytes_reserved", s.bytes_reserved);
		mw_tel_put(node, "bytes_backing", s.bytes_backing);
		mw_tel_put(node, "bytes_limit", s.bytes_limit);
		mw_tel_put(node, "bytes_in_use", s.bytes_in_use);
		mw_tel_put(node, "bytes_cached", s.bytes_cached);
		mw_tel_put(node, "free_slabs", s.free_slabs);
		mw_tel_put(node, "chunks", s.chunks);
		mw_tel_put(node, "page_size", s.page_size);
		mw_tel_put(node, "growths", s.growths);
		mw_tel_put(node, "failed_growths", s.failed_growths);
	}
	snprintf(name, sizeof(name), "%d", node_id);
	mw_tel_put_part(d, name, node);
}

int
mw_tel_nodes(const char *cmd, const char *params, struct mw_tel_data *d)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_fastmem_node_stats stats;
	int node_id;

	if (params != NULL && *params != '\0')
		return takes_nothing(cmd, d);
	if (topo == NULL || rte_fastmem_watch_begin() != 0)
		return not_there(d);
	mw_tel_start(d);
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY) {
		/* Of very many nodes fastmem serves the first. */
		if (rte_fastmem_stats_node(node_id, &stats) == 0)
			put_node(d, node_id);
	}
	rte_fastmem_watch_end();
	return 0;
}

/* ---- tables: an array for each column, so that a row costs its numbers alone */

struct table {
	struct mw_tel_data *column[10];
	const char *const *name;
	unsigned int nb_columns;
};

static void
table_begin(struct table *t, const struct mw_tel_data *d, const char *const *name,
	    unsigned int nb_columns)
{
	unsigned int i;

	*t = (struct table){ .name = name, .nb_columns = nb_columns };
	for (i = 0; i < nb_columns; i++)
		t->column[i] = mw_tel_list(d);
}

static void
table_row(struct table *t, const uint64_t *values)
{
	unsigned int i;

	for (i = 0; i < t->nb_columns; i++)
		if (t->column[i] != NULL)
			mw_tel_append(t->column[i], values[i]);
}

static void
table_end(struct table *t, struct mw_tel_data *d)
{
	unsigned int i;

	for (i = 0; i < t->nb_columns; i++)
		mw_tel_put_part(d, t->name[i], t->column[i]);
}

/* ---- classes */

static int
class_row(const struct rte_fastmem_class_map *c, void *arg)
{
	const uint64_t row[] = { c->class_size, c->runs,      c->pages,	     c->blocks,
				 c->live,	c->in_caches, c->in_transit, c->free };

	table_row(arg, row);
	return 0;
}

int
mw_tel_classes(const char *cmd, const char *params, struct mw_tel_data *d)
{
	static const char *const columns[] = { "class_size", "runs",	  "pages",	"blocks",
					       "live",	     "in_caches", "in_transit", "free" };
	struct table t;
	int node_id;

	if (!begin_node(cmd, params, d, &node_id, NULL))
		return 0;
	mw_tel_start(d);
	mw_tel_put_int(d, "node", node_id);
	table_begin(&t, d, columns, RTE_DIM(columns));
	rte_fastmem_walk_classes(node_id, class_row, &t);
	table_end(&t, d);
	rte_fastmem_watch_end();
	return 0;
}

/* ---- lcores */

/* What all threads of an lcore, or those of none, have in their caches. */
struct lcore_caches {
	struct caches of[RTE_MAX_LCORE + 1];
};

static int
count_lcore_cache(const struct rte_fastmem_cache_map *cache, void *arg)
{
	struct lcore_caches *all = arg;

	return count_cache(cache, &all->of[RTE_MIN(cache->lcore_id, (unsigned int)RTE_MAX_LCORE)]);
}

static const char *const lcore_columns[] = { "lcore",	    "caches",	  "blocks",
					     "bytes",	    "alloc_hits", "alloc_misses",
					     "alloc_nomem", "free_hits",  "free_misses" };

/* False: nothing is known of it, as it never came here. */
static bool
fill_lcore(uint64_t *row, unsigned int lcore_id, const struct caches *caches,
	   const struct rte_fastmem_lcore_stats *s)
{
	const uint64_t values[RTE_DIM(lcore_columns)] = {
		lcore_id,	caches->n,	     caches->blocks,
		caches->bytes,	s->alloc_cache_hits, s->alloc_cache_misses,
		s->alloc_nomem, s->free_cache_hits,  s->free_cache_misses,
	};
	bool any = false;
	unsigned int i;

	for (i = 1; i < RTE_DIM(values); i++)
		any |= values[i] != 0;
	memcpy(row, values, sizeof(values));
	return any;
}

static void
put_other_threads(struct mw_tel_data *d, const struct caches *caches)
{
	struct mw_tel_data *others = mw_tel_object(d);
	struct rte_fastmem_lcore_stats stats = { 0 };
	uint64_t row[RTE_DIM(lcore_columns)];
	unsigned int i;

	if (others == NULL)
		return;
	rte_fastmem_stats_shared(&stats);
	fill_lcore(row, 0, caches, &stats);
	for (i = 1; i < RTE_DIM(lcore_columns); i++)
		mw_tel_put(others, lcore_columns[i], row[i]);
	mw_tel_put_part(d, "other_threads", others);
}

int
mw_tel_lcores(const char *cmd, const char *params, struct mw_tel_data *d)
{
	struct lcore_caches caches = { 0 };
	struct rte_fastmem_lcore_stats stats;
	uint64_t numbers[2] = { 0, 0 }, row[RTE_DIM(lcore_columns)];
	unsigned int n, lcore, nb_rows = 0;
	struct table t;

	if (!mw_tel_numbers(params, numbers, &n) || n > 1)
		return mw_tel_error(d, "say %s or %s,<first lcore>", cmd, cmd);
	if (rte_fastmem_watch_begin() != 0)
		return not_there(d);
	mw_tel_start(d);
	rte_fastmem_walk_caches(count_lcore_cache, &caches);
	table_begin(&t, d, lcore_columns, RTE_DIM(lcore_columns));
	for (lcore = (unsigned int)RTE_MIN(numbers[0], (uint64_t)RTE_MAX_LCORE);
	     lcore < RTE_MAX_LCORE; lcore++) {
		if (rte_fastmem_stats_lcore(lcore, &stats) != 0 ||
		    !fill_lcore(row, lcore, &caches.of[lcore], &stats))
			continue;
		if (nb_rows++ == ROWS_LCORES) {
			mw_tel_put(d, "next", lcore);
			break;
		}
		table_row(&t, row);
	}
	table_end(&t, d);
	put_other_threads(d, &caches.of[RTE_MAX_LCORE]);
	rte_fastmem_watch_end();
	return 0;
}

/* ---- heap map */

struct part {
	struct table table;
	unsigned int nb_rows;
};

static size_t
main_class(const struct rte_fastmem_slab_map *slab)
{
	uint32_t most = 0;
	size_t size = 0;
	unsigned int i;

	for (i = 0; i < slab->nb_mix; i++)
		if (slab->mix[i].pages > most) {
			most = slab->mix[i].pages;
			size = slab->mix[i].class_size;
		}
	return size;
}

static int
slab_row(const struct rte_fastmem_slab_map *s, void *arg)
{
	const uint64_t row[] = {
		(uintptr_t)s->addr, s->chunk,
		s->bytes_live,	    s->bytes_large,
		s->bytes_cached,    s->bytes_free,
		s->bytes_unused,    s->bytes_rest + s->bytes_claimed,
		s->nb_mix,	    main_class(s),
	};
	struct part *part = arg;

	table_row(&part->table, row);
	return ++part->nb_rows == ROWS_SLABS;
}

int
mw_tel_heap_map(const char *cmd, const char *params, struct mw_tel_data *d)
{
	static const char *const columns[] = { "addr", "chunk",	 "live",  "large",   "cached",
					       "free", "unused", "other", "classes", "main_class" };
	struct part part = { .nb_rows = 0 };
	uint64_t first, n = 0;
	int node_id;

	if (!begin_node(cmd, params, d, &node_id, &first))
		return 0;
	mw_tel_start(d);
	table_begin(&part.table, d, columns, RTE_DIM(columns));
	rte_fastmem_walk_slabs_from(node_id, first, slab_row, &part, &n);
	rte_fastmem_watch_end();
	mw_tel_put_int(d, "node", node_id);
	mw_tel_put(d, "slabs", n);
	mw_tel_put(d, "first", first);
	if (n > first && n - first > ROWS_SLABS)
		mw_tel_put(d, "next", first + ROWS_SLABS);
	table_end(&part.table, d);
	return 0;
}

/* ---- audit */

struct faults {
	struct mw_tel_data *d; /* of each an object in it */
	unsigned int n;
};

/* A text may be cut off: telemetry takes 128 bytes. The numbers are all there. */
static int
put_fault(const struct rte_fastmem_fault *fault, void *arg)
{
	struct faults *faults = arg;
	struct mw_tel_data *object;
	char name[16];

	if (faults->d == NULL || faults->n == MAX_FAULTS)
		return 0;
	object = mw_tel_object(faults->d);
	if (object == NULL)
		return 0;
	mw_tel_put_text(object, "text", fault->text);
	mw_tel_put_int(object, "kind", (int)fault->kind);
	mw_tel_put(object, "class_size", fault->class_size);
	mw_tel_put(object, "slab", (uintptr_t)fault->slab);
	mw_tel_put(object, "page", fault->page);
	mw_tel_put(object, "block", (uintptr_t)fault->block);
	snprintf(name, sizeof(name), "%u", faults->n++);
	mw_tel_put_part(faults->d, name, object);
	return 0;
}

int
mw_tel_audit(const char *cmd, const char *params, struct mw_tel_data *d)
{
	struct faults faults = { .n = 0 };
	struct rte_fastmem_audit audit;
	int node_id, rc;

	if (!begin_node(cmd, params, d, &node_id, NULL))
		return 0;
	faults.d = mw_tel_object(d);
	rc = rte_fastmem_audit(node_id, put_fault, &faults, &audit);
	rte_fastmem_watch_end();
	if (rc != 0) {
		mw_tel_free(faults.d);
		return mw_tel_error(d, "the audit had to stop: %s", strerror(-rc));
	}
	mw_tel_start(d);
	mw_tel_put_int(d, "node", node_id);
	mw_tel_put(d, "slabs", audit.slabs);
	mw_tel_put(d, "pages", audit.pages);
	mw_tel_put(d, "blocks", audit.blocks);
	mw_tel_put(d, "live", audit.live);
	mw_tel_put(d, "cached", audit.cached);
	mw_tel_put(d, "free", audit.free);
	mw_tel_put(d, "moved", audit.moved);
	mw_tel_put(d, "faults", audit.faults);
	mw_tel_put_part(d, "which", faults.d);
	return 0;
}
