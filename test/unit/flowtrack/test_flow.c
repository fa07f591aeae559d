/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of flow.c: over the stand-in for fastmem, but EAL's own hash table.
 * Must not: need hugepages.
 * Called by: meson test.
 */

#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "flow.h"

#define SECOND UINT64_C(1000000)

static struct flow_table table;

static void
start(unsigned int max_flows)
{
	struct flow_config config = {
		.max_flows = max_flows, .timeout_s = 10, .window = 100000, .top = 1000
	};

	stub_blocks_max = UINT_MAX;
	assert_int_equal(flow_table_init(&table, &config), 0);
	flow_table_advance(&table, 1000 * SECOND);
}

static void
finish(void)
{
	flow_table_flush(&table);
	assert_int_equal(table.counters.live, 0);
	assert_int_equal(table.mem.use.bytes, 0);
	assert_int_equal(stub_blocks, 0);
	flow_table_free(&table);
}

/* A packet of a flow that the number names. */
static void
add(enum flow_proto proto, uint32_t number, struct tcp_segment tcp)
{
	struct packet pkt = { .proto = proto, .tcp = tcp };

	memcpy(pkt.key.addr[0], &number, sizeof(number));
	pkt.key.ip_proto = proto;
	flow_table_add(&table, &pkt, 100);
}

static void
add_udp(uint32_t number)
{
	add(FLOW_PROTO_UDP, number, (struct tcp_segment){ 0 });
}

/* Early by a gap that nothing closes, so it stays held. */
static void
add_held(uint32_t number, uint32_t len)
{
	static const uint8_t data[10000];

	add(FLOW_PROTO_TCP, number, (struct tcp_segment){ .seq = 1 });
	add(FLOW_PROTO_TCP, number,
	    (struct tcp_segment){ .seq = 50000, .data = data, .have = len, .len = len });
}

static void
packets_of_a_key_are_a_flow(void **state)
{
	struct top top;

	(void)state;
	start(100);
	add_udp(1);
	add_udp(2);
	add_udp(1);
	assert_int_equal(table.counters.live, 2);
	assert_int_equal(table.counters.protos[FLOW_PROTO_UDP].flows, 2);
	assert_int_equal(table.counters.protos[FLOW_PROTO_UDP].packets, 3);
	assert_int_equal(table.counters.protos[FLOW_PROTO_UDP].bytes, 300);
	assert_int_equal(stub_blocks, 4);
	assert_int_equal(top_init(&top, 10), 0);
	flow_table_top(&table, &top);
	top_sort(&top);
	assert_int_equal(top.n, 2);
	assert_int_equal(top.flows[0].packets[0], 2);
	top_free(&top);
	finish();
}

static void
the_table_holds_what_it_promises(void **state)
{
	unsigned int i;

	(void)state;
	start(1000);
	for (i = 0; i < 1000; i++)
		add_udp(i);
	assert_int_equal(table.counters.live, 1000);
	assert_int_equal(table.counters.ended[FLOW_END_DROPPED], 0);
	for (; i < 5000; i++)
		add_udp(i);
	assert_int_equal(table.counters.live, 1000);
	assert_int_equal(table.counters.ended[FLOW_END_DROPPED], 4000);
	assert_int_equal(table.counters.untracked, 0);
	finish();
}

static void
a_table_of_one_flow(void **state)
{
	(void)state;
	start(1);
	add_udp(1);
	add_udp(2);
	add_udp(1);
	assert_int_equal(table.counters.live, 1);
	assert_int_equal(table.counters.ended[FLOW_END_DROPPED], 2);
	finish();
}

static void
flows_end_when_they_are_silent(void **state)
{
	(void)state;
	start(100);
	add_udp(1);
	flow_table_advance(&table, 1005 * SECOND);
	add_udp(2);
	add_held(3, 500);
	flow_table_advance(&table, 1009 * SECOND);
	assert_int_equal(table.counters.live, 3);
	flow_table_advance(&table, 1011 * SECOND);
	assert_int_equal(table.counters.live, 2);
	flow_table_advance(&table, 1014 * SECOND);
	add_udp(2);
	flow_table_advance(&table, 1016 * SECOND);
	assert_int_equal(table.counters.live, 1);
	assert_int_equal(table.reassembly.counters.delivered, 500);
	flow_table_advance(&table, 5000 * SECOND);
	assert_int_equal(table.counters.live, 0);
	assert_int_equal(table.counters.ended[FLOW_END_TIMEOUT], 3);
	assert_int_equal(stub_blocks, 0);
	finish();
}

static void
time_does_not_go_back(void **state)
{
	(void)state;
	start(100);
	flow_table_advance(&table, 1020 * SECOND);
	flow_table_advance(&table, 1001 * SECOND);
	add_udp(1);
	flow_table_advance(&table, 1029 * SECOND);
	assert_int_equal(table.counters.live, 1);
	assert_int_equal(TAILQ_FIRST(&table.by_age)->last_us, 1020 * SECOND);
	finish();
}

static void
without_memory_the_oldest_makes_room(void **state)
{
	unsigned int i;

	(void)state;
	start(100);
	/* A flow is a record and a timer. */
	stub_blocks_max = 20;
	for (i = 0; i < 50; i++)
		add_udp(i);
	assert_int_equal(table.counters.live, 10);
	assert_int_equal(table.counters.ended[FLOW_END_DROPPED], 40);
	assert_int_equal(table.counters.untracked, 0);
	/* A record, a timer, a TCP state and a segment. */
	add_held(100, 500);
	assert_int_equal(table.counters.live, 9);
	finish();
}

static void
a_flow_does_not_drop_itself(void **state)
{
	(void)state;
	start(100);
	stub_blocks_max = 3;
	add_held(1, 500);
	assert_int_equal(table.counters.live, 1);
	assert_int_equal(table.counters.ended[FLOW_END_DROPPED], 0);
	assert_int_equal(table.reassembly.counters.no_memory, 1);
	assert_int_equal(table.reassembly.counters.delivered, 500);
	finish();
}

static void
without_any_memory_packets_are_untracked(void **state)
{
	unsigned int most;

	(void)state;
	/* None, a record, a record and a timer: what was had is given back. */
	for (most = 0; most < 3; most++) {
		start(100);
		stub_blocks_max = most;
		add(FLOW_PROTO_TCP, 1, (struct tcp_segment){ .seq = 1 });
		assert_int_equal(table.counters.untracked, 1);
		assert_int_equal(table.counters.live, 0);
		assert_int_equal(table.counters.protos[FLOW_PROTO_TCP].packets, 1);
		assert_int_equal(table.counters.protos[FLOW_PROTO_TCP].flows, 0);
		assert_int_equal(stub_blocks, 0);
		finish();
	}
}

/* All at once, at random: whatever happens, the sums are right and nothing is left. */
static void
anything_at_random(void **state)
{
	uint64_t now = 1000 * SECOND;
	uint64_t flows = 0;
	uint64_t ended = 0;
	unsigned int i;

	(void)state;
	srand(1);
	start(50);
	for (i = 0; i < 100000; i++) {
		stub_blocks_max = rand() % 3 == 0 ? (unsigned int)rand() % 300 : 300;
		if (rand() % 2)
			add_udp(rand() % 100);
		else
			add_held(rand() % 100, 1 + rand() % 3000);
		now += rand() % 100 == 0 ? 20 * SECOND : (uint64_t)rand() % 1000;
		flow_table_advance(&table, now);
		assert_int_equal(stub_blocks, table.mem.use.kinds[MEM_FLOW].objects +
						      table.mem.use.kinds[MEM_TCP].objects +
						      table.mem.use.kinds[MEM_TIMER].objects +
						      table.mem.use.kinds[MEM_SEGMENT].objects);
		assert_int_equal(table.counters.live, table.mem.use.kinds[MEM_FLOW].objects);
		assert_int_equal(table.counters.live, rte_hash_count(table.hash));
	}
	flow_table_flush(&table);
	for (i = 0; i < FLOW_PROTOS; i++)
		flows += table.counters.protos[i].flows;
	for (i = 0; i < FLOW_ENDS; i++) {
		ended += table.counters.ended[i];
		assert_non_null(flow_end_name(i));
	}
	assert_int_equal(flows, ended);
	finish();
}

static int
start_eal(void **state)
{
	static char args[][16] = { "test",	  "--no-huge",	    "-m",	"64",
				   "--no-shconf", "--no-telemetry", "--no-pci", "--log-level",
				   "warning",	  "--lcores",	    "0@CPU" };
	char *argv[RTE_DIM(args)];
	unsigned int i;

	/* Any CPU that this process may run on. */
	snprintf(args[RTE_DIM(args) - 1], sizeof(args[0]), "0@%d", sched_getcpu());
	(void)state;
	for (i = 0; i < RTE_DIM(args); i++)
		argv[i] = args[i];
	return rte_eal_init(RTE_DIM(args), argv) < 0;
}

static int
stop_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_a_key_are_a_flow),
		cmocka_unit_test(the_table_holds_what_it_promises),
		cmocka_unit_test(a_table_of_one_flow),
		cmocka_unit_test(flows_end_when_they_are_silent),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(without_memory_the_oldest_makes_room),
		cmocka_unit_test(a_flow_does_not_drop_itself),
		cmocka_unit_test(without_any_memory_packets_are_untracked),
		cmocka_unit_test(anything_at_random),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
