/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: mempools that grow: their creation, when they grow, and how what comes is initialised.
 * Must not: know where memory comes from. No thread waits for one that makes a pool grow.
 * Called by: applications, and by mempool_ops.c when a pool has run out.
 */

/* For the event of a pool's end, which librte_mempool has for drivers alone: this is of one. */
#define ALLOW_INTERNAL_API

#include "fastmem_mempool_priv.h"
#include "fastmem_priv.h"
#include "rte_fastmem_mempool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_memory.h>

#define GROW_SHARE 4 /* by a quarter of what there is, at least */

/*
 * How a pool's objects are initialised. Functions are one process's own, so this is not in the pool,
 * and the pool grows in the process that created it.
 */
struct creator {
	LIST_ENTRY(creator) next;
	const struct rte_mempool *mp;
	rte_mempool_obj_cb_t *obj_init;
	void *arg;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static LIST_HEAD(, creator) creators = LIST_HEAD_INITIALIZER(creators);

static const struct creator *
find_creator(const struct rte_mempool *mp)
{
	struct creator *c;

	pthread_mutex_lock(&lock);
	LIST_FOREACH(c, &creators, next)
		if (c->mp == mp)
			break;
	pthread_mutex_unlock(&lock);
	return c;
}

/* A pool has no creator any more: nothing is added to it. */
static void
forget(const struct rte_mempool *mp)
{
	struct creator *c;

	pthread_mutex_lock(&lock);
	LIST_FOREACH(c, &creators, next)
		if (c->mp == mp)
			break;
	if (c != NULL)
		LIST_REMOVE(c, next);
	pthread_mutex_unlock(&lock);
	free(c);
}

void
fm_pool_init_object(struct rte_mempool *mp, void *object)
{
	const struct fm_pool *p = mp->pool_data;
	const struct creator *c = p->grows ? find_creator(mp) : NULL;

	if (c != NULL && c->obj_init != NULL)
		c->obj_init(mp, c->arg, object, mp->populated_size - 1);
}

/* Who frees a pool gets its objects before the operations hear of it: none must come then. */
static void
on_event(enum rte_mempool_event event, struct rte_mempool *mp, void *arg)
{
	(void)arg;
	if (event == RTE_MEMPOOL_EVENT_DESTROY)
		forget(mp);
}

/* How many objects to add so that `n` more can be had: a good piece, where that is to be had. */
static uint32_t
step_for(const struct rte_mempool *mp, uint32_t n)
{
	size_t size = mp->header_size + mp->elt_size + mp->trailer_size;
	uint32_t step = RTE_MAX(mp->populated_size / GROW_SHARE, (uint32_t)(FM_SLAB_SIZE / size));

	return RTE_MIN(RTE_MAX(step, n), mp->size - mp->populated_size);
}

bool
fm_pool_grow(struct rte_mempool *mp, uint32_t n)
{
	struct fm_pool *p = mp->pool_data;
	uint32_t idle = 0, step, added = 0;

	if (likely(!p->grows) || p->holder != fm_process.holder || mp->populated_size >= mp->size ||
	    /* Relaxed: what it was a while ago does to choose by. */
	    rte_rdtsc() < atomic_load_explicit(&p->retry_tsc, memory_order_relaxed))
		return false;
	/* Acquire and release: one after the other adds to the pool's lists. */
	if (!atomic_compare_exchange_strong_explicit(&p->growing, &idle, 1, memory_order_acquire,
						     memory_order_relaxed))
		return false;
	/* Not before: it locks, and nobody else is to wait. None: the pool is being freed. */
	step = find_creator(mp) == NULL ? 0 : step_for(mp, n);
	if (step != 0)
		added = fm_pool_add(mp, step);
	if (added < step)
		atomic_store_explicit(&p->retry_tsc, rte_rdtsc() + rte_get_tsc_hz(),
				      memory_order_relaxed);
	atomic_store_explicit(&p->growing, 0, memory_order_release);
	return added != 0;
}

/* What EAL takes for a node: of one that it does not list only the pool's head lies elsewhere. */
static int
eal_node(int node_id)
{
	const struct fm_node *node = fm_node_by_id(fm_state_get(), node_id);

	return node == NULL || node->external ? SOCKET_ID_ANY : node_id;
}

static int
remember(const struct rte_mempool *mp, rte_mempool_obj_cb_t *obj_init, void *arg)
{
	struct creator *c;

	/* Once for all pools. */
	if (rte_mempool_event_callback_register(on_event, NULL) != 0 && rte_errno != EEXIST)
		return -rte_errno;
	c = malloc(sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	*c = (struct creator){ .mp = mp, .obj_init = obj_init, .arg = arg };
	pthread_mutex_lock(&lock);
	LIST_INSERT_HEAD(&creators, c, next);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int
fill(struct rte_mempool *mp, const struct rte_fastmem_mempool_params *params)
{
	struct fm_pool *p;
	int rc = rte_mempool_set_ops_byname(mp, FM_POOL_OPS, NULL);

	if (rc == 0)
		rc = fm_pool_make(mp, params->node_id);
	if (rc == 0)
		rc = remember(mp, params->obj_init, params->obj_init_arg);
	if (rc != 0)
		return rc;
	mp->flags |= RTE_MEMPOOL_F_POOL_CREATED;
	p = mp->pool_data;
	p->grows = true;
	p->holder = fm_process.holder;
	if (params->mp_init != NULL)
		params->mp_init(mp, params->mp_init_arg);
	return fm_pool_add(mp, params->n) == params->n ? 0 : -ENOMEM;
}

struct rte_mempool *
rte_fastmem_mempool_create(const struct rte_fastmem_mempool_params *params)
{
	struct rte_mempool *mp;
	int rc;

	/* DPDK adds to both sizes in 32 bits, and would give less than that without a word. */
	if (params == NULL || params->name == NULL || params->max == 0 || params->n > params->max ||
	    params->elt_size > INT32_MAX || params->private_size > INT32_MAX) {
		rte_errno = EINVAL;
		return NULL;
	}
	rc = rte_fastmem_mempool_register(NULL);
	if (rc == 0)
		rc = fm_pool_join();
	if (rc == 0 && params->node_id != RTE_NUMA_NODE_ANY &&
	    fm_node_by_id(fm_state_get(), params->node_id) == NULL) {
		fm_log_bad_node(params->node_id);
		rc = -EINVAL;
	}
	if (rc != 0) {
		rte_errno = -rc;
		return NULL;
	}
	mp = rte_mempool_create_empty(params->name, params->max, params->elt_size,
				      params->cache_size, params->private_size,
				      eal_node(params->node_id), params->flags);
	if (mp == NULL)
		return NULL;
	rc = fill(mp, params);
	if (rc != 0) {
		rte_mempool_free(mp);
		rte_errno = -rc;
		return NULL;
	}
	return mp;
}
