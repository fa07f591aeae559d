/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of memprof_sites.c and memprof_record.c: threads find and add the same stacks, and
 *   end each other's samples, while one makes lists.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include <stdlib.h>
#include <string.h>

#include "memprof_priv.h"
#include "stress.h"

/* Few slots, so that threads meet; more stacks than places, so that these run out. */
#define NB_SITES  120
#define NB_STACKS 64
#define NB_PLACES 1024
#define DEPTH	  6

static const size_t class_size[] = { 64, 128, 256 };
static struct mp_record record;

/* What all threads found, by stack: 0: nobody did. */
static _Atomic uint32_t found[NB_STACKS];
static _Atomic uint64_t blocks, ended;

/* Recognised by each of its words. */
static void
stack_of(uint32_t n, const void **pc)
{
	for (uint32_t i = 0; i < DEPTH; i++)
		pc[i] = (const void *)(uintptr_t)(0x1000 * (n + 1) + i);
}

static void
find_one(uint32_t n, const void *const *pc)
{
	uint32_t number = mp_sites_find(&record.sites, pc, DEPTH, n % 3), before = 0;
	struct mp_site *site = mp_site_at(&record.sites, number);

	if (number == 0) {
		/* A stack that has a place does not lose it. Relaxed: orders nothing. */
		CHECK(atomic_load_explicit(&found[n], memory_order_relaxed) == 0);
		return;
	}
	CHECK(site->depth == DEPTH && site->cls == n % 3);
	CHECK(memcmp(site->pc, pc, DEPTH * sizeof(*pc)) == 0);
	if (!atomic_compare_exchange_strong_explicit(&found[n], &before, number,
						     memory_order_relaxed, memory_order_relaxed))
		CHECK(before == number);
}

/* Each thread has places of its own; the table makes them known to nobody else. */
static void
allocate_and_free(struct stress_thread *t)
{
	uint32_t base = (t->me - 1) * (NB_PLACES / STRESS_THREADS), n;
	const void *pc[DEPTH];

	while (stress_goes_on()) {
		struct rte_fastmem_sample sample = {
			.asked = 50 + stress_rand(t) % 100,
			.given = class_size[stress_rand(t) % 3],
			.blocks = 1 + stress_rand(t) % 5,
			.node_id = (int)(stress_rand(t) % 2),
			.home_id = (int)(stress_rand(t) % 2),
			.place = base + stress_rand(t) % (NB_PLACES / STRESS_THREADS),
		};

		n = stress_rand(t) % NB_STACKS;
		stack_of(n, pc);
		find_one(n, pc);
		mp_record_allocated(&record, &sample, pc, DEPTH);
		/* Relaxed: read when all have ended. */
		atomic_fetch_add_explicit(&blocks, sample.blocks, memory_order_relaxed);
		if (stress_rand(t) % 4 != 0) {
			mp_record_freed(&record, &sample, false, stress_rand(t));
			atomic_fetch_add_explicit(&ended, sample.blocks, memory_order_relaxed);
		}
		t->done++;
	}
}

static void
list_them(struct stress_thread *t)
{
	while (stress_goes_on()) {
		struct rte_memprof_summary sum = { 0 };
		struct mp_list list;

		CHECK(mp_list_make(&record.sites, NULL, stress_rand(t) % 2 == 0,
				   stress_rand(t) % 2 == 0, &list) == 0);
		for (uint32_t i = 0; i < list.n; i++)
			for (uint32_t k = 0; k < list.entry[i].depth; k++)
				CHECK((uintptr_t)list.entry[i].pc[k] ==
				      (uintptr_t)list.entry[i].pc[0] + k);
		mp_record_sum(&record, &sum);
		mp_list_free(&list);
		t->done++;
	}
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;

	if (t->me == STRESS_THREADS)
		list_them(t);
	else
		allocate_and_free(t);
	return NULL;
}

/* Sites are in slots once; those that were given back or lost in a race are in none. */
static void
check_end(void)
{
	struct rte_memprof_summary sum = { 0 };
	struct mp_list list;

	CHECK(mp_list_make(&record.sites, NULL, true, false, &list) == 0);
	for (uint32_t i = 0; i < list.n; i++)
		for (uint32_t k = i + 1; k < list.n; k++)
			CHECK(list.entry[i].depth != list.entry[k].depth ||
			      list.entry[i].cls != list.entry[k].cls ||
			      memcmp(list.entry[i].pc, list.entry[k].pc, DEPTH * sizeof(void *)) !=
				      0);
	mp_list_free(&list);
	mp_record_sum(&record, &sum);
	CHECK(sum.sampled_blocks == atomic_load(&blocks));
	CHECK(sum.sampled_blocks - sum.live_blocks == atomic_load(&ended));
	CHECK(atomic_load(&record.sites.used) <= NB_SITES + 1);
}

int
main(void)
{
	const struct rte_memprof_config config = {
		.max_samples = NB_PLACES,
		.max_sites = NB_SITES,
		.depth = DEPTH,
	};
	unsigned int ms = stress_ms(), rounds = ms / 50 + 1, i, k;
	uint64_t done = 0;

	/* Most happens while the table is new: many are made. */
	for (i = 0; i < rounds; i++) {
		CHECK(mp_record_make(&record, &config, class_size, 3, 1000000000) == 0);
		for (k = 0; k < NB_STACKS; k++)
			atomic_store(&found[k], 0);
		atomic_store(&blocks, 0);
		atomic_store(&ended, 0);
		done += stress_run(work, 50, NULL);
		check_end();
		mp_record_free(&record);
	}
	printf("%llu samples and lists in %u tables\n", (unsigned long long)done, rounds);
	return 0;
}
