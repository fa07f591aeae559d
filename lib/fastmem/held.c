/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns reading from outside what threads' caches and magazines hold.
 * Must not write anything that is shared, nor follow what it read without a check.
 * Called by walk.c and audit.c.
 */

#include "fastmem_sample_priv.h"
#include "fastmem_walk_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

static bool
add(struct fm_held_list *list, struct fm_held held)
{
	size_t capacity = RTE_MAX(2 * list->capacity, (size_t)1024);
	struct fm_held *at;

	if (list->n == list->capacity) {
		at = realloc(list->at, capacity * sizeof(*at));
		if (at == NULL)
			return false;
		list->at = at;
		list->capacity = capacity;
	}
	list->at[list->n++] = held;
	return true;
}

/* Are that class's entries of some unit's array there? */
static bool
is_array(const struct fm_state *st, const struct fm_unit *u, unsigned int node, unsigned int cls,
	 uintptr_t base)
{
	uint32_t nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	uint32_t lender = __atomic_load_n(&u->array_unit[node], __ATOMIC_RELAXED);

	return lender != 0 && lender <= nb &&
	       base == (uintptr_t)(st->unit[lender - 1]->array + fm_class[cls].array);
}

bool
fm_slot_look(const struct fm_state *st, const struct fm_unit *u, unsigned int slot_index,
	     unsigned int cls, uintptr_t *base, unsigned int *n)
{
	const struct rte_fastmem_slot *slot = &u->slots[slot_index];
	/* Acquire: pairs with the release of a push, for the entries. */
	uintptr_t top = __atomic_load_n(&slot->top, __ATOMIC_ACQUIRE);
	unsigned int node = (slot_index - 1) / RTE_FASTMEM_SLOTS;

	*base = fm_slot_base(st, u, node, cls);
	*n = 0;
	/* A pop that finds nothing leaves top lower for a moment. */
	if (*base == 0 || (intptr_t)top <= (intptr_t)*base)
		return true;
	if (!is_array(st, u, node, cls, *base) || (top - *base) % sizeof(uintptr_t) != 0 ||
	    (top - *base) / sizeof(uintptr_t) > fm_class[cls].entries)
		return false;
	*n = (unsigned int)((top - *base) / sizeof(uintptr_t));
	return true;
}

static uintptr_t
entry_at(uintptr_t base, unsigned int i)
{
	/* Relaxed: its owner may write it just now. */
	return __atomic_load_n((const uintptr_t *)base + i, __ATOMIC_RELAXED);
}

static bool
read_slot(const struct fm_state *st, const struct fm_unit *u, uint16_t node, uint16_t cls,
	  struct fm_held_list *list)
{
	struct fm_held h = { .unit = u->index, .cls = cls, .node = node };
	unsigned int i, n;
	uintptr_t base;

	if (!fm_slot_look(st, u, fm_slot_index(node, cls), cls, &base, &n))
		return true;
	for (i = 0; i < n; i++) {
		h.block = entry_at(base, i);
		h.at = (uint16_t)i;
		if (!add(list, h))
			return false;
	}
	list->in_caches[cls] += n;
	return true;
}

static bool
read_shelf(const struct fm_node *node, uint16_t cls, struct fm_held_list *list)
{
	struct fm_held h = { .unit = FM_HELD_DEPOT, .cls = cls, .node = (uint16_t)node->index };
	unsigned int at, i;
	struct fm_chain c;

	for (at = 0; at < FM_SHELF; at++) {
		c = fm_depot_peek(&node->depot, cls, at);
		for (i = 0; i < c.n; i++) {
			h.block = fm_depot_peek_block(&node->depot, &c, i);
			h.at = (uint16_t)(at * FM_CHAIN_BLOCKS + i);
			if (!add(list, h))
				return false;
		}
		list->in_depot[cls] += c.n;
	}
	return true;
}

static int
by_address(const void *a, const void *b)
{
	const struct fm_held *x = a, *y = b;

	return x->block < y->block ? -1 : x->block > y->block;
}

int
fm_held_read(const struct fm_state *st, const struct fm_node *node, struct fm_held_list *list)
{
	uint32_t u, nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	uint16_t cls;

	memset(list, 0, sizeof(*list));
	for (cls = 0; cls < FM_CLASSES; cls++) {
		for (u = 0; u < nb; u++)
			if (!read_slot(st, st->unit[u], (uint16_t)node->index, cls, list))
				return -ENOMEM;
		if (!read_shelf(node, cls, list))
			return -ENOMEM;
	}
	if (list->n != 0)
		qsort(list->at, list->n, sizeof(*list->at), by_address);
	return 0;
}

void
fm_held_free(struct fm_held_list *list)
{
	free(list->at);
}

size_t
fm_held_first(const struct fm_held_list *list, uintptr_t addr)
{
	size_t from = 0, to = list->n, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (list->at[middle].block < addr)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

uintptr_t
fm_held_look(const struct fm_state *st, const struct fm_held *h, uint64_t *version)
{
	const struct fm_node *node = &st->node[h->node];
	const struct rte_fastmem_slot *slot;
	unsigned int n, i = h->at;
	struct fm_chain c;
	uintptr_t base;

	if (h->unit == FM_HELD_DEPOT) {
		c = fm_depot_peek(&node->depot, h->cls, i / FM_CHAIN_BLOCKS);
		*version = c.word;
		i %= FM_CHAIN_BLOCKS;
		return i < c.n ? fm_depot_peek_block(&node->depot, &c, i) : 0;
	}
	slot = &st->unit[h->unit]->slots[fm_slot_index(h->node, h->cls)];
	/* What is below top changes only when it was popped, which is counted. */
	*version = __atomic_load_n(&slot->nb_alloc, __ATOMIC_ACQUIRE);
	if (!fm_slot_look(st, st->unit[h->unit], fm_slot_index(h->node, h->cls), h->cls, &base,
			  &n) ||
	    i >= n)
		return 0;
	return entry_at(base, i);
}
