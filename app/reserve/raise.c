/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: changing the kernel's pools of hugepages, in steps, and telling how far that is.
 * Must not: decide by how much. A pool is only ever changed by a difference, and never so that pages
 *   in use would become surplus ones: others raise and lower it at the same time.
 * Called by: apply.c and undo.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "raise.h"
#include "text.h"

/* In a step; what a kill between two can leave unknown. */
#define STEP_BYTES (UINT64_C(256) << 20)

#define BAR	       24
#define SECONDS_A_LINE 10

void
raise_name(const char *sysfs, int node_id, uint64_t page_size, const char *file,
	   char name[RAISE_NAME])
{
	uint64_t value;

	snprintf(name, RAISE_NAME,
		 "devices/system/node/node%d/hugepages/hugepages-%" PRIu64 "kB/%s", node_id,
		 page_size >> 10, file);
	/* A kernel without NUMA has but those of the machine. */
	if (act_read(sysfs, name, &value) == -ENOENT && node_id == 0)
		snprintf(name, RAISE_NAME, "kernel/mm/hugepages/hugepages-%" PRIu64 "kB/%s",
			 page_size >> 10, file);
}

/* The set size of a pool: what the kernel takes a written number for. */
static int
set_size(const char *sysfs, int node_id, uint64_t page_size, uint64_t *pages)
{
	char name[RAISE_NAME];
	uint64_t all, surplus = 0;
	int ret;

	raise_name(sysfs, node_id, page_size, "nr_hugepages", name);
	ret = act_read(sysfs, name, &all);
	raise_name(sysfs, node_id, page_size, "surplus_hugepages", name);
	if (ret == 0)
		act_read(sysfs, name, &surplus);
	if (ret == 0)
		*pages = all > surplus ? all - surplus : 0;
	return ret;
}

static int
change(const char *sysfs, int node_id, uint64_t page_size, uint64_t pages)
{
	char name[RAISE_NAME];

	raise_name(sysfs, node_id, page_size, "nr_hugepages", name);
	return act_write(sysfs, name, pages);
}

/* ---- telling */

static void
tell_progress(struct raise *raise, const struct pool *pool)
{
	double now = act_seconds();
	char text[128], size[SIZE_TEXT];

	if (!raise->terminal && (now - raise->told < SECONDS_A_LINE || raise->bytes_done == 0))
		return;
	supply_progress_text(text, sizeof(text), raise->terminal ? BAR : 0, raise->bytes_done,
			     raise->bytes_all, now - raise->began);
	if (raise->terminal)
		fprintf(stderr, "\rnode %d, pages of %s  %s\033[K", pool->node_id,
			size_text(size, pool->page_size), text);
	else
		fprintf(raise->out, "node %d, pages of %s: %s\n", pool->node_id,
			size_text(size, pool->page_size), text);
	fflush(raise->terminal ? stderr : raise->out);
	raise->told = now;
}

static void
tell_end(const struct raise *raise)
{
	if (raise->terminal)
		fputs("\r\033[K", stderr);
}

/* ---- raising */

/* How much of a step was done: others may have changed the pool too. */
static uint64_t
done_of(uint64_t from, uint64_t now, uint64_t step)
{
	uint64_t more = now > from ? now - from : 0;

	return more < step ? more : step;
}

void
raise_settle(const char *sysfs, struct ledger *ledger)
{
	struct ledger_pool *pool;
	uint64_t now;

	for (unsigned int i = 0; i < ledger->nb_plans; i++)
		for (unsigned int k = 0; k < ledger->plan[i].nb_pools; k++) {
			pool = &ledger->plan[i].pool[k];
			if (pool->step == 0 ||
			    set_size(sysfs, pool->node_id, pool->page_size, &now) < 0)
				continue;
			pool->added += done_of(pool->from, now, pool->step);
			pool->step = 0;
		}
}

/* One step: noted before, so that a kill in between loses nothing. */
static int
step(struct raise *raise, const struct pool *pool, struct ledger_pool *entry, uint64_t pages,
     uint64_t *got)
{
	uint64_t now;
	int ret, failed;

	*got = 0;
	ret = set_size(raise->sysfs, pool->node_id, pool->page_size, &entry->from);
	if (ret < 0)
		return ret;
	entry->step = pages;
	ret = state_save(raise->state);
	if (ret < 0) {
		entry->step = 0;
		return ret;
	}
	failed = change(raise->sysfs, pool->node_id, pool->page_size, entry->from + pages);
	ret = set_size(raise->sysfs, pool->node_id, pool->page_size, &now);
	if (ret < 0)
		return ret;
	*got = done_of(entry->from, now, pages);
	entry->added += *got;
	entry->step = 0;
	return failed;
}

/* Moves what is in the way of large pages together; what cannot be asked for is not needed. */
static void
compact(const char *sysfs, int node_id)
{
	char name[RAISE_NAME];

	snprintf(name, sizeof(name), "devices/system/node/node%d/compact", node_id);
	act_write(sysfs, name, 1);
}

int
raise_pool(struct raise *raise, const struct pool *pool)
{
	struct ledger_pool *entry = ledger_pool_of(raise->plan, pool->node_id, pool->page_size);
	uint64_t most = STEP_BYTES / pool->page_size, left = pool->raise, got, pages;
	bool compacted = false;
	int ret = entry != NULL ? 0 : -ENOMEM;

	if (most == 0)
		most = 1;
	while (left > 0 && ret == 0) {
		if (act_stopped()) {
			ret = -EINTR;
			break;
		}
		tell_progress(raise, pool);
		pages = left < most ? left : most;
		ret = step(raise, pool, entry, pages, &got);
		left -= got;
		raise->bytes_done += got * pool->page_size;
		if (ret == 0 && got < pages) {
			if (compacted && got == 0)
				ret = -ENOMEM;
			compact(raise->sysfs, pool->node_id);
			compacted = true;
		}
	}
	tell_end(raise);
	return ret;
}

/* ---- lowering */

/* Pages that nobody uses. Those that are promised may be any of the machine's that are free. */
static int
unused(const char *sysfs, int node_id, uint64_t page_size, uint64_t *pages)
{
	uint64_t promised, everywhere;
	char name[RAISE_NAME];
	int ret;

	raise_name(sysfs, node_id, page_size, "free_hugepages", name);
	ret = act_read(sysfs, name, pages);
	snprintf(name, sizeof(name), "kernel/mm/hugepages/hugepages-%" PRIu64 "kB/resv_hugepages",
		 page_size >> 10);
	if (ret < 0 || act_read(sysfs, name, &promised) < 0)
		return ret;
	snprintf(name, sizeof(name), "kernel/mm/hugepages/hugepages-%" PRIu64 "kB/free_hugepages",
		 page_size >> 10);
	if (act_read(sysfs, name, &everywhere) < 0)
		return ret;
	everywhere = everywhere > promised ? everywhere - promised : 0;
	if (*pages > everywhere)
		*pages = everywhere;
	return ret;
}

int64_t
raise_lower(const char *sysfs, int node_id, uint64_t page_size, uint64_t pages)
{
	uint64_t from, now, most;
	int ret = unused(sysfs, node_id, page_size, &most);

	if (ret == 0)
		ret = set_size(sysfs, node_id, page_size, &from);
	if (ret < 0)
		return ret;
	if (pages > most)
		pages = most;
	if (pages > from)
		pages = from;
	if (pages == 0)
		return 0;
	ret = change(sysfs, node_id, page_size, from - pages);
	if (ret == 0)
		ret = set_size(sysfs, node_id, page_size, &now);
	if (ret < 0)
		return ret;
	return (int64_t)done_of(now, from, pages);
}
