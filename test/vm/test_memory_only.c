/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Memory of a node without CPUs, which EAL does not list: bound there, known to EAL all the same,
 * in secondaries too; refused as a whole where it cannot be had, and gone with the last process.
 *
 * usage: PROGRAM SECONDARY EAL-MODE; PROGRAM hold EAL-MODE */

#include <dlfcn.h>
#include <numaif.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_memory.h>

#include "footprint.h"
#include "peer.h"
#include "test_blocks.h"
#include "test_log.h"

#define CALL(peer, ...) peer_call((peer), (struct peer_request){ __VA_ARGS__ })
#define HELD		(40 * MIB)

extern char **environ;

static const char *self;
static int mbind_error;
static bool pages_elsewhere;

/* Both in the library's stead. */
long
mbind(void *addr, unsigned long len, int policy, const unsigned long *mask, unsigned long max,
      unsigned int flags)
{
	long (*real)(void *, unsigned long, int, const unsigned long *, unsigned long,
		     unsigned int);

	if (mbind_error != 0) {
		errno = mbind_error;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "mbind");
	return real(addr, len, policy, mask, max, flags);
}

long
move_pages(int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
	long (*real)(int, unsigned long, void **, const int *, int *, int);
	long rc;

	*(void **)&real = dlsym(RTLD_NEXT, "move_pages");
	rc = real(pid, count, pages, nodes, status, flags);
	if (pages_elsewhere)
		status[count - 1] = 0;
	return rc;
}

static void
eal_knows_it_as_external_memory(void **state)
{
	struct rte_memseg_list *list;
	struct rte_memseg *seg;
	char *ptr;

	(void)state;
	ptr = rte_fastmem_alloc_node(MIB, 0, 0, test_node());
	assert_non_null(ptr);
	assert_on_node(ptr, MIB, test_node());
	list = rte_mem_virt2memseg_list(ptr);
	assert_non_null(list);
	assert_true(list->external && list->heap);
	assert_int_equal(list->page_sz, 2 * MIB);
	seg = rte_mem_virt2memseg(ptr, list);
	assert_non_null(seg);
	assert_int_equal(seg->iova + (uintptr_t)(ptr - (char *)seg->addr),
			 rte_fastmem_virt2iova(ptr));
	assert_int_equal(rte_mem_virt2iova(ptr), rte_fastmem_virt2iova(ptr));
	rte_fastmem_free(ptr);
}

struct events {
	size_t added;
	size_t removed;
};

static void
on_event(enum rte_mem_event type, const void *addr, size_t len, void *arg)
{
	struct events *events = arg;
	struct rte_memseg_list *list = rte_mem_virt2memseg_list(addr);

	if (list == NULL || !list->external)
		return;
	if (type == RTE_MEM_EVENT_ALLOC)
		events->added += len;
	else
		events->removed += len;
}

/* It is by these that drivers map memory for their devices. */
static void
eal_tells_drivers_when_it_comes_and_goes(void **state)
{
	struct events events = { 0 };

	(void)state;
	assert_int_equal(rte_mem_event_callback_register("test", on_event, &events), 0);
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
	assert_in_range(events.added, 16 * MIB, 20 * MIB);
	assert_int_equal(events.removed, 0);
	rte_fastmem_deinit();
	assert_int_equal(events.removed, events.added);
	assert_int_equal(rte_mem_event_callback_unregister("test", &events), 0);
}

static void
what_cannot_be_bound_is_not_taken(void **state)
{
	struct footprint before = footprint_now();

	(void)state;
	test_log_catch();
	mbind_error = EPERM;
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), -EPERM);
	assert_null(rte_fastmem_alloc_node(64, 0, 0, test_node()));
	mbind_error = 0;
	test_log_release();
	assert_non_null(test_log_line_with("cannot bind memory to node"));
	assert_unchanged(&before);
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
}

static void
what_lies_elsewhere_is_given_back(void **state)
{
	struct footprint before = footprint_now();

	(void)state;
	test_log_catch();
	pages_elsewhere = true;
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), -EXDEV);
	pages_elsewhere = false;
	test_log_release();
	assert_non_null(test_log_line_with("cannot see that pages lie on node"));
	assert_unchanged(&before);
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
}

/* The addresses that are set aside for later have no pages to lock. */
static void
locking_all_memory_takes_none_of_it(void **state)
{
	size_t before;
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	before = machine_free_pages(test_node());
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		skip_because("this user may not lock memory");
	assert_int_equal(machine_free_pages(test_node()), before);
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), 0);
	assert_in_range(before - machine_free_pages(test_node()), 4, 6);
	munlockall();
	ptr = rte_fastmem_alloc_node(3 * MIB, 0, 0, test_node());
	assert_non_null(ptr);
	rte_fastmem_free(ptr);
}

static void
a_secondary_follows_growth_and_trim(void **state)
{
	struct peer peer = peer_start(0);
	size_t before;
	char *ptr;

	(void)state;
	assert_int_equal(CALL(&peer, .op = PEER_INIT).value, 0);
	assert_int_equal(CALL(&peer, .op = PEER_EXTERNAL).value, 0);
	before = machine_free_pages(test_node());
	ptr = rte_fastmem_alloc_node(12 * MIB, 0, 0, test_node());
	assert_non_null(ptr);
	test_pattern_write(ptr, 12 * MIB, 5);
	/* Without a call of fastmem's in between. */
	assert_true(CALL(&peer, .op = PEER_INTACT, .ptr = ptr, .size = 12 * MIB, .seed = 5).value);
	assert_in_range(CALL(&peer, .op = PEER_EXTERNAL).value, 12 * MIB, 18 * MIB);
	assert_int_equal(CALL(&peer, .op = PEER_MEMSEG, .ptr = ptr + 5 * MIB).value,
			 rte_fastmem_virt2iova(ptr + 5 * MIB));
	rte_fastmem_free(ptr);
	assert_true(rte_fastmem_trim(test_node()) >= (int64_t)(12 * MIB));
	assert_in_range(before - machine_free_pages(test_node()), 0, 2);
	assert_in_range(CALL(&peer, .op = PEER_EXTERNAL).value, 0, 4 * MIB);
	peer_leave(&peer);
}

/* As EAL's own memory does, growth needs an answer of each; who gives none costs nobody memory. */
static void
a_stopped_secondary_fails_growth_and_nothing_is_lost(void **state)
{
	struct peer peer = peer_start(0);
	struct footprint before;
	void *ptr;

	(void)state;
	assert_int_equal(CALL(&peer, .op = PEER_INIT).value, 0);
	before = footprint_now();
	kill(peer.pid, SIGSTOP);
	assert_int_equal(rte_fastmem_reserve(16 * MIB, test_node()), -ETIMEDOUT);
	assert_unchanged(&before);
	kill(peer.pid, SIGCONT);
	CALL(&peer, .op = PEER_FLUSH);
	while (rte_fastmem_reserve(16 * MIB, test_node()) != 0)
		usleep(10000);
	ptr = rte_fastmem_alloc_node(5000, 0, 0, test_node());
	test_pattern_write(ptr, 5000, 6);
	assert_true(CALL(&peer, .op = PEER_INTACT, .ptr = ptr, .size = 5000, .seed = 6).value);
	rte_fastmem_free(ptr);
	peer_leave(&peer);
}

static void
a_killed_secondary_keeps_no_page(void **state)
{
	size_t pools[MACHINE_MAX_NODES];
	struct peer peer = peer_start(0);

	(void)state;
	machine_pools(pools);
	assert_int_equal(CALL(&peer, .op = PEER_RESERVE, .size = 20 * MIB).value, 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 20 * MIB);
	peer_kill(&peer);
	rte_fastmem_deinit();
	assert_int_equal(rte_fastmem_init(), 0);
	assert_same_pools(pools);
}

/* A process of its own that reserves, says so, and stays until it is killed. */
static int
hold(char **argv)
{
	test_eal_start(2, argv);
	if (rte_fastmem_init() != 0 || rte_fastmem_reserve(HELD, test_node()) != 0)
		return EXIT_FAILURE;
	if (write(STDOUT_FILENO, "!", 1) == 1)
		pause();
	return EXIT_FAILURE;
}

static void
memory_goes_with_the_last_process(void **state)
{
	char *argv[] = { (char *)(uintptr_t)self, (char[]){ "hold" },
			 (char[]){ "primary-memory-only" }, NULL };
	size_t before = machine_free_pages(test_node());
	posix_spawn_file_actions_t actions;
	int up[2], i;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(up), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, up[1], STDOUT_FILENO);
	assert_int_equal(posix_spawn(&pid, self, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(up[1]);
	do /* cmocka and EAL may say something before */
		assert_int_equal(read(up[0], &byte, 1), 1);
	while (byte != '!');
	assert_in_range(before - machine_free_pages(test_node()), HELD / SLAB, HELD / SLAB + 3);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (i = 0; i < 100 && machine_free_pages(test_node()) != before; i++)
		usleep(10000);
	assert_int_equal(machine_free_pages(test_node()), before);
	close(up[0]);
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(eal_knows_it_as_external_memory),
		INIT(eal_tells_drivers_when_it_comes_and_goes),
		INIT(what_cannot_be_bound_is_not_taken),
		INIT(what_lies_elsewhere_is_given_back),
		INIT(locking_all_memory_takes_none_of_it),
		INIT(a_secondary_follows_growth_and_trim),
		INIT(a_stopped_secondary_fails_growth_and_nothing_is_lost),
		INIT(a_killed_secondary_keeps_no_page),
		INIT(memory_goes_with_the_last_process),
	};
	char *mode[] = { argv[0], argc == 3 ? argv[2] : NULL };

	if (argc != 3) {
		fprintf(stderr, "usage: %s PROGRAM-OF-A-SECONDARY EAL-MODE\n", argv[0]);
		return EXIT_FAILURE;
	}
	if (strcmp(argv[1], "hold") == 0)
		return hold(mode);
	self = argv[0];
	peer_program(argv[1]);
	test_eal_start(2, mode);
	return cmocka_run_group_tests_name("nodes/memory-only", tests, NULL, NULL);
}
