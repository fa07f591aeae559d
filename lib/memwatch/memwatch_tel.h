/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* What telemetry's files share: the commands, and how arguments are read and answers are built. */

#ifndef MEMWATCH_TEL_H
#define MEMWATCH_TEL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_telemetry.h>

/* ---------------------------------------------------------------- memwatch_tel.c */

/* Answer with an object that says what is wrong. Returns what a command returns then: 0. */
int
mw_tel_error(struct rte_tel_data *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* At most two numbers, with a comma between them; *n becomes how many. False: something else. */
bool
mw_tel_numbers(const char *params, uint64_t numbers[2], unsigned int *n);

/*
 * The node of a command "<node>" or, with `more`, "<node>[,<number>]". False: there is none, and
 * that was answered.
 */
bool
mw_tel_node(const char *cmd, const char *params, struct rte_tel_data *d, int *node_id,
	    uint64_t *more);

/* A number in an object. */
void
mw_tel_put(struct rte_tel_data *d, const char *name, uint64_t number);

/* An array of numbers in an object; lists do not answer themselves for want of memory. */
struct rte_tel_data *
mw_tel_list(void);

void
mw_tel_append(struct rte_tel_data *list, uint64_t number);

void
mw_tel_put_list(struct rte_tel_data *d, const char *name, struct rte_tel_data *list);

/* An object in an object, to be filled before it is put. */
struct rte_tel_data *
mw_tel_object(void);

void
mw_tel_put_object(struct rte_tel_data *d, const char *name, struct rte_tel_data *object);

/* ---------------------------------------------------------------- memwatch_tel_heap.c */

int
mw_tel_info(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_nodes(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_classes(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_lcores(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_heap_map(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_audit(const char *cmd, const char *params, struct rte_tel_data *d);

/* ---------------------------------------------------------------- memwatch_tel_pressure.c */

int
mw_tel_pressure(const char *cmd, const char *params, struct rte_tel_data *d);

/* ---------------------------------------------------------------- memwatch_tel_profile.c */

int
mw_tel_profile_start(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_profile_stop(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_profile_show(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_profile_nodes(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_profile_classes(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_profile_sites(const char *cmd, const char *params, struct rte_tel_data *d);

int
mw_tel_profile_advice(const char *cmd, const char *params, struct rte_tel_data *d);

#endif /* MEMWATCH_TEL_H */
