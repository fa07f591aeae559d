/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests that the driver "cuda" pins memory of every kind, and that what is chosen for a GPU is
 *   pinned by it, as a stand-in for CUDA's library sees it.
 * Must not: check what only the driver does.
 * Called by: meson test, with the path of the driver's shared object.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_arena.h>
#include <rte_memalloc_auto.h>
#include <rte_memalloc_mapped.h>
#include <rte_memalloc_pinned.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>
#include <rte_memalloc_wrap.h>

#include "standin.h"

#define KIB	 ((size_t)1 << 10)
#define MIB	 ((size_t)1 << 20)
#define BOTH	 (RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_PORTABLE)
#define CU_FLAGS 3 /* of CUDA's: portable and mapped */

static const struct rte_mempin_driver *cuda;

static void
ok(int ret)
{
	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memalloc_error());
}

static int
nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(standin_nb_registered(), 0);
	ok(rte_mempin_release(cuda));
	assert_int_equal(standin_nb_retained(0), 0);
	assert_int_equal(standin_nb_broken(), 0);
	return 0;
}

/* Allocate of what pins what an allocator allocates, which then goes away with it. */
static void
check_pinned(struct rte_memalloc *alloc)
{
	char *mem[3];
	uint64_t at;

	ok(rte_memalloc_pinned_create(alloc, cuda, 0, BOTH, &alloc));
	for (unsigned int i = 0; i < 3; i++) {
		ok(rte_memalloc_alloc(alloc, 1 + i * 10000, 0, (void **)&mem[i]));
		memset(mem[i], 1, rte_memalloc_usable_size(alloc, mem[i]));
		assert_int_equal(standin_nb_registered(), i + 1);
		assert_int_equal(standin_flags_of(mem[i]), CU_FLAGS);
		assert_int_equal(standin_flags_of(mem[i] + i * 10000), CU_FLAGS);
		ok(rte_memalloc_pinned_device_addr(alloc, mem[i], 1, &at));
		assert_int_equal(at, (uintptr_t)mem[i] + STANDIN_OFFSET(1));
	}
	ok(rte_memalloc_realloc(alloc, mem[0], 100 * KIB, 0, (void **)&mem[0]));
	assert_int_equal(standin_flags_of(mem[0] + 100 * KIB - 1), CU_FLAGS);
	assert_int_equal(standin_nb_registered(), 3);
	for (unsigned int i = 0; i < 3; i++)
		ok(rte_memalloc_free(alloc, mem[i]));
	assert_int_equal(standin_nb_registered(), 0);
	ok(rte_memalloc_destroy(alloc));
}

static void
allocations_of_malloc(void **state)
{
	struct rte_memalloc *alloc;

	(void)state;
	ok(rte_memalloc_system_create(&alloc));
	check_pinned(alloc);
}

static void
regions(void **state)
{
	struct rte_memregion_opts opts = { .pages = RTE_MEMREGION_PAGES_SMALL,
					   .flags = RTE_MEMREGION_F_LOCK };
	struct rte_memalloc *alloc;

	(void)state;
	ok(rte_memalloc_region_create(NULL, &alloc));
	check_pinned(alloc);
	ok(rte_memalloc_region_create(&opts, &alloc));
	check_pinned(alloc);
}

static void
a_file(void **state)
{
	struct rte_memalloc *alloc;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/mempin-cuda-%d", (int)getpid());
	ok(rte_memalloc_mapped_create(path, MIB, 4 * MIB, &alloc));
	check_pinned(alloc);
	assert_int_equal(unlink(path), 0);
}

static void
what_wrappers_hand_on(void **state)
{
	struct rte_memalloc *alloc;
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(null);
	ok(rte_memalloc_system_create(&alloc));
	ok(rte_memalloc_tracking_create(alloc, &alloc));
	ok(rte_memalloc_limit_create(alloc, MIB, &alloc));
	ok(rte_memalloc_logging_create(alloc, null, &alloc));
	ok(rte_memalloc_locked_create(alloc, &alloc));
	check_pinned(alloc);
	assert_int_equal(fclose(null), 0);
}

/* Pinned once, each object out of it is, with no call for it. */
static void
objects_of_what_is_pinned_once(void **state)
{
	struct rte_memalloc_arena_opts of_arena = { .size = MIB };
	struct rte_memalloc_pool_opts of_pool = { .block_size = 1500, .capacity = 500 };
	struct rte_memalloc_arena *arena;
	struct rte_memalloc_pool *pool;
	struct rte_memregion *region;
	struct rte_mempin *pins[2];
	void *mem;

	(void)state;
	ok(rte_memalloc_arena_create(&of_arena, &arena));
	ok(rte_memalloc_pool_create(&of_pool, &pool));
	region = rte_memalloc_arena_region(arena, 0);
	ok(rte_mempin_pin(cuda, rte_memregion_addr(region), rte_memregion_size(region), 0, BOTH,
			  &pins[0]));
	region = rte_memalloc_pool_region(pool);
	ok(rte_mempin_pin(cuda, rte_memregion_addr(region), rte_memregion_size(region), 0, BOTH,
			  &pins[1]));
	standin_reset();
	for (unsigned int i = 0; i < 500; i++) {
		ok(rte_memalloc_alloc(rte_memalloc_arena_base(arena), 1500, 0, &mem));
		assert_int_equal(standin_flags_of(mem), CU_FLAGS);
		mem = rte_memalloc_pool_get(pool);
		assert_non_null(mem);
		assert_int_equal(standin_flags_of((char *)mem + 1499), CU_FLAGS);
		ok(rte_memalloc_pool_put(pool, mem));
	}
	assert_string_equal(standin_calls(), "");
	ok(rte_mempin_unpin(pins[0]));
	ok(rte_mempin_unpin(pins[1]));
	rte_memalloc_arena_reset(arena);
	ok(rte_memalloc_destroy(rte_memalloc_arena_base(arena)));
	ok(rte_memalloc_destroy(rte_memalloc_pool_base(pool)));
}

static void
what_is_chosen_for_a_gpu(void **state)
{
	struct rte_memalloc_hints gpu = { .flags = RTE_MEMALLOC_HINT_F_GPU };
	struct rte_memalloc_auto_opts opts = { 0 };
	struct rte_memalloc_choice choice;
	struct rte_memalloc_facts facts;
	struct rte_memalloc *alloc;
	char words[512];
	void *mem;

	(void)state;
	standin_reset();
	ok(rte_memalloc_facts_read(&facts));
	assert_int_equal(facts.can_pin, 1);
	standin_devices(0);
	ok(rte_memalloc_facts_read(&facts));
	assert_int_equal(facts.can_pin, 0);
	standin_reset();

	ok(rte_memalloc_pinned_open(NULL, 1, BOTH, &opts.pinned));
	ok(rte_memalloc_auto_create(&opts, &alloc));
	assert_string_equal(standin_calls(), "");
	ok(rte_memalloc_auto_alloc(alloc, 5000, 0, NULL, NULL, &mem));
	assert_int_equal(standin_flags_of(mem), -1);
	ok(rte_memalloc_free(alloc, mem));
	ok(rte_memalloc_auto_alloc(alloc, 5000, 0, &gpu, &choice, &mem));
	rte_memalloc_choice_text(&choice, words, sizeof(words));
	assert_string_equal(words, "pinned, as a GPU accesses it");
	assert_int_equal(standin_flags_of(mem), CU_FLAGS);
	assert_int_equal(standin_bytes_registered(), 8192);
	assert_string_equal(standin_calls(), "cuDevicePrimaryCtxRetain cuCtxPushCurrent_v2 "
					     "cuMemHostRegister_v2 cuCtxPopCurrent_v2");
	assert_int_equal(standin_nb_retained(1), 1);
	ok(rte_memalloc_free(alloc, mem));
	assert_int_equal(standin_nb_registered(), 0);
	/* It has run out: the next best. */
	standin_fail("cuMemHostRegister_v2", 1, 2);
	ok(rte_memalloc_auto_alloc(alloc, 5000, 0, &gpu, &choice, &mem));
	rte_memalloc_choice_text(&choice, words, sizeof(words));
	assert_string_equal(words, "standard, as nothing asks for another kind; not pinned (a GPU "
				   "accesses it): nothing is left of it");
	ok(rte_memalloc_free(alloc, mem));
	ok(rte_memalloc_destroy(alloc));
	ok(rte_memalloc_destroy(opts.pinned));
}

#define TEST(function) cmocka_unit_test_teardown(function, nothing_is_left)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(allocations_of_malloc),
		TEST(regions),
		TEST(a_file),
		TEST(what_wrappers_hand_on),
		TEST(objects_of_what_is_pinned_once),
		TEST(what_is_chosen_for_a_gpu),
	};

	if (argc != 2 || rte_mempin_load(argv[1]) != 0 || rte_mempin_find("cuda", &cuda) != 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
