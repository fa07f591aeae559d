/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of slab.c: threads claim runs of pages, many of which span words, and
 *       return them.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "fastmem_priv.h"
#include "stress.h"

#define FIRST	40 /* free at first: these pages, in four words */
#define LAST	200
#define NB_HELD 4

static struct fm_slab slab;
/* Plain memory, so that ThreadSanitizer sees who is not ordered. */
static uint32_t page_mark[FM_SLAB_PAGES];

struct held {
	unsigned int first;
	unsigned int n;
};

static void
mark(const struct stress_thread *t, const struct held *h)
{
	unsigned int i;

	CHECK(h->first >= FIRST && h->first + h->n <= LAST);
	for (i = h->first; i < h->first + h->n; i++) {
		CHECK(page_mark[i] == 0);
		page_mark[i] = t->me;
	}
}

static void
give(const struct stress_thread *t, const struct held *h)
{
	unsigned int i;

	for (i = h->first; i < h->first + h->n; i++) {
		CHECK(page_mark[i] == t->me);
		page_mark[i] = 0;
	}
	fm_slab_release(&slab, h->first, h->n);
}

static bool
claim(struct stress_thread *t, struct held *h)
{
	unsigned int align = 1u << stress_rand(t) % 6;
	int first;

	/* Few pages, or so many that they span words. */
	h->n = 1 + stress_rand(t) % (stress_rand(t) % 2 == 0 ? 8 : 90);
	if (stress_rand(t) % 2 == 0) {
		h->first = FIRST + stress_rand(t) % (LAST - FIRST);
		if (h->first + h->n > LAST)
			h->n = LAST - h->first;
		return fm_slab_claim_at(&slab, h->first, h->n);
	}
	first = fm_slab_claim(&slab, h->n, align);
	if (first < 0)
		return false;
	CHECK((unsigned int)first % align == 0);
	h->first = (unsigned int)first;
	return true;
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;
	struct held held[NB_HELD];
	unsigned int n = 0, i;

	while (stress_goes_on()) {
		if (n == NB_HELD || (n > 0 && stress_rand(t) % 2 == 0)) {
			i = stress_rand(t) % n;
			give(t, &held[i]);
			held[i] = held[--n];
		} else if (claim(t, &held[n])) {
			mark(t, &held[n++]);
			t->done++;
		}
	}
	while (n > 0)
		give(t, &held[--n]);
	return NULL;
}

int
main(void)
{
	uint64_t done;
	unsigned int i;

	fm_slab_release(&slab, FIRST, LAST - FIRST);
	done = stress_run(work, stress_ms(), NULL);
	for (i = 0; i < FM_SLAB_PAGES; i++)
		CHECK((atomic_load(&slab.free[i / 64]) >> i % 64 & 1) == (i >= FIRST && i < LAST));
	printf("%llu runs were claimed\n", (unsigned long long)done);
	return 0;
}
