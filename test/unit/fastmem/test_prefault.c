/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Pages that threads prefault: EAL is asked what is in its file just before it takes them. */

#include <sys/stat.h>

#include <rte_memory.h>

#include "test_blocks.h"
#include "test_setup.h"

#define SIZE (128 * MIB)

static int
find_fd(const struct rte_memseg_list *msl, void *arg)
{
	const struct rte_memseg *ms;
	int *fd = arg, used;

	if (msl->external || msl->page_sz != 2 * MIB || msl->socket_id != test_node())
		return 0;
	used = rte_fbarray_find_next_used((void *)(uintptr_t)&msl->memseg_arr, 0);
	if (used < 0)
		return 0;
	ms = rte_fbarray_get(&msl->memseg_arr, (unsigned int)used);
	*fd = rte_memseg_get_fd_thread_unsafe(ms);
	return 1;
}

/* Bytes of pages in the file that EAL keeps them in, whoever had them put there. */
static size_t
bytes_in_file(void)
{
	struct stat st;
	int fd = -1;

	/* EAL asks with its lock held. */
	rte_memseg_list_walk_thread_unsafe(find_fd, &fd);
	return fd < 0 || fstat(fd, &st) != 0 ? 0 : (size_t)st.st_blocks * 512;
}

static int
add_seg(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	if (!msl->external)
		*(size_t *)arg += ms->len;
	return 0;
}

/* Bytes of pages that EAL has; it may be asking, as above. */
static size_t
eal_bytes(void)
{
	size_t sum = 0;

	rte_memseg_walk_thread_unsafe(add_seg, &sum);
	return sum;
}

static size_t seen, nb_asked;

/* EAL's question, whether it may take pages: the largest file at such a time. */
static int
look(int node_id, size_t limit, size_t size)
{
	(void)node_id;
	(void)limit;
	(void)size;
	seen = RTE_MAX(seen, bytes_in_file());
	nb_asked++;
	return 0;
}

static size_t allowed;

static int
refuse_large(int node_id, size_t limit, size_t size)
{
	look(node_id, limit, size);
	return size > allowed ? -1 : 0;
}

/* What is in the file when EAL comes to take the pages of a reservation. */
static int
reserve_and_look(rte_mem_alloc_validator_t validator, unsigned int nb_threads)
{
	int ret;

	seen = nb_asked = 0;
	assert_int_equal(rte_mem_alloc_validator_register("look", validator, test_node(), 0), 0);
	assert_int_equal(rte_fastmem_set_prefault(test_node(), nb_threads), 0);
	ret = rte_fastmem_reserve_pages(SIZE, 2 * MIB, test_node());
	assert_int_equal(rte_mem_alloc_validator_unregister("look", test_node()), 0);
	assert_true(nb_asked > 0);
	return ret;
}

static void
pages_are_there_before_eal_takes_them(void **state)
{
	size_t before = bytes_in_file();

	(void)state;
	assert_int_equal(reserve_and_look(look, 2), 0);
	if (test_eal_one_file())
		assert_in_range(seen - before, SIZE, SIZE + 8 * MIB);
	else
		assert_int_equal(seen, before);
	assert_int_equal(rte_fastmem_reserved(test_node()), SIZE);
}

static void
eal_alone_takes_them_as_it_goes(void **state)
{
	(void)state;
	assert_int_equal(reserve_and_look(look, 1), 0);
	/* The records' pages come after the others. */
	assert_true(seen < SIZE + 16 * MIB);
	assert_int_equal(reserve_and_look(look, 0), 0);
}

static void
nothing_is_left_beside_what_eal_took(void **state)
{
	(void)state;
	if (!test_eal_one_file())
		skip_because("EAL has a file for each page");
	assert_int_equal(reserve_and_look(look, 3), 0);
	assert_int_equal(bytes_in_file(), eal_bytes());
}

static void
a_refusal_gives_the_pages_back(void **state)
{
	size_t before = bytes_in_file(), eal = eal_bytes();

	(void)state;
	allowed = eal + 8 * MIB;
	assert_int_equal(reserve_and_look(refuse_large, 2), -ENOMEM);
	assert_true(!test_eal_one_file() || seen - before >= SIZE);
	assert_int_equal(bytes_in_file(), before);
	assert_int_equal(eal_bytes(), eal);
	/* And can be had then. */
	assert_int_equal(reserve_and_look(look, 2), 0);
}

static void *
reserve_some(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)rte_fastmem_reserve_pages(64 * MIB, 2 * MIB, test_node());
}

static void
two_at_once_do_not_harm_each_other(void **state)
{
	struct test_blocks blocks = { 0 };
	pthread_t thread[2];
	unsigned int i;
	void *ret;

	(void)state;
	assert_int_equal(rte_fastmem_set_prefault(test_node(), 2), 0);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	for (i = 0; i < RTE_DIM(thread); i++)
		test_thread_start(&thread[i], reserve_some, NULL);
	for (i = 0; i < RTE_DIM(thread); i++) {
		assert_int_equal(pthread_join(thread[i], &ret), 0);
		assert_null(ret);
	}
	if (test_eal_one_file())
		assert_int_equal(bytes_in_file(), eal_bytes());
	while (test_blocks_alloc(&blocks, MIB, 0))
		;
	assert_in_range(blocks.n, 128, 130);
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
}

static void
wrong_arguments_are_told(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_set_prefault(test_node(), 65), -EINVAL);
	assert_int_equal(rte_fastmem_set_prefault(RTE_NUMA_MAX_NODES, 2), -EINVAL);
	rte_fastmem_deinit();
	assert_int_equal(rte_fastmem_set_prefault(test_node(), 2), -ENODEV);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
		TEST(pages_are_there_before_eal_takes_them), TEST(eal_alone_takes_them_as_it_goes),
		TEST(nothing_is_left_beside_what_eal_took),  TEST(a_refusal_gives_the_pages_back),
		TEST(two_at_once_do_not_harm_each_other),    TEST(wrong_arguments_are_told),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/prefault", tests, NULL, NULL);
}
