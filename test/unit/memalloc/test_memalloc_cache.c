/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what is read of caches, of what follows from it, and of the cache-aware
 *   allocator.
 * Must not: repeat what test_memalloc_conform.c checks for every kind, or time anything.
 * Called by: meson test.
 */

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <rte_memalloc_arena.h>
#include <rte_memalloc_cache.h>
#include <rte_memalloc_system.h>
#include <rte_memalloc_wrap.h>

#include "memalloc_priv.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* ---- a machine's sysfs, made in a temporary folder */

static char root[64];

static int
make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/memalloc-sysfs-XXXXXX");
	return mkdtemp(root) == NULL;
}

static int
remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void
put(int cpu, int index, const char *name, const char *text)
{
	char path[512], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu%d/cache/index%d/%s", root, cpu,
		 index, name);
	for (slash = path + strlen(root); (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	if (text == NULL) {
		unlink(path);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
}

static void
put_cache(int cpu, int index, const char *level, const char *type, const char *size,
	  const char *line, const char *ways, const char *sets, const char *cpus)
{
	put(cpu, index, "level", level);
	put(cpu, index, "type", type);
	put(cpu, index, "size", size);
	put(cpu, index, "coherency_line_size", line);
	put(cpu, index, "ways_of_associativity", ways);
	put(cpu, index, "number_of_sets", sets);
	put(cpu, index, "shared_cpu_list", cpus);
}

/* A processor of two kinds of cores, and one with long lines. */
static void
put_machine(void)
{
	put_cache(0, 0, "1", "Data", "48K", "64", "12", "64", "0-1");
	put_cache(0, 1, "1", "Instruction", "32K", "64", "8", "64", "0-1");
	put_cache(0, 2, "2", "Unified", "2048K", "64", "16", "2048", "0-1");
	put_cache(0, 3, "3", "Unified", "36M", "64", "12", "49152", "0-15,20-23");
	put_cache(16, 0, "1", "Data", "32K", "64", "8", "64", "16");
	put_cache(16, 1, "2", "Unified", "4096K", "64", "16", "4096", "16-19");
	put_cache(32, 0, "1", "Data", "64K", "64", NULL, NULL, NULL);
	put_cache(32, 1, "2", "Unified", "1024K", "256", NULL, NULL, "");
}

static void
it_reads_what_the_kernel_says(void **state)
{
	struct rte_memalloc_cache_facts facts;

	(void)state;
	put_machine();
	assert_int_equal(rte_memalloc_cache_read(root, 0, &facts), 0);
	assert_int_equal(facts.cpu, 0);
	assert_int_equal(facts.nb_levels, 3);
	assert_int_equal(facts.level[0].size, 48 * KIB);
	assert_int_equal(facts.level[0].ways, 12);
	assert_int_equal(facts.level[0].sets, 64);
	assert_int_equal(facts.level[0].nb_cpus, 2);
	assert_int_equal(facts.level[1].size, 2 * MIB);
	assert_int_equal(facts.level[2].size, 36 * MIB);
	assert_int_equal(facts.level[2].nb_cpus, 20);
	assert_int_equal(rte_memalloc_cache_line(&facts), 64);
	/* Cores of one machine differ. */
	assert_int_equal(rte_memalloc_cache_read(root, 16, &facts), 0);
	assert_int_equal(facts.nb_levels, 2);
	assert_int_equal(facts.level[0].size, 32 * KIB);
	assert_int_equal(facts.level[1].nb_cpus, 4);
	/* What the kernel does not say is not known. */
	assert_int_equal(rte_memalloc_cache_read(root, 32, &facts), 0);
	assert_int_equal(facts.level[0].sets, 0);
	assert_int_equal(facts.level[0].nb_cpus, 1);
	assert_int_equal(facts.level[1].nb_cpus, 1);
	assert_int_equal(rte_memalloc_cache_stride(&facts, 1), 0);
	assert_int_equal(rte_memalloc_cache_line(&facts), 256);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *name, *text, *says;
	} wrong[] = {
		{ "size", "K", "size" },
		{ "size", "12X", "size" },
		{ "size", "0K", "0 bytes" },
		{ "size", "99999999999999999999K", "size" },
		{ "coherency_line_size", "48", "48" },
		{ "coherency_line_size", "", "coherency_line_size" },
		{ "coherency_line_size", NULL, "lines of 0" },
		{ "level", "9", "level 9" },
		{ "level", "3", "none of level 1" },
		{ "level", "-1", "level" },
		{ "number_of_sets", "many", "number_of_sets" },
		{ "shared_cpu_list", "3-1", "list" },
		{ "shared_cpu_list", "0-", "list" },
		{ "shared_cpu_list", "0;1", "list" },
	};
	struct rte_memalloc_cache_facts facts = { .cpu = 77 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		put_cache(5, 0, "1", "Data", "48K", "64", "12", "64", "0-1");
		put(5, 0, wrong[i].name, wrong[i].text);
		if (rte_memalloc_cache_read(root, 5, &facts) != -EINVAL)
			fail_msg("%s: %s", wrong[i].name, wrong[i].text);
		if (strstr(rte_memalloc_error(), wrong[i].says) == NULL)
			fail_msg("%s: %s: %s", wrong[i].name, wrong[i].text, rte_memalloc_error());
	}
	assert_int_equal(rte_memalloc_cache_read(root, 6, &facts), -ENOTSUP);
	assert_non_null(strstr(rte_memalloc_error(), "CPU 6"));
	assert_int_equal(rte_memalloc_cache_read("/nowhere", 0, &facts), -ENOTSUP);
	assert_int_equal(rte_memalloc_cache_read(root, 0, NULL), -EINVAL);
	assert_int_equal(facts.cpu, 77);
}

static void
what_follows_is_computed(void **state)
{
	struct rte_memalloc_cache_facts facts;

	(void)state;
	put_machine();
	assert_int_equal(rte_memalloc_cache_read(root, 0, &facts), 0);
	assert_int_equal(rte_memalloc_cache_stride(&facts, 1), 4 * KIB);
	assert_int_equal(rte_memalloc_cache_stride(&facts, 2), 128 * KIB);
	assert_int_equal(rte_memalloc_cache_stride(&facts, 0), 0);
	assert_int_equal(rte_memalloc_cache_stride(&facts, 4), 0);
	/* Two threads share 48 KiB: a quarter of a half is 6 KiB, so 512 doubles. */
	assert_int_equal(rte_memalloc_cache_block(&facts, 1, 8), 512 * 8);
	assert_int_equal(rte_memalloc_cache_block(&facts, 1, 24), 256 * 24);
	assert_int_equal(rte_memalloc_cache_block(&facts, 2, 8), 256 * KIB);
	assert_int_equal(rte_memalloc_cache_block(&facts, 1, MIB), MIB);
	assert_int_equal(rte_memalloc_cache_block(&facts, 1, 0), 0);
	assert_int_equal(rte_memalloc_cache_block(&facts, 4, 8), 0);
	/* 100 ns are ten lines of 10 ns each. */
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, 100, 10), 10 * 64);
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, 101, 10), 11 * 64);
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, 0, 10), 64);
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, 1e300, 1e-300), 24 * KIB);
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, 100, 0), 0);
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, NAN, 10), 0);
	assert_int_equal(rte_memalloc_cache_prefetch(&facts, 100, NAN), 0);
}

/* Ask the processor itself; false: it does not say. */
static bool
ask_processor(unsigned int level, struct rte_memalloc_cache_level *cache)
{
#if defined(__x86_64__)
	/* Of the same form: Intel's leaf, and AMD's. */
	static const unsigned int leaves[] = { 4, 0x8000001d };
	unsigned int a, b, c, d;

	for (int i = 0; i < 2; i++) {
		for (unsigned int n = 0; n < 16; n++) {
			if (!__get_cpuid_count(leaves[i], n, &a, &b, &c, &d) || (a & 31) == 0)
				break;
			if ((a & 31) == 2 || (a >> 5 & 7) != level)
				continue;
			cache->line = (b & 0xfff) + 1;
			cache->ways = (b >> 22) + 1;
			cache->sets = c + 1;
			cache->size = (uint64_t)cache->line * ((b >> 12 & 0x3ff) + 1) *
				      cache->ways * cache->sets;
			return true;
		}
	}
#else
	(void)level;
	(void)cache;
#endif
	return false;
}

static void
it_agrees_with_what_the_processor_says(void **state)
{
	struct rte_memalloc_cache_facts facts;
	struct rte_memalloc_cache_level cache;
	cpu_set_t before, one;
	double ns = -1;

	(void)state;
	if (rte_memalloc_cache_read(NULL, -1, &facts) != 0) {
		print_message("%s\n", rte_memalloc_error());
		skip();
	}
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET(facts.cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	for (uint32_t i = 0; i < facts.nb_levels; i++) {
		if (!ask_processor(i + 1, &cache))
			continue;
		print_message("level %u: %lu bytes\n", i + 1, (unsigned long)cache.size);
		assert_int_equal(facts.level[i].size, cache.size);
		assert_int_equal(facts.level[i].line, cache.line);
		assert_int_equal(facts.level[i].ways, cache.ways);
		assert_int_equal(facts.level[i].sets, cache.sets);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(rte_memalloc_cache_latency(&facts, facts.level[0].size / 2, &ns), 0);
	print_message("level 1: %.2f ns a load\n", ns);
	/* No processor has done it in less: three cycles at 6 GHz. */
	assert_true(ns > 0.5 && ns < 1e6);
	assert_int_equal(rte_memalloc_cache_latency(&facts, 1, &ns), -EINVAL);
	assert_int_equal(rte_memalloc_cache_latency(&facts, (size_t)1 << 60, &ns), -ENOMEM);
}

/* ---- the allocator */

static const struct rte_memalloc_cache_facts machine = {
	.nb_levels = 2,
	.level = { { .size = 48 * KIB, .line = 64, .ways = 12, .sets = 64, .nb_cpus = 1 },
		   { .size = 2 * MIB, .line = 128, .ways = 16, .sets = 1024, .nb_cpus = 1 } },
};

static struct rte_memalloc *
create(struct rte_memalloc *inner, const struct rte_memalloc_cache_facts *facts)
{
	struct rte_memalloc *alloc;

	assert_int_equal(rte_memalloc_cache_create(inner, facts, &alloc), 0);
	return alloc;
}

static struct rte_memalloc *
system_alloc(void)
{
	struct rte_memalloc *alloc;

	assert_int_equal(rte_memalloc_system_create(&alloc), 0);
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
no_two_share_a_line(void **state)
{
	struct rte_memalloc *alloc = create(system_alloc(), &machine);
	uintptr_t mem[200];

	(void)state;
	for (int i = 0; i < 200; i++) {
		mem[i] = (uintptr_t)get(alloc, 1 + (size_t)i, 1);
		/* The longest line counts. */
		assert_int_equal(mem[i] % 128, 0);
		assert_true(rte_memalloc_usable_size(alloc, (void *)mem[i]) >=
			    (1 + (size_t)i + 127) / 128 * 128);
		for (int j = 0; j < i; j++)
			assert_true(mem[j] / 128 != mem[i] / 128);
	}
	for (int i = 0; i < 200; i++)
		assert_int_equal(rte_memalloc_free(alloc, (void *)mem[i]), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
large_ones_have_all_colours(void **state)
{
	struct rte_memalloc *alloc = create(system_alloc(), &machine);
	unsigned int seen[32] = { 0 };
	void *mem[64];

	(void)state;
	for (int i = 0; i < 64; i++) {
		mem[i] = get(alloc, 10000, 0);
		memset(mem[i], i, 10000);
		seen[(uintptr_t)mem[i] % 4096 / 128]++;
		/* Side by side, none meets another. */
		for (int j = i < 32 ? 0 : i - 31; j < i; j++)
			assert_true((uintptr_t)mem[j] % 4096 != (uintptr_t)mem[i] % 4096);
	}
	for (int i = 0; i < 32; i++)
		assert_int_equal(seen[i], 2);
	for (int i = 0; i < 64; i++) {
		for (int j = 0; j < 10000; j++)
			assert_int_equal(((unsigned char *)mem[i])[j], i);
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	}
	/* What was asked for comes first. */
	for (int i = 0; i < 10; i++) {
		mem[i] = get(alloc, 10000, 1024);
		assert_int_equal((uintptr_t)mem[i] % 1024, 0);
		mem[10 + i] = get(alloc, 10000, 8192);
		assert_int_equal((uintptr_t)mem[10 + i] % 8192, 0);
	}
	assert_ptr_not_equal((uintptr_t)mem[0] % 4096, (uintptr_t)mem[1] % 4096);
	for (int i = 0; i < 20; i++)
		assert_int_equal(rte_memalloc_free(alloc, mem[i]), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
without_sets_there_are_no_colours(void **state)
{
	struct rte_memalloc_cache_facts facts = machine;
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	facts.level[0].sets = 0;
	alloc = create(system_alloc(), &facts);
	mem = get(alloc, 100000, 0);
	assert_int_equal((uintptr_t)mem % 128, 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	/* Twelve of them: how addresses find these is not known either. */
	facts.level[0].sets = 48;
	alloc = create(system_alloc(), &facts);
	mem = get(alloc, 100000, 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	facts.nb_levels = 0;
	assert_int_equal(rte_memalloc_cache_create(NULL, &facts, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_cache_create(NULL, &machine, &alloc), -EINVAL);
}

static void
it_wraps_what_checks_and_what_is_reset(void **state)
{
	struct rte_memalloc_arena *arena;
	struct rte_memalloc *alloc, *tracking;
	void *mem, *kept, *small;

	(void)state;
	assert_int_equal(rte_memalloc_tracking_create(system_alloc(), &tracking), 0);
	alloc = create(tracking, &machine);
	kept = get(alloc, 20000, 0);
	mem = get(alloc, 20000, 0);
	/* With its colour, in whole lines. */
	assert_int_equal(rte_memalloc_tracking_asked(tracking), 2 * 20096 + 5 * 128);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), -EINVAL);
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	assert_int_equal(rte_memalloc_free(alloc, kept), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);

	assert_int_equal(rte_memalloc_arena_create(NULL, &arena), 0);
	alloc = create(rte_memalloc_arena_base(arena), &machine);
	mem = get(alloc, 5000, 0);
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), 5120);
	mem = get(alloc, 5000, 0);
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), 5120);
	rte_memalloc_arena_reset(arena);
	/* Small ones come to lie where the second of them did. */
	for (kept = NULL; kept != mem; kept = small) {
		small = rte_memalloc_arena_alloc(arena, 1, 128);
		assert_true((char *)small <= (char *)mem - 128);
		if ((char *)small + 128 != (char *)mem)
			continue;
		small = get(alloc, 100, 0);
		assert_ptr_equal(small, mem);
		assert_int_equal(rte_memalloc_usable_size(alloc, small), 128);
	}
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_reads_what_the_kernel_says, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(what_follows_is_computed, make_root, remove_root),
		cmocka_unit_test(it_agrees_with_what_the_processor_says),
		cmocka_unit_test(no_two_share_a_line),
		cmocka_unit_test(large_ones_have_all_colours),
		cmocka_unit_test(without_sets_there_are_no_colours),
		cmocka_unit_test(it_wraps_what_checks_and_what_is_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
