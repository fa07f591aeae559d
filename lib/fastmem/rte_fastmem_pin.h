/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_PIN_H
#define RTE_FASTMEM_PIN_H

/**
 * @file
 *
 * Pins what fastmem has reserved, once, for a device such as a GPU (rte_mempin.h): every block of
 * it can then be read, copied from and copied to by the device, with no call per block.
 *
 * Pinned memory belongs to the process that pinned it. While any process has memory of a node
 * pinned, allocations do not make the node grow, since what comes that way no device could reach,
 * and trim gives none of its memory back. rte_fastmem_reserve() still adds memory: pin again then,
 * which pins what is new.
 *
 * Every failure has a text in rte_memalloc_error().
 */

#include <stdint.h>

#include <rte_fastmem.h>
#include <rte_mempin.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Pin all memory that a node has: all or nothing.
 *
 * Memory that this process has pinned by the driver before stays as it is.
 *
 * Context: control path, may sleep: it takes about as long as reserving did, and reservations and
 * growth of other threads and processes wait for it. MT-safe; needs rte_fastmem_init().
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY for every node that has memory by now.
 * @param driver
 *   See rte_mempin_find().
 * @param device
 *   The device, from 0.
 * @param flags
 *   RTE_MEMPIN_F_*, or'ed.
 *
 * @return
 *   0 on success, otherwise a negative errno, with nothing changed:
 *   - -EINVAL: @p driver is NULL, an unknown flag, no such node or one without memory
 *   - -ENODEV: not initialised, or there is no such device
 *   - -ENOENT: nothing was reserved there yet
 *   - -EBUSY: it is pinned by this driver for another device or with other flags
 *   - others as of rte_mempin_pin()
 */
int
rte_fastmem_pin(int node_id, const struct rte_mempin_driver *driver, unsigned int device,
		uint32_t flags);

/**
 * Unpin what this process has pinned.
 *
 * rte_fastmem_deinit() does it too.
 *
 * Context: control path, may sleep; MT-safe; devices must not access the memory any more, and
 * nobody be in rte_fastmem_device_addr() for it.
 *
 * @param node_id
 *   Node, or RTE_NUMA_NODE_ANY for every node.
 * @param driver
 *   The driver.
 *
 * @return
 *   0 on success, also where nothing is pinned, otherwise a negative errno; what could not be
 *   unpinned is pinned still:
 *   - -EINVAL: @p driver is NULL, no such node or one without memory
 *   - -ENODEV: not initialised
 *   - others as of rte_mempin_unpin()
 */
int
rte_fastmem_unpin(int node_id, const struct rte_mempin_driver *driver);

/**
 * Where a device sees a byte of a block.
 *
 * Addresses of one block's bytes are as far from each other there as here.
 *
 * Context: MT-safe, does not sleep if the driver does not.
 *
 * @param ptr
 *   A byte of a block.
 * @param driver
 *   That it is pinned by, with RTE_MEMPIN_F_MAPPED.
 * @param device
 *   The device that it was pinned for; with RTE_MEMPIN_F_PORTABLE any.
 * @param[out] at
 *   Set on success only: an address of the device's.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: a NULL, or @p ptr lies in no memory that this process has pinned by the driver
 *   - others as of rte_mempin_device_addr()
 */
int
rte_fastmem_device_addr(const void *ptr, const struct rte_mempin_driver *driver,
			unsigned int device, uint64_t *at);

#ifdef __cplusplus
}
#endif

#endif /* RTE_FASTMEM_PIN_H */
