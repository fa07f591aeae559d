/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests that what is chosen to be pinned is pinned: by the kernel's account of the driver
 *   "loopback", and with a driver of their own that has a node, or fails.
 * Must not: need a GPU.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_auto.h>
#include <rte_memalloc_pinned.h>
#include <rte_memalloc_wrap.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static const struct rte_memalloc_facts poor = { .nb_nodes = 1 };
static const struct rte_memalloc_hints gpu = { .flags = RTE_MEMALLOC_HINT_F_GPU };

/* ---- a driver that has a device on some node, and fails when told to */

static struct {
	int devices, node_id, pin_ret;
	unsigned int nb_pinned;
} fake;

static int
fake_nb_devices(void)
{
	return fake.devices > 0 ? fake.devices : rte_memalloc_fail(fake.devices, "nothing to see");
}

static int
fake_device(unsigned int device, struct rte_mempin_device *info)
{
	if ((int)device >= fake.devices)
		return rte_memalloc_fail(-ENODEV, "the fake has no device %u", device);
	*info = (struct rte_mempin_device){ .name = "fake", .node_id = fake.node_id };
	return 0;
}

static int
fake_pin(void *addr, size_t size, unsigned int device, uint32_t flags, void **cookie)
{
	(void)device;
	(void)flags;
	(void)cookie;
	if (fake.pin_ret != 0)
		return rte_memalloc_fail(fake.pin_ret, "the fake does not pin");
	/* As a real one does it: now the pages are there. */
	memset(addr, 0, size);
	fake.nb_pinned++;
	return 0;
}

static int
fake_unpin(void *addr, size_t size, unsigned int device, void *cookie)
{
	(void)addr;
	(void)size;
	(void)device;
	(void)cookie;
	fake.nb_pinned--;
	return 0;
}

static int
fake_device_addr(void *addr, unsigned int device, void *cookie, uint64_t *at)
{
	(void)device;
	(void)cookie;
	*at = (uintptr_t)addr;
	return 0;
}

static int
fake_release(void)
{
	return 0;
}

static const struct rte_mempin_driver fake_driver = {
	.name = "fake",
	.nb_devices = fake_nb_devices,
	.device = fake_device,
	.pin = fake_pin,
	.unpin = fake_unpin,
	.device_addr = fake_device_addr,
	.release = fake_release,
};

/* ---- helpers */

static void
skip_without_locks(void)
{
	struct rlimit limit;

#ifdef __SANITIZE_ADDRESS__
	print_message("AddressSanitizer's mlock(2) does nothing\n");
	skip();
#endif
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	if (geteuid() != 0 && limit.rlim_cur < 4 * MIB) {
		print_message("less than 4 MiB may be locked (ulimit -l)\n");
		skip();
	}
}

static struct rte_memalloc *
create(struct rte_memalloc *pinned)
{
	struct rte_memalloc_auto_opts opts = { .facts = &poor, .pinned = pinned };
	struct rte_memalloc *alloc;

	assert_int_equal(rte_memalloc_auto_create(&opts, &alloc), 0);
	return alloc;
}

/* Allocate, write it all, and see that the choice is told so. */
static void *
get(struct rte_memalloc *alloc, size_t size, const struct rte_memalloc_hints *hints,
    const char *expected)
{
	struct rte_memalloc_choice choice;
	char words[512];
	void *mem;

	if (rte_memalloc_auto_alloc(alloc, size, 0, hints, &choice, &mem) != 0)
		fail_msg("%s", rte_memalloc_error());
	memset(mem, 0x5c, size);
	rte_memalloc_choice_text(&choice, words, sizeof(words));
	assert_string_equal(words, expected);
	return mem;
}

static struct rte_memalloc *
opened(const char *name)
{
	struct rte_memalloc *alloc;

	if (rte_memalloc_pinned_open(name, 0, 0, &alloc) != 0)
		fail_msg("%s", rte_memalloc_error());
	return alloc;
}

static int
with_fake(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.devices = 1;
	fake.node_id = -1;
	return rte_mempin_register(&fake_driver);
}

static int
without_fake(void **state)
{
	(void)state;
	assert_int_equal(fake.nb_pinned, 0);
	return rte_mempin_unregister(&fake_driver);
}

/* ---- tests */

static void
the_kernel_says_that_it_is_pinned(void **state)
{
	unsigned long before = witness_locked_kb();
	struct rte_memalloc *pinned, *alloc;
	void *first, *second, *other;

	(void)state;
	skip_without_locks();
	pinned = opened("loopback");
	alloc = create(pinned);
	first = get(alloc, 100 * KIB, &gpu, "pinned, as a GPU accesses it");
	assert_int_equal(witness_locked_kb(), before + 100);
	assert_true(witness_flag(first, "lo"));
	other = get(alloc, 100 * KIB, NULL, "standard, as nothing asks for another kind");
	assert_int_equal(witness_locked_kb(), before + 100);
	second = get(alloc, 1, &gpu, "pinned, as a GPU accesses it");
	assert_int_equal(witness_locked_kb(), before + 104);
	/* Changing its size keeps it what it is. */
	assert_int_equal(rte_memalloc_realloc(alloc, first, MIB, 0, &first), 0);
	assert_int_equal(witness_locked_kb(), before + 1028);
	assert_true(witness_flag(first, "lo"));
	assert_int_equal(((char *)first)[100 * KIB - 1], 0x5c);
	assert_int_equal(rte_memalloc_free(alloc, first), 0);
	assert_int_equal(rte_memalloc_free(alloc, other), 0);
	assert_int_equal(rte_memalloc_free(alloc, second), 0);
	assert_int_equal(witness_locked_kb(), before);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_destroy(pinned), 0);
}

static void
the_next_best_serves_where_pinning_fails(void **state)
{
	struct rte_memalloc *pinned = opened("fake"), *alloc = create(pinned);
	struct rte_memalloc_auto_stats stats;
	void *mem;

	(void)state;
	mem = get(alloc, 8 * KIB, &gpu, "pinned, as a GPU accesses it");
	assert_int_equal(fake.nb_pinned, 1);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(fake.nb_pinned, 0);
	fake.pin_ret = -ENOMEM;
	mem = get(alloc, 8 * KIB, &gpu,
		  "standard, as nothing asks for another kind; not pinned (a GPU accesses it): "
		  "nothing is left of it");
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	fake.pin_ret = -EPERM;
	mem = get(alloc, 1000, &gpu,
		  "pool, as it is below the pool's threshold; not pinned (a GPU accesses it): it "
		  "cannot be had here");
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_auto_kinds(alloc, &stats), 0);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_PINNED].nb_allocs, 1);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_PINNED].nb_passed, 2);
	/* And again, once it can be had. */
	fake.pin_ret = 0;
	mem = get(alloc, 1000, &gpu, "pinned, as a GPU accesses it");
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_destroy(pinned), 0);
}

static void
wrappers_nest_over_it(void **state)
{
	struct rte_memalloc *pinned = opened("fake"), *alloc;
	struct rte_memalloc_stats stats;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_limit_create(pinned, 64 * KIB, &pinned), 0);
	assert_int_equal(rte_memalloc_tracking_create(pinned, &pinned), 0);
	assert_int_equal(rte_memalloc_locked_create(pinned, &pinned), 0);
	alloc = create(pinned);
	mem = get(alloc, 60 * KIB, &gpu, "pinned, as a GPU accesses it");
	assert_int_equal(rte_memalloc_stats(pinned, &stats), 0);
	assert_int_equal(stats.allocated, 60 * KIB);
	assert_int_equal(
		rte_memalloc_free(alloc, get(alloc, 8 * KIB, &gpu,
					     "standard, as nothing asks for another kind; not "
					     "pinned (a GPU accesses it): nothing is left of it")),
		0);
	assert_int_equal(fake.nb_pinned, 1);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_destroy(pinned), 0);
}

static void
facts_know_of_devices(void **state)
{
	struct rte_memalloc_facts facts;

	(void)state;
	assert_int_equal(rte_memalloc_facts_read(&facts), 0);
	assert_int_equal(facts.can_pin, 1);
	fake.devices = -ENODEV;
	assert_int_equal(rte_memalloc_facts_read(&facts), 0);
	assert_int_equal(facts.can_pin, 0);
	/* The loopback is no device. */
	assert_int_equal(rte_mempin_unregister(&fake_driver), 0);
	assert_int_equal(rte_memalloc_facts_read(&facts), 0);
	assert_int_equal(facts.can_pin, 0);
	assert_int_equal(rte_mempin_register(&fake_driver), 0);
}

static void
it_lies_near_the_device(void **state)
{
	int ids[64], nb_ids = witness_nodes(ids, 64);
	struct witness_pages pages;
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	for (int i = 0; i < nb_ids; i++) {
		fake.node_id = ids[i];
		alloc = opened("fake");
		assert_int_equal(rte_memalloc_alloc(alloc, 3 * MIB, 0, &mem), 0);
		witness_pages(mem, 3 * MIB, &pages);
		assert_int_equal(pages.on_node[ids[i]], 3 * MIB);
		assert_int_equal(rte_memalloc_free(alloc, mem), 0);
		assert_int_equal(rte_memalloc_destroy(alloc), 0);
	}
	/* A node without memory, or none. */
	fake.node_id = 63;
	alloc = opened(NULL);
	assert_int_equal(rte_memalloc_alloc(alloc, 3 * MIB, 0, &mem), 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
what_cannot_be_opened_is_refused(void **state)
{
	struct rte_memalloc *alloc = NULL;

	(void)state;
	assert_int_equal(rte_memalloc_pinned_open("cuda", 0, 0, &alloc), -ENOENT);
	assert_non_null(strstr(rte_memalloc_error(), "librte_mempin_cuda.so"));
	assert_int_equal(rte_memalloc_pinned_open("fake", 1, 0, &alloc), -ENODEV);
	assert_int_equal(rte_memalloc_pinned_open("fake", 0, RTE_MEMPIN_F_MAPPED, &alloc),
			 -ENOTSUP);
	assert_int_equal(rte_memalloc_pinned_open("fake", 0, 0, NULL), -EINVAL);
	fake.devices = -ENODEV;
	assert_int_equal(rte_memalloc_pinned_open(NULL, 0, 0, &alloc), -ENODEV);
	assert_non_null(strstr(rte_memalloc_error(), "nothing to see"));
	assert_null(alloc);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, with_fake, without_fake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_says_that_it_is_pinned),
		TEST(the_next_best_serves_where_pinning_fails),
		TEST(wrappers_nest_over_it),
		TEST(facts_know_of_devices),
		TEST(it_lies_near_the_device),
		TEST(what_cannot_be_opened_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
