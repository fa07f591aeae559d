/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_PINNED_H
#define RTE_MEMALLOC_PINNED_H

/**
 * @file
 *
 * An allocator of memory that a device, such as a GPU, accesses directly: each allocation comes from
 * another allocator, of any kind that reuses, and is pinned by a driver (rte_mempin.h).
 *
 * An allocation takes whole pages, and pinning some microseconds at the least: for a few large ones.
 * Many small ones come out of memory that is pinned once: a pool's region, a reservation.
 *
 * Promises are those of the inner allocator, and RTE_MEMALLOC_F_CHECKS. rte_memalloc_alloc() fails with
 * what rte_mempin_pin() said as well, rte_memalloc_free() with what rte_mempin_unpin() did. In a child
 * made by fork(2) nothing that the parent allocated can be freed: -EPERM. No EAL.
 */

#include <rte_memalloc.h>
#include <rte_mempin.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make an allocator pin what it allocates.
 *
 * @param inner
 *   Where memory comes from: an allocator with RTE_MEMALLOC_F_REUSES. It belongs to the new one from then
 *   on: destroying that destroys both, or, when that fails, neither.
 * @param driver
 *   What pins.
 * @param device
 *   The device that it is pinned for, from 0.
 * @param flags
 *   RTE_MEMPIN_F_*, or'ed.
 * @param[out] alloc
 *   Set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno, and @p inner stays the caller's:
 *   - -EINVAL: an argument is NULL, or @p inner does not reuse
 *   - -ENODEV: there is no such device; the text says why
 *   - -ENOTSUP: the device cannot do what @p flags ask for
 *   - -ENOMEM: out of memory
 *   - -EPERM: in a child of a process that has used the devices
 */
int
rte_memalloc_pinned_create(struct rte_memalloc *inner, const struct rte_mempin_driver *driver,
			   unsigned int device, uint32_t flags, struct rte_memalloc **alloc);

/**
 * Create an allocator of pinned memory that lies near the device: regions of the device's NUMA node, or
 * of the nearest one that has memory left, pinned. Thread-safe.
 *
 * @param name
 *   The driver's name, or NULL for the first known one, other than "loopback", that has a device.
 * @param device
 *   The device that it is pinned for, from 0.
 * @param flags
 *   RTE_MEMPIN_F_*, or'ed.
 * @param[out] alloc
 *   Set on success only. Release with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - what rte_mempin_find() said: no such driver is loaded, or none has a device
 *   - what rte_memalloc_pinned_create() said
 */
int
rte_memalloc_pinned_open(const char *name, unsigned int device, uint32_t flags,
			 struct rte_memalloc **alloc);

/**
 * Where a device sees an allocation.
 *
 * @param alloc
 *   An allocator of rte_memalloc_pinned_create(), with RTE_MEMPIN_F_MAPPED.
 * @param mem
 *   An allocation of it.
 * @param device
 *   The device, from 0.
 * @param[out] at
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p alloc is not of this kind, or @p mem is no allocation of it
 *   - another one of rte_mempin_device_addr()
 */
int
rte_memalloc_pinned_device_addr(struct rte_memalloc *alloc, const void *mem, unsigned int device,
				uint64_t *at);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_PINNED_H */
