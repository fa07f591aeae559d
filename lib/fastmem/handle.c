/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns handles: a class of a node in 32 bits.
 * Must not allocate by itself.
 * Called by the application, and by the inlined fast path when a slot cannot serve.
 *
 * bits 28-31  RTE_FASTMEM_ABI
 * bits 5-16   the slot's number: as it lies there its distance from slot 0 in bytes. 0 if the fast
 *             path must not serve it, since blocks are aligned beyond a page; then
 * bits 17-27  the upper bits of the number, and bit 0 its lowest
 * bits 1-4    the alignment, as a power of two of pages
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
	slot = fm_slot_index(node->index, r.cls);
	pages = (uint32_t)(r.align >> FM_PAGE_SHIFT);
	*handle = RTE_FASTMEM_ABI << 28;
	if (pages > 1)
		*handle |= slot >> 1 << 17 | (slot & 1) | (uint32_t)__builtin_ctz(pages) << 1;
	else
		*handle |= slot * sizeof(struct rte_fastmem_slot);
	return 0;
}

int
fm_handle_check(rte_fastmem_handle_t handle, unsigned int flags, struct fm_state **st,
		struct fm_node **node, struct fm_request *r)
{
	uint32_t slot = (handle & RTE_FASTMEM_HANDLE_SLOT) / sizeof(struct rte_fastmem_slot);

	r->align = RTE_FASTMEM_ALIGN;
	if (slot == 0) {
		slot = (handle >> 17 & 0x7ff) << 1 | (handle & 1);
		r->align = FM_PAGE_SIZE << (handle >> 1 & 0xf);
	}

	if ((flags & ~(RTE_FASTMEM_F_ZERO | RTE_FASTMEM_F_IOVA_CONTIG)) != 0)
		return EINVAL;
	*st = fm_state_get();
	if (*st == NULL)
		return ENODEV;
	if (handle >> 28 != RTE_FASTMEM_ABI || slot == 0 || slot >= (*st)->nb_slots ||
	    (slot - 1) % RTE_FASTMEM_SLOTS >= FM_CLASSES)
		return EINVAL;
	*node = &(*st)->node[(slot - 1) / RTE_FASTMEM_SLOTS];
	r->cls = (slot - 1) % RTE_FASTMEM_SLOTS;
	r->size = fm_class[r->cls].size;
	r->by_handle = true;
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
	if (flags == 0)
		fm_slot_settle(rte_fastmem_slot_of_handle(handle), 1);
	error = fm_handle_check(handle, flags, &st, &node, &r);
	if (error == 0) {
		ptr = fm_alloc_on(st, node, &r);
		if (ptr != NULL)
			return ptr;
		error = fm_out_of_memory(st, node, r.cls);
	}
	rte_errno = error;
	return NULL;
}
