/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * No false alarm: while threads come and go, hand blocks to each other, run out of memory, grow and
 * trim it, audits run one after the other, and none of them accuses anybody. What comes to rest is
 * judged all the same, and a fault among all that is found. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_fastmem_sample.h>
#include <rte_fastmem_walk.h>
#include <rte_memzone.h>

#include "fastmem_priv.h"
#include "test_blocks.h"
#include "test_sampler.h"
#include "test_setup.h"

#define NB_THREADS 6
#define NB_LETTERS 64

static void *_Atomic letters[NB_LETTERS];
static atomic_bool over;
static bool sampled;
static atomic_uint nb_faults, nb_audits, nb_moved, nb_expected;
static size_t largest;
static int node_id;

static void *
churn(void *seed)
{
	struct test_rand r = test_rand_start((uintptr_t)seed);
	void *block;
	int i, k;

	/* A thread lives for a while only, so that caches come and go too. */
	for (i = 0; i < 4000 && !over; i++) {
		block = rte_fastmem_alloc(test_rand_size(&r, largest),
					  test_rand_below(&r, 50) == 0 ? 8192 : 0, 0);
		block = atomic_exchange(&letters[test_rand_below(&r, NB_LETTERS)], block);
		rte_fastmem_free(block);
		/* Runs and magazines by the hundred. */
		for (k = 0; test_rand_below(&r, 100) == 0 && k < 2; k++) {
			void *many[700];

			if (rte_fastmem_alloc_bulk(many, RTE_DIM(many), 64, 0, 0) == 0)
				rte_fastmem_free_bulk(many, RTE_DIM(many));
		}
	}
	return NULL;
}

static void *
generations(void *seed)
{
	uintptr_t n = (uintptr_t)seed;
	pthread_t thread;

	for (; !over; n += NB_THREADS) {
		test_thread_start(&thread, churn, (void *)n);
		pthread_join(thread, NULL);
	}
	return NULL;
}

static void *
trim(void *arg)
{
	while (!over) {
		rte_fastmem_trim(node_id);
		usleep(3000);
	}
	return arg;
}

static int
accuse(const struct rte_fastmem_fault *fault, void *arg)
{
	if (arg != NULL && fault->block == arg) {
		nb_expected++;
		return 0;
	}
	print_message("false alarm: %s\n", fault->text);
	nb_faults++;
	return 0;
}

/* Begin to sample all or some, poll, or end. */
static void
sample(void)
{
	if (nb_audits % 4 == 0)
		assert_int_equal(
			test_sample_start(nb_audits % 8 == 0 ? RTE_FASTMEM_SAMPLE_ALL : 1024), 0);
	else if (nb_audits % 4 == 3)
		assert_int_equal(rte_fastmem_sample_stop(), 0);
	else
		assert_int_equal(rte_fastmem_sample_poll(), 0);
}

static void
storm(size_t limit, size_t largest_block, void *planted)
{
	pthread_t threads[NB_THREADS], trimmer;
	struct rte_fastmem_audit audit;
	uint64_t until = rte_rdtsc() + rte_get_tsc_hz() * 2 / 5;
	size_t i;

	if (getenv("FASTMEM_TEST_FULL") != NULL)
		until += 30 * rte_get_tsc_hz();
	over = false;
	largest = largest_block;
	nb_faults = nb_audits = nb_moved = nb_expected = 0;
	node_id = test_node();
	assert_int_equal(rte_fastmem_set_limit(test_node(), limit), 0);
	for (i = 0; i < NB_THREADS; i++)
		test_thread_start(&threads[i], generations, (void *)(i + 1));
	test_thread_start(&trimmer, trim, NULL);
	while (rte_rdtsc() < until) {
		if (sampled)
			sample();
		assert_int_equal(rte_fastmem_audit(test_node(), accuse, planted, &audit), 0);
		nb_audits++;
		nb_moved += audit.moved != 0;
	}
	over = true;
	for (i = 0; i < NB_THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(trimmer, NULL);
	for (i = 0; i < NB_LETTERS; i++)
		rte_fastmem_free(atomic_exchange(&letters[i], NULL));
	print_message("%u audits, in %u of them something moved\n", nb_audits, nb_moved);
	assert_int_equal(nb_faults, 0);
	assert_true(nb_audits != 0);
}

static void
assert_sound(void)
{
	struct rte_fastmem_audit audit;

	assert_int_equal(rte_fastmem_audit(test_node(), accuse, NULL, &audit), 0);
	assert_int_equal(audit.faults, 0);
	assert_int_equal(audit.moved, 0);
	assert_int_equal(audit.live, 0);
	assert_int_equal(audit.blocks, audit.cached + audit.free);
}

static void
nobody_is_accused_while_memory_suffices(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	storm(SIZE_MAX, 3 * MIB, NULL);
	assert_sound();
}

static void
nobody_is_accused_while_somebody_samples(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	sampled = true;
	storm(8 * MIB, 2000, NULL);
	sampled = false;
	rte_fastmem_sample_stop();
	assert_sound();
}

static void
nobody_is_accused_while_memory_is_short(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	storm(8 * MIB, 256 << 10, NULL);
	assert_sound();
}

static void
nobody_is_accused_of_small_blocks(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	storm(4 * MIB, 200, NULL);
	assert_sound();
}

#ifndef RTE_FASTMEM_DEBUG /* there a double free is refused */
static void
a_fault_is_found_in_all_that(void **state)
{
	/* Of a class that the storm does not use: at rest. */
	void *block = rte_fastmem_alloc(900 << 10, 0, 0), *twice = rte_fastmem_alloc(8000, 0, 0);

	(void)state;
	assert_non_null(twice);
	rte_fastmem_free(block);
	rte_fastmem_free(twice);
	rte_fastmem_free(twice);
	storm(SIZE_MAX, 4096, twice);
	assert_int_equal(nb_expected, nb_audits);
	assert_true(rte_fastmem_alloc(8000, 0, 0) == twice);
	assert_sound();
}
#endif

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(nobody_is_accused_while_memory_suffices),
		INIT(nobody_is_accused_while_memory_is_short),
		INIT(nobody_is_accused_while_somebody_samples),
		INIT(nobody_is_accused_of_small_blocks),
#ifndef RTE_FASTMEM_DEBUG
		INIT(a_fault_is_found_in_all_that),
#endif
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/audit_storm", tests, NULL, NULL);
}
