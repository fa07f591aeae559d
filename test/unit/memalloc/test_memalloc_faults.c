/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what happens when memory for an allocator's own data cannot be had, or a region
 *   not be given back: an error, nothing lost, and nothing half done.
 * Must not: check what allocators do when all is well.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_arena.h>
#include <rte_memalloc_auto.h>
#include <rte_memalloc_cache.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>
#include <rte_memalloc_wrap.h>

#include "witness.h"

#define UNTOUCHED ((void *)(uintptr_t)0x5a5a)

/* Calls until one fails; negative: none does. Of the thread that sets it alone. */
static _Thread_local int countdown = -1;
static _Thread_local bool struck;

static bool
strikes(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	struck = true;
	return true;
}

void *
__real_malloc(size_t size);
void *
__wrap_malloc(size_t size);
void *
__real_calloc(size_t n, size_t size);
void *
__wrap_calloc(size_t n, size_t size);
void *
__real_realloc(void *mem, size_t size);
void *
__wrap_realloc(void *mem, size_t size);
void *
__real_aligned_alloc(size_t align, size_t size);
void *
__wrap_aligned_alloc(size_t align, size_t size);
int
__real_rte_memregion_destroy(struct rte_memregion *region);
int
__wrap_rte_memregion_destroy(struct rte_memregion *region);

void *
__wrap_malloc(size_t size)
{
	return strikes() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return strikes() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *mem, size_t size)
{
	return strikes() ? NULL : __real_realloc(mem, size);
}

void *
__wrap_aligned_alloc(size_t align, size_t size)
{
	return strikes() ? NULL : __real_aligned_alloc(align, size);
}

static int munmap_fails;

int
__wrap_rte_memregion_destroy(struct rte_memregion *region)
{
	int ret = munmap_fails;

	return ret != 0 ? ret : __real_rte_memregion_destroy(region);
}

/* ---- a life of each allocator: made, used, destroyed; a negative errno where that ended early */

static const struct rte_memregion_opts small = { .pages = RTE_MEMREGION_PAGES_SMALL };

/* Destroying needs no memory. */
static int
end(struct rte_memalloc *alloc, int ret)
{
	int error = rte_memalloc_destroy(alloc);

	return error != 0 ? -EPROTO : ret;
}

static int
use(struct rte_memalloc *alloc)
{
	void *mem[100], *bigger;
	int ret = 0, n = 0;

	while (ret == 0 && n < 100) {
		mem[n] = UNTOUCHED;
		ret = rte_memalloc_alloc(alloc, 5000, 0, &mem[n]);
		if (ret == 0)
			n++;
		else if (mem[n] != UNTOUCHED)
			return -EPROTO;
	}
	bigger = UNTOUCHED;
	if (ret == 0)
		ret = rte_memalloc_realloc(alloc, mem[0], 6000, 0, &bigger);
	if (bigger != UNTOUCHED)
		mem[0] = bigger;
	while (n > 0) {
		if (rte_memalloc_free(alloc, mem[--n]) != 0)
			return -EPROTO;
	}
	return ret;
}

static int
live_arena(void)
{
	struct rte_memalloc_arena_opts opts = { .size = 16384,
						.flags = RTE_MEMALLOC_ARENA_F_OVERFLOW,
						.region = &small };
	struct rte_memalloc_arena *arena = UNTOUCHED;
	int ret = rte_memalloc_arena_create(&opts, &arena);

	if (ret != 0)
		return arena == UNTOUCHED ? ret : -EPROTO;
	return end(rte_memalloc_arena_base(arena), use(rte_memalloc_arena_base(arena)));
}

static int
live_pool(void)
{
	struct rte_memalloc_pool_opts opts = {
		.block_size = 8000, .capacity = 150, .cache_size = 16, .region = &small
	};
	struct rte_memalloc_pool *pool = UNTOUCHED;
	int ret = rte_memalloc_pool_create(&opts, &pool);

	if (ret != 0)
		return pool == UNTOUCHED ? ret : -EPROTO;
	return end(rte_memalloc_pool_base(pool), use(rte_memalloc_pool_base(pool)));
}

static int
live_region(void)
{
	struct rte_memalloc *alloc = UNTOUCHED;
	int ret = rte_memalloc_region_create(&small, &alloc);

	if (ret != 0)
		return alloc == UNTOUCHED ? ret : -EPROTO;
	return end(alloc, use(alloc));
}

static int
live_wrapped(void)
{
	static const struct rte_memalloc_cache_facts facts = {
		.nb_levels = 1,
		.level = { { .size = 32768, .line = 64, .ways = 8, .sets = 64, .nb_cpus = 1 } },
	};
	struct rte_memalloc *alloc;
	int ret = rte_memalloc_system_create(&alloc);

	if (ret != 0)
		return ret;
	/* A wrapper that is not made leaves what is there. */
	ret = rte_memalloc_cache_create(alloc, &facts, &alloc);
	if (ret == 0)
		ret = rte_memalloc_tracking_create(alloc, &alloc);
	if (ret == 0)
		ret = rte_memalloc_limit_create(alloc, 1 << 30, &alloc);
	if (ret == 0)
		ret = rte_memalloc_locked_create(alloc, &alloc);
	if (ret == 0)
		ret = use(alloc);
	return end(alloc, ret);
}

/* Of pool, arena, node and standard by turns, as sizes and hints have it. */
static int
live_auto(void)
{
	static const struct rte_memalloc_facts facts = { .nb_nodes = 2 };
	static const struct rte_memalloc_hints hints[] = {
		{ .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY },
		{ .flags = RTE_MEMALLOC_HINT_F_FORCE, .forced = RTE_MEMALLOC_CHOICE_NUMA },
		{ .lifetime = RTE_MEMALLOC_LIFETIME_UNTOLD },
	};
	struct rte_memalloc_auto_opts opts = { .facts = &facts,
					       .pool_blocks = 8,
					       .arena_size = 16384 };
	struct rte_memalloc *alloc = UNTOUCHED;
	void *mem[60];
	int ret, n = 0;

	ret = rte_memalloc_auto_create(&opts, &alloc);
	if (ret != 0)
		return alloc == UNTOUCHED ? ret : -EPROTO;
	while (ret == 0 && n < 60) {
		mem[n] = UNTOUCHED;
		ret = rte_memalloc_auto_alloc(alloc, n % 2 == 0 ? 3000 : 5000, 0, &hints[n % 3],
					      NULL, &mem[n]);
		if (ret == 0)
			n++;
		else if (mem[n] != UNTOUCHED)
			return -EPROTO;
	}
	while (n > 0) {
		if (rte_memalloc_free(alloc, mem[--n]) != 0)
			return -EPROTO;
	}
	return end(alloc, ret);
}

struct life {
	int (*live)(void);
	int nth;
	int ret;
	bool struck;
};

/* In a thread of its own, since threads keep what they once have. */
static void *
live_in_thread(void *arg)
{
	struct life *life = arg;

	countdown = life->nth;
	struck = false;
	life->ret = life->live();
	countdown = -1;
	life->struck = struck;
	return NULL;
}

static void
each_call_may_fail(int (*live)(void), bool may_do_without)
{
	struct life life = { .live = live, .nth = -1 };
	unsigned int nb_failed = 0;
	pthread_t thread;
	char *before;

	/* A first life: what libraries keep for later is not what is looked for. */
	assert_int_equal(pthread_create(&thread, NULL, live_in_thread, &life), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(life.ret, 0);
	before = strdup(witness_all());
	assert_non_null(before);
	for (life.nth = 0; life.nth == 0 || life.struck; life.nth++) {
		assert_int_equal(pthread_create(&thread, NULL, live_in_thread, &life), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		if (life.ret != (life.struck ? -ENOMEM : 0) && !(may_do_without && life.ret == 0))
			fail_msg("call %d failed, and it is %d", life.nth, life.ret);
		nb_failed += life.ret != 0;
	}
	print_message("%d calls for memory, of which %u were needed\n", life.nth - 1, nb_failed);
	assert_true(nb_failed > 1);
	/* Nothing is left. */
	assert_string_equal(witness_all(), before);
	free(before);
}

static void
no_memory_for_an_arena(void **state)
{
	(void)state;
	each_call_may_fail(live_arena, true);
}

static void
no_memory_for_a_pool(void **state)
{
	/* It goes without caches where these cannot be had. */
	(void)state;
	each_call_may_fail(live_pool, true);
}

static void
no_memory_for_regions(void **state)
{
	(void)state;
	each_call_may_fail(live_region, true);
}

static void
no_memory_for_wrappers(void **state)
{
	(void)state;
	each_call_may_fail(live_wrapped, false);
}

static void
no_memory_for_what_chooses(void **state)
{
	/* It takes the next best. */
	(void)state;
	each_call_may_fail(live_auto, true);
}

static void
what_auto_cannot_unmap_stays(void **state)
{
	static const struct rte_memalloc_facts facts = { .nb_nodes = 2 };
	struct rte_memalloc_hints work = { .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY };
	struct rte_memalloc_auto_opts opts = { .facts = &facts, .arena_size = 4096 };
	struct rte_memalloc *alloc;
	void *mem, *temporary;
	char *before;

	(void)state;
	before = strdup(witness_all());
	assert_non_null(before);
	assert_int_equal(rte_memalloc_auto_create(&opts, &alloc), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, 3 << 20, 0, &mem), 0);
	assert_int_equal(rte_memalloc_auto_alloc(alloc, 8000, 0, &work, NULL, &temporary), 0);
	munmap_fails = -ENOMEM;
	assert_int_equal(rte_memalloc_free(alloc, mem), -ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "munmap"));
	assert_true(rte_memalloc_usable_size(alloc, mem) >= 3 << 20);
	/* Its arena stays, and goes with the allocator. */
	assert_int_equal(rte_memalloc_free(alloc, temporary), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	munmap_fails = 0;
	memset(mem, 1, 3 << 20);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	munmap_fails = -ENOMEM;
	assert_int_equal(rte_memalloc_destroy(alloc), -ENOMEM);
	munmap_fails = 0;
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_string_equal(witness_all(), before);
	free(before);
}

static void
what_cannot_be_unmapped_stays(void **state)
{
	struct rte_memalloc_pool_opts pool_opts = { .block_size = 64,
						    .capacity = 10,
						    .region = &small };
	struct rte_memalloc_arena_opts arena_opts = { .region = &small };
	struct rte_memalloc_arena *arena;
	struct rte_memalloc_pool *pool;
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_region_create(&small, &alloc), 0);
	assert_int_equal(rte_memalloc_arena_create(&arena_opts, &arena), 0);
	assert_int_equal(rte_memalloc_pool_create(&pool_opts, &pool), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, 5000, 0, &mem), 0);
	munmap_fails = -ENOMEM;
	assert_int_equal(rte_memalloc_free(alloc, mem), -ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "munmap"));
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), 8192);
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	assert_int_equal(rte_memalloc_destroy(rte_memalloc_arena_base(arena)), -ENOMEM);
	assert_int_equal(rte_memalloc_destroy(rte_memalloc_pool_base(pool)), -ENOMEM);
	munmap_fails = 0;
	memset(mem, 1, 5000);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_non_null(rte_memalloc_arena_alloc(arena, 100, 0));
	assert_int_equal(rte_memalloc_destroy(rte_memalloc_arena_base(arena)), 0);
	mem = rte_memalloc_pool_get(pool);
	assert_non_null(mem);
	assert_int_equal(rte_memalloc_pool_put(pool, mem), 0);
	assert_int_equal(rte_memalloc_destroy(rte_memalloc_pool_base(pool)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_for_an_arena),
		cmocka_unit_test(no_memory_for_a_pool),
		cmocka_unit_test(no_memory_for_regions),
		cmocka_unit_test(no_memory_for_wrappers),
		cmocka_unit_test(no_memory_for_what_chooses),
		cmocka_unit_test(what_cannot_be_unmapped_stays),
		cmocka_unit_test(what_auto_cannot_unmap_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
