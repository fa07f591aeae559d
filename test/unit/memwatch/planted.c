/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what planted.h says.
 * Must not: touch files of the machine that it runs on.
 * Called by: the tests of this folder.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "numa_tree.h"
#include "planted.h"

struct planted planted;

void
planted_put(const char *file, const char *text)
{
	char *to = tree_path(planted.root, file), *from;
	char name[128];

	snprintf(name, sizeof(name), "%s.new", file);
	tree_write(planted.root, name, text, strlen(text));
	from = tree_path(planted.root, name);
	assert_int_equal(rename(from, to), 0);
	free(from);
	free(to);
}

void
planted_machine(unsigned int mib)
{
	char text[128];

	snprintf(text, sizeof(text), "MemTotal: 1024000 kB\nMemFree: 0 kB\nMemAvailable: %u kB\n",
		 mib * 1024);
	planted_put("proc/meminfo", text);
}

void
planted_node(int node_id, unsigned int mib)
{
	char file[64], text[128];

	snprintf(file, sizeof(file), "devices/system/node/node%d/meminfo", node_id);
	snprintf(text, sizeof(text), "Node %d MemTotal: 1024000 kB\nNode %d MemFree: %u kB\n",
		 node_id, node_id, mib * 1024);
	planted_put(file, text);
}

/* Nothing but what is read: to copy and remove a recorded machine takes longer than a test. */
int
planted_make(void **state)
{
	char file[64];

	(void)state;
	planted.root = tree_copy(NULL);
	planted_put("devices/system/node/online", "0-3\n");
	planted_put("devices/system/node/has_memory", "0-3\n");
	for (int node_id = 0; node_id < 4; node_id++) {
		snprintf(file, sizeof(file), "devices/system/node/node%d/cpulist", node_id);
		planted_put(file, "\n");
		snprintf(file, sizeof(file), "devices/system/node/node%d/distance", node_id);
		planted_put(file, "20 20 20 20\n");
		planted_node(node_id, 800);
	}
	planted_machine(800);
	planted.proc = tree_path(planted.root, "proc");
	assert_int_equal(rte_numa_topology_load(planted.root, &planted.topo), 0);
	planted.roots = (struct mw_roots){ planted.topo, planted.proc, planted.root };
	rte_memwatch_config_init(&planted.config);
	planted.config.flags = RTE_MEMWATCH_F_POLLED;
	planted.config.period_ms = 10;
	planted.config.hold_ms = 0;
	return 0;
}

int
planted_remove(void **state)
{
	(void)state;
	rte_memwatch_stop();
	rte_numa_topology_free(planted.topo);
	free(planted.proc);
	tree_remove(planted.root);
	return 0;
}

void
planted_start(void)
{
	assert_int_equal(mw_start(&planted.roots, &planted.config), 0);
}

void
planted_look(void)
{
	/* A period, and what the coarse clock may be behind. */
	usleep(15000);
	rte_memwatch_poll();
}
