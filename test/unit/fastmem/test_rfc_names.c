/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A program written to the rte_fastmem RFC compiles and runs once its _socket is called _node:
 * every function and every field is there under its name and with its type. */

#include "test_setup.h"

/* One pointer a function: a type that differs does not compile. */
static const struct {
	int (*init)(void);
	void (*deinit)(void);
	int (*reserve)(size_t size, int node_id);
	int (*set_limit)(int node_id, size_t max_bytes);
	size_t (*get_limit)(int node_id);
	size_t (*max_size)(void);
	unsigned int (*classes)(size_t *sizes);
	void *(*alloc)(size_t size, size_t align, unsigned int flags);
	void *(*alloc_node)(size_t size, size_t align, unsigned int flags, int node_id);
	void *(*realloc)(void *ptr, size_t size, size_t align);
	void (*free)(void *ptr);
	int (*alloc_bulk)(void **ptrs, unsigned int n, size_t size, size_t align,
			  unsigned int flags);
	int (*alloc_bulk_node)(void **ptrs, unsigned int n, size_t size, size_t align,
			       unsigned int flags, int node_id);
	void (*free_bulk)(void **ptrs, unsigned int n);
	int (*hlookup)(size_t size, size_t align, int node_id, rte_fastmem_handle_t *handle);
	void *(*halloc)(rte_fastmem_handle_t handle, unsigned int flags);
	int (*halloc_bulk)(rte_fastmem_handle_t handle, void **ptrs, unsigned int n,
			   unsigned int flags);
	void (*hfree)(rte_fastmem_handle_t handle, void *ptr);
	void (*hfree_bulk)(rte_fastmem_handle_t handle, void **ptrs, unsigned int n);
	rte_iova_t (*virt2iova)(const void *ptr);
	void (*cache_flush)(void);
	int (*stats)(struct rte_fastmem_stats *stats);
	int (*stats_class)(size_t class_size, struct rte_fastmem_class_stats *stats);
	int (*stats_lcore)(unsigned int lcore_id, struct rte_fastmem_lcore_stats *stats);
	int (*stats_lcore_class)(unsigned int lcore_id, size_t class_size,
				 struct rte_fastmem_lcore_class_stats *stats);
	int (*stats_shared)(struct rte_fastmem_lcore_stats *stats);
	int (*stats_shared_class)(size_t class_size, struct rte_fastmem_lcore_class_stats *stats);
	void (*stats_reset)(void);
} rfc = {
	rte_fastmem_init,
	rte_fastmem_deinit,
	rte_fastmem_reserve,
	rte_fastmem_set_limit,
	rte_fastmem_get_limit,
	rte_fastmem_max_size,
	rte_fastmem_classes,
	rte_fastmem_alloc,
	rte_fastmem_alloc_node,
	rte_fastmem_realloc,
	rte_fastmem_free,
	rte_fastmem_alloc_bulk,
	rte_fastmem_alloc_bulk_node,
	rte_fastmem_free_bulk,
	rte_fastmem_hlookup,
	rte_fastmem_halloc,
	rte_fastmem_halloc_bulk,
	rte_fastmem_hfree,
	rte_fastmem_hfree_bulk,
	rte_fastmem_virt2iova,
	rte_fastmem_cache_flush,
	rte_fastmem_stats,
	rte_fastmem_stats_class,
	rte_fastmem_stats_lcore,
	rte_fastmem_stats_lcore_class,
	rte_fastmem_stats_shared,
	rte_fastmem_stats_shared_class,
	rte_fastmem_stats_reset,
};

/* The same of what goes beyond the RFC. */
static const struct {
	int (*reserve_more)(size_t size, int node_id);
	void (*free_sized)(void *ptr, size_t size, size_t align);
	size_t (*usable_size)(const void *ptr);
	int (*node_of)(const void *ptr);
	bool (*owns)(const void *ptr);
	int (*set_growth)(int node_id, bool on);
	int64_t (*trim)(int node_id);
	int (*stats_node)(int node_id, struct rte_fastmem_node_stats *stats);
	size_t (*reserved)(int node_id);
} beyond = {
	rte_fastmem_reserve_more, rte_fastmem_free_sized, rte_fastmem_usable_size,
	rte_fastmem_node_of,	  rte_fastmem_owns,	  rte_fastmem_set_growth,
	rte_fastmem_trim,	  rte_fastmem_stats_node, rte_fastmem_reserved,
};

/* A session table as such a program has one. */
struct session {
	uint32_t id;
	void *buffer;
	rte_iova_t io_address;
};

static void
session_is_right(const struct session *session, uint32_t id)
{
	assert_int_equal(session->id, id);
	assert_true(session->io_address == rfc.virt2iova(session->buffer));
}

static void
a_program_of_the_rfc_runs(void **state)
{
	rte_fastmem_handle_t handle;
	struct session *sessions[32];
	uint32_t i;

	(void)state;
	assert_int_equal(rfc.init(), 0);
	assert_int_equal(rfc.reserve(16 * MIB, test_node()), 0);
	assert_int_equal(rfc.hlookup(sizeof(struct session), 0, test_node(), &handle), 0);
	assert_int_equal(rfc.halloc_bulk(handle, (void **)sessions, 32, 0), 0);
	for (i = 0; i < 32; i++) {
		sessions[i]->id = i;
		sessions[i]->buffer = rfc.alloc_node(2048, 0, RTE_FASTMEM_F_ZERO, test_node());
		assert_non_null(sessions[i]->buffer);
		sessions[i]->io_address = rfc.virt2iova(sessions[i]->buffer);
	}
	for (i = 0; i < 32; i++) {
		session_is_right(sessions[i], i);
		rfc.free(sessions[i]->buffer);
	}
	rfc.hfree_bulk(handle, (void **)sessions, 32);
	rfc.cache_flush();
	rfc.deinit();
}

static void
every_field_of_the_statistics_is_there(void **state)
{
	struct rte_fastmem_stats s = { .bytes_backing = 0,
				       .bytes_in_use = 0,
				       .alloc_total = 0,
				       .free_total = 0,
				       .alloc_nomem = 0,
				       .n_classes = 0 };
	struct rte_fastmem_class_stats c = {
		.class_size = 0,
		.in_use = 0,
		.alloc_cache_hits = 0,
		.alloc_cache_misses = 0,
		.alloc_nomem = 0,
		.free_cache_hits = 0,
		.free_cache_misses = 0,
		.slab_acquires = 0,
		.slab_releases = 0,
		.slabs_partial = 0,
		.slabs_full = 0,
	};
	struct rte_fastmem_lcore_stats l = { .alloc_cache_hits = 0,
					     .alloc_cache_misses = 0,
					     .alloc_nomem = 0,
					     .free_cache_hits = 0,
					     .free_cache_misses = 0 };
	struct rte_fastmem_lcore_class_stats lc = {
		.class_size = 0,
		.alloc_cache_hits = 0,
		.alloc_cache_misses = 0,
		.alloc_nomem = 0,
		.free_cache_hits = 0,
		.free_cache_misses = 0,
	};

	(void)state;
	assert_int_equal(rfc.init(), 0);
	assert_int_equal(rfc.stats(&s), 0);
	assert_int_equal(s.n_classes, rfc.classes(NULL));
	assert_int_equal(rfc.stats_class(rfc.max_size(), &c), 0);
	assert_int_equal(c.class_size, rfc.max_size());
	assert_int_equal(rfc.stats_lcore(0, &l), 0);
	assert_int_equal(rfc.stats_lcore_class(0, 64, &lc), 0);
	assert_int_equal(lc.class_size, 64);
	assert_int_equal(rfc.stats_shared(&l), 0);
	assert_int_equal(rfc.stats_shared_class(64, &lc), 0);
	rfc.stats_reset();
	rfc.deinit();
}

static void
what_goes_beyond_it_runs(void **state)
{
	struct rte_fastmem_node_stats node;
	void *ptr;

	(void)state;
	assert_int_equal(rfc.init(), 0);
	assert_int_equal(beyond.reserve_more(4 * MIB, test_node()), 0);
	assert_int_equal(beyond.reserved(test_node()), 4 * MIB);
	assert_int_equal(beyond.set_growth(test_node(), false), 0);
	ptr = rfc.alloc(100, 0, 0);
	assert_true(beyond.owns(ptr));
	assert_true(beyond.usable_size(ptr) >= 100);
	assert_int_equal(beyond.node_of(ptr), test_node());
	beyond.free_sized(ptr, 100, 0);
	assert_int_equal(beyond.stats_node(test_node(), &node), 0);
	assert_int_equal(node.bytes_reserved, 4 * MIB);
	assert_int_equal(beyond.trim(test_node()), 0);
	rfc.deinit();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_of_the_rfc_runs),
		cmocka_unit_test(every_field_of_the_statistics_is_there),
		cmocka_unit_test(what_goes_beyond_it_runs),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/rfc_names", tests, NULL, NULL);
}
