/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_LEFTOVERS_H
#define RESERVE_LEFTOVERS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A file of a hugetlbfs. */
struct leftover {
	char path[PATH_MAX];
	char prefix[NAME_MAX + 1]; /* EAL's --file-prefix that it is of; "": it is none of EAL's. */
	dev_t device;
	ino_t inode;
	uid_t owner;
	uint64_t page_size, bytes; /* Bytes of pages that it keeps. */
	int pid;		   /* A process that has it mapped or open; 0: none was seen. */
	/* What the kernel says, which sees all processes; it answers the file's owner, and root. */
	bool told, held;
};

struct leftovers {
	unsigned int n;
	struct leftover *file;
	unsigned int hidden; /* Processes that may not be looked at. */
};

/* Find the files of all mounts, and who holds them; 0, or a negative errno. */
int
leftovers_find(const char *proc, struct leftovers *list);

void
leftovers_release(struct leftovers *list);

/* Whether it is of EAL, and certainly nobody holds it; or whether that cannot be seen. */
bool
leftovers_is_left(const struct leftovers *list, const struct leftover *file);

bool
leftovers_is_uncertain(const struct leftovers *list, const struct leftover *file);

/* Remove a file that nobody holds; -EBUSY: somebody does by now, or another negative errno. */
int
leftovers_remove(const struct leftover *file);

#endif /* RESERVE_LEFTOVERS_H */
