/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_VERB_H
#define RESERVE_VERB_H

#include "options.h"

/* What the program exits with; also what a verb returns. */
enum verb_status {
	VERB_OK = 0,
	VERB_REFUSED = 1, /* The answer is no, or what was asked could not be done. */
	VERB_FAILED = 2,  /* There is no answer; why is on stderr. */
};

/* What may stand beside the options. */
enum verb_takes {
	TAKES_PLAN = 1 << 0, /* without one the environment has it */
	TAKES_REST = 1 << 1, /* "--", and what is somebody else's */
};

/*
 * What the program can do; the table of them is in main.c, a file a verb holds the rest.
 *
 * run() writes its answer to stdout, and on stderr what went wrong.
 */
struct verb {
	const char *name;
	const char *usage;   /* What comes behind the name. */
	const char *summary; /* One line. */
	const char *about;   /* For its own help: lines. */
	unsigned int takes;
	const struct option_def *options;
	enum verb_status (*run)(const struct options *opts);
};

/* verb_apply.c */
extern const struct verb verb_apply;

/* exec.c */
extern const struct verb verb_exec;

/* hold.c */
extern const struct verb verb_hold;

/* clean.c */
extern const struct verb verb_clean;

/* show.c */
extern const struct verb verb_show;

/* check.c */
extern const struct verb verb_check;

#endif /* RESERVE_VERB_H */
