/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What the kernel says of pages: the witness against which several tests hold a library's answers. */

#ifndef TEST_PAGES_H
#define TEST_PAGES_H

#include <stdint.h>
#include <unistd.h>
#include <sys/syscall.h>

/* The node that the page of an address is on; negative: it is on none. */
static inline int
test_page_node(const void *addr)
{
	uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
	const void *page = (const void *)((uintptr_t)addr & ~(size - 1));
	int status = -1;

	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) != 0)
		return -1;
	return status;
}

/* Whether all pages of a range are on one node. */
static inline int
test_pages_on(const void *addr, size_t size, int node_id)
{
	size_t step = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < size; at += step)
		if (test_page_node((const char *)addr + at) != node_id)
			return 0;
	return 1;
}

#endif
