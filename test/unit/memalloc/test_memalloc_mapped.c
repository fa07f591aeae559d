/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the kind "mapped" but for kills and full disks: what comes back, what is refused,
 *   locks, children, the machine going down.
 * Must not: repeat what test_memalloc_conform.c checks for every kind.
 * Called by: meson test.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_mapped.h>

#include "memalloc_mapped_priv.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

static char folder[] = "/tmp/fastmem-mapped-XXXXXX", path[PATH_MAX], other_path[PATH_MAX];

/* ---- what stands between the library and the system */

static bool is_other_boot, is_storage_broken;
static size_t synced;

void
__real_ma_mapped_boot(uint64_t boot[2]);
void
__wrap_ma_mapped_boot(uint64_t boot[2]);
int
__real_msync(void *addr, size_t size, int flags);
int
__wrap_msync(void *addr, size_t size, int flags);
void
__wrap_ma_mapped_boot(uint64_t boot[2])
{
	__real_ma_mapped_boot(boot);
	boot[1] ^= is_other_boot;
}

int
__wrap_msync(void *addr, size_t size, int flags)
{
	assert_int_equal(flags, MS_SYNC);
	if (is_storage_broken) {
		errno = EIO;
		return -1;
	}
	synced += size;
	return __real_msync(addr, size, flags);
}

/* ---- helpers */

static struct rte_memalloc *
fresh(uint64_t size)
{
	struct rte_memalloc *alloc;

	unlink(path);
	assert_int_equal(rte_memalloc_mapped_create(path, size, 0, &alloc), 0);
	return alloc;
}

static struct rte_memalloc *
again(uint32_t flags)
{
	struct rte_memalloc *alloc;
	int ret = rte_memalloc_mapped_open(path, flags, 0, &alloc);

	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memalloc_error());
	return alloc;
}

static void *
get(struct rte_memalloc *alloc, size_t size)
{
	void *mem;

	if (rte_memalloc_alloc(alloc, size, 0, &mem) != 0)
		fail_msg("%s", rte_memalloc_error());
	return mem;
}

static void
done(struct rte_memalloc *alloc)
{
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
refused(int ret, int expected, const char *word)
{
	if (ret != expected || strstr(rte_memalloc_error(), word) == NULL)
		fail_msg("%d, not %d with \"%s\": %s", ret, expected, word, rte_memalloc_error());
}

static void
cannot_open(int expected, const char *word)
{
	struct rte_memalloc *alloc = NULL;

	refused(rte_memalloc_mapped_open(path, 0, 0, &alloc), expected, word);
	assert_null(alloc);
}

static void
poke(uint64_t offset, const void *data, size_t size)
{
	int fd = open(path, O_RDWR);

	assert_int_equal(pwrite(fd, data, size, (off_t)offset), size);
	close(fd);
}

/* How a child ends that runs something. */
static int
in_child(int (*run)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- what comes back */

struct node {
	uint64_t next; /* offset */
	char text[40];
};

#define NB_NODES 1000

/* In a process of its own: nothing but the file is common to it and whoever reads it. */
static int
write_list(void *arg)
{
	struct rte_memalloc *alloc;
	struct node *node;
	uint64_t last = 0;

	(void)arg;
	if (rte_memalloc_mapped_create(path, 256 * KIB, 0, &alloc) != 0)
		return 1;
	for (int i = 0; i < NB_NODES; i++) {
		if (rte_memalloc_alloc(alloc, sizeof(*node), 0, (void **)&node) != 0)
			return 2;
		snprintf(node->text, sizeof(node->text), "node %d of a list", i);
		node->next = last;
		last = rte_memalloc_mapped_offset(alloc, node);
	}
	if (rte_memalloc_mapped_set_root(alloc, node) != 0)
		return 3;
	return rte_memalloc_destroy(alloc) != 0;
}

static void
what_was_allocated_is_there_again(void **state)
{
	struct rte_memalloc_stats stats;
	struct rte_memalloc *alloc;
	unsigned int n = 0;
	struct node *node;
	char text[40];
	void *mem;

	(void)state;
	unlink(path);
	assert_int_equal(in_child(write_list, NULL), 0);
	alloc = again(0);
	for (node = rte_memalloc_mapped_root(alloc); node != NULL;
	     node = rte_memalloc_mapped_at(alloc, node->next)) {
		n++;
		snprintf(text, sizeof(text), "node %u of a list", NB_NODES - n);
		assert_string_equal(node->text, text);
	}
	assert_int_equal(n, NB_NODES);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.nb_allocs, NB_NODES);
	assert_int_equal(stats.held, 256 * KIB);
	n = 0;
	for (mem = rte_memalloc_mapped_next(alloc, NULL); mem != NULL;
	     mem = rte_memalloc_mapped_next(alloc, mem))
		n++;
	assert_int_equal(n, NB_NODES);
	/* They can be freed, too, and what is free then is one piece. */
	assert_int_equal(rte_memalloc_mapped_set_root(alloc, NULL), 0);
	while ((mem = rte_memalloc_mapped_next(alloc, NULL)) != NULL)
		assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	mem = get(alloc, 256 * KIB - MA_MAPPED_START - MA_MAPPED_HEADER);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	done(alloc);
}

static void
what_is_written_is_in_the_file(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	char *mem = get(alloc, 100), text[16] = "";
	struct stat stat;
	int fd;

	(void)state;
	strcpy(mem, "an outsider");
	assert_int_equal(rte_memalloc_mapped_sync(alloc, mem, 12), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, text, 12, (off_t)rte_memalloc_mapped_offset(alloc, mem)), 12);
	assert_string_equal(text, "an outsider");
	assert_int_equal(fstat(fd, &stat), 0);
	assert_int_equal(stat.st_size, 64 * KIB);
	assert_true((uint64_t)stat.st_blocks * 512 >= 64 * KIB);
	assert_int_equal(stat.st_mode & 077, 0);
	close(fd);
	done(alloc);
}

static void
offsets_and_addresses_belong_together(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	char *mem = get(alloc, 100);
	int on_stack;

	(void)state;
	assert_true(rte_memalloc_mapped_offset(alloc, mem) >= MA_MAPPED_START);
	assert_int_equal(rte_memalloc_mapped_offset(alloc, mem + 5),
			 rte_memalloc_mapped_offset(alloc, mem) + 5);
	assert_ptr_equal(rte_memalloc_mapped_at(alloc, rte_memalloc_mapped_offset(alloc, mem)),
			 mem);
	assert_int_equal(rte_memalloc_mapped_offset(alloc, NULL), 0);
	assert_int_equal(rte_memalloc_mapped_offset(alloc, &on_stack), 0);
	assert_null(rte_memalloc_mapped_at(alloc, 0));
	assert_null(rte_memalloc_mapped_at(alloc, 64 * KIB));
	assert_null(rte_memalloc_mapped_at(alloc, UINT64_MAX));
	assert_null(rte_memalloc_mapped_next(alloc, mem + 16));
	assert_null(rte_memalloc_mapped_next(alloc, mem));
	done(alloc);
}

static void
the_root_stays(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	void *mem = get(alloc, 100), *moved;

	(void)state;
	assert_null(rte_memalloc_mapped_root(alloc));
	refused(rte_memalloc_mapped_set_root(alloc, (char *)mem + 16), -EINVAL, "no allocation");
	assert_int_equal(rte_memalloc_mapped_set_root(alloc, mem), 0);
	refused(rte_memalloc_free(alloc, mem), -EBUSY, "root");
	/* Nothing behind it is free for it to grow into. */
	get(alloc, 100);
	refused(rte_memalloc_realloc(alloc, mem, 4000, 0, &moved), -EBUSY, "root");
	assert_ptr_equal(rte_memalloc_mapped_root(alloc), mem);
	assert_int_equal(rte_memalloc_mapped_set_root(alloc, NULL), 0);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	done(alloc);
}

static void
a_damaged_header_is_noticed(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	char *mem = get(alloc, 64), *next = get(alloc, 64);
	uint64_t was;

	(void)state;
	get(alloc, 64);
	memcpy(&was, next - MA_MAPPED_HEADER, sizeof(was));
	memset(next - MA_MAPPED_HEADER, 0x55, 8);
	refused(rte_memalloc_free(alloc, mem), -EBADMSG, "past the end");
	refused(rte_memalloc_free(alloc, next), -EINVAL, "overwritten");
	done(alloc);
	cannot_open(-EBADMSG, "is damaged");
	poke((uint64_t)(next - mem) + MA_MAPPED_START, &was, sizeof(was));
	done(again(0));
}

/* ---- reading only */

static int
write_to(void *mem)
{
	signal(SIGSEGV, SIG_DFL);
	*(char *)mem = 1;
	return 0;
}

static void
a_reader_changes_nothing(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB), *second;
	char *mem = get(alloc, 100);
	void *moved;

	(void)state;
	strcpy(mem, "to be read");
	assert_int_equal(rte_memalloc_mapped_set_root(alloc, mem), 0);
	done(alloc);
	assert_int_equal(chmod(path, 0400), 0);
	alloc = again(RTE_MEMALLOC_MAPPED_F_READ_ONLY);
	mem = rte_memalloc_mapped_root(alloc);
	assert_string_equal(mem, "to be read");
	assert_true(rte_memalloc_usable_size(alloc, mem) >= 100);
	refused(rte_memalloc_alloc(alloc, 1, 0, &moved), -EROFS, path);
	refused(rte_memalloc_free(alloc, mem), -EROFS, path);
	refused(rte_memalloc_realloc(alloc, mem, 1, 0, &moved), -EROFS, path);
	refused(rte_memalloc_mapped_set_root(alloc, NULL), -EROFS, path);
	refused(rte_memalloc_mapped_grow(alloc, MIB), -EROFS, path);
	assert_int_equal(rte_memalloc_mapped_sync(alloc, NULL, 0), 0);
	assert_int_equal(in_child(write_to, mem), -SIGSEGV);
	/* Others may read, too, and nobody may write. */
	second = again(RTE_MEMALLOC_MAPPED_F_READ_ONLY);
	done(second);
	assert_int_equal(chmod(path, 0600), 0);
	cannot_open(-EBUSY, "in use");
	done(alloc);
	done(again(0));
}

/* ---- one writer */

static int
open_it(void *arg)
{
	struct rte_memalloc *alloc;

	(void)arg;
	return -rte_memalloc_mapped_open(path, 0, 0, &alloc);
}

static int
misuse_it(void *arg)
{
	struct rte_memalloc *alloc = arg;
	char *mem = rte_memalloc_mapped_at(alloc, MA_MAPPED_START + MA_MAPPED_HEADER);
	void *more;

	if (rte_memalloc_alloc(alloc, 1, 0, &more) != -EPERM ||
	    rte_memalloc_free(alloc, mem) != -EPERM ||
	    rte_memalloc_mapped_grow(alloc, MIB) != -EPERM ||
	    rte_memalloc_mapped_sync(alloc, NULL, 0) != -EPERM || strcmp(mem, "mine") != 0)
		return 1;
	strcpy(mem, "ours");
	return rte_memalloc_destroy(alloc) != 0;
}

static void
there_is_one_writer(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	char *mem = get(alloc, 10);

	(void)state;
	cannot_open(-EBUSY, "in use");
	assert_int_equal(in_child(open_it, NULL), EBUSY);
	strcpy(mem, "mine");
	assert_int_equal(in_child(misuse_it, alloc), 0);
	assert_string_equal(mem, "ours");
	/* The child's going has not let go of the lock. */
	assert_int_equal(in_child(open_it, NULL), EBUSY);
	done(alloc);
	assert_int_equal(in_child(open_it, NULL), 0);
}

static int
wait_for_end(void *arg)
{
	char c;

	return (int)read(*(int *)arg, &c, 1);
}

static void
a_child_that_lives_on_holds_nobody_up(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	int pipes[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		close(pipes[1]);
		_exit(wait_for_end(&pipes[0]));
	}
	done(alloc);
	done(again(0));
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* ---- growing */

static void
it_grows_where_it_is(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	char *mem = get(alloc, 20000), *more;
	void *none = NULL;

	(void)state;
	memset(mem, 0x42, 20000);
	refused(rte_memalloc_alloc(alloc, 60000, 0, &none), -ENOMEM, "rte_memalloc_mapped_grow");
	assert_int_equal(rte_memalloc_mapped_grow(alloc, MIB + 1), 0);
	assert_int_equal(rte_memalloc_mapped_size(alloc), MIB + 4096);
	assert_int_equal(rte_memalloc_mapped_grow(alloc, 5), 0);
	more = get(alloc, 1000000);
	memset(more, 0x43, 1000000);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(mem[i], 0x42);
	assert_int_equal(rte_memalloc_mapped_set_root(alloc, more), 0);
	done(alloc);
	alloc = again(0);
	more = rte_memalloc_mapped_root(alloc);
	for (int i = 0; i < 1000000; i++)
		assert_int_equal(more[i], 0x43);
	done(alloc);
	/* No further than there is room. */
	assert_int_equal(rte_memalloc_mapped_open(path, 0, 2 * MIB, &alloc), 0);
	refused(rte_memalloc_mapped_grow(alloc, 2 * MIB + 1), -ENOMEM, "room");
	assert_int_equal(rte_memalloc_mapped_grow(alloc, 2 * MIB), 0);
	done(alloc);
	refused(rte_memalloc_mapped_open(path, 0, MIB, &alloc), -EINVAL, "room");
}

/* ---- wrong files */

static void
wrong_files_are_refused(void **state)
{
	char other[64 * 1024] = "not at all such a file";
	struct rte_memalloc *alloc;
	uint64_t word = 0;

	(void)state;
	unlink(path);
	cannot_open(-ENOENT, path);
	assert_int_equal(mkdir(path, 0700), 0);
	cannot_open(-EISDIR, path);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	cannot_open(-EBADMSG, "regular");
	assert_int_equal(unlink(path), 0);

	done(fresh(64 * KIB));
	refused(rte_memalloc_mapped_create(path, 64 * KIB, 0, &alloc), -EEXIST, path);
	assert_int_equal(truncate(path, 60 * KIB), 0);
	cannot_open(-EBADMSG, "truncated: it has 60 KiB of 64 KiB");
	assert_int_equal(truncate(path, 100), 0);
	cannot_open(-EBADMSG, "truncated");
	assert_int_equal(truncate(path, 0), 0);
	cannot_open(-EBADMSG, "truncated");
	poke(0, other, sizeof(other));
	cannot_open(-EBADMSG, "no file of a mapped allocator");

	/* One bad copy does no harm, two do. */
	done(fresh(64 * KIB));
	poke(offsetof(struct ma_mapped_head, root), &(uint64_t){ 77 }, 8);
	done(again(0));
	poke(offsetof(struct ma_mapped_head, root), &(uint64_t){ 77 }, 8);
	poke(MA_MAPPED_PAGE + offsetof(struct ma_mapped_head, size), &(uint64_t){ 77 }, 8);
	cannot_open(-EBADMSG, "checksum");

	/* Blocks that do not add up. */
	done(fresh(64 * KIB));
	poke(MA_MAPPED_START, &word, sizeof(word));
	cannot_open(-EBADMSG, "offset 8192");
}

static void
write_head(void (*change)(struct ma_mapped_head *head))
{
	struct ma_mapped_head head;
	int fd = open(path, O_RDWR);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(pread(fd, &head, sizeof(head), i * MA_MAPPED_PAGE), sizeof(head));
		change(&head);
		head.seal = ma_mapped_seal(&head);
		assert_int_equal(pwrite(fd, &head, sizeof(head), i * MA_MAPPED_PAGE), sizeof(head));
	}
	close(fd);
}

static void
be_new(struct ma_mapped_head *head)
{
	head->version = 9;
}

static void
be_lost(struct ma_mapped_head *head)
{
	head->root = MA_MAPPED_START + 160;
}

static void
be_of_another_file(struct ma_mapped_head *head)
{
	head->id++;
}

static void
heads_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	done(fresh(64 * KIB));
	write_head(be_new);
	cannot_open(-ENOTSUP, "version 9");
	done(fresh(64 * KIB));
	write_head(be_lost);
	cannot_open(-EBADMSG, "root");
	done(fresh(64 * KIB));
	write_head(be_of_another_file);
	cannot_open(-EBADMSG, "offset 8192");
}

static void
arguments_are_checked(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB), *none = NULL;
	void *mem = get(alloc, 1);

	(void)state;
	refused(rte_memalloc_mapped_create(NULL, MIB, 0, &none), -EINVAL, "no path");
	refused(rte_memalloc_mapped_create(path, MIB, 0, NULL), -EINVAL, "nowhere");
	refused(rte_memalloc_mapped_create(other_path, 100, 0, &none), -EINVAL, "16 KiB");
	refused(rte_memalloc_mapped_create(other_path, MIB, 1, &none), -EINVAL, "room");
	refused(rte_memalloc_mapped_create(other_path, UINT64_MAX, 0, &none), -EINVAL, "16 TiB");
	refused(rte_memalloc_mapped_open(NULL, 0, 0, &none), -EINVAL, "no path");
	refused(rte_memalloc_mapped_open(path, 64, 0, &none), -EINVAL, "0x40");
	refused(rte_memalloc_mapped_sync(alloc, mem, 0), -EINVAL, "not all in");
	refused(rte_memalloc_mapped_sync(alloc, mem, MIB), -EINVAL, "not all in");
	refused(rte_memalloc_mapped_sync(alloc, mem, SIZE_MAX), -EINVAL, "not all in");
	refused(rte_memalloc_mapped_sync(alloc, &none, 4), -EINVAL, "not all in");
	refused(rte_memalloc_mapped_grow(alloc, UINT64_MAX), -ENOMEM, "16 TiB");
	refused(rte_memalloc_mapped_grow(NULL, MIB), -EINVAL, "no allocator over a file");
	refused(rte_memalloc_mapped_sync(NULL, NULL, 0), -EINVAL, "no allocator over a file");
	refused(rte_memalloc_mapped_set_root(NULL, NULL), -EINVAL, "no allocator over a file");
	refused(rte_memalloc_alloc(alloc, 1, 4 * MIB, &mem), -EINVAL, "2 MiB");
	refused(rte_memalloc_realloc(alloc, mem, 1, 4 * MIB, &mem), -EINVAL, "2 MiB");
	assert_null(rte_memalloc_mapped_root(NULL));
	assert_null(rte_memalloc_mapped_next(NULL, NULL));
	assert_null(rte_memalloc_mapped_at(NULL, 8300));
	assert_int_equal(rte_memalloc_mapped_offset(NULL, mem), 0);
	assert_int_equal(rte_memalloc_mapped_size(NULL), 0);
	assert_null(none);
	done(alloc);
}

/* ---- the storage */

static char image[64 * KIB];

/* What the storage would have, or give back, if all of the file had got there. */
static void
read_image(void)
{
	int fd = open(path, O_RDONLY);

	assert_int_equal(read(fd, image, sizeof(image)), sizeof(image));
	close(fd);
}

static void
the_machine_going_down_is_noticed(void **state)
{
	struct rte_memalloc *alloc = fresh(sizeof(image));

	(void)state;
	/* Synced, and nothing since. */
	get(alloc, 100);
	synced = 0;
	assert_int_equal(rte_memalloc_mapped_sync(alloc, NULL, 0), 0);
	assert_true(synced >= sizeof(image));
	read_image();
	done(alloc);
	is_other_boot = true;
	poke(0, image, sizeof(image));
	alloc = again(0);
	is_other_boot = false;
	done(alloc);

	/* Changed since. */
	alloc = again(0);
	get(alloc, 100);
	read_image();
	done(alloc);
	poke(0, image, sizeof(image));
	done(again(0)); /* the same boot: killed */
	poke(0, image, sizeof(image));
	is_other_boot = true;
	cannot_open(-EUCLEAN, "went down");
	refused(rte_memalloc_mapped_open(path, RTE_MEMALLOC_MAPPED_F_READ_ONLY, 0, &alloc),
		-EUCLEAN, "went down");
	done(again(RTE_MEMALLOC_MAPPED_F_READ_ONLY | RTE_MEMALLOC_MAPPED_F_TORN));
	/* Accepted, and killed: now the changes are this boot's. */
	alloc = again(RTE_MEMALLOC_MAPPED_F_TORN);
	read_image();
	done(alloc);
	poke(0, image, sizeof(image));
	done(again(0));
	is_other_boot = false;
}

static void
broken_storage_is_an_error(void **state)
{
	struct rte_memalloc *alloc = fresh(64 * KIB);
	void *mem = get(alloc, 10), *more = NULL;

	(void)state;
	is_storage_broken = true;
	refused(rte_memalloc_mapped_sync(alloc, NULL, 0), -EIO, path);
	refused(rte_memalloc_mapped_sync(alloc, mem, 10), -EIO, path);
	refused(rte_memalloc_destroy(alloc), -EIO, path);
	is_storage_broken = false;
	assert_int_equal(rte_memalloc_mapped_sync(alloc, NULL, 0), 0);
	/* Clean now: the next change has to write the head, and cannot. */
	is_storage_broken = true;
	refused(rte_memalloc_alloc(alloc, 10, 0, &more), -EIO, path);
	refused(rte_memalloc_free(alloc, mem), -EIO, path);
	assert_null(more);
	is_storage_broken = false;
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	done(alloc);
	is_storage_broken = true;
	unlink(path);
	refused(rte_memalloc_mapped_create(path, MIB, 0, &alloc), -EIO, path);
	is_storage_broken = false;
	assert_int_equal(access(path, F_OK), -1);
}

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(other_path, sizeof(other_path), "%s/other", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_allocated_is_there_again),
		cmocka_unit_test(what_is_written_is_in_the_file),
		cmocka_unit_test(offsets_and_addresses_belong_together),
		cmocka_unit_test(the_root_stays),
		cmocka_unit_test(a_damaged_header_is_noticed),
		cmocka_unit_test(a_reader_changes_nothing),
		cmocka_unit_test(there_is_one_writer),
		cmocka_unit_test(a_child_that_lives_on_holds_nobody_up),
		cmocka_unit_test(it_grows_where_it_is),
		cmocka_unit_test(wrong_files_are_refused),
		cmocka_unit_test(heads_that_do_not_fit_are_refused),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(the_machine_going_down_is_noticed),
		cmocka_unit_test(broken_storage_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
