/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * After a reservation of N bytes, N bytes of any one size's blocks are there but for its rounding,
 * and taking and freeing them makes no system call: each is counted by the kernel. */

#include <stdlib.h>

#include <rte_lcore.h>

#include "test_blocks.h"
#include "test_setup.h"
#include "test_syscalls.h"

#define NO_WATCH    "the kernel does not let system calls be counted here"
#define RESERVATION (8 * MIB)

/* Blocks that must fit into a reservation. Above 16 KiB a slab holds a whole number of them;
 * below, a run of pages does, which wastes 3 % at most. */
static size_t
expected_blocks(size_t class_size, size_t reservation)
{
	if (class_size <= 16384)
		return reservation * 97 / 100 / class_size;
	return reservation / SLAB * (SLAB / class_size);
}

static int
setup_empty(void **state)
{
	int ret = setup_init(state);

	return ret != 0 ? ret : rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
}

static void
check_capacity(size_t class_size, size_t reservation)
{
	struct test_blocks blocks = { 0 };
	size_t n;

	assert_int_equal(setup_empty(NULL), 0);
	assert_int_equal(rte_fastmem_reserve(reservation, test_node()), 0);
	n = test_blocks_exhaust(&blocks, class_size, 0);
	if (n < expected_blocks(class_size, reservation))
		fail_msg("%zu blocks of %zu bytes from %zu bytes, at least %zu must fit", n,
			 class_size, reservation, expected_blocks(class_size, reservation));
	assert_true(n * class_size <= reservation);
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
	/* And again, now that all of it was used. */
	assert_int_equal(test_blocks_exhaust(&blocks, class_size, 0), n);
	test_blocks_free(&blocks);
	rte_fastmem_deinit();
}

static void
every_class_fills_the_reservation(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);

	(void)state;
	for (i = 0; i < n; i++)
		check_capacity(sizes[i], RESERVATION);
}

static void
so_does_it_in_the_smallest_reservation(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);

	(void)state;
	for (i = 0; i < n; i++)
		check_capacity(sizes[i], SLAB);
}

static void
reservations_in_pieces_are_as_large(void **state)
{
	struct test_blocks blocks = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(rte_fastmem_reserve_more(SLAB, test_node()), 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 16);
	test_blocks_free(&blocks);
	assert_true(test_blocks_exhaust(&blocks, 64, 0) >= 16 * MIB * 97 / 100 / 64);
	test_blocks_free(&blocks);
}

static void
the_allocators_own_data_is_small(void **state)
{
	size_t heap = eal_heap_bytes(), backing;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(64 * MIB, test_node()), 0);
	backing = stats_now().bytes_backing;
	assert_int_equal(backing, 64 * MIB);
	/* 0.5 % and what rounding to slabs costs EAL; a 1 GiB page is one piece anyway. */
	if (test_eal_page_size() < (size_t)1 << 30)
		assert_true(eal_heap_bytes() - heap <= backing + backing / 200 + 2 * SLAB);
}

/* What a thread saw that may make no system call. */
struct quiet {
	size_t size;
	size_t served;
	void **ptrs;
	unsigned int nb_calls;
	long first;
	bool watched;
	bool warm;
};

static void
use_reservation_quietly(struct quiet *q)
{
	size_t i, n = expected_blocks(class_of(q->size), TEST_RESERVED);
	void *ptr;

	if (q->warm)
		rte_fastmem_free(rte_fastmem_alloc(q->size, 0, 0));
	q->watched = test_syscalls_watch();
	if (!q->watched)
		return;
	test_syscalls_begin();
	while (q->served < n && (ptr = rte_fastmem_alloc(q->size, 0, 0)) != NULL)
		q->ptrs[q->served++] = ptr;
	for (i = 0; i < q->served; i += 2)
		rte_fastmem_free(q->ptrs[i]);
	for (i = 1; i < q->served; i += 2)
		rte_fastmem_free(q->ptrs[i]);
	q->nb_calls = test_syscalls_end();
	q->first = test_syscalls_first();
}

static int
use_on_lcore(void *arg)
{
	use_reservation_quietly(arg);
	return 0;
}

static void *
use_in_thread(void *arg)
{
	use_reservation_quietly(arg);
	return NULL;
}

static void
check_quiet(size_t size, bool on_lcore, bool warm)
{
	struct quiet q = { .size = size, .warm = warm };
	pthread_t thread;

#ifdef FASTMEM_RACE_WINDOW
	skip_because("race windows yield, which is a system call");
#endif
	assert_int_equal(setup_reserved(NULL), 0);
	q.ptrs = malloc(TEST_RESERVED / 64 * sizeof(*q.ptrs));
	assert_non_null(q.ptrs);
	if (on_lcore) {
		assert_int_equal(rte_eal_remote_launch(use_on_lcore, &q, 1), 0);
		rte_eal_wait_lcore(1);
	} else {
		test_thread_start(&thread, use_in_thread, &q);
		pthread_join(thread, NULL);
	}
	free(q.ptrs);
	rte_fastmem_deinit();
	if (!q.watched)
		skip_because(NO_WATCH);
	assert_int_equal(q.served, expected_blocks(class_of(size), TEST_RESERVED));
	if (q.nb_calls != 0)
		fail_msg("%u system calls for %zu blocks of %zu bytes, the first is number %ld",
			 q.nb_calls, q.served, size, q.first);
}

static const size_t quiet_sizes[] = { 64, 300, 1500, 4096, 20000, 300000, MIB };

static void
an_lcore_uses_all_of_it_without_a_system_call(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(quiet_sizes); i++)
		check_quiet(quiet_sizes[i], true, true);
}

static void
a_thread_uses_all_of_it_without_a_system_call(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(quiet_sizes); i++)
		check_quiet(quiet_sizes[i], false, true);
}

static void
not_even_its_first_use_makes_one(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip_because("AddressSanitizer makes system calls at a thread's first use of anything");
#endif
	check_quiet(300, false, false);
}

static void *
fail_and_count(void *arg)
{
	struct quiet *q = arg;
	int i;

	q->watched = test_syscalls_watch();
	rte_fastmem_alloc(MIB, 0, 0);
	test_syscalls_begin();
	for (i = 0; i < 1000; i++)
		q->served += rte_fastmem_alloc(MIB, 0, 0) != NULL;
	q->nb_calls = test_syscalls_end();
	q->first = test_syscalls_first();
	return NULL;
}

static void
failing_with_growth_off_makes_none(void **state)
{
	struct test_blocks blocks = { 0 };
	struct quiet q = { .size = MIB };
	pthread_t thread;

	(void)state;
	test_blocks_exhaust(&blocks, MIB, 0);
	test_thread_start(&thread, fail_and_count, &q);
	pthread_join(thread, NULL);
	test_blocks_free(&blocks);
	if (!q.watched)
		skip_because(NO_WATCH);
	assert_int_equal(q.served, 0);
	assert_int_equal(q.nb_calls, 0);
}

/* The counter itself: it must see what is there to be seen. */
static void *
make_two_calls(void *arg)
{
	struct quiet *q = arg;
	void *volatile ptr; /* Volatile, or the compiler leaves both calls out. */

	q->watched = test_syscalls_watch();
	test_syscalls_begin();
	ptr = malloc(64 * MIB);
	free(ptr);
	q->nb_calls = test_syscalls_end();
	return NULL;
}

static void
the_kernel_counts_what_malloc_does(void **state)
{
	struct quiet q = { 0 };
	pthread_t thread;

	(void)state;
	test_thread_start(&thread, make_two_calls, &q);
	pthread_join(thread, NULL);
	if (!q.watched)
		skip_because(NO_WATCH);
	assert_true(q.nb_calls >= 2);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_counts_what_malloc_does),
		/* Before any other: the process's first use is to be without one too. */
		cmocka_unit_test(not_even_its_first_use_makes_one),
		cmocka_unit_test(every_class_fills_the_reservation),
		cmocka_unit_test(so_does_it_in_the_smallest_reservation),
		cmocka_unit_test_setup_teardown(reservations_in_pieces_are_as_large, setup_empty,
						teardown_deinit),
		cmocka_unit_test_setup_teardown(the_allocators_own_data_is_small, setup_init,
						teardown_deinit),
		cmocka_unit_test(a_thread_uses_all_of_it_without_a_system_call),
		RESERVED(failing_with_growth_off_makes_none),
		/* Last: its worker's system calls are reported for good. */
		cmocka_unit_test(an_lcore_uses_all_of_it_without_a_system_call),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/capacity", tests, NULL, NULL);
}
