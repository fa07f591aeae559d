/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which pages are marked for the next touch, and their protection.
 * Must not: touch memory that may be marked while it holds the lock: not the heap, so marks lie in
 *     mappings of their own.
 * Called by: membind_touch.c, some of it in a signal handler.
 *
 * I1. A page is marked in at most one mark, and inaccessible while it is.
 * I2. nb_left is the number of bits set in left[], never 0 in the list.
 * I3. Whoever holds the lock has all signals blocked, so that no handler waits for the thread that it
 *     interrupted.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "membind_priv.h"

static atomic_flag busy = ATOMIC_FLAG_INIT;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* All below is guarded by the lock. */
static struct membind_mark *marks;
static uintptr_t lowest = UINTPTR_MAX, highest; /* All that was ever marked lies between. */
static uint64_t changes;			/* How often a page stopped being marked. */
static sigset_t mask_before_fork;

/* The last fault that was no mark's, of this thread: to tell a race from a fault that stays. */
static _Thread_local struct {
	uintptr_t addr;
	uint64_t changes;
} last __attribute__((tls_model("initial-exec")));

/* In a handler all signals are blocked already. */
static void
lock_in_handler(void)
{
	/* A1: pairs with R1. */
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
		sched_yield();
}

static void
unlock_in_handler(void)
{
	/* R1: pairs with A1. */
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

static void
lock(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
	lock_in_handler();
}

static void
unlock(const sigset_t *before)
{
	unlock_in_handler();
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void
lock_before_fork(void)
{
	sigset_t before;

	lock(&before);
	mask_before_fork = before;
}

static void
unlock_after_fork(void)
{
	sigset_t before = mask_before_fork;

	unlock(&before);
}

static void
set_up(void)
{
	/* A child would inherit a lock that nobody in it holds. */
	pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork);
}

static bool
is_left(const struct membind_mark *mark, size_t i)
{
	return mark->left[i / 64] >> (i % 64) & 1;
}

static void
set_done(struct membind_mark *mark, size_t i)
{
	mark->left[i / 64] &= ~(UINT64_C(1) << (i % 64));
	mark->nb_left--;
	changes++;
}

int
membind_mark_new(struct membind_mark **mark, uintptr_t start, uintptr_t end, size_t page_size,
		 int prot)
{
	size_t n = (end - start) / page_size;
	size_t size = sizeof(**mark) + (n + 63) / 64 * sizeof(uint64_t);
	uintptr_t addr;
	int ret = membind_sys_map(&addr, size);

	if (ret < 0)
		return membind_fail(ret, "mmap() for the marks of %zu pages: errno %d", n, -ret);
	*mark = (struct membind_mark *)addr;
	**mark = (struct membind_mark){
		.start = start,
		.end = end,
		.page_size = page_size,
		.prot = prot,
		.nb_left = n,
		.map_size = size,
	};
	for (size_t i = 0; i < n; i++)
		(*mark)->left[i / 64] |= UINT64_C(1) << (i % 64);
	return 0;
}

void
membind_mark_free(struct membind_mark *mark)
{
	membind_sys_unmap((uintptr_t)mark, mark->map_size);
}

/* The mark that a page is marked in. */
static struct membind_mark *
find(uintptr_t addr)
{
	for (struct membind_mark *mark = marks; mark != NULL; mark = mark->next) {
		if (addr >= mark->start && addr < mark->end &&
		    is_left(mark, (addr - mark->start) / mark->page_size))
			return mark;
	}
	return NULL;
}

int
membind_marks_prot(uintptr_t addr)
{
	struct membind_mark *mark;
	sigset_t before;
	int prot;

	lock(&before);
	mark = find(addr);
	prot = mark != NULL ? mark->prot : -EACCES;
	unlock(&before);
	return prot;
}

const void *
membind_marks_own(void)
{
	return &last;
}

uint64_t
membind_marks_changes(void)
{
	sigset_t before;
	uint64_t now;

	lock(&before);
	now = changes;
	unlock(&before);
	return now;
}

/* Marks without a page left go. */
static void
sweep(void)
{
	struct membind_mark **at = &marks, *mark;

	while ((mark = *at) != NULL) {
		if (mark->nb_left > 0) {
			at = &mark->next;
			continue;
		}
		*at = mark->next;
		membind_mark_free(mark);
	}
}

/* The pages of a mark from index first on that are all marked, up to end; 0 if there are none. */
static size_t
run(const struct membind_mark *mark, size_t *first, size_t end)
{
	size_t n = 0;

	while (*first < end && !is_left(mark, *first))
		(*first)++;
	while (*first + n < end && is_left(mark, *first + n))
		n++;
	return n;
}

enum how {
	FORGET,	     /* Leave the pages inaccessible. */
	GIVE_BACK,   /* Make them accessible, all or else fail. */
	GIVE_BACK_IF /* Make those accessible that are still mapped. */
};

/* n pages that are all marked, from index i on. */
static int
take_back_run(struct membind_mark *mark, size_t i, size_t n, enum how how)
{
	uintptr_t start = mark->start + i * mark->page_size;
	int ret = 0;

	if (how == GIVE_BACK)
		ret = membind_sys_protect(start, n * mark->page_size, mark->prot);
	if (ret < 0)
		return ret;
	for (; n > 0; n--, i++, start += mark->page_size) {
		/* One by one: a hole among them would end it for all behind. */
		if (how == GIVE_BACK_IF)
			membind_sys_protect(start, mark->page_size, mark->prot);
		set_done(mark, i);
	}
	return 0;
}

/* End the marks of a range. */
static int
take_back(struct membind_mark *mark, uintptr_t start, uintptr_t end, enum how how)
{
	uintptr_t from = start > mark->start ? start : mark->start;
	uintptr_t to = end < mark->end ? end : mark->end;
	size_t page_size = mark->page_size, n;
	int ret;

	if (from >= to)
		return 0;
	if ((from - mark->start) % page_size != 0 || (to - mark->start) % page_size != 0)
		return -EINVAL;
	for (size_t i = (from - mark->start) / page_size;
	     (n = run(mark, &i, (to - mark->start) / page_size)) > 0; i += n) {
		ret = take_back_run(mark, i, n, how);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int
membind_marks_add(struct membind_mark *list)
{
	struct membind_mark *mark, *done;
	sigset_t before;
	int ret = 0;

	pthread_once(&once, set_up);
	lock(&before);
	/* First what may fail. A touch meanwhile waits for the lock, and finds its mark then. */
	for (mark = list; mark != NULL; mark = mark->next) {
		ret = membind_sys_protect(mark->start, mark->end - mark->start, PROT_NONE);
		if (ret < 0)
			break;
	}
	if (ret < 0) {
		/* What is marked already stays so. */
		for (done = list; done != mark->next; done = done->next) {
			for (uintptr_t at = done->start; at < done->end; at += done->page_size) {
				if (find(at) == NULL)
					membind_sys_protect(at, done->page_size, done->prot);
			}
		}
		unlock(&before);
		return ret;
	}
	while (list != NULL) {
		mark = list;
		list = mark->next;
		for (struct membind_mark *old = marks; old != NULL; old = old->next)
			take_back(old, mark->start, mark->end, FORGET);
		mark->next = marks;
		marks = mark;
		lowest = mark->start < lowest ? mark->start : lowest;
		highest = mark->end > highest ? mark->end : highest;
	}
	sweep();
	unlock(&before);
	return 0;
}

int
membind_marks_remove(uintptr_t start, uintptr_t end, bool gone)
{
	sigset_t before;
	int ret = 0;

	lock(&before);
	for (struct membind_mark *mark = marks; ret == 0 && mark != NULL; mark = mark->next)
		ret = take_back(mark, start, end, gone ? GIVE_BACK_IF : GIVE_BACK);
	sweep();
	unlock(&before);
	return ret;
}

/* Give one page back, or, when mappings have run out, all that its mark has: it needs fewer. */
static bool
give_back(struct membind_mark *mark, size_t i)
{
	uintptr_t page = mark->start + i * mark->page_size;

	if (membind_sys_protect(page, mark->page_size, mark->prot) == 0) {
		set_done(mark, i);
		return true;
	}
	if (membind_sys_protect(mark->start, mark->end - mark->start, mark->prot) < 0)
		return false;
	for (size_t j = 0; run(mark, &j, (mark->end - mark->start) / mark->page_size) > 0;)
		set_done(mark, j);
	return true;
}

/*
 * A thread may fault on a page that another gives back before this one gets here. It then only has
 * to try again. A fault that stays comes again with nothing changed.
 */
static bool
may_have_raced(uintptr_t addr)
{
	bool again = addr >= lowest && addr < highest &&
		     (last.addr != addr || last.changes != changes);

	last.addr = addr;
	last.changes = changes;
	return again;
}

enum membind_fault
membind_marks_fault(uintptr_t addr, uintptr_t *page)
{
	enum membind_fault fault = MEMBIND_FAULT_OTHER;
	struct membind_mark *mark;
	size_t i;

	lock_in_handler();
	mark = find(addr);
	if (mark == NULL) {
		if (may_have_raced(addr))
			fault = MEMBIND_FAULT_RACED;
	} else {
		i = (addr - mark->start) / mark->page_size;
		*page = mark->start + i * mark->page_size;
		if (give_back(mark, i))
			fault = MEMBIND_FAULT_MARKED;
		sweep();
	}
	unlock_in_handler();
	return fault;
}
