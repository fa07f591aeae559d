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

/* A command line, and how far it is read. */
struct line {
	char **at;
	const struct verb *const *verbs;
	size_t nb_verbs;
	const struct verb *verb;
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

static int
refuse_verb(const struct line *line, const char *name)
{
	char names[256];
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < line->nb_verbs && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s",
					 line->verbs[i]->name);
	return refuse(line, "there is no verb \"%s\"; there are:%s", name, names);
}

static int
take_word(struct line *line, const char *word, struct options *opts)
{
	if (line->verb == NULL) {
		for (size_t i = 0; i < line->nb_verbs; i++)
			if (strcmp(line->verbs[i]->name, word) == 0)
				line->verb = line->verbs[i];
		return line->verb != NULL ? 0 : refuse_verb(line, word);
	}
	if ((line->verb->takes & TAKES_PLAN) == 0 || opts->plan != NULL)
		return refuse(line, "\"%s\" is too much%s; see fastmem-reserve %s --help", word,
			      opts->plan != NULL ? ": the plan is given" : "", line->verb->name);
	/* It is no file, nor a plan; the environment's is meant by none. */
	if (word[0] == '\0')
		return refuse(line, "the plan is empty; a file is wanted, or a line such as 0=2G");
	opts->plan = word;
	return 0;
}

static int
refuse_option(const struct line *line, const char *name, int len)
{
	char names[256];
	size_t used = 0;

	if (line->verb == NULL)
		return refuse(line,
			      "the verb comes first, then \"%.*s\"; see fastmem-reserve "
			      "--help",
			      len, name);
	names[0] = '\0';
	for (const struct option_def *def = line->verb->options;
	     def->name != NULL && used < sizeof(names); def++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s", def->name);
	return refuse(line, "%s has no option \"%.*s\"; it has:%s --help", line->verb->name, len,
		      name, names);
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
	if (after == NULL && line->at[1] != NULL)
		after = *++line->at;
	/* Rather a value that was forgotten than one that looks like an option. */
	if (after == NULL || after[0] == '\0' || strncmp(after, "--", 2) == 0)
		return refuse(line, "%s wants a value: %s %s", def->name, def->name, def->value);
	*value = after;
	return 0;
}

static int
take_option(struct line *line, const char *given, struct options *opts)
{
	const struct option_def *defs = line->verb != NULL ? line->verb->options : NULL;
	const char *equals = strchr(given, '=');
	size_t len = equals != NULL ? (size_t)(equals - given) : strlen(given);

	if (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0) {
		opts->help = true;
		return 0;
	}
	for (size_t i = 0; defs != NULL && defs[i].name != NULL; i++)
		if (strlen(defs[i].name) == len && strncmp(defs[i].name, given, len) == 0)
			return take_value(line, &defs[i], equals != NULL ? equals + 1 : NULL,
					  &opts->value[i]);
	return refuse_option(line, given, (int)len);
}

int
options_parse(char **argv, const struct verb *const *verbs, size_t n, const struct verb **verb,
	      struct options *opts, char *error, size_t size)
{
	struct line line = { argv, verbs, n, NULL, error, size };
	struct options found = { 0 };
	int ret = 0;

	while (ret == 0 && *line.at != NULL && *++line.at != NULL) {
		if (strcmp(*line.at, "--") == 0) {
			if (line.verb == NULL || (line.verb->takes & TAKES_REST) == 0)
				return refuse(&line, "nothing is taken behind \"--\" here");
			found.rest = line.at + 1;
			break;
		}
		ret = (*line.at)[0] == '-' ? take_option(&line, *line.at, &found) :
					     take_word(&line, *line.at, &found);
	}
	if (ret == 0) {
		*verb = line.verb;
		*opts = found;
	}
	return ret;
}
