/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Starts EAL for a test program in one of several modes, named by its first argument.
 * Takes few hugepages, leaves no file behind, touches no setting of the machine. */

#include <dirent.h>
#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_memzone.h>

#include <rte_fastmem.h>

#include "test_eal.h"

/* A program has at most this much reserved at once, and needs some for its zones' headers. */
#define LEGACY_NEEDED (128 << 20)
#define HUGE_NEEDED   ((size_t)192 << 20)

struct mode {
	const char *name;
	size_t page_size;
	bool mounted; /* needs a hugetlbfs of that page size */
	const char *args[4];
	bool memory_only;
};

static const struct mode modes[] = {
	{ "no-huge", 4096, false, { "--no-huge", "-m", "512" } },
	{ "huge", 2 << 20, false, { "--in-memory" } },
	{ "pa", 2 << 20, false, { "--in-memory", "--iova-mode=pa" } },
	{ "va", 2 << 20, false, { "--in-memory", "--iova-mode=va" } },
	{ "one-file", 2 << 20, false, { "--in-memory", "--single-file-segments" } },
	{ "legacy", 2 << 20, true, { "--legacy-mem", "--huge-unlink", "-m", "160" } },
	{ "legacy-cut", 2 << 20, true, { "--legacy-mem", "--huge-unlink", "-m", "160" } },
	{ "1g", 1 << 30, true, { "--huge-unlink" } },
	/* Of 2 MiB as well: EAL takes whatever there is. */
	{ "both", 1 << 30, false, { "--in-memory" } },
	/* Where AddressSanitizer keeps nothing, so that a secondary finds the same place free. */
	{ "primary", 2 << 20, true, { "--proc-type=primary", "--base-virtaddr=0x200000000000" } },
	/* All that is for one node happens on one that EAL does not list, see test_node(). */
	{ "memory-only", 2 << 20, false, { "--in-memory" }, true },
	{ "primary-memory-only",
	  2 << 20,
	  true,
	  { "--proc-type=primary", "--base-virtaddr=0x200000000000" },
	  true },
};

/* In the environment, for secondaries: the node of the tests, if it is not the main lcore's. */
#define NODE "FASTMEM_TEST_NODE"

static const struct mode *mode;
static cpu_set_t cpus;
static int main_cpu;
static char prefix[64];
static char hugedir[4096];

static void __attribute__((format(printf, 1, 2), noreturn)) skip_program(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("skipped: ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	exit(TEST_SKIPPED);
}

static const struct mode *
mode_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	fprintf(stderr, "no such mode: %s\n", name);
	exit(EXIT_FAILURE);
}

static size_t
free_hugepages(size_t page_size)
{
	char path[128];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/free_hugepages",
		 page_size >> 10);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%zu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Of a hugetlbfs mount's options, "pagesize=2M" and the like; without one it is the default. */
static size_t
mount_page_size(const char *options)
{
	const char *text = strstr(options, "pagesize=");
	char *unit;
	size_t n;

	if (text == NULL)
		return 2 << 20;
	n = strtoull(text + strlen("pagesize="), &unit, 10);
	return *unit == 'G' ? n << 30 : *unit == 'M' ? n << 20 : n << 10;
}

static bool
find_hugetlbfs(size_t page_size, char *dir)
{
	char line[8192], type[64], options[4096];
	bool found = false;
	FILE *f = fopen("/proc/mounts", "r");

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = sscanf(line, "%*s %4095s %63s %4095s", dir, type, options) == 3 &&
			strcmp(type, "hugetlbfs") == 0 && mount_page_size(options) == page_size;
	if (f != NULL)
		fclose(f);
	return found && access(dir, W_OK) == 0;
}

static void
choose_memory_only_node(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	char text[16];
	int node;

	RTE_NUMA_FOREACH_NODE(node, topo, RTE_NUMA_WITH_MEMORY) {
		if (rte_numa_node_has_cpus(topo, node))
			continue;
		snprintf(text, sizeof(text), "%d", node);
		setenv(NODE, text, 1);
		return;
	}
	skip_program("mode %s needs a node without CPUs", mode->name);
}

static void
skip_unless_runnable(void)
{
	const char *allowed = getenv("FASTMEM_HUGE");
	size_t need, have;

	if (mode->page_size < 2 << 20)
		return;
	if (allowed != NULL && strcmp(allowed, "0") == 0)
		skip_program("mode %s needs hugepages and FASTMEM_HUGE=0 forbids them", mode->name);
	need = (HUGE_NEEDED + mode->page_size - 1) / mode->page_size;
	have = free_hugepages(mode->page_size);
	if (have < need)
		skip_program("mode %s needs %zu free hugepages of %zu kB, there are %zu",
			     mode->name, need, mode->page_size >> 10, have);
	if (mode->mounted && !find_hugetlbfs(mode->page_size, hugedir))
		skip_program("mode %s needs a writable hugetlbfs of %zu kB pages", mode->name,
			     mode->page_size >> 10);
	if (geteuid() != 0 && !mode->mounted && strcmp(mode->name, "pa") == 0)
		skip_program("mode %s needs root: physical addresses are hidden from others",
			     mode->name);
}

/* The CPUs of the first one's node, so that both lcores and all threads have the same node. */
static void
keep_one_node(cpu_set_t *set, int *first, int *second)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int cpu, node = -1;

	*first = *second = -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, set))
			continue;
		if (*first < 0) {
			*first = *second = cpu;
			node = topo == NULL ? -1 : rte_numa_node_of_cpu(topo, cpu);
		} else if (topo == NULL || rte_numa_node_of_cpu(topo, cpu) != node) {
			CPU_CLR(cpu, set);
		} else if (*second == *first) {
			*second = cpu;
		}
	}
}

static void
stop_eal(void)
{
	char dir_path[4096], path[8192];
	struct dirent *file;
	DIR *dir;

	snprintf(dir_path, sizeof(dir_path), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	dir = opendir(dir_path);
	if (dir == NULL)
		return;
	while ((file = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir_path, file->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(dir_path);
}

/*
 * With --legacy-mem EAL has in one piece what lies in one piece physically. Tests that count on
 * whole slabs need that; test_scattered.c is for the rest.
 */
static void
skip_if_scattered(void)
{
	const struct rte_memzone *mz;

	if (strcmp(mode->name, "legacy") != 0)
		return;
	mz = rte_memzone_reserve_aligned("probe", LEGACY_NEEDED, SOCKET_ID_ANY, 0, 2 << 20);
	if (mz == NULL)
		skip_program("mode legacy needs %d MiB in one piece, EAL found none so large",
			     LEGACY_NEEDED >> 20);
	rte_memzone_free(mz);
}

void
test_eal_start(int argc, char **argv)
{
	static char no_telemetry[] = "--no-telemetry", no_pci[] = "--no-pci";
	static char huge_dir[] = "--huge-dir", mode_args[4][64];
	char lcores[64];
	char *args[16];
	int n = 0, first, second;
	size_t i;

	mode = mode_by_name(argc > 1 ? argv[1] : "no-huge");
	if (mode->memory_only)
		choose_memory_only_node();
	skip_unless_runnable();
	sched_getaffinity(0, sizeof(cpus), &cpus);
	keep_one_node(&cpus, &first, &second);
	snprintf(lcores, sizeof(lcores), "--lcores=0@%d,1@%d", first, second);
	snprintf(prefix, sizeof(prefix), "--file-prefix=fastmem-test-%d", getpid());
	main_cpu = first;

	args[n++] = argv[0];
	args[n++] = lcores;
	args[n++] = prefix;
	args[n++] = no_telemetry;
	args[n++] = no_pci;
	for (i = 0; i < RTE_DIM(mode->args) && mode->args[i] != NULL; i++) {
		snprintf(mode_args[i], sizeof(mode_args[i]), "%s", mode->args[i]);
		args[n++] = mode_args[i];
	}
	if (mode->mounted) {
		args[n++] = huge_dir;
		args[n++] = hugedir;
	}
	if (rte_eal_init(n, args) < 0) {
		skip_unless_runnable(); /* somebody else may have taken the pages meanwhile */
		fprintf(stderr, "EAL does not start in mode %s\n", mode->name);
		exit(EXIT_FAILURE);
	}
	atexit(stop_eal);
	skip_if_scattered();
}

bool
test_eal_huge(void)
{
	return mode->page_size >= 2 << 20;
}

size_t
test_eal_page_size(void)
{
	return mode->page_size;
}

bool
test_eal_has_pages(size_t page_size)
{
	return page_size == mode->page_size ||
	       (page_size == 2 << 20 && strcmp(mode->name, "both") == 0);
}

bool
test_eal_one_file(void)
{
	return strcmp(mode->name, "one-file") == 0;
}

const char *
test_eal_prefix(void)
{
	return prefix;
}

int
test_eal_cpu(void)
{
	return main_cpu;
}

int
test_node(void)
{
	const char *node = getenv(NODE);

	return node != NULL ? atoi(node) : (int)rte_socket_id();
}

bool
test_node_memory_only(void)
{
	return getenv(NODE) != NULL;
}

/* In the library's stead: threads of the tests count as being on the node of the tests. */
int
rte_numa_node_of_self(void)
{
	int (*real)(void);

	if (getenv(NODE) != NULL)
		return test_node();
	*(void **)&real = dlsym(RTLD_NEXT, "rte_numa_node_of_self");
	return real();
}

int
test_other_node(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int node;

	RTE_NUMA_FOREACH_NODE(node, topo, RTE_NUMA_WITH_MEMORY)
		if (node != test_node())
			return node;
	return -1;
}

void
test_thread_start(pthread_t *thread, void *(*body)(void *), void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	pthread_attr_setstacksize(&attr, 256 << 10);
	if (pthread_create(thread, &attr, body, arg) != 0)
		abort();
	pthread_attr_destroy(&attr);
}
