/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of magazine.c: threads push and pop chains of all lengths while groups are
 *       added, and at the end of each round all blocks and magazines are there, once.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "fastmem_priv.h"
#include "stress.h"

#include <string.h>

#define NB_CLASSES 4
#define NB_GROUPS  6 /* not as many magazines as all shelves could take */
#define NB_ROUNDS  8
#define NB_BLOCKS  (NB_CLASSES * 6000)

/* A shelf's word, as in magazine.c. */
#define INDEX(word) ((word)&0xfff)
#define COUNT(word) ((word) >> 12 & 0xfff)
#define IS_EMPTY    (1u << 31)

/* What pointers to it travel. Plain memory, so that ThreadSanitizer sees who is not ordered. */
static struct block {
	uint32_t owner;
	uint32_t cls;
	uint64_t chain; /* the one it was pushed in */
	uint32_t nb;	/* blocks in that */
} block[NB_BLOCKS];

static struct fm_depot depot;
static struct fm_mag *group[NB_GROUPS];
static unsigned int nb_groups;

/* What a thread holds: never as much as all. */
static struct hand {
	void *block[NB_BLOCKS];
	unsigned int n;
	/* Where it aims, and where it did some time ago, which it takes up again now and then. */
	struct fm_aim aim, old;
} hand[STRESS_THREADS][NB_CLASSES];

static void
got(const struct stress_thread *t, struct hand *mine, void **blocks, unsigned int n)
{
	const struct block *first = blocks[0];
	struct block *b;
	unsigned int i, cls = first->cls;

	CHECK(first->nb == n);
	for (i = 0; i < n; i++) {
		b = blocks[i];
		CHECK(b->owner == 0 && b->cls == cls && b->chain == first->chain);
		b->owner = t->me;
		mine[cls].block[mine[cls].n++] = b;
	}
}

/* How many blocks: for 1, 2 and 4 magazines, mostly not many more than that needs. */
static unsigned int
any_length(struct stress_thread *t)
{
	static const unsigned int least[] = { 1, 1, FM_MAG_BLOCKS + 1, 2 * FM_MAG_BLOCKS + 1 };
	unsigned int n = least[stress_rand(t) % 4];

	return n + stress_rand(t) % (stress_rand(t) % 64 == 0 ? FM_MAG_BLOCKS : 4);
}

static void
push(struct stress_thread *t, struct hand *h, unsigned int cls)
{
	unsigned int i, n = any_length(t);
	uint64_t chain = t->done << 8 | t->me;
	void *const *blocks;
	struct block *b;

	if (n > h->n)
		return;
	blocks = &h->block[h->n - n];
	for (i = 0; i < n; i++) {
		b = blocks[i];
		CHECK(b->owner == t->me);
		b->owner = 0;
		b->chain = chain;
		b->nb = n;
	}
	if (fm_depot_push(&depot, cls, &h->aim, blocks, n)) {
		h->n -= n;
		t->done++;
		return;
	}
	for (i = 0; i < n; i++) {
		b = blocks[i];
		CHECK(b->owner == 0);
		b->owner = t->me;
	}
}

/* An aim that is older than it need be, or spoilt. */
static void
age(struct stress_thread *t, struct hand *h)
{
	struct fm_aim aim = h->aim;

	switch (stress_rand(t) % 4) {
	case 0:
		h->aim.full_at = (uint8_t)stress_rand(t);
		h->aim.empty_at = (uint8_t)stress_rand(t);
		break;
	case 1:
		h->aim.full = aim.empty;
		h->aim.full_at = aim.empty_at;
		h->aim.empty = aim.full;
		h->aim.empty_at = aim.full_at;
		break;
	default:
		h->aim = h->old;
		h->old = aim;
		break;
	}
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;
	struct hand *mine = hand[t->me - 1];
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int cls, n, cursor;
	bool gives = false;

	while (stress_goes_on()) {
		cls = stress_rand(t) % NB_CLASSES;
		/* For a while it mostly gives, then it mostly takes: shelves get full and empty. */
		if (stress_rand(t) % 256 == 0)
			gives = !gives;
		n = 0;
		switch (stress_rand(t) % 64) {
		case 0:
			cursor = 0;
			n = fm_depot_pop_any(&depot, &cursor, blocks);
			break;
		case 1 ... 3:
			age(t, &mine[cls]);
			break;
		default:
			if (gives != (stress_rand(t) % 4 == 0)) {
				push(t, &mine[cls], cls);
				break;
			}
			n = fm_depot_pop(&depot, cls, &mine[cls].aim, blocks);
			CHECK(n == 0 || ((struct block *)blocks[0])->cls == cls);
			break;
		}
		if (n > 0)
			got(t, mine, blocks, n);
	}
	return NULL;
}

/* One about every tenth millisecond. */
static void
add_group(void)
{
	static unsigned int calls;

	if (nb_groups == NB_GROUPS || ++calls % 10 != 0)
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

/* All is popped: each magazine is free, or in an empty chain, and nobody holds a word. */
static void
check_magazines(void)
{
	unsigned char seen[NB_GROUPS * FM_GROUP_MAGS] = { 0 };
	unsigned int i, j, cls;
	uint32_t word;

	for (i = 0; i < nb_groups * FM_GROUP_MAGS; i++)
		seen[i] = atomic_load(&depot.free[i / FM_GROUP_MAGS]) >> i % FM_GROUP_MAGS & 1;
	for (cls = 0; cls < NB_CLASSES; cls++) {
		for (i = 0; i < FM_SHELF; i++) {
			word = atomic_load(&depot.shelf[cls][i]);
			if (word == 0)
				continue;
			CHECK((word & ~0xffffffu) == IS_EMPTY && COUNT(word) != 0);
			CHECK(COUNT(word) % FM_MAG_BLOCKS == 0);
			for (j = 0; j < COUNT(word) / FM_MAG_BLOCKS; j++)
				seen[INDEX(word) + j]++;
		}
	}
	for (i = 0; i < nb_groups * FM_GROUP_MAGS; i++)
		CHECK(seen[i] == 1);
}

static void
round_end(void)
{
	struct fm_aim aim = { .full = 0 };
	void *blocks[FM_CHAIN_BLOCKS];
	unsigned int i, j, n, cls, sum = 0, left;

	for (cls = 0; cls < NB_CLASSES; cls++) {
		left = (unsigned int)fm_depot_blocks(&depot, cls);
		while ((n = fm_depot_pop(&depot, cls, &aim, blocks)) != 0) {
			left -= n;
			for (i = 0; i < n; i++) {
				CHECK(((struct block *)blocks[i])->owner == 0);
				((struct block *)blocks[i])->owner = UINT32_MAX;
			}
			sum += n;
		}
		CHECK(left == 0);
	}
	for (i = 0; i < STRESS_THREADS; i++) {
		for (cls = 0; cls < NB_CLASSES; cls++) {
			sum += hand[i][cls].n;
			for (j = 0; j < hand[i][cls].n; j++)
				CHECK(((struct block *)hand[i][cls].block[j])->owner == i + 1);
		}
	}
	CHECK(sum == NB_BLOCKS);
	check_magazines();
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
	printf("%llu chains were pushed\n", (unsigned long long)done);
	return 0;
}
