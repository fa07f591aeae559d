/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: FASTMEM_MEMPROF: a profile that begins with fastmem, without a call in the program.
 * Must not: do anything where that is not set.
 * Called by: a constructor, by rte_fastmem_init() then, and by exit(3).
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_log.h>

#include "memprof_priv.h"
#include "memwatch_priv.h"

#define VARIABLE "FASTMEM_MEMPROF"

RTE_LOG_REGISTER(mp_logtype, lib.memprof, NOTICE);

void
mp_log(const char *text)
{
	rte_log(RTE_LOG_ERR, (uint32_t)mp_logtype, "MEMPROF: %s\n", text);
}

/* ---- what it says */

static int
number(const char *text, uint64_t most, uint64_t *n)
{
	char *end;

	/* strtoull() would take signs and spaces. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*n = strtoull(text, &end, 10);
	return errno != 0 || *end != '\0' || *n > most ? -EINVAL : 0;
}

static int
set_number(const char *name, const char *text, struct rte_memprof_config *config)
{
	uint32_t *const where[] = { &config->max_samples, &config->max_sites, &config->depth };
	static const char *const names[] = { "samples", "sites", "depth" };
	unsigned int i;
	uint64_t n;

	if (strcmp(name, "interval") == 0)
		return number(text, UINT64_MAX, &config->interval);
	for (i = 0; i < RTE_DIM(names); i++)
		if (strcmp(name, names[i]) == 0 && number(text, UINT32_MAX, &n) == 0) {
			*where[i] = (uint32_t)n;
			return 0;
		}
	return -EINVAL;
}

static int
set_file(const char *name, const char *text, struct rte_memprof_config *config)
{
	const char **const where[] = { &config->leaks, &config->text, &config->pprof,
				       &config->folded };
	static const char *const names[] = { "leaks", "text", "pprof", "folded" };
	unsigned int i;

	for (i = 0; i < RTE_DIM(names); i++)
		if (strcmp(name, names[i]) == 0 && *text != '\0') {
			*where[i] = text;
			return 0;
		}
	return -EINVAL;
}

int
mp_env_parse(char *text, struct rte_memprof_config *config)
{
	struct rte_memprof_config c = { 0 };
	char *word, *value, *rest = text;

	while ((word = strsep(&rest, ",")) != NULL) {
		if (strcmp(word, "on") == 0)
			continue;
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		if (value == NULL ||
		    (set_number(word, value, &c) != 0 && set_file(word, value, &c) != 0))
			return mw_fail(-EINVAL,
				       VARIABLE " has \"%s%s%s\": it takes \"on\", interval=, "
						"samples=, sites= or depth= with a number, leaks=, "
						"text=, pprof= or folded= with a file, and commas "
						"between them",
				       word, value != NULL ? "=" : "", value != NULL ? value : "");
	}
	*config = c;
	return 0;
}

/* ---- what is done about it */

static pid_t profiled; /* 0: none yet */

/* Programs that were not written for fastmem end without rte_fastmem_deinit(). */
static void
on_exit_of_process(void)
{
	/* A child has the handler too, and not the thread. */
	if (getpid() == profiled)
		mp_end_at_exit();
}

static void
on_init(void)
{
	const char *asked = getenv(VARIABLE);
	struct rte_memprof_config config;
	char text[MP_ENV_MAX];
	int rc;

	if (asked == NULL || *asked == '\0')
		return;
	rc = snprintf(text, sizeof(text), "%s", asked) < (int)sizeof(text) ?
		     mp_env_parse(text, &config) :
		     mw_fail(-EINVAL, VARIABLE " is longer than %zu bytes", sizeof(text) - 1);
	if (rc == 0)
		rc = rte_memprof_start(&config);
	if (rc != 0) {
		mp_log(rte_memwatch_error());
		return;
	}
	if (profiled == 0 && atexit(on_exit_of_process) != 0)
		mp_log("its files are written by rte_fastmem_deinit() alone: no room for a handler at exit");
	profiled = getpid();
}

RTE_INIT(mp_env_init)
{
	const char *asked = getenv(VARIABLE);

	if (asked != NULL && *asked != '\0')
		rte_fastmem_sample_at_init(on_init);
}
