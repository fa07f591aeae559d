/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which pin drivers there are.
 * Must not: pin; call a driver while it holds its lock.
 * Called by: drivers when they are loaded, applications, libraries above this one.
 */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "mempin_priv.h"

#define MAX_DRIVERS 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct rte_mempin_driver *drivers[MAX_DRIVERS] = { &mp_loopback };
static unsigned int nb_drivers = 1;

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
leave_lock(void)
{
	pthread_mutex_unlock(&lock);
}

static void
set_up(void)
{
	pthread_atfork(before_fork, leave_lock, leave_lock);
}

static void
take_lock(void)
{
	pthread_once(&once, set_up);
	pthread_mutex_lock(&lock);
}

/* The one of a name; NULL: there is none. */
static const struct rte_mempin_driver *
find(const char *name)
{
	for (unsigned int i = 0; i < nb_drivers; i++) {
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}

int
rte_mempin_register(const struct rte_mempin_driver *driver)
{
	int ret = 0;

	if (driver == NULL || driver->name == NULL || driver->nb_devices == NULL ||
	    driver->device == NULL || driver->pin == NULL || driver->unpin == NULL ||
	    driver->device_addr == NULL || driver->release == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "registering a pin driver: its name, or a function, is "
					 "missing");
	take_lock();
	if (find(driver->name) != NULL)
		ret = rte_memalloc_fail(-EEXIST, "there is a pin driver \"%s\" already",
					driver->name);
	else if (nb_drivers == MAX_DRIVERS)
		ret = rte_memalloc_fail(-ENOSPC, "there are %d pin drivers already, and no more",
					MAX_DRIVERS);
	else
		drivers[nb_drivers++] = driver;
	leave_lock();
	return ret;
}

int
rte_mempin_unregister(const struct rte_mempin_driver *driver)
{
	unsigned int i;

	if (driver != NULL && mp_is_used(driver))
		return rte_memalloc_fail(-EBUSY,
					 "memory is pinned by the driver \"%s\": unpin it first",
					 driver->name);
	take_lock();
	/* Not the first one, which is built in. */
	for (i = 1; i < nb_drivers && drivers[i] != driver; i++)
		;
	if (i < nb_drivers) {
		nb_drivers--;
		memmove(&drivers[i], &drivers[i + 1], (nb_drivers - i) * sizeof(drivers[0]));
		i = 0;
	}
	leave_lock();
	return i == 0 ? 0 : rte_memalloc_fail(-ENOENT, "no such pin driver is registered");
}

int
rte_mempin_load(const char *path)
{
	if (path == NULL)
		return rte_memalloc_fail(-EINVAL, "loading a pin driver: no path");
	/* It stays: what it has registered must. */
	if (dlopen(path, RTLD_NOW | RTLD_NODELETE) == NULL)
		return rte_memalloc_fail(-ENOENT, "loading a pin driver: %s", dlerror());
	return 0;
}

/* The first one that has a device, but for the built-in one. */
static int
find_any(const struct rte_mempin_driver **driver)
{
	const struct rte_mempin_driver *known[MAX_DRIVERS];
	char why[256] = "no driver is loaded";
	unsigned int nb;

	take_lock();
	nb = nb_drivers;
	memcpy(known, drivers, sizeof(known));
	leave_lock();
	for (unsigned int i = 1; i < nb; i++) {
		if (known[i]->nb_devices() > 0) {
			*driver = known[i];
			return 0;
		}
		snprintf(why, sizeof(why), "%s", rte_memalloc_error());
	}
	return rte_memalloc_fail(-ENODEV, "no pin driver has a device: %s", why);
}

int
rte_mempin_find(const char *name, const struct rte_mempin_driver **driver)
{
	const struct rte_mempin_driver *found;

	if (driver == NULL)
		return rte_memalloc_fail(-EINVAL, "finding a pin driver: nowhere to put it");
	if (name == NULL)
		return find_any(driver);
	take_lock();
	found = find(name);
	leave_lock();
	if (found == NULL)
		return rte_memalloc_fail(-ENOENT,
					 "no pin driver \"%s\": load its plugin, as with "
					 "rte_mempin_load(\"librte_mempin_%s.so\")",
					 name, name);
	*driver = found;
	return 0;
}

static int
no_driver(void)
{
	return rte_memalloc_fail(-EINVAL, "no pin driver, or nowhere to put the answer");
}

int
rte_mempin_nb_devices(const struct rte_mempin_driver *driver)
{
	return driver == NULL ? no_driver() : driver->nb_devices();
}

int
rte_mempin_device(const struct rte_mempin_driver *driver, unsigned int device,
		  struct rte_mempin_device *info)
{
	return driver == NULL || info == NULL ? no_driver() : driver->device(device, info);
}

int
rte_mempin_release(const struct rte_mempin_driver *driver)
{
	if (driver == NULL)
		return no_driver();
	if (mp_is_used(driver))
		return rte_memalloc_fail(-EBUSY,
					 "memory is pinned by the driver \"%s\": unpin it first",
					 driver->name);
	return driver->release();
}
