/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* What telemetry's files share: the commands, and how arguments are read and answers are built. */

#ifndef MEMWATCH_TEL_H
#define MEMWATCH_TEL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_telemetry.h>

/* An answer, or a part of one, while it is built: of telemetry, or as text. */
struct mw_tel_data {
	struct rte_tel_data *tel; /* NULL: text */
	bool is_list;
	bool failed; /* something is missing, for want of memory */
	char *text;  /* its members, without what stands around them */
	size_t size, room;
};

/* ---------------------------------------------------------------- memwatch_tel.c */

/* Answer with an object that says what is wrong. Returns what a command returns then: 0. */
int
mw_tel_error(struct mw_tel_data *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* At most two numbers, with a comma between them; *n becomes how many. False: something else. */
bool
mw_tel_numbers(const char *params, uint64_t numbers[2], unsigned int *n);

/*
 * The node of a command "<node>" or, with `more`, "<node>[,<number>]". False: there is none, and
 * that was answered.
 */
bool
mw_tel_node(const char *cmd, const char *params, struct mw_tel_data *d, int *node_id,
	    uint64_t *more);

/* ---------------------------------------------------------------- memwatch_tel_data.c */

/* Make it an object with nothing in it, whatever was in it before. */
void
mw_tel_start(struct mw_tel_data *d);

/* A number in an object. */
void
mw_tel_put(struct mw_tel_data *d, const char *name, uint64_t number);

void
mw_tel_put_int(struct mw_tel_data *d, const char *name, int number);

/* Telemetry takes RTE_TEL_MAX_STRING_LEN bytes of it. */
void
mw_tel_put_text(struct mw_tel_data *d, const char *name, const char *text);

/* Parts of an answer, to be filled before they are put; NULL for want of memory. A list of numbers: */
struct mw_tel_data *
mw_tel_list(const struct mw_tel_data *of);

void
mw_tel_append(struct mw_tel_data *list, uint64_t number);

/* A list of texts. */
struct mw_tel_data *
mw_tel_texts(const struct mw_tel_data *of);

void
mw_tel_append_text(struct mw_tel_data *texts, const char *text);

/* An object. */
struct mw_tel_data *
mw_tel_object(const struct mw_tel_data *of);

/* Have a part in an object, which it belongs to from then on; NULL is left out. */
void
mw_tel_put_part(struct mw_tel_data *d, const char *name, struct mw_tel_data *part);

/* A part that is not to be put. */
void
mw_tel_free(struct mw_tel_data *part);

/* The text of an answer that is none of telemetry, to be freed; NULL: out of memory. Frees what it holds. */
char *
mw_tel_text(struct mw_tel_data *d, const char *cmd);

/* ---------------------------------------------------------------- memwatch_tel_heap.c */

int
mw_tel_info(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_nodes(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_classes(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_lcores(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_heap_map(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_audit(const char *cmd, const char *params, struct mw_tel_data *d);

/* ---------------------------------------------------------------- memwatch_tel_pressure.c */

int
mw_tel_pressure(const char *cmd, const char *params, struct mw_tel_data *d);

/* ---------------------------------------------------------------- memwatch_tel_profile.c */

int
mw_tel_profile_start(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_profile_stop(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_profile_show(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_profile_nodes(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_profile_classes(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_profile_sites(const char *cmd, const char *params, struct mw_tel_data *d);

int
mw_tel_profile_advice(const char *cmd, const char *params, struct mw_tel_data *d);

#endif /* MEMWATCH_TEL_H */
