/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the meaning of what the kernel says about caches, and what follows from it.
 * Must not: ask the machine: pure functions of facts.
 * Called by: memalloc_cache_read.c, memalloc_cache.c, applications.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_priv.h"
#include "rte_memalloc_cache.h"

int
ma_cache_parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned int shift = 0;
	uint64_t value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	unit = *end == '\0' ? NULL : strchr(units, *end);
	if (unit != NULL) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
	}
	if (errno != 0 || *end != '\0' || value > UINT64_MAX >> shift)
		return -EINVAL;
	*size = value << shift;
	return 0;
}

int
ma_cache_parse_list(const char *text, uint32_t *nb)
{
	unsigned long first, last;
	uint32_t n = 0;
	char *end;

	do {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		first = last = strtoul(text, &end, 10);
		if (*end == '-') {
			text = end + 1;
			if (*text < '0' || *text > '9')
				return -EINVAL;
			last = strtoul(text, &end, 10);
		}
		if (last < first || last - first >= 1u << 20)
			return -EINVAL;
		n += (uint32_t)(last - first + 1);
		text = end + 1;
	} while (*end == ',');
	if (*end != '\0')
		return -EINVAL;
	*nb = n;
	return 0;
}

int
ma_cache_take(struct rte_memalloc_cache_facts *facts, const struct ma_cache_index *index)
{
	if (strcmp(index->type, "Instruction") == 0)
		return 0;
	if (index->level == 0 || index->level > RTE_MEMALLOC_CACHE_LEVELS)
		return rte_memalloc_fail(-EINVAL,
					 "CPU %d has a cache of level %" PRIu32
					 ", and 1 to %d are known",
					 facts->cpu, index->level, RTE_MEMALLOC_CACHE_LEVELS);
	if (index->cache.size == 0 || index->cache.line == 0 ||
	    (index->cache.line & (index->cache.line - 1)) != 0)
		return rte_memalloc_fail(-EINVAL,
					 "CPU %d has a cache of %" PRIu64
					 " bytes in lines of %" PRIu32 ": that cannot be",
					 facts->cpu, index->cache.size, index->cache.line);
	facts->level[index->level - 1] = index->cache;
	if (index->level > facts->nb_levels)
		facts->nb_levels = index->level;
	return 0;
}

int
ma_cache_check(const struct rte_memalloc_cache_facts *facts)
{
	if (facts->nb_levels == 0 || facts->nb_levels > RTE_MEMALLOC_CACHE_LEVELS)
		return rte_memalloc_fail(
			-ENOTSUP,
			"the kernel does not tell what caches CPU %d has: it is no "
			"CPU, or of a virtual machine that hides them; give them "
			"yourself",
			facts->cpu);
	for (uint32_t i = 0; i < facts->nb_levels; i++) {
		if (facts->level[i].size == 0 || facts->level[i].line == 0)
			return rte_memalloc_fail(-EINVAL,
						 "CPU %d has a cache of level %" PRIu32
						 " and none of level %" PRIu32,
						 facts->cpu, facts->nb_levels, i + 1);
	}
	return 0;
}

static const struct rte_memalloc_cache_level *
level_of(const struct rte_memalloc_cache_facts *facts, unsigned int level)
{
	return level == 0 || level > facts->nb_levels ? NULL : &facts->level[level - 1];
}

size_t
rte_memalloc_cache_line(const struct rte_memalloc_cache_facts *facts)
{
	size_t line = 1;

	for (uint32_t i = 0; i < facts->nb_levels; i++) {
		if (facts->level[i].line > line)
			line = facts->level[i].line;
	}
	return line;
}

size_t
rte_memalloc_cache_stride(const struct rte_memalloc_cache_facts *facts, unsigned int level)
{
	const struct rte_memalloc_cache_level *cache = level_of(facts, level);

	return cache == NULL ? 0 : (size_t)cache->sets * cache->line;
}

size_t
rte_memalloc_cache_block(const struct rte_memalloc_cache_facts *facts, unsigned int level,
			 size_t element_size)
{
	const struct rte_memalloc_cache_level *cache = level_of(facts, level);
	uint64_t fit, n = 1;

	if (cache == NULL || element_size == 0)
		return 0;
	fit = cache->size / (cache->nb_cpus == 0 ? 1 : cache->nb_cpus) / 4 / element_size;
	while (2 * n <= fit)
		n *= 2;
	return n * element_size;
}

size_t
rte_memalloc_cache_prefetch(const struct rte_memalloc_cache_facts *facts, double latency_ns,
			    double work_ns)
{
	const struct rte_memalloc_cache_level *first = level_of(facts, 1);
	uint64_t most, lines;
	double exact;

	/* Neither not a number passes. */
	if (first == NULL || !(latency_ns >= 0) || !(work_ns > 0))
		return 0;
	most = first->size / 2 / first->line;
	exact = latency_ns / work_ns;
	lines = exact >= (double)most ? most : (uint64_t)exact;
	if ((double)lines < exact && lines < most)
		lines++;
	return (lines == 0 ? 1 : lines) * first->line;
}
