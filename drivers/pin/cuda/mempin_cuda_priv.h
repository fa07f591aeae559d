/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMPIN_CUDA_PRIV_H
#define MEMPIN_CUDA_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include <rte_mempin.h>

/*
 * What of CUDA's driver interface is used, declared here: nothing of CUDA is needed to build.
 * Numbers and the versions in names are those of its ABI, which stay.
 */

typedef int cu_result;
typedef int cu_device;
typedef struct cu_context *cu_context; /* opaque */
typedef unsigned long long cu_address;

#define CU_SUCCESS			       0
#define CU_ERROR_INVALID_VALUE		       1
#define CU_ERROR_OUT_OF_MEMORY		       2
#define CU_ERROR_NOT_INITIALIZED	       3
#define CU_ERROR_STUB_LIBRARY		       34
#define CU_ERROR_NO_DEVICE		       100
#define CU_ERROR_INVALID_DEVICE		       101
#define CU_ERROR_DEVICE_UNAVAILABLE	       46
#define CU_ERROR_HOST_MEMORY_REGISTERED	       712
#define CU_ERROR_HOST_MEMORY_NOT_REGISTERED    713
#define CU_ERROR_NOT_PERMITTED		       800
#define CU_ERROR_NOT_SUPPORTED		       801
#define CU_DEVICE_CAN_MAP_HOST_MEMORY	       19
#define CU_DEVICE_HOST_REGISTER_SUPPORTED      99
#define CU_DEVICE_READ_ONLY_REGISTER_SUPPORTED 113
#define CU_MEMHOSTREGISTER_PORTABLE	       1u
#define CU_MEMHOSTREGISTER_DEVICEMAP	       2u
#define CU_MEMHOSTREGISTER_READ_ONLY	       8u

struct cu_api {
	cu_result (*init)(unsigned int flags);
	cu_result (*get_error_name)(cu_result error, const char **name);
	cu_result (*get_error_string)(cu_result error, const char **text);
	cu_result (*device_get_count)(int *nb);
	cu_result (*device_get)(cu_device *device, int i);
	cu_result (*device_get_name)(char *name, int size, cu_device device);
	cu_result (*device_total_mem)(size_t *size, cu_device device);
	cu_result (*device_get_attribute)(int *value, int attribute, cu_device device);
	cu_result (*device_get_pci_bus_id)(char *address, int size, cu_device device);
	cu_result (*context_retain)(cu_context *context, cu_device device);
	cu_result (*context_release)(cu_device device);
	cu_result (*context_push)(cu_context context);
	cu_result (*context_pop)(cu_context *context);
	cu_result (*host_register)(void *addr, size_t size, unsigned int flags);
	cu_result (*host_unregister)(void *addr);
	cu_result (*host_get_device_pointer)(cu_address *at, void *addr, unsigned int flags);
};

/*
 * mempin_cuda_api.c
 */

/* CUDA's functions; all there once cuda_api_load() has succeeded. */
extern struct cu_api cuda_api;

/* Find them. -ENODEV, its text said, or 0; may be tried again. Not thread-safe. */
int
cuda_api_load(void);

/* Say that a function of CUDA's failed at something: "cuda: <what>: <name of the error>: <text>". */
int
cuda_fail(int error, cu_result result, const char *what, ...) __attribute__((format(printf, 3, 4)));

/* What errno a failure is, where CUDA is up. */
int
cuda_errno(cu_result result);

/*
 * mempin_cuda_device.c
 */

/* CUDA is up. The count, > 0, or an errno, its text said. */
int
cuda_nb_devices(void);

/* CUDA is up, and there is such a device, as CUDA has it. An errno, its text said, or 0. */
int
cuda_device_find(unsigned int device, cu_device *found);

/* What a device that was found can do: RTE_MEMPIN_F_*. False: nothing, not even pin. */
bool
cuda_device_can(cu_device device, uint32_t *flags);

/* See rte_mempin_device(). */
int
cuda_device(unsigned int device, struct rte_mempin_device *info);

/*
 * mempin_cuda_context.c
 */

/*
 * Make a device's context that of the calling thread, and hold it until cuda_context_drop(). An errno,
 * its text said, or 0.
 */
int
cuda_context_enter(unsigned int device);

/* Make that the thread's which it was before. -EIO, its text said, or 0. */
int
cuda_context_leave(void);

/*
 * Hold it no longer. Whoever has achieved something in it keeps it for the next one, until
 * cuda_context_release(); else it goes back when nobody holds it.
 */
void
cuda_context_drop(unsigned int device, bool keep);

/* Give back all contexts. -EBUSY, -EIO, its text said, or 0; may be tried again. */
int
cuda_context_release(void);

/* Take and leave the lock of all that is shared. fork(2) must not wait for it: CUDA forks too. */
void
cuda_lock(void);
void
cuda_unlock(void);

/* In a child of fork(2), before all else: nobody has the lock. */
void
cuda_lock_anew(void);

#endif /* MEMPIN_CUDA_PRIV_H */
