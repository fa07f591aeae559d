/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Proves that nothing is lost, given out twice or overwritten while all that can happen at once
 * does: generations of threads allocate every size and free each other's blocks, and meanwhile the
 * node grows, is trimmed, reserves more and is counted. */

#include <stdatomic.h>
#include <unistd.h>

#include "test_blocks.h"
#include "test_setup.h"

#define NB_THREADS	8
#define NB_GENERATIONS	3
#define NB_OWN		64
#define NB_LETTERS	256
#define NB_STEPS	3000
#define LONGEST_PATTERN 4096

/* What a block begins with; the rest holds `seed`'s pattern, up to a bound. */
struct label {
	size_t size;
	uint64_t seed;
};

/* Blocks on their way to whoever comes by. */
static void *_Atomic letters[NB_LETTERS];
static atomic_bool over;
static int node_id; /* test_node() is for threads that EAL knows */
static atomic_uint nb_damaged, nb_served;

static size_t
pattern_size(const struct label *label)
{
	return RTE_MIN(label->size - sizeof(*label), (size_t)LONGEST_PATTERN);
}

static void *
make_block(struct test_rand *r)
{
	size_t size = sizeof(struct label) + test_rand_size(r, 3 * MIB);
	size_t align = test_rand_below(r, 10) == 0 ? (size_t)64 << test_rand_below(r, 10) : 0;
	struct label *label = rte_fastmem_alloc(size, align, 0);

	if (label == NULL)
		return NULL;
	if ((align != 0 && (uintptr_t)label % align != 0) || rte_fastmem_usable_size(label) < size)
		nb_damaged++;
	*label = (struct label){ .size = size, .seed = test_rand_next(r) };
	test_pattern_write(label + 1, pattern_size(label), label->seed);
	nb_served++;
	return label;
}

static void
check_and_free(void *block)
{
	const struct label *label = block;

	if (label == NULL)
		return;
	if (!test_pattern_intact(label + 1, pattern_size(label), label->seed))
		nb_damaged++;
	rte_fastmem_free(block);
}

static void *
live(void *seed)
{
	struct test_rand r = test_rand_start((uintptr_t)seed);
	void *own[NB_OWN] = { 0 }, **at;
	int i;

	for (i = 0; i < NB_STEPS; i++) {
		at = &own[test_rand_below(&r, NB_OWN)];
		if (*at == NULL) {
			*at = make_block(&r);
			continue;
		}
		if (test_rand_below(&r, 2) == 0)
			*at = atomic_exchange(&letters[test_rand_below(&r, NB_LETTERS)], *at);
		check_and_free(*at);
		*at = NULL;
	}
	for (i = 0; i < NB_OWN; i++)
		check_and_free(own[i]);
	return NULL;
}

static void *
trim(void *arg)
{
	while (!over) {
		rte_fastmem_trim(node_id);
		usleep(300);
	}
	return arg;
}

static void *
reserve_more(void *arg)
{
	int i;

	for (i = 0; i < 4 && !over; i++) {
		usleep(100000);
		rte_fastmem_reserve_more(SLAB, node_id);
	}
	return arg;
}

static void *
count(void *arg)
{
	struct rte_fastmem_stats all;
	struct rte_fastmem_class_stats class;
	struct rte_fastmem_node_stats node;

	while (!over) {
		/* Not with cmocka's assertions: they are for the main thread. */
		if (rte_fastmem_stats(&all) != 0 ||
		    rte_fastmem_stats_class(RTE_FASTMEM_MAX_SIZE, &class) != 0 ||
		    rte_fastmem_stats_node(node_id, &node) != 0)
			nb_damaged++;
		usleep(1000);
	}
	return arg;
}

static void
storm(size_t limit)
{
	void *(*const others[])(void *) = { trim, reserve_more, count };
	pthread_t threads[NB_THREADS], other[RTE_DIM(others)];
	struct test_blocks all = { 0 };
	size_t i, generation;

	over = false;
	node_id = test_node();
	assert_int_equal(rte_fastmem_set_limit(test_node(), limit), 0);
	for (i = 0; i < RTE_DIM(others); i++)
		test_thread_start(&other[i], others[i], NULL);
	for (generation = 0; generation < NB_GENERATIONS; generation++) {
		for (i = 0; i < NB_THREADS; i++)
			test_thread_start(&threads[i], live,
					  (void *)(generation * NB_THREADS + i + 1));
		for (i = 0; i < NB_THREADS; i++)
			pthread_join(threads[i], NULL);
	}
	over = true;
	for (i = 0; i < RTE_DIM(others); i++)
		pthread_join(other[i], NULL);
	for (i = 0; i < NB_LETTERS; i++)
		check_and_free(atomic_exchange(&letters[i], NULL));

	assert_int_equal(nb_damaged, 0);
	assert_true(nb_served > NB_STEPS);
	assert_int_equal(stats_now().bytes_in_use, 0);
	/* All of what the node has now can be had. */
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	rte_fastmem_cache_flush();
	rte_fastmem_trim(test_node());
	assert_int_equal(test_blocks_exhaust(&all, 4096, 0), node_stats_now().bytes_backing / 4096);
	test_blocks_free(&all);
}

static void
nothing_is_lost_while_memory_suffices(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	storm(SIZE_MAX);
}

static void
nothing_is_lost_while_memory_is_short(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	storm(16 * MIB);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_lost_while_memory_suffices, setup_init,
						teardown_deinit),
		cmocka_unit_test_setup_teardown(nothing_is_lost_while_memory_is_short, setup_init,
						teardown_deinit),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/storm", tests, NULL, NULL);
}
