/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of json.c; test/app/flowtrack reads whole reports with a parser of JSON.
 * Must not: parse.
 * Called by: meson test.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json.h"

static char *text;
static size_t text_size;
static struct json json;

static int
setup(void **state)
{
	(void)state;
	json_init(&json, open_memstream(&text, &text_size));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(text);
	return 0;
}

static void
expect(const char *expected)
{
	fclose(json.file);
	assert_string_equal(text, expected);
}

static void
nesting(void **state)
{
	(void)state;
	json_open(&json, NULL, '{');
	json_uint(&json, "a", UINT64_MAX);
	json_open(&json, "b", '[');
	json_bool(&json, NULL, true);
	json_open(&json, NULL, '{');
	json_close(&json, '}');
	json_close(&json, ']');
	json_open(&json, "c", '[');
	json_close(&json, ']');
	json_bool(&json, "d", false);
	json_close(&json, '}');
	expect("{\n  \"a\": 18446744073709551615,\n  \"b\": [\n    true,\n    {}\n  ],\n"
	       "  \"c\": [],\n  \"d\": false\n}\n");
}

static void
numbers(void **state)
{
	(void)state;
	json_open(&json, NULL, '[');
	json_real(&json, NULL, 0.25);
	json_real(&json, NULL, -1e9);
	json_real(&json, NULL, NAN);
	json_real(&json, NULL, INFINITY);
	json_close(&json, ']');
	expect("[\n  0.250000,\n  -1000000000.000000,\n  null,\n  null\n]\n");
}

static void
strings(void **state)
{
	(void)state;
	json_open(&json, NULL, '[');
	json_string(&json, NULL, NULL);
	json_string(&json, NULL, "plain / text");
	json_string(&json, NULL, "quote \" backslash \\ newline \n bell \a");
	/* One to four bytes of UTF-8 as they are. */
	json_string(&json, NULL, "e \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7");
	json_close(&json, ']');
	expect("[\n  null,\n  \"plain / text\",\n"
	       "  \"quote \\\" backslash \\\\ newline \\u000a bell \\u0007\",\n"
	       "  \"e \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7\"\n]\n");
}

static void
bytes_that_are_no_text(void **state)
{
	(void)state;
	json_open(&json, NULL, '[');
	json_string(&json, NULL, "\xff");	      /* never in UTF-8 */
	json_string(&json, NULL, "\xc3");	      /* cut */
	json_string(&json, NULL, "\xc0\xaf");	      /* too long for what it says */
	json_string(&json, NULL, "\xed\xa0\x80");     /* a surrogate */
	json_string(&json, NULL, "\xf4\x90\x80\x80"); /* above the last character */
	json_string(&json, NULL, "a\x80z");	      /* a lone continuation */
	json_close(&json, ']');
	expect("[\n  \"\\ufffd\",\n  \"\\ufffd\",\n  \"\\ufffd\\ufffd\",\n"
	       "  \"\\ufffd\\ufffd\\ufffd\",\n  \"\\ufffd\\ufffd\\ufffd\\ufffd\",\n"
	       "  \"a\\ufffdz\"\n]\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nesting, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(strings, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
