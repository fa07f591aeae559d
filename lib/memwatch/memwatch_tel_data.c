/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how answers are built: for telemetry to send, or as the same JSON in a text.
 * Must not: know a command, or what a figure means.
 * Called by: memwatch_tel.c, and the files with the commands.
 *
 * A part of an answer is built by itself, and goes into what it is a part of when it is whole.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dpdk_compat.h>
#include <rte_common.h>

#include "memwatch_tel.h"

/* ---- text */

#define ROOM_FIRST 256

static bool
has_room(struct mw_tel_data *d, size_t more)
{
	size_t room = RTE_MAX(d->room, (size_t)ROOM_FIRST);
	char *text;

	while (room - d->size < more)
		room *= 2;
	if (room == d->room)
		return true;
	text = realloc(d->text, room);
	if (text == NULL) {
		d->failed = true;
		return false;
	}
	d->text = text;
	d->room = room;
	return true;
}

static void
add(struct mw_tel_data *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct mw_tel_data *d, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n < 0)
		d->failed = true;
	else if (has_room(d, (size_t)n + 1))
		d->size += (size_t)vsnprintf(d->text + d->size, (size_t)n + 1, format, again);
	va_end(again);
	va_end(args);
}

static void
add_quoted(struct mw_tel_data *d, const char *text)
{
	add(d, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			add(d, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			add(d, "\\u%04x", (unsigned int)*text);
		else
			add(d, "%c", *text);
	}
	add(d, "\"");
}

static void
add_comma(struct mw_tel_data *d)
{
	if (d->size != 0)
		add(d, ",");
}

static void
add_name(struct mw_tel_data *d, const char *name)
{
	add_comma(d);
	add_quoted(d, name);
	add(d, ":");
}

char *
mw_tel_text(struct mw_tel_data *d, const char *cmd)
{
	struct mw_tel_data whole = { .failed = d->failed };

	add(&whole, "{");
	add_quoted(&whole, cmd);
	add(&whole, ":{%s}}", d->size != 0 ? d->text : "");
	free(d->text);
	if (!whole.failed)
		return whole.text;
	free(whole.text);
	return NULL;
}

/* ---- objects */

void
mw_tel_start(struct mw_tel_data *d)
{
	if (d->tel != NULL)
		rte_tel_data_start_dict(d->tel);
	d->size = 0;
}

void
mw_tel_put(struct mw_tel_data *d, const char *name, uint64_t number)
{
	if (d->tel != NULL) {
		DPDK_TEL_DICT_UINT(d->tel, name, number);
		return;
	}
	add_name(d, name);
	add(d, "%" PRIu64, number);
}

void
mw_tel_put_int(struct mw_tel_data *d, const char *name, int number)
{
	if (d->tel != NULL) {
		rte_tel_data_add_dict_int(d->tel, name, number);
		return;
	}
	add_name(d, name);
	add(d, "%d", number);
}

void
mw_tel_put_text(struct mw_tel_data *d, const char *name, const char *text)
{
	if (d->tel != NULL) {
		rte_tel_data_add_dict_string(d->tel, name, text);
		return;
	}
	add_name(d, name);
	add_quoted(d, text);
}

/* ---- parts */

static struct mw_tel_data *
new_part(const struct mw_tel_data *of)
{
	struct mw_tel_data *part = calloc(1, sizeof(*part));

	if (part == NULL || of->tel == NULL)
		return part;
	part->tel = rte_tel_data_alloc();
	if (part->tel != NULL)
		return part;
	free(part);
	return NULL;
}

static struct mw_tel_data *
new_list(const struct mw_tel_data *of, enum rte_tel_value_type type)
{
	struct mw_tel_data *list = new_part(of);

	if (list != NULL && list->tel != NULL)
		rte_tel_data_start_array(list->tel, type);
	if (list != NULL)
		list->is_list = true;
	return list;
}

struct mw_tel_data *
mw_tel_list(const struct mw_tel_data *of)
{
	return new_list(of, DPDK_TEL_UINT_VAL);
}

void
mw_tel_append(struct mw_tel_data *list, uint64_t number)
{
	if (list->tel != NULL) {
		DPDK_TEL_ARRAY_UINT(list->tel, number);
		return;
	}
	add_comma(list);
	add(list, "%" PRIu64, number);
}

struct mw_tel_data *
mw_tel_texts(const struct mw_tel_data *of)
{
	return new_list(of, RTE_TEL_STRING_VAL);
}

void
mw_tel_append_text(struct mw_tel_data *texts, const char *text)
{
	if (texts->tel != NULL) {
		rte_tel_data_add_array_string(texts->tel, text);
		return;
	}
	add_comma(texts);
	add_quoted(texts, text);
}

struct mw_tel_data *
mw_tel_object(const struct mw_tel_data *of)
{
	struct mw_tel_data *object = new_part(of);

	if (object != NULL)
		mw_tel_start(object);
	return object;
}

void
mw_tel_free(struct mw_tel_data *part)
{
	if (part == NULL)
		return;
	rte_tel_data_free(part->tel);
	free(part->text);
	free(part);
}

void
mw_tel_put_part(struct mw_tel_data *d, const char *name, struct mw_tel_data *part)
{
	if (part == NULL)
		return;
	if (d->tel != NULL) {
		/* From here on it is telemetry's. */
		if (rte_tel_data_add_dict_container(d->tel, name, part->tel, 0) == 0)
			part->tel = NULL;
	} else {
		d->failed |= part->failed;
		add_name(d, name);
		add(d, part->is_list ? "[%s]" : "{%s}", part->size != 0 ? part->text : "");
	}
	mw_tel_free(part);
}
