/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the audit: its course over a node, and what has to be true of each slab and its pages.
 * Must not write anything that is shared, nor call a fault what a thread in the middle may cause.
 * Called by the application's control path, and by programs that watch it.
 *
 * All is read while threads go on, so nothing read once proves anything. A contradiction is a
 * suspicion; it is looked at again:
 *
 *   read, find an instant at which nobody was inside (fm_quiet()), read once more: the same.
 *
 * What was the same before and after that instant was so at that instant, unless it went and came
 * back in between. What could is counted where it moves, each time before it can move again, so the
 * counts have to be the same as well. At such an instant nobody has blocks or pages in hand, and what
 * does not add up then never will.
 */

#include "fastmem_inside.h"
#include "fastmem_walk_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_pause.h>

void
fm_audit_tell(struct fm_audit *a, struct rte_fastmem_fault *fault, const char *format, ...)
{
	char text[256];
	va_list args;
	int n;

	n = snprintf(text, sizeof(text), "node %d: ", a->node->node_id);
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	a->sum.faults++;
	fault->node_id = a->node->node_id;
	fault->text = text;
	if (a->fn != NULL && a->rc == 0)
		a->rc = a->fn(fault, a->arg);
	fault->text = NULL;
}

void
fm_audit_pause(unsigned int try)
{
	/* At first at once; then longer than a thread that was interrupted inside has to wait. */
	if (try > 3)
		usleep(250u << try % 8);
}

bool
fm_audit_rest(const struct fm_audit *a)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		if (fm_quiet(a->st))
			return true;
		rte_pause();
	}
	return false;
}

static uint64_t
load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_acquire);
}

/* Each of them only grows while a thread has the unit, so their sum tells whether one did. */
static uint64_t
sum_counters(const struct fm_slot_counters *k)
{
	return load(&k->refilled) + load(&k->flushed) + load(&k->alloc_direct) +
	       load(&k->free_direct);
}

uint64_t
fm_audit_moves(const struct fm_audit *a, unsigned int cls)
{
	const struct fm_class_counters *of = &a->node->counters[cls];
	uint32_t i, nb = atomic_load_explicit(&a->st->nb_units, memory_order_acquire);
	unsigned int slot = fm_slot_index(a->node->index, cls);
	uint64_t sum;

	atomic_thread_fence(memory_order_seq_cst); /* after what was read before */
	sum = load(&of->acquires) + load(&of->releases) + sum_counters(&of->threads);
	for (i = 0; i < nb; i++)
		sum += sum_counters(&a->st->unit[i]->counters[slot]);
	atomic_thread_fence(memory_order_seq_cst);
	return sum;
}

/* Changes when page runs of the node were claimed or given back. */
static uint64_t
run_moves(const struct fm_audit *a)
{
	uint64_t sum = 0;
	unsigned int cls;

	atomic_thread_fence(memory_order_seq_cst);
	for (cls = 0; cls <= FM_CLASSES; cls++)
		sum += load(&a->node->counters[cls].acquires) +
		       load(&a->node->counters[cls].releases);
	atomic_thread_fence(memory_order_seq_cst);
	return sum;
}

/* ---- slabs */

/* Bits of a run's word that name no block. */
static uint64_t
strange_bits(const struct fm_view *v, const struct fm_row *row)
{
	return row->kind == FM_ROW_RUN ? v->word[row->page] & ~fm_class_full(&fm_class[row->cls]) :
					 0;
}

static bool
is_suspicious(const struct fm_view *v)
{
	unsigned int page;
	struct fm_row row;

	for (page = 0; page < FM_SLAB_PAGES; page += row.pages) {
		fm_view_row(v, page, &row);
		if (row.kind == FM_ROW_WRONG || row.kind == FM_ROW_CLAIMED ||
		    strange_bits(v, &row) != 0)
			return true;
	}
	return false;
}

static void
tell_page(struct fm_audit *a, const struct fm_view *v, const struct fm_row *row)
{
	unsigned int p = row->fault, cls = fm_entry_class(v->entry[p]);
	struct rte_fastmem_fault fault = {
		.kind = RTE_FASTMEM_FAULT_PAGE,
		.slab = (const void *)v->base,
		.page = p,
		.pages = 1,
		.found = v->word[p],
	};

	if (v->entry[p] != 0 && cls < FM_CLASSES)
		fault.class_size = fm_class[cls].size;
	fm_audit_tell(a, &fault,
		      "slab 0x%" PRIxPTR
		      ", page %u: contradicts itself or its run: entry %u (class "
		      "of %zu bytes), word 0x%" PRIx64 ", %u pages into a run, %s",
		      v->base, p, v->entry[p], fault.class_size, v->word[p], v->back[p],
		      (v->free[p / 64] >> p % 64 & 1) != 0 ? "free" : "not free");
}

static void
tell_lost(struct fm_audit *a, const struct fm_view *v, const struct fm_row *row)
{
	struct rte_fastmem_fault fault = {
		.kind = RTE_FASTMEM_FAULT_LOST_PAGES,
		.slab = (const void *)v->base,
		.page = row->page,
		.pages = row->pages,
	};

	fm_audit_tell(a, &fault,
		      "slab 0x%" PRIxPTR ", page %u: %u pages from there are neither free nor used",
		      v->base, row->page, row->pages);
}

static void
tell_word(struct fm_audit *a, const struct fm_view *v, const struct fm_row *row)
{
	const struct fm_class *c = &fm_class[row->cls];
	struct rte_fastmem_fault fault = {
		.kind = RTE_FASTMEM_FAULT_WORD,
		.class_size = c->size,
		.slab = (const void *)v->base,
		.page = row->page,
		.pages = row->pages,
		.found = v->word[row->page],
		.expected = fm_class_full(c),
	};

	fm_audit_tell(a, &fault,
		      "slab 0x%" PRIxPTR ", page %u: the word of its run of %u blocks of %" PRIu32
		      " bytes is 0x%" PRIx64 ", with bits beyond 0x%" PRIx64,
		      v->base, row->page, c->blocks, c->size, fault.found, fault.expected);
}

static void
tell_slab(struct fm_audit *a, const struct fm_view *v)
{
	bool was_wrong = false;
	unsigned int page;
	struct fm_row row;

	for (page = 0; page < FM_SLAB_PAGES; page += row.pages) {
		fm_view_row(v, page, &row);
		/* One page that is wrong spoils its run: that is one fault. */
		if (row.kind == FM_ROW_WRONG && !was_wrong)
			tell_page(a, v, &row);
		else if (row.kind == FM_ROW_CLAIMED)
			tell_lost(a, v, &row);
		else if (strange_bits(v, &row) != 0)
			tell_word(a, v, &row);
		was_wrong = row.kind == FM_ROW_WRONG;
	}
}

static void
check_slab(struct fm_audit *a, struct fm_chunk *c, uint32_t index, const struct fm_view *first)
{
	struct fm_view v[2];
	unsigned int try;
	uint64_t moves;

	a->sum.slabs++;
	a->sum.pages += first->n;
	if (!is_suspicious(first))
		return;
	/* They are compared as a whole, padding included. */
	memset(v, 0, sizeof(v));
	for (try = 0; try < FM_AUDIT_TRIES; try++) {
		fm_audit_pause(try);
		moves = run_moves(a);
		if (!fm_view_read(a->st, c, index, &v[0]) || !is_suspicious(&v[0]))
			return;
		if (!fm_audit_rest(a) || !fm_view_read(a->st, c, index, &v[1]) ||
		    memcmp(&v[0], &v[1], sizeof(v[0])) != 0 || moves != run_moves(a))
			continue;
		tell_slab(a, &v[0]);
		return;
	}
	a->sum.moved++;
}

static void
check_slabs(struct fm_audit *a)
{
	/* Acquire: pairs with the release that published the chunk. */
	uint32_t i, s, nb = atomic_load_explicit(&a->node->nb_chunks, memory_order_acquire);
	struct fm_view v;

	for (i = 0; i < nb; i++)
		for (s = 0; a->rc == 0 && fm_view_read(a->st, a->node->chunk[i], s, &v); s++)
			check_slab(a, a->node->chunk[i], s, &v);
}

/* ---- pieces */

static uint64_t
bytes_of_chunks(const struct fm_node *node)
{
	uint32_t i, nb = atomic_load_explicit(&node->nb_chunks, memory_order_acquire);
	uint64_t sum = 0;

	for (i = 0; i < nb; i++)
		if (atomic_load_explicit(&node->chunk[i]->nb_slabs, memory_order_acquire) != 0)
			sum += node->chunk[i]->nb_pages << FM_PAGE_SHIFT;
	return sum;
}

static void
check_backing(struct fm_audit *a)
{
	struct rte_fastmem_fault fault = { .kind = RTE_FASTMEM_FAULT_BACKING };
	unsigned int try;
	uint64_t sum, backing;

	for (try = 0; try < FM_AUDIT_TRIES; try++) {
		fm_audit_pause(try);
		sum = bytes_of_chunks(a->node);
		backing = load(&a->node->backing);
		if (sum == backing)
			return;
		if (!fm_audit_rest(a) || sum != bytes_of_chunks(a->node) ||
		    backing != load(&a->node->backing))
			continue;
		fault.found = sum;
		fault.expected = backing;
		fm_audit_tell(a, &fault,
			      "its pieces of memory have %" PRIu64 " bytes, and %" PRIu64
			      " were taken from EAL",
			      sum, backing);
		return;
	}
	a->sum.moved++;
}

/* ---- the course of it */

static int
audit_node(struct fm_audit *a)
{
	if (a->rc == 0)
		check_backing(a);
	if (a->rc == 0)
		check_slabs(a);
	if (a->rc == 0)
		fm_audit_magazines(a);
	if (a->rc == 0)
		fm_audit_held(a);
	if (a->rc == 0)
		fm_audit_counts(a);
	return a->rc;
}

int
rte_fastmem_audit(int node_id, rte_fastmem_fault_fn fn, void *arg, struct rte_fastmem_audit *audit)
{
	struct fm_audit a = { .st = fm_state_get(), .fn = fn, .arg = arg };
	uint32_t i, to;
	int rc;

	if (a.st == NULL)
		return -ENODEV;
	rc = fm_nodes_meant(a.st, node_id, &i, &to);
	for (; rc == 0 && i < to; i++) {
		a.node = &a.st->node[i];
		rc = audit_node(&a);
	}
	if (rc == 0 && audit != NULL)
		*audit = a.sum;
	return rc;
}
