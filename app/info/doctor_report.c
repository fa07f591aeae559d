/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: findings as text and as JSON.
 * Must not: judge.
 * Called by: doctor.c.
 */

#include "doctor.h"

void
doctor_report_text(FILE *file, const struct doctor_findings *findings)
{
	if (findings->n == 0)
		fprintf(file, "Nothing stands in the way of placing memory here.\n");
	for (unsigned int i = 0; i < findings->n; i++) {
		const struct doctor_finding *finding = &findings->all[i];

		fprintf(file, "%s: %s\n", finding->id, finding->what);
		if (finding->fix[0] != '\0')
			fprintf(file, "    fix: %s\n", finding->fix);
	}
}

static void
put_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(file, "\\u%04x", *text);
		else
			fputc(*text, file);
	}
	fputc('"', file);
}

void
doctor_report_json(FILE *file, const struct doctor_findings *findings)
{
	fprintf(file, "{\"ok\": %s, \"problems\": [", findings->n == 0 ? "true" : "false");
	for (unsigned int i = 0; i < findings->n; i++) {
		const struct doctor_finding *finding = &findings->all[i];

		fprintf(file, "%s\n  {\"id\": ", i > 0 ? "," : "");
		put_string(file, finding->id);
		fprintf(file, ", \"what\": ");
		put_string(file, finding->what);
		fprintf(file, ", \"fix\": ");
		put_string(file, finding->fix);
		fprintf(file, "}");
	}
	fprintf(file, "%s]}\n", findings->n > 0 ? "\n" : "");
}
