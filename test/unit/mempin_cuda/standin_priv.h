/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef STANDIN_PRIV_H
#define STANDIN_PRIV_H

#include <pthread.h>
#include <sys/types.h>

#include "standin.h"

#define STANDIN_MAX_DEVICES   8
#define STANDIN_NB_ATTRIBUTES 150
/* The CUdevice of device 0. */
#define STANDIN_FIRST 7

struct standin_context {
	int device;
	int nb_retained;
};

struct standin_range {
	char *addr; /* NULL: unused */
	size_t size;
	unsigned int flags;
	struct standin_context *context;
};

extern struct standin {
	pthread_mutex_t lock;
	pid_t pid; /* that CUDA is up in; 0: none */
	int nb_devices;
	bool has_value[STANDIN_NB_ATTRIBUTES];
	int value[STANDIN_NB_ATTRIBUTES];
	char pci_address[32];
	struct {
		char call[64];
		unsigned int nth;
		bool is_lasting;
		int error;
	} fail;
	char calls[1 << 16];
	struct standin_context contexts[STANDIN_MAX_DEVICES];
	unsigned int nb_broken;
} standin;

/* Note a call, unless it asks only. An error of CUDA's: it is to fail with that, or 0. */
int
standin_begin(const char *call, bool is_question);

/* The calling thread's context, or NULL. */
struct standin_context *
standin_current(void);

/*
 * standin_memory.c
 */

/* Forget what is registered in a context, with the lock held; how many that were. */
unsigned int
standin_forget(const struct standin_context *context);

/* Where the process has what a device sees of registered memory, if all of it is mapped; or NULL. */
char *
standin_at(uint64_t address, size_t size);

/*
 * The functions of CUDA's that stand in for the real ones.
 */

int
cuInit(unsigned int flags);
int
cuGetErrorName(int error, const char **name);
int
cuGetErrorString(int error, const char **text);
int
cuDeviceGetCount(int *nb);
int
cuDeviceGet(int *device, int i);
int
cuDeviceGetName(char *name, int size, int device);
int
cuDeviceTotalMem_v2(size_t *size, int device);
int
cuDeviceGetAttribute(int *value, int attribute, int device);
int
cuDeviceGetPCIBusId(char *address, int size, int device);
int
cuDevicePrimaryCtxRetain(struct standin_context **context, int device);
int
cuDevicePrimaryCtxRelease_v2(int device);
int
cuCtxPushCurrent_v2(struct standin_context *context);
int
cuCtxPopCurrent_v2(struct standin_context **context);
int
cuMemHostRegister_v2(void *addr, size_t size, unsigned int flags);
int
cuMemHostUnregister(void *addr);
int
cuMemHostGetDevicePointer_v2(unsigned long long *at, void *addr, unsigned int flags);

/*
 * standin_gpu.c
 */

struct standin_module;
struct standin_function;

int
cuMemAlloc_v2(unsigned long long *mem, size_t size);
int
cuMemFree_v2(unsigned long long mem);
int
cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t size, void *stream);
int
cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t size, void *stream);
int
cuStreamCreate(void **stream, unsigned int flags);
int
cuStreamSynchronize(void *stream);
int
cuStreamDestroy_v2(void *stream);
int
cuModuleLoadData(struct standin_module **module, const void *text);
int
cuModuleUnload(struct standin_module *module);
int
cuModuleGetFunction(struct standin_function **function, struct standin_module *module,
		    const char *name);
int
cuLaunchKernel(struct standin_function *function, unsigned int grid_x, unsigned int grid_y,
	       unsigned int grid_z, unsigned int block_x, unsigned int block_y,
	       unsigned int block_z, unsigned int shared, void *stream, void **params,
	       void **extra);

#endif /* STANDIN_PRIV_H */
