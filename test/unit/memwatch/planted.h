/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef PLANTED_H
#define PLANTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "memwatch_priv.h"

#define MACHINE RTE_NUMA_NODE_ANY

/* A machine of files, with four nodes, of which tests write what is free: at first 800 of 1000 MiB. */
struct planted {
	char *root, *proc;
	struct rte_numa_topology *topo;
	struct mw_roots roots;
	/* To start with: polled every 10 ms, and falls are not held. */
	struct rte_memwatch_config config;
};

extern struct planted planted;

/* For cmocka. */
int
planted_make(void **state);
int
planted_remove(void **state);

/* Replace a file, as the kernel's change: at once. */
void
planted_put(const char *file, const char *text);

/* So many of 1000 MiB are to be had on the machine; on a node. */
void
planted_machine(unsigned int mib);
void
planted_node(int node_id, unsigned int mib);

void
planted_start(void);

/* Poll when it is time to. */
void
planted_look(void);

#endif
