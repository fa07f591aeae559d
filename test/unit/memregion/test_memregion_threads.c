/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of many threads that create, use, ask about, change and destroy regions at once.
 * Must not: depend on which of them is first.
 * Called by: meson test, also under ThreadSanitizer.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <numaif.h>

#include <rte_memregion.h>

#define KIB	   ((size_t)1 << 10)
#define NB_THREADS 8

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, \
				rte_memregion_error()); \
			exit(1); \
		} \
	} while (0)

static int home;
static int nodes_there[RTE_NUMA_MAX_NODES]; /* With memory that may be used. */
static unsigned int nb_nodes;
static unsigned int nb_rounds;
static pthread_barrier_t start;

static struct rte_memregion_opts
opts_of(unsigned int id, unsigned int round, int node_id)
{
	struct rte_memregion_opts opts = {
		.policy = round % 2 == 0 ? RTE_MEMBIND_BIND : RTE_MEMBIND_PREFERRED,
		.pages = round % 3 == 0 ? RTE_MEMREGION_PAGES_TRANSPARENT :
					  RTE_MEMREGION_PAGES_SMALL,
		.flags = round % 3 == 1 ? RTE_MEMREGION_F_STRICT : RTE_MEMREGION_F_PREFAULT,
		.prefault_threads = 1 + round % 3,
		.guard_size = id * KIB,
		.name = "of a thread",
	};

	rte_numa_mask_only(&opts.nodes, node_id);
	return opts;
}

static void
check(const unsigned char *addr, size_t size, int expected)
{
	for (size_t i = 0; i < size; i++)
		CHECK(addr[i] == expected);
}

/* All of it there, and on the node, by move_pages(2). */
static void
check_node(char *addr, size_t size, int node_id)
{
	for (size_t i = 0; i < size; i += 4 * KIB) {
		void *page = addr + i;
		int status = -1;

		CHECK(move_pages(0, 1, &page, NULL, &status, 0) == 0 && status == node_id);
	}
}

/* Each with regions of its own, each on another node than its neighbours', all at once. */
static void *
make_and_use(void *arg)
{
	unsigned int id = (unsigned int)(uintptr_t)arg;

	pthread_barrier_wait(&start);
	for (unsigned int round = 0; round < nb_rounds; round++) {
		int node_id = nodes_there[(id + round) % nb_nodes];
		struct rte_memregion_opts opts = opts_of(id, round, node_id);
		struct rte_memregion_enforcement is;
		struct rte_memregion *region, *failed;
		size_t size = (16 + id) * KIB;

		CHECK(rte_memregion_create(size, &opts, &region) == 0);
		memset(rte_memregion_addr(region), (int)id, size);
		CHECK(rte_memregion_enforcement(region, &is) == 0);
		CHECK(is.wish[RTE_MEMREGION_WISH_POLICY].level == RTE_MEMREGION_ENFORCED);
		CHECK(rte_memregion_resize(region, 2 * size, RTE_MEMREGION_MAY_MOVE) == 0);
		check(rte_memregion_addr(region), size, (int)id);
		check_node(rte_memregion_addr(region), 2 * size, node_id);
		/* The text of a failure is the thread's own. */
		opts.prefault_threads = 2000 + id;
		CHECK(rte_memregion_create(size, &opts, &failed) == -EINVAL);
		CHECK(strtoul(rte_memregion_error(), NULL, 10) == 2000 + id);
		CHECK(rte_memregion_destroy(region) == 0);
	}
	return NULL;
}

static struct rte_memregion *shared;

/* All with one region: it is asked and changed, and its memory is used meanwhile. */
static void *
ask_and_change(void *arg)
{
	unsigned int id = (unsigned int)(uintptr_t)arg;
	struct rte_membind_location location;
	struct rte_memregion_enforcement is;
	struct rte_memregion_audit audit;
	struct rte_numa_mask nodes;
	unsigned char *mine = (unsigned char *)rte_memregion_addr(shared) + id * 4 * KIB;

	rte_numa_mask_only(&nodes, home);
	pthread_barrier_wait(&start);
	for (unsigned int round = 0; round < nb_rounds; round++) {
		memset(mine, (int)(id + round), 4 * KIB);
		switch ((id + round) % 5) {
		case 0:
			CHECK(rte_memregion_rebind(shared, RTE_MEMBIND_BIND, &nodes) == 0);
			break;
		case 1:
			CHECK(rte_memregion_audit(shared, &audit) == 0);
			CHECK(audit.in_place + audit.drifted + audit.absent ==
			      rte_memregion_size(shared));
			break;
		case 2:
			CHECK(rte_memregion_repair(shared, &audit) == 0);
			break;
		case 3:
			CHECK(rte_memregion_location(shared, &location) == 0);
			break;
		default:
			CHECK(rte_memregion_enforcement(shared, &is) == 0);
			break;
		}
		check(mine, 4 * KIB, (unsigned char)(id + round));
	}
	return NULL;
}

static void
run(void *(*body)(void *))
{
	pthread_t threads[NB_THREADS];

	CHECK(pthread_barrier_init(&start, NULL, NB_THREADS) == 0);
	for (uintptr_t i = 0; i < NB_THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
	for (int i = 0; i < NB_THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	pthread_barrier_destroy(&start);
}

/* Those that the cpuset allows, of which not all need be there, and that have memory. */
static void
find_nodes(void)
{
	struct rte_numa_mask allowed = { 0 }, memory;
	char list[4096] = "0\n";
	FILE *file = fopen("/sys/devices/system/node/has_memory", "re");
	int node_id;

	if (file != NULL) {
		CHECK(fgets(list, sizeof(list), file) != NULL);
		fclose(file);
	}
	CHECK(rte_numa_mask_parse(list, &memory) == 0);
	CHECK(get_mempolicy(NULL, (unsigned long *)allowed.words, RTE_NUMA_MAX_NODES + 1, NULL,
			    MPOL_F_MEMS_ALLOWED) == 0);
	rte_numa_mask_and(&memory, &memory, &allowed);
	RTE_NUMA_MASK_FOREACH(node_id, &memory)
		nodes_there[nb_nodes++] = node_id;
	CHECK(nb_nodes > 0);
}

int
main(void)
{
	struct rte_memregion_opts opts;
	const char *full = getenv("FASTMEM_TEST_FULL");

	nb_rounds = full != NULL ? 300 : 30;
	/* The libraries' first use of anything is by all of them at once: so the kernel is asked. */
	find_nodes();
	home = nodes_there[0];
	run(make_and_use);
	opts = opts_of(0, 1, home);
	CHECK(rte_memregion_create(NB_THREADS * 4 * KIB, &opts, &shared) == 0);
	run(ask_and_change);
	CHECK(rte_memregion_destroy(shared) == 0);
	printf("%d threads, %u rounds each, %u nodes\n", NB_THREADS, nb_rounds, nb_nodes);
	return 0;
}
