/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of pinning, of the driver "loopback", and of the kind "pinned"; with a driver of
 *   their own that fails when told to.
 * Must not: need a GPU: drivers of their own are tested with those.
 * Called by: meson test.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_arena.h>
#include <rte_memalloc_pinned.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>

#include "witness.h"

#define PAGE ((size_t)4096)
#define ALL  (RTE_MEMPIN_F_PORTABLE | RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_READ_ONLY)

/* ---- a driver that records and fails */

static struct {
	unsigned int nb_pins, nb_unpins, nb_releases;
	void *addr;
	size_t size;
	uint32_t flags, can_do;
	int devices; /* or an errno */
	int pin_ret, unpin_ret;
} fake;

static int
fake_nb_devices(void)
{
	return fake.devices < 0 ? rte_memalloc_fail(fake.devices, "the fake has nothing") :
				  fake.devices;
}

static int
fake_device(unsigned int device, struct rte_mempin_device *info)
{
	if ((int)device >= fake.devices)
		return rte_memalloc_fail(-ENODEV, "the fake has no device %u", device);
	*info = (struct rte_mempin_device){ .name = "fake", .node_id = 0, .flags = fake.can_do };
	return 0;
}

static int
fake_pin(void *addr, size_t size, unsigned int device, uint32_t flags, void **cookie)
{
	if ((int)device >= fake.devices)
		return rte_memalloc_fail(-ENODEV, "the fake has no device %u", device);
	if (fake.pin_ret != 0)
		return rte_memalloc_fail(fake.pin_ret, "the fake does not pin");
	fake.nb_pins++;
	fake.addr = addr;
	fake.size = size;
	fake.flags = flags;
	*cookie = &fake;
	return 0;
}

static int
fake_unpin(void *addr, size_t size, unsigned int device, void *cookie)
{
	(void)device;
	assert_ptr_equal(cookie, &fake);
	if (fake.unpin_ret != 0)
		return rte_memalloc_fail(fake.unpin_ret, "the fake does not unpin");
	fake.nb_unpins++;
	fake.addr = addr;
	fake.size = size;
	return 0;
}

static int
fake_device_addr(void *addr, unsigned int device, void *cookie, uint64_t *at)
{
	assert_ptr_equal(cookie, &fake);
	if ((int)device >= fake.devices)
		return rte_memalloc_fail(-ENODEV, "the fake has no device %u", device);
	*at = (uint64_t)(uintptr_t)addr + 0x1000000 * (device + 1);
	return 0;
}

static int
fake_release(void)
{
	fake.nb_releases++;
	return 0;
}

static struct rte_mempin_driver fake_driver = {
	.name = "fake",
	.nb_devices = fake_nb_devices,
	.device = fake_device,
	.pin = fake_pin,
	.unpin = fake_unpin,
	.device_addr = fake_device_addr,
	.release = fake_release,
};

static int
setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.devices = 2;
	fake.can_do = ALL;
	return rte_mempin_register(&fake_driver);
}

static int
teardown(void **state)
{
	(void)state;
	return rte_mempin_unregister(&fake_driver);
}

/* ---- helpers */

static void
refused(int ret, int expected, const char *word)
{
	if (ret != expected || strstr(rte_memalloc_error(), word) == NULL)
		fail_msg("%d, not %d with \"%s\": %s", ret, expected, word, rte_memalloc_error());
}

static char *
some_pages(size_t n)
{
	char *mem =
		mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	return mem;
}

/* AddressSanitizer's mlock(2) does nothing. */
static void
skip_without_locks(void)
{
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
}

static const struct rte_mempin_driver *
loopback(void)
{
	const struct rte_mempin_driver *driver;

	assert_int_equal(rte_mempin_find("loopback", &driver), 0);
	return driver;
}

static int
in_child(int (*run)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- drivers */

static void
drivers_are_found(void **state)
{
	const struct rte_mempin_driver *driver = NULL;
	struct rte_mempin_driver incomplete = fake_driver;

	(void)state;
	refused(rte_mempin_find("cuda", &driver), -ENOENT, "librte_mempin_cuda.so");
	refused(rte_mempin_find("fake", NULL), -EINVAL, "nowhere");
	assert_int_equal(rte_mempin_find("fake", &driver), 0);
	assert_ptr_equal(driver, &fake_driver);
	driver = NULL;
	assert_int_equal(rte_mempin_find(NULL, &driver), 0);
	assert_ptr_equal(driver, &fake_driver);
	/* The loopback is nobody's choice but the caller's. */
	fake.devices = -ENODEV;
	refused(rte_mempin_find(NULL, &driver), -ENODEV, "the fake has nothing");
	refused(rte_mempin_register(&fake_driver), -EEXIST, "fake");
	refused(rte_mempin_register(NULL), -EINVAL, "missing");
	incomplete.unpin = NULL;
	refused(rte_mempin_register(&incomplete), -EINVAL, "missing");
	refused(rte_mempin_unregister(&incomplete), -ENOENT, "no such");
	refused(rte_mempin_unregister(loopback()), -ENOENT, "no such");
	refused(rte_mempin_load(NULL), -EINVAL, "no path");
	refused(rte_mempin_load("libno-such-driver.so"), -ENOENT, "libno-such-driver.so");
	assert_int_equal(rte_mempin_unregister(&fake_driver), 0);
	refused(rte_mempin_find(NULL, &driver), -ENODEV, "no driver is loaded");
	assert_int_equal(rte_mempin_register(&fake_driver), 0);
}

static void
devices_are_listed(void **state)
{
	struct rte_mempin_device info = { .node_id = 77 };

	(void)state;
	assert_int_equal(rte_mempin_nb_devices(&fake_driver), 2);
	assert_int_equal(rte_mempin_nb_devices(NULL), -EINVAL);
	refused(rte_mempin_device(&fake_driver, 2, &info), -ENODEV, "no device 2");
	assert_int_equal(rte_mempin_device(&fake_driver, 0, NULL), -EINVAL);
	assert_int_equal(info.node_id, 77);
	assert_int_equal(rte_mempin_device(&fake_driver, 1, &info), 0);
	assert_string_equal(info.name, "fake");
	fake.devices = -ENODEV;
	refused(rte_mempin_nb_devices(&fake_driver), -ENODEV, "nothing");
	assert_int_equal(rte_mempin_nb_devices(loopback()), 1);
	assert_int_equal(rte_mempin_device(loopback(), 0, &info), 0);
	assert_int_equal(info.node_id, -1);
	refused(rte_mempin_device(loopback(), 1, &info), -ENODEV, "no device 1");
}

/* ---- pinning */

static void
whole_pages_are_pinned_once(void **state)
{
	char *mem = some_pages(8);
	struct rte_mempin *pin, *other = NULL, *third;

	(void)state;
	assert_int_equal(rte_mempin_pin(&fake_driver, mem + 2 * PAGE + 5, PAGE, 1,
					RTE_MEMPIN_F_PORTABLE, &pin),
			 0);
	assert_ptr_equal(fake.addr, mem + 2 * PAGE);
	assert_int_equal(fake.size, 2 * PAGE);
	assert_int_equal(fake.flags, RTE_MEMPIN_F_PORTABLE);
	refused(rte_mempin_pin(&fake_driver, mem + 3 * PAGE, 1, 0, 0, &other), -EBUSY, "already");
	refused(rte_mempin_pin(&fake_driver, mem, 8 * PAGE, 0, 0, &other), -EBUSY, "already");
	refused(rte_mempin_pin(&fake_driver, mem + 2 * PAGE, 1, 0, 0, &other), -EBUSY, "already");
	assert_null(other);
	/* Right beside it, or by another driver. */
	assert_int_equal(rte_mempin_pin(&fake_driver, mem + 4 * PAGE, 1, 0, 0, &other), 0);
	assert_int_equal(rte_mempin_pin(&fake_driver, mem + 2 * PAGE - 1, 1, 0, 0, &third), 0);
	assert_int_equal(rte_mempin_unpin(third), 0);
	assert_int_equal(rte_mempin_pin(loopback(), mem + 2 * PAGE, 1, 0, 0, &third), 0);
	assert_int_equal(rte_mempin_unpin(third), 0);
	assert_int_equal(rte_mempin_unpin(other), 0);
	refused(rte_mempin_release(&fake_driver), -EBUSY, "unpin");
	refused(rte_mempin_unregister(&fake_driver), -EBUSY, "unpin");
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_ptr_equal(fake.addr, mem + 2 * PAGE);
	assert_int_equal(fake.size, 2 * PAGE);
	/* What was unpinned can be pinned again. */
	assert_int_equal(rte_mempin_pin(&fake_driver, mem, 8 * PAGE, 0, 0, &pin), 0);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(fake.nb_pins, fake.nb_unpins);
	assert_int_equal(rte_mempin_release(&fake_driver), 0);
	assert_int_equal(fake.nb_releases, 1);
	munmap(mem, 8 * PAGE);
}

static void
arguments_are_checked(void **state)
{
	char *mem = some_pages(1);
	struct rte_mempin *pin = NULL;

	(void)state;
	assert_int_equal(rte_mempin_pin(NULL, mem, 1, 0, 0, &pin), -EINVAL);
	assert_int_equal(rte_mempin_pin(&fake_driver, NULL, 1, 0, 0, &pin), -EINVAL);
	assert_int_equal(rte_mempin_pin(&fake_driver, mem, 1, 0, 0, NULL), -EINVAL);
	refused(rte_mempin_pin(&fake_driver, mem, 0, 0, 0, &pin), -EINVAL, "0 bytes");
	refused(rte_mempin_pin(&fake_driver, mem, SIZE_MAX, 0, 0, &pin), -EINVAL, "no such");
	refused(rte_mempin_pin(&fake_driver, mem, SIZE_MAX - (uintptr_t)mem, 0, 0, &pin), -EINVAL,
		"no such");
	refused(rte_mempin_pin(&fake_driver, mem, 1, 0, 8, &pin), -EINVAL, "0x8");
	refused(rte_mempin_pin(&fake_driver, mem, 1, 2, 0, &pin), -ENODEV, "no device 2");
	assert_int_equal(rte_mempin_unpin(NULL), 0);
	assert_int_equal(rte_mempin_release(NULL), -EINVAL);
	assert_null(pin);
	assert_int_equal(fake.nb_pins, 0);
	munmap(mem, PAGE);
}

static void
a_driver_that_fails_changes_nothing(void **state)
{
	char *mem = some_pages(1);
	struct rte_mempin *pin = NULL;

	(void)state;
	fake.pin_ret = -EIO;
	refused(rte_mempin_pin(&fake_driver, mem, 1, 0, 0, &pin), -EIO, "the fake does not pin");
	assert_null(pin);
	fake.pin_ret = 0;
	assert_int_equal(rte_mempin_pin(&fake_driver, mem, 1, 0, 0, &pin), 0);
	fake.unpin_ret = -EIO;
	refused(rte_mempin_unpin(pin), -EIO, "the fake does not unpin");
	refused(rte_mempin_unregister(&fake_driver), -EBUSY, "unpin");
	fake.unpin_ret = 0;
	assert_int_equal(rte_mempin_unpin(pin), 0);
	munmap(mem, PAGE);
}

static void
devices_have_addresses_of_what_is_mapped(void **state)
{
	char *mem = some_pages(4);
	struct rte_mempin *pin;
	uint64_t at = 0, other;

	(void)state;
	assert_int_equal(rte_mempin_pin(&fake_driver, mem + 100, PAGE, 1, 0, &pin), 0);
	refused(rte_mempin_device_addr(pin, mem, 1, &at), -EINVAL, "F_MAPPED");
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(
		rte_mempin_pin(&fake_driver, mem + 100, PAGE, 1, RTE_MEMPIN_F_MAPPED, &pin), 0);
	refused(rte_mempin_device_addr(pin, mem, 0, &at), -EINVAL, "F_PORTABLE");
	refused(rte_mempin_device_addr(pin, mem + 2 * PAGE, 1, &at), -EINVAL, "not in");
	refused(rte_mempin_device_addr(pin, mem - 1, 1, &at), -EINVAL, "not in");
	assert_int_equal(rte_mempin_device_addr(NULL, mem, 1, &at), -EINVAL);
	assert_int_equal(rte_mempin_device_addr(pin, mem, 1, NULL), -EINVAL);
	assert_int_equal(at, 0);
	assert_int_equal(rte_mempin_device_addr(pin, mem, 1, &at), 0);
	assert_int_equal(rte_mempin_device_addr(pin, mem + 5000, 1, &other), 0);
	assert_int_equal(at, (uintptr_t)mem + 0x2000000);
	assert_int_equal(other, at + 5000);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(rte_mempin_pin(&fake_driver, mem, 1, 1,
					RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_PORTABLE, &pin),
			 0);
	assert_int_equal(rte_mempin_device_addr(pin, mem, 0, &at), 0);
	refused(rte_mempin_device_addr(pin, mem, 2, &at), -ENODEV, "no device 2");
	assert_int_equal(rte_mempin_unpin(pin), 0);
	munmap(mem, 4 * PAGE);
}

static void
the_loopback_locks(void **state)
{
	char *mem = some_pages(4);
	unsigned long before = witness_locked_kb();
	struct rte_mempin *pin;
	uint64_t at;

	(void)state;
	skip_without_locks();
	assert_int_equal(rte_mempin_pin(loopback(), mem, 4 * PAGE, 0, ALL, &pin), 0);
	assert_int_equal(witness_locked_kb(), before + 16);
	assert_int_equal(rte_mempin_device_addr(pin, mem + 7, 0, &at), 0);
	assert_int_equal(at, (uintptr_t)mem + 7);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(witness_locked_kb(), before);
	/* A hole: nothing of it stays locked. */
	assert_int_equal(munmap(mem + 2 * PAGE, PAGE), 0);
	refused(rte_mempin_pin(loopback(), mem, 4 * PAGE, 0, 0, &pin), -ENOMEM, "ulimit -l");
	assert_int_equal(witness_locked_kb(), before);
	munmap(mem, 4 * PAGE);
}

static int
lock_too_much(void *arg)
{
	struct rlimit limit = { .rlim_cur = 0, .rlim_max = 0 };
	struct rte_mempin *pin;
	int ret;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 2;
	ret = rte_mempin_pin(loopback(), arg, PAGE, 0, 0, &pin);
	return ret != -EPERM && ret != -ENOMEM;
}

static void
the_loopback_heeds_limits(void **state)
{
	char *mem = some_pages(1);

	(void)state;
	skip_without_locks();
	assert_int_equal(in_child(lock_too_much, mem), 0);
	munmap(mem, PAGE);
}

struct inherited {
	struct rte_mempin *pin;
	struct rte_memalloc *alloc;
	char *mem, *allocated;
};

static int
use_inherited(void *arg)
{
	struct inherited *inherited = arg;
	struct rte_mempin *own;
	uint64_t at;

	if (rte_mempin_unpin(inherited->pin) != -EPERM ||
	    rte_mempin_device_addr(inherited->pin, inherited->mem, 0, &at) != -EPERM)
		return 1;
	if (rte_memalloc_free(inherited->alloc, inherited->allocated) != -EPERM ||
	    rte_memalloc_destroy(inherited->alloc) != -EBUSY)
		return 2;
	if (strstr(rte_memalloc_error(), "in use") == NULL || fake.nb_unpins != 0)
		return 3;
	/* Pinnings of its own it can have. */
	if (rte_mempin_pin(&fake_driver, inherited->mem, PAGE, 0, 0, &own) != 0 ||
	    rte_mempin_unpin(own) != 0)
		return 4;
	return 0;
}

static void
a_child_has_none_of_them(void **state)
{
	struct inherited inherited = { .mem = some_pages(1) };

	(void)state;
	assert_int_equal(rte_mempin_pin(&fake_driver, inherited.mem, PAGE, 0, RTE_MEMPIN_F_MAPPED,
					&inherited.pin),
			 0);
	assert_int_equal(rte_memalloc_system_create(&inherited.alloc), 0);
	assert_int_equal(rte_memalloc_pinned_create(inherited.alloc, &fake_driver, 0, 0,
						    &inherited.alloc),
			 0);
	assert_int_equal(rte_memalloc_alloc(inherited.alloc, 1, 0, (void **)&inherited.allocated),
			 0);
	assert_int_equal(in_child(use_inherited, &inherited), 0);
	assert_int_equal(rte_memalloc_free(inherited.alloc, inherited.allocated), 0);
	assert_int_equal(rte_memalloc_destroy(inherited.alloc), 0);
	assert_int_equal(rte_mempin_unpin(inherited.pin), 0);
	munmap(inherited.mem, PAGE);
}

static atomic_bool is_enough;

static void *
find_much(void *arg)
{
	const struct rte_mempin_driver *driver;

	while (!atomic_load_explicit(&is_enough, memory_order_relaxed))
		rte_mempin_find("fake", &driver);
	return arg;
}

static int
find_once(void *arg)
{
	const struct rte_mempin_driver *driver;

	(void)arg;
	alarm(20);
	return rte_mempin_find("fake", &driver) != 0 || rte_mempin_nb_devices(driver) != 2;
}

static void
a_child_finds_drivers_whatever_threads_do(void **state)
{
	pthread_t thread;

	(void)state;
	atomic_store_explicit(&is_enough, false, memory_order_relaxed);
	assert_int_equal(pthread_create(&thread, NULL, find_much, NULL), 0);
	for (unsigned int n = 0; n < 200; n++)
		assert_int_equal(in_child(find_once, NULL), 0);
	atomic_store_explicit(&is_enough, true, memory_order_relaxed);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- the kind "pinned" */

static void
what_is_allocated_is_pinned(void **state)
{
	unsigned long before = witness_locked_kb();
	struct rte_memalloc *alloc;
	struct rte_mempin *pin;
	void *mem, *other;
	uint64_t at;

	(void)state;
	skip_without_locks();
	assert_int_equal(rte_memalloc_region_create(NULL, &alloc), 0);
	assert_int_equal(
		rte_memalloc_pinned_create(alloc, loopback(), 0, RTE_MEMPIN_F_MAPPED, &alloc), 0);
	assert_string_equal(rte_memalloc_kind(alloc), "pinned");
	assert_int_equal(rte_memalloc_alloc(alloc, 100000, 0, &mem), 0);
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), 25 * PAGE);
	assert_int_equal(witness_locked_kb(), before + 100);
	refused(rte_mempin_pin(loopback(), mem, 1, 0, 0, &pin), -EBUSY, "already");
	assert_int_equal(rte_memalloc_pinned_device_addr(alloc, mem, 0, &at), 0);
	assert_int_equal(at, (uintptr_t)mem);
	refused(rte_memalloc_pinned_device_addr(alloc, (char *)mem + 1, 0, &at), -EINVAL,
		"no allocation");
	refused(rte_memalloc_pinned_device_addr(NULL, mem, 0, &at), -EINVAL, "no allocator");
	assert_int_equal(rte_memalloc_alloc(alloc, 1, 0, &other), 0);
	assert_int_equal(witness_locked_kb(), before + 104);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_free(alloc, other), 0);
	assert_int_equal(witness_locked_kb(), before);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
what_cannot_be_pinned_is_not_allocated(void **state)
{
	struct rte_memalloc_stats stats;
	struct rte_memalloc *inner, *alloc;
	void *mem = NULL;

	(void)state;
	assert_int_equal(rte_memalloc_system_create(&inner), 0);
	assert_int_equal(rte_memalloc_pinned_create(inner, &fake_driver, 1, 0, &alloc), 0);
	fake.pin_ret = -ENOMEM;
	refused(rte_memalloc_alloc(alloc, 100, 0, &mem), -ENOMEM, "the fake does not pin");
	assert_null(mem);
	assert_int_equal(rte_memalloc_stats(inner, &stats), 0);
	assert_int_equal(stats.allocated, 0);
	fake.pin_ret = 0;
	assert_int_equal(rte_memalloc_alloc(alloc, 100, 0, &mem), 0);
	assert_ptr_equal(fake.addr, mem);
	assert_int_equal(fake.size, PAGE);
	/* What cannot be unpinned stays. */
	fake.unpin_ret = -EIO;
	refused(rte_memalloc_free(alloc, mem), -EIO, "the fake does not unpin");
	refused(rte_memalloc_destroy(alloc), -EBUSY, "in use");
	fake.unpin_ret = 0;
	memset(mem, 1, PAGE);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(fake.nb_pins, fake.nb_unpins);
}

static void
what_would_fail_later_is_refused(void **state)
{
	struct rte_memalloc_arena_opts opts = { .size = 1 << 20 };
	struct rte_memalloc *system, *alloc = NULL;
	struct rte_memalloc_arena *arena;

	(void)state;
	assert_int_equal(rte_memalloc_system_create(&system), 0);
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), 0);
	refused(rte_memalloc_pinned_create(rte_memalloc_arena_base(arena), &fake_driver, 0, 0,
					   &alloc),
		-EINVAL, "arena");
	refused(rte_memalloc_pinned_create(system, &fake_driver, 2, 0, &alloc), -ENODEV,
		"no device 2");
	fake.can_do = RTE_MEMPIN_F_PORTABLE;
	refused(rte_memalloc_pinned_create(system, &fake_driver, 0, RTE_MEMPIN_F_READ_ONLY, &alloc),
		-ENOTSUP, "fake");
	assert_int_equal(rte_memalloc_pinned_create(system, NULL, 0, 0, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_pinned_create(NULL, &fake_driver, 0, 0, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_pinned_create(system, &fake_driver, 0, 0, NULL), -EINVAL);
	assert_null(alloc);
	assert_int_equal(rte_memalloc_destroy(rte_memalloc_arena_base(arena)), 0);
	assert_int_equal(rte_memalloc_destroy(system), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(drivers_are_found),
		TEST(devices_are_listed),
		TEST(whole_pages_are_pinned_once),
		TEST(arguments_are_checked),
		TEST(a_driver_that_fails_changes_nothing),
		TEST(devices_have_addresses_of_what_is_mapped),
		TEST(the_loopback_locks),
		TEST(the_loopback_heeds_limits),
		TEST(a_child_has_none_of_them),
		TEST(a_child_finds_drivers_whatever_threads_do),
		TEST(what_is_allocated_is_pinned),
		TEST(what_cannot_be_pinned_is_not_allocated),
		TEST(what_would_fail_later_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
