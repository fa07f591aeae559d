/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the table of verbs, the help, and what the program exits with.
 * Must not: know what a verb does.
 * Called by: the user.
 */

#include <stdio.h>
#include <string.h>

#include "options.h"
#include "verb.h"

/* The column that explanations begin in. */
#define INDENT 18

static const char about_plan[] =
	"\n"
	"PLAN is a file or, if there is none of that name, a plan in one line such as\n"
	"0=2G@1G,any=64M. What FASTMEM_PLAN says overrides a file, and a line overrides it.\n"
	"Without PLAN it is what FASTMEM_CONFIG and FASTMEM_PLAN say.\n";

static const char statuses[] =
	"\n"
	"Exit status: 0 if it is so or was done, 1 if the plan does not fit or was refused, 2 if\n"
	"there is no answer: it was called wrongly, the plan is none, or a file could not be read.\n";

static void
print_lines(FILE *out, const char *name, const char *value, const char *text)
{
	int width = fprintf(out, "  %s%s%s", name, value[0] != '\0' ? " " : "", value);
	const char *end;

	for (;; text = end + 1) {
		end = strchr(text, '\n');
		fprintf(out, "%*s", width < INDENT ? INDENT - width : 1, "");
		width = 0;
		if (end == NULL)
			break;
		fprintf(out, "%.*s\n", (int)(end - text), text);
	}
	fprintf(out, "%s\n", text);
}

static void
print_usage(FILE *out, const struct verb *const *verbs, size_t n)
{
	fputs("usage: fastmem-reserve VERB [PLAN] [options]\n"
	      "\n"
	      "Get the memory of a service ready before its traffic starts.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < n; i++)
		print_lines(out, verbs[i]->name, "", verbs[i]->summary);
	fputs("\nfastmem-reserve VERB --help tells the options of a verb.\n", out);
	fputs(about_plan, out);
	fputs(statuses, out);
}

static void
print_help(FILE *out, const struct verb *verb)
{
	fprintf(out, "usage: fastmem-reserve %s %s\n\n%s\n\n", verb->name, verb->usage,
		verb->about);
	for (const struct option_def *def = verb->options; def->name != NULL; def++)
		print_lines(out, def->name, def->value != NULL ? def->value : "", def->help);
	print_lines(out, "--help", "", "this text");
	if ((verb->takes & TAKES_PLAN) != 0)
		fputs(about_plan, out);
	fputs(statuses, out);
}

int
main(int argc, char **argv)
{
	/* A further verb is added here. */
	const struct verb *const verbs[] = { &verb_check, &verb_apply, &verb_exec,
					     &verb_hold,  &verb_show,  &verb_clean };
	const size_t n = sizeof(verbs) / sizeof(verbs[0]);
	enum verb_status status = VERB_OK;
	const struct verb *verb;
	struct options opts;
	char error[512];

	(void)argc;
	if (options_parse(argv, verbs, n, &verb, &opts, error, sizeof(error)) < 0) {
		fprintf(stderr, "fastmem-reserve: %s\n", error);
		return VERB_FAILED;
	}
	if (verb == NULL) {
		print_usage(opts.help ? stdout : stderr, verbs, n);
		status = opts.help ? VERB_OK : VERB_FAILED;
	} else if (opts.help) {
		print_help(stdout, verb);
	} else {
		status = verb->run(&opts);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("fastmem-reserve: the answer could not be written");
		return VERB_FAILED;
	}
	return status;
}
