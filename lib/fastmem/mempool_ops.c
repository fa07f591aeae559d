/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the mempool operations named "fastmem": what DPDK calls, and their place in its table.
 * Must not: know where memory comes from, or how objects are exchanged.
 * Called by: librte_mempool, and by the driver that makes them known.
 */

#include "fastmem_mempool_priv.h"
#include "fastmem_priv.h"
#include "rte_fastmem_mempool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_spinlock.h>

_Static_assert(FM_EXCHANGE_HOMES > 1 + RTE_MAX_LCORE, "each lcore has a slot of its own");

/* Threads have the numbers from 1 on, lcores first; 0 is nobody's. */
#define NB_OTHERS (FM_EXCHANGE_HOMES - 1 - RTE_MAX_LCORE)

_Static_assert(FM_EXCHANGE_NOBODY == 0, "what a thread's number is at first");

static pthread_mutex_t join_lock = PTHREAD_MUTEX_INITIALIZER;
static rte_fastmem_mempool_setup_t *setup;

/* Whose slot of an exchange is the thread's; FM_EXCHANGE_NOBODY: it comes for the first time. */
static _Thread_local uint8_t thread_number __attribute__((tls_model("initial-exec")));

static uint8_t
thread_self(void)
{
	static _Atomic uint32_t others;
	unsigned int lcore_id = rte_lcore_id();

	if (likely(thread_number != FM_EXCHANGE_NOBODY))
		return thread_number;
	/* A secondary has all memory, that of nodes which EAL does not list too, once it has joined. */
	fm_state_get();
	/* Relaxed: any number does. */
	if (lcore_id >= RTE_MAX_LCORE)
		lcore_id = RTE_MAX_LCORE +
			   atomic_fetch_add_explicit(&others, 1, memory_order_relaxed) % NB_OTHERS;
	thread_number = (uint8_t)(1 + lcore_id);
	return thread_number;
}

int
fm_pool_join(void)
{
	int rc = 0;

	pthread_mutex_lock(&join_lock);
	if (fm_state() == NULL)
		rc = setup != NULL && rte_eal_process_type() == RTE_PROC_PRIMARY ?
			     setup() :
			     rte_fastmem_init();
	pthread_mutex_unlock(&join_lock);
	if (rc != 0)
		fm_log(FM_ERR, "no mempool of fastmem's: %s",
		       rc == -ENODEV && rte_eal_process_type() != RTE_PROC_PRIMARY ?
			       "the primary process has not initialised fastmem" :
			       strerror(-rc));
	return rc;
}

/* ---- the operations */

static int
op_alloc(struct rte_mempool *mp)
{
	int rc = fm_pool_join();

	return rc != 0 ? rc : fm_pool_make(mp, mp->socket_id);
}

static void
op_free(struct rte_mempool *mp)
{
	rte_fastmem_free(mp->pool_data);
	mp->pool_data = NULL;
}

static __attribute__((noinline)) int
enqueue_slowly(struct rte_mempool *mp, void *const *objects, unsigned int n)
{
	struct fm_pool *p = mp->pool_data;

	fm_exchange_put(&p->exchange, thread_self(), objects, n);
	return 0;
}

static int
op_enqueue(struct rte_mempool *mp, void *const *objects, unsigned int n)
{
	struct fm_pool *p = mp->pool_data;

	if (likely(fm_exchange_put_few(&p->exchange, thread_number, objects, n)))
		return 0;
	return enqueue_slowly(mp, objects, n);
}

static __attribute__((noinline)) int
dequeue_slowly(struct rte_mempool *mp, void **objects, unsigned int n)
{
	struct fm_pool *p = mp->pool_data;
	uint8_t self = thread_self();

	if (likely(fm_exchange_get(&p->exchange, self, objects, n)) ||
	    (fm_pool_grow(mp, n) && fm_exchange_get(&p->exchange, self, objects, n)))
		return 0;
	return -ENOBUFS;
}

static int
op_dequeue(struct rte_mempool *mp, void **objects, unsigned int n)
{
	struct fm_pool *p = mp->pool_data;

	if (likely(fm_exchange_get_few(&p->exchange, thread_number, objects, n)))
		return 0;
	return dequeue_slowly(mp, objects, n);
}

static unsigned int
op_get_count(const struct rte_mempool *mp)
{
	const struct fm_pool *p = mp->pool_data;
	uint32_t count;

	thread_self();
	count = fm_exchange_count(&p->exchange);
	/* What may yet come is as good as there: so what is in use is right. */
	return p->grows ? count + mp->size - mp->populated_size : count;
}

/*
 * DPDK is told to bring memory for one object. When it comes, op_populate() adds the others, in
 * memory of ours. Where DPDK itself maps memory for all (rte_mempool_populate_anon()) it asks for
 * base pages, and gets the true figure.
 */
static ssize_t
op_calc_mem_size(const struct rte_mempool *mp, uint32_t n, uint32_t pg_shift,
		 size_t *min_chunk_size, size_t *align)
{
	struct fm_pool *p = mp->pool_data;
	ssize_t size;

	if (p != NULL && p->lacks) {
		p->lacks = false;
		return -ENOMEM;
	}
	if (p == NULL || !p->served ||
	    (rte_eal_has_hugepages() && 1L << pg_shift == sysconf(_SC_PAGESIZE)))
		return rte_mempool_op_calc_mem_size_default(mp, n, pg_shift, min_chunk_size, align);
	size = rte_mempool_op_calc_mem_size_default(mp, 1, pg_shift, min_chunk_size, align);
	if (size <= 0)
		return size;
	/*
	 * A memzone's length is rounded up. More than the least: what is just that has to be
	 * contiguous, to DPDK, even for objects that need not be.
	 */
	p->asked = RTE_ALIGN_CEIL((size_t)size + 1, (size_t)RTE_CACHE_LINE_SIZE);
	return (ssize_t)p->asked;
}

struct adding {
	rte_mempool_populate_obj_cb_t *cb;
	void *arg;
};

static void
add_object(struct rte_mempool *mp, void *opaque, void *object, rte_iova_t iova)
{
	const struct adding *a = opaque;

	a->cb(mp, a->arg, object, iova);
	fm_pool_init_object(mp, object);
}

/* Whether DPDK will find room for an object there, which it does not lay across pages. */
static bool
one_fits(struct rte_mempool *mp, const void *addr, size_t len)
{
	size_t page, size = mp->header_size + mp->elt_size + mp->trailer_size, off = 0;

	if (rte_mempool_get_page_size(mp, &page) < 0)
		return false;
	if (page != 0 && size <= page && (uintptr_t)addr % page + size > page)
		off = page - (uintptr_t)addr % page;
	return off + size <= len;
}

static int
op_populate(struct rte_mempool *mp, unsigned int max, void *addr, rte_iova_t iova, size_t len,
	    rte_mempool_populate_obj_cb_t *cb, void *arg)
{
	struct fm_pool *p = mp->pool_data;
	struct adding a = { .cb = cb, .arg = arg };
	uint32_t added;

	if (p->adding)
		return rte_mempool_op_populate_helper(mp, 0, RTE_MIN(max, p->quota), addr, iova,
						      len, add_object, &a);
	if (p->asked == 0 || len > p->asked)
		return rte_mempool_op_populate_default(mp, max, addr, iova, len, cb, arg);
	if (!one_fits(mp, addr, len))
		return 0;
	p->asked = 0;
	/* The last object here: what is full before that would be said to be ready twice. */
	added = fm_pool_add(mp, max - 1);
	p->lacks = added < max - 1;
	return (int)added + rte_mempool_op_populate_default(mp, 1, addr, iova, len, cb, arg);
}

static const struct rte_mempool_ops ops = {
	.name = FM_POOL_OPS,
	.alloc = op_alloc,
	.free = op_free,
	.enqueue = op_enqueue,
	.dequeue = op_dequeue,
	.get_count = op_get_count,
	.calc_mem_size = op_calc_mem_size,
	.populate = op_populate,
};

int
rte_fastmem_mempool_register(rte_fastmem_mempool_setup_t *first_use)
{
	struct rte_mempool_ops_table *table = &rte_mempool_ops_table;
	uint32_t i;
	int rc = 0;

	pthread_mutex_lock(&join_lock);
	if (setup == NULL)
		setup = first_use;
	for (i = 0; i < table->num_ops; i++)
		if (strcmp(table->ops[i].name, FM_POOL_OPS) == 0)
			break;
	if (i == table->num_ops)
		rc = rte_mempool_register_ops(&ops);
	/*
	 * In the table's last place too. A pool names its operations by their place, and processes
	 * load drivers in different orders: there secondaries find what the primary means.
	 */
	rte_spinlock_lock(&table->sl);
	if (rc >= 0 && table->num_ops < RTE_MEMPOOL_MAX_OPS_IDX)
		table->ops[RTE_MEMPOOL_MAX_OPS_IDX - 1] = ops;
	rte_spinlock_unlock(&table->sl);
	pthread_mutex_unlock(&join_lock);
	if (rc < 0)
		fm_log(FM_ERR, "cannot register the mempool operations \"" FM_POOL_OPS "\": %s",
		       strerror(-rc));
	return rc < 0 ? rc : 0;
}
