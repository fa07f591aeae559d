/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: where the record of what plans added is kept, until the machine is switched off.
 * Must not: know what stands in it.
 * Called by: apply.c, raise.c and show.c.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "state.h"

static const char name[] = "reserve.ledger";

static int
read_ledger(struct state *state)
{
	char path[PATH_MAX];
	unsigned int line;
	FILE *file;
	int ret;

	snprintf(path, sizeof(path), "%s/%s", state->folder, name);
	file = fopen(path, "re");
	if (file == NULL && errno == ENOENT)
		return 0;
	ret = file != NULL ? ledger_read(file, &state->ledger, &line) : -errno;
	if (ret == -EINVAL)
		fprintf(stderr,
			"fastmem-reserve: line %u of %s is not one that it wrote: look at it, then "
			"mend or remove it; what it says of other plans is lost with it\n",
			line, path);
	else if (ret < 0)
		fprintf(stderr, "fastmem-reserve: cannot read %s: %s\n", path, strerror(-ret));
	if (file != NULL)
		fclose(file);
	return ret;
}

int
state_open(struct state *state, const char *folder)
{
	int ret;

	*state = (struct state){ .folder = folder, .lock = act_lock(folder, "reserve.lock") };
	/* Whoever may not change it has nothing to keep others from. */
	if (state->lock == -EACCES || state->lock == -EROFS || state->lock == -EPERM) {
		state->refused = state->lock;
		state->lock = -1;
	} else if (state->lock < 0) {
		fprintf(stderr, "fastmem-reserve: cannot lock %s/reserve.lock: %s\n", folder,
			strerror(-state->lock));
		return state->lock;
	}
	ret = read_ledger(state);
	if (ret < 0)
		state_close(state);
	return ret;
}

int
state_look(struct state *state, const char *folder)
{
	*state = (struct state){ .folder = folder, .lock = -1 };
	return read_ledger(state);
}

int
state_save(const struct state *state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int ret = -ENOMEM;

	if (file != NULL) {
		ledger_write(file, &state->ledger);
		if (fclose(file) == 0)
			ret = act_replace(state->folder, name, text, size);
	}
	free(text);
	if (ret < 0)
		fprintf(stderr, "fastmem-reserve: cannot write %s/%s: %s\n", state->folder, name,
			strerror(-ret));
	return ret;
}

void
state_close(struct state *state)
{
	ledger_release(&state->ledger);
	act_unlock(state->lock);
	state->lock = -1;
}
