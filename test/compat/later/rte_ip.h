/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * DPDK's header of this name, its header of IPv6 as 24.11 has it: addresses are a structure. */

#ifndef LATER_IP_H
#define LATER_IP_H

#define rte_ipv6_hdr rte_ipv6_hdr_earlier
#include_next <rte_ip.h>
#undef rte_ipv6_hdr

struct rte_ipv6_addr {
	uint8_t a[16];
};

struct rte_ipv6_hdr {
	rte_be32_t vtc_flow;
	rte_be16_t payload_len;
	uint8_t proto;
	uint8_t hop_limits;
	struct rte_ipv6_addr src_addr;
	struct rte_ipv6_addr dst_addr;
};

#endif
