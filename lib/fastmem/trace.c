/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the names of the trace points, under which EAL's --trace switches them on.
 * Must not do anything else: rte_trace_point_register.h makes other macros of the same names.
 * Called by nobody: constructors register them.
 */

#ifndef ALLOW_EXPERIMENTAL_API
#define ALLOW_EXPERIMENTAL_API
#endif

#include <rte_trace_point_register.h>

#include "fastmem_trace.h"

RTE_TRACE_POINT_REGISTER(fm_trace_reserve, lib.fastmem.reserve)
RTE_TRACE_POINT_REGISTER(fm_trace_grow, lib.fastmem.grow)
RTE_TRACE_POINT_REGISTER(fm_trace_trim, lib.fastmem.trim)
RTE_TRACE_POINT_REGISTER(fm_trace_slab_take, lib.fastmem.slab.take)
RTE_TRACE_POINT_REGISTER(fm_trace_slab_return, lib.fastmem.slab.return )
RTE_TRACE_POINT_REGISTER(fm_trace_magazine_push, lib.fastmem.magazine.push)
RTE_TRACE_POINT_REGISTER(fm_trace_magazine_pop, lib.fastmem.magazine.pop)
RTE_TRACE_POINT_REGISTER(fm_trace_reclaim, lib.fastmem.reclaim)
RTE_TRACE_POINT_REGISTER(fm_trace_reap, lib.fastmem.reap)
RTE_TRACE_POINT_REGISTER(fm_trace_nomem, lib.fastmem.nomem)
