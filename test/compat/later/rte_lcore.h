/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * DPDK's header of this name without what 23.11 removed from it. */

#include_next <rte_lcore.h>

#pragma GCC poison rte_ctrl_thread_create rte_thread_setname
