/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the way from a frame's bytes to a flow's key and a TCP segment.
 * Must not: read outside of the frame, allocate, or keep anything between packets.
 * Called by: worker.c for every packet.
 */

#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include <dpdk_compat.h>

#include "parse.h"

/* The older tag of stacked VLANs, which DPDK has no name for. */
#define ETHER_TYPE_QINQ_9100 0x9100

/* Type, code and checksum, the part that all ICMP messages have. */
#define ICMP_HEADER_SIZE 4

/* What is left of a frame. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

static void
bytes_skip(struct bytes *b, size_t n)
{
	b->data += n;
	b->len -= n;
}

static bool
is_vlan(uint16_t ether_type)
{
	return ether_type == RTE_ETHER_TYPE_VLAN || ether_type == RTE_ETHER_TYPE_QINQ ||
	       ether_type == ETHER_TYPE_QINQ_9100;
}

/* Set the key from the packet's source and destination, the smaller end first. */
static void
key_set(struct packet *pkt, const void *src, const void *dst, size_t addr_len, uint16_t src_port,
	uint16_t dst_port)
{
	int order = memcmp(src, dst, addr_len);

	if (order == 0)
		order = src_port - dst_port;
	pkt->from = order > 0;
	memcpy(pkt->key.addr[pkt->from], src, addr_len);
	memcpy(pkt->key.addr[!pkt->from], dst, addr_len);
	pkt->key.port[pkt->from] = src_port;
	pkt->key.port[!pkt->from] = dst_port;
}

static enum parse_result
parse_tcp(struct bytes b, uint32_t wire_len, struct packet *pkt, uint16_t ports[2])
{
	struct rte_tcp_hdr hdr;
	size_t hdr_len;

	if (b.len < sizeof(hdr))
		return PARSE_BAD_TCP;
	memcpy(&hdr, b.data, sizeof(hdr));
	hdr_len = (size_t)(hdr.data_off >> 4) * 4;
	if (hdr_len < sizeof(hdr) || hdr_len > wire_len)
		return PARSE_BAD_TCP;

	ports[0] = rte_be_to_cpu_16(hdr.src_port);
	ports[1] = rte_be_to_cpu_16(hdr.dst_port);
	pkt->tcp.seq = rte_be_to_cpu_32(hdr.sent_seq);
	pkt->tcp.flags = hdr.tcp_flags;
	pkt->tcp.len = wire_len - hdr_len;
	/* A cut capture may end inside the options. */
	bytes_skip(&b, RTE_MIN(hdr_len, b.len));
	pkt->tcp.data = b.data;
	pkt->tcp.have = b.len;
	return PARSE_OK;
}

static enum parse_result
parse_udp(struct bytes b, uint16_t ports[2])
{
	struct rte_udp_hdr hdr;

	if (b.len < sizeof(hdr))
		return PARSE_BAD_UDP;
	memcpy(&hdr, b.data, sizeof(hdr));
	ports[0] = rte_be_to_cpu_16(hdr.src_port);
	ports[1] = rte_be_to_cpu_16(hdr.dst_port);
	return PARSE_OK;
}

/*
 * Parse what is above IP. wire_len is what IP says there is, b what the capture has of it;
 * ports stay 0 for protocols that have none.
 */
static enum parse_result
parse_l4(struct bytes b, uint32_t wire_len, struct packet *pkt, uint16_t ports[2])
{
	if (pkt->key.fragment) {
		pkt->proto = FLOW_PROTO_FRAGMENT;
		return PARSE_OK;
	}

	switch (pkt->key.ip_proto) {
	case IPPROTO_TCP:
		pkt->proto = FLOW_PROTO_TCP;
		return parse_tcp(b, wire_len, pkt, ports);
	case IPPROTO_UDP:
		pkt->proto = FLOW_PROTO_UDP;
		return parse_udp(b, ports);
	case IPPROTO_ICMP:
		pkt->proto = FLOW_PROTO_ICMP;
		return b.len < ICMP_HEADER_SIZE ? PARSE_BAD_ICMP : PARSE_OK;
	case IPPROTO_ICMPV6:
		pkt->proto = FLOW_PROTO_ICMPV6;
		return b.len < ICMP_HEADER_SIZE ? PARSE_BAD_ICMP : PARSE_OK;
	default:
		pkt->proto = FLOW_PROTO_OTHER;
		return PARSE_OK;
	}
}

/*
 * Bytes of payload on the wire, and b shortened to them: what follows is Ethernet padding.
 * A length of 0 in the IP header means that the sender's card cut the segment up after the
 * capture saw it whole; then all that was captured belongs to it.
 */
static uint32_t
ip_payload(struct bytes *b, uint32_t payload_len, bool unknown, struct packet *pkt)
{
	if (unknown)
		return b->len;
	pkt->is_cut = payload_len > b->len;
	b->len = RTE_MIN(b->len, payload_len);
	return payload_len;
}

static enum parse_result
parse_ipv4(struct bytes b, struct packet *pkt)
{
	struct rte_ipv4_hdr hdr;
	uint16_t ports[2] = { 0, 0 };
	enum parse_result result;
	size_t hdr_len;
	uint32_t total_len;
	uint32_t wire_len;
	uint16_t fragment;

	if (b.len < sizeof(hdr))
		return PARSE_BAD_IPV4;
	memcpy(&hdr, b.data, sizeof(hdr));
	hdr_len = rte_ipv4_hdr_len(&hdr);
	total_len = rte_be_to_cpu_16(hdr.total_length);
	if (hdr.version_ihl >> 4 != 4 || hdr_len < sizeof(hdr) || hdr_len > b.len ||
	    (total_len != 0 && total_len < hdr_len))
		return PARSE_BAD_IPV4;
	bytes_skip(&b, hdr_len);
	wire_len = ip_payload(&b, total_len - hdr_len, total_len == 0, pkt);

	fragment = rte_be_to_cpu_16(hdr.fragment_offset);
	pkt->is_fragment = (fragment & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
	pkt->key.fragment = (fragment & RTE_IPV4_HDR_OFFSET_MASK) != 0;
	pkt->key.ip_version = 4;
	pkt->key.ip_proto = hdr.next_proto_id;
	result = parse_l4(b, wire_len, pkt, ports);
	if (result == PARSE_OK)
		key_set(pkt, &hdr.src_addr, &hdr.dst_addr, sizeof(hdr.src_addr), ports[0],
			ports[1]);
	return result;
}

/* Length of the extension header at b; 0: proto is none; more than there is where it is cut. */
static size_t
ipv6_extension_len(struct bytes b, int proto)
{
	size_t len = b.len < 2 ? SIZE_MAX / 16 : b.data[1];

	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (len + 1) * 8;
	case IPPROTO_AH:
		return (len + 2) * 4;
	case IPPROTO_FRAGMENT:
		return sizeof(struct rte_ipv6_fragment_ext);
	default:
		return 0;
	}
}

/* Step over extension headers; leaves the upper protocol in the key. */
static enum parse_result
parse_ipv6_extensions(struct bytes *b, uint32_t *wire_len, int proto, struct packet *pkt)
{
	struct rte_ipv6_fragment_ext fragment;
	size_t ext_len;
	int next;

	/* What follows in a later fragment is the middle of something. */
	while (!pkt->key.fragment) {
		ext_len = ipv6_extension_len(*b, proto);
		if (ext_len == 0)
			break;
		if (ext_len > b->len)
			return PARSE_BAD_IPV6_EXTENSION;
		next = b->data[0];
		if (proto == IPPROTO_FRAGMENT) {
			memcpy(&fragment, b->data, sizeof(fragment));
			pkt->is_fragment = true;
			pkt->key.fragment =
				(rte_be_to_cpu_16(fragment.frag_data) & RTE_IPV6_EHDR_FO_MASK) != 0;
		}
		bytes_skip(b, ext_len);
		*wire_len -= ext_len;
		proto = next;
	}
	pkt->key.ip_proto = proto;
	return PARSE_OK;
}

static enum parse_result
parse_ipv6(struct bytes b, struct packet *pkt)
{
	struct rte_ipv6_hdr hdr;
	uint16_t ports[2] = { 0, 0 };
	enum parse_result result;
	uint32_t wire_len;

	if (b.len < sizeof(hdr))
		return PARSE_BAD_IPV6;
	memcpy(&hdr, b.data, sizeof(hdr));
	if (rte_be_to_cpu_32(hdr.vtc_flow) >> 28 != 6)
		return PARSE_BAD_IPV6;
	bytes_skip(&b, sizeof(hdr));
	wire_len = ip_payload(&b, rte_be_to_cpu_16(hdr.payload_len), hdr.payload_len == 0, pkt);

	pkt->key.ip_version = 6;
	result = parse_ipv6_extensions(&b, &wire_len, hdr.proto, pkt);
	if (result != PARSE_OK)
		return result;
	result = parse_l4(b, wire_len, pkt, ports);
	if (result == PARSE_OK)
		key_set(pkt, DPDK_IPV6_BYTES(hdr.src_addr), DPDK_IPV6_BYTES(hdr.dst_addr),
			sizeof(hdr.src_addr), ports[0], ports[1]);
	return result;
}

static enum parse_result
parse_ether_type(struct bytes b, uint16_t ether_type, struct packet *pkt)
{
	switch (ether_type) {
	case RTE_ETHER_TYPE_IPV4:
		return parse_ipv4(b, pkt);
	case RTE_ETHER_TYPE_IPV6:
		return parse_ipv6(b, pkt);
	case RTE_ETHER_TYPE_ARP:
		return PARSE_SKIP_ARP;
	default:
		/* Below 0x600 the field is the length of an 802.3 frame. */
		return ether_type < 0x600 ? PARSE_SKIP_LLC : PARSE_SKIP_NON_IP;
	}
}

enum parse_result
parse_packet(const uint8_t *data, size_t len, struct packet *pkt)
{
	struct bytes b = { data, len };
	struct rte_ether_hdr ether;
	struct rte_vlan_hdr vlan;
	uint16_t ether_type;

	memset(pkt, 0, sizeof(*pkt));
	if (b.len < sizeof(ether))
		return PARSE_BAD_ETHERNET;
	memcpy(&ether, b.data, sizeof(ether));
	bytes_skip(&b, sizeof(ether));
	ether_type = rte_be_to_cpu_16(ether.ether_type);

	while (is_vlan(ether_type)) {
		if (b.len < sizeof(vlan))
			return PARSE_BAD_VLAN;
		memcpy(&vlan, b.data, sizeof(vlan));
		bytes_skip(&b, sizeof(vlan));
		ether_type = rte_be_to_cpu_16(vlan.eth_proto);
		if (pkt->nb_vlans < UINT8_MAX)
			pkt->nb_vlans++;
	}
	return parse_ether_type(b, ether_type, pkt);
}

const char *
parse_result_name(enum parse_result result)
{
	static const char *const names[PARSE_RESULTS] = {
		[PARSE_OK] = "tracked",
		[PARSE_SKIP_LLC] = "802.3 frame",
		[PARSE_SKIP_ARP] = "ARP",
		[PARSE_SKIP_NON_IP] = "other ethertype",
		[PARSE_BAD_ETHERNET] = "Ethernet header cut",
		[PARSE_BAD_VLAN] = "VLAN tag cut",
		[PARSE_BAD_IPV4] = "bad IPv4 header",
		[PARSE_BAD_IPV6] = "bad IPv6 header",
		[PARSE_BAD_IPV6_EXTENSION] = "bad IPv6 extension header",
		[PARSE_BAD_TCP] = "bad TCP header",
		[PARSE_BAD_UDP] = "UDP header cut",
		[PARSE_BAD_ICMP] = "ICMP header cut",
	};

	return names[result];
}

bool
parse_result_is_malformed(enum parse_result result)
{
	return result >= PARSE_BAD_ETHERNET;
}

const char *
flow_proto_name(enum flow_proto proto)
{
	static const char *const names[FLOW_PROTOS] = {
		[FLOW_PROTO_TCP] = "tcp",     [FLOW_PROTO_UDP] = "udp",
		[FLOW_PROTO_ICMP] = "icmp",   [FLOW_PROTO_ICMPV6] = "icmpv6",
		[FLOW_PROTO_OTHER] = "other", [FLOW_PROTO_FRAGMENT] = "fragment",
	};

	return names[proto];
}
