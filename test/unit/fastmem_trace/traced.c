/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Does one of each thing that is traced, and prints which events that ought to leave: a line each,
 * "EVENT FIELD=VALUE ...". */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>

#define MIB    ((size_t)1 << 20)
#define NB_BIG 64

static int node;

#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			exit(EXIT_FAILURE); \
		} \
	} while (0)

static uint64_t
backing(void)
{
	struct rte_fastmem_node_stats stats;

	must(rte_fastmem_stats_node(node, &stats) == 0);
	return stats.bytes_backing;
}

static void
reserve(size_t size, int result)
{
	must(rte_fastmem_reserve(size, node) == result);
	printf("lib.fastmem.reserve node_id=%d size=%zu page_size=0 more=0 result=%d backing=%" PRIu64
	       "\n",
	       node, size, result, backing());
}

static void
tell_run(const char *event, size_t class_size, const void *addr, size_t size)
{
	printf("lib.fastmem.slab.%s node_id=%d class_size=%zu addr=%" PRIuPTR " pages=%zu\n", event,
	       node, class_size, (uintptr_t)addr, size / 4096);
}

/* A block that has a run of its own, and is not cached: large, or of the largest class. */
static void *
take(size_t size)
{
	void *block = rte_fastmem_alloc(size, 0, 0);

	if (block != NULL)
		tell_run("take", size > RTE_FASTMEM_MAX_SIZE ? 0 : size, block, size);
	return block;
}

static void
give_back(void *block, size_t size)
{
	rte_fastmem_free(block);
	tell_run("return", size > RTE_FASTMEM_MAX_SIZE ? 0 : size, block, size);
}

static int
tell_magazines(const struct rte_fastmem_class_map *map, void *arg)
{
	(void)arg;
	if (map->class_size == 64)
		printf("magazines class_size=64 blocks=%" PRIu64 "\n", map->in_transit);
	return 0;
}

/* How many of the largest class the node has; the last attempt fails. */
static unsigned int
take_all(void **big)
{
	unsigned int n = 0;

	while ((big[n] = take(MIB)) != NULL)
		must(++n < NB_BIG);
	must(rte_errno == ENOMEM);
	printf("lib.fastmem.nomem node_id=%d class_size=%zu\n", node, MIB);
	return n;
}

int
main(int argc, char **argv)
{
	static void *small[3000];
	void *big[NB_BIG], *block;
	uint64_t before;
	unsigned int n;

	must(rte_eal_init(argc, argv) >= 0);
	must(rte_fastmem_init() == 0);
	must((block = rte_fastmem_alloc(64, 0, 0)) != NULL);
	node = rte_fastmem_node_of(block);
	rte_fastmem_free(block);
	rte_fastmem_cache_flush();
	printf("begin\n");
	must(rte_fastmem_set_growth(node, false) == 0);

	reserve(12 * MIB, 0);
	must(rte_fastmem_set_limit(node, 12 * MIB) == 0);
	reserve(16 * MIB, -ENOMEM);

	give_back(take(3 * MIB), 3 * MIB);
	give_back(take(MIB), MIB);

	must(rte_fastmem_alloc_bulk(small, RTE_DIM(small), 64, 0, 0) == 0);
	for (n = 0; n < RTE_DIM(small); n++)
		rte_fastmem_free(small[n]);
	must(rte_fastmem_walk_classes(node, tell_magazines, NULL) == 0);
	rte_fastmem_cache_flush();
	rte_fastmem_trim(node);
	printf("lib.fastmem.trim node_id=%d returned=0 backing=%" PRIu64 "\n", node, backing());

	for (n = take_all(big); n > 0; n--)
		give_back(big[n - 1], MIB);

	n = take_all(big);
	must(rte_fastmem_set_limit(node, SIZE_MAX) == 0);
	must(rte_fastmem_set_growth(node, true) == 0);
	before = backing();
	block = rte_fastmem_alloc(MIB, 0, 0);
	must(block != NULL);
	printf("lib.fastmem.grow node_id=%d size=%zu added=%" PRIu64 " backing=%" PRIu64 "\n", node,
	       MIB, backing() - before, backing());
	tell_run("take", MIB, block, MIB);
	give_back(block, MIB);
	for (; n > 0; n--)
		give_back(big[n - 1], MIB);
	before = (uint64_t)rte_fastmem_trim(node);
	must(before != 0);
	printf("lib.fastmem.trim node_id=%d returned=%" PRIu64 " backing=%" PRIu64 "\n", node,
	       before, backing());
	printf("end\n");
	rte_fastmem_deinit();
	return rte_eal_cleanup();
}
