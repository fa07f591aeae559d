/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "mapped": an allocator over a file, its lock, its texts, and when its head is written.
 * Must not: make system calls on the file, or know how blocks are laid out.
 * Called by: memalloc.c through the interface, applications.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "memalloc_mapped_priv.h"
#include "memalloc_priv.h"
#include "rte_memalloc_choose.h"
#include "rte_memalloc_mapped.h"

/* A block's header holds 40 bits of its size in 16 bytes. */
#define SIZE_MAX_FILE (UINT64_C(1) << 44)
#define ROOM_DEFAULT  (UINT64_C(64) << 30)

struct mapped {
	struct rte_memalloc base;
	pthread_mutex_t lock; /* All that follows, but what says otherwise. */
	struct ma_count count;
	struct ma_mapped_file file;
	struct ma_mapped_heap heap;
	struct ma_mapped_head head;
	_Atomic uint64_t size; /* As the heap's end; read without the lock. */
	uint64_t changes;      /* of blocks, size or root */
	pid_t owner;
	char *path;
};

static const struct rte_memalloc_ops mapped_ops;

static struct mapped *
mapped_of(struct rte_memalloc *alloc)
{
	return alloc != NULL && alloc->ops == &mapped_ops ? (struct mapped *)alloc : NULL;
}

static int
not_mapped(void)
{
	return rte_memalloc_fail(-EINVAL, "this is no allocator over a file");
}

static uint64_t
size_now(const struct mapped *self)
{
	/* Acquire: what is mapped up to there can be accessed. Partner: grow(). */
	return atomic_load_explicit(&self->size, memory_order_acquire);
}

/* Take the lock, in the process that opened the file. 0, and leave() follows. */
static int
enter(struct mapped *self)
{
	if (self->owner != getpid())
		return rte_memalloc_fail(-EPERM,
					 "%s was opened by process %d, and belongs to it: a child "
					 "opens the file itself, once that has closed it",
					 self->path, (int)self->owner);
	pthread_mutex_lock(&self->lock);
	return 0;
}

static void
leave(struct mapped *self)
{
	pthread_mutex_unlock(&self->lock);
}

/* The file is to be written: it knows first that the storage may get a part of it. */
static int
begin_change(struct mapped *self)
{
	int ret;

	if (self->head.dirty == 0) {
		self->head.dirty = 1;
		ma_mapped_boot(self->head.boot);
		ma_mapped_head_write(self->file.base, &self->head);
		ret = ma_mapped_file_sync(&self->file, 0, MA_MAPPED_START);
		if (ret != 0) {
			/* Tried anew with the next change. */
			self->head.dirty = 0;
			return rte_memalloc_fail(ret, "%s: writing its head: %s", self->path,
						 strerror(-ret));
		}
	}
	self->changes++;
	return 0;
}

/* enter() for what changes the file. */
static int
enter_to_change(struct mapped *self)
{
	int ret;

	if (self->file.read_only)
		return rte_memalloc_fail(-EROFS, "%s is open for reading only", self->path);
	ret = enter(self);
	if (ret != 0)
		return ret;
	ret = begin_change(self);
	if (ret != 0)
		leave(self);
	return ret;
}

/* ---- the interface */

static int
mapped_get_locked(struct mapped *self, size_t size, size_t align, void **mem)
{
	struct ma_size_text has;
	uint64_t offset;
	int ret = -ENOMEM;

	if (size < SIZE_MAX_FILE)
		ret = ma_mapped_heap_alloc(&self->heap, size, align, &offset);
	if (ret == -ENOMEM)
		rte_memalloc_fail(
			ret,
			"%s has no %zu bytes at alignment %zu in one piece: it has %s, of "
			"which %" PRIu64 " bytes are allocated; grow it (rte_memalloc_mapped_grow)",
			self->path, size, align, ma_size_text(&has, self->heap.end),
			(uint64_t)atomic_load_explicit(&self->count.allocated,
						       memory_order_relaxed));
	if (ret != 0)
		return ma_count_failure(&self->count, ret);
	ma_count_alloc(&self->count, ma_mapped_heap_size(&self->heap, offset));
	*mem = self->file.base + offset;
	return 0;
}

/* As enter_to_change(), for what is to have that alignment. */
static int
enter_to_allocate(struct mapped *self, size_t align)
{
	if (align > RTE_MEMALLOC_MAPPED_ALIGN_MAX)
		return rte_memalloc_fail(
			-EINVAL, "alignment %zu: in a file there are those up to 2 MiB", align);
	return enter_to_change(self);
}

static int
mapped_get(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct mapped *self = mapped_of(alloc);
	int ret = enter_to_allocate(self, align);

	if (ret != 0)
		return ret;
	ret = mapped_get_locked(self, size, align, mem);
	leave(self);
	return ret;
}

/* The offset of an allocation; 0 with its text said if it is none. */
static uint64_t
offset_of(struct mapped *self, const void *mem, uint64_t *size)
{
	uint64_t offset = (uintptr_t)mem - (uintptr_t)self->file.base;

	*size = ma_mapped_heap_size(&self->heap, offset);
	if (*size != 0)
		return offset;
	rte_memalloc_fail(-EINVAL,
			  "%p is no allocation in %s: was it freed before, or is its header "
			  "overwritten?",
			  mem, self->path);
	return 0;
}

static int
free_locked(struct mapped *self, void *mem)
{
	uint64_t size, offset = offset_of(self, mem, &size);
	int ret;

	if (offset == 0)
		return -EINVAL;
	if (offset == self->head.root)
		return rte_memalloc_fail(
			-EBUSY,
			"%p is the root of %s: set another one, or none, before it "
			"is freed or moved (rte_memalloc_mapped_set_root)",
			mem, self->path);
	ret = ma_mapped_heap_free(&self->heap, offset);
	if (ret == 0)
		ma_count_free(&self->count, size);
	return ret;
}

static int
mapped_free(struct rte_memalloc *alloc, void *mem)
{
	struct mapped *self = mapped_of(alloc);
	int ret = enter_to_change(self);

	if (ret != 0)
		return ret;
	ret = free_locked(self, mem);
	leave(self);
	return ret;
}

static int
realloc_locked(struct mapped *self, void *mem, size_t size, size_t align, void **moved)
{
	uint64_t old_size, offset = offset_of(self, mem, &old_size);
	void *other;
	int ret;

	if (offset == 0)
		return -EINVAL;
	if (((uintptr_t)mem & (align - 1)) == 0 && size < SIZE_MAX_FILE &&
	    ma_mapped_heap_resize(&self->heap, offset, size)) {
		ma_count_resize(&self->count, old_size, ma_mapped_heap_size(&self->heap, offset));
		*moved = mem;
		return 0;
	}
	ret = mapped_get_locked(self, size, align, &other);
	if (ret != 0)
		return ret;
	memcpy(other, mem, size < old_size ? size : old_size);
	ret = free_locked(self, mem);
	if (ret != 0) {
		free_locked(self, other);
		return ret;
	}
	*moved = other;
	return 0;
}

static int
mapped_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct mapped *self = mapped_of(alloc);
	int ret = enter_to_allocate(self, align);

	if (ret != 0)
		return ret;
	ret = realloc_locked(self, mem, size, align, moved);
	leave(self);
	return ret;
}

static size_t
mapped_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct mapped *self = mapped_of(alloc);
	size_t size;

	if (enter(self) != 0)
		return 0;
	size = ma_mapped_heap_size(&self->heap, (uintptr_t)mem - (uintptr_t)self->file.base);
	leave(self);
	return size;
}

static void
mapped_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	struct mapped *self = mapped_of(alloc);

	ma_count_read(&self->count, stats);
	stats->held = size_now(self);
}

static void
mapped_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&mapped_of(alloc)->count);
}

/* ---- to the storage */

static int
sync_failed(const struct mapped *self, int error)
{
	return rte_memalloc_fail(error, "writing %s to the storage: %s", self->path,
				 strerror(-error));
}

/* All of the file is there; if nothing was changed meanwhile, it may be said so. */
static int
settle(struct mapped *self, uint64_t changes)
{
	int ret = enter(self);

	if (ret != 0)
		return ret;
	if (self->changes == changes && self->head.dirty != 0) {
		self->head.dirty = 0;
		ma_mapped_head_write(self->file.base, &self->head);
		ret = ma_mapped_file_sync(&self->file, 0, MA_MAPPED_START);
		/* Which of the two copies counts is not known: the next change says it again. */
		if (ret != 0)
			ret = sync_failed(self, ret);
	}
	leave(self);
	return ret;
}

static int
sync_all(struct mapped *self)
{
	uint64_t changes, size;
	int ret = enter(self);

	if (ret != 0)
		return ret;
	changes = self->changes;
	size = self->heap.end;
	leave(self);
	if (self->file.read_only)
		return 0;
	ret = ma_mapped_file_sync(&self->file, 0, size);
	return ret != 0 ? sync_failed(self, ret) : settle(self, changes);
}

int
rte_memalloc_mapped_sync(struct rte_memalloc *alloc, const void *mem, size_t size)
{
	struct mapped *self = mapped_of(alloc);
	uint64_t offset, end;
	int ret;

	if (self == NULL)
		return not_mapped();
	if (mem == NULL && size == 0)
		return sync_all(self);
	offset = (uintptr_t)mem - (uintptr_t)self->file.base;
	if (mem == NULL || size == 0 || __builtin_add_overflow(offset, size, &end) ||
	    end > size_now(self))
		return rte_memalloc_fail(-EINVAL, "%zu bytes at %p are not all in %s", size, mem,
					 self->path);
	ret = enter(self);
	if (ret != 0)
		return ret;
	/* Others need not wait for the storage. */
	leave(self);
	ret = ma_mapped_file_sync(&self->file, offset, end);
	return ret != 0 ? sync_failed(self, ret) : 0;
}

/* ---- growing */

/* Why there is no file of this size, or of no more than this room. */
static int
no_space(int error, const char *path, uint64_t size)
{
	struct ma_size_text text;

	ma_size_text(&text, size);
	switch (error) {
	case -ENOSPC:
	case -EDQUOT:
		return rte_memalloc_fail(error,
					 "%s: the file system, or your share of it, has no room "
					 "for %s: %s; remove files, or ask for less",
					 path, text.text, strerror(-error));
	case -EFBIG:
		return rte_memalloc_fail(
			error,
			"%s: files of %s are not permitted: by RLIMIT_FSIZE (ulimit "
			"-f), or by the file system",
			path, text.text);
	default:
		return rte_memalloc_fail(error, "%s: having %s of blocks: %s", path, text.text,
					 strerror(-error));
	}
}

/* Have the blocks of a file that grows. An errno, its text said, or 0. */
static int
have_blocks(struct mapped *self, uint64_t old, uint64_t size)
{
	struct ma_size_text more, there;
	struct rte_memalloc_facts facts;
	uint64_t swap;
	int ret;

	/* Memory the kernel promises beyond what there is, and kills for it. */
	if (ma_mapped_file_in_memory(&self->file, &swap) && ma_facts_read(&facts) == 0 &&
	    size - old > facts.available + swap)
		return rte_memalloc_fail(-ENOSPC,
					 "%s: %s more on a file system in memory, of which %s are "
					 "available: remove files, or ask for less",
					 self->path, ma_size_text(&more, size - old),
					 ma_size_text(&there, facts.available + swap));
	ret = ma_mapped_file_fill(&self->file, size);
	return ret == 0 ? 0 : no_space(ret, self->path, size);
}

static int
grow_locked(struct mapped *self, uint64_t size)
{
	uint64_t old = self->heap.end;
	struct ma_size_text want, room;
	int ret;

	if (size <= old)
		return 0;
	if (size > self->file.room)
		return rte_memalloc_fail(-ENOMEM,
					 "%s: growing to %s, of which %s have room: open it with "
					 "more",
					 self->path, ma_size_text(&want, size),
					 ma_size_text(&room, self->file.room));
	ret = have_blocks(self, old, size);
	if (ret != 0)
		return ret;
	ret = ma_mapped_file_extend(&self->file, old, size);
	if (ret != 0)
		return rte_memalloc_fail(ret, "%s: mapping it: %s", self->path, strerror(-ret));
	ma_mapped_heap_format(&self->heap, old, size);
	self->head.size = size;
	ma_mapped_head_write(self->file.base, &self->head);
	/* Release: it is mapped. Partner: size_now(). */
	atomic_store_explicit(&self->size, size, memory_order_release);
	return ma_mapped_heap_extend(&self->heap, size);
}

static uint64_t
round_up(uint64_t size)
{
	return (size + MA_MAPPED_PAGE - 1) & ~(uint64_t)(MA_MAPPED_PAGE - 1);
}

int
rte_memalloc_mapped_grow(struct rte_memalloc *alloc, uint64_t size)
{
	struct mapped *self = mapped_of(alloc);
	int ret;

	if (self == NULL)
		return not_mapped();
	if (size > SIZE_MAX_FILE)
		return rte_memalloc_fail(-ENOMEM, "%s: growing to more than 16 TiB", self->path);
	ret = enter_to_change(self);
	if (ret != 0)
		return ret;
	ret = grow_locked(self, round_up(size));
	leave(self);
	return ret;
}

/* ---- finding things again */

int
rte_memalloc_mapped_set_root(struct rte_memalloc *alloc, void *mem)
{
	struct mapped *self = mapped_of(alloc);
	uint64_t size, offset;
	int ret;

	if (self == NULL)
		return not_mapped();
	ret = enter_to_change(self);
	if (ret != 0)
		return ret;
	offset = mem == NULL ? 0 : offset_of(self, mem, &size);
	if (mem != NULL && offset == 0) {
		ret = -EINVAL;
	} else if (self->head.root != offset) {
		self->head.root = offset;
		ma_mapped_head_write(self->file.base, &self->head);
	}
	leave(self);
	return ret;
}

void *
rte_memalloc_mapped_root(struct rte_memalloc *alloc)
{
	struct mapped *self = mapped_of(alloc);
	void *root;

	if (self == NULL || enter(self) != 0)
		return NULL;
	root = self->head.root == 0 ? NULL : self->file.base + self->head.root;
	leave(self);
	return root;
}

uint64_t
rte_memalloc_mapped_offset(struct rte_memalloc *alloc, const void *mem)
{
	struct mapped *self = mapped_of(alloc);
	uint64_t offset;

	if (self == NULL)
		return 0;
	/* Wraps round for what lies before it. */
	offset = (uintptr_t)mem - (uintptr_t)self->file.base;
	return offset >= MA_MAPPED_START && offset < size_now(self) ? offset : 0;
}

void *
rte_memalloc_mapped_at(struct rte_memalloc *alloc, uint64_t offset)
{
	struct mapped *self = mapped_of(alloc);

	if (self == NULL || offset < MA_MAPPED_START || offset >= size_now(self))
		return NULL;
	return self->file.base + offset;
}

void *
rte_memalloc_mapped_next(struct rte_memalloc *alloc, const void *mem)
{
	struct mapped *self = mapped_of(alloc);
	uint64_t offset = 0;

	if (self == NULL)
		return NULL;
	if (mem != NULL) {
		offset = rte_memalloc_mapped_offset(alloc, mem);
		if (offset == 0)
			return NULL;
	}
	if (enter(self) != 0)
		return NULL;
	offset = ma_mapped_heap_next(&self->heap, offset);
	leave(self);
	return offset == 0 ? NULL : self->file.base + offset;
}

uint64_t
rte_memalloc_mapped_size(struct rte_memalloc *alloc)
{
	struct mapped *self = mapped_of(alloc);

	return self == NULL ? 0 : size_now(self);
}

/* ---- opening and closing */

static int
mapped_destroy(struct rte_memalloc *alloc)
{
	struct mapped *self = mapped_of(alloc);
	bool is_owner = self->owner == getpid();
	int ret = is_owner ? sync_all(self) : 0;

	if (ret != 0)
		return ret;
	ma_mapped_file_close(&self->file, is_owner);
	pthread_mutex_destroy(&self->lock);
	free(self->path);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops mapped_ops = {
	.kind = "mapped",
	.alloc = mapped_get,
	.free = mapped_free,
	.realloc = mapped_realloc,
	.usable_size = mapped_usable_size,
	.stats = mapped_stats,
	.reset_peak = mapped_reset_peak,
	.destroy = mapped_destroy,
};

static int
new_mapped(const char *path, struct mapped **out)
{
	struct mapped *self = calloc(1, sizeof(*self));

	if (self != NULL)
		self->path = strdup(path);
	if (self == NULL || self->path == NULL) {
		free(self);
		return rte_memalloc_fail(-ENOMEM, "opening %s: out of memory", path);
	}
	self->base = (struct rte_memalloc){
		.ops = &mapped_ops,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES |
			 RTE_MEMALLOC_F_CHECKS | RTE_MEMALLOC_F_KEEPS,
	};
	pthread_mutex_init(&self->lock, NULL);
	self->owner = getpid();
	*out = self;
	return 0;
}

/* What was opened is no good: nothing of it remains. */
static void
drop(struct mapped *self, bool is_open)
{
	if (is_open)
		ma_mapped_file_close(&self->file, true);
	pthread_mutex_destroy(&self->lock);
	free(self->path);
	free(self);
}

static int
open_failed(int error, const char *path)
{
	switch (error) {
	case -EBUSY:
		return rte_memalloc_fail(
			error,
			"%s is in use by another process, or elsewhere in this one "
			"(lslocks tells which)",
			path);
	case -EBADMSG:
		return rte_memalloc_fail(error, "%s is not a regular file", path);
	case -EEXIST:
		return rte_memalloc_fail(error,
					 "%s exists: open it (rte_memalloc_mapped_open), or remove "
					 "it",
					 path);
	default:
		return rte_memalloc_fail(error, "opening %s: %s", path, strerror(-error));
	}
}

static int
map(struct mapped *self, uint64_t size, uint64_t room)
{
	struct ma_size_text text;
	int ret;

	if (room == 0)
		room = size > ROOM_DEFAULT / 4 ? size * 4 : ROOM_DEFAULT;
	room = round_up(room);
	if (room < size)
		return rte_memalloc_fail(-EINVAL,
					 "%s: has %s, more than the room that was asked for",
					 self->path, ma_size_text(&text, size));
	ret = ma_mapped_file_map(&self->file, size, room);
	if (ret != 0)
		return rte_memalloc_fail(ret,
					 "%s: mapping it, with room for %s: %s; ask for less room, "
					 "or raise the limit of address space (ulimit -v)",
					 self->path, ma_size_text(&text, room), strerror(-ret));
	return 0;
}

static void
count_used(uint64_t size, void *arg)
{
	ma_count_alloc(arg, size);
}

/* The head is read and the file mapped: take in its blocks. */
static int
load(struct mapped *self)
{
	int ret;

	self->heap = (struct ma_mapped_heap){ .base = self->file.base,
					      .end = self->head.size,
					      .id = self->head.id,
					      .read_only = self->file.read_only };
	ret = ma_mapped_heap_load(&self->heap, self->path, count_used, &self->count);
	if (ret != 0)
		return ret;
	if (self->head.root != 0 && ma_mapped_heap_size(&self->heap, self->head.root) == 0)
		return rte_memalloc_fail(-EBADMSG,
					 "%s: is damaged: its root, at offset %" PRIu64
					 ", is no allocation",
					 self->path, self->head.root);
	atomic_store_explicit(&self->size, self->head.size, memory_order_release);
	return 0;
}

/* Make a file's contents, in blocks that it has not got yet. */
static int
make(struct mapped *self, uint64_t size, uint64_t room)
{
	uint64_t id;
	int ret;

	ret = have_blocks(self, 0, size);
	if (ret != 0)
		return ret;
	ret = map(self, size, room);
	if (ret != 0)
		return ret;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return rte_memalloc_fail(-EIO, "%s: the kernel has no random numbers", self->path);
	self->head = (struct ma_mapped_head){
		.magic = MA_MAPPED_MAGIC, .version = MA_MAPPED_VERSION, .id = id, .size = size
	};
	self->heap = (struct ma_mapped_heap){ .base = self->file.base, .end = size, .id = id };
	ma_mapped_heap_format(&self->heap, MA_MAPPED_START, size);
	ma_mapped_head_write(self->file.base, &self->head);
	ma_mapped_head_write(self->file.base, &self->head);
	ret = ma_mapped_file_sync(&self->file, 0, size);
	if (ret == 0)
		ret = ma_mapped_file_settle(&self->file, self->path);
	return ret != 0 ? sync_failed(self, ret) : load(self);
}

int
rte_memalloc_mapped_create(const char *path, uint64_t size, uint64_t room,
			   struct rte_memalloc **alloc)
{
	struct mapped *self;
	uint64_t none;
	int ret;

	if (path == NULL || alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "making a file: no path, or nowhere to put it");
	if (size < RTE_MEMALLOC_MAPPED_SIZE_MIN || size > SIZE_MAX_FILE ||
	    (room != 0 && room < size) || room > SIZE_MAX_FILE)
		return rte_memalloc_fail(-EINVAL,
					 "%s: a file of %" PRIu64 " bytes, with room for %" PRIu64
					 ": 16 KiB to 16 TiB, and no more than the room",
					 path, size, room);
	ret = new_mapped(path, &self);
	if (ret != 0)
		return ret;
	ret = ma_mapped_file_open(path, true, false, &self->file, &none);
	if (ret != 0) {
		drop(self, false);
		return open_failed(ret, path);
	}
	ret = make(self, round_up(size), room);
	if (ret != 0) {
		unlink(path);
		drop(self, true);
		return ret;
	}
	*alloc = &self->base;
	return 0;
}

/* The file is open: see whether it is a good one. */
static int
take(struct mapped *self, uint32_t flags, uint64_t file_size, uint64_t room)
{
	struct ma_size_text text;
	uint64_t boot[2];
	bool is_torn;
	int ret;

	if (file_size < RTE_MEMALLOC_MAPPED_SIZE_MIN)
		return rte_memalloc_fail(
			-EBADMSG, "%s: has %s: is truncated, or no file of a mapped allocator",
			self->path, ma_size_text(&text, file_size));
	ret = map(self, file_size & ~(uint64_t)(MA_MAPPED_PAGE - 1), room);
	if (ret != 0)
		return ret;
	ret = ma_mapped_head_read(self->path, self->file.base, file_size, &self->head);
	if (ret != 0)
		return ret;
	ma_mapped_boot(boot);
	is_torn = ma_mapped_is_torn(&self->head, boot);
	if (is_torn && (flags & RTE_MEMALLOC_MAPPED_F_TORN) == 0)
		return rte_memalloc_fail(
			-EUCLEAN,
			"%s: the machine went down, or this is a copy made, while "
			"it was changed: some changes may be in it and others not; "
			"restore a backup, or open it with "
			"RTE_MEMALLOC_MAPPED_F_TORN",
			self->path);
	ret = self->file.read_only ? ma_mapped_file_read_holes(&self->file, self->head.size) :
				     ma_mapped_file_fill(&self->file, self->head.size);
	if (ret != 0)
		return no_space(ret, self->path, self->head.size);
	/* Accepted: from now on the changes are this boot's. */
	if (is_torn && !self->file.read_only) {
		self->head.dirty = 0;
		ret = begin_change(self);
		if (ret != 0)
			return ret;
	}
	return load(self);
}

int
rte_memalloc_mapped_open(const char *path, uint32_t flags, uint64_t room,
			 struct rte_memalloc **alloc)
{
	bool read_only = (flags & RTE_MEMALLOC_MAPPED_F_READ_ONLY) != 0;
	struct mapped *self;
	uint64_t file_size;
	int ret;

	if (path == NULL || alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "opening a file: no path, or nowhere to put it");
	if ((flags & ~(RTE_MEMALLOC_MAPPED_F_READ_ONLY | RTE_MEMALLOC_MAPPED_F_TORN)) != 0 ||
	    room > SIZE_MAX_FILE)
		return rte_memalloc_fail(-EINVAL, "%s: flags %#x or room for %" PRIu64 " bytes",
					 path, flags, room);
	ret = new_mapped(path, &self);
	if (ret != 0)
		return ret;
	ret = ma_mapped_file_open(path, false, read_only, &self->file, &file_size);
	if (ret != 0) {
		drop(self, false);
		return open_failed(ret, path);
	}
	ret = take(self, flags, file_size, room);
	if (ret != 0) {
		drop(self, true);
		return ret;
	}
	*alloc = &self->base;
	return 0;
}
