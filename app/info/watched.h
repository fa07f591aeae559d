/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_WATCHED_H
#define INFO_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "options.h"

/* A running program that answers DPDK's telemetry. */
struct watched {
	int fd;
	int pid;
	char prefix[256];   /* its --file-prefix */
	bool no_command;    /* the last reason is that it has no such command */
	bool quiet;	    /* reasons are only kept, in `why` */
	char reason[256];   /* the last one */
	char why[512];	    /* the same, as a line that says who did not tell what */
	char text[1 << 17]; /* its last answer; more than it can say at once */
};

/* The option that names it, for the table of each verb that asks one. */
#define WATCHED_OPTION \
	{ \
		"--file-prefix", "NAME", \
			"ask the program that EAL started with --file-prefix NAME" \
	}

/*
 * Find the program with that prefix or, for NULL, the only one there is, and greet it. Returns 0, or
 * -1 with the reason on stderr.
 */
int
watched_open(struct watched *w, const struct options *opts, const char *prefix);

void
watched_close(struct watched *w);

/* Its answer to a command below /fastmem, to be released; NULL: it has none, why is on stderr. */
json_t *
watched_ask(struct watched *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of an answer in parts, a table of columns each, as one. Parameters end in the first row. */
json_t *
watched_ask_all(struct watched *w, const char *command);

/* A number in an answer; 0 if it is not there. */
uint64_t
watched_number(const json_t *answer, const char *name);

/* A number in a table: of a column's row. */
uint64_t
watched_cell(const json_t *table, const char *column, size_t row);

/* Rows of a table, by one of its columns. */
size_t
watched_rows(const json_t *table, const char *column);

/* Do something for each node that fastmem serves there, ascending; false: say no more. */
bool
watched_each_node(struct watched *w, bool (*fn)(struct watched *w, int node_id, void *arg),
		  void *arg);

#endif /* INFO_WATCHED_H */
