/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the machine has to choose from, what the process chooses by, and which node memory is
 *   to be on.
 * Must not: choose, or read a file by itself: lib/numa does; know how a pin driver finds devices.
 * Called by: memalloc_auto.c, strategies, applications.
 */

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rte_numa.h>

#include "memalloc_priv.h"
#include "rte_memalloc_choose.h"
#include "rte_mempin.h"

#define NB_POOLS 64

#define NB_WORDS (sizeof(struct rte_memalloc_facts) / sizeof(uint64_t))

_Static_assert(sizeof(struct rte_memalloc_facts) % sizeof(uint64_t) == 0, "whole words");

/*
 * What rte_memalloc_choose() goes by. Words are written under the lock and read without, each for
 * itself: all accesses are relaxed, but the flag, before which they are there for the first time.
 */
static struct {
	pthread_mutex_t lock;
	_Atomic bool is_there;
	_Atomic uint64_t words[NB_WORDS];
	struct rte_memalloc_rules rules; /* Written before the flag, once. */
} self = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int
fail(int error, const char *what)
{
	return rte_memalloc_fail(error, "looking for memory to choose from: %s: %s", what,
				 strerror(-error));
}

static int
read_huge(const struct rte_numa_topology *topo, struct rte_memalloc_facts *facts)
{
	struct rte_numa_hugepages pools[NB_POOLS];
	int nb = rte_numa_machine_hugepages(topo, pools, NB_POOLS), n = 0;

	if (nb < 0)
		return fail(nb, "hugepages");
	for (int i = 0; i < nb && i < NB_POOLS && n < RTE_MEMALLOC_NB_HUGE; i++) {
		if (pools[i].total == 0)
			continue;
		facts->huge[n++] = (struct rte_memalloc_huge){
			.page_size = pools[i].page_size,
			.free = pools[i].free > pools[i].reserved ?
					pools[i].free - pools[i].reserved :
					0,
		};
	}
	return 0;
}

int
ma_facts_read(struct rte_memalloc_facts *facts)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct rte_memalloc_facts read = { 0 };
	struct rte_numa_memory memory;
	int node_id, ret;

	if (topo == NULL)
		return fail(-errno, "nodes");
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY) {
		ret = rte_numa_memory(topo, node_id, &memory);
		if (ret != 0)
			return fail(ret, "memory of a node");
		read.nb_nodes++;
		read.total += memory.total;
		read.available += memory.free + memory.reclaimable;
	}
	ret = read_huge(topo, &read);
	if (ret != 0)
		return ret;
	read.pressure = rte_memalloc_pressure_of(read.available, read.total);
	*facts = read;
	return 0;
}

int
rte_memalloc_facts_read(struct rte_memalloc_facts *facts)
{
	const struct rte_mempin_driver *driver;
	int ret;

	if (facts == NULL)
		return rte_memalloc_fail(-EINVAL,
					 "looking for memory to choose from: nowhere to put it");
	ret = ma_facts_read(facts);
	if (ret == 0)
		facts->can_pin = rte_mempin_find(NULL, &driver) == 0;
	return ret;
}

int
ma_node_for(int node_id)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	const int *near;
	unsigned int n;

	if (topo == NULL)
		return -1;
	if (node_id >= 0)
		return rte_numa_node_has_memory(topo, node_id) ? node_id : -1;
	near = rte_numa_nearest(topo, rte_numa_node_of_self(), &n);
	for (unsigned int i = 0; near != NULL && i < n; i++) {
		if (rte_numa_node_has_memory(topo, near[i]))
			return near[i];
	}
	return -1;
}

/* The lock is held. */
static void
share(const struct rte_memalloc_facts *facts)
{
	uint64_t words[NB_WORDS];

	memcpy(words, facts, sizeof(words));
	for (size_t i = 0; i < NB_WORDS; i++)
		atomic_store_explicit(&self.words[i], words[i], memory_order_relaxed);
	if (atomic_load_explicit(&self.is_there, memory_order_relaxed))
		return;
	rte_memalloc_rules_init(&self.rules);
	/* F1: release what was read; partner F2. */
	atomic_store_explicit(&self.is_there, true, memory_order_release);
}

static int
first_time(void)
{
	struct rte_memalloc_facts facts;
	int ret = 0;

	pthread_mutex_lock(&self.lock);
	if (!atomic_load_explicit(&self.is_there, memory_order_relaxed)) {
		ret = rte_memalloc_facts_read(&facts);
		if (ret == 0)
			share(&facts);
	}
	pthread_mutex_unlock(&self.lock);
	return ret;
}

int
rte_memalloc_choose_inform(const struct rte_memalloc_facts *facts)
{
	struct rte_memalloc_facts read;
	int ret;

	if (facts == NULL) {
		ret = rte_memalloc_facts_read(&read);
		if (ret != 0)
			return ret;
		facts = &read;
	}
	pthread_mutex_lock(&self.lock);
	share(facts);
	pthread_mutex_unlock(&self.lock);
	return 0;
}

int
rte_memalloc_choose(size_t size, const struct rte_memalloc_hints *hints,
		    struct rte_memalloc_choice *choice)
{
	struct rte_memalloc_facts facts;
	uint64_t words[NB_WORDS];
	int ret;

	/* F2: acquire what was read; partner F1. */
	if (!atomic_load_explicit(&self.is_there, memory_order_acquire)) {
		ret = first_time();
		if (ret != 0)
			return ret;
	}
	for (size_t i = 0; i < NB_WORDS; i++)
		words[i] = atomic_load_explicit(&self.words[i], memory_order_relaxed);
	memcpy(&facts, words, sizeof(facts));
	return rte_memalloc_choose_by(&self.rules, &facts, size, hints, choice);
}
