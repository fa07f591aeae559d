/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the course of supplying what a plan needs: look, decide, refuse, mount, raise, or give back.
 * Must not: decide how much, or write to a pool itself.
 * Called by: verb_apply.c and exec.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "apply.h"
#include "hugetlbfs.h"
#include "pools.h"
#include "raise.h"
#include "state.h"
#include "supply.h"
#include "text.h"

/* A plan on its way. */
struct course {
	const struct plan *plan;
	const struct apply_how *how;
	const char *sysfs;
	struct state state;
	struct pools pools;
	uint64_t before[MAX_POOLS]; /* Pages on record for this plan when it began. */
	unsigned int nb_mounts;	    /* Made now: the last ones on record. */
};

static enum verb_status
refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static enum verb_status
refuse(const char *format, ...)
{
	va_list args;

	fputs("fastmem-reserve: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return VERB_REFUSED;
}

/* ---- what is needed */

static bool
is_applied(const struct ledger_plan *plan)
{
	for (unsigned int i = 0; i < plan->nb_pools; i++)
		if (plan->pool[i].need != 0)
			return true;
	return false;
}

/* Whatever the pools had, whoever is in this cgroup would not get it. */
static enum verb_status
refuse_limit(const struct rte_reserve_limit *limit)
{
	char asked[SIZE_TEXT], max[SIZE_TEXT], used[SIZE_TEXT], page[SIZE_TEXT];

	return refuse(
		"the plan takes %s in pages of %s, and this cgroup may have %s, of which it has "
		"%s: raise the container's limit of hugepages, such as hugepages-2Mi, or %s",
		size_text(asked, limit->asked), size_text(page, limit->page_size),
		size_text(max, limit->max), size_text(used, limit->used), limit->file);
}

static enum verb_status
ask(struct course *c)
{
	const struct rte_reserve_row *row;
	struct rte_reserve_report *report;
	enum verb_status status = VERB_OK;
	char size[SIZE_TEXT];

	if (rte_reserve_ask(c->plan->plan, c->plan->topo, &report) < 0) {
		fprintf(stderr, "fastmem-reserve: %s\n", rte_reserve_error());
		return VERB_FAILED;
	}
	row = supply_needs(c->pools.pool, c->pools.n, report);
	if (report->nb_limits > 0)
		status = refuse_limit(&report->limit[0]);
	else if (row != NULL && row->page_size != 0)
		status = refuse("%s: node %d has no pages of %s: this processor or its kernel does "
				"not know them",
				row->place, row->node_id, size_text(size, row->page_size));
	else if (row != NULL)
		status = refuse("%s: node %d has no hugepages: its kernel does not know them",
				row->place, row->node_id);
	rte_reserve_report_free(report);
	return status;
}

/* What a plan that was applied before needs is on record: it may be in use by now. */
static enum verb_status
need(struct course *c)
{
	struct ledger_plan *own = ledger_find(&c->state.ledger, c->plan->text), *plan;
	bool again = own != NULL && is_applied(own);
	enum verb_status status = again ? VERB_OK : ask(c);
	const struct ledger_pool *entry;
	struct pool *pool;

	for (unsigned int i = 0; i < c->state.ledger.nb_plans; i++) {
		plan = &c->state.ledger.plan[i];
		for (unsigned int k = 0; k < plan->nb_pools; k++) {
			entry = &plan->pool[k];
			for (pool = c->pools.pool; pool < &c->pools.pool[c->pools.n]; pool++) {
				if (pool->node_id != entry->node_id ||
				    pool->page_size != entry->page_size)
					continue;
				if (plan == own)
					c->before[pool - c->pools.pool] = entry->added;
				if (entry->need == 0)
					continue;
				pool->claimed = true;
				pool->base = entry->base;
				if (plan == own)
					pool->need = entry->need;
				else
					pool->others += entry->need;
			}
		}
	}
	if (status == VERB_OK)
		supply_decide(c->pools.pool, c->pools.n);
	return status;
}

/* ---- what refuses it before anything is done */

static enum verb_status
refuse_right(const char *file, const char *sysfs, int error)
{
	if (error == -EROFS)
		return refuse(
			"%s/%s cannot be written: %s is mounted read-only, as in containers; "
			"run it on the host, or have the container's runtime supply hugepages",
			sysfs, file, sysfs);
	if (error == -EACCES || error == -EPERM)
		return refuse(
			"only root may write %s/%s, and this is user %u: run it as root, such "
			"as sudo fastmem-reserve apply ...",
			sysfs, file, geteuid());
	return refuse("%s/%s cannot be written: %s", sysfs, file, strerror(-error));
}

static enum verb_status
check_rights(const struct course *c)
{
	const struct pool *pool;
	char name[RAISE_NAME];
	int ret;

	for (unsigned int i = 0; i < c->pools.n; i++) {
		pool = &c->pools.pool[i];
		if (pool->raise == 0)
			continue;
		raise_name(c->sysfs, pool->node_id, pool->page_size, "nr_hugepages", name);
		ret = act_may_write(c->sysfs, name);
		if (ret < 0)
			return refuse_right(name, c->sysfs, ret);
		if (c->state.refused != 0)
			return refuse("what is added has to be recorded, and %s cannot be written: "
				      "%s; name a folder with --state",
				      c->state.folder, strerror(-c->state.refused));
	}
	return VERB_OK;
}

static enum verb_status
check_memory(const struct course *c)
{
	const struct supply_node *node;
	char wanted[SIZE_TEXT], there[SIZE_TEXT];
	uint64_t bytes;

	node = supply_exceeds(c->pools.pool, c->pools.n, c->pools.node, c->pools.nb_nodes, &bytes);
	if (node == NULL)
		return VERB_OK;
	return refuse("node %d would have to give %s, and of its memory %s is free or could be "
		      "freed, of which a 32nd of the node's memory is left: ask for less there, or "
		      "for part of it on another node",
		      node->node_id, size_text(wanted, bytes), size_text(there, node->spare));
}

/* ---- doing it */

static void
say_plans(const struct course *c)
{
	const char *would = c->how->dry_run ? "would raise" : "raising";
	char page[SIZE_TEXT], bytes[SIZE_TEXT];
	const struct pool *pool;
	bool any = false;

	for (unsigned int i = 0; i < c->pools.n; i++) {
		pool = &c->pools.pool[i];
		if (pool->raise == 0)
			continue;
		any = true;
		fprintf(c->how->out,
			"node %d, pages of %s: %s from %" PRIu64 " to %" PRIu64 ", by %s\n",
			pool->node_id, size_text(page, pool->page_size), would, pool->total,
			pool->total + pool->raise, size_text(bytes, pool->raise * pool->page_size));
	}
	if (!any)
		fputs("all hugepages that the plan needs are there already\n", c->how->out);
	fflush(c->how->out);
}

static enum verb_status
refuse_mount(const char *folder, int error)
{
	if (error == -EPERM || error == -EACCES)
		return refuse("cannot mount a hugetlbfs on %s: CAP_SYS_ADMIN is missing: run it as "
			      "root, or have somebody mount it; --no-mount leaves it out",
			      folder);
	return refuse("cannot mount a hugetlbfs on %s: %s", folder, strerror(-error));
}

/* Of each page size that the plan needs, unless there is one. */
static enum verb_status
mount_size(struct course *c, struct ledger_plan *plan, uint64_t page_size)
{
	char folder[256], options[128];
	int ret;

	if (hugetlbfs_mounted("/proc", page_size))
		return VERB_OK;
	hugetlbfs_folder("/proc", page_size, folder, sizeof(folder));
	if (hugetlbfs_options(page_size, c->how->owner, c->how->mode, options, sizeof(options)) < 0)
		return VERB_FAILED;
	if (c->how->dry_run) {
		fprintf(c->how->out, "would mount a hugetlbfs on %s with %s\n", folder, options);
		return VERB_OK;
	}
	if (c->state.refused != 0)
		return refuse_mount(folder, c->state.refused);
	/* On record first: of one that is not there none is taken away. */
	ret = ledger_add_mount(plan, folder);
	if (ret == 0)
		ret = state_save(&c->state);
	if (ret == 0)
		ret = act_mount(folder, options);
	if (ret < 0) {
		if (plan->nb_mounts > 0 && strcmp(plan->mount[plan->nb_mounts - 1], folder) == 0)
			ledger_remove_mount(plan, plan->nb_mounts - 1);
		return refuse_mount(folder, ret);
	}
	c->nb_mounts++;
	fprintf(c->how->out, "mounted a hugetlbfs on %s with %s\n", folder, options);
	return VERB_OK;
}

static enum verb_status
mount_all(struct course *c, struct ledger_plan *plan)
{
	enum verb_status status = VERB_OK;
	bool done;

	/* A recorded tree is no machine to mount on. */
	if (c->how->no_mount || c->how->sysfs != NULL)
		return VERB_OK;
	for (unsigned int i = 0; i < c->pools.n && status == VERB_OK; i++) {
		done = c->pools.pool[i].need == 0;
		for (unsigned int k = 0; k < i; k++)
			done |= c->pools.pool[k].need != 0 &&
				c->pools.pool[k].page_size == c->pools.pool[i].page_size;
		if (!done)
			status = mount_size(c, plan, c->pools.pool[i].page_size);
	}
	return status;
}

static enum verb_status
refuse_raise(const struct course *c, const struct pool *pool, uint64_t got, int error)
{
	char page[SIZE_TEXT], boot[512];

	if (error == -EINTR)
		return refuse("a signal came: what was added is given back");
	supply_boot_text(c->pools.pool, c->pools.n, pool->page_size, boot, sizeof(boot));
	if (error == -EINVAL)
		return refuse("node %d: this kernel has pages of %s only if they are asked for at "
			      "boot: add \"%s\" to its command line, and start it anew",
			      pool->node_id, size_text(page, pool->page_size), boot);
	if (error != -ENOMEM)
		return refuse("node %d: its pages of %s cannot be raised: %s", pool->node_id,
			      size_text(page, pool->page_size), strerror(-error));
	return refuse("node %d: of %" PRIu64 " pages of %s the kernel made %" PRIu64
		      ": no more of its memory is in one piece%s; all is given back. End what uses "
		      "the node's memory, or have them from boot on: add \"%s\" to the kernel's "
		      "command line",
		      pool->node_id, pool->raise, size_text(page, pool->page_size), got,
		      pool->page_size > LEAST_PAGE ?
			      ", as is usual for such large pages some time after "
			      "boot" :
			      "",
		      boot);
}

/* What this course added, from the last on. */
static void
give_back(struct course *c, struct ledger_plan *plan, bool fresh)
{
	const struct pool *pool;
	struct ledger_pool *entry;
	bool left = false;
	int64_t n;

	for (unsigned int i = c->pools.n; i-- > 0;) {
		pool = &c->pools.pool[i];
		entry = pool->need != 0 ? ledger_pool_of(plan, pool->node_id, pool->page_size) :
					  NULL;
		if (entry == NULL)
			continue;
		n = entry->added > c->before[i] ?
			    raise_lower(c->sysfs, pool->node_id, pool->page_size,
					entry->added - c->before[i]) :
			    0;
		entry->added -= n > 0 ? (uint64_t)n : 0;
		left |= entry->added > c->before[i];
		if (fresh)
			entry->need = 0;
	}
	for (; c->nb_mounts > 0; c->nb_mounts--)
		if (act_unmount(plan->mount[plan->nb_mounts - 1]) == 0)
			ledger_remove_mount(plan, plan->nb_mounts - 1);
	if (left)
		fprintf(stderr, "fastmem-reserve: somebody uses some of it by now: apply --undo of "
				"this plan gives it back later\n");
	else if (fresh && plan->nb_mounts == 0)
		ledger_remove(&c->state.ledger, plan);
	state_save(&c->state);
}

/* All of them before anything is raised: if it is killed, the next one knows what there has to be. */
static int
record_needs(const struct course *c, struct ledger_plan *plan)
{
	struct ledger_pool *entry;

	for (unsigned int i = 0; i < c->pools.n; i++) {
		if (c->pools.pool[i].need == 0)
			continue;
		entry = ledger_pool_of(plan, c->pools.pool[i].node_id, c->pools.pool[i].page_size);
		if (entry == NULL)
			return -ENOMEM;
		entry->need = c->pools.pool[i].need;
		entry->base = c->pools.pool[i].base;
	}
	return 0;
}

static enum verb_status
raise_all(struct course *c, struct ledger_plan *plan)
{
	struct raise raise = { .sysfs = c->sysfs,
			       .state = &c->state,
			       .plan = plan,
			       .out = c->how->out,
			       .terminal = isatty(STDERR_FILENO) == 1,
			       .began = act_seconds() };
	struct ledger_pool *entry;
	const struct pool *pool;
	char text[128];
	int ret;

	raise.told = raise.began;
	for (unsigned int i = 0; i < c->pools.n; i++)
		raise.bytes_all += c->pools.pool[i].raise * c->pools.pool[i].page_size;
	if (record_needs(c, plan) < 0)
		return refuse("out of memory");
	for (unsigned int i = 0; i < c->pools.n; i++) {
		pool = &c->pools.pool[i];
		if (pool->need == 0)
			continue;
		ret = raise_pool(&raise, pool);
		entry = ledger_pool_of(plan, pool->node_id, pool->page_size);
		if (ret < 0)
			return refuse_raise(c, pool, entry->added - c->before[i], ret);
	}
	if (raise.bytes_all > 0) {
		supply_progress_text(text, sizeof(text), 0, raise.bytes_done, raise.bytes_all,
				     act_seconds() - raise.began);
		fprintf(c->how->out, "done: %s\n", text);
	}
	return VERB_OK;
}

static enum verb_status
carry_out(struct course *c)
{
	struct ledger_plan *plan = ledger_find(&c->state.ledger, c->plan->text);
	bool fresh = plan == NULL || !is_applied(plan);
	enum verb_status status;

	if (plan == NULL)
		plan = ledger_add(&c->state.ledger, c->plan->text);
	if (plan == NULL)
		return refuse("out of memory");
	status = mount_all(c, plan);
	if (status != VERB_OK || c->how->dry_run)
		goto end;
	status = raise_all(c, plan);
	/* Who may only use what is there already has nothing to record. */
	if (status == VERB_OK && c->state.refused == 0 && state_save(&c->state) < 0)
		status = VERB_REFUSED;
end:
	if (status != VERB_OK && c->state.refused == 0 && !c->how->dry_run)
		give_back(c, plan, fresh);
	return status;
}

static enum verb_status
run_course(struct course *c)
{
	enum verb_status status = VERB_FAILED;

	if (pools_read(c->plan->topo, &c->pools) == 0)
		status = need(c);

	if (status != VERB_OK)
		return status;
	if (c->how->dry_run)
		say_plans(c);
	status = check_memory(c);
	if (status == VERB_OK)
		status = check_rights(c);
	if (status != VERB_OK)
		return status;
	if (!c->how->dry_run)
		say_plans(c);
	return carry_out(c);
}

enum verb_status
apply_plan(const struct plan *plan, const struct apply_how *how)
{
	static struct course course;
	enum verb_status status;

	course = (struct course){ .plan = plan,
				  .how = how,
				  .sysfs = how->sysfs != NULL ? how->sysfs : "/sys" };
	act_catch();
	if (state_open(&course.state, how->state) < 0)
		return VERB_FAILED;
	raise_settle(course.sysfs, &course.state.ledger);
	status = run_course(&course);
	state_close(&course.state);
	act_uncatch();
	return status;
}
