/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what telemetry says of profiles, and how it starts and ends them.
 * Must not: know a figure that rte_memprof.h has not, but for how many pieces of advice there are.
 * Called by: the threads of librte_telemetry, through memwatch_tel.c.
 *
 * A string of telemetry has 127 bytes: what may be longer is a list of strings.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "memprof_priv.h"
#include "memwatch_tel.h"
#include "rte_memprof.h"
#include "rte_memwatch.h"

/* Bytes of an answer up to which another call site is put in; the largest fits into the rest. */
#define ROOM_SITES 8000

/* Pieces of advice, and bytes of a piece of its text. */
#define MOST_ADVICE 12
#define PIECE	    (RTE_TEL_MAX_STRING_LEN - 1)

/* Frames of a call site, the others of a longer one are left out; and bytes of a frame's name. */
#define MOST_FRAMES 48
#define FRAME	    80

static bool
is_bare(const char *cmd, const char *params, struct mw_tel_data *d)
{
	if (params == NULL || *params == '\0')
		return true;
	mw_tel_error(d, "%s takes no parameters", cmd);
	return false;
}

static int
failed(struct mw_tel_data *d)
{
	return mw_tel_error(d, "%s", rte_memwatch_error());
}

int
mw_tel_profile_start(const char *cmd, const char *params, struct mw_tel_data *d)
{
	struct rte_memprof_config config = { .interval = RTE_MEMPROF_INTERVAL };
	uint64_t number[2];
	unsigned int n;

	if (!mw_tel_numbers(params, number, &n) || n > 1 || (n == 1 && number[0] == 0))
		return mw_tel_error(d, "say %s[,<bytes a sample>]; 1: all", cmd);
	if (n == 1)
		config.interval = number[0];
	if (rte_memprof_start(&config) != 0)
		return failed(d);
	mw_tel_start(d);
	mw_tel_put(d, "interval", config.interval);
	return 0;
}

/* ---- the summary */

/* Without the zeroes at its end. */
static void
put_bins(struct mw_tel_data *d, const char *name, const uint64_t *bins)
{
	struct mw_tel_data *list = mw_tel_list(d);
	unsigned int i, n = RTE_MEMPROF_NB_BINS;

	if (list == NULL)
		return;
	while (n > 0 && bins[n - 1] == 0)
		n--;
	for (i = 0; i < n; i++)
		mw_tel_append(list, bins[i]);
	mw_tel_put_part(d, name, list);
}

static int
put_summary(struct mw_tel_data *d)
{
	struct rte_memprof_summary s;
	unsigned int advice;

	if (mp_sums(&s, &advice) != 0)
		return failed(d);
	mw_tel_start(d);
	mw_tel_put(d, "interval", s.interval);
	mw_tel_put(d, "running", s.running);
	mw_tel_put(d, "duration_us", s.duration_us);
	mw_tel_put(d, "samples", s.samples);
	mw_tel_put(d, "lost", s.lost);
	mw_tel_put(d, "allocations", s.allocations);
	mw_tel_put(d, "allocated_bytes", s.allocated_bytes);
	mw_tel_put(d, "frees", s.frees);
	mw_tel_put(d, "live_bytes_start", s.live_bytes_start);
	mw_tel_put(d, "live_bytes_end", s.live_bytes_end);
	mw_tel_put(d, "peak_bytes", s.peak_bytes);
	mw_tel_put(d, "average_bytes", s.average_bytes);
	mw_tel_put(d, "mean_lifetime_ns", s.mean_lifetime_ns);
	mw_tel_put(d, "held_bytes", s.held_bytes);
	mw_tel_put(d, "lost_bytes", s.lost_bytes);
	mw_tel_put(d, "fragmentation_permille", s.fragmentation_permille);
	if (s.efficiency_permille != 0)
		mw_tel_put(d, "efficiency_permille", s.efficiency_permille);
	put_bins(d, "sizes", s.sizes);
	put_bins(d, "lifetimes", s.lifetimes);
	mw_tel_put(d, "lifetimes_late", s.lifetimes_late);
	mw_tel_put(d, "lifetimes_open", s.lifetimes_open);
	mw_tel_put(d, "sites", s.sites);
	mw_tel_put(d, "sites_lost", s.sites_lost);
	mw_tel_put(d, "live_blocks", s.live_blocks);
	mw_tel_put(d, "live_bytes", s.live_bytes);
	mw_tel_put(d, "advice", advice);
	return 0;
}

int
mw_tel_profile_stop(const char *cmd, const char *params, struct mw_tel_data *d)
{
	if (!is_bare(cmd, params, d))
		return 0;
	return rte_memprof_stop() != 0 ? failed(d) : put_summary(d);
}

int
mw_tel_profile_show(const char *cmd, const char *params, struct mw_tel_data *d)
{
	return is_bare(cmd, params, d) ? put_summary(d) : 0;
}

/* ---- nodes and size classes: an array a column */

#define COLUMNS 5

struct columns {
	struct mw_tel_data *list[COLUMNS];
};

static void
columns_begin(struct columns *c, const struct mw_tel_data *d)
{
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		c->list[i] = mw_tel_list(d);
}

static void
columns_row(struct columns *c, const uint64_t values[COLUMNS])
{
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		if (c->list[i] != NULL)
			mw_tel_append(c->list[i], values[i]);
}

/* Answers with them, or with what went wrong. */
static int
columns_end(struct columns *c, int rc, const char *const names[COLUMNS], struct mw_tel_data *d)
{
	unsigned int i;

	if (rc == 0)
		mw_tel_start(d);
	for (i = 0; i < COLUMNS; i++)
		if (rc == 0)
			mw_tel_put_part(d, names[i], c->list[i]);
		else if (c->list[i] != NULL)
			mw_tel_free(c->list[i]);
	return rc == 0 ? 0 : failed(d);
}

static int
node_row(const struct rte_memprof_node *node, void *arg)
{
	columns_row(arg, (const uint64_t[COLUMNS]){ (uint64_t)node->node_id, node->allocations,
						    node->allocated_bytes, node->remote_blocks,
						    node->remote_bytes });
	return 0;
}

int
mw_tel_profile_nodes(const char *cmd, const char *params, struct mw_tel_data *d)
{
	static const char *const names[COLUMNS] = { "node", "allocations", "allocated_bytes",
						    "remote_blocks", "remote_bytes" };
	struct columns c;

	if (!is_bare(cmd, params, d))
		return 0;
	columns_begin(&c, d);
	return columns_end(&c, rte_memprof_nodes(node_row, &c), names, d);
}

static int
class_row(const struct rte_memprof_class *cls, void *arg)
{
	columns_row(arg, (const uint64_t[COLUMNS]){ cls->class_size, cls->allocations, cls->sampled,
						    cls->asked, cls->given });
	return 0;
}

int
mw_tel_profile_classes(const char *cmd, const char *params, struct mw_tel_data *d)
{
	static const char *const names[COLUMNS] = { "class_size", "allocations", "sampled",
						    "asked_bytes", "given_bytes" };
	struct columns c;

	if (!is_bare(cmd, params, d))
		return 0;
	columns_begin(&c, d);
	return columns_end(&c, rte_memprof_classes(class_row, &c), names, d);
}

/* ---- call sites */

struct part {
	struct mw_tel_data *d;
	uint64_t n, first, next; /* next 0: nothing is left out. */
	size_t bytes;
};

static struct mw_tel_data *
stack_of(const struct mw_tel_data *of, const struct rte_memprof_site *site, size_t *bytes)
{
	struct mw_tel_data *list = mw_tel_texts(of);
	const struct rte_memprof_frame *f;
	unsigned int i;
	char name[FRAME];

	if (list == NULL)
		return NULL;
	for (i = 0; i < site->nb_frames && i < MOST_FRAMES; i++) {
		f = &site->frames[i];
		if (f->function != NULL)
			snprintf(name, sizeof(name), "%s", f->function);
		else
			snprintf(name, sizeof(name), "%p", f->pc);
		mw_tel_append_text(list, name);
		*bytes += strlen(name) + 3;
	}
	return list;
}

static int
put_site(const struct rte_memprof_site *site, void *arg)
{
	struct part *part = arg;
	uint64_t index = part->n++;
	struct mw_tel_data *object;
	char name[24];

	if (index < part->first || part->next != 0)
		return 0;
	if (part->bytes > ROOM_SITES) {
		part->next = index;
		return 0;
	}
	object = mw_tel_object(part->d);
	if (object == NULL)
		return 0;
	mw_tel_put(object, "allocations", site->allocations);
	mw_tel_put(object, "allocated_bytes", site->allocated_bytes);
	mw_tel_put(object, "live_blocks", site->live_blocks);
	mw_tel_put(object, "live_bytes", site->live_bytes);
	if (site->given_bytes != 0)
		mw_tel_put(
			object, "efficiency_permille",
			(uint64_t)((double)site->asked_bytes * 1000 / (double)site->given_bytes));
	part->bytes += 220;
	mw_tel_put_part(object, "stack", stack_of(object, site, &part->bytes));
	snprintf(name, sizeof(name), "%llu", (unsigned long long)index);
	mw_tel_put_part(part->d, name, object);
	return 0;
}

int
mw_tel_profile_sites(const char *cmd, const char *params, struct mw_tel_data *d)
{
	struct part part = { .d = d };
	uint64_t number[2] = { 0, 0 };
	unsigned int n;

	if (!mw_tel_numbers(params, number, &n) || n > 1)
		return mw_tel_error(d, "say %s[,<first call site>]", cmd);
	part.first = number[0];
	mw_tel_start(d);
	if (rte_memprof_sites(put_site, &part) != 0)
		return failed(d);
	mw_tel_put(d, "sites", part.n);
	mw_tel_put(d, "first", part.first);
	if (part.next != 0)
		mw_tel_put(d, "next", part.next);
	return 0;
}

/* ---- advice */

struct advising {
	struct mw_tel_data *d;
	unsigned int n;
};

/* As a list of pieces, which are to be read one after the other. */
static int
put_advice(enum rte_memprof_advice_kind kind, const char *text, void *arg)
{
	struct advising *advising = arg;
	struct mw_tel_data *list = mw_tel_texts(advising->d);
	char name[16], piece[PIECE + 1];

	(void)kind;
	if (list == NULL || advising->n == MOST_ADVICE) {
		mw_tel_free(list);
		return 0;
	}
	for (; *text != '\0'; text += strlen(piece)) {
		snprintf(piece, sizeof(piece), "%s", text);
		mw_tel_append_text(list, piece);
	}
	snprintf(name, sizeof(name), "%u", advising->n++);
	mw_tel_put_part(advising->d, name, list);
	return 0;
}

int
mw_tel_profile_advice(const char *cmd, const char *params, struct mw_tel_data *d)
{
	struct advising advising = { .d = d };

	if (!is_bare(cmd, params, d))
		return 0;
	mw_tel_start(d);
	return rte_memprof_advise(put_advice, &advising) != 0 ? failed(d) : 0;
}
