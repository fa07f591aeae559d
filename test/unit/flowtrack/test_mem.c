/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of mem.c: that its counts are those of what it did.
 * Must not: need EAL.
 * Called by: meson test.
 */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mem.h"

static struct mem mem;

static int
setup(void **state)
{
	static const size_t sizes[MEM_SEGMENT] = {
		[MEM_FLOW] = 65,
		[MEM_TCP] = 128,
		[MEM_TIMER] = 1,
	};

	(void)state;
	stub_blocks_max = UINT_MAX;
	return mem_init(&mem, 0, sizes);
}

static void
counts_are_of_size_classes(void **state)
{
	const struct mem_kind_use *flows = &mem.use.kinds[MEM_FLOW];
	const struct mem_kind_use *segments = &mem.use.kinds[MEM_SEGMENT];
	void *flow[2];
	void *segment;

	(void)state;
	flow[0] = mem_alloc(&mem, MEM_FLOW);
	flow[1] = mem_alloc(&mem, MEM_FLOW);
	segment = mem_alloc_segment(&mem, 257);
	assert_int_equal(flows->objects, 2);
	assert_int_equal(flows->bytes, 256);
	assert_int_equal(segments->bytes, 512);
	assert_int_equal(mem.use.bytes, 768);
	/* Classes of 64, 128, 256 and 512 bytes. */
	assert_int_equal(mem.use.classes[0].blocks, 0);
	assert_int_equal(mem.use.classes[1].blocks, 2);
	assert_int_equal(mem.use.classes[3].blocks, 1);

	mem_free(&mem, MEM_FLOW, flow[0]);
	mem_free(&mem, MEM_FLOW, flow[1]);
	mem_free_segment(&mem, segment, 257);
	assert_int_equal(mem.use.bytes, 0);
	/* Peaks stay what they were. */
	mem_free(&mem, MEM_FLOW, mem_alloc(&mem, MEM_FLOW));
	assert_int_equal(flows->objects, 0);
	assert_int_equal(flows->objects_peak, 2);
	assert_int_equal(flows->bytes_peak, 256);
	assert_int_equal(flows->allocs, 3);
	assert_int_equal(mem.use.bytes_peak, 768);
	assert_int_equal(mem.use.classes[1].blocks_peak, 2);
	assert_int_equal(stub_blocks, 0);
}

static void
every_size_has_its_class(void **state)
{
	size_t size;
	void *ptr;

	(void)state;
	for (size = 1; size <= 70000; size += 13) {
		ptr = mem_alloc_segment(&mem, size);
		assert_in_range(mem.use.bytes, size, size <= 64 ? 64 : 2 * size - 1);
		mem_free_segment(&mem, ptr, size);
		assert_int_equal(mem.use.bytes, 0);
	}
}

static void *victims[10];
static unsigned int nb_victims;

static bool
reclaim(void *arg)
{
	assert_ptr_equal(arg, victims);
	if (nb_victims == 0)
		return false;
	mem_free(&mem, MEM_TCP, victims[--nb_victims]);
	return true;
}

static void
an_allocation_reclaims_as_much_as_it_needs(void **state)
{
	void *ptr;

	(void)state;
	for (nb_victims = 0; nb_victims < 10; nb_victims++)
		victims[nb_victims] = mem_alloc(&mem, MEM_TCP);
	mem.reclaim = reclaim;
	mem.reclaim_arg = victims;
	stub_blocks_max = 8;
	ptr = mem_alloc(&mem, MEM_TIMER);
	assert_non_null(ptr);
	assert_int_equal(nb_victims, 7);
	assert_int_equal(mem.use.kinds[MEM_TIMER].failed, 0);
	/* It gives up when there is nothing left to give up. */
	stub_blocks_max = 0;
	assert_null(mem_alloc_segment(&mem, 100));
	assert_int_equal(nb_victims, 0);
	assert_int_equal(mem.use.kinds[MEM_SEGMENT].failed, 1);
	assert_int_equal(mem.use.kinds[MEM_SEGMENT].allocs, 0);
	mem_free(&mem, MEM_TIMER, ptr);
	assert_int_equal(mem.use.bytes, 0);
}

static void
kinds_have_names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < MEM_KINDS; i++)
		assert_non_null(mem_kind_name(i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_are_of_size_classes, setup),
		cmocka_unit_test_setup(every_size_has_its_class, setup),
		cmocka_unit_test_setup(an_allocation_reclaims_as_much_as_it_needs, setup),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
