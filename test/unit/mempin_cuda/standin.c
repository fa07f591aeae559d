/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the stand-in for libcuda.so.1: devices, contexts, registered memory; its record, and failures.
 * Must not: be installed; share anything with the driver that is tested, constants neither.
 * Called by: drivers/pin/cuda, through dlopen(3), and the tests of it.
 */

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "standin_priv.h"

struct standin standin = { .lock = PTHREAD_MUTEX_INITIALIZER, .nb_devices = 2 };

static _Thread_local struct standin_context *stack[16];
static _Thread_local unsigned int depth;

static const struct {
	int error;
	const char *name, *text;
} errors[] = {
	{ 0, "CUDA_SUCCESS", "no error" },
	{ 1, "CUDA_ERROR_INVALID_VALUE", "invalid argument" },
	{ 2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory" },
	{ 3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error" },
	{ 100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected" },
	{ 101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal" },
	{ 201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context" },
	{ 304, "CUDA_ERROR_OPERATING_SYSTEM", "OS call failed or not supported on this OS" },
	{ 700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered" },
	{ 712, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "part or all is already mapped" },
	{ 713, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "pointer is not to registered memory" },
	{ 800, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted" },
	{ 801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported" },
	{ 803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver" },
};

/* ---- recording and failing */

static void
note(const char *call)
{
	size_t len = strlen(standin.calls);

	snprintf(standin.calls + len, sizeof(standin.calls) - len, "%s%s", len == 0 ? "" : " ",
		 call);
}

static int
planned(const char *call)
{
	if (strcmp(standin.fail.call, call) != 0)
		return 0;
	if (standin.fail.nth == 0)
		return standin.fail.error;
	return --standin.fail.nth == 0 ? standin.fail.error : 0;
}

int
standin_begin(const char *call, bool is_question)
{
	int error;

	pthread_mutex_lock(&standin.lock);
	if (!is_question)
		note(call);
	/* The nth one only: a plan that is used up is none. */
	error = planned(call);
	if (error != 0 && standin.fail.nth == 0 && !standin.fail.is_lasting)
		standin.fail.call[0] = '\0';
	if (error == 0 && standin.pid != getpid() && strcmp(call, "cuInit") != 0)
		error = 3;
	pthread_mutex_unlock(&standin.lock);
	/* Calls of the real one take their time, and others go on meanwhile. */
	if (!is_question)
		sched_yield();
	return error;
}

void
standin_fail(const char *call, unsigned int nth, int error)
{
	pthread_mutex_lock(&standin.lock);
	snprintf(standin.fail.call, sizeof(standin.fail.call), "%s", call);
	standin.fail.nth = nth;
	standin.fail.is_lasting = nth == 0;
	standin.fail.error = error;
	pthread_mutex_unlock(&standin.lock);
}

void
standin_reset(void)
{
	pthread_mutex_lock(&standin.lock);
	standin.calls[0] = standin.fail.call[0] = standin.pci_address[0] = '\0';
	memset(standin.has_value, 0, sizeof(standin.has_value));
	standin.nb_devices = 2;
	standin.nb_broken = 0;
	pthread_mutex_unlock(&standin.lock);
}

const char *
standin_calls(void)
{
	return standin.calls;
}

void
standin_devices(int nb)
{
	standin.nb_devices = nb;
}

void
standin_attribute(int attribute, int value)
{
	standin.has_value[attribute] = true;
	standin.value[attribute] = value;
}

void
standin_pci_address(const char *address)
{
	snprintf(standin.pci_address, sizeof(standin.pci_address), "%s", address);
}

int
standin_nb_retained(int device)
{
	return standin.contexts[device].nb_retained;
}

unsigned int
standin_depth(void)
{
	return depth;
}

unsigned int
standin_nb_broken(void)
{
	return standin.nb_broken;
}

/* ---- the library, and devices */

static void
after_fork_in_child(void)
{
	pthread_mutex_init(&standin.lock, NULL);
}

static void __attribute__((constructor)) from_environment(void)
{
	const char *devices = getenv("STANDIN_DEVICES"), *fail = getenv("STANDIN_FAIL");
	char call[sizeof(standin.fail.call)];
	unsigned int nth;
	int error;

	pthread_atfork(NULL, NULL, after_fork_in_child);
	if (devices != NULL)
		standin.nb_devices = atoi(devices);
	if (fail != NULL && sscanf(fail, "%63[^:]:%u:%d", call, &nth, &error) == 3)
		standin_fail(call, nth, error);
}

int
cuInit(unsigned int flags)
{
	int error = standin_begin("cuInit", false);

	if (error != 0 || flags != 0)
		return error != 0 ? error : 1;
	pthread_mutex_lock(&standin.lock);
	if (standin.nb_devices == 0)
		error = 100;
	else if (standin.pid == 0)
		standin.pid = getpid();
	else if (standin.pid != getpid())
		error = 3;
	pthread_mutex_unlock(&standin.lock);
	return error;
}

int
cuGetErrorName(int error, const char **name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].error == error) {
			*name = errors[i].name;
			return 0;
		}
	}
	*name = NULL;
	return 1;
}

int
cuGetErrorString(int error, const char **text)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].error == error) {
			*text = errors[i].text;
			return 0;
		}
	}
	*text = NULL;
	return 1;
}

int
cuDeviceGetCount(int *nb)
{
	int error = standin_begin("cuDeviceGetCount", true);

	if (error == 0)
		*nb = standin.nb_devices;
	return error;
}

/* A CUdevice need not be the device's number. */
int
cuDeviceGet(int *device, int i)
{
	int error = standin_begin("cuDeviceGet", true);

	if (error == 0 && (i < 0 || i >= standin.nb_devices))
		error = 101;
	if (error == 0)
		*device = i + STANDIN_FIRST;
	return error;
}

static int
question(const char *call, int device)
{
	int error = standin_begin(call, true);

	if (error == 0 && (device < STANDIN_FIRST || device >= STANDIN_FIRST + standin.nb_devices))
		error = 101;
	return error;
}

int
cuDeviceGetName(char *name, int size, int device)
{
	int error = question("cuDeviceGetName", device);

	if (error == 0)
		snprintf(name, (size_t)size, "stand-in %d", device - STANDIN_FIRST);
	return error;
}

int
cuDeviceTotalMem_v2(size_t *size, int device)
{
	int error = question("cuDeviceTotalMem_v2", device);

	if (error == 0)
		*size = (size_t)8 << 30;
	return error;
}

int
cuDeviceGetAttribute(int *value, int attribute, int device)
{
	int error = question("cuDeviceGetAttribute", device);

	if (error == 0 && (attribute <= 0 || attribute >= STANDIN_NB_ATTRIBUTES))
		error = 1;
	if (error == 0)
		*value = standin.has_value[attribute] ? standin.value[attribute] : 1;
	return error;
}

int
cuDeviceGetPCIBusId(char *address, int size, int device)
{
	int error = question("cuDeviceGetPCIBusId", device);

	if (error == 0 && standin.pci_address[0] == '\0')
		error = 1;
	if (error == 0)
		snprintf(address, (size_t)size, "%s", standin.pci_address);
	return error;
}

/* ---- contexts */

int
cuDevicePrimaryCtxRetain(struct standin_context **context, int device)
{
	int error = standin_begin("cuDevicePrimaryCtxRetain", false);

	device -= STANDIN_FIRST;
	if (error == 0 && (device < 0 || device >= standin.nb_devices))
		error = 101;
	if (error != 0)
		return error;
	pthread_mutex_lock(&standin.lock);
	standin.contexts[device].device = device;
	standin.contexts[device].nb_retained++;
	*context = &standin.contexts[device];
	pthread_mutex_unlock(&standin.lock);
	return 0;
}

int
cuDevicePrimaryCtxRelease_v2(int device)
{
	int error = standin_begin("cuDevicePrimaryCtxRelease_v2", false);

	device -= STANDIN_FIRST;
	if (error == 0 && (device < 0 || device >= standin.nb_devices))
		error = 101;
	if (error != 0)
		return error;
	pthread_mutex_lock(&standin.lock);
	if (standin.contexts[device].nb_retained == 0)
		error = 201;
	else if (--standin.contexts[device].nb_retained == 0)
		standin.nb_broken += standin_forget(&standin.contexts[device]);
	pthread_mutex_unlock(&standin.lock);
	return error;
}

int
cuCtxPushCurrent_v2(struct standin_context *context)
{
	int error = standin_begin("cuCtxPushCurrent_v2", false);

	if (error == 0 && (context == NULL || context->nb_retained == 0))
		error = 201;
	if (error == 0)
		stack[depth++] = context;
	return error;
}

int
cuCtxPopCurrent_v2(struct standin_context **context)
{
	int error = standin_begin("cuCtxPopCurrent_v2", false);

	if (error == 0 && depth == 0)
		error = 201;
	if (error == 0)
		*context = stack[--depth];
	return error;
}

struct standin_context *
standin_current(void)
{
	return depth == 0 || stack[depth - 1]->nb_retained == 0 ? NULL : stack[depth - 1];
}
