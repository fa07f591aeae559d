/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: TCP streams: order, repeats, overlaps, gaps, and the segments held meanwhile.
 * Must not: see packets or flows, nor keep more than the window for a connection.
 * Called by: flow.c.
 */

#include <string.h>

#include <rte_common.h>
#include <rte_hash_crc.h>
#include <rte_tcp.h>

#include "reassembly.h"

/* No window is larger (RFC 7323), so what is further away is no part of this connection. */
#define WINDOW_MAX (1 << 30)

/* How far a sequence number is behind another; negative: before it. Wraps as TCP's do. */
static int32_t
seq_after(uint32_t seq, uint32_t than)
{
	return (int32_t)(seq - than);
}

/* Drop the first n bytes. */
static void
trim_front(struct tcp_segment *seg, uint32_t n)
{
	uint32_t have = RTE_MIN(seg->have, n);

	seg->data += have;
	seg->have -= have;
	seg->len -= n;
	seg->seq += n;
}

/* As rte_hash_crc(), which reads words from where they are not aligned. */
static uint32_t
crc_add(uint32_t crc, const uint8_t *data, uint32_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		crc = rte_hash_crc_8byte(word, crc);
	}
	for (; len > 0; len--)
		crc = rte_hash_crc_1byte(*data++, crc);
	return crc;
}

/* The bytes in order end here; a program that wants to look at them does so in this place. */
static void
deliver(struct reassembly *r, struct tcp_stream *stream, const uint8_t *data, uint32_t have,
	uint32_t len)
{
	stream->crc = crc_add(stream->crc, data, have);
	stream->delivered += have;
	stream->missing += len - have;
	stream->next += len;
	r->counters.delivered += have;
	r->counters.missing += len - have;
}

static void
free_segment(struct reassembly *r, struct tcp_state *tcp, struct segment *held)
{
	tcp->held_bytes -= held->len;
	r->counters.held_bytes -= held->len;
	mem_free_segment(r->mem, held, held->size);
}

/* Deliver what is held as far as it follows without a gap. */
static void
drain(struct reassembly *r, struct tcp_state *tcp, struct tcp_stream *stream)
{
	struct segment *held;

	while ((held = stream->held) != NULL && held->seq == stream->next) {
		stream->held = held->next;
		deliver(r, stream, held->data, held->have, held->len);
		free_segment(r, tcp, held);
	}
}

/* Give up the bytes before seq, at most up to what is held. */
static void
skip_gap(struct reassembly *r, struct tcp_state *tcp, struct tcp_stream *stream, uint32_t seq)
{
	uint32_t gap;

	if (stream->held != NULL && seq_after(seq, stream->held->seq) > 0)
		seq = stream->held->seq;
	gap = seq - stream->next;
	stream->next = seq;
	stream->missing += gap;
	r->counters.missing += gap;
	r->counters.gaps_skipped++;
	drain(r, tcp, stream);
}

/* Hold the first len bytes of a segment, between two that are held already. */
static bool
hold_piece(struct reassembly *r, struct tcp_state *tcp, struct segment **link,
	   const struct tcp_segment *seg, uint32_t len)
{
	uint32_t have = RTE_MIN(seg->have, len);
	uint32_t size = sizeof(struct segment) + have;
	struct segment *held = mem_alloc_segment(r->mem, size);

	if (held == NULL)
		return false;
	held->seq = seg->seq;
	held->len = len;
	held->have = have;
	held->size = size;
	memcpy(held->data, seg->data, have);
	held->next = *link;
	*link = held;
	tcp->held_bytes += len;
	r->counters.held_bytes += len;
	return true;
}

/*
 * Hold what of a segment is not held yet: what came first stays. Trims the segment as it goes, so
 * that after a failure it is what is left to do.
 */
static bool
hold(struct reassembly *r, struct tcp_state *tcp, struct tcp_stream *stream,
     struct tcp_segment *seg)
{
	struct segment **link = &stream->held;
	struct segment *held;
	int32_t before;
	uint32_t piece;

	while ((held = *link) != NULL && seg->len > 0) {
		before = seq_after(held->seq, seg->seq);
		if (before > 0) {
			piece = RTE_MIN(seg->len, (uint32_t)before);
			if (!hold_piece(r, tcp, link, seg, piece))
				return false;
			trim_front(seg, piece);
			link = &(*link)->next;
			continue;
		}
		if ((uint32_t)-before < held->len) {
			piece = RTE_MIN(seg->len, held->len + before);
			r->counters.repeated += piece;
			trim_front(seg, piece);
		}
		link = &held->next;
	}
	return seg->len == 0 || hold_piece(r, tcp, link, seg, seg->len);
}

/* Hold a segment that is early. False: gaps were given up until it is early no more. */
static bool
hold_early(struct reassembly *r, struct tcp_state *tcp, struct tcp_stream *stream,
	   struct tcp_segment *seg)
{
	r->counters.out_of_order++;
	while (seq_after(seg->seq, stream->next) > 0) {
		if (seg->len > r->window || tcp->held_bytes > r->window - seg->len) {
			r->counters.window_full++;
		} else {
			if (hold(r, tcp, stream, seg))
				return true;
			r->counters.no_memory++;
		}
		skip_gap(r, tcp, stream, seg->seq);
	}
	return false;
}

/* Drop what of a segment was delivered before. */
static void
trim_repeated(struct reassembly *r, const struct tcp_stream *stream, struct tcp_segment *seg)
{
	int32_t behind = seq_after(stream->next, seg->seq);
	uint32_t repeated;

	if (behind <= 0)
		return;
	repeated = RTE_MIN((uint32_t)behind, seg->len);
	r->counters.repeated += repeated;
	trim_front(seg, repeated);
}

/* Overlaps with what is held go to what came first, so the segment is delivered in pieces. */
static void
add_next(struct reassembly *r, struct tcp_state *tcp, struct tcp_stream *stream,
	 struct tcp_segment *seg)
{
	uint32_t len;

	while (seg->len > 0) {
		len = seg->len;
		if (stream->held != NULL)
			len = RTE_MIN(len, stream->held->seq - stream->next);
		deliver(r, stream, seg->data, RTE_MIN(seg->have, len), len);
		trim_front(seg, len);
		drain(r, tcp, stream);
		trim_repeated(r, stream, seg);
	}
}

static void
add_data(struct reassembly *r, struct tcp_state *tcp, struct tcp_stream *stream,
	 struct tcp_segment *seg)
{
	int32_t ahead = seq_after(seg->seq, stream->next);

	r->counters.segments++;
	if (ahead > WINDOW_MAX || ahead < -WINDOW_MAX) {
		r->counters.out_of_window++;
		return;
	}
	if (ahead > 0 && hold_early(r, tcp, stream, seg))
		return;
	trim_repeated(r, stream, seg);
	add_next(r, tcp, stream, seg);
}

/* Where a stream begins: at its SYN, or where the capture first sees it. */
static void
start(struct tcp_stream *stream, const struct tcp_segment *seg)
{
	stream->started = true;
	stream->next = seg->seq;
	if (seg->flags & RTE_TCP_SYN_FLAG) {
		stream->has_syn = true;
		stream->syn = seg->seq;
		stream->next++;
	}
}

void
reassembly_add(struct reassembly *r, struct tcp_state *tcp, unsigned int from,
	       const struct tcp_segment *segment)
{
	struct tcp_stream *stream = &tcp->streams[from];
	struct tcp_segment seg = *segment;

	/* What a reset says is the end, and its data, if any, is a diagnosis (RFC 9293, 3.5.2). */
	if (seg.flags & RTE_TCP_RST_FLAG) {
		tcp->is_reset = true;
		return;
	}
	if (!stream->started)
		start(stream, &seg);
	if (seg.flags & RTE_TCP_SYN_FLAG)
		seg.seq++;
	if (seg.flags & RTE_TCP_FIN_FLAG)
		stream->has_fin = true;
	if (seg.len > 0)
		add_data(r, tcp, stream, &seg);
}

void
reassembly_finish(struct reassembly *r, struct tcp_state *tcp)
{
	struct tcp_stream *stream;
	unsigned int i;

	for (i = 0; i < RTE_DIM(tcp->streams); i++) {
		stream = &tcp->streams[i];
		while (stream->held != NULL)
			skip_gap(r, tcp, stream, stream->held->seq);
	}
}

/* Both ends have said that they are done, or one has given up. */
static bool
is_closed(const struct tcp_state *tcp)
{
	return tcp->is_reset || (tcp->streams[0].has_fin && tcp->streams[1].has_fin);
}

bool
reassembly_is_new(const struct tcp_state *tcp, unsigned int from, const struct tcp_segment *seg)
{
	const struct tcp_stream *stream = &tcp->streams[from];

	if ((seg->flags & (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG)) != RTE_TCP_SYN_FLAG)
		return false;
	/* A repeated SYN belongs to the connection that it opened. */
	if (stream->has_syn)
		return stream->syn != seg->seq;
	return is_closed(tcp);
}
