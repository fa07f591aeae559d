/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * DPDK's header of this name with the names that 23.03 gave, and without those that it had before. */

#include_next <rte_telemetry.h>

#ifndef LATER_TELEMETRY_H
#define LATER_TELEMETRY_H

#define RTE_TEL_UINT_VAL ((enum rte_tel_value_type)RTE_TEL_U64_VAL)
#define rte_tel_data_add_array_u64 a_name_of_22_11(
#define rte_tel_data_add_dict_u64  a_name_of_22_11(

int
rte_tel_data_add_array_uint(struct rte_tel_data *d, uint64_t x);

int
rte_tel_data_add_dict_uint(struct rte_tel_data *d, const char *name, uint64_t val);

#endif
