/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A program that allocates at places that are known, as often as it is told, and profiles itself or not.
 * Its standard input says what to do, a line each; each is answered by a line. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#ifdef LINK_MEMWATCH
#include <rte_fastmem_sample.h>
#include <rte_memprof.h>
#include <rte_memwatch.h>
#endif

#define MIB	((size_t)1 << 20)
#define MANY	100000
#define RESERVE (64 * MIB)

/* Whatever is allocated and not to be freed yet. */
static void *kept[MANY];
static unsigned int nb_kept;

static void
must(int ok, const char *what)
{
	if (!ok) {
#ifdef LINK_MEMWATCH
		fprintf(stderr, "%s\n", rte_memwatch_error());
#endif
		fprintf(stderr, "failed: %s\n", what);
		exit(EXIT_FAILURE);
	}
}

static void
keep(void *ptr)
{
	must(ptr != NULL && nb_kept < MANY, "memory");
	kept[nb_kept++] = ptr;
}

/* The three places: static, as most functions of a program are. */

__attribute__((noinline)) static void
parse_headers(unsigned int n)
{
	while (n-- > 0)
		keep(rte_fastmem_alloc(100, 0, 0));
}

__attribute__((noinline)) static void
grow_table(unsigned int n)
{
	while (n-- > 0)
		keep(rte_fastmem_alloc(3000, 0, 0));
}

/* With a handle: nobody knows what was asked for. */
__attribute__((noinline)) static void
make_buffers(unsigned int n)
{
	rte_fastmem_handle_t handle;

	must(rte_fastmem_hlookup(2048, 0, RTE_NUMA_NODE_ANY, &handle) == 0, "handle");
	while (n-- > 0)
		keep(rte_fastmem_halloc(handle, 0));
}

/* Which is inlined into who calls it. */
static inline __attribute__((always_inline)) void *
make_one(size_t size)
{
	return rte_fastmem_alloc(size, 0, 0);
}

static inline __attribute__((always_inline)) void
churn_of(size_t size, unsigned int n)
{
	while (n-- > 0) {
		void *ptr = make_one(size);

		must(ptr != NULL, "memory");
		rte_fastmem_free(ptr);
	}
}

__attribute__((noinline)) static void
churn(unsigned int n)
{
	churn_of(64, n);
}

/* So many bytes of each of two sizes, in batches that a cache holds and more. */
__attribute__((noinline)) static void
mix(unsigned int n)
{
	void *ptr[300];
	unsigned int i;

	for (; n > 0; n--) {
		for (i = 0; i < RTE_DIM(ptr); i++)
			ptr[i] = rte_fastmem_alloc(i % 3 == 0 ? 1024 : 256, 0, 0);
		for (i = 0; i < RTE_DIM(ptr); i++)
			rte_fastmem_free(ptr[i]);
	}
}

/* Another one in the place of any of those that are kept. */
__attribute__((noinline)) static void
swap(unsigned int n)
{
	unsigned int at = 1;

	for (; n > 0; n--) {
		at = at * 1664525 + 1013904223;
		rte_fastmem_free(kept[(at >> 8) % nb_kept]);
		kept[(at >> 8) % nb_kept] = rte_fastmem_alloc(100, 0, 0);
	}
}

/* Two that ask for the same, one three times as often. */
__attribute__((noinline)) static void
ask_often(void)
{
	churn_of(600, 30);
}

__attribute__((noinline)) static void
ask_seldom(void)
{
	churn_of(600, 10);
}

static int
elsewhere(void *arg)
{
	churn(*(unsigned int *)arg);
	return 0;
}

static void
free_kept(unsigned int n)
{
	while (n-- > 0 && nb_kept > 0)
		rte_fastmem_free(kept[--nb_kept]);
}

/* Free all but each nth. */
static void
free_most(unsigned int n)
{
	unsigned int i, left = 0;

	for (i = 0; i < nb_kept; i++)
		if (i % n == 0)
			kept[left++] = kept[i];
		else
			rte_fastmem_free(kept[i]);
	nb_kept = left;
}

static void
set_up(void)
{
	must(rte_fastmem_init() == 0, "init");
	must(rte_fastmem_reserve(RESERVE, RTE_NUMA_NODE_ANY) == 0, "reserve");
	must(rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false) == 0, "growth");
}

#ifdef LINK_MEMWATCH

static int
put_site(const struct rte_memprof_site *site, void *arg)
{
	unsigned int i;

	printf("%s{\"allocations\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"live\": %" PRIu64
	       ", \"asked\": %" PRIu64 ", \"stack\": [",
	       (*(unsigned int *)arg)++ == 0 ? "" : ", ", site->allocations, site->allocated_bytes,
	       site->live_blocks, site->asked_bytes);
	for (i = 0; i < site->nb_frames; i++)
		printf("%s[\"%s\", \"%s\", %u]", i == 0 ? "" : ", ",
		       site->frames[i].function != NULL ? site->frames[i].function : "?",
		       site->frames[i].file != NULL ? site->frames[i].file : "?",
		       site->frames[i].line);
	printf("]}");
	return 0;
}

static int
put_advice(enum rte_memprof_advice_kind kind, const char *text, void *arg)
{
	printf("%s[%d, \"%s\"]", (*(unsigned int *)arg)++ == 0 ? "" : ", ", (int)kind, text);
	return 0;
}

static int
put_class(const struct rte_memprof_class *cls, void *arg)
{
	printf("%s[%zu, %" PRIu64 "]", (*(unsigned int *)arg)++ == 0 ? "" : ", ", cls->class_size,
	       cls->allocations);
	return 0;
}

static void
put_bins(const char *name, const uint64_t *bins)
{
	unsigned int i;

	printf("\"%s\": [", name);
	for (i = 0; i < RTE_MEMPROF_NB_BINS; i++)
		printf("%s%" PRIu64, i == 0 ? "" : ", ", bins[i]);
	printf("], ");
}

static void
tell(void)
{
	struct rte_memprof_summary s;
	unsigned int n = 0;

	must(rte_memprof_summary(&s) == 0, "summary");
	printf("{\"samples\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"allocations\": %" PRIu64
	       ", \"bytes\": %" PRIu64 ", \"frees\": %" PRIu64 ", \"peak\": %" PRIu64
	       ", \"average\": %" PRIu64 ", \"start\": %" PRIu64 ", \"end\": %" PRIu64
	       ", \"efficiency\": %u, \"live_blocks\": %" PRIu64 ", \"live_bytes\": %" PRIu64
	       ", \"open\": %" PRIu64 ", \"sampled_blocks\": %" PRIu64
	       ", \"sampled_bytes\": %" PRIu64 ", \"sites\": %u, \"running\": %u"
	       ", \"fragmentation\": %u, \"us\": %" PRIu64 ", ",
	       s.samples, s.lost, s.allocations, s.allocated_bytes, s.frees, s.peak_bytes,
	       s.average_bytes, s.live_bytes_start, s.live_bytes_end, s.efficiency_permille,
	       s.live_blocks, s.live_bytes, s.lifetimes_open, s.sampled_blocks, s.sampled_bytes,
	       s.sites, s.running, s.fragmentation_permille, s.duration_us);
	put_bins("sizes", s.sizes);
	put_bins("lifetimes", s.lifetimes);
	printf("\"at\": [");
	must(rte_memprof_sites(put_site, &n) == 0, "sites");
	printf("], \"advice\": [");
	n = 0;
	must(rte_memprof_advise(put_advice, &n) == 0, "advice");
	printf("], \"classes\": [");
	n = 0;
	must(rte_memprof_classes(put_class, &n) == 0, "classes");
	printf("]}\n");
}

/* To the file that is named. */
static void
write_it(const char *what, const char *name)
{
	FILE *file = fopen(name, "w");

	must(file != NULL, name);
	if (strcmp(what, "pprof") == 0)
		must(rte_memprof_write_pprof(file) == 0, what);
	else if (strcmp(what, "folded") == 0)
		must(rte_memprof_write_folded(file, RTE_MEMPROF_ALLOCATED_BYTES) == 0, what);
	else if (strcmp(what, "text") == 0)
		must(rte_memprof_write_text(file) == 0, what);
	else
		must(rte_memprof_leaks(file) == 0, what);
	fclose(file);
}

static int
profile(const char *what, const char *arg)
{
	struct rte_memprof_config config = { .interval = strtoull(arg, NULL, 10) };

	if (strcmp(what, "start") == 0)
		must(rte_memprof_start(&config) == 0, what);
	else if (strcmp(what, "stop") == 0)
		must(rte_memprof_stop() == 0, what);
	else if (strcmp(what, "tell") == 0)
		tell();
	else if (strcmp(what, "full") == 0)
		printf("%d\n", rte_memprof_write_text(fopen("/dev/full", "w")));
	else if (strcmp(what, "text") == 0 || strcmp(what, "pprof") == 0 ||
		 strcmp(what, "folded") == 0 || strcmp(what, "leaks") == 0)
		write_it(what, arg);
	else
		return 0;
	return 1;
}

#else

static int
profile(const char *what, const char *arg)
{
	(void)what;
	(void)arg;
	return 0;
}

#endif

static void
do_it(const char *what, const char *arg)
{
	unsigned int n = (unsigned int)strtoul(arg, NULL, 10);

	if (strcmp(what, "init") == 0)
		set_up();
	else if (strcmp(what, "parse") == 0)
		parse_headers(n);
	else if (strcmp(what, "table") == 0)
		grow_table(n);
	else if (strcmp(what, "buffers") == 0)
		make_buffers(n);
	else if (strcmp(what, "churn") == 0)
		churn(n);
	else if (strcmp(what, "elsewhere") == 0)
		must(rte_eal_remote_launch(elsewhere, &n, 1) == 0 && rte_eal_wait_lcore(1) == 0,
		     "lcore 1");
	else if (strcmp(what, "mix") == 0)
		mix(n);
	else if (strcmp(what, "swap") == 0)
		swap(n);
	else if (strcmp(what, "blend") == 0)
		while (n-- > 0) {
			ask_often();
			ask_seldom();
		}
	else if (strcmp(what, "free") == 0)
		free_kept(n);
	else if (strcmp(what, "thin") == 0)
		free_most(n);
	else if (strcmp(what, "reset") == 0)
		rte_fastmem_stats_reset();
	else if (strcmp(what, "deinit") == 0)
		rte_fastmem_deinit();
	else if (strcmp(what, "cleanup") == 0)
		rte_eal_cleanup();
	else if (strcmp(what, "exit") == 0)
		exit(0);
	else
		must(profile(what, arg), what);
	printf("done\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	char line[512], *arg;

	must(rte_eal_init(argc, argv) >= 0, "EAL");
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		arg = strchr(line, ' ');
		if (arg != NULL)
			*arg++ = '\0';
		do_it(line, arg != NULL ? arg : "");
	}
	rte_fastmem_deinit();
	return rte_eal_cleanup();
}
