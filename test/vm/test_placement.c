/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: what is reserved and allocated lies on the node asked for, takes
 * that node's hugepages and no other's, and RTE_NUMA_NODE_ANY goes by distance. */

#include <numaif.h>

#include <rte_fastmem_mempool.h>
#include <rte_mempool.h>

#include "machine.h"
#include "test_setup.h"

#define SHARE (4 * MIB) /* of each node, where all are used */

/* Enough for a test that reserves SHARE, and takes a little for itself. */
static bool
has_pages(const struct machine_node *node)
{
	return machine_free_pages(node->id) >= 16;
}

static unsigned int
nb_with_pages(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < machine()->n; i++)
		n += has_pages(&machine()->node[i]);
	return n;
}

static void
need_nodes_with_pages(void)
{
	machine_needs("several", machine()->n >= 2);
	machine_needs("hugepages", nb_with_pages() >= 1);
}

static void
a_reservation_takes_its_nodes_hugepages_only(void **state)
{
	size_t at_first[MACHINE_MAX_NODES], pools[MACHINE_MAX_NODES], pages;
	const struct machine_node *node;
	unsigned int i;

	(void)state;
	need_nodes_with_pages();
	machine_pools(at_first);
	assert_int_equal(rte_fastmem_init(), 0);
	for (i = 0; i < machine()->n; i++) {
		node = &machine()->node[i];
		if (!has_pages(node))
			continue;
		machine_pools(pools);
		assert_int_equal(rte_fastmem_reserve(16 * MIB, node->id), 0);
		assert_int_equal(rte_fastmem_reserved(node->id), 16 * MIB);
		pages = pools[i] - machine_free_pages(node->id);
		/* Besides, EAL's header and our own data: a page each at most. */
		assert_in_range(pages, 8, 10);
		pools[i] -= pages;
		assert_same_pools(pools);
	}
	rte_fastmem_deinit();
	assert_same_pools(at_first);
}

static void
blocks_lie_on_the_node_asked_for(void **state)
{
	static const size_t sizes[] = { 64, 300, 4096, 100000, MIB, 3 * MIB + 5 };
	const struct machine_node *node;
	unsigned int i;
	size_t k;
	char *ptr;

	(void)state;
	need_nodes_with_pages();
	for (i = 0; i < machine()->n; i++) {
		node = &machine()->node[i];
		if (!has_pages(node))
			continue;
		for (k = 0; k < RTE_DIM(sizes); k++) {
			ptr = rte_fastmem_alloc_node(sizes[k], 0, 0, node->id);
			assert_non_null(ptr);
			memset(ptr, 1, sizes[k]);
			assert_int_equal(rte_fastmem_node_of(ptr + sizes[k] - 1), node->id);
			assert_on_node(ptr, sizes[k], node->id);
			rte_fastmem_free(ptr);
		}
	}
}

static void
bulks_and_handles_lie_on_the_node_asked_for(void **state)
{
	const struct machine_node *node;
	rte_fastmem_handle_t handle;
	unsigned int i, k;
	void *ptrs[40];

	(void)state;
	need_nodes_with_pages();
	for (i = 0; i < machine()->n; i++) {
		node = &machine()->node[i];
		if (!has_pages(node))
			continue;
		assert_int_equal(
			rte_fastmem_alloc_bulk_node(ptrs, RTE_DIM(ptrs), 60000, 0, 0, node->id), 0);
		for (k = 0; k < RTE_DIM(ptrs); k++)
			assert_on_node(ptrs[k], 60000, node->id);
		rte_fastmem_free_bulk(ptrs, RTE_DIM(ptrs));
		assert_int_equal(rte_fastmem_hlookup(2000, 0, node->id, &handle), 0);
		ptrs[0] = rte_fastmem_halloc(handle, 0);
		assert_non_null(ptrs[0]);
		assert_on_node(ptrs[0], 2000, node->id);
		rte_fastmem_hfree(handle, ptrs[0]);
	}
}

static void
allocate_one(void *arg)
{
	*(void **)arg = rte_fastmem_alloc(5000, 0, 0);
}

static void
a_thread_gets_memory_of_the_node_it_runs_on(void **state)
{
	const struct machine_node *node;
	unsigned int i;
	void *ptr;

	(void)state;
	need_nodes_with_pages();
	for (i = 0; i < machine()->n; i++) {
		node = &machine()->node[i];
		if (!has_pages(node) || node->cpu < 0)
			continue;
		on_cpu(node->cpu, allocate_one, &ptr);
		assert_non_null(ptr);
		assert_on_node(ptr, 5000, node->id);
		rte_fastmem_free(ptr);
	}
}

/* Blocks of 1 MiB from anywhere, until there is none. */
struct harvest {
	unsigned int n;
	void *ptr[MACHINE_MAX_NODES * SHARE / MIB + 1];
};

static void
allocate_all(void *arg)
{
	struct harvest *h = arg;

	h->n = 0;
	while (h->n < RTE_DIM(h->ptr) &&
	       (h->ptr[h->n] = rte_fastmem_alloc_node(MIB, 0, 0, RTE_NUMA_NODE_ANY)) != NULL)
		h->n++;
}

/* All of the first node's share, then all of the second's, and so on. */
static void
assert_harvest_by_distance(const struct harvest *h, unsigned int from)
{
	unsigned int order[MACHINE_MAX_NODES], i, k, n = 0;
	int node_id;

	machine_order(from, order);
	for (i = 0; i < machine()->n; i++) {
		node_id = machine()->node[order[i]].id;
		if (rte_fastmem_reserved(node_id) == 0)
			continue;
		for (k = 0; k < SHARE / MIB; k++, n++) {
			assert_true(n < h->n);
			assert_int_equal(rte_fastmem_node_of(h->ptr[n]), node_id);
			assert_on_node(h->ptr[n], MIB, node_id);
		}
	}
	assert_int_equal(n, h->n);
}

static void
any_allocates_by_distance(void **state)
{
	struct harvest h;
	unsigned int i;

	(void)state;
	need_nodes_with_pages();
	assert_int_equal(rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false), 0);
	for (i = 0; i < machine()->n; i++)
		if (has_pages(&machine()->node[i]))
			assert_int_equal(rte_fastmem_reserve(SHARE, machine()->node[i].id), 0);
	for (i = 0; i < machine()->n; i++) {
		if (machine()->node[i].cpu < 0)
			continue;
		on_cpu(machine()->node[i].cpu, allocate_all, &h);
		assert_harvest_by_distance(&h, i);
		while (h.n > 0)
			rte_fastmem_free(h.ptr[--h.n]);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
}

static void
reserve_share_more(void *arg)
{
	*(int *)arg = rte_fastmem_reserve_more(SHARE, RTE_NUMA_NODE_ANY);
}

static void
any_reserves_by_distance(void **state)
{
	unsigned int order[MACHINE_MAX_NODES], from, i;
	const struct machine_node *node;
	int rc;

	(void)state;
	need_nodes_with_pages();
	for (from = 0; from < machine()->n; from++) {
		if (machine()->node[from].cpu < 0)
			continue;
		assert_int_equal(rte_fastmem_init(), 0);
		assert_int_equal(rte_fastmem_set_limit(RTE_NUMA_NODE_ANY, SHARE), 0);
		machine_order(from, order);
		for (i = 0; i < machine()->n; i++) {
			node = &machine()->node[order[i]];
			if (!has_pages(node))
				continue;
			assert_int_equal(rte_fastmem_reserved(node->id), 0);
			on_cpu(machine()->node[from].cpu, reserve_share_more, &rc);
			assert_int_equal(rc, 0);
			assert_int_equal(rte_fastmem_reserved(node->id), SHARE);
		}
		on_cpu(machine()->node[from].cpu, reserve_share_more, &rc);
		assert_int_equal(rc, -ENOMEM);
		rte_fastmem_deinit();
	}
}

static void
count_object(struct rte_mempool *mp, void *nb, void *object, unsigned int i)
{
	void *page = RTE_PTR_ALIGN_FLOOR(object, 4096);
	int node_id = -1;

	(void)i;
	assert_int_equal(move_pages(0, 1, &page, NULL, &node_id, 0), 0);
	assert_in_range(node_id, 0, MACHINE_MAX_NODES - 1);
	assert_on_node(object, mp->elt_size, node_id);
	((unsigned int *)nb)[node_id]++;
}

static void
a_pool_of_any_node_lies_on_as_many_as_it_takes(void **state)
{
	unsigned int nb[MACHINE_MAX_NODES] = { 0 }, most = 0, sum = 0, i;
	struct rte_mempool *mp;

	(void)state;
	need_nodes_with_pages();
	if (nb_with_pages() < 2)
		skip();
	/* No node may have all of it, and nothing is reserved. */
	assert_int_equal(rte_fastmem_set_limit(RTE_NUMA_NODE_ANY, 32 * MIB), 0);
	assert_int_equal(rte_fastmem_mempool_register(NULL), 0);
	mp = rte_mempool_create_empty("any", 24, MIB, 0, 0, SOCKET_ID_ANY, 0);
	assert_non_null(mp);
	assert_int_equal(rte_mempool_set_ops_byname(mp, "fastmem", NULL), 0);
	assert_int_equal(rte_mempool_populate_default(mp), 24);
	assert_int_equal(rte_mempool_obj_iter(mp, count_object, nb), 24);
	for (i = 0; i < RTE_DIM(nb); i++) {
		most = RTE_MAX(most, nb[i]);
		sum += nb[i];
	}
	assert_int_equal(sum, 24);
	assert_in_range(most, 6, 16);
	rte_mempool_free(mp);
}

static void
trim_gives_its_nodes_hugepages_back(void **state)
{
	size_t at_first[MACHINE_MAX_NODES];
	const struct machine_node *node;
	unsigned int i;
	void *ptr;

	(void)state;
	need_nodes_with_pages();
	for (i = 0; i < machine()->n; i++) {
		node = &machine()->node[i];
		if (!has_pages(node))
			continue;
		machine_pools(at_first);
		ptr = rte_fastmem_alloc_node(12 * MIB, 0, 0, node->id);
		assert_non_null(ptr);
		assert_true(machine_free_pages(node->id) + 6 <= at_first[i]);
		rte_fastmem_free(ptr);
		assert_true(rte_fastmem_trim(node->id) >= (int64_t)(12 * MIB));
		/* The records of what was there stay. */
		assert_in_range(at_first[i] - machine_free_pages(node->id), 0, 2);
		at_first[i] = machine_free_pages(node->id);
		assert_same_pools(at_first);
	}
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_reservation_takes_its_nodes_hugepages_only,
					  teardown_deinit),
		INIT(blocks_lie_on_the_node_asked_for),
		INIT(bulks_and_handles_lie_on_the_node_asked_for),
		INIT(a_thread_gets_memory_of_the_node_it_runs_on),
		INIT(any_allocates_by_distance),
		cmocka_unit_test_teardown(any_reserves_by_distance, teardown_deinit),
		INIT(a_pool_of_any_node_lies_on_as_many_as_it_takes),
		INIT(trim_gives_its_nodes_hugepages_back),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("nodes/placement", tests, NULL, NULL);
}
