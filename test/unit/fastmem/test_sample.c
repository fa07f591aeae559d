/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Samples: with all of them each block is told when it comes and when it goes, however that is;
 * with some they stand for all blocks, prefer none, and neither they nor their end change what
 * fastmem says of itself. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_fastmem_sample.h>
#include <rte_fastmem_walk.h>
#include <rte_random.h>

#include "test_rand.h"
#include "test_setup.h"

#define PLACES 4096

/* What was told; places are checked to be one sample's at a time. */
static struct {
	atomic_bool taken[PLACES];
	atomic_uint nb_given, nb_lost, nb_freed, nb_found, nb_endings;
	_Atomic uint64_t blocks;
	atomic_uint of_asked[256];
	struct rte_fastmem_sample last, last_freed;
	unsigned int expected_given, expected_freed;
} told;

static void
on_allocated(const struct rte_fastmem_sample *s, void *arg)
{
	assert_ptr_equal(arg, &told);
	told.nb_given++;
	told.blocks += s->blocks;
	told.last = *s;
	if (s->asked < 256)
		told.of_asked[s->asked]++;
	if (s->place == RTE_FASTMEM_SAMPLE_NO_PLACE) {
		told.nb_lost++;
		return;
	}
	assert_true(s->place < PLACES);
	assert_false(atomic_exchange(&told.taken[s->place], true));
}

static void
on_freed(const struct rte_fastmem_sample *s, enum rte_fastmem_sample_end end, uint64_t tsc,
	 void *arg)
{
	assert_ptr_equal(arg, &told);
	assert_true(tsc >= s->tsc);
	assert_true(atomic_exchange(&told.taken[s->place], false));
	told.last_freed = *s;
	if (end == RTE_FASTMEM_SAMPLE_FREED)
		told.nb_freed++;
	else
		told.nb_found++;
}

static void
on_ending(void *arg)
{
	assert_ptr_equal(arg, &told);
	told.nb_endings++;
}

static struct rte_fastmem_sampler
sampler_of(uint64_t interval)
{
	return (struct rte_fastmem_sampler){
		.interval = interval,
		.max_places = PLACES,
		.allocated = on_allocated,
		.freed = on_freed,
		.ending = on_ending,
		.arg = &told,
	};
}

static void
begin(uint64_t interval)
{
	struct rte_fastmem_sampler sampler = sampler_of(interval);

	memset(&told, 0, sizeof(told));
	assert_int_equal(rte_fastmem_sample_start(&sampler), 0);
}

static struct rte_fastmem_sample_stats
end(void)
{
	struct rte_fastmem_sample_stats stats;

	assert_int_equal(rte_fastmem_sample_stop(), 0);
	rte_fastmem_sample_stats(&stats);
	assert_int_equal(stats.samples, told.nb_given);
	assert_int_equal(stats.lost, told.nb_lost);
	assert_int_equal(stats.freed, told.nb_freed + told.nb_found);
	assert_int_equal(stats.followed, stats.samples - stats.lost - stats.freed);
	return stats;
}

/* One more block was told, this one; 0: what was asked is not known. */
static void
assert_given(const void *ptr, size_t asked)
{
	assert_non_null(ptr);
	assert_int_equal(told.nb_given, ++told.expected_given);
	assert_ptr_equal(told.last.ptr, ptr);
	assert_int_equal(told.last.asked, asked);
	assert_int_equal(told.last.given, rte_fastmem_usable_size(ptr));
	assert_int_equal(told.last.blocks, 1);
	assert_int_equal(told.last.node_id, rte_fastmem_node_of(ptr));
}

static void
assert_freed(const void *ptr)
{
	assert_int_equal(told.nb_freed, ++told.expected_freed);
	assert_ptr_equal(told.last_freed.ptr, ptr);
}

static void
each_block_is_told_however_it_comes_and_goes(void **state)
{
	rte_fastmem_handle_t h;
	unsigned int round;
	void *p, *q;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(200, 0, RTE_NUMA_NODE_ANY, &h), 0);
	/* In the first round caches are new, in the second they have blocks. */
	begin(RTE_FASTMEM_SAMPLE_ALL);
	for (round = 0; round < 2; round++) {
		p = rte_fastmem_alloc(40, 0, 0);
		assert_given(p, 40);
		rte_fastmem_free(p);
		assert_freed(p);
		p = rte_fastmem_alloc(41, 0, RTE_FASTMEM_F_ZERO);
		assert_given(p, 41);
		rte_fastmem_free_sized(p, 41, 0);
		assert_freed(p);
		p = rte_fastmem_halloc(h, 0);
		assert_given(p, 0);
		rte_fastmem_hfree(h, p);
		assert_freed(p);
		p = rte_fastmem_alloc_node(5000, 0, 0, test_node());
		assert_given(p, 5000);
		q = rte_fastmem_realloc(p, 50000, 0);
		assert_given(q, 50000);
		assert_freed(p);
		rte_fastmem_free(q);
		assert_freed(q);
		p = rte_fastmem_alloc(100, 8192, 0);
		assert_given(p, 100);
		rte_fastmem_free(p);
		assert_freed(p);
		p = rte_fastmem_alloc(3 * MIB, 0, 0);
		assert_given(p, 3 * MIB);
		rte_fastmem_free(p);
		assert_freed(p);
	}
	assert_int_equal(end().followed, 0);
}

static void
each_block_of_many_is_told(void **state)
{
	rte_fastmem_handle_t h;
	void *ptrs[1000];
	unsigned int n, i;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(64, 0, RTE_NUMA_NODE_ANY, &h), 0);
	begin(RTE_FASTMEM_SAMPLE_ALL);
	for (n = 1; n <= RTE_DIM(ptrs); n = n * 3 + 1) {
		assert_int_equal(rte_fastmem_alloc_bulk(ptrs, n, 64, 0, 0), 0);
		assert_int_equal(told.nb_given, n);
		rte_fastmem_free_bulk(ptrs, n);
		assert_int_equal(told.nb_freed, n);
		assert_int_equal(rte_fastmem_halloc_bulk(h, ptrs, n, 0), 0);
		assert_int_equal(told.nb_given, 2 * n);
		rte_fastmem_hfree_bulk(h, ptrs, n);
		assert_int_equal(told.nb_freed, 2 * n);
		told.nb_given = told.nb_freed = 0;
	}
	for (i = 0; i < PLACES; i++)
		assert_false(told.taken[i]);
	assert_int_equal(rte_fastmem_sample_stop(), 0);
}

/* ---- threads */

#define NB_THREADS 4
#define NB_LETTERS 32

static void *_Atomic letters[NB_LETTERS];
static atomic_uint nb_allocs, nb_frees;

static void *
exchange_letters(void *seed)
{
	struct test_rand r = test_rand_start((uintptr_t)seed);
	void *block;
	int i;

	for (i = 0; i < 20000; i++) {
		block = rte_fastmem_alloc(1 + test_rand_below(&r, 300), 0, 0);
		nb_allocs += block != NULL;
		block = atomic_exchange(&letters[test_rand_below(&r, NB_LETTERS)], block);
		nb_frees += block != NULL;
		rte_fastmem_free(block);
	}
	return NULL;
}

static void
run_threads(void)
{
	pthread_t threads[NB_THREADS];
	size_t i;

	nb_allocs = nb_frees = 0;
	for (i = 0; i < NB_THREADS; i++)
		test_thread_start(&threads[i], exchange_letters, (void *)(i + 1));
	for (i = 0; i < NB_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void
clear_letters(void)
{
	void *block;
	size_t i;

	for (i = 0; i < NB_LETTERS; i++) {
		block = atomic_exchange(&letters[i], NULL);
		nb_frees += block != NULL;
		rte_fastmem_free(block);
	}
}

static void
each_block_of_threads_is_told(void **state)
{
	(void)state;
	begin(RTE_FASTMEM_SAMPLE_ALL);
	run_threads();
	assert_int_equal(told.nb_given, nb_allocs);
	assert_int_equal(told.nb_freed, nb_frees);
	clear_letters();
	assert_int_equal(told.nb_freed, nb_frees);
	assert_int_equal(end().followed, 0);
}

static atomic_bool over;

/* Someone who samples, in one way and the other, while others work. */
static void *
sample_again_and_again(void *arg)
{
	struct rte_fastmem_sampler sampler;
	unsigned int i;

	while (!over) {
		sampler = sampler_of(test_rand_below(arg, 2) == 0 ? RTE_FASTMEM_SAMPLE_ALL : 4096);
		memset(told.taken, 0, sizeof(told.taken));
		assert_int_equal(rte_fastmem_sample_start(&sampler), 0);
		for (i = 0; i < 5; i++) {
			assert_int_equal(rte_fastmem_sample_poll(), 0);
			usleep(1000);
		}
		assert_int_equal(rte_fastmem_sample_stop(), 0);
	}
	return NULL;
}

static void
assert_sound(void)
{
	struct rte_fastmem_audit audit;

	assert_int_equal(rte_fastmem_audit(test_node(), NULL, NULL, &audit), 0);
	assert_int_equal(audit.faults, 0);
	assert_int_equal(audit.moved, 0);
	assert_int_equal(audit.live, 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
sampling_may_begin_and_end_at_any_time(void **state)
{
	struct test_rand r = test_rand_start(1);
	pthread_t thread;
	int i;

	(void)state;
	over = false;
	memset(&told, 0, sizeof(told));
	test_thread_start(&thread, sample_again_and_again, &r);
	for (i = 0; i < 5 || told.nb_given < 1000; i++)
		run_threads();
	over = true;
	pthread_join(thread, NULL);
	told.nb_given = told.nb_freed = told.nb_found = 0;
	run_threads();
	clear_letters();
	assert_int_equal(told.nb_given + told.nb_freed + told.nb_found, 0);
	rte_fastmem_cache_flush();
	assert_sound();
}

/* ---- some */

static void
samples_stand_for_all_blocks(void **state)
{
	const unsigned int rounds = 50, pairs = 20000;
	struct rte_fastmem_sample_stats stats;
	unsigned int i, k;

	(void)state;
	rte_fastmem_free(rte_fastmem_alloc(60, 0, 0));
	begin(16384);
	for (i = 0; i < rounds; i++) {
		assert_int_equal(rte_fastmem_sample_poll(), 0);
		for (k = 0; k < pairs; k++)
			rte_fastmem_free(rte_fastmem_alloc(60, 0, 0));
	}
	stats = end();
	print_message("%u samples for %u blocks\n", (unsigned int)stats.samples,
		      (unsigned int)told.blocks);
	/* At most one a poll of a cache; the first poll comes before there is anything. */
	assert_true(stats.samples >= rounds - 2);
	assert_int_equal(told.of_asked[60], stats.samples);
	/* What came after the last one is not there; the first may stand for one interval more. */
	assert_in_range(told.blocks, (rounds - 3) * pairs, rounds * pairs + 16384 / 64);
	/* Each was freed at once, which was seen. */
	assert_int_equal(told.nb_freed, stats.samples);
	assert_sound();
}

static void
no_call_is_preferred(void **state)
{
	const unsigned int rounds = 600;
	unsigned int i, k;
	int64_t differ;
	void *a, *b;

	(void)state;
	rte_srand(1);
	rte_fastmem_free(rte_fastmem_alloc(60, 0, 0));
	begin(4096);
	for (i = 0; i < rounds; i++) {
		/* The first to meet a trap is always the same. */
		assert_int_equal(rte_fastmem_sample_poll(), 0);
		for (k = 0; k < 200; k++) {
			a = rte_fastmem_alloc(40, 0, 0);
			b = rte_fastmem_alloc(60, 0, 0);
			rte_fastmem_free(b);
			rte_fastmem_free(a);
		}
	}
	end();
	print_message("%u and %u samples\n", told.of_asked[40], told.of_asked[60]);
	differ = (int64_t)told.of_asked[40] - told.of_asked[60];
	assert_true(told.nb_given >= rounds - 2);
	/* Five standard deviations. */
	assert_true(differ * differ <= 25 * (int64_t)told.nb_given);
	assert_sound();
}

#ifndef RTE_FASTMEM_DEBUG /* which has no caches, so no traps, and sees each free */
/* Polls look at what is followed now and then, the less often the longer a look takes. */
static void
poll_until_all_ended(void)
{
	unsigned int tries;

	for (tries = 0; tries < 300 && told.nb_found + told.nb_freed < told.nb_given; tries++) {
		usleep(100 * 1000);
		assert_int_equal(rte_fastmem_sample_poll(), 0);
	}
}

static void
what_was_freed_unseen_is_found(void **state)
{
	static void *ptrs[2000];
	unsigned int i, k;

	(void)state;
	begin(4096);
	for (i = 0; i < RTE_DIM(ptrs); i++) {
		ptrs[i] = rte_fastmem_alloc(i % 2 == 0 ? 64 : 2000, 0, 0);
		assert_non_null(ptrs[i]);
		if (i % 100 == 0)
			rte_fastmem_sample_poll();
	}
	assert_true(told.nb_given >= 10);
	/* More than are watched, of others; then the samples themselves. */
	for (k = 0; k < 200; k++) {
		rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
		rte_fastmem_free(rte_fastmem_alloc(2000, 0, 0));
	}
	usleep(250 * 1000);
	assert_int_equal(rte_fastmem_sample_poll(), 0);
	i = told.nb_given;
	assert_int_equal(told.nb_found, 0);
	for (k = 0; k < RTE_DIM(ptrs); k++)
		rte_fastmem_free(ptrs[k]);
	poll_until_all_ended();
	print_message("%u samples, %u found\n", i, told.nb_found);
	/* All of them are over: by the one way or the other, and nothing else is. */
	assert_int_equal(told.nb_found + told.nb_freed, told.nb_given);
	assert_true(told.nb_found >= 5);
	assert_int_equal(end().followed, 0);
	assert_sound();
}

static void
a_trap_is_no_news_to_others(void **state)
{
	struct rte_fastmem_stats before, after;
	struct rte_fastmem_slot *slot;
	void *ptr;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	slot = &rte_fastmem_self.local[rte_fastmem_class_compute(64)];
	begin(64);
	for (i = 0; i < 1000; i++)
		rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	before = stats_now();
	assert_int_equal(rte_fastmem_sample_poll(), 0);
	assert_int_equal(slot->base, INTPTR_MAX);
	after = stats_now();
	assert_stats_equal(before, after);
	assert_sound();
	/* Nobody samples any more: the owner takes it away at once. */
	assert_int_equal(rte_fastmem_sample_stop(), 0);
	told.nb_given = 0;
	ptr = rte_fastmem_alloc(64, 0, 0);
	assert_int_not_equal(slot->base, INTPTR_MAX);
	assert_int_equal(told.nb_given, 0);
	rte_fastmem_free(ptr);
	assert_int_not_equal(slot->end, 0);
	/* A flush meets one too. */
	begin(64);
	for (i = 0; i < 1000; i++)
		rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	assert_int_equal(rte_fastmem_sample_poll(), 0);
	rte_fastmem_cache_flush();
	assert_int_equal(node_stats_now().bytes_cached, 0);
	assert_sound();
	assert_int_equal(rte_fastmem_sample_stop(), 0);
}
#endif

static void
what_is_in_no_cache_is_sampled_too(void **state)
{
	unsigned int i;

	(void)state;
	rte_srand(1);
	begin(10 * MIB);
	for (i = 0; i < 1000; i++)
		rte_fastmem_free(rte_fastmem_alloc(2 * MIB, 0, 0));
	print_message("%u samples for %u blocks\n", told.nb_given, (unsigned int)told.blocks);
	/* One of five, about; none but the first stands for more than passed. */
	assert_in_range(told.nb_given, 150, 250);
	assert_in_range(told.blocks, 985, 1005);
	assert_int_equal(told.nb_freed, told.nb_given);
	assert_int_equal(end().followed, 0);
}

static void
without_a_place_a_sample_is_told_but_not_followed(void **state)
{
	struct rte_fastmem_sampler sampler = sampler_of(RTE_FASTMEM_SAMPLE_ALL);
	void *ptrs[10];
	unsigned int i;

	(void)state;
	memset(&told, 0, sizeof(told));
	sampler.max_places = 8;
	assert_int_equal(rte_fastmem_sample_start(&sampler), 0);
	for (i = 0; i < RTE_DIM(ptrs); i++)
		ptrs[i] = rte_fastmem_alloc(64, 0, 0);
	assert_int_equal(told.nb_given, 10);
	assert_int_equal(told.nb_lost, 2);
	for (i = 0; i < RTE_DIM(ptrs); i++)
		rte_fastmem_free(ptrs[i]);
	assert_int_equal(told.nb_freed, 8);
	assert_int_equal(end().lost, 2);
}

/* ---- the control path */

static unsigned int nb_inits;

static void
count_init(void)
{
	nb_inits++;
	begin(RTE_FASTMEM_SAMPLE_ALL);
}

static void
deinit_says_so_before_it_begins(void **state)
{
	(void)state;
	nb_inits = 0;
	rte_fastmem_sample_at_init(count_init);
	/* It is initialised already. */
	assert_int_equal(rte_fastmem_init(), 0);
	assert_int_equal(nb_inits, 0);
	rte_fastmem_deinit();
	assert_int_equal(rte_fastmem_init(), 0);
	assert_int_equal(nb_inits, 1);
	rte_fastmem_free(rte_fastmem_alloc(100, 0, 0));
	assert_int_equal(told.nb_freed, 1);
	assert_int_equal(told.nb_endings, 0);
	rte_fastmem_deinit();
	assert_int_equal(told.nb_endings, 1);
	assert_int_equal(rte_fastmem_sample_stop(), -EAGAIN);
	rte_fastmem_sample_at_init(NULL);
	assert_int_equal(rte_fastmem_init(), 0);
	assert_int_equal(nb_inits, 1);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	const struct rte_fastmem_sampler right = sampler_of(1 << 19);
	struct rte_fastmem_sampler s;

	(void)state;
	assert_int_equal(rte_fastmem_sample_start(NULL), -EINVAL);
	s = right, s.interval = 0;
	assert_int_equal(rte_fastmem_sample_start(&s), -EINVAL);
	s = right, s.max_places = 0;
	assert_int_equal(rte_fastmem_sample_start(&s), -EINVAL);
	s = right, s.max_places = 1000;
	assert_int_equal(rte_fastmem_sample_start(&s), -EINVAL);
	s = right, s.max_places = 2 * RTE_FASTMEM_SAMPLE_MAX_PLACES;
	assert_int_equal(rte_fastmem_sample_start(&s), -EINVAL);
	s = right, s.allocated = NULL;
	assert_int_equal(rte_fastmem_sample_start(&s), -EINVAL);
	s = right, s.freed = NULL;
	assert_int_equal(rte_fastmem_sample_start(&s), -EINVAL);
	assert_int_equal(rte_fastmem_sample_poll(), -EAGAIN);
	assert_int_equal(rte_fastmem_sample_stop(), -EAGAIN);
	assert_int_equal(rte_fastmem_sample_start(&right), 0);
	assert_int_equal(rte_fastmem_sample_start(&right), -EBUSY);
	assert_int_equal(rte_fastmem_sample_stop(), 0);
	rte_fastmem_deinit();
	assert_int_equal(rte_fastmem_sample_start(&right), -ENODEV);
	assert_int_equal(rte_fastmem_init(), 0);
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(each_block_is_told_however_it_comes_and_goes),
		INIT(each_block_of_many_is_told),
		INIT(each_block_of_threads_is_told),
		INIT(sampling_may_begin_and_end_at_any_time),
		INIT(samples_stand_for_all_blocks),
		INIT(no_call_is_preferred),
#ifndef RTE_FASTMEM_DEBUG
		INIT(what_was_freed_unseen_is_found),
		INIT(a_trap_is_no_news_to_others),
#endif
		INIT(what_is_in_no_cache_is_sampled_too),
		INIT(without_a_place_a_sample_is_told_but_not_followed),
		INIT(deinit_says_so_before_it_begins),
		INIT(what_makes_no_sense_is_refused),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/sample", tests, NULL, NULL);
}
