/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of explicit hugepages: their size as smaps shows it, and a pool that is empty, or
 *   is emptied at the worst moment.
 * Must not: take more of the pool than it says, or leave any of it taken.
 * Called by: meson test, with the size: 2m or 1g.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <linux/mman.h>

#include "witness.h"

#define MIB ((size_t)1 << 20)

#define WISH(name) RTE_MEMREGION_WISH_##name

static int home;
static size_t page = 2 * MIB;
static enum rte_memregion_pages wished = RTE_MEMREGION_PAGES_2M;

/* Pages free in the pool of all nodes, and of these not promised to anybody. */
static unsigned int
pool(const char *file)
{
	unsigned int n = 0;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/%s", page / 1024,
		 file);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	assert_int_equal(fscanf(f, "%u", &n), 1);
	fclose(f);
	return n;
}

static unsigned int
free_pages(void)
{
	return pool("free_hugepages") - pool("resv_hugepages");
}

static struct rte_memregion_opts
strict(void)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_PREFERRED,
		.pages = wished,
		.flags = RTE_MEMREGION_F_STRICT,
		.name = "huge one",
	};

	rte_numa_mask_only(&opts.nodes, home);
	return opts;
}

static struct rte_memregion *
create(size_t size, const struct rte_memregion_opts *opts)
{
	struct rte_memregion *region = NULL;
	int ret = rte_memregion_create(size, opts, &region);

	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memregion_error());
	return region;
}

static void
pages_have_the_size_that_was_asked_for(void **state)
{
	struct rte_memregion_opts opts = strict();
	unsigned int before = free_pages();
	struct rte_memregion *region;
	struct witness_pages pages;
	char *addr;

	(void)state;
	opts.flags |= RTE_MEMREGION_F_LOCK | RTE_MEMREGION_F_NODUMP;
	/* An odd length: what is unmapped in other than whole hugepages is not unmapped at all. */
	region = create(page - 4097, &opts);
	addr = rte_memregion_addr(region);
	assert_int_equal(rte_memregion_size(region), page);
	assert_int_equal(rte_memregion_page_size(region), page);
	assert_int_equal((uintptr_t)addr % page, 0);
	assert_int_equal(witness_smaps(addr, "KernelPageSize"), page);
	assert_int_equal(witness_smaps(addr, "Private_Hugetlb") +
				 witness_smaps(addr, "Shared_Hugetlb"),
			 page);
	witness_pages(addr, page, &pages);
	assert_int_equal(pages.on_node[home], page);
	assert_true(witness_name(addr, page, "/memfd:huge one"));
	assert_int_equal(free_pages(), before - 1);
	memset(addr, 1, page);
	assert_int_equal(witness_account(region, WISH(PAGES)).bytes, page);
	assert_int_equal(witness_account(region, WISH(LOCK)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
	assert_int_equal(free_pages(), before);
}

static void
they_exist_without_prefault_too(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region;
	struct witness_pages pages;

	(void)state;
	opts.flags = 0;
	region = create(page, &opts);
	witness_pages(rte_memregion_addr(region), page, &pages);
	assert_int_equal(pages.absent, 0);
	assert_int_equal(witness_account(region, WISH(POLICY)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

static void
any_and_the_ladder_take_them(void **state)
{
	static const enum rte_memregion_pages kinds[] = { RTE_MEMREGION_PAGES_EXPLICIT,
							  RTE_MEMREGION_PAGES_LADDER };
	struct rte_memregion_account account;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rte_memregion_opts opts = strict();
		struct rte_memregion *region;

		opts.pages = kinds[i];
		region = create(page, &opts);
		assert_int_equal(witness_smaps(rte_memregion_addr(region), "KernelPageSize"), page);
		account = witness_account(region, WISH(PAGES));
		print_message("%s\n", account.text);
		assert_int_equal(account.level, RTE_MEMREGION_ENFORCED);
		if (page == 2 * MIB)
			assert_non_null(strstr(account.text, "1 GiB: too large for 2 MiB"));
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
}

/* All that is free, in a mapping of somebody else's. */
static void *
drain(size_t *size)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
		    (page == 2 * MIB ? MAP_HUGE_2MB : MAP_HUGE_1GB);
	void *all;

	*size = free_pages() * page;
	all = mmap(NULL, *size, PROT_READ | PROT_WRITE, flags, -1, 0);
	assert_ptr_not_equal(all, MAP_FAILED);
	return all;
}

static void
an_empty_pool_is_an_error_and_no_signal(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = NULL;
	struct rte_memregion_account account;
	size_t size;
	void *all = drain(&size);

	(void)state;
	assert_int_equal(rte_memregion_create(page, &opts, &region), -ENOMEM);
	print_message("%s\n", rte_memregion_error());
	assert_non_null(strstr(rte_memregion_error(), "pages"));
	assert_non_null(strstr(rte_memregion_error(), "node"));
	/* Soft, it is memory: whoever touches it lives. */
	opts.flags = 0;
	region = create(2 * MIB, &opts);
	account = witness_account(region, WISH(PAGES));
	print_message("%s\n", account.text);
	assert_int_equal(account.level, RTE_MEMREGION_NOT_ENFORCED);
	assert_int_equal(account.reason, RTE_MEMREGION_REASON_NO_PAGES);
	memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
	assert_int_equal(rte_memregion_destroy(region), 0);
	opts = strict();
	opts.pages = RTE_MEMREGION_PAGES_LADDER;
	region = create(page == 2 * MIB ? page : 64 * MIB, &opts);
	assert_int_equal(witness_account(region, WISH(PAGES)).level, RTE_MEMREGION_ENFORCED);
	assert_int_equal(rte_memregion_destroy(region), 0);
	assert_int_equal(munmap(all, size), 0);
}

/* Takes the pool's pages and gives them back, as fast as it can, until told to stop. */
static int stop;

static void *
race(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		size_t size = free_pages() * page;
		int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE |
			    (page == 2 * MIB ? MAP_HUGE_2MB : MAP_HUGE_1GB);
		char *all;

		if (size == 0)
			continue;
		all = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
		if (all == MAP_FAILED)
			continue;
		madvise(all, size, MADV_POPULATE_WRITE);
		munmap(all, size);
	}
	return NULL;
}

static void
a_pool_raced_away_is_an_error_and_no_signal(void **state)
{
	struct rte_memregion_opts opts = strict();
	unsigned int had = 0, had_not = 0;
	pthread_t racer;

	(void)state;
	/* A large pool takes long to empty, and may be in use by others. */
	if (free_pages() > 64 || page != 2 * MIB) {
		print_message("skipped: %u pages of %llu MiB are too many to race for\n",
			      free_pages(), (unsigned long long)page / MIB);
		skip();
	}
	stop = 0;
	assert_int_equal(pthread_create(&racer, NULL, race, NULL), 0);
	for (int i = 0; i < 100; i++) {
		struct rte_memregion *region = NULL;
		int ret;

		opts.flags = i % 2 == 0 ? RTE_MEMREGION_F_STRICT : 0;
		ret = rte_memregion_create((page == 2 * MIB ? 4 : 1) * page, &opts, &region);
		if (ret < 0) {
			assert_int_equal(ret, -ENOMEM);
			assert_true(i % 2 == 0);
			had_not++;
			continue;
		}
		memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
		if (witness_account(region, WISH(PAGES)).level == RTE_MEMREGION_ENFORCED)
			had++;
		else
			had_not++;
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(racer, NULL), 0);
	print_message("%u had hugepages, %u had not\n", had, had_not);
}

/* What a child writes is the parent's too, and takes no page of the pool. */
static void
a_child_shares_them(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region = create(page, &opts);
	unsigned int before = free_pages();
	char *addr = rte_memregion_addr(region);

	(void)state;
	addr[5] = 1;
	assert_int_equal(witness_touch(addr), 0);
	assert_int_equal(addr[0], 1);
	assert_int_equal(addr[5], 1);
	assert_int_equal(free_pages(), before);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

/* Explicit hugepages are a file's, and one that is too large for the process's limit is a signal's. */
static void
a_limit_of_files_is_an_error_and_no_signal(void **state)
{
	struct rte_memregion_opts opts = strict();
	struct rte_memregion *region;
	struct rlimit before, less;
	bool is_named;
	int ret;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	less = (struct rlimit){ 3 * page / 2, before.rlim_max };
	region = create(page, &opts);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	ret = rte_memregion_resize(region, 2 * page, RTE_MEMREGION_MAY_MOVE);
	is_named = strstr(rte_memregion_error(), "RLIMIT_FSIZE") != NULL;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(ret, -EPERM);
	assert_true(is_named);
	assert_int_equal(rte_memregion_size(region), page);
	assert_int_equal(rte_memregion_destroy(region), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_have_the_size_that_was_asked_for),
		cmocka_unit_test(they_exist_without_prefault_too),
		cmocka_unit_test(any_and_the_ladder_take_them),
		cmocka_unit_test(an_empty_pool_is_an_error_and_no_signal),
		cmocka_unit_test(a_pool_raced_away_is_an_error_and_no_signal),
		cmocka_unit_test(a_child_shares_them),
		cmocka_unit_test(a_limit_of_files_is_an_error_and_no_signal),
	};
	bool gigantic = argc > 1 && strcmp(argv[1], "1g") == 0;
	const char *allowed = getenv(gigantic ? "FASTMEM_HUGE_1G" : "FASTMEM_HUGE");

	if (gigantic) {
		page = 1024 * MIB;
		wished = RTE_MEMREGION_PAGES_1G;
	}
	if ((allowed != NULL && strcmp(allowed, "0") == 0) || free_pages() < (gigantic ? 1 : 8)) {
		printf("skipped: %u hugepages of %zu MiB are free, or they are not to be used\n",
		       free_pages(), page / MIB);
		return 77;
	}
	if (witness_nodes(&home, 1) < 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
