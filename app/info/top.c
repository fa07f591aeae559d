/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb top: a terminal's screen of what a running program does now, once a second.
 * Must not: compute a figure: top_figures.c does.
 * Called by: main.c.
 */

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

#include "ending.h"
#include "machine.h"
#include "top.h"
#include "verb.h"

enum { PERIOD = NB_WATCHED_OPTIONS };

static const struct option_def top_options[] = {
	WATCHED_OPTIONS,
	[PERIOD] = { "--period", "SECONDS", "look so often, 0.1 to 60; 1 if not given" },
	{ 0 },
};

#define MAX_NODE_ROWS 8
#define SPARK_COLUMN  61

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* ---- rows */

/* As much of a line as there is room for: what does not fit would go on in the next. */
static void
draw_text(int y, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
draw_text(int y, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mvaddnstr(y, 0, text, COLS);
}

/* How a row of values went, the latest to the right, from nothing to the most of them. */
static void
draw_spark(int y, const struct history *h)
{
	static const char *const bars[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[] = { " ", ".", ".", ":", "-", "=", "+", "*", "#" };
	const char *const *set = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? bars : plain;
	double most = 0;
	unsigned int i, n;

	n = COLS > SPARK_COLUMN + 1 ? least(h->n, (unsigned int)(COLS - SPARK_COLUMN - 1)) : 0;
	for (i = 0; i < n; i++)
		most = history_at(h, i) > most ? history_at(h, i) : most;
	/* Below the screen it would stay where it is. */
	if (move(y, COLS - 1 - (int)n) == ERR)
		return;
	for (i = n; i-- > 0;)
		addstr(set[most == 0 ? 0 : (int)(history_at(h, i) * 8 / most + 0.5)]);
}

static void
draw_head(int y, const char *text)
{
	attron(A_REVERSE);
	mvprintw(y, 0, "%-*.*s", COLS, COLS, text);
	attroff(A_REVERSE);
}

static void
draw_node(int y, const struct top_node *node)
{
	char reserved[SIZE_TEXT], backing[SIZE_TEXT], used[SIZE_TEXT], cached[SIZE_TEXT];

	draw_text(y, "%4d %11s %11s %11s %11s %7" PRIu64, node->id,
		  size_text(reserved, node->reserved), size_text(backing, node->backing),
		  size_text(used, node->in_use), size_text(cached, node->cached), node->growths);
	draw_spark(y, &node->history);
}

static void
draw_lcore(int y, const struct top_lcore *l)
{
	char allocs[SIZE_TEXT], frees[SIZE_TEXT], cached[SIZE_TEXT];
	char name[16] = "others";

	if (l->id >= 0)
		snprintf(name, sizeof(name), "%d", l->id);
	draw_text(y, "%6s %9s/s %5.1f%% %9s/s %5.1f%% %7" PRIu64 " %9s", name,
		  rate_text(allocs, l->allocs), l->alloc_hits, rate_text(frees, l->frees),
		  l->free_hits, l->refused, size_text(cached, l->cached));
	draw_spark(y, &l->history);
}

static void
draw_class(int y, const struct top_class *c)
{
	char live[SIZE_TEXT], cached[SIZE_TEXT], idle[SIZE_TEXT];

	draw_text(y, "%4d %9" PRIu64 " %11" PRIu64 " %11s %11s %11s", c->node, c->size, c->live,
		  size_text(live, c->live * c->size), size_text(cached, c->cached * c->size),
		  size_text(idle, c->free * c->size));
}

/* ---- the screen */

static void
draw(const struct top *t)
{
	unsigned int i, left, nb_nodes = least(t->nb_nodes, MAX_NODE_ROWS), nb_lcores;
	char available[SIZE_TEXT];
	int y = 0;

	erase();
	draw_text(y, "%s, process %d   pressure %s, %s available   q: quit", t->prefix, t->pid,
		  t->level, size_text(available, t->available));
	y += 2;
	draw_head(y++, "node    reserved         has      in use      cached growths");
	for (i = 0; i < nb_nodes; i++)
		draw_node(y++, &t->nodes[i]);
	/* What is left is for lcores, as many as there are, but for a few classes. */
	left = LINES > y + 4 ? (unsigned int)(LINES - y - 4) : 0;
	nb_lcores = least(t->nb_lcores, left - least(left / 2, 8));
	y++;
	draw_head(y++, " lcore  allocated  cache       freed  cache refused    cached");
	for (i = 0; i < nb_lcores; i++)
		draw_lcore(y++, &t->lcores[i]);
	y++;
	draw_head(y++, "node     bytes        live          as      cached        free");
	for (i = 0; i < t->nb_classes && y < LINES; i++)
		draw_class(y++, &t->classes[i]);
	refresh();
}

/* Without a terminal no key comes any more, and none is waited for. */
static bool
is_there(void)
{
	struct pollfd terminal = { .fd = STDIN_FILENO };

	return poll(&terminal, 1, 0) <= 0;
}

/* Until the next look: whether to go on. */
static bool
wait_for(int milliseconds)
{
	int key;

	timeout(milliseconds);
	key = getch();
	return key != 'q' && key != 'Q' && !ending_wanted() && (key != ERR || is_there());
}

static bool
begin_screen(void)
{
	setlocale(LC_ALL, "");
	/* Before the screen, which would end the process otherwise. */
	ending_begin();
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		fprintf(stderr, "fastmem-info: top needs a terminal; status says the same once\n");
		return false;
	}
	if (initscr() == NULL)
		return false;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, true);
	return true;
}

static enum verb_status
show(struct watched *w, int milliseconds)
{
	struct top *t = calloc(1, sizeof(*t));
	bool answers = true;

	if (t == NULL || !begin_screen()) {
		free(t);
		return VERB_FAILED;
	}
	w->quiet = true;
	do {
		answers = top_look(t, w);
		if (answers)
			draw(t);
	} while (answers && wait_for(milliseconds));
	endwin();
	free(t);
	if (!answers)
		fputs(w->why, stderr);
	return answers ? VERB_OK : VERB_FAILED;
}

static enum verb_status
run(const struct options *opts)
{
	const char *period = opts->value[PERIOD];
	static struct watched w;
	enum verb_status status;
	double seconds = 1;
	char *end;

	if (period != NULL) {
		seconds = strtod(period, &end);
		if (*end != '\0' || !(seconds >= 0.1 && seconds <= 60)) {
			fprintf(stderr,
				"fastmem-info: --period takes 0.1 to 60 seconds, not \"%s\"\n",
				period);
			return VERB_FAILED;
		}
	}
	if (watched_open(&w, opts) != 0)
		return VERB_FAILED;
	status = show(&w, (int)(seconds * 1000));
	watched_close(&w);
	return status;
}

const struct verb verb_top = {
	.name = "top",
	.summary = "what a running program does now, on a screen",
	.about =
		"Show what a running program's fastmem has and does, again each second, until q is pressed.",
	.options = top_options,
	.run = run,
};
