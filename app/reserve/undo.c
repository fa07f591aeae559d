/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: giving back what was added for a plan, and nothing that anybody uses.
 * Must not: know what the plan asks for: what was added is on record.
 * Called by: verb_apply.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "act.h"
#include "apply.h"
#include "hugetlbfs.h"
#include "raise.h"
#include "state.h"
#include "text.h"

/* Returns false if some of it is in use. */
static bool
undo_pool(struct ledger_pool *pool, const char *sysfs, const struct apply_how *how)
{
	char page[SIZE_TEXT];
	int64_t n = 0;

	size_text(page, pool->page_size);
	if (pool->added == 0)
		return true;
	if (how->dry_run) {
		fprintf(how->out, "node %d, pages of %s: would give %" PRIu64 " back\n",
			pool->node_id, page, pool->added);
		return true;
	}
	n = raise_lower(sysfs, pool->node_id, pool->page_size, pool->added);
	if (n < 0) {
		fprintf(stderr, "fastmem-reserve: node %d, pages of %s: %s%s\n", pool->node_id,
			page, strerror((int)-n),
			n == -EACCES ? ": only root may give them back" : "");
		return false;
	}
	pool->added -= (uint64_t)n;
	fprintf(how->out, "node %d, pages of %s: gave %" PRId64 " back\n", pool->node_id, page, n);
	if (pool->added == 0)
		return true;
	fprintf(stderr,
		"fastmem-reserve: node %d, pages of %s: %" PRIu64
		" are in use; do it again when their users have ended, fastmem-reserve show names "
		"them\n",
		pool->node_id, page, pool->added);
	return false;
}

static bool
undo_mount(const char *folder, const struct apply_how *how)
{
	int ret;

	/* Somebody else has taken it away, and perhaps mounted another. */
	if (!hugetlbfs_is_ours("/proc", folder))
		return true;
	if (how->dry_run) {
		fprintf(how->out, "would unmount %s\n", folder);
		return true;
	}
	ret = act_unmount(folder);
	if (ret < 0)
		fprintf(stderr, "fastmem-reserve: cannot unmount %s: %s%s\n", folder,
			strerror(-ret), ret == -EPERM ? ": CAP_SYS_ADMIN is missing" : "");
	else
		fprintf(how->out, "unmounted %s\n", folder);
	return ret == 0;
}

static enum verb_status
undo(struct state *state, struct ledger_plan *plan, const char *sysfs, const struct apply_how *how)
{
	bool all = true, any = plan->nb_mounts > 0;

	for (unsigned int i = 0; i < plan->nb_pools; i++)
		any |= plan->pool[i].added > 0;
	if (!any)
		fprintf(how->out, "nothing was added for this plan\n");
	/* A file in it keeps both pages and mount: the pages' owner is told of first. */
	for (unsigned int i = 0; i < plan->nb_pools; i++) {
		all &= undo_pool(&plan->pool[i], sysfs, how);
		if (!how->dry_run)
			plan->pool[i].need = 0;
	}
	for (unsigned int i = plan->nb_mounts; i-- > 0;) {
		if (!undo_mount(plan->mount[i], how))
			all = false;
		else if (!how->dry_run)
			ledger_remove_mount(plan, i);
	}
	if (how->dry_run)
		return VERB_OK;
	if (all)
		ledger_remove(&state->ledger, plan);
	return state_save(state) == 0 && all ? VERB_OK : VERB_REFUSED;
}

enum verb_status
undo_plan(const struct plan *plan, const struct apply_how *how)
{
	const char *sysfs = how->sysfs != NULL ? how->sysfs : "/sys";
	enum verb_status status = VERB_OK;
	struct ledger_plan *entry;
	struct state state;

	if (state_open(&state, how->state) < 0)
		return VERB_FAILED;
	raise_settle(sysfs, &state.ledger);
	entry = ledger_find(&state.ledger, plan->text);
	if (entry == NULL) {
		fprintf(how->out, "nothing is on record for this plan\n");
		for (unsigned int i = 0; i < state.ledger.nb_plans; i++)
			fprintf(how->out, "on record: %s\n", state.ledger.plan[i].text);
	} else if (state.refused != 0 && !how->dry_run) {
		fprintf(stderr,
			"fastmem-reserve: %s cannot be written by this user: %s; run it as root\n",
			state.folder, strerror(-state.refused));
		status = VERB_REFUSED;
	} else {
		status = undo(&state, entry, sysfs, how);
	}
	state_close(&state);
	return status;
}
