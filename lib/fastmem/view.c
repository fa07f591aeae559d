/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns reading a slab from outside: a copy of its words and entries, and the rows that they make.
 * Must not write anything that is shared, nor believe what it read.
 * Called by walk.c and audit.c.
 */

#include "fastmem_walk_priv.h"

#include <string.h>

#include <rte_common.h>

bool
fm_view_read(const struct fm_state *st, struct fm_chunk *c, uint32_t index, struct fm_view *v)
{
	struct fm_slab *s = &c->slab[index];
	_Atomic uint16_t *entry_of;
	unsigned int i;

	/* Acquire: pairs with the release that published the slabs. */
	v->nb_slabs = atomic_load_explicit(&c->nb_slabs, memory_order_acquire);
	if (index >= v->nb_slabs || fm_window_attach(st, s->base, FM_SLAB_SIZE) != 0)
		return false;
	v->slab = s;
	v->chunk = c;
	v->base = s->base;
	v->iova = s->iova;
	v->n = fm_chunk_pages(c, index, &v->first);
	entry_of = fm_window_entry(v->base);
	/*
	 * Relaxed, all of it: no order could make one picture of them. Who needs one reads twice,
	 * and knows by fm_quiet() that nobody was inside in between.
	 */
	for (i = 0; i < FM_SLAB_WORDS; i++)
		v->free[i] = atomic_load_explicit(&s->free[i], memory_order_relaxed);
	for (i = 0; i < FM_SLAB_PAGES; i++) {
		v->entry[i] = atomic_load_explicit(&entry_of[i], memory_order_relaxed);
		v->word[i] = atomic_load_explicit(&s->word[i], memory_order_relaxed);
		v->back[i] = atomic_load_explicit(&s->back[i], memory_order_relaxed);
	}
	return true;
}

static bool
is_ours(const struct fm_view *v, unsigned int page)
{
	return page >= v->first && page < v->first + v->n;
}

static bool
is_free(const struct fm_view *v, unsigned int page)
{
	return (v->free[page / 64] >> page % 64 & 1) != 0;
}

/* What a page by itself says to be. */
static enum fm_row_kind
page_kind(const struct fm_view *v, unsigned int page)
{
	uint16_t entry = v->entry[page];
	unsigned int cls;

	if (entry == 0 && v->word[page] == 0) {
		if (!is_ours(v, page))
			return is_free(v, page) ? FM_ROW_WRONG : FM_ROW_OTHER;
		return is_free(v, page) ? FM_ROW_UNUSED : FM_ROW_CLAIMED;
	}
	if (entry < FM_SLOT_UNITS || entry % FM_SLOT_UNITS != 0 || !is_ours(v, page) ||
	    is_free(v, page) || fm_entry_node(entry) != v->chunk->node)
		return FM_ROW_WRONG;
	cls = fm_entry_class(entry);
	if (cls < FM_CLASSES)
		return FM_ROW_RUN;
	return cls <= FM_CLASS_TAIL && v->word[page] == 0 ? FM_ROW_LARGE : FM_ROW_WRONG;
}

static void
run_row(const struct fm_view *v, struct fm_row *row)
{
	unsigned int i, page = row->page;

	row->cls = fm_entry_class(v->entry[page]);
	row->pages = fm_class[row->cls].pages;
	for (i = 0; i < row->pages; i++) {
		if (page + i < FM_SLAB_PAGES && v->entry[page + i] == v->entry[page] &&
		    v->back[page + i] == RTE_MIN(i, 255u) && !is_free(v, page + i) &&
		    is_ours(v, page + i) && (i == 0 || v->word[page + i] == 0))
			continue;
		row->kind = FM_ROW_WRONG;
		row->fault = RTE_MIN(page + i, FM_SLAB_PAGES - 1u);
		/* A run that begins rightly is wrong as a whole. */
		row->pages = i == 0 ? 1 : RTE_MIN(row->pages, FM_SLAB_PAGES - page);
		return;
	}
}

/* A page's kind where the one before is of a large block: a tail goes on with it, a head does not. */
static bool
goes_on(const struct fm_view *v, unsigned int page, enum fm_row_kind kind)
{
	return page_kind(v, page) == kind &&
	       (kind != FM_ROW_LARGE || fm_entry_class(v->entry[page]) == FM_CLASS_TAIL);
}

void
fm_view_row(const struct fm_view *v, unsigned int page, struct fm_row *row)
{
	*row = (struct fm_row){
		.kind = page_kind(v, page),
		.page = page,
		.pages = 1,
		.fault = page,
	};
	if (row->kind == FM_ROW_RUN) {
		run_row(v, row);
		return;
	}
	if (row->kind == FM_ROW_WRONG)
		return;
	if (row->kind == FM_ROW_LARGE) {
		row->head = fm_entry_class(v->entry[page]) == FM_CLASS_LARGE;
		/* A tail needs a head: here, or in the slab before. */
		if (!row->head && page != v->first) {
			row->kind = FM_ROW_WRONG;
			return;
		}
	}
	while (page + row->pages < FM_SLAB_PAGES && goes_on(v, page + row->pages, row->kind))
		row->pages++;
}
