/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * fastmem_autotest: blocks of lib/fastmem as one lcore and as many see them. */

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <rte_numa.h>

#include "test.h"
#include "test_pages.h"

#define RESERVED ((size_t)8 << 20)
#define NB	 512  /* blocks that a case holds at once */
#define NODE_NOT 1000 /* no machine has as many nodes */

static int home; /* the node that is reserved on */

static int
test_setup(void)
{
	int ret = rte_fastmem_init();

	TEST_ASSERT_SUCCESS(ret, "init: %d", ret);
	ret = rte_fastmem_reserve(RESERVED, RTE_NUMA_NODE_ANY);
	if (ret == -ENOMEM) {
		printf("skipped: EAL has no %zu MiB that can be reserved\n", RESERVED >> 20);
		return TEST_SKIPPED;
	}
	TEST_ASSERT_SUCCESS(ret, "reserve: %d", ret);
	RTE_NUMA_FOREACH_NODE(home, rte_numa_topology_self(), RTE_NUMA_WITH_MEMORY)
		if (rte_fastmem_reserved(home) != 0)
			break;
	TEST_ASSERT(home >= 0, "reserved on no node");
	/* What is tested is the reservation. */
	ret = rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
	TEST_ASSERT_SUCCESS(ret, "growth: %d", ret);
	return TEST_SUCCESS;
}

static void
test_teardown(void)
{
	rte_fastmem_deinit();
}

static uint64_t
in_use(void)
{
	struct rte_fastmem_stats stats;

	return rte_fastmem_stats(&stats) == 0 ? stats.bytes_in_use : UINT64_MAX;
}

/* A pattern that differs between blocks and along one, so that any overlap shows. */
static void
fill(void *ptr, size_t size, uint64_t seed)
{
	unsigned char *byte = ptr;

	for (size_t i = 0; i < size; i++)
		byte[i] = (unsigned char)((seed + i) * 2654435761u >> 8);
}

static bool
is_filled(const void *ptr, size_t size, uint64_t seed)
{
	const unsigned char *byte = ptr;

	for (size_t i = 0; i < size; i++)
		if (byte[i] != (unsigned char)((seed + i) * 2654435761u >> 8))
			return false;
	return true;
}

static int
test_before_init(void)
{
	rte_fastmem_handle_t handle;
	struct rte_fastmem_stats stats;

	rte_fastmem_deinit();
	TEST_ASSERT_NULL(rte_fastmem_alloc(64, 0, 0), "a block of nothing");
	TEST_ASSERT_EQUAL(rte_errno, ENODEV, "errno %d", rte_errno);
	TEST_ASSERT_EQUAL(rte_fastmem_hlookup(64, 0, 0, &handle), -ENODEV, "a handle");
	TEST_ASSERT_EQUAL(rte_fastmem_stats(&stats), -ENODEV, "statistics");
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(home), 0, "reserved");
	TEST_ASSERT_EQUAL(rte_fastmem_owns(&stats), false, "owns the stack");
	return TEST_SUCCESS;
}

static int
test_classes(void)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int n = rte_fastmem_classes(NULL);

	TEST_ASSERT(n > 1 && n <= RTE_FASTMEM_MAX_CLASSES, "%u classes", n);
	TEST_ASSERT_EQUAL(rte_fastmem_classes(sizes), n, "two answers");
	TEST_ASSERT_EQUAL(sizes[n - 1], rte_fastmem_max_size(), "largest");
	for (unsigned int i = 0; i < n; i++) {
		void *ptr = rte_fastmem_alloc_node(sizes[i], 0, 0, home);

		TEST_ASSERT(i == 0 || sizes[i] > sizes[i - 1], "class %u not ascending", i);
		TEST_ASSERT_NOT_NULL(ptr, "%zu bytes: errno %d", sizes[i], rte_errno);
		TEST_ASSERT_EQUAL(rte_fastmem_usable_size(ptr), sizes[i], "%zu became %zu",
				  sizes[i], rte_fastmem_usable_size(ptr));
		rte_fastmem_free(ptr);
	}
	return TEST_SUCCESS;
}

/* Blocks of many sizes and alignments at once: each aligned, large enough, and nobody else's. */
static int
test_alignment(void)
{
	void *ptr[NB];
	size_t size[NB], align, asked;

	for (unsigned int i = 0; i < NB; i++) {
		size[i] = (i * 7919u) % 9000 + 1;
		asked = i % 8 == 0 ? 0 : (size_t)1 << (i % 13);
		align = asked == 0 ? RTE_CACHE_LINE_SIZE : asked;
		ptr[i] = rte_fastmem_alloc_node(size[i], asked, 0, home);
		TEST_ASSERT_NOT_NULL(ptr[i], "%zu bytes at %zu: errno %d", size[i], align,
				     rte_errno);
		TEST_ASSERT_EQUAL((uintptr_t)ptr[i] % align, 0, "%p at %zu", ptr[i], align);
		TEST_ASSERT(rte_fastmem_usable_size(ptr[i]) >= size[i], "%zu got %zu", size[i],
			    rte_fastmem_usable_size(ptr[i]));
		fill(ptr[i], size[i], i);
	}
	for (unsigned int i = 0; i < NB; i++) {
		TEST_ASSERT(is_filled(ptr[i], size[i], i), "block %u was written to", i);
		rte_fastmem_free(ptr[i]);
	}
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

static int
test_zero(void)
{
	static const size_t sizes[] = { 1, 64, 1460, 16384, 100000 };

	for (unsigned int i = 0; i < RTE_DIM(sizes); i++) {
		char *ptr = rte_fastmem_alloc(sizes[i], 0, 0);

		TEST_ASSERT_NOT_NULL(ptr, "%zu bytes", sizes[i]);
		memset(ptr, 0xa5, sizes[i]);
		rte_fastmem_free(ptr);
		ptr = rte_fastmem_alloc(sizes[i], 0, RTE_FASTMEM_F_ZERO);
		TEST_ASSERT_NOT_NULL(ptr, "%zu bytes again", sizes[i]);
		for (size_t at = 0; at < sizes[i]; at++)
			TEST_ASSERT_EQUAL(ptr[at], 0, "byte %zu of %zu", at, sizes[i]);
		rte_fastmem_free(ptr);
	}
	return TEST_SUCCESS;
}

static int
test_errors(void)
{
	static const struct {
		size_t size, align;
		unsigned int flags;
		int node_id, error;
	} wrong[] = {
		{ 64, 3, 0, RTE_NUMA_NODE_ANY, EINVAL },
		{ 64, 0, 1u << 30, RTE_NUMA_NODE_ANY, EINVAL },
		{ 64, 0, 0, NODE_NOT, EINVAL },
		{ 64, 0, 0, -2, EINVAL },
		{ 64, (size_t)1 << 62, 0, RTE_NUMA_NODE_ANY, E2BIG },
		{ SIZE_MAX, 0, 0, RTE_NUMA_NODE_ANY, E2BIG },
		{ RESERVED * 2, 0, 0, RTE_NUMA_NODE_ANY, ENOMEM },
	};

	for (unsigned int i = 0; i < RTE_DIM(wrong); i++) {
		rte_errno = 0;
		TEST_ASSERT_NULL(rte_fastmem_alloc_node(wrong[i].size, wrong[i].align,
							wrong[i].flags, wrong[i].node_id),
				 "request %u succeeded", i);
		TEST_ASSERT_EQUAL(rte_errno, wrong[i].error, "request %u: errno %d", i, rte_errno);
	}
	TEST_ASSERT_EQUAL(rte_fastmem_reserve(RESERVED, NODE_NOT), -EINVAL, "no such node");
	TEST_ASSERT_EQUAL(rte_fastmem_stats(NULL), -EINVAL, "nowhere to write to");
	TEST_ASSERT_EQUAL(rte_fastmem_stats_class(63, &(struct rte_fastmem_class_stats){ 0 }),
			  -EINVAL, "no such class");
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

static int
test_foreign(void)
{
	char here[128] = { 0 };
	void *heap = malloc(64);

	TEST_ASSERT_NOT_NULL(heap, "malloc");
	TEST_ASSERT_EQUAL(rte_fastmem_owns(here), false, "owns the stack");
	TEST_ASSERT_EQUAL(rte_fastmem_owns(heap), false, "owns the heap");
	TEST_ASSERT_EQUAL(rte_fastmem_owns(NULL), false, "owns NULL");
	TEST_ASSERT_EQUAL(rte_fastmem_usable_size(heap), 0, "usable size");
	TEST_ASSERT_EQUAL(rte_fastmem_node_of(heap), -1, "node");
	TEST_ASSERT_EQUAL(rte_fastmem_virt2iova(heap), RTE_BAD_IOVA, "IO address");
	rte_fastmem_free(NULL);
	free(heap);
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

/* Node and IO address, by what the kernel and EAL say of the same bytes. */
static int
test_where(void)
{
	static const size_t sizes[] = { 64, 2048, 65536, RTE_FASTMEM_MAX_SIZE };

	for (unsigned int i = 0; i < RTE_DIM(sizes); i++) {
		char *ptr = rte_fastmem_alloc_node(sizes[i], 0, 0, home);
		rte_iova_t iova = rte_fastmem_virt2iova(ptr);

		TEST_ASSERT_NOT_NULL(ptr, "%zu bytes", sizes[i]);
		TEST_ASSERT(rte_fastmem_owns(ptr), "does not own its block");
		TEST_ASSERT_EQUAL(rte_fastmem_node_of(ptr), home, "node %d",
				  rte_fastmem_node_of(ptr));
		memset(ptr, 1, sizes[i]);
		/* Without hugepages EAL does not bind memory. */
		if (rte_eal_has_hugepages())
			TEST_ASSERT(test_pages_on(ptr, sizes[i], home), "%zu bytes elsewhere",
				    sizes[i]);
		for (size_t at = 0; at < sizes[i]; at += 4096)
			TEST_ASSERT_EQUAL(rte_mem_virt2iova(ptr + at), iova + at,
					  "byte %zu of %zu not contiguous", at, sizes[i]);
		TEST_ASSERT_EQUAL(rte_fastmem_virt2iova(ptr + sizes[i] - 1), iova + sizes[i] - 1,
				  "last byte");
		rte_fastmem_free(ptr);
	}
	return TEST_SUCCESS;
}

static int
by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

/* Take blocks until there are none; the sorted addresses, or n = 0: out of memory for the test. */
static void **
take_all(size_t size, unsigned int *n)
{
	/* A node has more than was asked for where its memory comes in odd pieces. */
	size_t room = 2 * RESERVED / size + 4096;
	void **ptr = calloc(room, sizeof(*ptr));

	*n = 0;
	if (ptr == NULL)
		return NULL;
	while (*n < room && (ptr[*n] = rte_fastmem_alloc_node(size, 0, 0, home)) != NULL)
		++*n;
	qsort(ptr, *n, sizeof(*ptr), by_address);
	return ptr;
}

/* All that was promised can be had, no byte twice, and as much again once it is back. */
static int
test_exhaustion(void)
{
	static const size_t sizes[] = { 64, 4096, (size_t)128 << 10 };
	unsigned int n, before = 0;
	void **ptr;

	for (unsigned int i = 0; i < 2 * RTE_DIM(sizes); i++) {
		size_t size = sizes[i / 2];

		ptr = take_all(size, &n);
		TEST_ASSERT_NOT_NULL(ptr, "calloc");
		TEST_ASSERT_EQUAL(rte_errno, ENOMEM, "errno %d", rte_errno);
		TEST_ASSERT(n * size >= RESERVED, "%u blocks of %zu out of %zu", n, size, RESERVED);
		TEST_ASSERT(i % 2 == 0 || n == before, "%u blocks of %zu, %u before", n, size,
			    before);
		before = n;
		for (unsigned int k = 1; k < n; k++)
			TEST_ASSERT((uintptr_t)ptr[k] - (uintptr_t)ptr[k - 1] >= size,
				    "%p and %p overlap", ptr[k - 1], ptr[k]);
		rte_fastmem_free_bulk(ptr, n);
		free(ptr);
		TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	}
	return TEST_SUCCESS;
}

static int
test_bulk(void)
{
	void *ptr[NB + 1];
	unsigned int n;
	void **all;
	int ret;

	ret = rte_fastmem_alloc_bulk_node(ptr, NB, 1500, 0, 0, home);
	TEST_ASSERT_SUCCESS(ret, "bulk: %d", ret);
	qsort(ptr, NB, sizeof(*ptr), by_address);
	for (unsigned int i = 1; i < NB; i++)
		TEST_ASSERT((uintptr_t)ptr[i] - (uintptr_t)ptr[i - 1] >= 1500, "blocks overlap");
	ptr[NB] = ptr[0];
	ptr[0] = NULL; /* skipped */
	rte_fastmem_free_bulk(ptr, NB + 1);
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");

	/* All or none. */
	all = take_all(65536, &n);
	TEST_ASSERT_NOT_NULL(all, "calloc");
	TEST_ASSERT(n > 4, "%u blocks", n);
	rte_fastmem_free_bulk(all, 4);
	for (unsigned int i = 0; i < NB; i++)
		ptr[i] = &ptr[i];
	ret = rte_fastmem_alloc_bulk_node(ptr, 5, 65536, 0, 0, home);
	TEST_ASSERT_EQUAL(ret, -ENOMEM, "5 of 4 blocks: %d", ret);
	for (unsigned int i = 0; i < NB; i++)
		TEST_ASSERT(ptr[i] == &ptr[i], "a failed call wrote to element %u", i);
	ret = rte_fastmem_alloc_bulk_node(ptr, 4, 65536, 0, 0, home);
	TEST_ASSERT_SUCCESS(ret, "4 of 4 blocks: %d", ret);
	rte_fastmem_free_bulk(ptr, 4);
	rte_fastmem_free_bulk(all + 4, n - 4);
	free(all);
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

static int
test_handle(void)
{
	rte_fastmem_handle_t handle;
	void *ptr[32], *one;
	int ret;

	ret = rte_fastmem_hlookup(1460, 256, home, &handle);
	TEST_ASSERT_SUCCESS(ret, "look-up: %d", ret);
	one = rte_fastmem_halloc(handle, RTE_FASTMEM_F_ZERO);
	TEST_ASSERT_NOT_NULL(one, "errno %d", rte_errno);
	TEST_ASSERT_EQUAL((uintptr_t)one % 256, 0, "%p not aligned", one);
	TEST_ASSERT_EQUAL(rte_fastmem_node_of(one), home, "node");
	TEST_ASSERT(rte_fastmem_usable_size(one) >= 1460, "usable size");
	ret = rte_fastmem_halloc_bulk(handle, ptr, RTE_DIM(ptr), 0);
	TEST_ASSERT_SUCCESS(ret, "bulk: %d", ret);
	for (unsigned int i = 0; i < RTE_DIM(ptr); i++)
		TEST_ASSERT((uintptr_t)ptr[i] % 256 == 0 && ptr[i] != one, "block %u", i);
	rte_fastmem_hfree(handle, one);
	rte_fastmem_hfree_bulk(handle, ptr, RTE_DIM(ptr));
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");

	TEST_ASSERT_EQUAL(rte_fastmem_hlookup(64, 3, home, &handle), -EINVAL, "alignment 3");
	TEST_ASSERT_EQUAL(rte_fastmem_hlookup(64, 0, NODE_NOT, &handle), -EINVAL, "no such node");
	TEST_ASSERT_EQUAL(rte_fastmem_hlookup(RTE_FASTMEM_MAX_SIZE + 1, 0, home, &handle), -E2BIG,
			  "too large");
	return TEST_SUCCESS;
}

static int
test_realloc(void)
{
	size_t size = 10;
	char *ptr = rte_fastmem_realloc(NULL, size, 0), *moved;

	TEST_ASSERT_NOT_NULL(ptr, "errno %d", rte_errno);
	fill(ptr, size, 7);
	for (; size < RTE_FASTMEM_MAX_SIZE; size = size * 3 + 1) {
		moved = rte_fastmem_realloc(ptr, size * 3 + 1, 0);
		TEST_ASSERT_NOT_NULL(moved, "to %zu: errno %d", size * 3 + 1, rte_errno);
		TEST_ASSERT(is_filled(moved, size, 7), "content lost at %zu", size);
		ptr = moved;
		fill(ptr, size * 3 + 1, 7);
	}
	moved = rte_fastmem_realloc(ptr, RESERVED * 2, 0);
	TEST_ASSERT_NULL(moved, "more than there is");
	TEST_ASSERT_EQUAL(rte_errno, ENOMEM, "errno %d", rte_errno);
	TEST_ASSERT(is_filled(ptr, size, 7), "content lost in a failure");
	TEST_ASSERT_NULL(rte_fastmem_realloc(ptr, 0, 0), "to nothing");
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

/* Above the largest class: runs of pages. */
static int
test_large(void)
{
	size_t size = ((size_t)3 << 20) + 5;
	char *a = rte_fastmem_alloc_node(size, 0, 0, home);
	char *b = rte_fastmem_alloc_node(size, 0, RTE_FASTMEM_F_ZERO, home);
	struct rte_fastmem_node_stats node;

	TEST_ASSERT_SUCCESS(rte_fastmem_stats_node(home, &node), "statistics");
	/* With --legacy-mem a piece is what lies in one piece physically. */
	if ((a == NULL || b == NULL) && node.chunks > 1) {
		TEST_ASSERT_EQUAL(rte_errno, ENOMEM, "errno %d", rte_errno);
		printf("skipped: the reservation is in pieces that may be smaller than %zu bytes\n",
		       size);
		rte_fastmem_free(a);
		rte_fastmem_free(b);
		return TEST_SKIPPED;
	}
	TEST_ASSERT(a != NULL && b != NULL, "errno %d", rte_errno);
	TEST_ASSERT(a + size <= b || b + size <= a, "%p and %p overlap", a, b);
	TEST_ASSERT(rte_fastmem_usable_size(a) >= size, "usable size");
	fill(a, size, 1);
	for (size_t at = 0; at < size; at++)
		TEST_ASSERT_EQUAL(b[at], 0, "byte %zu", at);
	fill(b, size, 2);
	TEST_ASSERT(is_filled(a, size, 1) && is_filled(b, size, 2), "content lost");
	TEST_ASSERT(in_use() >= 2 * size, "in use");
	rte_fastmem_free(a);
	rte_fastmem_free(b);
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

/* What is counted in different places adds up. */
static int
test_stats(void)
{
	struct rte_fastmem_stats stats;
	struct rte_fastmem_class_stats class_stats;
	struct rte_fastmem_node_stats node;
	struct rte_fastmem_lcore_class_stats own;
	size_t size;
	void *ptr[NB];

	rte_fastmem_stats_reset();
	for (unsigned int i = 0; i < NB; i++) {
		ptr[i] = rte_fastmem_alloc(1000, 0, 0);
		TEST_ASSERT_NOT_NULL(ptr[i], "block %u", i);
	}
	size = rte_fastmem_usable_size(ptr[0]);
	TEST_ASSERT_SUCCESS(rte_fastmem_stats(&stats), "statistics");
	TEST_ASSERT_EQUAL(stats.alloc_total, NB, "%ju allocated", (uintmax_t)stats.alloc_total);
	TEST_ASSERT_EQUAL(stats.free_total, 0, "%ju freed", (uintmax_t)stats.free_total);
	TEST_ASSERT_EQUAL(stats.bytes_in_use, NB * size, "%ju in use",
			  (uintmax_t)stats.bytes_in_use);
	TEST_ASSERT_SUCCESS(rte_fastmem_stats_class(size, &class_stats), "of a class");
	TEST_ASSERT_EQUAL(class_stats.in_use, NB, "%ju in use", (uintmax_t)class_stats.in_use);
	TEST_ASSERT_EQUAL(class_stats.alloc_cache_hits + class_stats.alloc_cache_misses, NB,
			  "hits and misses");
	TEST_ASSERT_SUCCESS(rte_fastmem_stats_lcore_class(rte_lcore_id(), size, &own), "own");
	TEST_ASSERT_EQUAL(own.alloc_cache_hits + own.alloc_cache_misses, NB, "own hits and misses");
	TEST_ASSERT_SUCCESS(rte_fastmem_stats_node(home, &node), "of a node");
	TEST_ASSERT_EQUAL(node.bytes_in_use, NB * size, "%ju in use on the node",
			  (uintmax_t)node.bytes_in_use);
	TEST_ASSERT(node.bytes_reserved == RESERVED && node.bytes_backing >= RESERVED,
		    "%ju reserved, %ju there", (uintmax_t)node.bytes_reserved,
		    (uintmax_t)node.bytes_backing);

	for (unsigned int i = 0; i < NB; i++)
		rte_fastmem_free(ptr[i]);
	TEST_ASSERT_SUCCESS(rte_fastmem_stats(&stats), "statistics");
	TEST_ASSERT_EQUAL(stats.free_total, NB, "%ju freed", (uintmax_t)stats.free_total);
	TEST_ASSERT_EQUAL(stats.bytes_in_use, 0, "in use");
	TEST_ASSERT_NULL(rte_fastmem_alloc_node(2 * RESERVED, 0, 0, home), "too much");
	TEST_ASSERT_SUCCESS(rte_fastmem_stats(&stats), "statistics");
	TEST_ASSERT_EQUAL(stats.alloc_nomem, 1, "%ju failed", (uintmax_t)stats.alloc_nomem);
	return TEST_SUCCESS;
}

/* Cumulative, all or nothing, within limits, and given back. */
static int
test_reserve(void)
{
	struct rte_fastmem_node_stats node;
	uint64_t held;
	int ret;

	TEST_ASSERT_EQUAL(rte_fastmem_reserved(home), RESERVED, "reserved");
	TEST_ASSERT_SUCCESS(rte_fastmem_reserve(RESERVED / 2, home), "less than there is");
	TEST_ASSERT_SUCCESS(rte_fastmem_reserve(0, home), "nothing");
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(home), RESERVED, "reserved");
	TEST_ASSERT_SUCCESS(rte_fastmem_stats_node(home, &node), "statistics");
	held = node.bytes_backing;

	TEST_ASSERT_SUCCESS(rte_fastmem_set_limit(home, held), "limit");
	TEST_ASSERT_EQUAL(rte_fastmem_get_limit(home), held, "limit");
	ret = rte_fastmem_reserve_more(held, home);
	TEST_ASSERT_EQUAL(ret, -ENOMEM, "above the limit: %d", ret);
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(home), RESERVED, "a failure changed it");
	TEST_ASSERT_SUCCESS(rte_fastmem_set_limit(home, SIZE_MAX), "no limit");

	ret = rte_fastmem_reserve_more((size_t)2 << 20, home);
	TEST_ASSERT_SUCCESS(ret, "more: %d", ret);
	TEST_ASSERT_EQUAL(rte_fastmem_reserved(home), RESERVED + ((size_t)2 << 20), "reserved");
	TEST_ASSERT_SUCCESS(rte_fastmem_unreserve((size_t)2 << 20, home), "less");
	TEST_ASSERT(rte_fastmem_trim(home) >= 0, "trim");
	TEST_ASSERT_SUCCESS(rte_fastmem_stats_node(home, &node), "statistics");
	TEST_ASSERT_EQUAL(node.bytes_reserved, RESERVED, "reserved");
	TEST_ASSERT(node.bytes_backing >= RESERVED, "trim went below the reservation");
	TEST_ASSERT_EQUAL(rte_fastmem_unreserve(2 * RESERVED, home), -EINVAL, "more than reserved");
	return TEST_SUCCESS;
}

/* Blocks of all lcores at once: what one has no other has. */
struct share {
	void *ptr[NB];
	size_t size[NB];
	unsigned int lcore, wrong;
};

static struct share shares[RTE_MAX_LCORE];

static int
storm(void *arg)
{
	struct share *share = arg;
	uint64_t seed = share->lcore;

	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int i;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		i = (seed >> 33) % 64;
		if (share->ptr[i] != NULL) {
			share->wrong += !is_filled(share->ptr[i], share->size[i], share->lcore);
			rte_fastmem_free(share->ptr[i]);
			share->ptr[i] = NULL;
			continue;
		}
		share->size[i] = (seed >> 40) % 600 + 1;
		share->ptr[i] = rte_fastmem_alloc_node(share->size[i], 0, 0, home);
		if (share->ptr[i] != NULL)
			fill(share->ptr[i], share->size[i], share->lcore);
	}
	return 0;
}

static int
free_share(void *arg)
{
	struct share *share = arg;

	for (unsigned int i = 0; i < NB; i++) {
		if (share->ptr[i] != NULL)
			share->wrong += !is_filled(share->ptr[i], share->size[i], share->lcore);
		rte_fastmem_free(share->ptr[i]);
		share->ptr[i] = NULL;
	}
	rte_fastmem_cache_flush();
	return 0;
}

/* So many blocks of 1500 bytes an lcore that caches are no want of memory. */
static unsigned int
nb_share(void)
{
	return RTE_MIN((unsigned int)NB, (unsigned int)(RESERVED / 4 / 1536 / rte_lcore_count()));
}

static int
fill_share(void *arg)
{
	struct share *share = arg;

	for (unsigned int i = 0; i < nb_share(); i++) {
		share->size[i] = 1500;
		share->ptr[i] = rte_fastmem_alloc_node(1500, 0, 0, home);
		if (share->ptr[i] == NULL)
			return -1;
		fill(share->ptr[i], 1500, share->lcore);
	}
	return 0;
}

/* Every lcore does it to the share of the lcore that comes so many after it. */
static int
on_all_lcores(int (*work)(void *), unsigned int shift)
{
	unsigned int lcores[RTE_MAX_LCORE], n = 0, lcore;
	int ret = 0;

	RTE_LCORE_FOREACH(lcore) {
		lcores[n++] = lcore;
	}
	for (unsigned int i = 0; i < n; i++)
		if (lcores[i] != rte_get_main_lcore())
			ret |= rte_eal_remote_launch(work, &shares[lcores[(i + shift) % n]],
						     lcores[i]);
	for (unsigned int i = 0; i < n; i++)
		if (lcores[i] == rte_get_main_lcore())
			ret |= work(&shares[lcores[(i + shift) % n]]);
	RTE_LCORE_FOREACH_WORKER(lcore) {
		ret |= rte_eal_wait_lcore(lcore);
	}
	return ret;
}

static int
check_shares(void)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH(lcore) {
		TEST_ASSERT_EQUAL(shares[lcore].wrong, 0, "%u blocks of lcore %u were written to",
				  shares[lcore].wrong, lcore);
	}
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

static int
setup_shares(void)
{
	unsigned int lcore;

	memset(shares, 0, sizeof(shares));
	RTE_LCORE_FOREACH(lcore) {
		shares[lcore].lcore = lcore;
	}
	return test_setup();
}

static int
test_lcores_storm(void)
{
	TEST_ASSERT_SUCCESS(on_all_lcores(storm, 0), "on all lcores");
	/* What an lcore still has another frees. */
	TEST_ASSERT_SUCCESS(on_all_lcores(free_share, 1), "on all lcores");
	return check_shares();
}

static int
test_lcores_hand_over(void)
{
	struct rte_fastmem_stats stats;

	rte_fastmem_stats_reset();
	for (unsigned int round = 1; round <= 3; round++) {
		TEST_ASSERT_SUCCESS(on_all_lcores(fill_share, 0), "an allocation failed");
		TEST_ASSERT_SUCCESS(on_all_lcores(free_share, round), "on all lcores");
	}
	TEST_ASSERT_SUCCESS(rte_fastmem_stats(&stats), "statistics");
	TEST_ASSERT_EQUAL(stats.alloc_total, (uint64_t)3 * nb_share() * rte_lcore_count(),
			  "allocated");
	TEST_ASSERT_EQUAL(stats.free_total, stats.alloc_total, "freed");
	return check_shares();
}

static int
drain(void *arg)
{
	struct share *share = arg;

	for (unsigned int i = 0; i < NB; i++) {
		share->size[i] = 65536;
		share->ptr[i] = rte_fastmem_alloc_node(65536, 0, 0, home);
		if (share->ptr[i] == NULL)
			return 0;
		fill(share->ptr[i], 65536, share->lcore);
	}
	return -1;
}

/* Together they get what there is, and each block once. */
static int
test_lcores_exhaustion(void)
{
	unsigned int lcore, n = 0;

	TEST_ASSERT_SUCCESS(on_all_lcores(drain, 0), "more than there is");
	RTE_LCORE_FOREACH(lcore) {
		for (unsigned int i = 0; i < NB; i++)
			n += shares[lcore].ptr[i] != NULL;
	}
	TEST_ASSERT((size_t)n * 65536 >= RESERVED, "%u blocks", n);
	TEST_ASSERT_SUCCESS(on_all_lcores(free_share, 1), "on all lcores");
	return check_shares();
}

static void *
unknown_thread(void *arg)
{
	struct share *share = arg;

	storm(share);
	free_share(share);
	return NULL;
}

/* Threads that EAL does not know. */
static int
test_unknown_threads(void)
{
	pthread_t thread[4];

	for (unsigned int i = 0; i < RTE_DIM(thread); i++) {
		shares[i].lcore = i;
		TEST_ASSERT_SUCCESS(pthread_create(&thread[i], NULL, unknown_thread, &shares[i]),
				    "thread %u", i);
	}
	for (unsigned int i = 0; i < RTE_DIM(thread); i++)
		TEST_ASSERT_SUCCESS(pthread_join(thread[i], NULL), "thread %u", i);
	for (unsigned int i = 0; i < RTE_DIM(thread); i++)
		TEST_ASSERT_EQUAL(shares[i].wrong, 0, "thread %u", i);
	return check_shares();
}

static struct unit_test_suite suite = {
	.suite_name = "fastmem",
	.unit_test_cases = {
		TEST_CASE_ST(test_setup, test_teardown, test_before_init),
		TEST_CASE_ST(test_setup, test_teardown, test_classes),
		TEST_CASE_ST(test_setup, test_teardown, test_alignment),
		TEST_CASE_ST(test_setup, test_teardown, test_zero),
		TEST_CASE_ST(test_setup, test_teardown, test_errors),
		TEST_CASE_ST(test_setup, test_teardown, test_foreign),
		TEST_CASE_ST(test_setup, test_teardown, test_where),
		TEST_CASE_ST(test_setup, test_teardown, test_exhaustion),
		TEST_CASE_ST(test_setup, test_teardown, test_bulk),
		TEST_CASE_ST(test_setup, test_teardown, test_handle),
		TEST_CASE_ST(test_setup, test_teardown, test_realloc),
		TEST_CASE_ST(test_setup, test_teardown, test_large),
		TEST_CASE_ST(test_setup, test_teardown, test_stats),
		TEST_CASE_ST(test_setup, test_teardown, test_reserve),
		TEST_CASE_ST(setup_shares, test_teardown, test_lcores_storm),
		TEST_CASE_ST(setup_shares, test_teardown, test_lcores_hand_over),
		TEST_CASE_ST(setup_shares, test_teardown, test_lcores_exhaustion),
		TEST_CASE_ST(setup_shares, test_teardown, test_unknown_threads),
		TEST_CASES_END(),
	},
};

static int
test_fastmem(void)
{
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(fastmem_autotest, test_fastmem);
