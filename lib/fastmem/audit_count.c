/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the proof that a node's blocks are live + cached + free, class by class.
 * Must not write anything that is shared; see audit.c for what a proof is.
 * Called by audit.c.
 *
 * Blocks and the free ones are counted in the runs, the cached ones in caches and magazines, and
 * the live ones where blocks are allocated and freed: four figures from four places. A sample is
 * all of them with a sum that changes when anything does that they were read from. Two samples in a
 * row with the same sum, and an instant of rest in between, are that instant's.
 */

#include "fastmem_walk_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

struct figures {
	uint64_t blocks, free, cached, live; /* of FM_CLASS_LARGE: bytes */
	uint64_t sum;			     /* of all that was read */
};

struct sample {
	struct figures of[FM_CLASSES + 1];
};

_Static_assert(FM_CLASS_LARGE == FM_CLASSES, "large blocks come after the classes");

/* Two numbers made one, such that sums of many of them hardly ever are the same. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);

	x ^= x >> 31;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 29;
}

static void
sample_slab(struct sample *s, const struct fm_view *v)
{
	const struct fm_class *c;
	unsigned int page;
	struct figures *f;
	struct fm_row row;
	uintptr_t addr;

	for (page = 0; page < FM_SLAB_PAGES; page += row.pages) {
		fm_view_row(v, page, &row);
		addr = v->base + page * FM_PAGE_SIZE;
		if (row.kind == FM_ROW_LARGE) {
			f = &s->of[FM_CLASS_LARGE];
			f->blocks += row.pages * FM_PAGE_SIZE;
			f->sum += mix(addr, row.pages);
		} else if (row.kind == FM_ROW_RUN) {
			c = &fm_class[row.cls];
			f = &s->of[row.cls];
			f->blocks += c->blocks;
			f->free += (uint64_t)__builtin_popcountll(v->word[page] & fm_class_full(c));
			f->sum += mix(addr, v->word[page]);
		}
	}
}

/* Blocks that went out by these counters, less those that came back; and their part of the sum. */
static uint64_t
sample_counters(struct figures *f, const struct fm_slot_counters *k, uint64_t place)
{
	/* Acquire, all: not before what was read before. */
	uint64_t refilled = atomic_load_explicit(&k->refilled, memory_order_acquire);
	uint64_t flushed = atomic_load_explicit(&k->flushed, memory_order_acquire);
	uint64_t alloc = atomic_load_explicit(&k->alloc_direct, memory_order_acquire);
	uint64_t free = atomic_load_explicit(&k->free_direct, memory_order_acquire);

	f->sum += mix(place, refilled) + mix(place + 1, flushed) + mix(place + 2, alloc) +
		  mix(place + 3, free);
	return refilled - flushed + alloc - free;
}

static void
sample_class(const struct fm_audit *a, struct sample *s, const struct fm_held_list *held,
	     unsigned int cls)
{
	const struct fm_class_counters *of = &a->node->counters[cls];
	uint32_t i, nb = atomic_load_explicit(&a->st->nb_units, memory_order_acquire);
	unsigned int slot = fm_slot_index(a->node->index, cls);
	struct figures *f = &s->of[cls];
	const struct fm_unit *u;
	uint64_t out, kept;

	out = sample_counters(f, &of->threads, 0);
	f->sum += mix(4, atomic_load_explicit(&of->acquires, memory_order_acquire)) +
		  mix(5, atomic_load_explicit(&of->releases, memory_order_acquire));
	for (i = 0; i < nb; i++) {
		u = a->st->unit[i];
		out += sample_counters(f, &u->counters[slot], 8 * (i + UINT64_C(1)));
		f->sum += mix(8 * (i + UINT64_C(1)) + 4,
			      __atomic_load_n(&u->slots[slot].nb_alloc, __ATOMIC_ACQUIRE));
	}
	kept = atomic_load_explicit(&of->kept, memory_order_acquire);
	f->sum += mix(7, kept);
	if (cls == FM_CLASS_LARGE) {
		f->cached = kept;
		f->live = atomic_load_explicit(&a->node->large_bytes, memory_order_acquire);
		f->sum += mix(6, f->live);
	} else {
		/* What went out to caches is there or live. */
		f->cached = held->in_caches[cls] + held->in_depot[cls] + kept;
		f->live = out - held->in_caches[cls];
	}
}

static int
take_sample(const struct fm_audit *a, struct sample *s)
{
	uint32_t i, k, nb = atomic_load_explicit(&a->node->nb_chunks, memory_order_acquire);
	struct fm_held_list held;
	unsigned int cls;
	struct fm_view v;
	size_t n;
	int rc;

	memset(s, 0, sizeof(*s));
	rc = fm_held_read(a->st, a->node, &held);
	for (n = 0; n < held.n; n++)
		s->of[held.at[n].cls].sum +=
			mix(held.at[n].block, (uint64_t)held.at[n].unit << 16 | held.at[n].at);
	for (i = 0; i < nb && rc == 0; i++)
		for (k = 0; fm_view_read(a->st, a->node->chunk[i], k, &v); k++)
			sample_slab(s, &v);
	for (cls = 0; cls <= FM_CLASSES && rc == 0; cls++)
		sample_class(a, s, &held, cls);
	fm_held_free(&held);
	return rc;
}

static void
tell_count(struct fm_audit *a, unsigned int cls, const struct figures *f)
{
	bool large = cls == FM_CLASS_LARGE;
	struct rte_fastmem_fault fault = {
		.kind = RTE_FASTMEM_FAULT_COUNT,
		.class_size = large ? 0 : fm_class[cls].size,
		.blocks = f->blocks,
		.live = f->live,
		.cached = f->cached,
		.free = f->free,
	};
	int64_t more = (int64_t)(f->blocks - f->live - f->cached - f->free);

	if (large)
		fm_audit_tell(a, &fault,
			      "blocks above %zu bytes have pages of %" PRIu64 " bytes, and %" PRIu64
			      " are counted as live",
			      RTE_FASTMEM_MAX_SIZE, f->blocks, f->live);
	else
		fm_audit_tell(a, &fault,
			      "class of %zu bytes: of %" PRIu64 " blocks %" PRId64
			      " are live, %" PRIu64 " cached and %" PRIu64 " free: %" PRId64 " %s",
			      fault.class_size, f->blocks, (int64_t)f->live, f->cached, f->free,
			      more < 0 ? -more : more, more < 0 ? "too many" : "missing");
}

/* Judge what has come to rest between two samples; how many classes have not. */
static unsigned int
compare(struct fm_audit *a, const struct sample *before, const struct sample *now, bool *settled)
{
	unsigned int cls, left = 0;
	const struct figures *f;

	for (cls = 0; cls <= FM_CLASSES; cls++) {
		f = &now->of[cls];
		if (settled[cls])
			continue;
		if (f->sum != before->of[cls].sum) {
			left++;
			continue;
		}
		settled[cls] = true;
		if (f->blocks != f->live + f->cached + f->free)
			tell_count(a, cls, f);
	}
	return left;
}

static void
add_up(struct fm_audit *a, const struct sample *s)
{
	unsigned int cls;

	for (cls = 0; cls < FM_CLASSES; cls++) {
		a->sum.blocks += s->of[cls].blocks;
		a->sum.live += s->of[cls].live;
		a->sum.cached += s->of[cls].cached;
		a->sum.free += s->of[cls].free;
	}
}

void
fm_audit_counts(struct fm_audit *a)
{
	struct sample *s = malloc(2 * sizeof(*s));
	bool settled[FM_CLASSES + 1] = { false };
	unsigned int try, left = FM_CLASSES + 1;
	bool quiet;

	a->rc = s == NULL ? -ENOMEM : take_sample(a, &s[0]);
	for (try = 1; try < FM_AUDIT_TRIES && left != 0 && a->rc == 0; try++) {
		fm_audit_pause(try);
		quiet = fm_audit_rest(a);
		a->rc = take_sample(a, &s[try % 2]);
		if (a->rc == 0 && quiet)
			left = compare(a, &s[(try - 1) % 2], &s[try % 2], settled);
	}
	if (a->rc == 0) {
		a->sum.moved += left;
		add_up(a, &s[(try - 1) % 2]);
	}
	free(s);
}
