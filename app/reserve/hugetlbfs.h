/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_HUGETLBFS_H
#define RESERVE_HUGETLBFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mount, as a file such as /proc/self/mounts lists it. */
struct hugetlbfs {
	uint64_t page_size;
	char source[64];
	char folder[256];
};

/* Call back for each mount of a hugetlbfs, until one returns true; 0, or -errno. */
int
hugetlbfs_each(const char *proc, bool (*look)(const struct hugetlbfs *mount, void *arg), void *arg);

/* Whether there is one of that page size. */
bool
hugetlbfs_mounted(const char *proc, uint64_t page_size);

/* Whether the one on that folder is of our making. */
bool
hugetlbfs_is_ours(const char *proc, const char *folder);

/* Where to mount one of that page size: where its users look for it. */
void
hugetlbfs_folder(const char *proc, uint64_t page_size, char *buf, size_t size);

/*
 * The options to mount one with: who owns it, "user" or "user:group", and its mode in octal; NULL:
 * whoever mounts it. 0, or -EINVAL with what is wrong on stderr.
 */
int
hugetlbfs_options(uint64_t page_size, const char *owner, const char *mode, char *buf, size_t size);

#endif /* RESERVE_HUGETLBFS_H */
