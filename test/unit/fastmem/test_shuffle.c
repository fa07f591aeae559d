/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Random operations of every kind against a simple model: which blocks are held, what is in them
 * and how many bytes they are. FASTMEM_TEST_SEED gives other operations,
 * FASTMEM_TEST_ROUNDS more of them. */

#include <stdio.h>
#include <stdlib.h>

#include <rte_memory.h>

#include "test_blocks.h"
#include "test_setup.h"

#define MAX_HELD (TEST_RESERVED / 2)
#define MAX_BULK 100

struct model {
	struct test_rand r;
	struct test_blocks held;
	uint64_t bytes; /* sum of usable sizes */
	uint64_t allocs;
	uint64_t frees;
	uint64_t refused;
	bool may_refuse;
};

static void
note(struct model *m, void *ptr, size_t size)
{
	assert_true(rte_fastmem_owns(ptr));
	assert_true(rte_fastmem_usable_size(ptr) >= size);
	assert_int_equal(rte_fastmem_node_of(ptr), test_node());
	m->bytes += rte_fastmem_usable_size(ptr);
	m->allocs++;
	test_blocks_add(&m->held, ptr, size);
}

/* With less than half of the memory held only a request that is large, or many that are aligned
 * widely, may find no place. */
static void
note_refusal(struct model *m, unsigned int n, size_t size, size_t align)
{
	m->refused++;
	assert_int_equal(rte_errno, ENOMEM);
	if (!m->may_refuse)
		assert_true(size > 64 << 10 || n * align > 64 << 10);
}

static size_t
any_size(struct model *m)
{
	static const size_t limits[] = { 256, 2000, 16384, 16384, 100000, MIB, 3 * MIB };

	return test_rand_size(&m->r, limits[test_rand_below(&m->r, RTE_DIM(limits))]);
}

static size_t
any_align(struct model *m)
{
	if (test_rand_below(&m->r, 4) != 0)
		return 0;
	return (size_t)1 << test_rand_below(&m->r, 17);
}

static struct test_block
any_block(struct model *m)
{
	struct test_block block = test_blocks_take(&m->held, test_rand_below(&m->r, m->held.n));

	assert_true(test_pattern_intact(block.ptr, block.size, block.seed));
	m->bytes -= rte_fastmem_usable_size(block.ptr);
	m->frees++;
	return block;
}

static void
op_alloc(struct model *m)
{
	size_t size = any_size(m), align = any_align(m);
	unsigned int flags = test_rand_below(&m->r, 8) == 0 ? RTE_FASTMEM_F_ZERO : 0;
	void *ptr;

	switch (test_rand_below(&m->r, 3)) {
	case 0:
		ptr = rte_fastmem_alloc_node(size, align, flags, test_node());
		break;
	case 1:
		ptr = rte_fastmem_alloc_node(size, align, flags, RTE_NUMA_NODE_ANY);
		break;
	default:
		ptr = rte_fastmem_alloc(size, align, flags);
		break;
	}
	if (ptr == NULL) {
		note_refusal(m, 1, size, align);
		return;
	}
	assert_int_equal((uintptr_t)ptr % (align == 0 ? RTE_CACHE_LINE_SIZE : align), 0);
	if (flags != 0)
		assert_true(test_all_zero(ptr, size));
	note(m, ptr, size);
}

static void
op_alloc_bulk(struct model *m)
{
	size_t size = test_rand_size(&m->r, 5000), align = any_align(m);
	unsigned int i, n = test_rand_below(&m->r, MAX_BULK);
	void *ptrs[MAX_BULK];
	int ret;

	if (test_rand_below(&m->r, 2) == 0)
		ret = rte_fastmem_alloc_bulk(ptrs, n, size, align, 0);
	else
		ret = rte_fastmem_alloc_bulk_node(ptrs, n, size, align, 0, test_node());
	if (ret != 0) {
		rte_errno = -ret;
		note_refusal(m, n, size, align);
		return;
	}
	for (i = 0; i < n; i++)
		note(m, ptrs[i], size);
}

static void
op_handle(struct model *m)
{
	size_t size = test_rand_size(&m->r, 20000);
	rte_fastmem_handle_t handle;
	void *ptrs[20];
	unsigned int i;
	int ret;

	assert_int_equal(rte_fastmem_hlookup(size, 0, test_node(), &handle), 0);
	ret = rte_fastmem_halloc_bulk(handle, ptrs, RTE_DIM(ptrs), 0);
	if (ret != 0) {
		rte_errno = -ret;
		note_refusal(m, RTE_DIM(ptrs), size, 0);
		return;
	}
	for (i = 0; i < 10; i++)
		rte_fastmem_hfree(handle, ptrs[i]);
	m->allocs += 10;
	m->frees += 10;
	for (; i < RTE_DIM(ptrs); i++)
		note(m, ptrs[i], size);
}

static void
op_realloc(struct model *m)
{
	struct test_block block;
	size_t size = any_size(m) + 1;
	void *ptr;

	if (m->held.n == 0)
		return;
	block = any_block(m);
	ptr = rte_fastmem_realloc(block.ptr, size, 0);
	if (ptr == NULL) {
		note_refusal(m, 1, size, 0);
		ptr = block.ptr;
		size = block.size;
		m->allocs--;
		m->frees--;
	} else if (ptr == block.ptr) {
		m->allocs--;
		m->frees--;
	}
	assert_true(test_pattern_intact(ptr, RTE_MIN(size, block.size) / 8 * 8, block.seed));
	note(m, ptr, size);
}

static void
op_free(struct model *m)
{
	if (m->held.n > 0)
		rte_fastmem_free(any_block(m).ptr);
}

static void
op_free_bulk(struct model *m)
{
	unsigned int i, n = test_rand_below(&m->r, MAX_BULK);
	void *ptrs[MAX_BULK];

	for (i = 0; i < n; i++)
		ptrs[i] = m->held.n == 0 ? NULL : any_block(m).ptr;
	rte_fastmem_free_bulk(ptrs, n);
}

static void
op_housekeeping(struct model *m)
{
	if (test_rand_below(&m->r, 2) == 0)
		rte_fastmem_cache_flush();
	else
		assert_int_equal(rte_fastmem_trim(test_node()), 0);
}

/* Interior pointers of a held block say what its start says. */
static void
op_look(struct model *m)
{
	const struct test_block *block;
	const char *inside;

	if (m->held.n == 0)
		return;
	block = &m->held.at[test_rand_below(&m->r, m->held.n)];
	inside = (const char *)block->ptr +
		 (block->size == 0 ? 0 : test_rand_below(&m->r, block->size));
	assert_true(rte_fastmem_owns(inside));
	assert_true(rte_fastmem_virt2iova(inside) == rte_mem_virt2iova(inside));
	if (block->size <= MIB)
		assert_int_equal(rte_fastmem_node_of(inside), test_node());
}

static void
step(struct model *m)
{
	static void (*const ops[])(struct model * m) = {
		op_alloc, op_alloc, op_alloc, op_alloc, op_alloc_bulk, op_handle, op_realloc,
		op_free,  op_free,  op_free,  op_free,	op_free_bulk,  op_look,	  op_look,
	};

	if (test_rand_below(&m->r, 200) == 0)
		op_housekeeping(m);
	else
		ops[test_rand_below(&m->r, RTE_DIM(ops))](m);
	while (!m->may_refuse && m->bytes > MAX_HELD)
		op_free(m);
}

static void
assert_agrees(struct model *m)
{
	struct rte_fastmem_stats stats = stats_now();

	assert_int_equal(stats.bytes_in_use, m->bytes);
	assert_int_equal(stats.alloc_total, m->allocs);
	assert_int_equal(stats.free_total, m->frees);
	assert_true(test_blocks_intact(&m->held));
	assert_true(test_blocks_disjoint(&m->held));
}

static void
shuffle(uint64_t seed, bool may_refuse)
{
	const char *more = getenv("FASTMEM_TEST_ROUNDS");
	unsigned int i, rounds = more == NULL ? 20000 : (unsigned int)strtoul(more, NULL, 0);
	struct model m = { .r = test_rand_start(seed), .may_refuse = may_refuse };
	struct test_blocks all = { 0 };

	for (i = 0; i < rounds; i++) {
		step(&m);
		if (i % 1000 == 0)
			assert_agrees(&m);
	}
	assert_agrees(&m);
	test_blocks_free(&m.held);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(test_blocks_exhaust(&all, MIB, 0), TEST_RESERVED / MIB);
	test_blocks_free(&all);
}

static void
half_full(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 3; seed++) {
		shuffle(seed, false);
		teardown_deinit(state);
		assert_int_equal(setup_reserved(state), 0);
	}
}

static void
up_to_the_last_byte(void **state)
{
	(void)state;
	shuffle(1000, true);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(half_full),
		RESERVED(up_to_the_last_byte),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/shuffle", tests, NULL, NULL);
}
