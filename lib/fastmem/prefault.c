/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns pages that several threads have the kernel clear before EAL takes them, and those threads.
 * Must not take pages that EAL does not: what it leaves goes back.
 * Called by reserve.c, outside of all locks, so that nodes are prefaulted at the same time.
 *
 * The kernel clears a page when it is first touched, and EAL touches them one by one under its lock.
 * With --single-file-segments it keeps all pages of a list in one file, and takes the first run in it
 * that is long enough. So we map that part of the file ourselves for a while and touch it in several
 * threads: EAL then finds its pages there, clear and on their node. In all other modes, or if it
 * takes another part, nothing is gained and nothing lost.
 */

#include "fastmem_external_priv.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_fbarray.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#define MAX_THREADS 64
#define STEP	    (UINT64_C(32) << 20) /* cleared at a time: a few milliseconds */
#define WORTH	    (2 * STEP)
#define HINT	    (UINT64_C(1) << 44) /* addresses where little is */

int
rte_fastmem_set_prefault(int node_id, unsigned int nb_threads)
{
	struct fm_state *st = fm_state_get();
	struct fm_node *node = st == NULL ? NULL : fm_node_by_id(st, node_id);

	if (st == NULL)
		return -ENODEV;
	if (node == NULL || nb_threads > MAX_THREADS)
		return -EINVAL;
	atomic_store_explicit(&node->prefault, nb_threads, memory_order_relaxed);
	return 0;
}

/* ---- threads */

struct job {
	uintptr_t base;
	uint64_t size, step;
	_Atomic uint64_t next; /* offset */
	_Atomic int error;
};

static void *
touch(void *arg)
{
	struct job *job = arg;
	uint64_t at;
	int rc;

	/* Relaxed, all: who waits for the threads sees what they did. */
	while (atomic_load_explicit(&job->error, memory_order_relaxed) == 0) {
		at = atomic_fetch_add_explicit(&job->next, job->step, memory_order_relaxed);
		if (at >= job->size)
			break;
		rc = fm_map_populate(job->base + at, RTE_MIN(job->step, job->size - at));
		if (rc != 0)
			atomic_store_explicit(&job->error, rc, memory_order_relaxed);
	}
	return NULL;
}

/* The CPUs of the program's lcores on the node, else all that the node has; false: none. */
static bool
node_cpus(int node_id, cpu_set_t *cpus)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	rte_cpuset_t lcore_cpus;
	unsigned int lcore;
	int cpu;

	CPU_ZERO(cpus);
	RTE_LCORE_FOREACH(lcore) {
		if ((int)rte_lcore_to_socket_id(lcore) != node_id)
			continue;
		lcore_cpus = rte_lcore_cpuset(lcore);
		CPU_OR(cpus, cpus, &lcore_cpus);
	}
	for (cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(cpus) == 0; cpu++)
		if (rte_numa_node_of_cpu(topo, cpu) == node_id)
			CPU_SET(cpu, cpus);
	return CPU_COUNT(cpus) != 0;
}

static int
touch_all(int node_id, struct job *job, unsigned int nb_threads)
{
	pthread_t thread[MAX_THREADS];
	pthread_attr_t attr;
	unsigned int i, n = RTE_MIN(nb_threads, (unsigned int)MAX_THREADS);
	cpu_set_t cpus;

	pthread_attr_init(&attr);
	if (node_cpus(node_id, &cpus))
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	for (i = 0; i < n; i++)
		if (pthread_create(&thread[i], &attr, touch, job) != 0)
			break;
	pthread_attr_destroy(&attr);
	if (i == 0) /* alone, then */
		touch(job);
	while (i-- > 0)
		pthread_join(thread[i], NULL);
	return atomic_load_explicit(&job->error, memory_order_relaxed);
}

/* ---- where EAL will take its pages */

struct search {
	int node_id;
	uint64_t page_size;
	unsigned int n; /* pages in a row */
	struct rte_fbarray *pages;
	int first, last; /* of the run; the last that is in use */
	int fd;
	bool single_file;
};

static int
look_at_list(const struct rte_memseg_list *msl, void *arg)
{
	struct rte_fbarray *pages = (void *)(uintptr_t)&msl->memseg_arr;
	const struct rte_memseg *ms;
	struct search *s = arg;
	size_t offset = 0;

	if (msl->external || msl->socket_id != s->node_id || msl->page_sz != s->page_size)
		return 0;
	/* As EAL itself does it. */
	s->first = rte_fbarray_find_next_n_free(pages, 0, s->n);
	if (s->first < 0)
		return 0;
	s->pages = pages;
	s->last = rte_fbarray_find_prev_used(pages, pages->len - 1);
	if (s->last < 0)
		return 1;
	ms = rte_fbarray_get(pages, (unsigned int)s->last);
	s->fd = rte_memseg_get_fd_thread_unsafe(ms);
	s->single_file = rte_memseg_get_fd_offset_thread_unsafe(ms, &offset) == 0 && offset != 0;
	return 1;
}

static void
open_name(const struct fm_node *node, char *name)
{
	snprintf(name, RTE_MEMZONE_NAMESIZE, "fastmem_open_%d", node->node_id);
}

/*
 * Find the run. Before EAL has taken a second page of a list the file does not show what it is; so it
 * is made to, with a zone that is given back in the end.
 */
static bool
find_run(const struct fm_node *node, struct search *s)
{
	char name[RTE_MEMZONE_NAMESIZE];

	if (rte_memseg_list_walk(look_at_list, s) != 1)
		return false;
	if (s->last <= 0 && s->page_size == FM_SLAB_SIZE) {
		open_name(node, name);
		if (rte_memzone_reserve(name, FM_SLAB_SIZE, node->node_id, RTE_MEMZONE_2MB) ==
			    NULL ||
		    rte_memseg_list_walk(look_at_list, s) != 1)
			return false;
	}
	return s->single_file && s->fd >= 0;
}

static uint64_t
free_pages(const struct fm_node *node, uint64_t page_size)
{
	struct rte_numa_hugepages pool[16];
	int i, n = rte_numa_hugepages(rte_numa_topology_self(), node->node_id, pool, 16);

	for (i = 0; i < RTE_MIN(n, 16); i++)
		if (pool[i].page_size == page_size)
			return pool[i].free;
	return 0;
}

/* ---- around a reservation */

void
fm_prefault_begin(const struct fm_node *node, uint64_t size, uint64_t page_size,
		  struct fm_prefault *p)
{
	unsigned int nb_threads = atomic_load_explicit(&node->prefault, memory_order_relaxed);
	struct search s = { .node_id = node->node_id, .page_size = page_size };
	struct job job = { .step = RTE_MAX(STEP, page_size) };
	uint64_t offset;
	uintptr_t base;

	*p = (struct fm_prefault){ .node = node };
	if (nb_threads < 2 || page_size < FM_SLAB_SIZE || size < WORTH || node->external ||
	    !rte_eal_has_hugepages() || rte_eal_process_type() != RTE_PROC_PRIMARY ||
	    fm_zone_held(node) >= size)
		return;
	/* With EAL's header before it. */
	s.n = (unsigned int)RTE_MIN(size / page_size + 1, (uint64_t)INT32_MAX);
	if (free_pages(node, page_size) < s.n || !find_run(node, &s))
		return;
	offset = (uint64_t)s.first * page_size;
	job.size = s.n * page_size;
	base = fm_map_reserve(HINT, job.size, page_size);
	if (base == 0)
		return;
	job.base = base;
	p->pages = s.pages;
	p->fd = s.fd;
	p->first = (unsigned int)s.first;
	p->n = s.n;
	p->page_size = page_size;
	if (fm_map_extend(s.fd, offset + job.size) == 0 &&
	    fm_map_share(base, job.size, s.fd, offset) == 0 &&
	    fm_map_bind(base, job.size, node->node_id) == 0 && fm_map_open(base, job.size) == 0)
		/* What is missing EAL will find missing, or take itself. */
		touch_all(node->node_id, &job, nb_threads);
	fm_map_unreserve(base, job.size);
}

void
fm_prefault_end(const struct fm_prefault *p)
{
	char name[RTE_MEMZONE_NAMESIZE];
	unsigned int i;

	/* Nobody can take a page between the look at it and its end. */
	rte_mcfg_mem_read_lock();
	for (i = p->first; i < p->first + p->n; i++)
		if (rte_fbarray_is_used(p->pages, i) == 0)
			fm_map_punch(p->fd, i * p->page_size, p->page_size);
	rte_mcfg_mem_read_unlock();
	open_name(p->node, name);
	if (rte_memzone_lookup(name) != NULL)
		rte_memzone_free(rte_memzone_lookup(name));
}
