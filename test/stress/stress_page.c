/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of page.c: threads claim runs, take and return blocks, empty the runs and
 *       claim their pages for other classes, with the rules that page.c asks of its callers.
 * Must not: synchronise the threads by anything but the code under test.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include "fastmem_priv.h"
#include "race_window.h"
#include "stress.h"

#define NB_PAGES 4
#define NB_HELD	 6

/* Words of these come to the same values now and then. */
static const struct fm_class classes[] = {
	{ .pages = 1, .blocks = 2 }, { .pages = 1, .blocks = 3 }, { .pages = 1, .blocks = 2 },
	{ .pages = 2, .blocks = 3 }, { .pages = 3, .blocks = 1 }, { .pages = 1, .blocks = 64 },
};
#define NB_CLASSES (sizeof(classes) / sizeof(classes[0]))

static struct fm_slab slab; /* NB_PAGES of it */
static _Atomic uint16_t entry[NB_PAGES];

/* Plain memory, so that ThreadSanitizer sees who is not ordered: whose block, whose page. */
static uint32_t block_mark[NB_PAGES][64];
static uint32_t page_mark[NB_PAGES];

struct held {
	unsigned int page;
	unsigned int cls;
	uint64_t blocks;
};

static void
mark(const struct stress_thread *t, unsigned int page, uint64_t blocks)
{
	unsigned int b;

	for (; blocks != 0; blocks &= blocks - 1) {
		b = (unsigned int)__builtin_ctzll(blocks);
		CHECK(block_mark[page][b] == 0);
		block_mark[page][b] = t->me;
	}
}

static void
unmark(const struct stress_thread *t, unsigned int page, uint64_t blocks)
{
	unsigned int b;

	for (; blocks != 0; blocks &= blocks - 1) {
		b = (unsigned int)__builtin_ctzll(blocks);
		CHECK(block_mark[page][b] == t->me);
		block_mark[page][b] = 0;
	}
}

static void
run_release(const struct stress_thread *t, unsigned int page, unsigned int cls)
{
	unsigned int i;

	mark(t, page, fm_class_full(&classes[cls]));
	unmark(t, page, fm_class_full(&classes[cls]));
	for (i = page; i < page + classes[cls].pages; i++) {
		CHECK(page_mark[i] != 0);
		page_mark[i] = 0;
		/* Relaxed: the release of the pages orders. */
		atomic_store_explicit(&entry[i], 0, memory_order_relaxed);
	}
	fm_slab_release(&slab, page, classes[cls].pages);
}

static void
run_put(const struct stress_thread *t, unsigned int page, unsigned int cls, uint64_t blocks)
{
	enum fm_page_put what;
	unsigned int now;

	for (;;) {
		what = fm_page_put(&slab.word[page], blocks, fm_class_full(&classes[cls]));
		CHECK(what != FM_PUT_TWICE);
		if (what != FM_PUT_EMPTY)
			return;
		RACE_WINDOW();
		now = atomic_load_explicit(&entry[page], memory_order_relaxed);
		CHECK(now != 0);
		if (fm_entry_class((uint16_t)now) == cls) {
			run_release(t, page, cls);
			return;
		}
		blocks = fm_class_full(&classes[cls]);
		cls = fm_entry_class((uint16_t)now);
	}
}

static bool
run_claim(struct stress_thread *t, struct held *h)
{
	unsigned int i, cls = stress_rand(t) % NB_CLASSES;
	uint64_t full = fm_class_full(&classes[cls]);
	int page = fm_slab_claim(&slab, classes[cls].pages, 1);

	if (page < 0)
		return false;
	h->page = (unsigned int)page;
	h->cls = cls;
	/* Any block, so that those left come to other classes' words; none now and then: warmed. */
	do {
		h->blocks = full & (stress_rand(t) | (uint64_t)stress_rand(t) << 32);
	} while (h->blocks == 0 && stress_rand(t) % 8 != 0);
	for (i = h->page; i < h->page + classes[cls].pages; i++) {
		CHECK(page_mark[i] == 0);
		page_mark[i] = t->me;
		CHECK(atomic_load_explicit(&slab.word[i], memory_order_relaxed) == 0);
		CHECK(atomic_load_explicit(&entry[i], memory_order_relaxed) == 0);
		/* Relaxed: the release of the word orders. */
		atomic_store_explicit(&entry[i], fm_entry(0, cls), memory_order_relaxed);
	}
	mark(t, h->page, full);
	unmark(t, h->page, full & ~h->blocks);
	RACE_WINDOW();
	/* Release: the run is there, pairs with A1 of page.c. */
	atomic_store_explicit(&slab.word[page], full & ~h->blocks, memory_order_release);
	return h->blocks != 0;
}

static bool
run_take(struct stress_thread *t, struct held *h)
{
	unsigned int page = stress_rand(t) % NB_PAGES, n = 1 + stress_rand(t) % 3, cls;
	uint16_t guess = atomic_load_explicit(&entry[page], memory_order_relaxed);
	bool left, foreign;
	uint64_t blocks;

	/* Now and then a hint that lies. */
	if (guess == 0 || stress_rand(t) % 8 == 0)
		guess = fm_entry(0, stress_rand(t) % NB_CLASSES);
	RACE_WINDOW();
	blocks = fm_page_take(&slab.word[page], &entry[page], guess, n, &left, &foreign);
	if (blocks == 0)
		return false;
	if (foreign) {
		cls = fm_entry_class(atomic_load_explicit(&entry[page], memory_order_relaxed));
		CHECK(cls < NB_CLASSES);
		run_put(t, page, cls, blocks);
		return false;
	}
	h->page = page;
	h->cls = fm_entry_class(guess);
	h->blocks = blocks;
	CHECK((blocks & ~fm_class_full(&classes[h->cls])) == 0);
	CHECK(page_mark[page] != 0);
	mark(t, page, blocks);
	return true;
}

static void
give(struct stress_thread *t, const struct held *h)
{
	CHECK(fm_entry_class(atomic_load_explicit(&entry[h->page], memory_order_relaxed)) ==
	      h->cls);
	unmark(t, h->page, h->blocks);
	run_put(t, h->page, h->cls, h->blocks);
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;
	struct held held[NB_HELD];
	unsigned int n = 0, i;
	bool got;

	while (stress_goes_on()) {
		if (n == NB_HELD || (n > 0 && stress_rand(t) % 2 == 0)) {
			i = stress_rand(t) % n;
			give(t, &held[i]);
			held[i] = held[--n];
			continue;
		}
		got = stress_rand(t) % 4 == 0 ? run_claim(t, &held[n]) : run_take(t, &held[n]);
		n += got;
		t->done += got;
	}
	while (n > 0)
		give(t, &held[--n]);
	return NULL;
}

/* Runs that were published whole, and of which nobody took a block since. */
static void
use_the_rest(struct stress_thread *t)
{
	struct held h;
	bool left, foreign;
	uint16_t is;

	for (h.page = 0; h.page < NB_PAGES; h.page++) {
		if (atomic_load(&slab.word[h.page]) == 0)
			continue;
		is = atomic_load(&entry[h.page]);
		h.cls = fm_entry_class(is);
		h.blocks =
			fm_page_take(&slab.word[h.page], &entry[h.page], is, 64, &left, &foreign);
		CHECK(h.blocks == fm_class_full(&classes[h.cls]));
		mark(t, h.page, h.blocks);
		give(t, &h);
	}
}

int
main(void)
{
	uint64_t done;
	unsigned int i;

	atomic_store(&slab.free[0], (UINT64_C(1) << NB_PAGES) - 1);
	done = stress_run(work, stress_ms(), NULL);
	use_the_rest(&stress_thread[0]);
	/* Everything came back, and was found to be empty. */
	CHECK(atomic_load(&slab.free[0]) == (UINT64_C(1) << NB_PAGES) - 1);
	for (i = 0; i < NB_PAGES; i++)
		CHECK(atomic_load(&slab.word[i]) == 0 && atomic_load(&entry[i]) == 0);
	printf("%llu times blocks were taken\n", (unsigned long long)done);
	return 0;
}
