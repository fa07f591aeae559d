/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a table of call sites has at a moment: put together and in order.
 * Must not: change the table, or stop who adds to it.
 * Called by: whatever reports.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memprof_priv.h"

uint64_t
mp_live_blocks(const struct mp_entry *e)
{
	return e->count[MP_BLOCKS] > e->count[MP_ENDED] ? e->count[MP_BLOCKS] - e->count[MP_ENDED] :
							  0;
}

uint64_t
mp_live_bytes(const struct mp_entry *e)
{
	return e->count[MP_BYTES] > e->count[MP_ENDED_BYTES] ?
		       e->count[MP_BYTES] - e->count[MP_ENDED_BYTES] :
		       0;
}

static void
read_site(const struct mp_site *site, struct mp_entry *e)
{
	uint64_t remote = atomic_load_explicit(&site->remote, memory_order_relaxed);
	int i;

	*e = (struct mp_entry){ .pc = site->pc, .depth = site->depth, .cls = site->cls };
	e->asks = e->lies = -1;
	/* From the last: what ended is read before what began. Relaxed: figures. */
	for (i = MP_NB_COUNTS - 1; i >= 0; i--)
		e->count[i] = atomic_load_explicit(&site->count[i], memory_order_relaxed);
	e->asked_min = atomic_load_explicit(&site->asked_min, memory_order_relaxed);
	e->asked_max = atomic_load_explicit(&site->asked_max, memory_order_relaxed);
	if (e->count[MP_REMOTE_BYTES] != 0) {
		e->asks = (int)(remote >> 32);
		e->lies = (int)(uint32_t)remote;
	}
}

static int
by_stack(const void *left, const void *right)
{
	const struct mp_entry *a = left, *b = right;

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return memcmp(a->pc, b->pc, a->depth * sizeof(*a->pc));
}

/* Most first; the same each time where it does not matter. */
static int
by_figure(uint64_t a, uint64_t b, const void *left, const void *right)
{
	const struct mp_entry *l = left, *r = right;
	int order;

	if (a != b)
		return a > b ? -1 : 1;
	order = by_stack(left, right);
	if (order != 0)
		return order;
	return l->cls < r->cls ? -1 : l->cls > r->cls;
}

static int
by_bytes(const void *left, const void *right)
{
	const struct mp_entry *a = left, *b = right;

	return by_figure(a->count[MP_BYTES], b->count[MP_BYTES], left, right);
}

static int
by_live_bytes(const void *left, const void *right)
{
	return by_figure(mp_live_bytes(left), mp_live_bytes(right), left, right);
}

/* b's figures to those of a, which has the same stack. */
static void
merge(struct mp_entry *a, const struct mp_entry *b)
{
	unsigned int i;

	/* Of two that have blocks on other nodes, those of the one that has more. */
	if (b->count[MP_REMOTE_BYTES] > a->count[MP_REMOTE_BYTES]) {
		a->asks = b->asks;
		a->lies = b->lies;
	}
	for (i = 0; i < MP_NB_COUNTS; i++)
		a->count[i] += b->count[i];
	if (b->asked_max > a->asked_max)
		a->asked_max = b->asked_max;
	if (b->asked_min != 0 && (a->asked_min == 0 || b->asked_min < a->asked_min))
		a->asked_min = b->asked_min;
}

static void
merge_all(struct mp_list *list)
{
	uint32_t from, to = 0;

	if (list->n == 0)
		return;
	qsort(list->entry, list->n, sizeof(*list->entry), by_stack);
	for (from = 1; from < list->n; from++)
		if (by_stack(&list->entry[to], &list->entry[from]) == 0)
			merge(&list->entry[to], &list->entry[from]);
		else
			list->entry[++to] = list->entry[from];
	list->n = to + 1;
}

/* The same share of what is live of each, rounded down. */
static void
shrink(struct mp_entry *e, uint64_t to, uint64_t from)
{
	uint64_t blocks = (uint64_t)((unsigned __int128)mp_live_blocks(e) * to / from);
	uint64_t bytes = (uint64_t)((unsigned __int128)mp_live_bytes(e) * to / from);

	e->count[MP_ENDED] = e->count[MP_BLOCKS] - blocks;
	e->count[MP_ENDED_BYTES] = e->count[MP_BYTES] - bytes;
}

/*
 * A block that was freed and allocated again before anybody looked at it seems live, for who had it
 * first. Who has which of what there really is nobody knows: all sites of a class by their share.
 */
static void
bound(struct mp_list *list, const struct mp_most *most)
{
	uint64_t live[RTE_FASTMEM_MAX_CLASSES] = { 0 }, all = 0;
	struct mp_entry *e;
	unsigned int i;

	for (i = 0; i < most->nb_classes; i++)
		all += most->bytes[i];
	for (e = list->entry; e < list->entry + list->n; e++)
		if (e->depth != 0 && e->cls < most->nb_classes)
			live[e->cls] += mp_live_bytes(e);
	for (e = list->entry; e < list->entry + list->n; e++) {
		if (e->depth == 0 && mp_live_bytes(e) > all)
			shrink(e, all, mp_live_bytes(e));
		else if (e->depth != 0 && e->cls < most->nb_classes &&
			 live[e->cls] > most->bytes[e->cls])
			shrink(e, most->bytes[e->cls], live[e->cls]);
	}
}

int
mp_list_make(const struct mp_sites *sites, const struct mp_most *most, bool by_class, bool by_live,
	     struct mp_list *list)
{
	uint32_t at, number, n = 0;
	struct mp_entry *entry;

	/* There are never more in slots than there are. */
	entry = calloc(sites->max, sizeof(*entry));
	if (entry == NULL)
		return -ENOMEM;
	for (at = 0; at <= sites->mask; at++) {
		/* Acquire S1, see mp_sites_find(). */
		number = atomic_load_explicit(&sites->slot[at], memory_order_acquire);
		if (number == 0)
			continue;
		read_site(mp_site_at(sites, number), &entry[n]);
		/* One that was added just now may have nothing yet. */
		n += entry[n].count[MP_SAMPLES] != 0;
	}
	read_site(mp_site_at(sites, 0), &entry[n]);
	n += entry[n].count[MP_SAMPLES] != 0;
	*list = (struct mp_list){ .n = n, .entry = entry };
	if (most != NULL)
		bound(list, most);
	if (!by_class)
		merge_all(list);
	qsort(entry, list->n, sizeof(*entry), by_live ? by_live_bytes : by_bytes);
	return 0;
}

void
mp_list_free(struct mp_list *list)
{
	free(list->entry);
	*list = (struct mp_list){ 0 };
}
