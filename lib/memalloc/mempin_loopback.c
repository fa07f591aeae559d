/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the pin driver "loopback": pages are locked, and the process itself is the device.
 * Must not: keep anything: what is locked, the kernel knows.
 * Called by: mempin.c and mempin_driver.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "mempin_priv.h"

static int
loopback_nb_devices(void)
{
	return 1;
}

static int
check(unsigned int device)
{
	return device == 0 ? 0 :
			     rte_memalloc_fail(-ENODEV, "loopback: no device %u: there is one, 0",
					       device);
}

static int
loopback_device(unsigned int device, struct rte_mempin_device *info)
{
	int ret = check(device);

	if (ret != 0)
		return ret;
	*info = (struct rte_mempin_device){
		.name = "this process",
		.node_id = -1,
		.flags = RTE_MEMPIN_F_PORTABLE | RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_READ_ONLY,
	};
	return 0;
}

static int
loopback_pin(void *addr, size_t size, unsigned int device, uint32_t flags, void **cookie)
{
	int ret = check(device);

	(void)flags;
	(void)cookie;
	if (ret != 0)
		return ret;
	if (mlock(addr, size) == 0)
		return 0;
	ret = errno == EPERM ? -EPERM : -ENOMEM;
	/* Whatever it did before it failed. */
	munlock(addr, size);
	return rte_memalloc_fail(
		ret,
		"loopback: locking %zu bytes at %p: %s: not all of it is mapped, or "
		"more is locked than RLIMIT_MEMLOCK permits (ulimit -l)",
		size, addr, strerror(-ret));
}

static int
loopback_unpin(void *addr, size_t size, unsigned int device, void *cookie)
{
	(void)device;
	(void)cookie;
	if (munlock(addr, size) == 0)
		return 0;
	return rte_memalloc_fail(-EIO, "loopback: unlocking %zu bytes at %p: %s", size, addr,
				 strerror(errno));
}

static int
loopback_device_addr(void *addr, unsigned int device, void *cookie, uint64_t *at)
{
	int ret = check(device);

	(void)cookie;
	if (ret == 0)
		*at = (uintptr_t)addr;
	return ret;
}

static int
loopback_release(void)
{
	return 0;
}

const struct rte_mempin_driver mp_loopback = {
	.name = "loopback",
	.nb_devices = loopback_nb_devices,
	.device = loopback_device,
	.pin = loopback_pin,
	.unpin = loopback_unpin,
	.device_addr = loopback_device_addr,
	.release = loopback_release,
};
