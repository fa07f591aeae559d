/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of wrappers: what each adds, that they nest, and that they own what they wrap.
 * Must not: repeat what test_memalloc_conform.c checks for every kind.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_arena.h>
#include <rte_memalloc_cache.h>
#include <rte_memalloc_mapped.h>
#include <rte_memalloc_pool.h>
#include <rte_memalloc_system.h>
#include <rte_memalloc_wrap.h>

#define NB_THREADS 4

static struct rte_memalloc *
system_alloc(void)
{
	struct rte_memalloc *alloc;

	assert_int_equal(rte_memalloc_system_create(&alloc), 0);
	return alloc;
}

static struct rte_memalloc *
pool_alloc(uint32_t capacity)
{
	struct rte_memalloc_pool_opts opts = { .block_size = 64, .capacity = capacity };
	struct rte_memalloc_pool *pool;

	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), 0);
	return rte_memalloc_pool_base(pool);
}

static struct rte_memalloc_arena *
arena_alloc(void)
{
	struct rte_memalloc_arena_opts opts = { .size = 1 << 20 };
	struct rte_memalloc_arena *arena;

	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), 0);
	return arena;
}

static struct rte_memalloc_stats
stats_of(struct rte_memalloc *alloc)
{
	struct rte_memalloc_stats stats;

	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	return stats;
}

static void *
get(struct rte_memalloc *alloc, size_t size)
{
	void *mem;

	if (rte_memalloc_alloc(alloc, size, 0, &mem) != 0)
		fail_msg("%s", rte_memalloc_error());
	return mem;
}

/* ---- an allocator of the test's own: sees who is in it, and keeps no statistics */

static struct {
	struct rte_memalloc base;
	atomic_int inside;
	atomic_int most_inside;
	unsigned int nb_calls;
	int to_fail; /* What the next free or destroy returns. */
	bool destroyed;
} own;

static void
enter(void)
{
	int n = atomic_fetch_add(&own.inside, 1) + 1;

	if (n > atomic_load(&own.most_inside))
		atomic_store(&own.most_inside, n);
	own.nb_calls++;
	sched_yield();
}

static void
leave(void)
{
	atomic_fetch_sub(&own.inside, 1);
}

static int
own_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	(void)alloc;
	enter();
	*mem = aligned_alloc(align, (size + align - 1) & ~(align - 1));
	leave();
	return *mem == NULL ? -ENOMEM : 0;
}

/* Half a character, a whole one, and one that is none: as a file's name may have them. */
#define BYTES " \xe9\xc3\xa9\xed\xa0\x80"

static int
own_fail(const char *what)
{
	int ret = own.to_fail;

	own.to_fail = 0;
	return ret == 0 ? 0 :
			  rte_memalloc_fail(ret, "\"%s\"\nis not to be had \\ today" BYTES, what);
}

static int
own_free(struct rte_memalloc *alloc, void *mem)
{
	int ret = own_fail("free");

	(void)alloc;
	enter();
	if (ret == 0)
		free(mem);
	leave();
	return ret;
}

static size_t
own_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	(void)alloc;
	(void)mem;
	enter();
	leave();
	return 32;
}

static void
own_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	(void)alloc;
	enter();
	*stats = (struct rte_memalloc_stats){ 0 };
	leave();
}

static void
own_reset_peak(struct rte_memalloc *alloc)
{
	(void)alloc;
	enter();
	leave();
}

static int
own_destroy(struct rte_memalloc *alloc)
{
	int ret = own_fail("destroy");

	(void)alloc;
	own.destroyed = ret == 0;
	return ret;
}

static struct rte_memalloc *
own_create(void)
{
	static const struct rte_memalloc_ops ops = {
		.kind = "own",
		.alloc = own_alloc,
		.free = own_free,
		.usable_size = own_usable_size,
		.stats = own_stats,
		.reset_peak = own_reset_peak,
		.destroy = own_destroy,
	};

	memset(&own, 0, sizeof(own));
	own.base.ops = &ops;
	own.base.flags = RTE_MEMALLOC_F_REUSES;
	return &own.base;
}

/* ---- locked */

static void *
call_all(void *arg)
{
	struct rte_memalloc *alloc = arg;
	struct rte_memalloc_stats stats;
	void *mem;

	for (int i = 0; i < 500; i++) {
		if (rte_memalloc_alloc(alloc, 20, 0, &mem) != 0 ||
		    rte_memalloc_realloc(alloc, mem, 30, 0, &mem) != 0 ||
		    rte_memalloc_usable_size(alloc, mem) != 32 ||
		    rte_memalloc_stats(alloc, &stats) != 0 || rte_memalloc_reset_peak(alloc) != 0 ||
		    rte_memalloc_free(alloc, mem) != 0)
			return (void *)1;
	}
	return NULL;
}

static void
run(struct rte_memalloc *alloc)
{
	pthread_t threads[NB_THREADS];
	void *failed;

	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_all, alloc), 0);
	for (int i = 0; i < NB_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void
locked_lets_one_in_at_a_time(void **state)
{
	struct rte_memalloc *alloc;

	(void)state;
	assert_int_equal(rte_memalloc_locked_create(own_create(), &alloc), 0);
	assert_int_equal(rte_memalloc_flags(alloc),
			 RTE_MEMALLOC_F_REUSES | RTE_MEMALLOC_F_THREAD_SAFE);
	run(alloc);
	assert_int_equal(own.most_inside, 1);
	/* Plainly counted: none was lost. A change of size is three calls here. */
	assert_int_equal(own.nb_calls, NB_THREADS * 500 * 8);
	own.to_fail = -EIO;
	assert_int_equal(rte_memalloc_destroy(alloc), -EIO);
	assert_false(own.destroyed);
	run(alloc);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_true(own.destroyed);
}

/* ---- limit */

static void
a_limit_is_kept_to_the_byte(void **state)
{
	struct rte_memalloc *alloc, *inner = pool_alloc(100);
	void *before = get(inner, 64), *mem[10];

	(void)state;
	assert_int_equal(rte_memalloc_limit_create(inner, 64 * 8, &alloc), 0);
	assert_int_equal(rte_memalloc_flags(alloc), rte_memalloc_flags(inner));
	/* One is out from before. */
	for (int i = 0; i < 7; i++)
		mem[i] = get(alloc, 1);
	mem[7] = NULL;
	assert_int_equal(rte_memalloc_alloc(alloc, 1, 0, &mem[7]), -ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "the limit of 512 bytes, of which 512"));
	assert_null(mem[7]);
	assert_int_equal(stats_of(alloc).nb_failed, 1);
	assert_int_equal(stats_of(alloc).allocated, 512);
	assert_int_equal(rte_memalloc_free(alloc, mem[6]), 0);
	/* That it was freed already gives nothing back. */
	assert_int_equal(rte_memalloc_free(alloc, mem[6]), -EINVAL);
	mem[6] = get(alloc, 64);
	assert_int_equal(rte_memalloc_alloc(alloc, 64, 0, &mem[7]), -ENOMEM);
	for (int i = 0; i < 7; i++)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, PTRDIFF_MAX, 0, &mem[0]), -ENOMEM);
	/* The inner one's own refusal. */
	assert_int_equal(rte_memalloc_alloc(alloc, 65, 0, &mem[0]), -EINVAL);
	assert_int_equal(rte_memalloc_free(alloc, before), 0);
	for (int i = 0; i < 8; i++)
		mem[i] = get(alloc, 64);
	for (int i = 0; i < 8; i++)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
a_limit_holds_for_changes_of_size_too(void **state)
{
	struct rte_memalloc *alloc;
	void *mem, *moved = NULL;

	(void)state;
	assert_int_equal(rte_memalloc_limit_create(system_alloc(), 10000, &alloc), 0);
	mem = get(alloc, 4000);
	memset(mem, 0x13, 4000);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 11000, 0, &moved), -ENOMEM);
	assert_null(moved);
	for (int i = 0; i < 4000; i++)
		assert_int_equal(((unsigned char *)mem)[i], 0x13);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(rte_memalloc_realloc(alloc, mem, 9000, 0, &mem), 0);
		assert_int_equal(rte_memalloc_alloc(alloc, 2000, 0, &moved), -ENOMEM);
		assert_int_equal(rte_memalloc_realloc(alloc, mem, 100, 0, &mem), 0);
		moved = get(alloc, 9000);
		assert_int_equal(rte_memalloc_free(alloc, moved), 0);
	}
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
what_could_not_be_freed_counts_still(void **state)
{
	struct rte_memalloc *alloc;
	void *mem, *more;

	(void)state;
	assert_int_equal(rte_memalloc_limit_create(own_create(), 32, &alloc), 0);
	mem = get(alloc, 20);
	own.to_fail = -EIO;
	assert_int_equal(rte_memalloc_free(alloc, mem), -EIO);
	assert_int_equal(rte_memalloc_alloc(alloc, 20, 0, &more), -ENOMEM);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	mem = get(alloc, 20);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
a_limit_sees_an_arena_reset(void **state)
{
	struct rte_memalloc_arena *arena = arena_alloc();
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_limit_create(rte_memalloc_arena_base(arena), 10000, &alloc),
			 0);
	for (int i = 0; i < 5; i++) {
		get(alloc, 6000);
		assert_int_equal(rte_memalloc_alloc(alloc, 6000, 0, &mem), -ENOMEM);
		get(alloc, 3000);
		rte_memalloc_arena_reset(arena);
	}
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

struct taker {
	pthread_t thread;
	struct rte_memalloc *alloc;
	unsigned int n;
};

static void *
take_what_there_is(void *arg)
{
	struct taker *taker = arg;
	void *mem;

	while (rte_memalloc_alloc(taker->alloc, 64, 0, &mem) == 0)
		taker->n++;
	return NULL;
}

static void
threads_together_keep_a_limit(void **state)
{
	struct taker takers[NB_THREADS];
	struct rte_memalloc *alloc, *inner;
	struct rte_memalloc_arena *arena = arena_alloc();
	unsigned int n = 0;

	(void)state;
	/* An arena frees all at once. */
	assert_int_equal(rte_memalloc_locked_create(rte_memalloc_arena_base(arena), &inner), 0);
	assert_int_equal(rte_memalloc_limit_create(inner, 80 * 1000, &alloc), 0);
	for (int i = 0; i < NB_THREADS; i++) {
		takers[i] = (struct taker){ .alloc = alloc };
		assert_int_equal(
			pthread_create(&takers[i].thread, NULL, take_what_there_is, &takers[i]), 0);
	}
	for (int i = 0; i < NB_THREADS; i++) {
		assert_int_equal(pthread_join(takers[i].thread, NULL), 0);
		n += takers[i].n;
	}
	/* A call that is under way counts for others, so a few may be left over. */
	assert_true(n <= 1000 && n >= 1000 - 2 * NB_THREADS);
	assert_true(stats_of(alloc).allocated <= 80 * 1000);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

/* ---- tracking */

static int
find_size(const struct rte_memalloc_tracked *tracked, void *arg)
{
	struct rte_memalloc_tracked *wanted = arg;

	if (tracked->size != wanted->size)
		return 0;
	*wanted = *tracked;
	return 5;
}

static int
sum_up(const struct rte_memalloc_tracked *tracked, void *arg)
{
	*(size_t *)arg += tracked->size;
	return 0;
}

static void
tracking_knows_each_allocation(void **state)
{
	struct rte_memalloc_tracked wanted = { .size = 300 };
	struct rte_memalloc *alloc, *inner = system_alloc();
	void *mem[500];
	size_t sum = 0;

	(void)state;
	assert_int_equal(rte_memalloc_tracking_create(inner, &alloc), 0);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(rte_memalloc_alloc(alloc, i + 1, 64, &mem[i]), 0);
	assert_int_equal(rte_memalloc_tracking_asked(alloc), 500 * 501 / 2);
	assert_true(stats_of(alloc).allocated >= 500 * 501 / 2);
	assert_int_equal(stats_of(alloc).allocated, stats_of(inner).allocated);
	assert_int_equal(rte_memalloc_tracking_show(alloc, find_size, &wanted), 5);
	assert_ptr_equal(wanted.mem, mem[299]);
	assert_int_equal(wanted.align, 64);
	assert_int_equal(wanted.serial, 300);
	assert_int_equal(wanted.thread, getpid());
	assert_int_equal(rte_memalloc_realloc(alloc, mem[299], 5000, 64, &mem[299]), 0);
	assert_int_equal(rte_memalloc_tracking_asked(alloc), 500 * 501 / 2 - 300 + 5000);
	wanted.size = 5000;
	assert_int_equal(rte_memalloc_tracking_show(alloc, find_size, &wanted), 5);
	assert_ptr_equal(wanted.mem, mem[299]);
	assert_int_equal(wanted.serial, 501);
	/* In place: malloc's word for what it does when there is nothing to do. */
	assert_int_equal(rte_memalloc_realloc(alloc, mem[299], 4999, 64, &mem[299]), 0);
	assert_ptr_equal(wanted.mem, mem[299]);
	assert_int_equal(rte_memalloc_tracking_asked(alloc), 500 * 501 / 2 - 300 + 4999);
	for (size_t i = 0; i < 500; i += 2)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	assert_int_equal(rte_memalloc_tracking_show(alloc, sum_up, &sum), 0);
	assert_int_equal(sum, rte_memalloc_tracking_asked(alloc));
	/* It names what is left: the second was allocated first of these. */
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	assert_non_null(strstr(rte_memalloc_error(), "of which 250 allocations are in use; the "
						     "oldest, number 2, has 2 bytes at"));
	for (size_t i = 1; i < 500; i += 2)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	assert_int_equal(rte_memalloc_tracking_asked(alloc), 0);
	assert_int_equal(rte_memalloc_tracking_asked(inner), 0);
	assert_int_equal(rte_memalloc_tracking_show(inner, sum_up, &sum), -EINVAL);
	assert_int_equal(rte_memalloc_tracking_show(alloc, NULL, &sum), -EINVAL);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
tracking_counts_for_those_that_do_not(void **state)
{
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_tracking_create(own_create(), &alloc), 0);
	mem = get(alloc, 20);
	assert_int_equal(stats_of(alloc).allocated, 32);
	assert_int_equal(stats_of(alloc).held, 32);
	/* A free that fails leaves it allocated. */
	own.to_fail = -EIO;
	assert_int_equal(rte_memalloc_free(alloc, mem), -EIO);
	assert_int_equal(stats_of(alloc).allocated, 32);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), -EINVAL);
	assert_int_equal(stats_of(alloc).peak, 32);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
tracking_follows_an_arena_that_was_reset(void **state)
{
	struct rte_memalloc_arena *arena = arena_alloc();
	struct rte_memalloc *alloc;

	(void)state;
	assert_int_equal(rte_memalloc_tracking_create(rte_memalloc_arena_base(arena), &alloc), 0);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 10; i++)
			get(alloc, 100);
		assert_int_equal(rte_memalloc_tracking_asked(alloc), 1000);
		rte_memalloc_arena_reset(arena);
	}
	assert_int_equal(stats_of(alloc).nb_allocs, 100);
	assert_int_equal(stats_of(alloc).nb_frees, 90);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

struct freer {
	pthread_t thread;
	pthread_barrier_t *start;
	struct rte_memalloc *alloc;
	void **mem;
	unsigned int nb_freed;
};

static void *
free_all(void *arg)
{
	struct freer *freer = arg;

	pthread_barrier_wait(freer->start);
	for (int i = 0; i < 1000; i++)
		freer->nb_freed += rte_memalloc_free(freer->alloc, freer->mem[i]) == 0;
	return NULL;
}

static void
of_threads_that_free_the_same_one_does(void **state)
{
	struct freer freers[NB_THREADS];
	struct rte_memalloc *alloc;
	pthread_barrier_t start;
	unsigned int n = 0;
	void *mem[1000];

	(void)state;
	pthread_barrier_init(&start, NULL, NB_THREADS);
	assert_int_equal(rte_memalloc_tracking_create(system_alloc(), &alloc), 0);
	for (int i = 0; i < 1000; i++)
		mem[i] = get(alloc, 100);
	for (int i = 0; i < NB_THREADS; i++) {
		freers[i] = (struct freer){ .alloc = alloc, .mem = mem, .start = &start };
		assert_int_equal(pthread_create(&freers[i].thread, NULL, free_all, &freers[i]), 0);
	}
	for (int i = 0; i < NB_THREADS; i++) {
		assert_int_equal(pthread_join(freers[i].thread, NULL), 0);
		n += freers[i].nb_freed;
	}
	assert_int_equal(n, 1000);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	pthread_barrier_destroy(&start);
}

/* ---- logging */

/* What Python reads of the lines: each operation, its result, sizes, and whether a text was there. */
static void
read_by_python(const char *path, char *text, size_t size)
{
	char command[1024];
	FILE *out;
	size_t n;

	if (system("command -v python3 >/dev/null") != 0) { /* as in a guest of test/vm */
		print_message("skipped: no python3 to read the lines with\n");
		skip();
	}
	snprintf(command, sizeof(command),
		 "python3 -c 'import json\n"
		 "for line in open(\"%s\", encoding=\"utf-8\"):\n"
		 " d = json.loads(line)\n"
		 " assert d[\"time_ns\"] > 0 and d[\"took_ns\"] >= 0 and d[\"thread\"] == %d\n"
		 " assert \"mem\" not in d or int(d[\"mem\"], 16) > 0\n"
		 " print(d[\"op\"], d[\"ret\"], d.get(\"size\", \"-\"), d.get(\"align\", \"-\"), "
		 "ascii(d.get(\"error\")))\n'",
		 path, (int)getpid());
	out = popen(command, "r");
	assert_non_null(out);
	n = fread(text, 1, size - 1, out);
	text[n] = '\0';
	assert_int_equal(pclose(out), 0);
}

static void
logging_writes_lines_of_json(void **state)
{
	char path[] = "/tmp/memalloc-log-XXXXXX", text[4096];
	int fd = mkstemp(path);
	struct rte_memalloc *alloc;
	FILE *stream;
	void *mem;

	(void)state;
	assert_true(fd >= 0);
	if (system("command -v python3 >/dev/null") != 0) {
		print_message("skipped: there is no python3 to read the lines\n");
		close(fd);
		unlink(path);
		skip();
	}
	stream = fdopen(fd, "w");
	assert_non_null(stream);
	assert_int_equal(rte_memalloc_logging_create(own_create(), stream, &alloc), 0);
	mem = get(alloc, 20);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 30, 64, &mem), 0);
	own.to_fail = -EIO;
	assert_int_equal(rte_memalloc_free(alloc, mem), -EIO);
	/* The text is still the inner one's. */
	assert_string_equal(rte_memalloc_error(), "\"free\"\nis not to be had \\ today" BYTES);
	assert_int_equal(rte_memalloc_reset_peak(alloc), 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(fclose(stream), 0);
	read_by_python(path, text, sizeof(text));
	unlink(path);
	assert_string_equal(
		text,
		"alloc 0 20 16 None\n"
		"realloc 0 30 64 None\n"
		"free -5 - - '\"free\"\\nis not to be had \\\\ today \\ufffd\\xe9\\ufffd\\ufffd\\ufffd'\n"
		"reset_peak 0 - - None\n"
		"free 0 - - None\n"
		"destroy 0 - - None\n");
}

static void
a_full_disk_fails_no_call(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(rte_memalloc_logging_create(system_alloc(), full, &alloc), 0);
	mem = get(alloc, 100);
	assert_int_equal(rte_memalloc_logging_lost(alloc), 1);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_logging_lost(alloc), 2);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	fclose(full);
}

/* ---- all */

static void
they_nest(void **state)
{
	struct rte_memalloc *pool = pool_alloc(50), *limit, *tracking, *locked, *alloc;
	FILE *null = fopen("/dev/null", "w");
	void *mem[20];

	(void)state;
	assert_int_equal(rte_memalloc_limit_create(pool, 64 * 20, &limit), 0);
	assert_int_equal(rte_memalloc_tracking_create(limit, &tracking), 0);
	assert_int_equal(rte_memalloc_logging_create(tracking, null, &locked), 0);
	assert_int_equal(rte_memalloc_locked_create(locked, &alloc), 0);
	assert_string_equal(rte_memalloc_kind(alloc), "locked");
	for (int i = 0; i < 20; i++)
		mem[i] = get(alloc, 10);
	assert_int_equal(rte_memalloc_tracking_asked(tracking), 200);
	assert_int_equal(rte_memalloc_alloc(alloc, 10, 0, &mem[0]), -ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "limit"));
	assert_int_equal(stats_of(pool).allocated, 64 * 20);
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	for (int i = 0; i < 20; i++)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	/* All five of them; what is left over, the sanitizers see. */
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	fclose(null);
}

/* Whatever stands around it, what is in a file stays there, and is found where it was. */
static void
what_is_to_stay_is_no_leak(void **state)
{
	static const struct rte_memalloc_cache_facts facts = {
		.nb_levels = 1,
		.level = { { .size = 32768, .line = 64, .ways = 8, .sets = 64, .nb_cpus = 1 } },
	};
	static const size_t size = 65536;
	char path[] = "/tmp/fastmem-wrap-XXXXXX";
	struct rte_memalloc *alloc, *file;
	char *first, *second;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	assert_int_equal(rte_memalloc_mapped_create(path, 1 << 20, 0, &file), 0);
	assert_int_equal(rte_memalloc_tracking_create(file, &alloc), 0);
	assert_int_equal(rte_memalloc_cache_create(alloc, &facts, &alloc), 0);
	first = get(alloc, size);
	second = get(alloc, size);
	memset(first, 'a', size);
	memset(second, 'b', size);
	assert_int_equal(rte_memalloc_mapped_set_root(file, second), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);

	assert_int_equal(rte_memalloc_mapped_open(path, 0, 0, &file), 0);
	second = rte_memalloc_mapped_root(file);
	first = rte_memalloc_mapped_next(file, NULL);
	first = first == second ? rte_memalloc_mapped_next(file, first) : first;
	assert_non_null(first);
	assert_true(first[0] == 'a' && first[size - 1] == 'a');
	assert_true(second[0] == 'b' && second[size - 1] == 'b');
	assert_int_equal(rte_memalloc_free(file, first), 0);
	assert_int_equal(rte_memalloc_destroy(file), 0);
	unlink(path);
}

static void
what_cannot_be_wrapped_is_refused(void **state)
{
	struct rte_memalloc *inner = system_alloc(), *alloc = inner;

	(void)state;
	assert_int_equal(rte_memalloc_locked_create(NULL, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_locked_create(inner, NULL), -EINVAL);
	assert_int_equal(rte_memalloc_limit_create(NULL, 1, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_tracking_create(NULL, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_logging_create(inner, NULL, &alloc), -EINVAL);
	assert_ptr_equal(alloc, inner);
	assert_int_equal(rte_memalloc_logging_lost(inner), 0);
	assert_int_equal(rte_memalloc_destroy(inner), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locked_lets_one_in_at_a_time),
		cmocka_unit_test(a_limit_is_kept_to_the_byte),
		cmocka_unit_test(a_limit_holds_for_changes_of_size_too),
		cmocka_unit_test(what_could_not_be_freed_counts_still),
		cmocka_unit_test(a_limit_sees_an_arena_reset),
		cmocka_unit_test(threads_together_keep_a_limit),
		cmocka_unit_test(tracking_knows_each_allocation),
		cmocka_unit_test(tracking_counts_for_those_that_do_not),
		cmocka_unit_test(tracking_follows_an_arena_that_was_reset),
		cmocka_unit_test(of_threads_that_free_the_same_one_does),
		cmocka_unit_test(logging_writes_lines_of_json),
		cmocka_unit_test(a_full_disk_fails_no_call),
		cmocka_unit_test(they_nest),
		cmocka_unit_test(what_is_to_stay_is_no_leak),
		cmocka_unit_test(what_cannot_be_wrapped_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
