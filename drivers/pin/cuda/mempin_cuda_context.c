/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the primary context of each device, how many pinnings hold it, and the lock.
 * Must not: pin; leave a thread with another context than it had.
 * Called by: mempin_cuda.c.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "mempin_cuda_priv.h"

/*
 * I1. context is NULL, or one that was retained once more than it was released.
 * I2. Where context is NULL nb_holders is 0, and is_kept false.
 */
struct held {
	cu_device device;
	cu_context context;
	uint64_t nb_holders;
	bool is_kept; /* though nobody should hold it: something has succeeded in it */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct held *held; /* by the device's number */
static unsigned int nb_held;

void
cuda_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
cuda_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void
cuda_lock_anew(void)
{
	pthread_mutex_init(&lock, NULL);
}

/* Room for a device's context. An errno, its text said, or 0. */
static int
make_room(unsigned int device)
{
	struct held *more;

	if (device < nb_held)
		return 0;
	more = realloc(held, (device + 1) * sizeof(*held));
	if (more == NULL)
		return rte_memalloc_fail(-ENOMEM, "cuda: out of memory");
	for (held = more; nb_held <= device; nb_held++)
		held[nb_held] = (struct held){ .context = NULL };
	return 0;
}

static int
retain(unsigned int device, cu_context *context)
{
	cu_result result;
	cu_device found;
	int ret = cuda_device_find(device, &found);

	if (ret == 0)
		ret = make_room(device);
	if (ret != 0)
		return ret;
	if (held[device].context == NULL) {
		held[device].device = found;
		result = cuda_api.context_retain(&held[device].context, found);
		if (result != CU_SUCCESS) {
			held[device].context = NULL;
			return cuda_fail(cuda_errno(result), result,
					 "retaining the context of device %u", device);
		}
	}
	held[device].nb_holders++;
	*context = held[device].context;
	return 0;
}

/* One that nobody holds. If it cannot be released it stays, to be tried again. */
static cu_result
release(struct held *one)
{
	cu_result result = cuda_api.context_release(one->device);

	if (result == CU_SUCCESS)
		*one = (struct held){ .context = NULL };
	return result;
}

int
cuda_context_enter(unsigned int device)
{
	cu_context context = NULL;
	cu_result result;
	int ret;

	cuda_lock();
	ret = retain(device, &context);
	cuda_unlock();
	if (ret != 0)
		return ret;
	result = cuda_api.context_push(context);
	if (result == CU_SUCCESS)
		return 0;
	cuda_context_drop(device, false);
	return cuda_fail(cuda_errno(result), result, "entering the context of device %u", device);
}

int
cuda_context_leave(void)
{
	cu_context context;
	cu_result result = cuda_api.context_pop(&context);

	return result == CU_SUCCESS ? 0 : cuda_fail(-EIO, result, "leaving a device's context");
}

void
cuda_context_drop(unsigned int device, bool keep)
{
	cuda_lock();
	held[device].is_kept |= keep;
	if (--held[device].nb_holders == 0 && !held[device].is_kept)
		release(&held[device]);
	cuda_unlock();
}

int
cuda_context_release(void)
{
	cu_result result;
	int ret = 0;

	cuda_lock();
	for (unsigned int i = 0; ret == 0 && i < nb_held; i++) {
		if (held[i].nb_holders != 0)
			ret = rte_memalloc_fail(-EBUSY, "cuda: memory is pinned for device %u", i);
	}
	for (unsigned int i = 0; ret != -EBUSY && i < nb_held; i++) {
		result = held[i].context == NULL ? CU_SUCCESS : release(&held[i]);
		if (result != CU_SUCCESS)
			ret = cuda_fail(-EIO, result, "releasing the context of device %u", i);
	}
	cuda_unlock();
	return ret;
}
