/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: plans in one line: "0=2G@1G/warm=64x10000+2048x4096,any=64M,seal=yes".
 * Must not: know what keys mean.
 * Called by: reserve_plan.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reserve_priv.h"

/* "name=value"; false without a sign. */
static bool
split(const struct rsv_text *text, char sign, struct rsv_text *name, struct rsv_text *value)
{
	const char *at = text->len == 0 ? NULL : memchr(text->at, sign, text->len);
	size_t len;

	if (at == NULL)
		return false;
	len = (size_t)(at - text->at);
	*name = rsv_part(text, 0, len);
	*value = rsv_part(text, len + 1, text->len - len - 1);
	return true;
}

/* "2G@1G": errors about the keys, which have no names here, point at the values. */
static int
read_size(struct rte_reserve_plan *plan, struct rsv_line *line, const struct rsv_text *text)
{
	struct rsv_text size = *text, page = { 0 };
	int ret;

	if (split(text, '@', &size, &page)) {
		ret = rsv_key_set(plan, line, RSV_PAGE, &page, &page);
		if (ret < 0)
			return ret;
	}
	return rsv_key_set(plan, line, RSV_SIZE, &size, &size);
}

static int
read_option(struct rte_reserve_plan *plan, struct rsv_line *line, const struct rsv_text *text)
{
	struct rsv_text name = *text, value;
	bool whole = split(text, '=', &name, &value);
	int key = rsv_key_of(&name);

	if (key < 0)
		return key;
	if (!whole)
		return rsv_expected(text, "KEY=VALUE");
	return rsv_key_set(plan, line, (enum rsv_key)key, &name, &value);
}

static int
read_item(struct rte_reserve_plan *plan, const struct rsv_text *item)
{
	struct rsv_text nodes, rest, piece;
	struct rsv_line *line;
	int ret = 0;

	if (!split(item, '=', &nodes, &rest))
		return rsv_expected(item, "NODE=SIZE, such as 0=2G@1G");
	if (rsv_equals(&nodes, rsv_key_name(RSV_SEAL)))
		return rsv_key_set(plan, NULL, RSV_SEAL, &nodes, &rest);
	line = rsv_plan_line(plan, &nodes);
	if (line == NULL)
		return -EINVAL;
	for (unsigned int i = 0; ret == 0 && rsv_next(&rest, '/', &piece); i++) {
		/* Without a size what another source says of it stays. */
		if (i > 0)
			ret = read_option(plan, line, &piece);
		else if (piece.len != 0 || rest.at == NULL)
			ret = read_size(plan, line, &piece);
	}
	return ret;
}

int
rsv_line_read(struct rte_reserve_plan *plan, const char *text, const char *source)
{
	struct rsv_text rest = { text, strlen(text), source, 1, 1 }, item;
	int ret = 0;

	if (rsv_part(&rest, 0, rest.len).len == 0)
		return 0;
	while (ret == 0 && rsv_next(&rest, ',', &item))
		ret = read_item(plan, &item);
	return ret;
}

/* ---- writing */

struct out {
	char *buf;
	size_t size, len;
};

static void
put(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct out *o, const char *format, ...)
{
	size_t room = o->len < o->size ? o->size - o->len : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(room != 0 ? o->buf + o->len : NULL, room, format, args);
	va_end(args);
	o->len += n > 0 ? (size_t)n : 0;
}

static void
put_bytes(struct out *o, uint64_t bytes)
{
	static const char units[] = "KMGT";
	unsigned int i = 0;

	bytes >>= 10; /* all sizes of a plan are whole KiB */
	while (i < 3 && bytes % 1024 == 0) {
		bytes >>= 10;
		i++;
	}
	put(o, "%" PRIu64 "%c", bytes, units[i]);
}

static void
put_selector(struct out *o, const struct rsv_selector *s)
{
	switch (s->nodes) {
	case RSV_NODE:
		put(o, "%d", s->node_id);
		break;
	case RSV_NEAR:
		put(o, "near:%s", s->near);
		break;
	default:
		put(o, "%s", rsv_nodes_name(s->nodes));
	}
}

void
rsv_selector_text(const struct rsv_selector *selector, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	put_selector(&o, selector);
}

static void
put_policy(struct out *o, const struct rsv_policy *p)
{
	put(o, "/shortage=%s", rsv_shortage_name(p->shortage));
	if (p->shortage == RSV_OTHER_NODE && p->distance != UINT_MAX)
		put(o, "<=%u", p->distance);
	if (p->shortage == RSV_LESS) {
		put(o, ">=");
		put_bytes(o, p->floor);
	}
}

static void
put_line(struct out *o, const struct rsv_line *line)
{
	put_selector(o, &line->selector);
	put(o, "=");
	if (line->size.percent != 0)
		put(o, "%u%%", line->size.percent);
	else
		put_bytes(o, line->size.bytes);
	if (line->page_size != 0) {
		put(o, "@");
		put_bytes(o, line->page_size);
	}
	if (line->place[RSV_LIMIT].line != 0 && line->limit != UINT64_MAX) {
		put(o, "/limit=");
		put_bytes(o, line->limit);
	} else if (line->place[RSV_LIMIT].line != 0) {
		put(o, "/limit=none");
	}
	if (line->place[RSV_GROWTH].line != 0)
		put(o, "/growth=%s", line->growth ? "on" : "off");
	if (line->threads != 0)
		put(o, "/threads=%u", line->threads);
	for (unsigned int i = 0; i < line->warm.n; i++)
		put(o, "%s%" PRIu64 "x%" PRIu64, i == 0 ? "/warm=" : "+", line->warm.item[i].size,
		    line->warm.item[i].n);
	if (line->place[RSV_SHORTAGE].line != 0)
		put_policy(o, &line->policy);
}

size_t
rsv_line_write(const struct rte_reserve_plan *plan, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	if (size != 0)
		buf[0] = '\0';
	for (unsigned int i = 0; i < plan->nb_lines; i++) {
		put(&o, "%s", i == 0 ? "" : ",");
		put_line(&o, &plan->line[i]);
	}
	if (plan->seal_place.line != 0)
		put(&o, "%sseal=%s", plan->nb_lines == 0 ? "" : ",", plan->seal ? "yes" : "no");
	return o.len;
}
