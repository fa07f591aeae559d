/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the metrics: their names, labels and help, after Prometheus's conventions.
 * Must not: know where they go.
 * Called by: prometheus.c.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and .../docs/practices/naming/
 */

#include <inttypes.h>
#include <string.h>

#include "answers.h"
#include "metrics.h"

/* All that is asked of a program, at once: a metric's lines must follow each other. */
struct asked {
	struct answers of;
	json_t *classes; /* by node */
};

static void
head(FILE *file, const char *name, const char *type, const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* ---- nodes */

static const struct {
	const char *name, *type, *field, *help;
} node_metrics[] = {
	{ "fastmem_reserved_bytes", "gauge", "bytes_reserved", "Memory reserved on the node." },
	{ "fastmem_backing_bytes", "gauge", "bytes_backing",
	  "Memory taken from EAL on the node, growth included." },
	{ "fastmem_in_use_bytes", "gauge", "bytes_in_use", "Blocks that the application holds." },
	{ "fastmem_cached_bytes", "gauge", "bytes_cached",
	  "Blocks in threads' caches and in magazines." },
	{ "fastmem_limit_bytes", "gauge", "bytes_limit", "How far the node may grow." },
	{ "fastmem_free_slabs", "gauge", "free_slabs", "Slabs of 2 MiB without any block." },
	{ "fastmem_growths_total", "counter", "growths",
	  "Times that an allocation took more memory from EAL." },
	{ "fastmem_failed_growths_total", "counter", "failed_growths",
	  "Times that EAL or the limit refused such growth." },
};

static void
write_nodes(FILE *file, const struct asked *a)
{
	const char *node;
	uint64_t value;
	json_t *figures;

	for (size_t i = 0; i < sizeof(node_metrics) / sizeof(node_metrics[0]); i++) {
		head(file, node_metrics[i].name, node_metrics[i].type, node_metrics[i].help);
		json_object_foreach(a->of.nodes, node, figures)
		{
			value = watched_number(figures, node_metrics[i].field);
			/* No limit. */
			if (value != UINT64_MAX)
				fprintf(file, "%s{node=\"%s\"} %" PRIu64 "\n", node_metrics[i].name,
					node, value);
		}
	}
}

/* ---- classes */

static void
write_classes(FILE *file, const struct asked *a)
{
	static const char *const states[] = { "live", "in_caches", "in_transit", "free" };
	const char *node;
	json_t *table;

	head(file, "fastmem_class_blocks", "gauge",
	     "Blocks of a size class, by what became of them.");
	json_object_foreach(a->classes, node,
			    table) for (size_t row = 0; row < watched_rows(table, "class_size");
					row++) for (size_t i = 0;
						    i < sizeof(states) / sizeof(states[0]); i++)
		fprintf(file,
			"fastmem_class_blocks{node=\"%s\",class_size=\"%" PRIu64
			"\",state=\"%s\"} %" PRIu64 "\n",
			node, watched_cell(table, "class_size", row), states[i],
			watched_cell(table, states[i], row));
}

/* ---- lcores */

static const struct {
	const char *name, *result;
	enum answers_call call;
	const char *help; /* a metric begins */
} lcore_metrics[] = {
	{ "fastmem_allocations_total", "hit", CALL_ALLOC_HITS,
	  "Allocations, by whether the thread's cache served them; nomem: nobody could." },
	{ "fastmem_allocations_total", "miss", CALL_ALLOC_MISSES, NULL },
	{ "fastmem_allocations_total", "nomem", CALL_ALLOC_NOMEM, NULL },
	{ "fastmem_frees_total", "hit", CALL_FREE_HITS,
	  "Frees, by whether the thread's cache took them." },
	{ "fastmem_frees_total", "miss", CALL_FREE_MISSES, NULL },
};

static void
write_lcores(FILE *file, const struct asked *a)
{
	struct answers_lcore lcore;
	char id[16];

	for (size_t i = 0; i < sizeof(lcore_metrics) / sizeof(lcore_metrics[0]); i++) {
		if (lcore_metrics[i].help != NULL)
			head(file, lcore_metrics[i].name, "counter", lcore_metrics[i].help);
		for (size_t k = 0; k < answers_nb_lcores(&a->of); k++) {
			answers_lcore(&a->of, k, &lcore);
			snprintf(id, sizeof(id), "%d", lcore.id);
			fprintf(file, "%s{lcore=\"%s\",result=\"%s\"} %" PRIu64 "\n",
				lcore_metrics[i].name, lcore.id < 0 ? "none" : id,
				lcore_metrics[i].result, lcore.calls[lcore_metrics[i].call]);
		}
	}
}

/* ---- pressure */

/* As enum rte_memwatch_level counts; names are what telemetry tells. */
static int
level_number(const char *level)
{
	static const char *const levels[] = { "low", "medium", "high", "critical" };

	for (size_t i = 0; level != NULL && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i], level) == 0)
			return (int)i;
	return -1;
}

static void
write_pressure(FILE *file, const struct asked *a)
{
	const char *node;
	json_t *level;

	head(file, "fastmem_pressure_level", "gauge",
	     "How short memory is: 0 low, 1 medium, 2 high, 3 critical; node all: the machine.");
	fprintf(file, "fastmem_pressure_level{node=\"all\"} %d\n",
		level_number(answers_level(&a->of)));
	json_object_foreach(json_object_get(a->of.pressure, "nodes"), node, level)
		fprintf(file, "fastmem_pressure_level{node=\"%s\"} %d\n", node,
			level_number(json_string_value(level)));
	head(file, "fastmem_available_bytes", "gauge",
	     "Memory that can be had on the machine without swapping.");
	fprintf(file, "fastmem_available_bytes %" PRIu64 "\n",
		watched_number(a->of.pressure, "available"));
}

/* ---- */

static bool
ask_classes(struct watched *w, struct asked *a)
{
	const char *node;
	json_t *figures, *table;

	a->classes = json_object();
	json_object_foreach(a->of.nodes, node, figures)
	{
		table = watched_ask(w, "/fastmem/classes,%s", node);
		if (table == NULL || json_object_set_new(a->classes, node, table) != 0)
			return false;
	}
	return true;
}

bool
metrics_write(FILE *file, struct watched *w)
{
	struct asked a = { .classes = NULL };
	bool all = answers_ask(w, &a.of) && ask_classes(w, &a);

	if (all) {
		if (a.of.from_here)
			fprintf(file, "# %s\n", ANSWERS_FROM_HERE);
		write_nodes(file, &a);
		write_classes(file, &a);
		write_lcores(file, &a);
		write_pressure(file, &a);
	}
	answers_release(&a.of);
	json_decref(a.classes);
	return all;
}
