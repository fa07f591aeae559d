/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb clean: hugepages that programs left when they crashed.
 * Must not: remove what any process holds.
 * Called by: main.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "leftovers.h"
#include "text.h"
#include "verb.h"

enum { DRY_RUN };

static const struct option_def options[] = {
	[DRY_RUN] = { "--dry-run", NULL, "tell what would be removed, and remove nothing" },
	{ 0 },
};

/* Returns the bytes that came free, 0: it stays. */
static uint64_t
clean_file(const struct leftover *file, bool dry_run, bool *failed)
{
	char size[SIZE_TEXT];
	int ret = dry_run ? 0 : leftovers_remove(file);

	/* Somebody took it meanwhile. */
	if (ret == -EBUSY)
		return 0;
	if (ret < 0) {
		fprintf(stderr, "fastmem-reserve: cannot remove %s: %s%s\n", file->path,
			strerror(-ret),
			ret == -EACCES || ret == -EPERM ? ": it is another user's; run it as root" :
							  "");
		*failed = true;
		return 0;
	}
	printf("%s %s, %s\n", dry_run ? "would remove" : "removed", file->path,
	       size_text(size, file->bytes));
	return file->bytes;
}

static enum verb_status
run(const struct options *opts)
{
	bool dry_run = opts->value[DRY_RUN] != NULL, failed = false;
	unsigned int uncertain = 0;
	struct leftovers list;
	char size[SIZE_TEXT];
	uint64_t bytes = 0;
	int ret = leftovers_find("/proc", &list);

	if (ret < 0) {
		fprintf(stderr, "fastmem-reserve: cannot look for files of hugepages: %s\n",
			strerror(-ret));
		return VERB_FAILED;
	}
	for (unsigned int i = 0; i < list.n; i++) {
		if (leftovers_is_left(&list, &list.file[i]))
			bytes += clean_file(&list.file[i], dry_run, &failed);
		else
			uncertain += leftovers_is_uncertain(&list, &list.file[i]);
	}
	if (uncertain > 0)
		fprintf(stderr,
			"fastmem-reserve: %u files may be left or not: %u processes may not be looked "
			"at by this user, for which CAP_SYS_PTRACE is needed: run it as root\n",
			uncertain, list.hidden);
	printf("%s: %s\n", dry_run ? "would come free" : "came free", size_text(size, bytes));
	leftovers_release(&list);
	return failed || uncertain > 0 ? VERB_REFUSED : VERB_OK;
}

const struct verb verb_clean = {
	.name = "clean",
	.usage = "[options]",
	.summary = "remove hugepages that crashed programs left, and no process holds",
	.about =
		"Remove EAL's files from all hugetlbfs that no process has mapped, open or locked.",
	.options = options,
	.run = run,
};
