/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMALLOC_MAPPED_PRIV_H
#define MEMALLOC_MAPPED_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a file looks like: two copies of its head, a page each, then blocks without gaps up to the
 * size that the head says. What the file has beyond that counts for nothing.
 *
 * Whatever the allocator itself changes in a file are words, stored one after the other by
 * ma_mapped_store(); after each of these stores the file is a good one. This is what makes it one
 * after a kill as well.
 */

#define MA_MAPPED_MAGIC	  UINT64_C(0x466d656d74736166) /* "fastmemF" */
#define MA_MAPPED_VERSION 1
#define MA_MAPPED_PAGE	  4096
#define MA_MAPPED_START	  (2 * MA_MAPPED_PAGE)

/* Only words; seal is a function of all others, and stored last. */
struct ma_mapped_head {
	uint64_t magic;
	uint64_t version;
	uint64_t id;	  /* Random: no file's blocks are good in another one. */
	uint64_t serial;  /* The good copy with the larger one counts. */
	uint64_t size;	  /* Of the file. */
	uint64_t root;	  /* Offset of an allocation, or 0. */
	uint64_t dirty;	  /* 1: the storage may hold a part of the changes. */
	uint64_t boot[2]; /* dirty: of which boot the changes are; all zero: unknown. */
	uint64_t seal;
};

_Static_assert(sizeof(struct ma_mapped_head) == 80, "files are made of it");
_Static_assert(sizeof(struct ma_mapped_head) <= 512, "storage writes a copy whole or not");

/*
 * memalloc_mapped_head.c. Pure, but for writing a head.
 */

uint64_t
ma_mapped_seal(const struct ma_mapped_head *head);

/* The head that counts. -EBADMSG or -ENOTSUP with its text said, or 0. */
int
ma_mapped_head_read(const char *path, const char *pages, uint64_t file_size,
		    struct ma_mapped_head *head);

/* Seal it with the next serial, and write it over the older copy. */
void
ma_mapped_head_write(char *pages, struct ma_mapped_head *head);

/* Whether the machine has been down since the changes that the storage may hold a part of. */
bool
ma_mapped_is_torn(const struct ma_mapped_head *head, const uint64_t boot[2]);

/*
 * memalloc_mapped_heap.c: blocks. Not MT-safe.
 */

/* Lists of free blocks: by size, in steps of a quarter. */
#define MA_MAPPED_BINS 160

struct ma_mapped_heap {
	char *base;
	uint64_t end;	    /* of the last block */
	uint64_t last_size; /* of the last block */
	uint64_t id;
	bool read_only;
	uint64_t bins[MA_MAPPED_BINS]; /* Offsets of blocks, or 0. */
	uint64_t used[(MA_MAPPED_BINS + 63) / 64];
};

/* What a block's header says. */
struct ma_mapped_block {
	uint64_t size; /* Header and all. */
	bool is_used;
};

#define MA_MAPPED_HEADER 16

/* Make one free block of all from start on; no part of the heap until the end moves behind it. */
void
ma_mapped_heap_format(struct ma_mapped_heap *heap, uint64_t start, uint64_t end);

/*
 * Look at all blocks, join free ones that a kill left apart, list the free, and tell of the used.
 * -EBADMSG with its text said, or 0.
 */
int
ma_mapped_heap_load(struct ma_mapped_heap *heap, const char *path,
		    void (*used)(uint64_t size, void *arg), void *arg);

/* The new end has become the head's: take in what ma_mapped_heap_format() made. */
int
ma_mapped_heap_extend(struct ma_mapped_heap *heap, uint64_t end);

/* Offset of so many bytes. -ENOMEM, -EBADMSG with its text said, or 0. */
int
ma_mapped_heap_alloc(struct ma_mapped_heap *heap, uint64_t size, uint64_t align, uint64_t *offset);

/* Of an allocation. -EBADMSG with its text said, or 0. */
int
ma_mapped_heap_free(struct ma_mapped_heap *heap, uint64_t offset);

/* Another size where it is. False: there is no room, or what is behind is damaged. */
bool
ma_mapped_heap_resize(struct ma_mapped_heap *heap, uint64_t offset, uint64_t size);

/* Usable bytes of an allocation, 0 if there is none at this offset. */
uint64_t
ma_mapped_heap_size(const struct ma_mapped_heap *heap, uint64_t offset);

/* Offset of the next allocation behind an offset, 0 if there is none; the first one behind 0. */
uint64_t
ma_mapped_heap_next(const struct ma_mapped_heap *heap, uint64_t offset);

/*
 * memalloc_mapped_file.c: system calls, without texts; and the one way to write to a file's own words.
 */

struct ma_mapped_file {
	int fd;
	char *base;
	uint64_t room; /* Address space behind base. */
	bool read_only;
};

/* The word's new value is there before that of any word stored later. */
void
ma_mapped_store(uint64_t *word, uint64_t value);

/* Which boot of the machine this is; all zero where the kernel does not tell. */
void
ma_mapped_boot(uint64_t boot[2]);

/* Open and lock it. -EBUSY: somebody else has. -EBADMSG: not a regular file. */
int
ma_mapped_file_open(const char *path, bool create, bool read_only, struct ma_mapped_file *file,
		    uint64_t *size);

/* Have all blocks up to a size; the file has none of what was added to it when that fails. */
int
ma_mapped_file_fill(struct ma_mapped_file *file, uint64_t size);

/* Whether it takes memory, and how much the machine could swap out for it. */
bool
ma_mapped_file_in_memory(const struct ma_mapped_file *file, uint64_t *swap);

/* Have what the holes of a file take when they are read, if they do: of one open for reading. */
int
ma_mapped_file_read_holes(struct ma_mapped_file *file, uint64_t size);

/* Address space, of which the first bytes are the file. */
int
ma_mapped_file_map(struct ma_mapped_file *file, uint64_t size, uint64_t room);

/* More of the file, right behind what is mapped. */
int
ma_mapped_file_extend(struct ma_mapped_file *file, uint64_t from, uint64_t to);

int
ma_mapped_file_sync(struct ma_mapped_file *file, uint64_t from, uint64_t to);

/* The file itself, and its name. */
int
ma_mapped_file_settle(struct ma_mapped_file *file, const char *path);

/* locked: by this process, and not by the one that it was forked from. */
void
ma_mapped_file_close(struct ma_mapped_file *file, bool locked);

#endif /* MEMALLOC_MAPPED_PRIV_H */
