/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the walks: what slabs, classes and caches look like from outside.
 * Must not write anything that is shared, nor make a thread wait.
 * Called by the application's control path, and by programs that watch it.
 */

#include "fastmem_walk_priv.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "rte_fastmem_walk.h"

/* Blocks of a run, by where they are. */
struct tally {
	uint32_t blocks, live, cached, free;
};

static struct tally
tally_run(const struct fm_view *v, const struct fm_row *row, const struct fm_held_list *held)
{
	const struct fm_class *c = &fm_class[row->cls];
	uintptr_t base = v->base + row->page * FM_PAGE_SIZE;
	struct tally t = { .blocks = c->blocks };
	uint32_t most;

	t.free = (uint32_t)__builtin_popcountll(v->word[row->page] & fm_class_full(c));
	most = t.blocks - t.free; /* some may have become free since the caches were read */
	t.cached = (uint32_t)(fm_held_first(held, base + row->pages * FM_PAGE_SIZE) -
			      fm_held_first(held, base));
	t.cached = RTE_MIN(t.cached, most);
	t.live = most - t.cached;
	return t;
}

/* ---- slabs */

static void
add_run(struct rte_fastmem_slab_map *map, struct rte_fastmem_slab_mix *mix,
	const struct fm_row *row, struct tally t)
{
	uint64_t size = fm_class[row->cls].size;

	map->bytes_live += t.live * size;
	map->bytes_cached += t.cached * size;
	map->bytes_free += t.free * size;
	map->bytes_rest += row->pages * FM_PAGE_SIZE - t.blocks * size;
	mix->class_size = size;
	mix->runs++;
	mix->pages += row->pages;
	mix->blocks += t.blocks;
	mix->live += t.live;
	mix->cached += t.cached;
	mix->free += t.free;
}

static void
map_slab(const struct fm_view *v, const struct fm_held_list *held, struct rte_fastmem_slab_map *map,
	 struct rte_fastmem_slab_mix *mix)
{
	unsigned int page, cls;
	struct fm_row row;

	*map = (struct rte_fastmem_slab_map){
		.addr = (const void *)v->base,
		.iova = v->iova,
		.page_size = v->chunk->page_size,
		.chunk = v->chunk->number,
		.index = v->slab->index,
		.bytes = v->n * FM_PAGE_SIZE,
		.mix = mix,
	};
	memset(mix, 0, FM_CLASSES * sizeof(*mix));
	for (page = 0; page < FM_SLAB_PAGES; page += row.pages) {
		fm_view_row(v, page, &row);
		if (row.kind == FM_ROW_RUN)
			add_run(map, &mix[row.cls], &row, tally_run(v, &row, held));
		else if (row.kind == FM_ROW_LARGE)
			map->bytes_large += row.pages * FM_PAGE_SIZE;
		else if (row.kind == FM_ROW_UNUSED)
			map->bytes_unused += row.pages * FM_PAGE_SIZE;
		else if (row.kind != FM_ROW_OTHER)
			map->bytes_claimed += row.pages * FM_PAGE_SIZE;
	}
	for (cls = 0; cls < FM_CLASSES; cls++)
		if (mix[cls].runs != 0)
			mix[map->nb_mix++] = mix[cls];
}

/* The node that a walk is about, and all that is cached of it. */
static int
begin(int node_id, bool has_fn, struct fm_state **st, struct fm_node **node,
      struct fm_held_list *held)
{
	*st = fm_state_get();
	if (*st == NULL)
		return has_fn ? -ENODEV : -EINVAL;
	*node = fm_node_by_id(*st, node_id);
	if (*node == NULL || !has_fn)
		return -EINVAL;
	return fm_held_read(*st, *node, held);
}

int
rte_fastmem_walk_slabs_from(int node_id, uint64_t first, rte_fastmem_slab_fn fn, void *arg,
			    uint64_t *nb_slabs)
{
	struct rte_fastmem_slab_mix mix[FM_CLASSES];
	struct fm_held_list held = { .at = NULL };
	struct rte_fastmem_slab_map map;
	struct fm_state *st;
	struct fm_node *node;
	uint64_t before = 0; /* Slabs of the chunks before. */
	struct fm_view v;
	uint32_t i, s, nb, in_chunk;
	int rc = begin(node_id, fn != NULL, &st, &node, &held), begun = rc;

	/* Acquire: pairs with the release that published the chunk. */
	nb = rc != 0 ? 0 : atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
	for (i = 0; i < nb; i++, before += in_chunk) {
		/* Acquire: as in fm_view_read(), so that no slab is told twice or left out. */
		in_chunk = atomic_load_explicit(&node->chunk[i]->nb_slabs, memory_order_acquire);
		s = first > before ? (uint32_t)RTE_MIN(first - before, (uint64_t)in_chunk) : 0;
		for (; rc == 0 && s < in_chunk && fm_view_read(st, node->chunk[i], s, &v); s++) {
			map_slab(&v, &held, &map, mix);
			rc = fn(&map, arg);
		}
	}
	fm_held_free(&held);
	if (begun == 0 && nb_slabs != NULL)
		*nb_slabs = before;
	return rc;
}

int
rte_fastmem_walk_slabs(int node_id, rte_fastmem_slab_fn fn, void *arg)
{
	return rte_fastmem_walk_slabs_from(node_id, 0, fn, arg, NULL);
}

/* ---- rows */

static enum rte_fastmem_row_kind
public_kind(enum fm_row_kind kind)
{
	switch (kind) {
	case FM_ROW_OTHER:
		return RTE_FASTMEM_ROW_OTHER;
	case FM_ROW_UNUSED:
		return RTE_FASTMEM_ROW_UNUSED;
	case FM_ROW_RUN:
		return RTE_FASTMEM_ROW_RUN;
	case FM_ROW_LARGE:
		return RTE_FASTMEM_ROW_LARGE;
	default:
		return RTE_FASTMEM_ROW_CLAIMED;
	}
}

static int
tell_rows(const struct fm_view *v, const struct fm_held_list *held, rte_fastmem_row_fn fn,
	  void *arg)
{
	struct rte_fastmem_row told;
	unsigned int page;
	struct fm_row row;
	struct tally t;
	int rc = 0;

	for (page = 0; page < FM_SLAB_PAGES && rc == 0; page += row.pages) {
		fm_view_row(v, page, &row);
		told = (struct rte_fastmem_row){
			.kind = public_kind(row.kind),
			.addr = (const void *)(v->base + page * FM_PAGE_SIZE),
			.pages = row.pages,
		};
		if (row.kind == FM_ROW_RUN) {
			t = tally_run(v, &row, held);
			told.class_size = fm_class[row.cls].size;
			told.blocks = t.blocks;
			told.live = t.live;
			told.cached = t.cached;
			told.free = t.free;
		}
		rc = fn(&told, arg);
	}
	return rc;
}

int
rte_fastmem_walk_rows(const void *addr, rte_fastmem_row_fn fn, void *arg)
{
	struct fm_state *st = fm_state_get();
	struct fm_held_list held = { .at = NULL };
	struct fm_slab *slab;
	struct fm_view v;
	int rc;

	if (fn == NULL)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	slab = fm_window_slab((uintptr_t)addr);
	if (slab == NULL || !fm_view_read(st, slab->chunk, slab->index, &v))
		return -EINVAL;
	rc = fm_held_read(st, &st->node[slab->chunk->node], &held);
	if (rc == 0)
		rc = tell_rows(&v, &held, fn, arg);
	fm_held_free(&held);
	return rc;
}

/* ---- classes */

struct class_sums {
	struct rte_fastmem_class_map of[FM_CLASSES];
};

static int
sum_slab(const struct rte_fastmem_slab_map *slab, void *arg)
{
	struct rte_fastmem_class_map *to;
	struct class_sums *sums = arg;
	unsigned int i;

	for (i = 0; i < slab->nb_mix; i++) {
		to = &sums->of[fm_class_exact(slab->mix[i].class_size)];
		to->runs += slab->mix[i].runs;
		to->pages += slab->mix[i].pages;
		to->blocks += slab->mix[i].blocks;
		to->live += slab->mix[i].live;
		to->in_caches += slab->mix[i].cached;
		to->free += slab->mix[i].free;
	}
	return 0;
}

int
rte_fastmem_walk_classes(int node_id, rte_fastmem_class_fn fn, void *arg)
{
	struct class_sums sums = { 0 };
	struct fm_state *st = fm_state_get();
	const struct fm_node *node;
	struct rte_fastmem_class_map *c;
	unsigned int cls;
	int rc;

	rc = rte_fastmem_walk_slabs(node_id, fn == NULL ? NULL : sum_slab, &sums);
	if (rc != 0)
		return rc;
	node = fm_node_by_id(st, node_id);
	for (cls = 0; cls < FM_CLASSES && rc == 0; cls++) {
		c = &sums.of[cls];
		if (c->runs == 0)
			continue;
		c->class_size = fm_class[cls].size;
		c->in_transit = RTE_MIN(fm_depot_blocks(&node->depot, cls), c->in_caches);
		c->in_caches -= c->in_transit;
		rc = fn(c, arg);
	}
	return rc;
}

/* ---- caches */

static void
map_cache(const struct fm_state *st, const struct fm_unit *u, struct rte_fastmem_cache_map *map,
	  struct rte_fastmem_cache_mix *mix)
{
	unsigned int node, cls, n;
	uintptr_t base;

	for (node = 0; node < st->nb_nodes; node++)
		for (cls = 0; cls < FM_CLASSES; cls++) {
			if (!fm_slot_look(st, u, fm_slot_index(node, cls), cls, &base, &n) ||
			    n == 0)
				continue;
			map->blocks += n;
			map->bytes += (uint64_t)n * fm_class[cls].size;
			mix[map->nb_mix++] = (struct rte_fastmem_cache_mix){
				.node_id = st->node[node].node_id,
				.class_size = fm_class[cls].size,
				.blocks = n,
				.capacity = fm_class[cls].entries,
			};
		}
}

int
rte_fastmem_walk_caches(rte_fastmem_cache_fn fn, void *arg)
{
	struct rte_fastmem_cache_mix mix[FM_MAX_NODES * FM_CLASSES];
	struct fm_state *st = fm_state_get();
	struct rte_fastmem_cache_map map;
	const struct fm_unit *u;
	uint32_t i, nb, state, tag;
	int rc = 0;

	if (fn == NULL)
		return -EINVAL;
	if (st == NULL)
		return -ENODEV;
	nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	for (i = 0; i < nb && rc == 0; i++) {
		u = st->unit[i];
		state = atomic_load_explicit(&u->state, memory_order_acquire);
		if (fm_unit_kind(state) != FM_UNIT_CACHE)
			continue;
		tag = atomic_load_explicit(&u->tag, memory_order_relaxed);
		map = (struct rte_fastmem_cache_map){
			.number = i,
			.lcore_id = tag == FM_TAG_SHARED ? LCORE_ID_ANY : tag,
			.process = fm_unit_holder(state),
			.node_id = st->node[u->node].node_id,
			.mix = mix,
		};
		map_cache(st, u, &map, mix);
		rc = fn(&map, arg);
	}
	return rc;
}
