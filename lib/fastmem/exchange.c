/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the exchange: a pool's free objects, in slots that threads have to themselves mostly, and
 *       in chains that travel between slots.
 * Must not: wait for anyone, touch an object, or need EAL.
 * Called by: mempool_ops.c, and by the stress test and the model in test/.
 *
 * A thread takes its slot, puts or gets at the stack's top, and gives the slot back: one locked
 * operation, on a line that no other thread writes. A slot that overflows makes a chain of its top;
 * one that runs out takes over a chain. Two maps say which chains are full and which are empty.
 *
 * X1. A slot's word says whether it is taken, how many objects are in it, and how often it was given
 *     back. Who makes it taken by a compare-and-swap owns its objects, and gives it back by a store.
 * X2. A chain is owned by whose fetch_and cleared its bit in either map. Who owns it sets its bit in
 *     one of them: in `full` if it has objects, else in `empty`. In neither map: somebody has it.
 * X3. Every object is in one slot below its count, in one chain below its count, or in a hand.
 * X4. Whose own slot is taken uses another, and who finds all taken uses chains alone.
 * X5. A get fails only after it has looked into every slot and chain while nobody changed any, or
 *     after FAIL_AFTER looks during all of which somebody did, or was stopped doing so.
 *
 * Progress: lock-free. A thread that is stopped has one slot and one chain at most, which others do
 * without; there are chains enough for as many stopped threads as there are slots. Model:
 * test/model/exchange.pml.
 */

#include "fastmem_exchange_priv.h"

#include <string.h>

#define LENGTH_MAX 512 /* objects in a chain */
#define LENGTH_MIN 16
#define SPARE	   4 /* chains and slots beyond those that arithmetic asks for */
#define FAIL_AFTER 100

static struct fm_exchange_slot *
slot_at(const struct fm_exchange *x, uint32_t i)
{
	return (struct fm_exchange_slot *)(void *)(x->slots + (size_t)i * x->slot_size);
}

static struct fm_exchange_chain *
chain_at(const struct fm_exchange *x, uint32_t i)
{
	return (struct fm_exchange_chain *)(void *)(x->chains + (size_t)i * x->chain_size);
}

static void
copy(void **to, void *const *from, uint32_t n)
{
	memcpy(to, from, n * sizeof(*to));
}

/* ---- layout */

static uint32_t
chain_length(uint32_t n)
{
	uint32_t length = LENGTH_MIN;

	/* Two slots may have all objects: then none travels. */
	while (length < LENGTH_MAX && length < n / 4)
		length *= 2;
	return length;
}

static uint32_t
slots_for(uint32_t nb_threads)
{
	return nb_threads + SPARE < FM_EXCHANGE_SLOTS ? nb_threads + SPARE : FM_EXCHANGE_SLOTS;
}

static void
layout(struct fm_exchange *x, uint32_t n, uint32_t nb_threads)
{
	x->length = chain_length(n);
	x->room = 2 * x->length;
	x->nb_slots = slots_for(nb_threads);
	/* Those that all objects fill, and one in the hands of each slot's owner. */
	x->nb_chains = n / x->length + 1 + x->nb_slots + SPARE;
	x->nb_words = (x->nb_chains + 63) / 64;
	x->slot_size = (uint32_t)(sizeof(struct fm_exchange_slot) + x->room * sizeof(void *));
	x->chain_size = (uint32_t)(sizeof(struct fm_exchange_chain) + x->length * sizeof(void *));
}

static size_t
map_size(const struct fm_exchange *x)
{
	return (x->nb_words * sizeof(uint64_t) + FM_EXCHANGE_LINE - 1) / FM_EXCHANGE_LINE *
	       FM_EXCHANGE_LINE;
}

size_t
fm_exchange_size(uint32_t n, uint32_t nb_threads)
{
	struct fm_exchange x;

	layout(&x, n, nb_threads);
	return sizeof(x) + 2 * map_size(&x) + (size_t)x.nb_slots * x.slot_size +
	       (size_t)x.nb_chains * x.chain_size;
}

struct fm_exchange *
fm_exchange_init(void *mem, uint32_t n, uint32_t nb_threads)
{
	struct fm_exchange *x = mem;
	uint32_t i;
	char *at = (char *)mem + sizeof(*x);

	memset(x, 0, sizeof(*x));
	layout(x, n, nb_threads);
	x->full = (_Atomic uint64_t *)(void *)at;
	at += map_size(x);
	x->empty = (_Atomic uint64_t *)(void *)at;
	at += map_size(x);
	x->slots = at;
	x->chains = at + (size_t)x->nb_slots * x->slot_size;
	/* Relaxed, all: who gets to know of the exchange finds it laid out. */
	for (i = 0; i < x->nb_words; i++) {
		atomic_store_explicit(&x->full[i], 0, memory_order_relaxed);
		atomic_store_explicit(&x->empty[i], 0, memory_order_relaxed);
	}
	for (i = 0; i < FM_EXCHANGE_HOMES; i++)
		atomic_store_explicit(&x->home[i], FM_EXCHANGE_NEW, memory_order_relaxed);
	for (i = 0; i < x->nb_slots; i++) {
		atomic_store_explicit(&slot_at(x, i)->word, 0, memory_order_relaxed);
		slot_at(x, i)->at = i * x->nb_words / x->nb_slots;
	}
	for (i = 0; i < x->nb_chains; i++) {
		atomic_store_explicit(&chain_at(x, i)->count, 0, memory_order_relaxed);
		atomic_fetch_or_explicit(&x->empty[i / 64], UINT64_C(1) << i % 64,
					 memory_order_relaxed);
	}
	return x;
}

/* ---- chains */

/* Own a chain of a map, sought from word *from on; -1: there is none. */
static int
chain_claim(const struct fm_exchange *x, _Atomic uint64_t *map, uint32_t *from)
{
	uint32_t i, w = *from;
	uint64_t bits, bit;

	for (i = 0; i < x->nb_words; i++, w++) {
		if (w >= x->nb_words)
			w = 0;
		/*
		 * To choose by; the fetch_and proves it. Acquire, for X5: the look that comes after
		 * this one sees nothing older.
		 */
		bits = atomic_load_explicit(&map[w], memory_order_acquire);
		while (bits != 0) {
			bit = bits & -bits;
			RACE_WINDOW();
			/* A1: pairs with R1: who had the chain is done with it. */
			bits = atomic_fetch_and_explicit(&map[w], ~bit, memory_order_acquire);
			if ((bits & bit) != 0) {
				*from = w;
				return (int)(w * 64 + (uint32_t)__builtin_ctzll(bit));
			}
		}
	}
	return -1;
}

/* Give a chain back that the caller owns, with so many objects in it. */
static void
chain_release(struct fm_exchange *x, int i, uint32_t count)
{
	_Atomic uint64_t *map = count != 0 ? x->full : x->empty;

	/* Relaxed: R1 publishes it. */
	atomic_store_explicit(&chain_at(x, (uint32_t)i)->count, count, memory_order_relaxed);
	RACE_WINDOW();
	/* R1: pairs with A1. */
	atomic_fetch_or_explicit(&map[i / 64], UINT64_C(1) << i % 64, memory_order_release);
}

static uint32_t
chain_count(const struct fm_exchange *x, int i)
{
	/* Relaxed: of a chain that we own, or for a figure. */
	return atomic_load_explicit(&chain_at(x, (uint32_t)i)->count, memory_order_relaxed);
}

/* Own a chain that has objects and room for more; -1: there is none. */
static int
chain_claim_part(struct fm_exchange *x)
{
	uint32_t i;
	uint64_t bit;

	for (i = 0; i < x->nb_chains; i++) {
		bit = UINT64_C(1) << i % 64;
		if (chain_count(x, (int)i) == x->length ||
		    (atomic_load_explicit(&x->full[i / 64], memory_order_relaxed) & bit) == 0)
			continue;
		/* A1, as in chain_claim(). */
		if ((atomic_fetch_and_explicit(&x->full[i / 64], ~bit, memory_order_acquire) &
		     bit) == 0)
			continue;
		if (chain_count(x, (int)i) < x->length)
			return (int)i;
		chain_release(x, (int)i, x->length);
	}
	return -1;
}

/* Store objects in chains. There is room, or somebody is just about to make some, see SPARE. */
static void
chains_put(struct fm_exchange *x, uint32_t *from, void *const *objects, uint32_t n)
{
	uint32_t had, part;
	int i;

	while (n != 0) {
		i = chain_claim(x, x->empty, from);
		if (i < 0)
			i = chain_claim_part(x);
		if (i < 0)
			continue;
		had = chain_count(x, i);
		part = n < x->length - had ? n : x->length - had;
		n -= part;
		copy(chain_at(x, (uint32_t)i)->object + had, objects + n, part);
		chain_release(x, i, had + part);
	}
}

/* ---- slots */

/* The slot of a thread that comes for the first time: threads go round all of them. */
static struct fm_exchange_slot *
home_new(struct fm_exchange *x, uint8_t thread)
{
	/* Relaxed, both: as in fm_exchange_slot_of(). */
	uint32_t i = atomic_fetch_add_explicit(&x->nb_homes, 1, memory_order_relaxed);

	i = i % x->nb_slots * x->slot_size;
	if (thread != FM_EXCHANGE_NOBODY)
		atomic_store_explicit(&x->home[thread], i, memory_order_relaxed);
	return (struct fm_exchange_slot *)(void *)(x->slots + i);
}

/* What a thread works with for the time of a call. */
struct hand {
	struct fm_exchange_slot *slot; /* NULL: all of them were taken */
	uint64_t word;
	uint32_t count; /* objects in the slot now */
	uint32_t from;	/* where to look for chains */
};

/* Take a slot: the thread's own, or any. */
static void
hand_begin(struct fm_exchange *x, uint8_t thread, struct hand *h)
{
	uint32_t i;

	h->slot = fm_exchange_slot_of(x, thread);
	if (h->slot == NULL)
		h->slot = home_new(x, thread);
	if (!fm_exchange_take(h->slot, &h->word)) {
		for (i = 0; i < x->nb_slots; i++)
			if (fm_exchange_take(slot_at(x, i), &h->word))
				break;
		h->slot = i < x->nb_slots ? slot_at(x, i) : NULL;
	}
	h->count = h->slot != NULL ? fm_exchange_word_count(h->word) : 0;
	h->from = 0;
	if (h->slot == NULL)
		/* Relaxed: only that it changes, see look(). */
		atomic_fetch_add_explicit(&x->loose, 1, memory_order_relaxed);
}

static void
hand_end(struct hand *h)
{
	if (h->slot != NULL)
		fm_exchange_give(h->slot, h->word, h->count);
}

/* Put objects, though the slot may have no room for them. */
static void
put_in(struct fm_exchange *x, struct hand *h, void *const *objects, uint32_t n)
{
	uint32_t *from = h->slot != NULL ? &h->slot->at : &h->from;

	if (h->slot == NULL) {
		chains_put(x, from, objects, n);
		return;
	}
	while (n > x->room - h->count) {
		if (n >= x->length) {
			n -= x->length;
			chains_put(x, from, objects + n, x->length);
		} else {
			h->count -= x->length;
			chains_put(x, from, h->slot->object + h->count, x->length);
		}
	}
	copy(h->slot->object + h->count, objects, n);
	h->count += n;
}

void
fm_exchange_put(struct fm_exchange *x, uint8_t thread, void *const *objects, uint32_t n)
{
	struct hand h;

	hand_begin(x, thread, &h);
	put_in(x, &h, objects, n);
	hand_end(&h);
}

/* ---- getting what is not in the slot */

/* Objects out of chains; what a chain has beyond that goes to the slot, which is empty. */
static uint32_t
get_from_chains(struct fm_exchange *x, struct hand *h, void **objects, uint32_t n)
{
	uint32_t *from = h->slot != NULL ? &h->slot->at : &h->from;
	uint32_t got = 0, part, rest;
	void *const *object;
	int i;

	while (got < n) {
		i = chain_claim(x, x->full, from);
		if (i < 0)
			break;
		object = chain_at(x, (uint32_t)i)->object;
		rest = chain_count(x, i);
		part = n - got < rest ? n - got : rest;
		rest -= part;
		copy(objects + got, object + rest, part);
		got += part;
		if (rest != 0 && h->slot != NULL) {
			copy(h->slot->object, object, rest);
			h->count = rest;
			rest = 0;
		}
		chain_release(x, i, rest);
	}
	return got;
}

/* Objects out of others' slots; half of what such a slot has left comes along, if we have one. */
static uint32_t
get_from_slots(struct fm_exchange *x, struct hand *h, void **objects, uint32_t n)
{
	struct fm_exchange_slot *s;
	uint32_t i, got = 0, part, count;
	uint64_t word;

	for (i = 0; i < x->nb_slots && got < n; i++) {
		s = slot_at(x, i);
		/* To choose by; acquire as in chain_claim(). */
		word = atomic_load_explicit(&s->word, memory_order_acquire);
		if (s == h->slot || fm_exchange_word_count(word) == 0 ||
		    !fm_exchange_take(s, &word))
			continue;
		count = fm_exchange_word_count(word);
		part = n - got < count ? n - got : count;
		count -= part;
		copy(objects + got, s->object + count, part);
		got += part;
		if (h->slot != NULL && count > 1) {
			part = count / 2;
			count -= part;
			copy(h->slot->object + h->count, s->object + count, part);
			h->count += part;
		}
		fm_exchange_give(s, word, count);
	}
	return got;
}

/* A number that differs if a slot was given back meanwhile; *busy: somebody else has one. */
static uint64_t
look(const struct fm_exchange *x, const struct fm_exchange_slot *own, bool *busy)
{
	uint64_t word, sum = atomic_load_explicit(&x->loose, memory_order_relaxed);
	uint32_t i;

	for (i = 0; i < x->nb_slots; i++) {
		if (slot_at(x, i) == own)
			continue;
		/* A3: pairs with R2: what was done before it was given back is seen in the maps. */
		word = atomic_load_explicit(&slot_at(x, i)->word, memory_order_acquire);
		*busy |= (word & FM_EXCHANGE_TAKEN) != 0;
		sum += word >> FM_EXCHANGE_VERSION_SHIFT;
	}
	return sum;
}

/* Get objects, though the slot may not have them all. False: nowhere are so many. */
static bool
get_out(struct fm_exchange *x, struct hand *h, void **objects, uint32_t n)
{
	uint32_t got = h->count < n ? h->count : n, had, i;
	uint64_t before;
	bool busy;

	h->count -= got;
	if (got != 0)
		copy(objects, h->slot->object + h->count, got);
	got += get_from_chains(x, h, objects + got, n - got);
	for (i = 0; got < n && i < FAIL_AFTER; i++) {
		busy = false;
		before = look(x, h->slot, &busy);
		had = got;
		got += get_from_slots(x, h, objects + got, n - got);
		got += get_from_chains(x, h, objects + got, n - got);
		/* X5: nothing was there, and nobody moved anything past us meanwhile. */
		if (got == had && look(x, h->slot, &busy) == before && !busy)
			break;
	}
	if (got >= n)
		return true;
	put_in(x, h, objects, got);
	return false;
}

bool
fm_exchange_get(struct fm_exchange *x, uint8_t thread, void **objects, uint32_t n)
{
	struct hand h;
	bool done;

	hand_begin(x, thread, &h);
	done = get_out(x, &h, objects, n);
	hand_end(&h);
	return done;
}

uint32_t
fm_exchange_count(const struct fm_exchange *x)
{
	uint64_t bits;
	uint32_t i, sum = 0;

	/* Relaxed, all: a figure. */
	for (i = 0; i < x->nb_slots; i++)
		sum += fm_exchange_word_count(
			atomic_load_explicit(&slot_at(x, i)->word, memory_order_relaxed));
	for (i = 0; i < x->nb_words; i++) {
		bits = atomic_load_explicit(&x->full[i], memory_order_relaxed);
		for (; bits != 0; bits &= bits - 1)
			sum += chain_count(x, (int)(i * 64 + (uint32_t)__builtin_ctzll(bits)));
	}
	return sum;
}
