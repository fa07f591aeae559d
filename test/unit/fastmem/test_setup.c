/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What tests of fastmem begin with and end with, and what they ask of it again and again.
 * Fails the test that it is called from where a call fails that must not. */

#include <stdio.h>

#include <rte_malloc.h>
#include <rte_memzone.h>

#include "test_setup.h"

int
setup_init(void **state)
{
	(void)state;
	return rte_fastmem_init();
}

int
setup_reserved(void **state)
{
	int ret = setup_init(state);

	if (ret == 0)
		ret = rte_fastmem_reserve(TEST_RESERVED, test_node());
	if (ret == 0)
		ret = rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
	return ret;
}

int
teardown_deinit(void **state)
{
	(void)state;
	rte_fastmem_deinit();
	return 0;
}

int
reserve_on_other_node(size_t size)
{
	int other = test_other_node();

	if (other < 0)
		skip_because("no other node has memory");
	if (!test_eal_huge())
		skip_because("without hugepages EAL's memory is on one node");
	if (rte_fastmem_reserve(size, other) != 0)
		skip_because("the other node has too few free hugepages");
	return other;
}

struct rte_fastmem_stats
stats_now(void)
{
	struct rte_fastmem_stats stats;

	assert_int_equal(rte_fastmem_stats(&stats), 0);
	return stats;
}

struct rte_fastmem_class_stats
class_stats_now(size_t class_size)
{
	struct rte_fastmem_class_stats stats;

	assert_int_equal(rte_fastmem_stats_class(class_size, &stats), 0);
	return stats;
}

struct rte_fastmem_node_stats
node_stats_now(void)
{
	struct rte_fastmem_node_stats stats;

	assert_int_equal(rte_fastmem_stats_node(test_node(), &stats), 0);
	return stats;
}

void
assert_stats_equal(struct rte_fastmem_stats a, struct rte_fastmem_stats b)
{
	assert_int_equal(a.bytes_backing, b.bytes_backing);
	assert_int_equal(a.bytes_in_use, b.bytes_in_use);
	assert_int_equal(a.alloc_total, b.alloc_total);
	assert_int_equal(a.free_total, b.free_total);
	assert_int_equal(a.alloc_nomem, b.alloc_nomem);
	assert_int_equal(a.n_classes, b.n_classes);
}

size_t
class_of(size_t size)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);

	for (i = 0; i < n; i++)
		if (sizes[i] >= size)
			return sizes[i];
	fail_msg("no class holds %zu bytes", size);
	return 0;
}

struct zones {
	unsigned int n;
	size_t bytes;
};

static void
count_zone(const struct rte_memzone *zone, void *arg)
{
	struct zones *zones = arg;
	unsigned int n;
	int node, end = 0;

	if (sscanf(zone->name, "fastmem_%d_%u%n", &node, &n, &end) != 2 ||
	    zone->name[end] != '\0' || node != test_node())
		return;
	zones->n++;
	zones->bytes += zone->len;
}

static struct zones
zones_now(void)
{
	struct zones zones = { 0 };

	rte_memzone_walk(count_zone, &zones);
	return zones;
}

unsigned int
zones_count(void)
{
	return zones_now().n;
}

size_t
zones_bytes(void)
{
	return zones_now().bytes;
}

size_t
eal_heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;
	size_t bytes = 0;
	int i;

	for (i = 0; i < RTE_MAX_NUMA_NODES; i++)
		if (rte_malloc_get_socket_stats(i, &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	return bytes;
}
