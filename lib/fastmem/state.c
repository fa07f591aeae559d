/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the shared state's beginning and end: creating, attaching, leaving; and which nodes exist.
 * Must not serve memory.
 * Called by the application's control path, and by every slow path to find the state.
 */

#include "fastmem_checker_priv.h"
#include "fastmem_external_priv.h"
#include "fastmem_sample_priv.h"
#include "rte_fastmem_walk.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#define STATE_ZONE	   "fastmem_state"
#define SPARE_UNITS	   8 /* caches for threads that EAL does not know, before any chunk brings more */
#define MAX_UNITS_AT_START 40

struct fm_process fm_process;

static pthread_mutex_t attach_lock = PTHREAD_MUTEX_INITIALIZER;
/* Of who watches, against who leaves; outermost. */
static pthread_rwlock_t watch_lock = PTHREAD_RWLOCK_INITIALIZER;

/* ---- nodes */

struct fm_node *
fm_node_by_id(struct fm_state *st, int node_id)
{
	if (node_id < 0 || node_id >= RTE_NUMA_MAX_NODES || st->node_of_id[node_id] < 0)
		return NULL;
	return &st->node[st->node_of_id[node_id]];
}

/* The first node of that list that we serve. */
static uint32_t
nearest_served(const struct fm_state *st, const struct rte_numa_topology *topo, int node_id)
{
	unsigned int i, n = 0;
	const int *order = rte_numa_nearest(topo, node_id, &n);

	for (i = 0; i < n; i++)
		if (st->node_of_id[order[i]] >= 0)
			return (uint32_t)st->node_of_id[order[i]];
	return 0;
}

struct fm_node *
fm_node_self(struct fm_state *st)
{
	int node_id;

	if (st->nb_nodes == 1)
		return &st->node[0];
	node_id = rte_numa_node_of_self();
	if (node_id < 0 || node_id >= RTE_NUMA_MAX_NODES)
		return &st->node[0];
	if (st->node_of_id[node_id] >= 0)
		return &st->node[st->node_of_id[node_id]];
	return &st->node[nearest_served(st, rte_numa_topology_self(), node_id)];
}

void
fm_log_bad_node(int node_id)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	char text[128] = "?";

	if (topo != NULL)
		rte_numa_nodes_text(topo, RTE_NUMA_WITH_MEMORY, text, sizeof(text));
	fm_log(FM_ERR, "node %d does not exist or has no memory; nodes with memory: %s", node_id,
	       text);
}

static void
node_init(struct fm_state *st, const struct rte_numa_topology *topo, uint32_t index, int node_id)
{
	struct fm_node *node = &st->node[index];
	unsigned int i, n = 0, filled = 0;
	const int *order = rte_numa_nearest(topo, node_id, &n);

	node->node_id = node_id;
	node->index = index;
	for (i = 0; i < n; i++)
		if (st->node_of_id[order[i]] >= 0)
			node->nearest[filled++] = (uint32_t)st->node_of_id[order[i]];
	atomic_store_explicit(&node->growth, true, memory_order_relaxed);
	atomic_store_explicit(&node->limit, SIZE_MAX, memory_order_relaxed);
}

static void
nodes_init(struct fm_state *st, const struct rte_numa_topology *topo)
{
	uint32_t index = 0;
	int id;

	memset(st->node_of_id, 0xff, sizeof(st->node_of_id)); /* -1: none */
	RTE_NUMA_FOREACH_NODE(id, topo, RTE_NUMA_WITH_MEMORY) {
		if (index < st->nb_nodes)
			st->node_of_id[id] = (int16_t)index++;
	}
	RTE_NUMA_FOREACH_NODE(id, topo, RTE_NUMA_WITH_MEMORY) {
		if (st->node_of_id[id] >= 0)
			node_init(st, topo, (uint32_t)st->node_of_id[id], id);
	}
}

static uint32_t
count_nodes(const struct rte_numa_topology *topo)
{
	uint32_t n = 0;
	int id;

	RTE_NUMA_FOREACH_NODE(id, topo, RTE_NUMA_WITH_MEMORY)
		n++;
	if (n > FM_MAX_NODES)
		fm_log(FM_WARNING,
		       "the machine has %" PRIu32 " nodes with memory; the first %d are served", n,
		       FM_MAX_NODES);
	return RTE_MIN(n, (uint32_t)FM_MAX_NODES);
}

/* ---- creating */

static int
control_init(pthread_mutex_t *m)
{
	pthread_mutexattr_t attr;
	int rc;

	rc = pthread_mutexattr_init(&attr);
	if (rc != 0)
		return -rc;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	rc = pthread_mutex_init(m, &attr);
	pthread_mutexattr_destroy(&attr);
	return -rc;
}

static int
create(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	uint32_t nb_nodes, nb_slots, nb_units;
	size_t nodes_end, unit_size;
	const struct rte_memzone *mz;
	struct fm_state *st;
	int rc;

	if (topo == NULL) {
		fm_log(FM_ERR, "cannot read the machine's NUMA nodes: %s", strerror(errno));
		return -errno;
	}
	nb_nodes = count_nodes(topo);
	nb_slots = 1 + nb_nodes * RTE_FASTMEM_SLOTS;
	nb_units = RTE_MIN(rte_lcore_count() + SPARE_UNITS, MAX_UNITS_AT_START);
	unit_size = fm_unit_size(nb_slots);
	nodes_end = RTE_ALIGN_CEIL(sizeof(*st) + nb_nodes * sizeof(struct fm_node), FM_LINE);

	mz = rte_memzone_reserve_aligned(STATE_ZONE, nodes_end + nb_units * unit_size,
					 SOCKET_ID_ANY, 0, FM_LINE);
	if (mz == NULL) {
		rc = rte_errno;
		fm_log(FM_ERR, "cannot reserve %zu KiB for memzone " STATE_ZONE ": %s",
		       (nodes_end + nb_units * unit_size) >> 10, rte_strerror(rc));
		return rc == EEXIST ? -EEXIST : -ENOMEM;
	}
	st = mz->addr;
	memset(st, 0, nodes_end + nb_units * unit_size);
	st->version = FM_VERSION;
	st->nb_nodes = nb_nodes;
	st->nb_slots = nb_slots;
	st->unit_size = unit_size;
	nodes_init(st, topo);
	fm_external_create(st, topo);
	rc = control_init(&st->control);
	if (rc == 0)
		rc = fm_window_open(st, true);
	if (rc != 0) {
		fm_log(FM_ERR, "cannot set up the page table: %s", strerror(-rc));
		fm_external_destroy(st);
		rte_memzone_free(mz);
		return rc;
	}
	fm_units_add(st, fm_node_self(st)->index, (char *)st + nodes_end, nb_units);
	st->magic = FM_MAGIC;
	/* Release: a secondary that reads it finds all of the above. */
	atomic_store_explicit(&st->ready, 1, memory_order_release);
	/* Release: pairs with fm_state(). */
	atomic_store_explicit(&fm_process.state, st, memory_order_release);
	return 0;
}

static int
attach(void)
{
	const struct rte_memzone *mz = rte_memzone_lookup(STATE_ZONE);
	struct fm_state *st;
	int rc;

	if (mz == NULL)
		return -ENODEV;
	st = mz->addr;
	/* Acquire: pairs with create(). */
	if (atomic_load_explicit(&st->ready, memory_order_acquire) == 0)
		return -ENODEV;
	if (st->magic != FM_MAGIC || st->version != FM_VERSION)
		return -EPROTO;
	if (rte_numa_topology_self() == NULL)
		return -errno;
	rc = fm_external_attach(st);
	if (rc != 0)
		return rc;
	rc = fm_window_open(st, false);
	if (rc != 0) {
		fm_external_detach(st);
		return rc;
	}
	atomic_store_explicit(&fm_process.state, st, memory_order_release);
	return 0;
}

static int
any_list(const struct rte_memseg_list *msl, void *arg)
{
	(void)msl;
	(void)arg;
	return 1;
}

/* Once: a secondary that cannot attach tries again at each use. */
static void
log_attach_failure(int rc)
{
	static bool told;

	if (rc != 0 && rc != -ENODEV && !told) {
		told = true;
		fm_log(FM_ERR, "cannot attach to the primary's fastmem: %s",
		       rc == -EPROTO	    ? "it is of another version; use one in both" :
		       rc == -EADDRNOTAVAIL ? "where it has memory of nodes without CPUs something "
					      "else lies here; give it another --base-virtaddr" :
					      strerror(-rc));
	}
}

/* *begins: it had no memory before. */
static int
join(bool *begins)
{
	int rc = 0;

	pthread_mutex_lock(&attach_lock);
	if (fm_state() == NULL) {
		fm_checker_start();
		fm_cache_init();
		/* Before rte_eal_init() there are no lists, and looking up a zone would crash. */
		if (rte_memseg_list_walk(any_list, NULL) != 1)
			rc = -ENODEV;
		else if (rte_eal_process_type() == RTE_PROC_PRIMARY)
			rc = create();
		else
			log_attach_failure(rc = attach());
		if (rc == 0)
			fm_holder_enter(fm_state());
		*begins = rc == 0;
	}
	pthread_mutex_unlock(&attach_lock);
	return rc;
}

int
rte_fastmem_init(void)
{
	bool begins = false;
	int rc = join(&begins);

	if (begins)
		fm_sample_begin();
	return rc;
}

struct fm_state *
fm_state_get(void)
{
	struct fm_state *st = fm_state();
	bool begins;

	/* A primary has to ask for it; a secondary attaches at first use. */
	if (likely(st != NULL) || rte_eal_process_type() != RTE_PROC_SECONDARY)
		return st;
	join(&begins);
	return fm_state();
}

/* rte_eal_cleanup() takes the memory away, and tells nobody. */
static bool
is_there(const struct fm_state *st)
{
	uintptr_t page = (uintptr_t)st & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	unsigned char resident;

	return mincore((void *)page, 1, &resident) == 0;
}

int
rte_fastmem_watch_begin(void)
{
	/* Before: who attaches must not wait for who watches. */
	fm_state_get();
	pthread_rwlock_rdlock(&watch_lock);
	if (fm_state() != NULL && is_there(fm_state()))
		return 0;
	pthread_rwlock_unlock(&watch_lock);
	return -ENODEV;
}

void
rte_fastmem_watch_end(void)
{
	pthread_rwlock_unlock(&watch_lock);
}

static void
leave(void)
{
	struct rte_fastmem_stats stats;
	struct fm_state *st = fm_state();
	uint32_t i;

	if (st == NULL)
		return;
	pthread_mutex_lock(&attach_lock);
	fm_pin_leave();
	fm_checker_stop();
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		fm_cache_leave(st, true);
		fm_holder_leave();
		atomic_store_explicit(&fm_process.state, NULL, memory_order_relaxed);
		fm_window_close(st, false);
		fm_external_detach(st);
		pthread_mutex_unlock(&attach_lock);
		return;
	}
	rte_fastmem_stats(&stats);
	if (stats.bytes_in_use != 0)
		fm_log(FM_WARNING,
		       "deinit: %" PRIu64 " blocks (%" PRIu64 " bytes) are still in use",
		       fm_stats_live(st), stats.bytes_in_use);
	fm_cache_leave(st, false);
	fm_holder_leave();
	atomic_store_explicit(&fm_process.state, NULL, memory_order_relaxed);
	fm_window_close(st, true);
	for (i = 0; i < st->nb_nodes; i++)
		fm_chunks_free(&st->node[i]);
	fm_external_destroy(st);
	st->magic = 0;
	rte_memzone_free(rte_memzone_lookup(STATE_ZONE));
	pthread_mutex_unlock(&attach_lock);
}

void
rte_fastmem_deinit(void)
{
	fm_sample_end();
	pthread_rwlock_wrlock(&watch_lock);
	leave();
	pthread_rwlock_unlock(&watch_lock);
}
