/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of options.c.
 * Must not: need a file or a scenario that an option names.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

static struct options opts;
static char error[256];

/* Up to five arguments, NULL behind the last. */
static int
parse(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	const char *args[] = { "fastmem-perf", a, b, c, d, e, NULL };
	int argc;

	for (argc = 1; args[argc] != NULL; argc++)
		;
	error[0] = '\0';
	return options_parse(argc, (char **)(uintptr_t)args, &opts, error, sizeof(error));
}

static void
defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, NULL, NULL, NULL, NULL), 0);
	assert_int_equal(opts.eal.argc, 0);
	assert_int_equal(opts.nb_scenarios, 0);
	assert_int_equal(opts.rounds, 11);
	assert_int_equal(opts.renewals, 11);
	assert_true(opts.sample_ms == 4);
	assert_int_equal(opts.reserve, 256 << 20);
	assert_int_equal(opts.caches, 0);
	assert_int_equal(opts.churn, 0);
	assert_null(opts.json);
	assert_null(opts.csv);
	assert_null(opts.plot);
	assert_false(opts.is_quick || opts.list || opts.instructions || opts.counted);
	assert_true(options_want(&opts, "pair"));
}

static void
quick_is_shorter(void **state)
{
	(void)state;
	assert_int_equal(parse("--quick", NULL, NULL, NULL, NULL), 0);
	assert_int_equal(opts.rounds, 7);
	assert_int_equal(opts.renewals, 3);
	assert_true(opts.sample_ms == 1);
	/* What is said stands, before it or behind it. */
	assert_int_equal(parse("--rounds=2", "--quick", "--time=9", NULL, NULL), 0);
	assert_int_equal(opts.rounds, 2);
	assert_int_equal(opts.renewals, 2);
	assert_true(opts.sample_ms == 9);
}

static void
values(void **state)
{
	(void)state;
	assert_int_equal(parse("--json", "a", "--csv=b", "--plot", "c"), 0);
	assert_string_equal(opts.json, "a");
	assert_string_equal(opts.csv, "b");
	assert_string_equal(opts.plot, "c");
	assert_int_equal(parse("--reserve=3g", "--caches=64", "--churn=1e9", NULL, NULL), 0);
	assert_true(opts.reserve == (size_t)3 << 30);
	assert_int_equal(opts.caches, 64);
	assert_int_equal(opts.churn, 1000000000);
	assert_int_equal(parse("--help", "--no-such", NULL, NULL, NULL), 1);
}

static void
scenarios(void **state)
{
	(void)state;
	assert_int_equal(parse("pair", "--quick", "bulk", NULL, NULL), 0);
	assert_int_equal(opts.nb_scenarios, 2);
	assert_true(options_want(&opts, "pair") && options_want(&opts, "bulk"));
	assert_false(options_want(&opts, "tail"));
}

static void
eal_comes_first(void **state)
{
	(void)state;
	assert_int_equal(parse("-l", "0,1", "--", "--rounds=3", "pair"), 0);
	assert_int_equal(opts.eal.argc, 3);
	assert_string_equal(opts.eal.argv[0], "fastmem-perf");
	assert_string_equal(opts.eal.argv[2], "0,1");
	assert_int_equal(opts.rounds, 3);
	assert_true(options_want(&opts, "pair"));
	/* Options of EAL are none of ours. */
	assert_int_equal(parse("-l", "0,1", NULL, NULL, NULL), -EINVAL);
}

static void
wrong_ones_are_said(void **state)
{
	static const char *const bad[] = {
		"--rounds=0",  "--rounds=61",	"--rounds=1.5", "--rounds=-1",	"--rounds=",
		"--time=0",    "--time=1e9",	"--time=x",	"--reserve=0",	"--reserve=1T",
		"--reserve=M", "--reserve=1MM", "--caches=257", "--churn=1e13", "--churn=0.5",
		"--json=",     "--nothing",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i], NULL, NULL, NULL, NULL), -EINVAL);
		assert_non_null(strstr(error, "--"));
	}
	assert_int_equal(parse("--json", NULL, NULL, NULL, NULL), -EINVAL);
	assert_string_equal(error, "--json: needs a value");
	parse("--reserve=1T", NULL, NULL, NULL, NULL);
	assert_string_equal(error, "--reserve: expected a size, such as 256M, got '1T'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	   cmocka_unit_test(quick_is_shorter),
		cmocka_unit_test(values),	   cmocka_unit_test(scenarios),
		cmocka_unit_test(eal_comes_first), cmocka_unit_test(wrong_ones_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
