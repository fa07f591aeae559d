/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the pin driver "cuda", for NVIDIA's GPUs: bringing CUDA up when first needed, pinning, fork(2).
 * Must not: touch CUDA when it is loaded, in a child of a process that has used it, or leave anything
 *   half done.
 * Called by: lib/memalloc, through the driver that is registered when this is loaded.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "mempin_cuda_priv.h"

/* Guarded by the lock. */
static bool is_loaded, is_up;

/*
 * CUDA was told to start, in this process or one that it was forked from. Relaxed: fork(2) orders what
 * came before it, and a child of a process that is just about to start it need not know.
 */
static atomic_bool was_used;
static bool is_child; /* of one that has used it; written in the child's only thread */

static void
after_fork_in_child(void)
{
	is_child = atomic_load_explicit(&was_used, memory_order_relaxed);
	cuda_lock_anew();
}

static int
start(void)
{
	cu_result result;
	int ret = is_loaded ? 0 : cuda_api_load();

	if (ret != 0)
		return ret;
	is_loaded = true;
	atomic_store_explicit(&was_used, true, memory_order_relaxed);
	result = cuda_api.init(0);
	if (result != CU_SUCCESS)
		atomic_store_explicit(&was_used, false, memory_order_relaxed);
	if (result == CU_ERROR_NOT_INITIALIZED)
		return cuda_fail(-EPERM, result,
				 "starting it, as in a child of a process that has used it");
	/* It knows no name for it. */
	if (result == CU_ERROR_STUB_LIBRARY)
		return cuda_fail(
			-ENODEV, result,
			"starting it: the loader found the stub of CUDA's toolkit, which is for "
			"linking, and not the driver's library: take it out of LD_LIBRARY_PATH");
	if (result != CU_SUCCESS)
		return cuda_fail(-ENODEV, result, "starting it");
	is_up = true;
	return 0;
}

/* Bring CUDA up, if need be. An errno, its text said, or 0. */
static int
up(void)
{
	int ret = 0;

	if (is_child)
		return rte_memalloc_fail(-EPERM,
					 "cuda: this process is a child of one that has used CUDA, "
					 "which does not bear fork(2): fork before, or run another "
					 "program with execve(2)");
	cuda_lock();
	if (!is_up)
		ret = start();
	cuda_unlock();
	return ret;
}

/* For those who are to say -EIO, whatever it was. */
static int
as_eio(void)
{
	return rte_memalloc_fail(-EIO, "%s", rte_memalloc_error());
}

static int
cuda_driver_nb_devices(void)
{
	int ret = up();

	return ret == 0 ? cuda_nb_devices() : ret;
}

static int
cuda_driver_device(unsigned int device, struct rte_mempin_device *info)
{
	int ret = up();

	return ret == 0 ? cuda_device(device, info) : ret;
}

/* What CUDA would say late, or not at all. */
static int
check(unsigned int device, uint32_t flags)
{
	cu_device found;
	uint32_t can;
	int ret = cuda_device_find(device, &found);

	if (ret != 0)
		return ret;
	if (!cuda_device_can(found, &can))
		return rte_memalloc_fail(-ENOTSUP,
					 "cuda: device %u does not pin memory that exists", device);
	if ((flags & ~can) == 0)
		return 0;
	return rte_memalloc_fail(-ENOTSUP, "cuda: device %u can do %#x of what flags %#x ask for",
				 device, can, flags);
}

static unsigned int
flags_of(uint32_t flags)
{
	return ((flags & RTE_MEMPIN_F_PORTABLE) != 0 ? CU_MEMHOSTREGISTER_PORTABLE : 0) |
	       ((flags & RTE_MEMPIN_F_MAPPED) != 0 ? CU_MEMHOSTREGISTER_DEVICEMAP : 0) |
	       ((flags & RTE_MEMPIN_F_READ_ONLY) != 0 ? CU_MEMHOSTREGISTER_READ_ONLY : 0);
}

static int
register_failed(cu_result result, void *addr, size_t size)
{
	int error = cuda_errno(result);

	/* CUDA calls any range that it does not like invalid. This writes nothing, and finds holes. */
	if (result == CU_ERROR_INVALID_VALUE && msync(addr, size, MS_ASYNC) != 0 && errno == ENOMEM)
		return cuda_fail(-ENOMEM, result,
				 "cuMemHostRegister of %zu bytes at %p, not all of which is mapped",
				 size, addr);
	return cuda_fail(error, result, "cuMemHostRegister of %zu bytes at %p", size, addr);
}

static int
cuda_driver_pin(void *addr, size_t size, unsigned int device, uint32_t flags, void **cookie)
{
	cu_result result;
	int ret = up();

	(void)cookie;
	if (ret == 0)
		ret = check(device, flags);
	if (ret == 0)
		ret = cuda_context_enter(device);
	if (ret != 0)
		return ret;
	result = cuda_api.host_register(addr, size, flags_of(flags));
	if (result != CU_SUCCESS) {
		cuda_context_leave();
		cuda_context_drop(device, false);
		return register_failed(result, addr, size);
	}
	ret = cuda_context_leave();
	if (ret != 0) {
		/* Nobody will undo it later. */
		cuda_api.host_unregister(addr);
		cuda_context_drop(device, false);
	}
	/* What is pinned holds the context until it is unpinned. */
	return ret;
}

static int
cuda_driver_unpin(void *addr, size_t size, unsigned int device, void *cookie)
{
	cu_result result;
	int ret = up();

	(void)cookie;
	if (ret != 0)
		return ret;
	ret = cuda_context_enter(device);
	if (ret != 0)
		return as_eio();
	result = cuda_api.host_unregister(addr);
	/* If this fails, nothing can be done about it, and the memory is what matters. */
	cuda_context_leave();
	cuda_context_drop(device, true);
	/* Somebody has done it behind our back, or reset the device: what was wanted is so. */
	if (result != CU_SUCCESS && result != CU_ERROR_HOST_MEMORY_NOT_REGISTERED)
		return cuda_fail(-EIO, result, "cuMemHostUnregister of %zu bytes at %p", size,
				 addr);
	cuda_context_drop(device, true);
	return 0;
}

static int
cuda_driver_device_addr(void *addr, unsigned int device, void *cookie, uint64_t *at)
{
	cu_address address;
	cu_result result;
	int ret = up();

	(void)cookie;
	if (ret == 0)
		ret = cuda_context_enter(device);
	if (ret != 0)
		return ret == -EPERM || ret == -ENODEV ? ret : as_eio();
	result = cuda_api.host_get_device_pointer(&address, addr, 0);
	ret = cuda_context_leave();
	if (result != CU_SUCCESS)
		ret = cuda_fail(-EIO, result, "asking where device %u sees %p", device, addr);
	/* The address is of this context: it stays. */
	cuda_context_drop(device, ret == 0);
	if (ret == 0)
		*at = address;
	return ret;
}

static int
cuda_driver_release(void)
{
	if (is_child)
		return up();
	return cuda_context_release();
}

static const struct rte_mempin_driver cuda_driver = {
	.name = "cuda",
	.nb_devices = cuda_driver_nb_devices,
	.device = cuda_driver_device,
	.pin = cuda_driver_pin,
	.unpin = cuda_driver_unpin,
	.device_addr = cuda_driver_device_addr,
	.release = cuda_driver_release,
};

static void __attribute__((constructor)) cuda_driver_register(void)
{
	/* Where it is linked and loaded as well, the first one serves. */
	if (rte_mempin_register(&cuda_driver) == 0)
		pthread_atfork(NULL, NULL, after_fork_in_child);
}
