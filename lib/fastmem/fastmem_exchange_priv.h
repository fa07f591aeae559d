/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The exchange: where a mempool's free objects are. exchange.c says how it works.
 *
 * It lies in memory that primary and secondaries have at one address, so pointers within it are
 * fine; it holds nothing of one process alone.
 */

#ifndef FASTMEM_EXCHANGE_PRIV_H
#define FASTMEM_EXCHANGE_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "race_window.h"

#define FM_EXCHANGE_LINE   64
#define FM_EXCHANGE_HOMES  512 /* threads whose slots are told apart: lcores, and some more */
#define FM_EXCHANGE_NOBODY 0   /* who has no number yet has no slot */
#define FM_EXCHANGE_FEW	   32
#define FM_EXCHANGE_SLOTS  256 /* at most */
#define FM_EXCHANGE_NEW	   UINT32_MAX

/* A stack of objects, mostly of one thread. Who has taken its word owns the rest. */
struct fm_exchange_slot {
	_Alignas(FM_EXCHANGE_LINE) _Atomic uint64_t word;
	uint32_t at; /* where in the maps a chain was found last: a hint */
	_Alignas(FM_EXCHANGE_LINE) void *object[];
};

/* Objects on the way between slots. Who has claimed its bit owns it. */
struct fm_exchange_chain {
	_Alignas(FM_EXCHANGE_LINE) _Atomic uint32_t count;
	_Alignas(FM_EXCHANGE_LINE) void *object[];
};

struct fm_exchange {
	uint32_t length; /* objects in a chain */
	uint32_t room;	 /* objects in a slot: two chains */
	uint32_t nb_slots;
	uint32_t nb_chains;
	uint32_t nb_words; /* of each map */
	uint32_t slot_size, chain_size;
	char *slots, *chains;
	_Atomic uint64_t *full;	 /* bit = chain: it has objects */
	_Atomic uint64_t *empty; /* it has none */
	_Atomic uint32_t
		home[FM_EXCHANGE_HOMES]; /* a thread's slot, from `slots`; or FM_EXCHANGE_NEW */
	_Alignas(FM_EXCHANGE_LINE) _Atomic uint32_t nb_homes;
	_Atomic uint64_t loose; /* operations that found every slot taken */
};

/* Bytes for `n` objects and about `nb_threads` threads at once. */
size_t
fm_exchange_size(uint32_t n, uint32_t nb_threads);

/* Lay an empty one out in memory of that size, aligned to a line. */
struct fm_exchange *
fm_exchange_init(void *mem, uint32_t n, uint32_t nb_threads);

/* ---------------------------------------------------------------- slots */

/* A slot's word: taken or not, how many objects, how often it was given back. */
#define FM_EXCHANGE_TAKEN	  UINT64_C(1)
#define FM_EXCHANGE_COUNT_SHIFT	  1
#define FM_EXCHANGE_COUNT_BITS	  20
#define FM_EXCHANGE_VERSION_SHIFT 24

static inline uint32_t
fm_exchange_word_count(uint64_t word)
{
	return (uint32_t)(word >> FM_EXCHANGE_COUNT_SHIFT) & ((1u << FM_EXCHANGE_COUNT_BITS) - 1);
}

/* Take a slot; false: somebody has it, or was quicker. */
static inline bool
fm_exchange_take(struct fm_exchange_slot *s, uint64_t *word)
{
	/* Relaxed: only to choose by; the compare-and-swap proves it. */
	*word = atomic_load_explicit(&s->word, memory_order_relaxed);
	if (__builtin_expect((*word & FM_EXCHANGE_TAKEN) != 0, 0))
		return false;
	RACE_WINDOW();
	/* A2: pairs with R2: the objects are there, and were read. */
	return __builtin_expect(
		atomic_compare_exchange_strong_explicit(&s->word, word, *word | FM_EXCHANGE_TAKEN,
							memory_order_acquire, memory_order_relaxed),
		1);
}

/* Give a slot back that the caller took when its word was `word`, with so many objects. */
static inline void
fm_exchange_give(struct fm_exchange_slot *s, uint64_t word, uint32_t count)
{
	uint64_t was = fm_exchange_word_count(word);

	word += UINT64_C(1) << FM_EXCHANGE_VERSION_SHIFT;
	word += (count - was) << FM_EXCHANGE_COUNT_SHIFT;
	RACE_WINDOW();
	/* R2: pairs with A2 and A3. */
	atomic_store_explicit(&s->word, word, memory_order_release);
}

/* Up to FM_EXCHANGE_FEW: without the call that more are worth. */
static inline void
fm_exchange_copy_few(void **to, void *const *from, uint32_t n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8)
		memcpy(to, from, 8 * sizeof(*to));
	if ((n & 4) != 0) {
		memcpy(to, from, 4 * sizeof(*to));
		to += 4;
		from += 4;
	}
	for (n &= 3; n != 0; n--)
		*to++ = *from++;
}

/* The slot of a thread; NULL: it comes for the first time, or is FM_EXCHANGE_NOBODY. */
static inline struct fm_exchange_slot *
fm_exchange_slot_of(const struct fm_exchange *x, uint8_t thread)
{
	/* Relaxed: where a thread goes first is a matter of speed alone. */
	uint32_t at = atomic_load_explicit(&x->home[thread], memory_order_relaxed);

	if (__builtin_expect(at == FM_EXCHANGE_NEW, 0))
		return NULL;
	return (struct fm_exchange_slot *)(void *)(x->slots + at);
}

/* ---------------------------------------------------------------- the exchange */

/* Put objects in, together never more than fm_exchange_init() was told. */
void
fm_exchange_put(struct fm_exchange *x, uint8_t thread, void *const *objects, uint32_t n);

/* Take `n` objects out, or none: false. */
bool
fm_exchange_get(struct fm_exchange *x, uint8_t thread, void **objects, uint32_t n);

/*
 * The same where all is as it mostly is: few objects, and the thread's slot has them, or room for
 * them. False: it is not, and nothing was done.
 */
static inline bool
fm_exchange_put_few(struct fm_exchange *x, uint8_t thread, void *const *objects, uint32_t n)
{
	struct fm_exchange_slot *s = fm_exchange_slot_of(x, thread);
	uint32_t count;
	uint64_t word;

	if (__builtin_expect(n > FM_EXCHANGE_FEW || s == NULL || !fm_exchange_take(s, &word), 0))
		return false;
	count = fm_exchange_word_count(word);
	if (__builtin_expect(n > x->room - count, 0)) {
		fm_exchange_give(s, word, count);
		return false;
	}
	fm_exchange_copy_few(s->object + count, objects, n);
	fm_exchange_give(s, word, count + n);
	return true;
}

static inline bool
fm_exchange_get_few(struct fm_exchange *x, uint8_t thread, void **objects, uint32_t n)
{
	struct fm_exchange_slot *s = fm_exchange_slot_of(x, thread);
	uint32_t count;
	uint64_t word;

	if (__builtin_expect(n > FM_EXCHANGE_FEW || s == NULL || !fm_exchange_take(s, &word), 0))
		return false;
	count = fm_exchange_word_count(word);
	if (__builtin_expect(n > count, 0)) {
		fm_exchange_give(s, word, count);
		return false;
	}
	fm_exchange_copy_few(objects, s->object + count - n, n);
	fm_exchange_give(s, word, count - n);
	return true;
}

/* Objects in it, give or take what is on the move. */
uint32_t
fm_exchange_count(const struct fm_exchange *x);

#endif /* FASTMEM_EXCHANGE_PRIV_H */
