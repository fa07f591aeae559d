/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: reading the command line, and saying what is wrong with it.
 * Must not: judge a value that is given, or touch the machine.
 * Called by: main.c, first of all.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "verb.h"

enum { SHARED_SYSFS, SHARED_HELP, NB_SHARED };

const struct option_def options_shared[] = {
	[SHARED_SYSFS] = { "--sysfs", "DIR", "read DIR, a recorded tree, instead of /sys" },
	[SHARED_HELP] = { "--help", NULL, "this text, or a verb's" },
	[NB_SHARED] = { 0 },
};

/* A command line, and how far it is read. */
struct line {
	int argc, at;
	char **argv;
	const struct verb *verbs, *verb;
	size_t nb_verbs;
	char *error;
	size_t size;
};

static int
refuse(const struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
refuse(const struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(line->error, line->size, format, args);
	va_end(args);
	return -EINVAL;
}

static const char *
verb_at(const void *table, size_t i)
{
	return ((const struct verb *)table)[i].name;
}

static int
take_verb(struct line *line, const char *name)
{
	const char *meant;
	char names[128];
	int used = 0;

	if (line->verb != NULL)
		return refuse(line,
			      "\"%s\" is too much: %s takes options only; see "
			      "fastmem-info %s --help",
			      name, line->verb->name, line->verb->name);
	names[0] = '\0';
	for (size_t i = 0; i < line->nb_verbs; i++) {
		if (strcmp(line->verbs[i].name, name) == 0) {
			line->verb = &line->verbs[i];
			return 0;
		}
		if (used < (int)sizeof(names))
			used += snprintf(names + used, sizeof(names) - used, " %s",
					 line->verbs[i].name);
	}
	meant = nearest(name, verb_at, line->verbs, line->nb_verbs);
	return refuse(line, "there is no verb \"%s\"%s%s%shere are:%s", name,
		      meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
		      meant != NULL ? "? T" : "; t", names);
}

/* The options that may stand here: the verb's, then the shared ones. */
struct known {
	const struct option_def *of_verb;
	size_t nb_of_verb;
};

static struct known
known_here(const struct line *line)
{
	struct known known = { .of_verb = line->verb != NULL ? line->verb->options : NULL };

	while (known.of_verb != NULL && known.of_verb[known.nb_of_verb].name != NULL)
		known.nb_of_verb++;
	return known;
}

static const struct option_def *
def_at(const struct known *known, size_t i)
{
	return i < known->nb_of_verb ? &known->of_verb[i] : &options_shared[i - known->nb_of_verb];
}

static const char *
option_at(const void *table, size_t i)
{
	return def_at(table, i)->name;
}

static int
refuse_option(const struct line *line, const struct known *known, const char *given, size_t len)
{
	const char *of = line->verb != NULL ? line->verb->name : "fastmem-info";
	const char *meant;
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)len, given);
	meant = nearest(name, option_at, known, known->nb_of_verb + NB_SHARED);
	return refuse(line, "%s has no option \"%s\"%s%s%s fastmem-info%s%s --help lists them", of,
		      name, meant != NULL ? "; did you mean " : ";", meant != NULL ? meant : "",
		      meant != NULL ? "?" : "", line->verb != NULL ? " " : "",
		      line->verb != NULL ? of : "");
}

/* The value that belongs to an option, after its "=" or in the next word. */
static int
take_value(struct line *line, const struct option_def *def, const char *after, const char **value)
{
	if (def->value == NULL) {
		if (after != NULL)
			return refuse(line, "%s takes no value, and has \"%s\"", def->name, after);
		*value = def->name;
		return 0;
	}
	if (after == NULL && line->at + 1 < line->argc)
		after = line->argv[++line->at];
	if (after == NULL || after[0] == '\0')
		return refuse(line, "%s wants a value: %s %s", def->name, def->name, def->value);
	/* Rather a value that was forgotten than one that looks like this. */
	if (strncmp(after, "--", 2) == 0)
		return refuse(line, "%s wants a value, not \"%s\": %s %s", def->name, after,
			      def->name, def->value);
	*value = after;
	return 0;
}

static int
take_option(struct line *line, const char *given, struct options *opts)
{
	const struct known known = known_here(line);
	const char *equals = strchr(given, '='), *value = NULL;
	size_t len = equals != NULL ? (size_t)(equals - given) : strlen(given);
	int ret;

	if (strcmp(given, "-h") == 0) {
		given = options_shared[SHARED_HELP].name;
		len = strlen(given);
	}
	for (size_t i = 0; i < known.nb_of_verb + NB_SHARED; i++) {
		const struct option_def *def = def_at(&known, i);

		if (strlen(def->name) != len || strncmp(def->name, given, len) != 0)
			continue;
		ret = take_value(line, def, equals != NULL ? equals + 1 : NULL, &value);
		if (ret < 0)
			return ret;
		if (i < known.nb_of_verb)
			opts->value[i] = value;
		else if (i - known.nb_of_verb == SHARED_SYSFS)
			opts->sysfs = value;
		else
			opts->help = true;
		return 0;
	}
	return refuse_option(line, &known, given, len);
}

int
options_parse(int argc, char **argv, const struct verb *verbs, size_t n, const struct verb **verb,
	      struct options *opts, char *error, size_t size)
{
	struct line line = { .argc = argc,
			     .argv = argv,
			     .verbs = verbs,
			     .nb_verbs = n,
			     .error = error,
			     .size = size };
	struct options found = { .sysfs = "/sys" };
	int ret = 0;

	for (line.at = 1; line.at < argc && ret == 0; line.at++) {
		const char *word = argv[line.at];

		ret = word[0] == '-' ? take_option(&line, word, &found) : take_verb(&line, word);
	}
	if (ret == 0) {
		*verb = line.verb;
		*opts = found;
	}
	return ret;
}
