/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_PROCS_H
#define RESERVE_PROCS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A mapping of a process. */
struct procs_map {
	uint64_t size; /* Bytes. */
	dev_t device;
	uint64_t inode;	  /* 0: of no file. */
	const char *path; /* Or "". */
};

/* Call back for each process, until one returns true; 0, or -errno. */
int
procs_each(const char *proc, bool (*look)(int pid, void *arg), void *arg);

/* Call back for each mapping of a process, likewise; -errno also if that may not be looked at. */
int
procs_maps(const char *proc, int pid, bool (*look)(const struct procs_map *map, void *arg),
	   void *arg);

#define PROCS_NAME 64

/* What a process is called, or "". */
void
procs_name(const char *proc, int pid, char name[PROCS_NAME]);

/* Processes that have a file below a folder mapped, at most so many, other than this one. */
unsigned int
procs_that_map(const char *proc, const char *folder, int *pids, unsigned int n);

/* These as text: "12 (worker), 13 (worker)". */
void
procs_text(const char *proc, const int *pids, unsigned int n, char *buf, size_t size);

#endif /* RESERVE_PROCS_H */
