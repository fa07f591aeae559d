/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * The works, as the user of one way would write them: included once by each way's file, below
 *
 *   struct local                      what the loops keep in registers: scalars only
 *   local_of(thread)                  makes it
 *   get_fixed(l, fixed), put_fixed(l, ptr, fixed)        of a constant size
 *   get_item(l, item), put_item(l, ptr, item)            of a size that is known at run time
 *   get_bulk(l, ptrs, n), put_bulk(l, ptrs, n)           of ITEM_64, false: none
 *
 * all static inline. Each loop is the same text for all ways, so what differs is the allocator.
 */

#ifndef LOOPS_H
#define LOOPS_H

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "way.h"

/* Let the compiler forget what it knows of memory, and take the pointer for used. */
static inline void
use(const void *ptr)
{
	__asm__ volatile("" : : "r"(ptr) : "memory");
}

/* The time now, no earlier operation still under way. */
static inline uint64_t
now(void)
{
	uint64_t tsc;

	__asm__ volatile("lfence" : : : "memory");
	tsc = rte_rdtsc();
	__asm__ volatile("lfence" : : : "memory");
	return tsc;
}

static uint64_t
loop_pair(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint64_t i;
	void *ptr;

	for (i = 0; i < n; i++) {
		ptr = get_fixed(&l, ITEM_64);
		if (unlikely(ptr == NULL))
			break;
		use(ptr);
		put_fixed(&l, ptr, ITEM_64);
	}
	return i;
}

static uint64_t
loop_pair_mixed(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	const struct item *sequence = work->sequence;
	struct item item;
	uint64_t i;
	void *ptr;

	for (i = 0; i < n; i++) {
		item = sequence[i % ITEM_SEQUENCE];
		ptr = get_item(&l, item);
		if (unlikely(ptr == NULL))
			break;
		use(ptr);
		put_item(&l, ptr, item);
	}
	return i;
}

/* `fixed`, `nb` and `touch` are constants where it is called. */
static inline uint64_t
batches(struct work *work, uint64_t n, enum item_fixed fixed, unsigned int nb, bool touch)
{
	const struct local l = local_of(work->thread);
	void *ptrs[WAY_BIG_BATCH];
	unsigned int k;
	uint64_t i;

	for (i = 0; i < n; i += nb) {
		for (k = 0; k < nb; k++) {
			ptrs[k] = get_fixed(&l, fixed);
			if (unlikely(ptrs[k] == NULL))
				return i + k;
			if (touch)
				*(uint64_t *)ptrs[k] = i;
		}
		use(ptrs);
		for (k = 0; k < nb; k++)
			put_fixed(&l, ptrs[k], fixed);
	}
	return i;
}

static uint64_t
loop_batch(struct work *work, uint64_t n)
{
	return batches(work, n, ITEM_64, WAY_BATCH, false);
}

static uint64_t
loop_touched(struct work *work, uint64_t n)
{
	return batches(work, n, ITEM_64, WAY_BIG_BATCH, true);
}

static uint64_t
loop_touched_4k(struct work *work, uint64_t n)
{
	return batches(work, n, ITEM_4K, WAY_BIG_BATCH, true);
}

static uint64_t
loop_batch_mixed(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	const struct item *items;
	void *ptrs[WAY_BATCH];
	unsigned int k;
	uint64_t i;

	for (i = 0; i < n; i += WAY_BATCH) {
		items = &work->sequence[i % ITEM_SEQUENCE];
		for (k = 0; k < WAY_BATCH; k++) {
			ptrs[k] = get_item(&l, items[k]);
			if (unlikely(ptrs[k] == NULL))
				return i + k;
		}
		use(ptrs);
		for (k = 0; k < WAY_BATCH; k++)
			put_item(&l, ptrs[k], items[k]);
	}
	return i;
}

static uint64_t
loop_bulk(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	void *ptrs[WAY_BATCH];
	uint64_t i;

	for (i = 0; i < n; i += WAY_BATCH) {
		if (unlikely(!get_bulk(&l, ptrs, WAY_BATCH)))
			break;
		use(ptrs);
		put_bulk(&l, ptrs, WAY_BATCH);
	}
	return i;
}

static uint64_t
loop_replace(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint32_t nb_slots = work->nb_slots;
	uint64_t random = work->random;
	uint8_t *kinds = work->kinds;
	void **slots = work->slots;
	uint32_t slot, kind;
	uint64_t i, bits;
	void *ptr;

	for (i = 0; i < n; i++) {
		bits = item_random(&random);
		slot = (bits >> 32) * nb_slots >> 32;
		kind = bits >> 24 & (ITEM_KINDS - 1);
		put_item(&l, slots[slot], item_kinds[kinds[slot]]);
		ptr = get_item(&l, item_kinds[kind]);
		slots[slot] = ptr;
		kinds[slot] = kind;
		if (unlikely(ptr == NULL))
			break;
		*(uint64_t *)ptr = i;
	}
	work->random = random;
	return i;
}

static uint64_t
loop_fill(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	void **slots = work->slots;
	uint64_t i;
	void *ptr;

	for (i = 0; i < n; i++) {
		ptr = get_fixed(&l, ITEM_64);
		if (unlikely(ptr == NULL))
			break;
		*(uint64_t *)ptr = i;
		slots[i] = ptr;
	}
	return i;
}

static uint64_t
loop_drain(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	void **slots = work->slots;
	uint64_t i;

	for (i = 0; i < n; i++)
		put_fixed(&l, slots[i], ITEM_64);
	return i;
}

static uint64_t
loop_fill_mixed(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint64_t i;

	for (i = 0; i < n; i++) {
		work->kinds[i] = work->sequence[i % ITEM_SEQUENCE].kind;
		work->slots[i] = get_item(&l, work->sequence[i % ITEM_SEQUENCE]);
		if (unlikely(work->slots[i] == NULL))
			break;
	}
	return i;
}

static uint64_t
loop_drain_mixed(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint64_t freed = 0;
	uint64_t i;

	for (i = 0; i < n; i++) {
		if (work->slots[i] == NULL)
			continue;
		put_item(&l, work->slots[i], item_kinds[work->kinds[i]]);
		work->slots[i] = NULL;
		freed++;
	}
	return freed;
}

/* How a batch gets over to the other core. Constant where it is called. */
enum handover { SINGLY, BULK, MIXED };

static inline unsigned int
get_batch(const struct local *l, void **ptrs, const struct item *items, enum handover how)
{
	unsigned int k;

	if (how == BULK)
		return get_bulk(l, ptrs, WAY_BATCH) ? WAY_BATCH : 0;
	for (k = 0; k < WAY_BATCH; k++) {
		ptrs[k] = how == MIXED ? get_item(l, items[k]) : get_fixed(l, ITEM_64);
		if (unlikely(ptrs[k] == NULL))
			break;
	}
	return k;
}

static inline uint64_t
produce(struct work *work, uint64_t n, enum handover how)
{
	const struct local l = local_of(work->thread);
	void *ptrs[WAY_BATCH];
	unsigned int nb;
	uint64_t i;

	for (i = 0; i < n; i += WAY_BATCH) {
		nb = get_batch(&l, ptrs, &work->sequence[i % ITEM_SEQUENCE], how);
		if (unlikely(nb < WAY_BATCH))
			return i + nb;
		while (rte_ring_sp_enqueue_bulk(work->ring, ptrs, WAY_BATCH, NULL) == 0)
			rte_pause();
	}
	return i;
}

/* The producer's batches arrive whole, so both know an object's place in the sequence. */
static inline uint64_t
consume(struct work *work, uint64_t n, enum handover how)
{
	const struct local l = local_of(work->thread);
	const struct item *items;
	void *ptrs[WAY_BATCH];
	unsigned int k;
	uint64_t i;

	for (i = 0; i < n; i += WAY_BATCH) {
		while (rte_ring_sc_dequeue_bulk(work->ring, ptrs, WAY_BATCH, NULL) == 0) {
			/* Acquire: what the other had put into the ring before can be seen. */
			if (__atomic_load_n(work->failed, __ATOMIC_ACQUIRE) &&
			    rte_ring_empty(work->ring))
				return i;
			rte_pause();
		}
		items = &work->sequence[i % ITEM_SEQUENCE];
		if (how == BULK)
			put_bulk(&l, ptrs, WAY_BATCH);
		for (k = 0; k < WAY_BATCH && how != BULK; k++) {
			if (how == MIXED)
				put_item(&l, ptrs[k], items[k]);
			else
				put_fixed(&l, ptrs[k], ITEM_64);
		}
	}
	return i;
}

static uint64_t
loop_produce(struct work *work, uint64_t n)
{
	return produce(work, n, SINGLY);
}

static uint64_t
loop_consume(struct work *work, uint64_t n)
{
	return consume(work, n, SINGLY);
}

static uint64_t
loop_produce_bulk(struct work *work, uint64_t n)
{
	return produce(work, n, BULK);
}

static uint64_t
loop_consume_bulk(struct work *work, uint64_t n)
{
	return consume(work, n, BULK);
}

static uint64_t
loop_produce_mixed(struct work *work, uint64_t n)
{
	return produce(work, n, MIXED);
}

static uint64_t
loop_consume_mixed(struct work *work, uint64_t n)
{
	return consume(work, n, MIXED);
}

static uint64_t
loop_pair_timed(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint64_t i, start;
	void *ptr;

	for (i = 0; i < n; i++) {
		start = now();
		ptr = get_fixed(&l, ITEM_64);
		if (unlikely(ptr == NULL))
			break;
		use(ptr);
		put_fixed(&l, ptr, ITEM_64);
		histogram_add(work->histogram, now() - start);
	}
	return i;
}

static uint64_t
loop_tail(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint64_t i, bits, start;
	uint32_t slot, kind;
	void *ptr;

	for (i = 0; i < n; i++) {
		bits = item_random(&work->random);
		slot = (bits >> 32) * work->nb_slots >> 32;
		kind = bits >> 24 & (ITEM_KINDS - 1);
		ptr = work->slots[slot];
		if (ptr != NULL) {
			kind = work->kinds[slot];
			start = now();
			put_item(&l, ptr, item_kinds[kind]);
			histogram_add(work->histogram, now() - start);
			work->slots[slot] = NULL;
			continue;
		}
		start = now();
		ptr = get_item(&l, item_kinds[kind]);
		histogram_add(work->histogram, now() - start);
		if (unlikely(ptr == NULL))
			break;
		*(uint64_t *)ptr = i;
		work->slots[slot] = ptr;
		work->kinds[slot] = kind;
	}
	return i;
}

static uint64_t
loop_failing(struct work *work, uint64_t n)
{
	const struct local l = local_of(work->thread);
	uint64_t i, start;
	void *ptr;

	for (i = 0; i < n; i++) {
		start = now();
		ptr = get_fixed(&l, ITEM_64);
		histogram_add(work->histogram, now() - start);
		if (unlikely(ptr != NULL)) {
			put_fixed(&l, ptr, ITEM_64);
			break;
		}
	}
	return i;
}

static const struct loops loops = {
	.pair = loop_pair,
	.pair_mixed = loop_pair_mixed,
	.batch = loop_batch,
	.batch_mixed = loop_batch_mixed,
	.touched = loop_touched,
	.touched_4k = loop_touched_4k,
	.bulk = loop_bulk,
	.replace = loop_replace,
	.fill = loop_fill,
	.drain = loop_drain,
	.fill_mixed = loop_fill_mixed,
	.drain_mixed = loop_drain_mixed,
	.produce = loop_produce,
	.consume = loop_consume,
	.produce_bulk = loop_produce_bulk,
	.consume_bulk = loop_consume_bulk,
	.produce_mixed = loop_produce_mixed,
	.consume_mixed = loop_consume_mixed,
	.pair_timed = loop_pair_timed,
	.tail = loop_tail,
	.failing = loop_failing,
};

#endif /* LOOPS_H */
