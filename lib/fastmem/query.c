/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the questions about a pointer: whose it is, how large, on which node, at which IO address.
 * Must not change anything, and must stand any pointer at all.
 * Called by the application.
 */

#include "fastmem_checker_priv.h"

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_memory.h>

/* Entry of the page that an address lies in, 0: none; and its slab. */
static uint16_t
look_up(const void *ptr, struct fm_slab **slab)
{
	/* fm_state_get(): a secondary that has not touched fastmem yet may ask as well. */
	*slab = fm_state_get() == NULL ? NULL : fm_window_slab((uintptr_t)ptr);
	if (*slab == NULL)
		return 0;
	/* Relaxed: a block's entry was written before the block was handed out. */
	return atomic_load_explicit(fm_window_entry((uintptr_t)ptr), memory_order_relaxed);
}

bool
rte_fastmem_owns(const void *ptr)
{
	struct fm_slab *slab;

	return look_up(ptr, &slab) != 0;
}

int
rte_fastmem_node_of(const void *ptr)
{
	struct fm_slab *slab;
	uint16_t entry = look_up(ptr, &slab);

	return entry == 0 ? -1 : fm_state()->node[fm_entry_node(entry)].node_id;
}

size_t
fm_block_size(const void *ptr)
{
	uintptr_t page = ((uintptr_t)ptr >> FM_PAGE_SHIFT) - rte_fastmem_window.first;
	struct fm_slab *slab;
	uint16_t entry = 0;

	/* Where this process has the page's entry, that says it, and the slab need not be found. */
	if (page < rte_fastmem_window.nb)
		/* Relaxed: as in look_up(). */
		entry = __atomic_load_n(&rte_fastmem_window.entry[page], __ATOMIC_RELAXED);
	if (entry == 0 || fm_entry_class(entry) >= FM_CLASSES)
		entry = look_up(ptr, &slab);
	if (entry == 0)
		return 0;
	if (fm_entry_class(entry) < FM_CLASSES)
		return fm_class[fm_entry_class(entry)].size;
	return fm_large_size(slab, ptr);
}

size_t
rte_fastmem_usable_size(const void *ptr)
{
	/* Who asks may use what it has. */
	if (unlikely(fm_checking))
		fm_checker_widen(ptr);
	return fm_block_size(ptr);
}

rte_iova_t
rte_fastmem_virt2iova(const void *ptr)
{
	struct fm_slab *slab;

	if (look_up(ptr, &slab) == 0 || slab->iova == RTE_BAD_IOVA)
		return RTE_BAD_IOVA;
	return slab->iova + ((uintptr_t)ptr - slab->base);
}
