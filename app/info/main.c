/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the table of verbs, the help, and what the program exits with.
 * Must not: know what a verb does, or start EAL.
 * Called by: the user.
 */

#include <stdio.h>
#include <string.h>

#include "options.h"
#include "verb.h"

/* The column that explanations begin in. */
#define INDENT 16

static const char statuses[] =
	"\n"
	"Exit status: 0 if all is well, 1 if doctor or audit found something, 2 if there is no answer: it\n"
	"was called wrongly, the machine or the program could not be read, or the answer not be written.\n";

static void
print_lines(FILE *out, const char *name, const char *value, const char *text)
{
	int width = fprintf(out, "  %s%s%s", name, value != NULL ? " " : "",
			    value != NULL ? value : "");
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
print_options(FILE *out, const struct option_def *defs)
{
	for (; defs->name != NULL; defs++)
		print_lines(out, defs->name, defs->value, defs->help);
}

static void
print_usage(FILE *out, const struct verb *verbs, size_t n)
{
	fputs("usage: fastmem-info VERB [options]\n"
	      "\n"
	      "Tell about this machine's memory, and what a running program does with its; changes\n"
	      "nothing, and needs no hugepages.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < n; i++)
		print_lines(out, verbs[i].name, NULL, verbs[i].summary);
	fputs("\n", out);
	print_options(out, options_shared);
	fputs("\nfastmem-info VERB --help tells the options of a verb.\n", out);
	fputs(statuses, out);
}

static void
print_help(FILE *out, const struct verb *verb)
{
	fprintf(out, "usage: fastmem-info %s [options]\n\n%s\n\n", verb->name, verb->about);
	print_options(out, verb->options);
	print_options(out, options_shared);
	fputs(statuses, out);
}

int
main(int argc, char **argv)
{
	/* A further verb is added here. */
	const struct verb verbs[] = {
		verb_topology, verb_doctor, verb_status,     verb_top,	  verb_classes,
		verb_map,      verb_audit,  verb_prometheus, verb_report,
	};
	const size_t n = sizeof(verbs) / sizeof(verbs[0]);
	enum verb_status status = VERB_OK;
	const struct verb *verb;
	struct options opts;
	char error[512];

	if (options_parse(argc, argv, verbs, n, &verb, &opts, error, sizeof(error)) < 0) {
		fprintf(stderr, "fastmem-info: %s\n", error);
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
		perror("fastmem-info: the answer could not be written");
		return VERB_FAILED;
	}
	return status;
}
