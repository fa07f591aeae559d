/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the decision which hugepages of which node each line of a plan gets.
 * Must not: read the machine, or take anything: it is given what each node has free.
 * Called by: reserve_check.c.
 *
 * First every line gets what its own nodes have, in the plan's order, then those that may have any
 * node; only then is memory that a line lacks sought where its policy says, so that no line's
 * substitute is what another asked for by name.
 */

#include <errno.h>
#include <stdlib.h>

#include "reserve_priv.h"

#define SLAB (UINT64_C(1) << 21)

static struct rsv_machine_node *
node_of(struct rsv_machine *m, int node_id)
{
	for (unsigned int i = 0; i < m->nb_nodes; i++)
		if (m->node[i].node_id == node_id)
			return &m->node[i];
	return NULL;
}

/* ---- taking pages of the machine as it would be */

static int
add_part(struct rsv_target *t, int node_id, const struct rsv_pool *pool, uint64_t bytes,
	 uint64_t pages, uint64_t held)
{
	struct rsv_part *part;

	for (unsigned int i = 0; i < t->nb_parts; i++)
		if (t->part[i].node_id == node_id && t->part[i].page_size == pool->page_size) {
			t->part[i].bytes += bytes;
			t->part[i].pages += pages;
			t->part[i].held += held;
			return 0;
		}
	part = realloc(t->part, (t->nb_parts + 1) * sizeof(*part));
	if (part == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	t->part = part;
	part[t->nb_parts++] = (struct rsv_part){ .node_id = node_id,
						 .page_size = pool->page_size,
						 .bytes = bytes,
						 .pages = pages,
						 .held = held,
						 .free = pool->free };
	return 0;
}

/* Take what EAL holds of large pages, for what the target lacks. */
static int
take_held(struct rsv_target *t, const struct rsv_machine_node *node, struct rsv_pool *pool)
{
	uint64_t bytes = rsv_pages_hold(pool->held - pool->held_taken, SLAB), held;
	int ret;

	if (bytes > t->wanted - t->given)
		bytes = t->wanted - t->given;
	if (bytes == 0)
		return 0;
	held = rsv_pages_for(bytes, SLAB);
	ret = add_part(t, node->node_id, pool, bytes, 0, held);
	if (ret == 0) {
		pool->held_taken += held;
		t->given += bytes;
	}
	return ret;
}

/* Pages of a pool that may be taken for so many; a limit that refuses some is noted. */
static uint64_t
may_take(struct rsv_pool *pool, uint64_t pages)
{
	uint64_t there = pool->free - pool->taken, left;

	if (pool->limit == NULL)
		return there;
	left = pool->limit->left > pool->limit->taken ? pool->limit->left - pool->limit->taken : 0;
	if (left >= there)
		return there;
	pool->limit->refuses |= left < pages;
	return left;
}

/* Take up to `most` pages of a pool for what the target lacks. */
static int
take_from(struct rsv_target *t, const struct rsv_machine_node *node, struct rsv_pool *pool,
	  uint64_t most)
{
	uint64_t lacks = t->wanted - t->given;
	uint64_t pages = rsv_pages_for(lacks, pool->page_size), bytes = lacks;
	uint64_t there = may_take(pool, pages < most ? pages : most);
	int ret;

	if (most < there)
		there = most;
	if (pages > there) {
		pages = there;
		bytes = rsv_pages_hold(pages, pool->page_size);
		if (bytes > lacks)
			bytes = lacks;
	}
	if (bytes == 0)
		return 0;
	ret = add_part(t, node->node_id, pool, bytes, pages, 0);
	if (ret == 0) {
		pool->taken += pages;
		if (pool->limit != NULL)
			pool->limit->taken += pages;
		t->given += bytes;
	}
	return ret;
}

/*
 * Take from a node's pools of between those page sizes, what EAL holds first: large pages for what
 * fills them, smaller ones for the rest; where there are too few of those, large ones after all.
 */
static int
take(struct rsv_target *t, struct rsv_machine_node *node, uint64_t least, uint64_t largest)
{
	struct rsv_pool *pool;
	int ret = 0;

	for (unsigned int i = 0; i < node->nb_pools && ret == 0; i++) {
		pool = &node->pool[i];
		if (pool->page_size >= least && pool->page_size <= largest)
			ret = take_held(t, node, pool);
	}
	for (unsigned int i = node->nb_pools; i > 0 && ret == 0; i--) {
		pool = &node->pool[i - 1];
		if (pool->page_size >= least && pool->page_size <= largest)
			ret = take_from(t, node, pool,
					pool->page_size == least || pool->page_size <= SLAB ?
						UINT64_MAX :
						rsv_pages_filled(t->wanted - t->given,
								 pool->page_size));
	}
	for (unsigned int i = 0; i < node->nb_pools && ret == 0; i++) {
		pool = &node->pool[i];
		if (pool->page_size >= least && pool->page_size <= largest)
			ret = take_from(t, node, pool, UINT64_MAX);
	}
	return ret;
}

/* Of the page size that the line asks for, or of any. */
static int
take_asked(const struct rsv_line *line, struct rsv_target *t, struct rsv_machine_node *node)
{
	return line->page_size != 0 ? take(t, node, line->page_size, line->page_size) :
				      take(t, node, 0, UINT64_MAX);
}

/* ---- targets: a line on a node */

/* What the pages that a line may have on a node hold, when `share` per cent of them are taken. */
static uint64_t
share_of(const struct rsv_machine_node *node, uint64_t page_size, unsigned int share)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < node->nb_pools; i++)
		if (page_size == 0 || node->pool[i].page_size == page_size)
			sum += rsv_pages_hold(node->pool[i].free * share / 100,
					      node->pool[i].page_size) +
			       rsv_pages_hold(node->pool[i].held * share / 100, SLAB);
	return sum;
}

static uint64_t
wanted_of(const struct rsv_line *line, const struct rsv_machine_node *node)
{
	uint64_t bytes = line->size.bytes;

	if (line->size.percent != 0)
		bytes = share_of(node, line->page_size, line->size.percent);
	/* A share of nothing is a shortage too. */
	return bytes < SLAB ? SLAB : (bytes + SLAB - 1) / SLAB * SLAB;
}

static int
add_target(struct rsv_decision *d, const struct rte_reserve_plan *plan, unsigned int line,
	   struct rsv_machine *m, int node_id)
{
	struct rsv_target *more = realloc(d->target, (d->nb_targets + 1) * sizeof(*more));

	if (more == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	d->target = more;
	d->target[d->nb_targets++] = (struct rsv_target){
		.line = line,
		.node_id = node_id,
		.wanted = wanted_of(&plan->line[line], node_of(m, node_id)),
	};
	return 0;
}

static int
add_targets(struct rsv_decision *d, const struct rte_reserve_plan *plan, struct rsv_machine *m)
{
	struct rte_numa_mask nodes;
	int node_id, ret = 0;

	for (unsigned int i = 0; i < plan->nb_lines && ret == 0; i++) {
		ret = rsv_nodes_of(&plan->line[i], m->topo, m->self, &nodes);
		if (ret < 0)
			return ret;
		for (unsigned int k = 0; k < m->nb_nodes && ret == 0; k++) {
			node_id = m->node[k].node_id;
			if (rte_numa_mask_test(&nodes, node_id))
				ret = add_target(d, plan, i, m, node_id);
		}
	}
	return ret;
}

/* ---- those that may have any node */

/* Give back what a target has been given. */
static void
untake(struct rsv_target *t, struct rsv_machine *m)
{
	struct rsv_machine_node *node;

	for (unsigned int i = 0; i < t->nb_parts; i++) {
		node = node_of(m, t->part[i].node_id);
		for (unsigned int k = 0; k < node->nb_pools; k++)
			if (node->pool[k].page_size == t->part[i].page_size) {
				node->pool[k].taken -= t->part[i].pages;
				if (node->pool[k].limit != NULL)
					node->pool[k].limit->taken -= t->part[i].pages;
				node->pool[k].held_taken -= t->part[i].held;
			}
	}
	t->nb_parts = 0;
	t->given = 0;
}

/* The first node that has all of it, nearest to the caller's first; else as much as that has. */
static int
take_any(const struct rsv_line *line, struct rsv_target *t, struct rsv_machine *m)
{
	struct rsv_machine_node *node, *first = NULL;
	const int *order;
	unsigned int n = 0;
	int ret;

	order = rte_numa_nearest(m->topo, m->self, &n);
	for (unsigned int i = 0; order != NULL && i < n; i++) {
		node = node_of(m, order[i]);
		if (node == NULL)
			continue;
		if (first == NULL)
			first = node;
		t->node_id = node->node_id;
		t->wanted = wanted_of(line, node);
		ret = take_asked(line, t, node);
		if (ret < 0 || t->given == t->wanted)
			return ret;
		untake(t, m);
	}
	t->node_id = first->node_id;
	t->wanted = wanted_of(line, first);
	return take_asked(line, t, first);
}

/* ---- shortage */

static int
take_elsewhere(const struct rsv_line *line, struct rsv_target *t, struct rsv_machine *m)
{
	struct rsv_machine_node *node;
	const int *order;
	unsigned int n = 0;
	int ret = 0;

	order = rte_numa_nearest(m->topo, t->node_id, &n);
	for (unsigned int i = 0; order != NULL && i < n && ret == 0; i++) {
		node = node_of(m, order[i]);
		if (node != NULL && order[i] != t->node_id &&
		    (unsigned int)rte_numa_distance(m->topo, t->node_id, order[i]) <=
			    line->policy.distance)
			ret = take_asked(line, t, node);
	}
	return ret;
}

static int
make_do(const struct rsv_line *line, struct rsv_target *t, struct rsv_machine *m)
{
	int ret = 0;

	switch (line->policy.shortage) {
	case RSV_OTHER_NODE:
		ret = take_elsewhere(line, t, m);
		break;
	case RSV_SMALLER_PAGES:
		ret = take(t, node_of(m, t->node_id), 0,
			   line->page_size != 0 ? line->page_size : UINT64_MAX);
		break;
	case RSV_LESS:
		t->enough = t->given >= line->policy.floor;
		break;
	default:
		break;
	}
	t->enough |= t->given == t->wanted;
	return ret;
}

static void
find_limits(struct rsv_machine *m)
{
	for (unsigned int i = 0; i < m->nb_nodes; i++)
		for (unsigned int k = 0; k < m->node[i].nb_pools; k++)
			m->node[i].pool[k].limit = rsv_limit_of(m, m->node[i].pool[k].page_size);
}

int
rsv_decide(const struct rte_reserve_plan *plan, struct rsv_machine *m, struct rsv_decision *d)
{
	const struct rsv_line *line;
	struct rsv_target *t;
	int ret;

	*d = (struct rsv_decision){ .fits = true };
	find_limits(m);
	ret = add_targets(d, plan, m);
	for (int round = 0; round < 3; round++)
		for (unsigned int i = 0; i < d->nb_targets && ret == 0; i++) {
			t = &d->target[i];
			line = &plan->line[t->line];
			if (round == 0 && line->selector.nodes != RSV_ANY)
				ret = take_asked(line, t, node_of(m, t->node_id));
			else if (round == 1 && line->selector.nodes == RSV_ANY)
				ret = take_any(line, t, m);
			else if (round == 2 && m->asked)
				t->enough = t->given == t->wanted;
			else if (round == 2)
				ret = make_do(line, t, m);
			if (round == 2)
				d->fits &= t->enough;
		}
	if (ret < 0)
		rsv_decision_free(d);
	return ret;
}

void
rsv_decision_free(struct rsv_decision *d)
{
	for (unsigned int i = 0; i < d->nb_targets; i++)
		free(d->target[i].part);
	free(d->target);
	*d = (struct rsv_decision){ 0 };
}
