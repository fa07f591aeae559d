/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the checks that every allocator has to pass.
 * Must not: know a kind, or use anything but the interface.
 * Called by: the tests of lib/memalloc, and of adapters that stand above it.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "conform.h"

#define MAX_LIVE   64
#define NB_THREADS 4
#define UNTOUCHED  ((void *)(uintptr_t)0x5a5a)

struct item {
	unsigned char *mem;
	size_t size;
	unsigned char mark;
};

static const struct conform *
kind_of(void **state)
{
	return *state;
}

static unsigned int
times_of(const struct conform *kind)
{
	return kind->times == 0 ? 1000 : kind->times;
}

static unsigned int
live_of(const struct conform *kind)
{
	return kind->nb < MAX_LIVE ? kind->nb : MAX_LIVE;
}

static struct rte_memalloc *
create(const struct conform *kind)
{
	struct rte_memalloc *alloc = NULL;
	int ret = kind->create(&alloc);

	if (ret == 77)
		skip();
	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memalloc_error());
	assert_non_null(alloc);
	return alloc;
}

static struct rte_memalloc_stats
stats_of(struct rte_memalloc *alloc)
{
	struct rte_memalloc_stats stats;

	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	return stats;
}

static void *
get(struct rte_memalloc *alloc, size_t size, size_t align)
{
	void *mem = NULL;
	int ret = rte_memalloc_alloc(alloc, size, align, &mem);

	if (ret != 0)
		fail_msg("%zu bytes at %zu: %d: %s", size, align, ret, rte_memalloc_error());
	assert_non_null(mem);
	assert_int_equal((uintptr_t)mem % (align == 0 ? RTE_MEMALLOC_ALIGN : align), 0);
	assert_true(rte_memalloc_usable_size(alloc, mem) >= size);
	return mem;
}

/* xorshift32, Marsaglia 2003. */
static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static size_t
any_size(const struct conform *kind, uint32_t *seed)
{
	size_t size = 1 + next(seed) % kind->max_size;

	/* Small ones more often than they come by themselves. */
	return next(seed) % 2 == 0 ? size : 1 + size % (kind->max_size < 64 ? kind->max_size : 64);
}

static size_t
any_align(const struct conform *kind, uint32_t *seed)
{
	unsigned int bits = 0;

	while (((size_t)2 << bits) <= kind->max_align)
		bits++;
	return (size_t)1 << next(seed) % (bits + 1);
}

/* Whether it holds its mark throughout, that is, nobody else was given a part of it. */
static int
is_whole(const struct item *item)
{
	for (size_t i = 0; i < item->size; i++) {
		if (item->mem[i] != item->mark)
			return 0;
	}
	return 1;
}

static void
refused(int ret, int expected)
{
	if (ret != expected)
		fail_msg("%d, not %d: %s", ret, expected, rte_memalloc_error());
	assert_true(rte_memalloc_error()[0] != '\0');
}

static void
it_promises_what_it_should(void **state)
{
	struct rte_memalloc *alloc = create(kind_of(state));

	assert_int_equal(rte_memalloc_flags(alloc), kind_of(state)->flags);
	assert_true(rte_memalloc_kind(alloc)[0] != '\0');
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_destroy(NULL), 0);
}

static void
arguments_are_checked(void **state)
{
	struct rte_memalloc *alloc = create(kind_of(state));
	struct rte_memalloc_stats before = stats_of(alloc), after;
	void *mem = UNTOUCHED;

	refused(rte_memalloc_alloc(NULL, 1, 0, &mem), -EINVAL);
	refused(rte_memalloc_alloc(alloc, 1, 0, NULL), -EINVAL);
	refused(rte_memalloc_alloc(alloc, 0, 0, &mem), -EINVAL);
	refused(rte_memalloc_alloc(alloc, 1, 3, &mem), -EINVAL);
	refused(rte_memalloc_alloc(alloc, 1, RTE_MEMALLOC_ALIGN_MAX * 2, &mem), -EINVAL);
	refused(rte_memalloc_alloc(alloc, SIZE_MAX, 0, &mem), -ENOMEM);
	refused(rte_memalloc_realloc(NULL, NULL, 1, 0, &mem), -EINVAL);
	refused(rte_memalloc_realloc(alloc, NULL, 0, 0, &mem), -EINVAL);
	refused(rte_memalloc_realloc(alloc, NULL, 1, 24, &mem), -EINVAL);
	refused(rte_memalloc_free(NULL, UNTOUCHED), -EINVAL);
	refused(rte_memalloc_stats(NULL, &after), -EINVAL);
	refused(rte_memalloc_stats(alloc, NULL), -EINVAL);
	refused(rte_memalloc_reset_peak(NULL), -EINVAL);
	assert_ptr_equal(mem, UNTOUCHED);
	assert_int_equal(rte_memalloc_free(alloc, NULL), 0);
	assert_int_equal(rte_memalloc_usable_size(alloc, NULL), 0);
	assert_int_equal(rte_memalloc_usable_size(NULL, UNTOUCHED), 0);
	after = stats_of(alloc);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
what_cannot_be_had_is_an_error(void **state)
{
	struct rte_memalloc *alloc = create(kind_of(state));
	struct rte_memalloc_stats before = stats_of(alloc), after;
	void *mem = UNTOUCHED;
	int ret = rte_memalloc_alloc(alloc, PTRDIFF_MAX, 0, &mem);

	/* A kind that has a largest size says that it is the size. */
	assert_true(ret == -ENOMEM || ret == -EINVAL);
	assert_true(rte_memalloc_error()[0] != '\0');
	assert_ptr_equal(mem, UNTOUCHED);
	after = stats_of(alloc);
	assert_int_equal(after.allocated, before.allocated);
	assert_int_equal(after.nb_allocs, before.nb_allocs);
	if (ret == -ENOMEM)
		assert_int_equal(after.nb_failed, before.nb_failed + 1);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
statistics_add_up(void **state)
{
	const struct conform *kind = kind_of(state);
	struct rte_memalloc *alloc = create(kind);
	struct rte_memalloc_stats stats = stats_of(alloc);
	unsigned int n = live_of(kind), i;
	void *mem[MAX_LIVE];
	uint64_t usable = 0;

	assert_int_equal(stats.allocated, 0);
	assert_int_equal(stats.peak, 0);
	assert_int_equal(stats.nb_allocs, 0);
	for (i = 0; i < n; i++) {
		mem[i] = get(alloc, kind->max_size, 0);
		usable += rte_memalloc_usable_size(alloc, mem[i]);
	}
	stats = stats_of(alloc);
	if ((kind->flags & RTE_MEMALLOC_F_REUSES) != 0)
		assert_int_equal(stats.allocated, usable);
	assert_true(stats.allocated >= usable);
	assert_int_equal(stats.peak, stats.allocated);
	assert_true(stats.held >= stats.allocated);
	assert_int_equal(stats.total, stats.allocated);
	assert_int_equal(stats.nb_allocs, n);
	assert_int_equal(stats.nb_frees, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	stats = stats_of(alloc);
	assert_int_equal(stats.nb_frees, n);
	assert_int_equal(stats.nb_failed, 0);
	assert_true(stats.peak >= usable);
	assert_true(stats.total >= usable);
	if ((kind->flags & RTE_MEMALLOC_F_REUSES) != 0)
		assert_int_equal(stats.allocated, 0);
	assert_int_equal(rte_memalloc_reset_peak(alloc), 0);
	assert_int_equal(stats_of(alloc).peak, stats.allocated);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
allocations_lie_apart_and_keep_what_they_hold(void **state)
{
	const struct conform *kind = kind_of(state);
	struct rte_memalloc *alloc = create(kind);
	struct item items[MAX_LIVE];
	unsigned int n = 0, i, max = live_of(kind), round;
	uint32_t seed = 42;

	/* Of an allocator that does not reuse as many as it has room for; else again and again. */
	for (round = 0; round < times_of(kind); round++) {
		if (n == max && (kind->flags & RTE_MEMALLOC_F_REUSES) == 0)
			break;
		if (n == max ||
		    (n > 0 && next(&seed) % 3 == 0 && (kind->flags & RTE_MEMALLOC_F_REUSES) != 0)) {
			i = next(&seed) % n;
			assert_true(is_whole(&items[i]));
			assert_int_equal(rte_memalloc_free(alloc, items[i].mem), 0);
			items[i] = items[--n];
			continue;
		}
		items[n].size = any_size(kind, &seed);
		items[n].mark = (unsigned char)next(&seed);
		items[n].mem = get(alloc, items[n].size, any_align(kind, &seed));
		/* All of what may be used, not only what was asked for. */
		items[n].size = rte_memalloc_usable_size(alloc, items[n].mem);
		memset(items[n].mem, items[n].mark, items[n].size);
		n++;
	}
	for (i = 0; i < n; i++)
		assert_true(is_whole(&items[i]));
	while (n > 0)
		assert_int_equal(rte_memalloc_free(alloc, items[--n].mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
a_change_of_size_keeps_the_contents(void **state)
{
	const struct conform *kind = kind_of(state);
	struct rte_memalloc *alloc = create(kind);
	unsigned int rounds = (kind->flags & RTE_MEMALLOC_F_REUSES) != 0 ? times_of(kind) : 8, i;
	size_t size = kind->max_size / 2 + 1, new_size, keep, align;
	struct rte_memalloc_stats stats;
	void *mem = NULL;
	uint32_t seed = 7;

	assert_int_equal(rte_memalloc_realloc(alloc, NULL, size, 0, &mem), 0);
	for (i = 0; i < rounds; i++) {
		memset(mem, (int)i & 0xff, size);
		new_size = 1 + next(&seed) % (kind->max_size / 2 + 1);
		align = any_align(kind, &seed);
		if (rte_memalloc_realloc(alloc, mem, new_size, align, &mem) != 0)
			fail_msg("%zu to %zu at %zu: %s", size, new_size, align,
				 rte_memalloc_error());
		assert_int_equal((uintptr_t)mem % align, 0);
		assert_true(rte_memalloc_usable_size(alloc, mem) >= new_size);
		keep = new_size < size ? new_size : size;
		for (size_t j = 0; j < keep; j++)
			assert_int_equal(((unsigned char *)mem)[j], i & 0xff);
		size = new_size;
	}
	/* One that fails leaves all as it was. */
	memset(mem, 0x77, size);
	assert_true(rte_memalloc_realloc(alloc, mem, PTRDIFF_MAX, 0, &mem) < 0);
	assert_true(rte_memalloc_realloc(alloc, mem, 0, 0, &mem) == -EINVAL);
	for (size_t j = 0; j < size; j++)
		assert_int_equal(((unsigned char *)mem)[j], 0x77);
	stats = stats_of(alloc);
	assert_true(stats.nb_allocs >= stats.nb_frees + 1 ||
		    (kind->flags & RTE_MEMALLOC_F_REUSES) == 0);
	if ((kind->flags & RTE_MEMALLOC_F_REUSES) != 0) {
		assert_int_equal(stats.nb_allocs - stats.nb_frees, 1);
		assert_int_equal(stats.allocated, rte_memalloc_usable_size(alloc, mem));
	}
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
wrong_frees_are_refused(void **state)
{
	const struct conform *kind = kind_of(state);
	struct rte_memalloc *alloc = create(kind);
	struct rte_memalloc_stats before, after;
	unsigned char *mem, *other, foreign[64];
	void *moved = UNTOUCHED;

	mem = get(alloc, kind->max_size, 0);
	other = get(alloc, kind->max_size, 0);
	if ((kind->flags & RTE_MEMALLOC_F_CHECKS) != 0) {
		assert_int_equal(rte_memalloc_free(alloc, mem), 0);
		before = stats_of(alloc);
		refused(rte_memalloc_free(alloc, mem), -EINVAL);
		refused(rte_memalloc_free(alloc, foreign), -EINVAL);
		refused(rte_memalloc_free(alloc, other + 1), -EINVAL);
		refused(rte_memalloc_free(alloc, (void *)(uintptr_t)8), -EINVAL);
		refused(rte_memalloc_realloc(alloc, mem, 1, 0, &moved), -EINVAL);
		refused(rte_memalloc_realloc(alloc, foreign, 1, 0, &moved), -EINVAL);
		assert_ptr_equal(moved, UNTOUCHED);
		assert_int_equal(rte_memalloc_usable_size(alloc, mem), 0);
		assert_int_equal(rte_memalloc_usable_size(alloc, foreign), 0);
		after = stats_of(alloc);
		assert_memory_equal(&before, &after, sizeof(before));
		mem = get(alloc, kind->max_size, 0);
	}
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_free(alloc, other), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
leaks_keep_it_from_being_destroyed(void **state)
{
	const struct conform *kind = kind_of(state);
	struct rte_memalloc *alloc = create(kind);
	struct item item = { .size = kind->max_size, .mark = 0x3c };

	item.mem = get(alloc, kind->max_size, 0);
	memset(item.mem, item.mark, item.size);
	if ((kind->flags & (RTE_MEMALLOC_F_REUSES | RTE_MEMALLOC_F_KEEPS)) ==
	    RTE_MEMALLOC_F_REUSES) {
		refused(rte_memalloc_destroy(alloc), -EBUSY);
		assert_true(is_whole(&item));
		assert_int_equal(rte_memalloc_free(alloc, item.mem), 0);
	}
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

struct worker {
	pthread_t thread;
	const struct conform *kind;
	struct rte_memalloc *alloc;
	struct worker *next; /* frees half of what this one allocates */
	void *_Atomic handed;
	uint32_t seed;
	const char *wrong;
};

/* Not by cmocka's asserts, which only the main thread may fail. */
#define WANT(condition) \
	do { \
		if (!(condition)) { \
			self->wrong = #condition; \
			goto out; \
		} \
	} while (0)

static void *
work(void *arg)
{
	struct worker *self = arg;
	unsigned int max = live_of(self->kind) / NB_THREADS, n = 0, i, round;
	struct item items[MAX_LIVE];
	void *given;

	/* One for what is handed over. */
	max = max > 2 ? max - 2 : 1;
	for (round = 0; round < times_of(self->kind); round++) {
		if (n < max && (n == 0 || next(&self->seed) % 2 == 0)) {
			items[n].size = any_size(self->kind, &self->seed);
			items[n].mark = (unsigned char)next(&self->seed);
			WANT(rte_memalloc_alloc(self->alloc, items[n].size, 0,
						(void **)&items[n].mem) == 0);
			memset(items[n].mem, items[n].mark, items[n].size);
			n++;
			continue;
		}
		i = next(&self->seed) % n;
		WANT(is_whole(&items[i]));
		given = items[i].mem;
		items[i] = items[--n];
		if (next(&self->seed) % 2 == 0)
			given = atomic_exchange(&self->next->handed, given);
		WANT(rte_memalloc_free(self->alloc, given) == 0);
	}
out:
	while (n > 0)
		rte_memalloc_free(self->alloc, items[--n].mem);
	return NULL;
}

static void
threads_may_share_it(void **state)
{
	const struct conform *kind = kind_of(state);
	struct rte_memalloc *alloc = create(kind);
	struct worker workers[NB_THREADS];
	unsigned int i;

	if ((kind->flags & RTE_MEMALLOC_F_THREAD_SAFE) == 0 || kind->nb < 4 * NB_THREADS) {
		assert_int_equal(rte_memalloc_destroy(alloc), 0);
		skip();
	}
	for (i = 0; i < NB_THREADS; i++)
		workers[i] = (struct worker){ .kind = kind,
					      .alloc = alloc,
					      .next = &workers[(i + 1) % NB_THREADS],
					      .seed = i + 1 };
	for (i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	for (i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	for (i = 0; i < NB_THREADS; i++) {
		if (workers[i].wrong != NULL)
			fail_msg("thread %u: %s", i, workers[i].wrong);
		assert_int_equal(rte_memalloc_free(alloc, workers[i].handed), 0);
	}
	if ((kind->flags & RTE_MEMALLOC_F_REUSES) != 0)
		assert_int_equal(stats_of(alloc).allocated, 0);
	assert_int_equal(stats_of(alloc).nb_allocs, stats_of(alloc).nb_frees);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

/* What cannot be had is an error here, as without sanitizers. */
#if defined(__SANITIZE_ADDRESS__)
const char *
__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#elif defined(__SANITIZE_THREAD__)
const char *
__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

static const struct CMUnitTest checks[] = {
	cmocka_unit_test(it_promises_what_it_should),
	cmocka_unit_test(arguments_are_checked),
	cmocka_unit_test(what_cannot_be_had_is_an_error),
	cmocka_unit_test(statistics_add_up),
	cmocka_unit_test(allocations_lie_apart_and_keep_what_they_hold),
	cmocka_unit_test(a_change_of_size_keeps_the_contents),
	cmocka_unit_test(wrong_frees_are_refused),
	cmocka_unit_test(leaks_keep_it_from_being_destroyed),
	cmocka_unit_test(threads_may_share_it),
};

int
conform_run(const struct conform *kinds, unsigned int nb_kinds)
{
	unsigned int nb_checks = sizeof(checks) / sizeof(checks[0]), i, j, n = 0;
	struct CMUnitTest *tests = calloc((size_t)nb_kinds * nb_checks, sizeof(*tests));
	char(*names)[128] = calloc((size_t)nb_kinds * nb_checks, sizeof(*names));
	int failed;

	if (tests == NULL || names == NULL)
		return 1;
	for (i = 0; i < nb_kinds; i++) {
		for (j = 0; j < nb_checks; j++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s: %s", kinds[i].kind,
				 checks[j].name);
			tests[n] = checks[j];
			tests[n].name = names[n];
			tests[n].initial_state = (void *)(uintptr_t)&kinds[i];
		}
	}
	failed = _cmocka_run_group_tests("conform", tests, n, NULL, NULL);
	free(tests);
	free(names);
	return failed;
}
