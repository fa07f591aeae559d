/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report as charts: a script for gnuplot, which draws each as SVG and PNG.
 * Must not: compute what other forms would have to compute too: that is report.c's.
 * Called by: main.c.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "report.h"
#include "scenario.h"

#define SCRIPT "fastmem-perf.gp"

/* A chart's bars are drawn on a logarithmic scale where they differ more than this. */
#define LOG_FROM 20

#define NAME_MAX_LEN 96

static bool
is_latency(const struct metric *metric)
{
	return metric->name[0] == 'p' && isdigit((unsigned char)metric->name[1]);
}

/* A work's name as a file's: letters and digits, with dashes between. */
static void
name_chart(const struct figure *figure, const char *metric, char name[NAME_MAX_LEN])
{
	char text[2 * NAME_MAX_LEN];
	size_t n = 0;
	char *c;

	snprintf(text, sizeof(text), "%s %s %s", figure->scenario, figure->metric.work, metric);
	for (c = text; *c != '\0' && n + 1 < NAME_MAX_LEN; c++) {
		if (isalnum((unsigned char)*c))
			name[n++] = tolower((unsigned char)*c);
		else if (n > 0 && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n > 0 && name[n - 1] == '-')
		n--;
	name[n] = '\0';
}

/* Draw what the lines before have set up, in both formats. */
static void
write_outputs(FILE *file, const char *name, const char *plot)
{
	fprintf(file,
		"set terminal svg noenhanced size 960,480 dynamic font 'sans,13' background 'white'\n"
		"set output '%s.svg'\n%s\n"
		"set terminal pngcairo noenhanced size 960,480 font 'sans,10' background 'white'\n"
		"set output '%s.png'\n%s\n\n",
		name, plot, name, plot);
}

static void
begin_chart(FILE *file, const char *title, const char *ylabel)
{
	fprintf(file,
		"reset\n"
		"set title '%s'\n"
		"set ylabel '%s'\n"
		"set grid ytics\n"
		"set style fill solid 0.8 border -1\n"
		"set boxwidth 0.8\n",
		title, ylabel);
}

/* A bar a way: the median, and a line from the least to the most. */
static void
write_bars(const struct report *report, const struct figure *first, FILE *file)
{
	const struct board *board = report->board;
	char name[NAME_MAX_LEN], title[128];
	double least = 0, most = 0;
	struct statistics value;
	unsigned int row = 0;
	uint32_t i;

	name_chart(first, strcmp(first->metric.name, "time") == 0 ? "" : first->metric.name, name);
	snprintf(title, sizeof(title), "%s%s%s", first->metric.work,
		 strcmp(first->metric.name, "time") == 0 ? "" : ": ",
		 strcmp(first->metric.name, "time") == 0 ? "" : first->metric.name);
	begin_chart(file, title, first->metric.unit);
	fputs("$data << END\n", file);
	for (i = 0; i < board->nb_figures; i++) {
		if (!report_same_metric(first, &board->figures[i]) ||
		    board->figures[i].nb_samples == 0)
			continue;
		value = report_standing(board, &board->figures[i]).statistics;
		fprintf(file, "%u \"%s\" %.6g %.6g %.6g %d\n", row++, board->figures[i].way->title,
			value.median, value.min, value.max, (int)board->figures[i].way->family + 1);
		if (value.median > 0 && (least == 0 || value.median < least))
			least = value.median;
		if (value.median > most)
			most = value.median;
	}
	fputs("END\nset xtics rotate by -30 left\nset rmargin 12\nunset key\n", file);
	if (most > LOG_FROM * least)
		fprintf(file, "set logscale y\nset yrange [%.6g:*]\n", least / 4);
	else
		fputs("set yrange [0:*]\n", file);
	write_outputs(file, name,
		      "plot $data using 1:3:6:xtic(2) with boxes linecolor variable, "
		      "$data using 1:3:4:5 with yerrorbars linecolor 'black' pointsize 0");
}

/* A line a way: how long the slowest share of all operations takes. */
static void
write_curves(const struct report *report, const struct figure *first, FILE *file)
{
	const struct board *board = report->board;
	const struct figure *figure;
	char name[NAME_MAX_LEN];
	char plot[4096] = "plot ";
	unsigned int blocks = 0, point;
	size_t length = strlen(plot);
	uint32_t i, k;

	name_chart(first, "latency", name);
	begin_chart(file, first->metric.work, "ns");
	fputs("$data << END\n", file);
	for (i = 0; i < board->nb_figures; i++) {
		/* Each way's points follow from its first one. */
		if (!report_same_metric(first, &board->figures[i]) ||
		    board->figures[i].nb_samples == 0)
			continue;
		for (k = 0, point = 0; k < board->nb_figures; k++) {
			figure = &board->figures[k];
			if (report_same_work(first, figure) &&
			    figure->way == board->figures[i].way && figure->nb_samples > 0)
				fprintf(file, "%u \"%s\" %.6g\n", point++, figure->metric.name,
					report_standing(board, figure).statistics.median);
		}
		fputs("\n\n", file);
		length += snprintf(plot + length, sizeof(plot) - length,
				   "%s$data index %u using 1:3:xtic(2) with linespoints "
				   "linewidth 2 title '%s'",
				   blocks > 0 ? ", " : "", blocks, board->figures[i].way->title);
		blocks++;
	}
	fputs("END\nset logscale y\nset key outside right\n", file);
	write_outputs(file, name, plot);
}

/* A group of bars a metric, a bar a way: for works that have several of one kind. */
static void
write_groups(const struct report *report, const struct figure *first, FILE *file)
{
	const struct board *board = report->board;
	const struct figure *figure;
	char name[NAME_MAX_LEN];
	char plot[4096] = "plot ";
	size_t length = strlen(plot);
	unsigned int blocks = 0;
	uint32_t i, k;

	name_chart(first, "", name);
	begin_chart(file, first->metric.work, first->metric.unit);
	for (i = 0; i < board->nb_figures; i++) {
		if (!report_same_metric(first, &board->figures[i]))
			continue;
		fprintf(file, "$data%u << END\n", blocks);
		for (k = 0; k < board->nb_figures; k++) {
			figure = &board->figures[k];
			if (report_same_work(first, figure) && !figure->metric.is_detail &&
			    figure->way == board->figures[i].way)
				fprintf(file, "\"%s\" %.6g\n", figure->metric.name,
					report_standing(board, figure).statistics.median);
		}
		fputs("END\n", file);
		length += snprintf(plot + length, sizeof(plot) - length,
				   "%s$data%u using 2:xtic(1) title '%s'", blocks > 0 ? ", " : "",
				   blocks, board->figures[i].way->title);
		blocks++;
	}
	fputs("set style data histograms\nset style histogram clustered gap 1\n"
	      "set key outside right\n",
	      file);
	write_outputs(file, name, plot);
}

/* Ratios to the mempool of everything that is measured by the pair. */
static void
write_overview(const struct report *report, FILE *file)
{
	static const struct way *const shown[] = { &way_fastmem,	&way_fastmem_sized,
						   &way_fastmem_handle, &way_mimalloc,
						   &way_jemalloc,	&way_tcmalloc };
	const struct board *board = report->board;
	const struct figure *figure;
	char plot[1024] = "plot ";
	size_t length = strlen(plot);
	struct standing standing;
	unsigned int w;
	uint32_t i, k;

	begin_chart(file, "Time a pair of allocate and free takes, as a share of rte_mempool",
		    "rte_mempool = 1");
	fputs("$data << END\n", file);
	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (figure->way != &way_fastmem || figure->nb_samples == 0 ||
		    strcmp(figure->metric.unit, "ns a pair") != 0 || figure->metric.is_detail ||
		    report_standing(board, figure).to_mempool == 0)
			continue;
		fprintf(file, "\"%s\"", figure->metric.work);
		for (w = 0; w < sizeof(shown) / sizeof(shown[0]); w++) {
			standing.to_mempool = 0;
			for (k = 0; k < board->nb_figures; k++)
				if (report_same_metric(figure, &board->figures[k]) &&
				    board->figures[k].way == shown[w])
					standing = report_standing(board, &board->figures[k]);
			if (standing.to_mempool > 0)
				fprintf(file, " %.4g", standing.to_mempool);
			else
				fputs(" nan", file);
		}
		fputc('\n', file);
	}
	for (w = 0; w < sizeof(shown) / sizeof(shown[0]); w++)
		length += snprintf(plot + length, sizeof(plot) - length,
				   "%s$data using %u%s title '%s'", w > 0 ? ", " : "", w + 2,
				   w == 0 ? ":xtic(1)" : "", shown[w]->title);
	snprintf(plot + length, sizeof(plot) - length, ", 1 linecolor 'black' notitle");
	fputs("END\nset style data histograms\nset style histogram clustered gap 1\n"
	      "set logscale y 2\nset xtics rotate by -25 left\nset key outside right\n",
	      file);
	write_outputs(file, "overview", plot);
}

/* Whether a figure's work has its chart already. */
static bool
is_drawn(const struct board *board, uint32_t number)
{
	const struct figure *figure = &board->figures[number];
	uint32_t i;

	for (i = 0; i < number; i++)
		if (report_same_work(&board->figures[i], figure))
			return true;
	return false;
}

/* How many metrics of a work are no details; *chief is the first such. */
static unsigned int
count_main(const struct board *board, const struct figure *first, const struct figure **chief)
{
	unsigned int nb = 0;
	uint32_t i;

	*chief = NULL;
	for (i = 0; i < board->nb_figures; i++) {
		if (!report_same_work(first, &board->figures[i]) ||
		    board->figures[i].metric.is_detail || board->figures[i].way != first->way)
			continue;
		if (*chief == NULL)
			*chief = &board->figures[i];
		nb++;
	}
	return nb;
}

/* A work's chart, whichever suits its metrics. */
static void
write_chart(const struct report *report, const struct figure *first, FILE *file)
{
	const struct figure *chief;
	unsigned int nb = count_main(report->board, first, &chief);

	if (strcmp(first->metric.name, "p50") == 0 && is_latency(&first->metric))
		write_curves(report, first, file);
	else if (nb > 1)
		write_groups(report, chief, file);
	else if (nb == 1)
		write_bars(report, chief, file);
}

static void
write_script(const struct report *report, FILE *file)
{
	const struct board *board = report->board;
	const struct figure *figure;
	bool has_pairs = false;
	uint32_t i;

	fprintf(file, "# Made by fastmem-perf: gnuplot %s\n\n", SCRIPT);
	for (i = 0; i < board->nb_figures; i++) {
		figure = &board->figures[i];
		if (figure->nb_samples > 0 && !is_drawn(board, i))
			write_chart(report, figure, file);
		has_pairs |= figure->way == &way_fastmem &&
			     strcmp(figure->metric.unit, "ns a pair") == 0;
	}
	if (has_pairs)
		write_overview(report, file);
}

/* In the folder, so that nothing has to be quoted. */
static int
run_gnuplot(const char *folder)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (chdir(folder) == 0)
			execlp("gnuplot", "gnuplot", SCRIPT, (char *)NULL);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return status == 0 ? 0 : -EIO;
}

int
report_plot(const struct report *report, const char *folder)
{
	char path[PATH_MAX];
	int ret;

	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/" SCRIPT, folder) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	ret = file_write(report, path, write_script);
	return ret != 0 ? ret : run_gnuplot(folder);
}
