/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: plans in files. librte_cfgfile reads them, after a scan for what it does not tell or would
 *       pass over.
 * Must not: know what keys mean.
 * Called by: reserve_plan.c.
 *
 * librte_cfgfile says neither where something stands nor what it made nothing of: it skips what has
 * no '=' and cuts long names and values. So the scan notes where each section and entry is,
 * refuses what would be skipped or cut, and leaves comments out, which may then be long and begin
 * with '#' as well. Both see the one copy of the file that was read.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cfgfile.h>

#include "reserve_priv.h"

/* A section (value.at is NULL) or an entry. */
struct mark {
	struct rsv_text name, value;
};

struct scan {
	struct mark *mark;
	size_t nb_marks;
	char *plain; /* what librte_cfgfile is given: never longer than the file */
	size_t size;
};

static int
add_mark(struct scan *s, const struct rsv_text *name, const struct rsv_text *value)
{
	struct mark *more;

	/* At powers of two there is no room left. */
	if ((s->nb_marks & (s->nb_marks - 1)) == 0) {
		more = realloc(s->mark, (s->nb_marks * 2 + 1) * sizeof(*more));
		if (more == NULL)
			return rsv_fail(-ENOMEM, "%s: out of memory", name->source);
		s->mark = more;
	}
	s->mark[s->nb_marks].name = *name;
	s->mark[s->nb_marks].value = value != NULL ? *value : (struct rsv_text){ 0 };
	s->nb_marks++;
	return 0;
}

static void
add_plain(struct scan *s, const char *text, size_t len)
{
	memcpy(s->plain + s->size, text, len);
	s->size += len;
}

static int
check_length(const struct rsv_text *text, const char *what, size_t room, const char *advice)
{
	if (text->len < room)
		return 0;
	return rsv_fail_at(text, "a %s has at most %zu characters, this one has %zu%s", what,
			   room - 1, text->len, advice);
}

static int
scan_section(struct scan *s, const struct rsv_text *line)
{
	const char *end = memchr(line->at, ']', line->len);
	struct rsv_text name, behind;
	int ret;

	if (end == NULL)
		return rsv_expected(line, "a \"]\" that ends the name of the section");
	name = rsv_part(line, 1, (size_t)(end - line->at) - 1);
	behind = rsv_part(line, (size_t)(end - line->at) + 1,
			  line->len - (size_t)(end - line->at) - 1);
	if (behind.len != 0)
		return rsv_expected(&behind, "nothing behind a section");
	ret = check_length(&name, "section's name", CFG_NAME_LEN, "");
	if (ret < 0)
		return ret;
	add_plain(s, "[", 1);
	add_plain(s, name.at, name.len);
	add_plain(s, "]\n", 2);
	return add_mark(s, &name, NULL);
}

static int
scan_entry(struct scan *s, const struct rsv_text *line)
{
	const char *sign = memchr(line->at, '=', line->len);
	struct rsv_text name, value;
	int ret;

	if (sign == NULL)
		return rsv_expected(line, "\"key = value\" or \"[node]\"");
	name = rsv_part(line, 0, (size_t)(sign - line->at));
	value = rsv_part(line, (size_t)(sign - line->at) + 1,
			 line->len - (size_t)(sign - line->at) - 1);
	ret = check_length(&name, "key", CFG_NAME_LEN, "");
	if (ret == 0)
		ret = check_length(&value, "value", CFG_VALUE_LEN,
				   "; warm may be given in several lines");
	if (ret < 0)
		return ret;
	if (name.len == 0)
		return rsv_expected(&name, "a key before the \"=\"");
	add_plain(s, name.at, name.len);
	add_plain(s, "=", 1);
	add_plain(s, value.at, value.len);
	add_plain(s, "\n", 1);
	return add_mark(s, &name, &value);
}

static int
scan_line(struct scan *s, const struct rsv_text *whole)
{
	struct rsv_text line;
	size_t len = 0;

	while (len < whole->len && whole->at[len] != ';' && whole->at[len] != '#') {
		if (iscntrl((unsigned char)whole->at[len]) && whole->at[len] != '\t' &&
		    whole->at[len] != '\r') {
			line = rsv_part(whole, len, 1);
			return rsv_fail_at(&line, "a character that is no text: %#x",
					   (unsigned char)whole->at[len]);
		}
		len++;
	}
	line = rsv_part(whole, 0, len);
	if (line.len == 0)
		return 0;
	return line.at[0] == '[' ? scan_section(s, &line) : scan_entry(s, &line);
}

static int
scan(struct scan *s, const char *source, const char *text, size_t size)
{
	struct rsv_text line = { .source = source, .line = 1, .column = 1 };
	const char *end;
	int ret = 0;

	/* A line can be one shorter than what is written of it: the last may lack its end. */
	s->plain = malloc(size + 2);
	if (s->plain == NULL)
		return rsv_fail(-ENOMEM, "%s: out of memory", source);
	for (size_t from = 0; ret == 0 && from < size; from += line.len + 1, line.line++) {
		end = memchr(text + from, '\n', size - from);
		line.at = text + from;
		line.len = end != NULL ? (size_t)(end - line.at) : size - from;
		ret = scan_line(s, &line);
	}
	return ret;
}

/* What librte_cfgfile read, as text that stands where the scan saw it. */
static int
text_as_read(const struct rsv_text *seen, const char *read, struct rsv_text *text)
{
	*text = *seen;
	text->at = read;
	text->len = strlen(read);
	if (text->len != seen->len || memcmp(read, seen->at, seen->len) != 0)
		return rsv_fail_at(seen, "librte_cfgfile reads this as \"%s\"",
				   rsv_quote(text).text);
	return 0;
}

/* The entries of a section, which `mark` points behind. */
static int
read_section(struct rte_reserve_plan *plan, struct rsv_line *line, const struct mark *mark,
	     const struct rte_cfgfile_entry *entry, int n)
{
	struct rsv_text name, value;
	int ret = 0;

	for (int i = 0; i < n && ret == 0; i++) {
		ret = text_as_read(&mark[i].name, entry[i].name, &name);
		if (ret == 0)
			ret = text_as_read(&mark[i].value, entry[i].value, &value);
		if (ret == 0)
			ret = rsv_key_of(&name);
		if (ret >= 0)
			ret = rsv_key_set(plan, line, (enum rsv_key)ret, &name, &value);
	}
	return ret;
}

/* How many entries follow before the next section. */
static int
entries_from(const struct scan *s, size_t at)
{
	int n = 0;

	while (at < s->nb_marks && s->mark[at].value.at != NULL) {
		at++;
		n++;
	}
	return n;
}

static int
read_sections(struct rte_reserve_plan *plan, struct rte_cfgfile *cfg, const struct scan *s)
{
	int nb_sections = rte_cfgfile_num_sections(cfg, NULL, 0), n, ret = 0;
	struct rte_cfgfile_entry *entry;
	struct rsv_line *line = NULL;
	char name[CFG_NAME_LEN];
	struct rsv_text nodes;
	size_t at = 0;

	/* Section 0 is that of what comes before the first. */
	for (int i = 0; i < nb_sections && ret == 0; i++, at += (size_t)n) {
		n = rte_cfgfile_section_num_entries_by_index(cfg, name, i);
		if (i > 0) {
			ret = text_as_read(&s->mark[at++].name, name, &nodes);
			line = ret == 0 ? rsv_plan_line(plan, &nodes) : NULL;
			if (line == NULL)
				return -EINVAL;
		}
		if (n != entries_from(s, at))
			return rsv_fail(-EINVAL,
					"%s: librte_cfgfile finds %d entries in section %d",
					plan->file, n, i);
		if (n == 0)
			continue;
		entry = calloc((size_t)n, sizeof(*entry));
		if (entry == NULL)
			return rsv_fail(-ENOMEM, "%s: out of memory", plan->file);
		rte_cfgfile_section_entries_by_index(cfg, i, name, entry, n);
		ret = read_section(plan, line, &s->mark[at], entry, n);
		free(entry);
	}
	return ret;
}

/* Sections that the scan saw. */
static size_t
sections_seen(const struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nb_marks; i++)
		n += s->mark[i].value.at == NULL;
	return n;
}

static int
read_plain(struct rte_reserve_plan *plan, const struct scan *s)
{
	char path[RSV_OS_PATH_MAX];
	struct rte_cfgfile *cfg;
	int fd, ret;

	ret = rsv_os_file_of(s->plain, s->size, path, &fd);
	if (ret < 0)
		return ret;
	cfg = rte_cfgfile_load(path, CFG_FLAG_GLOBAL_SECTION | CFG_FLAG_EMPTY_VALUES);
	rsv_os_close(fd);
	if (cfg == NULL)
		return rsv_fail(-EINVAL, "%s: librte_cfgfile does not read it", plan->file);
	if ((size_t)rte_cfgfile_num_sections(cfg, NULL, 0) != sections_seen(s) + 1)
		ret = rsv_fail(-EINVAL, "%s: librte_cfgfile finds other sections", plan->file);
	else
		ret = read_sections(plan, cfg, s);
	rte_cfgfile_close(cfg);
	return ret;
}

int
rsv_file_read(struct rte_reserve_plan *plan, const char *text, size_t size)
{
	struct scan s = { 0 };
	int ret = scan(&s, plan->file, text, size);

	/* It would say of an empty file that it cannot read it. */
	if (ret == 0 && s.nb_marks != 0)
		ret = read_plain(plan, &s);
	free(s.plain);
	free(s.mark);
	return ret;
}
