/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of membind_parse.c: what the kernel writes is understood, all else is refused.
 * Must not: read a file.
 * Called by: meson test.
 */

#include <numaif.h>
#include <stdio.h>

#include "membind_priv.h"
#include "test_witness.h"

static void
mappings_are_read(void **state)
{
	static const struct {
		const char *line;
		struct membind_vma vma;
	} cases[] = {
		{ "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ",
		  { 0x7f0000000000, 0x7f0000001000, 0, PROT_READ | PROT_WRITE, false, false, "" } },
		{ "10000-11000 ---p 00000000 00:00 0",
		  { 0x10000, 0x11000, 0, PROT_NONE, false, false, "" } },
		{ "7ffc12345000-7ffc12366000 rw-p 00000000 00:00 0                          [stack]",
		  { 0x7ffc12345000, 0x7ffc12366000, 0, PROT_READ | PROT_WRITE, false, false,
		    "[stack]" } },
		{ "55d0c0000000-55d0c0010000 r-xp 00001000 fe:00 1234     /usr/bin/name with blanks",
		  { 0x55d0c0000000, 0x55d0c0010000, 0, PROT_READ | PROT_EXEC, false, true,
		    "/usr/bin/name w" } },
		{ "7f0040000000-7f0080000000 rw-s 00000000 00:0f 77     /dev/hugepages/rtemap_0",
		  { 0x7f0040000000, 0x7f0080000000, 0, PROT_READ | PROT_WRITE, true, true,
		    "/dev/hugepages/" } },
		{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0         [vsyscall]",
		  { 0xffffffffff600000, 0xffffffffff601000, 0, PROT_EXEC, false, false,
		    "[vsyscall]" } },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct membind_vma vma;

		print_message("%s\n", cases[i].line);
		assert_int_equal(membind_parse_vma(cases[i].line, &vma), 0);
		assert_true(vma.start == cases[i].vma.start && vma.end == cases[i].vma.end);
		assert_int_equal(vma.prot, cases[i].vma.prot);
		assert_int_equal(vma.shared, cases[i].vma.shared);
		assert_int_equal(vma.object, cases[i].vma.object);
		assert_string_equal(vma.name, cases[i].vma.name);
	}
}

static void
malformed_mappings_change_nothing(void **state)
{
	static const char *const cases[] = {
		"",
		"-",
		"1000",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 rw-p",
		"1000-2000 rw-p 0",
		"1000-2000 rw-p 0 00:00",
		"1000-2000 rw-p 0 00:00 ",
		"1000-2000 rw-p 0 00:00 x",
		"1000-2000 rwx 00000000 00:00 0",
		"1000-2000 wr-p 00000000 00:00 0",
		"1000-2000 rw-q 00000000 00:00 0",
		"1000-2000 rw-pp 00000000 00:00 0",
		"2000-1000 rw-p 00000000 00:00 0",
		"1000-1000 rw-p 00000000 00:00 0",
		" 1000-2000 rw-p 00000000 00:00 0",
		"+1000-2000 rw-p 00000000 00:00 0",
		"x1000-2000 rw-p 00000000 00:00 0",
		"KernelPageSize:        4 kB",
		"Size:                132 kB",
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct membind_vma vma = { .start = 7, .end = 9 };

		print_message("\"%s\"\n", cases[i]);
		assert_int_equal(membind_parse_vma(cases[i], &vma), -EINVAL);
		assert_true(vma.start == 7 && vma.end == 9);
	}
}

static void
page_sizes_are_powers_of_two(void **state)
{
	static const char *const malformed[] = {
		"",
		"KernelPageSize:",
		"KernelPageSize:        0 kB",
		"KernelPageSize:        3 kB",
		"KernelPageSize:        4",
		"KernelPageSize:        4 MB",
		"KernelPageSize:       -4 kB",
		"KernelPageSize: 18014398509481984 kB",
		"MMUPageSize:           4 kB",
	};
	size_t size = 7;

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(malformed); i++) {
		print_message("\"%s\"\n", malformed[i]);
		assert_int_equal(membind_parse_page_size(malformed[i], &size), -EINVAL);
		assert_int_equal(size, 7);
	}
	assert_int_equal(membind_parse_page_size("KernelPageSize:        4 kB", &size), 0);
	assert_int_equal(size, 4096);
	assert_int_equal(membind_parse_page_size("KernelPageSize:  1048576 kB", &size), 0);
	assert_int_equal(size, 1 << 30);
}

static void
policies_are_read(void **state)
{
	static const struct {
		const char *line;
		int mode;
		const char *nodes;
	} cases[] = {
		{ "10000 default", MPOL_DEFAULT, "" },
		{ "10000 default anon=1 dirty=1 N0=1 kernelpagesize_kB=4", MPOL_DEFAULT, "" },
		{ "10000 local", MPOL_LOCAL, "" },
		{ "10000 bind:0", MPOL_BIND, "0" },
		{ "10000 bind:0-1,3 file=/a:b anon=1", MPOL_BIND, "0-1,3" },
		{ "10000 bind=static:0-1 anon=1", MPOL_BIND, "0-1" },
		{ "10000 bind=relative:2", MPOL_BIND, "2" },
		{ "10000 bind=static|balancing:5 huge", MPOL_BIND, "5" },
		{ "10000 interleave:0-3", MPOL_INTERLEAVE, "0-3" },
		{ "10000 weighted interleave:0,2 anon=4", MEMBIND_MODE_WEIGHTED_INTERLEAVE, "0,2" },
		{ "10000 prefer:1", MPOL_PREFERRED, "1" },
		{ "10000 prefer=static:1023", MPOL_PREFERRED, "1023" },
		{ "10000 prefer (many):1-2 anon=1", MEMBIND_MODE_PREFERRED_MANY, "1-2" },
		{ "10000 prefer (many)=static:1-2", MEMBIND_MODE_PREFERRED_MANY, "1-2" },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct membind_kernel_policy policy;
		struct rte_numa_mask nodes = mask_of(cases[i].nodes);
		uintptr_t start;

		print_message("%s\n", cases[i].line);
		assert_int_equal(membind_parse_numa_maps(cases[i].line, &start, &policy), 0);
		assert_int_equal(start, 0x10000);
		assert_int_equal(policy.mode, cases[i].mode);
		assert_true(rte_numa_mask_equal(&policy.nodes, &nodes));
	}
}

static void
other_policies_change_nothing(void **state)
{
	static const struct {
		const char *line;
		int ret;
	} cases[] = {
		{ "", -EINVAL },
		{ "10000", -EINVAL },
		{ "default", -EINVAL },
		{ "10000  default", -ENOTSUP },
		{ "10000 defaults", -ENOTSUP },
		{ "10000 mirrored:0", -ENOTSUP },
		{ "10000 bind:0-", -EINVAL },
		{ "10000 bind:x", -EINVAL },
		{ "10000 bind:1024", -EINVAL },
		/* As long as the kernel's buffer: more may have been cut. */
		{ "10000 interleave:0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,3 a=1",
		  -ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		struct membind_kernel_policy policy = { .mode = 77 };
		uintptr_t start = 7;

		print_message("\"%s\"\n", cases[i].line);
		assert_int_equal(membind_parse_numa_maps(cases[i].line, &start, &policy),
				 cases[i].ret);
		assert_int_equal(policy.mode, 77);
	}
}

static void
stat_is_read_behind_the_name(void **state)
{
	static const char rest[] =
		" S 1 2 2 0 -1 4194560 5 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200 18446744";
	static const char *const names[] = { "cat", "a b", "x) S 1", "((", "" };
	struct membind_stat stat;
	char line[256];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(names); i++) {
		snprintf(line, sizeof(line), "123 (%s)%s", names[i], rest);
		assert_int_equal(membind_parse_stat(line, &stat), 0);
		assert_int_equal(stat.state, 'S');
		assert_int_equal(stat.flags, 4194560);
		assert_int_equal(stat.start_time, 987654);
	}
	assert_int_equal(membind_parse_stat("", &stat), -EINVAL);
	assert_int_equal(membind_parse_stat("1 (cat)", &stat), -EINVAL);
	assert_int_equal(membind_parse_stat("1 (cat) S 1 2 3", &stat), -EINVAL);
	assert_int_equal(membind_parse_stat("1 (cat) S 1 2 2 0 -1 0 5 0 0 0 1 2 0 0 20 0 1 0",
					    &stat),
			 -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_are_read),
		cmocka_unit_test(malformed_mappings_change_nothing),
		cmocka_unit_test(page_sizes_are_powers_of_two),
		cmocka_unit_test(policies_are_read),
		cmocka_unit_test(other_policies_change_nothing),
		cmocka_unit_test(stat_is_read_behind_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
