/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_WATCHED_H
#define INFO_WATCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "options.h"

/* A running program that answers DPDK's telemetry, or that a child of this process is attached to. */
struct watched {
	int fd;
	int pid;
	pid_t child;	    /* that one; 0: it is asked by telemetry */
	char folder[512];   /* EAL's, with one for each program */
	char prefix[256];   /* its --file-prefix */
	bool no_command;    /* the last reason is that it has no such command */
	bool quiet;	    /* reasons are only kept, in `why` */
	char reason[256];   /* the last one */
	char why[512];	    /* the same, as a line that says who did not tell what */
	char text[1 << 17]; /* its last answer; more than it can say at once */
};

/* The options that name it, the first ones in the table of each verb that asks one. */
enum { WATCHED_PREFIX, WATCHED_SECONDARY, NB_WATCHED_OPTIONS };

#define WATCHED_OPTIONS \
	[WATCHED_PREFIX] = { "--file-prefix", "NAME", \
			     "ask the program that EAL started with --file-prefix NAME" }, \
	[WATCHED_SECONDARY] = { "--secondary", NULL, \
				"attach to it as a secondary process, where it has no telemetry" }

/*
 * Find the program that the options name, or the only one there is, and greet it. Returns 0, or -1
 * with the reason on stderr.
 */
int
watched_open(struct watched *w, const struct options *opts);

void
watched_close(struct watched *w);

/* Its answer to a command below /fastmem, to be released; NULL: it has none, why is on stderr. */
json_t *
watched_ask(struct watched *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of an answer in parts, a table of columns each, as one. Parameters end in the first row. */
json_t *
watched_ask_all(struct watched *w, const char *command);

/* A number, whatever the program says: 0 for what is none, or negative; UINT64_MAX for what is more. */
uint64_t
watched_value(const json_t *value);

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
