/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of plans carried out, in the modes of EAL that the tests of lib/fastmem have.
 * Must not: believe the library: pages are counted by the kernel, memory by EAL's zones.
 * Called by: meson test, with a mode.
 */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <rte_memory.h>
#include <rte_memzone.h>
#include <rte_reserve.h>

#include "test_setup.h"

/* Sanitizers when a thread ends, race windows anywhere. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(FASTMEM_RACE_WINDOW)
#define MAKES_CALLS_ITSELF 1
#else
#define MAKES_CALLS_ITSELF 0
#endif

/* What follows a key in a file of the kernel's. */
static long
number_in(const char *file, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(file, "r");

	assert_non_null(f);
	while (value < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			value = atol(line + strlen(key) + 1);
	fclose(f);
	assert_true(value >= 0);
	return value;
}

/* Hugepages of this process, in units of 2 MiB. */
static long
mapped_pages(void)
{
	return number_in("/proc/self/status", "HugetlbPages") / 2048;
}

/* Apply a plan in which %d stands for the node of the tests. */
static int
apply(const char *format)
{
	struct rte_reserve_plan *plan;
	char text[256];
	int ret;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), format, test_node());
#pragma GCC diagnostic pop
	if (rte_reserve_parse(NULL, text, &plan) != 0)
		fail_msg("%s: %s", text, rte_reserve_error());
	ret = rte_reserve_apply(plan);
	rte_reserve_plan_free(plan);
	return ret;
}

static void
assert_applies(const char *format)
{
	if (apply(format) != 0)
		fail_msg("%s: %s", format, rte_reserve_error());
}

static bool
initialised(void)
{
	struct rte_fastmem_stats stats;

	return rte_fastmem_stats(&stats) == 0;
}

static void
a_plan_gets_its_pages(void **state)
{
	long before = mapped_pages();

	(void)state;
	assert_applies("%d=32M");
	assert_int_equal(rte_fastmem_reserved(test_node()), 32 * MIB);
	assert_true(zones_bytes() >= 32 * MIB);
	if (before >= 64) /* of EAL's start: it had enough */
		assert_int_equal(mapped_pages(), before);
	else if (test_eal_page_size() == 2 * MIB)
		assert_in_range(mapped_pages() - before, 16, 24);
}

static void
lines_of_one_node_add_up(void **state)
{
	(void)state;
	if (test_node_memory_only())
		skip_because("the caller's node is another");
	assert_applies("%d=8M,local=4M,any=2M");
	assert_int_equal(rte_fastmem_reserved(test_node()), 14 * MIB);
}

static void
limit_and_growth_are_set(void **state)
{
	unsigned int n = 0;

	(void)state;
	assert_applies("%d=8M/limit=16M/growth=off");
	assert_int_equal(rte_fastmem_get_limit(test_node()), 16 * MIB);
	while (rte_fastmem_alloc_node(MIB, 0, 0, test_node()) != NULL)
		n++;
	assert_in_range(n, 8, 9);
	rte_fastmem_set_growth(test_node(), true);
	while (rte_fastmem_alloc_node(MIB, 0, 0, test_node()) != NULL)
		n++;
	assert_in_range(n, 12, 16);
}

static void
contradictions_are_refused(void **state)
{
	(void)state;
	if (test_node_memory_only())
		skip_because("the caller's node is another");
	assert_int_equal(apply("%d=4M/limit=16M,local=4M/limit=32M"), -EINVAL);
	assert_int_equal(apply("%d=4M/growth=on,local=4M/growth=off"), -EINVAL);
	assert_int_equal(apply("%d=4M/limit=6M,local=4M"), -EINVAL);
	assert_non_null(strstr(rte_reserve_error(), "command line:1:1: "));
	assert_false(initialised());
}

/* What cannot be had is known before anything is taken. */
static void
too_much_takes_nothing(void **state)
{
	long before = mapped_pages();
	size_t heap = eal_heap_bytes();

	(void)state;
	assert_int_equal(apply("%d=4M,any=40T"), -ENOMEM);
	assert_non_null(strstr(rte_reserve_error(), "command line:1:6: \"any\" asks for 41943040 "
						    "MiB on node "));
	assert_false(initialised());
	assert_int_equal(zones_count(), 0);
	assert_int_equal(eal_heap_bytes(), heap);
	assert_int_equal(mapped_pages(), before);
}

static int
refuse(int node_id, size_t limit, size_t size)
{
	(void)node_id;
	(void)limit;
	(void)size;
	return -1;
}

/* Where EAL refuses what the kernel has, what the line makes do with is sought with less. */
static void
less_is_had_where_eal_refuses(void **state)
{
	size_t heap = eal_heap_bytes();
	int ret;

	(void)state;
	if (!test_eal_huge() || test_node_memory_only() || test_eal_page_size() != 2 * MIB)
		skip_because("needs memory that EAL takes page by page");
	if (rte_mem_alloc_validator_register("test", refuse, test_node(), heap + 48 * MIB) != 0)
		skip_because("EAL's memory is fixed in this mode");
	ret = apply("%d=64M/shortage=less>=16M");
	if (ret == 0)
		assert_in_range(rte_fastmem_reserved(test_node()), 16 * MIB, 48 * MIB);
	else
		print_message("%s\n", rte_reserve_error());
	assert_int_equal(rte_mem_alloc_validator_unregister("test", test_node()), 0);
	assert_int_equal(ret, 0);
}

/* Only EAL refuses, when some was taken already. */
static void
a_failure_half_way_gives_all_back(void **state)
{
	long before = number_in("/proc/meminfo", "HugePages_Free"), mapped = mapped_pages();
	size_t heap = eal_heap_bytes();
	int ret;

	(void)state;
	if (!test_eal_huge() || test_node_memory_only() || test_eal_page_size() != 2 * MIB)
		skip_because("needs memory that EAL takes page by page");
	if (rte_mem_alloc_validator_register("test", refuse, test_node(), heap + 48 * MIB) != 0)
		skip_because("EAL's memory is fixed in this mode");
	ret = apply("%d=32M,local=32M");
	assert_int_equal(rte_mem_alloc_validator_unregister("test", test_node()), 0);
	assert_int_equal(ret, -ENOMEM);
	assert_non_null(strstr(rte_reserve_error(), "cannot reserve 32 MiB on node "));
	assert_non_null(strstr(rte_reserve_error(), "command line:1:7: "));
	assert_false(initialised());
	assert_int_equal(zones_count(), 0);
	assert_int_equal(eal_heap_bytes(), heap);
	assert_int_equal(mapped_pages(), mapped);
	assert_int_equal(number_in("/proc/meminfo", "HugePages_Free"), before);
	/* And can be had then. */
	assert_applies("%d=32M,local=32M");
}

struct zones {
	size_t page_size, bytes;
};

static void
add_zone(const struct rte_memzone *zone, void *arg)
{
	struct zones *zones = arg;
	int node_id, end = 0;
	unsigned int serial;

	if (sscanf(zone->name, "fastmem_%d_%u%n", &node_id, &serial, &end) == 2 &&
	    zone->name[end] == '\0' && zone->hugepage_sz == zones->page_size)
		zones->bytes += zone->len;
}

/* Of what was reserved, in pages of that size. */
static size_t
bytes_in(size_t page_size)
{
	struct zones zones = { page_size, 0 };

	rte_memzone_walk(add_zone, &zones);
	return zones.bytes;
}

static void
a_page_size_is_had_or_refused(void **state)
{
	static const size_t sizes[] = { 2 * MIB, (size_t)1 << 30 };
	static const char *const plans[] = { "%d=8M@2M", "%d=8M@1G" };
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		ret = apply(plans[i]);
		if (test_eal_has_pages(sizes[i])) {
			assert_int_equal(ret, 0);
			assert_in_range(bytes_in(sizes[i]), 8 * MIB - 8192, 8 * MIB);
			rte_fastmem_deinit();
			continue;
		}
		assert_int_equal(ret, -ENOMEM);
		assert_false(initialised());
		assert_int_equal(zones_count(), 0);
	}
}

/* Each line has the pages that it names, whatever lib/fastmem would take by itself. */
static void
each_line_has_its_page_size(void **state)
{
	(void)state;
	if (!test_eal_has_pages(2 * MIB) || !test_eal_has_pages((size_t)1 << 30))
		skip_because("EAL has not pages of 2 MiB and of 1 GiB");
	assert_applies("%d=8M@1G,local=600M@1G,any=16M@2M");
	assert_in_range(bytes_in((size_t)1 << 30), 607 * MIB, 609 * MIB);
	assert_in_range(bytes_in(2 * MIB), 15 * MIB, 16 * MIB);
}

/* A page of which EAL's own start needed little. */
static void
what_eal_holds_is_used_first(void **state)
{
	long before = mapped_pages();

	(void)state;
	if (test_eal_page_size() != (size_t)1 << 30 || test_eal_has_pages(2 * MIB))
		skip_because("EAL does not hold more than it needs");
	assert_applies("%d=256M@1G,any=64M");
	assert_int_equal(mapped_pages(), before);
}

static uint64_t
runs(size_t class_size)
{
	struct rte_fastmem_class_stats stats;

	assert_int_equal(rte_fastmem_stats_class(class_size, &stats), 0);
	return stats.slab_acquires;
}

static void
warm_blocks_are_there(void **state)
{
	static const unsigned int counts[] = { 10000, 1000 };
	static const size_t sizes[] = { 64, 2048 };
	uint64_t before;
	unsigned int k;
	size_t i;

	(void)state;
	assert_applies("%d=16M/warm=64x10000+2048x1000");
	assert_int_equal(rte_fastmem_reserved(test_node()), 16 * MIB);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		before = runs(sizes[i]);
		assert_true(before * 64 >= counts[i]);
		for (k = 0; k < counts[i]; k++)
			assert_non_null(rte_fastmem_alloc_node(sizes[i], 0, 0, test_node()));
		assert_int_equal(runs(sizes[i]), before);
	}
}

static void
too_many_warm_blocks_give_all_back(void **state)
{
	size_t heap = eal_heap_bytes();

	(void)state;
	assert_int_equal(apply("%d=4M/warm=64x60+2048x2000"), -ENOMEM);
	assert_non_null(strstr(rte_reserve_error(),
			       "command line:1:6: cannot warm 2000 blocks of 2048 bytes on node "));
	assert_false(initialised());
	assert_int_equal(zones_count(), 0);
	assert_int_equal(eal_heap_bytes(), heap);
}

static void
it_tells_how_fast_it_was(void **state)
{
	struct rte_reserve_speed speed[2] = { 0 };

	(void)state;
	assert_applies("%d=64M/threads=2");
	assert_int_equal(rte_reserve_speeds(speed, 2), 1);
	assert_int_equal(speed[0].node_id, test_node());
	assert_int_equal(speed[0].bytes, 64 * MIB);
	assert_in_range(speed[0].ns, 1, UINT64_C(60000000000));
	rte_fastmem_deinit();
	assert_int_equal(apply("%d=4M,any=40T"), -ENOMEM);
	assert_applies("");
	assert_int_equal(rte_reserve_speeds(speed, 2), 0);
}

static void
less_makes_do_with_what_there_is(void **state)
{
	(void)state;
	if (test_eal_huge())
		skip_because("it would take every free hugepage");
	assert_int_equal(apply("%d=2G/shortage=less>=1G"), -ENOMEM);
	assert_applies("%d=2G/shortage=less>=64M");
	assert_in_range(rte_fastmem_reserved(test_node()), 64 * MIB, 512 * MIB);
}

/* What somebody else reserved stays, whatever becomes of a plan. */
static void
a_plan_adds_to_what_is_there(void **state)
{
	unsigned int i, zones;
	char *block[8];

	(void)state;
	assert_int_equal(rte_fastmem_init(), 0);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	for (i = 0; i < RTE_DIM(block); i++) {
		block[i] = rte_fastmem_alloc_node(MIB, 0, 0, test_node());
		assert_non_null(block[i]);
		memset(block[i], 0x5a, MIB);
	}
	zones = zones_count();
	assert_int_equal(apply("%d=4M,any=40T"), -ENOMEM);
	assert_int_equal(apply("%d=16M/warm=64x60+2048x8180"), -ENOMEM);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_int_equal(zones_count(), zones);
	assert_applies("%d=4M/warm=64x1000");
	assert_int_equal(rte_fastmem_reserved(test_node()), 12 * MIB);
	assert_applies("%d=4M");
	assert_int_equal(rte_fastmem_reserved(test_node()), 16 * MIB);
	for (i = 0; i < RTE_DIM(block); i++) {
		assert_int_equal(block[i][MIB - 1], 0x5a);
		rte_fastmem_free(block[i]);
	}
}

static void
a_late_refusal_leaves_what_was_there(void **state)
{
	size_t heap = eal_heap_bytes();
	uint64_t backing;
	int ret;

	(void)state;
	if (!test_eal_huge() || test_node_memory_only() || test_eal_page_size() != 2 * MIB)
		skip_because("needs memory that EAL takes page by page");
	assert_int_equal(rte_fastmem_init(), 0);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	backing = node_stats_now().bytes_backing;
	if (rte_mem_alloc_validator_register("test", refuse, test_node(), heap + 64 * MIB) != 0)
		skip_because("EAL's memory is fixed in this mode");
	ret = apply("%d=32M,local=48M");
	assert_int_equal(rte_mem_alloc_validator_unregister("test", test_node()), 0);
	assert_int_equal(ret, -ENOMEM);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_int_equal(node_stats_now().bytes_backing, backing);
	assert_applies("%d=32M,local=48M");
	assert_int_equal(rte_fastmem_reserved(test_node()), 88 * MIB);
}

static void
it_is_applied_in_place_of_init(void **state)
{
	(void)state;
	assert_int_equal(rte_reserve_apply(NULL), -EINVAL);
	assert_applies("");
	assert_true(initialised());
	assert_int_equal(rte_fastmem_reserved(test_node()), 0);
}

/* Kills the process at any system call of this thread but those that end it. */
static bool
forbid_system_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_madvise, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigprocmask, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = RTE_DIM(filter), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static void *
allocate_and_free(void *arg)
{
	static const size_t sizes[] = { 1, 64, 300, 1500, 4096, 9000, 65536, MIB };
	void *block[RTE_DIM(sizes)][16];
	_Atomic unsigned int *done = arg;
	unsigned int n = 0;
	size_t i, k, round;

	if (!forbid_system_calls())
		return NULL;
	for (round = 0; round < 100; round++) {
		for (i = 0; i < RTE_DIM(sizes); i++)
			for (k = 0; k < 16; k++)
				block[i][k] = rte_fastmem_alloc(sizes[i], 0, 0);
		for (i = 0; i < RTE_DIM(sizes); i++)
			for (k = 0; k < 16; k++) {
				n += block[i][k] != NULL;
				rte_fastmem_free(block[i][k]);
			}
	}
	/* The node runs dry: that is found out without the kernel too. */
	while (rte_fastmem_alloc(MIB, 0, 0) != NULL)
		n++;
	atomic_store_explicit(done, n, memory_order_release); /* read when it is over */
	return NULL;
}

static void
sealed_nothing_makes_a_system_call(void **state)
{
	_Atomic unsigned int done = 0;
	pthread_t thread;

	(void)state;
	if (MAKES_CALLS_ITSELF)
		skip_because("this build makes system calls of its own");
	assert_applies("%d=32M,seal=yes");
	test_thread_start(&thread, allocate_and_free, &done);
	assert_int_equal(pthread_join(thread, NULL), 0);
	if (done == 0)
		skip_because("seccomp filters are refused here");
	/* All of 100 rounds of 8 sizes, and what was left. */
	assert_in_range(done, 100 * 8 * 16 + 8, 100 * 8 * 16 + 40);
}

static int
leave(void **state)
{
	(void)state;
	if (initialised())
		rte_fastmem_deinit();
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_teardown(test, leave)
		TEST(a_plan_gets_its_pages),	      TEST(lines_of_one_node_add_up),
		TEST(limit_and_growth_are_set),	      TEST(contradictions_are_refused),
		TEST(too_much_takes_nothing),	      TEST(a_failure_half_way_gives_all_back),
		TEST(a_page_size_is_had_or_refused),  TEST(less_makes_do_with_what_there_is),
		TEST(each_line_has_its_page_size),    TEST(what_eal_holds_is_used_first),
		TEST(less_is_had_where_eal_refuses),  TEST(it_tells_how_fast_it_was),
		TEST(a_plan_adds_to_what_is_there),   TEST(a_late_refusal_leaves_what_was_there),
		TEST(warm_blocks_are_there),	      TEST(too_many_warm_blocks_give_all_back),
		TEST(it_is_applied_in_place_of_init), TEST(sealed_nothing_makes_a_system_call),
	};

	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("reserve/apply", tests, NULL, NULL);
}
