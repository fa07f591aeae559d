/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef TEST_WITNESS_H
#define TEST_WITNESS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_membind.h>

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

#define PAGE ((size_t)4096)
#define MIB  ((size_t)1 << 20)

/* Skip the test that calls it, and say why. */
#define skip_because(why) \
	do { \
		print_message("skipped: %s\n", (why)); \
		skip(); \
	} while (0)

/* Call, and fail with the library's text unless it returns that. */
#define assert_ret(call, expected) \
	do { \
		int ret_ = (call); \
		if (ret_ != (expected)) \
			fail_msg(#call " = %d, expected %d: %s", ret_, (expected), \
				 rte_membind_error()); \
	} while (0)

/* A call that must fail, with a text that names something. */
#define assert_refused(call, err, word) \
	do { \
		assert_ret(call, err); \
		if (strstr(rte_membind_error(), (word)) == NULL) \
			fail_msg(#call ": no \"%s\" in \"%s\"", (word), rte_membind_error()); \
	} while (0)

/*
 * All of these ask the kernel themselves, not the library. They fail the running test when they
 * cannot do their work.
 */

/* Nodes with memory that this process may use. */
struct rte_numa_mask
usable_nodes(void);

/* The n-th of these by id, or skip the test if there are fewer. */
int
usable_node(unsigned int n);

/* A mask of nodes, given as a list such as "0,2". */
struct rte_numa_mask
mask_of(const char *list);

struct rte_numa_mask
mask_of_node(int node_id);

/* Anonymous memory that nothing is next to. */
void *
map(size_t size);

/* The same, of hugepages of 2 MiB; or skip the test if there are too few. */
void *
map_huge(size_t size);

void
unmap(void *addr, size_t size);

/* Touch each page with a write. */
void
touch(void *addr, size_t size);

/* The mode, flags included, that get_mempolicy() gives for an address, or for this thread. */
int
mode_at(const void *addr);
int
mode_of_self(void);

/* Set this thread's own policy back to the default. */
void
reset_self(void);

/* The node of a page by move_pages(), or its negative errno. */
int
node_at(const void *addr);

/*
 * What the kernel shows of the policy of the mapping at an address: "bind:0". Of a mapping without
 * one it is that of the thread tid, 0 being the calling one.
 */
const char *
policy_shown(pid_t tid, const void *addr);

/* How the kernel shows a policy with nodes: shown_as("bind", "0") is "bind:0". */
const char *
shown_as(const char *name, const struct rte_numa_mask *nodes);

#endif /* TEST_WITNESS_H */
