/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Writes one JSON value. Names are NULL inside of arrays and for the outermost value. */
struct json {
	FILE *file;
	unsigned int depth;
	bool follows; /**< A value of the same object or array has been written. */
};

void
json_init(struct json *json, FILE *file);

/** Begin an object ('{') or an array ('['). */
void
json_open(struct json *json, const char *name, char bracket);

/** End it ('}' or ']'). */
void
json_close(struct json *json, char bracket);

void
json_uint(struct json *json, const char *name, uint64_t value);

/** Not a number and infinite ones, for which JSON has no word, become null. */
void
json_real(struct json *json, const char *name, double value);

void
json_bool(struct json *json, const char *name, bool value);

/** NULL becomes null; bytes that are no UTF-8 become U+FFFD. */
void
json_string(struct json *json, const char *name, const char *value);

#endif /* JSON_H */
