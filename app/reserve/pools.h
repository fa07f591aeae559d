/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_POOLS_H
#define RESERVE_POOLS_H

#include <rte_numa.h>

#include "supply.h"

#define MAX_POOLS      1024
#define MAX_POOL_NODES 256

/* Of smaller pages no block of 2 MiB has one IO address, so nobody takes them. */
#define LEAST_PAGE (UINT64_C(1) << 21)

/* A machine's hugepages, and the nodes that they are of. */
struct pools {
	unsigned int n, nb_nodes;
	struct pool pool[MAX_POOLS];
	struct supply_node node[MAX_POOL_NODES];
};

/* 0, or a negative errno with its reason said on stderr. */
int
pools_read(const struct rte_numa_topology *topo, struct pools *pools);

#endif /* RESERVE_POOLS_H */
