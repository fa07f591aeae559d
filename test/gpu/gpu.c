/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the part of CUDA's driver interface that a user of the GPU needs, found when it runs.
 * Must not: pin: that is what is tested.
 * Called by: test_gpu.c.
 */

#include <ctype.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu.h"

static struct {
	int (*init)(unsigned int flags);
	int (*get_error_name)(int error, const char **name);
	int (*device_get)(int *device, int i);
	int (*device_get_pci_bus_id)(char *address, int size, int device);
	int (*context_retain)(void **context, int device);
	int (*context_release)(int device);
	int (*context_push)(void *context);
	int (*context_pop)(void **context);
	int (*mem_alloc)(gpu_address *mem, size_t size);
	int (*mem_free)(gpu_address mem);
	int (*copy_to)(gpu_address to, const void *from, size_t size, void *stream);
	int (*copy_from)(void *to, gpu_address from, size_t size, void *stream);
	int (*stream_create)(void **stream, unsigned int flags);
	int (*stream_wait)(void *stream);
	int (*stream_destroy)(void *stream);
	int (*module_load)(void **module, const void *text);
	int (*module_unload)(void *module);
	int (*module_function)(void **function, void *module, const char *name);
	int (*launch)(void *function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
		      unsigned int block_x, unsigned int block_y, unsigned int block_z,
		      unsigned int shared, void *stream, void **params, void **extra);
} cu;

#define FUNCTION(name, field) \
	{ \
		name, (void **)&cu.field \
	}

static const struct {
	const char *name;
	void **at;
} functions[] = {
	FUNCTION("cuInit", init),
	FUNCTION("cuGetErrorName", get_error_name),
	FUNCTION("cuDeviceGet", device_get),
	FUNCTION("cuDeviceGetPCIBusId", device_get_pci_bus_id),
	FUNCTION("cuDevicePrimaryCtxRetain", context_retain),
	FUNCTION("cuDevicePrimaryCtxRelease_v2", context_release),
	FUNCTION("cuCtxPushCurrent_v2", context_push),
	FUNCTION("cuCtxPopCurrent_v2", context_pop),
	FUNCTION("cuMemAlloc_v2", mem_alloc),
	FUNCTION("cuMemFree_v2", mem_free),
	FUNCTION("cuMemcpyHtoDAsync_v2", copy_to),
	FUNCTION("cuMemcpyDtoHAsync_v2", copy_from),
	FUNCTION("cuStreamCreate", stream_create),
	FUNCTION("cuStreamSynchronize", stream_wait),
	FUNCTION("cuStreamDestroy_v2", stream_destroy),
	FUNCTION("cuModuleLoadData", module_load),
	FUNCTION("cuModuleUnload", module_unload),
	FUNCTION("cuModuleGetFunction", module_function),
	FUNCTION("cuLaunchKernel", launch),
};

static struct {
	int device;
	char pci_address[32];
	void *context, *stream, *module, *sum_words, *sum_packets;
} gpu;

void
give_up(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("failed: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void
check(int result, const char *call)
{
	const char *name = NULL;

	if (result == 0)
		return;
	if (cu.get_error_name(result, &name) != 0 || name == NULL)
		name = "unknown";
	give_up("%s: %s (%d)", call, name, result);
}

#define CHECK(call) check(cu.call, #call)

bool
gpu_open(unsigned int device)
{
	void *library = dlopen("libcuda.so.1", RTLD_NOW);

	if (library == NULL)
		return false;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		*functions[i].at = dlsym(library, functions[i].name);
		if (*functions[i].at == NULL)
			give_up("libcuda.so.1 has no %s", functions[i].name);
	}
	CHECK(init(0));
	CHECK(device_get(&gpu.device, (int)device));
	if (cu.device_get_pci_bus_id(gpu.pci_address, sizeof(gpu.pci_address), gpu.device) != 0)
		strcpy(gpu.pci_address, "an unknown place");
	/* As sysfs writes it. */
	for (char *c = gpu.pci_address; *c != '\0'; c++)
		*c = (char)tolower(*c);
	CHECK(context_retain(&gpu.context, gpu.device));
	/* It stays the thread's: what pins must not mind. */
	CHECK(context_push(gpu.context));
	CHECK(stream_create(&gpu.stream, 0));
	CHECK(module_load(&gpu.module, gpu_kernels));
	CHECK(module_function(&gpu.sum_words, gpu.module, "sum_words"));
	CHECK(module_function(&gpu.sum_packets, gpu.module, "sum_packets"));
	return true;
}

void
gpu_close(void)
{
	void *popped;

	CHECK(module_unload(gpu.module));
	CHECK(stream_destroy(gpu.stream));
	CHECK(context_pop(&popped));
	if (popped != gpu.context)
		give_up("the thread had another context than at first");
	CHECK(context_release(gpu.device));
}

const char *
gpu_pci_address(void)
{
	return gpu.pci_address;
}

gpu_address
gpu_alloc(size_t size)
{
	gpu_address mem;

	CHECK(mem_alloc(&mem, size));
	return mem;
}

void
gpu_free(gpu_address mem)
{
	CHECK(mem_free(mem));
}

void
gpu_put(gpu_address to, const void *from, size_t size)
{
	CHECK(copy_to(to, from, size, gpu.stream));
}

void
gpu_get(void *to, gpu_address from, size_t size)
{
	CHECK(copy_from(to, from, size, gpu.stream));
}

void
gpu_sum_words(gpu_address words, uint64_t nb, gpu_address sum)
{
	void *params[] = { &words, &nb, &sum };

	/* Threads that keep the bus busy on any GPU, and have some words each. */
	unsigned int blocks = (unsigned int)(nb / (256 * 16)) + 1;

	blocks = blocks < 512 ? blocks : 512;
	CHECK(launch(gpu.sum_words, blocks, 1, 1, 256, 1, 1, 0, gpu.stream, params, NULL));
}

void
gpu_sum_packets(gpu_address packets, uint32_t nb, uint32_t words, gpu_address sums)
{
	void *params[] = { &packets, &words, &sums };

	/* Threads that go together for each, so that they read what lies side by side at once. */
	CHECK(launch(gpu.sum_packets, nb, 1, 1, 32, 1, 1, 0, gpu.stream, params, NULL));
}

void
gpu_wait(void)
{
	CHECK(stream_wait(gpu.stream));
}
