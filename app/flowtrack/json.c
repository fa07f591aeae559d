/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: JSON's syntax: commas, nesting, escapes.
 * Must not: know what is written; errors are left to the file's own flag.
 * Called by: report_json.c.
 */

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "json.h"

void
json_init(struct json *json, FILE *file)
{
	json->file = file;
	json->depth = 0;
	json->follows = false;
}

/* Length of the UTF-8 character at s, 0 if there is none. */
static unsigned int
utf8_len(const unsigned char *s)
{
	unsigned int len;
	unsigned int i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	/* Too long for what it says, a surrogate, or above U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void
write_string(FILE *file, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int len;

	fputc('"', file);
	while (*s != '\0') {
		len = utf8_len(s);
		if (len == 0)
			fputs("\\ufffd", file);
		else if (*s == '"' || *s == '\\')
			fprintf(file, "\\%c", *s);
		else if (*s < 0x20)
			fprintf(file, "\\u%04x", *s);
		else
			fwrite(s, len, 1, file);
		s += len == 0 ? 1 : len;
	}
	fputc('"', file);
}

static void
new_line(const struct json *json)
{
	unsigned int i;

	fputc('\n', json->file);
	for (i = 0; i < json->depth; i++)
		fputs("  ", json->file);
}

/* What comes before any value. */
static void
begin_value(struct json *json, const char *name)
{
	if (json->follows)
		fputc(',', json->file);
	if (json->depth > 0)
		new_line(json);
	if (name != NULL) {
		write_string(json->file, name);
		fputs(": ", json->file);
	}
	json->follows = true;
}

void
json_open(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	fputc(bracket, json->file);
	json->depth++;
	json->follows = false;
}

void
json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->follows)
		new_line(json);
	fputc(bracket, json->file);
	json->follows = true;
	if (json->depth == 0)
		fputc('\n', json->file);
}

void
json_uint(struct json *json, const char *name, uint64_t value)
{
	begin_value(json, name);
	fprintf(json->file, "%" PRIu64, value);
}

void
json_real(struct json *json, const char *name, double value)
{
	begin_value(json, name);
	if (isfinite(value))
		fprintf(json->file, "%.6f", value);
	else
		fputs("null", json->file);
}

void
json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->file);
}

void
json_string(struct json *json, const char *name, const char *value)
{
	begin_value(json, name);
	if (value == NULL)
		fputs("null", json->file);
	else
		write_string(json->file, value);
}
