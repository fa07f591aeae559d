/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_VERB_H
#define INFO_VERB_H

#include "options.h"

/* What the program exits with; also what a verb returns. */
enum verb_status {
	VERB_OK = 0,
	VERB_FOUND = 1,	 /* The answer is that something is wrong. */
	VERB_FAILED = 2, /* There is no answer; why is on stderr. */
};

/*
 * What the program can do; the table of them is in main.c, a file a verb holds the rest.
 *
 * run() writes its answer to stdout, and on stderr what went wrong.
 */
struct verb {
	const char *name;
	const char *summary; /* One line. */
	const char *about;   /* For its own help: lines. */
	const struct option_def *options;
	enum verb_status (*run)(const struct options *opts);
};

/* topology.c */
extern const struct verb verb_topology;

/* doctor.c */
extern const struct verb verb_doctor;

/* status.c */
extern const struct verb verb_status;

/* top.c */
extern const struct verb verb_top;

/* classes.c */
extern const struct verb verb_classes;

/* heap_map.c */
extern const struct verb verb_map;

/* audit.c */
extern const struct verb verb_audit;

/* prometheus.c */
extern const struct verb verb_prometheus;

/* report.c */
extern const struct verb verb_report;

#endif /* INFO_VERB_H */
