/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the table of call sites, which threads find or add without waiting for each other.
 * Must not: know what is counted of a site, allocate after it was made, or need EAL.
 * Called by: memprof_record.c, by threads in the middle of an allocation.
 *
 * A site is filled in while nobody else knows of it, and then put into an empty slot: by one
 * compare-and-swap, which of two threads that add the same stack one wins.
 * Invariants: (I1) a slot that was set is never changed; (I2) a site in a slot is complete, and but for
 * its counts never changed; (I3) each stack is in one slot at most, as all look for it along the same
 * slots and none is ever emptied.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memprof_priv.h"
#include "race_window.h"

int
mp_sites_make(struct mp_sites *sites, uint32_t max, uint32_t depth)
{
	uint32_t slots = 2;

	/* Twice as many, so that a search meets an empty one soon. */
	while (slots < 2 * (max + 1))
		slots *= 2;
	*sites = (struct mp_sites){
		.max = max + 1,
		.depth = depth,
		.mask = slots - 1,
		.stride = sizeof(struct mp_site) + depth * sizeof(void *),
		.used = 1,
	};
	sites->slot = calloc(slots, sizeof(*sites->slot));
	sites->site = calloc(sites->max, sites->stride);
	if (sites->slot != NULL && sites->site != NULL)
		return 0;
	mp_sites_free(sites);
	return -ENOMEM;
}

void
mp_sites_free(struct mp_sites *sites)
{
	free(sites->slot);
	free(sites->site);
	*sites = (struct mp_sites){ 0 };
}

/* FNV-1a of 64 bits, a word at a time, and a last stir as its low bits choose the slot. */
static uint64_t
hash_of(const void *const *pc, uint32_t depth, uint32_t cls)
{
	uint64_t hash = 0xcbf29ce484222325u;
	uint32_t i;

	for (i = 0; i < depth; i++)
		hash = (hash ^ (uintptr_t)pc[i]) * 0x100000001b3u;
	hash = (hash ^ cls) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

static bool
same(const struct mp_site *site, uint64_t hash, const void *const *pc, uint32_t depth, uint32_t cls)
{
	return site->hash == hash && site->depth == depth && site->cls == cls &&
	       memcmp(site->pc, pc, depth * sizeof(*pc)) == 0;
}

/* A site that nobody else knows of; 0: there is none left. */
static uint32_t
take(struct mp_sites *sites)
{
	/* Relaxed: the compare-and-swap is what counts. */
	uint32_t number = atomic_load_explicit(&sites->used, memory_order_relaxed);

	do {
		if (number == sites->max)
			return 0;
		/* Acquire T1, of give_back(): whoever had it before wrote to it before. */
	} while (!atomic_compare_exchange_weak_explicit(
		&sites->used, &number, number + 1, memory_order_acquire, memory_order_relaxed));
	return number;
}

/* The last one taken can be; any other stays unused for good, which a lost race in thousands costs. */
static void
give_back(struct mp_sites *sites, uint32_t number)
{
	uint32_t next = number + 1;

	/* Release T1. */
	atomic_compare_exchange_strong_explicit(&sites->used, &next, number, memory_order_release,
						memory_order_relaxed);
}

static uint32_t
fill(struct mp_sites *sites, uint64_t hash, const void *const *pc, uint32_t depth, uint32_t cls)
{
	uint32_t number = take(sites);
	struct mp_site *site = mp_site_at(sites, number);

	if (number == 0)
		return 0;
	RACE_WINDOW();
	site->hash = hash;
	site->depth = depth;
	site->cls = cls;
	memcpy(site->pc, pc, depth * sizeof(*pc));
	return number;
}

uint32_t
mp_sites_find(struct mp_sites *sites, const void *const *pc, uint32_t depth, uint32_t cls)
{
	uint32_t at, number, mine = 0;
	uint64_t hash;

	if (depth > sites->depth)
		depth = sites->depth;
	hash = hash_of(pc, depth, cls);
	for (at = (uint32_t)hash & sites->mask;; at = (at + 1) & sites->mask) {
		/* Acquire S1: the site in it is complete. */
		number = atomic_load_explicit(&sites->slot[at], memory_order_acquire);
		if (number == 0) {
			if (mine == 0)
				mine = fill(sites, hash, pc, depth, cls);
			if (mine == 0)
				return 0;
			RACE_WINDOW();
			/* Release S1: it is complete; acquire S1: so is another's that was first. */
			if (atomic_compare_exchange_strong_explicit(&sites->slot[at], &number, mine,
								    memory_order_acq_rel,
								    memory_order_acquire))
				return mine;
		}
		if (!same(mp_site_at(sites, number), hash, pc, depth, cls))
			continue;
		if (mine != 0)
			give_back(sites, mine);
		return number;
	}
}
