/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: text in a page of HTML: what needs escapes, and numbers as people read them.
 * Must not: know what the page is about.
 * Called by: the files of the report.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "html.h"

/* U+FFFD stands for what cannot be shown. */
#define REPLACEMENT "\xef\xbf\xbd"

/* The next character, of `len` bytes; false: they are none. A folder's name may be any bytes. */
static bool
decode(const unsigned char *s, uint32_t *c, size_t *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;

	*len = 1;
	if (n == 0 || *s > 0xf4)
		return false;
	*c = n == 1 ? *s : *s & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return false;
		*c = *c << 6 | (s[i] & 0x3fU);
	}
	*len = n;
	return *c >= least[n] && *c <= 0x10ffff && (*c & 0x1ff800) != 0xd800;
}

/* What no document may hold, and what would turn the direction of the text behind it. */
static bool
is_shown(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c > 0x9f) && (c & 0xfffe) != 0xfffe &&
	       !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

void
html_text(FILE *file, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c = 0;
	size_t len;

	for (; s != NULL && *s != '\0'; s += len) {
		if (!decode(s, &c, &len) || !is_shown(c))
			fputs(REPLACEMENT, file);
		else if (c == '<')
			fputs("&lt;", file);
		else if (c == '>')
			fputs("&gt;", file);
		else if (c == '&')
			fputs("&amp;", file);
		else if (c == '"')
			fputs("&quot;", file);
		else if (c == '\'')
			fputs("&#39;", file);
		else
			fwrite(s, 1, len, file);
	}
}

void
html_cell(FILE *file, const char *class, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (class != NULL)
		fprintf(file, "<td class=\"%s\">", class);
	else
		fputs("<td>", file);
	html_text(file, text);
	fputs("</td>", file);
}

const char *
count_text(char buf[SIZE_TEXT], uint64_t n)
{
	char digits[SIZE_TEXT];
	size_t i, used = 0, len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = '\0';
	return buf;
}

const char *
time_text(char buf[SIZE_TEXT], double nanoseconds)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { 86400e9, "d" }, { 3600e9, "h" }, { 60e9, "min" }, { 1e9, "s" },
		      { 1e6, "ms" },	{ 1e3, "µs" },	 { 1, "ns" } };
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && nanoseconds < units[i].ns)
		i++;
	snprintf(buf, SIZE_TEXT, "%.3g %s", nanoseconds / units[i].ns, units[i].name);
	return buf;
}
