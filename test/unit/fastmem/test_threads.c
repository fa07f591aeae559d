/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Any thread allocates and any thread frees, known to EAL or not; what a thread cached comes back
 * when it ends; contents survive many threads at once. */

#include <semaphore.h>
#include <stdlib.h>

#include <rte_lcore.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <rte_stack.h>

#include "test_blocks.h"
#include "test_setup.h"

#define NB_BLOCKS 500

/* Bodies give their argument back where all went right, NULL otherwise. */
static bool
thread_succeeds(void *(*body)(void *), void *arg)
{
	pthread_t thread;
	void *ret;

	test_thread_start(&thread, body, arg);
	pthread_join(thread, &ret);
	return ret == arg;
}

static void *
allocate_blocks(void *arg)
{
	struct test_blocks *blocks = arg;
	struct test_rand r = test_rand_start(71);

	while (blocks->n < NB_BLOCKS)
		if (!test_blocks_alloc(blocks, test_rand_size(&r, 20000), 0))
			return NULL;
	return arg;
}

static void *
check_and_free_blocks(void *arg)
{
	struct test_blocks *blocks = arg;
	bool intact = test_blocks_intact(blocks);

	test_blocks_free(blocks);
	return intact ? arg : NULL;
}

static int
check_and_free_on_lcore(void *arg)
{
	return check_and_free_blocks(arg) == arg ? 0 : -1;
}

static int
allocate_on_lcore(void *arg)
{
	return allocate_blocks(arg) == arg ? 0 : -1;
}

static void
on_worker(lcore_function_t *body, void *arg)
{
	assert_int_equal(rte_eal_remote_launch(body, arg, 1), 0);
	assert_int_equal(rte_eal_wait_lcore(1), 0);
}

static void
a_thread_that_eal_does_not_know_allocates_and_frees(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_true(thread_succeeds(allocate_blocks, &blocks));
	assert_true(thread_succeeds(check_and_free_blocks, &blocks));
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
any_thread_frees_what_another_allocated(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_non_null(allocate_blocks(&blocks));
	assert_true(thread_succeeds(check_and_free_blocks, &blocks));
	assert_true(thread_succeeds(allocate_blocks, &blocks));
	assert_non_null(check_and_free_blocks(&blocks));
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
lcores_free_each_others_blocks(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_non_null(allocate_blocks(&blocks));
	on_worker(check_and_free_on_lcore, &blocks);
	on_worker(allocate_on_lcore, &blocks);
	assert_non_null(check_and_free_blocks(&blocks));
	on_worker(allocate_on_lcore, &blocks);
	assert_true(thread_succeeds(check_and_free_blocks, &blocks));
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* A thread's view of one message. */
struct message {
	uint64_t seed;
	size_t size;
};

#define NB_MESSAGES 100000u

static int
consume(void *arg)
{
	struct rte_ring *ring = arg;
	unsigned int n, wrong = 0;
	struct message *m;

	for (n = 0; n < NB_MESSAGES; n++) {
		while (rte_ring_dequeue(ring, (void **)&m) != 0)
			rte_pause();
		wrong += !test_pattern_intact(m + 1, m->size - sizeof(*m), m->seed);
		rte_fastmem_free(m);
	}
	return (int)wrong;
}

/* How many messages did not fit, although all of them together are far below the reservation. */
static unsigned int
produce(struct rte_ring *ring)
{
	struct test_rand r = test_rand_start(72);
	unsigned int n, failed = 0;
	struct message *m;
	size_t size;

	for (n = 0; n < NB_MESSAGES; n++) {
		size = sizeof(*m) + test_rand_size(&r, 2000);
		while ((m = rte_fastmem_alloc(size, 0, 0)) == NULL)
			failed++;
		m->size = size;
		m->seed = n;
		test_pattern_write(m + 1, size - sizeof(*m), n);
		while (rte_ring_enqueue(ring, m) != 0)
			rte_pause();
	}
	return failed;
}

static void
a_producer_never_runs_dry_while_a_consumer_frees(void **state)
{
	struct rte_ring *ring =
		rte_ring_create("messages", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	(void)state;
	assert_non_null(ring);
	assert_int_equal(rte_eal_remote_launch(consume, ring, 1), 0);
	assert_int_equal(produce(ring), 0);
	assert_int_equal(rte_eal_wait_lcore(1), 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(stats_now().alloc_total, NB_MESSAGES);
	assert_int_equal(stats_now().free_total, NB_MESSAGES);
	rte_ring_free(ring);
}

static void *
produce_in_thread(void *arg)
{
	return produce(arg) == 0 ? arg : NULL;
}

static void *
consume_in_thread(void *arg)
{
	return consume(arg) == 0 ? arg : NULL;
}

static void
neither_do_two_threads_that_eal_does_not_know(void **state)
{
	struct rte_ring *ring = rte_ring_create("messages", 1024, SOCKET_ID_ANY, 0);
	pthread_t producer, consumer;
	void *ret;

	(void)state;
	assert_non_null(ring);
	test_thread_start(&consumer, consume_in_thread, ring);
	test_thread_start(&producer, produce_in_thread, ring);
	pthread_join(producer, &ret);
	assert_non_null(ret);
	pthread_join(consumer, &ret);
	assert_non_null(ret);
	assert_int_equal(stats_now().bytes_in_use, 0);
	rte_ring_free(ring);
}

static void *
fill_own_cache(void *arg)
{
	struct test_blocks blocks = { 0 };
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, j, n = rte_fastmem_classes(sizes);

	for (i = 0; i < n; i++) {
		for (j = 0; j < 20; j++)
			test_blocks_alloc(&blocks, sizes[i], 0);
		test_blocks_free(&blocks);
	}
	return arg;
}

static void
a_threads_exit_returns_its_cache(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_true(thread_succeeds(fill_own_cache, &blocks));
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

static void *
fill_and_flush_own_cache(void *arg)
{
	struct test_blocks blocks = { 0 };
	bool whole;

	fill_own_cache(NULL);
	rte_fastmem_cache_flush();
	whole = test_blocks_exhaust(&blocks, MIB, 0) == TEST_RESERVED / MIB;
	test_blocks_free(&blocks);
	return whole ? arg : NULL;
}

static void
a_flush_returns_the_cache_of_a_thread_that_lives_on(void **state)
{
	fill_own_cache(NULL);
	rte_fastmem_cache_flush();
	assert_true(thread_succeeds(fill_and_flush_own_cache, state));
	rte_fastmem_cache_flush();
	rte_fastmem_cache_flush();
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
thousands_of_short_lived_threads_lose_nothing(void **state)
{
	struct test_blocks blocks = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 1500; i++) {
		assert_true(thread_succeeds(allocate_blocks, &blocks));
		test_blocks_free(&blocks);
	}
	rte_fastmem_cache_flush();
	assert_int_equal(stats_now().alloc_nomem, 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

/* Threads that are all alive at the same time, each with a block of its own. */
struct crowd {
	pthread_barrier_t all_have_theirs;
};

static void *
be_one_of_many(void *arg)
{
	struct crowd *crowd = arg;
	char *ptr = rte_fastmem_alloc(100, 0, 0);
	uint64_t seed = (uintptr_t)ptr;
	bool intact = false;

	if (ptr != NULL)
		test_pattern_write(ptr, 100, seed);
	pthread_barrier_wait(&crowd->all_have_theirs);
	if (ptr != NULL)
		intact = test_pattern_intact(ptr, 100, seed);
	rte_fastmem_free(ptr);
	return intact ? arg : NULL;
}

static void
hundreds_of_threads_at_once_are_served(void **state)
{
	pthread_t threads[400];
	struct crowd crowd;
	unsigned int i, failed = 0;
	void *ret;

	(void)state;
	pthread_barrier_init(&crowd.all_have_theirs, NULL, RTE_DIM(threads));
	for (i = 0; i < RTE_DIM(threads); i++)
		test_thread_start(&threads[i], be_one_of_many, &crowd);
	for (i = 0; i < RTE_DIM(threads); i++) {
		pthread_join(threads[i], &ret);
		failed += ret == NULL;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* One after the other, and all stay. */
struct late {
	sem_t served, go;
};

#define LATE_PAIRS 100

static void *
come_late(void *arg)
{
	struct late *late = arg;
	bool good = true;
	void *ptr;
	int i;

	for (i = 0; i < LATE_PAIRS; i++) {
		ptr = rte_fastmem_alloc(128, 0, 0);
		good = good && ptr != NULL;
		rte_fastmem_free(ptr);
	}
	sem_post(&late->served);
	sem_wait(&late->go);
	return good ? arg : NULL;
}

static uint64_t
misses_of_late_threads(unsigned int nb)
{
	struct rte_fastmem_class_stats before, after;
	pthread_t threads[100];
	struct late late;
	unsigned int i;
	void *ret;

	assert_int_equal(rte_fastmem_stats_class(128, &before), 0);
	sem_init(&late.served, 0, 0);
	sem_init(&late.go, 0, 0);
	for (i = 0; i < nb; i++) {
		test_thread_start(&threads[i], come_late, &late);
		sem_wait(&late.served);
	}
	for (i = 0; i < nb; i++)
		sem_post(&late.go);
	for (i = 0; i < nb; i++) {
		pthread_join(threads[i], &ret);
		assert_ptr_equal(ret, &late);
	}
	assert_int_equal(rte_fastmem_stats_class(128, &after), 0);
	return after.alloc_cache_misses - before.alloc_cache_misses;
}

static void
however_many_threads_come_each_has_a_cache(void **state)
{
	(void)state;
#ifdef RTE_FASTMEM_DEBUG
	skip_because("a debug build caches nothing");
#endif
	/* No reservation that would bring caches along. */
	assert_int_equal(rte_fastmem_reserve(2 * MIB, test_node()), 0);
	assert_true(misses_of_late_threads(100) <= 200);
}

/* Caches are memory too: where nothing may grow, those that are there must do. */
static void
where_nothing_may_grow_some_have_none(void **state)
{
	size_t taken;

	(void)state;
#ifdef RTE_FASTMEM_DEBUG
	skip_because("a debug build caches nothing");
#endif
	assert_int_equal(rte_fastmem_reserve(2 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	taken = eal_heap_bytes();
	assert_true(misses_of_late_threads(100) > 200);
	assert_int_equal(eal_heap_bytes(), taken);
}

/* Random operations on blocks of its own and on blocks that wander between all threads. */
struct churn {
	struct rte_stack *wandering;
	uint64_t seed;
	unsigned int wrong;
};

static struct message *
new_message(struct test_rand *r)
{
	size_t size = sizeof(struct message) + test_rand_size(r, 8000);
	struct message *m = rte_fastmem_alloc(size, 0, 0);

	if (m == NULL)
		return NULL;
	m->size = size;
	m->seed = test_rand_next(r);
	test_pattern_write(m + 1, size - sizeof(*m), m->seed);
	return m;
}

static void *
churn(void *arg)
{
	struct churn *c = arg;
	struct test_rand r = test_rand_start(c->seed);
	struct test_blocks own = { 0 };
	struct test_block block;
	struct message *m;
	int i;

	for (i = 0; i < 30000; i++) {
		if (own.n < 40 && test_rand_below(&r, 2) == 0) {
			test_blocks_alloc(&own, test_rand_size(&r, 40000), 0);
		} else if (own.n > 0) {
			block = test_blocks_take(&own, test_rand_below(&r, own.n));
			c->wrong += !test_pattern_intact(block.ptr, block.size, block.seed);
			rte_fastmem_free(block.ptr);
		}
		if (rte_stack_pop(c->wandering, (void **)&m, 1) == 1) {
			c->wrong += !test_pattern_intact(m + 1, m->size - sizeof(*m), m->seed);
			rte_fastmem_free(m);
		}
		m = new_message(&r);
		if (m != NULL && rte_stack_push(c->wandering, (void **)&m, 1) != 1)
			rte_fastmem_free(m);
	}
	c->wrong += !test_blocks_intact(&own);
	test_blocks_free(&own);
	return arg;
}

static void
contents_survive_many_threads_churning(void **state)
{
	/* No ring: its threads spin while one of them is preempted. */
	struct rte_stack *wandering =
		rte_stack_create("wandering", 256, SOCKET_ID_ANY, RTE_STACK_F_LF);
	struct test_blocks blocks = { 0 };
	struct churn churns[8];
	pthread_t threads[8];
	unsigned int i;
	void *m;

	(void)state;
	assert_non_null(wandering);
	for (i = 0; i < 8; i++) {
		churns[i] = (struct churn){ .wandering = wandering, .seed = 80 + i };
		test_thread_start(&threads[i], churn, &churns[i]);
	}
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	while (rte_stack_pop(wandering, &m, 1) == 1)
		rte_fastmem_free(m);
	rte_stack_free(wandering);
	for (i = 0; i < 8; i++)
		assert_int_equal(churns[i].wrong, 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
	rte_fastmem_cache_flush();
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

/* Threads that fight for the last memory: what one gets nobody else has, and all of it is back. */
static void *
fight_for_memory(void *arg)
{
	struct churn *c = arg;
	struct test_rand r = test_rand_start(c->seed);
	struct test_blocks own = { 0 };
	int i;

	for (i = 0; i < 300; i++) {
		while (own.n < 2000 && test_blocks_alloc(&own, 1 + test_rand_below(&r, 60000), 0))
			;
		c->wrong += !test_blocks_intact(&own);
		test_blocks_shuffle(&own, &r);
		while (own.n > 20 && test_rand_below(&r, 50) != 0)
			rte_fastmem_free(test_blocks_take(&own, own.n - 1).ptr);
	}
	test_blocks_free(&own);
	return arg;
}

static void
contents_survive_memory_running_out(void **state)
{
	struct test_blocks blocks = { 0 };
	struct churn churns[4];
	pthread_t threads[4];
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		churns[i] = (struct churn){ .seed = 90 + i };
		test_thread_start(&threads[i], fight_for_memory, &churns[i]);
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 4; i++)
		assert_int_equal(churns[i].wrong, 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

static void *
grow(void *arg)
{
	struct test_blocks own = { 0 };
	bool intact;

	while (own.n < 8 && test_blocks_alloc(&own, MIB, 0))
		;
	intact = own.n == 8 && test_blocks_intact(&own);
	test_blocks_free(&own);
	return intact ? arg : NULL;
}

static void
threads_that_grow_at_once_are_all_served(void **state)
{
	pthread_t threads[4];
	void *ret;
	int i, failed = 0;

	(void)state;
	for (i = 0; i < 4; i++)
		test_thread_start(&threads[i], grow, threads);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &ret);
		failed += ret == NULL;
	}
	assert_int_equal(failed, 0);
}

/* A thread that had a cache before deinit must not use it after the next init. */
struct survivor {
	sem_t go;
	sem_t done;
	bool intact;
};

static void *
survive(void *arg)
{
	struct survivor *s = arg;
	struct test_blocks blocks = { 0 };

	fill_own_cache(NULL);
	sem_post(&s->done);
	sem_wait(&s->go);
	s->intact = allocate_blocks(&blocks) != NULL && test_blocks_disjoint(&blocks) &&
		    test_blocks_intact(&blocks);
	test_blocks_free(&blocks);
	sem_post(&s->done);
	return NULL;
}

static void
a_thread_outlives_deinit_and_init(void **state)
{
	struct test_blocks blocks = { 0 };
	struct survivor s = { .intact = false };
	pthread_t thread;

	sem_init(&s.go, 0, 0);
	sem_init(&s.done, 0, 0);
	test_thread_start(&thread, survive, &s);
	sem_wait(&s.done);
	rte_fastmem_deinit();
	assert_int_equal(setup_reserved(state), 0);
	assert_non_null(allocate_blocks(&blocks));
	sem_post(&s.go);
	sem_wait(&s.done);
	assert_true(s.intact);
	pthread_join(thread, NULL);
	assert_non_null(check_and_free_blocks(&blocks));
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void *
survive_idle(void *arg)
{
	struct survivor *s = arg;

	fill_own_cache(NULL);
	sem_post(&s->done);
	sem_wait(&s->go);
	return arg;
}

/* Its exit must not return a cache that went with the old state. */
static void
a_thread_ends_after_deinit_and_init(void **state)
{
	struct test_blocks blocks = { 0 };
	struct survivor s = { .intact = false };
	pthread_t thread;

	sem_init(&s.go, 0, 0);
	sem_init(&s.done, 0, 0);
	test_thread_start(&thread, survive_idle, &s);
	sem_wait(&s.done);
	rte_fastmem_deinit();
	assert_int_equal(setup_reserved(state), 0);
	sem_post(&s.go);
	pthread_join(thread, NULL);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(a_thread_that_eal_does_not_know_allocates_and_frees),
		RESERVED(any_thread_frees_what_another_allocated),
		RESERVED(lcores_free_each_others_blocks),
		RESERVED(a_producer_never_runs_dry_while_a_consumer_frees),
		RESERVED(neither_do_two_threads_that_eal_does_not_know),
		RESERVED(a_threads_exit_returns_its_cache),
		RESERVED(a_flush_returns_the_cache_of_a_thread_that_lives_on),
		RESERVED(thousands_of_short_lived_threads_lose_nothing),
		RESERVED(hundreds_of_threads_at_once_are_served),
		cmocka_unit_test_setup_teardown(however_many_threads_come_each_has_a_cache,
						setup_init, teardown_deinit),
		cmocka_unit_test_setup_teardown(where_nothing_may_grow_some_have_none, setup_init,
						teardown_deinit),
		RESERVED(contents_survive_many_threads_churning),
		RESERVED(contents_survive_memory_running_out),
		cmocka_unit_test_setup_teardown(threads_that_grow_at_once_are_all_served,
						setup_init, teardown_deinit),
		RESERVED(a_thread_outlives_deinit_and_init),
		RESERVED(a_thread_ends_after_deinit_and_init),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/threads", tests, NULL, NULL);
}
