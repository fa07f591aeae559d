/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Trace points, for EAL's --trace=lib.fastmem.*: what happens off the fast path. Off they cost a load
 * and a branch each. doc/guides/watching.rst says what each field means.
 *
 * To be included first: rte_trace_point.h is for who says that experimental functions are welcome, as
 * it is in DPDK 22.11, before anything of DPDK's is seen.
 */

#ifndef FASTMEM_TRACE_H
#define FASTMEM_TRACE_H

#ifndef ALLOW_EXPERIMENTAL_API
#define ALLOW_EXPERIMENTAL_API
#endif

#include <rte_trace_point.h>

#include "fastmem_priv.h"

RTE_TRACE_POINT(fm_trace_reserve,
		RTE_TRACE_POINT_ARGS(int node_id, uint64_t size, uint64_t page_size, uint8_t more,
				     int result, uint64_t backing),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u64(size); rte_trace_point_emit_u64(page_size);
		rte_trace_point_emit_u8(more); rte_trace_point_emit_int(result);
		rte_trace_point_emit_u64(backing);)

RTE_TRACE_POINT(fm_trace_grow,
		RTE_TRACE_POINT_ARGS(int node_id, uint64_t size, uint64_t added, uint64_t backing),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u64(size); rte_trace_point_emit_u64(added);
		rte_trace_point_emit_u64(backing);)

RTE_TRACE_POINT(fm_trace_trim,
		RTE_TRACE_POINT_ARGS(int node_id, uint64_t returned, uint64_t backing),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u64(returned); rte_trace_point_emit_u64(backing);)

RTE_TRACE_POINT(fm_trace_slab_take,
		RTE_TRACE_POINT_ARGS(int node_id, uint32_t class_size, const void *addr,
				     uint64_t pages),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u32(class_size); rte_trace_point_emit_ptr(addr);
		rte_trace_point_emit_u64(pages);)

RTE_TRACE_POINT(fm_trace_slab_return,
		RTE_TRACE_POINT_ARGS(int node_id, uint32_t class_size, const void *addr,
				     uint64_t pages),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u32(class_size); rte_trace_point_emit_ptr(addr);
		rte_trace_point_emit_u64(pages);)

RTE_TRACE_POINT(fm_trace_magazine_push,
		RTE_TRACE_POINT_ARGS(int node_id, uint32_t class_size, uint32_t blocks),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u32(class_size); rte_trace_point_emit_u32(blocks);)

RTE_TRACE_POINT(fm_trace_magazine_pop,
		RTE_TRACE_POINT_ARGS(int node_id, uint32_t class_size, uint32_t blocks),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u32(class_size); rte_trace_point_emit_u32(blocks);)

RTE_TRACE_POINT(fm_trace_reclaim,
		RTE_TRACE_POINT_ARGS(int node_id, uint32_t means, uint64_t size, uint8_t helped),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u32(means); rte_trace_point_emit_u64(size);
		rte_trace_point_emit_u8(helped);)

RTE_TRACE_POINT(fm_trace_reap, RTE_TRACE_POINT_ARGS(uint32_t caches),
		rte_trace_point_emit_u32(caches);)

RTE_TRACE_POINT(fm_trace_nomem, RTE_TRACE_POINT_ARGS(int node_id, uint32_t class_size),
		rte_trace_point_emit_int(node_id);
		rte_trace_point_emit_u32(class_size);)

#endif /* FASTMEM_TRACE_H */
