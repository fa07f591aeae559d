/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

/* What a user's first program includes and links: one function of each library. */

#include <stdio.h>

#include <rte_fastmem.h>
#include <rte_memregion.h>
#include <rte_numa.h>

int
main(void)
{
	printf("%zu %d\n", rte_fastmem_max_size(), rte_numa_node_of_self());
	return rte_fastmem_owns(NULL) || rte_memregion_destroy(NULL) != 0;
}
