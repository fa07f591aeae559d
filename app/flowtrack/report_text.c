/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a report's look for people.
 * Must not: compute what the JSON report would have to compute too: that is report.c's.
 * Called by: main.c.
 */

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include "report.h"

static void
print_bytes(const char *name, uint64_t bytes)
{
	if (bytes >= 10 << 20)
		printf("  %s %" PRIu64 " MiB", name, bytes >> 20);
	else
		printf("  %s %" PRIu64 " KiB", name, (bytes + 1023) >> 10);
}

static void
print_capture(const struct report *report)
{
	const struct capture_info *info = &report->capture_info;

	printf("capture     %s: %s, %" PRIu64 " packets\n", report->capture, info->format,
	       info->nb_packets);
	if (info->nb_cut > 0)
		printf("            %" PRIu64 " of them were cut short when captured: bytes are "
		       "those captured\n",
		       info->nb_cut);
	if (info->is_truncated)
		printf("            skipped: 1 record, in the middle of which the file ends\n");
}

static void
print_packets(const struct report *report)
{
	const struct worker_counters *counters = &report->total.counters;
	unsigned int i;

	printf("packets     %" PRIu64 "  bytes %" PRIu64 "  tracked %" PRIu64 "  skipped %" PRIu64
	       "  malformed %" PRIu64 "\n",
	       counters->packets, counters->bytes, counters->results[PARSE_OK],
	       report_nb_skipped(report, false), report_nb_skipped(report, true));
	for (i = PARSE_OK + 1; i < PARSE_RESULTS; i++)
		if (counters->results[i] > 0)
			printf("            %s: %s %" PRIu64 "\n",
			       parse_result_is_malformed(i) ? "malformed" : "skipped",
			       parse_result_name(i), counters->results[i]);
	printf("            with VLAN tag %" PRIu64 "  fragments %" PRIu64 "  cut %" PRIu64 "\n",
	       counters->tagged, counters->fragments, counters->cut);
	if (report->losses.missed + report->losses.errors + report->losses.no_mbufs > 0)
		printf("            lost by ports: missed %" PRIu64 "  errors %" PRIu64
		       "  without buffer %" PRIu64 "\n",
		       report->losses.missed, report->losses.errors, report->losses.no_mbufs);
}

static void
print_flows(const struct report *report)
{
	const struct flow_counters *flows = &report->total.flows;
	const struct flow_proto_counters *proto;
	unsigned int i;

	printf("flows       live %" PRIu64 "  at most %" PRIu64, flows->live, flows->live_peak);
	for (i = 0; i < FLOW_ENDS; i++)
		printf("  %s %" PRIu64, flow_end_name(i), flows->ended[i]);
	printf("\n");
	if (flows->untracked > 0)
		printf("            packets without a flow for want of memory: %" PRIu64 "\n",
		       flows->untracked);
	for (i = 0; i < FLOW_PROTOS; i++) {
		proto = &flows->protos[i];
		if (proto->packets > 0)
			printf("  %-9s flows %-7" PRIu64 " packets %-9" PRIu64 " bytes %" PRIu64
			       "\n",
			       flow_proto_name(i), proto->flows, proto->packets, proto->bytes);
	}
}

static void
print_tcp(const struct report *report)
{
	const struct tcp_counters *tcp = &report->total.tcp;

	printf("tcp         reassembled %" PRIu64 " bytes of %" PRIu64 " segments"
	       "  repeated %" PRIu64 "  missing %" PRIu64 "\n",
	       tcp->delivered, tcp->segments, tcp->repeated, tcp->missing);
	printf("            out of order %" PRIu64 "  held now %" PRIu64
	       " bytes  gaps given up %" PRIu64 "\n",
	       tcp->out_of_order, tcp->held_bytes, tcp->gaps_skipped);
	if (tcp->window_full + tcp->no_memory + tcp->out_of_window > 0)
		printf("            window full %" PRIu64 "  no memory to hold %" PRIu64
		       "  out of window %" PRIu64 "\n",
		       tcp->window_full, tcp->no_memory, tcp->out_of_window);
}

/* An end of a flow as 192.0.2.1:80 or [2001:db8::1]:80, without :80 where there are no ports. */
static void
format_end(const struct flow_summary *flow, unsigned int end, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN] = "?";
	bool is_v6 = flow->key.ip_version == 6;

	inet_ntop(is_v6 ? AF_INET6 : AF_INET, flow->key.addr[end], addr, sizeof(addr));
	if (flow->proto != FLOW_PROTO_TCP && flow->proto != FLOW_PROTO_UDP)
		snprintf(text, size, "%s", addr);
	else
		snprintf(text, size, is_v6 ? "[%s]:%u" : "%s:%u", addr, flow->key.port[end]);
}

static void
print_top(const struct report *report)
{
	const struct top *top = &report->total.top;
	const struct flow_summary *flow;
	char from[INET6_ADDRSTRLEN + 8];
	char to[INET6_ADDRSTRLEN + 8];
	unsigned int i;

	if (top->n > 0)
		printf("top flows\n");
	for (i = 0; i < top->n; i++) {
		flow = &top->flows[i];
		format_end(flow, flow->first, from, sizeof(from));
		format_end(flow, !flow->first, to, sizeof(to));
		printf("  %-8s %s -> %s: packets %" PRIu64 " + %" PRIu64 "  bytes %" PRIu64
		       " + %" PRIu64,
		       flow_proto_name(flow->proto), from, to, flow->packets[flow->first],
		       flow->packets[!flow->first], flow->bytes[flow->first],
		       flow->bytes[!flow->first]);
		if (flow->proto == FLOW_PROTO_TCP)
			printf("  reassembled %" PRIu64 " + %" PRIu64, flow->delivered[flow->first],
			       flow->delivered[!flow->first]);
		printf("\n");
	}
}

static void
print_classes(const struct report *report, const struct report_node *node)
{
	const struct mem_class_use *class;
	unsigned int i;

	for (i = 0; i < report->nb_classes; i++) {
		class = &node->classes[i];
		if (class->blocks_peak > 0 || node->cached[i] > 0)
			printf("    class %7zu B: used %" PRIu64 " blocks  peak %" PRIu64
			       "  cached %" PRIu64 "\n",
			       report->classes[i].class_size, class->blocks, class->blocks_peak,
			       node->cached[i]);
	}
}

static void
print_objects(const struct report *report)
{
	const struct mem_kind_use *kind;
	unsigned int i;

	for (i = 0; i < MEM_KINDS; i++) {
		kind = &report->total.mem.kinds[i];
		printf("  %-14s peak %" PRIu64 " objects, %" PRIu64 " KiB  now %" PRIu64
		       "  allocated %" PRIu64 "  failed %" PRIu64 "\n",
		       mem_kind_name(i), kind->objects_peak, (kind->bytes_peak + 1023) >> 10,
		       kind->objects, kind->allocs, kind->failed);
	}
}

static void
print_memory(const struct report *report)
{
	const struct report_node *node;
	unsigned int i;

	for (i = 0; i < report->nb_nodes; i++) {
		node = &report->nodes[i];
		printf("%snode %d", i == 0 ? "memory    " : "          ", node->node_id);
		print_bytes("reserved", node->stats.bytes_reserved);
		print_bytes("used", node->stats.bytes_in_use);
		print_bytes("peak", node->peak);
		print_bytes("cached", node->stats.bytes_cached);
		printf("  pages of %" PRIu64 " KiB\n", node->stats.page_size >> 10);
		print_classes(report, node);
	}
	print_objects(report);
	printf("  growths after start %" PRIu64 "  failed allocations %" PRIu64,
	       report_growths(report), report->mem.alloc_nomem);
	if (report->is_final)
		printf("  left in use at exit %" PRIu64 " bytes", report->left_bytes);
	printf("\n");
}

static void
print_cost(const struct report *report)
{
	const struct worker_counters *counters = &report->total.counters;
	double cycles = report_ratio(counters->cycles, counters->packets);

	printf("cost        %.0f TSC cycles, %.0f ns a packet  allocations a packet %.3f\n", cycles,
	       cycles * 1e9 / rte_get_tsc_hz(),
	       report_ratio(report_allocations(report), counters->packets));
}

void
report_print(const struct report *report)
{
	printf("---- %s after %.3f s, %u worker%s ----\n",
	       report->is_final ? "report" : "interim report", report->seconds, report->nb_workers,
	       report->nb_workers == 1 ? "" : "s");
	if (report->capture != NULL)
		print_capture(report);
	print_packets(report);
	print_flows(report);
	print_tcp(report);
	print_top(report);
	print_memory(report);
	print_cost(report);
	fflush(stdout);
}
