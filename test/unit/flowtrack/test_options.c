/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of options.c.
 * Must not: need a file or a node that an option names.
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

/* Up to four arguments, NULL behind the last. */
static int
parse(const char *a, const char *b, const char *c, const char *d)
{
	const char *args[] = { "--", a, b, c, d, NULL };
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
	assert_int_equal(parse(NULL, NULL, NULL, NULL), 0);
	assert_null(opts.capture);
	assert_null(opts.json);
	assert_int_equal(opts.nb_reserves, 1);
	assert_int_equal(opts.reserve[0].node_id, OPTIONS_MAIN_NODE);
	assert_int_equal(opts.reserve[0].size, 64 << 20);
	assert_false(opts.reserve_given);
	assert_false(opts.plan_given);
	assert_int_equal(opts.interval_s, 0);
	assert_int_equal(opts.top, 10);
	assert_int_equal(opts.max_flows, 65536);
	assert_int_equal(opts.flow_timeout_s, 60);
	assert_int_equal(opts.window, 256 << 10);
}

static void
values(void **state)
{
	(void)state;
	assert_int_equal(parse("--capture", "a.pcap", "--json=b.json", NULL), 0);
	assert_string_equal(opts.capture, "a.pcap");
	assert_string_equal(opts.json, "b.json");
	assert_int_equal(parse("--fastmem-reserve", "0=2G", "--fastmem-config=a.ini", NULL), 0);
	assert_true(opts.plan_given);
	assert_int_equal(parse("--interval", "5", "--top=0", NULL), 0);
	assert_int_equal(opts.interval_s, 5);
	assert_int_equal(opts.top, 0);
	assert_int_equal(parse("--max-flows=16777216", "--flow-timeout=7", "--window=1k", NULL), 0);
	assert_int_equal(opts.max_flows, 16777216);
	assert_int_equal(opts.flow_timeout_s, 7);
	assert_int_equal(opts.window, 1024);
}

static void
reserves(void **state)
{
	(void)state;
	assert_int_equal(parse("--reserve=3G", NULL, NULL, NULL), 0);
	assert_int_equal(opts.nb_reserves, 1);
	assert_int_equal(opts.reserve[0].node_id, OPTIONS_MAIN_NODE);
	assert_int_equal(opts.reserve[0].size, UINT64_C(3) << 30);
	assert_int_equal(parse("--reserve", "0=64M,2=1g,11=4096", NULL, NULL), 0);
	assert_int_equal(opts.nb_reserves, 3);
	assert_int_equal(opts.reserve[0].node_id, 0);
	assert_int_equal(opts.reserve[0].size, 64 << 20);
	assert_int_equal(opts.reserve[1].node_id, 2);
	assert_int_equal(opts.reserve[1].size, 1 << 30);
	assert_int_equal(opts.reserve[2].node_id, 11);
	assert_int_equal(opts.reserve[2].size, 4096);
}

static void
wrong_values(void **state)
{
	static const char *const bad[] = {
		"--reserve=",
		"--reserve=0",
		"--reserve=-1",
		"--reserve=64T",
		"--reserve=64MB",
		"--reserve=0=",
		"--reserve=0=64M,",
		"--reserve=0=64M,1",
		"--reserve=64M,64M",
		"--reserve=0=64M,64M",
		"--reserve=64M,1=64M",
		"--reserve=x=64M",
		"--reserve=0==1",
		"--reserve=99999=1M",
		"--reserve=18446744073709551615K",
		"--reserve=0:64M",
		"--interval=0",
		"--interval=x",
		"--interval=1s",
		"--top=-1",
		"--top=1048577",
		"--max-flows=0",
		"--max-flows=16777217",
		"--flow-timeout=0",
		"--flow-timeout=",
		"--window=0",
		"--window=2G",
		"--window=1Kx",
		"--capture=",
		"--json=",
		"--capture",
		"--nonsense",
		"-x",
		"stray",
		"--help=1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], NULL, NULL, NULL) != -EINVAL)
			fail_msg("%s was taken", bad[i]);
		if (error[0] == '\0')
			fail_msg("%s: nothing was said", bad[i]);
	}
}

static void
too_many_nodes(void **state)
{
	char text[1024] = "--reserve=0=1M";
	unsigned int i;

	(void)state;
	for (i = 1; i < OPTIONS_RESERVES_MAX; i++)
		strcat(text, ",1=1M");
	assert_int_equal(parse(text, NULL, NULL, NULL), 0);
	assert_int_equal(opts.nb_reserves, OPTIONS_RESERVES_MAX);
	strcat(text, ",1=1M");
	assert_int_equal(parse(text, NULL, NULL, NULL), -EINVAL);
}

static void
help(void **state)
{
	(void)state;
	assert_int_equal(parse("--help", NULL, NULL, NULL), 1);
	assert_non_null(strstr(options_usage, "--flow-timeout"));
}

/* What was not understood is named, and so is what was expected. */
static void
errors_say_what(void **state)
{
	(void)state;
	parse("--top", "ten", NULL, NULL);
	assert_string_equal(error, "--top: expected a number, at most 1048576, got 'ten'");
	parse("--top=1", "--nonsense", NULL, NULL);
	assert_string_equal(error, "--nonsense: no such option");
	parse("--top=1", "--window", NULL, NULL);
	assert_string_equal(error, "--window: needs a value");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	   cmocka_unit_test(values),
		cmocka_unit_test(reserves),	   cmocka_unit_test(wrong_values),
		cmocka_unit_test(too_many_nodes),  cmocka_unit_test(help),
		cmocka_unit_test(errors_say_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
