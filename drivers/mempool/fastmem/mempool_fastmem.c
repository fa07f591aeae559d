/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the plugin: with it EAL knows the mempool operations "fastmem", and the plan that the
 *       environment states is applied before their first pool.
 * Must not: do anything before a pool is asked for: every DPDK program on the machine may load it.
 * Called by: the dynamic linker.
 */

#include <errno.h>

#include <rte_common.h>
#include <rte_fastmem_mempool.h>
#include <rte_log.h>
#include <rte_reserve.h>

RTE_LOG_REGISTER(mempool_fastmem_logtype, mempool.fastmem, NOTICE);

static int
first_use(void)
{
	struct rte_reserve_plan *plan;
	int rc = rte_reserve_parse(NULL, NULL, &plan);

	if (rc == 0) {
		rc = rte_reserve_apply(plan);
		rte_reserve_plan_free(plan);
	}
	if (rc != 0)
		rte_log(RTE_LOG_ERR, (uint32_t)mempool_fastmem_logtype, "FASTMEM: %s\n",
			rte_reserve_error());
	return rc;
}

RTE_INIT(mempool_fastmem_register)
{
	rte_fastmem_mempool_register(first_use);
}
