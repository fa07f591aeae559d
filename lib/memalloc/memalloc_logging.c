/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "logging": a wrapper that writes a line of JSON for each call.
 * Must not: fail a call because of its line, open or close a stream.
 * Called by: memalloc.c through the interface, applications to create one.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memalloc_priv.h"
#include "rte_memalloc_wrap.h"

struct logging {
	struct ma_wrap wrap;
	FILE *stream;
	_Atomic uint64_t nb_lost;
};

/* A line while it is put together: the longest text, of which each character may take six. */
struct line {
	size_t len;
	char text[6 * 768 + 512];
};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(line->text) - line->len)
		line->len += (size_t)n;
}

/* Bytes of the UTF-8 character, beyond ASCII, at the start of a text; 0: there is none. */
static int
length_of(const unsigned char *text)
{
	int n = text[0] < 0xc2 ? 0 :
		text[0] < 0xe0 ? 2 :
		text[0] < 0xf0 ? 3 :
		text[0] < 0xf5 ? 4 :
				 0;

	for (int i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Longer than need be, half of a pair of UTF-16, or beyond the last one. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
		return 0;
	return n;
}

/* A text as JSON has it: it may name a file, whose name may be any bytes. */
static void
add_string(struct line *line, const char *text)
{
	int n;

	add(line, "\"");
	for (; *text != '\0'; text += n) {
		n = 1;
		if (*text == '"' || *text == '\\') {
			add(line, "\\%c", *text);
		} else if ((unsigned char)*text < 0x20) {
			add(line, "\\u%04x", (unsigned char)*text);
		} else if ((unsigned char)*text < 0x80) {
			add(line, "%c", *text);
		} else {
			n = length_of((const unsigned char *)text);
			add(line, "%.*s", n == 0 ? 6 : n, n == 0 ? "\\ufffd" : text);
			n = n == 0 ? 1 : n;
		}
	}
	add(line, "\"");
}

static void
begin(struct line *line, const char *op, uint64_t start)
{
	line->len = 0;
	add(line, "{\"time_ns\":%" PRIu64 ",\"took_ns\":%" PRIu64 ",\"thread\":%d,\"op\":\"%s\"",
	    start, now_ns() - start, gettid(), op);
}

/* One write of a whole line: stdio's lock keeps those of several threads apart. */
static void
end(struct logging *self, struct line *line, int ret)
{
	int error = errno;

	add(line, ",\"ret\":%d", ret);
	if (ret < 0) {
		add(line, ",\"error\":");
		add_string(line, rte_memalloc_error());
	}
	add(line, "}\n");
	/* Relaxed: a number for people. */
	if (fwrite(line->text, 1, line->len, self->stream) != line->len)
		atomic_fetch_add_explicit(&self->nb_lost, 1, memory_order_relaxed);
	errno = error;
}

static int
logging_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct logging *self = (struct logging *)alloc;
	uint64_t start = now_ns();
	struct line line;
	int ret = rte_memalloc_alloc(self->wrap.inner, size, align, mem);

	begin(&line, "alloc", start);
	add(&line, ",\"size\":%zu,\"align\":%zu", size, align);
	if (ret == 0)
		add(&line, ",\"mem\":\"%p\"", *mem);
	end(self, &line, ret);
	return ret;
}

static int
logging_free(struct rte_memalloc *alloc, void *mem)
{
	struct logging *self = (struct logging *)alloc;
	uint64_t start = now_ns();
	struct line line;
	int ret = rte_memalloc_free(self->wrap.inner, mem);

	begin(&line, "free", start);
	add(&line, ",\"mem\":\"%p\"", mem);
	end(self, &line, ret);
	return ret;
}

static int
logging_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct logging *self = (struct logging *)alloc;
	uint64_t start = now_ns();
	struct line line;
	int ret = rte_memalloc_realloc(self->wrap.inner, mem, size, align, moved);

	begin(&line, "realloc", start);
	add(&line, ",\"from\":\"%p\",\"size\":%zu,\"align\":%zu", mem, size, align);
	if (ret == 0)
		add(&line, ",\"mem\":\"%p\"", *moved);
	end(self, &line, ret);
	return ret;
}

static void
logging_reset_peak(struct rte_memalloc *alloc)
{
	uint64_t start = now_ns();
	struct line line;

	ma_wrap_reset_peak(alloc);
	begin(&line, "reset_peak", start);
	end((struct logging *)alloc, &line, 0);
}

static int
logging_destroy(struct rte_memalloc *alloc)
{
	struct logging *self = (struct logging *)alloc;
	uint64_t start = now_ns();
	struct line line;
	int ret = rte_memalloc_destroy(self->wrap.inner);

	begin(&line, "destroy", start);
	end(self, &line, ret);
	if (ret == 0)
		free(self);
	return ret;
}

static const struct rte_memalloc_ops logging_ops = {
	.kind = "logging",
	.alloc = logging_alloc,
	.free = logging_free,
	.realloc = logging_realloc,
	.usable_size = ma_wrap_usable_size,
	.stats = ma_wrap_stats,
	.reset_peak = logging_reset_peak,
	.destroy = logging_destroy,
};

int
rte_memalloc_logging_create(struct rte_memalloc *inner, FILE *stream, struct rte_memalloc **alloc)
{
	struct ma_wrap *wrap;
	int ret;

	if (stream == NULL)
		return rte_memalloc_fail(-EINVAL, "wrapping an allocator (logging): no stream");
	ret = ma_wrap_create(inner, &logging_ops, 0, sizeof(struct logging), alloc, &wrap);
	if (ret != 0)
		return ret;
	((struct logging *)wrap)->stream = stream;
	*alloc = &wrap->base;
	return 0;
}

uint64_t
rte_memalloc_logging_lost(struct rte_memalloc *alloc)
{
	if (alloc == NULL || alloc->ops != &logging_ops)
		return 0;
	return atomic_load_explicit(&((struct logging *)alloc)->nb_lost, memory_order_relaxed);
}
