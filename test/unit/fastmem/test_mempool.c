/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Mempools with the operations "fastmem", through DPDK's own functions; and those that grow. */

#include <stdlib.h>
#include <sys/mman.h>

#include <rte_fastmem_mempool.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_numa.h>

#include "test_log.h"
#include "test_setup.h"

#define NB 5000

static void *objects[1 << 16];

/* EAL has no memory of a node that it does not list, so DPDK's own functions cannot ask for it. */
static int
socket_of_test_node(void)
{
	return test_node_memory_only() ? SOCKET_ID_ANY : test_node();
}

static struct rte_mempool *
pool_of(unsigned int n, unsigned int elt_size, unsigned int flags)
{
	struct rte_mempool *mp;

	assert_int_equal(rte_fastmem_mempool_register(NULL), 0);
	mp = rte_mempool_create_empty("pool", n, elt_size, 0, 0, socket_of_test_node(), flags);
	assert_non_null(mp);
	assert_int_equal(rte_mempool_set_ops_byname(mp, "fastmem", NULL), 0);
	return mp;
}

struct walk {
	unsigned int n, ours, wrong;
};

static void
look_at_object(struct rte_mempool *mp, void *arg, void *object, unsigned int i)
{
	struct walk *w = arg;

	assert_int_equal(i, w->n);
	w->n++;
	w->ours += rte_fastmem_owns(object);
	/* A driver reads it from here. */
	if ((mp->flags & RTE_MEMPOOL_F_NO_IOVA_CONTIG) == 0)
		w->wrong += rte_mempool_virt2iova(object) != rte_mem_virt2iova(object) ||
			    rte_mem_virt2iova((char *)object + mp->elt_size - 1) !=
				    rte_mempool_virt2iova(object) + mp->elt_size - 1;
	memset(object, (int)i, mp->elt_size);
}

static void
sum_memory(struct rte_mempool *mp, void *arg, struct rte_mempool_memhdr *memhdr, unsigned int i)
{
	(void)mp;
	(void)i;
	*(size_t *)arg += memhdr->len;
}

/* All objects can be got, each once, and nobody has more. */
static void
assert_has(struct rte_mempool *mp, unsigned int n)
{
	unsigned int i, at;

	assert_int_equal(rte_mempool_avail_count(mp), n);
	for (at = 0; at < n; at += i) {
		for (i = 1 + at % 600; i > n - at; i--)
			;
		assert_int_equal(rte_mempool_get_bulk(mp, objects + at, i), 0);
	}
	assert_int_equal(rte_mempool_get(mp, objects + n), -ENOBUFS);
	assert_true(rte_mempool_empty(mp));
	for (i = 0; i < n; i++) {
		/* A mark, which an object that came twice would have already. */
		assert_ptr_equal(rte_mempool_from_obj(objects[i]), mp);
		*(uint32_t *)objects[i] = i;
	}
	for (i = 0; i < n; i++)
		assert_int_equal(*(uint32_t *)objects[i], i);
	rte_mempool_put_bulk(mp, objects, n);
	assert_int_equal(rte_mempool_avail_count(mp), n);
}

static void
packet_buffers_are_the_reservations_memory(void **state)
{
	struct rte_mempool *mp;
	struct walk w = { 0 };
	size_t bytes = 0;
	uint64_t backing = stats_now().bytes_backing;

	(void)state;
	assert_int_equal(rte_fastmem_mempool_register(NULL), 0);
	mp = rte_pktmbuf_pool_create_by_ops("mbufs", NB, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					    socket_of_test_node(), "fastmem");
	assert_non_null(mp);
	/* One of them is what DPDK asks for itself. */
	assert_int_equal(rte_mempool_obj_iter(mp, look_at_object, &w), NB);
	assert_int_equal(w.ours, NB - 1);
	assert_int_equal(w.wrong, 0);
	assert_true(rte_mempool_mem_iter(mp, sum_memory, &bytes) >= 2);
	assert_true(bytes >= (size_t)NB * RTE_MBUF_DEFAULT_BUF_SIZE);
	assert_int_equal(stats_now().bytes_backing, backing);
	rte_mempool_audit(mp);
	rte_mempool_free(mp);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(stats_now().bytes_backing, backing);
}

static void
objects_of_any_size(void **state)
{
	static const struct {
		unsigned int n, size, flags;
	} pools[] = {
		{ 1, 64, 0 },
		{ 2, 8, 0 },
		{ 40000, 4, RTE_MEMPOOL_F_NO_CACHE_ALIGN },
		{ 3000, 1500, 0 },
		{ 3000, 1500, RTE_MEMPOOL_F_NO_IOVA_CONTIG },
		{ 700, 9000, RTE_MEMPOOL_F_SP_PUT | RTE_MEMPOOL_F_SC_GET },
		{ 20, 700000, RTE_MEMPOOL_F_NO_IOVA_CONTIG },
		{ 4, 3 << 20, RTE_MEMPOOL_F_NO_IOVA_CONTIG },
		{ 500, 2000, RTE_MEMPOOL_F_NO_SPREAD },
	};
	struct rte_mempool *mp;
	struct walk w;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(pools); i++) {
		w = (struct walk){ 0 };
		mp = pool_of(pools[i].n, pools[i].size, pools[i].flags);
		assert_int_equal(rte_mempool_populate_default(mp), pools[i].n);
		assert_int_equal(rte_mempool_obj_iter(mp, look_at_object, &w), pools[i].n);
		assert_int_equal(w.ours, pools[i].n - 1);
		/* Without hugepages no two pages need follow each other, nor do they for DPDK's own. */
		if (test_eal_huge())
			assert_int_equal(w.wrong, 0);
		assert_has(mp, pools[i].n);
		rte_mempool_free(mp);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
}

/* Two MiB and more, which must lie where the pages' IO addresses follow each other. */
static void
objects_beyond_a_page_are_contiguous(void **state)
{
	struct rte_mempool *mp = pool_of(2, 5 << 20, 0);
	struct walk w = { 0 };
	int n = rte_mempool_populate_default(mp);

	(void)state;
	/* There may be no such memory, and DPDK's own pools find none either then. */
	if (n < 0 && (rte_eal_iova_mode() == RTE_IOVA_PA || !test_eal_huge())) {
		rte_mempool_free(mp);
		skip_because("the machine has no such contiguous memory");
	}
	assert_int_equal(n, 2);
	rte_mempool_obj_iter(mp, look_at_object, &w);
	if (test_eal_huge())
		assert_int_equal(w.wrong, 0);
	assert_has(mp, 2);
	rte_mempool_free(mp);
}

static void
too_little_memory_is_enomem_and_told(void **state)
{
	struct rte_mempool *mp = pool_of(40000, 2048, 0);
	unsigned int lines;

	(void)state;
	test_log_catch();
	assert_int_equal(rte_mempool_populate_default(mp), -ENOMEM);
	test_log_release();
	lines = test_log_lines_with("mempool pool: of 39999 objects");
	assert_int_equal(lines, 1);
	assert_int_equal(test_log_lines_with("FASTMEM_PLAN="), 1);
	assert_int_equal(mp->populated_size, 0);
	assert_int_equal(mp->nb_mem_chunks, 0);
	rte_mempool_free(mp);
	assert_int_equal(stats_now().bytes_in_use, 0);
	/* Less does. */
	mp = pool_of(NB, 2048, 0);
	assert_int_equal(rte_mempool_populate_default(mp), NB);
	assert_int_equal(rte_mempool_populate_default(mp), -EEXIST);
	rte_mempool_free(mp);
}

/* As setup_init() leaves it, nothing is reserved and nodes grow. */
static void
a_node_grows_for_a_pool(void **state)
{
	struct rte_mempool *mp = pool_of(NB, 2048, 0);
	struct walk w = { 0 };

	(void)state;
	assert_int_equal(rte_mempool_populate_default(mp), NB);
	assert_int_equal(rte_mempool_obj_iter(mp, look_at_object, &w), NB);
	assert_int_equal(w.ours, NB - 1);
	assert_int_equal(w.wrong, 0);
	/* Not by much more than the pool needs. */
	assert_true(stats_now().bytes_backing <= 3 * (size_t)NB * (test_eal_huge() ? 2400 : 4500));
	assert_has(mp, NB);
	rte_mempool_free(mp);
	assert_true(rte_fastmem_trim(RTE_NUMA_NODE_ANY) >= 0);
}

/* No two of them in a page, and nothing but what they need. */
static void
a_node_grows_for_objects_of_nearly_a_page(void **state)
{
	unsigned int size, n;
	struct rte_mempool *mp;

	(void)state;
	for (size = (2 << 20) - 400, n = 5; n <= 9; size += 60, n++) {
		mp = pool_of(n, size, 0);
		assert_int_equal(rte_mempool_populate_default(mp), n);
		assert_has(mp, n);
		rte_mempool_free(mp);
		assert_true(rte_fastmem_trim(RTE_NUMA_NODE_ANY) >= 0);
	}
}

static void
memory_that_the_program_brings_serves(void **state)
{
	struct rte_mempool *mp = pool_of(100, 2000, 0);
	size_t size = 40 * 4096, rest = 100 * 4096;
	char *mine = rte_malloc("mine", size, 4096), *more = aligned_alloc(4096, rest);
	struct walk w = { 0 };
	int n;

	(void)state;
	assert_non_null(mine);
	assert_non_null(more);
	n = rte_mempool_populate_iova(mp, mine, rte_malloc_virt2iova(mine), size, NULL, NULL);
	assert_in_range(n, 39, 80);
	assert_int_equal(rte_mempool_populate_iova(mp, more, RTE_BAD_IOVA, rest, NULL, NULL),
			 100 - n);
	assert_int_equal(mp->populated_size, 100);
	assert_int_equal(rte_mempool_populate_default(mp), -EEXIST);
	rte_mempool_obj_iter(mp, look_at_object, &w);
	assert_int_equal(w.ours, 0);
	assert_has(mp, 100);
	rte_mempool_free(mp);
	rte_free(mine);
	free(more);
}

static void
anonymous_memory_serves(void **state)
{
	struct rte_mempool *mp = pool_of(1000, 1000, 0);

	(void)state;
	assert_int_equal(rte_mempool_populate_anon(mp), 1000);
	assert_has(mp, 1000);
	rte_mempool_free(mp);
}

static unsigned int nb_setups;

static int
count_setup(void)
{
	nb_setups++;
	return rte_fastmem_init();
}

static int
refuse_setup(void)
{
	return -EPERM;
}

/* Of all tests the first. */
static void
the_first_pool_initialises_fastmem(void **state)
{
	struct rte_mempool *mp;
	unsigned int i;

	(void)state;
	assert_int_equal(rte_fastmem_mempool_register(count_setup), 0);
	/* The first stays. */
	assert_int_equal(rte_fastmem_mempool_register(refuse_setup), 0);
	for (i = 0; i < 3; i++) {
		mp = pool_of(10, 10, 0);
		assert_int_equal(nb_setups, i == 0 ? 0 : 1);
		assert_int_equal(rte_mempool_populate_default(mp), 10);
		assert_int_equal(nb_setups, 1);
		rte_mempool_free(mp);
	}
	rte_fastmem_deinit();
}

/* ---- pools that grow */

static unsigned int nb_inits;

static void
init_object(struct rte_mempool *mp, void *arg, void *object, unsigned int i)
{
	assert_ptr_equal(arg, &nb_inits);
	assert_int_equal(i, nb_inits);
	nb_inits++;
	memset(object, 0x5a, mp->elt_size);
}

static struct rte_mempool *
growing(unsigned int n, unsigned int max, unsigned int elt_size, unsigned int cache_size)
{
	const struct rte_fastmem_mempool_params params = {
		.name = "grows",
		.n = n,
		.max = max,
		.elt_size = elt_size,
		.cache_size = cache_size,
		.node_id = test_node(),
		.obj_init = init_object,
		.obj_init_arg = &nb_inits,
	};

	nb_inits = 0;
	return rte_fastmem_mempool_create(&params);
}

static void
a_pool_grows_as_objects_are_asked_for(void **state)
{
	struct rte_mempool *mp = growing(10, 8000, 2000, 0);
	unsigned int i, j;

	(void)state;
	assert_non_null(mp);
	assert_int_equal(mp->populated_size, 10);
	assert_int_equal(nb_inits, 10);
	assert_int_equal(rte_mempool_avail_count(mp), 8000);
	for (i = 0; i < 8000; i++) {
		assert_int_equal(rte_mempool_get(mp, &objects[i]), 0);
		assert_int_equal(rte_fastmem_node_of(objects[i]), test_node());
		for (j = 0; j < 2000; j += 500)
			assert_int_equal(((unsigned char *)objects[i])[j], 0x5a);
		assert_true(mp->populated_size > i);
		/* By a quarter, or 2 MiB. */
		assert_true(mp->populated_size <= 10 + i + i / 4 + (SLAB / 2000));
		assert_int_equal(rte_mempool_in_use_count(mp), i + 1);
		memset(objects[i], 0, 2000);
	}
	assert_int_equal(nb_inits, 8000);
	assert_int_equal(rte_mempool_get(mp, &objects[i]), -ENOBUFS);
	assert_int_equal(mp->populated_size, 8000);
	rte_mempool_put_bulk(mp, objects, 8000);
	assert_true(rte_mempool_full(mp));
	assert_has(mp, 8000);
	rte_mempool_free(mp);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
one_get_of_many_makes_it_grow_by_as_many(void **state)
{
	struct rte_mempool *mp = growing(0, 9000, 256, 512);

	(void)state;
	assert_non_null(mp);
	assert_int_equal(mp->populated_size, 0);
	assert_int_equal(rte_mempool_get_bulk(mp, objects, 9000), 0);
	assert_int_equal(rte_mempool_get(mp, objects + 9000), -ENOBUFS);
	rte_mempool_put_bulk(mp, objects, 9000);
	assert_int_equal(rte_mempool_get_bulk(mp, objects, 9001), -ENOBUFS);
	rte_mempool_free(mp);
}

/* 32 MiB are reserved, and growth is off. */
static void
without_memory_it_keeps_what_it_has(void **state)
{
	struct rte_mempool *mp;
	unsigned int n;
	int id;

	(void)state;
	/* A pool's account lies on the nearest node that EAL lists; its objects on that of the test. */
	RTE_NUMA_FOREACH_NODE(id, rte_numa_topology_self(), RTE_NUMA_WITH_CPUS) {
		if (id != test_node())
			rte_fastmem_reserve(2 * MIB, id);
	}
	mp = growing(100, 60000, 2000, 0);
	assert_non_null(mp);
	test_log_catch();
	for (n = 0; rte_mempool_get(mp, &objects[n]) == 0; n++)
		;
	/* The next failure is one of memory too, but costs no search. */
	assert_int_equal(rte_mempool_get(mp, &objects[n]), -ENOBUFS);
	test_log_release();
	assert_int_equal(test_log_lines_with("mempool grows: of"), 1);
	assert_true(n > (TEST_RESERVED - 4 * MIB) / (test_eal_huge() ? 2400 : 4200) && n < 60000);
	assert_int_equal(mp->populated_size, n);
	rte_mempool_put_bulk(mp, objects, n);
	rte_mempool_free(mp);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_null(growing(60000, 60000, 2000, 0));
	assert_int_equal(rte_errno, ENOMEM);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* As of a program that asks for less and less until it gets it. */
static void
one_that_is_too_large_keeps_no_smaller_one_away(void **state)
{
	struct rte_mempool *mp = pool_of(1 << 20, 1 << 20, 0);

	(void)state;
	test_log_catch();
	assert_int_equal(rte_mempool_populate_default(mp), -ENOMEM);
	test_log_release();
	rte_mempool_free(mp);
	mp = pool_of(NB, 2048, 0);
	assert_int_equal(rte_mempool_populate_default(mp), NB);
	rte_mempool_free(mp);
	test_log_catch();
	assert_null(growing(1 << 20, 1 << 20, 1 << 20, 0));
	test_log_release();
	mp = growing(NB, NB, 2048, 0);
	assert_non_null(mp);
	rte_mempool_free(mp);
}

/* Whatever is out: who frees it has done with what initialises objects. */
static void
it_does_not_grow_while_it_is_freed(void **state)
{
	struct rte_mempool *mp = growing(10, 8000, 2000, 0);
	uint64_t backing;

	(void)state;
	assert_non_null(mp);
	assert_int_equal(rte_mempool_get_bulk(mp, objects, 10), 0);
	backing = stats_now().bytes_backing;
	rte_mempool_free(mp);
	assert_int_equal(nb_inits, 10);
	assert_int_equal(stats_now().bytes_backing, backing);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static pthread_barrier_t held;

static void
hold(struct rte_mempool *mp, void *arg, void *object, unsigned int i)
{
	(void)mp;
	(void)arg;
	(void)object;
	if (i == 1)
		pthread_barrier_wait(&held);
	if (i == 1)
		pthread_barrier_wait(&held);
}

static void *
get_one(void *mp)
{
	return (void *)(intptr_t)rte_mempool_get(mp, objects);
}

static void
while_one_makes_it_grow_others_do_not_wait(void **state)
{
	const struct rte_fastmem_mempool_params params = {
		.name = "held",
		.n = 1,
		.max = 100,
		.elt_size = 64,
		.node_id = test_node(),
		.obj_init = hold,
	};
	struct rte_mempool *mp = rte_fastmem_mempool_create(&params);
	pthread_t thread;
	void *ret;

	(void)state;
	assert_non_null(mp);
	pthread_barrier_init(&held, NULL, 2);
	assert_int_equal(rte_mempool_get(mp, objects + 1), 0);
	test_thread_start(&thread, get_one, mp);
	pthread_barrier_wait(&held);
	assert_int_equal(rte_mempool_get(mp, objects + 2), -ENOBUFS);
	pthread_barrier_wait(&held);
	pthread_join(thread, &ret);
	assert_null(ret);
	assert_int_equal(rte_mempool_get(mp, objects + 2), 0);
	pthread_barrier_destroy(&held);
	rte_mempool_free(mp);
}

static void
growing_packet_buffers_are_initialised(void **state)
{
	struct rte_pktmbuf_pool_private sizes = { .mbuf_data_room_size =
							  RTE_MBUF_DEFAULT_BUF_SIZE };
	const struct rte_fastmem_mempool_params params = {
		.name = "mbufs",
		.n = 16,
		.max = 3000,
		.elt_size = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE,
		.cache_size = 32,
		.private_size = sizeof(sizes),
		.node_id = test_node(),
		.mp_init = rte_pktmbuf_pool_init,
		.mp_init_arg = &sizes,
		.obj_init = rte_pktmbuf_init,
	};
	struct rte_mempool *mp = rte_fastmem_mempool_create(&params);
	struct rte_mbuf *m;
	unsigned int i;

	(void)state;
	assert_non_null(mp);
	for (i = 0; i < 2900; i++) {
		m = rte_pktmbuf_alloc(mp);
		assert_non_null(m);
		assert_ptr_equal(m->pool, mp);
		assert_int_equal(rte_pktmbuf_tailroom(m),
				 RTE_MBUF_DEFAULT_BUF_SIZE - RTE_PKTMBUF_HEADROOM);
		assert_int_equal(m->buf_iova, rte_mem_virt2iova(m->buf_addr));
		objects[i] = m;
	}
	rte_pktmbuf_free_bulk((struct rte_mbuf **)objects, 2900);
	rte_mempool_free(mp);
}

static void
wrong_parameters_are_refused(void **state)
{
	struct rte_fastmem_mempool_params params = { .name = "p", .n = 2, .max = 1 };

	(void)state;
	assert_null(rte_fastmem_mempool_create(NULL));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(rte_fastmem_mempool_create(&params));
	assert_int_equal(rte_errno, EINVAL);
	params.n = params.max = 0;
	assert_null(rte_fastmem_mempool_create(&params));
	assert_int_equal(rte_errno, EINVAL);
	params.max = 10;
	params.node_id = 999;
	assert_null(rte_fastmem_mempool_create(&params));
	assert_int_equal(rte_errno, EINVAL);
	params.node_id = test_node();
	/* With its header it would be one of few bytes. */
	params.elt_size = UINT32_MAX - 15;
	assert_null(rte_fastmem_mempool_create(&params));
	assert_int_equal(rte_errno, EINVAL);
	params.elt_size = 8;
	params.private_size = UINT32_MAX;
	assert_null(rte_fastmem_mempool_create(&params));
	assert_int_equal(rte_errno, EINVAL);
	params.private_size = 0;
	params.name = NULL;
	assert_null(rte_fastmem_mempool_create(&params));
	assert_int_equal(rte_errno, EINVAL);
	/* An account beyond all memory; a machine may have hugepages enough. */
	if (test_eal_huge())
		return;
	params.name = "p";
	params.max = UINT32_MAX;
	test_log_catch();
	assert_null(rte_fastmem_mempool_create(&params));
	test_log_release();
	assert_int_equal(rte_errno, ENOMEM);
}

int
main(int argc, char **argv)
{
#define INIT(test)     cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_pool_initialises_fastmem),
		RESERVED(packet_buffers_are_the_reservations_memory),
		RESERVED(objects_of_any_size),
		INIT(objects_beyond_a_page_are_contiguous),
		RESERVED(too_little_memory_is_enomem_and_told),
		INIT(a_node_grows_for_a_pool),
		INIT(a_node_grows_for_objects_of_nearly_a_page),
		RESERVED(memory_that_the_program_brings_serves),
		RESERVED(anonymous_memory_serves),
		INIT(a_pool_grows_as_objects_are_asked_for),
		INIT(one_get_of_many_makes_it_grow_by_as_many),
		RESERVED(without_memory_it_keeps_what_it_has),
		INIT(one_that_is_too_large_keeps_no_smaller_one_away),
		INIT(it_does_not_grow_while_it_is_freed),
		INIT(while_one_makes_it_grow_others_do_not_wait),
		INIT(growing_packet_buffers_are_initialised),
		INIT(wrong_parameters_are_refused),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/mempool", tests, NULL, NULL);
}
