/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_parse.c: what the kernel writes is understood, all else is refused.
 * Must not: read a file.
 * Called by: meson test.
 */

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "numa_priv.h"

#define NBITS 128

static void
lists_set_their_bits(void **state)
{
	static const struct {
		const char *text;
		uint64_t mask[NUMA_MASK_WORDS(NBITS)];
	} cases[] = {
		{ "", { 0, 0 } },
		{ "\n", { 0, 0 } },
		{ "0", { 1, 0 } },
		{ "0\n", { 1, 0 } },
		{ "0-3,8\n", { 0x10f, 0 } },
		{ "0,2\n", { 5, 0 } },
		{ "5-5", { 0x20, 0 } },
		{ "62-65", { UINT64_C(3) << 62, 3 } },
		{ "0-127\n", { UINT64_MAX, UINT64_MAX } },
		{ "127", { 0, UINT64_C(1) << 63 } },
		{ "8,0-3", { 0x10f, 0 } },
		{ "007", { 0x80, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t mask[NUMA_MASK_WORDS(NBITS)] = { UINT64_MAX, UINT64_MAX };

		print_message("list \"%s\"\n", cases[i].text);
		assert_int_equal(numa_parse_list(cases[i].text, mask, NBITS), 0);
		assert_memory_equal(mask, cases[i].mask, sizeof(mask));
	}
}

static void
malformed_lists_change_nothing(void **state)
{
	static const char *const cases[] = {
		" ",
		"\n\n",
		",",
		"-",
		"a",
		"0x1",
		"+1",
		"-1",
		"0-",
		"-3",
		"3-1",
		"0,",
		",0",
		"0,,1",
		"0-1-2",
		"0 ",
		" 0",
		"0 1",
		"0\n1",
		"0,\n",
		"0-3:2/4",
		"128",
		"0-128",
		"127-128",
		"18446744073709551616",
		"18446744073709551617",
		"0;1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t mask[NUMA_MASK_WORDS(NBITS)] = { 7, 9 };

		print_message("list \"%s\"\n", cases[i]);
		assert_int_equal(numa_parse_list(cases[i], mask, NBITS), -EINVAL);
		assert_true(mask[0] == 7 && mask[1] == 9);
	}
}

static void
a_long_list_is_read_to_its_end(void **state)
{
	static uint64_t mask[NUMA_MASK_WORDS(NUMA_MAX_CPUS)];
	char *text = malloc(NUMA_MAX_CPUS * 6);
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned int cpu = 1; cpu < NUMA_MAX_CPUS; cpu += 2)
		len += sprintf(text + len, "%s%u", len > 0 ? "," : "", cpu);
	assert_int_equal(numa_parse_list(text, mask, NUMA_MAX_CPUS), 0);
	for (size_t i = 0; i < NUMA_MASK_WORDS(NUMA_MAX_CPUS); i++)
		assert_true(mask[i] == UINT64_C(0xaaaaaaaaaaaaaaaa));
	free(text);
}

static void
distances_fill_a_row(void **state)
{
	uint16_t row[4] = { 0 };

	(void)state;
	assert_int_equal(numa_parse_distances("10 12 21 65535\n", row, 4), 0);
	assert_int_equal(row[0], 10);
	assert_int_equal(row[1], 12);
	assert_int_equal(row[2], 21);
	assert_int_equal(row[3], 65535);
	assert_int_equal(numa_parse_distances("1", row, 1), 0);
	assert_int_equal(row[0], 1);
}

static void
malformed_distances_change_nothing(void **state)
{
	static const char *const cases[] = {
		"",	     "\n",	 "10",	   "10\n",     "10 ",		"10 20 30",
		"10 20 ",    "10 20 \n", " 10 20", "10  20",   "10\t20",	"10,20",
		"10 0",	     "0 10",	 "10 -1",  "10 65536", "10 4294967306", "ten 20",
		"10 20\n\n", "10 20x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t row[2] = { 7, 9 };

		print_message("distances \"%s\"\n", cases[i]);
		assert_int_equal(numa_parse_distances(cases[i], row, 2), -EINVAL);
		assert_true(row[0] == 7 && row[1] == 9);
	}
}

static void
counts_are_whole_numbers(void **state)
{
	static const char *const malformed[] = {
		"", "\n", "-1", " 1", "1 ", "1\n\n", "0x1", "1.5", "18446744073709551616", "many"
	};
	uint64_t count = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		assert_int_equal(numa_parse_count(malformed[i], &count), -EINVAL);
		assert_int_equal(count, 7);
	}
	assert_int_equal(numa_parse_count("0\n", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(numa_parse_count("18446744073709551615", &count), 0);
	assert_true(count == UINT64_MAX);
}

static void
meminfo_gives_bytes(void **state)
{
	struct rte_numa_memory mem;

	(void)state;
	assert_int_equal(numa_parse_meminfo("Node 12 MemTotal:        4679884 kB\n"
					    "Node 12 MemFree:         4516536 kB\n"
					    "Node 12 HugePages_Free:      0\n",
					    12, &mem),
			 0);
	assert_true(mem.total == UINT64_C(4679884) * 1024);
	assert_true(mem.free == UINT64_C(4516536) * 1024);
	assert_true(mem.reclaimable == 0);
	/* The order of lines is not the contract. */
	assert_int_equal(numa_parse_meminfo("Node 0 MemFree: 1 kB\nNode 0 Mem: 5 kB\n"
					    "Node 0 MemTotal: 18014398509481983 kB\n",
					    0, &mem),
			 0);
	assert_true(mem.total == UINT64_MAX - 1023);
	assert_true(mem.free == 1024);
	assert_int_equal(numa_parse_meminfo("Node 0 MemTotal: 9 kB\nNode 0 MemFree: 1 kB\n"
					    "Node 0 Active: 900 kB\nNode 0 Active(file): 2 kB\n"
					    "Node 0 Inactive(anon): 800 kB\n"
					    "Node 0 Inactive(file): 3 kB\n"
					    "Node 0 SReclaimable: 4 kB\n",
					    0, &mem),
			 0);
	assert_true(mem.reclaimable == 9 * 1024);
}

static void
malformed_meminfo_changes_nothing(void **state)
{
	static const char *const cases[] = {
		"",
		"Node 1 MemTotal: 8 kB\n",
		"Node 1 MemFree: 8 kB\n",
		"Node 0 MemTotal: 8 kB\nNode 0 MemFree: 4 kB\n",
		"Node 12 MemTotal: 8 kB\nNode 12 MemFree: 4 kB\n",
		"MemTotal: 8 kB\nMemFree: 4 kB\n",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4\n",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4 MB\n",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4 kB",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: kB\n",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: -4 kB\n",
		"Node 1 MemTotal: 18014398509481984 kB\nNode 1 MemFree: 4 kB\n",
		"x Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4 kB\n",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4 kB\nNode 1 Active(file): 4\n",
		"Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4 kB\nNode 1 SReclaimable: x kB\n",
		("Node 1 MemTotal: 8 kB\nNode 1 MemFree: 4 kB\n"
		 "Node 1 Active(file): 18014398509481983 kB\nNode 1 SReclaimable: 1 kB\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rte_numa_memory mem = { 7, 9 };

		print_message("meminfo \"%s\"\n", cases[i]);
		assert_int_equal(numa_parse_meminfo(cases[i], 1, &mem), -EINVAL);
		assert_true(mem.total == 7 && mem.free == 9);
	}
}

static void
pool_names_give_page_sizes(void **state)
{
	static const char *const malformed[] = {
		"",
		".",
		"..",
		"hugepages",
		"hugepages-",
		"hugepages-kB",
		"hugepages-2048",
		"hugepages-2048KB",
		"hugepages-2048kBx",
		"hugepages--2048kB",
		"hugepages-0kB",
		"hugepages-3kB",
		"hugepages-18014398509481984kB",
		"xhugepages-2048kB",
	};
	uint64_t size = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		print_message("pool \"%s\"\n", malformed[i]);
		assert_int_equal(numa_parse_pool_name(malformed[i], &size), -EINVAL);
		assert_int_equal(size, 7);
	}
	assert_int_equal(numa_parse_pool_name("hugepages-64kB", &size), 0);
	assert_int_equal(size, 65536);
	assert_int_equal(numa_parse_pool_name("hugepages-2048kB", &size), 0);
	assert_int_equal(size, 2097152);
	assert_int_equal(numa_parse_pool_name("hugepages-16777216kB", &size), 0);
	assert_true(size == UINT64_C(1) << 34);
}

static void
ids_are_numbers_or_none(void **state)
{
	static const char *const malformed[] = { "",	 "\n",	  "-",	   "-\n",	   "-0\n",
						 "-2\n", "-10\n", "1\n\n", "2147483648\n", " 1\n" };
	int id = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		print_message("id \"%s\"\n", malformed[i]);
		assert_int_equal(numa_parse_id(malformed[i], &id), -EINVAL);
		assert_int_equal(id, 7);
	}
	assert_int_equal(numa_parse_id("-1\n", &id), 0);
	assert_int_equal(id, -1);
	assert_int_equal(numa_parse_id("2147483647", &id), 0);
	assert_int_equal(id, INT_MAX);
	assert_int_equal(numa_parse_id("0\n", &id), 0);
	assert_int_equal(id, 0);
}

static void
numbered_names_give_their_number(void **state)
{
	static const char *const malformed[] = { "",	    ".",     "node",
						 "node-1",  "nod1",  "node1x",
						 "node1\n", "Node1", "node2147483648" };
	int id = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		print_message("name \"%s\"\n", malformed[i]);
		assert_int_equal(numa_parse_numbered(malformed[i], "node", &id), -EINVAL);
		assert_int_equal(id, 7);
	}
	assert_int_equal(numa_parse_numbered("node0", "node", &id), 0);
	assert_int_equal(id, 0);
	assert_int_equal(numa_parse_numbered("memory_tier22", "memory_tier", &id), 0);
	assert_int_equal(id, 22);
}

static void
pci_addresses_give_their_parts(void **state)
{
	struct numa_pci pci = { 7, 7, 7, 7 };

	(void)state;
	assert_int_equal(numa_parse_pci("3b:00", &pci), -EINVAL);
	assert_int_equal(numa_parse_pci("3b:20.0", &pci), -EINVAL);
	assert_int_equal(numa_parse_pci("00:00.8", &pci), -EINVAL);
	assert_true(pci.domain == 7 && pci.bus == 7 && pci.device == 7 && pci.function == 7);
	assert_int_equal(numa_parse_pci("fE:1f.7", &pci), 0);
	assert_true(pci.domain == 0 && pci.bus == 0xfe && pci.device == 0x1f && pci.function == 7);
	assert_int_equal(numa_parse_pci("10000:e1:09.3", &pci), 0);
	assert_true(pci.domain == 0x10000 && pci.bus == 0xe1 && pci.device == 9 &&
		    pci.function == 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_set_their_bits),
		cmocka_unit_test(malformed_lists_change_nothing),
		cmocka_unit_test(a_long_list_is_read_to_its_end),
		cmocka_unit_test(distances_fill_a_row),
		cmocka_unit_test(malformed_distances_change_nothing),
		cmocka_unit_test(counts_are_whole_numbers),
		cmocka_unit_test(meminfo_gives_bytes),
		cmocka_unit_test(malformed_meminfo_changes_nothing),
		cmocka_unit_test(pool_names_give_page_sizes),
		cmocka_unit_test(ids_are_numbers_or_none),
		cmocka_unit_test(numbered_names_give_their_number),
		cmocka_unit_test(pci_addresses_give_their_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
