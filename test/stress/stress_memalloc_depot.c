/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of memalloc_depot.c: threads pop chains of blocks and push others.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "memalloc_priv.h"
#include "stress.h"

#define NB_BLOCKS 40
#define MAX_CHAIN 4
#define MAX_HELD  16

static struct ma_depot depot;
/* Plain memory, so that ThreadSanitizer sees who is not ordered. */
static uint32_t block_mark[NB_BLOCKS];

static void *
work(void *arg)
{
	uint32_t held[MAX_HELD], chain[NB_BLOCKS];
	struct stress_thread *t = arg;
	unsigned int nb_held = 0, n, i;

	while (stress_goes_on()) {
		if (nb_held + MAX_CHAIN <= MAX_HELD && (nb_held == 0 || stress_rand(t) % 2 == 0)) {
			n = ma_depot_pop(&depot, chain);
			CHECK(n <= MAX_CHAIN);
			for (i = 0; i < n; i++) {
				CHECK(chain[i] < NB_BLOCKS && block_mark[chain[i]] == 0);
				block_mark[chain[i]] = t->me;
				held[nb_held++] = chain[i];
			}
			t->done += n;
			continue;
		}
		n = 1 + stress_rand(t) % MAX_CHAIN;
		for (i = 0; i < n && nb_held > 0; i++) {
			chain[i] = held[--nb_held];
			CHECK(block_mark[chain[i]] == t->me);
			block_mark[chain[i]] = 0;
		}
		if (i > 0)
			ma_depot_push(&depot, chain, i);
	}
	for (; nb_held > 0; nb_held--) {
		block_mark[held[nb_held - 1]] = 0;
		ma_depot_push(&depot, &held[nb_held - 1], 1);
	}
	return NULL;
}

int
main(void)
{
	uint32_t chain[NB_BLOCKS];
	unsigned int n, nb = 0;
	uint64_t done;

	CHECK(ma_depot_init(&depot, NB_BLOCKS) == 0);
	for (uint32_t i = 0; i < NB_BLOCKS; i++)
		ma_depot_push(&depot, &i, 1);
	done = stress_run(work, stress_ms(), NULL);
	CHECK(atomic_load(&depot.nb) == NB_BLOCKS);
	while ((n = ma_depot_pop(&depot, chain)) > 0) {
		for (unsigned int i = 0; i < n; i++) {
			CHECK(block_mark[chain[i]] == 0);
			block_mark[chain[i]] = 1;
			nb++;
		}
	}
	CHECK(nb == NB_BLOCKS);
	ma_depot_fini(&depot);
	printf("%llu blocks were popped\n", (unsigned long long)done);
	return 0;
}
