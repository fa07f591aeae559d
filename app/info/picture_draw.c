/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a picture is drawn with: its style sheet, boxes, texts.
 * Must not: know what is drawn.
 * Called by: the other files of the picture.
 */

#include <stdarg.h>
#include <string.h>

#include "picture.h"

/* Of a letter's height, on average; fonts with wider digits are rare. */
#define LETTER_WIDTH 0.6

#define LETTER_HEIGHT 12

/* Light, and what is other in the dark. Variables would be shorter; few viewers know them. */
static const char style[] =
	"<style>\n"
	"text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;"
	"font-size:12px;fill:#1f2328}\n"
	".headline{font-size:18px;font-weight:600}.name{font-size:15px;font-weight:600}\n"
	".quiet{fill:#59636e}.number{font-variant-numeric:tabular-nums}\n"
	".ground{fill:#f6f8fa}.frame{fill:#fff;stroke:#d1d9e0}\n"
	".frame.apart{stroke-dasharray:5 4;stroke:#8250df}\n"
	".card{fill:#f6f8fa;stroke:#d1d9e0}.card.memory{fill:#fbefff;stroke:#8250df;"
	"stroke-dasharray:5 4}.card.bare{fill:none;stroke-dasharray:2 4}\n"
	".tag{fill:#8250df;font-weight:600}\n"
	".track{fill:#d9e0e7}.used{fill:#0969da}.huge{fill:#1a7f37}.promised{fill:#d4a72c}\n"
	".rule{stroke:#d1d9e0}.heat{fill:#0969da}.cell{fill:none;stroke:#d1d9e0}\n"
	"@media (prefers-color-scheme:dark){\n"
	"text{fill:#f0f6fc}.quiet{fill:#9198a1}\n"
	".ground{fill:#0d1117}.frame{fill:#151b23;stroke:#3d444d}.frame.apart{stroke:#ab7df8}\n"
	".card{fill:#212830;stroke:#3d444d}.card.memory{fill:#271f3a;stroke:#ab7df8}\n"
	".tag{fill:#ab7df8}\n"
	".track{fill:#3d444d}.used{fill:#4493f8}.huge{fill:#3fb950}.promised{fill:#d29922}\n"
	".rule{stroke:#3d444d}.heat{fill:#1f6feb}.cell{stroke:#3d444d}\n"
	"}\n"
	"</style>\n";

void
draw_style(FILE *file)
{
	fputs(style, file);
}

void
draw_box(FILE *file, const char *class, int radius, const struct picture_box *box)
{
	fprintf(file,
		"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n",
		class, box->x, box->y, box->w, box->h, radius);
}

void
draw_text(FILE *file, const char *class, enum draw_align align, int x, int y, int room,
	  const char *format, ...)
{
	static const char *const anchors[] = { "", " text-anchor=\"middle\"",
					       " text-anchor=\"end\"" };
	int size = strstr(class, "headline") != NULL ? 18 :
		   strstr(class, "name") != NULL     ? 15 :
						       LETTER_HEIGHT;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(file, "<text class=\"%s\" x=\"%d\" y=\"%d\"%s", class, x, y, anchors[align]);
	if (strlen(text) * size * LETTER_WIDTH > room)
		fprintf(file, " textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\"", room);
	fprintf(file, ">%s</text>\n", text);
}

void
draw_pair(FILE *file, int x, int y, int width, const char *name, const char *value)
{
	const double letter = LETTER_HEIGHT * LETTER_WIDTH;
	const int gap = LETTER_HEIGHT / 2;
	int left = (int)(strlen(name) * letter) + 1, right = (int)(strlen(value) * letter) + 1;

	/* Where both have too little room, neither crowds out the other. */
	if (left + gap + right > width) {
		left = left < width / 2 ? left : width / 2;
		right = width - left - gap;
	}
	draw_text(file, "quiet", DRAW_LEFT, x, y, left, "%s", name);
	draw_text(file, "number", DRAW_RIGHT, x + width, y, right, "%s", value);
}
