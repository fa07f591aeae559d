/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the pin driver "cuda" over a stand-in for CUDA's library: every call, every failure.
 * Must not: believe what the driver says of itself where the stand-in knows.
 * Called by: meson test, with the path of the driver's shared object.
 */

#include <errno.h>
#include <glob.h>
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
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_mempin.h>

#include "standin_priv.h"

#define PAGE	  ((size_t)4096)
#define NB_PAGES  ((size_t)16)
#define PORTABLE  RTE_MEMPIN_F_PORTABLE
#define MAPPED	  RTE_MEMPIN_F_MAPPED
#define READ_ONLY RTE_MEMPIN_F_READ_ONLY

#define ENTER  "cuCtxPushCurrent_v2 "
#define LEAVE  " cuCtxPopCurrent_v2"
#define RETAIN "cuDevicePrimaryCtxRetain "

static const char *plugin;
static const struct rte_mempin_driver *cuda;
static char *mem;

static void
refused(int ret, int expected, const char *word)
{
	if (ret != expected || strstr(rte_memalloc_error(), word) == NULL)
		fail_msg("%d, not %d with \"%s\": %s", ret, expected, word, rte_memalloc_error());
}

static void
called(const char *calls)
{
	assert_string_equal(standin_calls(), calls);
	standin_reset();
}

static void
nothing_is_left(void)
{
	assert_int_equal(standin_nb_registered(), 0);
	assert_int_equal(standin_nb_retained(0), 0);
	assert_int_equal(standin_nb_retained(1), 0);
	assert_int_equal(standin_depth(), 0);
	assert_int_equal(standin_nb_broken(), 0);
}

static struct rte_mempin *
pinned(void *addr, size_t size, unsigned int device, uint32_t flags)
{
	struct rte_mempin *pin = NULL;

	if (rte_mempin_pin(cuda, addr, size, device, flags, &pin) != 0)
		fail_msg("%s", rte_memalloc_error());
	return pin;
}

static int
setup(void **state)
{
	(void)state;
	standin_reset();
	mem = mmap(NULL, NB_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	return mem == MAP_FAILED;
}

static int
teardown(void **state)
{
	(void)state;
	standin_reset();
	assert_int_equal(rte_mempin_release(cuda), 0);
	nothing_is_left();
	return munmap(mem, NB_PAGES * PAGE);
}

/* ---- what is there */

/* The first test: CUDA is up after it. */
static void
loading_it_touches_nothing(void **state)
{
	(void)state;
	refused(rte_mempin_find("cuda", &cuda), -ENOENT, "librte_mempin_cuda.so");
	assert_int_equal(rte_mempin_load(plugin), 0);
	assert_int_equal(rte_mempin_find("cuda", &cuda), 0);
	assert_int_equal(rte_mempin_load(plugin), 0);
	assert_int_equal(rte_mempin_release(cuda), 0);
	assert_string_equal(standin_calls(), "");
	assert_int_equal(rte_mempin_nb_devices(cuda), 2);
	assert_int_equal(rte_mempin_nb_devices(cuda), 2);
	called("cuInit");
}

static void
devices_are_told_of(void **state)
{
	const struct rte_mempin_driver *found = NULL;
	struct rte_mempin_device info = { .node_id = 77 };

	(void)state;
	assert_int_equal(rte_mempin_find(NULL, &found), 0);
	assert_ptr_equal(found, cuda);
	refused(rte_mempin_device(cuda, 2, &info), -ENODEV, "no device 2: there are 2");
	standin_fail("cuDeviceGetName", 1, 700);
	refused(rte_mempin_device(cuda, 1, &info), -EIO, "CUDA_ERROR_ILLEGAL_ADDRESS (700)");
	standin_fail("cuDeviceTotalMem_v2", 1, 12345);
	refused(rte_mempin_device(cuda, 1, &info), -EIO, "no name for (12345)");
	standin_fail("cuDeviceGetCount", 1, 2);
	refused(rte_mempin_nb_devices(cuda), -ENODEV, "CUDA_ERROR_OUT_OF_MEMORY");
	standin_devices(0);
	refused(rte_mempin_nb_devices(cuda), -ENODEV, "no device");
	refused(rte_mempin_find(NULL, &found), -ENODEV, "cuda: it has no device");
	standin_devices(1);
	refused(rte_mempin_device(cuda, 1, &info), -ENODEV, "there is 1");
	assert_int_equal(info.node_id, 77);
	standin_devices(2);
	assert_int_equal(rte_mempin_device(cuda, 1, &info), 0);
	assert_string_equal(info.name, "stand-in 1");
	assert_int_equal(info.size, (uint64_t)8 << 30);
	assert_int_equal(info.flags, PORTABLE | MAPPED | READ_ONLY);
	assert_int_equal(info.node_id, -1);
	standin_attribute(19, 0);
	assert_int_equal(rte_mempin_device(cuda, 1, &info), 0);
	assert_int_equal(info.flags, PORTABLE | READ_ONLY);
	standin_attribute(113, 0);
	assert_int_equal(rte_mempin_device(cuda, 1, &info), 0);
	assert_int_equal(info.flags, PORTABLE);
	standin_attribute(99, 0);
	assert_int_equal(rte_mempin_device(cuda, 1, &info), 0);
	assert_int_equal(info.flags, 0);
	called("");
}

/* Each of the machine's PCI devices as if it were the GPU: the node is the one that sysfs says. */
static void
devices_have_nodes(void **state)
{
	struct rte_mempin_device info;
	char address[32];
	int node_id;
	glob_t list;
	FILE *file;

	(void)state;
	if (glob("/sys/bus/pci/devices/*/numa_node", 0, NULL, &list) != 0) {
		print_message("this machine has no PCI devices\n");
		skip();
	}
	for (size_t i = 0; i < list.gl_pathc; i++) {
		file = fopen(list.gl_pathv[i], "r");
		assert_non_null(file);
		assert_int_equal(fscanf(file, "%d", &node_id), 1);
		fclose(file);
		assert_int_equal(sscanf(list.gl_pathv[i], "/sys/bus/pci/devices/%31[^/]", address),
				 1);
		standin_pci_address(address);
		assert_int_equal(rte_mempin_device(cuda, 0, &info), 0);
		print_message("%s: node %d\n", address, node_id);
		assert_int_equal(info.node_id, node_id);
	}
	globfree(&list);
	standin_pci_address("no address");
	assert_int_equal(rte_mempin_device(cuda, 0, &info), 0);
	assert_int_equal(info.node_id, -1);
}

/* ---- pinning */

static void
calls_come_in_order(void **state)
{
	struct rte_mempin *pin, *other;
	uint64_t at;

	(void)state;
	pin = pinned(mem + 100, PAGE, 0, MAPPED);
	assert_int_equal(standin_depth(), 0);
	assert_int_equal(standin_nb_registered(), 1);
	assert_int_equal(standin_bytes_registered(), 2 * PAGE);
	called(RETAIN ENTER "cuMemHostRegister_v2" LEAVE);
	assert_int_equal(rte_mempin_device_addr(pin, mem + 5000, 0, &at), 0);
	assert_int_equal(at, (uintptr_t)mem + 5000 + STANDIN_OFFSET(0));
	called(ENTER "cuMemHostGetDevicePointer_v2" LEAVE);
	other = pinned(mem + 4 * PAGE, 1, 0, 0);
	called(ENTER "cuMemHostRegister_v2" LEAVE);
	refused(rte_mempin_release(cuda), -EBUSY, "unpin");
	refused(cuda->release(), -EBUSY, "memory is pinned for device 0");
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(rte_mempin_unpin(other), 0);
	called(ENTER "cuMemHostUnregister" LEAVE " " ENTER "cuMemHostUnregister" LEAVE);
	/* Kept for the next one, until it is said. */
	assert_int_equal(standin_nb_retained(0), 1);
	assert_int_equal(rte_mempin_release(cuda), 0);
	called("cuDevicePrimaryCtxRelease_v2");
	assert_int_equal(rte_mempin_release(cuda), 0);
	called("");
	nothing_is_left();
}

static void
flags_are_those_of_cuda(void **state)
{
	/* As CUDA's header has them: portable 1, mapped 2, read-only 8. */
	static const int expected[] = { 0, 1, 2, 3, 8, 9, 10, 11 };
	struct rte_mempin *pin;

	(void)state;
	assert_int_equal(PORTABLE | MAPPED << 3 | READ_ONLY << 6, 0421);
	for (uint32_t flags = 0; flags < 8; flags++) {
		pin = pinned(mem, PAGE, 0, flags);
		assert_int_equal(standin_flags_of(mem), expected[flags]);
		assert_int_equal(rte_mempin_unpin(pin), 0);
		assert_int_equal(standin_flags_of(mem), -1);
	}
}

static void
each_device_has_a_context(void **state)
{
	struct rte_mempin *first, *second, *both;
	uint64_t at;

	(void)state;
	first = pinned(mem, PAGE, 0, MAPPED);
	assert_int_equal(standin_nb_retained(1), 0);
	second = pinned(mem + PAGE, PAGE, 1, MAPPED);
	assert_int_equal(standin_nb_retained(0), 1);
	assert_int_equal(standin_nb_retained(1), 1);
	assert_int_equal(rte_mempin_device_addr(second, mem + PAGE, 1, &at), 0);
	assert_int_equal(at, (uintptr_t)mem + PAGE + STANDIN_OFFSET(1));
	refused(rte_mempin_device_addr(second, mem + PAGE, 0, &at), -EINVAL, "F_PORTABLE");
	assert_int_equal(rte_mempin_unpin(first), 0);
	refused(rte_mempin_release(cuda), -EBUSY, "unpin");
	assert_int_equal(rte_mempin_unpin(second), 0);
	assert_int_equal(rte_mempin_release(cuda), 0);
	nothing_is_left();

	/* Another device's context is taken to ask it, and kept. */
	both = pinned(mem, PAGE, 0, MAPPED | PORTABLE);
	standin_reset();
	assert_int_equal(rte_mempin_device_addr(both, mem + 1, 1, &at), 0);
	assert_int_equal(at, (uintptr_t)mem + 1 + STANDIN_OFFSET(1));
	called(RETAIN ENTER "cuMemHostGetDevicePointer_v2" LEAVE);
	refused(rte_mempin_device_addr(both, mem, 2, &at), -ENODEV, "no device 2");
	/* A failure there takes nothing from the one who has been given an address. */
	standin_fail("cuMemHostRegister_v2", 1, 2);
	refused(rte_mempin_pin(cuda, mem + PAGE, 1, 1, 0, &first), -ENOMEM,
		"cuMemHostRegister of 4096");
	assert_int_equal(standin_nb_retained(1), 1);
	assert_int_equal(rte_mempin_unpin(both), 0);
	assert_int_equal(standin_nb_retained(0), 1);
	assert_int_equal(standin_nb_retained(1), 1);
}

static void
a_thread_keeps_its_context(void **state)
{
	struct standin_context *own, *popped;
	struct rte_mempin *pin;

	(void)state;
	assert_int_equal(cuDevicePrimaryCtxRetain(&own, 1 + STANDIN_FIRST), 0);
	assert_int_equal(cuCtxPushCurrent_v2(own), 0);
	pin = pinned(mem, PAGE, 0, 0);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(standin_depth(), 1);
	assert_int_equal(cuCtxPopCurrent_v2(&popped), 0);
	assert_ptr_equal(popped, own);
	assert_int_equal(rte_mempin_release(cuda), 0);
	/* Another's hold on a context is not ours to release. */
	assert_int_equal(standin_nb_retained(1), 1);
	assert_int_equal(cuDevicePrimaryCtxRelease_v2(1 + STANDIN_FIRST), 0);
}

static void
what_a_device_cannot_do_is_refused(void **state)
{
	struct rte_mempin *pin = NULL;

	(void)state;
	standin_attribute(19, 0);
	refused(rte_mempin_pin(cuda, mem, 1, 0, MAPPED, &pin), -ENOTSUP, "device 0 can do 0x5");
	standin_attribute(113, 0);
	refused(rte_mempin_pin(cuda, mem, 1, 0, READ_ONLY, &pin), -ENOTSUP, "can do 0x1");
	standin_attribute(99, 0);
	refused(rte_mempin_pin(cuda, mem, 1, 0, 0, &pin), -ENOTSUP, "does not pin");
	refused(rte_mempin_pin(cuda, mem, 1, 2, 0, &pin), -ENODEV, "no device 2");
	/* An older driver, which has not heard of it. */
	standin_attribute(99, 1);
	standin_fail("cuDeviceGetAttribute", 3, 1);
	refused(rte_mempin_pin(cuda, mem, 1, 0, READ_ONLY, &pin), -ENOTSUP, "can do 0x1");
	assert_null(pin);
	called("");
}

/* ---- failing */

static void
what_fails_leaves_nothing(void **state)
{
	static const struct {
		const char *call;
		int error, expected;
		const char *word;
	} cases[] = {
		{ "cuDeviceGetCount", 2, -ENODEV, "CUDA_ERROR_OUT_OF_MEMORY (2): out of memory" },
		{ "cuDeviceGet", 101, -ENODEV, "CUDA_ERROR_INVALID_DEVICE" },
		{ "cuDevicePrimaryCtxRetain", 2, -ENOMEM, "retaining the context of device 0" },
		{ "cuDevicePrimaryCtxRetain", 46, -ENODEV, "retaining" },
		{ "cuDevicePrimaryCtxRetain", 304, -EIO, "CUDA_ERROR_OPERATING_SYSTEM" },
		{ "cuCtxPushCurrent_v2", 201, -EIO, "entering the context of device 0" },
		{ "cuMemHostRegister_v2", 1, -EIO, "cuMemHostRegister of 8192 bytes" },
		{ "cuMemHostRegister_v2", 2, -ENOMEM, "CUDA_ERROR_OUT_OF_MEMORY" },
		{ "cuMemHostRegister_v2", 304, -EIO, "OS call failed" },
		{ "cuMemHostRegister_v2", 712, -EBUSY, "ALREADY_REGISTERED" },
		{ "cuMemHostRegister_v2", 800, -EPERM, "CUDA_ERROR_NOT_PERMITTED" },
		{ "cuMemHostRegister_v2", 801, -ENOTSUP, "CUDA_ERROR_NOT_SUPPORTED" },
		{ "cuMemHostRegister_v2", 4711, -EIO, "no name for (4711)" },
	};
	struct rte_mempin *pin = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		standin_fail(cases[i].call, 1, cases[i].error);
		refused(rte_mempin_pin(cuda, mem, 2 * PAGE, 0, 0, &pin), cases[i].expected,
			cases[i].word);
		assert_null(pin);
		nothing_is_left();
		/* The reason is told even if what is undone fails as well. */
		standin_reset();
		standin_fail("cuDevicePrimaryCtxRelease_v2", 1, 700);
		assert_int_equal(rte_mempin_pin(cuda, mem, 2 * PAGE, 0, 0, &pin), 0);
		assert_int_equal(rte_mempin_unpin(pin), 0);
		refused(rte_mempin_release(cuda), -EIO, "releasing the context of device 0");
		assert_int_equal(rte_mempin_release(cuda), 0);
		nothing_is_left();
		pin = NULL;
	}
}

static void
what_cannot_be_left_is_not_pinned(void **state)
{
	struct standin_context *context;
	struct rte_mempin *pin = NULL;

	(void)state;
	standin_fail("cuCtxPopCurrent_v2", 1, 700);
	refused(rte_mempin_pin(cuda, mem, 1, 0, 0, &pin), -EIO, "leaving a device's context");
	assert_null(pin);
	assert_int_equal(standin_nb_registered(), 0);
	assert_int_equal(standin_nb_broken(), 0);
	assert_int_equal(standin_nb_retained(0), 0);
	/* Nobody but the stand-in can help this. */
	assert_int_equal(cuCtxPopCurrent_v2(&context), 0);
}

static void
what_cannot_be_unpinned_stays(void **state)
{
	struct rte_mempin *pin = pinned(mem, PAGE, 0, MAPPED);
	uint64_t at = 77;

	(void)state;
	standin_fail("cuCtxPushCurrent_v2", 1, 2);
	refused(rte_mempin_unpin(pin), -EIO, "entering");
	standin_fail("cuMemHostUnregister", 1, 700);
	refused(rte_mempin_unpin(pin), -EIO, "cuMemHostUnregister of 4096 bytes");
	assert_int_equal(standin_nb_registered(), 1);
	assert_int_equal(standin_depth(), 0);
	refused(rte_mempin_release(cuda), -EBUSY, "unpin");
	standin_fail("cuMemHostGetDevicePointer_v2", 1, 1);
	refused(rte_mempin_device_addr(pin, mem, 0, &at), -EIO, "where device 0 sees");
	standin_fail("cuCtxPushCurrent_v2", 1, 2);
	refused(rte_mempin_device_addr(pin, mem, 0, &at), -EIO, "entering");
	assert_int_equal(at, 77);
	assert_int_equal(standin_nb_retained(0), 1);
	assert_int_equal(rte_mempin_device_addr(pin, mem, 0, &at), 0);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	assert_int_equal(standin_nb_registered(), 0);
	/* What somebody else has undone is undone. */
	pin = pinned(mem, PAGE, 0, 0);
	standin_fail("cuMemHostUnregister", 1, 713);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	standin_reset();
	pin = pinned(mem + PAGE, PAGE, 1, 0);
	assert_int_equal(rte_mempin_unpin(pin), 0);
	/* As the stand-in did not undo it. */
	assert_int_equal(standin_nb_registered(), 1);
	assert_int_equal(rte_mempin_release(cuda), 0);
	assert_int_equal(standin_nb_broken(), 1);
}

static void
contexts_that_cannot_be_released_stay(void **state)
{
	struct rte_mempin *first = pinned(mem, 1, 0, 0), *second = pinned(mem + PAGE, 1, 1, 0);

	(void)state;
	assert_int_equal(rte_mempin_unpin(first), 0);
	assert_int_equal(rte_mempin_unpin(second), 0);
	standin_fail("cuDevicePrimaryCtxRelease_v2", 1, 700);
	refused(rte_mempin_release(cuda), -EIO, "context of device 0");
	assert_int_equal(standin_nb_retained(0), 1);
	assert_int_equal(standin_nb_retained(1), 0);
	assert_int_equal(rte_mempin_release(cuda), 0);
	assert_int_equal(standin_nb_retained(0), 0);
}

static void
memory_that_is_not_there_is_refused(void **state)
{
	struct rte_mempin *pin = NULL;

	(void)state;
	assert_int_equal(munmap(mem + 2 * PAGE, PAGE), 0);
	refused(rte_mempin_pin(cuda, mem, 4 * PAGE, 0, 0, &pin), -ENOMEM, "not all of which");
	nothing_is_left();
	pin = pinned(mem, 2 * PAGE, 0, 0);
	assert_int_equal(rte_mempin_unpin(pin), 0);
}

static void
nothing_is_pinned_twice(void **state)
{
	struct rte_mempin *pin = pinned(mem, 2 * PAGE, 0, 0), *other = NULL;
	struct standin_context *own, *popped;

	(void)state;
	standin_reset();
	refused(rte_mempin_pin(cuda, mem + PAGE, 2 * PAGE, 1, 0, &other), -EBUSY, "already by");
	called("");
	assert_int_equal(rte_mempin_unpin(pin), 0);
	/* The program did it itself. */
	assert_int_equal(cuDevicePrimaryCtxRetain(&own, STANDIN_FIRST), 0);
	assert_int_equal(cuCtxPushCurrent_v2(own), 0);
	assert_int_equal(cuMemHostRegister_v2(mem, PAGE, 0), 0);
	refused(rte_mempin_pin(cuda, mem, 2 * PAGE, 0, 0, &other), -EBUSY, "ALREADY_REGISTERED");
	assert_null(other);
	assert_int_equal(standin_bytes_registered(), PAGE);
	assert_int_equal(cuMemHostUnregister(mem), 0);
	assert_int_equal(cuCtxPopCurrent_v2(&popped), 0);
	assert_int_equal(cuDevicePrimaryCtxRelease_v2(STANDIN_FIRST), 0);
}

/* ---- fork, threads */

static int
as_a_child(struct rte_mempin *parents)
{
	const struct rte_mempin_driver *found;
	struct rte_mempin_device info;
	struct rte_mempin *pin;
	uint64_t at;

	if (rte_mempin_nb_devices(cuda) != -EPERM ||
	    strstr(rte_memalloc_error(), "fork(2)") == NULL)
		return 1;
	if (rte_mempin_device(cuda, 0, &info) != -EPERM)
		return 2;
	if (rte_mempin_pin(cuda, mem + PAGE, 1, 0, 0, &pin) != -EPERM)
		return 3;
	if (rte_mempin_device_addr(parents, mem, 0, &at) != -EPERM ||
	    rte_mempin_unpin(parents) != -EPERM)
		return 4;
	if (rte_mempin_release(cuda) != -EPERM)
		return 5;
	if (rte_mempin_find(NULL, &found) != -ENODEV ||
	    strstr(rte_memalloc_error(), "fork(2)") == NULL)
		return 6;
	/* CUDA was not so much as asked. */
	return standin_calls()[0] != '\0' ? 7 : 0;
}

static void
a_child_is_refused(void **state)
{
	struct rte_mempin *pin = pinned(mem, PAGE, 0, MAPPED);
	int status;
	pid_t pid;

	(void)state;
	standin_reset();
	pid = fork();
	if (pid == 0)
		_exit(as_a_child(pin));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* And a grandchild. */
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			_exit(as_a_child(pin));
		_exit(waitpid(pid, &status, 0) != pid || status != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rte_mempin_unpin(pin), 0);
}

#define NB_THREADS 8

static atomic_int nb_failed;

static void *
pin_much(void *arg)
{
	size_t i = (size_t)(uintptr_t)arg;
	struct rte_mempin *pin;
	uint64_t at;

	for (unsigned int n = 0; n < 200; n++) {
		if (rte_mempin_pin(cuda, mem + i * 2 * PAGE, 2 * PAGE, (i + n) % 2,
				   MAPPED | PORTABLE, &pin) != 0 ||
		    rte_mempin_device_addr(pin, mem + i * 2 * PAGE, i % 2, &at) != 0 ||
		    at != (uintptr_t)mem + i * 2 * PAGE + STANDIN_OFFSET(i % 2) ||
		    rte_mempin_unpin(pin) != 0 || standin_depth() != 0)
			atomic_fetch_add_explicit(&nb_failed, 1, memory_order_relaxed);
	}
	return NULL;
}

static void *
release_much(void *arg)
{
	int ret;

	(void)arg;
	for (unsigned int n = 0; n < 400; n++) {
		/* Also without the check that nothing is pinned. */
		ret = n % 2 ? rte_mempin_release(cuda) : cuda->release();
		if (ret != 0 && ret != -EBUSY)
			atomic_fetch_add_explicit(&nb_failed, 1, memory_order_relaxed);
	}
	return NULL;
}

static void
threads_pin_at_once(void **state)
{
	pthread_t threads[NB_THREADS + 1];

	(void)state;
	atomic_store_explicit(&nb_failed, 0, memory_order_relaxed);
	for (size_t i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pin_much, (void *)(uintptr_t)i),
				 0);
	assert_int_equal(pthread_create(&threads[NB_THREADS], NULL, release_much, NULL), 0);
	for (size_t i = 0; i <= NB_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load_explicit(&nb_failed, memory_order_relaxed), 0);
	assert_int_equal(standin_nb_registered(), 0);
	assert_int_equal(standin_nb_broken(), 0);
}

/* Whatever the other threads are doing: a child has an answer, and does not wait for them. */
static void
children_of_busy_threads_are_refused(void **state)
{
	pthread_t threads[NB_THREADS];
	struct rte_mempin *pin;
	int status;
	pid_t pid;

	(void)state;
	atomic_store_explicit(&nb_failed, 0, memory_order_relaxed);
	for (size_t i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pin_much, (void *)(uintptr_t)i),
				 0);
	for (unsigned int n = 0; n < 50; n++) {
		pid = fork();
		if (pid == 0) {
			alarm(20);
			_exit(rte_mempin_nb_devices(cuda) != -EPERM ||
			      rte_mempin_pin(cuda, mem, 1, 0, 0, &pin) != -EPERM ||
			      rte_mempin_release(cuda) != -EPERM);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	for (size_t i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load_explicit(&nb_failed, memory_order_relaxed), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(loading_it_touches_nothing),
		TEST(devices_are_told_of),
		TEST(devices_have_nodes),
		TEST(calls_come_in_order),
		TEST(flags_are_those_of_cuda),
		TEST(each_device_has_a_context),
		TEST(a_thread_keeps_its_context),
		TEST(what_a_device_cannot_do_is_refused),
		TEST(what_fails_leaves_nothing),
		TEST(what_cannot_be_left_is_not_pinned),
		TEST(what_cannot_be_unpinned_stays),
		TEST(contexts_that_cannot_be_released_stay),
		TEST(memory_that_is_not_there_is_refused),
		TEST(nothing_is_pinned_twice),
		TEST(a_child_is_refused),
		TEST(threads_pin_at_once),
		TEST(children_of_busy_threads_are_refused),
	};

	if (argc != 2)
		return 2;
	plugin = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
