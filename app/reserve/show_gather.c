/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding out who has what of the machine's hugepages.
 * Must not: change anything, or fail for a process that ends meanwhile.
 * Called by: show.c.
 */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_numa.h>

#include "runtime.h"
#include "show.h"

#define MAX_SIZES 16

/* One element more at the end of an array, zeroed, or NULL. */
static void *
grow(void *array, unsigned int *n, size_t size)
{
	void **at = array;
	char *grown = realloc(*at, (*n + 1) * size);

	if (grown == NULL)
		return NULL;
	*at = grown;
	return memset(grown + (*n)++ * size, 0, size);
}

static int
gather_pools(struct show *show, const struct rte_numa_topology *topo)
{
	struct rte_numa_hugepages pools[MAX_SIZES];
	struct show_pool *pool;
	int node_id, n;

	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY) {
		n = rte_numa_hugepages(topo, node_id, pools, MAX_SIZES);
		if (n < 0)
			return n;
		for (int i = 0; i < n && i < MAX_SIZES; i++) {
			pool = grow(&show->pool, &show->nb_pools, sizeof(*pool));
			if (pool == NULL)
				return -ENOMEM;
			*pool = (struct show_pool){ node_id, pools[i].page_size, pools[i].total,
						    pools[i].free, pools[i].surplus };
		}
	}
	return 0;
}

/* ---- processes */

static int
add_use(struct show *show, int pid, const char *name, int node_id, uint64_t page_size,
	uint64_t pages)
{
	struct show_use *use;

	for (unsigned int i = show->nb_uses; i-- > 0 && show->use[i].pid == pid;)
		if (show->use[i].node_id == node_id && show->use[i].page_size == page_size) {
			show->use[i].pages += pages;
			return 0;
		}
	use = grow(&show->use, &show->nb_uses, sizeof(*use));
	if (use == NULL)
		return -ENOMEM;
	*use = (struct show_use){
		.pid = pid, .node_id = node_id, .page_size = page_size, .pages = pages
	};
	snprintf(use->name, sizeof(use->name), "%s", name);
	return 0;
}

/* "7f00 default file=/dev/hugepages/x huge dirty=3 N0=1 N2=2 kernelpagesize_kB=2048" */
static int
add_line(struct show *show, int pid, const char *name, const char *line)
{
	const char *at = strstr(line, " kernelpagesize_kB=");
	uint64_t pages, kib = 0;
	int node_id, ret = 0;

	if (strstr(line, " huge ") == NULL || at == NULL ||
	    sscanf(at, " kernelpagesize_kB=%" SCNu64, &kib) != 1)
		return 0;
	for (at = strchr(line, ' '); at != NULL && ret == 0; at = strchr(at + 1, ' '))
		if (sscanf(at, " N%d=%" SCNu64, &node_id, &pages) == 2)
			ret = add_use(show, pid, name, node_id, kib << 10, pages);
	return ret;
}

struct walk {
	struct show *show;
	const char *proc;
	int ret;
};

static bool
look_at_process(int pid, void *arg)
{
	struct walk *walk = arg;
	char path[PATH_MAX], name[PROCS_NAME], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d/numa_maps", walk->proc, pid);
	file = fopen(path, "re");
	/* It may not be looked at, which leftovers_find() counts. */
	if (file == NULL)
		return false;
	procs_name(walk->proc, pid, name);
	while (walk->ret == 0 && getline(&line, &size, file) > 0)
		walk->ret = add_line(walk->show, pid, name, line);
	free(line);
	fclose(file);
	return walk->ret < 0;
}

/* ---- EAL's groups */

static int
gather_groups(struct show *show, const char *proc)
{
	char base[PATH_MAX], folder[PATH_MAX];
	struct show_group group, *added;
	struct dirent *entry;
	DIR *all;

	runtime_folder("", base);
	all = opendir(base);
	if (all == NULL)
		return 0;
	while ((entry = readdir(all)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		runtime_folder(entry->d_name, folder);
		group = (struct show_group){ .primary = runtime_primary(folder) };
		snprintf(group.prefix, sizeof(group.prefix), "%s", entry->d_name);
		group.nb_secondaries =
			procs_that_map(proc, folder, group.secondary, SHOW_SECONDARIES);
		for (unsigned int i = 0; i < group.nb_secondaries; i++)
			if (group.secondary[i] == group.primary)
				group.secondary[i--] = group.secondary[--group.nb_secondaries];
		/* Without either it is only a folder. */
		if (group.primary == 0 && group.nb_secondaries == 0)
			continue;
		added = grow(&show->group, &show->nb_groups, sizeof(*added));
		if (added == NULL) {
			closedir(all);
			return -ENOMEM;
		}
		*added = group;
	}
	closedir(all);
	return 0;
}

int
show_gather(struct show *show, const char *sysfs, const char *proc)
{
	struct walk walk = { .show = show, .proc = proc };
	struct rte_numa_topology *topo;
	int ret = rte_numa_topology_load(sysfs, &topo);

	if (ret < 0) {
		fprintf(stderr, "fastmem-reserve: the nodes of %s cannot be read: %s\n", sysfs,
			strerror(-ret));
		return ret;
	}
	ret = gather_pools(show, topo);
	rte_numa_topology_free(topo);
	if (ret == 0)
		ret = leftovers_find(proc, &show->files);
	if (ret == 0)
		ret = procs_each(proc, look_at_process, &walk);
	if (ret == 0)
		ret = walk.ret;
	if (ret == 0)
		ret = gather_groups(show, proc);
	if (ret < 0)
		fprintf(stderr, "fastmem-reserve: it cannot be seen who has hugepages: %s\n",
			strerror(-ret));
	return ret;
}

void
show_release(struct show *show)
{
	leftovers_release(&show->files);
	free(show->pool);
	free(show->use);
	free(show->group);
	*show = (struct show){ 0 };
}
