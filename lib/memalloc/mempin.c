/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which memory is pinned, by page, so that none is pinned twice; checking of arguments.
 * Must not: know how a driver pins, or call one while it holds its lock: fork(2) waits for it.
 * Called by: applications, memalloc_pinned.c, libraries above this one.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

#include "mempin_priv.h"

struct rte_mempin {
	const struct rte_mempin_driver *driver;
	uintptr_t start; /* whole pages */
	uintptr_t end;
	uint32_t flags;
	unsigned int device;
	pid_t owner;
	void *cookie;
};

#define ALL_FLAGS (RTE_MEMPIN_F_PORTABLE | RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_READ_ONLY)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* All pinnings, those that are being made or undone too: a tree of ranges that do not overlap. */
static void *pinnings;

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void
after_fork_in_child(void)
{
	/* They are the parent's. The tree's nodes are lost to the child. */
	pinnings = NULL;
	pthread_mutex_unlock(&lock);
}

static void
set_up(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

static void
take_lock(void)
{
	pthread_once(&once, set_up);
	pthread_mutex_lock(&lock);
}

static void
leave_lock(void)
{
	pthread_mutex_unlock(&lock);
}

/* Overlapping ranges are equal. */
static int
compare(const void *left, const void *right)
{
	const struct rte_mempin *a = left, *b = right;

	if (a->driver != b->driver)
		return (uintptr_t)a->driver < (uintptr_t)b->driver ? -1 : 1;
	if (a->end <= b->start)
		return -1;
	return a->start >= b->end ? 1 : 0;
}

static int
not_ours(const struct rte_mempin *pin)
{
	return rte_memalloc_fail(-EPERM,
				 "this memory was pinned by process %d: a child of it has none of "
				 "its pinnings",
				 (int)pin->owner);
}

/* Put it among the pinnings. 0, or an errno with its text said. */
static int
claim(struct rte_mempin *pin)
{
	struct rte_mempin **there, other;
	int ret = 0;

	take_lock();
	there = tsearch(pin, &pinnings, compare);
	if (there != NULL && *there != pin) {
		other = **there;
		ret = -EBUSY;
	}
	leave_lock();
	if (there == NULL)
		return rte_memalloc_fail(-ENOMEM, "pinning memory: out of memory");
	if (ret != 0)
		return rte_memalloc_fail(ret,
					 "pages of %#" PRIxPTR " to %#" PRIxPTR
					 " are pinned already by %s, those of %#" PRIxPTR
					 " to %#" PRIxPTR ": unpin them first",
					 pin->start, pin->end, pin->driver->name, other.start,
					 other.end);
	return 0;
}

static void
disclaim(struct rte_mempin *pin)
{
	take_lock();
	tdelete(pin, &pinnings, compare);
	leave_lock();
}

bool
mp_is_used(const struct rte_mempin_driver *driver)
{
	/* All there is overlaps with all there could be. */
	struct rte_mempin any = { .driver = driver, .start = 0, .end = UINTPTR_MAX };
	bool is_used;

	take_lock();
	is_used = tfind(&any, &pinnings, compare) != NULL;
	leave_lock();
	return is_used;
}

static int
check(const struct rte_mempin_driver *driver, const void *addr, size_t size, uint32_t flags,
      struct rte_mempin **pin)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end;

	if (driver == NULL || addr == NULL || pin == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "pinning: no driver, no memory, or nowhere to put it");
	if ((flags & ~ALL_FLAGS) != 0)
		return rte_memalloc_fail(-EINVAL, "pinning: unknown flags in %#x", flags);
	if (size == 0 || __builtin_add_overflow((uintptr_t)addr, size, &end) ||
	    end > UINTPTR_MAX - page)
		return rte_memalloc_fail(-EINVAL, "pinning %zu bytes at %p: there are no such",
					 size, addr);
	return 0;
}

int
rte_mempin_pin(const struct rte_mempin_driver *driver, void *addr, size_t size, unsigned int device,
	       uint32_t flags, struct rte_mempin **pin)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct rte_mempin *made;
	int ret;

	ret = check(driver, addr, size, flags, pin);
	if (ret != 0)
		return ret;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return rte_memalloc_fail(-ENOMEM, "pinning memory: out of memory");
	*made = (struct rte_mempin){
		.driver = driver,
		.start = (uintptr_t)addr & ~(page - 1),
		.end = ((uintptr_t)addr + size + page - 1) & ~(page - 1),
		.flags = flags,
		.device = device,
		.owner = getpid(),
	};
	ret = claim(made);
	if (ret == 0) {
		ret = driver->pin((void *)made->start, made->end - made->start, device, flags,
				  &made->cookie);
		if (ret != 0)
			disclaim(made);
	}
	if (ret != 0) {
		free(made);
		return ret;
	}
	*pin = made;
	return 0;
}

int
rte_mempin_unpin(struct rte_mempin *pin)
{
	int ret;

	if (pin == NULL)
		return 0;
	if (pin->owner != getpid())
		return not_ours(pin);
	ret = pin->driver->unpin((void *)pin->start, pin->end - pin->start, pin->device,
				 pin->cookie);
	if (ret != 0)
		return ret;
	disclaim(pin);
	free(pin);
	return 0;
}

int
rte_mempin_device_addr(const struct rte_mempin *pin, const void *addr, unsigned int device,
		       uint64_t *at)
{
	uint64_t first;
	int ret;

	if (pin == NULL || at == NULL)
		return rte_memalloc_fail(
			-EINVAL, "asking for a device's address: nothing pinned, or nowhere "
				 "to put it");
	if (pin->owner != getpid())
		return not_ours(pin);
	if ((uintptr_t)addr < pin->start || (uintptr_t)addr >= pin->end)
		return rte_memalloc_fail(-EINVAL, "%p is not in what is pinned there", addr);
	if ((pin->flags & RTE_MEMPIN_F_MAPPED) == 0)
		return rte_memalloc_fail(-EINVAL,
					 "a device has no address of memory pinned without "
					 "RTE_MEMPIN_F_MAPPED");
	if (device != pin->device && (pin->flags & RTE_MEMPIN_F_PORTABLE) == 0)
		return rte_memalloc_fail(-EINVAL,
					 "pinned for device %u, and not for device %u: pin with "
					 "RTE_MEMPIN_F_PORTABLE",
					 pin->device, device);
	ret = pin->driver->device_addr((void *)pin->start, device, pin->cookie, &first);
	if (ret != 0)
		return ret;
	*at = first + ((uintptr_t)addr - pin->start);
	return 0;
}
