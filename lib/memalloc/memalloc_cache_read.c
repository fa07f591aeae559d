/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: asking the machine what its caches are like: sysfs, and a stopwatch.
 * Must not: decide what follows from it.
 * Called by: applications, memalloc_cache.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memalloc_priv.h"
#include "rte_memalloc_cache.h"

#define MAX_INDEX 16

/* A file's text without its line's end; -errno. */
static int
read_text(const char *folder, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* A number that the kernel may leave out, as of a cache of unknown ways: 0 then. */
static int
read_number(const char *folder, const char *name, uint32_t *number)
{
	char text[64];
	uint64_t value;
	int ret = read_text(folder, name, text, sizeof(text));

	*number = 0;
	if (ret == -ENOENT)
		return 0;
	if (ret != 0)
		return rte_memalloc_fail(ret, "reading %s/%s: %s", folder, name, strerror(-ret));
	if (ma_cache_parse_size(text, &value) != 0 || value > UINT32_MAX)
		return rte_memalloc_fail(-EINVAL, "%s/%s says \"%s\", which is no number", folder,
					 name, text);
	*number = (uint32_t)value;
	return 0;
}

/* -ENOENT: there is no cache of this index. */
static int
read_index(const char *folder, struct ma_cache_index *index)
{
	char text[4096];
	uint32_t line;
	int ret;

	ret = read_text(folder, "type", index->type, sizeof(index->type));
	if (ret != 0)
		return ret;
	ret = read_number(folder, "level", &index->level);
	if (ret == 0)
		ret = read_number(folder, "coherency_line_size", &line);
	if (ret == 0)
		ret = read_number(folder, "ways_of_associativity", &index->cache.ways);
	if (ret == 0)
		ret = read_number(folder, "number_of_sets", &index->cache.sets);
	if (ret != 0)
		return ret;
	index->cache.line = line;
	index->cache.nb_cpus = 1;
	ret = read_text(folder, "shared_cpu_list", text, sizeof(text));
	if (ret == 0 && text[0] != '\0')
		ret = ma_cache_parse_list(text, &index->cache.nb_cpus);
	if (ret != 0 && ret != -ENOENT)
		return rte_memalloc_fail(ret, "%s/shared_cpu_list is no list of CPUs", folder);
	ret = read_text(folder, "size", text, sizeof(text));
	if (ret == 0)
		ret = ma_cache_parse_size(text, &index->cache.size);
	if (ret != 0)
		return rte_memalloc_fail(-EINVAL, "%s/size says no size", folder);
	return 0;
}

int
rte_memalloc_cache_read(const char *root, int cpu, struct rte_memalloc_cache_facts *facts)
{
	struct rte_memalloc_cache_facts found;
	struct ma_cache_index index;
	char folder[PATH_MAX / 2];
	int ret;

	if (facts == NULL)
		return rte_memalloc_fail(-EINVAL, "reading caches: nowhere to put them");
	if (root == NULL)
		root = "/sys";
	if (cpu < 0)
		cpu = sched_getcpu();
	if (cpu < 0)
		return rte_memalloc_fail(-errno, "reading caches: on which CPU is this? %s",
					 strerror(errno));
	found = (struct rte_memalloc_cache_facts){ .cpu = cpu };
	for (int i = 0; i < MAX_INDEX; i++) {
		snprintf(folder, sizeof(folder), "%s/devices/system/cpu/cpu%d/cache/index%d", root,
			 cpu, i);
		memset(&index, 0, sizeof(index));
		ret = read_index(folder, &index);
		if (ret == -ENOENT)
			break;
		if (ret == 0)
			ret = ma_cache_take(&found, &index);
		if (ret != 0)
			return ret;
	}
	ret = ma_cache_check(&found);
	if (ret == 0)
		*facts = found;
	return ret;
}

/* ---- the stopwatch */

/* So many loads at least: a good millisecond from level 1. */
#define NB_LOADS 1000000

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/*
 * Links in all lines, one circle in an order that no prefetcher foresees: Sattolo's shuffle. Line i
 * leads to the line whose number it holds, in a chain that the loop below turns into addresses.
 */
static void
link_lines(char *lines, size_t line, size_t n)
{
	uint64_t seed = 88172645463325252u;
	size_t j, other;

	for (size_t i = 0; i < n; i++)
		*(size_t *)(lines + i * line) = i;
	for (size_t i = n - 1; i > 0; i--) {
		/* xorshift64, Marsaglia 2003. */
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		j = seed % i;
		other = *(size_t *)(lines + i * line);
		*(size_t *)(lines + i * line) = *(size_t *)(lines + j * line);
		*(size_t *)(lines + j * line) = other;
	}
	for (size_t i = 0; i < n; i++)
		*(char **)(lines + i * line) = lines + *(size_t *)(lines + i * line) * line;
}

static char *
follow(char *at, size_t n)
{
	for (; n > 0; n--)
		at = *(char **)at;
	/* Whoever looks at the result needs all of the loads. */
	__asm__ volatile("" : "+r"(at));
	return at;
}

int
rte_memalloc_cache_latency(const struct rte_memalloc_cache_facts *facts, size_t size, double *ns)
{
	struct rte_memregion *region;
	size_t line, n, loads;
	double start, best = 0, took;
	char *at;
	int ret;

	if (facts == NULL || ns == NULL || size > PTRDIFF_MAX ||
	    size < 2 * rte_memalloc_cache_line(facts))
		return rte_memalloc_fail(-EINVAL, "measuring a latency: in two lines at least");
	line = rte_memalloc_cache_line(facts);
	n = size / line;
	/* Large pages, so that it is the caches that are measured. */
	ret = rte_memregion_create(size, NULL, &region);
	if (ret != 0)
		return rte_memalloc_fail(ret, "measuring a latency: %s", rte_memregion_error());
	at = rte_memregion_addr(region);
	link_lines(at, line, n);
	loads = n < NB_LOADS ? NB_LOADS : n;
	at = follow(at, n);
	/* The best of a few: what interrupts only adds. */
	for (int i = 0; i < 3; i++) {
		start = now_ns();
		at = follow(at, loads);
		took = (now_ns() - start) / (double)loads;
		if (i == 0 || took < best)
			best = took;
	}
	*ns = best;
	rte_memregion_destroy(region);
	return 0;
}
