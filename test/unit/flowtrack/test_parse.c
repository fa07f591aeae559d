/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of parse.c; each frame is malloc'd to its size, so that sanitizers see a read
 *       beyond it. test/app/flowtrack/test_captures.py has more kinds of malformed packets.
 * Must not: need mbufs.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse.h"

/* A TCP segment of 4 bytes, from 192.0.2.9:443 to 192.0.2.1:1024, in two VLANs, padded by 2. */
static const uint8_t tcp4[] = {
	0,
	0,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	2,
	0x88,
	0xa8,
	0,
	7,
	0x81,
	0,
	0,
	8,
	0x08,
	0,
	/* IPv4 at 22 */
	0x45,
	0,
	0,
	44,
	0,
	1,
	0,
	0,
	64,
	6,
	0,
	0,
	192,
	0,
	2,
	9,
	192,
	0,
	2,
	1,
	/* TCP at 42 */
	1,
	187,
	4,
	0,
	0x80,
	0,
	0,
	5,
	0,
	0,
	0,
	0,
	0x50,
	0x18,
	1,
	0,
	0,
	0,
	0,
	0,
	'd',
	'a',
	't',
	'a',
	0,
	0,
};

/* A UDP datagram without data behind hop-by-hop options, from [2001:db8::1]:53 to [..::2]:53. */
static const uint8_t udp6[] = {
	0,
	0,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	2,
	0x86,
	0xdd,
	/* IPv6 at 14 */
	0x60,
	0,
	0,
	0,
	0,
	16,
	0,
	64,
	0x20,
	1,
	0x0d,
	0xb8,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	1,
	0x20,
	1,
	0x0d,
	0xb8,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	2,
	/* options at 54, UDP at 62 */
	17,
	0,
	1,
	4,
	0,
	0,
	0,
	0,
	0,
	53,
	0,
	53,
	0,
	8,
	0,
	0,
};

static uint8_t *frame;
static struct packet pkt;

/* Parse a copy of exactly this size. The segment's data stays valid until the next call. */
static enum parse_result
parse(const uint8_t *data, size_t len)
{
	free(frame);
	frame = malloc(len);
	memcpy(frame, data, len);
	return parse_packet(frame, len, &pkt);
}

static int
free_frame(void **state)
{
	(void)state;
	free(frame);
	frame = NULL;
	return 0;
}

static void
tcp_over_ipv4_in_vlans(void **state)
{
	static const uint8_t low[16] = { 192, 0, 2, 1 };
	static const uint8_t high[16] = { 192, 0, 2, 9 };

	(void)state;
	assert_int_equal(parse(tcp4, sizeof(tcp4)), PARSE_OK);
	assert_int_equal(pkt.proto, FLOW_PROTO_TCP);
	assert_int_equal(pkt.nb_vlans, 2);
	assert_memory_equal(pkt.key.addr[0], low, 16);
	assert_memory_equal(pkt.key.addr[1], high, 16);
	assert_int_equal(pkt.key.port[0], 1024);
	assert_int_equal(pkt.key.port[1], 443);
	assert_int_equal(pkt.from, 1);
	assert_int_equal(pkt.key.ip_version, 4);
	assert_int_equal(pkt.tcp.seq, 0x80000005);
	assert_int_equal(pkt.tcp.flags, 0x18);
	assert_int_equal(pkt.tcp.len, 4);
	assert_int_equal(pkt.tcp.have, 4);
	assert_memory_equal(pkt.tcp.data, "data", 4);
	assert_false(pkt.is_cut || pkt.is_fragment);
}

static void
both_directions_have_one_key(void **state)
{
	uint8_t back[sizeof(tcp4)];
	struct flow_key key;

	(void)state;
	assert_int_equal(parse(tcp4, sizeof(tcp4)), PARSE_OK);
	key = pkt.key;
	memcpy(back, tcp4, sizeof(tcp4));
	memcpy(back + 34, tcp4 + 38, 4);
	memcpy(back + 38, tcp4 + 34, 4);
	memcpy(back + 42, tcp4 + 44, 2);
	memcpy(back + 44, tcp4 + 42, 2);
	assert_int_equal(parse(back, sizeof(back)), PARSE_OK);
	assert_memory_equal(&key, &pkt.key, sizeof(key));
	assert_int_equal(pkt.from, 0);
	/* Of one address alone the ports decide. */
	memcpy(back + 38, back + 34, 4);
	assert_int_equal(parse(back, sizeof(back)), PARSE_OK);
	assert_int_equal(pkt.key.port[0], 443);
	assert_int_equal(pkt.from, 1);
}

static void
udp_over_ipv6_behind_options(void **state)
{
	(void)state;
	assert_int_equal(parse(udp6, sizeof(udp6)), PARSE_OK);
	assert_int_equal(pkt.proto, FLOW_PROTO_UDP);
	assert_int_equal(pkt.key.ip_version, 6);
	assert_int_equal(pkt.key.ip_proto, 17);
	assert_memory_equal(pkt.key.addr[0], udp6 + 22, 16);
	assert_memory_equal(pkt.key.addr[1], udp6 + 38, 16);
	assert_int_equal(pkt.key.port[0], 53);
	assert_int_equal(pkt.from, 0);
}

static void
later_fragments_have_no_ports(void **state)
{
	uint8_t data[sizeof(tcp4)];

	(void)state;
	memcpy(data, tcp4, sizeof(tcp4));
	data[28] = 0x20; /* more fragments */
	assert_int_equal(parse(data, sizeof(data)), PARSE_OK);
	assert_true(pkt.is_fragment);
	assert_int_equal(pkt.proto, FLOW_PROTO_TCP);
	data[29] = 1; /* offset */
	assert_int_equal(parse(data, sizeof(data)), PARSE_OK);
	assert_true(pkt.is_fragment);
	assert_int_equal(pkt.proto, FLOW_PROTO_FRAGMENT);
	assert_int_equal(pkt.key.port[0] | pkt.key.port[1], 0);
	/* Not even where it is too short for them. */
	assert_int_equal(parse(data, 42), PARSE_OK);
}

static void
fragments_of_ipv6(void **state)
{
	uint8_t data[sizeof(udp6)];

	(void)state;
	memcpy(data, udp6, sizeof(udp6));
	data[20] = 44;
	data[54] = 17;
	data[56] = 0; /* first */
	data[57] = 1;
	assert_int_equal(parse(data, sizeof(data)), PARSE_OK);
	assert_true(pkt.is_fragment);
	assert_int_equal(pkt.proto, FLOW_PROTO_UDP);
	data[57] = 9;  /* later */
	data[54] = 60; /* what looks like an extension is the middle of something */
	assert_int_equal(parse(data, sizeof(data)), PARSE_OK);
	assert_int_equal(pkt.proto, FLOW_PROTO_FRAGMENT);
	assert_int_equal(pkt.key.ip_proto, 60);
}

/* A frame cut anywhere is malformed or, where its headers are whole, known to be cut. */
static void
cut_anywhere(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(tcp4); len++) {
		if (len < 14)
			assert_int_equal(parse(tcp4, len), PARSE_BAD_ETHERNET);
		else if (len < 22)
			assert_int_equal(parse(tcp4, len), PARSE_BAD_VLAN);
		else if (len < 42)
			assert_int_equal(parse(tcp4, len), PARSE_BAD_IPV4);
		else if (len < 62)
			assert_int_equal(parse(tcp4, len), PARSE_BAD_TCP);
		else
			assert_int_equal(parse(tcp4, len), PARSE_OK);
		assert_int_equal(pkt.is_cut, len >= 42 && len < 66);
		if (len >= 62) {
			assert_int_equal(pkt.tcp.len, 4);
			assert_int_equal(pkt.tcp.have, len < 66 ? len - 62 : 4);
		}
	}
	for (len = 0; len < sizeof(udp6); len++) {
		if (len < 14)
			assert_int_equal(parse(udp6, len), PARSE_BAD_ETHERNET);
		else if (len < 54)
			assert_int_equal(parse(udp6, len), PARSE_BAD_IPV6);
		else if (len < 62)
			assert_int_equal(parse(udp6, len), PARSE_BAD_IPV6_EXTENSION);
		else
			assert_int_equal(parse(udp6, len), PARSE_BAD_UDP);
	}
}

/* The capture may end inside of the TCP options. */
static void
cut_in_the_options(void **state)
{
	uint8_t data[sizeof(tcp4)];

	(void)state;
	memcpy(data, tcp4, sizeof(tcp4));
	data[54] = 0x60;
	assert_int_equal(parse(data, 64), PARSE_OK);
	assert_int_equal(pkt.tcp.len, 0);
	assert_int_equal(pkt.tcp.have, 0);
	data[25] = 60;
	assert_int_equal(parse(data, 64), PARSE_OK);
	assert_int_equal(pkt.tcp.len, 16);
	assert_int_equal(pkt.tcp.have, 0);
}

/* Before the card has cut it up a segment has no length: all that was captured belongs to it. */
static void
a_length_of_zero_is_unknown(void **state)
{
	uint8_t data[sizeof(tcp4)];
	uint8_t data6[sizeof(udp6)];

	(void)state;
	memcpy(data, tcp4, sizeof(tcp4));
	data[25] = 0;
	assert_int_equal(parse(data, sizeof(data)), PARSE_OK);
	assert_int_equal(pkt.tcp.len, 6);
	assert_int_equal(pkt.tcp.have, 6);
	assert_false(pkt.is_cut);
	memcpy(data6, udp6, sizeof(udp6));
	data6[19] = 0;
	assert_int_equal(parse(data6, sizeof(data6)), PARSE_OK);
	assert_false(pkt.is_cut);
}

static void
what_is_not_ip_is_skipped(void **state)
{
	uint8_t data[60] = { 0 };

	(void)state;
	assert_int_equal(parse(data, sizeof(data)), PARSE_SKIP_LLC);
	data[12] = 0x05;
	data[13] = 0xff;
	assert_int_equal(parse(data, sizeof(data)), PARSE_SKIP_LLC);
	data[12] = 0x06;
	data[13] = 0x00;
	assert_int_equal(parse(data, sizeof(data)), PARSE_SKIP_NON_IP);
	data[12] = 0x08;
	data[13] = 0x06;
	assert_int_equal(parse(data, sizeof(data)), PARSE_SKIP_ARP);
}

/* Tags up to the end, more of them than can be counted. */
static void
vlans_without_end(void **state)
{
	static uint8_t data[2 + 4 * 1000];
	size_t i;

	(void)state;
	for (i = 12; i + 2 <= sizeof(data); i += 4) {
		data[i] = 0x91;
		data[i + 1] = 0;
	}
	assert_int_equal(parse(data, sizeof(data)), PARSE_BAD_VLAN);
	assert_int_equal(pkt.nb_vlans, UINT8_MAX);
}

/* Any byte may have any value: the result may be anything, but nothing outside is read. */
static void
any_byte_may_be_wrong(void **state)
{
	static const struct {
		const uint8_t *data;
		size_t len;
	} frames[] = { { tcp4, sizeof(tcp4) }, { udp6, sizeof(udp6) } };
	uint8_t data[sizeof(udp6)];
	unsigned int value;
	size_t at;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (at = 12; at < frames[i].len; at++) {
			for (value = 0; value < 256; value++) {
				memcpy(data, frames[i].data, frames[i].len);
				data[at] = value;
				assert_true(parse(data, frames[i].len) < PARSE_RESULTS);
				assert_true(pkt.tcp.have <= frames[i].len);
			}
		}
	}
}

static void
all_have_names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < PARSE_RESULTS; i++)
		assert_non_null(parse_result_name(i));
	for (i = 0; i < FLOW_PROTOS; i++)
		assert_non_null(flow_proto_name(i));
	assert_false(parse_result_is_malformed(PARSE_SKIP_NON_IP));
	assert_true(parse_result_is_malformed(PARSE_BAD_ETHERNET));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(tcp_over_ipv4_in_vlans, free_frame),
		cmocka_unit_test_teardown(both_directions_have_one_key, free_frame),
		cmocka_unit_test_teardown(udp_over_ipv6_behind_options, free_frame),
		cmocka_unit_test_teardown(later_fragments_have_no_ports, free_frame),
		cmocka_unit_test_teardown(fragments_of_ipv6, free_frame),
		cmocka_unit_test_teardown(cut_anywhere, free_frame),
		cmocka_unit_test_teardown(cut_in_the_options, free_frame),
		cmocka_unit_test_teardown(a_length_of_zero_is_unknown, free_frame),
		cmocka_unit_test_teardown(what_is_not_ip_is_skipped, free_frame),
		cmocka_unit_test_teardown(vlans_without_end, free_frame),
		cmocka_unit_test_teardown(any_byte_may_be_wrong, free_frame),
		cmocka_unit_test(all_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
