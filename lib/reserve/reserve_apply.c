/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the carrying out of a plan: all of it or none.
 * Must not: decide who gets what.
 * Called by: applications.
 *
 * Where it is this call that initialises lib/fastmem, ending that again gives everything back, the
 * allocator's own data included. Otherwise the memory is given back, and those data stay.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_fastmem.h>

#include "reserve_priv.h"

#define MIB (UINT64_C(1) << 20)

static int
fail_line(const struct rsv_line *line, int err, const char *why)
{
	return rsv_fail(err, "%s:%u:%u: %s", line->first.source, line->first.line,
			line->first.column, why);
}

/* ---- before anything is taken */

/* The first limit that kept a decision from taking more, or NULL. */
static const struct rsv_limit *
refusing(const struct rsv_machine *m)
{
	for (unsigned int i = 0; i < m->nb_limits; i++)
		if (m->limit[i].refuses)
			return &m->limit[i];
	return NULL;
}

static int
fail_short(const struct rte_reserve_plan *plan, const struct rsv_decision *d,
	   const struct rsv_machine *m)
{
	const struct rsv_limit *limit = refusing(m);
	const struct rsv_target *t = d->target;
	const struct rsv_line *line;
	char nodes[72];

	while (t->enough)
		t++;
	line = &plan->line[t->line];
	rsv_selector_text(&line->selector, nodes, sizeof(nodes));
	if (limit != NULL)
		return rsv_fail(
			-ENOMEM,
			"%s:%u:%u: \"%s\" asks for %" PRIu64 " MiB on node %d, and this "
			"process's cgroup may have %" PRIu64 " MiB of such hugepages, of which "
			"it has %" PRIu64 ": raise %s, or the container's limit of hugepages",
			line->first.source, line->first.line, line->first.column, nodes,
			t->wanted / MIB, t->node_id, limit->max / MIB, limit->used / MIB,
			limit->file);
	if (!rte_eal_has_hugepages())
		return rsv_fail(
			-ENOMEM,
			"%s:%u:%u: \"%s\" asks for %" PRIu64 " MiB on node %d, and EAL, which "
			"runs without hugepages, has %" PRIu64 "; start it with a larger -m",
			line->first.source, line->first.line, line->first.column, nodes,
			t->wanted / MIB, t->node_id, t->given / MIB);
	return rsv_fail(-ENOMEM,
			"%s:%u:%u: \"%s\" asks for %" PRIu64 " MiB on node %d, which has hugepages "
			"for %" PRIu64 " MiB of them; fastmem-reserve check tells the command that "
			"supplies them",
			line->first.source, line->first.line, line->first.column, nodes,
			t->wanted / MIB, t->node_id, t->given / MIB);
}

/* Bytes that all lines together get on a node. */
static uint64_t
total_on(const struct rsv_decision *d, int node_id)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < d->nb_targets; i++)
		for (unsigned int k = 0; k < d->target[i].nb_parts; k++)
			if (d->target[i].part[k].node_id == node_id)
				sum += d->target[i].part[k].bytes;
	return sum;
}

/* What lines say of one node must not contradict each other. */
static int
check_settings(const struct rte_reserve_plan *plan, const struct rsv_decision *d)
{
	const struct rsv_line *a, *b;

	for (unsigned int i = 0; i < d->nb_targets; i++) {
		a = &plan->line[d->target[i].line];
		if (a->limit < total_on(d, d->target[i].node_id))
			return fail_line(a, -EINVAL,
					 "the limit is below what the plan reserves on "
					 "this node");
		for (unsigned int k = 0; k < i; k++) {
			b = &plan->line[d->target[k].line];
			if (d->target[i].node_id != d->target[k].node_id)
				continue;
			if (a->place[RSV_LIMIT].line != 0 && b->place[RSV_LIMIT].line != 0 &&
			    a->limit != b->limit)
				return fail_line(a, -EINVAL,
						 "another line means the same node, and "
						 "gives it another limit");
			if (a->place[RSV_GROWTH].line != 0 && b->place[RSV_GROWTH].line != 0 &&
			    a->growth != b->growth)
				return fail_line(a, -EINVAL,
						 "another line means the same node, and "
						 "says otherwise of its growth");
		}
	}
	return 0;
}

/* ---- once it is taken */

/* Where a target's memory is: its own node if there is any, else where most of it is. */
static int
node_of(const struct rsv_target *t)
{
	const struct rsv_part *most = NULL;

	for (unsigned int k = 0; k < t->nb_parts; k++) {
		if (t->part[k].node_id == t->node_id)
			return t->node_id;
		if (most == NULL || t->part[k].bytes > most->bytes)
			most = &t->part[k];
	}
	return most == NULL ? t->node_id : most->node_id;
}

/* Where an item of what is to be warmed stands in the plan. */
struct origin {
	const struct rsv_line *line;
	const struct rsv_warm *item;
};

static unsigned int
list_warm(const struct rte_reserve_plan *plan, const struct rsv_decision *d,
	  struct rte_fastmem_warmth *what, struct origin *from)
{
	const struct rsv_line *line;
	unsigned int n = 0;

	for (unsigned int i = 0; i < d->nb_targets; i++) {
		line = &plan->line[d->target[i].line];
		for (unsigned int k = 0; k < line->warm.n; k++) {
			if (what != NULL) {
				from[n] = (struct origin){ line, &line->warm.item[k] };
				what[n].n = line->warm.item[k].n;
				what[n].size = line->warm.item[k].size;
				what[n].node_id = node_of(&d->target[i]);
			}
			n++;
		}
	}
	return n;
}

/* Once all is there: several lines may be of one node. */
static int
warm(const struct rte_reserve_plan *plan, const struct rsv_decision *d)
{
	unsigned int failed = 0, n = list_warm(plan, d, NULL, NULL);
	struct rte_fastmem_warmth *what = calloc(n + 1, sizeof(*what) + sizeof(struct origin));
	const struct rsv_place *at;
	struct origin *from;
	int ret;

	if (what == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	from = (struct origin *)(void *)(what + n + 1);
	list_warm(plan, d, what, from);
	ret = rte_fastmem_warm_all(what, n, &failed);
	if (ret < 0) {
		at = &from[failed].line->place[RSV_WARM];
		rsv_fail(ret,
			 "%s:%u:%u: cannot warm %" PRIu64 " blocks of %" PRIu64
			 " bytes on node %d: %s",
			 at->source, at->line, at->column, from[failed].item->n,
			 from[failed].item->size, what[failed].node_id,
			 ret == -ENOMEM ? "what is reserved there does not hold them" :
					  strerror(-ret));
	}
	free(what);
	return ret;
}

/* Nothing of this can fail: the nodes have memory. */
static void
set_all(const struct rte_reserve_plan *plan, const struct rsv_decision *d)
{
	const struct rsv_line *line;
	int node_id;

	for (unsigned int i = 0; i < d->nb_targets; i++) {
		line = &plan->line[d->target[i].line];
		node_id = d->target[i].node_id;
		if (line->place[RSV_LIMIT].line != 0)
			rte_fastmem_set_limit(node_id, line->limit);
		if (line->place[RSV_GROWTH].line != 0)
			rte_fastmem_set_growth(node_id, line->growth);
	}
	if (plan->seal)
		rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
}

/* Of what there was before nothing is given back, and of this what nobody has allocated meanwhile. */
static void
give_back(const struct rsv_decision *d)
{
	const struct rsv_part *part;

	for (unsigned int i = 0; i < d->nb_targets; i++)
		for (unsigned int k = 0; k < d->target[i].nb_parts; k++) {
			part = &d->target[i].part[k];
			if (part->taken == 0)
				continue;
			rte_fastmem_unreserve(part->taken, part->node_id);
			rte_fastmem_trim(part->node_id);
		}
}

/* ---- tries */

/*
 * EAL may refuse what the kernel counts as free: another process was quicker, or a limit of a cgroup
 * or of EAL's is below. Then it is tried again with half as many of those pages, as though there were
 * no more, so that a line that makes do with something else gets that.
 */
#define TRIES 6

struct cap {
	int node_id;
	uint64_t page_size, pages;
};

static void
lower(struct rsv_machine *m, const struct cap *cap)
{
	struct rsv_pool *pool;

	for (unsigned int i = 0; i < m->nb_nodes; i++)
		for (unsigned int k = 0; k < m->node[i].nb_pools; k++) {
			pool = &m->node[i].pool[k];
			if (m->node[i].node_id == cap->node_id &&
			    pool->page_size == cap->page_size && pool->free > cap->pages)
				pool->free = cap->pages;
		}
}

/* What was had of the pool before it was refused, and half of that part. */
static struct cap
cap_of(const struct rsv_decision *d, const struct rsv_part *refused)
{
	struct cap cap = { refused->node_id, refused->page_size, refused->pages / 2 };
	const struct rsv_part *part;

	for (unsigned int i = 0; i < d->nb_targets; i++)
		for (unsigned int k = 0; k < d->target[i].nb_parts; k++) {
			part = &d->target[i].part[k];
			if (part == refused)
				return cap;
			if (part->node_id == cap.node_id && part->page_size == cap.page_size)
				cap.pages += part->pages;
		}
	return cap;
}

/* What this and earlier tries showed. */
struct tries {
	unsigned int n;
	struct cap cap[TRIES];
	int ret; /* of the first */
	char error[RSV_ERROR_MAX];
};

static int
apply(const struct rte_reserve_plan *plan, struct rsv_machine *m, struct tries *tries, bool fresh)
{
	const struct rsv_part *refused = NULL;
	struct rsv_decision d;
	int ret;

	rsv_eal_adjust(m);
	for (unsigned int i = 0; i < tries->n; i++)
		lower(m, &tries->cap[i]);
	ret = rsv_decide(plan, m, &d);
	if (ret < 0)
		return ret;
	if (!d.fits)
		ret = fail_short(plan, &d, m);
	if (ret == 0)
		ret = check_settings(plan, &d);
	if (ret == 0)
		ret = rsv_take(plan, &d, &refused);
	if (ret == 0)
		ret = warm(plan, &d);
	if (ret == 0)
		set_all(plan, &d);
	if (ret == -ENOMEM && refused != NULL && tries->n < TRIES) {
		tries->cap[tries->n++] = cap_of(&d, refused);
		if (tries->n == 1) {
			tries->ret = ret;
			snprintf(tries->error, sizeof(tries->error), "%s", rte_reserve_error());
		}
		ret = -EAGAIN;
	}
	if (ret < 0 && !fresh)
		give_back(&d);
	rsv_decision_free(&d);
	return ret;
}

/* Initialise lib/fastmem unless somebody has. */
static int
start(bool *fresh)
{
	struct rte_fastmem_stats stats;
	int ret;

	if (rte_eal_process_type() == RTE_PROC_SECONDARY)
		return rsv_fail(-EPERM, "a secondary process has what the primary reserved: apply "
					"the plan there");
	*fresh = rte_fastmem_stats(&stats) != 0;
	ret = rte_fastmem_init();
	if (ret < 0)
		return rsv_fail(ret, "cannot initialise lib/fastmem: %s",
				ret == -ENODEV ? "EAL is not initialised" : strerror(-ret));
	return 0;
}

/* One try: all or nothing; -EAGAIN: EAL refused, and another may do better. */
static int
try(const struct rte_reserve_plan *plan, struct tries *tries)
{
	const struct rte_numa_topology *topo;
	struct rsv_machine m;
	bool fresh = false;
	int self, ret = start(&fresh);

	if (ret < 0)
		return ret;
	topo = rte_numa_topology_self(); /* it was needed to get here */
	self = rte_numa_node_of_self();
	if (!rte_numa_node_exists(topo, self))
		self = rte_numa_node_next(topo, -1, 0);
	ret = rsv_machine_read(&m, topo, self);
	if (ret == 0) {
		rsv_limits_read(&m, "/proc", "");
		ret = apply(plan, &m, tries, fresh);
		free(m.node);
	}
	if (ret < 0 && fresh)
		rte_fastmem_deinit();
	return ret;
}

int
rte_reserve_apply(const struct rte_reserve_plan *plan)
{
	struct tries tries = { 0 };
	int ret;

	if (plan == NULL)
		return rsv_fail(-EINVAL, "no plan was given");
	do
		ret = try(plan, &tries);
	while (ret == -EAGAIN);
	if (ret < 0 && tries.n != 0)
		/* What was refused, not what could not be had instead. */
		return rsv_fail(tries.ret, "%s", tries.error);
	return ret;
}
