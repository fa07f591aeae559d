/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * memalloc_autotest: what every allocator promises, of each kind, and what single kinds promise. */

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_memalloc_arena.h>
#include <rte_memalloc_choose.h>
#include <rte_memalloc_fastmem.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_region.h>
#include <rte_memalloc_system.h>
#include <rte_memalloc_wrap.h>

#include "test.h"

#define NB	  100  /* allocations that a case holds at once */
#define POOL_SIZE 1024 /* bytes of a pool's block, and the largest allocation of the common cases */

static struct rte_memalloc *alloc;
static struct rte_memalloc_arena *arena;
static struct rte_memalloc_pool *pool;

static bool
is_filled(const void *mem, size_t size, unsigned char with)
{
	const unsigned char *byte = mem;

	for (size_t i = 0; i < size; i++)
		if (byte[i] != with)
			return false;
	return true;
}

/* Aligned, large enough, nobody else's; and the counts add up. */
static int
check_blocks(void)
{
	struct rte_memalloc_stats stats;
	size_t size, align;
	void *mem[NB];
	int ret;

	for (unsigned int i = 0; i < NB; i++) {
		size = i * 97 % POOL_SIZE + 1;
		align = i % 3 == 0 ? 0 : (size_t)1 << (i % 7);
		ret = rte_memalloc_alloc(alloc, size, align, &mem[i]);
		TEST_ASSERT_SUCCESS(ret, "%zu bytes at %zu: %d: %s", size, align, ret,
				    rte_memalloc_error());
		align = align == 0 ? RTE_MEMALLOC_ALIGN : align;
		TEST_ASSERT_EQUAL((uintptr_t)mem[i] % align, 0, "%p at %zu", mem[i], align);
		TEST_ASSERT(rte_memalloc_usable_size(alloc, mem[i]) >= size, "usable size");
		memset(mem[i], (int)i, size);
	}
	TEST_ASSERT_SUCCESS(rte_memalloc_stats(alloc, &stats), "statistics");
	TEST_ASSERT(stats.nb_allocs == NB && stats.nb_frees == 0 && stats.allocated > 0 &&
			    stats.allocated <= stats.held && stats.peak >= stats.allocated,
		    "%ju allocated by %ju", (uintmax_t)stats.allocated, (uintmax_t)stats.nb_allocs);
	for (unsigned int i = 0; i < NB; i++) {
		TEST_ASSERT(is_filled(mem[i], i * 97 % POOL_SIZE + 1, (unsigned char)i),
			    "allocation %u was written to", i);
		TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, mem[i]), "free");
	}
	TEST_ASSERT_SUCCESS(rte_memalloc_stats(alloc, &stats), "statistics");
	TEST_ASSERT_EQUAL(stats.nb_frees, NB, "%ju freed", (uintmax_t)stats.nb_frees);
	if (rte_memalloc_flags(alloc) & RTE_MEMALLOC_F_REUSES)
		TEST_ASSERT_EQUAL(stats.allocated, 0, "%ju allocated", (uintmax_t)stats.allocated);
	return TEST_SUCCESS;
}

static int
check_realloc(void)
{
	void *mem = NULL;
	int ret;

	for (size_t size = 1; size <= POOL_SIZE; size *= 2) {
		ret = rte_memalloc_realloc(alloc, mem, size, 0, &mem);
		TEST_ASSERT_SUCCESS(ret, "to %zu: %d: %s", size, ret, rte_memalloc_error());
		TEST_ASSERT(is_filled(mem, size / 2, 0x5a), "content lost at %zu", size);
		memset(mem, 0x5a, size);
	}
	TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, mem), "free");
	return TEST_SUCCESS;
}

static int
check_errors(void)
{
	struct rte_memalloc_stats stats;
	char own[64];
	void *mem = own;

	TEST_ASSERT_EQUAL(rte_memalloc_alloc(alloc, 0, 0, &mem), -EINVAL, "no byte");
	TEST_ASSERT_EQUAL(rte_memalloc_alloc(alloc, 8, 3, &mem), -EINVAL, "alignment 3");
	TEST_ASSERT_EQUAL(rte_memalloc_alloc(alloc, 8, 0, NULL), -EINVAL, "nowhere to");
	TEST_ASSERT_EQUAL(rte_memalloc_alloc(NULL, 8, 0, &mem), -EINVAL, "of nobody");
	TEST_ASSERT(rte_memalloc_alloc(alloc, PTRDIFF_MAX, 0, &mem) < 0, "all memory");
	TEST_ASSERT(rte_memalloc_error()[0] != '\0', "no text");
	TEST_ASSERT_EQUAL(mem, (void *)own, "a failure wrote to its output");
	TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, NULL), "free nothing");
	if (rte_memalloc_flags(alloc) & RTE_MEMALLOC_F_CHECKS) {
		TEST_ASSERT_EQUAL(rte_memalloc_free(alloc, own), -EINVAL, "free the stack");
		TEST_ASSERT_SUCCESS(rte_memalloc_alloc(alloc, 8, 0, &mem), "alloc");
		TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, mem), "free");
		TEST_ASSERT_EQUAL(rte_memalloc_free(alloc, mem), -EINVAL, "free twice");
	}
	TEST_ASSERT_EQUAL(rte_memalloc_stats(alloc, NULL), -EINVAL, "statistics to nowhere");
	TEST_ASSERT_SUCCESS(rte_memalloc_stats(alloc, &stats), "statistics");
	return TEST_SUCCESS;
}

/* Of an allocator that reuses what is left is a leak. */
static int
check_destroy(void)
{
	void *mem;

	TEST_ASSERT_SUCCESS(rte_memalloc_alloc(alloc, 100, 0, &mem), "alloc");
	if (rte_memalloc_flags(alloc) & RTE_MEMALLOC_F_REUSES) {
		TEST_ASSERT_EQUAL(rte_memalloc_destroy(alloc), -EBUSY, "destroyed with a leak");
		memset(mem, 1, 100);
		TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, mem), "free");
	}
	TEST_ASSERT_SUCCESS(rte_memalloc_destroy(alloc), "destroy");
	alloc = NULL;
	return TEST_SUCCESS;
}

static int
check_all(void)
{
	int (*const checks[])(void) = { check_blocks, check_realloc, check_errors, check_destroy };

	for (unsigned int i = 0; i < RTE_DIM(checks); i++)
		TEST_ASSERT_SUCCESS(checks[i](), "kind %s",
				    alloc == NULL ? "?" : rte_memalloc_kind(alloc));
	return TEST_SUCCESS;
}

static void
teardown(void)
{
	if (alloc != NULL)
		rte_memalloc_destroy(alloc);
	alloc = NULL;
	rte_fastmem_deinit();
}

static int
setup_system(void)
{
	return rte_memalloc_system_create(&alloc);
}

static int
setup_region(void)
{
	struct rte_memregion_opts opts = { .pages = RTE_MEMREGION_PAGES_SMALL };

	return rte_memalloc_region_create(&opts, &alloc);
}

static int
setup_arena(void)
{
	int ret = rte_memalloc_arena_create(NULL, &arena);

	if (ret == 0)
		alloc = rte_memalloc_arena_base(arena);
	return ret;
}

static int
setup_pool(void)
{
	struct rte_memalloc_pool_opts opts = {
		.block_size = POOL_SIZE,
		.align = 64,
		.capacity = NB,
		.cache_size = 16,
	};
	int ret = rte_memalloc_pool_create(&opts, &pool);

	if (ret == 0)
		alloc = rte_memalloc_pool_base(pool);
	return ret;
}

static int
setup_fastmem(void)
{
	int ret;

	TEST_ASSERT_SUCCESS(rte_fastmem_init(), "init");
	ret = rte_fastmem_reserve((size_t)4 << 20, RTE_NUMA_NODE_ANY);
	if (ret == -ENOMEM) {
		printf("skipped: EAL has no 4 MiB that can be reserved\n");
		return TEST_SKIPPED;
	}
	TEST_ASSERT_SUCCESS(ret, "reserve: %d", ret);
	rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
	return rte_memalloc_fastmem_create(RTE_NUMA_NODE_ANY, &alloc);
}

static int
setup_wrapped(void)
{
	TEST_ASSERT_SUCCESS(setup_fastmem(), "fastmem");
	TEST_ASSERT_SUCCESS(rte_memalloc_limit_create(alloc, (uint64_t)2 << 20, &alloc), "limit");
	TEST_ASSERT_SUCCESS(rte_memalloc_tracking_create(alloc, &alloc), "tracking");
	return rte_memalloc_locked_create(alloc, &alloc);
}

static int
test_system(void)
{
	return check_all();
}

static int
test_region(void)
{
	return check_all();
}

static int
test_arena(void)
{
	struct rte_memalloc_arena_mark mark;
	void *first, *again;

	TEST_ASSERT_SUCCESS(rte_memalloc_arena_mark(arena, &mark), "mark");
	first = rte_memalloc_arena_alloc(arena, 100, 64);
	TEST_ASSERT(first != NULL && (uintptr_t)first % 64 == 0, "%p", first);
	TEST_ASSERT_SUCCESS(rte_memalloc_arena_rewind(arena, &mark), "rewind");
	again = rte_memalloc_arena_alloc(arena, 100, 64);
	TEST_ASSERT_EQUAL(first, again, "a rewound arena gave %p after %p", again, first);
	rte_memalloc_arena_reset(arena);
	TEST_ASSERT_EQUAL(rte_memalloc_arena_rewind(arena, &mark), -EINVAL, "a mark of before");
	rte_memalloc_destroy(alloc);
	TEST_ASSERT_SUCCESS(setup_arena(), "arena");
	return check_all();
}

static int
test_pool(void)
{
	void *mem[NB];

	for (unsigned int i = 0; i < NB; i++) {
		mem[i] = rte_memalloc_pool_get(pool);
		TEST_ASSERT_NOT_NULL(mem[i], "block %u", i);
	}
	TEST_ASSERT_NULL(rte_memalloc_pool_get(pool), "a block more than there are");
	TEST_ASSERT_EQUAL(errno, ENOMEM, "errno %d", errno);
	TEST_ASSERT_SUCCESS(rte_memalloc_pool_put(pool, mem[7]), "put");
	TEST_ASSERT_EQUAL(rte_memalloc_pool_put(pool, mem[7]), -EINVAL, "put twice");
	TEST_ASSERT_EQUAL(rte_memalloc_pool_put(pool, (char *)mem[8] + 1), -EINVAL, "no block");
	TEST_ASSERT_EQUAL(rte_memalloc_pool_get(pool), mem[7], "another block");
	for (unsigned int i = 0; i < NB; i++)
		TEST_ASSERT_SUCCESS(rte_memalloc_pool_put(pool, mem[i]), "put %u", i);
	rte_memalloc_destroy(alloc);
	TEST_ASSERT_SUCCESS(setup_pool(), "pool");
	return check_all();
}

static int
test_fastmem_kind(void)
{
	void *mem;

	TEST_ASSERT_SUCCESS(rte_memalloc_alloc(alloc, 100, 0, &mem), "alloc");
	TEST_ASSERT(rte_fastmem_owns(mem), "not fastmem's");
	TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, mem), "free");
	teardown();
	TEST_ASSERT_SUCCESS(setup_fastmem(), "fastmem");
	return check_all();
}

static int
test_wrapped(void)
{
	void *mem, *more;

	TEST_ASSERT_SUCCESS(rte_memalloc_alloc(alloc, (size_t)1 << 20, 0, &mem), "alloc");
	TEST_ASSERT_EQUAL(rte_memalloc_alloc(alloc, (size_t)1 << 21, 0, &more), -ENOMEM,
			  "above the limit");
	TEST_ASSERT_SUCCESS(rte_memalloc_free(alloc, mem), "free");
	TEST_ASSERT_EQUAL(rte_memalloc_free(alloc, mem), -EINVAL, "free twice");
	teardown();
	TEST_ASSERT_SUCCESS(setup_wrapped(), "wrapped");
	return check_all();
}

static int
churn(void *arg)
{
	unsigned char tag = (unsigned char)(rte_lcore_id() + 1);
	void *mem[8] = { 0 };

	RTE_SET_USED(arg);
	for (unsigned int i = 0; i < 4000; i++) {
		void **one = &mem[i * 7 % 8];

		if (*one != NULL &&
		    (!is_filled(*one, 200, tag) || rte_memalloc_free(alloc, *one) != 0))
			return -1;
		*one = NULL;
		if (rte_memalloc_alloc(alloc, 200, 0, one) != 0)
			continue; /* the others have all of it just now */
		memset(*one, tag, 200);
	}
	for (unsigned int i = 0; i < 8; i++)
		if (rte_memalloc_free(alloc, mem[i]) != 0)
			return -1;
	return 0;
}

/* What says that it is thread-safe is. */
static int
test_lcores(void)
{
	int (*const setups[])(void) = { setup_system, setup_pool, setup_fastmem, setup_wrapped };
	struct rte_memalloc_stats stats;

	for (unsigned int i = 0; i < RTE_DIM(setups); i++) {
		int ret = setups[i]();

		if (ret == TEST_SKIPPED)
			continue;
		TEST_ASSERT_SUCCESS(ret, "setup %u", i);
		TEST_ASSERT(rte_memalloc_flags(alloc) & RTE_MEMALLOC_F_THREAD_SAFE, "kind %s",
			    rte_memalloc_kind(alloc));
		TEST_ASSERT_SUCCESS(rte_eal_mp_remote_launch(churn, NULL, CALL_MAIN), "launch");
		for (unsigned int lcore = rte_get_next_lcore(-1, 1, 0); lcore < RTE_MAX_LCORE;
		     lcore = rte_get_next_lcore(lcore, 1, 0))
			TEST_ASSERT_SUCCESS(rte_eal_wait_lcore(lcore), "%s on lcore %u",
					    rte_memalloc_kind(alloc), lcore);
		TEST_ASSERT_SUCCESS(rte_memalloc_stats(alloc, &stats), "statistics");
		TEST_ASSERT(stats.nb_allocs == stats.nb_frees && stats.allocated == 0,
			    "%s: %ju allocations, %ju frees", rte_memalloc_kind(alloc),
			    (uintmax_t)stats.nb_allocs, (uintmax_t)stats.nb_frees);
		teardown();
	}
	return TEST_SUCCESS;
}

static int
test_choice(void)
{
	struct rte_memalloc_choice choice;
	char text[512];

	TEST_ASSERT_SUCCESS(rte_memalloc_choose(4096, NULL, &choice), "choose: %s",
			    rte_memalloc_error());
	TEST_ASSERT(rte_memalloc_choice_text(&choice, text, sizeof(text)) > 0 &&
			    strstr(text, rte_memalloc_choice_name(choice.kind)) != NULL,
		    "does not name its kind: %s", text);
	TEST_ASSERT_EQUAL(rte_memalloc_choose(4096, NULL, NULL), -EINVAL, "nowhere to");
	return TEST_SUCCESS;
}

static struct unit_test_suite suite = {
	.suite_name = "memalloc",
	.unit_test_cases = {
		TEST_CASE_ST(setup_system, teardown, test_system),
		TEST_CASE_ST(setup_region, teardown, test_region),
		TEST_CASE_ST(setup_arena, teardown, test_arena),
		TEST_CASE_ST(setup_pool, teardown, test_pool),
		TEST_CASE_ST(setup_fastmem, teardown, test_fastmem_kind),
		TEST_CASE_ST(setup_wrapped, teardown, test_wrapped),
		TEST_CASE_ST(NULL, teardown, test_lcores),
		TEST_CASE_ST(NULL, teardown, test_choice),
		TEST_CASES_END(),
	},
};

static int
test_memalloc(void)
{
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(memalloc_autotest, test_memalloc);
