/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding CUDA's driver library and its functions; its errors as errno and in words.
 * Must not: use what it finds, but to name errors.
 * Called by: the other files of this driver.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mempin_cuda_priv.h"

#define LIBRARY "libcuda.so.1"

struct cu_api cuda_api;

static const struct {
	const char *name;
	size_t at; /* in cuda_api */
} functions[] = {
	{ "cuInit", offsetof(struct cu_api, init) },
	{ "cuGetErrorName", offsetof(struct cu_api, get_error_name) },
	{ "cuGetErrorString", offsetof(struct cu_api, get_error_string) },
	{ "cuDeviceGetCount", offsetof(struct cu_api, device_get_count) },
	{ "cuDeviceGet", offsetof(struct cu_api, device_get) },
	{ "cuDeviceGetName", offsetof(struct cu_api, device_get_name) },
	{ "cuDeviceTotalMem_v2", offsetof(struct cu_api, device_total_mem) },
	{ "cuDeviceGetAttribute", offsetof(struct cu_api, device_get_attribute) },
	{ "cuDeviceGetPCIBusId", offsetof(struct cu_api, device_get_pci_bus_id) },
	{ "cuDevicePrimaryCtxRetain", offsetof(struct cu_api, context_retain) },
	{ "cuDevicePrimaryCtxRelease_v2", offsetof(struct cu_api, context_release) },
	{ "cuCtxPushCurrent_v2", offsetof(struct cu_api, context_push) },
	{ "cuCtxPopCurrent_v2", offsetof(struct cu_api, context_pop) },
	{ "cuMemHostRegister_v2", offsetof(struct cu_api, host_register) },
	{ "cuMemHostUnregister", offsetof(struct cu_api, host_unregister) },
	{ "cuMemHostGetDevicePointer_v2", offsetof(struct cu_api, host_get_device_pointer) },
};

int
cuda_api_load(void)
{
	struct cu_api found;
	void *library, *function;

	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return rte_memalloc_fail(-ENODEV,
					 "cuda: %s: is the driver of NVIDIA's GPUs installed, and "
					 "in the loader's path?",
					 dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		function = dlsym(library, functions[i].name);
		if (function == NULL) {
			dlclose(library);
			return rte_memalloc_fail(-ENODEV,
						 "cuda: " LIBRARY
						 " has no %s: install a driver of CUDA 11 or later",
						 functions[i].name);
		}
		memcpy((char *)&found + functions[i].at, &function, sizeof(function));
	}
	/* It is never closed: CUDA does not bear that. */
	cuda_api = found;
	return 0;
}

int
cuda_fail(int error, cu_result result, const char *what, ...)
{
	const char *name = NULL, *text = NULL;
	char did[256];
	va_list args;

	va_start(args, what);
	vsnprintf(did, sizeof(did), what, args);
	va_end(args);
	/* Of an error that it does not know it says neither. */
	if (cuda_api.get_error_name(result, &name) != CU_SUCCESS || name == NULL)
		name = "an error that CUDA has no name for";
	if (cuda_api.get_error_string(result, &text) != CU_SUCCESS || text == NULL)
		text = "no further word";
	return rte_memalloc_fail(error, "cuda: %s: %s (%d): %s", did, name, result, text);
}

int
cuda_errno(cu_result result)
{
	switch (result) {
	case CU_ERROR_OUT_OF_MEMORY:
		return -ENOMEM;
	case CU_ERROR_NO_DEVICE:
	case CU_ERROR_INVALID_DEVICE:
	case CU_ERROR_DEVICE_UNAVAILABLE:
		return -ENODEV;
	case CU_ERROR_HOST_MEMORY_REGISTERED:
		return -EBUSY;
	case CU_ERROR_NOT_PERMITTED:
		return -EPERM;
	case CU_ERROR_NOT_SUPPORTED:
		return -ENOTSUP;
	default:
		return -EIO;
	}
}
