/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of failures: each call to the kernel, to lib/membind and for memory that an
 *   operation makes fails once, with each errno that it may; then all is as before, or as wished.
 * Must not: miss a call because nobody thought of it: the calls are counted, not listed.
 * Called by: meson test; with "huge", for explicit hugepages above all. FASTMEM_TEST_AGAIN says
 *   that another build runs all of it: each call fails with one errno only.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* --- the calls that fail -------------------------------------------------------------------- */

enum call {
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MADVISE,
	CALL_MLOCK2,
	CALL_PRCTL,
	CALL_MEMFD_CREATE,
	CALL_FTRUNCATE,
	CALL_MREMAP,
	CALL_FOPEN,
	CALL_OPEN,
	CALL_MALLOC,
	CALL_CALLOC,
	CALL_PTHREAD_CREATE,
	CALL_SET_RANGE,
	CALL_GET_RANGE,
	CALL_LOCATE,
	CALL_MIGRATE,
	CALL_ALLOWED_NODES,
	NB_CALLS
};

static const struct {
	const char *name;
	int errors[5]; /* Up to the first 0. */
} calls[NB_CALLS] = {
	[CALL_MMAP] = { "mmap", { ENOMEM, EAGAIN } },
	[CALL_MUNMAP] = { "munmap", { ENOMEM } },
	[CALL_MADVISE] = { "madvise", { ENOMEM, EINVAL, EPERM, EFAULT } },
	[CALL_MLOCK2] = { "mlock2", { ENOMEM, EPERM, EAGAIN, ENOSYS } },
	[CALL_PRCTL] = { "prctl", { EINVAL, ENOMEM } },
	[CALL_MEMFD_CREATE] = { "memfd_create", { EMFILE, ENOSYS, EPERM, ENODEV } },
	[CALL_FTRUNCATE] = { "ftruncate", { ENOMEM } },
	[CALL_MREMAP] = { "mremap", { ENOMEM, EFAULT, EAGAIN } },
	[CALL_FOPEN] = { "fopen", { EACCES, EMFILE } },
	[CALL_OPEN] = { "open", { ENOENT, EMFILE } },
	[CALL_MALLOC] = { "malloc", { ENOMEM } },
	[CALL_CALLOC] = { "calloc", { ENOMEM } },
	[CALL_PTHREAD_CREATE] = { "pthread_create", { EAGAIN, EINVAL } },
	[CALL_SET_RANGE] = { "rte_membind_set_range", { EPERM, ENOMEM, ENOSYS, EXDEV } },
	[CALL_GET_RANGE] = { "rte_membind_get_range", { EPERM } },
	[CALL_LOCATE] = { "rte_membind_locate", { EPERM, ENOMEM } },
	[CALL_MIGRATE] = { "rte_membind_migrate", { EXDEV, ENOMEM } },
	[CALL_ALLOWED_NODES] = { "rte_membind_allowed_nodes", { EPERM } },
};

/* The n-th such call from now on fails so; 0: none does. */
static enum call bad_call;
static int bad_error;
static unsigned int bad_nth;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
fails(enum call call)
{
	bool now;

	pthread_mutex_lock(&lock);
	now = call == bad_call && bad_nth > 0 && --bad_nth == 0;
	pthread_mutex_unlock(&lock);
	if (now)
		errno = bad_error;
	return now;
}

/* NOLINTBEGIN: the linker's names */
#define WRAP(type, name, parameters, arguments, call, failure) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return fails(call) ? (failure) : __real_##name arguments; \
	}
/* NOLINTEND */

WRAP(void *, mmap, (void *addr, size_t size, int prot, int flags, int fd, off_t offset),
     (addr, size, prot, flags, fd, offset), CALL_MMAP, MAP_FAILED)
WRAP(int, munmap, (void *addr, size_t size), (addr, size), CALL_MUNMAP, -1)
WRAP(int, madvise, (void *addr, size_t size, int advice), (addr, size, advice), CALL_MADVISE, -1)
WRAP(int, mlock2, (const void *addr, size_t size, unsigned int flags), (addr, size, flags),
     CALL_MLOCK2, -1)
WRAP(int, memfd_create, (const char *name, unsigned int flags), (name, flags), CALL_MEMFD_CREATE,
     -1)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), CALL_FTRUNCATE, -1)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), CALL_FOPEN, NULL)
WRAP(void *, malloc, (size_t size), (size), CALL_MALLOC, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), CALL_CALLOC, NULL)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg),
     (thread, attr, start, arg), CALL_PTHREAD_CREATE, bad_error)
WRAP(int, rte_membind_set_range,
     (void *addr, size_t size, enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
      unsigned int flags),
     (addr, size, policy, nodes, flags), CALL_SET_RANGE, -bad_error)
WRAP(int, rte_membind_get_range,
     (const void *addr, size_t size, enum rte_membind_policy *policy, struct rte_numa_mask *nodes,
      unsigned int flags),
     (addr, size, policy, nodes, flags), CALL_GET_RANGE, -bad_error)
WRAP(int, rte_membind_locate,
     (const void *addr, size_t size, struct rte_membind_location *location), (addr, size, location),
     CALL_LOCATE, -bad_error)
WRAP(int, rte_membind_migrate,
     (void *addr, size_t size, const struct rte_numa_mask *nodes, unsigned int flags,
      struct rte_membind_migration *result, struct rte_membind_page *pages, size_t nb_pages),
     (addr, size, nodes, flags, result, pages, nb_pages), CALL_MIGRATE, -bad_error)
WRAP(int, rte_membind_allowed_nodes, (struct rte_numa_mask * nodes), (nodes), CALL_ALLOWED_NODES,
     -bad_error)

/* Those that take a variable number of arguments; all of them are words. */
int
__real_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int
__wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

int
__wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return fails(CALL_PRCTL) ? -1 : __real_prctl(option, a, b, c, d);
}

void *
__real_mremap(void *addr, size_t from, size_t to, int flags, void *at);
void *
__wrap_mremap(void *addr, size_t from, size_t to, int flags, void *at);

void *
__wrap_mremap(void *addr, size_t from, size_t to, int flags, void *at)
{
	return fails(CALL_MREMAP) ? MAP_FAILED : __real_mremap(addr, from, to, flags, at);
}

int
__real_open(const char *path, int flags, unsigned int mode);
int
__wrap_open(const char *path, int flags, unsigned int mode);

int
__wrap_open(const char *path, int flags, unsigned int mode)
{
	return fails(CALL_OPEN) ? -1 : __real_open(path, flags, mode);
}

/* --- the operations ------------------------------------------------------------------------- */

static int home;
static bool huge;
static bool again;

/* What an operation is tried on; made anew for each try. */
struct scene {
	const char *name;
	enum rte_memregion_pages pages;
	uint32_t flags;
	bool needs_huge;
};

static const struct scene scenes[] = {
	{ "soft, small", RTE_MEMREGION_PAGES_SMALL, 0, false },
	{ "strict, small", RTE_MEMREGION_PAGES_SMALL, RTE_MEMREGION_F_STRICT, false },
	{ "soft, transparent, prefault", RTE_MEMREGION_PAGES_TRANSPARENT,
	  RTE_MEMREGION_F_PREFAULT | RTE_MEMREGION_F_LOCK, false },
	{ "strict, ladder", RTE_MEMREGION_PAGES_LADDER, RTE_MEMREGION_F_STRICT, false },
	{ "strict, all", RTE_MEMREGION_PAGES_SMALL,
	  RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_LOCK | RTE_MEMREGION_F_NODUMP, false },
	{ "soft, 2 MiB", RTE_MEMREGION_PAGES_2M, RTE_MEMREGION_F_PREFAULT, false },
	{ "strict, 2 MiB", RTE_MEMREGION_PAGES_2M, RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_NODUMP,
	  true },
};

static struct rte_memregion_opts
opts_of(const struct scene *scene)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = scene->pages,
		.flags = scene->flags,
		.prefault_threads = 2,
		.guard_size = 8 * KIB,
		.name = "faulty",
	};

	rte_numa_mask_only(&opts.nodes, home);
	return opts;
}

#define SIZE (64 * KIB)

static struct rte_memregion *
create(const struct scene *scene)
{
	struct rte_memregion_opts opts = opts_of(scene);
	struct rte_memregion *region = NULL;
	int ret = rte_memregion_create(SIZE, &opts, &region);

	if (ret != 0)
		fail_msg("%d: %s", ret, rte_memregion_error());
	return region;
}

/* Strict means all is met; and whatever is claimed of the policy's pages is so. */
static void
assert_truthful(struct rte_memregion *region, const struct scene *scene)
{
	size_t size = rte_memregion_size(region);
	struct rte_memregion_enforcement is;
	struct witness_pages pages;

	assert_int_equal(rte_memregion_enforcement(region, &is), 0);
	if ((scene->flags & RTE_MEMREGION_F_STRICT) != 0) {
		if (is.level != RTE_MEMREGION_ENFORCED)
			witness_print(region);
		assert_int_equal(is.level, RTE_MEMREGION_ENFORCED);
	}
	witness_pages(rte_memregion_addr(region), size, &pages);
	if (is.wish[RTE_MEMREGION_WISH_POLICY].level != RTE_MEMREGION_NOT_ENFORCED)
		assert_int_equal(is.wish[RTE_MEMREGION_WISH_POLICY].bytes, pages.on_node[home]);
	if (is.wish[RTE_MEMREGION_WISH_PREFAULT].level == RTE_MEMREGION_ENFORCED)
		assert_int_equal(pages.absent, 0);
	/* What does not exist of these would be SIGBUS when touched. */
	if (witness_flag(rte_memregion_addr(region), "ht"))
		assert_int_equal(pages.absent, 0);
	if (is.wish[RTE_MEMREGION_WISH_NODUMP].level == RTE_MEMREGION_ENFORCED)
		assert_true(witness_flag(rte_memregion_addr(region), "dd"));
}

static void
start_failing(enum call call, int error, unsigned int nth)
{
	bad_call = call;
	bad_error = error;
	bad_nth = nth;
}

/* Whether the call was reached and so has failed. */
static bool
stop_failing(void)
{
	bool failed = bad_nth == 0;

	bad_nth = 0;
	return failed;
}

/* One try each returns whether the failure was reached. */
typedef bool (*try_t)(const struct scene *scene, enum call call, int error, unsigned int nth);

static bool
try_create(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	struct rte_memregion_opts opts = opts_of(scene);
	struct rte_memregion *region = (void *)&home;
	bool reached;
	int ret;

	start_failing(call, error, nth);
	ret = rte_memregion_create(SIZE, &opts, &region);
	reached = stop_failing();
	if (ret < 0) {
		assert_true(reached);
		assert_ptr_equal(region, &home);
		assert_string_not_equal(rte_memregion_error(), "");
		return true;
	}
	assert_int_equal(ret, 0);
	assert_truthful(region, scene);
	memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
	assert_int_equal(rte_memregion_destroy(region), 0);
	return reached;
}

static bool
try_destroy(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	struct rte_memregion *region = create(scene);
	bool reached;
	int ret;

	start_failing(call, error, nth);
	ret = rte_memregion_destroy(region);
	reached = stop_failing();
	if (ret < 0) {
		assert_true(reached);
		/* It is whole still. */
		memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
		assert_int_equal(rte_memregion_destroy(region), 0);
	}
	return reached;
}

/* Each byte is like the one before it: megabytes, thousands of times. */
static void
assert_all_are(const unsigned char *bytes, size_t nb_bytes, unsigned char value)
{
	if (nb_bytes == 0)
		return;
	assert_int_equal(bytes[0], value);
	assert_int_equal(memcmp(bytes, bytes + 1, nb_bytes - 1), 0);
}

/* Resize a region that holds a pattern; a failure leaves it, success keeps what remains. */
static bool
try_resize(struct rte_memregion *region, const struct scene *scene, enum call call, int error,
	   unsigned int nth, size_t size, unsigned int flags)
{
	unsigned char *addr = rte_memregion_addr(region), *now;
	size_t before = rte_memregion_size(region), least;
	bool reached;
	char *maps;
	int ret;

	memset(addr, 0x3c, before);
	maps = strdup(witness_all());
	assert_non_null(maps);
	start_failing(call, error, nth);
	ret = rte_memregion_resize(region, size, flags);
	reached = stop_failing();
	now = rte_memregion_addr(region);
	if (ret < 0) {
		if (!reached)
			fail_msg("%d: %s", ret, rte_memregion_error());
		assert_ptr_equal(now, addr);
		assert_int_equal(rte_memregion_size(region), before);
		assert_string_equal(witness_all(), maps);
	}
	assert_truthful(region, scene);
	least = before < rte_memregion_size(region) ? before : rte_memregion_size(region);
	assert_all_are(now, least, 0x3c);
	assert_all_are(now + least, rte_memregion_size(region) - least, 0);
	assert_int_equal(rte_memregion_destroy(region), 0);
	free(maps);
	return reached;
}

/* What keeps the kernel from putting a region into a hole between mappings. */
static struct {
	void *addr;
	size_t size;
} fillers[4096];
static unsigned int nb_fillers;

static void *
fill(size_t size)
{
	void *addr = __real_mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(addr, MAP_FAILED);
	assert_true(nb_fillers < sizeof(fillers) / sizeof(fillers[0]));
	fillers[nb_fillers].addr = addr;
	fillers[nb_fillers++].size = size;
	return addr;
}

/* Addresses are handed out downwards, from the highest hole that is large enough. */
static int
fill_holes(void **state)
{
	void *lowest = fill(1024 * MIB);

	(void)state;
	for (size_t size = 64 * MIB; size >= 64 * KIB; size /= 4) {
		while (fill(size) > lowest)
			;
		lowest = fillers[nb_fillers - 1].addr;
	}
	return 0;
}

static int
unfill_holes(void **state)
{
	(void)state;
	for (; nb_fillers > 0; nb_fillers--)
		__real_munmap(fillers[nb_fillers - 1].addr, fillers[nb_fillers - 1].size);
	return 0;
}

static bool
has_room_behind(struct rte_memregion *region, size_t size)
{
	char *behind = (char *)rte_memregion_addr(region) + rte_memregion_size(region) + 8 * KIB;
	void *got = __real_mmap(behind, size, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return got != MAP_FAILED && __real_munmap(got, size) == 0 && got == behind;
}

/* With room behind it, where something was when it was made. */
static bool
try_grow(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	struct rte_memregion *region, *others[16];
	unsigned int n = 0;
	char *above;

	above = __real_mmap(NULL, 64 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* The stacks of threads that have ended leave holes too. */
	for (region = create(scene); (char *)rte_memregion_addr(region) > above && n < 16;
	     region = create(scene))
		others[n++] = region;
	assert_int_equal(__real_munmap(above, 64 * MIB), 0);
	while (n > 0)
		assert_int_equal(rte_memregion_destroy(others[--n]), 0);
	if (has_room_behind(region, 16 * MIB))
		return try_resize(region, scene, call, error, nth, 5 * MIB, 0);
	/* A sanitizer has taken it since: then it moves, see try_move(). */
	if (call != CALL_MUNMAP)
		return try_resize(region, scene, call, error, nth, 5 * MIB, RTE_MEMREGION_MAY_MOVE);
	assert_int_equal(rte_memregion_destroy(region), 0);
	return false;
}

/* Without. */
static bool
try_move(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	struct rte_memregion *region;
	char *behind;
	bool reached;

	/* What it leaves behind then is a page of addresses, and there is no other way. */
	if (call == CALL_MUNMAP)
		return false;
	region = create(scene);
	behind = (char *)rte_memregion_addr(region) + rte_memregion_size(region) + 8 * KIB;
	if (strcmp(witness_access(behind), "") == 0)
		assert_ptr_equal(__real_mmap(behind, 4 * KIB, PROT_NONE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
					     0),
				 behind);
	else
		behind = NULL;
	reached = try_resize(region, scene, call, error, nth, 5 * MIB, RTE_MEMREGION_MAY_MOVE);
	if (behind != NULL)
		assert_int_equal(__real_munmap(behind, 4 * KIB), 0);
	return reached;
}

static bool
try_shrink(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	return try_resize(create(scene), scene, call, error, nth, 4 * KIB, 0);
}

static bool
try_rebind(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	struct rte_memregion *region = create(scene);
	struct rte_numa_mask nodes;
	char policy[64];
	bool reached;
	int ret;

	snprintf(policy, sizeof(policy), "%s", witness_policy(rte_memregion_addr(region)));
	rte_numa_mask_only(&nodes, home);
	start_failing(call, error, nth);
	ret = rte_memregion_rebind(region, RTE_MEMBIND_PREFERRED, &nodes);
	reached = stop_failing();
	/* Its policy is the old or the new one, and so is what it thinks it is. */
	if (ret < 0)
		assert_string_equal(witness_policy(rte_memregion_addr(region)), policy);
	else
		assert_memory_equal(witness_policy(rte_memregion_addr(region)), "prefer", 6);
	assert_truthful(region, scene);
	assert_int_equal(rte_memregion_destroy(region), 0);
	return reached;
}

static bool
try_repair(const struct scene *scene, enum call call, int error, unsigned int nth)
{
	struct rte_memregion *region = create(scene);
	struct rte_memregion_audit audit;
	bool reached;

	start_failing(call, error, nth);
	if (rte_memregion_audit(region, &audit) == 0)
		rte_memregion_repair(region, &audit);
	reached = stop_failing();
	assert_int_equal(rte_memregion_repair(region, &audit), 0);
	assert_int_equal(audit.drifted, 0);
	assert_truthful(region, scene);
	assert_int_equal(rte_memregion_destroy(region), 0);
	return reached;
}

/* --- all of it ------------------------------------------------------------------------------ */

static void
fail_each_call(const char *what, try_t try)
{
	unsigned int tries = 0, reached = 0;

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		const struct scene *scene = &scenes[i];
		char *before;

		if (scene->needs_huge && !huge)
			continue;
		try(scene, NB_CALLS, 0, 0);
		before = strdup(witness_all());
		assert_non_null(before);
		for (int call = 0; call < NB_CALLS; call++) {
			for (const int *error = calls[call].errors; *error != 0; error++) {
				for (unsigned int nth = 1; try(scene, call, *error, nth); nth++) {
					const char *after = witness_all();

					reached++;
					if (strcmp(after, before) != 0)
						fail_msg("%s, %s: %s call %u with %s leaves "
							 "this:\n%s\nof this:\n%s",
							 what, scene->name, calls[call].name, nth,
							 strerror(*error), after, before);
				}
				tries++;
				if (again || (huge && scene->pages != RTE_MEMREGION_PAGES_2M))
					break;
			}
		}
		free(before);
	}
	print_message("%s: %u failures in %u series\n", what, reached, tries);
	assert_true(reached > 0);
}

static void
creation_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("create", try_create);
}

static void
destruction_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("destroy", try_destroy);
}

static void
growing_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("grow", try_grow);
}

static void
moving_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("move", try_move);
}

static void
shrinking_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("shrink", try_shrink);
}

static void
rebinding_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("rebind", try_rebind);
}

static void
repairing_fails_cleanly(void **state)
{
	(void)state;
	fail_each_call("repair", try_repair);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_fails_cleanly),
		cmocka_unit_test(destruction_fails_cleanly),
		cmocka_unit_test_setup_teardown(growing_fails_cleanly, fill_holes, unfill_holes),
		cmocka_unit_test(moving_fails_cleanly),
		cmocka_unit_test(shrinking_fails_cleanly),
		cmocka_unit_test(rebinding_fails_cleanly),
		cmocka_unit_test(repairing_fails_cleanly),
	};

	again = getenv("FASTMEM_TEST_AGAIN") != NULL;
	huge = argc > 1 && strcmp(argv[1], "huge") == 0;
	if (huge && !witness_hugepages(8))
		return 77;
	if (witness_nodes(&home, 1) < 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
