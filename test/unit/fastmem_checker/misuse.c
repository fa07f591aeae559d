/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: a user's program that misuses fastmem in the way that its argument names, or not at all.
 * Must not: include more than a user can.
 * Called by: test_checker.py, which reads what a checker says of it.
 */

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>

#define NODE  ((int)rte_lcore_to_socket_id(rte_get_main_lcore()))
#define LARGE ((size_t)5 << 19)
#define MANY  500

static volatile char seen;

/* What reports have to name. */
static __attribute__((noinline)) char *
allocate_here(size_t size)
{
	char *block = rte_fastmem_alloc(size, 0, 0);

	if (block == NULL)
		exit(3);
	memset(block, 1, size);
	return block;
}

static __attribute__((noinline)) void
free_here(void *block)
{
	rte_fastmem_free(block);
}

static __attribute__((noinline)) void
touch_here(const char *at)
{
	seen = *at;
}

static void
expect(bool true_here, const char *what)
{
	if (!true_here) {
		fprintf(stderr, "not as it should be: %s\n", what);
		exit(4);
	}
}

/* ---- misuse */

static void
use_after_free(void)
{
	char *block = allocate_here(100);

	free_here(block);
	touch_here(block + 8);
}

static __attribute__((noinline)) void
free_below(unsigned int depth, void *block)
{
	if (depth == 0)
		free_here(block);
	else
		free_below(depth - 1, block);
	seen++;
}

/* As much between who frees and us as templates of C++ put there, and more. */
static void
use_after_deep_free(void)
{
	char *block = allocate_here(100);

	free_below(25, block);
	touch_here(block);
}

static void
use_long_after_free(void)
{
	char *block = allocate_here(100);
	unsigned int i;

	free_here(block);
	for (i = 0; i < MANY; i++)
		rte_fastmem_free(rte_fastmem_alloc(100, 0, 0));
	touch_here(block + 8);
}

static void
use_large_after_free(void)
{
	char *block = allocate_here(LARGE);

	free_here(block);
	touch_here(block + LARGE / 2);
}

static void
use_after_sized_free(void)
{
	char *block = allocate_here(100);

	rte_fastmem_free_sized(block, 100, 0);
	touch_here(block);
}

static void
use_after_hfree_bulk(void)
{
	rte_fastmem_handle_t handle;
	void *blocks[8];

	expect(rte_fastmem_hlookup(100, 0, NODE, &handle) == 0, "hlookup");
	expect(rte_fastmem_halloc_bulk(handle, blocks, 8, 0) == 0, "halloc_bulk");
	rte_fastmem_hfree_bulk(handle, blocks, 8);
	touch_here(blocks[5]);
}

static void
use_after_realloc(void)
{
	char *block = allocate_here(100), *moved = rte_fastmem_realloc(block, 5000, 0);

	expect(moved != NULL && moved != block && moved[99] == 1, "realloc");
	touch_here(block);
}

static void *
free_in_thread(void *block)
{
	free_here(block);
	return NULL;
}

static void
use_after_free_elsewhere(void)
{
	char *block = allocate_here(100);
	pthread_t thread;

	expect(pthread_create(&thread, NULL, free_in_thread, block) == 0, "pthread_create");
	pthread_join(thread, NULL);
	touch_here(block);
}

static void
read_past_end(void)
{
	char *block = allocate_here(100);

	touch_here(block + 104);
	free_here(block);
}

static void
free_twice(void)
{
	char *block = allocate_here(100);

	free_here(block);
	free_here(block);
}

/* ---- no misuse */

static void
fill_and_empty(size_t size)
{
	void **last = NULL, **block;
	unsigned int n = 0;

	while ((block = rte_fastmem_alloc_node(size, 0, 0, NODE)) != NULL) {
		*block = last;
		last = block;
		n++;
	}
	expect(rte_errno == ENOMEM && n > 1, "ENOMEM, once all is used up");
	for (; last != NULL; last = block) {
		block = *last;
		rte_fastmem_free(last);
	}
}

static void
use_all_of_it(void)
{
	char *block = allocate_here(100);

	memset(block, 2, rte_fastmem_usable_size(block));
	block = rte_fastmem_realloc(block, 110, 0);
	block = rte_fastmem_realloc(block, 3000, 0);
	expect(block != NULL && block[109] == 2, "realloc");
	rte_fastmem_free(block);
}

static void
use_bulk(void)
{
	char *blocks[MANY];
	unsigned int i, k;

	expect(rte_fastmem_alloc_bulk((void **)blocks, MANY, 5, 0, RTE_FASTMEM_F_ZERO) == 0,
	       "bulk");
	for (i = 0; i < MANY; i++)
		for (k = 0; k < 5; k++)
			expect(blocks[i][k] == 0, "zeroed");
	rte_fastmem_free_bulk((void **)blocks, MANY);
}

static void *
use_singly(void *unused)
{
	char *blocks[16] = { NULL };
	unsigned int i, at;

	(void)unused;
	for (i = 0; i < 5 * MANY; i++) {
		at = i * 7 % 16;
		rte_fastmem_free(blocks[at]);
		blocks[at] = allocate_here(i * 37 % 9000);
	}
	for (at = 0; at < 16; at++)
		rte_fastmem_free(blocks[at]);
	return NULL;
}

static int
on_lcore(void *unused)
{
	use_singly(unused);
	return 0;
}

static void
no_misuse(void)
{
	struct rte_fastmem_stats stats;
	struct rte_fastmem_audit audit;
	pthread_t thread;

	expect(pthread_create(&thread, NULL, use_singly, NULL) == 0, "pthread_create");
	rte_eal_mp_remote_launch(on_lcore, NULL, CALL_MAIN);
	rte_eal_mp_wait_lcore();
	pthread_join(thread, NULL);
	fill_and_empty(3000);
	fill_and_empty(LARGE);
	fill_and_empty(500);
	/* It was just known to fail. */
	fill_and_empty(500);
	use_all_of_it();
	use_bulk();
	/* What is kept from being used again counts as free. */
	expect(rte_fastmem_stats(&stats) == 0 && stats.bytes_in_use == 0, "all is free");
	expect(stats.alloc_total == stats.free_total, "as many freed as allocated");
	rte_fastmem_free(allocate_here(LARGE));
	expect(rte_fastmem_audit(NODE, NULL, NULL, &audit) == 0 && audit.faults == 0 &&
		       audit.cached > 0,
	       "all adds up");
	expect(rte_fastmem_trim(NODE) >= 0, "trim");
	/* And one that is left goes back to EAL, which clears all of it. */
	allocate_here(100);
}

/* ---- */

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "use_after_free", use_after_free },
	{ "use_after_deep_free", use_after_deep_free },
	{ "use_long_after_free", use_long_after_free },
	{ "use_large_after_free", use_large_after_free },
	{ "use_after_sized_free", use_after_sized_free },
	{ "use_after_hfree_bulk", use_after_hfree_bulk },
	{ "use_after_realloc", use_after_realloc },
	{ "use_after_free_elsewhere", use_after_free_elsewhere },
	{ "read_past_end", read_past_end },
	{ "free_twice", free_twice },
	{ "no_misuse", no_misuse },
};

static void
begin(void)
{
	expect(rte_fastmem_init() == 0, "init");
	expect(rte_fastmem_reserve((size_t)8 << 20, NODE) == 0, "reserve");
	expect(rte_fastmem_set_growth(NODE, false) == 0, "growth");
}

int
main(int argc, char **argv)
{
	int args = rte_eal_init(argc, argv);
	unsigned int i, ran = 0;

	if (args < 0)
		return 2;
	for (argc -= args, argv += args; argc > 1; argc--, argv++)
		for (i = 0; i < RTE_DIM(ways); i++)
			if (strcmp(argv[1], ways[i].name) == 0) {
				/* Its memory goes back to EAL each time: nothing may stay forbidden. */
				begin();
				ways[i].run();
				rte_fastmem_deinit();
				ran++;
			}
	rte_eal_cleanup();
	printf("%u ways\n", ran);
	return 0;
}
