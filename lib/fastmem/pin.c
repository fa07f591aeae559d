/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns which chunks this process has pinned for devices, and by which driver.
 * Must not serve blocks or know how a driver pins.
 * Called by the application's control path, and by state.c when the process leaves.
 *
 * Pinned chunks stay and others do not come by themselves: holder.c tells all processes, for as long
 * as this one lives.
 */

#include "fastmem_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rte_fastmem_pin.h"

#define KNOWN_FLAGS (RTE_MEMPIN_F_PORTABLE | RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_READ_ONLY)

/* A driver's, on one node. They stay until deinit, once made. */
struct pinning {
	struct pinning *next;
	const struct rte_mempin_driver *driver;
	uint32_t node; /* index */
	unsigned int device;
	uint32_t flags;
	uint32_t nb;
	struct rte_mempin *_Atomic pin[FM_MAX_CHUNKS]; /* by the chunk's number on the node */
	bool is_new[FM_MAX_CHUNKS];		       /* by the call that is being made */
};

/* Written under the control lock. */
static struct pinning *_Atomic pinnings;

static struct pinning *
find(const struct rte_mempin_driver *driver, uint32_t node)
{
	/* P2: acquire what was published; partner P1. */
	struct pinning *p = atomic_load_explicit(&pinnings, memory_order_acquire);

	while (p != NULL && (p->driver != driver || p->node != node))
		p = p->next;
	return p;
}

static struct pinning *
find_or_make(const struct rte_mempin_driver *driver, uint32_t node)
{
	struct pinning *p = find(driver, node);

	if (p != NULL)
		return p;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->driver = driver;
	p->node = node;
	/* Relaxed: written under the control lock. */
	p->next = atomic_load_explicit(&pinnings, memory_order_relaxed);
	/* P1: release what is in it; partner P2. */
	atomic_store_explicit(&pinnings, p, memory_order_release);
	return p;
}

/* Another driver's memory on the node keeps it as it is. */
static void
tell_others(uint32_t node)
{
	/* Relaxed: written under the control lock. */
	struct pinning *p = atomic_load_explicit(&pinnings, memory_order_relaxed);
	bool any = false;

	for (; p != NULL; p = p->next)
		any |= p->node == node && p->nb > 0;
	fm_holder_pin(node, any);
}

static int
unpin_chunk(struct pinning *p, uint32_t i)
{
	/* Relaxed: written under the control lock. */
	struct rte_mempin *pin = atomic_load_explicit(&p->pin[i], memory_order_relaxed);
	int rc = rte_mempin_unpin(pin);

	if (rc == 0 && pin != NULL) {
		atomic_store_explicit(&p->pin[i], NULL, memory_order_relaxed);
		p->nb--;
	}
	return rc;
}

static int
pin_chunk(struct pinning *p, const struct fm_chunk *c, uint32_t i)
{
	struct rte_mempin *pin;
	int rc = rte_mempin_pin(p->driver,
				(void *)(c->base + ((uintptr_t)c->first_page << FM_PAGE_SHIFT)),
				c->nb_pages << FM_PAGE_SHIFT, p->device, p->flags, &pin);

	if (rc != 0)
		return rc;
	/* P3: release what is in it; partner P4. */
	atomic_store_explicit(&p->pin[i], pin, memory_order_release);
	p->is_new[i] = true;
	p->nb++;
	return 0;
}

/* From here on nothing is new. */
static void
begin(struct fm_state *st, const struct rte_mempin_driver *driver)
{
	struct pinning *p;

	for (uint32_t i = 0; i < st->nb_nodes; i++) {
		p = find(driver, i);
		if (p != NULL)
			memset(p->is_new, 0, sizeof(p->is_new));
	}
}

/* What the call that failed has pinned on a node; what was pinned before stays. */
static void
undo(struct pinning *p)
{
	for (uint32_t i = 0; i < FM_MAX_CHUNKS; i++)
		if (p->is_new[i] && unpin_chunk(p, i) != 0)
			fm_log(FM_ERR, "cannot unpin: %s", rte_memalloc_error());
}

static int
pin_node(struct fm_node *node, const struct rte_mempin_driver *driver, unsigned int device,
	 uint32_t flags)
{
	uint32_t i, n = atomic_load_explicit(&node->nb_chunks, memory_order_relaxed);
	struct pinning *p = find_or_make(driver, node->index);
	int rc = 0;

	if (p == NULL)
		return rte_memalloc_fail(-ENOMEM, "pinning node %d: out of memory", node->node_id);
	if (p->nb > 0 && (p->device != device || p->flags != flags))
		return rte_memalloc_fail(
			-EBUSY,
			"node %d is pinned by %s for device %u with flags %#x, not "
			"for device %u with %#x: unpin it first",
			node->node_id, driver->name, p->device, p->flags, device, flags);
	p->device = device;
	p->flags = flags;
	/* All relaxed: written under the control lock. */
	for (i = 0; rc == 0 && i < n; i++)
		if (atomic_load_explicit(&p->pin[i], memory_order_relaxed) == NULL &&
		    atomic_load_explicit(&node->chunk[i]->nb_slabs, memory_order_relaxed) != 0)
			rc = pin_chunk(p, node->chunk[i], i);
	if (rc != 0)
		undo(p);
	return rc;
}

static int
check(const struct fm_state *st, const struct rte_mempin_driver *driver)
{
	if (driver == NULL)
		return rte_memalloc_fail(-EINVAL, "pinning: no driver; see rte_mempin_find()");
	if (st == NULL)
		return rte_memalloc_fail(-ENODEV, "fastmem is not initialised: rte_fastmem_init() "
						  "and rte_fastmem_reserve() first");
	return 0;
}

/* The nodes that are meant; an errno with its text said where there are none. */
static int
find_nodes(struct fm_state *st, int node_id, uint32_t *from, uint32_t *to)
{
	int rc = fm_nodes_meant(st, node_id, from, to);

	return rc == 0 ? 0 : rte_memalloc_fail(rc, "node %d has no memory, or is none", node_id);
}

/* Control lock held. */
static int
pin_nodes(struct fm_state *st, uint32_t from, uint32_t to, const struct rte_mempin_driver *driver,
	  unsigned int device, uint32_t flags)
{
	uint32_t i, nb = 0;
	int rc = 0;

	begin(st, driver);
	for (i = from; rc == 0 && i < to; i++) {
		if (atomic_load_explicit(&st->node[i].backing, memory_order_relaxed) == 0)
			continue;
		nb++;
		rc = pin_node(&st->node[i], driver, device, flags);
	}
	if (rc == 0 && nb == 0)
		rc = rte_memalloc_fail(
			-ENOENT, "there is no memory to pin yet: rte_fastmem_reserve() first");
	/* The node that failed has undone its own part. */
	for (; rc != 0 && i-- > from;)
		if (find(driver, i) != NULL)
			undo(find(driver, i));
	for (i = from; i < to; i++)
		tell_others(i);
	return rc;
}

int
rte_fastmem_pin(int node_id, const struct rte_mempin_driver *driver, unsigned int device,
		uint32_t flags)
{
	struct fm_state *st = fm_state_get();
	int rc = check(st, driver);
	uint32_t from, to;

	if (rc == 0 && (flags & ~KNOWN_FLAGS) != 0)
		rc = rte_memalloc_fail(-EINVAL, "pinning: unknown flags in %#x", flags);
	if (rc == 0)
		rc = find_nodes(st, node_id, &from, &to);
	if (rc != 0)
		return rc;
	fm_control_lock(st);
	rc = pin_nodes(st, from, to, driver, device, flags);
	fm_control_unlock(st);
	return rc;
}

/* Control lock held, or nobody else there. */
static int
unpin_all(struct pinning *p)
{
	int rc = 0, one;

	for (uint32_t i = 0; i < FM_MAX_CHUNKS; i++) {
		one = unpin_chunk(p, i);
		rc = rc == 0 ? one : rc;
	}
	return rc;
}

int
rte_fastmem_unpin(int node_id, const struct rte_mempin_driver *driver)
{
	struct fm_state *st = fm_state_get();
	int rc = check(st, driver), one;
	struct pinning *p;
	uint32_t i, to;

	if (rc == 0)
		rc = find_nodes(st, node_id, &i, &to);
	if (rc != 0)
		return rc;
	fm_control_lock(st);
	for (; i < to; i++) {
		p = find(driver, i);
		one = p == NULL ? 0 : unpin_all(p);
		rc = rc == 0 ? one : rc;
		tell_others(i);
		atomic_store_explicit(&st->node[i].retry_tsc, 0, memory_order_relaxed);
	}
	fm_control_unlock(st);
	return rc;
}

void
fm_pin_leave(void)
{
	struct pinning *p;

	while ((p = atomic_load_explicit(&pinnings, memory_order_relaxed)) != NULL) {
		if (unpin_all(p) != 0)
			fm_log(FM_ERR, "cannot unpin at deinit: %s", rte_memalloc_error());
		atomic_store_explicit(&pinnings, p->next, memory_order_relaxed);
		free(p);
	}
}

int
rte_fastmem_device_addr(const void *ptr, const struct rte_mempin_driver *driver,
			unsigned int device, uint64_t *at)
{
	const struct fm_slab *slab = fm_state_get() == NULL ? NULL : fm_window_slab((uintptr_t)ptr);
	struct rte_mempin *pin = NULL;
	struct pinning *p = NULL;

	if (driver == NULL || at == NULL)
		return rte_memalloc_fail(-EINVAL, "asking for a device's address: no driver, or "
						  "nowhere to put it");
	if (slab != NULL)
		p = find(driver, slab->chunk->node);
	if (p != NULL)
		/* P4: acquire what was published; partner P3. */
		pin = atomic_load_explicit(&p->pin[slab->chunk->number], memory_order_acquire);
	if (pin == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "%p lies in no memory that this process has pinned by %s: "
					 "rte_fastmem_pin(), again after each reservation",
					 ptr, driver->name);
	return rte_mempin_device_addr(pin, ptr, device, at);
}
