/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the out-of-line half of allocating and freeing single blocks: checks, then who serves.
 * Must not decide where blocks come from.
 * Called by the application, mostly through the inlined fast path of rte_fastmem_fast.h.
 */

#include "fastmem_trace.h"

#include "fastmem_checker_priv.h"
#include "fastmem_inside.h"
#include "fastmem_sample_priv.h"

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_errno.h>

#define KNOWN_FLAGS (RTE_FASTMEM_F_ZERO | RTE_FASTMEM_F_IOVA_CONTIG)

int
fm_request_check(struct fm_state **st, struct fm_request *r)
{
	if ((r->flags & ~KNOWN_FLAGS) != 0)
		return EINVAL;
	*st = fm_state_get();
	/* Before init there are no nodes to tell a valid id by, but some never are. */
	if (r->node_id < RTE_NUMA_NODE_ANY || r->node_id >= RTE_NUMA_MAX_NODES ||
	    (*st != NULL && r->node_id != RTE_NUMA_NODE_ANY &&
	     fm_node_by_id(*st, r->node_id) == NULL)) {
		fm_log_bad_node(r->node_id);
		return EINVAL;
	}
	if (*st == NULL)
		return ENODEV;
	if ((r->align & (r->align - 1)) != 0)
		return EINVAL;
	if (r->align > RTE_FASTMEM_MAX_SIZE || r->size > (*st)->window_span)
		return E2BIG;
	if (r->align < RTE_FASTMEM_ALIGN)
		r->align = RTE_FASTMEM_ALIGN;
	if (r->size > RTE_FASTMEM_MAX_SIZE)
		r->cls = FM_CLASS_LARGE;
	else if (r->align > FM_PAGE_SIZE)
		/* A run of its own, at an aligned page. */
		r->cls = fm_class_of(
			r->size > RTE_FASTMEM_FAST_SIZE ? r->size : RTE_FASTMEM_FAST_SIZE + 1, 1);
	else
		r->cls = fm_class_of(r->size, r->align);
	return 0;
}

static void *
serve(struct fm_state *st, struct fm_node *node, const struct fm_request *r)
{
	if (fm_is_sampling() && (r->cls == FM_CLASS_LARGE || r->align > FM_PAGE_SIZE))
		fm_sample_passed(r->size);
	if (r->cls == FM_CLASS_LARGE)
		return fm_large_alloc(st, node, r->size, r->align, r->flags);
	if (r->align > FM_PAGE_SIZE)
		return fm_aligned_alloc(st, node, r->cls, r->align);
	return fm_cache_alloc(st, node, r->cls);
}

void *
fm_alloc_on(struct fm_state *st, struct fm_node *node, const struct fm_request *r)
{
	void *ptr = serve(st, node, r);

	if (unlikely(fm_checking)) {
		/* What is kept from being used again must not be missed. */
		if (ptr == NULL && fm_checker_drain() != 0)
			ptr = serve(st, node, r);
		if (ptr != NULL)
			fm_checker_given(ptr, r->size);
	}
	if (ptr != NULL && (r->flags & RTE_FASTMEM_F_ZERO) != 0)
		memset(ptr, 0, r->size);
	if (fm_is_sampling())
		fm_sample_given(st, node, r, &ptr, ptr != NULL);
	return ptr;
}

int
fm_out_of_memory(struct fm_state *st, struct fm_node *node, unsigned int cls)
{
	bool shared;
	struct fm_slot_counters *k = fm_counters_self(st, node, cls, &shared);

	fm_count(&k->nomem, 1, shared);
	fm_trace_nomem(node->node_id, cls == FM_CLASS_LARGE ? 0 : fm_class[cls].size);
	return ENOMEM;
}

static void *
fail(int error)
{
	rte_errno = error;
	return NULL;
}

void *
rte_fastmem_alloc_slow(size_t size, size_t align, unsigned int flags)
{
	struct fm_request r = {
		.size = size,
		.align = align,
		.flags = flags,
		.node_id = RTE_NUMA_NODE_ANY,
	};
	struct fm_state *st;
	struct fm_node *node;
	int error = fm_request_check(&st, &r);
	void *ptr;

	if (error != 0)
		return fail(error);
	/* Undo what the pop did that brought us here, if one did. */
	if (rte_fastmem_is_fast(size, align) && (flags & ~RTE_FASTMEM_F_ZERO) == 0)
		fm_slot_settle(&rte_fastmem_self.local[rte_fastmem_class_compute(size)], 1);
	node = fm_node_self(st);
	fm_cache_follow(st, node);
	ptr = fm_alloc_on(st, node, &r);
	return ptr != NULL ? ptr : fail(fm_out_of_memory(st, node, r.cls));
}

void *
rte_fastmem_alloc_node(size_t size, size_t align, unsigned int flags, int node_id)
{
	struct fm_request r = {
		.size = size,
		.align = align,
		.flags = flags,
		.node_id = node_id,
	};
	struct fm_state *st;
	struct fm_node *node;
	int error = fm_request_check(&st, &r);
	void *ptr = NULL;
	uint32_t i;
	bool any;

	if (error != 0)
		return fail(error);
	any = node_id == RTE_NUMA_NODE_ANY;
	node = any ? fm_node_self(st) : fm_node_by_id(st, node_id);
	for (i = 0; ptr == NULL && i < (any ? st->nb_nodes : 1); i++)
		ptr = fm_alloc_on(st, any ? &st->node[node->nearest[i]] : node, &r);
	return ptr != NULL ? ptr : fail(fm_out_of_memory(st, node, r.cls));
}

/* Give a block back that a checker kept: past the caches, and counted as freed before. */
static bool
put_kept(struct fm_state *st, struct fm_node *node, unsigned int cls, struct fm_slab *slab,
	 void *ptr)
{
	struct fm_unit *u = fm_unit_self(st);
	bool entered = fm_enter_once(st, u), done = fm_node_put_block(st, slab, ptr);

	if (done) {
		fm_count(&node->counters[cls].kept, (uint64_t)-1, true);
		fm_shortage_fed(node);
	}
	if (entered)
		fm_exit(st, u);
	return done;
}

void
fm_free_now(void *ptr, bool kept)
{
	struct fm_state *st = fm_state_get();
	struct fm_node *node;
	struct fm_slab *slab;
	unsigned int cls;
	uint16_t entry;
	bool done;

	slab = st == NULL ? NULL : fm_window_slab((uintptr_t)ptr);
	/* Relaxed: the entry was written before the block was handed out. */
	entry = slab == NULL ?
			0 :
			atomic_load_explicit(fm_window_entry((uintptr_t)ptr), memory_order_relaxed);
	if (entry == 0) {
		fm_log(FM_ERR,
		       "free of %p refused: fastmem did not give it out, or it was freed before",
		       ptr);
		return;
	}
	cls = fm_entry_class(entry);
	node = &st->node[fm_entry_node(entry)];
	if (cls >= FM_CLASSES)
		done = fm_large_free(st, slab, ptr, kept);
	else if (kept)
		done = put_kept(st, node, cls, slab, ptr);
	else
		done = fm_cache_free(st, node, cls, slab, ptr);
	if (!done)
		fm_log(FM_ERR, "free of %p refused: it is no block's start, or was freed before",
		       ptr);
}

void
fm_free_keep(void *ptr)
{
	/* Relaxed: the entry was written before the block was handed out. */
	uint16_t entry =
		atomic_load_explicit(fm_window_entry((uintptr_t)ptr), memory_order_relaxed);
	unsigned int cls = fm_entry_class(entry);
	struct fm_state *st = fm_state();
	struct fm_node *node = &st->node[fm_entry_node(entry)];
	struct fm_unit *u = fm_unit_self(st);
	struct fm_slot_counters *k;
	bool shared;

	fm_enter(st, u);
	if (cls == FM_CLASS_LARGE) {
		fm_large_keep(st, node, fm_block_size(ptr));
	} else {
		k = fm_counters_self(st, node, cls, &shared);
		fm_count_free(k, shared);
		fm_count(&node->counters[cls].kept, 1, true);
	}
	fm_exit(st, u);
}

void
rte_fastmem_free_slow(void *ptr)
{
	if (ptr == NULL)
		return;
	if (fm_is_sampling())
		fm_sample_freed(ptr);
	if (unlikely(fm_checking) && fm_checker_freed(ptr))
		return;
	fm_free_now(ptr, false);
}

void *
rte_fastmem_realloc(void *ptr, size_t size, size_t align)
{
	size_t old;
	void *new;

	if (ptr == NULL)
		return rte_fastmem_alloc(size, align, 0);
	if (size == 0) {
		rte_fastmem_free(ptr);
		return NULL;
	}
	if ((align & (align - 1)) != 0)
		return fail(EINVAL);
	old = rte_fastmem_usable_size(ptr);
	if (old == 0)
		return fail(EINVAL);
	if (size <= old && (align == 0 || (uintptr_t)ptr % align == 0))
		return ptr;
	new = rte_fastmem_alloc_node(size, align, 0, rte_fastmem_node_of(ptr));
	if (new == NULL)
		return NULL;
	memcpy(new, ptr, size < old ? size : old);
	rte_fastmem_free(ptr);
	return new;
}
