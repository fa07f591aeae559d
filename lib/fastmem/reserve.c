/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns how much memory a node has: reservations, limits, growth and trim, and the control lock.
 * Must not serve blocks.
 * Called by the application's control path, and by an allocation that finds nothing left.
 */

#include "fastmem_trace.h"

#include "fastmem_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

#define GROW_UNITS 8		       /* caches at once: half a megabyte */
#define GROW_SHARE 16		       /* growth adds a sixteenth of what there is, */
#define GROW_MIN   (4 * FM_SLAB_SIZE)  /* at least this where it is to be had, */
#define GROW_MAX   (64 * FM_SLAB_SIZE) /* and at most this, unless one block needs more */

void
fm_control_lock(struct fm_state *st)
{
	/* A holder that died left memory that nobody uses at worst; all that counts is whole. */
	if (pthread_mutex_lock(&st->control) == EOWNERDEAD)
		pthread_mutex_consistent(&st->control);
}

static bool
control_trylock(struct fm_state *st)
{
	int rc = pthread_mutex_trylock(&st->control);

	if (rc == EOWNERDEAD)
		rc = pthread_mutex_consistent(&st->control);
	return rc == 0;
}

void
fm_control_unlock(struct fm_state *st)
{
	pthread_mutex_unlock(&st->control);
}

static uint64_t
room_below_limit(const struct fm_node *node)
{
	uint64_t limit = atomic_load_explicit(&node->limit, memory_order_relaxed);
	uint64_t backing = atomic_load_explicit(&node->backing, memory_order_relaxed);

	return limit > backing ? limit - backing : 0;
}

/* Make sure that the node has `total` bytes, and promise `reserved`. Control lock held. */
static int
reach(struct fm_state *st, struct fm_node *node, uint64_t total, uint64_t reserved,
      uint64_t page_size, bool log)
{
	uint64_t backing = atomic_load_explicit(&node->backing, memory_order_relaxed);
	uint64_t missing = total > backing ? total - backing : 0;
	int rc;

	if (missing > room_below_limit(node)) {
		if (log)
			fm_log(FM_ERR,
			       "cannot reserve %" PRIu64 " MiB on node %d: it has %" PRIu64
			       " MiB and its limit is %" PRIu64
			       " bytes; raise it with rte_fastmem_set_limit()",
			       total >> 20, node->node_id, backing >> 20,
			       atomic_load_explicit(&node->limit, memory_order_relaxed));
		return -ENOMEM;
	}
	rc = missing == 0 ? 0 : fm_chunks_add(st, node, missing, page_size);
	if (rc == -ENOMEM && log)
		fm_zone_log_shortage(node, total, missing, page_size);
	else if (rc != 0 && log)
		fm_log(FM_ERR, "cannot reserve %" PRIu64 " MiB on node %d: %s", total >> 20,
		       node->node_id, strerror(-rc));
	if (rc == 0 && reserved > atomic_load_explicit(&node->reserved, memory_order_relaxed))
		atomic_store_explicit(&node->reserved, reserved, memory_order_relaxed);
	return rc;
}

/* What a reservation asks of a node: `size` in total, or that much more than it has. */
struct wish {
	uint64_t size;
	uint64_t page_size; /* 0: any */
	bool more;
};

static int
reserve_on(struct fm_state *st, struct fm_node *node, const struct wish *w, bool log)
{
	uint64_t had = atomic_load_explicit(&node->backing, memory_order_relaxed), reserved = 0;
	struct fm_prefault prefault;
	int rc;

	fm_prefault_begin(node, w->more ? w->size : w->size - RTE_MIN(had, w->size), w->page_size,
			  &prefault);
	fm_control_lock(st);
	had = 0;
	if (w->more) {
		had = atomic_load_explicit(&node->backing, memory_order_relaxed);
		reserved = atomic_load_explicit(&node->reserved, memory_order_relaxed);
	}
	rc = reach(st, node, had + w->size, reserved + w->size, w->page_size, log);
	fm_control_unlock(st);
	fm_prefault_end(&prefault);
	fm_trace_reserve(node->node_id, w->size, w->page_size, w->more, rc,
			 atomic_load_explicit(&node->backing, memory_order_relaxed));
	return rc;
}

static int
reserve(struct wish w, int node_id)
{
	struct fm_state *st = fm_state_get();
	struct fm_node *node, *self;
	uint32_t i;
	int rc;

	if (st == NULL) {
		fm_log(FM_ERR, "cannot reserve: rte_fastmem_init() was not called, or failed");
		return -EINVAL;
	}
	node = node_id == RTE_NUMA_NODE_ANY ? NULL : fm_node_by_id(st, node_id);
	if (node == NULL && node_id != RTE_NUMA_NODE_ANY) {
		fm_log_bad_node(node_id);
		return -EINVAL;
	}
	if (w.size == 0)
		return 0;
	self = node != NULL ? node : fm_node_self(st);
	if (w.size > st->window_span) { /* EAL does not even have addresses for that much */
		fm_zone_log_shortage(self, w.size, w.size, w.page_size);
		return -ENOMEM;
	}
	w.size = RTE_ALIGN_CEIL(w.size, (uint64_t)FM_SLAB_SIZE);
	if (node != NULL)
		return reserve_on(st, node, &w, true);

	for (i = 0; i < st->nb_nodes; i++) {
		node = &st->node[self->nearest[i]];
		/* Quietly: one line about the first node says it, if all refuse. */
		rc = reserve_on(st, node, &w, false);
		if (rc == 0)
			return 0;
	}
	return reserve_on(st, self, &w, true);
}

int
rte_fastmem_reserve(size_t size, int node_id)
{
	return reserve((struct wish){ .size = size }, node_id);
}

int
rte_fastmem_reserve_more(size_t size, int node_id)
{
	return reserve((struct wish){ .size = size, .more = true }, node_id);
}

int
rte_fastmem_reserve_pages(size_t size, size_t page_size, int node_id)
{
	const struct wish w = { .size = size, .page_size = page_size, .more = true };

	if ((page_size & (page_size - 1)) != 0) {
		fm_log(FM_ERR, "cannot reserve in pages of %zu bytes: that is no power of two",
		       page_size);
		return -EINVAL;
	}
	return reserve(w, node_id);
}

int
rte_fastmem_unreserve(size_t size, int node_id)
{
	struct fm_state *st = fm_state_get();
	struct fm_node *node = st == NULL ? NULL : fm_node_by_id(st, node_id);
	uint64_t reserved;
	int rc = 0;

	if (node == NULL)
		return -EINVAL;
	size = RTE_ALIGN_CEIL(size, FM_SLAB_SIZE);
	fm_control_lock(st);
	reserved = atomic_load_explicit(&node->reserved, memory_order_relaxed);
	if (size > reserved)
		rc = -EINVAL;
	else
		atomic_store_explicit(&node->reserved, reserved - size, memory_order_relaxed);
	fm_control_unlock(st);
	return rc;
}

size_t
rte_fastmem_reserved(int node_id)
{
	struct fm_state *st = fm_state_get();
	size_t sum = 0;
	uint32_t i;

	for (i = 0; st != NULL && i < st->nb_nodes; i++)
		if (node_id == RTE_NUMA_NODE_ANY || node_id == st->node[i].node_id)
			sum += atomic_load_explicit(&st->node[i].reserved, memory_order_relaxed);
	return sum;
}

int
fm_nodes_meant(struct fm_state *st, int node_id, uint32_t *from, uint32_t *to)
{
	struct fm_node *node;

	*from = 0;
	*to = st->nb_nodes;
	if (node_id == RTE_NUMA_NODE_ANY)
		return 0;
	node = fm_node_by_id(st, node_id);
	if (node == NULL) {
		fm_log_bad_node(node_id);
		return -EINVAL;
	}
	*from = node->index;
	*to = *from + 1;
	return 0;
}

int
rte_fastmem_set_limit(int node_id, size_t max_bytes)
{
	struct fm_state *st = fm_state_get();
	uint32_t i, to;

	if (st == NULL || fm_nodes_meant(st, node_id, &i, &to) != 0)
		return -EINVAL;
	for (; i < to; i++) {
		atomic_store_explicit(&st->node[i].limit, max_bytes, memory_order_relaxed);
		atomic_store_explicit(&st->node[i].retry_tsc, 0, memory_order_relaxed);
	}
	return 0;
}

size_t
rte_fastmem_get_limit(int node_id)
{
	struct fm_state *st = fm_state_get();
	uint64_t limit, most = 0;
	uint32_t i;

	for (i = 0; st != NULL && i < st->nb_nodes; i++) {
		limit = atomic_load_explicit(&st->node[i].limit, memory_order_relaxed);
		if (node_id == RTE_NUMA_NODE_ANY || node_id == st->node[i].node_id)
			most = RTE_MAX(most, limit);
	}
	return most;
}

int
rte_fastmem_get_growth(int node_id)
{
	struct fm_state *st = fm_state_get();
	uint32_t i, to;
	bool on = false;
	int rc;

	if (st == NULL)
		return -ENODEV;
	rc = fm_nodes_meant(st, node_id, &i, &to);
	for (; rc == 0 && i < to; i++)
		on = on || atomic_load_explicit(&st->node[i].growth, memory_order_relaxed);
	return rc < 0 ? rc : on;
}

int
rte_fastmem_set_growth(int node_id, bool on)
{
	struct fm_state *st = fm_state_get();
	uint32_t i, to;
	int rc;

	if (st == NULL)
		return -ENODEV;
	rc = fm_nodes_meant(st, node_id, &i, &to);
	for (; rc == 0 && i < to; i++) {
		atomic_store_explicit(&st->node[i].growth, on, memory_order_relaxed);
		atomic_store_explicit(&st->node[i].retry_tsc, 0, memory_order_relaxed);
	}
	return rc;
}

bool
fm_may_grow(const struct fm_node *node)
{
	return atomic_load_explicit(&node->growth, memory_order_relaxed) &&
	       room_below_limit(node) >= FM_SLAB_SIZE &&
	       rte_rdtsc() >= atomic_load_explicit(&node->retry_tsc, memory_order_relaxed);
}

/* Add a good piece, or just what is needed if that cannot be had. Control lock held. */
static int
grow_locked(struct fm_state *st, struct fm_node *node, uint64_t size)
{
	uint64_t room = RTE_ALIGN_FLOOR(room_below_limit(node), (uint64_t)FM_SLAB_SIZE);
	uint64_t backing = atomic_load_explicit(&node->backing, memory_order_relaxed);
	uint64_t need = RTE_ALIGN_CEIL(size, (uint64_t)FM_SLAB_SIZE);
	uint64_t good = RTE_MIN(RTE_MAX(backing / GROW_SHARE, GROW_MIN), GROW_MAX);
	int rc = -ENOMEM;

	good = fm_zone_snug(RTE_MAX(good - FM_EDGES, size));
	if (RTE_MIN(good, room) > need)
		rc = fm_chunks_add(st, node, RTE_MIN(good, room), 0);
	if (rc != 0 && need <= room)
		rc = fm_chunks_add(st, node, need, 0);
	return rc;
}

bool
fm_grow(struct fm_state *st, struct fm_node *node, uint64_t size)
{
	uint64_t had, seen = atomic_load_explicit(&node->growths, memory_order_relaxed);
	bool grown = true, is_pinned;

	if (!fm_may_grow(node)) {
		if (atomic_load_explicit(&node->growth, memory_order_relaxed))
			fm_count(&node->failed_growths, 1, true);
		return false;
	}
	fm_control_lock(st);
	/* Somebody else may have grown it while we waited, or died with enough in its caches. */
	if (seen == atomic_load_explicit(&node->growths, memory_order_relaxed) &&
	    fm_holder_reap(st) == 0) {
		had = atomic_load_explicit(&node->backing, memory_order_relaxed);
		is_pinned = fm_holder_is_pinned(node->index);
		grown = !is_pinned && grow_locked(st, node, size) == 0;
		fm_count(grown ? &node->growths : &node->failed_growths, 1, true);
		fm_trace_grow(node->node_id, size,
			      atomic_load_explicit(&node->backing, memory_order_relaxed) - had,
			      atomic_load_explicit(&node->backing, memory_order_relaxed));
		if (!grown) {
			/* EAL takes milliseconds to find that there is nothing: not every time. */
			atomic_store_explicit(&node->retry_tsc, rte_rdtsc() + rte_get_tsc_hz(),
					      memory_order_relaxed);
			fm_log(FM_WARNING,
			       "node %d: cannot grow by %" PRIu64 " bytes; it has %" PRIu64
			       " MiB%s; no further try for a second",
			       node->node_id, size,
			       atomic_load_explicit(&node->backing, memory_order_relaxed) >> 20,
			       is_pinned ? ", which are pinned for a device" : "");
		}
	}
	fm_control_unlock(st);
	return grown;
}

/* Control lock held. */
static bool
add_units(struct fm_state *st, struct fm_node *node)
{
	/* Of the same numbers as chunks, so that deinit finds it. */
	void *mem = fm_zone_take_meta(node, node->next_serial, GROW_UNITS * st->unit_size,
				      FM_SLAB_SIZE);

	if (mem == NULL)
		return false;
	node->next_serial++;
	fm_units_add(st, node->index, mem, GROW_UNITS);
	return true;
}

bool
fm_grow_units(struct fm_state *st, struct fm_node *node)
{
	uint32_t nb = atomic_load_explicit(&st->nb_units, memory_order_relaxed);
	bool grown;

	if (!atomic_load_explicit(&node->growth, memory_order_relaxed) || !control_trylock(st))
		return false;
	grown = fm_holder_reap(st) != 0 || (nb < FM_MAX_UNITS && add_units(st, node));
	fm_control_unlock(st);
	return grown;
}

int64_t
rte_fastmem_trim(int node_id)
{
	struct fm_state *st = fm_state_get();
	uint64_t returned, sum = 0;
	uint32_t i, to;
	int rc;

	if (st == NULL)
		return -ENODEV;
	rc = fm_nodes_meant(st, node_id, &i, &to);
	if (rc != 0)
		return rc;
	fm_control_lock(st);
	fm_holder_reap(st);
	fm_control_unlock(st);
	fm_enter(st, NULL);
	for (; i < to; i++) {
		fm_cache_flush(st, &st->node[i]);
		fm_node_drain(st, &st->node[i]);
		fm_control_lock(st);
		returned = fm_chunks_trim(&st->node[i]);
		fm_control_unlock(st);
		fm_trace_trim(st->node[i].node_id, returned,
			      atomic_load_explicit(&st->node[i].backing, memory_order_relaxed));
		sum += returned;
	}
	fm_exit(st, NULL);
	return (int64_t)sum;
}
