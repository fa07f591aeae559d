/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns handles: a class of a node in 32 bits.
 * Must not allocate by itself.
 * Called by the application, and by the inlined fast path when a slot cannot serve.
 *
 * bits 0-11   index of the slot that the fast path uses; 0 if it must not (alignment beyond a page)
 * bits 12-23  that index in any case
 * bits 24-27  the alignment, as a power of two of pages
 * bits 28-31  RTE_FASTMEM_ABI
 */

#include "fastmem_priv.h"

#include <errno.h>

#include <rte_errno.h>

int
rte_fastmem_hlookup(size_t size, size_t align, int node_id, rte_fastmem_handle_t *handle)
{
	struct fm_request r = { .size = size, .align = align, .node_id = node_id };
	struct fm_node *node;
	struct fm_state *st;
	uint32_t slot, pages;
	int error = fm_request_check(&st, &r);

	if (error != 0)
		return -error;
	if (handle == NULL)
		return -EINVAL;
	if (r.cls == FM_CLASS_LARGE)
		return -E2BIG;
	node = node_id == RTE_NUMA_NODE_ANY ? fm_node_self(st) : fm_node_by_id(st, node_id);
	slot = fm_entry(node->index, r.cls);
	pages = (uint32_t)(r.align >> FM_PAGE_SHIFT);
	*handle = RTE_FASTMEM_ABI << 28 | slot << 12;
	if (pages > 1)
		*handle |= (uint32_t)__builtin_ctz(pages) << 24;
	else
		*handle |= slot;
	return 0;
}

int
fm_handle_check(rte_fastmem_handle_t handle, unsigned int flags, struct fm_state **st,
		struct fm_node **node, struct fm_request *r)
{
	uint32_t slot = handle >> 12 & RTE_FASTMEM_HANDLE_SLOT;

	if ((flags & ~(RTE_FASTMEM_F_ZERO | RTE_FASTMEM_F_IOVA_CONTIG)) != 0)
		return EINVAL;
	*st = fm_state_get();
	if (*st == NULL)
		return ENODEV;
	if (handle >> 28 != RTE_FASTMEM_ABI || slot == 0 || slot >= (*st)->nb_slots ||
	    fm_entry_class((uint16_t)slot) >= FM_CLASSES)
		return EINVAL;
	*node = &(*st)->node[fm_entry_node((uint16_t)slot)];
	r->cls = fm_entry_class((uint16_t)slot);
	r->size = fm_class[r->cls].size;
	r->align = (handle >> 24 & 0xf) != 0 ? FM_PAGE_SIZE << (handle >> 24 & 0xf) :
					       RTE_FASTMEM_ALIGN;
	r->flags = flags;
	r->node_id = (*node)->node_id;
	return 0;
}

void *
rte_fastmem_halloc_slow(rte_fastmem_handle_t handle, unsigned int flags)
{
	struct fm_request r;
	struct fm_node *node;
	struct fm_state *st;
	void *ptr;
	int error;

	/* Undo what the pop did that brought us here, if one did. */
	fm_slot_settle(&rte_fastmem_self.cache->slots[handle & RTE_FASTMEM_HANDLE_SLOT], 1);
	error = fm_handle_check(handle, flags, &st, &node, &r);
	if (error == 0) {
		ptr = fm_alloc_on(st, node, &r);
		if (ptr != NULL)
			return ptr;
		error = ENOMEM;
	}
	rte_errno = error;
	return NULL;
}
