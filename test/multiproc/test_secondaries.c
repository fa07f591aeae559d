/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A primary and its secondaries share one allocator: pointers, handles, limits, growth and
 * statistics are the same in each, any frees what any other allocated, and one that leaves, or is
 * killed, hangs nobody. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_fastmem_mempool.h>
#include <rte_memory.h>

#include "peer.h"
#include "pool.h"
#include "test_blocks.h"
#include "test_setup.h"

#define CALL(peer, ...) peer_call((peer), (struct peer_request){ __VA_ARGS__ })
#define SEND(peer, ...) peer_send((peer), (struct peer_request){ __VA_ARGS__ })

static void
a_secondary_before_the_primarys_init_gets_enodev_and_later_memory(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply;

	reply = CALL(&peer, .op = PEER_ALLOC, .size = 100);
	assert_null(reply.ptr);
	assert_int_equal(reply.error, ENODEV);
	assert_int_equal(CALL(&peer, .op = PEER_INIT).value, -ENODEV);
	assert_int_equal(CALL(&peer, .op = PEER_RESERVE, .size = MIB).value, -EINVAL);
	assert_int_equal(setup_reserved(state), 0);
	reply = CALL(&peer, .op = PEER_ALLOC, .size = 100);
	assert_non_null(reply.ptr);
	CALL(&peer, .op = PEER_FREE, .ptr = reply.ptr);
	peer_leave(&peer);
}

static void
a_secondary_attaches_at_first_use(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply = CALL(&peer, .op = PEER_ALLOC, .size = 5000);

	(void)state;
	assert_non_null(reply.ptr);
	assert_true(rte_fastmem_owns(reply.ptr));
	assert_int_equal(rte_fastmem_usable_size(reply.ptr), class_of(5000));
	assert_int_equal(stats_now().bytes_in_use, class_of(5000));
	CALL(&peer, .op = PEER_FREE, .ptr = reply.ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
	peer_leave(&peer);
}

static void
a_secondarys_first_use_may_be_any_call(void **state)
{
	void *ptr = rte_fastmem_alloc(300, 0, 0);
	rte_fastmem_handle_t handle;
	struct peer_reply reply;
	struct peer peer;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(300, 0, test_node(), &handle), 0);
	peer = peer_start(0);
	assert_int_equal(CALL(&peer, .op = PEER_USABLE, .ptr = ptr).value, class_of(300));
	peer_leave(&peer);
	peer = peer_start(0);
	CALL(&peer, .op = PEER_FREE, .ptr = ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
	peer_leave(&peer);
	peer = peer_start(0);
	reply = CALL(&peer, .op = PEER_HALLOC, .handle = handle);
	assert_non_null(reply.ptr);
	rte_fastmem_free(reply.ptr);
	peer_leave(&peer);
	peer = peer_start(0);
	assert_int_equal(CALL(&peer, .op = PEER_RESERVED).value, TEST_RESERVED);
	peer_leave(&peer);
	peer = peer_start(0);
	assert_int_equal(CALL(&peer, .op = PEER_STATS).value, 0);
	peer_leave(&peer);
}

/* Sizes of every path: cached classes, uncached ones, a run of pages. */
static const size_t sizes[] = { 1, 64, 300, 4096, 12000, 100000, MIB, 3 * MIB };

static void
each_reads_and_frees_the_others_blocks(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply;
	size_t i;
	void *ptr;

	(void)state;
	if (test_node_memory_only())
		assert_int_equal(CALL(&peer, .op = PEER_INIT).value, 0);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		ptr = rte_fastmem_alloc(sizes[i], 0, 0);
		assert_non_null(ptr);
		test_pattern_write(ptr, sizes[i], i);
		assert_true(CALL(&peer, .op = PEER_INTACT, .ptr = ptr, .size = sizes[i], .seed = i)
				    .value);
		CALL(&peer, .op = PEER_FREE, .ptr = ptr);
		assert_int_equal(stats_now().bytes_in_use, 0);

		reply = CALL(&peer, .op = PEER_ALLOC, .size = sizes[i]);
		assert_non_null(reply.ptr);
		CALL(&peer, .op = PEER_FILL, .ptr = reply.ptr, .size = sizes[i], .seed = ~i);
		assert_true(test_pattern_intact(reply.ptr, sizes[i], ~i));
		rte_fastmem_free(reply.ptr);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
	peer_leave(&peer);
}

static void
each_says_the_same_of_a_block(void **state)
{
	struct peer peer = peer_start(0);
	char *ptr;
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		ptr = rte_fastmem_alloc(sizes[i], 0, 0);
		assert_true(CALL(&peer, .op = PEER_OWNS, .ptr = ptr).value);
		assert_int_equal(CALL(&peer, .op = PEER_NODE_OF, .ptr = ptr).value, test_node());
		assert_int_equal(CALL(&peer, .op = PEER_USABLE, .ptr = ptr).value,
				 rte_fastmem_usable_size(ptr));
		assert_int_equal(CALL(&peer, .op = PEER_IOVA, .ptr = ptr + sizes[i] / 2).value,
				 rte_mem_virt2iova(ptr + sizes[i] / 2));
		rte_fastmem_free(ptr);
	}
	peer_leave(&peer);
}

static void
realloc_moves_the_others_block(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply;
	void *ptr = rte_fastmem_alloc(800, 0, 0);

	(void)state;
	test_pattern_write(ptr, 800, 3);
	reply = CALL(&peer, .op = PEER_REALLOC, .ptr = ptr, .size = 50000);
	assert_non_null(reply.ptr);
	assert_true(test_pattern_intact(reply.ptr, 800, 3));
	rte_fastmem_free(reply.ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
	peer_leave(&peer);
}

static void
a_handle_is_valid_in_every_process(void **state)
{
	struct peer peer = peer_start(0);
	rte_fastmem_handle_t handle;
	struct peer_reply reply;
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(1500, 0, test_node(), &handle), 0);
	reply = CALL(&peer, .op = PEER_LOOKUP, .size = 1500);
	assert_int_equal(reply.error, 0);
	assert_int_equal(reply.value, handle);
	reply = CALL(&peer, .op = PEER_HALLOC, .handle = handle);
	assert_int_equal(rte_fastmem_usable_size(reply.ptr), class_of(1500));
	rte_fastmem_hfree(handle, reply.ptr);
	ptr = rte_fastmem_halloc(handle, 0);
	CALL(&peer, .op = PEER_HFREE, .handle = handle, .ptr = ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
	peer_leave(&peer);
}

static void
one_secondary_frees_what_another_allocated(void **state)
{
	struct peer a = peer_start(0), b = peer_start(1);
	struct peer_reply reply;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		reply = CALL(&a, .op = PEER_ALLOC, .size = 1000);
		assert_non_null(reply.ptr);
		CALL(&b, .op = PEER_FREE, .ptr = reply.ptr);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
	peer_leave(&a);
	peer_leave(&b);
}

static void
all_see_the_same_statistics(void **state)
{
	struct peer peer = peer_start(0);
	struct rte_fastmem_lcore_stats lcore;
	struct rte_fastmem_node_stats node;
	struct rte_fastmem_stats stats;
	struct peer_reply reply;
	void *ptr = rte_fastmem_alloc(100, 0, 0);

	(void)state;
	reply = CALL(&peer, .op = PEER_ALLOC, .size = 700);
	rte_fastmem_free(reply.ptr);
	reply = CALL(&peer, .op = PEER_STATS);
	stats = stats_now();
	node = node_stats_now();
	assert_stats_equal(reply.stats, stats);
	assert_memory_equal(&reply.node, &node, sizeof(node));
	assert_int_equal(stats.alloc_total, 2);
	assert_int_equal(stats.free_total, 1);
	assert_int_equal(stats.bytes_in_use, class_of(100));
	assert_int_equal(rte_fastmem_stats_lcore(peer.lcore, &lcore), 0);
	assert_int_equal(lcore.alloc_cache_hits + lcore.alloc_cache_misses, 1);
	assert_int_equal(lcore.free_cache_hits + lcore.free_cache_misses, 0);
	rte_fastmem_free(ptr);
	peer_leave(&peer);
	assert_int_equal(stats_now().alloc_total, 2);
	assert_int_equal(rte_fastmem_stats_lcore(PEER_LCORE, &lcore), 0);
	assert_int_equal(lcore.alloc_cache_hits + lcore.alloc_cache_misses, 1);
}

static void
a_secondary_that_leaves_returns_its_caches(void **state)
{
	struct test_blocks blocks = { 0 };
	struct peer peer = peer_start(0);

	(void)state;
	assert_int_equal(CALL(&peer, .op = PEER_CHURN, .seed = 1, .size = 5000).value, 0);
	peer_leave(&peer);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

static void
its_blocks_stay_when_it_leaves(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply = CALL(&peer, .op = PEER_ALLOC, .size = 2000);

	(void)state;
	CALL(&peer, .op = PEER_FILL, .ptr = reply.ptr, .size = 2000, .seed = 9);
	peer_leave(&peer);
	assert_true(test_pattern_intact(reply.ptr, 2000, 9));
	assert_int_equal(stats_now().bytes_in_use, class_of(2000));
	rte_fastmem_free(reply.ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
a_secondary_leaves_and_joins_again(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply;
	int round;

	(void)state;
	for (round = 0; round < 5; round++) {
		assert_int_equal(CALL(&peer, .op = PEER_INIT).value, 0);
		assert_int_equal(CALL(&peer, .op = PEER_INIT).value, 0);
		reply = CALL(&peer, .op = PEER_ALLOC, .size = 400);
		assert_non_null(reply.ptr);
		CALL(&peer, .op = PEER_FREE, .ptr = reply.ptr);
		CALL(&peer, .op = PEER_DEINIT);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
	peer_leave(&peer);
}

static void
all_draw_on_one_reservation(void **state)
{
	struct test_blocks blocks = { 0 };
	struct peer peer = peer_start(0);

	(void)state;
	assert_int_equal(CALL(&peer, .op = PEER_EXHAUST, .size = MIB).value, TEST_RESERVED / MIB);
	assert_null(rte_fastmem_alloc(MIB, 0, 0));
	CALL(&peer, .op = PEER_RELEASE);
	CALL(&peer, .op = PEER_FLUSH);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	assert_null(CALL(&peer, .op = PEER_ALLOC, .size = MIB).ptr);
	test_blocks_free(&blocks);
	peer_leave(&peer);
}

static void
a_secondarys_reservation_and_limit_hold_for_all(void **state)
{
	struct peer peer = peer_start(0);

	(void)state;
	assert_int_equal(CALL(&peer, .op = PEER_RESERVE, .size = 8 * MIB).value, 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_int_equal(CALL(&peer, .op = PEER_LIMIT, .size = 8 * MIB).value, 0);
	assert_int_equal(rte_fastmem_get_limit(test_node()), 8 * MIB);
	assert_int_equal(rte_fastmem_reserve(8 * MIB + 1, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	peer_leave(&peer);
}

static void
growth_by_the_primary_is_seen(void **state)
{
	struct peer peer = peer_start(0);
	struct test_blocks blocks = { 0 };
	struct test_block *last;

	(void)state;
	/* It has attached before the chunks are there. */
	CALL(&peer, .op = PEER_FREE, .ptr = CALL(&peer, .op = PEER_ALLOC, .size = 64).ptr);
	while (blocks.n < 12)
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
	last = &blocks.at[blocks.n - 1];
	assert_true(CALL(&peer, .op = PEER_OWNS, .ptr = last->ptr).value);
	assert_int_equal(CALL(&peer, .op = PEER_USABLE, .ptr = last->ptr).value, MIB);
	assert_true(
		CALL(&peer, .op = PEER_INTACT, .ptr = last->ptr, .size = MIB, .seed = last->seed)
			.value);
	while (blocks.n > 0)
		CALL(&peer, .op = PEER_FREE, .ptr = test_blocks_take(&blocks, 0).ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
	test_blocks_free(&blocks);
	peer_leave(&peer);
}

/* Here a free is what meets the new chunk first. */
static void
freeing_into_a_chunk_that_was_never_seen_works(void **state)
{
	struct peer peer = peer_start(0);
	void *ptr;
	int i;

	(void)state;
	CALL(&peer, .op = PEER_FREE, .ptr = CALL(&peer, .op = PEER_ALLOC, .size = 64).ptr);
	for (i = 0; i < 8; i++) {
		ptr = rte_fastmem_alloc(5 * MIB, 0, 0);
		assert_non_null(ptr);
		assert_non_null(rte_fastmem_alloc(2 * MIB, 0, 0));
		CALL(&peer, .op = PEER_FREE, .ptr = ptr);
	}
	assert_int_equal(stats_now().bytes_in_use, 8 * 2 * MIB);
	peer_leave(&peer);
}

static void
growth_by_a_secondary_is_seen(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply replies[12];
	size_t i;

	(void)state;
	rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	for (i = 0; i < RTE_DIM(replies); i++) {
		replies[i] = CALL(&peer, .op = PEER_ALLOC, .size = MIB);
		assert_non_null(replies[i].ptr);
		assert_true(rte_fastmem_owns(replies[i].ptr));
		CALL(&peer, .op = PEER_FILL, .ptr = replies[i].ptr, .size = MIB, .seed = i);
	}
	assert_true(stats_now().bytes_backing >= 12 * MIB);
	assert_true(zones_bytes() >= 12 * MIB);
	assert_true(node_stats_now().growths > 0);
	for (i = 0; i < RTE_DIM(replies); i++) {
		assert_true(test_pattern_intact(replies[i].ptr, MIB, i));
		rte_fastmem_free(replies[i].ptr);
	}
	peer_leave(&peer);
	/* What it took stays, for the primary to use. */
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	for (i = 0; i < RTE_DIM(replies); i++)
		assert_non_null(rte_fastmem_alloc(MIB, 0, 0));
}

static void
a_trim_reaches_the_other(void **state)
{
	struct peer peer = peer_start(0);
	struct peer_reply reply;
	void *ptr;
	int round;

	(void)state;
	for (round = 0; round < 5; round++) {
		ptr = rte_fastmem_alloc(3 * MIB, 0, 0);
		assert_true(CALL(&peer, .op = PEER_OWNS, .ptr = ptr).value);
		rte_fastmem_free(ptr);
		rte_fastmem_cache_flush();
		CALL(&peer, .op = PEER_FLUSH);
		assert_true(rte_fastmem_trim(test_node()) > 0);
		assert_false(CALL(&peer, .op = PEER_OWNS, .ptr = ptr).value);
		reply = CALL(&peer, .op = PEER_ALLOC, .size = 3 * MIB);
		assert_non_null(reply.ptr);
		test_pattern_write(reply.ptr, 3 * MIB, round);
		assert_true(CALL(&peer, .op = PEER_INTACT, .ptr = reply.ptr, .size = 3 * MIB,
				 .seed = round)
				    .value);
		rte_fastmem_free(reply.ptr);
		assert_true(CALL(&peer, .op = PEER_TRIM).value > 0);
		assert_false(rte_fastmem_owns(reply.ptr));
	}
	peer_leave(&peer);
}

/* As a secondary's, but here. */
static void
churn_here(uint64_t seed, int rounds)
{
	struct test_rand r = test_rand_start(seed);
	struct test_blocks own = { 0 };

	while (rounds-- > 0) {
		if (own.n < 50)
			test_blocks_alloc(&own, test_rand_size(&r, 20000), 0);
		else
			rte_fastmem_free(test_blocks_take(&own, test_rand_below(&r, own.n)).ptr);
	}
	assert_true(test_blocks_intact(&own));
	test_blocks_free(&own);
}

static void
contents_survive_processes_churning(void **state)
{
	struct test_blocks blocks = { 0 };
	struct peer peers[3];
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(peers); i++)
		peers[i] = peer_start(i);
	for (i = 0; i < RTE_DIM(peers); i++)
		SEND(&peers[i], .op = PEER_CHURN, .seed = 20 + i, .size = 50000);
	churn_here(30, 50000);
	for (i = 0; i < RTE_DIM(peers); i++)
		assert_int_equal(peer_receive(&peers[i]).value, 0);
	assert_int_equal(stats_now().bytes_in_use, 0);
	for (i = 0; i < RTE_DIM(peers); i++)
		peer_leave(&peers[i]);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
}

static struct rte_fastmem_audit
audit_here(void)
{
	struct rte_fastmem_audit audit;

	assert_int_equal(rte_fastmem_audit(test_node(), NULL, NULL, &audit), 0);
	return audit;
}

static void
an_audit_is_the_same_from_every_process(void **state)
{
	struct peer peer = peer_start(0);
	struct test_blocks blocks = { 0 };
	struct rte_fastmem_audit here;
	struct peer_reply reply;
	int i;

	(void)state;
	/* Its first call of all: what others cached is mapped there by then. */
	for (i = 0; i < 1000; i++)
		assert_true(test_blocks_alloc(&blocks, 100 + 30 * (size_t)i, 0));
	for (i = 0; i < 300; i++)
		rte_fastmem_free(test_blocks_take(&blocks, (size_t)i).ptr);
	reply = CALL(&peer, .op = PEER_AUDIT);
	assert_int_equal(reply.value, 0);
	assert_int_equal(reply.audit.faults, 0);
	assert_int_equal(reply.audit.moved, 0);
	assert_int_equal(reply.audit.live, 700);
	here = audit_here();
	assert_memory_equal(&here, &reply.audit, sizeof(here));
	test_blocks_free(&blocks);
	peer_leave(&peer);
}

/* Killed at whichever instruction: what it held may be gone for now, but nobody waits for it. */
static void
a_killed_secondary_hangs_nobody(void **state)
{
	struct peer peer, other = peer_start(1);
	int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		peer = peer_start(0);
		CALL(&peer, .op = PEER_CHURN, .seed = i, .size = 100);
		SEND(&peer, .op = PEER_CHURN, .seed = i, .size = SIZE_MAX);
		usleep(1000 * (unsigned int)i + 500);
		peer_kill(&peer);
		churn_here(40 + i, 3000);
		assert_int_equal(CALL(&other, .op = PEER_CHURN, .seed = i, .size = 3000).value, 0);
	}
	peer_leave(&other);
}

/* Between two requests: nothing is in its hands, so nothing is lost. */
static void
kill_with_a_full_cache(bool sampled)
{
	struct test_blocks left = { 0 };
	struct peer peer = peer_start(0);
	size_t nb;

	if (sampled)
		assert_int_equal(CALL(&peer, .op = PEER_SAMPLE).value, 0);
	assert_int_equal(CALL(&peer, .op = PEER_CHURN, .seed = 1, .size = 5000).value, 0);
	peer_kill(&peer);
	assert_int_equal(audit_here().faults + audit_here().moved, 0);
	nb = test_blocks_exhaust(&left, MIB, 0);
	test_blocks_free(&left);
#ifdef RTE_FASTMEM_DEBUG
	/* Without caches there is nothing to come back. */
	assert_int_equal(nb, TEST_RESERVED / MIB);
#else
	assert_true(nb < TEST_RESERVED / MIB);
#endif
}

static void
what_a_killed_secondary_cached_comes_back_by_a_trim(void **state)
{
	struct test_blocks blocks = { 0 };
	int sampled;

	(void)state;
	/* Where it took samples each of its slots has a trap. */
	for (sampled = 0; sampled < 2; sampled++) {
		kill_with_a_full_cache(sampled != 0);
		assert_int_equal(rte_fastmem_trim(test_node()), 0);
		assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
		test_blocks_free(&blocks);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
}

static void
and_when_another_comes(void **state)
{
	struct test_blocks blocks = { 0 };
	struct peer peer;

	(void)state;
	kill_with_a_full_cache(false);
	peer = peer_start(1);
	CALL(&peer, .op = PEER_INIT);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&blocks);
	peer_leave(&peer);
}

/* One that lives keeps what it has, whoever trims. */
static void
what_the_living_hold_stays(void **state)
{
	struct peer peer = peer_start(0), other = peer_start(1);
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		SEND(&peer, .op = PEER_CHURN, .seed = i, .size = 3000);
		CALL(&other, .op = PEER_TRIM);
		assert_int_equal(rte_fastmem_trim(test_node()), 0);
		assert_int_equal(peer_receive(&peer).value, 0);
	}
	peer_leave(&peer);
	peer_leave(&other);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* However that one ends. */
static void
what_another_process_has_pinned_stays_while_it_lives(void **state)
{
	struct test_blocks blocks = { 0 };
	struct peer peer;
	uint64_t backing;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		while (blocks.n < 8)
			assert_true(test_blocks_alloc(&blocks, MIB, 0));
		test_blocks_free(&blocks);
		rte_fastmem_cache_flush();
		backing = node_stats_now().bytes_backing;
		peer = peer_start(0);
		assert_int_equal(CALL(&peer, .op = PEER_PIN).value, 0);
		assert_int_equal(rte_fastmem_trim(test_node()), 0);
		test_blocks_exhaust(&blocks, MIB, 0);
		assert_int_equal(node_stats_now().bytes_backing, backing);
		if (i == 0)
			peer_leave(&peer);
		else
			peer_kill(&peer);
		/* Growth that was refused is not tried for a second, unless this is called. */
		assert_int_equal(rte_fastmem_set_growth(test_node(), true), 0);
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
		test_blocks_free(&blocks);
		rte_fastmem_cache_flush();
		assert_true(rte_fastmem_trim(test_node()) > 0);
	}
}

/* At any instruction: what it had in its hands is lost, and nothing is there twice. */
static void
many_killed_secondaries_leave_nearly_all(void **state)
{
	/* test/vm sets it: a secondary takes a second to start in an emulated machine. */
	int i, nb = getenv("FASTMEM_MACHINE") != NULL ? 4 : 24;
	struct test_blocks blocks = { 0 };
	struct peer peer;

	(void)state;
	for (i = 0; i < nb; i++) {
		peer = peer_start(0);
		CALL(&peer, .op = PEER_CHURN, .seed = i, .size = 100);
		SEND(&peer, .op = PEER_CHURN, .seed = i, .size = SIZE_MAX);
		usleep(700 * (unsigned int)i + 500);
		peer_kill(&peer);
		assert_int_equal(rte_fastmem_trim(test_node()), 0);
		/* What its thread had in hand may be lost, but nothing is on the move any more. */
		assert_int_equal(audit_here().moved, 0);
		churn_here(60 + i, 3000);
	}
	/* Of 4 KiB, so that a lost block costs no more than its run; 50 were live in each. */
	test_blocks_exhaust(&blocks, 4096, 0);
	assert_true(blocks.n > TEST_RESERVED / 4096 / 2);
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
}

static struct rte_mempool *
pool_here(unsigned int n)
{
	const struct rte_fastmem_mempool_params params = {
		.name = "pool",
		.n = n,
		.max = n,
		.elt_size = 256,
		.node_id = test_node(),
	};
	struct rte_mempool *mp = rte_fastmem_mempool_create(&params);

	assert_non_null(mp);
	return mp;
}

static void
processes_exchange_a_pools_objects(void **state)
{
	/* An emulated machine is slow. */
	size_t rounds = getenv("FASTMEM_MACHINE") != NULL ? 1000 : 20000;
	struct peer a = peer_start(0), b = peer_start(1);
	/* So few that each gets of what others have put. */
	struct rte_mempool *mp = pool_here(150);
	unsigned int n = 0;
	void *object;

	(void)state;
	SEND(&a, .op = PEER_POOL, .ptr = mp, .seed = 1, .size = rounds);
	SEND(&b, .op = PEER_POOL, .ptr = mp, .seed = 2, .size = rounds);
	assert_int_equal(pool_churn(mp, 3, rounds), 0);
	assert_int_equal(peer_receive(&a).value, 0);
	assert_int_equal(peer_receive(&b).value, 0);
	assert_int_equal(rte_mempool_avail_count(mp), 150);
	rte_mempool_free(mp);
	/* Secondaries have pools of their own, too. */
	assert_int_equal(CALL(&a, .op = PEER_OWN).value, 0);
	/* One that is killed takes what it has in hand, in its slot and its chain, and hangs nobody. */
	mp = pool_here(2000);
	SEND(&b, .op = PEER_POOL, .ptr = mp, .seed = 4, .size = SIZE_MAX);
	usleep(3000);
	peer_kill(&b);
	assert_int_equal(CALL(&a, .op = PEER_POOL, .ptr = mp, .seed = 5, .size = rounds).value, 0);
	peer_leave(&a);
	while (rte_mempool_get(mp, &object) == 0)
		n++;
	assert_true(n >= 1000);
	rte_mempool_free(mp);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

int
main(int argc, char **argv)
{
#define INIT(test)     cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			a_secondary_before_the_primarys_init_gets_enodev_and_later_memory,
			teardown_deinit),
		RESERVED(a_secondary_attaches_at_first_use),
		RESERVED(a_secondarys_first_use_may_be_any_call),
		RESERVED(each_reads_and_frees_the_others_blocks),
		RESERVED(each_says_the_same_of_a_block),
		RESERVED(realloc_moves_the_others_block),
		RESERVED(a_handle_is_valid_in_every_process),
		RESERVED(one_secondary_frees_what_another_allocated),
		RESERVED(all_see_the_same_statistics),
		RESERVED(a_secondary_that_leaves_returns_its_caches),
		RESERVED(its_blocks_stay_when_it_leaves),
		RESERVED(a_secondary_leaves_and_joins_again),
		RESERVED(all_draw_on_one_reservation),
		INIT(a_secondarys_reservation_and_limit_hold_for_all),
		INIT(growth_by_the_primary_is_seen),
		INIT(freeing_into_a_chunk_that_was_never_seen_works),
		INIT(growth_by_a_secondary_is_seen),
		INIT(a_trim_reaches_the_other),
		RESERVED(contents_survive_processes_churning),
		RESERVED(an_audit_is_the_same_from_every_process),
		RESERVED(a_killed_secondary_hangs_nobody),
		RESERVED(what_a_killed_secondary_cached_comes_back_by_a_trim),
		RESERVED(and_when_another_comes),
		RESERVED(what_the_living_hold_stays),
		INIT(what_another_process_has_pinned_stays_while_it_lives),
		RESERVED(many_killed_secondaries_leave_nearly_all),
		INIT(processes_exchange_a_pools_objects),
	};
	char *mode[] = { argv[0], argc == 3 ? argv[2] : NULL };

	if (argc != 3) {
		fprintf(stderr, "usage: %s PROGRAM-OF-A-SECONDARY EAL-MODE\n", argv[0]);
		return EXIT_FAILURE;
	}
	peer_program(argv[1]);
	test_eal_start(2, mode);
	return cmocka_run_group_tests_name("fastmem/secondaries", tests, NULL, NULL);
}
