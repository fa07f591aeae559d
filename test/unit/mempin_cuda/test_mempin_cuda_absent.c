/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the pin driver "cuda" where CUDA's library is absent, broken, too old, or has nothing;
 *   the driver is linked into it.
 * Must not: be linked with a library of CUDA's: it is found when it runs, or not.
 * Called by: meson test, with the paths of the stand-in and of a library that is too old.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_pinned.h>
#include <rte_memalloc_system.h>

static const char *standin, *old;

/* ---- in a process of its own: the loader reads its path when that starts */

static int
show(int ret)
{
	printf("%d %s\n", ret, ret < 0 ? rte_memalloc_error() : "");
	return ret;
}

static const struct rte_mempin_driver *asked;
static atomic_bool is_enough;

static void *
ask_much(void *arg)
{
	while (!atomic_load_explicit(&is_enough, memory_order_relaxed))
		rte_mempin_nb_devices(asked);
	return arg;
}

/*
 * While a thread tries to start CUDA, in vain, children do so too, and do not wait for that thread: they
 * are told that it cannot be, or that they must not. 0: all were.
 */
static int
fork_meanwhile(void)
{
	int status, nb_hung = 0, ret;
	pthread_t thread;
	pid_t pid;

	/* Once here: the loader itself does not bear fork(2) while it loads. */
	if (rte_mempin_find("cuda", &asked) != 0 || rte_mempin_nb_devices(asked) != -ENODEV ||
	    pthread_create(&thread, NULL, ask_much, NULL) != 0)
		return 1;
	for (unsigned int n = 0; n < 200; n++) {
		pid = fork();
		if (pid == 0) {
			alarm(20);
			ret = rte_mempin_nb_devices(asked);
			_exit(ret != -ENODEV && ret != -EPERM);
		}
		nb_hung += waitpid(pid, &status, 0) != pid || status != 0;
	}
	atomic_store_explicit(&is_enough, true, memory_order_relaxed);
	return pthread_join(thread, NULL) != 0 || nb_hung != 0;
}

static int
probe(const char *later)
{
	const struct rte_mempin_driver *driver, *found;
	char page[4096];
	struct rte_mempin *pin;
	struct rte_memalloc *alloc, *inner;
	int status;

	/* Linked, and so known. */
	if (rte_mempin_find("cuda", &driver) != 0)
		return 1;
	if (later != NULL && strcmp(later, "fork") == 0)
		return fork_meanwhile();
	if (later != NULL) {
		show(rte_mempin_nb_devices(driver));
		if (symlink(standin, later) != 0)
			return 2;
	}
	show(rte_mempin_nb_devices(driver));
	show(rte_mempin_find(NULL, &found));
	if (show(rte_mempin_pin(driver, page, 1, 0, 0, &pin)) == 0)
		show(rte_mempin_unpin(pin));
	if (rte_memalloc_system_create(&inner) != 0)
		return 3;
	if (show(rte_memalloc_pinned_create(inner, driver, 0, 0, &alloc)) != 0)
		alloc = inner;
	rte_memalloc_destroy(alloc);
	show(rte_mempin_release(driver));
	fflush(stdout);
	if (fork() == 0) {
		show(rte_mempin_nb_devices(driver));
		fflush(stdout);
		_exit(0);
	}
	return wait(&status) < 0 || status != 0;
}

/* What it prints with libraries in a folder, with more of the environment. */
static const char *
probed(const char *folder, const char *environment, const char *later)
{
	static char out[8192];
	char command[1024];
	size_t len;
	FILE *pipe;

	snprintf(command, sizeof(command), "LD_LIBRARY_PATH='%s' %s /proc/%d/exe %s %s probe %s",
		 folder, environment, (int)getpid(), standin, old, later);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	len = fread(out, 1, sizeof(out) - 1, pipe);
	out[len] = '\0';
	assert_int_equal(pclose(pipe), 0);
	return out;
}

/* That all but the release say so. */
static void
expect(const char *out, int error, const char *word)
{
	const char *line = out;
	char start[16];
	int n;

	snprintf(start, sizeof(start), "%d ", error);
	for (n = 0; *line != '\0'; n++, line = strchr(line, '\n') + 1) {
		if (n == 4 ? strncmp(line, "0 ", 2) != 0 :
		    n == 1 ? strncmp(line, "-19 no pin driver has a device: cuda: ", 38) != 0 :
			     strncmp(line, start, strlen(start)) != 0)
			fail_msg("line %d: %s", n, out);
	}
	assert_int_equal(n, 6);
	if (strstr(out, word) == NULL)
		fail_msg("no \"%s\" in %s", word, out);
}

/* ---- the tests */

static char folder[64], library[96];

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s", "/tmp/mempin-cuda-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(library, sizeof(library), "%s/libcuda.so.1", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(library);
	return rmdir(folder);
}

static void
where_it_is_absent(void **state)
{
	const char *out = probed("", "", "");

	(void)state;
	if (strncmp(out, "-19 cuda: libcuda.so.1: cannot", 30) != 0) {
		print_message("CUDA is installed here: %s", out);
		skip();
	}
	expect(out, -ENODEV, "libcuda.so.1: cannot open shared object file");
}

static void
where_it_is_broken(void **state)
{
	FILE *file = fopen(library, "w");

	(void)state;
	assert_non_null(file);
	fputs("this is no library, but longer than the header of one would have to be; twice",
	      file);
	assert_int_equal(fclose(file), 0);
	expect(probed(folder, "", ""), -ENODEV, "libcuda.so.1");
}

/* The folder that a library is in. */
static const char *
folder_of(const char *path)
{
	static char cut[512];

	snprintf(cut, sizeof(cut), "%s", path);
	*strrchr(cut, '/') = '\0';
	return cut;
}

static void
where_it_is_too_old(void **state)
{
	(void)state;
	expect(probed(folder_of(old), "", ""), -ENODEV,
	       "has no cuDevicePrimaryCtxRelease_v2: install a driver of CUDA 11");
}

static void
where_it_has_nothing(void **state)
{
	const char *path = folder_of(standin);

	(void)state;
	expect(probed(path, "STANDIN_DEVICES=0", ""), -ENODEV, "starting it: CUDA_ERROR_NO_DEVICE");
	expect(probed(path, "STANDIN_FAIL=cuInit:0:803", ""), -ENODEV, "DRIVER_MISMATCH (803)");
	expect(probed(path, "STANDIN_FAIL=cuInit:0:34", ""), -ENODEV, "stub of CUDA's toolkit");
	expect(probed(path, "STANDIN_FAIL=cuInit:0:3", ""), -EPERM, "a child of a process");
}

static void
where_it_comes_later(void **state)
{
	const char *out = probed(folder, "", library);

	(void)state;
	if (strncmp(out, "-19 ", 4) != 0 || strstr(out, "\n2 \n0 \n0 \n0 \n0 \n0 \n-1 ") == NULL ||
	    strstr(out, "fork(2)") == NULL)
		fail_msg("%s", out);
}

static void
where_a_thread_tries_meanwhile(void **state)
{
	(void)state;
	assert_string_equal(probed(folder_of(standin), "STANDIN_DEVICES=0", "fork"), "");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_is_absent),
		cmocka_unit_test_setup_teardown(where_it_is_broken, make_folder, remove_folder),
		cmocka_unit_test(where_it_is_too_old),
		cmocka_unit_test(where_it_has_nothing),
		cmocka_unit_test_setup_teardown(where_it_comes_later, make_folder, remove_folder),
		cmocka_unit_test(where_a_thread_tries_meanwhile),
	};

	if (argc < 3)
		return 2;
	standin = argv[1];
	old = argv[2];
	if (argc > 3)
		return probe(argc > 4 ? argv[4] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
