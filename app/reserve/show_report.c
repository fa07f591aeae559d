/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: who has what of the machine's hugepages, as text and as JSON.
 * Must not: judge, or look at the machine.
 * Called by: show.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>

#include "show.h"
#include "text.h"

static int
heads(struct table *table, const char *const *names, unsigned int n)
{
	int ret = 0;

	*table = (struct table){ .nb_columns = n };
	for (unsigned int i = 0; i < n; i++)
		ret |= table_add(table, "%s", names[i]);
	return ret;
}

/* A table under its heading, unless it is empty. */
static int
end(FILE *file, struct table *table, int ret, const char *heading)
{
	if (ret == 0 && table->nb_rows > 1) {
		fprintf(file, "%s\n", heading);
		table_print(file, table);
	}
	table_release(table);
	return ret;
}

static int
print_pools(FILE *file, const struct show *show)
{
	static const char *const names[] = { "  node", "pages of", "all", "free", "surplus" };
	const struct show_pool *pool;
	char size[SIZE_TEXT];
	struct table table;
	int ret = heads(&table, names, 5);

	for (unsigned int i = 0; i < show->nb_pools; i++) {
		pool = &show->pool[i];
		ret |= table_add(&table, "  %d", pool->node_id);
		ret |= table_add(&table, "%s", size_text(size, pool->page_size));
		ret |= table_add(&table, "%" PRIu64, pool->total);
		ret |= table_add(&table, "%" PRIu64, pool->free);
		ret |= table_add(&table, "%" PRIu64, pool->surplus);
	}
	return end(file, &table, ret, "hugepages");
}

static int
print_uses(FILE *file, const struct show *show)
{
	static const char *const names[] = { "  process", "", "node", "pages of", "has" };
	const struct show_use *use;
	char size[SIZE_TEXT];
	struct table table;
	int ret = heads(&table, names, 5);

	for (unsigned int i = 0; i < show->nb_uses; i++) {
		use = &show->use[i];
		ret |= table_add(&table, "  %d", use->pid);
		ret |= table_add(&table, "%s", use->name);
		ret |= table_add(&table, "%d", use->node_id);
		ret |= table_add(&table, "%s", size_text(size, use->page_size));
		ret |= table_add(&table, "%" PRIu64, use->pages);
	}
	return end(file, &table, ret, "processes (pages that they share are each one's)");
}

static int
add_holder(struct table *table, const struct show *show, const struct leftover *file)
{
	if (file->pid != 0)
		return table_add(table, "process %d", file->pid);
	if (file->held)
		return table_add(table, "a process that is hidden");
	if (leftovers_is_uncertain(&show->files, file))
		return table_add(table, "nobody that is to be seen");
	return table_add(table, "nobody");
}

static int
print_files(FILE *file, const struct show *show)
{
	static const char *const names[] = { "  file", "owner", "has", "held by" };
	const struct leftover *left;
	const struct passwd *user;
	char size[SIZE_TEXT];
	struct table table;
	int ret = heads(&table, names, 4);

	for (unsigned int i = 0; i < show->files.n; i++) {
		left = &show->files.file[i];
		user = getpwuid(left->owner);
		ret |= table_add(&table, "  %s", left->path);
		ret |= user != NULL ? table_add(&table, "%s", user->pw_name) :
				      table_add(&table, "%u", left->owner);
		ret |= table_add(&table, "%s", size_text(size, left->bytes));
		ret |= add_holder(&table, show, left);
	}
	return end(file, &table, ret, "files");
}

static void
print_groups(FILE *file, const struct show *show)
{
	const struct show_group *group;

	if (show->nb_groups > 0)
		fprintf(file, "EAL's prefixes\n");
	for (unsigned int i = 0; i < show->nb_groups; i++) {
		group = &show->group[i];
		fprintf(file, "  %s: ", group->prefix);
		if (group->primary != 0)
			fprintf(file, "primary %d", group->primary);
		else
			fprintf(file, "its primary has ended");
		for (unsigned int k = 0; k < group->nb_secondaries; k++)
			fprintf(file, "%s %d", k > 0 ? "," : "; secondaries", group->secondary[k]);
		fputc('\n', file);
	}
}

static void
print_plans(FILE *file, const struct show *show)
{
	const struct ledger_plan *plan;
	const struct ledger_pool *pool;
	char size[SIZE_TEXT];

	if (show->ledger->nb_plans > 0)
		fprintf(file, "plans that were applied\n");
	for (unsigned int i = 0; i < show->ledger->nb_plans; i++) {
		plan = &show->ledger->plan[i];
		fprintf(file, "  %s\n", plan->text);
		for (unsigned int k = 0; k < plan->nb_pools; k++) {
			pool = &plan->pool[k];
			fprintf(file,
				"    node %d: needs %" PRIu64 " pages of %s, for which %" PRIu64
				" were added\n",
				pool->node_id, pool->need, size_text(size, pool->page_size),
				pool->added);
		}
		for (unsigned int k = 0; k < plan->nb_mounts; k++)
			fprintf(file, "    mounted %s\n", plan->mount[k]);
	}
}

int
show_text(FILE *file, const struct show *show)
{
	if (print_pools(file, show) != 0 || print_uses(file, show) != 0 ||
	    print_files(file, show) != 0)
		return -ENOMEM;
	print_groups(file, show);
	print_plans(file, show);
	if (show->files.hidden > 0)
		fprintf(file, "not to be seen by this user: %u processes\n", show->files.hidden);
	return 0;
}

/* ---- JSON */

static void
put_files(FILE *file, const struct show *show)
{
	const struct leftover *left;

	fprintf(file, " \"files\": [");
	for (unsigned int i = 0; i < show->files.n; i++) {
		left = &show->files.file[i];
		fprintf(file, "%s\n  {\"path\": ", i > 0 ? "," : "");
		json_string(file, left->path);
		fprintf(file, ", \"prefix\": ");
		json_string(file, left->prefix);
		fprintf(file,
			", \"owner\": %u, \"page_size\": %" PRIu64 ", \"bytes\": %" PRIu64
			", \"process\": %d, \"left\": %s}",
			left->owner, left->page_size, left->bytes, left->pid,
			leftovers_is_left(&show->files, left) ? "true" : "false");
	}
	fprintf(file, "],\n");
}

static void
put_groups(FILE *file, const struct show *show)
{
	const struct show_group *group;

	fprintf(file, " \"prefixes\": [");
	for (unsigned int i = 0; i < show->nb_groups; i++) {
		group = &show->group[i];
		fprintf(file, "%s\n  {\"prefix\": ", i > 0 ? "," : "");
		json_string(file, group->prefix);
		fprintf(file, ", \"primary\": %d, \"secondaries\": [", group->primary);
		for (unsigned int k = 0; k < group->nb_secondaries; k++)
			fprintf(file, "%s%d", k > 0 ? ", " : "", group->secondary[k]);
		fprintf(file, "]}");
	}
	fprintf(file, "],\n");
}

static void
put_plan(FILE *file, const struct ledger_plan *plan)
{
	const struct ledger_pool *pool;

	fprintf(file, "{\"plan\": ");
	json_string(file, plan->text);
	fprintf(file, ", \"pools\": [");
	for (unsigned int i = 0; i < plan->nb_pools; i++) {
		pool = &plan->pool[i];
		fprintf(file,
			"%s{\"node\": %d, \"page_size\": %" PRIu64 ", \"need\": %" PRIu64
			", \"added\": %" PRIu64 "}",
			i > 0 ? ", " : "", pool->node_id, pool->page_size, pool->need, pool->added);
	}
	fprintf(file, "], \"mounts\": [");
	for (unsigned int i = 0; i < plan->nb_mounts; i++) {
		fprintf(file, "%s", i > 0 ? ", " : "");
		json_string(file, plan->mount[i]);
	}
	fprintf(file, "]}");
}

void
show_json(FILE *file, const struct show *show)
{
	fprintf(file, "{\"pools\": [");
	for (unsigned int i = 0; i < show->nb_pools; i++)
		fprintf(file,
			"%s\n  {\"node\": %d, \"page_size\": %" PRIu64 ", \"total\": %" PRIu64
			", \"free\": %" PRIu64 ", \"surplus\": %" PRIu64 "}",
			i > 0 ? "," : "", show->pool[i].node_id, show->pool[i].page_size,
			show->pool[i].total, show->pool[i].free, show->pool[i].surplus);
	fprintf(file, "],\n \"processes\": [");
	for (unsigned int i = 0; i < show->nb_uses; i++) {
		fprintf(file, "%s\n  {\"pid\": %d, \"name\": ", i > 0 ? "," : "", show->use[i].pid);
		json_string(file, show->use[i].name);
		fprintf(file, ", \"node\": %d, \"page_size\": %" PRIu64 ", \"pages\": %" PRIu64 "}",
			show->use[i].node_id, show->use[i].page_size, show->use[i].pages);
	}
	fprintf(file, "],\n");
	put_files(file, show);
	put_groups(file, show);
	fprintf(file, " \"plans\": [");
	for (unsigned int i = 0; i < show->ledger->nb_plans; i++) {
		fprintf(file, "%s\n  ", i > 0 ? "," : "");
		put_plan(file, &show->ledger->plan[i]);
	}
	fprintf(file, "],\n \"hidden_processes\": %u}\n", show->files.hidden);
}
