/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What crosses the files of mempools whose memory and objects are fastmem's.
 */

#ifndef FASTMEM_MEMPOOL_PRIV_H
#define FASTMEM_MEMPOOL_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "fastmem_exchange_priv.h"

#define FM_POOL_OPS "fastmem"

/* What a mempool's pool_data points to: a block of fastmem's that the exchange is part of. */
struct fm_pool {
	int32_t node_id; /* where its memory comes from; RTE_NUMA_NODE_ANY */
	bool served; /* false: on memory of EAL's that we do not serve, such as a heap of the user's */
	bool grows;	 /* populated as objects are asked for, up to its size, */
	uint32_t holder; /* by the process of this number; another may have it later */

	/* Of who populates it: one thread, that has `growing` if the pool is in use. */
	bool lacks;	/* there was not enough memory: do not ask for more */
	bool adding;	/* what is populated is a piece of ours, */
	uint32_t quota; /* and takes so many objects at most */
	size_t asked;	/* bytes that DPDK was told to bring, which stand for all; 0: none */

	_Atomic uint32_t growing;
	_Atomic uint64_t retry_tsc; /* there was not enough memory: not again before */

	struct fm_exchange exchange; /* the last: what belongs to it follows */
};

/* ---------------------------------------------------------------- mempool_ops.c */

/* This process uses fastmem from here on; 0 or -errno, logged. */
int
fm_pool_join(void);

/* ---------------------------------------------------------------- mempool_memory.c */

/* Make a mempool's pool_data, an exchange for all of its objects; 0 or -errno, logged. */
int
fm_pool_make(struct rte_mempool *mp, int node_id);

/*
 * Populate a mempool with up to `n` more objects out of the reservation. How many; where they are
 * fewer, what there is was logged.
 */
uint32_t
fm_pool_add(struct rte_mempool *mp, uint32_t n);

/* ---------------------------------------------------------------- mempool.c */

/* Add what lets `n` objects be had, if the pool grows in this process; false: nothing was added. */
bool
fm_pool_grow(struct rte_mempool *mp, uint32_t n);

/* An object was added to a pool: initialise it, if the pool's creator said how, before all others see it. */
void
fm_pool_init_object(struct rte_mempool *mp, void *object);

#endif /* FASTMEM_MEMPOOL_PRIV_H */
