/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what samples add up to: by call site, node, size class, size and lifetime.
 * Must not: lock, wait or allocate where a sample comes in, or need EAL.
 * Called by: memprof.c, in threads that allocate and free; and for sums.
 *
 * All is counted by relaxed additions: a figure orders nothing. What is put together while samples come
 * in is a little stale, and parts of it may be of different instants.
 */

#include <errno.h>
#include <stdlib.h>

#include "memprof_priv.h"

static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed); /* a figure */
}

static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed); /* a figure */
}

static void
raise_to(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t is = get(counter);

	while (is < n && !atomic_compare_exchange_weak_explicit(
				 counter, &is, n, memory_order_relaxed, memory_order_relaxed))
		;
}

/* 0 stands for none yet. */
static void
lower_to(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t is = get(counter);

	while ((is == 0 || is > n) &&
	       !atomic_compare_exchange_weak_explicit(counter, &is, n, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

int
mp_record_make(struct mp_record *record, const struct rte_memprof_config *config,
	       const size_t *class_size, unsigned int nb_classes, uint64_t tsc_hz)
{
	*record = (struct mp_record){
		.tsc_hz = tsc_hz,
		.nb_classes = nb_classes,
		.class_size = class_size,
		.max_places = config->max_samples,
	};
	record->place = calloc(record->max_places, sizeof(*record->place));
	record->cls = calloc(nb_classes + 1, sizeof(*record->cls));
	record->node = calloc(RTE_NUMA_MAX_NODES, sizeof(*record->node));
	if (record->place != NULL && record->cls != NULL && record->node != NULL &&
	    mp_sites_make(&record->sites, config->max_sites, config->depth) == 0)
		return 0;
	mp_record_free(record);
	return -ENOMEM;
}

void
mp_record_free(struct mp_record *record)
{
	mp_sites_free(&record->sites);
	free(record->place);
	free(record->cls);
	free(record->node);
	*record = (struct mp_record){ 0 };
}

unsigned int
mp_bin(uint64_t figure)
{
	return figure == 0 ? 0 : 63 - (unsigned int)__builtin_clzll(figure);
}

unsigned int
mp_class_of(const struct mp_record *record, size_t size)
{
	unsigned int low = 0, high = record->nb_classes, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (record->class_size[mid] < size)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
count_node(struct mp_record *record, const struct rte_fastmem_sample *s, struct mp_site *site)
{
	uint64_t bytes = s->blocks * s->given;
	struct mp_node_counts *node;

	if (s->node_id < 0 || s->node_id >= RTE_NUMA_MAX_NODES)
		return;
	node = &record->node[s->node_id];
	add(&node->blocks, s->blocks);
	add(&node->bytes, bytes);
	if (s->home_id < 0 || s->home_id == s->node_id)
		return;
	add(&node->remote_blocks, s->blocks);
	add(&node->remote_bytes, bytes);
	add(&site->count[MP_REMOTE_BYTES], bytes);
	atomic_store_explicit(&site->remote, (uint64_t)s->home_id << 32 | (uint32_t)s->node_id,
			      memory_order_relaxed); /* any of them will do */
}

static void
count_asked(struct mp_class_counts *cls, struct mp_site *site, const struct rte_fastmem_sample *s)
{
	if (s->asked == 0)
		return;
	add(&cls->asked, s->blocks * s->asked);
	add(&cls->given, s->blocks * s->given);
	add(&site->count[MP_ASKED], s->blocks * s->asked);
	add(&site->count[MP_GIVEN], s->blocks * s->given);
	lower_to(&site->asked_min, s->asked);
	raise_to(&site->asked_max, s->asked);
}

void
mp_record_allocated(struct mp_record *record, const struct rte_fastmem_sample *s,
		    const void *const *pc, uint32_t depth)
{
	unsigned int cls = mp_class_of(record, s->given);
	uint32_t number = mp_sites_find(&record->sites, pc, depth, cls);
	struct mp_site *site = mp_site_at(&record->sites, number);
	uint64_t bytes = s->blocks * s->given;

	if (number == 0)
		add(&record->sites_lost, 1);
	add(&site->count[MP_SAMPLES], 1);
	add(&site->count[MP_BLOCKS], s->blocks);
	add(&site->count[MP_BYTES], bytes);
	add(&record->cls[cls].blocks, s->blocks);
	if (cls == record->nb_classes)
		add(&record->large_bytes, bytes);
	count_asked(&record->cls[cls], site, s);
	count_node(record, s, site);
	add(&record->sizes[mp_bin(s->asked != 0 ? s->asked : s->given)], s->blocks);
	if (s->place >= record->max_places) {
		/* Whether it lives will not be known: it is not called live. */
		add(&site->count[MP_ENDED], s->blocks);
		add(&site->count[MP_ENDED_BYTES], bytes);
		return;
	}
	/* Relaxed: who frees it gets the sample from the sampler, and so this before it. */
	atomic_store_explicit(&record->place[s->place], number, memory_order_relaxed);
	raise_to(&record->live_peak,
		 atomic_fetch_add_explicit(&record->live_bytes, bytes, memory_order_relaxed) +
			 bytes);
}

/* In nanoseconds; 64 bits hold none of the products otherwise. */
static uint64_t
lifetime(const struct mp_record *record, uint64_t from, uint64_t to)
{
	uint64_t ticks = to > from ? to - from : 0;

	return (uint64_t)((unsigned __int128)ticks * 1000000000 / record->tsc_hz);
}

void
mp_record_freed(struct mp_record *record, const struct rte_fastmem_sample *s, bool found,
		uint64_t tsc)
{
	uint64_t ns = lifetime(record, s->tsc, tsc), bytes = s->blocks * s->given;
	struct mp_site *site;

	if (s->place >= record->max_places)
		return;
	site = mp_site_at(&record->sites,
			  atomic_load_explicit(&record->place[s->place], memory_order_relaxed));
	add(&site->count[MP_ENDED], s->blocks);
	add(&site->count[MP_ENDED_BYTES], bytes);
	add(&site->count[MP_ENDS], 1);
	/* What was found had less, but how much less is not known. */
	if (!found && ns < RTE_MEMPROF_SHORT_NS)
		add(&site->count[MP_SHORTS], 1);
	add(&record->lifetimes[mp_bin(ns)], s->blocks);
	if (found)
		add(&record->late, s->blocks);
	atomic_fetch_sub_explicit(&record->live_bytes, bytes, memory_order_relaxed);
}

static void
sum_site(const struct mp_site *site, struct rte_memprof_summary *sum, uint64_t *asked,
	 uint64_t *given)
{
	uint64_t ended = get(&site->count[MP_ENDED]), blocks = get(&site->count[MP_BLOCKS]);
	uint64_t ended_bytes = get(&site->count[MP_ENDED_BYTES]);
	uint64_t bytes = get(&site->count[MP_BYTES]);

	*asked += get(&site->count[MP_ASKED]);
	*given += get(&site->count[MP_GIVEN]);
	sum->sampled_blocks += blocks;
	sum->sampled_bytes += bytes;
	/* A sample in between may be seen to end, and not to begin. */
	sum->live_blocks += blocks > ended ? blocks - ended : 0;
	sum->live_bytes += bytes > ended_bytes ? bytes - ended_bytes : 0;
}

static void
sum_sites(const struct mp_sites *sites, struct rte_memprof_summary *sum, uint64_t *asked,
	  uint64_t *given)
{
	uint32_t at, number;

	sum->sampled_blocks = sum->sampled_bytes = sum->live_blocks = sum->live_bytes = 0;
	for (at = 0; at <= sites->mask; at++) {
		/* Acquire S1, see mp_sites_find(). */
		number = atomic_load_explicit(&sites->slot[at], memory_order_acquire);
		if (number != 0)
			sum_site(mp_site_at(sites, number), sum, asked, given);
	}
	sum_site(mp_site_at(sites, 0), sum, asked, given);
}

void
mp_record_sum(const struct mp_record *record, struct rte_memprof_summary *sum)
{
	uint64_t asked = 0, given = 0, seen = 0;
	unsigned int i;

	for (i = 0; i < RTE_MEMPROF_NB_BINS; i++) {
		sum->lifetimes[i] = get(&record->lifetimes[i]);
		sum->sizes[i] = get(&record->sizes[i]);
		seen += sum->lifetimes[i];
	}
	sum_sites(&record->sites, sum, &asked, &given);
	sum->lifetimes_open = sum->sampled_blocks > seen ? sum->sampled_blocks - seen : 0;
	sum->efficiency_permille = given == 0 ? 0 :
						(uint32_t)((unsigned __int128)asked * 1000 / given);
	sum->lifetimes_late = get(&record->late);
	sum->sites_lost = get(&record->sites_lost);
}
