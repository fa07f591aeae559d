/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_ACT_H
#define RESERVE_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All return 0 or a negative errno, if nothing else is said. */

/* A number in a file below a folder. */
int
act_read(const char *root, const char *name, uint64_t *value);

int
act_write(const char *root, const char *name, uint64_t value);

/* Whether a file below a folder may be written to. */
int
act_may_write(const char *root, const char *name);

/* Replace a file below a folder, all of it or not at all. */
int
act_replace(const char *root, const char *name, const char *text, size_t size);

/* Take a lock on a file below a folder, which is made if need be; its descriptor. */
int
act_lock(const char *root, const char *name);

void
act_unlock(int fd);

/* Mount a hugetlbfs there, making the folder if need be; take it away again. */
int
act_mount(const char *folder, const char *options);

int
act_unmount(const char *folder);

/* Have SIGINT and SIGTERM end nothing but what asks act_stopped(); or as they were before. */
void
act_catch(void);

void
act_uncatch(void);

bool
act_stopped(void);

/* Seconds since some time. */
double
act_seconds(void);

#endif /* RESERVE_ACT_H */
