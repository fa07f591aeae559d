/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the chunks: pieces of memory from EAL, cut into slabs, and the records of them.
 * Must not serve blocks; all of it runs under the control lock, and threads go on meanwhile.
 * Called by reserve.c and state.c.
 *
 * A chunk's records (slabs, hint bitmaps, magazines, caches) lie in a zone of their own, so that
 * they do not eat into what was reserved. They stay when trim gives the memory back, since a
 * thread may be looking at them; memory that comes later uses them again.
 */

#include "fastmem_inside.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_memory.h>

#define MAG_SHARE	  1024 /* magazines: 1/1024 of the memory, 0.1 % */
#define UNIT_SHARE	  256  /* caches for threads: 1/256 of it, 0.4 % */
#define MAX_UNITS_A_CHUNK 64
/* What may idle in magazines: this share of the memory for each class, but a few chains in any case. */
#define DEPOT_SHARE 64
#define DEPOT_MIN   2
#define DEPOT_MAX   (FM_SHELF - 4)

/* Addresses of the slabs that a zone lies in. */
static uintptr_t
slabs_base(const struct fm_zone *z)
{
	return RTE_ALIGN_FLOOR(z->base, FM_SLAB_SIZE);
}

static uint64_t
slabs_size(const struct fm_zone *z)
{
	return RTE_ALIGN_CEIL(z->base + z->size, FM_SLAB_SIZE) - slabs_base(z);
}

unsigned int
fm_chunk_pages(const struct fm_chunk *c, uint32_t slab, unsigned int *first)
{
	uint64_t end = c->first_page + c->nb_pages, from = (uint64_t)slab * FM_SLAB_PAGES;

	*first = slab == 0 ? c->first_page : 0;
	return (unsigned int)RTE_MIN(end - from, (uint64_t)FM_SLAB_PAGES) - *first;
}

struct layout {
	uint32_t nb_slabs, hint_words, groups, units;
	size_t hints, no_run, slabs, mags, unit_at, size; /* offsets */
};

static void
layout_init(struct layout *l, const struct fm_state *st, const struct fm_node *node, uint64_t size)
{
	uint32_t had = atomic_load_explicit(&node->depot.nb_groups, memory_order_relaxed);

	l->nb_slabs = (uint32_t)(size >> FM_SLAB_SHIFT);
	l->hint_words = (l->nb_slabs + 63) / 64;
	l->groups = (uint32_t)(size / MAG_SHARE / (FM_GROUP_MAGS * sizeof(struct fm_mag)));
	if (had == 0 && l->groups == 0)
		l->groups = 1;
	l->groups = RTE_MIN(l->groups, FM_MAX_GROUPS - had);
	l->units =
		(uint32_t)RTE_MIN(size / UNIT_SHARE / st->unit_size, (uint64_t)MAX_UNITS_A_CHUNK);
	l->hints = RTE_ALIGN_CEIL(sizeof(struct fm_chunk), FM_LINE);
	l->no_run = l->hints + (1 + FM_CLASSES) * l->hint_words * sizeof(uint64_t);
	l->slabs = RTE_ALIGN_CEIL(l->no_run + l->nb_slabs * sizeof(uint16_t), FM_LINE);
	l->mags = l->slabs + l->nb_slabs * sizeof(struct fm_slab);
	l->unit_at = l->mags + l->groups * FM_GROUP_MAGS * sizeof(struct fm_mag);
	l->size = l->unit_at + l->units * st->unit_size;
}

/* A record for memory of that size that trim has left behind; the tightest, or the widest. */
static struct fm_chunk *
find_record(struct fm_node *node, uint64_t size, bool widest)
{
	uint32_t i, n = atomic_load_explicit(&node->nb_chunks, memory_order_relaxed);
	struct fm_chunk *c, *best = NULL;

	for (i = 0; i < n; i++) {
		c = node->chunk[i];
		if (atomic_load_explicit(&c->nb_slabs, memory_order_relaxed) == 0 && !c->claimed &&
		    c->capacity >= size &&
		    (best == NULL || (c->capacity < best->capacity) != widest))
			best = c;
	}
	return best;
}

static struct fm_chunk *
make_record(struct fm_state *st, struct fm_node *node, const struct fm_zone *z, struct layout *l)
{
	struct fm_chunk *c;
	char *mem;
	uint32_t i;

	layout_init(l, st, node, slabs_size(z));
	mem = fm_zone_take_meta(node, z->serial, l->size, z->page_size);
	if (mem == NULL)
		return NULL;
	c = (struct fm_chunk *)(void *)mem;
	c->capacity = slabs_size(z);
	c->node = node->index;
	c->meta_serial = z->serial;
	c->hint_words = l->hint_words;
	c->free_hint = (_Atomic uint64_t *)(void *)(mem + l->hints);
	c->class_hint = c->free_hint + l->hint_words;
	c->no_run = (_Atomic uint16_t *)(void *)(mem + l->no_run);
	c->slab = (struct fm_slab *)(void *)(mem + l->slabs);
	for (i = 0; i < l->nb_slabs; i++) {
		c->slab[i].chunk = c;
		c->slab[i].index = i;
	}
	return c;
}

/* Memory and a record for it, that no thread sees yet. */
struct piece {
	struct fm_zone zone;
	struct fm_chunk *chunk;
	struct layout layout;
	bool fresh;   /* the record is new, its magazines and units still to be offered */
	bool entered; /* in the window */
};

static void
drop_piece(struct fm_node *node, struct piece *p)
{
	fm_zone_free(node, p->zone.serial, false);
	if (p->fresh)
		fm_zone_free(node, p->zone.serial, true);
	else if (p->chunk != NULL)
		p->chunk->claimed = false;
}

static int
take_piece(struct fm_state *st, struct fm_node *node, uint64_t size, uint64_t page_size,
	   bool may_make, struct piece *p)
{
	int rc = fm_zone_take(node, size, page_size, &p->zone);

	if (rc != 0)
		return rc;
	p->fresh = false;
	p->chunk = find_record(node, slabs_size(&p->zone), false);
	if (p->chunk == NULL && may_make) {
		p->chunk = make_record(st, node, &p->zone, &p->layout);
		p->fresh = p->chunk != NULL;
	}
	if (p->chunk == NULL) {
		drop_piece(node, p);
		return -ENOMEM;
	}
	p->chunk->claimed = true;
	return 0;
}

static void
offer_extras(struct fm_state *st, struct fm_node *node, const struct piece *p)
{
	const struct layout *l = &p->layout;
	char *mem = (char *)p->chunk;
	struct fm_mag *mags = (struct fm_mag *)(void *)(mem + l->mags);
	uint32_t i;

	for (i = 0; i < l->groups; i++)
		fm_depot_add(&node->depot, mags + i * FM_GROUP_MAGS);
	fm_units_add(st, node->index, mem + l->unit_at, l->units);
}

/* How much of each class may idle in magazines, now that the node has `backing` bytes. */
static void
bound_depot(struct fm_node *node, uint64_t backing)
{
	uint64_t n;
	uint32_t i;

	for (i = 0; i < FM_CLASSES; i++) {
		if (fm_class[i].batch == 0)
			continue;
		n = backing / DEPOT_SHARE / (fm_class[i].batch * fm_class[i].size);
		n = RTE_MAX(RTE_MIN(n, (uint64_t)DEPOT_MAX), (uint64_t)DEPOT_MIN);
		atomic_store_explicit(&node->depot.max_full[i], (uint32_t)n, memory_order_relaxed);
	}
}

static void
publish_piece(struct fm_state *st, struct fm_node *node, const struct piece *p)
{
	uint32_t nb = atomic_load_explicit(&node->nb_chunks, memory_order_relaxed);
	struct fm_chunk *c = p->chunk;
	uint32_t i, w, nb_slabs = (uint32_t)(slabs_size(&p->zone) >> FM_SLAB_SHIFT);
	unsigned int first, n;
	uintptr_t lo, hi;

	c->base = slabs_base(&p->zone);
	c->first_page = (uint32_t)((p->zone.base - c->base) >> FM_PAGE_SHIFT);
	c->nb_pages = p->zone.size >> FM_PAGE_SHIFT;
	c->serial = p->zone.serial;
	c->page_size = p->zone.page_size;
	c->claimed = false;
	if (atomic_load_explicit(&node->lo, memory_order_relaxed) == 0) {
		fm_zone_range(node, c->base, &lo, &hi);
		atomic_store_explicit(&node->hi, hi, memory_order_relaxed);
		atomic_store_explicit(&node->lo, lo, memory_order_relaxed);
	}
	for (i = 0; i < nb_slabs; i++) {
		/* With release: who claims a page finds base and iova of its slab. */
		n = fm_chunk_pages(c, i, &first);
		fm_slab_release(&c->slab[i], first, n);
		atomic_store_explicit(&c->no_run[i], FM_ANY_RUN, memory_order_relaxed);
	}
	for (w = 0; w < c->hint_words; w++) {
		/* A record that is used again may have room for more slabs than there are now. */
		n = RTE_MIN(nb_slabs - RTE_MIN(nb_slabs, w * 64), 64u);
		atomic_store_explicit(&c->free_hint[w], n == 0 ? 0 : UINT64_MAX >> (64 - n),
				      memory_order_relaxed);
	}
	if (p->fresh) {
		offer_extras(st, node, p);
		c->number = nb;
		node->chunk[nb] = c;
	}
	/* Release: who counts the chunk in finds its record. */
	atomic_store_explicit(&c->nb_slabs, nb_slabs, memory_order_release);
	if (p->fresh)
		atomic_store_explicit(&node->nb_chunks, nb + 1, memory_order_release);
}

/* EAL knows those of its pages; where it does not it asks the kernel, some microseconds each. */
static rte_iova_t
iova_of(uintptr_t addr)
{
	const struct rte_memseg *ms = rte_mem_virt2memseg((void *)addr, NULL);

	if (ms == NULL || ms->iova == RTE_BAD_IOVA)
		return rte_mem_virt2iova((void *)addr);
	return ms->iova + (addr - ms->addr_64);
}

/* Look the IO addresses up and enter the slabs in the window, before anyone claims a page. */
static int
prepare_piece(const struct fm_state *st, const struct piece *p)
{
	uintptr_t base = slabs_base(&p->zone);
	uint64_t i, size = slabs_size(&p->zone);
	struct fm_slab *s;
	uintptr_t ours;

	for (i = 0; i < size >> FM_SLAB_SHIFT; i++) {
		s = &p->chunk->slab[i];
		s->base = base + i * FM_SLAB_SIZE;
		/* The page's address is asked where it is ours. */
		ours = RTE_MAX(s->base, p->zone.base);
		s->iova = iova_of(ours);
		if (s->iova != RTE_BAD_IOVA)
			s->iova -= ours - s->base;
	}
	return fm_window_add(st, base, size, p->chunk->slab);
}

static int
take_pieces(struct fm_state *st, struct fm_node *node, uint64_t size, uint64_t page_size,
	    struct piece *piece, uint32_t *nb, uint64_t *sum)
{
	uint32_t had = atomic_load_explicit(&node->nb_chunks, memory_order_relaxed);
	uint64_t most = UINT64_MAX;
	struct fm_chunk *record;
	int rc;

	while (*sum < size) {
		if (had == FM_MAX_CHUNKS) { /* only into records that trim has left behind */
			record = find_record(node, 0, true);
			if (record == NULL)
				return -ENOMEM;
			most = RTE_MIN(most, record->capacity);
		}
		rc = take_piece(st, node, RTE_MIN(size - *sum, most), page_size,
				had < FM_MAX_CHUNKS, &piece[*nb]);
		if (rc != 0)
			return rc;
		had += piece[*nb].fresh;
		/* What could not be had in one piece before cannot now. */
		most = piece[*nb].zone.size;
		*sum += piece[(*nb)++].zone.size;
		rc = prepare_piece(st, &piece[*nb - 1]);
		if (rc != 0)
			return rc;
		piece[*nb - 1].entered = true;
	}
	return 0;
}

int
fm_chunks_add(struct fm_state *st, struct fm_node *node, uint64_t size, uint64_t page_size)
{
	struct piece *piece;
	uint64_t sum = 0;
	uint32_t i, nb = 0;
	int rc;

	if (fm_zone_available(node, page_size) < size) /* not worth EAL's attempts */
		return -ENOMEM;
	piece = calloc(FM_MAX_CHUNKS, sizeof(*piece));
	if (piece == NULL)
		return -ENOMEM;
	rc = take_pieces(st, node, size, page_size, piece, &nb, &sum);
	/* Parts of slabs may add up to a little more than was asked. */
	if (rc == 0 && sum > atomic_load_explicit(&node->limit, memory_order_relaxed) -
				       atomic_load_explicit(&node->backing, memory_order_relaxed))
		rc = -ENOMEM;
	if (rc != 0) {
		for (i = 0; i < nb; i++) {
			if (piece[i].entered)
				fm_window_remove(slabs_base(&piece[i].zone),
						 slabs_size(&piece[i].zone));
			drop_piece(node, &piece[i]);
		}
	} else {
		fm_enter(st, NULL);
		sum = atomic_fetch_add_explicit(&node->backing, sum, memory_order_relaxed) + sum;
		bound_depot(node, sum);
		for (i = 0; i < nb; i++)
			publish_piece(st, node, &piece[i]);
		fm_exit(st, NULL);
		fm_shortage_end(node);
	}
	free(piece);
	return rc;
}

/* Claim every page of a chunk, so that nobody else can; all or none. */
static bool
claim_chunk(struct fm_chunk *c, uint32_t nb_slabs)
{
	unsigned int first, n;
	uint32_t i;

	for (i = 0; i < nb_slabs; i++) {
		n = fm_chunk_pages(c, i, &first);
		if (!fm_slab_claim_at(&c->slab[i], first, n))
			break;
	}
	if (i == nb_slabs)
		return true;
	fm_node_unclaim_pages(&c->slab[i], 0, 0);
	while (i-- > 0) {
		n = fm_chunk_pages(c, i, &first);
		fm_node_unclaim_pages(&c->slab[i], first, n);
	}
	return false;
}

uint64_t
fm_chunks_trim(struct fm_node *node)
{
	uint32_t nb_slabs, i = atomic_load_explicit(&node->nb_chunks, memory_order_relaxed);
	uint64_t backing, size, sum = 0;
	struct fm_chunk *c;

	if (fm_holder_is_pinned(node->index))
		return 0;
	while (i-- > 0) {
		c = node->chunk[i];
		nb_slabs = atomic_load_explicit(&c->nb_slabs, memory_order_relaxed);
		size = c->nb_pages << FM_PAGE_SHIFT;
		backing = atomic_load_explicit(&node->backing, memory_order_relaxed);
		if (nb_slabs == 0 ||
		    backing - size < atomic_load_explicit(&node->reserved, memory_order_relaxed) ||
		    !claim_chunk(c, nb_slabs))
			continue;
		atomic_store_explicit(&c->nb_slabs, 0, memory_order_relaxed);
		atomic_fetch_sub_explicit(&node->backing, size, memory_order_relaxed);
		fm_window_remove(c->base, (size_t)nb_slabs * FM_SLAB_SIZE);
		fm_zone_free(node, c->serial, false);
		sum += size;
	}
	return sum;
}

void
fm_chunks_free(struct fm_node *node)
{
	uint32_t serial, i = atomic_load_explicit(&node->nb_chunks, memory_order_relaxed);
	const struct fm_chunk *c;

	while (i-- > 0) {
		c = node->chunk[i];
		if (atomic_load_explicit(&c->nb_slabs, memory_order_relaxed) != 0)
			fm_zone_free(node, c->serial, false);
	}
	/* Records, and what fm_grow_units() took. */
	for (serial = 0; serial < node->next_serial; serial++)
		fm_zone_free(node, serial, true);
}
