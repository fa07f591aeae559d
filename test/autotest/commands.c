/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the list of tests and the commands of the prompt. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmdline.h>
#include <cmdline_parse.h>
#include <cmdline_parse_string.h>
#include <cmdline_socket.h>

#include <rte_string_fns.h>

#include "commands.h"
#include "test.h"

#define PROMPT "RTE>>"

static TAILQ_HEAD(, test_command) tests = TAILQ_HEAD_INITIALIZER(tests);
static int last_result;

void
add_test_command(struct test_command *t)
{
	TAILQ_INSERT_TAIL(&tests, t, next);
}

static struct test_command *
test_named(const char *name)
{
	struct test_command *t;

	TAILQ_FOREACH(t, &tests, next)
		if (strcmp(t->command, name) == 0)
			return t;
	return NULL;
}

struct word {
	cmdline_fixed_string_t text;
};

static void
run_test(void *parsed, struct cmdline *cl, void *data)
{
	const struct word *word = parsed;

	RTE_SET_USED(cl);
	RTE_SET_USED(data);
	last_result = test_named(word->text)->callback();
	printf("Test %s\n", last_result == TEST_SUCCESS ? "OK" :
			    last_result == TEST_SKIPPED ? "Skipped" :
							  "Failed");
	fflush(stdout);
}

static void
leave(void *parsed, struct cmdline *cl, void *data)
{
	RTE_SET_USED(parsed);
	RTE_SET_USED(data);
	cmdline_quit(cl);
}

/* Which words it takes is set when all tests are known. */
static cmdline_parse_token_string_t test_word = TOKEN_STRING_INITIALIZER(struct word, text, "");
static cmdline_parse_token_string_t quit_word = TOKEN_STRING_INITIALIZER(struct word, text, "quit");

static cmdline_parse_inst_t test_command = {
	.f = run_test,
	.help_str = "run a test",
	.tokens = { (void *)&test_word, NULL },
};

static cmdline_parse_inst_t quit_command = {
	.f = leave,
	.help_str = "leave",
	.tokens = { (void *)&quit_word, NULL },
};

static cmdline_parse_ctx_t context[] = {
	&test_command,
	&quit_command,
	NULL,
};

bool
commands_init(void)
{
	struct test_command *t;
	size_t size = 1;
	char *words;

	TAILQ_FOREACH(t, &tests, next)
		size += strlen(t->command) + 1;
	words = calloc(1, size);
	if (words == NULL)
		return false;
	/* librte_cmdline's way to say "one of these". */
	TAILQ_FOREACH(t, &tests, next) {
		if (words[0] != '\0')
			rte_strlcat(words, "#", size);
		rte_strlcat(words, t->command, size);
	}
	test_word.string_data.str = words;
	return true;
}

static bool
type(struct cmdline *cl, const char *name)
{
	return cmdline_in(cl, name, (int)strlen(name)) >= 0 && cmdline_in(cl, "\n", 1) >= 0;
}

int
commands_run(char **names, int n)
{
	struct cmdline *cl = cmdline_new(context, PROMPT, STDIN_FILENO, STDOUT_FILENO);
	int result = cl == NULL ? -1 : 0;

	for (int i = 0; i < n && result == 0; i++) {
		if (test_named(names[i]) == NULL) {
			printf("Error: invalid test command: '%s'\n", names[i]);
			result = -1;
		} else {
			result = type(cl, names[i]) ? last_result : -1;
		}
	}
	if (cl != NULL)
		cmdline_free(cl);
	return result;
}

int
commands_interact(void)
{
	struct cmdline *cl = cmdline_stdin_new(context, PROMPT);

	if (cl == NULL)
		return -1;
	cmdline_interact(cl);
	cmdline_stdin_exit(cl);
	return 0;
}
