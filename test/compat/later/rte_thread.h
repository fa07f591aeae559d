/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * DPDK's header of this name with what 23.11 added to it. */

#include_next <rte_thread.h>

#ifndef LATER_THREAD_H
#define LATER_THREAD_H

int
rte_thread_create_control(rte_thread_t *thread, const char *name, rte_thread_func thread_func,
			  void *arg);

#endif
