/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what is asked for, in a configuration or in the environment, and of how frames and
 *   figures are named.
 * Must not: start a profile.
 * Called by: meson test.
 */

#include <errno.h>

#include <rte_memwatch.h>

#include "samples.h"

static int
parse(const char *text, struct rte_memprof_config *config)
{
	static char copy[MP_ENV_MAX];

	strcpy(copy, text);
	return mp_env_parse(copy, config);
}

static void
the_environment_says_what_is_wanted(void **state)
{
	struct rte_memprof_config c;

	(void)state;
	assert_int_equal(parse("on", &c), 0);
	assert_int_equal(c.interval, 0);
	assert_null(c.leaks);
	assert_int_equal(parse("interval=1,leaks=/tmp/a b,depth=7", &c), 0);
	assert_int_equal(c.interval, 1);
	assert_int_equal(c.depth, 7);
	assert_string_equal(c.leaks, "/tmp/a b");
	assert_int_equal(parse("text=t,pprof=p,folded=f,samples=128,sites=9", &c), 0);
	assert_string_equal(c.text, "t");
	assert_string_equal(c.pprof, "p");
	assert_string_equal(c.folded, "f");
	assert_int_equal(c.max_samples, 128);
	assert_int_equal(c.max_sites, 9);
}

static void
what_it_does_not_mean_is_refused(void **state)
{
	static const char *const wrong[] = {
		"off",	      "interval",    "interval=",   "interval=-1",
		"interval=x", "interval= 1", "interval=1k", "depth=4294967296",
		"leaks=",     "leaks",	     "on,",	    "interval=1,,on"
	};
	struct rte_memprof_config c = { .depth = 42 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i], &c), -EINVAL);
		assert_non_null(strstr(rte_memwatch_error(), "FASTMEM_MEMPROF"));
		assert_int_equal(c.depth, 42);
	}
}

static void
what_is_left_open_is_filled_in(void **state)
{
	struct rte_memprof_config c;

	(void)state;
	assert_int_equal(mp_config_check(NULL, &c), 0);
	assert_int_equal(c.interval, RTE_MEMPROF_INTERVAL);
	assert_int_equal(c.max_samples, 65536);
	assert_int_equal(c.max_sites, 8192);
	assert_int_equal(c.depth, 32);
}

static void
numbers_out_of_their_range_are_refused(void **state)
{
	static const struct rte_memprof_config wrong[] = {
		{ .max_samples = 1000 },
		{ .max_samples = 1u << 23 },
		{ .max_sites = (1u << 20) + 1 },
		{ .depth = RTE_MEMPROF_MAX_DEPTH + 1 },
	};
	struct rte_memprof_config c = { .depth = 42 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(mp_config_check(&wrong[i], &c), -EINVAL);
		assert_int_equal(c.depth, 42);
	}
}

#define FRAME(name) \
	{ \
		.function = (name) \
	}

static void
own_frames_are_left_out(void **state)
{
	static const struct rte_memprof_frame shared[] = { FRAME("rte_fastmem_alloc"),
							   FRAME("work"), FRAME("main") };
	static const struct rte_memprof_frame archive[] = {
		FRAME(MP_ON_ALLOCATED),	    FRAME("take"), FRAME("rte_fastmem_alloc_slow"),
		FRAME("rte_fastmem_alloc"), FRAME("work"), FRAME("main")
	};
	/* A checker comes in between. */
	static const struct rte_memprof_frame checked[] = { FRAME("mp_stack_take"),
							    FRAME(MP_ON_ALLOCATED),
							    FRAME("rte_fastmem_alloc_slow"),
							    FRAME("work") };
	/* A function that fastmem calls may allocate. */
	static const struct rte_memprof_frame called[] = { FRAME("work"),
							   FRAME("rte_fastmem_walk_slabs"),
							   FRAME("main") };
	static const struct rte_memprof_frame nameless[] = { FRAME(NULL), FRAME("main") };

	(void)state;
	assert_int_equal(mp_frames_own(shared, 3), 1);
	assert_int_equal(mp_frames_own(archive, 6), 4);
	assert_int_equal(mp_frames_own(checked, 4), 3);
	assert_int_equal(mp_frames_own(called, 3), 0);
	assert_int_equal(mp_frames_own(nameless, 2), 0);
	assert_int_equal(mp_frames_own(NULL, 0), 0);
}

static void
who_asks_is_named_and_not_what_it_asks(void **state)
{
	static const struct rte_memprof_frame frames[] = {
		{ .function = "rte_memalloc_alloc", .file = "memalloc.c", .line = 1 },
		{ .function = "parse", .file = "src/app/parse.c", .line = 12 },
		FRAME("main"),
	};
	static const struct rte_memprof_frame nameless = { .pc = (const void *)0x1234 };
	char text[64], small[8];

	(void)state;
	mp_frames_where(frames, 3, text, sizeof(text));
	assert_string_equal(text, "parse (parse.c:12)");
	mp_frames_where(frames, 1, text, sizeof(text));
	assert_string_equal(text, "rte_memalloc_alloc (memalloc.c:1)");
	mp_frames_where(&frames[2], 1, text, sizeof(text));
	assert_string_equal(text, "main");
	mp_frames_where(&nameless, 1, text, sizeof(text));
	assert_string_equal(text, "0x1234");
	mp_frames_where(NULL, 0, text, sizeof(text));
	assert_string_equal(text, "(other call sites)");
	mp_frames_where(frames, 1, small, sizeof(small));
	assert_string_equal(small, "rte_mem");
}

static void
figures_have_units(void **state)
{
	(void)state;
	assert_string_equal(mp_bytes(0), "0 bytes");
	assert_string_equal(mp_bytes(10239), "10239 bytes");
	assert_string_equal(mp_bytes(10240), "10.0 KiB");
	assert_string_equal(mp_bytes(3u << 20), "3.0 MiB");
	assert_string_equal(mp_bytes(UINT64_MAX), "16384.0 PiB");
	assert_string_equal(mp_ns(999), "999 ns");
	assert_string_equal(mp_ns(1500), "1.5 us");
	assert_string_equal(mp_ns(20000000), "20 ms");
	assert_string_equal(mp_ns(7200000000000), "7200 s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_says_what_is_wanted),
		cmocka_unit_test(what_it_does_not_mean_is_refused),
		cmocka_unit_test(what_is_left_open_is_filled_in),
		cmocka_unit_test(numbers_out_of_their_range_are_refused),
		cmocka_unit_test(own_frames_are_left_out),
		cmocka_unit_test(who_asks_is_named_and_not_what_it_asks),
		cmocka_unit_test(figures_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
