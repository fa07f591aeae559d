/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the commands of telemetry, how their arguments are read, and what a wrong one is answered.
 * Must not: know figures, or hold up a thread that allocates.
 * Called by: a constructor, the application, and the threads of librte_telemetry.
 *
 * Telemetry drops what does not fit into 16 KiB without a word, so answers that may be long come in
 * parts: each says where the next begins.
 */

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_numa.h>

#include "memwatch_tel.h"
#include "rte_memwatch_telemetry.h"

int
mw_tel_error(struct mw_tel_data *d, const char *format, ...)
{
	char text[RTE_TEL_MAX_STRING_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mw_tel_start(d);
	mw_tel_put_text(d, "error", text);
	return 0;
}

bool
mw_tel_numbers(const char *params, uint64_t numbers[2], unsigned int *n)
{
	const char *at = params;
	char *end;

	*n = 0;
	if (params == NULL || *params == '\0')
		return true;
	for (;;) {
		/* strtoull() would take signs and spaces. */
		if (*n == 2 || *at < '0' || *at > '9')
			return false;
		errno = 0;
		numbers[*n] = strtoull(at, &end, 10);
		if (errno != 0)
			return false;
		++*n;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		at = end + 1;
	}
}

bool
mw_tel_node(const char *cmd, const char *params, struct mw_tel_data *d, int *node_id,
	    uint64_t *more)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	char nodes[64] = "?";
	uint64_t number[2] = { 0, 0 };
	unsigned int n;

	if (topo != NULL)
		rte_numa_nodes_text(topo, RTE_NUMA_WITH_MEMORY, nodes, sizeof(nodes));
	if (!mw_tel_numbers(params, number, &n) || n == 0 || (n == 2 && more == NULL)) {
		mw_tel_error(d, "say %s,<node>%s; nodes with memory: %s", cmd,
			     more == NULL ? "" : "[,<first>]", nodes);
		return false;
	}
	if (topo == NULL || number[0] >= RTE_NUMA_MAX_NODES ||
	    !rte_numa_node_has_memory(topo, (int)number[0])) {
		mw_tel_error(d, "node %llu does not exist or has no memory; nodes with memory: %s",
			     (unsigned long long)number[0], nodes);
		return false;
	}
	*node_id = (int)number[0];
	if (more != NULL)
		*more = number[1];
	return true;
}

/* ---- registration */

/* No path of a file. */
#define CMD(name) \
	"/fastmem" \
	"/" name

static const struct {
	const char *cmd;
	int (*fn)(const char *cmd, const char *params, struct mw_tel_data *d);
	const char *help;
} commands[] = {
	{ CMD("info"), mw_tel_info, "Sums over all nodes. Takes no parameters" },
	{ CMD("nodes"), mw_tel_nodes, "What each node has. Takes no parameters" },
	{ CMD("classes"), mw_tel_classes,
	  "Size classes with memory on a node. Parameters: int node" },
	{ CMD("lcores"), mw_tel_lcores,
	  "What lcores did and have cached. Parameters: int first (optional)" },
	{ CMD("heap_map"), mw_tel_heap_map,
	  "What each slab of a node holds. Parameters: int node, int first (optional)" },
	{ CMD("audit"), mw_tel_audit, "Whether all blocks of a node add up. Parameters: int node" },
	{ CMD("pressure"), mw_tel_pressure,
	  "How short memory is, of the machine or a node. Parameters: int node (optional)" },
	{ CMD("profile/start"), mw_tel_profile_start,
	  "Profile what is allocated. Parameters: int bytes a sample (optional; 1: all)" },
	{ CMD("profile/stop"), mw_tel_profile_stop,
	  "End the profile, and sum it up. Takes no parameters" },
	{ CMD("profile/show"), mw_tel_profile_show, "Sum the profile up. Takes no parameters" },
	{ CMD("profile/nodes"), mw_tel_profile_nodes,
	  "Where the profile allocated. Takes no parameters" },
	{ CMD("profile/classes"), mw_tel_profile_classes,
	  "What sizes the profile allocated. Takes no parameters" },
	{ CMD("profile/sites"), mw_tel_profile_sites,
	  "Who allocated in the profile. Parameters: int first (optional)" },
	{ CMD("profile/advice"), mw_tel_profile_advice,
	  "What the profile advises. Takes no parameters" },
};

/* The command that these first bytes are; RTE_DIM(commands): none. */
static size_t
find(const char *cmd, size_t len)
{
	size_t i;

	for (i = 0; i < RTE_DIM(commands); i++)
		if (strncmp(commands[i].cmd, cmd, len) == 0 && commands[i].cmd[len] == '\0')
			break;
	return i;
}

static int
answer(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct mw_tel_data out = { .tel = d };
	size_t i = find(cmd, strlen(cmd));

	return i < RTE_DIM(commands) ? commands[i].fn(cmd, params, &out) : -ENOENT;
}

int
rte_memwatch_telemetry_ask(const char *command, char **text)
{
	size_t len = strcspn(command, ","), i = find(command, len);
	struct mw_tel_data out = { .tel = NULL };
	char *all;
	int rc;

	if (i == RTE_DIM(commands))
		return -ENOENT;
	rc = commands[i].fn(commands[i].cmd, command[len] == ',' ? command + len + 1 : NULL, &out);
	all = mw_tel_text(&out, commands[i].cmd);
	if (rc != 0 || all == NULL) {
		free(all);
		return rc != 0 ? rc : -ENOMEM;
	}
	*text = all;
	return 0;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered;

static void
register_all(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(commands) && registered == 0; i++)
		registered = rte_telemetry_register_cmd(commands[i].cmd, answer, commands[i].help);
}

int
rte_memwatch_telemetry(void)
{
	pthread_once(&once, register_all);
	return registered;
}

RTE_INIT(mw_tel_init)
{
	rte_memwatch_telemetry();
}
