/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of how plans are read: from a line, a file and the environment.
 * Must not: look at the machine.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "rte_reserve.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

static char path[] = "/tmp/fastmem-plan-XXXXXX";

static void
write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* What a plan says, in one line; to be freed. */
static char *
text_of(const struct rte_reserve_plan *plan)
{
	size_t len = rte_reserve_plan_text(plan, NULL, 0);
	char *text = malloc(len + 1);

	assert_non_null(text);
	assert_int_equal(rte_reserve_plan_text(plan, text, len + 1), len);
	assert_int_equal(strlen(text), len);
	return text;
}

static void
assert_says(const char *file, const char *line, const char *expected)
{
	struct rte_reserve_plan *plan = NULL;
	char *text;

	if (rte_reserve_parse(file, line, &plan) != 0)
		fail_msg("%s: %s", line != NULL ? line : "the file", rte_reserve_error());
	text = text_of(plan);
	assert_string_equal(text, expected);
	free(text);
	rte_reserve_plan_free(plan);
}

static void
assert_fails(const char *file, const char *line, const char *error)
{
	struct rte_reserve_plan *untouched = (void *)path, *plan = untouched;

	if (rte_reserve_parse(file, line, &plan) != -EINVAL)
		fail_msg("\"%s\" did not fail", line != NULL ? line : error);
	assert_ptr_equal(plan, untouched);
	assert_string_equal(rte_reserve_error(), error);
}

static void
lines_say_what_they_say(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "", "" },
		{ " ", "" },
		{ "0=2G@1G,1=512M,any=64M", "0=2G@1G,1=512M,any=64M" },
		{ " 0 = 2 GiB @ 1g , any = 65536k ", "0=2G@1G,any=64M" },
		{ "00=1024MB", "0=1G" },
		{ "0=1T@any", "0=1T" },
		{ "each=50%,cpu-nodes=100%@1G", "each=50%,cpu-nodes=100%@1G" },
		{ "LOCAL=2M,memory-nodes=3M", "local=2M,memory-nodes=3M" },
		{ "near:0000:3b:00.0=1G,near:eth0=1G", "near:0000:3b:00.0=1G,near:eth0=1G" },
		{ "0=1G/limit=4G/growth=off", "0=1G/limit=4G/growth=off" },
		{ "0=1G/growth=yes/limit=none", "0=1G/limit=none/growth=on" },
		{ "0=1G/warm=64x10000+2048x4096", "0=1G/warm=64x10000+2048x4096" },
		{ "0=1G/threads=4", "0=1G/threads=4" },
		{ "0=1G/warm=2K x 4096", "0=1G/warm=2048x4096" },
		{ "0=1G/shortage=fail", "0=1G/shortage=fail" },
		{ "0=1G/shortage=other-node", "0=1G/shortage=other-node" },
		{ "0=1G/shortage=other-node<=20", "0=1G/shortage=other-node<=20" },
		{ "0=1G/shortage=smaller-pages", "0=1G/shortage=smaller-pages" },
		{ "0=1G/shortage=less", "0=1G/shortage=less>=2M" },
		{ "0=1G/shortage=less >= 256M", "0=1G/shortage=less>=256M" },
		{ "any=64M,seal=yes", "any=64M,seal=yes" },
		{ "seal=no", "seal=no" },
		{ "1023=2M", "1023=2M" },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++)
		assert_says(NULL, cases[i].line, cases[i].says);
	/* What is said is read as what was said. */
	for (size_t i = 0; i < NB_ELEMS(cases); i++)
		assert_says(NULL, cases[i].says, cases[i].says);
}

static void
lines_that_are_wrong_say_where_and_what_was_expected(void **state)
{
#define NEEDS_SIZE "a size with its unit, such as 512M or 2G"
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "0", "1:1: expected NODE=SIZE, such as 0=2G@1G, got \"0\"" },
		{ "0=", "1:3: expected " NEEDS_SIZE ", or a share such as 50%, got nothing" },
		{ "0=512", "1:3: expected " NEEDS_SIZE ", or a share such as 50%, got \"512\"" },
		{ "0=0M", "1:3: expected " NEEDS_SIZE ", or a share such as 50%, got \"0M\"" },
		{ "0=-1M", "1:3: expected " NEEDS_SIZE ", or a share such as 50%, got \"-1M\"" },
		{ "0=1.5G", "1:3: expected " NEEDS_SIZE ", or a share such as 50%, got \"1.5G\"" },
		{ "0=99999999999999999999999G",
		  "1:3: expected " NEEDS_SIZE
		  ", or a share such as 50%, got \"99999999999999999999999G\"" },
		{ "0=18014398509481984K", "1:3: expected " NEEDS_SIZE
					  ", or a share such as 50%, got \"18014398509481984K\"" },
		{ "0=101%", "1:3: expected a share of 1% to 100%, got \"101%\"" },
		{ "0=0%", "1:3: expected a share of 1% to 100%, got \"0%\"" },
		{ "0=2G,,1=2G", "1:6: expected NODE=SIZE, such as 0=2G@1G, got nothing" },
		{ "0=2G,", "1:6: expected NODE=SIZE, such as 0=2G@1G, got nothing" },
		{ "0=2G@3M", "1:6: expected a size of hugepages: 2M, 1G or any, got \"3M\"" },
		{ "0=2G@4K", "1:6: expected a size of hugepages: 2M, 1G or any, got \"4K\"" },
		{ "0=2G@", "1:6: expected a size of hugepages: 2M, 1G or any, got nothing" },
		{ "eech=2G", "1:1: \"eech\" is no node; did you mean \"each\"?" },
		{ "cpu_nodes=2G", "1:1: \"cpu_nodes\" is no node; did you mean \"cpu-nodes\"?" },
		{ "1024=2G", "1:1: expected a node: its id, any, each, local, cpu-nodes, "
			     "memory-nodes or near:DEVICE, got \"1024\"" },
		{ "-1=2G", "1:1: expected a node: its id, any, each, local, cpu-nodes, "
			   "memory-nodes or near:DEVICE, got \"-1\"" },
		{ "near:=2G", "1:6: expected a PCI address or an interface, as in "
			      "near:0000:3b:00.0, got nothing" },
		{ "0=1G/limt=4G", "1:6: there is no key \"limt\"; did you mean \"limit\"?" },
		{ "0=1G/colour=red",
		  "1:6: expected a key: size, page, limit, growth, threads, warm, "
		  "shortage or seal, got \"colour\"" },
		{ "0=1G/limit", "1:6: expected KEY=VALUE, got \"limit\"" },
		{ "0=1G/limit=512M", "1:6: the limit is below the size" },
		{ "0=1G/growth=maybe", "1:13: expected on or off, yes or no, got \"maybe\"" },
		{ "0=1G/threads=0", "1:14: expected a number of threads, 1 to 64, got \"0\"" },
		{ "0=1G/warm=64", "1:11: expected SIZExCOUNT, such as 64x10000, got \"64\"" },
		{ "0=1G/warm=64x10+x10",
		  "1:17: expected the size of blocks in bytes, up to 1M, got nothing" },
		{ "0=1G/warm=2Mx10",
		  "1:11: expected the size of blocks in bytes, up to 1M, got \"2M\"" },
		{ "0=64K/warm=64x1000+1Kx2", "1:7: the blocks to warm are more than the size" },
		{ "0=1G/warm=64x0", "1:14: expected a count of blocks, got \"0\"" },
		{ "0=1G/shortage=les", "1:15: \"les\" is nothing to do on shortage; did you mean "
				       "\"less\"?" },
		{ "0=1G/shortage=less<=1G", "1:19: expected a floor: >=SIZE, got \"<=1G\"" },
		{ "0=1G/shortage=less>=2G", "1:6: less than the size may not be more than it" },
		{ "0=1G/shortage=other-node<=9",
		  "1:27: expected a distance as the firmware states it, 10 to 255, got \"9\"" },
		{ "0=1G/shortage=fail<=20", "1:19: expected nothing more, got \"<=20\"" },
		{ "0=1G,0=2G", "1:8: \"size\" is given twice; the first is in line 1, column 3" },
		{ "0=1G/growth=on/growth=off",
		  "1:16: \"growth\" is given twice; the first is in line 1, column 6" },
		{ "0=/growth=on", "1:1: nothing says how much: expected a size for these nodes" },
		{ "seal=perhaps", "1:6: expected on or off, yes or no, got \"perhaps\"" },
		{ "0=\x01\xff", "1:3: expected " NEEDS_SIZE ", or a share such as 50%, got \"?"
				"?\"" },
	};
	char expected[512];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		snprintf(expected, sizeof(expected), "command line:%s", cases[i].error);
		assert_fails(NULL, cases[i].line, expected);
	}
}

#define FILE_TEXT \
	"; what the service needs\n" \
	"[0]\n" \
	"size = 2G    ; two of the large ones, and a third for the records\n" \
	"\tpage=1G\r\n" \
	"\n" \
	"[each]   # of them\n" \
	"size = 25%\n" \
	"warm = 64x10000, 2048x4096\n" \
	"warm = 128x1\n" \
	"shortage = less>=64M\n" \
	"seal = yes"
#define FILE_SAYS "0=2G@1G,each=25%/warm=64x10000+2048x4096+128x1/shortage=less>=64M,seal=yes"

static void
a_file_says_the_same_in_more_lines(void **state)
{
	(void)state;
	write_file(FILE_TEXT, strlen(FILE_TEXT));
	assert_says(path, NULL, FILE_SAYS);
	write_file("", 0);
	assert_says(path, NULL, "");
	write_file("\n;\n#\n", 5);
	assert_says(path, NULL, "");
	write_file("seal=yes\n[any]\nsize=2M\n", 23);
	assert_says(path, NULL, "any=2M,seal=yes");
	write_file("[0]\nsize=2M\n[1]\nsize=4M\n[0]\ngrowth=off\n", 39);
	assert_says(path, NULL, "0=2M/growth=off,1=4M");
}

static void
files_that_are_wrong_say_where(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "[0]\nsize = 2G\npgae = 1G\n",
		  "3:1: there is no key \"pgae\"; did you mean \"page\"?" },
		{ "\n\n  [nod 0]\n", "3:4: expected a node: its id, any, each, local, cpu-nodes, "
				     "memory-nodes or near:DEVICE, got \"nod 0\"" },
		{ "[0]\nsize 2G\n",
		  "2:1: expected \"key = value\" or \"[node]\", got \"size 2G\"" },
		{ "[0]\nsize =\t two\n",
		  "2:9: expected " NEEDS_SIZE ", or a share such as 50%, got \"two\"" },
		{ "[0]\nsize = ; later\n",
		  "2:7: expected " NEEDS_SIZE ", or a share such as 50%, got nothing" },
		{ "[0\nsize = 2G\n", "1:1: expected a \"]\" that ends the name of the section, got "
				     "\"[0\"" },
		{ "[0] x\n", "1:5: expected nothing behind a section, got \"x\"" },
		{ "[]\n", "1:2: expected a node: its id, any, each, local, cpu-nodes, "
			  "memory-nodes or near:DEVICE, got nothing" },
		{ "= 2G\n", "1:1: expected a key before the \"=\", got nothing" },
		{ "size = 2G\n",
		  "1:1: \"size\" is said of a node: put it below one, such as [0] or "
		  "[any]" },
		{ "[0]\nsize = 2G\n\nsize = 1G\n",
		  "4:1: \"size\" is given twice; the first is in line 2, column 1" },
		{ "[0]\nsize = 2G\n[1]\nlimit = 2G\n",
		  "3:2: nothing says how much: expected a size for these nodes" },
		{ "[0]\nsize = 2G\nwarm = 64x10, 65y10\n",
		  "3:15: expected SIZExCOUNT, such as 64x10000, got \"65y10\"" },
		{ "[0]\nsize = 2\bG\n", "2:9: a character that is no text: 0x8" },
		{ "[GLOBAL]\nsize = 2G\n", "1:2: \"GLOBAL\" is no node; did you mean \"local\"?" },
	};
	char expected[512];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		write_file(cases[i].text, strlen(cases[i].text));
		snprintf(expected, sizeof(expected), "%s:%s", path, cases[i].error);
		assert_fails(path, NULL, expected);
	}
}

/* Where librte_cfgfile gives up or cuts. */
static void
long_lines_are_read_or_refused_but_never_cut(void **state)
{
	char text[2048], expected[256], *at = text;

	(void)state;
	at += sprintf(text, "[0] ;%01000d\nsize = %0100d2M\nwarm = ", 0, 0);
	for (int i = 0; i < 248; i++)
		*at++ = i == 0 ? '8' : i < 247 ? ' ' : 'x';
	sprintf(at, "1 \n");
	write_file(text, strlen(text));
	assert_says(path, NULL, "0=2M/warm=8x1");

	sprintf(text, "[0]\nsize = %0255dM\n", 2);
	write_file(text, strlen(text));
	sprintf(expected,
		"%s:2:8: a value has at most 255 characters, this one has 256; warm may be given "
		"in several lines",
		path);
	assert_fails(path, NULL, expected);
	sprintf(text, "[0]\n%064d=2M\n", 2);
	write_file(text, strlen(text));
	sprintf(expected, "%s:2:1: a key has at most 63 characters, this one has 64", path);
	assert_fails(path, NULL, expected);
	sprintf(text, "[%064d]\nsize=2M\n", 0);
	write_file(text, strlen(text));
	sprintf(expected, "%s:1:2: a section's name has at most 63 characters, this one has 64",
		path);
	assert_fails(path, NULL, expected);
}

static void
files_that_cannot_be_read_are_named(void **state)
{
	struct rte_reserve_plan *plan = NULL;
	char big[4096];
	FILE *f;

	(void)state;
	assert_int_equal(rte_reserve_parse("/nonexistent/plan", NULL, &plan), -ENOENT);
	assert_non_null(strstr(rte_reserve_error(), "/nonexistent/plan"));
	assert_int_equal(rte_reserve_parse("/tmp", NULL, &plan), -EISDIR);
	assert_int_equal(rte_reserve_parse(path, NULL, NULL), -EINVAL);
	f = fopen(path, "w");
	assert_non_null(f);
	memset(big, '\n', sizeof(big));
	for (int i = 0; i < 257; i++)
		fwrite(big, 1, sizeof(big), f);
	fclose(f);
	assert_int_equal(rte_reserve_parse(path, NULL, &plan), -E2BIG);
	assert_null(plan);
	assert_int_equal(truncate(path, 1 << 20), 0);
	assert_says(path, NULL, "");
}

static void
what_is_nearer_to_the_user_wins_key_by_key(void **state)
{
	(void)state;
	write_file(FILE_TEXT, strlen(FILE_TEXT));
	assert_says(path, "0=1G,1=2M",
		    "0=1G@1G,each=25%/warm=64x10000+2048x4096+128x1/shortage=less>=64M,1=2M,"
		    "seal=yes");
	setenv(RTE_RESERVE_ENV_PLAN, "0=4G@2M,each=/warm=64x1,seal=no", 1);
	assert_says(path, NULL, "0=4G@2M,each=25%/warm=64x1/shortage=less>=64M,seal=no");
	assert_says(path, "0=1G/warm=64x2,seal=yes",
		    "0=1G@2M/warm=64x2,each=25%/warm=64x1/shortage=less>=64M,seal=yes");
	assert_fails(NULL, NULL,
		     "FASTMEM_PLAN:1:9: nothing says how much: expected a size for these nodes");
	unsetenv(RTE_RESERVE_ENV_PLAN);
}

static void
the_environment_names_a_file_where_the_program_does_not(void **state)
{
	(void)state;
	write_file("[0]\nsize=2M\n", 12);
	setenv(RTE_RESERVE_ENV_CONFIG, path, 1);
	assert_says(NULL, NULL, "0=2M");
	assert_says(NULL, "1=2M", "0=2M,1=2M");
	setenv(RTE_RESERVE_ENV_CONFIG, "/nonexistent/plan", 1);
	assert_says(path, NULL, "0=2M");
	setenv(RTE_RESERVE_ENV_CONFIG, "", 1);
	setenv(RTE_RESERVE_ENV_PLAN, "", 1);
	assert_says(NULL, NULL, "");
	setenv(RTE_RESERVE_ENV_PLAN, "0=x", 1);
	assert_fails(NULL, NULL,
		     "FASTMEM_PLAN:1:3: expected " NEEDS_SIZE
		     ", or a share such as 50%, got \"x\"");
	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
}

static void
too_many_are_refused(void **state)
{
	char text[256 * 16 + 32], *at = text, expected[64];
	struct rte_reserve_plan *plan;

	(void)state;
	for (int i = 0; i < 257; i++) {
		if (i == 256) {
			*at = '\0';
			assert_int_equal(rte_reserve_parse(NULL, text, &plan), 0);
			rte_reserve_plan_free(plan);
			sprintf(expected, "command line:1:%zu: more than 256 nodes in a plan",
				(size_t)(at - text) + 2);
		}
		at += sprintf(at, "%s%d=2M", i == 0 ? "" : ",", i);
	}
	assert_fails(NULL, text, expected);
	at = text + sprintf(text, "0=2M/warm=1x1");
	for (int i = 1; i < 81; i++)
		at += sprintf(at, "+1x1");
	assert_fails(NULL, text, "command line:1:331: more than 80 sizes to warm");
}

static void
text_is_cut_where_there_is_no_room(void **state)
{
	struct rte_reserve_plan *plan;
	char buf[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(rte_reserve_parse(NULL, "0=2G@1G,any=64M", &plan), 0);
	assert_int_equal(rte_reserve_plan_text(plan, buf, 5), 15);
	assert_string_equal(buf, "0=2G");
	assert_int_equal(rte_reserve_plan_text(plan, buf, 1), 15);
	assert_string_equal(buf, "");
	rte_reserve_plan_free(plan);
	rte_reserve_plan_free(NULL);
}

static int
make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_what_they_say),
		cmocka_unit_test(lines_that_are_wrong_say_where_and_what_was_expected),
		cmocka_unit_test(a_file_says_the_same_in_more_lines),
		cmocka_unit_test(files_that_are_wrong_say_where),
		cmocka_unit_test(long_lines_are_read_or_refused_but_never_cut),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(what_is_nearer_to_the_user_wins_key_by_key),
		cmocka_unit_test(the_environment_names_a_file_where_the_program_does_not),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(text_is_cut_where_there_is_no_room),
	};

	return cmocka_run_group_tests_name("reserve/parse", tests, make_file, remove_file);
}
