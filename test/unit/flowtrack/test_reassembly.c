/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of reassembly.c over the stand-in for fastmem.
 * Must not: need EAL.
 * Called by: meson test.
 */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reassembly.h"

#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define FIN 0x01

#define CONTENT_SIZE 20000

static uint8_t content[CONTENT_SIZE];
static struct mem mem;
static struct reassembly reassembly;
static struct tcp_state tcp;
static struct tcp_stream *const stream = &tcp.streams[0];
static uint32_t base; /* sequence number of the content's first byte */

static int
setup(void **state)
{
	static const size_t sizes[MEM_SEGMENT] = { 64, 64, 64 };
	unsigned int i;

	(void)state;
	for (i = 0; i < CONTENT_SIZE; i++)
		content[i] = i * 2654435761u >> 24;
	assert_int_equal(mem_init(&mem, 0, sizes), 0);
	memset(&reassembly, 0, sizeof(reassembly));
	reassembly.mem = &mem;
	reassembly.window = UINT32_MAX;
	memset(&tcp, 0, sizeof(tcp));
	base = 1000;
	return 0;
}

/* Nothing is left, whatever a test did. */
static int
teardown(void **state)
{
	(void)state;
	stub_blocks_max = UINT_MAX;
	reassembly_finish(&reassembly, &tcp);
	assert_int_equal(stub_blocks, 0);
	assert_int_equal(mem.use.bytes, 0);
	assert_int_equal(mem.use.kinds[MEM_SEGMENT].objects, 0);
	assert_int_equal(tcp.held_bytes, 0);
	assert_int_equal(reassembly.counters.held_bytes, 0);
	return 0;
}

/* A segment of the content, of which only the first have bytes were captured. */
static void
add_cut(uint32_t from, uint32_t len, uint32_t have, uint8_t flags)
{
	/* Its own memory, so that sanitizers see a read beyond it, or after this call. */
	uint8_t *data = malloc(have + 1);
	struct tcp_segment seg = {
		.seq = base + from - ((flags & SYN) != 0),
		.flags = flags,
		.data = data,
		.have = have,
		.len = len,
	};

	memcpy(data, content + from, have);
	reassembly_add(&reassembly, &tcp, 0, &seg);
	free(data);
}

static void
add(uint32_t from, uint32_t len)
{
	add_cut(from, len, len, ACK);
}

static uint32_t
crc_of(uint32_t len)
{
	uint32_t crc = 0;
	uint32_t i;
	int bit;

	for (i = 0; i < len; i++) {
		crc ^= content[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* The content's first len bytes were delivered in order, and nothing is held. */
static void
expect_delivered(uint32_t len)
{
	assert_int_equal(stream->delivered, len);
	assert_int_equal(stream->crc, crc_of(len));
	assert_int_equal(stream->next, base + len);
	assert_int_equal(reassembly.counters.delivered, len);
	assert_null(stream->held);
}

static void
in_order(void **state)
{
	(void)state;
	add(0, 100);
	add(100, 1);
	add(101, 1399);
	expect_delivered(1500);
	assert_int_equal(mem.use.kinds[MEM_SEGMENT].allocs, 0);
	assert_int_equal(reassembly.counters.segments, 3);
}

static void
begins_with_its_syn(void **state)
{
	(void)state;
	add_cut(0, 0, 0, SYN);
	add(100, 50);
	assert_int_equal(stream->delivered, 0);
	add(0, 100);
	expect_delivered(150);
	assert_int_equal(reassembly.counters.out_of_order, 1);
	assert_int_equal(mem.use.kinds[MEM_SEGMENT].allocs, 1);
}

static void
a_syn_can_carry_data(void **state)
{
	(void)state;
	add_cut(0, 30, 30, SYN);
	add(30, 30);
	expect_delivered(60);
}

static void
held_until_the_gap_closes(void **state)
{
	(void)state;
	add(0, 10);
	add(30, 10);
	add(50, 10);
	add(20, 10);
	add(40, 10);
	assert_int_equal(stream->delivered, 10);
	assert_int_equal(tcp.held_bytes, 40);
	assert_int_equal(reassembly.counters.held_bytes, 40);
	assert_int_equal(stub_blocks, 4);
	add(10, 10);
	expect_delivered(60);
	assert_int_equal(reassembly.counters.out_of_order, 4);
	assert_int_equal(stub_blocks, 0);
}

static void
repeated_in_every_way(void **state)
{
	(void)state;
	add(0, 100);
	add(0, 100); /* the same */
	add(50, 20); /* within */
	add(90, 20); /* the first half */
	expect_delivered(110);
	assert_int_equal(reassembly.counters.repeated, 130);
	add(120, 10);
	add(120, 10); /* the same, held */
	add(122, 5);  /* within what is held */
	add(125, 10); /* overlapping its end */
	add(115, 10); /* its begin */
	assert_int_equal(tcp.held_bytes, 20);
	assert_int_equal(reassembly.counters.repeated, 130 + 10 + 5 + 5 + 5);
	add(112, 40); /* all of it, and at both ends */
	assert_int_equal(tcp.held_bytes, 40);
	add(105, 100); /* from before next to beyond all */
	expect_delivered(205);
	assert_int_equal(reassembly.counters.repeated, 130 + 25 + 20 + 45);
}

static void
what_came_first_stays(void **state)
{
	uint8_t other[100] = { 0 };
	struct tcp_segment seg = {
		.seq = base, .flags = ACK, .data = other, .have = 100, .len = 100
	};

	(void)state;
	add_cut(0, 0, 0, SYN);
	add(50, 50);
	/* The other content's first half is taken, its second half had come before. */
	memcpy(other, content, 50);
	reassembly_add(&reassembly, &tcp, 0, &seg);
	expect_delivered(100);
	assert_int_equal(reassembly.counters.repeated, 50);
}

static void
sequence_numbers_wrap(void **state)
{
	(void)state;
	base = UINT32_MAX - 49;
	add_cut(0, 0, 0, SYN);
	add(100, 100);
	add(20, 60);
	add(40, 70);
	add(0, 20);
	expect_delivered(200);
}

static void
far_away_is_ignored(void **state)
{
	struct tcp_segment seg = { .flags = ACK, .data = content, .have = 10, .len = 10 };

	(void)state;
	add(0, 10);
	seg.seq = base + 10 + (1u << 30) + 1;
	reassembly_add(&reassembly, &tcp, 0, &seg);
	seg.seq = base + 10 - (1u << 30) - 1;
	reassembly_add(&reassembly, &tcp, 0, &seg);
	expect_delivered(10);
	assert_int_equal(reassembly.counters.out_of_window, 2);
}

static void
a_gap_is_given_up_at_the_end(void **state)
{
	(void)state;
	add(0, 10);
	add(20, 10);
	add(40, 10);
	reassembly_finish(&reassembly, &tcp);
	assert_int_equal(stream->delivered, 30);
	assert_int_equal(stream->missing, 20);
	assert_int_equal(reassembly.counters.missing, 20);
	assert_int_equal(reassembly.counters.gaps_skipped, 2);
	assert_int_equal(stream->next, base + 50);
}

static void
the_window_gives_gaps_up(void **state)
{
	(void)state;
	reassembly.window = 30;
	add(0, 10);
	add(20, 10);
	add(40, 10);
	add(60, 10);
	assert_int_equal(tcp.held_bytes, 30);
	assert_int_equal(reassembly.counters.window_full, 0);
	add(80, 10); /* up to 30 is given up and delivered */
	assert_int_equal(tcp.held_bytes, 30);
	assert_int_equal(stream->next, base + 30);
	add(100, 35); /* longer than the window: all is given up */
	assert_int_equal(tcp.held_bytes, 0);
	assert_int_equal(stream->next, base + 135);
	assert_int_equal(stream->delivered, 10 * 5 + 35);
	assert_int_equal(stream->missing, 10 * 5);
}

static void
both_streams_share_the_window(void **state)
{
	struct tcp_segment seg = { .seq = 5, .flags = ACK, .data = content, .have = 20, .len = 20 };

	(void)state;
	reassembly.window = 30;
	add(0, 10);
	add(20, 20);
	reassembly_add(&reassembly, &tcp, 1, &seg);
	seg.seq = 45;
	reassembly_add(&reassembly, &tcp, 1, &seg);
	/* The other stream's gap is the other's: only its own can be given up for it. */
	assert_int_equal(tcp.streams[1].delivered, 40);
	assert_int_equal(tcp.streams[1].missing, 20);
	assert_int_equal(stream->delivered, 10);
	assert_int_equal(tcp.held_bytes, 20);
}

static void
without_memory_gaps_are_given_up(void **state)
{
	(void)state;
	stub_blocks_max = 2;
	add(0, 10);
	add(20, 10);
	add(40, 10);
	add(60, 10); /* no memory: up to 30 is given up, and what that frees holds it */
	assert_int_equal(reassembly.counters.no_memory, 1);
	assert_int_equal(tcp.held_bytes, 20);
	assert_int_equal(stream->next, base + 30);
	/* Around what is held, in three pieces, and memory for none of them. */
	add(35, 40);
	assert_int_equal(stream->delivered + stream->missing, 75);
	assert_int_equal(stream->missing, 15);
	assert_int_equal(mem.use.kinds[MEM_SEGMENT].failed, reassembly.counters.no_memory);
}

static void
without_any_memory_nothing_is_held(void **state)
{
	(void)state;
	stub_blocks_max = 0;
	add(0, 10);
	add(20, 10);
	assert_int_equal(stream->delivered, 20);
	assert_int_equal(stream->missing, 10);
	add(10, 10);
	assert_int_equal(reassembly.counters.repeated, 10);
}

static void
cut_segments_miss_their_end(void **state)
{
	(void)state;
	add_cut(0, 100, 40, ACK);
	add_cut(150, 100, 40, ACK); /* early */
	add_cut(100, 60, 55, ACK);  /* overlaps it by ten, the last five of which it lacks */
	assert_int_equal(stream->delivered, 40 + 50 + 40);
	assert_int_equal(stream->missing, 60 + 60);
	assert_int_equal(stream->next, base + 250);
	/* The front of a repeated one goes, and of what is left nothing was captured. */
	add_cut(200, 100, 40, ACK);
	assert_int_equal(stream->delivered, 130);
	assert_int_equal(stream->missing, 120 + 50);
}

static void
a_reset_carries_no_data(void **state)
{
	(void)state;
	add(0, 10);
	add_cut(10, 10, 10, RST);
	expect_delivered(10);
	assert_true(tcp.is_reset);
}

static void
a_reset_alone_begins_no_stream(void **state)
{
	struct tcp_segment seg = { .seq = 0, .flags = RST };

	(void)state;
	reassembly_add(&reassembly, &tcp, 0, &seg);
	add(0, 10);
	expect_delivered(10);
}

static bool
is_new(unsigned int from, uint32_t seq, uint8_t flags)
{
	struct tcp_segment seg = { .seq = seq, .flags = flags };

	return reassembly_is_new(&tcp, from, &seg);
}

static void
a_new_connection_is_known_by_its_syn(void **state)
{
	struct tcp_segment fin = { .seq = 1, .flags = FIN };

	(void)state;
	add_cut(0, 0, 0, SYN);
	assert_false(is_new(0, base - 1, SYN)); /* repeated */
	assert_true(is_new(0, base + 5, SYN));
	assert_false(is_new(0, base + 5, SYN | ACK));
	assert_false(is_new(0, base + 5, ACK));
	/* The other end's SYN, of which nothing is known, is new only after the end. */
	assert_false(is_new(1, 77, SYN));
	add_cut(0, 0, 0, FIN);
	assert_false(is_new(1, 77, SYN));
	reassembly_add(&reassembly, &tcp, 1, &fin);
	assert_true(is_new(1, 77, SYN));
}

/* Segments of all lengths, in any order and more than once, cut by memory that runs out or not. */
static void
random_order(bool scarce)
{
	unsigned int round;
	uint32_t from;
	uint32_t i;

	for (round = 0; round < 300; round++) {
		teardown(NULL);
		setup(NULL);
		base = rand() * 2u + rand();
		add_cut(0, 0, 0, SYN);
		for (i = 0; i < 200; i++) {
			stub_blocks_max = scarce ? (unsigned int)rand() % 20 : UINT_MAX;
			from = rand() % 3000;
			add(from, 1 + rand() % 300);
		}
		stub_blocks_max = UINT_MAX;
		/* Each byte was delivered, repeated, or is held. */
		if (scarce)
			continue;
		for (from = 0; from < CONTENT_SIZE / 4; from += 500)
			add(from, 500);
		expect_delivered(CONTENT_SIZE / 4);
		assert_int_equal(reassembly.counters.missing, 0);
	}
}

static void
any_order(void **state)
{
	(void)state;
	srand(1);
	random_order(false);
}

static void
any_order_in_scarce_memory(void **state)
{
	(void)state;
	srand(2);
	random_order(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(begins_with_its_syn, setup, teardown),
		cmocka_unit_test_setup_teardown(a_syn_can_carry_data, setup, teardown),
		cmocka_unit_test_setup_teardown(held_until_the_gap_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(repeated_in_every_way, setup, teardown),
		cmocka_unit_test_setup_teardown(what_came_first_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(sequence_numbers_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(far_away_is_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gap_is_given_up_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(the_window_gives_gaps_up, setup, teardown),
		cmocka_unit_test_setup_teardown(both_streams_share_the_window, setup, teardown),
		cmocka_unit_test_setup_teardown(without_memory_gaps_are_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(without_any_memory_nothing_is_held, setup,
						teardown),
		cmocka_unit_test_setup_teardown(cut_segments_miss_their_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_carries_no_data, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_alone_begins_no_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_connection_is_known_by_its_syn, setup,
						teardown),
		cmocka_unit_test_setup_teardown(any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(any_order_in_scarce_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
