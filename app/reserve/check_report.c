/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a plan finds on a machine, as text and as JSON.
 * Must not: judge.
 * Called by: check.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "check.h"
#include "text.h"

static int
add_row(struct table *table, const struct rte_reserve_row *row)
{
	char wanted[SIZE_TEXT], bytes[SIZE_TEXT], page[SIZE_TEXT];
	bool missing = row->missing_bytes != 0;
	int ret = 0;

	size_text(page, row->page_size);
	ret |= table_add(table, "%s", row->nodes);
	ret |= table_add(table, "%d", row->node_id);
	ret |= table_add(table, "%s", size_text(wanted, row->wanted));
	ret |= table_add(table, "%s", size_text(bytes, missing ? row->missing_bytes : row->bytes));
	if (row->page_size == 0)
		ret |= table_add(table, "no hugepages there");
	else
		ret |= table_add(table, "%" PRIu64 " of %s", missing ? row->missing : row->pages,
				 page);
	ret |= table_add(table, "%" PRIu64, row->free);
	ret |= table_add(table, "%s", missing ? "MISSING" : "there");
	return ret;
}

/* The same command stands in each row that it helps. */
static bool
is_first(const struct rte_reserve_report *report, unsigned int at)
{
	for (unsigned int i = 0; i < at; i++)
		if (strcmp(report->row[i].command, report->row[at].command) == 0)
			return false;
	return report->row[at].command[0] != '\0';
}

static void
print_limit(FILE *file, const struct rte_reserve_limit *limit)
{
	char asked[SIZE_TEXT], max[SIZE_TEXT], used[SIZE_TEXT], page[SIZE_TEXT];

	fprintf(file,
		"It takes %s in pages of %s, and this cgroup may have %s, of which it has %s, by\n"
		"    %s\n"
		"In a container its limit of hugepages has to be raised; else this would do it:\n"
		"    %s\n",
		size_text(asked, limit->asked), size_text(page, limit->page_size),
		size_text(max, limit->max), size_text(used, limit->used), limit->file,
		limit->command);
}

int
check_text(FILE *file, const struct rte_reserve_report *report)
{
	static const char *const heads[] = { "nodes", "node", "wanted", "of which",
					     "pages", "free", "state" };
	struct table table = { .nb_columns = sizeof(heads) / sizeof(heads[0]) };
	const char *before = "This would supply it:";
	int ret = 0;

	for (unsigned int i = 0; i < table.nb_columns; i++)
		ret |= table_add(&table, "%s", heads[i]);
	for (unsigned int i = 0; i < report->nb_rows; i++)
		ret |= add_row(&table, &report->row[i]);
	if (ret == 0) {
		table_print(file, &table);
		fprintf(file, "The plan %s.", report->fits ? "fits" : "does not fit");
		for (unsigned int i = 0; i < report->nb_rows; i++) {
			if (!is_first(report, i))
				continue;
			fprintf(file, "%s%s\n    %s", before[0] != '\0' ? " " : "", before,
				report->row[i].command);
			before = "";
		}
		fputc('\n', file);
		for (unsigned int i = 0; i < report->nb_limits; i++)
			print_limit(file, &report->limit[i]);
	}
	table_release(&table);
	return ret != 0 ? -ENOMEM : 0;
}

static void
put_row(FILE *file, const struct rte_reserve_row *row)
{
	fprintf(file, "{\"place\": ");
	json_string(file, row->place);
	fprintf(file, ", \"nodes\": ");
	json_string(file, row->nodes);
	fprintf(file,
		", \"node\": %d, \"wanted\": %" PRIu64 ", \"page_size\": %" PRIu64
		", \"bytes\": %" PRIu64 ", \"pages\": %" PRIu64 ", \"free\": %" PRIu64
		", \"missing_bytes\": %" PRIu64 ", \"missing\": %" PRIu64 "}",
		row->node_id, row->wanted, row->page_size, row->bytes, row->pages, row->free,
		row->missing_bytes, row->missing);
}

static void
put_limit(FILE *file, const struct rte_reserve_limit *limit)
{
	fprintf(file,
		"{\"page_size\": %" PRIu64 ", \"max\": %" PRIu64 ", \"used\": %" PRIu64
		", \"asked\": %" PRIu64 ", \"file\": ",
		limit->page_size, limit->max, limit->used, limit->asked);
	json_string(file, limit->file);
	fprintf(file, ", \"command\": ");
	json_string(file, limit->command);
	fputc('}', file);
}

void
check_json(FILE *file, const char *plan, const struct rte_reserve_report *report)
{
	const char *comma = "";

	fprintf(file, "{\"fits\": %s, \"plan\": ", report->fits ? "true" : "false");
	json_string(file, plan);
	fprintf(file, ",\n \"rows\": [");
	for (unsigned int i = 0; i < report->nb_rows; i++) {
		fprintf(file, "%s\n  ", i > 0 ? "," : "");
		put_row(file, &report->row[i]);
	}
	fprintf(file, "],\n \"commands\": [");
	for (unsigned int i = 0; i < report->nb_rows; i++) {
		if (!is_first(report, i))
			continue;
		fprintf(file, "%s\n  ", comma);
		json_string(file, report->row[i].command);
		comma = ",";
	}
	fprintf(file, "],\n \"limits\": [");
	for (unsigned int i = 0; i < report->nb_limits; i++) {
		fprintf(file, "%s\n  ", i > 0 ? "," : "");
		put_limit(file, &report->limit[i]);
	}
	fprintf(file, "]}\n");
}
