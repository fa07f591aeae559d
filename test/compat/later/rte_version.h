/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * DPDK's header of this name, as if it were release 25.11's. */

#include_next <rte_version.h>

#ifndef LATER_VERSION_H
#define LATER_VERSION_H

#undef RTE_VERSION
#define RTE_VERSION RTE_VERSION_NUM(25, 11, 0, RTE_VER_RELEASE)

#endif
