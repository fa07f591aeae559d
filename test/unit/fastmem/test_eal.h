/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Starts EAL for a test program in one of several modes, named by its first argument. */

#ifndef TEST_EAL_H
#define TEST_EAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* What meson takes for "cannot run here". */
#define TEST_SKIPPED 77

/*
 * Start EAL with two lcores, 0 and 1, in the mode of argv[1]; "no-huge" where there is none.
 * A mode that this machine cannot run ends the program: says why, TEST_SKIPPED.
 */
void
test_eal_start(int argc, char **argv);

/* Whether EAL's memory is hugepages, of whichever size. */
bool
test_eal_huge(void);

/* Bytes a page of the memory in this mode. */
size_t
test_eal_page_size(void);

/* Whether there are pages of that size in this mode. */
bool
test_eal_has_pages(size_t page_size);

/* Whether EAL has the pages of a list in one file. */
bool
test_eal_one_file(void);

/* What a secondary needs to find this process: EAL's --file-prefix argument, a CPU to run on. */
const char *
test_eal_prefix(void);
int
test_eal_cpu(void);

/*
 * The node that all tests of one node use: that of the main lcore or, in a mode for that, one
 * without CPUs, which fastmem then takes for the node of every thread.
 */
int
test_node(void);

/* Whether it is of that kind: a secondary then has to use fastmem before it follows a pointer. */
bool
test_node_memory_only(void);

/* Some other node with memory, -1 where the machine has none. */
int
test_other_node(void);

/* A thread that EAL does not know, free to run on any CPU of the program's node. */
void
test_thread_start(pthread_t *thread, void *(*body)(void *), void *arg);

#endif
