/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what of the process's memory is registered with the stand-in, and where devices see it.
 * Must not: be installed; share anything with the driver that is tested, constants neither.
 * Called by: drivers/pin/cuda, through dlopen(3), and the tests of it.
 */

#include <string.h>
#include <sys/mman.h>

#include "standin_priv.h"

#define PORTABLE  0x1u
#define MAPPED	  0x2u
#define IO_MEMORY 0x4u
#define READ_ONLY 0x8u

static struct standin_range ranges[4096];

#define NB_RANGES (sizeof(ranges) / sizeof(ranges[0]))

/* One that overlaps, or NULL. */
static struct standin_range *
find(const void *addr, size_t size)
{
	for (size_t i = 0; i < NB_RANGES; i++) {
		if (ranges[i].addr != NULL &&
		    (const char *)addr < ranges[i].addr + ranges[i].size &&
		    ranges[i].addr < (const char *)addr + size)
			return &ranges[i];
	}
	return NULL;
}

static int
take(void *addr, size_t size, unsigned int flags)
{
	size_t i = 0;

	if (find(addr, size) != NULL)
		return 712;
	while (i < NB_RANGES && ranges[i].addr != NULL)
		i++;
	if (i == NB_RANGES)
		return 2;
	ranges[i] = (struct standin_range){ addr, size, flags, standin_current() };
	return 0;
}

int
cuMemHostRegister_v2(void *addr, size_t size, unsigned int flags)
{
	int error = standin_begin("cuMemHostRegister_v2", false);

	if (error != 0)
		return error;
	if (standin_current() == NULL)
		return 201;
	if (addr == NULL || size == 0 ||
	    (flags & ~(PORTABLE | MAPPED | IO_MEMORY | READ_ONLY)) != 0)
		return 1;
	/* It finds holes, and writes nothing. */
	if (msync(addr, size, MS_ASYNC) != 0)
		return 1;
	if ((flags & READ_ONLY) != 0 && standin.has_value[113] && standin.value[113] == 0)
		return 801;
	pthread_mutex_lock(&standin.lock);
	error = take(addr, size, flags);
	pthread_mutex_unlock(&standin.lock);
	return error;
}

int
cuMemHostUnregister(void *addr)
{
	int error = standin_begin("cuMemHostUnregister", false);
	struct standin_range *range;

	if (error != 0)
		return error;
	if (standin_current() == NULL)
		return 201;
	pthread_mutex_lock(&standin.lock);
	range = find(addr, 1);
	if (range == NULL || range->addr != addr)
		error = 713;
	else
		range->addr = NULL;
	pthread_mutex_unlock(&standin.lock);
	return error;
}

int
cuMemHostGetDevicePointer_v2(unsigned long long *at, void *addr, unsigned int flags)
{
	int error = standin_begin("cuMemHostGetDevicePointer_v2", false);
	struct standin_context *context = standin_current();
	struct standin_range *range;

	if (error != 0)
		return error;
	if (context == NULL)
		return 201;
	pthread_mutex_lock(&standin.lock);
	range = find(addr, 1);
	if (flags != 0 || range == NULL || (range->flags & MAPPED) == 0 ||
	    (range->context != context && (range->flags & PORTABLE) == 0))
		error = 1;
	else
		*at = (uintptr_t)addr + STANDIN_OFFSET(context->device);
	pthread_mutex_unlock(&standin.lock);
	return error;
}

char *
standin_at(uint64_t address, size_t size)
{
	struct standin_context *context = standin_current();
	struct standin_range *range;
	char *addr = NULL;

	if (context == NULL || address < STANDIN_OFFSET(context->device))
		return NULL;
	addr = (char *)(uintptr_t)(address - STANDIN_OFFSET(context->device));
	pthread_mutex_lock(&standin.lock);
	range = find(addr, 1);
	if (range == NULL || (range->flags & MAPPED) == 0 || size > range->size ||
	    addr + size > range->addr + range->size)
		addr = NULL;
	pthread_mutex_unlock(&standin.lock);
	return addr;
}

unsigned int
standin_forget(const struct standin_context *context)
{
	unsigned int nb = 0;

	for (size_t i = 0; i < NB_RANGES; i++) {
		if (ranges[i].addr != NULL && ranges[i].context == context) {
			ranges[i].addr = NULL;
			nb++;
		}
	}
	return nb;
}

unsigned int
standin_nb_registered(void)
{
	unsigned int nb = 0;

	pthread_mutex_lock(&standin.lock);
	for (size_t i = 0; i < NB_RANGES; i++)
		nb += ranges[i].addr != NULL;
	pthread_mutex_unlock(&standin.lock);
	return nb;
}

size_t
standin_bytes_registered(void)
{
	size_t size = 0;

	pthread_mutex_lock(&standin.lock);
	for (size_t i = 0; i < NB_RANGES; i++)
		size += ranges[i].addr != NULL ? ranges[i].size : 0;
	pthread_mutex_unlock(&standin.lock);
	return size;
}

int
standin_flags_of(const void *addr)
{
	struct standin_range *range;
	int flags;

	pthread_mutex_lock(&standin.lock);
	range = find(addr, 1);
	flags = range == NULL ? -1 : (int)range->flags;
	pthread_mutex_unlock(&standin.lock);
	return flags;
}
