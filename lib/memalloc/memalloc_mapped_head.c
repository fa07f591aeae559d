/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the head of files of the kind "mapped": its two copies, which one counts, writing the next.
 * Must not: make system calls, or know blocks.
 * Called by: memalloc_mapped.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "memalloc_mapped_priv.h"
#include "memalloc_priv.h"
#include "rte_memalloc_mapped.h"

#define NB_WORDS (sizeof(struct ma_mapped_head) / sizeof(uint64_t))

/* Of a file that is being written elsewhere the copies may be anything: each is read once. */
static struct ma_mapped_head
copy_of(const char *pages, unsigned int number)
{
	struct ma_mapped_head head;

	memcpy(&head, pages + (size_t)number * MA_MAPPED_PAGE, sizeof(head));
	return head;
}

/* The finalizer of MurmurHash3, over all words in turn. */
uint64_t
ma_mapped_seal(const struct ma_mapped_head *head)
{
	uint64_t words[NB_WORDS], h = UINT64_C(0x9e3779b97f4a7c15);

	memcpy(words, head, sizeof(words));
	for (size_t i = 0; i < NB_WORDS - 1; i++) {
		h ^= words[i] + i;
		h *= UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 33;
		h *= UINT64_C(0xc4ceb9fe1a85ec53);
		h ^= h >> 29;
	}
	/* What is all zero is none. */
	return h == 0 ? 1 : h;
}

static bool
is_good(const struct ma_mapped_head *head)
{
	return head->magic == MA_MAPPED_MAGIC && head->seal == ma_mapped_seal(head);
}

/* Neither copy is good: what is it? */
static int
say_why(const char *path, const struct ma_mapped_head copies[2])
{
	if (copies[0].magic == MA_MAPPED_MAGIC || copies[1].magic == MA_MAPPED_MAGIC)
		return rte_memalloc_fail(-EBADMSG,
					 "%s: both copies of its head are damaged: their checksums "
					 "are wrong; restore the file from a backup",
					 path);
	if (copies[0].magic == 0 && copies[1].magic == 0)
		return rte_memalloc_fail(-EBADMSG,
					 "%s: begins with zeros: making it was not finished, or it "
					 "was emptied; remove it",
					 path);
	return rte_memalloc_fail(-EBADMSG, "%s: is no file of a mapped allocator", path);
}

int
ma_mapped_head_read(const char *path, const char *pages, uint64_t file_size,
		    struct ma_mapped_head *head)
{
	struct ma_mapped_head copies[2] = { copy_of(pages, 0), copy_of(pages, 1) }, found;
	struct ma_size_text said, there;

	if (!is_good(&copies[0]) && !is_good(&copies[1]))
		return say_why(path, copies);
	if (!is_good(&copies[0]))
		found = copies[1];
	else if (!is_good(&copies[1]))
		found = copies[0];
	else
		found = copies[copies[1].serial > copies[0].serial];
	if (found.version != MA_MAPPED_VERSION)
		return rte_memalloc_fail(-ENOTSUP,
					 "%s: is of version %" PRIu64 "; this program reads %d",
					 path, found.version, MA_MAPPED_VERSION);
	if (found.size > file_size)
		return rte_memalloc_fail(-EBADMSG,
					 "%s: is truncated: it has %s of %s; restore it from a "
					 "backup",
					 path, ma_size_text(&there, file_size),
					 ma_size_text(&said, found.size));
	if (found.size < RTE_MEMALLOC_MAPPED_SIZE_MIN || found.size % MA_MAPPED_PAGE != 0)
		return rte_memalloc_fail(-EBADMSG,
					 "%s: is damaged: its head says %" PRIu64 " bytes", path,
					 found.size);
	*head = found;
	return 0;
}

void
ma_mapped_head_write(char *pages, struct ma_mapped_head *head)
{
	uint64_t words[NB_WORDS], *copy;

	head->serial++;
	head->seal = ma_mapped_seal(head);
	memcpy(words, head, sizeof(words));
	copy = (uint64_t *)(void *)(pages + (head->serial & 1) * MA_MAPPED_PAGE);
	/* Without a seal it does not count, and the other copy does; with its seal it does at once. */
	ma_mapped_store(&copy[NB_WORDS - 1], 0);
	for (size_t i = 0; i < NB_WORDS - 1; i++)
		ma_mapped_store(&copy[i], words[i]);
	ma_mapped_store(&copy[NB_WORDS - 1], words[NB_WORDS - 1]);
}

bool
ma_mapped_is_torn(const struct ma_mapped_head *head, const uint64_t boot[2])
{
	if (head->dirty == 0)
		return false;
	if (head->boot[0] == 0 && head->boot[1] == 0)
		return true;
	return head->boot[0] != boot[0] || head->boot[1] != boot[1];
}
