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

#include <dpdk_compat.h>
#include <rte_common.h>
#include <rte_numa.h>

#include "memwatch_tel.h"
#include "rte_memwatch_telemetry.h"

int
mw_tel_error(struct rte_tel_data *d, const char *format, ...)
{
	char text[RTE_TEL_MAX_STRING_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "error", text);
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
mw_tel_node(const char *cmd, const char *params, struct rte_tel_data *d, int *node_id,
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

void
mw_tel_put(struct rte_tel_data *d, const char *name, uint64_t number)
{
	DPDK_TEL_DICT_UINT(d, name, number);
}

struct rte_tel_data *
mw_tel_list(void)
{
	struct rte_tel_data *list = rte_tel_data_alloc();

	if (list != NULL)
		rte_tel_data_start_array(list, DPDK_TEL_UINT_VAL);
	return list;
}

void
mw_tel_append(struct rte_tel_data *list, uint64_t number)
{
	DPDK_TEL_ARRAY_UINT(list, number);
}

void
mw_tel_put_list(struct rte_tel_data *d, const char *name, struct rte_tel_data *list)
{
	if (list != NULL && rte_tel_data_add_dict_container(d, name, list, 0) != 0)
		rte_tel_data_free(list);
}

struct rte_tel_data *
mw_tel_object(void)
{
	struct rte_tel_data *object = rte_tel_data_alloc();

	if (object != NULL)
		rte_tel_data_start_dict(object);
	return object;
}

void
mw_tel_put_object(struct rte_tel_data *d, const char *name, struct rte_tel_data *object)
{
	mw_tel_put_list(d, name, object);
}

/* ---- registration */

/* No path of a file. */
#define CMD(name) \
	"/fastmem" \
	"/" name

static const struct {
	const char *cmd;
	telemetry_cb fn;
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

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered;

static void
register_all(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(commands) && registered == 0; i++)
		registered = rte_telemetry_register_cmd(commands[i].cmd, commands[i].fn,
							commands[i].help);
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
