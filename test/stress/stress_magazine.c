/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of magazine.c: threads push and pop blocks while groups are added, and
 *       at the end of each round all blocks are there, once, and where the hints say.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "fastmem_priv.h"
#include "stress.h"

#include <string.h>

#define NB_CLASSES 3
#define NB_GROUPS  16
#define NB_ROUNDS  8
#define NB_BLOCKS  (NB_CLASSES * 3000) /* in hands of two, more than all groups' magazines take */

/* What pointers to it travel. Plain memory, so that ThreadSanitizer sees who is not ordered. */
static struct block {
	uint32_t owner;
	uint32_t cls;
} block[NB_BLOCKS];

static struct fm_depot depot;
static struct fm_mag *group[NB_GROUPS];
static unsigned int nb_groups;

/* What a thread holds: never as much as all. */
static struct hand {
	void *block[NB_BLOCKS];
	unsigned int n;
} hand[STRESS_THREADS][NB_CLASSES];

static void
got(const struct stress_thread *t, struct hand *mine, void **blocks, unsigned int n)
{
	struct block *b;
	unsigned int i, cls = ((struct block *)blocks[0])->cls;

	for (i = 0; i < n; i++) {
		b = blocks[i];
		CHECK(b->owner == 0 && b->cls == cls);
		b->owner = t->me;
		mine[cls].block[mine[cls].n++] = b;
	}
}

static bool
push(struct stress_thread *t, struct hand *h, unsigned int cls)
{
	unsigned int i, n = 1 + stress_rand(t) % (stress_rand(t) % 64 == 0 ? FM_MAG_BLOCKS : 2);
	void *const *blocks;
	struct block *b;

	if (n > h->n)
		return false;
	blocks = &h->block[h->n - n];
	for (i = 0; i < n; i++) {
		b = blocks[i];
		CHECK(b->owner == t->me);
		b->owner = 0;
	}
	if (fm_depot_push(&depot, cls, blocks, n)) {
		h->n -= n;
		return true;
	}
	for (i = 0; i < n; i++) {
		b = blocks[i];
		CHECK(b->owner == 0);
		b->owner = t->me;
	}
	return false;
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;
	struct hand *mine = hand[t->me - 1];
	void *blocks[FM_MAG_BLOCKS];
	unsigned int cls, n, cursor;

	while (stress_goes_on()) {
		cls = stress_rand(t) % NB_CLASSES;
		switch (stress_rand(t) % 16) {
		case 0:
			cursor = 0;
			n = fm_depot_pop_any(&depot, &cursor, blocks);
			break;
		case 1 ... 6:
			n = fm_depot_pop(&depot, cls, blocks);
			CHECK(n == 0 || ((struct block *)blocks[0])->cls == cls);
			break;
		default:
			n = 0;
			t->done += push(t, &mine[cls], cls);
			break;
		}
		if (n > 0)
			got(t, mine, blocks, n);
	}
	return NULL;
}

static void
add_group(void)
{
	if (nb_groups == NB_GROUPS)
		return;
	/* Plain writes, that who comes to the group must see. */
	memset(group[nb_groups], 0, FM_GROUP_MAGS * sizeof(struct fm_mag));
	CHECK(fm_depot_add(&depot, group[nb_groups++]));
}

static void
round_begin(void)
{
	unsigned int i;

	memset(&depot, 0, sizeof(depot));
	memset(hand, 0, sizeof(hand));
	nb_groups = 0;
	for (i = 0; i < NB_CLASSES; i++)
		atomic_store(&depot.max_full[i], UINT32_MAX);
	for (i = 0; i < NB_BLOCKS; i++) {
		struct hand *h = &hand[i % STRESS_THREADS][i / STRESS_THREADS % NB_CLASSES];

		block[i].cls = i / STRESS_THREADS % NB_CLASSES;
		block[i].owner = 1 + i % STRESS_THREADS;
		h->block[h->n++] = &block[i];
	}
}

/* No thread was stopped between two steps, so no hint is lost: they lead to everything. */
static void
round_end(void)
{
	void *blocks[FM_MAG_BLOCKS];
	unsigned int i, j, n, cls, cursor = 0, full = 0, sum = 0, left = 0;

	for (cls = 0; cls < NB_CLASSES; cls++) {
		full += atomic_load(&depot.nb_full[cls]);
		left = (unsigned int)fm_depot_blocks(&depot, cls);
		while ((n = fm_depot_pop(&depot, cls, blocks)) != 0) {
			full--;
			left -= n;
			for (i = 0; i < n; i++) {
				CHECK(((struct block *)blocks[i])->owner == 0);
				((struct block *)blocks[i])->owner = UINT32_MAX;
			}
			sum += n;
		}
		CHECK(left == 0);
	}
	CHECK(full == 0);
	CHECK(fm_depot_pop_any(&depot, &cursor, blocks) == 0);
	for (i = 0; i < STRESS_THREADS; i++) {
		for (cls = 0; cls < NB_CLASSES; cls++) {
			sum += hand[i][cls].n;
			for (j = 0; j < hand[i][cls].n; j++)
				CHECK(((struct block *)hand[i][cls].block[j])->owner == i + 1);
		}
	}
	CHECK(sum == NB_BLOCKS);
	for (i = 0; i < nb_groups * FM_GROUP_MAGS; i++)
		CHECK(fm_depot_push(&depot, 0, blocks, 1));
	CHECK(!fm_depot_push(&depot, 0, blocks, 1));
}

int
main(void)
{
	uint64_t done = 0;
	unsigned int i;

	for (i = 0; i < NB_GROUPS; i++) {
		group[i] = aligned_alloc(FM_LINE, FM_GROUP_MAGS * sizeof(struct fm_mag));
		CHECK(group[i] != NULL);
	}
	for (i = 0; i < NB_ROUNDS; i++) {
		round_begin();
		done += stress_run(work, stress_ms() / NB_ROUNDS, add_group);
		round_end();
	}
	for (i = 0; i < NB_GROUPS; i++)
		free(group[i]);
	printf("%llu magazines were pushed\n", (unsigned long long)done);
	return 0;
}
