/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the decision how many hugepages the kernel's pools get, and how that is told.
 * Must not: read or change the machine: it is given what there is.
 * Called by: apply.c and raise.c.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pools.h"
#include "supply.h"
#include "text.h"

/* Of a node's memory, what is left to everybody else. */
#define SHARE_LEFT 32

static struct pool *
pool_of(struct pool *pools, unsigned int n, int node_id, uint64_t page_size)
{
	for (unsigned int i = 0; i < n; i++)
		if (pools[i].node_id == node_id && pools[i].page_size == page_size)
			return &pools[i];
	return NULL;
}

/* EAL takes a page when it starts, of the smallest that it finds. */
static void
add_start(struct pool *pools, unsigned int n)
{
	struct pool *smallest;
	bool needed, first;

	for (unsigned int i = 0; i < n; i++) {
		needed = false;
		first = true;
		smallest = NULL;
		for (unsigned int k = 0; k < n; k++) {
			if (pools[k].node_id != pools[i].node_id)
				continue;
			first &= k >= i;
			needed |= pools[k].need != 0;
			if (pools[k].page_size >= LEAST_PAGE &&
			    (smallest == NULL || pools[k].page_size < smallest->page_size))
				smallest = &pools[k];
		}
		/* Once a node. */
		if (first && needed && smallest != NULL)
			smallest->need++;
	}
}

const struct rte_reserve_row *
supply_needs(struct pool *pools, unsigned int n, const struct rte_reserve_report *report)
{
	const struct rte_reserve_row *row;
	struct pool *pool;

	for (unsigned int i = 0; i < report->nb_rows; i++) {
		row = &report->row[i];
		pool = pool_of(pools, n, row->node_id, row->page_size);
		if (pool == NULL)
			return row;
		pool->need += row->missing_bytes != 0 ? row->missing : row->pages;
	}
	add_start(pools, n);
	return NULL;
}

void
supply_decide(struct pool *pools, unsigned int n)
{
	uint64_t claims, used, in_use, wanted;
	struct pool *pool;

	for (unsigned int i = 0; i < n; i++) {
		pool = &pools[i];
		pool->raise = 0;
		if (pool->need == 0)
			continue;
		used = pool->total > pool->free ? pool->total - pool->free : 0;
		if (!pool->claimed)
			pool->base = used;
		claims = pool->need + pool->others;
		in_use = used > pool->base ? used - pool->base : 0;
		wanted = claims > in_use ? claims - in_use : 0;
		if (wanted > pool->free)
			pool->raise = wanted - pool->free;
	}
}

const struct supply_node *
supply_exceeds(const struct pool *pools, unsigned int n, const struct supply_node *nodes,
	       unsigned int nb_nodes, uint64_t *bytes)
{
	uint64_t left;

	for (unsigned int i = 0; i < nb_nodes; i++) {
		*bytes = 0;
		for (unsigned int k = 0; k < n; k++)
			if (pools[k].node_id == nodes[i].node_id)
				*bytes += pools[k].raise * pools[k].page_size;
		left = nodes[i].total / SHARE_LEFT;
		if (*bytes > (nodes[i].spare > left ? nodes[i].spare - left : 0))
			return &nodes[i];
	}
	return NULL;
}

void
supply_boot_text(const struct pool *pools, unsigned int n, uint64_t page_size, char *buf,
		 size_t size)
{
	size_t used = 0;

	if (size > 0)
		buf[0] = '\0';
	for (unsigned int i = 0; i < n && used < size; i++) {
		if (pools[i].page_size != page_size || pools[i].total + pools[i].raise == 0)
			continue;
		if (used == 0)
			used = (size_t)snprintf(buf, size, "hugepagesz=%" PRIu64 "%s hugepages=",
						page_size >> (page_size >> 30 ? 30 : 20),
						page_size >> 30 ? "G" : "M");
		else
			used += (size_t)snprintf(buf + used, size - used, ",");
		if (used < size)
			used += (size_t)snprintf(buf + used, size - used, "%d:%" PRIu64,
						 pools[i].node_id, pools[i].total + pools[i].raise);
	}
}

void
supply_progress_text(char *buf, size_t size, unsigned int bar, uint64_t done, uint64_t all,
		     double seconds)
{
	double rate = seconds > 0 ? (double)done / seconds : 0;
	unsigned int full = all > 0 ? (unsigned int)((double)done / (double)all * bar) : bar;
	char drawn[64] = "";
	size_t used = 0;

	if (bar > 0 && bar < sizeof(drawn) - 4) {
		drawn[used++] = '[';
		for (unsigned int i = 0; i < bar; i++)
			drawn[used++] = i < full ? '#' : '.';
		memcpy(drawn + used, "]  ", 4);
	}
	used = (size_t)snprintf(buf, size, "%s%3u %%", drawn,
				all > 0 ? (unsigned int)((double)done / (double)all * 100) : 100);
	if (rate > 0 && used < size)
		used += (size_t)snprintf(buf + used, size - used, "  %.1f GB/s", rate / 1e9);
	if (rate > 0 && done < all && used < size)
		snprintf(buf + used, size - used, "  %.0f s left", (double)(all - done) / rate);
}
