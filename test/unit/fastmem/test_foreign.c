/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Pointers that fastmem never gave out are told apart and refused with one log line; a debug
 * build also names blocks that are freed twice and pointers into a block's middle. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_malloc.h>
#include <rte_memzone.h>

#include "test_blocks.h"
#include "test_log.h"
#include "test_setup.h"

static char static_bytes[64];

struct foreign {
	const char *name;
	void *ptr;
};

#define NB_FOREIGN 9

/* What to release afterwards is in [0], [1] and [2]. */
static void
make_foreign(struct foreign *f)
{
	void *unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	f[0] = (struct foreign){ "heap", malloc(100) };
	f[1] = (struct foreign){ "rte_malloc", rte_malloc(NULL, 100, 0) };
	f[2] = (struct foreign){ "unreadable", unmapped };
	f[3] = (struct foreign){ "static", static_bytes };
	f[4] = (struct foreign){ "code", (void *)(uintptr_t)make_foreign };
	f[5] = (struct foreign){ "one", (void *)1 };
	f[6] = (struct foreign){ "last", (void *)UINTPTR_MAX };
	f[7] = (struct foreign){ "not canonical", (void *)0xdead000000000000 };
	f[8] = (struct foreign){ "kernel", (void *)0xffff888000000000 };
}

static void
release_foreign(struct foreign *f)
{
	free(f[0].ptr);
	rte_free(f[1].ptr);
	munmap(f[2].ptr, 4096);
}

static void
foreign_pointers_are_told_apart(void **state)
{
	struct foreign foreign[NB_FOREIGN];
	char local[64];
	int i;

	(void)state;
	make_foreign(foreign);
	for (i = 0; i < NB_FOREIGN; i++) {
		assert_false(rte_fastmem_owns(foreign[i].ptr));
		assert_int_equal(rte_fastmem_usable_size(foreign[i].ptr), 0);
		assert_int_equal(rte_fastmem_node_of(foreign[i].ptr), -1);
		assert_true(rte_fastmem_virt2iova(foreign[i].ptr) == RTE_BAD_IOVA);
	}
	assert_false(rte_fastmem_owns(local));
	assert_false(rte_fastmem_owns(NULL));
	assert_int_equal(rte_fastmem_usable_size(NULL), 0);
	assert_int_equal(rte_fastmem_node_of(NULL), -1);
	assert_true(rte_fastmem_virt2iova(NULL) == RTE_BAD_IOVA);
	release_foreign(foreign);
}

static void
assert_refused_with_one_line(void (*release)(void *ptr), void *ptr)
{
	struct rte_fastmem_stats before;

	before = stats_now();
	test_log_catch();
	release(ptr);
	test_log_release();
	assert_int_equal(test_log_lines_with(""), 1);
	assert_stats_equal(stats_now(), before);
}

static void
plain_free(void *ptr)
{
	rte_fastmem_free(ptr);
}

static void
sized_free(void *ptr)
{
	rte_fastmem_free_sized(ptr, 64, 0);
}

static void
free_sized_large(void *ptr)
{
	rte_fastmem_free_sized(ptr, 100000, 0);
}

static void
free_among_others(void *ptr)
{
	void *ptrs[] = { NULL, ptr, NULL };

	rte_fastmem_free_bulk(ptrs, 3);
}

static void
every_free_refuses_a_foreign_pointer(void **state)
{
	static void (*const frees[])(void *ptr) = { plain_free, sized_free, free_sized_large,
						    free_among_others };
	struct foreign foreign[NB_FOREIGN];
	size_t i, j;

	(void)state;
	make_foreign(foreign);
	for (i = 0; i < RTE_DIM(frees); i++)
		for (j = 0; j < NB_FOREIGN; j++)
			assert_refused_with_one_line(frees[i], foreign[j].ptr);
	release_foreign(foreign);
}

static void
so_does_a_thread_with_a_full_or_a_filled_cache(void **state)
{
	struct test_blocks blocks = { 0 };
	struct foreign foreign[NB_FOREIGN];
	size_t i;

	(void)state;
	make_foreign(foreign);
	for (i = 0; i < 1000; i++)
		assert_true(test_blocks_alloc(&blocks, 64, 0));
	for (i = 0; i < 500; i++)
		rte_fastmem_free(test_blocks_take(&blocks, 0).ptr);
	for (i = 0; i < NB_FOREIGN; i++)
		assert_refused_with_one_line(plain_free, foreign[i].ptr);
	test_blocks_free(&blocks);
	for (i = 0; i < NB_FOREIGN; i++)
		assert_refused_with_one_line(plain_free, foreign[i].ptr);
	release_foreign(foreign);
}

static void
the_line_names_the_pointer(void **state)
{
	char text[32];

	(void)state;
	snprintf(text, sizeof(text), "%p", (void *)static_bytes);
	test_log_catch();
	rte_fastmem_free(static_bytes);
	test_log_release();
	assert_int_equal(test_log_lines_with(text), 1);
}

static void
neighbours_in_a_bulk_are_freed_all_the_same(void **state)
{
	void *ptrs[3] = { rte_fastmem_alloc(64, 0, 0), static_bytes, rte_fastmem_alloc(64, 0, 0) };

	(void)state;
	test_log_catch();
	rte_fastmem_free_bulk(ptrs, 3);
	test_log_release();
	assert_int_equal(test_log_lines_with(""), 1);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
last_zone(const struct rte_memzone *zone, void *arg)
{
	if (strncmp(zone->name, "fastmem_", 8) == 0 && strcmp(zone->name, "fastmem_state") != 0)
		*(const struct rte_memzone **)arg = zone;
}

/* Reserved, but no block: no class has taken that page yet. */
static void
a_page_that_serves_nothing_is_foreign(void **state)
{
	const struct rte_memzone *zone = NULL;
	unsigned int i, owned = 0;
	char *ptr;

	(void)state;
	rte_memzone_walk(last_zone, &zone);
	assert_non_null(zone);
	for (i = 0; i < 100; i++) {
		ptr = RTE_PTR_ADD(zone->addr, zone->len / 101 * (i + 1));
		owned += rte_fastmem_owns(ptr);
		assert_refused_with_one_line(plain_free, ptr);
	}
	assert_int_equal(owned, 0);
}

static void
the_metadata_is_foreign(void **state)
{
	const struct rte_memzone *zone = NULL;

	(void)state;
	zone = rte_memzone_lookup("fastmem_state");
	assert_non_null(zone);
	assert_false(rte_fastmem_owns(zone->addr));
	assert_refused_with_one_line(plain_free, zone->addr);
	assert_refused_with_one_line(plain_free, RTE_PTR_ADD(zone->addr, zone->len - 64));
}

static void
memory_that_went_back_is_foreign(void **state)
{
	void *ptr = rte_fastmem_alloc(MIB, 0, 0);

	(void)state;
	assert_true(rte_fastmem_owns(ptr));
	rte_fastmem_free(ptr);
	rte_fastmem_cache_flush();
	assert_true(rte_fastmem_trim(test_node()) > 0);
	assert_false(rte_fastmem_owns(ptr));
	assert_int_equal(rte_fastmem_usable_size(ptr), 0);
	assert_refused_with_one_line(plain_free, ptr);
}

#ifdef RTE_FASTMEM_DEBUG

static void
assert_named(void (*misuse)(void *ptr), void *ptr)
{
	char text[32];

	snprintf(text, sizeof(text), "%p", ptr);
	test_log_catch();
	misuse(ptr);
	test_log_release();
	assert_true(test_log_lines_with(text) >= 1);
}

static void *
free_in_thread(void *ptr)
{
	rte_fastmem_free(ptr);
	return NULL;
}

static void
a_block_freed_twice_is_named(void **state)
{
	static const size_t sizes[] = { 64, 300, 1500, 4096, 40000, MIB, 3 * MIB };
	struct test_blocks blocks = { 0 };
	size_t i;
	void *ptr;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		ptr = rte_fastmem_alloc(sizes[i], 0, 0);
		assert_non_null(ptr);
		rte_fastmem_free(ptr);
		assert_named(plain_free, ptr);
		assert_named(plain_free, ptr);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
	/* Nobody gets it twice either. */
	while (test_blocks_alloc(&blocks, 300, 0))
		;
	assert_true(test_blocks_disjoint(&blocks));
	test_blocks_free(&blocks);
}

static void
a_block_freed_twice_by_two_threads_is_named(void **state)
{
	void *ptr = rte_fastmem_alloc(300, 0, 0);
	pthread_t thread;

	(void)state;
	test_thread_start(&thread, free_in_thread, ptr);
	pthread_join(thread, NULL);
	assert_named(plain_free, ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
every_free_names_a_block_freed_twice(void **state)
{
	static void (*const frees[])(void *ptr) = { plain_free, sized_free, free_among_others };
	size_t i;
	void *ptr;

	(void)state;
	for (i = 0; i < RTE_DIM(frees); i++) {
		ptr = rte_fastmem_alloc(64, 0, 0);
		rte_fastmem_free(ptr);
		assert_named(frees[i], ptr);
	}
}

static rte_fastmem_handle_t handle_for_free;

static void
free_by_handle(void *ptr)
{
	rte_fastmem_hfree(handle_for_free, ptr);
}

static void
a_handle_names_what_is_not_its_own(void **state)
{
	void *ptr = rte_fastmem_alloc(64, 0, 0);

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(64, 0, test_node(), &handle_for_free), 0);
	assert_named(free_by_handle, static_bytes);
	rte_fastmem_hfree(handle_for_free, ptr);
	assert_named(free_by_handle, ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
a_pointer_into_the_middle_is_named(void **state)
{
	char *ptr = rte_fastmem_alloc(1024, 0, 0);

	(void)state;
	assert_named(plain_free, ptr + 64);
	assert_named(plain_free, ptr + 1);
	assert_named(plain_free, ptr + 512);
	assert_int_equal(class_stats_now(1024).in_use, 1);
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

#endif

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(foreign_pointers_are_told_apart),
		RESERVED(every_free_refuses_a_foreign_pointer),
		RESERVED(so_does_a_thread_with_a_full_or_a_filled_cache),
		RESERVED(the_line_names_the_pointer),
		RESERVED(neighbours_in_a_bulk_are_freed_all_the_same),
		RESERVED(a_page_that_serves_nothing_is_foreign),
		RESERVED(the_metadata_is_foreign),
		cmocka_unit_test_setup_teardown(memory_that_went_back_is_foreign, setup_init,
						teardown_deinit),
#ifdef RTE_FASTMEM_DEBUG
		RESERVED(a_block_freed_twice_is_named),
		RESERVED(a_block_freed_twice_by_two_threads_is_named),
		RESERVED(every_free_names_a_block_freed_twice),
		RESERVED(a_handle_names_what_is_not_its_own),
		RESERVED(a_pointer_into_the_middle_is_named),
#endif
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/foreign", tests, NULL, NULL);
}
