/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the list of all ways, in the order of reports.
 * Must not: know what any of them does.
 * Called by: bench.c, and the reports.
 */

#include <rte_common.h>

#include "way.h"

const struct way *const ways[] = {
	&way_fastmem,	   &way_fastmem_sized, &way_fastmem_handle, &way_mempool,  &way_mempool_own,
	&way_rte_malloc,   &way_glibc,	       &way_jemalloc,	    &way_mimalloc, &way_tcmalloc,
	&way_floor_lookup, &way_floor,	       &way_none,
};

const unsigned int nb_ways = RTE_DIM(ways);
