/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What became of a packet. Order: tracked, skipped (not ours to track), malformed. */
enum parse_result {
	PARSE_OK,
	PARSE_SKIP_LLC,
	PARSE_SKIP_ARP,
	PARSE_SKIP_NON_IP,
	PARSE_BAD_ETHERNET,
	PARSE_BAD_VLAN,
	PARSE_BAD_IPV4,
	PARSE_BAD_IPV6,
	PARSE_BAD_IPV6_EXTENSION,
	PARSE_BAD_TCP,
	PARSE_BAD_UDP,
	PARSE_BAD_ICMP,
	PARSE_RESULTS
};

/** The kinds of flow that reports tell apart. */
enum flow_proto {
	FLOW_PROTO_TCP,
	FLOW_PROTO_UDP,
	FLOW_PROTO_ICMP,
	FLOW_PROTO_ICMPV6,
	FLOW_PROTO_OTHER,
	/** Later fragments of a datagram: they carry no ports, so they cannot join its flow. */
	FLOW_PROTO_FRAGMENT,
	FLOW_PROTOS
};

/**
 * Names a flow, the same for both of its directions: end 0 is the smaller one of (address, port).
 * Compared and hashed as bytes, so there is no padding and every byte is always set.
 */
struct flow_key {
	uint8_t addr[2][16]; /**< IPv4: the first four bytes, the rest 0. */
	uint16_t port[2];    /**< Host byte order; 0 where the protocol has none. */
	uint8_t ip_version;  /**< 4 or 6. */
	uint8_t ip_proto;    /**< As in the IP header, after IPv6's extension headers. */
	uint8_t fragment;    /**< 1: later fragments. */
	uint8_t zero;
};

/** The TCP part of a packet. */
struct tcp_segment {
	uint32_t seq;
	uint8_t flags;	     /**< RTE_TCP_*_FLAG. */
	const uint8_t *data; /**< Points into the packet. */
	uint32_t have;	     /**< Bytes at data. */
	uint32_t len;	     /**< Bytes on the wire; more than have if the capture cut it. */
};

/** What parse_packet() found. */
struct packet {
	struct flow_key key;
	enum flow_proto proto;
	uint8_t from; /**< The end of the key that sent it: 0 or 1. */
	uint8_t nb_vlans;
	bool is_fragment;	/**< First or later. */
	bool is_cut;		/**< IP says that there was more on the wire. */
	struct tcp_segment tcp; /**< For FLOW_PROTO_TCP. */
};

/**
 * Parse an Ethernet frame. Reads data[0..len) and nothing else.
 *
 * @param[out] pkt
 *   Set where PARSE_OK is returned; nb_vlans, is_fragment and is_cut always.
 */
enum parse_result
parse_packet(const uint8_t *data, size_t len, struct packet *pkt);

/** A result in words, as reports print it. */
const char *
parse_result_name(enum parse_result result);

/** Whether a result means that the packet's own headers are wrong. */
bool
parse_result_is_malformed(enum parse_result result);

/** A flow's kind in words. */
const char *
flow_proto_name(enum flow_proto proto);

#endif /* PARSE_H */
