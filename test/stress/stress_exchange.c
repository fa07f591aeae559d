/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of exchange.c: threads put and get objects, few and many, some under one
 *       another's number, and at the end of each round all of them are there, once.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "fastmem_exchange_priv.h"
#include "stress.h"

#define NB_ROUNDS 8
#define NB	  120 /* so that chains and slots are short: of 32 and 64 */
#define MOST	  50  /* that a thread holds, so that a get may find too few */

/* What travels. Plain memory, so that ThreadSanitizer sees who is not ordered. */
static struct object {
	uint32_t owner;
	uint32_t puts;
} object[NB];

static struct fm_exchange *exchange;
static struct hand {
	void *object[NB];
	uint32_t n;
} hand[STRESS_THREADS];

/* How many at once: mostly few, now and then so many that chains travel. */
static uint32_t
any_number(struct stress_thread *t)
{
	uint32_t r = stress_rand(t);

	return 1 + (r % 4 == 0 ? r / 16 % 40 : r / 16 % 4);
}

/* Two threads have one number, and at times each has another's. */
static uint8_t
number(struct stress_thread *t)
{
	return (uint8_t)(stress_rand(t) % 32 == 0 ? stress_rand(t) % 5 : 1 + t->me / 2);
}

static void
put(struct stress_thread *t, struct hand *h, uint32_t n)
{
	uint8_t as = number(t);
	struct object *o;
	uint32_t i;

	if (n > h->n)
		return;
	h->n -= n;
	for (i = 0; i < n; i++) {
		o = h->object[h->n + i];
		CHECK(o->owner == t->me);
		o->owner = 0;
		o->puts++;
	}
	if (!fm_exchange_put_few(exchange, as, h->object + h->n, n))
		fm_exchange_put(exchange, as, h->object + h->n, n);
	t->done += n;
}

static void
get(struct stress_thread *t, struct hand *h, uint32_t n)
{
	uint8_t as = number(t);
	struct object *o;
	uint32_t i;

	if (h->n + n > MOST)
		return;
	if (!fm_exchange_get_few(exchange, as, h->object + h->n, n) &&
	    !fm_exchange_get(exchange, as, h->object + h->n, n))
		return;
	for (i = 0; i < n; i++) {
		o = h->object[h->n + i];
		CHECK(o->owner == 0);
		o->owner = t->me;
	}
	h->n += n;
}

/* As if two threads were stopped in their slots: what comes then has to do with chains often. */
static void
beside_held_slots(struct stress_thread *t, struct hand *h, uint32_t n)
{
	struct fm_exchange_slot *slot[2] = { NULL, NULL };
	uint64_t word[2];
	uint32_t i;

	for (i = 0; i < 2; i++) {
		slot[i] = (struct fm_exchange_slot *)(void *)(exchange->slots +
							      stress_rand(t) % exchange->nb_slots *
								      exchange->slot_size);
		if (!fm_exchange_take(slot[i], &word[i]))
			slot[i] = NULL;
	}
	if (stress_rand(t) % 2 == 0)
		put(t, h, n);
	else
		get(t, h, n);
	for (i = 0; i < 2; i++)
		if (slot[i] != NULL)
			fm_exchange_give(slot[i], word[i], fm_exchange_word_count(word[i]));
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;
	struct hand *mine = &hand[t->me - 1];
	bool gives = false;

	while (stress_goes_on()) {
		/* For a while it mostly gives, then it mostly takes: slots get full and empty. */
		if (stress_rand(t) % 128 == 0)
			gives = !gives;
		if (stress_rand(t) % 4 == 0)
			beside_held_slots(t, mine, any_number(t));
		else if (gives != (stress_rand(t) % 4 == 0))
			put(t, mine, any_number(t));
		else
			get(t, mine, any_number(t));
	}
	return NULL;
}

/* A figure, at any time: it is never of more than there are by much, and reads what is there. */
static void
look(void)
{
	CHECK(fm_exchange_count(exchange) <= 2 * NB);
}

static void
round_begin(void *mem)
{
	uint32_t i;

	exchange = fm_exchange_init(mem, NB, 0);
	for (i = 0; i < STRESS_THREADS; i++)
		hand[i].n = 0;
	for (i = 0; i < NB; i++) {
		void *one = &object[i];

		object[i].owner = 0;
		fm_exchange_put(exchange, (uint8_t)(1 + i % 3), &one, 1);
	}
}

static void
round_end(void)
{
	static void *all[NB];
	uint32_t i, n = NB;

	for (i = 0; i < STRESS_THREADS; i++)
		n -= hand[i].n;
	CHECK(fm_exchange_count(exchange) == n);
	/* By one thread, at once: whoever left them where. */
	CHECK(!fm_exchange_get(exchange, 7, all, n + 1));
	CHECK(fm_exchange_get(exchange, 7, all, n));
	for (i = 0; i < n; i++) {
		CHECK(((struct object *)all[i])->owner == 0);
		((struct object *)all[i])->owner = UINT32_MAX;
	}
	CHECK(fm_exchange_count(exchange) == 0);
	/* Every chain is in the map of empty ones, every slot was given back. */
	for (i = 0; i < exchange->nb_chains; i++)
		CHECK((atomic_load(&exchange->empty[i / 64]) >> i % 64 & 1) == 1 &&
		      (atomic_load(&exchange->full[i / 64]) >> i % 64 & 1) == 0);
}

int
main(void)
{
	size_t size = fm_exchange_size(NB, 0);
	void *mem = aligned_alloc(FM_EXCHANGE_LINE, (size + 63) / 64 * 64);
	uint64_t done = 0;
	unsigned int i;

	CHECK(mem != NULL);
	for (i = 0; i < NB_ROUNDS; i++) {
		round_begin(mem);
		done += stress_run(work, stress_ms() / NB_ROUNDS, look);
		round_end();
	}
	free(mem);
	printf("%llu objects were put\n", (unsigned long long)done);
	return 0;
}
