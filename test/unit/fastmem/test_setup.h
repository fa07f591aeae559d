/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What tests of fastmem begin with and end with, and what they ask of it again and again. */

#ifndef TEST_SETUP_H
#define TEST_SETUP_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_errno.h>
#include <rte_fastmem.h>

#include "test_eal.h"

#define MIB  ((size_t)1 << 20)
#define SLAB (2 * MIB)

/* Skip the test that calls it, and say why. */
#define skip_because(why) \
	do { \
		print_message("%s\n", (why)); \
		skip(); \
	} while (0)

/* What setup_reserved() reserves on test_node(). */
#define TEST_RESERVED (32 * MIB)

/* For cmocka: initialised; initialised, reserved and growth switched off; everything undone. */
int
setup_init(void **state);
int
setup_reserved(void **state);
int
teardown_deinit(void **state);

/* Reserve on another node than test_node() and return its id, or skip the test. */
int
reserve_on_other_node(size_t size);

/* Statistics of which the call must succeed. */
struct rte_fastmem_stats
stats_now(void);
struct rte_fastmem_class_stats
class_stats_now(size_t class_size);
struct rte_fastmem_node_stats
node_stats_now(void);

/* Fail unless each field is the same. */
void
assert_stats_equal(struct rte_fastmem_stats a, struct rte_fastmem_stats b);

/* The class that a block of this size and alignment of a cache line comes from. */
size_t
class_of(size_t size);

/* What EAL knows of fastmem: zones named fastmem_<node>_<n> of test_node(), and their bytes. */
unsigned int
zones_count(void);
size_t
zones_bytes(void);

/* Bytes that are allocated on all of EAL's heaps. */
size_t
eal_heap_bytes(void);

#endif
