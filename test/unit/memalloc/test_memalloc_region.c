/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the kind "region": each allocation is where and in the pages that were asked
 *   for, as the kernel shows it, and goes back to the kernel; and of tables of allocations.
 * Must not: repeat what test_memalloc_conform.c checks for every kind.
 * Called by: meson test; with "huge" for explicit hugepages.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_region.h>

#include "memalloc_priv.h"
#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static struct rte_memalloc *
create(const struct rte_memregion_opts *opts)
{
	struct rte_memalloc *alloc;

	assert_int_equal(rte_memalloc_region_create(opts, &alloc), 0);
	return alloc;
}

static void *
get(struct rte_memalloc *alloc, size_t size, size_t align)
{
	void *mem;

	if (rte_memalloc_alloc(alloc, size, align, &mem) != 0)
		fail_msg("%s", rte_memalloc_error());
	return mem;
}

static void
each_allocation_is_on_its_node(void **state)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_NODUMP,
	};
	int nodes[64], nb_nodes = witness_nodes(nodes, 64);
	struct rte_membind_location location;
	struct witness_pages pages;
	struct rte_memalloc *alloc;
	void *one, *other;

	(void)state;
	for (int i = 0; i < nb_nodes; i++) {
		rte_numa_mask_only(&opts.nodes, nodes[i]);
		alloc = create(&opts);
		one = get(alloc, 300 * KIB, 0);
		other = get(alloc, 5 * KIB, 0);
		witness_pages(one, 300 * KIB, &pages);
		assert_int_equal(pages.on_node[nodes[i]], 300 * KIB);
		witness_pages(other, 8 * KIB, &pages);
		assert_int_equal(pages.on_node[nodes[i]], 8 * KIB);
		assert_true(witness_flag(one, "dd"));
		assert_int_equal(
			rte_memregion_location(rte_memalloc_region_of(alloc, one), &location), 0);
		assert_int_equal(location.on_node[nodes[i]], 300 * KIB);
		/* What is added is there too. */
		assert_int_equal(rte_memalloc_realloc(alloc, one, 900 * KIB, 0, &one), 0);
		witness_pages(one, 900 * KIB, &pages);
		assert_int_equal(pages.on_node[nodes[i]], 900 * KIB);
		assert_int_equal(rte_memalloc_free(alloc, one), 0);
		assert_string_equal(witness_access(one), "");
		assert_null(rte_memalloc_region_of(alloc, one));
		assert_int_equal(rte_memalloc_free(alloc, other), 0);
		assert_int_equal(rte_memalloc_destroy(alloc), 0);
	}
}

static void
an_alignment_beyond_pages_is_met(void **state)
{
	struct rte_memregion_opts opts = { .pages = RTE_MEMREGION_PAGES_SMALL };
	struct rte_memalloc *alloc = create(&opts);
	unsigned char *mem = get(alloc, 10 * KIB, MIB);
	struct rte_memalloc_stats stats;
	void *moved;

	(void)state;
	assert_int_equal((uintptr_t)mem % MIB, 0);
	memset(mem, 0x66, 10 * KIB);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.allocated, rte_memalloc_usable_size(alloc, mem));
	assert_true(stats.held >= stats.allocated);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 20 * KIB, 2 * MIB, &moved), 0);
	assert_int_equal((uintptr_t)moved % (2 * MIB), 0);
	for (size_t i = 0; i < 10 * KIB; i++)
		assert_int_equal(((unsigned char *)moved)[i], 0x66);
	assert_int_equal(rte_memalloc_free(alloc, moved), 0);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.held, 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
what_a_region_cannot_be_is_an_error(void **state)
{
	struct rte_memregion_opts opts = { .policy = RTE_MEMBIND_BIND,
					   .flags = RTE_MEMREGION_F_STRICT };
	struct rte_memalloc *alloc;
	struct rte_memalloc_stats stats;
	void *mem = &opts;
	char *before;

	(void)state;
	rte_numa_mask_only(&opts.nodes, 900);
	alloc = create(&opts);
	assert_int_equal(rte_memalloc_alloc(alloc, 4096, 0, &mem), -ENODEV);
	before = strdup(witness_all());
	assert_non_null(before);
	assert_int_equal(rte_memalloc_alloc(alloc, 4096, 0, &mem), -ENODEV);
	assert_non_null(strstr(rte_memalloc_error(), "allocating a region"));
	assert_non_null(strstr(rte_memalloc_error(), "900"));
	assert_string_equal(witness_all(), before);
	assert_ptr_equal(mem, &opts);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.nb_failed, 2);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_region_create(&opts, NULL), -EINVAL);
	free(before);
}

static bool
count_entry(const struct ma_entry *entry, void *arg)
{
	assert_int_equal(entry->size, (uintptr_t)entry->mem);
	++*(unsigned int *)arg;
	return true;
}

static void
a_table_finds_what_is_in_it(void **state)
{
	enum { NB = 3000 };
	static bool is_in[NB + 1];
	struct ma_entry entry = { 0 }, found;
	struct ma_table table;
	unsigned int n = 0, shown = 0;
	uint32_t seed = 99;

	(void)state;
	ma_table_init(&table);
	for (int round = 0; round < 50000; round++) {
		uintptr_t key;

		seed = seed * 1664525 + 1013904223;
		key = 1 + (seed >> 8) % NB;
		if (!is_in[key]) {
			assert_int_equal(ma_table_promise(&table), 0);
			entry.mem = (void *)key;
			entry.size = key;
			assert_false(ma_table_add(&table, &entry, &found));
			n++;
		} else {
			assert_true(ma_table_take(&table, (void *)key, &found));
			assert_int_equal(found.size, key);
			ma_table_cancel(&table);
			n--;
		}
		is_in[key] = !is_in[key];
		if (round % 1000 == 0) {
			for (key = 1; key <= NB; key++)
				assert_int_equal(ma_table_find(&table, (void *)key, &found),
						 is_in[key]);
		}
	}
	ma_table_show(&table, count_entry, &shown);
	assert_int_equal(shown, n);
	assert_int_equal(table.nb, n);
	assert_int_equal(table.promised, 0);
	ma_table_fini(&table);
}

static void
hugepages_are_explicit(void **state)
{
	struct rte_memregion_opts opts = { .policy = RTE_MEMBIND_BIND,
					   .pages = RTE_MEMREGION_PAGES_2M,
					   .flags = RTE_MEMREGION_F_STRICT };
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	/* The thread may run on a node that has none. */
	assert_int_equal(rte_membind_allowed_nodes(&opts.nodes), 0);
	alloc = create(&opts);
	mem = get(alloc, 3 * MIB, 0);
	assert_int_equal((uintptr_t)mem % (2 * MIB), 0);
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), 4 * MIB);
	assert_int_equal(witness_smaps(mem, "KernelPageSize"), 2 * MIB);
	assert_int_equal(witness_smaps(mem, "Private_Hugetlb") +
				 witness_smaps(mem, "Shared_Hugetlb"),
			 4 * MIB);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest huge[] = {
		cmocka_unit_test(hugepages_are_explicit),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_is_on_its_node),
		cmocka_unit_test(an_alignment_beyond_pages_is_met),
		cmocka_unit_test(what_a_region_cannot_be_is_an_error),
		cmocka_unit_test(a_table_finds_what_is_in_it),
	};

	if (argc > 1 && strcmp(argv[1], "huge") == 0) {
		if (!witness_hugepages(2))
			return 77;
		return cmocka_run_group_tests(huge, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
