/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb prometheus: where a running program's metrics go.
 * Must not: know the metrics, or HTTP.
 * Called by: main.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"
#include "metrics.h"
#include "output.h"
#include "verb.h"
#include "watched.h"

enum { WRITE = NB_WATCHED_OPTIONS, LISTEN };

static const struct option_def prometheus_options[] = {
	WATCHED_OPTIONS,
	[WRITE] = { "--write", "FILE",
		    "write them into FILE, all at once, for the textfile collector of the node exporter" },
	[LISTEN] = { "--listen", "ADDR:PORT",
		     "answer GET /metrics there until stopped; whoever reaches it may read" },
	{ 0 },
};

/* The metrics in memory, to be freed; NULL: there are none, and why is on stderr. */
static char *
collect(size_t *size, void *arg)
{
	const struct options *opts = arg;
	struct watched *w = malloc(sizeof(*w));
	char *text = NULL;
	FILE *memory;
	bool all = false;

	if (w == NULL || watched_open(w, opts) != 0) {
		free(w);
		return NULL;
	}
	memory = open_memstream(&text, size);
	if (memory != NULL) {
		all = metrics_write(memory, w);
		all = fclose(memory) == 0 && all;
	}
	watched_close(w);
	free(w);
	if (all)
		return text;
	free(text);
	return NULL;
}

static enum verb_status
write_once(const struct options *opts)
{
	enum verb_status status = VERB_OK;
	size_t size = 0;
	char *text = collect(&size, (void *)(uintptr_t)opts);
	int rc;

	if (text == NULL)
		return VERB_FAILED;
	if (opts->value[WRITE] == NULL) {
		fwrite(text, 1, size, stdout); /* main() looks at what became of it. */
	} else {
		rc = output_replace(opts->value[WRITE], text, size);
		if (rc < 0) {
			fprintf(stderr,
				"fastmem-info: the metrics could not be written to %s: %s\n",
				opts->value[WRITE], strerror(-rc));
			status = VERB_FAILED;
		}
	}
	free(text);
	return status;
}

static enum verb_status
run(const struct options *opts)
{
	if (opts->value[LISTEN] == NULL)
		return write_once(opts);
	if (opts->value[WRITE] != NULL) {
		fprintf(stderr,
			"fastmem-info: --write writes once and --listen goes on: give one of them\n");
		return VERB_FAILED;
	}
	/* A scrape is not to start a process, and one that stays attached would hold the program up. */
	if (opts->value[WATCHED_SECONDARY] != NULL) {
		fprintf(stderr,
			"fastmem-info: --listen asks by telemetry alone; with --secondary have a timer --write\n");
		return VERB_FAILED;
	}
	return listen_at(opts->value[LISTEN], collect, (void *)(uintptr_t)opts) == 0 ? VERB_OK :
										       VERB_FAILED;
}

const struct verb verb_prometheus = {
	.name = "prometheus",
	.summary = "a running program's figures as metrics for Prometheus",
	.about =
		"Write what the fastmem of a running program has and does as metrics in Prometheus's text format.",
	.options = prometheus_options,
	.run = run,
};
