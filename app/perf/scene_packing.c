/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much of the memory that an allocator takes its users get: one size, or sizes mixed.
 * Must not: believe an allocator's own count. Of fastmem the reservation is filled to its end; of
 *           others the kernel says how much the process grew.
 * Called by: main.c through scenario.c.
 */

#include <stdio.h>
#include <string.h>

#include <rte_fastmem.h>
#include <rte_mempool.h>

#include "eal.h"
#include "progress.h"
#include "scenario.h"
#include "weigh.h"

#define BYTES	  ((uint64_t)128 << 20)
#define SIZES_MAX 6

/* Sizes that are drawn with equal chance; or, with none, every size up to UNIFORM_MAX. */
struct mix {
	const char *work;
	const char *name;
	uint32_t sizes[SIZES_MAX];
	uint32_t weights[SIZES_MAX];
	unsigned int nb;
};

#define UNIFORM_MAX 2048

#define ONE_SIZE(title, bytes) \
	{ \
		.work = "payload, one size in 128 MiB", .name = (title), .sizes = { (bytes) }, \
		.weights = { 1 }, .nb = 1, \
	}

static const struct mix mixes[] = {
	ONE_SIZE("64 B", 64),
	ONE_SIZE("300 B", 300),
	ONE_SIZE("1500 B", 1500),
	ONE_SIZE("2049 B", 2049),
	ONE_SIZE("100 KiB", 100 << 10),
	ONE_SIZE("600 KiB", 600 << 10),
	ONE_SIZE("1 MiB", 1 << 20),
	{ .work = "payload, sizes mixed in 128 MiB", .name = "1 to 2048 B" },
	{
		.work = "payload, sizes mixed in 128 MiB",
		.name = "packets",
		.sizes = { 64, 576, 1500 },
		.weights = { 7, 4, 1 },
		.nb = 3,
	},
	{
		.work = "payload, sizes mixed in 128 MiB",
		.name = "2^n + 1 B",
		.sizes = { 65, 129, 257, 513, 1025, 2049 },
		.weights = { 1, 1, 1, 1, 1, 1 },
		.nb = 6,
	},
};

/* What is weighed: set before the process starts. */
static const struct mix *mix;
static const struct way *way;

static uint32_t
draw(uint64_t *random)
{
	uint32_t total = 0, at;
	unsigned int i;

	if (mix->nb == 0)
		return 1 + ((item_random(random) >> 32) * UNIFORM_MAX >> 32);
	for (i = 0; i < mix->nb; i++)
		total += mix->weights[i];
	at = (item_random(random) >> 32) * total >> 32;
	for (i = 0; at >= mix->weights[i]; i++)
		at -= mix->weights[i];
	return mix->sizes[i];
}

static uint32_t
mean_size(void)
{
	uint32_t bytes = 0, total = 0;
	unsigned int i;

	if (mix->nb == 0)
		return UNIFORM_MAX / 2;
	for (i = 0; i < mix->nb; i++) {
		bytes += mix->sizes[i] * mix->weights[i];
		total += mix->weights[i];
	}
	return bytes / total;
}

/* A pool for each size; of the uniform mix, for each kind that there is. */
static double
pool_share(void)
{
	uint64_t random = 1, payload = 0, bytes = 0;
	uint64_t count[UNIFORM_MAX + 2] = { 0 };
	uint32_t size, kind;

	while (payload < BYTES && mix->nb != 1) {
		size = draw(&random);
		payload += size;
		for (kind = 0; mix->nb == 0 && item_kinds[kind].size < size; kind++)
			;
		count[mix->nb == 0 ? item_kinds[kind].size : size]++;
	}
	if (mix->nb == 1) {
		payload = BYTES / mix->sizes[0] * mix->sizes[0];
		bytes = weigh_pool(mix->sizes[0], BYTES / mix->sizes[0]);
	}
	for (size = 0; size < RTE_DIM(count); size++)
		if (count[size] > 0)
			bytes += weigh_pool(size, count[size]);
	return (double)payload / (double)bytes;
}

static uint64_t
memory_used(void)
{
	return way->family == WAY_RTE_MALLOC ? eal_heap_used() : machine_resident();
}

/* Share of the memory that is payload; < 0: failed. */
static double
weigh_share(struct bench *bench, struct part *part)
{
	uint64_t bytes = BYTES, before;
	struct weigh weigh;
	double share;
	bool is_reserved = way->family == WAY_FASTMEM;

	if (!weigh_init(&weigh, BYTES / mean_size() * 5 / 4 + 1000))
		return -1;
	before = memory_used();
	while ((is_reserved || weigh.payload < BYTES) &&
	       weigh_take(&weigh, part, draw(&weigh.random)))
		;
	if (!is_reserved) {
		bytes = memory_used() - before;
		if (weigh.payload < BYTES)
			board_note(bench->board, bench->scenario, way,
				   "%s: it had no more than %llu MiB", mix->name,
				   (unsigned long long)weigh.payload >> 20);
	}
	share = (double)weigh.payload / (double)bytes;
	weigh_give(&weigh, part, weigh.nb);
	weigh_free(&weigh);
	return share;
}

static bool
run(struct bench *bench)
{
	const struct metric metric = {
		.work = mix->work, .name = mix->name, .unit = "%", .more_is_better = true
	};
	struct part part = { .way = way };
	const char *why = "";
	double share;

	part.state = way->open(way, &(struct way_needs){ .kinds = 0 }, &why);
	if (part.state == NULL) {
		board_note(bench->board, bench->scenario, way, "skipped: %s", why);
		return true;
	}
	part.work.thread = part.state;
	share = way->family == WAY_MEMPOOL ? pool_share() : weigh_share(bench, &part);
	if (share > 0)
		board_sample(board_figure(bench->board, bench->scenario, &metric, way),
			     share * 100);
	return share > 0;
}

void
scene_packing(const struct bench *bench)
{
	static const struct way *const weighed[] = { &way_fastmem, &way_mempool,  &way_rte_malloc,
						     &way_glibc,   &way_jemalloc, &way_mimalloc,
						     &way_tcmalloc };
	struct bench_process process = { .run = run, .reserve = BYTES };
	unsigned int i, k;

	for (i = 0; i < RTE_DIM(mixes); i++) {
		mix = &mixes[i];
		progress_step(mix->work, i + 1, RTE_DIM(mixes));
		for (k = 0; k < RTE_DIM(weighed); k++) {
			way = weighed[k];
			process.without_fastmem = way != &way_fastmem;
			process.without_eal = way->family == WAY_LIBRARY;
			bench_process(bench, &process);
		}
	}
}
