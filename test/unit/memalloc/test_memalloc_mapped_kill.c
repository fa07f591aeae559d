/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what is in a file of the kind "mapped" after the process was killed: at every store that the
 *   allocator makes to the file, and, from outside, by SIGKILL at any moment.
 * Must not: check what a process that ends in peace leaves behind, as test_memalloc_mapped.c does.
 * Called by: meson test; FASTMEM_TEST_FULL kills more often.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_mapped.h>

#include "memalloc_mapped_priv.h"

#define MAX_ITEMS 24
#define FILE_SIZE 32768
#define FILE_MAX  (4 * FILE_SIZE)

struct item {
	uint64_t offset;
	uint64_t size;
	unsigned char mark;
};

enum op { OP_NONE, OP_ALLOC, OP_FREE, OP_RESIZE, OP_ROOT, OP_GROW };

/* What the file has to hold, and what is being done to it. Both copies outlive a killed process. */
struct model {
	unsigned int nb;
	struct item items[MAX_ITEMS];
	uint64_t root;
	enum op op;
	uint64_t offset; /* of what is freed or resized, or the next root */
	uint64_t size;	 /* that it gets */
};

struct shared {
	struct model models[2];
	_Atomic unsigned int now; /* which model holds */
};

static char folder[] = "/tmp/fastmem-kill-XXXXXX", path[PATH_MAX], copy_path[PATH_MAX];
static struct shared *shared;
static uint32_t seed = 1;

static uint32_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static struct model *
model_now(void)
{
	return &shared->models[atomic_load_explicit(&shared->now, memory_order_acquire)];
}

/* The other copy, to be changed and then published. */
static struct model *
model_begin(void)
{
	unsigned int now = atomic_load_explicit(&shared->now, memory_order_relaxed);

	shared->models[1 - now] = shared->models[now];
	return &shared->models[1 - now];
}

static void
model_publish(void)
{
	unsigned int now = atomic_load_explicit(&shared->now, memory_order_relaxed);

	/* A kill leaves either copy, whole. */
	atomic_store_explicit(&shared->now, 1 - now, memory_order_release);
}

static void
announce(enum op op, uint64_t offset, uint64_t size)
{
	struct model *model = model_begin();

	model->op = op;
	model->offset = offset;
	model->size = size;
	model_publish();
}

/* ---- what is to be seen in a file */

static const struct item *
item_at(const struct model *model, uint64_t offset)
{
	for (unsigned int i = 0; i < model->nb; i++) {
		if (model->items[i].offset == offset)
			return &model->items[i];
	}
	return NULL;
}

static bool
holds_mark(const unsigned char *mem, const struct item *item, uint64_t size)
{
	for (uint64_t i = 0; i < item->size && i < size; i++) {
		if (mem[i] != item->mark)
			return false;
	}
	return true;
}

/* Open a file, and compare it with the model. NULL, or what is wrong. */
static const char *
look(const char *file, const struct model *model)
{
	unsigned int seen = 0, strange = 0;
	struct rte_memalloc_stats stats;
	struct rte_memalloc *alloc;
	const char *wrong = NULL;
	uint64_t offset, total = 0;
	void *mem;

	if (rte_memalloc_mapped_open(file, 0, 0, &alloc) != 0)
		return rte_memalloc_error();
	for (mem = rte_memalloc_mapped_next(alloc, NULL); mem != NULL && wrong == NULL;
	     mem = rte_memalloc_mapped_next(alloc, mem)) {
		const struct item *item;
		bool is_resized;

		offset = rte_memalloc_mapped_offset(alloc, mem);
		total += rte_memalloc_usable_size(alloc, mem);
		item = item_at(model, offset);
		if (item == NULL) {
			strange++;
			continue;
		}
		seen++;
		is_resized = model->op == OP_RESIZE && model->offset == offset;
		if (rte_memalloc_usable_size(alloc, mem) < item->size && !is_resized)
			wrong = "an allocation has become smaller";
		else if (!holds_mark(mem, item, is_resized ? model->size : UINT64_MAX))
			wrong = "an allocation holds something else";
	}
	if (strange > (model->op == OP_ALLOC || model->op == OP_RESIZE ? 1 : 0))
		wrong = "there are allocations that nobody made";
	if (seen < model->nb &&
	    (seen + 1 < model->nb ||
	     !(model->op == OP_FREE || (model->op == OP_RESIZE && strange == 1))))
		wrong = "allocations are gone";
	offset = rte_memalloc_mapped_offset(alloc, rte_memalloc_mapped_root(alloc));
	if (offset != model->root && !(model->op == OP_ROOT && offset == model->offset))
		wrong = "the root is another one";
	/* All of the rest can be had again: nothing is lost. */
	if (wrong == NULL && rte_memalloc_stats(alloc, &stats) == 0 && stats.allocated != total)
		wrong = "statistics say something else";
	if (wrong == NULL && model->op == OP_ALLOC && strange == 0 &&
	    rte_memalloc_alloc(alloc, 16, 0, &mem) != 0 && total < FILE_SIZE / 2)
		wrong = rte_memalloc_error();
	if (rte_memalloc_destroy(alloc) != 0)
		wrong = rte_memalloc_error();
	return wrong;
}

/* ---- doing something to the file */

static void
do_alloc(struct rte_memalloc *alloc)
{
	uint64_t size = 1 + next() % 900;
	struct model *model;
	struct item *item;
	void *mem;

	announce(OP_ALLOC, 0, size);
	if (rte_memalloc_alloc(alloc, size, next() % 8 == 0 ? 256 : 0, &mem) != 0) {
		announce(OP_NONE, 0, 0);
		return;
	}
	model = model_begin();
	item = &model->items[model->nb++];
	item->offset = rte_memalloc_mapped_offset(alloc, mem);
	item->size = size;
	item->mark = (unsigned char)next();
	memset(mem, item->mark, rte_memalloc_usable_size(alloc, mem));
	model->op = OP_NONE;
	model_publish();
}

static void
do_free(struct rte_memalloc *alloc, uint64_t offset)
{
	struct model *model;

	announce(OP_FREE, offset, 0);
	if (rte_memalloc_free(alloc, rte_memalloc_mapped_at(alloc, offset)) == 0) {
		model = model_begin();
		for (unsigned int i = 0; i < model->nb; i++) {
			if (model->items[i].offset == offset)
				model->items[i] = model->items[model->nb - 1];
		}
		model->nb--;
		model->op = OP_NONE;
		model_publish();
	} else {
		announce(OP_NONE, 0, 0);
	}
}

static void
do_resize(struct rte_memalloc *alloc, uint64_t offset)
{
	uint64_t size = 1 + next() % 900;
	struct model *model;
	void *mem;

	announce(OP_RESIZE, offset, size);
	if (rte_memalloc_realloc(alloc, rte_memalloc_mapped_at(alloc, offset), size, 0, &mem) !=
	    0) {
		announce(OP_NONE, 0, 0);
		return;
	}
	model = model_begin();
	for (unsigned int i = 0; i < model->nb; i++) {
		struct item *item = &model->items[i];

		if (item->offset != offset)
			continue;
		memset(mem, item->mark, rte_memalloc_usable_size(alloc, mem));
		item->offset = rte_memalloc_mapped_offset(alloc, mem);
		item->size = size;
	}
	model->op = OP_NONE;
	model_publish();
}

static void
do_root(struct rte_memalloc *alloc, uint64_t offset)
{
	struct model *model;

	announce(OP_ROOT, offset, 0);
	rte_memalloc_mapped_set_root(alloc, rte_memalloc_mapped_at(alloc, offset));
	model = model_begin();
	model->root = offset;
	model->op = OP_NONE;
	model_publish();
}

static void
do_something(struct rte_memalloc *alloc)
{
	struct model *model = model_now();
	uint64_t offset = model->nb == 0 ? 0 : model->items[next() % model->nb].offset;
	unsigned int which = next() % 16;

	if (model->nb == 0 || (which < 7 && model->nb < MAX_ITEMS))
		do_alloc(alloc);
	else if (which < 11 && offset != model->root)
		do_free(alloc, offset);
	else if (which < 14)
		do_resize(alloc, offset);
	else if (which < 15)
		do_root(alloc, next() % 4 == 0 ? 0 : offset);
	else if (rte_memalloc_mapped_size(alloc) < FILE_MAX) {
		announce(OP_GROW, 0, 0);
		rte_memalloc_mapped_grow(alloc, rte_memalloc_mapped_size(alloc) + 4096);
		announce(OP_NONE, 0, 0);
	} else if (offset != model->root) {
		do_free(alloc, offset);
	}
}

/* ---- at every store */

static bool is_looking;
static unsigned int nb_looks;
static const char *looked_wrong;

void
__real_ma_mapped_store(uint64_t *word, uint64_t value);
void
__wrap_ma_mapped_store(uint64_t *word, uint64_t value);

static void
copy_file(const char *from, const char *to)
{
	static char buffer[FILE_MAX];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = read(in, buffer, sizeof(buffer));

	if (in < 0 || out < 0 || n < 0 || write(out, buffer, (size_t)n) != n)
		looked_wrong = "the file cannot be copied";
	close(in);
	close(out);
}

/* Were the process killed here, the file would be what it is now. */
void
__wrap_ma_mapped_store(uint64_t *word, uint64_t value)
{
	static _Thread_local bool inside;
	const char *wrong;

	__real_ma_mapped_store(word, value);
	if (!is_looking || inside || looked_wrong != NULL)
		return;
	inside = true;
	copy_file(path, copy_path);
	wrong = look(copy_path, model_now());
	if (wrong != NULL)
		looked_wrong = strdup(wrong);
	nb_looks++;
	inside = false;
}

static unsigned int
rounds(unsigned int few)
{
	return getenv("FASTMEM_TEST_FULL") != NULL ? 20 * few : few;
}

static void
every_store_leaves_a_good_file(void **state)
{
	struct rte_memalloc *alloc;

	(void)state;
	memset(shared, 0, sizeof(*shared));
	unlink(path);
	assert_int_equal(rte_memalloc_mapped_create(path, FILE_SIZE, 0, &alloc), 0);
	for (unsigned int i = 0; i < rounds(400); i++) {
		is_looking = true;
		do_something(alloc);
		is_looking = false;
		if (looked_wrong != NULL)
			fail_msg("operation %u, store %u: %s", i, nb_looks, looked_wrong);
		/* As a sync would have it: the next change writes the head first. */
		if (i % 50 == 49)
			assert_int_equal(rte_memalloc_mapped_sync(alloc, NULL, 0), 0);
	}
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_null(look(path, model_now()));
	print_message("opened after each of %u stores\n", nb_looks);
	assert_true(nb_looks > 1000);
}

static void
every_store_of_making_one_leaves_it_good_or_refused(void **state)
{
	struct rte_memalloc *alloc;
	struct model empty = { 0 };
	int ret;

	(void)state;
	/* What a kill leaves behind before anything is stored. */
	unlink(path);
	close(open(path, O_CREAT | O_RDWR, 0600));
	assert_int_equal(rte_memalloc_mapped_open(path, 0, 0, &alloc), -EBADMSG);
	assert_int_equal(truncate(path, FILE_SIZE), 0);
	assert_int_equal(rte_memalloc_mapped_open(path, 0, 0, &alloc), -EBADMSG);
	assert_non_null(strstr(rte_memalloc_error(), "not finished"));
	/* And between any two words of its head. */
	unlink(path);
	assert_int_equal(rte_memalloc_mapped_create(path, FILE_SIZE, 0, &alloc), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	for (unsigned int n = 0; n < sizeof(struct ma_mapped_head); n += 8) {
		static char zeros[MA_MAPPED_PAGE];
		int fd;

		copy_file(path, copy_path);
		fd = open(copy_path, O_RDWR);
		assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
		assert_int_equal(pwrite(fd, zeros, sizeof(zeros) - n, MA_MAPPED_PAGE + n),
				 sizeof(zeros) - n);
		close(fd);
		ret = rte_memalloc_mapped_open(copy_path, 0, 0, &alloc);
		assert_int_equal(ret, -EBADMSG);
		/* One of the two is enough. */
		copy_file(path, copy_path);
		fd = open(copy_path, O_RDWR);
		assert_int_equal(pwrite(fd, zeros, sizeof(zeros) - n, n), sizeof(zeros) - n);
		close(fd);
		assert_null(look(copy_path, &empty));
	}
}

/* ---- by a signal */

static void
pause_for(unsigned int microseconds)
{
	struct timespec time = { .tv_nsec = (long)microseconds * 1000 };

	nanosleep(&time, NULL);
}

static void
a_killed_process_leaves_a_good_file(void **state)
{
	unsigned int nb_pending = 0;
	struct rte_memalloc *alloc;
	const char *wrong;
	uint64_t size;
	void *all;
	int status;
	pid_t pid;

	(void)state;
	memset(shared, 0, sizeof(*shared));
	unlink(path);
	assert_int_equal(rte_memalloc_mapped_create(path, FILE_SIZE, 0, &alloc), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	for (unsigned int i = 0; i < rounds(150); i++) {
		seed = 77 + i;
		pid = fork();
		if (pid == 0) {
			if (rte_memalloc_mapped_open(path, 0, 0, &alloc) != 0)
				_exit(1);
			for (;;)
				do_something(alloc);
		}
		assert_true(pid > 0);
		pause_for(500 + next() % 4000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status))
			fail_msg("round %u: it did not open the file", i);
		nb_pending += model_now()->op != OP_NONE;
		wrong = look(path, model_now());
		if (wrong != NULL)
			fail_msg("round %u: %s", i, wrong);
		/* Whatever the interrupted call has left is not of the model. */
		memset(shared, 0, sizeof(*shared));
		assert_int_equal(rte_memalloc_mapped_open(path, 0, 0, &alloc), 0);
		assert_int_equal(rte_memalloc_mapped_set_root(alloc, NULL), 0);
		for (void *mem; (mem = rte_memalloc_mapped_next(alloc, NULL)) != NULL;)
			assert_int_equal(rte_memalloc_free(alloc, mem), 0);
		/* All of it can be had in one piece: nothing was lost. */
		size = rte_memalloc_mapped_size(alloc) - MA_MAPPED_START - MA_MAPPED_HEADER;
		assert_int_equal(rte_memalloc_alloc(alloc, size, 0, &all), 0);
		assert_int_equal(rte_memalloc_free(alloc, all), 0);
		assert_int_equal(rte_memalloc_destroy(alloc), 0);
	}
	print_message("killed in the middle of a call %u times\n", nb_pending);
	assert_true(nb_pending > 0);
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(copy_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_store_leaves_a_good_file),
		cmocka_unit_test(every_store_of_making_one_leaves_it_good_or_refused),
		cmocka_unit_test(a_killed_process_leaves_a_good_file),
	};

	/* Of memory, where it may be: each of thousands of files is written to its storage. */
	if (access("/dev/shm", W_OK) == 0)
		memcpy(folder, "/dev/shm/fm-kill-XXXXXX", sizeof("/dev/shm/fm-kill-XXXXXX"));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(copy_path, sizeof(copy_path), "%s/copy", folder);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
