/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a report's form for programs; doc/guides/flowtrack.rst describes its fields.
 * Must not: compute what the text report would have to compute too: that is report.c's.
 * Called by: main.c.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "json.h"
#include "report.h"

static void
write_capture(struct json *json, const struct report *report)
{
	if (report->capture == NULL) {
		json_string(json, "capture", NULL);
		return;
	}
	json_open(json, "capture", '{');
	json_string(json, "file", report->capture);
	json_string(json, "format", report->capture_info.format);
	json_uint(json, "packets", report->capture_info.nb_packets);
	json_uint(json, "packets_cut", report->capture_info.nb_cut);
	json_bool(json, "truncated", report->capture_info.is_truncated);
	json_close(json, '}');
}

static void
write_results(struct json *json, const struct report *report, const char *name, bool malformed)
{
	unsigned int i;

	json_open(json, name, '{');
	for (i = PARSE_OK + 1; i < PARSE_RESULTS; i++)
		if (parse_result_is_malformed(i) == malformed)
			json_uint(json, parse_result_name(i), report->total.counters.results[i]);
	json_close(json, '}');
}

static void
write_packets(struct json *json, const struct report *report)
{
	const struct worker_counters *counters = &report->total.counters;

	json_open(json, "packets", '{');
	json_uint(json, "count", counters->packets);
	json_uint(json, "bytes", counters->bytes);
	json_uint(json, "tracked", counters->results[PARSE_OK]);
	write_results(json, report, "skipped", false);
	write_results(json, report, "malformed", true);
	json_uint(json, "vlan", counters->tagged);
	json_uint(json, "fragments", counters->fragments);
	json_uint(json, "cut", counters->cut);
	json_uint(json, "missed_by_ports", report->losses.missed);
	json_uint(json, "errors_of_ports", report->losses.errors);
	json_uint(json, "without_buffer", report->losses.no_mbufs);
	json_close(json, '}');
}

static void
write_flows(struct json *json, const struct report *report)
{
	const struct flow_counters *flows = &report->total.flows;
	unsigned int i;

	json_open(json, "flows", '{');
	json_uint(json, "live", flows->live);
	json_uint(json, "live_peak", flows->live_peak);
	json_uint(json, "packets_untracked", flows->untracked);
	json_open(json, "ended", '{');
	for (i = 0; i < FLOW_ENDS; i++)
		json_uint(json, flow_end_name(i), flows->ended[i]);
	json_close(json, '}');
	json_open(json, "protocols", '{');
	for (i = 0; i < FLOW_PROTOS; i++) {
		json_open(json, flow_proto_name(i), '{');
		json_uint(json, "flows", flows->protos[i].flows);
		json_uint(json, "packets", flows->protos[i].packets);
		json_uint(json, "bytes", flows->protos[i].bytes);
		json_close(json, '}');
	}
	json_close(json, '}');
	json_close(json, '}');
}

static void
write_tcp(struct json *json, const struct report *report)
{
	const struct tcp_counters *tcp = &report->total.tcp;

	json_open(json, "tcp", '{');
	json_uint(json, "segments", tcp->segments);
	json_uint(json, "reassembled_bytes", tcp->delivered);
	json_uint(json, "repeated_bytes", tcp->repeated);
	json_uint(json, "missing_bytes", tcp->missing);
	json_uint(json, "out_of_order", tcp->out_of_order);
	json_uint(json, "held_bytes", tcp->held_bytes);
	json_uint(json, "gaps_given_up", tcp->gaps_skipped);
	json_uint(json, "window_full", tcp->window_full);
	json_uint(json, "no_memory", tcp->no_memory);
	json_uint(json, "out_of_window", tcp->out_of_window);
	json_close(json, '}');
}

/* One direction of a flow. */
static void
write_direction(struct json *json, const char *name, const struct flow_summary *flow,
		unsigned int from)
{
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(flow->key.ip_version == 6 ? AF_INET6 : AF_INET, flow->key.addr[from], addr,
		  sizeof(addr));
	json_open(json, name, '{');
	json_string(json, "address", addr);
	json_uint(json, "port", flow->key.port[from]);
	json_uint(json, "packets", flow->packets[from]);
	json_uint(json, "bytes", flow->bytes[from]);
	json_uint(json, "reassembled_bytes", flow->delivered[from]);
	json_uint(json, "missing_bytes", flow->missing[from]);
	json_uint(json, "crc32c", flow->crc[from]);
	json_close(json, '}');
}

static void
write_top(struct json *json, const struct report *report)
{
	const struct top *top = &report->total.top;
	const struct flow_summary *flow;
	unsigned int i;

	json_open(json, "top", '[');
	for (i = 0; i < top->n; i++) {
		flow = &top->flows[i];
		json_open(json, NULL, '{');
		json_string(json, "protocol", flow_proto_name(flow->proto));
		json_uint(json, "ip_protocol", flow->key.ip_proto);
		json_uint(json, "first_us", flow->first_us);
		json_uint(json, "last_us", flow->last_us);
		write_direction(json, "initiator", flow, flow->first);
		write_direction(json, "responder", flow, !flow->first);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
write_node_classes(struct json *json, const struct report *report, const struct report_node *node)
{
	unsigned int i;

	json_open(json, "classes", '[');
	for (i = 0; i < report->nb_classes; i++) {
		if (node->classes[i].blocks_peak == 0 && node->cached[i] == 0)
			continue;
		json_open(json, NULL, '{');
		json_uint(json, "size", report->classes[i].class_size);
		json_uint(json, "used_blocks", node->classes[i].blocks);
		json_uint(json, "peak_blocks", node->classes[i].blocks_peak);
		json_uint(json, "cached_blocks", node->cached[i]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
write_nodes(struct json *json, const struct report *report)
{
	const struct report_node *node;
	unsigned int i;

	json_open(json, "nodes", '[');
	for (i = 0; i < report->nb_nodes; i++) {
		node = &report->nodes[i];
		json_open(json, NULL, '{');
		json_uint(json, "node", node->node_id);
		json_uint(json, "reserved", node->stats.bytes_reserved);
		json_uint(json, "backing", node->stats.bytes_backing);
		json_uint(json, "used", node->stats.bytes_in_use);
		json_uint(json, "peak", node->peak);
		json_uint(json, "cached", node->stats.bytes_cached);
		json_uint(json, "page_size", node->stats.page_size);
		json_uint(json, "chunks", node->stats.chunks);
		json_uint(json, "growths", node->stats.growths);
		json_uint(json, "failed_growths", node->stats.failed_growths);
		write_node_classes(json, report, node);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
write_classes(struct json *json, const struct report *report)
{
	const struct rte_fastmem_class_stats *class;
	unsigned int i;

	json_open(json, "classes", '[');
	for (i = 0; i < report->nb_classes; i++) {
		class = &report->classes[i];
		json_open(json, NULL, '{');
		json_uint(json, "size", class->class_size);
		json_uint(json, "used_blocks", class->in_use);
		json_uint(json, "cache_hits", class->alloc_cache_hits);
		json_uint(json, "cache_misses", class->alloc_cache_misses);
		json_uint(json, "failed", class->alloc_nomem);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
write_objects(struct json *json, const struct report *report)
{
	const struct mem_kind_use *kind;
	unsigned int i;

	json_open(json, "objects", '{');
	for (i = 0; i < MEM_KINDS; i++) {
		kind = &report->total.mem.kinds[i];
		json_open(json, mem_kind_name(i), '{');
		json_uint(json, "now", kind->objects);
		json_uint(json, "now_bytes", kind->bytes);
		json_uint(json, "peak", kind->objects_peak);
		json_uint(json, "peak_bytes", kind->bytes_peak);
		json_uint(json, "allocated", kind->allocs);
		json_uint(json, "failed", kind->failed);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void
write_memory(struct json *json, const struct report *report)
{
	json_open(json, "memory", '{');
	write_nodes(json, report);
	write_classes(json, report);
	write_objects(json, report);
	json_bool(json, "peaks_exact", report->nb_workers == 1);
	json_uint(json, "growths_after_start", report_growths(report));
	json_uint(json, "failed_allocations", report->mem.alloc_nomem);
	if (report->is_final)
		json_uint(json, "left_in_use_at_exit", report->left_bytes);
	json_close(json, '}');
}

static void
write_cost(struct json *json, const struct report *report)
{
	const struct worker_counters *counters = &report->total.counters;
	double cycles = report_ratio(counters->cycles, counters->packets);

	json_open(json, "cost", '{');
	json_real(json, "cycles_per_packet", cycles);
	json_real(json, "ns_per_packet", cycles * 1e9 / rte_get_tsc_hz());
	json_real(json, "allocations_per_packet",
		  report_ratio(report_allocations(report), counters->packets));
	json_close(json, '}');
}

static void
write_report(const struct report *report, FILE *file)
{
	struct json json;

	json_init(&json, file);
	json_open(&json, NULL, '{');
	json_bool(&json, "final", report->is_final);
	json_real(&json, "seconds", report->seconds);
	json_uint(&json, "workers", report->nb_workers);
	write_capture(&json, report);
	write_packets(&json, report);
	write_flows(&json, report);
	write_tcp(&json, report);
	write_top(&json, report);
	write_memory(&json, report);
	write_cost(&json, report);
	json_close(&json, '}');
}

static int
write_file(const struct report *report, const char *path)
{
	FILE *file = fopen(path, "w");
	int ret = 0;

	if (file == NULL)
		return -errno;
	write_report(report, file);
	if (ferror(file))
		ret = -EIO;
	if (fclose(file) != 0)
		ret = -errno;
	return ret;
}

/* A device or a pipe must not be replaced by a file. */
static bool
is_replaceable(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || S_ISREG(st.st_mode);
}

int
report_write_json(const struct report *report, const char *path)
{
	char part[PATH_MAX];
	int ret;

	if (!is_replaceable(path))
		return write_file(report, path);
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	ret = write_file(report, part);
	if (ret == 0 && rename(part, path) != 0)
		ret = -errno;
	if (ret != 0)
		unlink(part);
	return ret;
}
