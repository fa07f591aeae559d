/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Pinning a reservation for a device: all of it, nothing else, once; what is pinned stays, and what
 * is not does not come. A driver of the test's own notes what it is asked for. */

#include <rte_fastmem_pin.h>

#include "test_blocks.h"
#include "test_setup.h"
#include "witness.h"

#define MAX_RANGES 256
#define FAR	   (UINT64_C(1) << 52) /* the device sees memory so much higher */

struct range {
	uintptr_t start;
	uintptr_t end;
};

static struct range ranges[MAX_RANGES];
static unsigned int nb_ranges;
static unsigned int nb_calls;
static unsigned int fail_at; /* the call of pin() that fails; 0: none */

static int
count_devices(void)
{
	return 2;
}

static int
describe(unsigned int device, struct rte_mempin_device *info)
{
	*info = (struct rte_mempin_device){ .node_id = -1 };
	return device < 2 ? 0 : rte_memalloc_fail(-ENODEV, "there are two devices");
}

static int
pin(void *addr, size_t size, unsigned int device, uint32_t flags, void **cookie)
{
	(void)flags;
	if (device >= 2)
		return rte_memalloc_fail(-ENODEV, "there are two devices");
	if (++nb_calls == fail_at || nb_ranges == MAX_RANGES)
		return rte_memalloc_fail(-ENOMEM, "the device's tables are full");
	ranges[nb_ranges++] = (struct range){ (uintptr_t)addr, (uintptr_t)addr + size };
	*cookie = addr;
	return 0;
}

static int
unpin(void *addr, size_t size, unsigned int device, void *cookie)
{
	unsigned int i = 0;

	(void)device;
	while (i < nb_ranges && ranges[i].start != (uintptr_t)addr)
		i++;
	if (i == nb_ranges || ranges[i].end != (uintptr_t)addr + size || cookie != addr)
		return rte_memalloc_fail(-EIO, "no such range is pinned");
	ranges[i] = ranges[--nb_ranges];
	return 0;
}

static int
device_addr(void *addr, unsigned int device, void *cookie, uint64_t *at)
{
	(void)cookie;
	*at = (uintptr_t)addr + FAR * (device + 1);
	return 0;
}

static int
release(void)
{
	return 0;
}

static const struct rte_mempin_driver driver = {
	.name = "noting",
	.nb_devices = count_devices,
	.device = describe,
	.pin = pin,
	.unpin = unpin,
	.device_addr = device_addr,
	.release = release,
};

static bool
is_pinned(const void *ptr, size_t size)
{
	uintptr_t start = (uintptr_t)ptr, end = start + size;
	unsigned int i = 0;

	/* A block may lie across two that are pinned side by side. */
	while (i < nb_ranges && start < end) {
		if (start >= ranges[i].start && start < ranges[i].end) {
			start = ranges[i].end;
			i = 0;
		} else {
			i++;
		}
	}
	return start >= end;
}

static uint64_t
pinned_bytes(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < nb_ranges; i++)
		sum += ranges[i].end - ranges[i].start;
	return sum;
}

static void
assert_ok(int ret)
{
	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memalloc_error());
}

static void
refused(int ret, int expected, const char *word)
{
	assert_int_equal(ret, expected);
	if (strstr(rte_memalloc_error(), word) == NULL)
		fail_msg("no \"%s\" in: %s", word, rte_memalloc_error());
}

static int
setup(void **state)
{
	nb_calls = fail_at = 0;
	return setup_reserved(state);
}

static int
setup_growing(void **state)
{
	nb_calls = fail_at = 0;
	return setup_init(state);
}

/* Deinit leaves nothing pinned, whatever the test did. */
static int
teardown(void **state)
{
	int ret = teardown_deinit(state);

	return ret != 0 || nb_ranges != 0;
}

static void
every_block_of_a_reservation_is_pinned(void **state)
{
	static const size_t sizes[] = { 64, 1500, 4096, 100000, MIB };
	struct test_blocks blocks = { 0 };
	struct test_rand r = test_rand_start(5);

	(void)state;
	assert_ok(rte_fastmem_pin(test_node(), &driver, 0, 0));
	assert_int_equal(pinned_bytes(), node_stats_now().bytes_backing);
	while (test_blocks_alloc(&blocks, sizes[test_rand_below(&r, RTE_DIM(sizes))], 0))
		;
	test_blocks_exhaust(&blocks, 64, 0);
	for (size_t i = 0; i < blocks.n; i++)
		assert_true(is_pinned(blocks.at[i].ptr, rte_fastmem_usable_size(blocks.at[i].ptr)));
	test_blocks_free(&blocks);
	assert_ok(rte_fastmem_unpin(test_node(), &driver));
	assert_int_equal(nb_ranges, 0);
}

static void
pinning_again_pins_what_is_new(void **state)
{
	unsigned int nb;

	(void)state;
	assert_ok(rte_fastmem_pin(test_node(), &driver, 1, RTE_MEMPIN_F_PORTABLE));
	nb = nb_calls;
	assert_ok(rte_fastmem_pin(RTE_NUMA_NODE_ANY, &driver, 1, RTE_MEMPIN_F_PORTABLE));
	assert_int_equal(nb_calls, nb);
	assert_int_equal(rte_fastmem_reserve_more(8 * MIB, test_node()), 0);
	assert_true(pinned_bytes() < node_stats_now().bytes_backing);
	assert_ok(rte_fastmem_pin(test_node(), &driver, 1, RTE_MEMPIN_F_PORTABLE));
	assert_true(nb_calls > nb);
	assert_int_equal(pinned_bytes(), node_stats_now().bytes_backing);
	refused(rte_fastmem_pin(test_node(), &driver, 0, RTE_MEMPIN_F_PORTABLE), -EBUSY,
		"device 1");
	refused(rte_fastmem_pin(test_node(), &driver, 1, 0), -EBUSY, "unpin it first");
	refused(rte_fastmem_pin(test_node(), &driver, 1, 1u << 31), -EINVAL, "flags");
	assert_int_equal(pinned_bytes(), node_stats_now().bytes_backing);
}

static void
one_that_fails_pins_nothing(void **state)
{
	(void)state;
	fail_at = 1;
	refused(rte_fastmem_pin(test_node(), &driver, 0, 0), -ENOMEM, "tables are full");
	assert_int_equal(nb_ranges, 0);
	assert_ok(rte_fastmem_pin(test_node(), &driver, 0, 0));
	assert_int_equal(pinned_bytes(), TEST_RESERVED);
	/* What was pinned before stays. */
	assert_int_equal(rte_fastmem_reserve_more(8 * MIB, test_node()), 0);
	fail_at = nb_calls + 1;
	refused(rte_fastmem_pin(test_node(), &driver, 0, 0), -ENOMEM, "tables are full");
	assert_int_equal(pinned_bytes(), TEST_RESERVED);
	assert_ok(rte_fastmem_pin(test_node(), &driver, 0, 0));
	assert_int_equal(pinned_bytes(), node_stats_now().bytes_backing);
}

static void
a_later_piece_that_fails_takes_the_first_along(void **state)
{
	(void)state;
	/* Reservations apart are pieces apart. */
	assert_int_equal(rte_fastmem_reserve_more(8 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserve_more(8 * MIB, test_node()), 0);
	fail_at = 3;
	refused(rte_fastmem_pin(test_node(), &driver, 0, 0), -ENOMEM, "tables are full");
	assert_int_equal(nb_calls, 3);
	assert_int_equal(nb_ranges, 0);
}

static void
a_later_node_that_fails_takes_the_first_along(void **state)
{
	unsigned int nb;

	(void)state;
	reserve_on_other_node(8 * MIB);
	assert_ok(rte_fastmem_pin(RTE_NUMA_NODE_ANY, &driver, 0, 0));
	nb = nb_calls;
	assert_true(nb >= 2);
	assert_int_equal(pinned_bytes(), stats_now().bytes_backing);
	assert_ok(rte_fastmem_unpin(RTE_NUMA_NODE_ANY, &driver));
	assert_int_equal(nb_ranges, 0);
	fail_at = 2 * nb;
	refused(rte_fastmem_pin(RTE_NUMA_NODE_ANY, &driver, 0, 0), -ENOMEM, "tables are full");
	assert_int_equal(nb_calls, 2 * nb);
	assert_int_equal(nb_ranges, 0);
}

static void
what_is_pinned_neither_grows_nor_goes(void **state)
{
	struct test_blocks blocks = { 0 };
	uint64_t backing;

	(void)state;
	while (blocks.n < 20)
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	backing = node_stats_now().bytes_backing;
	assert_ok(rte_fastmem_pin(test_node(), &driver, 0, 0));
	assert_int_equal(rte_fastmem_trim(test_node()), 0);
	assert_int_equal(node_stats_now().bytes_backing, backing);
	test_blocks_exhaust(&blocks, MIB, 0);
	assert_int_equal(node_stats_now().bytes_backing, backing);
	assert_true(is_pinned(blocks.at[blocks.n - 1].ptr, MIB));
	assert_ok(rte_fastmem_unpin(test_node(), &driver));
	assert_true(test_blocks_alloc(&blocks, MIB, 0));
	assert_true(node_stats_now().bytes_backing > backing);
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	assert_true(rte_fastmem_trim(test_node()) > 0);
}

static void
the_device_sees_blocks_somewhere_else(void **state)
{
	char *block = rte_fastmem_alloc(5000, 0, 0);
	uint64_t at = 1;

	(void)state;
	refused(rte_fastmem_device_addr(block, &driver, 0, &at), -EINVAL, "rte_fastmem_pin()");
	assert_ok(rte_fastmem_pin(test_node(), &driver, 1, RTE_MEMPIN_F_MAPPED));
	assert_ok(rte_fastmem_device_addr(block, &driver, 1, &at));
	assert_int_equal(at, (uintptr_t)block + 2 * FAR);
	assert_ok(rte_fastmem_device_addr(block + 4999, &driver, 1, &at));
	assert_int_equal(at, (uintptr_t)block + 4999 + 2 * FAR);
	at = 1;
	refused(rte_fastmem_device_addr(block, &driver, 0, &at), -EINVAL, "PORTABLE");
	refused(rte_fastmem_device_addr(&at, &driver, 1, &at), -EINVAL, "no memory");
	refused(rte_fastmem_device_addr(NULL, &driver, 1, &at), -EINVAL, "no memory");
	refused(rte_fastmem_device_addr(block, NULL, 1, &at), -EINVAL, "no driver");
	refused(rte_fastmem_device_addr(block, &driver, 1, NULL), -EINVAL, "nowhere");
	assert_int_equal(at, 1);
	rte_fastmem_free(block);
}

static void
nonsense_is_refused(void **state)
{
	(void)state;
	refused(rte_fastmem_pin(RTE_NUMA_MAX_NODES, &driver, 0, 0), -EINVAL, "node");
	refused(rte_fastmem_pin(-2, &driver, 0, 0), -EINVAL, "node");
	refused(rte_fastmem_pin(test_node(), NULL, 0, 0), -EINVAL, "no driver");
	refused(rte_fastmem_pin(test_node(), &driver, 2, 0), -ENODEV, "two devices");
	refused(rte_fastmem_pin(test_node(), &driver, 0, 1u << 31), -EINVAL, "flags");
	refused(rte_fastmem_unpin(RTE_NUMA_MAX_NODES, &driver), -EINVAL, "node");
	refused(rte_fastmem_unpin(test_node(), NULL), -EINVAL, "no driver");
	assert_ok(rte_fastmem_unpin(test_node(), &driver));
	assert_int_equal(nb_ranges, 0);
}

static void
without_memory_there_is_nothing_to_pin(void **state)
{
	(void)state;
	refused(rte_fastmem_pin(test_node(), &driver, 0, 0), -ENOENT, "rte_fastmem_reserve()");
	refused(rte_fastmem_pin(RTE_NUMA_NODE_ANY, &driver, 0, 0), -ENOENT, "reserve");
	rte_fastmem_deinit();
	refused(rte_fastmem_pin(test_node(), &driver, 0, 0), -ENODEV, "rte_fastmem_init()");
	refused(rte_fastmem_unpin(test_node(), &driver), -ENODEV, "rte_fastmem_init()");
}

static void
another_start_finds_nothing_pinned(void **state)
{
	(void)state;
	assert_ok(rte_fastmem_pin(test_node(), &driver, 0, 0));
	rte_fastmem_deinit();
	assert_int_equal(nb_ranges, 0);
	assert_int_equal(rte_fastmem_init(), 0);
	rte_fastmem_free(rte_fastmem_alloc_node(100, 0, 0, test_node()));
	assert_int_equal(rte_fastmem_unpin(test_node(), &driver), 0);
	assert_true(node_stats_now().growths > 0);
}

/* The kernel counts no locked hugepages: they never go anyway. */
static void
loopback_locks_them(void **state)
{
	const struct rte_mempin_driver *loopback;
	unsigned long before = witness_locked_kb();
	int ret;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip_because("AddressSanitizer's mlock(2) does nothing");
#endif
	if (test_eal_huge())
		skip_because("the kernel does not count locked hugepages");
	assert_ok(rte_mempin_find("loopback", &loopback));
	ret = rte_fastmem_pin(test_node(), loopback, 0, 0);
	if (ret == -ENOMEM || ret == -EPERM)
		skip_because("this user may not lock as much");
	assert_ok(ret);
	assert_int_equal((witness_locked_kb() - before) << 10, node_stats_now().bytes_backing);
	/* A second driver does not mind the first, nor does the node forget it. */
	assert_ok(rte_fastmem_pin(test_node(), &driver, 0, 0));
	assert_ok(rte_fastmem_unpin(test_node(), &driver));
	assert_int_equal(rte_fastmem_set_growth(test_node(), true), 0);
	assert_null(rte_fastmem_alloc_node(2 * TEST_RESERVED, 0, 0, test_node()));
	assert_ok(rte_fastmem_unpin(test_node(), loopback));
	assert_int_equal(witness_locked_kb(), before);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define GROWING(test)  cmocka_unit_test_setup_teardown(test, setup_growing, teardown)
	const struct CMUnitTest tests[] = {
		RESERVED(every_block_of_a_reservation_is_pinned),
		RESERVED(pinning_again_pins_what_is_new),
		RESERVED(one_that_fails_pins_nothing),
		RESERVED(a_later_piece_that_fails_takes_the_first_along),
		RESERVED(a_later_node_that_fails_takes_the_first_along),
		GROWING(what_is_pinned_neither_grows_nor_goes),
		RESERVED(the_device_sees_blocks_somewhere_else),
		RESERVED(nonsense_is_refused),
		GROWING(without_memory_there_is_nothing_to_pin),
		RESERVED(another_start_finds_nothing_pinned),
		RESERVED(loopback_locks_them),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/pin", tests, NULL, NULL);
}
