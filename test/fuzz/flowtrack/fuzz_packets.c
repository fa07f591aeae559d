/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the fuzzing of what flowtrack reads from outside: capture framing, packets, TCP streams.
 * Must not: need EAL; segments come from the stand-in for fastmem that the unit tests use.
 * Called by: libFuzzer, see fuzz.sh.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "parse.h"
#include "reassembly.h"

static struct mem mem;
static struct reassembly reassembly;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(int condition)
{
	if (!condition)
		abort();
}

/* The input as a capture file. */
static void
fuzz_capture(const uint8_t *data, size_t size)
{
	struct capture_info info;
	char error[256] = "";
	int ret = capture_check(data, size, &info, error, sizeof(error));

	expect((ret == 0) == (error[0] == '\0'));
	if (ret == 0)
		expect(info.nb_packets <= size / 16 && info.nb_cut <= info.nb_packets);
}

/* A frame of its own, so that a read beyond it is seen. */
static void
fuzz_frame(const uint8_t *data, size_t size, struct tcp_state *tcp)
{
	uint8_t *frame = malloc(size);
	struct packet pkt;

	memcpy(frame, data, size);
	if (parse_packet(frame, size, &pkt) == PARSE_OK && pkt.proto == FLOW_PROTO_TCP) {
		expect(pkt.tcp.have <= size);
		/* All packets are of one connection, so that segments meet. */
		reassembly_add(&reassembly, tcp, pkt.from, &pkt.tcp);
		expect(tcp->held_bytes <= reassembly.window);
	}
	free(frame);
}

/* The input as frames, each behind its length, the first byte being the memory there is. */
static void
fuzz_frames(const uint8_t *data, size_t size)
{
	static const size_t sizes[MEM_SEGMENT] = { 64, 64, 64 };
	struct tcp_state tcp = { 0 };
	size_t len;

	if (size == 0)
		return;
	mem_init(&mem, 0, sizes);
	memset(&reassembly, 0, sizeof(reassembly));
	reassembly.mem = &mem;
	reassembly.window = 4096;
	stub_blocks_max = *data == UINT8_MAX ? UINT_MAX : *data;
	data++;
	size--;
	while (size > 2) {
		len = (data[0] | data[1] << 8) % 2048;
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		fuzz_frame(data, len, &tcp);
		data += len;
		size -= len;
	}
	reassembly_finish(&reassembly, &tcp);
	expect(stub_blocks == 0 && mem.use.bytes == 0 && tcp.held_bytes == 0);
	expect(reassembly.counters.held_bytes == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_capture(data, size);
	fuzz_frames(data, size);
	return 0;
}
