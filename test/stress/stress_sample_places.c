/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of sample_places.c: threads have blocks, keep samples of them and take them
 *       away, or free a block without; one thread looks for samples whose blocks are free.
 * Must not: synchronise the threads by anything but the code under test and who has a block.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "fastmem_sample_priv.h"
#include "stress.h"

#define NB_BLOCKS 64
#define NB_PLACES 64

static struct fm_places places;
/* Who has a block: 0 nobody. And how often somebody had it, which a sample remembers. */
static struct {
	_Atomic uint32_t owner;
	_Atomic uint64_t life;
} block[NB_BLOCKS];
static _Atomic uint64_t found;

static const void *
address(unsigned int i)
{
	return (const void *)(uintptr_t)((i + 1) * 64);
}

static unsigned int
number(const void *ptr)
{
	return (unsigned int)((uintptr_t)ptr / 64 - 1);
}

/* Take block i's sample away, if there is one. */
static void
end_of(unsigned int i)
{
	uint32_t place;

	if (!fm_places_take(&places, address(i), &place))
		return;
	CHECK(places.sample[place].ptr == address(i));
	CHECK(places.sample[place].place == place);
	fm_places_release(&places, place);
}

static void
begin(struct stress_thread *t, unsigned int i)
{
	uint64_t life = atomic_fetch_add_explicit(&block[i].life, 1, memory_order_relaxed) + 1;
	uint32_t place;

	end_of(i);
	if (!fm_places_claim(&places, address(i), &place))
		return;
	places.sample[place] = (struct rte_fastmem_sample){
		.ptr = address(i),
		.blocks = life,
		.place = place,
	};
	fm_places_keep(&places, address(i), place);
	t->done++;
}

static void
live(struct stress_thread *t, unsigned int i)
{
	uint32_t nobody = 0;

	/* Acquire and release: blocks pass from thread to thread as through a cache. */
	if (!atomic_compare_exchange_strong_explicit(&block[i].owner, &nobody, t->me,
						     memory_order_acquire, memory_order_relaxed))
		return;
	begin(t, i);
	if (stress_rand(t) % 2 == 0)
		end_of(i);
	atomic_store_explicit(&block[i].owner, 0, memory_order_release);
}

/* End those whose blocks are free after their keys were read; none that began later. */
static void
look(void)
{
	uint64_t key[NB_PLACES], life;
	uint32_t p;
	unsigned int i;

	for (p = 0; p < NB_PLACES; p++)
		key[p] = fm_places_key(&places, p);
	for (p = 0; p < NB_PLACES; p++) {
		if (key[p] == 0)
			continue;
		i = number((const void *)fm_places_block(key[p]));
		CHECK(i < NB_BLOCKS);
		if (atomic_load_explicit(&block[i].owner, memory_order_acquire) != 0)
			continue;
		life = atomic_load_explicit(&block[i].life, memory_order_relaxed);
		if (!fm_places_take_at(&places, p, key[p]))
			continue;
		CHECK(places.sample[p].ptr == address(i));
		CHECK(places.sample[p].blocks <= life);
		fm_places_release(&places, p);
		atomic_fetch_add_explicit(&found, 1, memory_order_relaxed);
	}
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;

	while (stress_goes_on())
		if (t->me == 1)
			look();
		else
			live(t, stress_rand(t) % NB_BLOCKS);
	return NULL;
}

int
main(void)
{
	uint64_t done;
	uint32_t p;

	CHECK(fm_places_make(&places, NB_PLACES));
	done = stress_run(work, stress_ms(), NULL);
	look();
	for (p = 0; p < NB_PLACES; p++)
		CHECK(fm_places_key(&places, p) == 0);
	fm_places_free(&places);
	CHECK(found != 0 && found <= done);
	printf("%llu samples, %llu found\n", (unsigned long long)done, (unsigned long long)found);
	return 0;
}
