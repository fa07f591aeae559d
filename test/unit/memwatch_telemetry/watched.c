/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Has memory of each kind, prints what, as JSON, and does what it reads from its standard input, a
 * line each; each is answered by a line. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#ifdef LINK_MEMWATCH
#include <rte_memwatch_telemetry.h>
#endif

#define MIB	((size_t)1 << 20)
#define NB	900
#define RESERVE (48 * MIB)

static void *block[NB];

static void
must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "failed: %s\n", what);
		exit(EXIT_FAILURE);
	}
}

static int
allocate_100(void *arg)
{
	void *ptr[100];
	unsigned int i;

	(void)arg;
	for (i = 0; i < RTE_DIM(ptr); i++)
		ptr[i] = rte_fastmem_alloc(512, 0, 0);
	for (i = 0; i < RTE_DIM(ptr); i++)
		rte_fastmem_free(ptr[i]);
	return 0;
}

static void
tell(void)
{
	struct rte_fastmem_node_stats stats;
	int node = rte_fastmem_node_of(block[0]);
	unsigned int i;

	must(rte_fastmem_stats_node(node, &stats) == 0, "statistics");
	printf("{\"node\": %d, \"backing\": %" PRIu64 ", \"cached\": %" PRIu64 ", \"blocks\": [",
	       node, stats.bytes_backing, stats.bytes_cached);
	for (i = 0; i < NB; i++)
		printf("%s[%" PRIuPTR ", %zu]", i == 0 ? "" : ", ", (uintptr_t)block[i],
		       rte_fastmem_usable_size(block[i]));
	printf("]}\n");
}

static void
set_up(void)
{
	void *other[NB];
	unsigned int i;

	must(rte_fastmem_init() == 0, "init");
	must(rte_fastmem_reserve(RESERVE, RTE_NUMA_NODE_ANY) == 0, "reserve");
	must(rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false) == 0, "growth");
	for (i = 0; i < NB; i++) {
		block[i] = rte_fastmem_alloc(i == 7 ? 5 * MIB : 40 + i * 20, 0, 0);
		other[i] = rte_fastmem_alloc(64 + i, 0, 0);
		must(block[i] != NULL && other[i] != NULL, "memory");
	}
	for (i = 0; i < NB; i++)
		rte_fastmem_free(other[i]);
}

/* What the library says without telemetry. */
static void
ask(const char *command)
{
#ifdef LINK_MEMWATCH
	char *text;
	int rc = rte_memwatch_telemetry_ask(command, &text);

	if (rc != 0) {
		printf("%d\n", rc);
		return;
	}
	printf("%s\n", text);
	free(text);
#else
	(void)command;
#endif
}

static void
do_it(const char *what)
{
	if (strncmp(what, "ask ", 4) == 0)
		ask(what + 4);
	else if (strcmp(what, "init") == 0)
		set_up();
	else if (strcmp(what, "tell") == 0)
		tell();
	else if (strcmp(what, "work") == 0)
		must(rte_eal_remote_launch(allocate_100, NULL, 1) == 0 &&
			     rte_eal_wait_lcore(1) == 0,
		     "lcore 1");
	else if (strcmp(what, "reserve") == 0)
		must(rte_fastmem_reserve(300 * MIB, RTE_NUMA_NODE_ANY) == 0, "more");
	else if (strcmp(what, "twice") == 0)
		rte_fastmem_free(block[5]), rte_fastmem_free(block[5]);
	else if (strcmp(what, "churn") == 0)
		for (int i = 0; i < 30000; i++)
			allocate_100(NULL);
	else if (strcmp(what, "come and go") == 0)
		for (uint64_t end = rte_rdtsc() + rte_get_tsc_hz(); rte_rdtsc() < end; set_up())
			rte_fastmem_deinit();
	else if (strcmp(what, "deinit") == 0)
		rte_fastmem_deinit();
	else
		must(0, what);
	printf("done\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	char line[64];

#ifdef LINK_MEMWATCH
	must(rte_memwatch_telemetry() == 0, "telemetry");
#endif
	must(rte_eal_init(argc, argv) >= 0, "EAL");
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		do_it(line);
	}
	/* EAL unmaps all memory, whoever asks telemetry then. */
	rte_fastmem_deinit();
	return rte_eal_cleanup();
}
