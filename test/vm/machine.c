/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What machine.h says, from /sys/devices/system/node, move_pages() and /proc/self/numa_maps.
 * Must not call the libraries under test; fails the test that it is called from. */

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <numaif.h>

#include "machine.h"

#define PAGE ((uintptr_t)4096)
#define HUGE ((uintptr_t)2 << 20)

/* A node's file, its first line. */
static bool
read_file(int node_id, const char *file, char *text, int size)
{
	char path[128];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/%s", node_id, file);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	ok = fgets(text, size, f) != NULL;
	fclose(f);
	return ok;
}

static bool
has_memory(int node_id)
{
	char text[256];
	long kb;

	return read_file(node_id, "meminfo", text, sizeof(text)) &&
	       sscanf(text, "Node %*d MemTotal: %ld kB", &kb) == 1 && kb > 0;
}

/* Distances come by position among all online nodes: keep those of the nodes that we have. */
static void
read_distances(struct machine *m, const int *ids, unsigned int nb_ids)
{
	unsigned int i, k, filled;
	char text[1024], *at;
	int distance;

	for (i = 0; i < m->n; i++) {
		assert_true(read_file(m->node[i].id, "distance", text, sizeof(text)));
		at = text;
		filled = 0;
		for (k = 0; k < nb_ids; k++) {
			distance = (int)strtol(at, &at, 10);
			if (filled < m->n && m->node[filled].id == ids[k])
				m->node[i].distance[filled++] = distance;
		}
	}
}

const struct machine *
machine(void)
{
	static struct machine m;
	int ids[MACHINE_MAX_NODES];
	unsigned int nb_ids = 0;
	struct machine_node *node;
	char text[1024];
	int id;

	if (m.n != 0)
		return &m;
	for (id = 0; id < 1024 && nb_ids < MACHINE_MAX_NODES; id++) {
		if (!read_file(id, "distance", text, sizeof(text)))
			continue;
		ids[nb_ids++] = id;
		if (!has_memory(id))
			continue;
		node = &m.node[m.n++];
		node->id = id;
		node->cpu = -1;
		if (read_file(id, "cpulist", text, sizeof(text)) && text[0] != '\n')
			node->cpu = atoi(text);
	}
	read_distances(&m, ids, nb_ids);
	return &m;
}

void
machine_needs(const char *feature, bool there)
{
	const char *known = getenv("FASTMEM_MACHINE");
	char words[256], word[64];

	if (there)
		return;
	snprintf(words, sizeof(words), " %s ", known == NULL ? "" : known);
	snprintf(word, sizeof(word), " %s ", feature);
	if (strstr(words, word) != NULL)
		fail_msg("this machine has \"%s\" and the test did not find it", feature);
	print_message("the machine has no \"%s\"\n", feature);
	skip();
}

size_t
machine_free_pages(int node_id)
{
	char text[64];

	if (!read_file(node_id, "hugepages/hugepages-2048kB/free_hugepages", text, sizeof(text)))
		return 0;
	return strtoul(text, NULL, 10);
}

void
machine_pools(size_t pools[MACHINE_MAX_NODES])
{
	unsigned int i;

	for (i = 0; i < machine()->n; i++)
		pools[i] = machine_free_pages(machine()->node[i].id);
}

void
assert_same_pools(const size_t pools[MACHINE_MAX_NODES])
{
	size_t now[MACHINE_MAX_NODES];
	unsigned int i;

	machine_pools(now);
	for (i = 0; i < machine()->n; i++)
		if (now[i] != pools[i])
			fail_msg("node %d has %zu free hugepages, it had %zu",
				 machine()->node[i].id, now[i], pools[i]);
}

/* The line of /proc/self/numa_maps about the mapping that an address lies in. */
static void
numa_maps_line(uintptr_t addr, char *found, size_t size)
{
	FILE *f = fopen("/proc/self/numa_maps", "r");
	unsigned long start;
	char line[4096];

	assert_non_null(f);
	found[0] = '\0';
	/* They come by address, and say where a mapping starts only. */
	while (fgets(line, sizeof(line), f) != NULL && sscanf(line, "%lx", &start) == 1 &&
	       start <= addr)
		snprintf(found, size, "%s", line);
	fclose(f);
}

/* All pages that the line counts are the node's, and there are some. */
static bool
line_names_only(const char *line, int node_id)
{
	bool there = false;
	const char *at;
	int id, pages;

	for (at = strstr(line, " N"); at != NULL; at = strstr(at + 1, " N")) {
		if (sscanf(at, " N%d=%d", &id, &pages) != 2)
			continue;
		if (id != node_id && pages != 0)
			return false;
		there |= id == node_id && pages > 0;
	}
	return there;
}

static void
assert_page_on_node(uintptr_t addr, int node_id)
{
	void *page = (void *)(addr & ~(PAGE - 1));
	char line[4096];
	int status = -1;

	assert_int_equal(move_pages(0, 1, &page, NULL, &status, 0), 0);
	if (status != node_id)
		fail_msg("move_pages: %p is on node %d, not %d", page, status, node_id);
	numa_maps_line(addr, line, sizeof(line));
	if (!line_names_only(line, node_id))
		fail_msg("numa_maps: %p is not on node %d alone: %s", page, node_id, line);
}

void
assert_on_node(const void *ptr, size_t size, int node_id)
{
	uintptr_t addr = (uintptr_t)ptr, end = addr + size;

	for (; addr < end; addr = (addr & ~(HUGE - 1)) + HUGE)
		assert_page_on_node(addr, node_id);
}

void
machine_order(unsigned int from, unsigned int order[MACHINE_MAX_NODES])
{
	const int *distance = machine()->node[from].distance;
	unsigned int i, k;

	for (i = 0; i < machine()->n; i++) {
		for (k = i; k > 0 && distance[order[k - 1]] > distance[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

struct call {
	int cpu;
	void (*body)(void *);
	void *arg;
};

static void *
run_call(void *arg)
{
	const struct call *call = arg;

	call->body(call->arg);
	return NULL;
}

void
on_cpu(int cpu, void (*body)(void *), void *arg)
{
	struct call call = { .cpu = cpu, .body = body, .arg = arg };
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	assert_int_equal(pthread_create(&thread, &attr, run_call, &call), 0);
	pthread_attr_destroy(&attr);
	pthread_join(thread, NULL);
}
