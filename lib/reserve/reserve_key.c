/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the keys of a plan: their names, what each takes, and which source of a plan wins.
 * Must not: know whether the text came from a file or a line.
 * Called by: reserve_file.c and reserve_line.c.
 */

#include <errno.h>

#include "reserve_priv.h"

static const char *const key_names[RSV_KEYS] = {
	[RSV_SIZE] = "size",	     [RSV_PAGE] = "page",	[RSV_LIMIT] = "limit",
	[RSV_GROWTH] = "growth",     [RSV_THREADS] = "threads", [RSV_WARM] = "warm",
	[RSV_SHORTAGE] = "shortage", [RSV_SEAL] = "seal",
};

const char *
rsv_key_name(enum rsv_key key)
{
	return key_names[key];
}

int
rsv_key_of(const struct rsv_text *name)
{
	const char *nearest;

	for (int key = 0; key < RSV_KEYS; key++)
		if (rsv_equals(name, key_names[key]))
			return key;
	nearest = rsv_nearest(name, key_names, RSV_KEYS);
	if (nearest != NULL)
		return rsv_fail_at(name, "there is no key \"%s\"; did you mean \"%s\"?",
				   rsv_quote(name).text, nearest);
	return rsv_expected(name,
			    "a key: size, page, limit, growth, threads, warm, shortage or seal");
}

/* Of two places by one source the later is a mistake; of two sources the later one is read last. */
static int
claim(enum rsv_key key, struct rsv_place *place, const struct rsv_text *name)
{
	if (place->line != 0 && place->source == name->source)
		return rsv_fail_at(name,
				   "\"%s\" is given twice; the first is in line %u, column %u",
				   key_names[key], place->line, place->column);
	*place = (struct rsv_place){ name->source, name->line, name->column };
	return 0;
}

/* Several of a source add up: a line of a file has room for 255 characters. */
static int
set_warm(struct rsv_line *line, const struct rsv_text *name, const struct rsv_text *value)
{
	struct rsv_place *place = &line->place[RSV_WARM];

	if (place->line == 0 || place->source != name->source) {
		*place = (struct rsv_place){ name->source, name->line, name->column };
		line->warm.n = 0;
	}
	return rsv_parse_warm(value, &line->warm);
}

int
rsv_key_set(struct rte_reserve_plan *plan, struct rsv_line *line, enum rsv_key key,
	    const struct rsv_text *name, const struct rsv_text *value)
{
	int ret;

	if (line == NULL && key < RSV_LINE_KEYS)
		return rsv_fail_at(name,
				   "\"%s\" is said of a node: put it below one, such as [0] or "
				   "[any]",
				   key_names[key]);
	if (key == RSV_WARM)
		return set_warm(line, name, value);
	ret = claim(key, key == RSV_SEAL ? &plan->seal_place : &line->place[key], name);
	if (ret < 0)
		return ret;
	switch (key) {
	case RSV_SIZE:
		return rsv_parse_size(value, &line->size);
	case RSV_PAGE:
		return rsv_parse_page(value, &line->page_size);
	case RSV_LIMIT:
		return rsv_parse_limit(value, &line->limit);
	case RSV_GROWTH:
		return rsv_parse_bool(value, &line->growth);
	case RSV_THREADS:
		return rsv_parse_threads(value, &line->threads);
	case RSV_SHORTAGE:
		return rsv_parse_policy(value, &line->policy);
	default:
		return rsv_parse_bool(value, &plan->seal);
	}
}
