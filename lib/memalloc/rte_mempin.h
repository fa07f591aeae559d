/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMPIN_H
#define RTE_MEMPIN_H

/**
 * @file
 *
 * Pinning of memory that exists, so that a device, such as a GPU, accesses it directly: its pages
 * stay where they are, and the device's driver knows them.
 *
 * A pin driver knows how that is done for one sort of device. It is found by name; drivers
 * are plugins, which rte_mempin_load(), EAL's option -d or linking brings in, or an application's own.
 * The driver "loopback" is always there: it locks pages (mlock(2)), has one device which is the
 * process itself, and serves machines without a GPU, and tests.
 *
 * Memory is pinned in whole base pages, and a page once by each driver. Pinning costs
 * about as much as populating the memory, so pin much at once: a region, a pool, a reservation.
 * What is pinned must not be unmapped, moved or trimmed before it is unpinned.
 *
 * After fork(2) the child has none of its parent's pinnings: with these all functions fail with -EPERM
 * there, and a driver whose devices do not bear fork(2) refuses the child altogether. The child
 * must not write to memory that its parent has pinned and it has a copy of.
 *
 * Every function but where it says otherwise: MT-safe, may sleep, needs no EAL. Every failure has a
 * text in rte_memalloc_error().
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_memalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** All devices of the driver access it, not only the one that it is pinned for. */
#define RTE_MEMPIN_F_PORTABLE (1u << 0)

/** Devices access it by address, see rte_mempin_device_addr(). Without it they copy from and to it. */
#define RTE_MEMPIN_F_MAPPED (1u << 1)

/** Devices only read it. */
#define RTE_MEMPIN_F_READ_ONLY (1u << 2)

/** What a device is like. */
struct rte_mempin_device {
	char name[128]; /**< For people. */
	uint64_t size;	/**< Bytes of its own memory; 0: none, or it does not tell. */
	int node_id;	/**< The NUMA node it is attached to; -1: unknown. */
	uint32_t flags; /**< RTE_MEMPIN_F_*, or'ed: what it can do. */
};

/**
 * What a driver does. All functions must be there, be MT-safe, and say by rte_memalloc_fail() why they
 * fail. Ranges that they get are whole pages, and no two that are pinned overlap.
 */
struct rte_mempin_driver {
	/** Its name, such as "cuda". */
	const char *name;
	/** See rte_mempin_nb_devices(). */
	int (*nb_devices)(void);
	/** See rte_mempin_device(). */
	int (*device)(unsigned int device, struct rte_mempin_device *info);
	/** Pin a range; @p cookie is what the others get. */
	int (*pin)(void *addr, size_t size, unsigned int device, uint32_t flags, void **cookie);
	/** Undo it. */
	int (*unpin)(void *addr, size_t size, unsigned int device, void *cookie);
	/** Where a device sees the first byte of a range pinned with RTE_MEMPIN_F_MAPPED. */
	int (*device_addr)(void *addr, unsigned int device, void *cookie, uint64_t *at);
	/** See rte_mempin_release(). */
	int (*release)(void);
};

/** Memory that is pinned. Opaque. */
struct rte_mempin;

/**
 * Make a driver known: for drivers, when they are loaded.
 *
 * @param driver
 *   The driver; must stay.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: NULL, no name, or a function is missing
 *   - -EEXIST: there is one of this name
 *   - -ENOSPC: there are too many
 */
int
rte_mempin_register(const struct rte_mempin_driver *driver);

/**
 * Make a driver unknown: before it is unloaded.
 *
 * @param driver
 *   The driver.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -ENOENT: it is not known
 *   - -EBUSY: memory is pinned by it
 */
int
rte_mempin_unregister(const struct rte_mempin_driver *driver);

/**
 * Load a plugin with a driver.
 *
 * @param path
 *   As for dlopen(3), such as "librte_mempin_cuda.so".
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p path is NULL
 *   - -ENOENT: it cannot be loaded; the text says what dlerror(3) did
 */
int
rte_mempin_load(const char *path);

/**
 * Find a driver.
 *
 * @param name
 *   Its name, or NULL for the first known one, other than "loopback", that has a device.
 * @param[out] driver
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p driver is NULL
 *   - -ENOENT: none of this name is known: load it
 *   - -ENODEV: @p name is NULL, and none has a device; the text says why not
 */
int
rte_mempin_find(const char *name, const struct rte_mempin_driver **driver);

/**
 * How many devices a driver has.
 *
 * @param driver
 *   The driver.
 *
 * @return
 *   How many, > 0, or a negative errno:
 *   - -EINVAL: NULL
 *   - -ENODEV: there is none; the text says why: no driver software, no device, no permission
 *   - -EPERM: in a child of a process that has used the devices
 */
int
rte_mempin_nb_devices(const struct rte_mempin_driver *driver);

/**
 * What a device is like.
 *
 * @param driver
 *   The driver.
 * @param device
 *   From 0.
 * @param[out] info
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL
 *   - -ENODEV: there is no such device; the text says why
 *   - -EPERM: in a child of a process that has used the devices
 *   - -EIO: the driver's software failed; the text says how
 */
int
rte_mempin_device(const struct rte_mempin_driver *driver, unsigned int device,
		  struct rte_mempin_device *info);

/**
 * Pin memory.
 *
 * @param driver
 *   The driver.
 * @param addr
 *   The first byte.
 * @param size
 *   Bytes, > 0. All pages that they lie in are pinned.
 * @param device
 *   The device that it is pinned for, from 0.
 * @param flags
 *   RTE_MEMPIN_F_*, or'ed.
 * @param[out] pin
 *   Set on success only. Release with rte_mempin_unpin().
 *
 * @return
 *   0 on success, otherwise a negative errno, and nothing is pinned:
 *   - -EINVAL: an argument is NULL, @p size 0 or beyond the address space, or an unknown flag
 *   - -EBUSY: a page of it is pinned by this driver already
 *   - -ENODEV: there is no such device; the text says why
 *   - -ENOTSUP: the device cannot do what @p flags ask for
 *   - -ENOMEM: not all of it is mapped, or no more memory may be pinned
 *   - -EPERM: the process may not pin memory; or in a child of a process that has used the devices
 *   - -EIO: the driver's software failed; the text says how
 */
int
rte_mempin_pin(const struct rte_mempin_driver *driver, void *addr, size_t size, unsigned int device,
	       uint32_t flags, struct rte_mempin **pin);

/**
 * Unpin memory.
 *
 * Context: devices must not be accessing it any more, and nobody be using @p pin.
 *
 * @param pin
 *   What rte_mempin_pin() gave, or NULL, which does nothing.
 *
 * @return
 *   0 on success, otherwise a negative errno, and it is as it was:
 *   - -EPERM: in a child of the process that pinned it
 *   - -EIO: the driver's software failed; the text says how
 */
int
rte_mempin_unpin(struct rte_mempin *pin);

/**
 * Where a device sees a byte of memory that is pinned.
 *
 * @param pin
 *   What rte_mempin_pin() gave with RTE_MEMPIN_F_MAPPED.
 * @param addr
 *   The byte, in what is pinned.
 * @param device
 *   The device that it was pinned for; with RTE_MEMPIN_F_PORTABLE any.
 * @param[out] at
 *   Set on success only: an address of the device's. Those of one pinning are as far from each other
 *   as the process's.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL, @p addr is not in it, it is not mapped, or @p device is another
 *   - -ENODEV: there is no such device
 *   - -EPERM: in a child of the process that pinned it
 *   - -EIO: the driver's software failed; the text says how
 */
int
rte_mempin_device_addr(const struct rte_mempin *pin, const void *addr, unsigned int device,
		       uint64_t *at);

/**
 * Let go of what a driver holds of its devices, such as contexts. It takes them again when needed.
 *
 * @param driver
 *   The driver.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: NULL
 *   - -EBUSY: memory is pinned by it
 *   - -EPERM: in a child of a process that has used the devices
 *   - -EIO: the driver's software failed; the text says how
 */
int
rte_mempin_release(const struct rte_mempin_driver *driver);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMPIN_H */
