/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the report's charts: how figures went, histograms, bars.
 * Must not: know whose figures they are.
 * Called by: the files of the report.
 *
 * Widths are in percent, heights in pixels: a chart is as wide as there is room, and its text as large
 * as that around it. What cannot be in percent lies in a picture within, which is stretched.
 */

#include <math.h>
#include <string.h>

#include "html.h"
#include "report.h"

#define PLOT_HEIGHT 168
#define PLOT_TOP    8
#define PLOT_FOOT   22
#define AXIS_WIDTH  72
#define STEPS	    4
/* Of the picture that is stretched. */
#define SCALE 1000

#define POWERS 64

/* ---- axes */

/* Between lines of a grid, so that there are about STEPS of them. */
static double
step_of(double range, bool binary)
{
	double step = pow(binary ? 2 : 10, floor(log(range / STEPS) / log(binary ? 2 : 10)));
	static const double decimal[] = { 2, 2.5, 2 }; /* 1, 2, 5, 10 */
	size_t i = 0;

	if (binary)
		return range / step > STEPS + 1 ? 2 * step : step;
	while (range / step > STEPS + 1)
		step *= decimal[i++ % 3];
	return step;
}

struct axis {
	double least, most, step;
};

static struct axis
axis_of(const struct chart *c)
{
	struct axis a = { .least = c->from_zero ? 0 : INFINITY, .most = c->from_zero ? 1 : 0 };
	double value, range;

	for (size_t s = 0; s < c->nb_series; s++)
		for (size_t i = 0; i < c->n; i++) {
			value = c->series[s].values[i];
			a.least = value < a.least ? value : a.least;
			a.most = value > a.most ? value : a.most;
		}
	/* What hardly changes is not to look as if it did. */
	range = a.most - a.least;
	range = range < a.most / 50 ? a.most / 50 : range;
	a.step = step_of(range > 0 ? range : 1, c->binary);
	a.least = floor(a.least / a.step) * a.step;
	a.most = fmax(ceil(a.most / a.step) * a.step, a.least + a.step);
	return a;
}

static double
height_of(const struct axis *a, double value)
{
	return PLOT_TOP + PLOT_HEIGHT * (a->most - value) / (a->most - a->least);
}

static void
draw_labels(FILE *file, const struct chart *c, const struct axis *a)
{
	char text[SIZE_TEXT];

	fprintf(file, "<svg class=\"axis\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">\n",
		AXIS_WIDTH, PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT);
	for (double v = a->least; v < a->most + a->step / 2; v += a->step)
		fprintf(file,
			"<text class=\"quiet\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			AXIS_WIDTH - 8, height_of(a, v) + 4, c->text(text, v));
	fputs("</svg>", file);
}

static void
draw_grid(FILE *file, const struct chart *c, const struct axis *a)
{
	static const char *const anchors[] = { "start", "middle", "end" };
	char text[SIZE_TEXT];

	for (double v = a->least; v < a->most + a->step / 2; v += a->step)
		fprintf(file,
			"<line class=\"rule\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			height_of(a, v), height_of(a, v));
	for (int i = 0; i < 3; i++)
		fprintf(file,
			"<text class=\"quiet\" x=\"%d%%\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
			i * 50, PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT - 5, anchors[i],
			i == 0 ? "0 s" : time_text(text, c->at[c->n - 1] * 1e9 * i / 2));
}

/* ---- how figures went */

static void
put_point(FILE *file, const struct chart *c, const struct axis *a, size_t i, double value)
{
	double span = c->at[c->n - 1] - c->at[0];

	fprintf(file, "%.1f,%.1f ", span > 0 ? SCALE * (c->at[i] - c->at[0]) / span : 0,
		height_of(a, value) - PLOT_TOP);
}

static void
draw_series(FILE *file, const struct chart *c, const struct axis *a, size_t s)
{
	const struct chart_series *of = &c->series[s];
	/* The area before, which this one lies on. */
	const struct chart_series *under = s > 0 ? of - 1 : NULL;

	fprintf(file, "<%s class=\"%s%s\" points=\"", of->is_line ? "polyline" : "polygon",
		of->is_line ? "line " : "", of->class);
	for (size_t i = 0; i < c->n; i++)
		put_point(file, c, a, i, of->values[i]);
	for (size_t i = c->n; !of->is_line && i-- > 0;)
		put_point(file, c, a, i, under != NULL ? under->values[i] : a->least);
	fputs("\"/>\n", file);
}

static void
describe(FILE *file, const struct chart *c)
{
	char first[SIZE_TEXT], last[SIZE_TEXT];

	for (size_t s = 0; s < c->nb_series; s++)
		fprintf(file, "%s%s from %s to %s", s > 0 ? "; " : "", c->series[s].name,
			c->text(first, c->series[s].values[0]),
			c->text(last, c->series[s].values[c->n - 1]));
}

void
chart_draw(FILE *file, const struct chart *c)
{
	const struct axis a = axis_of(c);

	fputs("<div class=\"chart\">", file);
	draw_labels(file, c, &a);
	fprintf(file, "<svg class=\"plot\" height=\"%d\" role=\"img\"><title>%s</title><desc>",
		PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT, c->title);
	describe(file, c);
	fputs("</desc>\n", file);
	draw_grid(file, c, &a);
	fprintf(file,
		"<svg y=\"%d\" width=\"100%%\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"preserveAspectRatio=\"none\">\n",
		PLOT_TOP, PLOT_HEIGHT, SCALE, PLOT_HEIGHT);
	for (size_t s = 0; s < c->nb_series; s++)
		draw_series(file, c, &a, s);
	fputs("</svg></svg></div>\n", file);
}

void
chart_key(FILE *file, const char *class, const char *name)
{
	fprintf(file,
		"<span class=\"key\"><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"%s\" "
		"width=\"12\" height=\"12\" rx=\"2\"/></svg>%s</span>\n",
		class, name);
}

void
chart_bar(FILE *file, const double *parts, const char *const *classes, size_t n, double whole)
{
	double x = 0, width;

	fputs("<svg class=\"bar\" width=\"100%\" height=\"12\" aria-hidden=\"true\">"
	      "<rect class=\"track\" width=\"100%\" height=\"12\" rx=\"2\"/>",
	      file);
	for (size_t i = 0; i < n; i++, x += width) {
		width = whole > 0 ? 100 * parts[i] / whole : 0;
		width = fmin(width, 100 - x);
		if (width > 0)
			fprintf(file,
				"<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"12\"/>",
				classes[i], x, width);
	}
	fputs("</svg>", file);
}

/* ---- histograms */

struct range {
	size_t first, end;
	double of[POWERS], sum, most;
	size_t highest;
};

static struct range
range_of(const json_t *counts)
{
	struct range r = { .first = POWERS };

	for (size_t i = 0; i < POWERS && i < json_array_size(counts); i++) {
		/* So that it is a whole number again where one is shown. */
		r.of[i] = fmin((double)watched_value(json_array_get(counts, i)), 0x1p63);
		if (r.of[i] <= 0)
			continue;
		r.first = i < r.first ? i : r.first;
		r.end = i + 1;
		r.sum += r.of[i];
		r.highest = r.of[i] > r.most ? i : r.highest;
		r.most = fmax(r.of[i], r.most);
	}
	return r;
}

static void
put_range(FILE *file, const struct histogram *h, const struct range *r, size_t i)
{
	char from[SIZE_TEXT], to[SIZE_TEXT], count[SIZE_TEXT];

	fprintf(file, "%s to %s: %s %s, %.1f %%", h->text(from, ldexp(1, (int)i)),
		h->text(to, ldexp(1, (int)i + 1)), count_text(count, (uint64_t)r->of[i]), h->of,
		answers_percent(r->of[i], r->sum));
}

static void
draw_columns(FILE *file, const struct histogram *h, const struct range *r)
{
	double width = 100.0 / (double)(r->end - r->first), x, height;
	char text[SIZE_TEXT];

	for (size_t i = r->first; i < r->end; i++) {
		x = width * (double)(i - r->first);
		height = r->of[i] > 0 ? fmax(PLOT_HEIGHT * r->of[i] / r->most, 2) : 0;
		fputs("<g><title>", file);
		put_range(file, h, r, i);
		fprintf(file,
			"</title><rect class=\"none\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" height=\"%d\"/>"
			"<rect class=\"used\" x=\"%.2f%%\" y=\"%.1f\" width=\"%.2f%%\" height=\"%.1f\" "
			"rx=\"2\"/></g>\n",
			x, PLOT_TOP, width, PLOT_HEIGHT, x + width * 0.08,
			PLOT_TOP + PLOT_HEIGHT - height, width * 0.84, height);
		/* An edge's value stands where the column begins. */
		if (i % h->label_each == 0 && x > 4 && x < 90)
			fprintf(file,
				"<text class=\"quiet\" x=\"%.2f%%\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
				x, PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT - 5,
				h->text(text, ldexp(1, (int)i)));
	}
}

static void
put_table(FILE *file, const struct histogram *h, const struct range *r)
{
	char from[SIZE_TEXT], count[SIZE_TEXT];

	fprintf(file,
		"<details><summary>As a table</summary><table><thead><tr><th>from</th><th>%s</th>"
		"<th>share</th></tr></thead><tbody>\n",
		h->of);
	for (size_t i = r->first; i < r->end; i++) {
		fputs("<tr>", file);
		html_cell(file, NULL, "%s", h->text(from, ldexp(1, (int)i)));
		html_cell(file, NULL, "%s", count_text(count, (uint64_t)r->of[i]));
		html_cell(file, NULL, "%.1f %%", answers_percent(r->of[i], r->sum));
		fputs("</tr>\n", file);
	}
	fputs("</tbody></table></details>\n", file);
}

void
chart_histogram(FILE *file, const struct histogram *h)
{
	const struct range r = range_of(h->counts);

	fprintf(file, "<figure id=\"%s\"><figcaption>%s</figcaption>\n", h->id, h->title);
	if (r.end == 0) {
		fputs("<p class=\"note\">None was sampled.</p></figure>\n", file);
		return;
	}
	fprintf(file,
		"<svg class=\"plot\" height=\"%d\" role=\"img\"><title>%s</title><desc>Most: ",
		PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT, h->title);
	put_range(file, h, &r, r.highest);
	fputs("</desc>\n", file);
	fprintf(file, "<line class=\"rule\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>\n",
		PLOT_TOP + PLOT_HEIGHT, PLOT_TOP + PLOT_HEIGHT);
	draw_columns(file, h, &r);
	fputs("</svg>\n<p class=\"note\">Most: ", file);
	put_range(file, h, &r, r.highest);
	fputs(".</p>\n", file);
	put_table(file, h, &r);
	fputs("</figure>\n", file);
}
